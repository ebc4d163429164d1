from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.fetch.decoding import decode_xml
from monitor.fetch.parsing import (
    MAX_ENTRIES,
    MAX_GUID_CHARS,
    MAX_HTML_BYTES,
    MAX_TITLE_CHARS,
    parse_feed,
)
from monitor.types import ParsedEntry, ParsedFeed, Reason

URL = "https://news.example/section/feed.xml"
SY = 'xmlns:s="http://purl.org/rss/1.0/modules/syndication/"'


def rss(items: str, channel: str = "<title>News</title><link>https://news.example/</link>") -> bytes:
    document = f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>{channel}{items}</channel></rss>'
    return document.encode()


def item(**elements: str) -> str:
    return "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in elements.items()) + "</item>"


def atom(entries: str, attributes: str = "") -> bytes:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}><title>News</title>{entries}</feed>'.encode()


def parsed(body: bytes, content_type: str | None = "application/xml") -> ParsedFeed:
    feed = parse_feed(body, url=URL, content_type=content_type)
    assert isinstance(feed, ParsedFeed)
    return feed


def only_entry(body: bytes) -> ParsedEntry:
    (entry,) = parsed(body).entries
    return entry


def title_of(raw: str) -> str:
    return only_entry(rss(item(title=raw, link="https://news.example/1"))).title


# --- the three formats


def test_an_rss_feed_is_read() -> None:
    feed = parsed(
        rss(
            '<item><guid isPermaLink="false">g1</guid><link>https://news.example/1</link><title>Talks end</title>'
            "<pubDate>Mon, 05 Jan 2026 11:00:00 +0100</pubDate><author>desk@news.example (Ann Lee)</author>"
            "<category>World</category><category>World</category><category>EU &amp; UK</category>"
            "<description>&lt;p&gt;Short&lt;/p&gt;</description>"
            '<c:encoded xmlns:c="http://purl.org/rss/1.0/modules/content/"><![CDATA[<p>Long</p>]]></c:encoded></item>',
            "<title>News</title><link>/</link><language>en-GB</language><ttl>90</ttl>",
        )
    )
    assert (feed.format, feed.title, feed.url) == ("rss20", "News", "https://news.example/")
    assert (feed.language, feed.ttl_s, feed.problems) == ("en-gb", 5_400, ())
    (entry,) = feed.entries
    assert (entry.guid, entry.url, entry.title) == ("g1", "https://news.example/1", "Talks end")
    assert (entry.authors, entry.tags) == (("Ann Lee",), ("World", "EU & UK"))
    assert (entry.summary, entry.content) == ("<p>Short</p>", "<p>Long</p>")
    assert entry.published_at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert entry.published_raw == "Mon, 05 Jan 2026 11:00:00 +0100"
    assert entry.updated_at is None


def test_an_atom_feed_is_read() -> None:
    feed = parsed(
        atom(
            '<entry><id>tag:1</id><link rel="self" href="/api/1"/><link href="/1"/>'
            '<title type="html">A &amp;amp; B</title>'
            "<author><name>Ann</name></author><author><name>Bo</name></author>"
            "<published>2026-01-05T10:00:00Z</published><updated>2026-01-06T10:00:00Z</updated>"
            '<summary>5 &lt; 6</summary><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Hi</p></div>'
            "</content></entry>"
        )
    )
    assert feed.format == "atom10"
    (entry,) = feed.entries
    assert (entry.guid, entry.url, entry.title) == ("tag:1", "https://news.example/1", "A & B")
    assert entry.authors == ("Ann", "Bo")
    assert (entry.summary, entry.content) == ("5 &lt; 6", "<p>Hi</p>")
    assert (entry.published_at, entry.updated_at) == (
        datetime(2026, 1, 5, 10, tzinfo=UTC),
        datetime(2026, 1, 6, 10, tzinfo=UTC),
    )


def test_an_rdf_feed_is_read_with_its_dublin_core_date() -> None:
    feed = parsed(
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        b' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://news.example/"><title>News</title>'
        b'<link>https://news.example/</link></channel><item rdf:about="https://news.example/1"><title>One</title>'
        b"<link>https://news.example/1</link><dc:date>2026-01-05T10:00:00Z</dc:date><dc:creator>Ann</dc:creator></item></rdf:RDF>"
    )
    assert feed.format == "rss10"
    assert feed.entries[0].published_at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert feed.entries[0].authors == ("Ann",)


def test_an_entry_that_was_published_and_never_updated_has_no_updated_date() -> None:
    entry = only_entry(rss(item(link="/1", pubDate="Mon, 05 Jan 2026 10:00:00 GMT")))
    assert entry.published_at is not None
    assert entry.updated_at is None


def test_an_atom_entry_with_an_updated_date_only_counts_as_published_then() -> None:
    entry = only_entry(atom('<entry><link href="/1"/><updated>2026-01-06T10:00:00Z</updated></entry>'))
    assert entry.published_at == entry.updated_at == datetime(2026, 1, 6, 10, tzinfo=UTC)


def test_a_garbage_date_is_kept_as_given_and_counted() -> None:
    feed = parsed(rss(item(link="/1", pubDate="Smarch 31st")))
    assert feed.entries[0].published_at is None
    assert feed.entries[0].published_raw == "Smarch 31st"
    assert feed.problems == ("1 date could not be read",)


@pytest.mark.parametrize(
    ("channel", "ttl_s"),
    [
        ("<ttl>15</ttl>", 900),
        ("<ttl>999999</ttl>", 86_400),
        ("<ttl>99999999999999</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ('<ttl unit="m">15</ttl>', None),
        (f"<s:updatePeriod {SY}>hourly</s:updatePeriod>", 3_600),
        (f"<s:updatePeriod {SY}>dayly</s:updatePeriod><s:updateFrequency {SY}>2</s:updateFrequency>", 43_200),
        ("", None),
    ],
)
def test_how_long_the_publisher_asks_to_wait_is_read(channel: str, ttl_s: int | None) -> None:
    assert parsed(rss("", f"<title>News</title>{channel}")).ttl_s == ttl_s


# --- titles


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Talks &amp; tears", "Talks & tears"),
        ("Talks &amp;amp; tears", "Talks & tears"),
        ("<![CDATA[Caf&eacute; &#8211; open]]>", "Café – open"),
        ("Caf&amp;eacute;", "Café"),
        ("Caf&amp;amp;eacute;", "Café"),
        ("&lt;b&gt;Bold&lt;/b&gt; move", "Bold move"),
        ("How &lt;i&gt;The Pitt&lt;/i&gt;’s drama<!-- x -->", "How The Pitt’s drama"),
        ("5 &lt; 6 and 7 &gt; 3", "5 < 6 and 7 > 3"),
        ("Using &lt;T&gt; generics", "Using <T> generics"),
        ("AT&amp;T; R&amp;D &amp;notit;", "AT&T; R&D &notit;"),
        ("  two \n lines\t", "two lines"),
        ("\u202eevil\u202c\u200b", "evil"),
        ("", ""),
    ],
)
def test_a_title_is_plain_text(raw: str, title: str) -> None:
    assert title_of(raw) == title


def test_an_atom_title_of_type_text_keeps_its_angle_brackets() -> None:
    assert only_entry(atom('<entry><link href="/1"/><title>Use of &lt;b&gt;</title></entry>')).title == "Use of <b>"


def test_an_atom_title_that_forgot_its_type_loses_its_tags() -> None:
    assert (
        only_entry(atom('<entry><link href="/1"/><title>&lt;em&gt;So&lt;/em&gt; it is</title></entry>')).title
        == "So it is"
    )


def test_a_title_of_a_million_characters_is_cut() -> None:
    assert len(title_of("<b>" * 100 + "a " * 500_000)) == MAX_TITLE_CHARS - 1


# --- links and guids


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "mailto:a@b.example",
        "http://[::1",
        "https://news.example/" + "a" * 2_048,
        "",
    ],
)
def test_a_link_that_leads_to_no_web_page_is_none(link: str) -> None:
    feed = parsed(rss(f'<item><guid isPermaLink="false">1</guid><link>{link}</link><title>t</title></item>'))
    assert feed.entries[0].url is None
    assert "1 entry has no usable link" in feed.problems


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("../a", "https://news.example/a"),
        ("/a", "https://news.example/a"),
        ("a?b=1&amp;c=2", "https://news.example/section/a?b=1&c=2"),
        ("//cdn.example/a", "https://cdn.example/a"),
        (" https://other.example/a\n", "https://other.example/a"),
    ],
)
def test_a_relative_link_is_taken_from_the_address_of_the_feed(link: str, url: str) -> None:
    assert only_entry(rss(item(link=link, title="t"))).url == url


@pytest.mark.parametrize(
    ("feed_base", "entry_base", "url"),
    [
        ("https://base.example/x/", "", "https://base.example/x/a"),
        ("https://base.example/x/", "y/", "https://base.example/x/y/a"),
        ("/top/", "", "https://news.example/top/a"),
        ("https://base.example/", "https://entry.example/z/", "https://entry.example/z/a"),
    ],
)
def test_a_relative_link_is_taken_from_xml_base(feed_base: str, entry_base: str, url: str) -> None:
    entry = f'<entry xml:base="{entry_base}"><id>tag:1</id><link href="a"/><title>t</title></entry>'
    assert only_entry(atom(entry, f'xml:base="{feed_base}"')).url == url


@pytest.mark.parametrize(
    ("link", "guid"),
    [
        ("https://news.example/1", "https://news.example/1"),
        ("HTTPS://News.example/a b", "https://news.example/a%20b"),
        ("/1", "/1"),
        ("//cdn.example/1", "//cdn.example/1"),
    ],
)
def test_a_missing_guid_is_the_link_without_the_address_of_the_feed(link: str, guid: str) -> None:
    assert only_entry(rss(item(link=link, title="t"))).guid == guid


def test_without_guid_and_link_the_guid_follows_from_title_and_date() -> None:
    body = rss(
        item(title="Blade", pubDate="Mon, 05 Jan 2026 10:00:00 GMT", description="a")
        + item(title="Blade", pubDate="Tue, 06 Jan 2026 10:00:00 GMT", description="a")
    )
    first, second = parsed(body).entries
    assert first.guid.startswith("sha256:")
    assert first.guid != second.guid
    assert parsed(body).entries[0].guid == first.guid


def test_a_guid_that_is_no_url_does_not_become_the_link() -> None:
    entry = only_entry(rss(item(guid="12345", title="t")))
    assert (entry.guid, entry.url) == ("12345", None)


def test_a_guid_that_is_a_url_becomes_the_link() -> None:
    assert only_entry(rss(item(guid="https://news.example/7", title="t"))).url == "https://news.example/7"


def test_a_guid_on_several_links_is_split_by_link_whatever_their_order() -> None:
    items = [item(guid="0", link=f"/{n}", title="t") for n in range(3)]
    guids = {entry.guid for entry in parsed(rss("".join(items))).entries}
    assert len(guids) == 3
    assert {entry.guid for entry in parsed(rss("".join(reversed(items)))).entries} == guids


def test_an_entry_that_is_there_twice_comes_once() -> None:
    feed = parsed(rss(item(guid="a", link="/1", title="first") + item(guid="a", link="/1", title="second")))
    assert [(entry.guid, entry.title) for entry in feed.entries] == [("a", "first")]
    assert feed.problems == ("1 entry was there twice",)


def test_a_guid_longer_than_the_limit_is_hashed_and_stays_distinct() -> None:
    long = "g" * (MAX_GUID_CHARS + 1)
    guids = [only_entry(rss(f'<item><guid isPermaLink="false">{long}{end}</guid></item>')).guid for end in "ab"]
    assert guids[0] != guids[1]
    assert all(guid.startswith("sha256:") for guid in guids)


def test_the_publishers_own_link_is_preferred_to_feedburners() -> None:
    body = rss(
        '<item xmlns:f="http://rssnamespace.org/feedburner/ext/1.0"><link>http://feedproxy.example/~r/1</link>'
        "<f:origLink>https://news.example/1</f:origLink></item>"
    )
    assert only_entry(body).url == "https://news.example/1"


def test_the_content_hash_follows_title_link_text_and_update() -> None:
    plain = {"guid": "g", "link": "/1", "title": "t", "description": "d", "pubDate": "Mon, 05 Jan 2026 10:00:00 GMT"}

    def content_hash(**changes: str) -> str:
        return only_entry(rss(item(**(plain | changes)))).content_hash

    assert content_hash() == content_hash(guid="h", pubDate="Tue, 06 Jan 2026 10:00:00 GMT")
    changed = [content_hash(title="u"), content_hash(link="/2"), content_hash(description="e")]
    assert len({content_hash(), *changed}) == 4


def test_markup_that_changes_with_every_poll_is_no_change() -> None:
    def content_hash(pixel: int) -> str:
        html = f'&lt;p&gt;Text.&lt;/p&gt;&lt;img src="https://t.example/{pixel}.gif"&gt;'
        return only_entry(rss(item(guid="g", link="/1", title="t", description=html))).content_hash

    assert content_hash(1) == content_hash(2)


# --- encodings


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("utf-8", "utf-8", None),
        ("utf-8", "", None),
        ("utf-8", "", "text/xml"),
        ("utf-8", "iso-8859-1", "text/xml; charset=ISO-8859-1"),
        ("utf-8", "windows-1252", "text/html"),
        ("utf-8-sig", "utf-8", "application/rss+xml; charset=windows-1252"),
        ("utf-16", "utf-16", "application/xml"),
        ("utf-16-le", "utf-16", None),
        ("cp1252", "iso-8859-1", "text/xml"),
        ("cp1252", "utf-8", 'text/xml; charset="windows-1252"'),
        ("cp1252", "utf-8", None),
        ("cp1252", "hex", "text/xml; charset=zlib"),
        ("utf-8", "utf-16", "text/xml; charset=utf-16"),
    ],
)
def test_a_feed_is_read_in_the_encoding_it_really_has(encoding: str, declared: str, content_type: str | None) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = f'{declaration}<rss version="2.0"><channel><title>“Élan” – où?</title></channel></rss>'
    assert parsed(text.encode(encoding), content_type).title == "“Élan” – où?"


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [("windows-1251", "text/xml; charset=windows-1251"), ("koi8-r", "text/xml;charset=koi8-r"), ("gb2312", None)],
)
def test_other_alphabets_are_read_by_header_or_declaration(encoding: str, content_type: str | None) -> None:
    title = "中文新闻" if encoding == "gb2312" else "Новости"
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel><title>{title}</title></channel></rss>'
    )
    assert parsed(text.encode(encoding), content_type).title == title


def test_one_broken_byte_does_not_spoil_the_other_accents() -> None:
    body = rss(item(title="Émile à l’été", link="/1") + item(title="X", link="/2")).replace(b"X", b"\xff")
    feed = parsed(body)
    assert feed.entries[0].title == "Émile à l’été"
    assert feed.problems == ("1 bytes are not utf-8",)


@given(st.binary(max_size=300), st.none() | st.text(max_size=40))
def test_any_bytes_decode_to_text_that_xml_allows(body: bytes, content_type: str | None) -> None:
    text = decode_xml(body, content_type).text
    assert "\x00" not in text
    text.encode("utf-8")


# --- refusals and repairs


@pytest.mark.parametrize("body", [b"", b"  \r\n\t", b"\xef\xbb\xbf\n", b"\x00\x00"])
def test_an_empty_body_is_empty(body: bytes) -> None:
    assert parse_feed(body, url=URL, content_type=None) is Reason.EMPTY


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>x</p></body></html>",
        b"\n<!-- proxy --><html><rss version='2.0'><channel><item><title>x</title></item></channel></rss></html>",
        b"Service unavailable",
        b"%PDF-1.7 \x00\x01\x02",
        b'{"version": "https://example.org/version/1", "items": [{"id": "1"}]}',
        b'[{"version": "https://jsonfeed.org/version/1", "items": []}]',
        b"<item><title>a fragment</title></item>",
        b"<opml version='2.0'><body/></opml>",
        b"\x00\xff\xfe\x00" * 50,
    ],
)
def test_what_is_no_feed_is_not_a_feed(body: bytes) -> None:
    assert parse_feed(body, url=URL, content_type="application/rss+xml") is Reason.NOT_A_FEED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32-be"])
@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!-- <rss> --><?pi <rss?>\n<!DOCTYPE rss SYSTEM "a>b" [<!-- <a --><!ENTITY % x SYSTEM "http://h.test/"> %x;]>',
        '<!doctype rss [<!entity a "b">]>',
    ],
)
def test_a_feed_that_declares_entities_is_refused(doctype: str, encoding: str) -> None:
    text = f"{doctype}<rss version='2.0'><channel><title>&a;</title></channel></rss>"
    assert parse_feed(text.encode(encoding), url=URL, content_type=None) is Reason.ENTITIES


def test_the_document_type_of_rss_091_is_accepted() -> None:
    doctype = b'<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://127.0.0.1/rss-0.91.dtd">'
    feed = parsed(doctype + b'<rss version="0.91"><channel><title>Old</title></channel></rss>')
    assert feed.title == "Old"


def test_an_article_about_entities_is_no_attack() -> None:
    assert (
        only_entry(rss(item(title="XXE", link="/1", description="<![CDATA[<!DOCTYPE a [<!ENTITY b 'c'>]>]]>"))).title
        == "XXE"
    )


def test_a_body_that_is_the_name_of_a_file_opens_no_file(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_bytes(rss(item(title="secret")))
    assert parse_feed(str(path).encode(), url=URL, content_type=None) is Reason.NOT_A_FEED


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body.replace(b"</title>", b"</title><p>&nbsp;&bogus; & </b>", 1),
        lambda body: body[: body.rindex(b"</item>")],
        lambda body: body + b"<script>ad()</script>",
    ],
    ids=["undeclared entity and stray tag", "cut off", "junk at the end"],
)
def test_a_malformed_feed_gives_its_entries_and_says_what_was_wrong(spoil) -> None:  # type: ignore[no-untyped-def]
    feed = parsed(spoil(rss(item(title="One", link="/1") + item(title="Two", link="/2"))))
    assert [(entry.title, entry.url) for entry in feed.entries] == [
        ("One", "https://news.example/1"),
        ("Two", "https://news.example/2"),
    ]
    assert feed.problems[0].startswith("not well-formed: ")


@pytest.mark.parametrize("junk", [b"\n\n  ", b"\xef\xbb\xbf\n", b"\x00"])
def test_white_space_and_control_characters_before_the_document_do_no_harm(junk: bytes) -> None:
    feed = parsed(junk + rss(item(title="a\x00b\x0bc&#0;&#x1F;d&#99999999999;", link="/1")))
    assert feed.entries[0].title == "abcd"
    assert feed.problems == ()


@pytest.mark.parametrize(
    "element",
    [
        '<links a="b"/>',
        '<authors a="b"/>',
        '<tags a="b"/>',
        '<content_detail a="b"/>',
        '<title_detail a="b"/>',
        '<published_parsed a="b"/>',
        '<id a="b">x</id>',
        '<entries a="b"/>',
        "<link><link><link/></link></link>",
        "<category/><author/><source><title>s</title></source>",
    ],
)
def test_elements_named_like_the_parsers_own_keys_do_not_escape_as_exceptions(element: str) -> None:
    for body in (rss(f"<item>{element}<title>t</title><link>/1</link></item>"), rss("", element)):
        assert isinstance(parse_feed(body, url=URL, content_type=None), ParsedFeed | Reason)


def test_only_the_first_entries_of_an_endless_feed_are_read() -> None:
    feed = parsed(rss("".join(f"<item><guid>{n}</guid></item>" for n in range(MAX_ENTRIES + 5))))
    assert len(feed.entries) == MAX_ENTRIES
    assert feed.problems[0] == f"{MAX_ENTRIES + 5} entries, only the first {MAX_ENTRIES} were read"


def test_a_text_of_several_megabytes_is_cut() -> None:
    entry = only_entry(rss(item(link="/1", description="é" * MAX_HTML_BYTES)))
    assert len(entry.summary.encode()) == MAX_HTML_BYTES


def test_hostile_text_reaches_no_field_as_a_control_character_or_a_surrogate() -> None:
    nasty = "[/x] \x1b[31m =HYPERLINK( &#xD800; \u202e &lt;script&gt;alert(1)&lt;/script&gt; \x07"
    entry = only_entry(
        rss(item(title=nasty, author=nasty, category=nasty, description=nasty, pubDate=nasty, guid=nasty))
    )
    for field in fields(entry):
        value = str(getattr(entry, field.name))
        assert not {"\x00", "\x07", "\x1b"} & set(value), field.name
        value.encode("utf-8")
    assert "\u202e" not in entry.title + entry.guid + entry.published_raw + "".join(entry.authors + entry.tags)


@settings(max_examples=60)
@given(st.text(max_size=200))
def test_any_text_as_title_and_summary_is_read(text: str) -> None:
    entry = only_entry(rss(item(guid="g", title=escape(text), description=escape(text))))
    assert "\n" not in entry.title
    entry.title.encode("utf-8")
