"""How the days of a source are shown by `monitor feeds`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from monitor.app import utc_now
from monitor.cli.days import N_LISTED, N_SHOWN, in_short, window
from monitor.store.engine import Store, open_store
from monitor.types import DayVerdict, SourceDay
from tests.cli.conftest import Monitor
from tests.store.rows import add_day, add_feed

LAST_ON = date(2026, 11, 20)
DAY = timedelta(days=1)
LETTERS = {
    "c": DayVerdict.COMPLETE,
    "s": DayVerdict.SILENT,
    "u": DayVerdict.UNKNOWN,
    "g": DayVerdict.NO_OVERLAP,
    "p": DayVerdict.PARTIAL,
    "f": DayVerdict.FAILED,
    "n": DayVerdict.NOT_POLLED,
    "-": None,
}


def days_of(letters: str, last_on: date = LAST_ON) -> list[SourceDay]:
    """A day for each letter; a space is a day without a row."""
    first_on = last_on - (len(letters) - 1) * DAY
    return [
        SourceDay(day_on=first_on + number * DAY, n_polls_ok=24, n_new=5, verdict=LETTERS[letter])
        for number, letter in enumerate(letters)
        if letter != " "
    ]


@pytest.mark.parametrize(
    ("letters", "said"),
    [
        ("", "-"),
        ("-------", "-"),
        ("ccccccc", "complete"),
        ("uuuuuuu", "too new"),
        ("uuuuuuc", "complete"),
        ("cccccss", "silent 2 days"),
        ("sssssss", "silent 7 days"),
        ("ccccccs", "silent 1 day"),
        ("cccsscc", "silent 2 of 7"),
        ("cfcsscc", "blind 15 Nov"),
        ("cpgcccc", "blind 2 of 7"),
        ("cccspfn", "blind 3 days"),
        ("fffffcs", "silent 1 day"),
        ("cccc   ", "until 17 Nov"),
        ("cccc---", "until 17 Nov"),
        ("   ccnc", "blind 19 Nov"),
    ],
)
def test_a_week_in_a_word(letters: str, said: str) -> None:
    assert in_short(days_of(letters), LAST_ON) == said
    assert len(said) <= 13


@contextmanager
def store_of(folder: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{folder / 'monitor.db'}")
    yield store
    store.close()


@pytest.fixture
def lived(folder: Path) -> date:
    """Twenty days of the source of feed 1; the last three are blind and silent."""
    _, last_on = window(utc_now(), 1)
    with store_of(folder) as store, store.begin() as conn:
        for day in days_of("c" * 17 + "fss", last_on):
            add_day(conn, "wire.example", day)
    return last_on


def test_a_list_of_feeds_shows_the_worst_of_the_last_days(
    monitor: Monitor, lived: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = [line.rstrip() for line in monitor("feeds", "list").out.splitlines()]
    assert lines[0].endswith("last 7 days")
    assert lines[1].endswith("silent 2 days")
    assert max(map(len, lines)) <= 80
    (row,) = monitor("feeds", "list", "--json").document
    assert len(row["days"]) == N_LISTED
    assert row["days"][-1] == {
        "day_on": lived.isoformat(),
        "n_polls_ok": 24,
        "n_polls_failed": 0,
        "n_new": 5,
        "n_gaps": 0,
        "n_expected": None,
        "verdict": "silent",
        "is_blind": False,
    }
    assert [day["is_blind"] for day in row["days"]] == [False] * 4 + [True, False, False]


def test_a_feed_is_shown_with_the_last_days_of_its_source(
    monitor: Monitor, lived: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ran = monitor("feeds", "show", 1)
    _, _, table = ran.out.partition("last days of Alpine Wire\n")
    lines = table.splitlines()
    assert len(lines) == 1 + N_SHOWN
    assert lines[0].split() == ["day", "(UTC)", "verdict", "polls", "failed", "new", "usual", "gaps"]
    assert lines[1].split() == [lived.isoformat(), "silent", "24", "0", "5", "-", "0"]
    assert lines[3].split()[1] == "failed"
    shown = monitor("feeds", "show", 1, "--json").document
    assert [day["day_on"] for day in shown["days"]] == [
        (lived - n_back * DAY).isoformat() for n_back in reversed(range(N_SHOWN))
    ]


def test_a_feed_without_days_is_listed_without(monitor: Monitor) -> None:
    assert monitor("feeds", "list").out.rstrip().endswith(" - -")
    assert "last days" not in monitor("feeds", "show", 1).out
    assert monitor("feeds", "show", 1, "--json").document["days"] == []


def test_more_feeds_cost_no_more_statements(folder: Path, monitor: Monitor, lived: date) -> None:
    n_before = n_statements(monitor)
    with store_of(folder) as store, store.begin() as conn:
        for number in range(30):
            add_feed(conn, f"https://s{number}.example/feed")
            for day in days_of("ccc", lived):
                add_day(conn, f"s{number}.example", day)
    assert n_statements(monitor) == n_before > 0


def n_statements(monitor: Monitor) -> int:
    seen: list[str] = []

    def count(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        assert monitor("feeds", "list").code == 0
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return len(seen)
