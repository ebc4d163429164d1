"""Is an answer a wall against robots instead of what was asked for, and whose?

Header marks that a wall sets only where it steps in count by themselves. A body counts only if it is small HTML with
hardly a word to read and no article, and then only by marks of the wall itself: ids, script addresses and titles that
its page alone has, no words about robots, so that an article on captchas, a paywall or an ordinary page which carries a
wall's watching script stays what it is. Pure; nothing here gets past a wall.

Sources: the documentation of Cloudflare (`cf-mitigated`), AWS WAF (`x-amzn-waf-action`) and Vercel
(`x-vercel-mitigated`); for the others pages as open source crawlers and firewall detectors recorded them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

MAX_BODY_BYTES = 131_072
MAX_WORDS = 250

UNKNOWN = "unknown captcha"

_STATUSES = frozenset({200, 202, 401, 403, 405, 429, 503})
_REFUSALS = _STATUSES - {200, 202}

_HEADERS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("Cloudflare", "cf-mitigated", re.compile("challenge")),
    ("AWS WAF", "x-amzn-waf-action", re.compile("challenge|captcha")),
    ("Vercel", "x-vercel-mitigated", re.compile("challenge")),
    ("DataDome", "x-dd-b", re.compile("[1-9]")),
    ("Sucuri", "x-sucuri-block", re.compile(".")),
)
# these walls sign the answers they let through as well, so they count for refusals only
_HEADERS_OF_REFUSALS = (
    ("DataDome", "x-datadome"),
    ("DataDome", "x-datadome-cid"),
    ("Kasada", "x-kpsdk-ct"),
    ("Kasada", "x-kpsdk-r"),
    ("PerimeterX/HUMAN", "x-px-block"),
)


def _mark(*patterns: str) -> tuple[re.Pattern[bytes], ...]:
    """All of these must be found in a body in lower case; they stand alone so that no body makes them take long.

    Each begins with the same letters in every case, which are looked for a dozen times as fast as one of several.
    """
    return tuple(re.compile(pattern.encode()) for pattern in patterns)


_CAPTCHA_TITLE = (
    r"<title>[^<]{0,80}(?:\bcaptcha\b|robot check|security (?:check|verification)|are you (?:a )?(?:robot|human)"
    r"|you are (?:not a (?:ro)?bot|(?:a )?human)|human verification|checking your browser)"
)
_CAPTCHA_WIDGET = (
    r"class=.(?:g-recaptcha|h-captcha|cf-turnstile|frc-captcha)\b|//[\w.-]{0,60}(?:arkoselabs|funcaptcha|geetest)\.com/"
)
_BODIES = (
    ("Cloudflare", _mark(r"_cf_chl_opt")),
    ("Cloudflare", _mark(r"/cdn-cgi/challenge-platform/h/[a-z]/orchestrate")),
    ("Cloudflare", _mark(r"id=.(?:cf-challenge-running|challenge-error-text|cf-please-wait)\b")),
    ("Cloudflare", _mark(r"class=.cf-browser-verification")),
    ("Cloudflare", _mark(r"class=.cf-error-code.>10(?:10|20)<")),
    ("Cloudflare", _mark(r"<title>attention required! \| cloudflare")),
    ("DataDome", _mark(r"//(?:geo|ct|c)\.captcha-delivery\.com/")),
    ("Akamai", _mark(r"id=.sec-(?:if-)?cpt-")),
    ("Akamai", _mark(r"bm-verify=")),
    (
        "Akamai",
        _mark(r"<title>access denied</title>", r"errors(?:\.|&#46;)edgesuite(?:\.|&#46;)net|reference&#32;&#35;"),
    ),
    ("PerimeterX/HUMAN", _mark(r"id=.px-captcha")),
    ("PerimeterX/HUMAN", _mark(r"//captcha\.px-(?:cdn|cloud)\.net/")),
    ("PerimeterX/HUMAN", _mark(r"/captcha/px\w{6,12}/captcha\.js")),
    ("Imperva", _mark(r"incapsula incident id")),
    ("Imperva", _mark(r"<iframe[^>]{0,200}/_incapsula_resource\?")),
    (
        "Imperva",
        _mark(r"<title>pardon our interruption", r"distil|onprotectioninitialized|_incapsula_resource|reese84"),
    ),
    ("AWS WAF", _mark(r"window\.(?:gokuprops|awswafcookiedomainlist)\s{0,9}=")),
    ("Anubis", _mark(r"id=.anubis_challenge")),
    ("Anubis", _mark(r"/\.within\.website/x/cmd/anubis/")),
    ("Sucuri", _mark(r"sucuri_cloudproxy_js")),
    ("Sucuri", _mark(r"//cdn\.sucuri\.net/sucuri[-_]firewall[-_]block\.css")),
    ("Sucuri", _mark(r"<title>(?:access denied - )?sucuri website firewall")),
    ("DDoS-Guard", _mark(r"<title>ddos-guard</title>")),
    ("DDoS-Guard", _mark(r"/\.well-known/ddos-guard/(?:js-challenge|ddg-captcha-page)/")),
    ("DDoS-Guard", _mark(r"//check\.ddos-guard\.net/check\.js")),
    ("Vercel", _mark(r"<title>vercel security checkpoint</title>")),
    ("Kasada", _mark(r"window\.kpsdk\b", r"/ips\.js\?")),
    (UNKNOWN, _mark(r"/\.well-known/sgcaptcha/")),
    (UNKNOWN, _mark(r"/cmd/go-away/assets/")),
    (UNKNOWN, _mark(_CAPTCHA_TITLE, _CAPTCHA_WIDGET)),
)
# to clients that ask for no HTML two walls answer with an object that names the page of the puzzle
_JSON_BODIES = (
    ("DataDome", re.compile(rb'\{\s*"url"\s*:\s*"https:\\?/\\?/(?:geo|ct|c)\.captcha-delivery\.com')),
    ("PerimeterX/HUMAN", re.compile(rb'\{\s*"appId"\s*:\s*"PX\w{6,12}".{0,2000}"blockScript"', re.DOTALL)),
)

_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype html|html|head|title|body|script|meta)\b",
    re.IGNORECASE | re.DOTALL,
)
_FEED_ROOT = re.compile(rb"<(?:rss|feed|rdf:RDF|urlset|sitemapindex)[\s>]", re.IGNORECASE)
_ARTICLE = re.compile(
    rb"<article[\s>]|itemprop=.articleBody|\"(?:News|Blog|Reportage)?Article(?:Body)?\"|og:type\W{1,30}article\b",
    re.IGNORECASE,
)
# an unclosed element reaches to the end, which also keeps this linear for hostile pages
_UNSEEN = re.compile(rb"<(script|style|svg|template)\b.*?(?:</\1|\Z)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(rb"<[^<>]*>?")


def challenge_of(status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    """The name of the wall behind this answer, "unknown captcha", or None; names of `headers` are in lower case."""
    if status not in _STATUSES:
        return None
    for name, header, value in _HEADERS:
        if value.match(headers.get(header, "").strip().lower()):
            return name
    if status in _REFUSALS:
        for name, header in _HEADERS_OF_REFUSALS:
            if header in headers:
                return name
    return _challenge_in(headers.get("content-type", "").lower(), status, body)


def _challenge_in(content_type: str, status: int, body: bytes) -> str | None:
    if len(body) > MAX_BODY_BYTES:
        return None
    if status in _REFUSALS and body.lstrip()[:1] == b"{":
        return next((name for name, mark in _JSON_BODIES if mark.match(body.lstrip())), None)
    if not ("html" in content_type or _HTML.match(body)) or _FEED_ROOT.search(body, 0, 1_000):
        return None
    lowered = body.lower()
    found = next((name for name, marks in _BODIES if all(mark.search(lowered) for mark in marks)), None)
    return found if found and not _is_worth_reading(body) else None


def _is_worth_reading(body: bytes) -> bool:
    """Whether there is more than what a wall says of itself."""
    return bool(_ARTICLE.search(body)) or len(_TAG.sub(b" ", _UNSEEN.sub(b" ", body)).split()) > MAX_WORDS
