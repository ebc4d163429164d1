"""For how long does a server say that what it sent stays as it is?

Reads what RFC 9111 section 4.2 tells a private cache: max-age of Cache-Control, else Expires, less the time that the
answer has spent in caches on its way. Refuses what says nothing: no-cache, no-store, a lifetime that is over or cannot
be read. Heuristic freshness (a share of the age of Last-Modified) is not guessed, and s-maxage is not for us.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from monitor.politeness import parse_http_date

MAX_FRESH_S = 30 * 86_400
MAX_HEADER_CHARS = 2_000

_DIGITS = re.compile(r"[0-9]+\Z")


def cache_wait_s(headers: Mapping[str, str], now: datetime) -> int | None:
    """Seconds, 1..MAX_FRESH_S, for which the answer with these headers (names in lower case) stays fresh.

    None when nothing useful is said. `now` stands in for a Date header that is missing or cannot be read.
    """
    directives = _directives(headers.get("cache-control", ""))
    if "no-cache" in directives or "no-store" in directives:
        return None
    max_age = directives.get("max-age")
    fresh_s = _until_expiry_s(headers, now) if max_age is None else _seconds(max_age)
    if fresh_s is None:
        return None
    left_s = fresh_s - (_seconds(headers.get("age", "")) or 0)
    return min(left_s, MAX_FRESH_S) if left_s > 0 else None


def _directives(value: str) -> dict[str, str]:
    """The directives of Cache-Control by name; of one that stands there twice, the first."""
    found: dict[str, str] = {}
    for part in value[:MAX_HEADER_CHARS].split(","):
        name, _, argument = part.partition("=")
        found.setdefault(name.strip().lower(), argument.strip().strip('"'))
    return found


def _seconds(value: str) -> int | None:
    """A delta-seconds; one of more than nine digits counts as the largest that has nine."""
    value = value.strip()
    if not _DIGITS.match(value):
        return None
    return 999_999_999 if len(value.lstrip("0")) > 9 else int(value)


def _until_expiry_s(headers: Mapping[str, str], now: datetime) -> int | None:
    expires_at = parse_http_date(headers.get("expires", ""))
    if expires_at is None:
        return None
    said_at = parse_http_date(headers.get("date", "")) or now
    return int((expires_at - said_at).total_seconds())
