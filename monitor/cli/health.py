"""`monitor health`: is the work being done? For Docker's health check and for monitoring."""

from __future__ import annotations

import typer

from monitor.app import utc_now
from monitor.cli.invocation import Json, current_store, settings_of
from monitor.cli.output import print_json, say
from monitor.store.health import find_overdue


def register(cli: typer.Typer) -> None:
    cli.command()(health)


def health(context: typer.Context, as_json: Json = False) -> None:
    """Say whether anything has been due for more than an hour.

    Exit code 0: the database answers and nothing is overdue; 1: something is.
    """
    with current_store(settings_of(context)) as store, store.read() as conn:
        overdue = find_overdue(conn, utc_now())
    if as_json:
        print_json({"healthy": not overdue, "overdue": overdue})
    elif overdue:
        listed = ", ".join(f"{n} {name}" for name, n in overdue.items())
        say(f"overdue for more than an hour: {listed}; is `monitor run` or `monitor once` running?")
    else:
        say("healthy: nothing is overdue")
    raise typer.Exit(1 if overdue else 0)
