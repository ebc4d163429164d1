from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.usual import (
    CHANCE,
    HISTORY_DAYS,
    MIN_OBSERVED_DAYS,
    THIN_SHARE,
    Usual,
    chance_of_at_most,
    is_silent,
    usual_on,
)
from monitor.types import DayVerdict, SourceDay

MONDAY = date(2026, 3, 2)


def days_before(day_on: date, counts: list[int], verdict: DayVerdict = DayVerdict.COMPLETE) -> list[SourceDay]:
    """One judged day for each count; the last one is the day before `day_on`."""
    first_on = day_on - timedelta(days=len(counts))
    return [
        SourceDay(day_on=first_on + timedelta(days=number), n_polls_ok=24, n_new=count, verdict=verdict)
        for number, count in enumerate(counts)
    ]


def weeks(n: int, week: list[int]) -> list[int]:
    return week * n


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (weeks(4, [40] * 7), 40.0),
        # Working days bring 40, the weekend 4: a Monday is like Mondays.
        (weeks(4, [40, 40, 40, 40, 40, 4, 4]), 40.0),
        # Mondays alone are different: six of ten parts of the weight say so.
        (weeks(4, [90, 40, 40, 40, 40, 4, 4]), 90.0),
        # One burst, such as a feed that shows its archive, moves nothing.
        ([*weeks(3, [40] * 7), 2000, *[40] * 6], 40.0),
        # Neither does one holiday.
        ([*weeks(3, [40] * 7), 0, *[40] * 6], 40.0),
        # It doubled five weeks ago: by now the louder recent weeks have it.
        (weeks(5, [20] * 7) + weeks(5, [40] * 7), 40.0),
        ([0] * 28, 0.0),
    ],
)
def test_what_is_usual_on_a_monday(counts: list[int], expected: float) -> None:
    usual = usual_on(MONDAY, days_before(MONDAY, counts))
    assert usual is not None
    assert usual.n_expected == pytest.approx(expected)


def test_a_weekend_is_expected_to_be_like_weekends() -> None:
    saturday = MONDAY + timedelta(days=5)
    before = days_before(saturday, [*weeks(4, [4, 9, 40, 40, 40, 40, 40])])
    on_saturday = usual_on(saturday, before)
    on_sunday = usual_on(saturday + timedelta(days=1), [*before, *days_before(saturday + timedelta(days=1), [4])])
    assert on_saturday is not None
    assert on_sunday is not None
    assert 3 < on_saturday.n_expected < 9
    assert on_sunday.n_expected == 9


def test_of_a_slow_source_the_mean_is_expected_since_its_median_is_nothing() -> None:
    usual = usual_on(MONDAY, days_before(MONDAY, [1, 0, 0] * 14))
    assert usual is not None
    assert usual.n_expected == pytest.approx(1 / 3, abs=0.1)


def test_a_burst_of_a_slow_source_counts_as_a_few_entries() -> None:
    usual = usual_on(MONDAY, days_before(MONDAY, [1, 0] * 10 + [300, 1]))
    assert usual is not None
    assert usual.n_expected < 1


@pytest.mark.parametrize("n_days", [0, 1, MIN_OBSERVED_DAYS - 1])
def test_a_young_source_has_no_usual_yet(n_days: int) -> None:
    assert usual_on(MONDAY, days_before(MONDAY, [40] * n_days)) is None
    assert usual_on(MONDAY, days_before(MONDAY, [40] * MIN_OBSERVED_DAYS)) is not None


def test_days_without_anything_do_not_make_nothing_usual_while_they_last() -> None:
    usual = usual_on(MONDAY, days_before(MONDAY, [40] * 28 + [0] * 28))
    assert usual is not None
    assert usual.n_expected == 40


def test_a_source_that_has_been_silent_for_ever_keeps_what_was_usual() -> None:
    silent = [replace(day, n_expected=7.5) for day in days_before(MONDAY, [0] * HISTORY_DAYS, DayVerdict.SILENT)]
    assert usual_on(MONDAY, silent) == Usual(7.5, 1.0)
    assert is_silent(0, Usual(7.5, 1.0), silent)


@pytest.mark.parametrize(
    ("n_expected", "n_empty_days"),
    [(100.0, 1), (7.0, 1), (4.0, 2), (1.0, 7), (0.5, 14), (0.2, 35)],
)
def test_how_many_empty_days_make_silence(n_expected: float, n_empty_days: int) -> None:
    before = [replace(day, n_expected=n_expected) for day in days_before(MONDAY, [1] + [0] * (n_empty_days - 1))]
    usual = Usual(n_expected, 1.0)
    assert is_silent(0, usual, before)
    assert n_empty_days == 1 or not is_silent(0, usual, [before[0], *before[2:]])


@pytest.mark.parametrize(
    ("n_new", "n_expected", "dispersion", "silent"),
    [
        (0, 40.0, 1.0, True),
        (5, 40.0, 1.0, True),
        (5, 40.0, 10.0, False),  # a source that varies as much as that
        (0, 40.0, 10.0, True),
        (0, 40.0, 30.0, False),
        (20, 40.0, 1.0, False),  # improbable, and yet not thin
        (400, 40.0, 1.0, False),  # a burst
        (0, 0.0, 1.0, False),
        (0, 1e7, 1.0, True),
        (4_000_000, 1e7, 1.0, False),
    ],
)
def test_one_day_is_silent_where_it_is_thin_beyond_chance(
    n_new: int, n_expected: float, dispersion: float, silent: bool
) -> None:
    assert is_silent(n_new, Usual(n_expected, dispersion), []) == silent


def test_a_thin_day_is_no_silence_where_two_such_days_were_none() -> None:
    tuesday, thursday = 1, 10  # of 28 days that begin with a Monday
    for thin, silent in (({}, True), ({tuesday: 3}, True), ({tuesday: 3, thursday: 2}, False)):
        before = days_before(MONDAY, [thin.get(number, 40) for number in range(28)])
        usual = usual_on(MONDAY, before)
        assert usual is not None
        assert is_silent(3, Usual(40.0, 1.0, usual.n_low), before) == silent
    two = [*before[:-1], replace(before[-1], n_new=2, n_expected=40.0)]
    assert is_silent(3, Usual(40.0, 1.0, usual.n_low), two)


def test_a_day_that_brings_something_again_ends_the_silence() -> None:
    silent = [replace(day, n_expected=1.0) for day in days_before(MONDAY, [0] * 20, DayVerdict.SILENT)]
    assert not is_silent(1, Usual(1.0, 1.0), silent)


def test_of_a_day_seen_in_part_that_part_is_expected() -> None:
    assert is_silent(0, Usual(10.0, 1.0), [])
    assert not is_silent(0, Usual(10.0, 1.0), [], watched_share=0.25)


def test_days_from_before_anything_was_usual_prove_no_silence() -> None:
    assert not is_silent(0, Usual(1.0, 1.0), days_before(MONDAY, [0] * 40, DayVerdict.UNKNOWN))


def log_gamma_terms(n: int, mean: float, dispersion: float) -> list[float]:
    """The probabilities of 0 to n entries by the textbook's formulas."""
    if dispersion == 1:
        return [math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(n + 1)]
    size = mean / (dispersion - 1)
    known = size * math.log(1 / dispersion) - math.lgamma(size)
    return [
        math.exp(math.lgamma(size + k) - math.lgamma(k + 1) + known + k * math.log(1 - 1 / dispersion))
        for k in range(n + 1)
    ]


@pytest.mark.parametrize("dispersion", [1.0, 1.5, 4.0, 40.0])
@pytest.mark.parametrize(("n", "mean"), [(0, 0.1), (0, 7.0), (3, 4.5), (40, 60.0), (499, 499.0)])
def test_the_chance_is_that_of_a_negative_binomial(n: int, mean: float, dispersion: float) -> None:
    expected = math.fsum(log_gamma_terms(n, mean, dispersion))
    assert chance_of_at_most(n, mean, dispersion) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dispersion", [1.0, 3.0, 30.0, 1000.0])
def test_where_the_sum_gives_way_to_the_normal_distribution_nothing_is_decided_otherwise(dispersion: float) -> None:
    mean = 600.0 if dispersion == 1 else 600 * (dispersion - 1) / math.log(dispersion)
    for expected in (mean * 0.9999, mean * 1.0001):
        assert chance_of_at_most(int(mean * THIN_SHARE), expected, dispersion) < CHANCE
        assert chance_of_at_most(int(mean), expected, dispersion) > 0.45


COUNTS = st.lists(st.integers(0, 300), min_size=0, max_size=HISTORY_DAYS)


@given(COUNTS, st.integers(0, 300), st.integers(0, 300))
def test_more_new_entries_never_make_a_day_silent(counts: list[int], n_new: int, more: int) -> None:
    before = [replace(day, n_expected=float(day.n_new)) for day in days_before(MONDAY, counts)]
    usual = usual_on(MONDAY, before)
    if usual is not None and not is_silent(n_new, usual, before):
        assert not is_silent(n_new + more, usual, before)


@given(COUNTS)
def test_what_is_usual_lies_within_what_was_seen(counts: list[int]) -> None:
    usual = usual_on(MONDAY, days_before(MONDAY, counts))
    if usual is not None:
        assert 0 <= usual.n_expected <= max(counts)
        assert usual.dispersion >= 1


@given(st.integers(0, 2_000), st.floats(0, 500), st.floats(1, 50), st.integers(0, 100))
def test_the_chance_grows_with_what_came_and_falls_with_what_was_expected(
    n: int, mean: float, dispersion: float, more: int
) -> None:
    chance = chance_of_at_most(n, mean, dispersion)
    assert 0 <= chance <= 1
    assert chance_of_at_most(n + more, mean, dispersion) >= chance
    if mean + more < 100:  # one method for both
        assert chance_of_at_most(n, mean + more, dispersion) <= chance + 1e-9


@given(st.integers(0, 10**6), st.floats(0, 1e9), st.floats(1, 1e6))
def test_however_much_is_expected_the_chance_is_a_probability(n: int, mean: float, dispersion: float) -> None:
    n = min(n, int(mean))
    assert 0 <= chance_of_at_most(n, mean, dispersion) <= 1
