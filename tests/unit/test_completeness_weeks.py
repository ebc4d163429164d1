"""Half a year of simulated feeds with outages planted: how many of the verdicts are right, and how many are missing."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.fetch.completeness import feed_day, judge_day
from monitor.types import DayVerdict, FeedId, GoodPoll, SourceDay, SourceId, WatchedFeed

FIRST_ON = date(2026, 1, 5)
START = datetime(2026, 1, 5, tzinfo=UTC)
N_DAYS = 182
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: Nobody knows what is usual before, and nothing is planted there.
YOUNG_DAYS = 21


@dataclass(frozen=True)
class Kind:
    """Entries a day, how much less at weekends, how much days vary beyond chance (0: Poisson), what the feed shows."""

    per_day: float
    weekend: float = 1.0
    spread: float = 0.0
    n_shown: int = 30


KINDS = {
    "wire": Kind(300, 0.6, 0.2, n_shown=100),
    "daily": Kind(60, 0.3, 0.25),
    "paper": Kind(40, 0.05, 0.2),
    "site": Kind(12, 1.0, 0.3),
    "blog": Kind(1, n_shown=10),
    "slow": Kind(0.4, n_shown=10),
}


@dataclass
class World:
    """One source with one feed. `away`: nothing is polled; `failing`: nothing answers; `silent` days bring nothing."""

    kind: Kind
    chance: random.Random
    away: list[tuple[datetime, datetime]]
    failing: list[tuple[datetime, datetime]]
    silent: set[date]

    def entries(self) -> list[datetime]:
        """When entries appear: by day few or many, by hour as people write."""
        found = []
        for number in range(N_DAYS):
            day_on = FIRST_ON + number * DAY
            mean = self.kind.per_day * (self.kind.weekend if day_on.weekday() >= 5 else 1.0)
            mean *= math.exp(self.chance.gauss(0, self.kind.spread))
            count = 0 if day_on in self.silent else _poisson(self.chance, mean)
            hours = (self.chance.betavariate(3, 2.5) * 24 for _ in range(count))
            found += [START + number * DAY + hour * HOUR for hour in hours]
        return sorted(found)


def _poisson(chance: random.Random, mean: float) -> int:
    at, count = chance.expovariate(1), 0
    while at < mean:
        at, count = at + chance.expovariate(1), count + 1
    return count


def _within(moment: datetime, spans: list[tuple[datetime, datetime]]) -> bool:
    return any(start <= moment < end for start, end in spans)


@dataclass
class Lived:
    """What the world's polls came to: a row for each day, the good polls, and the days on which an entry was lost."""

    days: dict[date, SourceDay]
    polls: list[GoodPoll]
    lost: Counter[date]


def live(world: World, interval_s: int) -> Lived:
    entries, good, lost, n_shown = world.entries(), list[GoodPoll](), Counter[date](), world.kind.n_shown
    counts = {name: Counter[date]() for name in ("n_polls_ok", "n_polls_failed", "n_new", "n_gaps")}
    at, n_seen = START + HOUR * world.chance.random(), 0
    while at < START + N_DAYS * DAY:
        today = at.date()
        if _within(at, world.failing):
            counts["n_polls_failed"][today] += 1
        elif not _within(at, world.away):
            n_there = bisect_right(entries, at)
            n_new = min(n_there - n_seen, n_shown)
            lost.update(moment.date() for moment in entries[n_seen : n_there - n_new])
            counts["n_polls_ok"][today] += 1
            counts["n_new"][today] += n_new
            counts["n_gaps"][today] += bool(good) and n_there - n_seen >= n_shown
            good.append(GoodPoll(at, min(n_there, n_shown), n_new))
            n_seen = n_there
        at += timedelta(seconds=interval_s * (0.9 + 0.2 * world.chance.random()))
    days = {
        day_on: SourceDay(day_on=day_on, **{name: count[day_on] for name, count in counts.items()})
        for day_on in (FIRST_ON + number * DAY for number in range(N_DAYS))
    }
    return Lived(days, good, lost)


def judged(world: World, lived: Lived, interval_s: int) -> dict[date, SourceDay]:
    """All days but the last one, each judged an hour after its end, or when the daemon is back."""
    history, found = list[SourceDay](), dict[date, SourceDay]()
    moments = [poll.polled_at for poll in lived.polls]
    feed = WatchedFeed(
        id=FeedId(1), source_id=SourceId(1), interval_s=interval_s, created_at=START - DAY, last_good_poll_at=START
    )
    for number in range(N_DAYS - 1):
        day_on, midnight = FIRST_ON + number * DAY, START + number * DAY
        now = midnight + 25 * HOUR
        now = max([now, *(end for start, end in world.away if start <= now < end)])
        polls = lived.polls[bisect_right(moments, midnight) : bisect_right(moments, now)]
        known = replace(feed, last_good_poll_at=max((poll.polled_at for poll in polls), default=midnight - DAY))
        day = lived.days[day_on]
        is_polled = bool(day.n_polls_ok or day.n_polls_failed)
        judgement = judge_day(
            day, history, feeds=[feed_day(known, polls, day_on=day_on, now=now)], was_running=is_polled
        )
        found[day_on] = replace(day, verdict=judgement.verdict, n_expected=judgement.n_expected)
        history.append(found[day_on])
    return found


def spans(chance: random.Random, n: int, hours: Callable[[], float]) -> list[tuple[datetime, datetime]]:
    """`n` spans that keep some days from each other, none in the first weeks."""
    share = (N_DAYS - YOUNG_DAYS - 10) / n
    starts = [START + (YOUNG_DAYS + share * (number + 0.5 * chance.random())) * DAY for number in range(n)]
    return [(start, start + hours() * HOUR) for start in starts]


def days_of(found: list[tuple[datetime, datetime]]) -> set[date]:
    """The days that lie in these spans as a whole."""
    whole = set()
    for number in range(N_DAYS):
        midnight = START + number * DAY
        if any(start <= midnight and midnight + DAY <= end for start, end in found):
            whole.add(midnight.date())
    return whole


WORLDS = [(name, seed, interval_s) for name in KINDS for seed, interval_s in enumerate((3_600, 5_400, 1_800))]


def test_days_without_any_poll_or_answer_are_all_found_and_nothing_else_is_called_so() -> None:
    for name, seed, interval_s in WORLDS:
        chance = random.Random(f"{name} {seed}")
        planted = spans(chance, 10, lambda chance=chance: chance.uniform(20, 90))  # type: ignore[misc] # its own chance
        world = World(KINDS[name], chance, planted[::2], planted[1::2], set())
        days = judged(world, live(world, interval_s), interval_s)
        for verdict, wanted in ((DayVerdict.NOT_POLLED, planted[::2]), (DayVerdict.FAILED, planted[1::2])):
            found = {day_on for day_on, day in days.items() if day.verdict is verdict}
            # At the edges of an outage the minute decides.
            assert days_of(wanted) <= found <= days_of([(start - 2 * HOUR, end + 2 * HOUR) for start, end in wanted])


def test_every_lost_entry_has_a_blind_day_and_no_day_far_from_an_outage_is_blind() -> None:
    n_lost = n_found = n_blind = n_near = n_hole_days = 0
    for name, seed, interval_s in WORLDS:
        chance = random.Random(f"{name} {seed} holes")
        planted = spans(chance, 12, lambda chance=chance: chance.choice([2, 5, 9, 14, 30]))  # type: ignore[misc] # its own chance
        world = World(KINDS[name], chance, planted[::2], planted[1::2], set())
        lived = live(world, interval_s)
        days = judged(world, lived, interval_s)
        touched = {
            (start - 2 * HOUR).date() + number * DAY
            for start, end in planted
            for number in range((end - start).days + 2)
        }
        blind = {day_on for day_on, day in days.items() if day.verdict is not None and day.verdict.is_blind}
        n_lost += sum(lived.lost.values())
        n_found += sum(n for day_on, n in lived.lost.items() if day_on in blind)
        n_blind, n_near, n_hole_days = n_blind + len(blind), n_near + len(blind & touched), n_hole_days + len(touched)
    assert n_lost > 1_000
    assert n_found == n_lost
    assert n_near == n_blind
    assert n_blind < 0.6 * n_hole_days  # most holes are harmless: what came meanwhile was still shown after them


@pytest.mark.parametrize(
    ("name", "n_silent_days", "recall_min"),
    [
        ("wire", 1, 1.0),
        ("daily", 1, 0.95),
        ("paper", 5, 0.95),
        ("site", 2, 0.95),
        ("blog", 10, 0.95),
        ("slow", 28, 0.9),
    ],
)
def test_planted_silence_is_found_and_hardly_anything_else_is_called_silent(
    name: str, n_silent_days: int, recall_min: float
) -> None:
    n_planted = n_found = n_wrong = n_days = 0
    for seed in range(12):
        chance = random.Random(f"{name} {seed} silence")
        silent, number = set[date](), YOUNG_DAYS + chance.randrange(14)
        while number + n_silent_days < N_DAYS - 3:
            silent |= {FIRST_ON + (number + later) * DAY for later in range(n_silent_days)}
            number += n_silent_days + 20 + chance.randrange(20)
        world = World(KINDS[name], chance, [], [], silent)
        days, is_over = judged(world, live(world, 3_600), 3_600), True
        for day_on, day in days.items():
            is_last = day_on in silent and day_on + DAY not in silent
            n_planted += is_last
            n_found += is_last and day.verdict is DayVerdict.SILENT
            is_over = day_on not in silent and (is_over or day.n_new > 0)  # a silence lasts until something comes
            n_wrong += is_over and day.verdict is DayVerdict.SILENT
        n_days += len(days)
    assert n_planted >= 30
    assert n_found >= recall_min * n_planted
    assert n_wrong <= 0.001 * n_days


def test_a_quiet_half_year_of_well_polled_sources_is_complete() -> None:
    counts = Counter[DayVerdict | None]()
    for name, seed, interval_s in WORLDS:
        world = World(KINDS[name], random.Random(f"{name} {seed} quiet"), [], [], set())
        counts.update(day.verdict for day in judged(world, live(world, interval_s), interval_s).values())
    assert counts[DayVerdict.UNKNOWN] == 14 * len(WORLDS)
    assert counts[DayVerdict.COMPLETE] >= 0.999 * (counts.total() - counts[DayVerdict.UNKNOWN])
