"""Which stretch of time does a subscription's next digest stand for, and is that digest due?

A subscription has one slot per local calendar day: its `hour` in its zone. A window runs from the end of the one
before to a slot, so windows neither overlap nor leave gaps, and none is longer than it must be: a daemon that was down
for three days sends one digest of three days. Windows are half-open, [start, end); the start is the key of the ledger.

Refused: a second digest on one local day (also when `hour` or `zone` were changed in between), and a digest more than
`grace_s` late, which would reach the reader at the wrong end of the day: its window goes on to the next slot instead.

Rules for the hours that a change to or from summer time takes away or repeats: RFC 5545 section 3.3.5, the same as
PEP 495 with `fold=0`. An hour that does not exist is read with the offset before the change, of an hour that exists
twice the first counts. So a local day has 23, 24 or 25 hours and still exactly one slot.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.types import Subscription

GRACE_S = 12 * 3600
"""How late a digest may still be sent: the same day, not the next morning."""
FIRST_WINDOW_S = 24 * 3600
"""The length of a subscription's first window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The half-open stretch [start_at, end_at) of one digest, in UTC. `start_at` is unique per subscription."""

    start_at: datetime
    end_at: datetime


def due_window(
    subscription: Subscription, *, now: datetime, last_window_end: datetime | None, grace_s: float = GRACE_S
) -> Window | None:
    """The window of the digest to be sent now; None when none is due.

    `last_window_end` is the end of the newest window in the ledger, sent or not, None when there is none.
    """
    slot_on, slot_at = _latest_slot(subscription, now)
    if (now - slot_at).total_seconds() > grace_s:
        return None
    if last_window_end is None:
        return Window(start_at=slot_at - timedelta(seconds=FIRST_WINDOW_S), end_at=slot_at)
    if slot_at <= last_window_end or slot_on <= _day_of(subscription, last_window_end):
        return None
    return Window(start_at=last_window_end.astimezone(UTC), end_at=slot_at)


def window_until(now: datetime, *, last_window_end: datetime | None) -> Window | None:
    """The window of a digest that a person asks for now, due or not; None when the last window reaches that far."""
    end_at = now.astimezone(UTC)
    if last_window_end is None:
        return Window(start_at=end_at - timedelta(seconds=FIRST_WINDOW_S), end_at=end_at)
    if end_at <= last_window_end:
        return None
    return Window(start_at=last_window_end.astimezone(UTC), end_at=end_at)


def next_slot(subscription: Subscription, *, after: datetime) -> datetime:
    """The first slot later than `after`, in UTC: when it is worth asking `due_window` again."""
    day = _local_day(subscription, after)
    while (slot_at := _slot(subscription, day)) <= after:
        day += timedelta(days=1)
    return slot_at


def _latest_slot(subscription: Subscription, now: datetime) -> tuple[date, datetime]:
    day = _local_day(subscription, now)
    while (slot_at := _slot(subscription, day)) > now:
        day -= timedelta(days=1)
    return day, slot_at


def _slot(subscription: Subscription, day: date) -> datetime:
    local = datetime.combine(day, time(subscription.hour), tzinfo=ZoneInfo(subscription.zone))
    return local.astimezone(UTC)


def _day_of(subscription: Subscription, window_end: datetime) -> date:
    """The day whose digest ended there. In Nuuk the slot of 23:00 falls on the next day when that hour is skipped."""
    day = _local_day(subscription, window_end)
    yesterday = day - timedelta(days=1)
    return yesterday if _slot(subscription, yesterday) == window_end else day


def _local_day(subscription: Subscription, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(subscription.zone)).date()
