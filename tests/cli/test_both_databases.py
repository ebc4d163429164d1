"""Every reading command answers the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.cli.main import main
from monitor.config import load_settings
from tests.cli.conftest import fill

SEEN_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMMANDS = (
    ("stories", "list"),
    ("stories", "show", "1"),
    ("articles", "show", "1"),
    ("articles", "show", "3"),
    ("search", "glacier OR striker"),
    ("explain", "1", "3"),
    ("feeds", "list"),
    ("digest", "preview"),
    ("digest", "list"),
    ("db", "check"),
)


def test_reading_commands_answer_the_same_on_both_databases(
    folder: Path,
    sqlite_url: str,
    postgresql_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers = []
    for url in (sqlite_url, postgresql_url):
        monkeypatch.setenv("MONITOR_DATABASE_URL", url)
        fill(load_settings(folder / "monitor.toml"), SEEN_AT)
        answers.append([])
        for command in COMMANDS:
            capsys.readouterr()
            assert main([*command, "--json", "--config", str(folder / "monitor.toml")]) == 0, command
            answers[-1].append(json.loads(capsys.readouterr().out))
    for command, on_sqlite, on_postgresql in zip(COMMANDS, *answers, strict=True):
        if command[0] != "digest":  # its window ends at the moment of the call
            assert on_sqlite == on_postgresql, command


def test_feeds_are_paused_and_resumed_on_postgresql(
    folder: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MONITOR_DATABASE_URL", postgresql_url)
    monkeypatch.setenv("MONITOR_CONFIG", str(folder / "monitor.toml"))
    for arguments in (["add", "https://new.example/f", "--tag", "x"], ["pause", "1"], ["resume", "1"]):
        assert main(["feeds", *arguments]) == 0, arguments
    capsys.readouterr()
    assert main(["feeds", "show", "1", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["state"], shown["tags"]) == ("active", ["x"])
