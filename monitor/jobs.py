"""Which jobs there are and how one is run: the only place that catches whatever a stage did not foresee.

A job does one batch and says what is left. Run modes decide only when to call it again; what is due is in the database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

import monitor.cluster.stage
import monitor.coverage
import monitor.dedup.stage
import monitor.digest.stage
import monitor.extract.stage
import monitor.fetch.stage
import monitor.joining
import monitor.learning
import monitor.recomparison
import monitor.rediscovery
import monitor.reextraction
import monitor.watch.stage
from monitor.app import App
from monitor.errors import LeaseLostError
from monitor.store import pages, polls
from monitor.store.bylines import forget_unused_names
from monitor.types import Progress
from monitor.urls import masked

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """`every_s`: seconds between two looks at what is due. `run` does one batch."""

    name: str
    every_s: int
    run: Callable[[App], Progress]


def tidy(app: App) -> Progress:
    """Forget raw pages, poll log lines and the index of copies past their time, and names that nothing has any more."""
    now = app.clock()
    with app.store.begin() as conn:
        n_pages = pages.expire_pages(conn, now)
        forget_unused_names(conn)
        n_polls = polls.expire_polls(conn, now - timedelta(days=app.settings.retention.poll_log_days))
    monitor.recomparison.thin(app)
    if n_pages or n_polls:
        log.info("store.tidied", n_pages=n_pages, n_polls=n_polls)
    return Progress()


#: In the order of the pipeline: what one job leaves is due for the next. Polls are looked for more often than a host
#: may be asked, else a source of many feeds would not get all of its turns.
PIPELINE = (
    Job("poll", 3, monitor.fetch.stage.run),
    Job("extract", 5, monitor.extract.stage.run),
    Job("reextract", 30, monitor.reextraction.run),
    Job("match", 5, monitor.dedup.stage.run),
    Job("assign", 5, monitor.cluster.stage.run),
    Job("watch", 5, monitor.watch.stage.run),
)
DIGEST = Job("digest", 30, monitor.digest.stage.run)
LEARN = Job("learn", 3600, monitor.learning.run)
JOIN = Job("join", 60, monitor.joining.run)
COVERAGE = Job("coverage", 3600, monitor.coverage.run)
REDISCOVER = Job("rediscover", 600, monitor.rediscovery.run)
RECOMPARE = Job("recompare", 10, monitor.recomparison.run)
TIDY = Job("tidy", 3600, tidy)
JOBS = (*PIPELINE, LEARN, JOIN, COVERAGE, DIGEST, REDISCOVER, RECOMPARE, TIDY)


def pipeline_of(moment: datetime) -> tuple[Job, ...]:
    """The pipeline over the feeds that are due by then: while it works, others become due, for ever."""
    poll = partial(monitor.fetch.stage.run, due_by=moment)
    return tuple(replace(job, run=poll) if job.name == "poll" else job for job in PIPELINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of a job came to; `crashed` names the error that nobody foresaw."""

    progress: Progress
    crashed: str | None = None


def run_job(app: App, job: Job) -> Outcome:
    """Run one batch. An unforeseen error is logged; the rows it held are claimed again when their lease ends."""
    try:
        progress = job.run(app)
    except LeaseLostError as error:
        log.warning("job.lease_lost", job=job.name, detail=str(error))
        return Outcome(Progress(n_failed=1, next_at=app.clock()))  # what it could not save may be due still
    except Exception as error:
        _mask_secrets(error)
        log.exception("job.crashed", job=job.name)
        return Outcome(Progress(n_failed=1), crashed=f"{type(error).__name__}: {error}")
    if progress.n_done:
        log.info("job.done", job=job.name, n_done=progress.n_done, n_failed=progress.n_failed)
    return Outcome(progress)


def _mask_secrets(error: BaseException) -> None:
    """In the error itself and in those it came from: a traceback shows them all, and URLs hold keys."""
    seen: list[BaseException] = []
    queue: list[BaseException | None] = [error]
    while queue:
        one = queue.pop()
        if one is not None and one not in seen:
            seen.append(one)
            one.args = tuple(masked(arg) if isinstance(arg, str) else arg for arg in one.args)
            queue += [one.__cause__, one.__context__]
