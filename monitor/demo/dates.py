"""Moves every complete timestamp of a document by the same span, so that captured news looks as if it were new.

Works on bytes, whatever the charset: timestamps are ASCII in every one that feeds use. Complete means ISO 8601 with
time and offset, or RFC 822 with time and zone; both keep their offset, zone and spelling, and the weekday follows. What
only looks like a date, or does not exist (32 Jan), stays as it is.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_DAYS = (b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun")

_ISO = re.compile(
    rb"(?<!\d)(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?P<t>[Tt ])(?P<hour>\d\d):(?P<minute>\d\d)"
    rb"(?P<second>:\d\d)?(?P<rest>(?:\.\d+)? ?(?:[Zz]|[+-]\d\d:?\d\d))(?!\d)"
)
_RFC822 = re.compile(
    rb"(?<![\w])(?:(?P<weekday>" + b"|".join(_DAYS) + rb")(?P<comma>, ?))?(?P<day>\d{1,2}) "
    rb"(?P<month>" + b"|".join(_MONTHS) + rb") (?P<year>\d{4}) (?P<hour>\d\d):(?P<minute>\d\d)"
    rb"(?P<second>:\d\d)?(?P<rest> (?:[A-Z]{1,5}|[+-]\d{4}))(?![\w])"
)


def shifted(body: bytes, by: timedelta) -> bytes:
    """The document with all its complete timestamps moved; `by` is taken in whole seconds."""
    whole = timedelta(seconds=round(by.total_seconds()))
    moved = _ISO.sub(lambda found: _iso(found, whole), body)
    return _RFC822.sub(lambda found: _rfc822(found, whole), moved)


def _moved(found: re.Match[bytes], month: int, by: timedelta) -> datetime | None:
    """The local time of the timestamp, moved; its offset plays no part in that."""
    numbers = (int(found[name]) for name in ("year", "day", "hour", "minute"))
    year, day, hour, minute = numbers
    second = int(found["second"][1:]) if found["second"] else 0
    try:
        return datetime(year, month, day, hour, minute, second) + by  # noqa: DTZ001 - local to the text's own offset
    except (ValueError, OverflowError):
        return None


def _iso(found: re.Match[bytes], by: timedelta) -> bytes:
    at = _moved(found, int(found["month"]), by)
    if at is None:
        return found[0]
    clock = f"{at:%H:%M:%S}" if found["second"] else f"{at:%H:%M}"
    return f"{at:%Y-%m-%d}".encode().rjust(10, b"0") + found["t"] + clock.encode() + found["rest"]


def _rfc822(found: re.Match[bytes], by: timedelta) -> bytes:
    at = _moved(found, _MONTHS.index(found["month"]) + 1, by)
    if at is None:
        return found[0]
    weekday = _DAYS[at.weekday()] + found["comma"] if found["weekday"] else b""
    day = str(at.day).rjust(len(found["day"]), "0").encode()
    clock = f"{at:%H:%M:%S}" if found["second"] else f"{at:%H:%M}"
    return b"%s%s %s %04d %s%s" % (weekday, day, _MONTHS[at.month - 1], at.year, clock.encode(), found["rest"])
