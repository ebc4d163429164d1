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

# Query parameters that say how a reader came, and not which page is meant: our own table, after what browsers strip
# (Firefox, Brave) and what news outlets add to feed links. A name stands here only if no outlet is known to address
# articles with it: `id`, `p`, `sid`, `ref` and `source` are not tracking by name.
_TRACKING_WORDS = """
fbclid gclid dclid gbraid wbraid gclsrc gad_source gad_campaignid srsltid msclkid twclid ttclid yclid ysclid li_fat_id
igshid igsh epik rdt_cid s_kwcid ef_id wickedid rb_clickid irclickid irgwc sc_cid sc_campaign scid
mc_cid mc_eid mc_tc mkt_tok vero_id vero_conv _bhlid _branch_match_id _branch_referrer
_ga _gl _gac _openstat _hsenc _hsmi __hssc __hstc __hsfp hsctatracking
campaign_id campaign_name campaign_medium campaign_source itm_source itm_medium itm_campaign itm_content itm_term
hmb_campaign hmb_medium hmb_source fb_action_ids fb_action_types fb_source fb_ref fb_comment_id
oly_anon_id oly_enc_id piwik_campaign piwik_kwd pk_campaign pk_kwd pk_source pk_medium pk_content pk_cid
at_medium at_campaign at_custom1 at_custom2 at_custom3 at_custom4 at_link_id at_link_type at_link_origin at_format
at_bbc_team at_ptr_name at_campaign_type
ns_mchannel ns_source ns_campaign ns_linkname ns_fee xtor xtref xts wt_mc wt.mc_id wt_zmc wtmc
cmpid cmp ocid smid smtyp guccounter guce_referrer guce_referrer_sig __twitter_impression
__readwiselocation spm scm ncid ito
"""
_TRACKING_NAMES = frozenset(_TRACKING_WORDS.split())
_TRACKING_PREFIXES = ("utm_", "mtm_", "hsa_", "matomo_", "ga_campaign", "ga_source", "ga_medium")

_ORIGIN_WORDS = "source src from partner emc cid ref referrer feature"
_ORIGIN_NAMES = frozenset(_ORIGIN_WORDS.split())
"""These are tracking only with one of the values below."""
_ORIGIN_VALUES = frozenset({"rss", "rssfeed", "rss_feed", "feed", "atom"})

_HOST_NAMES = frozenset({"ref"})
"""These are tracking only when their value is the host of the feed or of the page itself."""

MAX_URL_CHARS = 4_096
_DEFAULT_PORTS = {"http": 80, "https": 443}
_IGNORED_CHARS = re.compile(r"[\t\r\n]")  # browsers drop them, wherever they stand
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?")
_USERINFO = re.compile(r"(?<=//)[^/?#\s]*@")
_QUERY_PAIR = re.compile(r"(?<=[?&;#])([^=&;#\s]+)=([^&#\s]*)")
_SECRET_NAME = re.compile(
    r"token|secret|passw|pwd|apikey|auth(?!or)|signature|credential|session|^sig$|(?:^|[_.-])key$"
)


def canonical_url(url: str, *, feed_host: str | None = None) -> str:
    """The URL an article is known by. Idempotent. Raises ValueError for anything but an absolute http(s) URL.

    Out: fragment, userinfo, default port, tracking parameters (`ref` only if its value is the page's own host or
    `feed_host`). Host in lower case and ASCII, escapes in upper case, characters that need no escape unescaped.
    """
    scheme, host, port, path, query = _split(url)
    own_hosts = {_bare(host), _bare(feed_host or "")} - {""}
    kept = [part for part in query.split("&") if part and not _is_tracking(part, own_hosts)]
    netloc = host if port is None else f"{host}:{port}"
    return urlunsplit((scheme, netloc, _normal_escapes(path) or "/", _normal_escapes("&".join(kept)), ""))


def absolute_url(base: str, link: str) -> str | None:
    """`link` as it stands in a document at `base`, made absolute and escaped; None for anything but http(s).

    Nothing is taken away but white space around it: this is the URL to fetch.
    """
    try:
        joined = urljoin(base.strip(), _IGNORED_CHARS.sub("", link).strip())
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
    url = _IGNORED_CHARS.sub("", url).strip()
    if len(url) > MAX_URL_CHARS:
        raise ValueError(f"a URL of {len(url)} characters is longer than {MAX_URL_CHARS}")
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise ValueError(f"not an http or https URL: {masked(url[:200])!r}")
    host = _ascii_host(parts.hostname or "")
    port = None if parts.port in {None, _DEFAULT_PORTS[scheme]} else parts.port
    return scheme, host, port, _escaped(_without_dots(parts.path)), _escaped(parts.query)


def _ascii_host(host: str) -> str:
    host = unquote(host).rstrip(".").lower()
    if ":" in host:
        return f"[{ipaddress.IPv6Address(host).compressed}]"
    if not host.isascii():
        host = idna.encode(host, uts46=True, transitional=False).decode("ascii")
    if not _HOST.fullmatch(host) or ".." in host or len(host) > 253:
        raise ValueError(f"not a host name: {host[:200]!r}")
    return host


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _without_dots(path: str) -> str:
    """RFC 3986 5.2.4, for absolute paths; empty segments stay, since some servers mean them."""
    if "/." not in path:
        return path
    segments: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            segments = segments[:-1]
        elif segment != ".":
            segments.append(segment)
    ends_in_folder = path.endswith(("/.", "/.."))
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


def _is_tracking(part: str, own_hosts: set[str]) -> bool:
    name, _, value = part.partition("=")
    name, value = unquote(name).lower(), unquote(value).lower()
    if name in _TRACKING_NAMES or name.startswith(_TRACKING_PREFIXES):
        return True
    if name in _HOST_NAMES and _bare(value) in own_hosts:
        return True
    return name in _ORIGIN_NAMES and value in _ORIGIN_VALUES


def _bare(host: str) -> str:
    """Host as people write it in a parameter: scheme, "www." and a closing slash do not count."""
    host = re.sub(r"^https?://", "", host.lower())
    return host.removeprefix("www.").rstrip("/")
