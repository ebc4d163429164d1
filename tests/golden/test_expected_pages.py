"""Pages of invented outlets in more than twenty languages, and the articles they must come out as (expected.json)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.extract.page import article_from_feed, extract_article
from monitor.types import Access, ExtractedArticle, FeedHints, Reason

FOLDER = Path(__file__).parent
PAGES: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
PLAIN = ("title", "access", "method", "language", "precision", "date_origin", "dateline", "credit", "agency", "origin")


def found_on(name: str) -> ExtractedArticle | Reason:
    case = PAGES[name]
    hints = FeedHints(**case.get("hints", {}))
    if door := case.get("door"):  # decided before a page was asked for
        return article_from_feed(hints, url=case["url"], access=Access(door))
    return extract_article(
        (FOLDER / "pages" / name).read_bytes(),
        url=case["url"],
        content_type=case.get("content_type", "text/html"),
        status=case.get("status", 200),
        hints=hints,
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_comes_out_as_it_was_written(name: str) -> None:
    wanted = PAGES[name]["expected"]
    found = found_on(name)
    if "reason" in wanted:
        assert found == Reason(wanted["reason"])
        return
    assert isinstance(found, ExtractedArticle)
    moment = datetime.fromisoformat(wanted["published_at"]).astimezone(UTC) if wanted["published_at"] else None
    assert {key: getattr(found, key) for key in PLAIN} == {key: wanted[key] for key in PLAIN}
    assert (found.authors, found.published_at) == (tuple(wanted["authors"]), moment)
    assert (found.section, found.tags) == (
        wanted.get("section", found.section),
        tuple(wanted.get("tags", found.tags)),
    )
    assert found.text.startswith(wanted["first"])
    assert found.text.endswith(wanted["last"])
    assert [line for line in found.text.splitlines() if line in wanted["absent"]] == []


def test_the_pages_speak_at_least_twelve_languages() -> None:
    assert len({case["expected"].get("language") for case in PAGES.values()} - {None}) >= 12


def test_every_page_has_its_expectation() -> None:
    told_in_full = {"alpine.html", "crue.html", "summit.html"}  # tests/golden/test_pages.py
    assert {path.name for path in (FOLDER / "pages").iterdir()} == set(PAGES) | told_in_full
