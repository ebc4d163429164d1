"""Whole pages and the articles they must come out as."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from monitor.extract.page import article_from_feed, extract_article
from monitor.types import Access, ExtractedArticle, FeedHints, Origin, Precision

PAGES = Path(__file__).parent / "pages"


def read(name: str, hints: FeedHints | None = None) -> ExtractedArticle:
    found = extract_article(
        (PAGES / name).read_bytes(),
        url=f"https://axadletimes.example/{name}",
        content_type="text/html; charset=utf-8",
        status=200,
        hints=hints or FeedHints(),
    )
    assert isinstance(found, ExtractedArticle)
    return found


def test_the_summit_report_comes_out_clean() -> None:
    found = read("summit.html")
    paragraphs = found.text.splitlines()
    assert found.title == "U.S. and European allies convene in Paris to discuss Ukraine security guarantees"
    assert len(paragraphs) == 10
    assert paragraphs[0].startswith("PARIS — Key Ukrainian allies are meeting in Paris")
    assert paragraphs[-1].endswith("will determine whether any truce can hold.")
    assert "Advertisement" not in found.text
    assert found.authors == ("Abdiwahab Ahmed",)
    assert found.credit == "Axadle Times international–Monitoring"
    assert (found.dateline, found.agency, found.origin) == ("PARIS", None, Origin.AGGREGATOR)
    assert found.published_at == datetime(2026, 1, 6, 11, 2, tzinfo=UTC)
    assert found.canonical_url == "https://axadletimes.example/us-and-european-allies-convene-in-paris/"
    assert (found.language, found.access) == ("en", Access.OK)


def test_an_outlet_named_as_the_feed_s_author_does_not_hide_the_byline() -> None:
    assert read("summit.html", FeedHints(authors=("Axadle Times",))).authors == ("Abdiwahab Ahmed",)
    assert read("summit.html", FeedHints(authors=("admin",))).authors == ("Abdiwahab Ahmed",)


def test_the_same_report_as_feed_content_comes_out_the_same() -> None:
    page = read("summit.html")
    html = (PAGES / "summit.html").read_text(encoding="utf-8")
    content = html.split('<div class="entry-content">')[1].split("</div>")[0]
    found = article_from_feed(FeedHints(title=page.title, content=content), url="urn:x", access=Access.NONE)
    assert isinstance(found, ExtractedArticle)
    assert (found.text, found.authors, found.credit) == (page.text, page.authors, page.credit)


def test_a_german_report_with_an_agency_signed_in_brackets() -> None:
    found = read("alpine.html")
    assert found.title == "Lawine am Joch: Drei Menschen gerettet"
    assert found.authors == ("Anna Müller", "Jan Beck")
    assert (found.dateline, found.agency, found.origin) == ("Oberdorf (bpd)", "bpd", Origin.AGENCY)
    assert found.credit == "Bergpressedienst (bpd)"
    assert [paragraph.split()[0] for paragraph in found.text.splitlines()] == [
        "Oberdorf", "Die", "Sechzig", "„Wir"]  # fmt: skip
    assert (found.access, found.language) == (Access.PAYWALL, "de")


def test_a_french_report_with_a_dated_page() -> None:
    found = read("crue.html")
    assert found.title == "Crue : mille personnes évacuées"
    assert found.authors == ("Luc Roy", "Eva Blanc")
    assert (found.dateline, found.agency, found.credit) == ("NAMUR (AFP)", "AFP", "La Gazette du fleuve avec AFP")
    assert [paragraph.split()[0] for paragraph in found.text.splitlines()] == ["NAMUR", "Par", "Les"]
    assert (found.published_at, found.precision) == (datetime(2026, 1, 5, tzinfo=UTC), Precision.DAY)
