from __future__ import annotations

import random

import pytest

from monitor.urls import absolute_url, canonical_url, host_of, masked, registered_domain


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://WWW.Example.COM:443/Path", "https://www.example.com/Path"),
        ("http://example.com", "http://example.com/"),
        ("http://example.com:8080/a#part", "http://example.com:8080/a"),
        ("https://example.com/a?utm_source=x&id=7&fbclid=1&b=2", "https://example.com/a?id=7&b=2"),
        ("https://example.com/a?UTM_Medium=x", "https://example.com/a"),
        ("https://example.com/a?b=2&a=1&&", "https://example.com/a?b=2&a=1"),
        ("https://пример.рф/новости", "https://xn--e1afmkfd.xn--p1ai/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8"),
        ("https://example.com/a%2fb%7ec", "https://example.com/a%2Fb~c"),
        ("https://example.com/x/../a/./b", "https://example.com/a/b"),
        ("https://user:pw@example.com/a", "https://example.com/a"),
        (" https://example.com/a b\n", "https://example.com/a%20b"),
        ("https://example.com./a", "https://example.com/a"),
        ("https://example.com/a?partner=rss&emc=rss", "https://example.com/a"),
        ("https://[2001:DB8::1]:443/a", "https://[2001:db8::1]/a"),
    ],
)
def test_a_canonical_url_drops_what_does_not_name_the_page(url: str, expected: str) -> None:
    assert canonical_url(url) == expected
    assert canonical_url(expected) == expected


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("https://e.example/AbC", "https://e.example/abc"),
        ("https://e.example/a?sid=101", "https://e.example/a?sid=202"),
        ("https://news.bbc.co.uk/x", "https://sport.bbc.co.uk/x"),
        ("https://e.example/a?a=1&b=2", "https://e.example/a?b=2&a=1"),
        ("https://e.example/a?source=gov", "https://e.example/a"),
        ("https://e.example/a?ref=chapter2", "https://e.example/a"),
        ("https://e.example/a?_page=2", "https://e.example/a"),
        ("https://e.example/a%2Fb", "https://e.example/a/b"),
        ("https://e.example/election-night", "https://e.example/"),
        ("https://e.example/a", "https://e.example/a/"),
    ],
)
def test_urls_that_may_name_two_pages_stay_apart(left: str, right: str) -> None:
    assert canonical_url(left) != canonical_url(right)


def test_ref_is_tracking_only_when_it_names_the_feed_or_the_site() -> None:
    assert canonical_url("https://e.example/a?ref=www.e.example") == "https://e.example/a"
    assert canonical_url("https://e.example/a?ref=feeds.example", feed_host="feeds.example") == "https://e.example/a"
    assert canonical_url("https://e.example/a?ref=other.example") == "https://e.example/a?ref=other.example"


@pytest.mark.parametrize(
    "url",
    ["", "ftp://e.example/a", "javascript:alert(1)", "/a", "http://", "http://[::1", "http://a b/", "http://e.example:x/",
     "data:text/html,x", "http://-.example/", "file:///etc/passwd", "http://e..example/", "http://" + "a" * 5000],
)  # fmt: skip
def test_anything_but_absolute_http_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        canonical_url(url)


def test_canonical_urls_are_idempotent_for_any_text() -> None:
    chance = random.Random(11)
    alphabet = "abzAZ019%2fF7e/.?&=;#+ é中\u202e\\'\"<>|~_-:@[]utm_source=ref"
    n_accepted = 0
    for _ in range(5_000):
        tail = "".join(chance.choice(alphabet) for _ in range(chance.randrange(30)))
        try:
            once = canonical_url("https://e.example/" + tail)
        except ValueError:
            continue
        n_accepted += 1
        assert canonical_url(once) == once
        assert once.isascii()
    assert n_accepted > 4_000


@pytest.mark.parametrize(
    ("base", "link", "expected"),
    [
        ("https://e.example/feeds/news.xml", "../a.html", "https://e.example/a.html"),
        ("https://e.example/feed", "//cdn.example/a", "https://cdn.example/a"),
        ("https://e.example/feed", " /a b?utm_source=x#c\n", "https://e.example/a%20b?utm_source=x#c"),
        ("https://e.example/feed", "http://e.example/%7Ea", "http://e.example/%7Ea"),
        ("https://e.example/feed", "java\nscript:alert(1)", None),
        ("https://e.example/feed", "mailto:x@e.example", None),
        ("https://e.example/feed", "http://[bad", None),
        ("", "/a", None),
        ("https://e.example/feed", "", "https://e.example/feed"),
    ],
)
def test_links_become_absolute_or_nothing(base: str, link: str, expected: str | None) -> None:
    assert absolute_url(base, link) == expected


def test_hosts_are_lower_case_ascii_without_port() -> None:
    assert host_of("https://User@WWW.Bücher.Example:8080/x") == "www.xn--bcher-kva.example"
    assert host_of("mailto:a@b.example") == ""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://news.bbc.co.uk/x", "bbc.co.uk"),
        ("www.axadletimes.example", "axadletimes.example"),
        ("axadletimes.example", "axadletimes.example"),
        ("localhost", "localhost"),
        ("http://127.0.0.1:8000/", "127.0.0.1"),
        ("http://[::1]/", "[::1]"),
        ("co.uk", "co.uk"),
        ("one.blogspot.com", "one.blogspot.com"),
        ("not a host", ""),
    ],
)
def test_the_registered_domain_follows_the_public_suffix_list(given: str, expected: str) -> None:
    assert registered_domain(given) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://bob:s3cret@e.example/f", "https://***@e.example/f"),
        ("https://e.example/f?a=1&api_key=abc&token=def#x", "https://e.example/f?a=1&api_key=***&token=***#x"),
        ("https://e.example/f?to%6Ben=abc", "https://e.example/f?to%6Ben=***"),
        ("https://e.example/f?author=ann&monkey=1&keyword=x", "https://e.example/f?author=ann&monkey=1&keyword=x"),
        ("https://e.example/f?password=p;x", "https://e.example/f?password=***"),
        ("refused: http://u:p@[::1/x?sig=1", "refused: http://***@[::1/x?sig=***"),
    ],
)
def test_secrets_in_urls_are_masked(url: str, expected: str) -> None:
    assert masked(url) == expected
