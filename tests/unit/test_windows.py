from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from monitor.digest.windows import Window, due_window, next_slot, window_until
from monitor.types import Subscription, SubscriptionId


def _subscription(zone: str, hour: int = 7) -> Subscription:
    return Subscription(id=SubscriptionId(1), name="Daily", recipients=("a@mail.example",), hour=hour, zone=zone)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _replay(subscription: Subscription, *, start: datetime, end: datetime, step_s: int = 600) -> list[Window]:
    """What a daemon that asks every `step_s` seconds would have sent."""
    windows: list[Window] = []
    now = start
    while now < end:
        window = due_window(subscription, now=now, last_window_end=windows[-1].end_at if windows else None)
        if window:
            windows.append(window)
        now += timedelta(seconds=step_s)
    return windows


def test_the_first_window_starts_24_hours_before_its_end() -> None:
    window = due_window(_subscription("Europe/Berlin"), now=_utc("2026-01-06T06:00"), last_window_end=None)
    assert window == Window(start_at=_utc("2026-01-05T06:00"), end_at=_utc("2026-01-06T06:00"))


def test_nothing_is_due_a_moment_before_the_slot() -> None:
    last = _utc("2026-01-05T06:00")
    assert due_window(_subscription("Europe/Berlin"), now=_utc("2026-01-06T05:59:59"), last_window_end=last) is None


def test_a_window_begins_where_the_last_one_ended() -> None:
    window = due_window(
        _subscription("Asia/Kathmandu"), now=_utc("2026-01-06T01:20"), last_window_end=_utc("2026-01-05T01:15")
    )
    assert window == Window(start_at=_utc("2026-01-05T01:15"), end_at=_utc("2026-01-06T01:15"))


def test_a_window_is_never_given_twice() -> None:
    subscription = _subscription("Asia/Kathmandu")
    sent_end = _utc("2026-01-06T01:15")
    for minutes in (0, 1, 60, 23 * 60 + 59):
        assert due_window(subscription, now=sent_end + timedelta(minutes=minutes), last_window_end=sent_end) is None


@pytest.mark.parametrize(("late_by", "is_sent"), [(timedelta(hours=12), True), (timedelta(hours=12, seconds=1), False)])
def test_a_late_start_still_sends_within_the_grace(late_by: timedelta, is_sent: bool) -> None:
    slot_at = _utc("2026-01-06T06:00")
    window = due_window(
        _subscription("Europe/Berlin"), now=slot_at + late_by, last_window_end=slot_at - timedelta(days=1)
    )
    assert (window is not None) is is_sent


def test_a_window_too_late_to_send_goes_on_to_the_next_slot() -> None:
    subscription = _subscription("Europe/Berlin")
    last = _utc("2026-01-05T06:00")
    assert due_window(subscription, now=_utc("2026-01-06T20:00"), last_window_end=last) is None
    window = due_window(subscription, now=_utc("2026-01-07T06:00"), last_window_end=last)
    assert window == Window(start_at=last, end_at=_utc("2026-01-07T06:00"))


def test_a_daemon_down_for_three_days_sends_one_digest_of_three_days() -> None:
    subscription = _subscription("America/Santiago", hour=8)
    last = _utc("2026-06-01T12:00")
    window = due_window(subscription, now=_utc("2026-06-04T15:30"), last_window_end=last)
    assert window == Window(start_at=last, end_at=_utc("2026-06-04T12:00"))
    assert due_window(subscription, now=_utc("2026-06-04T15:31"), last_window_end=_utc("2026-06-04T12:00")) is None


@pytest.mark.parametrize(
    ("zone", "hour", "first_day", "lengths_h"),
    [
        # 29 March 2026: 02:00 does not exist in Berlin; 25 October: it exists twice.
        ("Europe/Berlin", 7, "2026-03-27T12:00", [24, 24, 23, 24]),
        ("Europe/Berlin", 2, "2026-03-27T12:00", [24, 24, 24, 23]),
        ("Europe/Berlin", 7, "2026-10-23T12:00", [24, 24, 25, 24]),
        ("Europe/Berlin", 2, "2026-10-23T12:00", [24, 24, 24, 25]),
        # Santiago changes at midnight: 6 September 2026 has no 00:00, 4 April has 23:00 twice.
        ("America/Santiago", 0, "2026-09-04T12:00", [24, 24, 24, 23]),
        ("America/Santiago", 23, "2026-04-02T12:00", [24, 24, 24, 25]),
        # Nuuk changes at 23:00 on Saturday, 28 March 2026: the digest of that hour falls on Sunday 00:00.
        ("America/Nuuk", 7, "2026-03-26T12:00", [24, 24, 24, 23]),
        # Lord Howe Island changes by half an hour, Kathmandu never.
        ("Australia/Lord_Howe", 7, "2026-10-01T12:00", [24, 24, 24, 23.5]),
        ("Asia/Kathmandu", 7, "2026-03-27T12:00", [24, 24, 24, 24]),
    ],
)
def test_every_local_day_has_one_window_also_when_the_clocks_change(
    zone: str, hour: int, first_day: str, lengths_h: list[float]
) -> None:
    start = _utc(first_day).replace(tzinfo=ZoneInfo(zone))
    windows = _replay(_subscription(zone, hour), start=start, end=start + timedelta(days=4, hours=23, minutes=30))
    local_days = [window.end_at.astimezone(ZoneInfo(zone)).date() for window in windows]
    assert local_days == [local_days[0] + timedelta(days=n) for n in range(len(windows))]
    assert [(w.end_at - w.start_at) / timedelta(hours=1) for w in windows][: len(lengths_h)] == lengths_h
    assert all(later.start_at == earlier.end_at for earlier, later in pairwise(windows))


def test_an_hour_that_does_not_exist_is_the_moment_of_the_change() -> None:
    window = due_window(
        _subscription("Europe/Berlin", hour=2), now=_utc("2026-03-29T01:00"), last_window_end=_utc("2026-03-28T01:00")
    )
    assert window is not None
    assert window.end_at == _utc("2026-03-29T01:00")  # 03:00 summer time, the instant after 01:59


def test_of_an_hour_that_exists_twice_the_first_counts() -> None:
    subscription = _subscription("Europe/Berlin", hour=2)
    window = due_window(subscription, now=_utc("2026-10-25T00:00"), last_window_end=_utc("2026-10-24T00:00"))
    assert window is not None
    assert window.end_at == _utc("2026-10-25T00:00")
    assert due_window(subscription, now=_utc("2026-10-25T01:00"), last_window_end=window.end_at) is None


def test_a_slot_pushed_past_midnight_does_not_cost_the_next_day_its_digest() -> None:
    zone = ZoneInfo("America/Nuuk")  # 23:00 on 28 March 2026 does not exist there
    windows = _replay(
        _subscription("America/Nuuk", hour=23),
        start=datetime(2026, 3, 27, 23, tzinfo=zone),
        end=datetime(2026, 3, 31, 12, tzinfo=zone),
    )
    assert [str(w.end_at.astimezone(zone))[:16] for w in windows] == [
        "2026-03-27 23:00",
        "2026-03-29 00:00",
        "2026-03-29 23:00",
        "2026-03-30 23:00",
    ]


def test_a_calendar_day_that_a_zone_skipped_gives_no_empty_window() -> None:
    zone = ZoneInfo("Pacific/Apia")  # went from 29 to 31 December 2011
    windows = _replay(
        _subscription("Pacific/Apia"),
        start=datetime(2011, 12, 28, 7, tzinfo=zone),
        end=datetime(2012, 1, 2, 12, tzinfo=zone),
    )
    assert [w.end_at.astimezone(zone).day for w in windows] == [28, 29, 31, 1, 2]
    assert {(w.end_at - w.start_at) / timedelta(hours=1) for w in windows} == {24}


def test_a_later_hour_does_not_bring_a_second_digest_on_the_same_day() -> None:
    last = _utc("2026-01-06T06:00")
    moved = _subscription("Europe/Berlin", hour=18)
    assert due_window(moved, now=_utc("2026-01-06T17:30"), last_window_end=last) is None
    assert due_window(moved, now=_utc("2026-01-07T17:30"), last_window_end=last) == Window(
        start_at=last, end_at=_utc("2026-01-07T17:00")
    )


def test_a_clock_that_was_set_back_sends_nothing() -> None:
    assert (
        due_window(
            _subscription("Europe/Berlin"), now=_utc("2026-01-06T06:30"), last_window_end=_utc("2026-01-08T06:00")
        )
        is None
    )


def test_three_years_of_asking_every_hour_leave_no_gap_and_no_overlap() -> None:
    start = _utc("2025-01-01T00:00")
    for zone in ("Europe/Berlin", "Asia/Kathmandu", "America/Santiago"):
        windows = _replay(_subscription(zone), start=start, end=start + timedelta(days=1096), step_s=3600)
        assert len(windows) == 1096
        assert len({w.start_at for w in windows}) == 1096
        assert all(later.start_at == earlier.end_at for earlier, later in pairwise(windows))


def test_a_digest_asked_for_by_hand_covers_all_since_the_last_one() -> None:
    now = _utc("2026-01-06T15:00")
    last = _utc("2026-01-06T06:00")
    assert window_until(now, last_window_end=last) == Window(start_at=last, end_at=now)
    assert window_until(now, last_window_end=None) == Window(start_at=now - timedelta(days=1), end_at=now)
    assert window_until(now, last_window_end=now) is None


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-01-06T05:59", "2026-01-06T06:00"),
        ("2026-01-06T06:00", "2026-01-07T06:00"),
        ("2026-03-28T06:00", "2026-03-29T05:00"),
    ],
)
def test_the_next_slot_is_later_than_now(after: str, expected: str) -> None:
    assert next_slot(_subscription("Europe/Berlin"), after=_utc(after)) == _utc(expected)
