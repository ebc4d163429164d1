"""`monitor`: all command groups together, and what becomes of errors.

An expected error is one clear sentence on stderr and its exit code: 1 failed, 2 wrong usage. No traceback reaches a
user who did not ask for it with --debug.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from monitor.app import product_version
from monitor.cli import (
    articles,
    configuration,
    correcting,
    database,
    digests,
    duplicates,
    erasing,
    evaluation,
    explaining,
    feeds,
    health,
    ingesting,
    inspection,
    rebuilding,
    releases,
    running,
    searching,
    stories,
)
from monitor.cli.invocation import Invocation
from monitor.errors import MonitorError

INTERRUPTED = 130
BROKEN_PIPE = 141

cli = typer.Typer(
    name="monitor",
    help="Polls news feeds, recognises copies, clusters coverage into stories and mails each reader a daily digest.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"media-monitor {product_version()}")
        raise typer.Exit


@cli.callback()
def global_options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="The configuration, instead of config/monitor.toml."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an unexpected error happened.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Options of every command; they may stand anywhere."""
    del debug, version  # read from the arguments before there is a context; answered by its callback
    context.obj = Invocation(config=config)


GROUPS = (
    running,
    database,
    configuration,
    feeds,
    ingesting,
    inspection,
    health,
    articles,
    erasing,
    stories,
    correcting,
    rebuilding,
    duplicates,
    releases,
    searching,
    explaining,
    digests,
    evaluation,
)
for _group in GROUPS:
    _group.register(cli)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = global_first(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        code = typer.main.get_command(cli).main(args=arguments, prog_name="monitor", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, Abort):
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort: whatever nobody foresaw becomes a sentence
        return _answered(error, wants_traceback="--debug" in arguments)


def _answered(error: Exception, *, wants_traceback: bool) -> int:
    """Say what went wrong; the exit code for it."""
    if isinstance(error, BrokenPipeError):
        _forget_stdout()
        return BROKEN_PIPE
    if isinstance(error, TyperException):
        return _complain(_usage_sentence(error), code=error.exit_code)
    if isinstance(error, MonitorError):
        return _complain(str(error), code=error.exit_code)
    if wants_traceback:
        traceback.print_exception(error)
    if isinstance(error, OSError) and error.filename is not None:
        return _complain(f"{error.filename}: {error.strerror}", code=1)
    first_line = next(iter(str(error).splitlines()), "")[:300] or "no details"
    sentence = f"unexpected {type(error).__name__}: {first_line}. Run it again with --debug to see where."
    return _complain(sentence, code=1)


def global_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with --config FILE and --debug in front, where they are understood; after -- nothing moves."""
    end = list(arguments).index("--") if "--" in arguments else len(arguments)
    first, rest, position = list[str](), list[str](), 0
    while position < end:
        n_words = 2 if arguments[position] == "--config" else 1
        words = arguments[position : min(position + n_words, end)]
        is_global = words[0] in {"--config", "--debug"} or words[0].startswith("--config=")
        (first if is_global else rest).extend(words)
        position += n_words
    return [*first, *rest, *arguments[end:]]


def _usage_sentence(error: TyperException) -> str:
    context = getattr(error, "ctx", None)
    hint = f" `{context.command_path} --help` shows how it is used." if context is not None else ""
    sentence = error.format_message().strip()
    if sentence.startswith("Usage: "):  # of a group without a command: that is its help
        return sentence
    # Of a date the formats of `strptime` are told, by the library that reads it.
    sentence = sentence.replace("Value error, ", "").replace("%Y-%m-%dT%H:%M", "2026-01-31T18:30")
    sentence = sentence.replace("%Y-%m-%d", "2026-01-31")
    return f"{sentence}{'' if sentence.endswith(('.', '?')) else '.'}{hint}" if sentence else ""


def _complain(message: str, *, code: int) -> int:
    printable = "".join(char if char.isprintable() or char == "\n" else " " for char in message)
    if printable:
        typer.echo(printable, err=True)
    return code


def _forget_stdout() -> None:
    """The reader went away; Python would complain once more when it flushes at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
