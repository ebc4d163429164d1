"""`monitor inspect`: what becomes of a document, without a database."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pytest

from monitor.cli.main import main
from tests.cli.conftest import Monitor, Ran

ROOT = Path(__file__).parent.parent.parent
FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Wire</title><link>https://wire.example/</link>
<language>en</language><ttl>30</ttl><skipHours><hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays>
<item><title>One &amp;amp; two</title><link>/1</link><guid>g1</guid><author>Ann Lee</author>
<category>World</category><enclosure url="/a.mp3" length="12" type="audio/mpeg"/>
<pubDate>Tue, 06 Jan 2026 11:10:00 +0100</pubDate>
<description>&lt;p&gt;A &lt;b&gt;summary&lt;/b&gt;.&lt;/p&gt;</description>
</item></channel></rss>"""


@pytest.fixture
def inspect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """`monitor inspect ARGUMENTS` in a folder without configuration and database."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main(["inspect", *map(str, arguments)])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    yield run
    assert not list(tmp_path.glob("*.db*"))


def test_a_feed_is_shown_as_the_contract_says(inspect: Monitor, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_bytes(FEED)
    feed = inspect("feed", "feed.xml", "--url", "https://wire.example/feed.xml", "--json").document
    assert (feed["format"], feed["title"], feed["url"]) == ("rss20", "Wire", "https://wire.example/")
    assert feed["entries"] == [
        {
            "guid": "g1",
            "url": "https://wire.example/1",
            "title": "One & two",
            "authors": ["Ann Lee"],
            "published_at": "2026-01-06T10:10:00Z",
            "published_raw": "Tue, 06 Jan 2026 11:10:00 +0100",
            "date_origin": "published",
            "updated_at": None,
            "tags": ["World"],
            "media": [
                {"url": "https://wire.example/a.mp3", "media_type": "audio/mpeg", "n_bytes": 12, "title": ""},
            ],
            "summary": "A summary.",
        }
    ]
    asked = {key: feed[key] for key in ("language", "ttl_s", "skip_hours", "skip_days", "children", "problems")}
    assert asked == {
        "language": "en",
        "ttl_s": 1800,
        "skip_hours": [3],
        "skip_days": [6],
        "children": [],
        "problems": [],
    }
    shown = inspect("feed", "feed.xml").out
    for word in ("One & two", "published", "World", "30 minutes", "Sunday"):
        assert word in shown


@pytest.mark.parametrize("width", [80, 160])
def test_every_entry_is_shown_whole_whatever_the_width(
    inspect: Monitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    address = "/" + "long/" * 60
    second = b"<item><title>\x1b[31mTwo [/b]</title><guid>g2</guid><pubDate>some day</pubDate></item></channel>"
    body = FEED.replace(b"/1<", address.encode() + b"<").replace(b"</channel>", second)
    (tmp_path / "feed.xml").write_bytes(body.replace(b"\x1b", b"&#27;"))
    shown = inspect("feed", "feed.xml", "--url", "https://wire.example/feed.xml").out
    assert max(len(line) for line in shown.splitlines()) <= width
    assert "…" not in shown
    assert "\x1b" not in shown
    assert f"https://wire.example{address}" in "".join(shown.split())
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    for line in (
        "2 entries",
        "One & two",
        "date 2026-01-06 10:10 UTC (published)",
        "as written Tue, 06 Jan 2026 11:10:00 +0100",
        "guid g1",
        "authors Ann Lee",
        "tags World",
        "date none that can be read",
        "as written some day",
        "url none that can be asked for",
    ):
        assert line in lines
    assert "https://wire.example/a.mp3 (audio/mpeg, 12 bytes)" in " ".join(lines)


def test_a_date_is_not_shown_twice_where_it_is_written_in_utc(inspect: Monitor, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_bytes(FEED.replace(b"+0100", b"GMT"))
    shown = inspect("feed", "feed.xml").out
    assert "2026-01-06 11:10 UTC" in shown
    assert "as written" not in shown


def test_a_date_in_the_future_is_shown_as_held(inspect: Monitor, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_bytes(FEED.replace(b"2026", b"2099"))
    (entry,) = inspect("feed", "feed.xml", "--json").document["entries"]
    assert entry["date_origin"] == "clamped"
    assert entry["published_raw"] == "Tue, 06 Jan 2099 11:10:00 +0100"
    assert entry["published_at"] < "2099"


def test_the_children_of_an_index_of_sitemaps_are_shown(inspect: Monitor, tmp_path: Path) -> None:
    (tmp_path / "index.xml").write_text(
        "<sitemapindex><sitemap><loc>https://wire.example/news.xml</loc></sitemap></sitemapindex>", "utf-8"
    )
    assert inspect("feed", "index.xml", "--json").document["children"] == ["https://wire.example/news.xml"]
    assert "entries are in https://wire.example/news.xml" in inspect("feed", "index.xml").out


def test_gzipped_documents_and_standard_input_are_read(
    inspect: Monitor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "feed.xml.gz").write_bytes(gzip.compress(FEED))
    assert inspect("feed", "feed.xml.gz", "--json").document["title"] == "Wire"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FEED)))
    assert inspect("feed", "-", "--json").document["title"] == "Wire"


def test_a_gzip_bomb_is_refused(inspect: Monitor, tmp_path: Path) -> None:
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"\0" * 20_000_000))
    ran = inspect("feed", "bomb.gz")
    assert (ran.code, ran.out) == (1, "")
    assert "more than the 5000000 bytes" in ran.err


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", ": the answer is empty"),
        (b"plain words", ""),
        (b"<html><body>page</body></html>", ""),
        (
            b'<!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0"/>',
            ": the document declares XML entities, which are not expanded for safety",
        ),
    ],
)
def test_what_is_no_feed_is_one_sentence_with_the_reason(
    inspect: Monitor,
    tmp_path: Path,
    body: bytes,
    why: str,
) -> None:
    (tmp_path / "feed.xml").write_bytes(body)
    ran = inspect("feed", "feed.xml", "--json")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"feed.xml is no feed that can be read{why}\n"


def test_the_seed_article_comes_out_clean(inspect: Monitor) -> None:
    article = inspect("article", ROOT / "seeds" / "axadle-times-paris-summit.txt", "--json").document
    assert article["title"] == "U.S. and European allies convene in Paris to discuss Ukraine security guarantees"
    assert article["authors"] == ["Abdiwahab Ahmed"]
    assert article["text"].startswith("PARIS — Key Ukrainian allies")
    assert article["text"].endswith("will determine whether any truce can hold.")
    assert "Advertisement" not in article["text"]
    assert "Monitoring" not in article["text"]
    assert article["credit"] == "Axadle Times international–Monitoring"
    assert (article["language"], article["access"], article["method"]) == ("en", "ok", "given")
    assert (article["url"], article["canonical_url"]) == (None, None)


def test_a_page_is_read_with_its_canonical_url(inspect: Monitor, tmp_path: Path) -> None:
    paragraphs = "".join(
        f"<p>Paragraph {n} tells at some length what the council of Harborton decided.</p>" for n in range(9)
    )
    head = '<title>Council decides</title><link rel="canonical" href="https://post.example/a">'
    (tmp_path / "page.html").write_text(f"<html><head>{head}</head><body><article>{paragraphs}</article></body></html>")
    article = inspect("article", "page.html", "--url", "https://post.example/a?utm_source=x", "--json").document
    assert (article["url"], article["canonical_url"]) == (
        "https://post.example/a?utm_source=x",
        "https://post.example/a",
    )
    assert "council of Harborton" in article["text"]
    assert {"title", "authors", "published_at", "language", "access", "method"} <= set(article)
    assert "council of Harborton" in inspect("article", "page.html").out


def test_a_picture_holds_no_article(inspect: Monitor, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    ran = inspect("article", "x.png")
    assert (ran.code, ran.out) == (1, "")
    assert "the answer is a picture, a sound or a film, no web page" in ran.err


def test_the_canonical_url_is_shown(inspect: Monitor) -> None:
    url = "HTTPS://Post.example:443/A?b=1&utm_source=x#top"
    assert inspect("url", url, "--json").document == {"url": url, "canonical_url": "https://post.example/A?b=1"}
    assert inspect("url", url).out == "https://post.example/A?b=1\n"
    ran = inspect("url", "mailto:a@b.example")
    assert (ran.code, ran.out) == (2, "")


def test_links_of_aggregators_lead_to_what_they_carry_or_are_marked(inspect: Monitor) -> None:
    open_link = inspect("url", "https://www.google.com/url?q=https://post.example/a%3Futm_source%3Dx&sa=D")
    assert (open_link.out, open_link.err) == ("https://post.example/a\n", "")
    opaque = inspect("url", "https://news.google.com/rss/articles/CBMiabc?oc=5")
    assert opaque.out == "https://news.google.com/rss/articles/CBMiabc?oc=5\n"
    assert "a link of an aggregator" in opaque.err


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest", "http://a.example:25/"]
)
def test_an_address_of_this_network_is_not_asked(inspect: Monitor, url: str) -> None:
    ran = inspect("article", url)
    assert (ran.code, ran.out) == (1, "")
    assert "is not on the public web" in ran.err


def test_a_file_that_is_not_there_is_wrong_usage(inspect: Monitor) -> None:
    ran = inspect("feed", "missing.xml")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "missing.xml cannot be read: No such file or directory\n"
