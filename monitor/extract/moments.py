"""When was an article published, who says so, and how exactly?

The feed comes first, then what the page declares (JSON-LD, meta elements), then the `time` element beside the
headline, then what the extractor finds in URL and text (a day without a zone). When the page last changed stands in
only where nobody says when it was published, and then for the day at most: it is an upper bound, not a publication.

Refused are dates before 1990 (epoch zero among them) and those later than a day after the article was first seen. A
time without a zone is in the zone that another declared date of the same page names, else in UTC. Midnight exactly is
how many systems write a day without a time, so it is a day; a later candidate of the same day that knows the time
makes it exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from monitor.text.dates import WrittenDate, read_date
from monitor.types import DateOrigin, Precision

MAX_AHEAD = timedelta(days=1)
"""How much later than it was first seen an article may claim to be published: time zones, and clocks that are wrong."""
_FIRST_YEAR = 1990
_DAY = timedelta(days=1)
_ZONES = timedelta(hours=14)
_EPOCH = re.compile(r"\d{9,10}(?:\.\d+)?|\d{12,13}")


@dataclass(frozen=True, slots=True)
class Moment:
    """A date of publication; `at` None: nobody says."""

    at: datetime | None = None
    precision: Precision = Precision.UNKNOWN
    origin: DateOrigin = DateOrigin.FIRST_SEEN


@dataclass(frozen=True, slots=True)
class DeclaredDates:
    """What a page declares, best first: when it was published, and when it last changed."""

    published: tuple[Moment, ...] = ()
    changed: tuple[Moment, ...] = ()


def choose_moment(
    fed_at: datetime | None, declared: DeclaredDates, *, found: str, first_seen_at: datetime | None
) -> Moment:
    """When the article was published; `found` is what the extractor reads from the URL or text, "" for nothing.

    `first_seen_at` None: no date is too late. A candidate that is a mere day is made exact by a later one of that day.
    """
    feed = Moment(fed_at, _precision(fed_at), DateOrigin.FEED) if fed_at else Moment()
    day = _found_moment(found)
    if any(changed.at == day.at for changed in declared.changed):  # the extractor read the same declaration
        day = Moment()
    candidates = (feed, *declared.published, day, *declared.changed)
    possible = [moment for moment in candidates if _can_be(moment.at, first_seen_at)]
    if not possible:
        return Moment()
    chosen = possible[0]
    if chosen.precision is Precision.DAY:
        return next((m for m in possible if m.precision is Precision.MINUTE and _is_same_day(chosen, m)), chosen)
    return chosen


def is_settled(fed_at: datetime | None, first_seen_at: datetime | None) -> bool:
    """Does `choose_moment` take the feed's date whatever the page declares?"""
    return fed_at is not None and _precision(fed_at) is Precision.MINUTE and _can_be(fed_at, first_seen_at)


def declared_dates(
    published: Iterable[tuple[str, DateOrigin]], changed: Iterable[tuple[str, DateOrigin]]
) -> DeclaredDates:
    """The dates of a page as it writes them: ISO 8601, RFC 822, words, or seconds and milliseconds since 1970."""
    read = [(written, origin) for raw, origin in published if (written := _read(raw))]
    read_changed = [(written, origin) for raw, origin in changed if (written := _read(raw))]
    offset = next((written.offset for written, _ in (*read, *read_changed) if written.offset is not None), timedelta())
    return DeclaredDates(
        tuple(_moment(written, origin, offset) for written, origin in read),
        tuple(_day_of(_moment(written, origin, offset)) for written, origin in read_changed),
    )


def _found_moment(raw: str) -> Moment:
    written = _read(raw)
    return _day_of(Moment(written.at, Precision.DAY, DateOrigin.PAGE)) if written else Moment()


def _read(raw: str) -> WrittenDate | None:
    raw = raw.strip()
    if not _EPOCH.fullmatch(raw):
        return read_date(raw)
    seconds = float(raw) / (1_000 if len(raw.split(".")[0]) > 10 else 1)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=0)
    return WrittenDate(moment, has_time=True, offset=None) if moment.year >= _FIRST_YEAR else None


def _moment(written: WrittenDate, origin: DateOrigin, page_offset: timedelta) -> Moment:
    if not written.has_time:
        return Moment(written.at, Precision.DAY, origin)
    offset = page_offset if written.offset is None else written.offset
    local = written.at + (written.offset or timedelta())
    if _precision(local) is Precision.DAY:
        return Moment(local, Precision.DAY, origin)
    return Moment(local - offset, Precision.MINUTE, origin)


def _precision(local: datetime) -> Precision:
    is_midnight = (local.hour, local.minute, local.second) == (0, 0, 0)
    return Precision.DAY if is_midnight else Precision.MINUTE


def _day_of(moment: Moment) -> Moment:
    if moment.at is None:
        return moment
    day = moment.at.replace(hour=0, minute=0, second=0, microsecond=0)
    return replace(moment, at=day, precision=Precision.DAY)


def _can_be(at: datetime | None, first_seen_at: datetime | None) -> bool:
    if at is None or at.year < _FIRST_YEAR:
        return False
    return first_seen_at is None or at <= first_seen_at + MAX_AHEAD


def _is_same_day(day: Moment, moment: Moment) -> bool:
    return day.at is not None and moment.at is not None and day.at - _ZONES <= moment.at < day.at + _DAY + _ZONES
