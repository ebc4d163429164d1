"""How are the days of a source shown? In a word in a list of feeds, as a table beside one feed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from monitor.cli.output import Column, number
from monitor.coverage import last_finished
from monitor.types import DayVerdict, SourceDay

N_LISTED, N_SHOWN = 7, 14
DAY = timedelta(days=1)
#: The job that judges days comes by once an hour.
JUDGED_WITHIN = timedelta(hours=1)
COLUMNS: tuple[Column | str, ...] = (
    "day (UTC)",
    "verdict",
    number("polls"),
    number("failed"),
    number("new"),
    number("usual"),
    number("gaps"),
)


def window(now: datetime, n_days: int) -> tuple[date, date]:
    """The first and the last of so many finished days."""
    last_on = last_finished(now - JUDGED_WITHIN)
    return last_on - (n_days - 1) * DAY, last_on


def in_short(days: Sequence[SourceDay], last_on: date) -> str:
    """The worst of the days up to `last_on`, the oldest first, in at most 13 characters; "-" where none is judged.

    What lasts comes first: "silent 3 days", "blind 2 days". Then what was: "blind 14 Nov", "blind 3 of 7".
    "until 14 Nov": no day since then is judged.
    """
    judged = [day for day in days if day.verdict is not None]
    if not judged:
        return "-"
    if judged[-1].day_on < last_on:
        return f"until {_brief(judged[-1].day_on)}"
    words = [_word(day) for day in judged]
    if words[-1] in {"blind", "silent"}:
        n_lasting = next((n for n, word in enumerate(reversed(words)) if word != words[-1]), len(words))
        return f"{words[-1]} {n_lasting} {'day' if n_lasting == 1 else 'days'}"
    for bad in ("blind", "silent"):
        found = [day for day, word in zip(judged, words, strict=True) if word == bad]
        if found:
            return f"{bad} {_brief(found[0].day_on) if len(found) == 1 else f'{len(found)} of {len(judged)}'}"
    return words[-1]


def _word(day: SourceDay) -> str:
    assert day.verdict is not None
    if day.verdict.is_blind:
        return "blind"
    return "too new" if day.verdict is DayVerdict.UNKNOWN else str(day.verdict)


def _brief(day_on: date) -> str:
    return f"{day_on.day} {day_on:%b}"


def rows(days: Sequence[SourceDay]) -> list[tuple[object, ...]]:
    """For a table under COLUMNS, the newest day first."""
    return [
        (
            day.day_on,
            "not judged yet" if day.verdict is None else day.verdict.replace("_", " "),
            day.n_polls_ok,
            day.n_polls_failed,
            day.n_new,
            day.n_expected,
            day.n_gaps,
        )
        for day in reversed(days)
    ]


def described(days: Sequence[SourceDay]) -> list[dict[str, Any]]:
    """For JSON, the oldest day first."""
    return [{**asdict(day), "is_blind": None if day.verdict is None else day.verdict.is_blind} for day in days]
