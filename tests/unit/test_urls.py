from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.tracking import is_tracking, read_rules, shipped_rules
from monitor.urls import (
    absolute_url,
    canonical_url,
    host_of,
    is_public_suffix,
    masked,
    publisher_url,
    registered_domain,
)


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


_PARTS = (
    "a A é %2e %2E .. . / // \\ ? & = ; # #! #!/ #/ @ : :80 % %z utm_source=x amp amp=1 ref=e.example ' [ ] | c/s/ "
    "e.example www.google.com/amp/s/ e-example.cdn.ampproject.org/v/s/ http:// https:// \u202e \x00 + %20"
).split(" ")


@settings(max_examples=1_000)
@given(
    start=st.sampled_from(["https://e.example/", "http://", "https:/", "HTTP://E.example:80"]),
    rest=st.lists(st.sampled_from([*_PARTS, " ", "\t"])),
)
def test_a_canonical_url_is_its_own_canonical_url(start: str, rest: list[str]) -> None:
    try:
        once = canonical_url(start + "".join(rest))
    except ValueError:
        return
    assert canonical_url(once) == once
    assert once.isascii()


@pytest.mark.parametrize(
    "parameter",
    ["utm_source=a", "fbclid=IwAR0", "gclid=Cj0", "Utm_Campaign=b", "amp;utm_medium=c", "amp=1", "outputType=amp",
     "source=rss", "ref=www.e.example", "mc_cid=1", "at_campaign=64", "usqp=mq331", "%75tm_source=d"],
)  # fmt: skip
def test_one_article_with_many_trackers_is_one_url(parameter: str) -> None:
    assert canonical_url(f"https://e.example/a?{parameter}&id=7") == "https://e.example/a?id=7"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.youtube.com/watch?v=AbC&feature=share&si=x&t=10", "https://www.youtube.com/watch?v=AbC"),
        ("https://e.example/watch?v=AbC&feature=share&t=10", "https://e.example/watch?v=AbC&feature=share&t=10"),
        ("https://us1.campaign-archive.com/?u=1&id=2&e=3", "https://us1.campaign-archive.com/?u=1&id=2"),
        ("https://www.spiegel.de/a?sara_ref=re-so-app", "https://www.spiegel.de/a"),
        (
            "https://web.archive.org/web/2020/https://e.example/a?utm_source=x",
            "https://web.archive.org/web/2020/https://e.example/a?utm_source=x",
        ),
        ("https://medium.com/p/1?source=rss----5&gi=2", "https://medium.com/p/1?gi=2"),
        ("https://notmedium.com/p/1?source=rss----5", "https://notmedium.com/p/1?source=rss----5"),
    ],
)
def test_a_host_has_rules_of_its_own(url: str, expected: str) -> None:
    assert canonical_url(url) == expected


def test_the_most_specific_host_counts_and_what_it_keeps_is_kept() -> None:
    rules = read_rules(
        """
        names = ["cmp", "utm_*"]
        own_host = []
        with_values = []
        [[host]]
        hosts = ["e.example"]
        drop = ["x"]
        [[host]]
        hosts = ["shop.e.example"]
        keep = ["cmp"]
        """
    )

    def dropped(host: str) -> list[str]:
        names = ("cmp", "utm_term", "x")
        return [one for one in names if is_tracking(f"{one}=1", host=host, own_hosts=(), rules=rules)]

    assert dropped("e.example") == dropped("www.e.example") == ["cmp", "utm_term", "x"]
    assert dropped("de.shop.e.example") == ["utm_term"]
    assert dropped("ne.example") == ["cmp", "utm_term"]


def test_the_names_of_the_table_are_written_as_they_are_compared() -> None:
    rules = shipped_rules()
    lists = [rules.names, *(names for one in rules.hosts.values() for names in (one.drop, one.keep))]
    written = [name for names in lists for name in (*names.exact, *names.prefixes)]
    assert written == [name.lower().strip() for name in written]
    assert not rules.names.exact & {"id", "p", "sid", "cid", "ref", "source", "page", "article", "v"}
    assert all(host == host_of(f"https://{host}/") for host in rules.hosts)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://cdn.ampproject.org/c/s/www.e.example/a/amp?x=1", "https://www.e.example/a/amp?x=1"),
        (
            "https://www-e-example.cdn.ampproject.org/v/s/www.e.example/a?amp_js_v=0.1&usqp=mq3",
            "https://www.e.example/a",
        ),
        ("https://e-example.cdn.ampproject.org/c/e.example/a", "http://e.example/a"),
        ("https://www.google.com/amp/s/e.example/a", "https://e.example/a"),
        ("https://www.google.co.uk/amp/s.example/a", "http://s.example/a"),
        ("https://e-example.amp.cloudflare.com/c/s/e.example/a", "https://e.example/a"),
        ("https://www.bing-amp.com/c/s/e.example/a?amp=1", "https://e.example/a"),
        ("https://www.google.com/amp/s/e-example.cdn.ampproject.org/c/s/e.example/a", "https://e.example/a"),
        # no pages: a picture, a search, a word
        ("https://e-example.cdn.ampproject.org/i/s/e.example/a.jpg", None),
        ("https://www.google.com/search?q=amp", None),
        ("https://www.google.com/amp/s/word", None),
        ("https://e.example/amp/s/other.example/a", None),
    ],
)
def test_a_copy_in_an_amp_cache_is_known_by_its_publishers_url(url: str, expected: str | None) -> None:
    assert canonical_url(url) == (expected or url)
    assert (publisher_url(url) == url) is (expected is None)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://e.example/#!/news/1", "https://e.example/#!/news/1"),
        ("https://e.example/a?utm_source=x#/news/1", "https://e.example/a#/news/1"),
        ("https://e.example/a#comments", "https://e.example/a"),
        ("https://e.example/a#!", "https://e.example/a"),
        ("https://e.example/a#:~:text=word", "https://e.example/a"),
    ],
)
def test_a_fragment_counts_only_where_scripts_choose_the_page_by_it(url: str, expected: str) -> None:
    assert canonical_url(url) == expected


def test_names_under_which_anybody_may_register_are_told() -> None:
    assert [is_public_suffix(name) for name in ("co.uk", "github.io", "com", "bbc.co.uk", "e.example")] == [
        True, True, True, False, False,
    ]  # fmt: skip


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
