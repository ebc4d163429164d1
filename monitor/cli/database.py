"""`monitor db`: bring the schema to this version, take it back, compare it."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.invocation import Json, current_store, settings_of
from monitor.cli.output import print_json, say
from monitor.errors import UsageError
from monitor.store import schema
from monitor.store.engine import open_store

group = typer.Typer(help="The database: upgrade, downgrade, check.", no_args_is_help=True, rich_markup_mode=None)


def register(cli: typer.Typer) -> None:
    cli.add_typer(group, name="db")


@group.command()
def upgrade(context: typer.Context) -> None:
    """Create the tables, or bring them to this version."""
    store = open_store(settings_of(context).database.url)
    try:
        with store.read() as conn:
            before = schema.current(conn)
        schema.upgrade(store)
    finally:
        store.close()
    at = "is up to date" if before == schema.head() else f"was brought from {before or 'nothing'} to {schema.head()}"
    say(f"the database {at}")


@group.command()
def downgrade(
    context: typer.Context,
    revision: Annotated[str, typer.Argument(help='The revision to go back to; "base": nothing is left.')],
    yes: Annotated[bool, typer.Option("--yes", help="Yes, lose the data of the tables that go.")] = False,
) -> None:
    """Take the tables back to an earlier version. What they lose is gone."""
    if not yes:
        raise UsageError("a downgrade deletes data; make a copy of the database first, then say so with --yes")
    store = open_store(settings_of(context).database.url)
    try:
        schema.downgrade(store, revision)
    finally:
        store.close()
    say(f"the database was taken back to {revision}")


@group.command()
def check(context: typer.Context, as_json: Json = False) -> None:
    """Does the database have exactly the tables of this version?"""
    with current_store(settings_of(context)) as store:
        problems = [str(difference) for difference in schema.differences(store)]
    if as_json:
        print_json({"revision": schema.head(), "differences": problems})
    else:
        for problem in problems:
            say(problem)
        say(f"the database is at revision {schema.head()}, with {len(problems) or 'no'} differences")
    if problems:
        raise typer.Exit(1)
