"""Which request may be under way now, so that servers which do not answer hold nobody else up?

A slot is for a request that makes progress. One that has had its slot for longer than `patience_s` gives it up and goes
on in the waiting room, where it costs a connection and no turn; where that room is full it keeps its slot until a place
there is free. So what is under way at once is bounded by slots and places together, and so are the connections.

Pure: the time is an argument. Jobs are told apart by identity, each is queued once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

J = TypeVar("J", bound=Hashable)


class Slots(Generic[J]):
    """First come, first served. `n_slots` is 1 or more, `n_waiting` 0 or more. Every call costs O(1) per job."""

    def __init__(self, *, n_slots: int, n_waiting: int, patience_s: float) -> None:
        self._n_slots = n_slots
        self._n_places = n_waiting
        self._patience_s = patience_s
        self._queued: OrderedDict[J, None] = OrderedDict()
        self._started: OrderedDict[J, float] = OrderedDict()  # in a slot, and since when
        self._overdue: OrderedDict[J, None] = OrderedDict()  # in a slot for too long
        self._waiting: set[J] = set()

    @property
    def n_waiting(self) -> int:
        """How many are in the waiting room."""
        return len(self._waiting)

    def queue(self, jobs: Iterable[J]) -> None:
        """These want a slot, in this order."""
        for job in jobs:
            self._queued[job] = None

    def start(self, now_s: float) -> J | None:
        """The next job, which has a slot from now on; None when no slot is free or nobody wants one."""
        if not self._queued or len(self._started) + len(self._overdue) >= self._n_slots:
            return None
        job, _ = self._queued.popitem(last=False)
        self._started[job] = now_s
        return job

    def leave(self, job: J) -> None:
        """The job is over or no longer wanted, wherever it is; nothing happens for one that is not here."""
        for place in (self._started, self._overdue, self._queued):
            if job in place:
                del place[job]
                return
        self._waiting.discard(job)
        self._fill_waiting_room()

    def sweep(self, now_s: float) -> None:
        """Those who have had their slot for too long make room, as far as there is room for them."""
        while self._started and self.next_sweep_at_s() <= now_s:
            job, _ = self._started.popitem(last=False)
            self._overdue[job] = None
        self._fill_waiting_room()

    def next_sweep_at_s(self) -> float:
        """When the oldest in a slot has had it for too long; infinity when there is none."""
        return next(iter(self._started.values()), float("inf")) + self._patience_s

    def _fill_waiting_room(self) -> None:
        while self._overdue and len(self._waiting) < self._n_places:
            job, _ = self._overdue.popitem(last=False)
            self._waiting.add(job)
