"""Which URL is an article known by, which host and registered domain does a URL belong to?

`canonical_url` is the key articles are unique by, so it errs towards keeping two URLs apart: what may name another
page (path case, trailing slash, sub-domain, scheme, order and values of other parameters) stays. Only http and https
are answered; anything else is refused (ValueError, or None from `absolute_url`). No network, no DNS; the public
suffix list is the one in the wheel of publicsuffixlist.

Sources: RFC 3986 section 6 (normalisation), UTS 46 (host names), measured collisions of other systems' rules.
"""

from __future__ import annotations

import ipaddress
import re
from functools import cache, lru_cache
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

import idna
from publicsuffixlist import PublicSuffixList

from monitor.tracking import bare_host, is_tracking

MAX_URL_CHARS = 4_096
_DEFAULT_PORTS = {"http": 80, "https": 443}
_IGNORED_CHARS = re.compile(r"[\t\r\n]")  # browsers drop them, wherever they stand
_ENDS = "".join(map(chr, range(0x21)))  # controls and the space, which browsers drop at both ends
_AUTHORITY = re.compile(r"(https?):[\\/]*", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# The copy of a page in a cache: "/c/s/e.example/a" is https, without the "s" http; "v" is for viewers, "wp" a bundle.
_AMP_HOST = re.compile(
    r"(?:[a-z0-9-]+\.)?cdn\.ampproject\.org|[a-z0-9-]+\.amp\.cloudflare\.com|(?:www\.)?bing-amp\.com"
)
_AMP_PATH = re.compile(r"/(?:c|v|wp|a|amp)/(?P<s>s)?(?(s)/)(?P<rest>.+)")
_GOOGLE_HOST = re.compile(r"(?:www\.)?google\.(?:com?\.)?[a-z]{2,3}")
_GOOGLE_AMP_PATH = re.compile(r"/amp/(?P<s>s)?(?(s)/)(?P<rest>.+)")
_HOST_WITH_DOT = re.compile(r"[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+(?::\d+)?(?:/|$)")
_MAX_CACHES = 3
_ROUTE = re.compile(r"!?/[^/?#\s]|![^/?#\s]")
_MANY_SLASHES = re.compile(r"^//+")
_DOT = re.compile(r"%2e", re.IGNORECASE)
_NUMBER = re.compile(r"0x[0-9a-f]{0,9}|\d{1,12}")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?")
_USERINFO = re.compile(r"(?<=//)[^/?#\s]*@")
_QUERY_PAIR = re.compile(r"(?<=[?&;#])([^=&;#\s]+)=([^&#\s]*)")
_SECRET_NAME = re.compile(
    r"token|secret|passw|pwd|apikey|auth(?!or)|signature|credential|session|^sig$|(?:^|[_.-])key$"
)


def canonical_url(url: str, *, feed_host: str | None = None) -> str:
    """The URL an article is known by. Idempotent. Raises ValueError for anything but an absolute http(s) URL.

    Out: userinfo, default port, tracking parameters (`ref` only if its value is the page's own host or `feed_host`) and
    the fragment, unless scripts route by it ("#!/news/1", "#/news/1": each such address is a page of its own, and the
    server is asked for the same one every time). Host in lower case and ASCII, escapes in upper case, characters that
    need no escape unescaped. A copy in an AMP cache is known by its publisher's URL.
    """
    url = publisher_url(url)
    scheme, host, port, path, query = _split(url)
    own_hosts = {bare_host(host), bare_host(feed_host or "")} - {""}
    kept = [part for part in query.split("&") if part and not is_tracking(part, host=host, own_hosts=own_hosts)]
    netloc = host if port is None else f"{host}:{port}"
    escaped = (_normal_escapes(part) for part in (path or "/", "&".join(kept), _route(url)))
    return urlunsplit((scheme, netloc, *escaped))


def publisher_url(url: str) -> str:
    """The URL at the publisher of a page in an AMP cache, as it is written there; any other text as it is."""
    for _ in range(_MAX_CACHES if "amp" in url.lower() and host_of(url) else 0):
        _, host, _, path, query = _split(url)
        found = _AMP_HOST.fullmatch(host) and _AMP_PATH.fullmatch(path)
        if not found and _GOOGLE_HOST.fullmatch(host):
            found = _GOOGLE_AMP_PATH.fullmatch(path)
        if not found:
            return url
        inner = f"http{found['s'] or ''}://{found['rest']}" + (f"?{query}" if query else "")
        if not _HOST_WITH_DOT.match(found["rest"]) or not host_of(inner):
            return url
        url = inner
    return url


def absolute_url(base: str, link: str) -> str | None:
    """`link` as it stands in a document at `base`, made absolute and escaped; None for anything but http(s).

    Nothing is taken away but white space around it: this is the URL to fetch.
    """
    try:
        link = _slashed(_IGNORED_CHARS.sub("", link).strip(_ENDS).strip())
        joined = urljoin(base.strip(), _MANY_SLASHES.sub("//", link))
        scheme, host, port, path, query = _split(joined)
        parts = urlsplit(joined)
    except ValueError:
        return None
    userinfo = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    netloc = f"{userinfo}{host}" if port is None else f"{userinfo}{host}:{port}"
    absolute = urlunsplit((scheme, netloc, path or "/", query, _escaped(parts.fragment)))
    return absolute if len(absolute) <= MAX_URL_CHARS else None


@lru_cache(maxsize=16_384)
def host_of(url: str) -> str:
    """Host in lower case and ASCII, without port; "" for anything but an absolute http(s) URL."""
    try:
        return _split(url)[1]
    except ValueError:
        return ""


def is_public_suffix(host: str) -> bool:
    """Can anybody register names under this one ("co.uk", "github.io")?"""
    return "." not in host or bool(_suffixes().is_public(host))


@lru_cache(maxsize=4_096)
def registered_domain(host_or_url: str) -> str:
    """The part of a host that somebody registered: "bbc.co.uk" for "news.bbc.co.uk"; "" for a broken URL.

    IP addresses, public suffixes themselves and single names such as "localhost" are their own registered domain.
    """
    host = host_of(host_or_url) if "//" in host_or_url else host_of(f"http://{host_or_url}")
    if not host or host.startswith("[") or _is_ip(host):
        return host
    return _suffixes().privatesuffix(host) or host


def masked(url: str) -> str:
    """The same text with userinfo and the values of secret-looking parameters replaced by ***; any text is accepted."""
    return _QUERY_PAIR.sub(_masked_pair, _USERINFO.sub("***@", url))


def _masked_pair(pair: re.Match[str]) -> str:
    is_secret = _SECRET_NAME.search(unquote(pair[1]).lower())
    return f"{pair[1]}=***" if is_secret else pair[0]


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _split(url: str) -> tuple[str, str, int | None, str, str]:
    """(scheme, host, port unless default, path, query), escaped; ValueError for anything but absolute http(s)."""
    url = _as_browsers_read(url)
    if len(url) > MAX_URL_CHARS:
        raise ValueError(f"a URL of {len(url)} characters is longer than {MAX_URL_CHARS}")
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise ValueError(f"not an http or https URL: {masked(url[:200])!r}")
    host = _ascii_host(parts.hostname or "")
    port = None if parts.port in {None, _DEFAULT_PORTS[scheme]} else parts.port
    return scheme, host, port, _escaped(_without_dots(parts.path)), _escaped(parts.query).replace("'", "%27")


def _as_browsers_read(url: str) -> str:
    """The same URL with two slashes before its host, none of them leaning backwards, and nothing around it."""
    url = _IGNORED_CHARS.sub("", url).strip(_ENDS).strip()
    found = _AUTHORITY.match(url)
    return f"{found[1]}://{_slashed(url[found.end() :])}" if found else url


def _slashed(url: str) -> str:
    if "\\" not in url:
        return url
    end = min((at for mark in "?#" if (at := url.find(mark)) >= 0), default=len(url))
    return url[:end].replace("\\", "/") + url[end:]


def _route(url: str) -> str:
    """The fragment by which scripts choose the page; "" for one that marks a place in it."""
    fragment = url.partition("#")[2]
    return _escaped(_IGNORED_CHARS.sub("", fragment).strip(_ENDS).strip()) if _ROUTE.match(fragment) else ""


def _ascii_host(host: str) -> str:
    host = unquote(host).lower()
    if ":" in host:
        return f"[{ipaddress.IPv6Address(host).compressed}]"
    if not host.isascii():
        host = idna.encode(host, uts46=True, transitional=False).decode("ascii")
    host = host.rstrip(".")
    if not _HOST.fullmatch(host) or ".." in host or len(host) > 253:
        raise ValueError(f"not a host name: {host[:200]!r}")
    return _ipv4(host) if _NUMBER.fullmatch(host.rpartition(".")[2]) else host


def _ipv4(host: str) -> str:
    """An address in any way that browsers read it: "0x7f.1" is 127.0.0.1."""
    labels = host.split(".")
    if len(labels) > 4 or not all(map(_NUMBER.fullmatch, labels)):
        raise ValueError(f"not an address: {host[:200]!r}")
    numbers = [_number(label) for label in labels]
    last = numbers.pop()
    if any(number > 255 for number in numbers) or last >= 256 ** (4 - len(numbers)):
        raise ValueError(f"not an address: {host[:200]!r}")
    return str(ipaddress.IPv4Address(last + sum(number << (24 - 8 * place) for place, number in enumerate(numbers))))


def _number(label: str) -> int:
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if len(label) > 1 and label.startswith("0") else 10)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _without_dots(path: str) -> str:
    """RFC 3986 5.2.4, for absolute paths; an escaped dot is one, and empty segments stay: some servers mean them."""
    if "/." not in path and "/%2" not in path:
        return path
    segments: list[str] = []
    last = ""
    for segment in path.split("/")[1:]:
        last = _DOT.sub(".", segment)
        if last == "..":
            segments = segments[:-1]
        elif last != ".":
            segments.append(segment)
    ends_in_folder = last in {".", ".."}
    return "/" + "/".join(segments) + ("/" if ends_in_folder and segments else "")


def _escaped(part: str) -> str:
    """Illegal characters percent-encoded; what is encoded already stays as it is."""
    part = part.encode("utf-8", "replace").decode("utf-8")
    return _STRAY_PERCENT.sub("%25", quote(part, safe="%/?:@!$&'()*+,;=~[]|"))


def _normal_escapes(part: str) -> str:
    return _ESCAPE.sub(_normal_escape, part)


def _normal_escape(escape: re.Match[str]) -> str:
    char = chr(int(escape[1], 16))
    return char if char in _UNRESERVED else escape[0].upper()
