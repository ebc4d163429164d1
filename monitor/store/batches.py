"""Databases take a limited number of parameters: long lists of ids are asked for in portions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

BATCH = 500


def in_batches(ids: Iterable[int]) -> Iterator[list[Any]]:
    """Distinct ids in rising order, `BATCH` at a time."""
    wanted = sorted(set(ids))
    return (wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH))
