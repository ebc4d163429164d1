"""How many new entries does a source usually bring on such a day, and is today's silence more than chance?

Pure. Usual is what the same weekday brought in the last weeks, with the other days of its kind (working days, weekend)
as a smaller voice and recent weeks as a louder one. From five entries a day on it is the weighted median, which bursts
and holidays do not move; below that a median is 0 or 1, so it is the weighted mean of counts that are capped. A run of
empty days that ends today does not testify for itself.

Silence is the probability that a run of thin days brings so little by chance: negative binomial, which is Poisson for
sources that vary as little as that, and wider for the others. So a source with forty entries a day is silent after one
empty day, one with an entry a day after about a week, and one that brings less than an entry in ten days never. How
much a source varies is told by its days below the usual: bursts do not excuse silence, and silent days excuse none. One
thin day is no silence where two such days in twelve weeks were none.
A source that was silent stays so until something comes. Does not say whether the day was watched well enough for that
question: see completeness.py.
Sources: Cameron and Trivedi, Regression Analysis of Count Data, 3.3 (NB1: variance is a multiple of the mean); the
constants were chosen on simulated weeks (tests/unit/test_completeness_weeks.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile

from monitor.types import DayVerdict, SourceDay

HISTORY_DAYS = 84
"""How far back what is usual is looked up: twelve weeks, so twelve of each weekday."""
MIN_OBSERVED_DAYS = 14
"""A source that was watched for fewer days has no usual yet."""
SAME_WEEKDAY_WEIGHT = 6.0
"""Against 1 for each other day of the same kind: more than its four or fewer neighbours of a week together."""
HALF_LIFE_DAYS = 28.0
FEW = 5.0
"""Entries a day from which on a median means something."""
LEAST_SPREAD = 0.2
"""Days differ by this share of the usual even where a few weeks showed less, beside chance."""
THIN_SHARE = 0.25
"""A day with more than this share of the usual is not silent, whatever the statistics say."""
CHANCE = 0.001
"""Below this probability so little is silence. In simulated half years it called about one day in a thousand silent
wrongly, most of them at sources that bring an entry every other day or more rarely."""
_NORMAL_FROM = 600.0
_POISSON_UNTIL = 1.001
_WEEKEND = frozenset({5, 6})
_COMPLETE = DayVerdict.COMPLETE


@dataclass(frozen=True, slots=True)
class Usual:
    """`n_expected` entries on such a day; `dispersion` is variance over mean, 1 or more.

    `n_low` is what the second thinnest of such days brought that was no silence.
    """

    n_expected: float
    dispersion: float
    n_low: float = math.inf


def usual_on(day_on: date, observed: Sequence[SourceDay]) -> Usual | None:
    """What a source usually brings on such a day, from days on which it was watched, the oldest first.

    None: it is too young. While it is silent it keeps what was usual before, for ever if need be.
    """
    base = _without_silence(observed)
    if len(base) < MIN_OBSERVED_DAYS:
        if observed and observed[-1].verdict is DayVerdict.SILENT and observed[-1].n_expected is not None:
            return Usual(observed[-1].n_expected, 1.0)
        base = list(observed)
    weighted = [(day, weight) for day in base if (weight := _weight(day.day_on, day_on)) > 0]
    if len(base) < MIN_OBSERVED_DAYS or not weighted:
        return None
    median = _weighted_median([(float(day.n_new), weight) for day, weight in weighted])
    cap = max(FEW, 3 * median)
    n_expected = median if median >= FEW else _mean([(min(float(day.n_new), cap), weight) for day, weight in weighted])
    lowest = sorted(day.n_new for day, _ in weighted if day.verdict is not DayVerdict.SILENT)
    return Usual(n_expected, _dispersion(base, weighted, n_expected), lowest[1] if len(lowest) > 1 else math.inf)


def _dispersion(base: Sequence[SourceDay], weighted: Sequence[tuple[SourceDay, float]], n_expected: float) -> float:
    """How days differ from what was usual on such a day; of a young source, from what is usual today."""
    judged = [(day.n_new, day.n_expected, 1.0) for day in base if day.n_expected and day.verdict is _COMPLETE]
    if len(judged) < MIN_OBSERVED_DAYS:
        judged = [(day.n_new, n_expected, weight) for day, weight in weighted]
    # Half of a variance lies below the mean.
    variance = sum(2 * min(0.0, n_new - expected) ** 2 * weight for n_new, expected, weight in judged)
    total = sum(expected * weight for _, expected, weight in judged)
    return max(1.0 + LEAST_SPREAD**2 * n_expected, variance / total) if total > 0 else 1.0


def is_silent(n_new: int, usual: Usual, observed: Sequence[SourceDay], *, watched_share: float = 1.0) -> bool:
    """Whether the thin days that end with this one are more than chance.

    `n_new` is what this day brought, in the `watched_share` (0..1) of it that was seen; `observed` as for `usual_on`.
    """
    if n_new == 0 and observed and observed[-1].verdict is DayVerdict.SILENT:
        return True
    n_expected = usual.n_expected * watched_share
    if not _is_thin(n_new, n_expected):
        return False
    before = list(takewhile(_is_thin_day, reversed(observed)))
    if n_new >= usual.n_low and not before:
        return False
    n_new += sum(day.n_new for day in before)
    n_expected += sum(day.n_expected or 0.0 for day in before)
    return chance_of_at_most(n_new, n_expected, usual.dispersion) < CHANCE


def _is_thin_day(day: SourceDay) -> bool:
    return day.n_expected is not None and (day.n_expected == 0 or _is_thin(day.n_new, day.n_expected))


def _is_thin(n_new: int, n_expected: float) -> bool:
    return n_new <= THIN_SHARE * n_expected


def chance_of_at_most(n: int, mean: float, dispersion: float = 1.0) -> float:
    """The probability of `n` entries or fewer where `mean` are expected, with a variance of `dispersion` times that."""
    if mean <= 0:
        return 1.0
    # From here on the chance of no entry at all is exp(-exponent).
    is_poisson = dispersion <= _POISSON_UNTIL
    exponent = mean if is_poisson else mean / (dispersion - 1) * math.log(dispersion)
    if exponent > _NORMAL_FROM:  # where the sum would underflow, the normal distribution is as good
        return 0.5 * math.erfc((mean - n - 0.5) / math.sqrt(2 * mean * dispersion))
    term = math.exp(-exponent)
    size, share = (mean, 0.0) if is_poisson else (mean / dispersion, 1 - 1 / dispersion)
    total = term
    for count in range(n):
        # One more entry: the mean of Poisson, the more likely the more there are where entries come in bunches.
        term *= (size + share * count) / (count + 1)
        total += term
    return min(total, 1.0)


def _without_silence(observed: Sequence[SourceDay]) -> list[SourceDay]:
    """Without empty days that were judged silent, and without the run of empty days at the end, yet to be judged."""
    end = len(observed)
    while end and observed[end - 1].n_new == 0:
        end -= 1
    return [day for day in observed[:end] if day.n_new or day.verdict is not DayVerdict.SILENT]


def _weight(past: date, day_on: date) -> float:
    recency: float = 0.5 ** ((day_on - past).days / HALF_LIFE_DAYS)
    if _is_same_weekday(past, day_on):
        return SAME_WEEKDAY_WEIGHT * recency
    return recency if (past.weekday() in _WEEKEND) == (day_on.weekday() in _WEEKEND) else 0.0


def _is_same_weekday(past: date, day_on: date) -> bool:
    return (day_on - past).days % 7 == 0


def _mean(weighted: Sequence[tuple[float, float]]) -> float:
    return sum(value * weight for value, weight in weighted) / sum(weight for _, weight in weighted)


def _weighted_median(weighted: Sequence[tuple[float, float]]) -> float:
    """The value at which half of the weight is reached."""
    half, reached = sum(weight for _, weight in weighted) / 2, 0.0
    for value, weight in sorted(weighted):
        reached += weight
        if reached >= half:
            return value
    return max(value for value, _ in weighted)
