"""The report of an evaluation as a browser shows it: it fits the screen, can be read in both schemes, loads nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chromium.browser import Browser, Scheme, find_chromium
from tests.chromium.screenshots import SCHEMES, WIDTHS
from tests.chromium.test_mail_in_chromium import _LOW_CONTRAST
from tests.unit.test_evaluation_report import HOSTILE, WRONG, pages

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(find_chromium() is None, reason="needs Chromium: install it or set MONITOR_TEST_CHROMIUM"),
]

#: Wide tables and plots have scroll bars of their own.
_TOO_WIDE = """
[...document.querySelectorAll('body *')]
  .filter(e => !e.closest('.scroll') && e.getBoundingClientRect().right > innerWidth + 0.5)
  .map(e => e.tagName + '.' + e.className + ' ' + e.getBoundingClientRect().right)
  .concat(document.documentElement.scrollWidth > innerWidth ? ['page ' + document.documentElement.scrollWidth] : [])
"""
_LOADED = "performance.getEntriesByType('resource').map(e => e.name)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    assert path is not None
    with Browser(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """All three kinds, of texts that try to break them."""
    long = f"{HOSTILE} {'unbrokenword' * 30} مرحبا بالعالم"
    rows = [one | {"title": f"{one['title']} {long}", "text": f"{one['text']} {long}"} for one in WRONG]
    folder = tmp_path_factory.mktemp("reports")
    paths = []
    for number, page in enumerate(pages(rows)):
        path = folder / f"{number}.html"
        path.write_text(page, "utf-8", "replace")
        paths.append(path)
    return paths


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_report_fits_the_screen_and_can_be_read(
    browser: Browser, reports: list[Path], width: int, scheme: Scheme
) -> None:
    for path in reports:
        browser.open(path, width=width, scheme=scheme)
        assert browser.evaluate("innerWidth") == width
        assert browser.evaluate(_TOO_WIDE) == []
        contrast = browser.evaluate(_LOW_CONTRAST)
        assert contrast["n_texts"] > 40
        assert contrast["found"] == []
        assert browser.evaluate(_LOADED) == []


def test_plots_are_drawn(browser: Browser, reports: list[Path]) -> None:
    for path in reports:
        browser.open(path, width=1200, scheme="light")
        assert browser.evaluate("document.querySelectorAll('svg polyline').length") == 3
        assert browser.evaluate(
            "[...document.querySelectorAll('svg')].every(e => e.getBoundingClientRect().height > 100)"
        )
        assert browser.evaluate("document.querySelectorAll('svg rect').length") >= 2
