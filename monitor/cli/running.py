"""`monitor demo | run | once`: the pipeline on the bundled newsroom, for months, or once."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from monitor.cli.invocation import settings_of
from monitor.cli.logs import log_to_stderr
from monitor.cli.output import err, say
from monitor.demo.run import run_demo
from monitor.run_local import run_daemon, run_once
from monitor.types import Progress


def register(cli: typer.Typer) -> None:
    for command in (demo, run, once):
        cli.command()(command)


def demo(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where the database and the mails are left.")
    ] = Path("demo-out"),
    database_url: Annotated[
        str | None,
        typer.Option("--database", metavar="URL", help="An empty database to fill, instead of DIR/monitor.db."),
    ] = None,
) -> None:
    """Show the whole pipeline on the bundled newsroom.

    Three rounds on a simulated clock, over real HTTP and SMTP on this machine; nothing leaves it.
    """
    log_to_stderr("warning", "console")
    raise typer.Exit(run_demo(out, console=Console(highlight=False), database_url=database_url))


def run(context: typer.Context) -> None:
    """Work until stopped: the daemon.

    Polls, reads, compares, clusters and sends digests; Ctrl-C or SIGTERM ends it within 10 s.
    """
    settings = settings_of(context)
    log_to_stderr(settings.log.level, settings.log.format)
    raise typer.Exit(run_daemon(settings))


def once(context: typer.Context) -> None:
    """Do everything that is due now and end, for cron."""
    settings = settings_of(context)
    done: Counter[str] = Counter()
    if not sys.stderr.isatty():
        log_to_stderr(settings.log.level, settings.log.format)
        code = run_once(settings, on_progress=lambda job, progress: done.update({job: progress.n_done}))
    else:
        log_to_stderr("warning", settings.log.format)
        with err().status("reading files") as status:

            def report(job: str, progress: Progress) -> None:
                done.update({job: progress.n_done})
                status.update(_counts(done))

            code = run_once(settings, on_progress=report)
    say(f"done: {_counts(done) or 'nothing was due'}")
    raise typer.Exit(code)


def _counts(done: Counter[str]) -> str:
    return ", ".join(f"{job} {n}" for job, n in done.items())
