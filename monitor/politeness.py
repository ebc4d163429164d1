"""When a host may be asked again, and how many requests it and its source bear at once. Pure: the time is an argument.

A host has one earliest moment, shared by all feeds and pages on it, and so has the registered domain with all its hosts
(its name here is the domain with a leading dot); each request moves both on. A host that answers 429 or 503 gets a
multiple of the spacing, up to 16 times, and good answers take it back step by step. Retry-After is obeyed in both forms
of RFC 9110 section 10.2.3, up to a week: a broken server must not silence a feed for ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from monitor.config import Politeness
from monitor.types import Response

MAX_RETRY_AFTER = timedelta(days=7)
MAX_SPACING_S = 3_600.0
MAX_DATE_CHARS = 100
#: An answer that asks for patience goes two steps up, which about doubles the spacing; a good one goes one step down.
SLOW_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)
SLOW_STATUS = frozenset({429, 503})

_SECONDS = re.compile(r"[0-9]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """Seconds between two requests to a host and to a source with all its hosts, and how many may be under way there.

    `heeds_robots`: nothing else is asked for before the host's robots.txt was.
    """

    host_spacing_s: float
    host_at_once: int
    source_spacing_s: float
    source_at_once: int
    heeds_robots: bool = False

    def spacing_s(self, name: str) -> float:
        """For a host, or for a domain (".bbc.co.uk")."""
        return self.source_spacing_s if is_domain(name) else self.host_spacing_s

    def n_allowed(self, name: str, *, spacing_s: float, n_under_way: int = 0) -> int:
        """How many requests may start together at a host or domain that is free: one, unless they need no spacing."""
        at_once = self.source_at_once if is_domain(name) else self.host_at_once
        return max(0, min(1 if spacing_s > 0 else at_once, at_once - n_under_way))


def manners_for_feeds(settings: Politeness) -> Manners:
    return _manners(settings, heeds_robots=settings.robots_for_feeds)


def manners_for_pages(settings: Politeness) -> Manners:
    return _manners(settings, heeds_robots=settings.robots_for_pages)


def _manners(settings: Politeness, *, heeds_robots: bool) -> Manners:
    return Manners(
        host_spacing_s=settings.host_spacing_s,
        host_at_once=settings.host_at_once,
        source_spacing_s=settings.source_spacing_s,
        source_at_once=settings.source_at_once,
        heeds_robots=heeds_robots,
    )


def is_domain(name: str) -> bool:
    """Whether this is the name of a domain with all its hosts."""
    return name.startswith(".")


def domain_name(domain: str) -> str:
    """The name under which a registered domain is kept with all its hosts; "" where there is no domain."""
    return f".{domain}" if domain else ""


class Candidate(NamedTuple):
    """Something that needs one request to a host, whose domain has this name; none where `host` is ""."""

    id: Any
    host: str
    domain_name: str | None


def in_turn(candidates: Iterable[Candidate], n_allowed: Callable[[str], int], limit: int) -> list[Candidate]:
    """The first `limit` candidates that hosts and domains have room for, in the order given."""
    chosen: list[Candidate] = []
    left: dict[str, int] = {}
    for one in candidates:
        if len(chosen) == limit:
            break
        names = [name for name in one[1:] if name]
        for name in names:
            if name not in left:
                left[name] = n_allowed(name)
        if all(left[name] > 0 for name in names):
            chosen.append(one)
            for name in names:
                left[name] -= 1
    return chosen


def next_slot(now: datetime, *, next_at: datetime | None, spacing_s: float, slow_factor: float) -> datetime:
    """When the host may be asked again after the request that is due.

    That request takes the slot at `next_at`, or `now` when this is later or `next_at` is None (never asked before).
    Called repeatedly with its own result it hands out one slot after the other. `slow_factor` (1 or more) stretches the
    spacing for a host that asked us to slow down; the product is held between 0 and an hour.
    """
    taken_at = now if next_at is None else max(now, next_at)
    spacing = min(max(spacing_s, 0.0) * max(slow_factor, 1.0), MAX_SPACING_S)
    return taken_at + timedelta(seconds=spacing)


def slower(factor: float) -> float:
    """The slow factor after an answer that asks for patience."""
    return SLOW_STEPS[min(_step(factor) + 2, len(SLOW_STEPS) - 1)]


def eased(factor: float) -> float:
    """The slow factor after a good answer."""
    return SLOW_STEPS[max(_step(factor) - 1, 0)]


def _step(factor: float) -> int:
    """The highest step that is not above the factor."""
    return max(0, sum(step <= factor for step in SLOW_STEPS) - 1)


def wished_at(answer: Response, now: datetime) -> datetime | None:
    """The moment before which the host of an error does not want to be asked again; None when it does not say."""
    return (
        parse_retry_after(answer.headers.get("retry-after", ""), now, answer.headers.get("date"))
        if answer.status >= 400
        else None
    )


def parse_retry_after(value: str, now: datetime, date: str | None = None) -> datetime | None:
    """The moment a Retry-After header names, never before `now` nor more than a week after it; None for nonsense.

    `date` is the Date header of the same answer, where there is one: a moment that the server names by its own clock
    means the same wait by ours, however wrong either clock is.
    """
    value = value.strip()
    latest_at = now + MAX_RETRY_AFTER
    if _SECONDS.match(value):
        # a number of ten digits is past the week, and longer ones would not fit into a timedelta
        return latest_at if len(value.lstrip("0")) > 9 else min(now + timedelta(seconds=int(value)), latest_at)
    at = parse_http_date(value)
    if at is None:
        return None
    said_at = parse_http_date(date) if date else None
    wait = at - (said_at or now)
    return now + min(max(wait, timedelta(0)), MAX_RETRY_AFTER)


def parse_http_date(value: str) -> datetime | None:
    """A moment in one of the three forms of RFC 9110 section 5.6.7, in UTC; None for nonsense."""
    try:
        at = parsedate_to_datetime(value[:MAX_DATE_CHARS])
        # the zone of a hostile date can lead out of the years there are
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError, IndexError):
        return None
