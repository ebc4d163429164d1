from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.types import Reason
from monitor.workers import WorkerPool, WorkFailure

N_PROCESSES = 2


def double(number: int) -> int:
    return number * 2


def spin(number: int) -> int:
    while number < 0:
        pass
    return number


def swallow_memory(n_bytes: int) -> int:
    return len(bytearray(n_bytes))


def die(number: int) -> int:
    if number < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fail(number: int) -> int:
    raise ValueError(f"cannot do {number}")


def own_pid(number: int) -> int:
    return os.getpid() + 0 * number


def failing_warm_up() -> None:
    raise ValueError("cold")


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(n_processes=N_PROCESSES, memory_max_bytes=300_000_000) as workers:
        yield workers


def test_results_come_back_in_the_order_of_the_inputs(pool: WorkerPool) -> None:
    seen: list[int] = []
    results = pool.run(double, [(n,) for n in range(50)], deadline_s=20, on_done=seen.append)
    assert results == [2 * n for n in range(50)]
    assert seen == list(range(1, 51))


def test_results_can_be_taken_while_the_others_are_worked_on(pool: WorkerPool) -> None:
    with pool.works(double, deadline_s=20) as works:
        works.add((n, (n,)) for n in range(50))
        taken = dict(works.take(timeout_s=20))
        assert taken
        assert works.n_open == 50 - len(taken)
        while works.n_open:
            taken |= dict(works.take(timeout_s=20))
    assert taken == {n: 2 * n for n in range(50)}


def test_results_left_unread_do_not_keep_the_pool_from_other_work(pool: WorkerPool) -> None:
    with pool.works(double, deadline_s=20) as works:
        works.add((n, (n,)) for n in range(50))
        works.take(timeout_s=20)
    assert pool.run(double, [(1,)], deadline_s=20) == [2]


def test_no_inputs_give_no_results(pool: WorkerPool) -> None:
    assert pool.run(double, [], deadline_s=1) == []


def test_an_input_that_hangs_is_killed_and_the_others_are_not_disturbed(pool: WorkerPool) -> None:
    results = pool.run(spin, [(1,), (-1,), (2,), (3,)], deadline_s=0.5)
    assert results == [1, WorkFailure(Reason.EXTRACT_TIMEOUT, "killed after 0.5 s"), 2, 3]


def test_the_caller_names_what_a_missed_deadline_is_called(pool: WorkerPool) -> None:
    results = pool.run(spin, [(-1,)], deadline_s=0.3, timeout_reason=Reason.PARSE_TIMEOUT)
    assert [r.reason for r in results if isinstance(r, WorkFailure)] == [Reason.PARSE_TIMEOUT]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces a limit on address space")
def test_an_input_that_takes_too_much_memory_is_a_value(pool: WorkerPool) -> None:
    results = pool.run(swallow_memory, [(2_000_000_000,), (1_000,)], deadline_s=20)
    assert results == [WorkFailure(Reason.OUT_OF_MEMORY), 1_000]


def test_a_worker_that_dies_is_a_value_and_is_replaced(pool: WorkerPool) -> None:
    results = pool.run(die, [(1,), (-1,), (2,), (3,)], deadline_s=20)
    assert results == [1, WorkFailure(Reason.WORKER_DIED, "exit code -9"), 2, 3]


def test_an_exception_is_a_value_that_names_it(pool: WorkerPool) -> None:
    assert pool.run(fail, [(7,)], deadline_s=20) == [WorkFailure(Reason.WORKER_DIED, "ValueError: cannot do 7")]


def test_a_stop_ends_the_run_and_says_what_was_not_done() -> None:
    stop = threading.Event()
    with WorkerPool(n_processes=N_PROCESSES, memory_max_bytes=300_000_000) as workers:
        results = workers.run(spin, [(1,), (-1,), (-1,)], deadline_s=60, stop=stop, on_done=lambda _: stop.set())
        assert results[0] == 1
        assert [r.reason for r in results if isinstance(r, WorkFailure)] == [Reason.STOPPED] * 2
        assert workers.run(double, [(1,)], deadline_s=20) == [2]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_worker_killed_while_idle_does_not_break_later_runs() -> None:
    with WorkerPool(n_processes=N_PROCESSES, memory_max_bytes=300_000_000) as workers:
        found = workers.run(own_pid, [(n,) for n in range(8)], deadline_s=20)
        for pid in {pid for pid in found if isinstance(pid, int)}:
            _await_idle(pid)
            os.kill(pid, signal.SIGKILL)
        assert workers.run(double, [(n,) for n in range(8)], deadline_s=20) == [2 * n for n in range(8)]


def _await_idle(pid: int) -> None:
    """Until it waits for input: a process killed while it hands over a result takes the lock of the channel along."""
    stat = Path(f"/proc/{pid}/stat")
    while stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "S":
        os.sched_yield()


def test_workers_survive_the_thread_that_first_used_them() -> None:
    with WorkerPool(n_processes=1, memory_max_bytes=300_000_000) as workers:
        pids: list[int | WorkFailure] = []
        first = threading.Thread(target=lambda: pids.extend(workers.run(own_pid, [(1,)], deadline_s=20)))
        first.start()
        first.join()
        assert workers.run(own_pid, [(1,)], deadline_s=20) == pids


def test_a_warm_up_that_fails_does_not_stop_the_work() -> None:
    with WorkerPool(n_processes=1, memory_max_bytes=300_000_000, warm=failing_warm_up) as workers:
        assert workers.run(double, [(4,)], deadline_s=20) == [8]


def test_closing_kills_the_workers_and_a_closed_pool_starts_anew() -> None:
    workers = WorkerPool(n_processes=1, memory_max_bytes=300_000_000)
    workers.close()
    [pid] = workers.run(own_pid, [(1,)], deadline_s=20)
    assert isinstance(pid, int)
    workers.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert workers.run(double, [(1,)], deadline_s=20) == [2]
    workers.close()


PARENT = """
import sys, threading
from monitor.workers import WorkerPool
from tests.unit.test_workers import own_pid, spin
if __name__ == "__main__":
    pool = WorkerPool(n_processes=1, memory_max_bytes=300_000_000)
    print(*pool.run(own_pid, [(1,)], deadline_s=20), flush=True)
    pool.run(spin, [(-1,)], deadline_s=600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_parent_that_is_killed_leaves_no_busy_worker(tmp_path: Path, number: signal.Signals) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd=root
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        descriptor = os.pidfd_open(worker)
        parent.send_signal(number)
        parent.wait(timeout=30)
        assert _has_ended(descriptor)


def _has_ended(pidfd: int) -> bool:
    ready, _, _ = select.select([pidfd], [], [], 20)
    os.close(pidfd)
    return bool(ready)
