from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.durations import duration, every


@pytest.mark.parametrize(
    ("seconds", "told", "often"),
    [
        (0, "0 seconds", "every 0 seconds"),
        (1, "1 second", "every second"),
        (45, "45 seconds", "every 45 seconds"),
        (60, "1 minute", "every minute"),
        (90, "90 seconds", "every 90 seconds"),
        (2_700, "45 minutes", "every 45 minutes"),
        (3_600, "1 hour", "every hour"),
        (4_200, "70 minutes", "every 70 minutes"),
        (9_000, "2.5 hours", "every 2.5 hours"),
        (86_400, "1 day", "every day"),
        (129_600, "36 hours", "every 36 hours"),
        (604_800, "7 days", "every 7 days"),
        (100 * 86_400, "100 days", "every 100 days"),
    ],
)
def test_a_span_of_time_is_told_in_one_unit_and_in_the_right_number(seconds: float, told: str, often: str) -> None:
    assert duration(seconds) == told
    assert every(seconds) == often


@given(seconds=st.floats(0, 1e10))
def test_what_is_told_is_within_one_percent_of_the_span(seconds: float) -> None:
    amount, unit = duration(seconds).split()
    unit_s = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}[unit.removesuffix("s")]
    assert float(amount) * unit_s == pytest.approx(seconds, rel=0.01, abs=0.5)
    assert (amount == "1") == (not unit.endswith("s"))
