"""How is code that may hang, blow up or die run on hostile input?

In a pool of processes that can be killed. A function gets a deadline of running time, at which its worker is killed
and another one started; the other inputs are not disturbed. What goes wrong comes back as
a `WorkFailure` in the place of the result; nothing here waits without a limit, and no worker outlives its parent.

Functions and their arguments travel by pickle: only importable top-level functions can be run. Processes are spawned,
never forked (a fork would inherit locks and database connections).

Traps this code knows of (pebble 5.2): a future may never resolve when the pool stops or breaks; a worker that dies
while idle breaks the whole pool; the parent-death signal of Linux is sent when the *thread* that started a worker
ends; inputs handed over in advance are worked on even after they were cancelled; a worker killed from outside in the
very moment when it hands over a result takes a lock with it and stalls the pool, which is noticed and mended when
nothing has come back for the deadline plus 60 s.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

from pebble import CONSTS, ProcessExpired, ProcessPool

from monitor.types import Reason

T = TypeVar("T")

_POLL_S = 0.2
_START_MAX_S = 60.0
"""How long a worker may take to start and warm up before the pool counts as stuck."""
_CLOSE_MAX_S = 5.0
_MAX_ATTEMPTS = 3
"""How often an input is tried when the pool breaks for reasons that have nothing to do with it."""
_N_AHEAD = 4
"""Inputs in flight for each worker: the caller may be busy for the time that three of them take."""
_KILL_S = 0.4
"""How long it takes the pool to notice that a time is over, and to kill (measured): it is told of an earlier one."""
_LOST = "not finished"
_PR_SET_PDEATHSIG = 1
CONSTS.term_timeout = 0.05  # our workers ignore SIGTERM: pebble need not wait between SIGTERM and SIGKILL


@dataclass(frozen=True, slots=True)
class WorkFailure:
    """Why there is no result: the deadline, memory, a dead worker (or an exception, named in `detail`), or a stop."""

    reason: Reason
    detail: str = ""


class WorkerPool:
    """Killable worker processes, started at the first input. Threads may share it; `close` it at the end."""

    def __init__(self, *, n_processes: int, memory_max_bytes: int, warm: Callable[[], None] | None = None) -> None:
        """`memory_max_bytes` is what one worker may allocate beyond its own size after `warm` (enforced on Linux)."""
        self._n_processes = n_processes
        self._memory_max_bytes = memory_max_bytes
        self._warm = warm
        self._lock = threading.Lock()
        self._pool: ProcessPool | None = None
        self._retired = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def run(
        self,
        fn: Callable[..., T],
        args_list: Sequence[tuple[Any, ...]],
        *,
        deadline_s: float,
        stop: threading.Event | None = None,
        timeout_reason: Reason = Reason.EXTRACT_TIMEOUT,
        on_done: Callable[[int], None] | None = None,
    ) -> list[T | WorkFailure]:
        """`fn(*args)` for each element, results in the order given; each may run `deadline_s` seconds.

        `stop` ends the run within about 0.2 s: what is not finished is a failure with Reason.STOPPED. `on_done` is
        called in this thread with the number of finished inputs.
        """
        results: dict[int, T | WorkFailure] = {}
        with self.works(fn, deadline_s=deadline_s, stop=stop, timeout_reason=timeout_reason) as works:
            works.add(enumerate(args_list))
            while works.n_open:
                for number, result in works.take(timeout_s=_POLL_S):
                    results[number] = result
                    if on_done is not None and not _is_stopped(result):
                        on_done(len(results))
        return [results[number] for number in range(len(args_list))]

    def works(
        self,
        fn: Callable[..., T],
        *,
        deadline_s: float,
        stop: threading.Event | None = None,
        timeout_reason: Reason = Reason.EXTRACT_TIMEOUT,
    ) -> Works[T]:
        """A stream of inputs for `fn` and of its results, to be used as a context; see `Works`."""
        call = _Call(
            fn=fn,
            deadline_s=deadline_s,
            n_in_flight=_N_AHEAD * self._n_processes,
            stop=stop or threading.Event(),
            timeout_reason=timeout_reason,
        )
        return Works(call, running_pool=self._running_pool, retire=self._retire)

    def close(self) -> None:
        """Kills the workers; takes at most about 5 s. The pool may be used again, it would start anew."""
        with self._lock:
            pool = self._pool
        if pool is not None:
            self._retire(pool)

    def _running_pool(self) -> ProcessPool:
        with self._lock:
            if self._pool is None or not self._pool.active:
                self._retired.set()
                self._retired = threading.Event()
                self._pool = self._started_pool(self._retired)
            return self._pool

    def _started_pool(self, retired: threading.Event) -> ProcessPool:
        """A pool whose first workers belong to a thread that lives as long as the pool (see parent-death signal)."""
        pool = ProcessPool(
            max_workers=self._n_processes,
            initializer=_prepare_worker,
            initargs=(os.getpid(), self._memory_max_bytes, self._warm),
            context=cast("Any", multiprocessing.get_context("spawn")),
        )
        started = threading.Event()

        def keep() -> None:
            with contextlib.suppress(BrokenProcessPool, OSError):
                _ = pool.active  # starts it
            started.set()
            retired.wait()

        threading.Thread(target=keep, name="worker-keeper", daemon=True).start()
        started.wait(_START_MAX_S)
        return pool

    def _retire(self, pool: ProcessPool) -> None:
        with self._lock:
            if self._pool is not pool:
                return
            self._pool = None
            retired = self._retired
        closing = threading.Thread(target=_stop_pool, args=(pool,), name="worker-closing", daemon=True)
        closing.start()
        closing.join(_CLOSE_MAX_S)
        retired.set()  # the keeper ends, and with it whatever worker is left of its own


def _stop_pool(pool: ProcessPool) -> None:
    with contextlib.suppress(Exception):
        pool.stop()  # type: ignore[no-untyped-call] # pebble leaves it without annotation
        pool.join(timeout=_CLOSE_MAX_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call(Generic[T]):
    """What is called, and on which terms. Few inputs are in flight at once, so that a stop loses little."""

    fn: Callable[..., T]
    deadline_s: float
    n_in_flight: int
    stop: threading.Event
    timeout_reason: Reason


@dataclass(frozen=True, slots=True)
class _Input:
    """What one call is given. `n_attempts`: how often the pool broke while it was in flight."""

    key: int
    args: tuple[Any, ...]
    n_attempts: int = 0


class Works(Generic[T]):
    """What one caller has open: `add` inputs under keys of its own, `take` the results as they come.

    Some inputs more than there are workers are handed over in advance, so that these go on while the caller is busy.
    A context manager; leaving it forgets what is open. For one thread.
    """

    def __init__(
        self, call: _Call[T], *, running_pool: Callable[[], ProcessPool], retire: Callable[[ProcessPool], None]
    ) -> None:
        self._call = call
        self._running_pool = running_pool
        self._retire = retire
        self._pool: ProcessPool | None = None
        self._queue: deque[_Input] = deque()
        self._under_way: dict[Future[T], _Input] = {}
        self._idle_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._forget()

    @property
    def n_open(self) -> int:
        """How many were added and not yet taken."""
        return len(self._queue) + len(self._under_way)

    def add(self, items: Iterable[tuple[int, tuple[Any, ...]]]) -> None:
        """Hand over these keys and arguments; returns at once."""
        self._queue.extend(_Input(key, args) for key, args in items)
        self._hand_over()

    def take(self, *, timeout_s: float) -> list[tuple[int, T | WorkFailure]]:
        """All results that are there; waits up to `timeout_s` for the first. After a stop all that is open has failed.

        Nothing is waited for without anything open.
        """
        waited_s, taken = 0.0, list[tuple[int, T | WorkFailure]]()
        while not taken and self.n_open:
            if self._call.stop.is_set():
                return self._give_up(self._forget(), WorkFailure(Reason.STOPPED, _LOST))
            self._hand_over()
            slice_s = min(_POLL_S, timeout_s - waited_s)
            done, _ = wait(self._under_way, timeout=max(0.0, slice_s), return_when=FIRST_COMPLETED)
            waited_s += slice_s
            self._idle_s = 0.0 if done else self._idle_s + slice_s
            taken = [*self._results(done), *self._after_breakdown(is_idle=not done)]
            if waited_s >= timeout_s:
                break
        self._hand_over()
        return taken

    def _hand_over(self) -> None:
        """Keep the workers supplied. The pool may break meanwhile: its futures tell what became of their inputs."""
        call = self._call
        with contextlib.suppress(RuntimeError):
            while self._queue and len(self._under_way) < call.n_in_flight and not call.stop.is_set():
                if not self._under_way:
                    self._pool, self._idle_s = self._running_pool(), 0.0
                pool, one = cast("ProcessPool", self._pool), self._queue[0]
                future = pool.schedule(call.fn, args=one.args, timeout=_given_s(call.deadline_s))
                self._under_way[future] = self._queue.popleft()

    def _results(self, done: Iterable[Future[T]]) -> Iterator[tuple[int, T | WorkFailure]]:
        for future in done:
            error = future.exception(timeout=0)
            if not isinstance(error, BrokenProcessPool):
                result = future.result(timeout=0) if error is None else _failure(error, self._call)
                yield self._under_way.pop(future).key, result

    def _after_breakdown(self, *, is_idle: bool) -> list[tuple[int, T | WorkFailure]]:
        """Where the pool broke, or got stuck, its inputs go to a new one; those it happened to too often have failed.

        A pool that broke before it took its inputs never resolves their futures.
        """
        pool = self._pool
        if pool is None:
            return []
        has_broken = any(map(_is_broken, self._under_way)) or (is_idle and not pool.active)
        if not has_broken and self._idle_s < self._call.deadline_s + _START_MAX_S:
            return []
        # What it finished before is a result.
        finished = list(self._results([one for one in self._under_way if one.done() and not _is_broken(one)]))
        self._retire(pool)
        # One that could not even be handed over counts as well: else a pool that never starts would be tried for ever.
        in_flight = list(self._under_way.values()) or [self._queue.popleft()] * bool(self._queue)
        lost = [replace(one, n_attempts=one.n_attempts + 1) for one in in_flight]
        self._cancel()
        self._queue.extendleft(one for one in reversed(lost) if one.n_attempts < _MAX_ATTEMPTS)
        given_up = [one for one in lost if one.n_attempts >= _MAX_ATTEMPTS]
        return [*finished, *self._give_up(given_up, WorkFailure(Reason.WORKER_DIED, _LOST))]

    def _give_up(self, inputs: Iterable[_Input], failure: WorkFailure) -> list[tuple[int, T | WorkFailure]]:
        return [(one.key, failure) for one in inputs]

    def _forget(self) -> list[_Input]:
        """Drop all that is open; returns it."""
        dropped = [*self._under_way.values(), *self._queue]
        self._cancel()
        self._queue.clear()
        return dropped

    def _cancel(self) -> None:
        for future in self._under_way:
            future.cancel()
        self._under_way.clear()


def _given_s(deadline_s: float) -> float:
    """What the pool is told, so that a worker is gone at its deadline; short deadlines are not worth that."""
    return max(deadline_s - _KILL_S, 0.75 * deadline_s)


def _is_broken(future: Future[Any]) -> bool:
    return future.done() and isinstance(future.exception(timeout=0), BrokenProcessPool)


def _is_stopped(result: object) -> bool:
    return isinstance(result, WorkFailure) and result.reason is Reason.STOPPED


def _failure(error: BaseException, call: _Call[Any]) -> WorkFailure:
    if isinstance(error, TimeoutError):
        return WorkFailure(call.timeout_reason, f"killed after {call.deadline_s:g} s")
    if isinstance(error, MemoryError):
        return WorkFailure(Reason.OUT_OF_MEMORY)
    if isinstance(error, ProcessExpired):
        return WorkFailure(Reason.WORKER_DIED, f"exit code {error.exitcode}")
    return WorkFailure(Reason.WORKER_DIED, f"{type(error).__name__}: {error}"[:200])


def _prepare_worker(parent_pid: int, memory_max_bytes: int, warm: Callable[[], None] | None) -> None:
    """Runs once in each new worker."""
    # A signal to the whole process group (Ctrl-C, systemd, docker) is for the parent to answer, not for its workers.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent(parent_pid)
    if warm is not None:
        with contextlib.suppress(Exception):  # a cold worker is slower, a dead one would be started for ever
            warm()
    _limit_memory(memory_max_bytes)


def _die_with_parent(parent_pid: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_pid:  # it died before the line above
            os._exit(1)
    else:
        threading.Thread(target=_watch_parent, args=(parent_pid,), daemon=True).start()


def _watch_parent(parent_pid: int) -> None:
    never = threading.Event()
    while os.getppid() == parent_pid:
        never.wait(1.0)
    os._exit(1)


def _limit_memory(memory_max_bytes: int) -> None:
    """Only Linux enforces a limit on address space, and only there is the present size easily known."""
    if sys.platform == "linux":
        n_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = n_pages * resource.getpagesize() + memory_max_bytes
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard == resource.RLIM_INFINITY or limit <= hard:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
