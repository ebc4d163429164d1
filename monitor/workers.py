"""How is code that may hang, blow up or die run on hostile input?

In a pool of processes that can be killed. A function gets a deadline of running time; its worker is killed about
0.4 s after it (measured) and replaced in 0.3 s, and the other inputs are not disturbed. What goes wrong comes back as
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
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
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
_IN_FLIGHT = 4
"""Inputs handed over for each process: enough to keep it busy while a result is saved, few to lose at a stop."""
_MAX_ATTEMPTS = 3
"""How often an input is tried when the pool breaks for reasons that have nothing to do with it."""
_PR_SET_PDEATHSIG = 1
CONSTS.term_timeout = 0.05  # our workers ignore SIGTERM: pebble need not wait between SIGTERM and SIGKILL


@dataclass(frozen=True, slots=True)
class WorkFailure:
    """Why there is no result: the deadline, memory, a dead worker (or an exception, named in `detail`), or a stop."""

    reason: Reason
    detail: str = ""


class WorkerPool:
    """Killable worker processes, started at the first `run`. Threads may share it; `close` it at the end."""

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
        finished = self.run_each(fn, args_list, deadline_s=deadline_s, stop=stop, timeout_reason=timeout_reason)
        for number, result in finished:
            results[number] = result
            if on_done is not None:
                on_done(len(results))
        return [results[number] for number in range(len(args_list))]

    def run_each(
        self,
        fn: Callable[..., T],
        args_list: Sequence[tuple[Any, ...]],
        *,
        deadline_s: float,
        stop: threading.Event | None = None,
        timeout_reason: Reason = Reason.EXTRACT_TIMEOUT,
    ) -> Iterator[tuple[int, T | WorkFailure]]:
        """As `run`, but yields (number of the input, result) as they come, one for each input.

        The workers go on with what was handed to them while the caller works on a result.
        """
        call = _Call(
            fn=fn,
            deadline_s=deadline_s,
            n_in_flight=_IN_FLIGHT * self._n_processes,
            stop=stop or threading.Event(),
            timeout_reason=timeout_reason,
        )
        missing = dict(enumerate(args_list))
        for _ in range(_MAX_ATTEMPTS):
            if not missing or call.stop.is_set():
                break
            pool = self._running_pool()
            for number, result in _attempt(pool, call, dict(missing)):
                del missing[number]
                yield number, result
            if missing and not call.stop.is_set():
                self._retire(pool)
        lost = WorkFailure(Reason.STOPPED if call.stop.is_set() else Reason.WORKER_DIED, "not finished")
        for number in missing:
            yield number, lost

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
    """What one run calls, and on which terms. Few inputs are in flight at once, so that a stop loses little."""

    fn: Callable[..., T]
    deadline_s: float
    n_in_flight: int
    stop: threading.Event
    timeout_reason: Reason


def _attempt(
    pool: ProcessPool, call: _Call[T], inputs: Mapping[int, tuple[Any, ...]]
) -> Iterator[tuple[int, T | WorkFailure]]:
    """Yields results as they come, by input number; ends early when the pool broke or got stuck."""
    queue = iter(inputs.items())
    waiting: dict[Future[T], int] = {}
    idle_s = 0.0
    try:
        while not call.stop.is_set() and idle_s < call.deadline_s + _START_MAX_S:
            with contextlib.suppress(RuntimeError):  # the pool broke: its futures tell what became of their inputs
                for number, args in islice(queue, call.n_in_flight - len(waiting)):
                    waiting[pool.schedule(call.fn, args=args, timeout=call.deadline_s)] = number
            if not waiting:
                return
            done, _ = wait(waiting, timeout=_POLL_S, return_when=FIRST_COMPLETED)
            if not done and not pool.active:
                return  # it broke before it took these inputs: their futures would never resolve
            idle_s = 0.0 if done else idle_s + _POLL_S
            for future in done:
                number = waiting.pop(future)
                error = future.exception(timeout=0)
                if not isinstance(error, BrokenProcessPool):
                    yield number, future.result(timeout=0) if error is None else _failure(error, call)
    finally:
        for future in waiting:
            future.cancel()


def _failure(error: BaseException, call: _Call[T]) -> WorkFailure:
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
