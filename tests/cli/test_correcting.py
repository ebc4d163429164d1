"""`monitor stories merge`, `split`, `move`, `lock`, `unlock`, `undo`, `log`, `rebuild`."""

from __future__ import annotations

from tests.cli.conftest import HOSTILE, Monitor


def ids_of(monitor: Monitor) -> tuple[int, int]:
    """The story of the wire report with its copies, articles 1 to 3, and the other one, article 4."""
    stories = monitor("stories", "list", "--json").document
    big = next(story["id"] for story in stories if story["n_articles"] == 3)
    return big, next(story["id"] for story in stories if story["id"] != big)


def members(monitor: Monitor, story: int) -> list[int]:
    return sorted(article["id"] for article in monitor("stories", "show", story, "--json").document["articles"])


def test_stories_are_merged_and_the_merge_is_undone(monitor: Monitor) -> None:
    big, other = ids_of(monitor)
    ran = monitor("stories", "merge", other, big, "--who", "ann", "--because", "one treaty", "--json")
    kept, gone = min(big, other), max(big, other)
    log_id = ran.document["log_id"]
    assert ran.document["story_id"] == kept
    assert monitor("stories", "show", gone, "--json").document["id"] == kept
    assert members(monitor, gone) == [1, 2, 3, 4]
    (entry,) = (one for one in monitor("stories", "log", gone, "--json").document if one["action"] == "merged")
    assert (entry["id"], entry["who"], entry["because"], entry["story_id"]) == (log_id, "ann", "one treaty", kept)
    assert "one treaty" in monitor("stories", "log").out
    undone = monitor("stories", "undo", log_id)
    assert (undone.code, "is taken back; " in undone.out) == (0, True)
    assert (members(monitor, big), members(monitor, other)) == ([1, 2, 3], [4])
    again = monitor("stories", "undo", log_id)
    assert (again.code, again.out) == (2, "")
    assert "taken back already" in again.err


def test_articles_are_split_off_and_moved(monitor: Monitor) -> None:
    big, other = ids_of(monitor)
    split = monitor("stories", "split", big, "3", "--json").document
    (moved,) = split["moves"]
    monitor("stories", "undo", split["log_id"])
    assert f"1 article of story {big} split off as story " in monitor("stories", "split", big, "3").out
    (moved,) = monitor("stories", "log", "--limit", 1, "--json").document[0]["moves"]
    assert (moved["article_ids"], moved["from"]) == ([3], big)
    said = monitor("stories", "move", "https://post.example/alps", other).out
    assert f"article 3 is in story {other} now, not in {moved['to']}" in said
    assert members(monitor, moved["to"]) == [3, 4]


def test_a_locked_story_says_so_and_is_not_changed(monitor: Monitor) -> None:
    big, other = ids_of(monitor)
    assert monitor("stories", "lock", big).out.startswith(f"story {big} is locked (")
    assert monitor("stories", "show", big, "--json").document["locked"]
    assert "locked" in monitor("stories", "show", big).out
    refused = monitor("stories", "merge", big, other)
    assert (refused.code, "unlock" in refused.err) == (2, True)
    assert monitor("stories", "unlock", big).code == 0
    assert monitor("stories", "merge", big, other).code == 0


def test_mistakes_are_told_in_one_sentence(monitor: Monitor) -> None:
    big, _ = ids_of(monitor)
    for arguments, code, word in (
        (("merge", big, 99), 1, "no story 99"),
        (("split", big, "4"), 2, "not in story"),
        (("split", big, "99"), 1, "99"),
        (("move", "1", big), 2, "already"),
        (("undo", 99), 1, "no log entry"),
        (("lock", big, "--who", "assigner"), 2, "another name"),
        (("lock", big, "--who", " "), 2, "--who"),
        (("merge", "--", big, -(10**30)), 2, "1"),
        (("undo", "--", -1), 2, "1"),
        (("rebuild", "--since", "2026-01-01", "--apply", "--who", "assigner"), 2, "another name"),
        (("rebuild", "--since", "2026-01-01", "--language", "xx"), 2, "xx"),
        (("rebuild", "--since", "30d"), 2, "'30d' does not match the formats '2026-01-31'"),
        (("log", 99), 1, "no story 99"),
    ):
        ran = monitor("stories", *arguments)
        assert (ran.code, ran.out) == (code, ""), arguments
        assert word in ran.err
        assert "Traceback" not in ran.err


def test_stories_are_rebuilt_beside_the_stored_ones(monitor: Monitor) -> None:
    big, other = ids_of(monitor)
    same = monitor("stories", "rebuild", "--since", "0001-01-01")
    assert "the stories are what they would be" in same.out
    monitor("stories", "merge", big, other)
    log = monitor("stories", "log", "--json").document
    facts_hold = monitor("stories", "rebuild", "--since", "2020-01-01", "--apply", "--json").document
    assert [one["n_moved"] for one in facts_hold] == [0]
    assert monitor("stories", "log", "--json").document == log


def test_the_log_shows_hostile_words_as_one_clean_line(monitor: Monitor) -> None:
    big, _ = ids_of(monitor)
    assert monitor("stories", "lock", big, "--who", HOSTILE, "--because", HOSTILE).code == 0
    out = monitor("stories", "log").out
    assert "\x1b" not in out
    assert "\u202e" not in out
