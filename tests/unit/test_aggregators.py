from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.extract.aggregators import is_aggregator_link, target_url

PAGE = "https://a.example/news/bridge?id=7"
OPAQUE = "https://news.google.com/rss/articles/CBMiK0FVX3lxTE9kZWFkYmVlZg?oc=5"


def google_id(target: str, *, amp: str = "") -> str:
    """The old form: a message of three fields, lengths in seven bits a byte."""
    data = b"\x08\x13\x22" + _length(target) + target.encode() + b"\xd2\x01" + _length(amp) + amp.encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _length(text: str) -> bytes:
    n = len(text.encode())
    return bytes([n]) if n < 128 else bytes([n & 0x7F | 0x80, n >> 7])


@pytest.mark.parametrize(
    "url",
    [
        "https://www.google.com/url?rct=j&sa=t&url=https://a.example/news/bridge%3Fid%3D7&ct=ga",
        "https://www.google.de/url?q=https%3A%2F%2Fa.example%2Fnews%2Fbridge%3Fid%3D7",
        "http://www.bing.com/news/apiclick.aspx?ref=FexRss&aid=&url=https%3a%2f%2fa.example%2fnews%2fbridge%3fid%3d7&c=1",
        "https://r.search.yahoo.com/_ylt=A;_ylu=B/RV=2/RE=1/RO=10/RU=https%3a%2f%2fa.example%2fnews%2fbridge%3fid%3d7/RK=2",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fa.example%2Fnews%2Fbridge%3Fid%3D7&h=AT0",
        "https://out.reddit.com/t3_1?url=https%3A%2F%2Fa.example%2Fnews%2Fbridge%3Fid%3D7&token=x",
        f"https://news.google.com/rss/articles/{google_id(PAGE)}?oc=5",
        f"https://news.google.com/__i/rss/rd/articles/{google_id(PAGE, amp='https://a.example/amp/bridge')}?oc=5",
        f"https://www.google.com/url?url=https://news.google.com/articles/{google_id(PAGE)}",
        "https://www.google.com/url?url=https://a-example.cdn.ampproject.org/c/s/a.example/news/bridge%3Fid%3D7",
    ],
)
def test_a_target_in_the_open_is_read(url: str) -> None:
    assert target_url(url) == PAGE


def test_long_targets_are_read_whole() -> None:
    target = f"https://a.example/news/{'a-long-headline-' * 12}end"
    assert target_url(f"https://news.google.com/articles/{google_id(target)}") == target


@pytest.mark.parametrize(
    "url",
    [
        OPAQUE,
        "https://news.google.com/read/CBMiX?hl=en",
        "https://news.google.com/articles/CBMi%%%",
        f"https://news.google.com/articles/CBMi{'A' * 3_000}",
        f"https://news.google.com/articles/{google_id('javascript:alert(1)')}",
        "https://www.bing.com/news/apiclick.aspx?ref=FexRss",
        "https://www.google.com/url?url=javascript:alert(1)",
        "https://www.google.com/url?url=http://localhost/admin",
        "https://feedly.com/i/entry/abc=_1",
        "https://flipboard.com/article/bridge/f-1",
        "https://apple.news/AbCdEf",
        "https://www.newsnow.co.uk/A/1234567890?-12345",
        "https://consent.google.com/m?continue=https://news.google.com/",
        "https://consent.yahoo.com/v2/collectConsent?sessionId=1",
        "https://guce.aol.com/consent",
    ],
)
def test_a_link_that_leads_nowhere_by_itself_is_marked(url: str) -> None:
    assert target_url(url) == url
    assert is_aggregator_link(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://t.co/AbC",
        "https://bit.ly/3x",
        "http://feedproxy.google.com/~r/paper/~3/AbC/",
        "http://feeds.feedburner.com/~r/paper/~3/AbC/",
        "https://www.msn.com/en-gb/news/bridge/ar-AA1",
        "https://news.yahoo.com/bridge-closed-1.html",
        "https://www.google.com/intl/en/about",
        "https://blog.google/news/",
        "https://apple.news.example/a",
        "https://notfeedly.com/i/entry/a",
        "urn:entry:a.example:1",
        "",
    ],
)
def test_what_answers_with_a_redirect_or_a_page_of_its_own_is_fetched_like_any_other(url: str) -> None:
    assert not is_aggregator_link(url)
    assert target_url(url) == url


@given(st.text(alphabet="ABCabc019_-=%&?/:.", max_size=80))
def test_any_id_is_answered(text: str) -> None:
    for url in (f"https://news.google.com/articles/CBMi{text}", f"https://www.google.com/url?url={text}"):
        assert target_url(url)
