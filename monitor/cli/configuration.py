"""`monitor config`: what is configured and by whom, and what is wrong with it."""

from __future__ import annotations

import math

import typer

from monitor.cli.invocation import Json, config_file, settings_of
from monitor.cli.output import note, print_json, print_table, say, wide
from monitor.config import SECRETS, Settings, chosen_file, set_by
from monitor.errors import ConfigError, StoreError
from monitor.store.engine import parse_url
from monitor.sync import read_files
from monitor.urls import masked

group = typer.Typer(help="The configuration: show, check.", no_args_is_help=True, rich_markup_mode=None)


def register(cli: typer.Typer) -> None:
    cli.add_typer(group, name="config")


@group.command()
def show(context: typer.Context, as_json: Json = False) -> None:
    """Every key with its value and who set it; secrets hidden.

    Set by: default, file, or the name of an environment variable.
    """
    settings, origins = settings_of(context), set_by(config_file(context))
    file = chosen_file(config_file(context))
    values = {(section, key): _shown(settings, section, key) for section, key in origins}
    if as_json:
        rows = [
            {"section": section, "key": key, "value": value, "set_by": origins[section, key]}
            for (section, key), value in values.items()
        ]
        print_json({"file": None if file is None else str(file), "values": rows})
        return
    say(f"configuration: {file or 'no file, defaults and the environment'}")
    rendered = {key: f'"{value}"' if isinstance(value, str) else value for key, value in values.items()}
    print_table(
        ["key", wide("value"), "set by"],
        [(f"{section}.{key}", value, origins[section, key]) for (section, key), value in rendered.items()],
    )


def _shown(settings: Settings, section: str, key: str) -> object:
    value = getattr(getattr(settings, section), key)
    if (section, key) == ("database", "url"):
        return masked(value)
    return "***" if (section, key) in SECRETS and value else value


@group.command()
def check(context: typer.Context, as_json: Json = False) -> None:
    """Say what is wrong in it and in the files it names.

    A line for each thing, and exit code 1.
    """
    problems: list[str] = []
    try:
        settings = settings_of(context)
        problems += [*_database_problems(settings), *_lease_problems(settings)]
        read_files(settings)
    except ConfigError as error:
        problems += str(error).splitlines()
    if as_json:
        print_json({"file": _file_name(context), "problems": problems})
    elif problems:
        for problem in problems:
            note(problem)
    else:
        say(f"{_file_name(context) or 'the environment'}: nothing is wrong, nor in the files it names")
    if problems:
        raise typer.Exit(1)


def _database_problems(settings: Settings) -> list[str]:
    try:
        parse_url(settings.database.url)
    except StoreError as error:
        return [str(error)]
    return []


def _lease_problems(settings: Settings) -> list[str]:
    """A batch that outlasts its lease is worked on twice."""
    batches = {
        "fetch": (settings.fetch.batch, settings.fetch.lease_s),
        "extract": (settings.extract.batch, settings.extract.lease_s),
    }
    problems = []
    for section, (n_requests, lease_s) in batches.items():
        longest_s = math.ceil(n_requests / settings.http.concurrency) * settings.http.total_timeout_s
        if lease_s < longest_s:
            problems.append(
                f"{section}.lease_s = {lease_s:g}: {n_requests} requests can take {longest_s:g} s;"
                f" raise it, or lower {section}.batch or http.total_timeout_s"
            )
    return problems


def _file_name(context: typer.Context) -> str | None:
    file = chosen_file(config_file(context))
    return None if file is None else str(file)
