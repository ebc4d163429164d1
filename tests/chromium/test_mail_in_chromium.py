"""The mail as a browser shows it: nothing wider than the screen, readable in both colour schemes, nothing loaded."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.digest.render import Letterhead, render
from monitor.digest.selection import select
from monitor.types import Digest
from tests.chromium.browser import Browser, Scheme, find_chromium
from tests.chromium.sample_digest import (
    HOSTILE_HEADLINES,
    NOW,
    SUBSCRIPTION,
    WATCHLIST_NAMES,
    WINDOW,
    article,
    sample_digest,
    story,
)
from tests.chromium.screenshots import SCHEMES, WIDTHS, take_screenshots

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(find_chromium() is None, reason="needs Chromium: install it or set MONITOR_TEST_CHROMIUM"),
]

_TOO_WIDE = """
[...document.querySelectorAll('body *')]
  .filter(e => getComputedStyle(e).display !== 'none' && e.getBoundingClientRect().right > innerWidth + 0.5)
  .map(e => e.tagName + '.' + e.className + ' ' + e.getBoundingClientRect().right)
  .concat(document.documentElement.scrollWidth > innerWidth ? ['page ' + document.documentElement.scrollWidth] : [])
"""

_LOW_CONTRAST = """
(() => {
  const channels = c => c.match(/[\\d.]+/g).map(Number);
  const luminance = c => channels(c).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const opaque = e => { const c = channels(getComputedStyle(e).backgroundColor); return c.length < 4 || c[3] > 0; };
  const background = e => { while (e && !opaque(e)) e = e.parentElement; return getComputedStyle(e).backgroundColor; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  let n_texts = 0;
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement;
    if (!node.textContent.trim() || !e.getClientRects().length) continue;
    n_texts += 1;
    const [a, b] = [luminance(getComputedStyle(e).color), luminance(background(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(e.className + ' ' + ratio.toFixed(2) + ' ' + node.textContent.trim().slice(0, 30));
  }
  return {n_texts, found};
})()
"""

_SMALLEST_TEXT = """
Math.min(...[...document.querySelectorAll('.sheet *')].filter(e => e.getClientRects().length)
  .map(e => parseFloat(getComputedStyle(e).fontSize)))
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    assert path is not None
    with Browser(path) as running:
        yield running


def _hostile_digest() -> Digest:
    """Every hostile headline as title, source and lead, in one mail."""
    stories = []
    for number, text in enumerate(HOSTILE_HEADLINES, 1):
        calm = article("x", "x", minutes_ago=number, lead=text)
        stories.append(story(number, [replace(calm, title=text, source=text), article("Calm", text, minutes_ago=5)]))
    return select(
        stories,
        told={},
        hits_by_article={},
        subscription=replace(SUBSCRIPTION, name="W" * 300),
        window=WINDOW,
        watchlist_names={},
        feed_problems=HOSTILE_HEADLINES,
    )


_DIGESTS = {
    "usual": sample_digest,
    "hostile": _hostile_digest,
    "empty": lambda: replace(sample_digest(), items=()),
    "full": lambda: replace(sample_digest(), n_left_out=7),
}


@pytest.fixture(params=list(_DIGESTS))
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return _written(_DIGESTS[request.param](), tmp_path / "digest.html")


def _written(digest: Digest, path: Path) -> Path:
    letterhead = Letterhead(domain="monitor.example", unsubscribe="desk@monitor.example")
    mail = render(digest, generated_at=NOW, letterhead=letterhead, watchlist_names=WATCHLIST_NAMES)
    path.write_text(mail.html, encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(browser: Browser, page: Path, width: int, scheme: Scheme) -> None:
    browser.open(page, width=width, scheme=scheme)
    assert browser.evaluate("innerWidth") == width
    assert browser.evaluate(_TOO_WIDE) == []


def test_the_check_for_width_finds_what_is_too_wide(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "wide.html"
    page.write_text("<!DOCTYPE html><body><p style='width: 700px'>wide</p></body>", encoding="utf-8")
    browser.open(page, width=600, scheme="light")
    assert browser.evaluate(_TOO_WIDE) != []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_all_text_has_the_contrast_of_wcag_aa(browser: Browser, page: Path, scheme: Scheme) -> None:
    browser.open(page, width=600, scheme=scheme)
    answer = browser.evaluate(_LOW_CONTRAST)
    assert answer["n_texts"] > 8
    assert answer["found"] == []


def test_the_check_for_contrast_finds_grey_on_grey(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "grey.html"
    page.write_text("<!DOCTYPE html><body style='background:#888'><p style='color:#999'>grey</p></body>", "utf-8")
    browser.open(page, width=600, scheme="light")
    assert len(browser.evaluate(_LOW_CONTRAST)["found"]) == 1


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_the_reader_s_colour_scheme_is_followed(
    browser: Browser, tmp_path: Path, scheme: Scheme, is_dark: bool
) -> None:
    browser.open(_written(sample_digest(), tmp_path / "digest.html"), width=600, scheme=scheme)
    colour = browser.evaluate("getComputedStyle(document.querySelector('.sheet')).backgroundColor")
    assert (colour == "rgb(255, 255, 255)") is not is_dark


def test_the_mail_is_readable_where_the_head_is_thrown_away(browser: Browser, tmp_path: Path) -> None:
    page = _written(sample_digest(), tmp_path / "digest.html")
    html = page.read_text(encoding="utf-8")
    page.write_text(html[: html.index("<style")] + html[html.index("</style>") + 8 :], encoding="utf-8")
    for scheme in SCHEMES:
        browser.open(page, width=600, scheme=scheme)
        assert browser.evaluate(_LOW_CONTRAST)["found"] == []
        assert browser.evaluate("getComputedStyle(document.querySelector('.preheader')).display") == "none"
        assert browser.evaluate("getComputedStyle(document.querySelector('h3')).fontSize") == "21px"


def test_text_is_large_enough_to_read_on_a_telephone(browser: Browser, page: Path) -> None:
    browser.open(page, width=360, scheme="light")
    assert browser.evaluate(_SMALLEST_TEXT) >= 13


def test_the_column_stays_600_pixels_wide_on_a_large_screen(browser: Browser, page: Path) -> None:
    browser.open(page, width=1200, scheme="light")
    assert browser.evaluate("document.querySelector('.sheet').getBoundingClientRect().width") == 600


def test_nothing_is_loaded_and_no_script_runs(browser: Browser, page: Path) -> None:
    browser.open(page, width=600, scheme="light")
    assert browser.evaluate("performance.getEntriesByType('resource').length") == 0
    assert browser.evaluate("document.scripts.length + document.images.length + document.forms.length") == 0


def test_every_link_has_words(browser: Browser, page: Path) -> None:
    browser.open(page, width=600, scheme="light")
    assert browser.evaluate("[...document.links].filter(a => !a.textContent.trim()).length") == 0


def test_screenshots_are_taken_in_every_width_and_scheme(tmp_path: Path) -> None:
    path = find_chromium()
    assert path is not None
    pictures = take_screenshots(_written(sample_digest(), tmp_path / "digest.html"), tmp_path / "out", path=path)
    assert [picture.name for picture in pictures] == [
        f"digest-{width}-{scheme}.png" for width in WIDTHS for scheme in SCHEMES
    ]
    sizes = [struct.unpack(">II", picture.read_bytes()[16:24]) for picture in pictures]
    assert [width for width, _ in sizes] == [360, 360, 600, 600, 1200, 1200]
    assert len({picture.read_bytes() for picture in pictures}) == 6
