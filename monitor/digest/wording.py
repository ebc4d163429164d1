"""How are moments, counts and long texts put into the words of a mail?

English, without the process's locale; moments in the reader's zone, on a 24-hour clock, with as much of the date as the
reader needs. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = tuple("January February March April May June July August September October November December".split())


def day_words(moment: datetime, zone: ZoneInfo) -> str:
    """The local day as `Tuesday 6 January`."""
    local = moment.astimezone(zone)
    return f"{_WEEKDAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}"


def moment_words(moment: datetime, zone: ZoneInfo) -> str:
    """The local minute with its full date: `Tue 6 January 2026, 07:01`."""
    local = moment.astimezone(zone)
    return f"{_WEEKDAYS[local.weekday()][:3]} {local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"


def when_words(moment: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """The local minute as briefly as it is clear at `now`: `05:12`, `Mon 5 Jan, 21:40` or `28 Dec 2025, 21:40`."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    month = _MONTHS[local.month - 1][:3]
    if local.year == today.year or abs((today - local).days) < 7:
        return f"{_WEEKDAYS[local.weekday()][:3]} {local.day} {month}, {local:%H:%M}"
    return f"{local.day} {month} {local.year}, {local:%H:%M}"


def counted(n: int, one: str, many: str | None = None) -> str:
    """A count with its noun: `1 story`, `1,204 stories`; the plural is the singular and an s unless given."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def joined(names: Sequence[str], *, n_max: int = 3) -> str:
    """Names as `A`, `A and B`, `A, B and C` or, above `n_max`, `A, B and 5 more`. Empty for none."""
    if len(names) <= 1:
        return "".join(names)
    if len(names) <= n_max:
        return f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{', '.join(names[: n_max - 1])} and {len(names) - n_max + 1:,} more"


def clipped(text: str, n_max: int) -> str:
    """At most `n_max` characters, cut between words where there are any, with an ellipsis when something is missing."""
    if len(text) <= n_max:
        return text
    cut = text[: n_max - 1]
    at_word, _, _ = cut.rpartition(" ")
    if len(at_word) > n_max * 2 // 3:
        cut = at_word
    return cut.rstrip(" ,;:.–—-") + "…"
