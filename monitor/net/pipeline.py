"""Hands requests from any thread to the event loop of the HTTP door, and the answers back, many at a time.

`Fetches` is the caller's side and safe for threads; `Pipeline` lives on the loop and starts what `Slots` lets start.
What crosses the threads crosses in batches: one call for each hand-over, one for all answers of one turn of the loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog

from monitor.net.slots import Slots
from monitor.types import Failure, Reason, Request, Response
from monitor.urls import masked

log = structlog.get_logger()

STOP_POLL_S = 0.1
PATIENCE_S = 0.3
"""How long a request may take before it gives its slot up to another."""


@dataclass(slots=True, eq=False)
class _Job:
    key: int
    request: Request
    owner: Fetches
    task: asyncio.Task[Response | Failure] | None = None


class Fetches:
    """What one caller has open: `add` requests under keys of its own, `take` the answers as they come.

    A context manager; leaving it cancels what is open, and answers not yet taken are dropped. Once `stop` is set or the
    door closed, all that is open and all that is added later is answered by Failure(STOPPED).
    """

    def __init__(
        self,
        hand_over: Callable[[Callable[[], None]], bool],
        pipeline: Pipeline,
        *,
        stop: threading.Event | None,
    ) -> None:
        self._hand_over = hand_over  # calls on the loop; False when the door is closed
        self._pipeline = pipeline
        self._stop = stop
        self._changed = threading.Condition()
        self._ready: list[tuple[int, Response | Failure]] = []
        self._n_open = 0
        self._n_wanted = 1
        self._is_stopped = False
        self._is_left = False
        self._defect: BaseException | None = None
        # what follows is the loop's
        self.open_jobs: dict[_Job, None] = {}
        self._arrived: list[tuple[int, Response | Failure]] = []
        self._watch: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        if self._stop is not None and self._stop.is_set():
            self._is_stopped = True
        else:
            self._is_stopped = not self._hand_over(self._begin)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._changed:
            self._is_left = True
            self._n_open = 0
            self._ready.clear()
            self._changed.notify_all()
        self._hand_over(self._abandon)

    @property
    def n_open(self) -> int:
        """How many were added and not yet taken."""
        return self._n_open

    @property
    def n_active(self) -> int:
        """An estimate of `n_open` without those that sit in the waiting room for a silent server; never less than 0.

        Those of other callers of the door are counted there too, so it may be too low.
        """
        return max(0, self._n_open - self._pipeline.n_waiting)

    def add(self, items: Iterable[tuple[int, Request]]) -> None:
        """Hand these over; returns at once. The keys are the caller's and need not be unique."""
        jobs = [_Job(key, request, self) for key, request in items]
        with self._changed:
            if self._is_left:
                raise RuntimeError("requests were added after the end of their context")
            self._n_open += len(jobs)
        if self._is_stopped or not self._hand_over(lambda: self._pipeline.accept(self, jobs)):
            self._deliver((job.key, stopped(job.request)) for job in jobs)

    def take(self, *, timeout_s: float, at_least: int = 1) -> list[tuple[int, Response | Failure]]:
        """All answers that are there. Waits until there are `at_least` so many, or all that are open, or `timeout_s`.

        With nothing open it waits too, for another thread may add; after the end (stop, closed door) it does not wait.
        """
        with self._changed:
            self._n_wanted = at_least
            self._changed.wait_for(self._has_enough, timeout_s)
            if self._defect is not None:
                raise self._defect
            taken, self._ready = self._ready, []
            self._n_open -= len(taken)
        return taken

    def _has_enough(self) -> bool:
        n_ready = len(self._ready)
        if n_ready == self._n_open and (n_ready or self._is_stopped):
            return True
        return n_ready >= self._n_wanted or self._is_left or self._defect is not None

    def _deliver(self, answers: Iterable[tuple[int, Response | Failure]]) -> None:
        with self._changed:
            if not self._is_left:
                self._ready.extend(answers)
                if self._has_enough():
                    self._changed.notify_all()

    # --- on the loop ---

    def settle(self, job: _Job, outcome: Response | Failure | BaseException) -> None:
        """This job's answer, unless it had one already. An exception is a defect of ours: `take` raises it."""
        if job not in self.open_jobs:
            return
        del self.open_jobs[job]
        if isinstance(outcome, BaseException):
            with self._changed:
                self._defect = outcome
                self._changed.notify_all()
            return
        if not self._arrived:
            asyncio.get_running_loop().call_soon(self._hand_in)
        self._arrived.append((job.key, outcome))

    def end(self) -> None:
        """Everything open is answered by STOPPED, and everything added from now on."""
        self._cancel_watch()
        self._pipeline.members.discard(self)
        for job in list(self.open_jobs):
            self.settle(job, stopped(job.request))
            self._pipeline.drop(job)
        self._hand_in()
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def _begin(self) -> None:
        self._pipeline.members.add(self)
        if self._stop is not None:
            self._look_at_stop(self._stop)

    def _look_at_stop(self, stop: threading.Event) -> None:
        """The event is a thread's, and whoever sets it knows no loop."""
        if stop.is_set():
            self.end()
        else:
            self._watch = asyncio.get_running_loop().call_later(STOP_POLL_S, self._look_at_stop, stop)

    def _hand_in(self) -> None:
        arrived, self._arrived = self._arrived, []
        self._deliver(arrived)

    def _abandon(self) -> None:
        self._cancel_watch()
        self._pipeline.members.discard(self)
        for job in self.open_jobs:
            self._pipeline.drop(job)
        self.open_jobs.clear()

    def _cancel_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None


class Pipeline:
    """Runs `ask` for the jobs of all callers, in the order they came; everything here runs on the loop's thread."""

    def __init__(
        self, ask: Callable[[Request], Coroutine[None, None, Response | Failure]], *, concurrency: int, n_waiting: int
    ) -> None:
        self.members: set[Fetches] = set()
        self._ask = ask
        self._slots: Slots[_Job] = Slots(n_slots=concurrency, n_waiting=n_waiting, patience_s=PATIENCE_S)
        self._tasks: dict[asyncio.Task[Response | Failure], _Job] = {}
        self._sweeping: asyncio.TimerHandle | None = None

    @property
    def n_waiting(self) -> int:
        """How many requests of all callers sit in the waiting room; may be read by any thread."""
        return self._slots.n_waiting

    def accept(self, owner: Fetches, jobs: Sequence[_Job]) -> None:
        """Queue these jobs of `owner`, which may have ended while they were on their way."""
        for job in jobs:
            owner.open_jobs[job] = None
        if owner not in self.members:
            owner.end()
            return
        self._slots.queue(jobs)
        self._start()

    def drop(self, job: _Job) -> None:
        """Whatever comes of this job, nobody wants it any more."""
        if job.task is None:
            self._slots.leave(job)
        else:
            job.task.cancel()  # its slot is free when it has really ended

    async def close(self) -> None:
        """End all callers' work; returns when nothing is under way."""
        for member in list(self.members):
            member.end()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._sweeping is not None:
            self._sweeping.cancel()

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        while (job := self._slots.start(loop.time())) is not None:
            job.task = loop.create_task(self._ask(job.request))
            self._tasks[job.task] = job
            job.task.add_done_callback(self._done)
        if self._sweeping is None:
            self._plan_sweep(loop)

    def _done(self, task: asyncio.Task[Response | Failure]) -> None:
        job = self._tasks.pop(task)
        self._slots.leave(job)
        job.owner.settle(job, _outcome(task, job.request))
        self._start()

    def _plan_sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        at_s = self._slots.next_sweep_at_s()
        self._sweeping = loop.call_at(at_s, self._sweep) if at_s < float("inf") else None

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        self._slots.sweep(loop.time())
        self._sweeping = None
        self._start()


def _outcome(task: asyncio.Task[Response | Failure], request: Request) -> Response | Failure | BaseException:
    """An exception that nobody foresaw fails this request and no other; only what ends the process is handed on."""
    if task.cancelled():
        return stopped(request)
    error = task.exception()
    if isinstance(error, Exception):
        log.error("http.defect", url=masked(request.url), exc_info=error)
        return Failure(url=request.url, reason=Reason.PROTOCOL, detail=f"asking failed: {type(error).__name__}")
    return error or task.result()


def stopped(request: Request) -> Failure:
    """The answer for a request that we gave up because we ended, and not because of the server."""
    return Failure(url=request.url, reason=Reason.STOPPED, detail="stopped before the answer was complete")
