"""The entry point: global options, help, errors, exit codes, pipes."""

from __future__ import annotations

import io
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.app import product_version
from monitor.cli.main import BROKEN_PIPE, global_first, main
from tests.cli.conftest import Monitor

PROGRAM = [sys.executable, "-c", "import sys; from monitor.cli.main import main; sys.exit(main())"]
ROOT = Path(__file__).parent.parent.parent
COMMANDS = (
    "demo run once ingest health search explain db config feeds inspect articles stories duplicates releases digest "
    "evaluate"
).split()
GROUPS = {
    "db": ("upgrade", "downgrade", "check"),
    "config": ("show", "check"),
    "feeds": (
        "add",
        "list",
        "show",
        "adopt",
        "remove",
        "pause",
        "resume",
        "discover",
        "check",
        "import",
        "export",
    ),
    "inspect": ("feed", "article", "url"),
    "articles": ("show", "set-aside", "requeue", "reextract", "boilerplate", "merge", "erase"),
    "stories": ("list", "show", "merge", "split", "move", "lock", "unlock", "undo", "log", "rebuild"),
    "duplicates": ("show", "rebuild"),
    "releases": ("add", "list", "show", "remove"),
    "digest": ("preview", "send", "list"),
    "evaluate": ("stories", "duplicates", "extraction"),
}


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"media-monitor {product_version()}\n"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:\n")[2]
    assert re.findall(r"^  ([a-z-]+) ", listed, re.MULTILINE) == COMMANDS
    assert "..." not in listed


@pytest.mark.parametrize("group", GROUPS)
def test_every_command_of_a_group_has_help_that_fits_its_list(
    group: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([group, "--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:\n")[2]
    assert re.findall(r"^  ([a-z-]+) ", listed, re.MULTILINE) == list(GROUPS[group])
    assert "..." not in listed
    for command in GROUPS[group]:
        assert main([group, command, "--help"]) == 0
        assert "Usage: monitor" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["fly"], ["feeds", "fly"], ["feeds", "add"], ["stories", "show", "x"], ["stories", "list", "--fly"]]
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert "--help` shows how it is used" in captured.err


def test_a_group_without_a_command_shows_its_help_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["duplicates"]) == 2
    alone = capsys.readouterr().err
    assert main(["duplicates", "--help"]) == 0
    assert alone.split() == capsys.readouterr().out.split()


def test_a_mistyped_command_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feeds", "lst"]) == 2
    assert "list" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["feeds", "list", "--config", "a.toml"], ["--config", "a.toml", "feeds", "list"]),
        (["feeds", "--config=a.toml", "list", "--debug"], ["--config=a.toml", "--debug", "feeds", "list"]),
        (["search", "--", "--config", "x"], ["search", "--", "--config", "x"]),
        (["feeds", "list", "--config"], ["--config", "feeds", "list"]),
        ([], []),
    ],
)
def test_global_options_may_stand_anywhere(arguments: list[str], expected: list[str]) -> None:
    assert global_first(arguments) == expected


def test_the_environment_names_the_configuration_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MONITOR_CONFIG", str(folder / "monitor.toml"))
    assert main(["feeds", "list"]) == 0
    assert "Alpine Wire" in capsys.readouterr().out


def test_a_configuration_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feeds", "list", "--config", "none.toml"]) == 1
    assert capsys.readouterr().err.startswith("none.toml: no such file")


def test_an_unforeseen_error_is_one_sentence_and_debug_shows_where(monitor: Monitor, folder: Path) -> None:
    with sqlite3.connect(folder / "monitor.db") as broken:
        broken.execute("DROP TABLE feed_tags")
    ran = monitor("feeds", "list")
    assert (ran.code, ran.out) == (1, "")
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith("unexpected OperationalError: ")
    assert "--debug" in ran.err
    assert "Traceback" in monitor("feeds", "list", "--debug").err


def test_a_file_that_cannot_be_written_is_named(monitor: Monitor, folder: Path) -> None:
    ran = monitor("feeds", "export", "--out", folder / "no" / "x.opml")
    assert (ran.code, ran.err) == (1, f"{folder}/no/x.opml: No such file or directory\n")


def test_an_interrupt_is_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: object) -> int:
            raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Interrupted())))
    assert main(["inspect", "feed", "-"]) == 130
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


# --- as a program -------------------------------------------------------------------------------------------------


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def test_a_reader_that_goes_away_is_no_error(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [*PROGRAM, "--config", str(folder / "monitor.toml"), "articles", "show", "1"],
        stdout=writing,
        stderr=subprocess.PIPE,
        env=environment(),
        check=False,
        timeout=60,
    )
    os.close(writing)
    assert ran.stderr == b""
    assert ran.returncode in {1, BROKEN_PIPE}


def test_a_terminal_without_unicode_gets_valid_json_and_no_crash(folder: Path) -> None:
    for arguments in (["articles", "show", "4"], ["articles", "show", "4", "--json"]):
        ran = subprocess.run(
            [*PROGRAM, "--config", str(folder / "monitor.toml"), *arguments],
            capture_output=True,
            env=environment(PYTHONIOENCODING="ascii"),
            check=True,
            timeout=60,
        )
        assert ran.stdout.isascii()
        assert b"Harborton" in ran.stdout
        assert ran.stderr == b""


def test_the_exit_code_reaches_the_shell(folder: Path) -> None:
    program = [*PROGRAM, "--config", str(folder / "monitor.toml")]
    codes = [
        subprocess.run(
            [*program, *arguments], capture_output=True, env=environment(), check=False, timeout=60
        ).returncode
        for arguments in (["stories", "list"], ["stories", "show", "99"], ["stories", "fly"])
    ]
    assert codes == [0, 1, 2]


def test_once_makes_the_database_and_does_what_is_due(tmp_path: Path) -> None:
    ran = subprocess.run(
        [*PROGRAM, "once"], cwd=tmp_path, capture_output=True, env=environment(), check=True, timeout=60
    )
    assert ran.stdout == b"done: nothing was due\n"
    assert b"Traceback" not in ran.stderr
    with sqlite3.connect(tmp_path / "monitor.db") as made:
        assert made.execute("SELECT COUNT(*) FROM feeds").fetchone() == (0,)


def test_a_wrong_declarative_file_stops_once_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "watchlists.toml").write_text('[[watchlist]]\nname = "A"\nquery = "("\n')
    (tmp_path / "monitor.toml").write_text("")
    ran = subprocess.run(
        [*PROGRAM, "once", "--config", "monitor.toml"],
        cwd=tmp_path,
        capture_output=True,
        env=environment(),
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr.startswith(b'watchlists.toml: watchlist 1 ("A"): query')
    assert len(ran.stderr.splitlines()) == 1
