"""Runs the jobs in one process: once until nothing is due, or for months with APScheduler as the clock.

APScheduler only wakes the jobs; a missed or doubled wake-up is harmless, since what is due is decided by the database.
"""

from __future__ import annotations

import logging
import math
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from monitor.app import App, open_app
from monitor.config import Settings
from monitor.extract.page import warm_up
from monitor.jobs import COVERAGE, DIGEST, JOBS, LEARN, RECOMPARE, TIDY, Job, pipeline_of, run_job
from monitor.store import schema
from monitor.store.engine import sole_process
from monitor.store.leases import release_leases
from monitor.sync import sync_files
from monitor.types import Progress

log = structlog.get_logger()

#: How long the daemon may take to end after SIGTERM, with its jobs (which look at the stop flag far more often), its
#: worker processes and its connections; docker kills after 10 s.
END_MAX_S = 9.0
#: A job that still finds work is called again at once, this many times, before the others get their turn.
N_BATCHES = 20
#: `once` waits for a host's next turn and for a lost worker's lease, but not for a host that asked to be left alone
#: for an hour: that is for the next run.
MAX_WAIT_S = 600.0
LOOK_AGAIN_S = 1.0
WAIT_SLICE_S = 0.5

Report = Callable[[str, Progress], None]


@contextmanager
def working_app(settings: Settings, **doors: Any) -> Iterator[App]:
    """An app that may work: the schema is current, files are read, and nobody else works on a SQLite database."""
    with open_app(settings, warm=warm_up, **doors) as app, sole_process(app.store) as is_alone:
        schema.upgrade(app.store)
        if is_alone:
            with app.store.begin() as conn:
                release_leases(conn)
        sync_files(app)
        yield app


def work_off(app: App, on_progress: Report | None = None) -> int:
    """Do everything that is due now and what follows from it; returns how often a job crashed.

    Feeds that become due meanwhile are for the next run: this one ends.
    The digest comes last, when no article waits on its way into a story. After a crash nothing is waited for: what it
    left is leased, and the next run's.
    """
    n_crashed = _work_off(app, (RECOMPARE, *pipeline_of(app.clock()), LEARN), on_progress)
    return n_crashed + _work_off(app, (COVERAGE, DIGEST, TIDY), on_progress)


def _work_off(app: App, jobs: tuple[Job, ...], on_progress: Report | None) -> int:
    n_crashed = 0
    while not app.stop.is_set():
        n_done, waits = 0, []
        for job in jobs:
            outcome = run_job(app, job)
            n_crashed += outcome.crashed is not None
            n_done += outcome.progress.n_done
            if outcome.progress.next_at is not None:
                waits.append(outcome.progress.next_at)
            if on_progress is not None and outcome.progress.n_done:
                on_progress(job.name, outcome.progress)
        if n_done:
            continue
        wait_s = min(((at - app.clock()).total_seconds() for at in waits), default=None)
        if wait_s is None or wait_s > MAX_WAIT_S or n_crashed:
            break
        # Another process may give back what it holds long before its lease ends.
        _wait(app.stop, min(max(0.01, wait_s), LOOK_AGAIN_S))
    return n_crashed


def run_once(settings: Settings, *, on_progress: Report | None = None, **doors: Any) -> int:
    """`monitor once`: all that is due, then exit. `doors` as `open_app` takes them. Returns the exit code."""
    stop = _stop_on_signals()
    with working_app(settings, stop=stop, **doors) as app:
        return 1 if work_off(app, on_progress) else 0


def run_daemon(settings: Settings, **doors: Any) -> int:
    """`monitor run`: until SIGTERM or SIGINT; jobs under way end within seconds. Returns the exit code."""
    stop = _stop_on_signals()
    threads: set[threading.Thread] = set()
    deadline = threading.Timer(END_MAX_S, _abandon, (threads,))
    deadline.daemon = True
    with working_app(settings, stop=stop, **doors) as app:
        # A wake-up while the job is still at work is how it should be, and nothing to warn of.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = BackgroundScheduler(timezone="UTC")
        for job in JOBS:
            scheduler.add_job(
                _wake,
                "interval",
                (app, job, threads),
                seconds=job.every_s,
                next_run_time=app.clock(),
                id=job.name,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        scheduler.start()
        log.info("daemon.started", database=settings.database.url.split("://")[0])
        _wait(stop, math.inf)
        log.info("daemon.stopping")
        deadline.start()
        scheduler.shutdown(wait=False)
        while threads:
            for thread in list(threads):
                thread.join(0.05)
    deadline.cancel()
    log.info("daemon.stopped")
    return 0


def _abandon(threads: set[threading.Thread]) -> None:
    """Something hangs in a call that cannot be interrupted. Leases end by themselves, as after a crash."""
    log.warning("daemon.abandoned_jobs", n_jobs=len(threads))
    sys.stderr.flush()
    os._exit(0)


def _wait(stop: threading.Event, wait_s: float) -> None:
    """Wait in slices: of a signal that comes just as a wait begins, Python hears only when that wait is over."""
    while wait_s > 0 and not stop.wait(min(wait_s, WAIT_SLICE_S)):
        wait_s -= WAIT_SLICE_S


def _wake(app: App, job: Job, threads: set[threading.Thread]) -> None:
    thread = threading.current_thread()
    threads.add(thread)
    try:
        for _ in range(N_BATCHES):
            if app.stop.is_set() or not run_job(app, job).progress.n_done:
                break
    finally:
        threads.discard(thread)


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            # In a thread of its own: the signal may have interrupted the very code that holds the event's lock.
            signal.signal(number, lambda *_: threading.Thread(target=stop.set, daemon=True).start())
    return stop
