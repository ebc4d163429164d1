"""Judges how well each source was watched: writes the verdict on every day (UTC) that is over.

Days are judged once, in order, up to the day before today, an hour after midnight: by then each poll of the day is
saved, and the next one has shown whether it followed in time. Days that nobody polled get their rows here, for sources
that had feeds to be polled; a source whose feeds are all paused or ended is not watched, and gets none. Where the poll
log does not reach back far enough, days are judged by their counts alone.
Interrupted at any point it goes on where it was; a day that is judged twice keeps its first verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import structlog

from monitor.app import App
from monitor.fetch.completeness import FeedDay, day_bounds, feed_day, judge_day
from monitor.fetch.usual import HISTORY_DAYS
from monitor.store import source_days
from monitor.store.engine import Connection
from monitor.types import DayVerdict, FeedId, GoodPoll, Progress, SourceDay, SourceId, WatchedFeed

log = structlog.get_logger()

DAY = timedelta(days=1)
SETTLE = timedelta(hours=1)
"""How long after midnight a day is judged."""
MAX_DAYS_BACK = 400
DAYS_AT_ONCE = 7
SOURCES_AT_ONCE = 1_000
"""Together they bound what is in memory: at an hourly poll, some 170,000 lines of the poll log."""
TOLD_FROM = 5.0
"""A source that brings as many entries a day has a line in the log when it falls silent."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What tells about the same days of some sources: their rows, their feeds, when these were read."""

    days: Mapping[SourceId, Sequence[SourceDay]]
    feeds: Mapping[SourceId, Sequence[WatchedFeed]]
    polls: Mapping[FeedId, Sequence[GoodPoll]]
    polled_days: frozenset[date]
    now: datetime


def run(app: App, *, sources_at_once: int = SOURCES_AT_ONCE) -> Progress:
    """Judge the days that are over; returns how many rows got a verdict."""
    now, n_judged = app.clock(), 0
    last_on = last_finished(now)
    with app.store.read() as conn:
        first_on = _first_to_judge(conn, last_on)
    for first, last in _spans(first_on, last_on):
        with app.store.read() as conn:
            source_ids = source_days.list_to_judge(conn, first, last)
            polled_days = frozenset(source_days.load_polled_days(conn, first, last))
        counts = Counter[DayVerdict]()
        for start in range(0, len(source_ids), sources_at_once):
            if app.stop.is_set():
                return Progress(n_done=n_judged)
            some = source_ids[start : start + sources_at_once]
            with app.store.read() as conn:
                watch = _load(conn, some, (first, last), polled_days=polled_days, now=now)
            judged = {source_id: _judge(watch, source_id, first, last) for source_id in some}
            with app.store.begin() as conn:
                source_days.save_verdicts(conn, judged)
            counts.update(day.verdict for days in judged.values() for day in days if day.verdict is not None)
            _tell_silent(watch, judged, last)
        with app.store.begin() as conn:
            source_days.save_judged_on(conn, last)
        n_judged += counts.total()
        if counts:
            log.info("coverage.judged", first_on=str(first), last_on=str(last), **dict(sorted(counts.items())))
    return Progress(n_done=n_judged)


def last_finished(now: datetime) -> date:
    """The last day that is over, and settled."""
    return (now - SETTLE).date() - DAY


def _first_to_judge(conn: Connection, last_on: date) -> date:
    judged_on = source_days.find_judged_on(conn)
    if judged_on is not None:
        return max(judged_on + DAY, last_on - (MAX_DAYS_BACK - 1) * DAY)
    first_on = source_days.find_first_day(conn) or last_on
    return max(first_on, last_on - (MAX_DAYS_BACK - 1) * DAY)


def _spans(first_on: date, last_on: date) -> Iterator[tuple[date, date]]:
    while first_on <= last_on:
        end_on = min(first_on + (DAYS_AT_ONCE - 1) * DAY, last_on)
        yield first_on, end_on
        first_on = end_on + DAY


def _load(
    conn: Connection,
    source_ids: Sequence[SourceId],
    span: tuple[date, date],
    *,
    polled_days: frozenset[date],
    now: datetime,
) -> Watch:
    first, last = span
    # Two days more: a poll that comes later than that ends no hole that would be excused.
    end = min(now, day_bounds(last)[1] + 2 * DAY)
    return Watch(
        days=source_days.load_days(conn, first - HISTORY_DAYS * DAY, last, source_ids),
        feeds=source_days.load_feeds(conn, source_ids),
        polls=source_days.load_good_polls(conn, source_ids, day_bounds(first)[0], end),
        polled_days=polled_days,
        now=now,
    )


def _judge(watch: Watch, source_id: SourceId, first: date, last: date) -> list[SourceDay]:
    """The days of a source that had no verdict, judged in order: each one is history of the next."""
    known = {day.day_on: day for day in watch.days.get(source_id, ())}
    judged, day_on = list[SourceDay](), first
    while day_on <= last:
        day = known.get(day_on)
        feeds = _feed_days(watch, source_id, day_on)
        if day is None and feeds:
            day = SourceDay(day_on=day_on)
        if day is not None and day.verdict is None:
            history = [one for one in known.values() if one.day_on < day_on]
            is_logged = not day.n_polls_ok or any(feed.watched_share for feed in feeds)
            judgement = judge_day(
                day, history, feeds=feeds if is_logged else (), was_running=day_on in watch.polled_days
            )
            day = replace(day, verdict=judgement.verdict, n_expected=judgement.n_expected)
            known[day_on] = day
            judged.append(day)
        day_on += DAY
    return judged


def _feed_days(watch: Watch, source_id: SourceId, day_on: date) -> list[FeedDay]:
    """The feeds that were to be polled on the whole of that day, and those that were."""
    start, end = day_bounds(day_on)
    found = []
    for feed in watch.feeds.get(source_id, ()):
        polls = [poll for poll in watch.polls.get(feed.id, ()) if poll.polled_at >= start]
        if (feed.is_due and feed.created_at <= start) or any(poll.polled_at < end for poll in polls):
            found.append(feed_day(feed, polls, day_on=day_on, now=watch.now))
    return found


def _tell_silent(watch: Watch, judged: Mapping[SourceId, Sequence[SourceDay]], last: date) -> None:
    """One line in the log for each source that brings much and fell silent on the last day."""
    for source_id, days in judged.items():
        if not days or days[-1].day_on != last or days[-1].verdict is not DayVerdict.SILENT:
            continue
        before = [*watch.days.get(source_id, ()), *days[:-1]]
        was_silent = any(day.day_on == last - DAY and day.verdict is DayVerdict.SILENT for day in before)
        if not was_silent and (days[-1].n_expected or 0.0) >= TOLD_FROM:
            log.warning("source.silent", source=source_id, day_on=str(last), n_expected=days[-1].n_expected)
