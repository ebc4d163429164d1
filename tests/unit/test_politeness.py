from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from monitor.politeness import MAX_RETRY_AFTER, next_slot, parse_retry_after

NOW = datetime(2026, 1, 6, 12, 0, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_host_never_asked_before_is_free_again_after_the_spacing() -> None:
    assert next_slot(NOW, next_at=None, spacing_s=2, slow_factor=1) == after(2)


def test_a_host_whose_slot_has_passed_counts_from_now() -> None:
    assert next_slot(NOW, next_at=after(-500), spacing_s=2, slow_factor=1) == after(2)


def test_a_slot_in_the_future_is_taken_first() -> None:
    assert next_slot(NOW, next_at=after(30), spacing_s=2, slow_factor=1) == after(32)


def test_repeated_calls_hand_out_one_slot_after_the_other() -> None:
    slots, next_at = [], None
    for _ in range(3):
        next_at = next_slot(NOW, next_at=next_at, spacing_s=1.5, slow_factor=2)
        slots.append(next_at)
    assert slots == [after(3), after(6), after(9)]


def test_a_slow_host_is_never_asked_faster_and_no_host_waits_for_ever() -> None:
    assert next_slot(NOW, next_at=None, spacing_s=2, slow_factor=0.1) == after(2)
    assert next_slot(NOW, next_at=None, spacing_s=-5, slow_factor=1) == NOW
    assert next_slot(NOW, next_at=None, spacing_s=60, slow_factor=1e9) == after(3_600)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", after(120)),
        (" 0 ", NOW),
        ("000060", after(60)),
        ("604800", after(604_800)),
        ("604801", NOW + MAX_RETRY_AFTER),
        ("9" * 5_000, NOW + MAX_RETRY_AFTER),
        ("Tue, 06 Jan 2026 12:30:00 GMT", after(1_800)),
        ("Tuesday, 06-Jan-26 12:30:00 GMT", after(1_800)),
        ("Tue Jan  6 12:30:00 2026", after(1_800)),
        ("Tue, 06 Jan 2026 14:30:00 +0200", after(1_800)),
        ("Tue, 06 Jan 2026 11:00:00 GMT", NOW),
        ("Wed, 06 Jan 2027 12:00:00 GMT", NOW + MAX_RETRY_AFTER),
    ],
)
def test_retry_after_is_read_in_every_form_and_held_between_now_and_a_week(value: str, expected: datetime) -> None:
    assert parse_retry_after(value, NOW) == expected


@pytest.mark.parametrize(
    "value",
    ["", "soon", "-5", "1.5", "٣٠", "0x10", "Tue, 99 Jan 2026 12:30:00 GMT", "06 Jan", "Tue, 06 Jan 99999 1:1:1 GMT"],
)
def test_nonsense_is_no_retry_after(value: str) -> None:
    assert parse_retry_after(value, NOW) is None


def test_a_moment_is_understood_whatever_zone_now_is_given_in() -> None:
    here = NOW.astimezone(timezone(timedelta(hours=5)))
    assert parse_retry_after("60", here) == after(60)
    assert parse_retry_after("Tue, 06 Jan 2026 12:30:00 GMT", here) == after(1_800)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Tue, 06 Jan 2026 12:00:00 GMT", after(1_800)),
        ("Mon, 05 Jan 2026 12:00:00 GMT", after(86_400 + 1_800)),
        ("Tue, 06 Jan 2026 12:29:00 GMT", after(60)),
        ("Wed, 07 Jan 2026 12:00:00 GMT", NOW),
        ("Thu, 01 Jan 1970 00:00:00 GMT", NOW + MAX_RETRY_AFTER),
        ("noon", after(1_800)),
        ("", after(1_800)),
        (None, after(1_800)),
    ],
)
def test_a_moment_by_the_clock_of_the_server_is_the_same_wait_by_ours(date: str | None, expected: datetime) -> None:
    assert parse_retry_after("Tue, 06 Jan 2026 12:30:00 GMT", NOW, date) == expected


def test_seconds_are_the_same_whatever_the_clock_of_the_server_says() -> None:
    assert parse_retry_after("120", NOW, "Thu, 01 Jan 1970 00:00:00 GMT") == after(120)


def test_a_zone_that_leads_out_of_the_years_is_nonsense() -> None:
    assert parse_retry_after("Fri, 31 Dec 9999 23:59:59 -2300", NOW) is None
