"""Our reading of URLs beside the one of browsers (WHATWG, by ada), on URLs that feeds and pages get wrong."""

from __future__ import annotations

import ada_url
import pytest

from monitor.urls import absolute_url, canonical_url

HOSTS = r"""
http://E.example/a
HTTP://e.EXAMPLE/a
https://e.example
https://e.example?a=1
https://e.example#part
https://e.example:443/a
https://e.example:0443/a
http://e.example:80/a
http://e.example:443/a
https://e.example:80/a
http://e.example:/a
http://e.example:8080/a
http://e.example:65535/a
http://e.example:65536/a
http://e.example:99999999999/a
http://e.example:x/a
http://e.example:-1/a
http://user@e.example/a
http://user:pw@e.example/a
http://user:p@ss@e.example/a
http://:pw@e.example/a
http://@e.example/a
http://us%65r@e.example/a
http:///e.example/a
http:////e.example/a
http:e.example/a
http:/e.example/a
http:\\e.example\a\b
http:\/\/e.example/a
https:/\e.example/a
http://e.example\@other.example/a
http://e%2Eexample/a
http://%65.example/a
http://e.example%2Fa
http://e.example%00/a
http://e_x.example/a
http://xn--bcher-kva.example/a
http://bücher.example/a
http://BÜCHER.example/a
http://faß.example/a
http://ＧＯ.example/a
http://e。example/a
http://ü.e.example/a
http://пример.рф/новости
http://παράδειγμα.δοκιμή/a
http://例え.テスト/a
http://مثال.إختبار/a
http://उदाहरण.परीक्षा/a
http://한국.example/a
http://e xample/a
http://e<x.example/a
http://e>x.example/a
http://e^x.example/a
http://e|x.example/a
http://[::1]/a
http://[2001:DB8:0:0::1]:80/a
http://[2001:db8::1]:8080/a
http://[::ffff:192.0.2.1]/a
http://[::1
http://::1/a
http://[zz]/a
http://192.0.2.1/a
http://192.0.2.1./a
http://192.0.513/a
http://0xc0.0.0x2.1/a
http://0300.0.2.1/a
http://3221225985/a
http://0xC0000201/a
http://4294967296/a
http://192.0.2.256/a
http://1.2.3.4.5/a
http://09.1/a
http://0x/a
http://1.2.3.example/a
http://e.1/a
http://e.0x1/a
http://
http://?a
http://#a
http:///
https://
http://./a
http://e.example./a
http://e.example../a
http://e..example/a
http://.e.example/a
http://-.example/a
http://e-.example/a
http://-e.example/a
http://e--x.example/a
http://ab--x.example/a
http://r3---sn.example/a
http://é--x.example/a
http://_e.example/a
http://e$x.example/a
http://e!x.example/a
http://e*x.example/a
http://e,x.example/a
http://e'x.example/a
http://e&x.example/a
http://e+x.example/a
http://☃.example/a
http://i❤.example/a
http://👉.example/a
http://xn--.example/a
http://xn--a.example/a
http://xn--zz-zzzz.example/a
http://à.example/a
http://ａ.example/a
http://℀.example/a
http://e․example/a
http://א1.example/a
http://1א.example/a
http://a‌b.example/a
"""
PATHS = r"""
http://e.example//a
http://e.example//
http://e.example/a//b
http://e.example/./a
http://e.example/../a
http://e.example/a/..
http://e.example/a/.
http://e.example/a/./b/../c
http://e.example/a/%2e/b
http://e.example/a/%2E%2e/b
http://e.example/a/.%2e/b
http://e.example/a/%2e%2e
http://e.example/..a/b
http://e.example/a../b
http://e.example/.../a
http://e.example/a%2eb
http://e.example/a\b
http://e.example/a\..\b
http://e.example/a%5Cb
http://e.example/a b
http://e.example/a%20b
http://e.example/a+b
http://e.example/a%2Fb
http://e.example/a%2fb
http://e.example/%7Ea
http://e.example/%zz
http://e.example/%
http://e.example/%4
http://e.example/100%
http://e.example/a"b
http://e.example/a<b>c
http://e.example/a`b
http://e.example/a{b}c
http://e.example/a|b
http://e.example/a^b
http://e.example/a[b]c
http://e.example/a'b
http://e.example/a(b)c
http://e.example/a*b
http://e.example/a!b
http://e.example/a,b;c
http://e.example/a;v=1/b
http://e.example/a:b
http://e.example/a@b
http://e.example/a=b&c
http://e.example/a$b
http://e.example/новости
http://e.example/%D0%BD%D0%BE
http://e.example/%d0%bd%d0%be
http://e.example/é
http://e.example/é
http://e.example/😀
http://e.example/%FF
http://e.example/Ａ
http://e.example/a#
http://e.example/a#b
http://e.example/a#b#c
http://e.example/a#b?c
http://e.example/a?#b
http://e.example/#!/news/1
http://e.example/#!news
http://e.example/#/news/1
http://e.example/a#!/b c
http://e.example/a#!/é
http://e.example/a#!
http://e.example/a#:~:text=b
http://e.example/c:/d
http://e.example/http://other.example/a
http://e.example/https:/other.example/a
"""
QUERIES = r"""
http://e.example/a?
http://e.example/a??
http://e.example/a?b?c
http://e.example/a?b=c
http://e.example/a?b=c&b=d
http://e.example/a?b&c
http://e.example/a?b=&c=
http://e.example/a?=b
http://e.example/a?&&b=1&
http://e.example/a?b=1;c=2
http://e.example/a?b=c d
http://e.example/a?b=c+d
http://e.example/a?b=c%20d
http://e.example/a?b='c'
http://e.example/a?b="c"
http://e.example/a?b=<c>
http://e.example/a?b={c}
http://e.example/a?b=[c]
http://e.example/a?b[]=c
http://e.example/a?b|c
http://e.example/a?b^c
http://e.example/a?b`c
http://e.example/a?b\c
http://e.example/a?b=/../c
http://e.example/a?b=%2e%2e
http://e.example/a?b=é
http://e.example/a?b=%e9
http://e.example/a?b=новости
http://e.example/a?b=😀
http://e.example/a?b=%
http://e.example/a?b=%z
http://e.example/a?b=100%25
http://e.example/a?b=http://other.example/?c=d
http://e.example/a?b=http%3A%2F%2Fother.example%2F
http://e.example/a?b=1&amp;c=2
http://e.example/a?b=c@d
http://e.example/a?b=c:d
http://e.example?b=/c
"""
LIMITS = [
    "  http://e.example/a  ",
    "\x00http://e.example/a\x1f",
    "\x01 http://e.example/a",
    "ht\ntp://e.exa\tmple/a\rb",
    "http://e.example/a\x00b",
    "http://e.example/a\x7fb",
    "http://e.example/a\x01?b=\x02",
    "http://e.example/a\u202eb",
    "http://e.example/a\u00a0b",
    "http://e.example/a\ufeffb",
    "http://e.ex\u00adample/a",
    "http://e.ex\u200bample/a",
    "http://e.example/a#!/b\nc",
    "ftp://e.example/a",
    "javascript:alert(1)",
    "mailto:a@e.example",
    "data:text/html,a",
    "file:///etc/passwd",
    "//e.example/a",
    "/a",
    "a",
    "",
]
ODD = [*HOSTS.split("\n")[1:-1], *PATHS.split("\n")[1:-1], *QUERIES.split("\n")[1:-1], *LIMITS]

#: Where we differ on purpose: the URL, and why.
_NO_NAME = "no name of a host: DNS has no such names on the web, and a guid or a typing error is more likely"
_EMPTY_LABEL = "an empty label: no resolver answers it"
_SYMBOL = "IDNA 2008 has no symbols: registries give out no such names, and libraries differ in what they make of them"
DIFFERENCES = {
    "http://./a": _EMPTY_LABEL,
    "http://e..example/a": _EMPTY_LABEL,
    "http://.e.example/a": _EMPTY_LABEL,
    "http://-.example/a": _NO_NAME,
    "http://-e.example/a": _NO_NAME,
    "http://e$x.example/a": _NO_NAME,
    "http://e!x.example/a": _NO_NAME,
    "http://e*x.example/a": _NO_NAME,
    "http://e,x.example/a": _NO_NAME,
    "http://e'x.example/a": _NO_NAME,
    "http://e&x.example/a": _NO_NAME,
    "http://e+x.example/a": _NO_NAME,
    "http://☃.example/a": _SYMBOL,
    "http://i❤.example/a": _SYMBOL,
    "http://👉.example/a": _SYMBOL,
}


def whatwg(url: str) -> str | None:
    """What a browser makes of an absolute http(s) URL; None for anything else."""
    try:
        read = ada_url.URL(url)
    except ValueError:
        return None
    return str(read.href) if read.protocol in {"http:", "https:"} else None


def ours(url: str) -> str | None:
    try:
        return canonical_url(url)
    except ValueError:
        return None


def same_page(url: str) -> bool:
    """Is what a browser asks for the article that we know the URL by, and nothing where it asks for nothing?"""
    read = whatwg(url)
    return ours(url) == (None if read is None else ours(read) or f"refused: {read}")


JOINS = r"""
b.html
./b
../b
../../../b
/b
//other.example/b
///other.example/b
?c=1
#part
http:b
http:/b
https:b
HTTP://other.example/b
\b
\\other.example\b
/\other.example/b
b\..\c
b?c=\d
 b
b c
é
%2e%2e/b
/a/%2E/b
;b
b;c?d
.
..
./
b/..
b:c
./b:c
javascript:alert(1)
mailto:a@e.example
"""


@pytest.mark.parametrize("link", JOINS.split("\n")[1:-1])
@pytest.mark.parametrize("base", ["http://e.example/x/y/feed.xml?z=1", "https://e.example"])
def test_a_link_is_joined_as_browsers_join_it(base: str, link: str) -> None:
    joined, read = absolute_url(base, link), ada_url.join_url(base, link)
    assert (joined and ours(joined)) == (ours(read) if whatwg(read) else None), (joined, read)


def test_the_list_is_long_enough_to_mean_something() -> None:
    assert len(set(ODD)) >= 150


@pytest.mark.parametrize("url", [url for url in ODD if url not in DIFFERENCES])
def test_a_url_is_read_as_browsers_read_it(url: str) -> None:
    assert same_page(url), (ours(url), whatwg(url))


@pytest.mark.parametrize("url", DIFFERENCES)
def test_a_difference_to_browsers_still_is_one(url: str) -> None:
    assert not same_page(url)
    assert DIFFERENCES[url]
