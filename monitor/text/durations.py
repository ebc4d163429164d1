"""How is a span of time told to people? In one unit, rounded, in the singular where it is one; refuses nothing."""

from __future__ import annotations

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def duration(seconds: float) -> str:
    """45 seconds, 1 minute, 90 minutes, 1 hour, 2.5 hours, 7 days."""
    for unit_s, unit in _UNITS:
        if seconds == unit_s:
            return f"1 {unit}"
        if seconds >= 2 * unit_s:
            return f"{_rounded(seconds / unit_s)} {unit}s"
    whole_s = round(seconds)
    return "1 second" if whole_s == 1 else f"{whole_s} seconds"


def every(seconds: float) -> str:
    """How often, for what comes once in that span: every hour, every 90 minutes."""
    return f"every {duration(seconds).removeprefix('1 ')}"


def _rounded(amount: float) -> str:
    """Two decimals below ten, one below a hundred, none above; without zeros at the end."""
    n_decimals = 2 if amount < 10 else 1 if amount < 100 else 0
    text = f"{amount:.{n_decimals}f}"
    return text.rstrip("0").rstrip(".") if n_decimals else text
