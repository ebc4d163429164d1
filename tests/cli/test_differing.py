"""`articles show --diff`: what revisions changed, for people with and without colours, and for programs."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from monitor.cli import differing
from monitor.store.engine import open_store
from tests.cli.conftest import HOSTILE, Monitor
from tests.store.rows import NOW, make_article, save_text

FIRST = "Nine people died in Arequipa on Monday.\nThe president spoke.\n" + " ".join(f"w{n}" for n in range(60))
SECOND = FIRST.replace("Nine", "Twelve").replace("w59", HOSTILE.replace("\r\n", " "))
URL = "https://quake.example/1"
ESCAPE = re.compile(r"\x1b(?!\[[\d;]*m)")


@pytest.fixture
def article_id(folder: Path) -> int:
    """An article of three revisions."""
    store = open_store(f"sqlite:///{folder}/monitor.db")
    with store.begin() as conn:
        made = make_article(conn, URL, now=NOW, title="Quake kills nine", body=FIRST)
        save_text(conn, made, now=NOW + timedelta(hours=1), title="Quake kills twelve", body=SECOND)
        save_text(conn, made, now=NOW + timedelta(hours=6), title="Quake kills twelve", body=f"{SECOND}\nMore soon.")
    store.close()
    return int(made)


def test_each_revision_is_compared_with_the_one_before_newest_first(monitor: Monitor, article_id: int) -> None:
    ran = monitor("articles", "show", article_id, "--diff")
    headers = [line for line in ran.out.splitlines() if line.startswith("revision ")]
    assert [header.split(",")[0] for header in headers] == ["revision 3", "revision 2"]
    assert "2026-03-01 13:00 UTC" in headers[1]
    assert "title: Quake kills [-nine-]{+twelve+}" in ran.out
    assert "[-Nine-] {+Twelve+} people died in Arequipa on Monday." in ran.out
    assert "{+More soon.+}" in ran.out
    assert "w30" not in ran.out
    assert "..." in ran.out


def test_two_revisions_that_are_named_are_compared(monitor: Monitor, article_id: int) -> None:
    ran = monitor("articles", "show", article_id, "--diff", "--from", 1)
    assert ran.out.count("revision ") == 1
    assert "revision 3 against 1" in ran.out
    assert "{+Twelve+}" in ran.out
    assert "{+More soon.+}" in ran.out
    backwards = monitor("articles", "show", article_id, "--diff", "--from", 3, "--to", 2)
    assert "[-More soon.-]" in backwards.out


def test_a_revision_that_is_not_there_is_a_clear_error(monitor: Monitor, article_id: int) -> None:
    ran = monitor("articles", "show", article_id, "--diff", "--to", 7)
    assert (ran.code, ran.err.strip()) == (1, "the article has no revision 7; it has 1 to 3")
    assert monitor("articles", "show", article_id, "--diff", "--from", 2, "--to", 2).code == 2
    assert "add --diff" in monitor("articles", "show", article_id, "--from", 2).err


def test_an_article_that_never_changed_has_nothing_to_compare(monitor: Monitor) -> None:
    ran = monitor("articles", "show", 2, "--diff")
    assert (ran.code, ran.out) == (0, "")
    assert "1 revision: nothing to compare" in ran.err


def test_segments_for_programs_make_both_texts(monitor: Monitor, article_id: int) -> None:
    document = monitor("articles", "show", URL, "--diff", "--json").document
    changes = document["changes"]
    assert document["id"] == article_id
    assert [(change["from"], change["to"]) for change in changes] == [(2, 3), (1, 2)]
    text = changes[1]["text"]
    assert "".join(one["text"] for one in text if one["kind"] != "added") == FIRST
    assert "".join(one["text"] for one in text if one["kind"] != "removed") == SECOND


def test_hostile_text_reaches_the_terminal_without_what_it_would_obey(monitor: Monitor, article_id: int) -> None:
    for out in (
        monitor("articles", "show", article_id, "--diff").out,
        monitor("articles", "show", article_id, "--diff", "--json").out,
    ):
        assert "\x1b" not in out
        assert "\u202e" not in out
    assert "[/x] Red" in monitor("articles", "show", article_id, "--diff").out


def test_a_terminal_gets_red_and_green_and_no_marks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    revisions = [
        {"revision_no": number, "seen_at": NOW, "kind": "changed", "title": "T", "text": text,
         "n_words_added": 1, "n_words_removed": 1}
        for number, text in ((1, FIRST), (2, SECOND))
    ]  # fmt: skip
    console = Console(force_terminal=True, color_system="standard", markup=False, highlight=False, emoji=False)
    capsys.readouterr()
    differing.print_difference(revisions[0], revisions[1], console)
    out = capsys.readouterr().out
    assert "\x1b[9;31mNine\x1b[0m \x1b[32mTwelve\x1b[0m people" in out
    assert "[-" not in out
    assert not ESCAPE.search(out)


def test_the_revisions_of_an_article_fit_a_narrow_terminal(
    monitor: Monitor, article_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = monitor("articles", "show", article_id).out.splitlines()
    start = lines.index("revisions")
    table = lines[start + 1 : start + 5]
    assert {"kind", "similar"} <= set(table[0].split())
    assert all(len(line) <= 80 and "Mar" in line for line in table[1:])
