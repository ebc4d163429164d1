"""The fast reader and feedparser read the same, on feeds mutated by a seed. Both go through our own normalising.

Where they may differ, and why:
- `media` and `guid` where an xml:base stands in the document: feedparser does not resolve the address of an enclosure,
  and without an address of the document it keeps the base of one entry for the next. We follow XML Base.
- `problems`: feedparser knows what it stumbled over; the fast reader reads well-formed documents only, so both are
  empty of complaints where it answers, and this is compared too.
"""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from monitor.fetch.decoding import decode_xml
from monitor.fetch.entries import feed_of
from monitor.fetch.fallback import read_with_feedparser
from monitor.fetch.given import GivenFeed
from monitor.fetch.parsing import parse_feed
from monitor.fetch.reading import read_feed
from monitor.types import ParsedFeed
from tests.unit.mutations import feed_text

URL = "https://news.example/section/feed.xml"
N_SEEDS = 400
FIRST_SEED = 1_000_000


def differences(fast: GivenFeed, slow: GivenFeed, *, has_base: bool) -> list[tuple[str, object, object]]:
    ours, theirs = feed_of(fast, base=URL), feed_of(slow, base=URL)
    if has_base:
        ours, theirs = _without_base(ours), _without_base(theirs)
    found: list[tuple[str, object, object]] = [
        (field.name, getattr(ours, field.name), getattr(theirs, field.name))
        for field in fields(ours)
        if field.name != "entries"
    ]
    found.append(("n_entries", len(ours.entries), len(theirs.entries)))
    for number, (mine, other) in enumerate(zip(ours.entries, theirs.entries, strict=False)):
        found += [
            (f"{number}.{field.name}", getattr(mine, field.name), getattr(other, field.name)) for field in fields(mine)
        ]
    return [one for one in found if one[1] != one[2]]


def _without_base(feed: ParsedFeed) -> ParsedFeed:
    return replace(feed, entries=tuple(replace(entry, media=(), guid="") for entry in feed.entries))


def test_the_fast_reader_reads_what_feedparser_reads() -> None:
    n_fast = 0
    for seed in range(FIRST_SEED, FIRST_SEED + N_SEEDS):
        text = decode_xml(feed_text(seed).encode("utf-8"), None).text
        fast = read_feed(text, base=URL)
        if fast is None:
            continue
        n_fast += 1
        slow = read_with_feedparser(text, base=URL)
        assert slow is not None, seed
        assert differences(fast, slow, has_base="xml:base" in text) == [], f"feed_text({seed})"
    assert n_fast > N_SEEDS / 3  # else nothing was compared


def test_mutated_feeds_never_raise() -> None:
    for seed in range(200):
        parse_feed(feed_text(seed).encode("utf-8"), url=URL, content_type=None)


RSS = '<rss version="2.0"><channel><title>t</title>{}</channel></rss>'
NS = 'xmlns:m="http://search.yahoo.com/mrss/"'


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE rss>" + RSS,
        RSS.format("<item><title>a &nbsp; b</title></item>"),
        RSS.format("<item><title>cut"),
        RSS.format("<item><description><div>in place</div></description></item>"),
        RSS.format("<item><item><title>nested</title></item></item>"),
        RSS.format("<item><title>a <b>b</b></title></item>"),
        RSS.format('<item base="https://x.example/"><link>1</link></item>'),
        RSS.format("<item><tags>a,b</tags></item>"),
        RSS.format("<item><links>a</links></item>"),
        RSS.format("<item>" + "<x>" * 300 + "</x>" * 300 + "</item>"),
        RSS.format('<item xmlns:dc="http://search.yahoo.com/mrss/"><dc:title>t</dc:title></item>'),
        "<channel><title>t</title></channel>",
        "plain words",
    ],
)
def test_the_fast_reader_declines_what_it_is_not_sure_of(text: str) -> None:
    assert read_feed(text, base=URL) is None


@pytest.mark.parametrize(
    "text",
    [
        RSS.format("<item><title>t</title></item>"),
        RSS.format("<item><x:y xmlns:x='urn:x' a='b'><x:z>text</x:z></x:y><foo/></item>"),
        RSS.format(f"<item><m:group {NS}><m:content url='/a.mp4'/><m:title>t</m:title></m:group></item>"),
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><author><name>A</name></author></entry></feed>',
    ],
)
def test_the_fast_reader_reads_what_real_feeds_hold(text: str) -> None:
    assert read_feed(text, base=URL) is not None


def test_each_entry_has_the_base_that_stands_above_it() -> None:
    entries = "".join(
        f'<entry{base}><id>tag:{n}</id><link href="a"/><link rel="enclosure" href="b.mp3"/></entry>'
        for n, base in enumerate([' xml:base="x/"', "", ' xml:base="https://other.example/y/"'])
    )
    for spoilt in ("", "<!-- -->\n<x>&nbsp;</x>"):  # the second is for feedparser
        body = f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="/top/">{entries}{spoilt}</feed>'.encode()
        feed = parse_feed(body, url=URL, content_type=None)
        assert isinstance(feed, ParsedFeed)
        assert [entry.url for entry in feed.entries] == [
            "https://news.example/top/x/a",
            "https://news.example/top/a",
            "https://other.example/y/a",
        ]


@pytest.mark.parametrize("spoilt", ["", "<x>&nbsp;</x>"])  # the second is for feedparser
@pytest.mark.parametrize(
    ("base", "items"),
    [
        (' xml:base="/top/"', "<item><guid>a</guid></item><item><guid>b</guid></item>"),
        ("", "<item><link>/1?a=1&amp;amp;b</link></item><item><link>2</link></item>"),
        (' xml:base="/top/"', "<item><link>/1?a=1&amp;amp;b</link></item><item><link>2</link></item>"),
        (' xml:base="/top/"', '<item><link href="/1"/></item><item><link href="2"/></item>'),
        ("", "<item><guid>0</guid><link>/1</link></item><item><guid>0</guid><link>2</link></item>"),
    ],
)
def test_guids_stay_when_their_feed_moves(base: str, items: str, spoilt: str) -> None:
    body = f'<rss{base} version="2.0"><channel>{items}{spoilt}</channel></rss>'.encode()
    moved = [parse_feed(body, url=url, content_type=None) for url in (URL, "https://elsewhere.example/feed")]
    feeds = [feed for feed in moved if isinstance(feed, ParsedFeed)]
    guids = [[entry.guid for entry in feed.entries] for feed in feeds]
    assert guids[0] == guids[1]
    assert len(set(guids[0])) == 2
    assert not any("example" in guid for guid in guids[0])


def test_both_readers_take_the_same_guid_from_a_link_below_an_xml_base() -> None:
    for link in ("<link>1?a=1&amp;amp;b</link>", '<link href="1"/>', "<link>https://o.example/1</link>"):
        text = f'<rss xml:base="/top/" version="2.0"><channel><item>{link}</item></channel></rss>'
        fast, slow = read_feed(text, base=URL), read_with_feedparser(text, base=URL)
        assert fast is not None
        assert slow is not None
        assert feed_of(fast, base=URL).entries == feed_of(slow, base=URL).entries
