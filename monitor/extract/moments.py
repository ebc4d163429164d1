"""When was an article published, who says so, and how exactly?

The feed comes first, then what the page declares (JSON-LD, meta elements), last what is found in its markup and text.
`parse_declared_date` reads ISO 8601 as pages declare it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.types import DateOrigin, Precision

_FIRST_YEAR = 1990


@dataclass(frozen=True, slots=True)
class Moment:
    """A date of publication; `at` None: nobody says."""

    at: datetime | None = None
    precision: Precision = Precision.UNKNOWN
    origin: DateOrigin = DateOrigin.FIRST_SEEN


def choose_moment(candidates: Sequence[Moment]) -> Moment:
    """The first of the candidates that says anything."""
    return next((moment for moment in candidates if moment.at is not None), Moment())


def parse_declared_date(raw: str) -> tuple[datetime | None, Precision]:
    """ISO 8601 as pages declare it; a naive time is UTC. Years before 1990 and anything else give None."""
    raw = raw.strip()
    try:
        moment = datetime.fromisoformat(raw)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None, Precision.UNKNOWN
    if moment.year < _FIRST_YEAR:
        return None, Precision.UNKNOWN
    return moment, Precision.MINUTE if ":" in raw or "T" in raw else Precision.DAY
