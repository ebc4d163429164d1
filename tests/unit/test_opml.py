from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.fetch.opml import OpmlFeed, joined, parse_opml, parse_rows, render_opml


def opml(body: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    return f'{head}\n<opml version="2.0"><head><title>x</title></head><body>{body}</body></opml>'.encode()


def test_folders_and_paths_in_the_category_attribute_become_categories_and_words_in_it_tags() -> None:
    feeds = parse_opml(
        opml(
            '<outline text="News"><outline title="Europe">'
            '<outline text="A" xmlUrl="http://a.example/rss" htmlUrl="http://a.example/"'
            ' category="/Politics/EU,daily"/>'
            '</outline></outline><outline type="rss" text="B" xmlUrl="http://b.example/rss"/>'
        )
    )
    assert feeds == [
        OpmlFeed(
            url="http://a.example/rss",
            title="A",
            site_url="http://a.example/",
            categories=("News/Europe", "Politics/EU"),
            tags=("daily",),
        ),
        OpmlFeed(url="http://b.example/rss", title="B"),
    ]


def test_a_feed_in_two_folders_comes_once_with_both() -> None:
    row = '<outline text="A" xmlUrl="http://a.example/rss"/>'
    feeds = parse_opml(opml(f'<outline text="One">{row}</outline><outline text="Two">{row}</outline>'))
    assert [feed.categories for feed in feeds] == [("One", "Two")]


def test_rows_are_given_as_they_stand_also_repeated_ones_and_those_without_an_address() -> None:
    row = '<outline text="A" xmlUrl="http://a.example/rss"/>'
    lost = '<outline type="RSS" text="Lost" xmlUrl=" "/><outline type="rss" title="Bare"/>'
    body = opml(f'<outline text="One">{row}{lost}</outline><outline text="Two">{row}</outline>')
    assert [(one.url, one.title, one.categories) for one in parse_rows(body)] == [
        ("http://a.example/rss", "A", ("One",)),
        ("", "Lost", ("One",)),
        ("", "Bare", ("One",)),
        ("http://a.example/rss", "A", ("Two",)),
    ]
    assert parse_opml(body) == joined(parse_rows(body))
    assert [one.url for one in parse_opml(body)] == ["http://a.example/rss"]


def test_a_folder_that_calls_itself_a_feed_is_a_folder() -> None:
    row = '<outline text="A" xmlUrl="http://a.example/rss"/>'
    body = opml(f'<outline type="rss" text="One"><outline text="Two">{row}</outline></outline>{row}')
    assert [(one.url, one.categories) for one in parse_rows(body)] == [
        ("http://a.example/rss", ("One/Two",)),
        ("http://a.example/rss", ()),
    ]


def test_attribute_names_in_any_case_are_read() -> None:
    assert parse_opml(opml('<outline TEXT="A" XMLURL="http://a.example/rss"/>'))[0].title == "A"


def test_a_row_with_an_unusable_url_is_given_as_it_stands() -> None:
    assert parse_opml(opml('<outline text="A" xmlUrl=" javascript:alert(1) "/>'))[0].url == "javascript:alert(1)"


def test_bare_ampersands_do_not_break_a_file() -> None:
    feed = parse_opml(
        opml('<outline text="News & Headlines &#233;" xmlUrl="http://a.example/?a=1&args&p=2&amp;q=3"/>')
    )[0]
    assert feed.title == "News & Headlines é"
    assert feed.url == "http://a.example/?a=1&args&p=2&q=3"


def test_quotation_marks_inside_a_title_do_not_break_a_file() -> None:
    rows = (
        '<outline text="The "Post" today" title=\'x\' xmlUrl="http://a.example/" type="rss" /><outline text="say "x""/>'
    )
    (feed,) = parse_opml(opml(rows.replace("title='x' ", "")))
    assert (feed.title, feed.url) == ('The "Post" today', "http://a.example/")


def test_an_html_entity_in_a_title_is_read() -> None:
    assert parse_opml(opml('<outline text="L&eacute;man" xmlUrl="http://a.example/"/>'))[0].title == "Léman"


@pytest.mark.parametrize("encoding", ["windows-1251", "utf-16", "utf-8-sig"])
def test_other_encodings_are_read(encoding: str) -> None:
    name = "utf-8" if encoding == "utf-8-sig" else encoding
    text = f'<?xml version="1.0" encoding="{name}"?><opml><body><outline text="Новини" xmlUrl="http://a.example/"/></body></opml>'
    assert parse_opml(text.encode(encoding))[0].title == "Новини"


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE opml [<!ENTITY a "b">]>',
        '<!DOCTYPE opml [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]>',
        '<!-- <opml> --><!doctype opml [<!entity a SYSTEM "http://127.0.0.1/">]>',
    ],
)
def test_a_file_that_declares_entities_is_refused(doctype: str) -> None:
    with pytest.raises(ConfigError, match="entities"):
        parse_opml(opml('<outline text="&a;" xmlUrl="http://a.example/"/>', head=doctype))


@pytest.mark.parametrize(
    "body", [b"", b"   ", b"<html><body>x</body></html>", b"<rss/>", b"\x00\xff", b"<opml><body>", b"plain"]
)
def test_what_is_no_opml_is_refused_with_a_sentence(body: bytes) -> None:
    with pytest.raises(ConfigError, match=r"not an OPML file.*\."):
        parse_opml(body)


def test_very_deep_nesting_is_read() -> None:
    deep = '<outline text="f">' * 3_000 + '<outline text="A" xmlUrl="http://a.example/"/>' + "</outline>" * 3_000
    assert parse_opml(opml(deep))[0].categories == ("/".join(["f"] * 10),)


def test_hostile_titles_are_written_as_text() -> None:
    title = '"><script>&\x1b[31m\r\nSubject: x\u202e]]>'
    written = render_opml([OpmlFeed(url="http://a.example/?a=1&b=2", title=title)], title=title)
    assert b"<script>" not in written
    assert b"\x1b" not in written
    assert parse_opml(written)[0].url == "http://a.example/?a=1&b=2"


@pytest.mark.parametrize(
    ("attribute", "categories", "tags"),
    [
        ("/Boston", ("Boston",), ()),
        ("Boston", (), ("Boston",)),
        ("/Boston/Weather, Harvard/Berkman ,daily", ("Boston/Weather", "Harvard/Berkman"), ("daily",)),
        ("/,//,, ", (), ()),
        ("a,a,/b,b/", ("b",), ("a",)),
    ],
)
def test_an_item_with_a_slash_is_a_category_and_one_without_is_a_tag(
    attribute: str, categories: tuple[str, ...], tags: tuple[str, ...]
) -> None:
    (feed,) = parse_opml(opml(f'<outline text="A" xmlUrl="http://a.example/" category="{attribute}"/>'))
    assert (feed.categories, feed.tags) == (categories, tags)


@pytest.mark.parametrize(
    ("attributes", "interval_s"),
    [
        ('updateInterval="30"', 1_800),  # Liferea: minutes
        ('updateInterval="-1"', None),  # Liferea: as by default
        ('updateInterval="-1" frss:ttl="900"', 900),
        ('frss:ttl="3600"', 3_600),  # FreshRSS: seconds
        ('frss:ttl="-1800"', 1_800),  # FreshRSS: the feed rests
        ('frss:ttl="61"', 120),
        ('updateInterval="999999999"', 2_592_000),
        ('updateInterval="soon"', None),
        ('updateInterval="0"', None),
        ('updateInterval="\u0663"', None),
    ],
)
def test_intervals_are_read_as_other_readers_write_them(attributes: str, interval_s: int | None) -> None:
    (feed,) = parse_opml(opml(f'<outline text="A" xmlUrl="http://a.example/" {attributes}/>'))
    assert feed.interval_s == interval_s


def test_other_readers_find_the_interval_where_they_look_for_it() -> None:
    written = render_opml([OpmlFeed(url="http://a.example/", interval_s=1_800)])
    assert b'updateInterval="30" frss:ttl="1800"' in written
    assert b'xmlns:frss="https://freshrss.org/opml"' in written


def test_of_a_feed_in_two_folders_nothing_is_lost() -> None:
    one = '<outline text="" xmlUrl="http://a.example/rss" category="x"/>'
    two = '<outline text="A" xmlUrl="http://a.example/rss" htmlUrl="http://a.example/" category="y" frss:ttl="300"/>'
    (feed,) = parse_opml(opml(f'<outline text="One">{one}</outline><outline text="Two">{two}</outline>'))
    assert feed == OpmlFeed(
        url="http://a.example/rss",
        title="A",
        site_url="http://a.example/",
        categories=("One", "Two"),
        tags=("x", "y"),
        interval_s=300,
    )


names = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=12)
urls = st.from_regex(r"http://[a-z]{1,8}\.example/[a-z0-9?&=%]{0,12}", fullmatch=True)
raw_feeds = st.builds(
    OpmlFeed,
    url=urls,
    title=st.text(max_size=20),
    site_url=st.none() | urls,
    categories=st.lists(names, max_size=3).map(tuple),
    tags=st.lists(names, max_size=3).map(tuple),
    interval_s=st.none() | st.integers(1, 43_200).map(lambda minutes: minutes * 60),
)


@given(st.lists(raw_feeds, max_size=6))
def test_what_was_read_is_read_again_from_what_is_written(raw: list[OpmlFeed]) -> None:
    feeds = parse_opml(render_opml(raw))
    assert [feed.url for feed in feeds] == list(dict.fromkeys(feed.url for feed in raw))
    assert parse_opml(render_opml(feeds)) == feeds


paths = st.lists(st.sampled_from(["News", "Europe", "Öl & Gas", 'a "b"', "<x>"]), min_size=1, max_size=3).map("/".join)
words = st.sampled_from(["daily", "two words", "é", "&amp", "1>2"])
kept_feeds = st.builds(
    OpmlFeed,
    url=urls,
    title=st.sampled_from(["", "The Post", "A & B", "Tom &amp;amp; Ann", "Новини", "x < y"]),
    site_url=st.none() | urls,
    categories=st.lists(paths, max_size=3, unique=True).map(tuple),
    tags=st.lists(words, max_size=3, unique=True).map(tuple),
    interval_s=st.none() | st.integers(1, 43_200).map(lambda minutes: minutes * 60),
)


@given(st.lists(kept_feeds, max_size=6, unique_by=lambda feed: feed.url))
def test_nothing_of_a_feed_is_lost_between_writing_and_reading(feeds: list[OpmlFeed]) -> None:
    assert parse_opml(render_opml(feeds)) == feeds
