"""Was a source silent on a day, or were we blind? One verdict for each source and day (UTC).

Pure: counts, the days before and the good polls of the day's feeds are arguments. The first rule that applies decides:

1. Nothing was read. `not_polled` when nobody asked (we were down or far behind), `failed` when the feeds did not answer
   as feeds, also while a failing feed waits for its next try. A feed that by plan was not due is no reason for either.
2. `no_overlap`: a poll shared no entry with the one before, so entries passed by unseen.
3. `partial`: a feed that is alive was not read for so long that it may have turned over meanwhile: at the usual rate,
   three times as fast in busy hours, as many entries would have come as the document holds. Or the end of the day was
   never seen: no good poll followed the day's last one, until long after the next was due.
4. `unknown`: watched well, but for less than two weeks; nobody knows what is usual.
5. `silent`: watched well, and far less came than usual, beyond chance (usual.py).
6. `complete`. More than usual is no gap.

A hole counts for the day in which it began, in full length, and for the day in which it ended from midnight on. That
polls were made and overlapped is evidence that nothing was missed, so neither the number of polls nor the share that
failed matters by itself. A feed that was not read for four weeks is dead: its part is no longer usual and does not make
the day of a source with living feeds partial. Entries that a publisher removes between two polls are nobody's to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from monitor.fetch.usual import HISTORY_DAYS, is_silent, usual_on
from monitor.types import DayVerdict, GoodPoll, SourceDay, WatchedFeed

DAY_S = 86_400.0
BUSY_FACTOR = 3.0
"""How much faster than on average entries come in the busiest hours of a day."""
LATE_FACTOR, LATE_S = 1.5, 1_800.0
"""A poll is late when it comes after the planned wait times this, and half an hour: jitter, spacing and one retry."""
ASSUMED_SHOWN = 10
"""Entries of a document of which only "not modified" was heard that day: what blogs show by default."""
DEAD_AFTER = timedelta(days=28)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDay:
    """How one feed of a source was watched on a day.

    `hole_s` is the longest time without a good poll, `open_s` the one that has not ended yet. `planned_s` is how long
    the feed was meant to wait between polls, `n_shown` how many entries it holds (0: nobody knows), `watched_share` how
    much of the day (0..1) the last good poll looked back on.
    """

    planned_s: float
    hole_s: float = DAY_S
    open_s: float = 0.0
    watched_share: float = 0.0
    n_shown: int = 0
    n_new: int = 0
    is_failing: bool = False
    is_alive: bool = True

    @property
    def is_by_plan(self) -> bool:
        """Whether no poll came late."""
        return max(self.hole_s, self.open_s) <= _late_after_s(self.planned_s)


@dataclass(frozen=True, slots=True)
class Judgement:
    """`n_expected` is None where nobody knows what is usual."""

    verdict: DayVerdict
    n_expected: float | None


def feed_day(feed: WatchedFeed, polls: Sequence[GoodPoll], *, day_on: date, now: datetime) -> FeedDay:
    """How a feed was watched on a day, from its good polls from that day's midnight to now, the earliest first."""
    start, end = day_bounds(day_on)
    read_at, planned_s = feed.last_good_poll_at, _planned_s(feed, day_on)
    today = [poll for poll in polls if start <= poll.polled_at < end]
    after = min((poll.polled_at for poll in polls if poll.polled_at >= end), default=None)
    first_at = today[0].polled_at if today else end
    moments = [max(start, min(feed.created_at, first_at)), *(poll.polled_at for poll in today)]
    last_s = ((after or now) - moments[-1]).total_seconds()
    holes_s = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    is_end_seen = bool(today) and last_s <= _late_after_s(planned_s)
    return FeedDay(
        planned_s=planned_s,
        hole_s=max([*holes_s, last_s] if after or not holes_s else holes_s),
        open_s=0.0 if after else last_s,
        watched_share=1.0 if is_end_seen else (moments[-1] - start).total_seconds() / DAY_S,
        n_shown=max((poll.n_entries for poll in today), default=0),
        n_new=sum(poll.n_new for poll in today),
        is_failing=not today and feed.n_failures > 0 and (read_at is None or read_at < start),
        is_alive=bool(today) or (read_at is not None and read_at >= start - DEAD_AFTER),
    )


def _late_after_s(planned_s: float) -> float:
    return LATE_FACTOR * planned_s + LATE_S


def _planned_s(feed: WatchedFeed, day_on: date) -> float:
    """How long the feed waits between two polls by plan; hours and days that it does not want to be asked included."""
    skipped_s = 3_600.0 * len(set(feed.skip_hours))
    if {day_on.weekday(), (day_on.weekday() + 1) % 7} & set(feed.skip_days):
        skipped_s += DAY_S * len(set(feed.skip_days))
    planned_s = 0.0
    if feed.next_poll_at is not None and feed.last_poll_at is not None and not feed.n_failures:
        planned_s = (feed.next_poll_at - feed.last_poll_at).total_seconds()  # Cache-Control is in it
    return max(feed.interval_s, feed.ttl_s or 0, planned_s) + skipped_s


def judge_day(
    day: SourceDay, history: Sequence[SourceDay], *, feeds: Sequence[FeedDay] = (), was_running: bool = True
) -> Judgement:
    """The verdict on a finished day of a source.

    `history` are its judged days before, in any order; `feeds` those that were to be polled, empty where the poll log
    is gone; `was_running`: whether anything at all was polled that day, of whatever source.
    """
    observed = _observed(history, day.day_on)
    usual = usual_on(day.day_on, observed)
    n_expected = None if usual is None else usual.n_expected
    said = None if n_expected is None else round(n_expected, 2)
    blindness = _blindness(day, feeds, n_expected, was_running=was_running)
    if blindness is not None:
        return Judgement(blindness, said)
    if usual is None:
        return Judgement(DayVerdict.UNKNOWN, None)
    alive = [feed.watched_share for feed in feeds if feed.is_alive]
    watched_share = sum(alive) / len(alive) if alive else 1.0
    silent = is_silent(day.n_new, usual, observed, watched_share=watched_share)
    return Judgement(DayVerdict.SILENT if silent else DayVerdict.COMPLETE, said)


def _observed(history: Sequence[SourceDay], day_on: date) -> list[SourceDay]:
    """The days that were watched well, the oldest first: only they tell what is usual."""
    near = (day for day in history if 0 < (day_on - day.day_on).days <= HISTORY_DAYS)
    seen = (day for day in near if day.verdict is not None and not day.verdict.is_blind)
    return sorted(seen, key=lambda day: day.day_on)


def _blindness(
    day: SourceDay, feeds: Sequence[FeedDay], n_expected: float | None, *, was_running: bool
) -> DayVerdict | None:
    if day.n_polls_ok == 0:
        return _why_nothing_was_read(day, feeds, was_running=was_running)
    if day.n_gaps > 0:
        return DayVerdict.NO_OVERLAP
    alive = [feed for feed in feeds if feed.is_alive]
    usual_rate = (n_expected or 0.0) / max(1, len(alive))
    if any(_may_have_missed(feed, max(usual_rate, feed.n_new)) for feed in alive):
        return DayVerdict.PARTIAL
    return None


def _why_nothing_was_read(day: SourceDay, feeds: Sequence[FeedDay], *, was_running: bool) -> DayVerdict | None:
    if not was_running:
        return DayVerdict.NOT_POLLED
    if day.n_polls_failed or (feeds and all(feed.is_failing for feed in feeds)):
        return DayVerdict.FAILED
    if feeds and all(feed.is_by_plan for feed in feeds):
        return None
    return DayVerdict.NOT_POLLED


def _may_have_missed(feed: FeedDay, rate: float) -> bool:
    """Whether a feed that brings `rate` entries a day may have shown some that no poll saw."""
    if feed.is_by_plan:
        return False
    if feed.open_s > _late_after_s(feed.planned_s):
        return True
    days = feed.hole_s / DAY_S
    return rate * max(days, min(1.0, BUSY_FACTOR * days)) >= (feed.n_shown or ASSUMED_SHOWN)


def day_bounds(day_on: date) -> tuple[datetime, datetime]:
    """The half-open interval of a day, in UTC."""
    start = datetime.combine(day_on, time(), UTC)
    return start, start + timedelta(days=1)
