"""Is this answer a wall against robots instead of what was asked for?

The status does not say: walls come with 403, 503, 429, 405, 202 and 200. Known are the marks that the makers of walls
put into headers, or into the page that stands in for the answer. Refuses to guess from a status or from words about
robots alone: a plain 403 is a plain 403.

Sources: Cloudflare's `cf-mitigated`, AWS WAF's `x-amzn-waf-action`, SiteGround's `sg-captcha`; the scripts and paths
that DataDome, Imperva, PerimeterX, DDoS-Guard and Anubis load.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_MAX_BYTES = 200_000
_HEADERS = {
    "cf-mitigated": re.compile(r"challenge", re.IGNORECASE),
    "x-amzn-waf-action": re.compile(r"challenge|captcha", re.IGNORECASE),
    "sg-captcha": re.compile(r"challenge", re.IGNORECASE),
}
_FEED = re.compile(rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:rss|feed|rdf:RDF|urlset)\b", re.DOTALL)
_MARKS = re.compile(
    rb"_cf_chl_opt|/cdn-cgi/challenge-platform/h/|\.captcha-delivery\.com/|_Incapsula_Resource|/_Incapsula_|px-captcha"
    rb"|captcha\.px-cdn\.net|AwsWafIntegration|awsWafCookieDomainList|/\.well-known/sgcaptcha/|/\.well-known/ddos-guard/"
    rb"|/\.within\.website/x/cmd/anubis/|id=\"anubis_challenge\""
)


def is_challenge(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the answer is a wall; `headers` have lower-case names."""
    if any(name in headers and pattern.search(headers[name]) for name, pattern in _HEADERS.items()):
        return True
    beginning = body[:_MAX_BYTES]
    return _FEED.match(beginning) is None and _MARKS.search(beginning) is not None
