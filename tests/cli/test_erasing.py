"""`monitor articles merge` and `monitor articles erase`, called as somebody types them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.cli.conftest import Monitor

COPY = "https://gazette.example/a"


def test_an_article_is_merged_into_another_and_its_number_leads_there(monitor: Monitor) -> None:
    done = monitor("articles", "merge", 2, "https://wire.example/treaty", "--json")
    assert (done.code, done.document) == (0, {"old_id": 2, "id": 1})
    shown = monitor("articles", "show", 2, "--json").document
    assert shown["id"] == 1
    assert COPY in " ".join(one["url"] for one in shown["urls"])
    again = monitor("articles", "merge", 2, 1)
    assert again.code == 2
    assert "2 and 1 are article 1 both" in again.err
    assert "1 cannot be merged into itself" in monitor("articles", "merge", 1, 1).err
    assert "article 2 was merged into article 1\n" in monitor("articles", "show", 2).err
    assert monitor("articles", "merge", 3, 1).out == "article 3 is part of article 1 now\n"


def test_what_would_be_erased_is_shown_and_stays(monitor: Monitor) -> None:
    planned = monitor("articles", "erase", 1, 3, "--because", "court", "--dry-run", "--json")
    assert planned.code == 0
    assert (planned.document["is_done"], planned.document["article_ids"]) == (False, [1, 3])
    assert planned.document["n_copies_left"] == 1
    told = monitor("articles", "erase", 1, "--because", "court", "--dry-run")
    assert "Glacier treaty: who pays" in told.out
    assert "1 article, 2 revisions" in told.out
    assert "would be erased" in told.out
    assert monitor("articles", "show", 1).code == 0


def test_an_erased_article_is_gone_and_every_command_goes_on(monitor: Monitor, folder: Path) -> None:
    story = monitor("articles", "show", 4, "--json").document["story_id"]
    done = monitor("articles", "erase", 4, "--because", "court", "--yes", "--json")
    assert (done.code, done.document["is_done"], done.document["n_stories"]) == (0, True, 1)
    assert "backups may hold it still" in done.err
    shown = monitor("articles", "show", 4)
    assert shown.code == 1
    assert shown.err.startswith("article '4' was erased on ")
    assert shown.err.count("\n") == 1
    gone = monitor("stories", "show", story)
    assert gone.code == 1
    assert f"story {story} is no more: its articles were erased on" in gone.err
    assert monitor("stories", "list").code == monitor("explain", 1, 2).code == monitor("articles", "show", 1).code == 0
    assert b"striker Lee Moreno" not in (folder / "monitor.db").read_bytes()
    assert monitor("search", "striker", "--json").document["n_total"] == 0


def test_nothing_is_erased_without_a_yes(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    asked = monitor("articles", "erase", 4, "--because", "court")
    assert asked.code != 0
    assert "1 article, 1 revision" in asked.err
    assert monitor("articles", "show", 4).code == 0


def test_all_of_a_source_is_erased(monitor: Monitor) -> None:
    done = monitor("articles", "erase", "--source", "wire.example", "--because", "court", "--yes")
    assert done.code == 0
    assert "1 article, 2 revisions" in done.out
    (feed,) = monitor("feeds", "list", "--json").document
    assert feed["state"] == "paused"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "name articles, or --author NAME, or --source DOMAIN"),
        ((1, "--author", "Ann"), "one of the three"),
        (("--author", "Nobody Known"), "no article names 'Nobody Known' as its author"),
        (("--source", "nowhere.example"), "no source 'nowhere.example'"),
        ((99,), "no article '99'"),
    ],
)
def test_what_cannot_be_erased_is_said_in_one_sentence(
    monitor: Monitor, arguments: tuple[object, ...], sentence: str
) -> None:
    asked = monitor("articles", "erase", *arguments, "--because", "court", "--yes")
    assert asked.code in {1, 2}
    assert sentence in asked.err
    assert "Traceback" not in asked.err
