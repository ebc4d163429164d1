"""Commands that show what is stored: stories, articles, search, explain, digests."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from monitor.store.engine import open_store, sole_process
from tests.cli.conftest import HOSTILE, WIRE, Monitor

SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def test_stories_are_listed_with_their_figures(monitor: Monitor) -> None:
    ran = monitor("stories", "list", "--json")
    assert ran.code == 0
    assert [list(story) for story in ran.document] == [
        ["id", "title", "first_seen_at", "last_seen_at", "n_articles", "n_publishers", "n_independent", "n_copies",
         "languages", "state"]
    ] * 2  # fmt: skip
    treaty = next(story for story in ran.document if story["n_articles"] == 3)
    assert (treaty["n_publishers"], treaty["n_independent"], treaty["n_copies"]) == (3, 1, 2)
    assert treaty["languages"] == ["en"]
    assert SECOND.fullmatch(treaty["last_seen_at"])
    assert datetime.fromisoformat(treaty["first_seen_at"]).tzinfo is not None


def test_a_limit_says_what_it_leaves_out_and_not_on_stdout(monitor: Monitor) -> None:
    ran = monitor("stories", "list", "--limit", 1)
    assert "1 of 2 stories" in ran.err
    assert "1 of 2" not in ran.out
    assert len(monitor("stories", "list", "--limit", 1, "--json").document) == 1


def test_a_story_is_shown_with_its_articles_and_what_repeats_what(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    stories = monitor("stories", "list", "--json").document
    story_id = next(story["id"] for story in stories if story["n_articles"] == 3)
    story = monitor("stories", "show", story_id, "--json").document
    assert [(one["id"], one["duplicate_of"]) for one in story["articles"]] == [(1, None), (2, 1), (3, 1)]
    assert {"id", "title", "source", "url", "published_at", "language", "duplicate_of", "duplicate_kind"} <= set(
        story["articles"][0]
    )
    monkeypatch.setenv("COLUMNS", "120")
    ran = monitor("stories", "show", story_id)
    assert "copy of 1" in ran.out
    assert "n_independent 1" in " ".join(ran.out.split())


def test_a_story_is_shown_with_what_it_is_known_by_and_how_it_spread(monitor: Monitor) -> None:
    stories = monitor("stories", "list", "--json").document
    story_id = next(story["id"] for story in stories if story["n_articles"] == 3)
    story = monitor("stories", "show", story_id, "--json").document
    assert (story["representative_id"], story["first_publisher"], story["articles_per_hour"]) == (1, "Alpine Wire", 0.5)
    assert "Anna Brunner" in story["key_names"]
    assert "treaty" in story["key_terms"]
    assert sum(hour["n_articles"] for hour in story["hours"]) == 3
    assert set(story["hours"][0]) == {"hour_at", "n_articles", "n_copies", "n_publishers", "n_voices"}
    ran = monitor("stories", "show", story_id)
    assert "Anna Brunner" in ran.out
    assert "UTC, at most 3 articles an hour" in " ".join(ran.out.split())


def test_an_article_is_shown_with_revisions_and_duplicates(monitor: Monitor) -> None:
    article = monitor("articles", "show", 1, "--json").document
    assert [revision["revision_no"] for revision in article["revisions"]] == [1, 2]
    assert {(other["id"], other["is_original"]) for other in article["duplicates"]} == {(2, False), (3, False)}
    assert article["text"].endswith("Corrected.")
    assert monitor("articles", "show", "https://wire.example/treaty", "--json").document["id"] == 1
    assert monitor("articles", "show", 3, "--json").document["duplicate_of"] == 1
    assert "glacier treaty obliges Valais" in " ".join(monitor("articles", "show", 1).out.split())


def test_search_counts_all_and_shows_the_best(monitor: Monitor) -> None:
    found = monitor("search", "glacier treaty", "--limit", 2, "--json").document
    assert (found["query"], found["n_total"], len(found["articles"])) == ("glacier treaty", 3, 2)
    assert list(found["articles"][0]) == [
        "id", "title", "source", "url", "published_at", "story_id", "snippet", "score"
    ]  # fmt: skip
    scores = [article["score"] for article in found["articles"]]
    assert scores == sorted(scores, reverse=True)
    assert "glacier treaty" in found["articles"][0]["snippet"]
    assert {article["story_id"] for article in found["articles"]} != {None}
    assert "3 articles, the 2 best are shown" in monitor("search", "glacier treaty", "--limit", 2).err


def test_a_query_is_decided_by_its_grammar_and_not_by_its_words_alone(monitor: Monitor) -> None:
    assert monitor("search", '"treaty glacier"', "--json").document["n_total"] == 0
    assert monitor("search", "treaty -glacier", "--json").document["n_total"] == 0
    assert monitor("search", "glacier OR striker", "--json").document["n_total"] == 4


def test_a_query_that_does_not_parse_is_wrong_usage_and_says_where(monitor: Monitor) -> None:
    ran = monitor("search", "glacier AND (")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[1:] == ["  glacier AND (", "  " + " " * 13 + "^"]


def test_copies_are_explained(monitor: Monitor) -> None:
    explained = monitor("explain", 1, 3, "--json").document
    assert (explained["same_copy_group"], explained["same_story"]) == (True, True)
    assert explained["duplicate"]["containment"] >= explained["duplicate"]["threshold"]
    assert explained["duplicate"]["jaccard"] > 0.5
    assert explained["story"]["score"] >= explained["story"]["threshold"]
    assert set(explained["story"]["terms"][0]) == {"term", "weight"}
    assert explained["because"].startswith("Copies (")
    assert "One story" in explained["because"]


def test_an_article_is_explained_beside_its_story(monitor: Monitor) -> None:
    stories = monitor("stories", "list", "--json").document
    story_id, other_id = sorted((story["id"] for story in stories), key=lambda one: one != monitor_story(monitor, 2))
    explained = monitor("explain", 2, "--story", story_id, "--json").document
    assert (explained["article"], explained["story_id"], explained["same_story"]) == (2, story_id, True)
    assert explained["stored"]["because"] == "copy"
    assert explained["story"]["score"] >= explained["story"]["threshold"]
    assert set(explained["story"]["nearest"]["terms"][0]) == {"term", "weight"}
    assert explained["because"].startswith("Together: it went where article 1 of the same text is")
    ran = monitor("explain", 4, "--story", story_id)
    assert "Apart: " in ran.out
    assert f"it is in story {other_id}" in " ".join(ran.out.split())


def monitor_story(monitor: Monitor, article_id: int) -> int:
    return int(monitor("articles", "show", article_id, "--json").document["story_id"])


@pytest.mark.parametrize("arguments", [(1,), (1, 2, "--story", 1)])
def test_explaining_takes_two_articles_or_an_article_and_a_story(
    monitor: Monitor, arguments: tuple[object, ...]
) -> None:
    ran = monitor("explain", *arguments)
    assert ran.code == 2
    assert "--story ID" in ran.err


def test_an_article_is_not_explained_against_itself(monitor: Monitor) -> None:
    ran = monitor("explain", 1, 1)
    assert (ran.code, ran.out) == (2, "")
    assert "are the same article" in ran.err


def test_strangers_are_explained(monitor: Monitor) -> None:
    explained = monitor("explain", 1, 4, "--json").document
    assert (explained["same_copy_group"], explained["same_story"]) == (False, False)
    assert explained["because"].startswith("No copies: ")
    ran = monitor("explain", 1, 4)
    assert "Two stories" in ran.out
    assert "similarity" in ran.out


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (("stories", "show", 99), "stories list"),
        (("articles", "show", 99), "monitor search"),
        (("explain", 1, 99), "monitor search"),
        (("feeds", "show", 99), "feeds list"),
        (("digest", "preview", "Nobody"), "Morning"),
    ],
)
def test_what_is_not_stored_is_one_sentence_that_says_what_to_do(
    monitor: Monitor, arguments: tuple[object, ...], advice: str
) -> None:
    ran = monitor(*arguments)
    assert (ran.code, ran.out) == (1, "")
    assert len(ran.err.splitlines()) == 1
    assert advice in ran.err


# --- digests --------------------------------------------------------------------------------------------------------


def test_a_preview_stores_nothing(monitor: Monitor, folder: Path) -> None:
    page = folder / "preview.html"
    ran = monitor("digest", "preview", "--out", page)
    assert ran.code == 0
    assert "Glacier treaty" in ran.out
    assert "Glacier treaty" in page.read_text(encoding="utf-8")
    assert monitor("digest", "list", "--json").document == []
    preview = monitor("digest", "preview", "Morning", "--json").document
    assert [(story["n_articles"], story["is_update"]) for story in preview["stories"]] == [(3, False)]
    assert preview["recipients"] == ["reader@mail.example"]


def test_a_digest_is_sent_once(monitor: Monitor, folder: Path) -> None:
    [sent] = monitor("digest", "send", "Morning", "--json").document
    assert [delivery["state"] for delivery in sent["deliveries"]] == ["sent"]
    assert len(list((folder / "mail").glob("*.eml"))) == 1
    again = monitor("digest", "send", "Morning")
    assert again.out == "nothing new to tell\n"
    assert len(list((folder / "mail").glob("*.eml"))) == 1
    listed = monitor("digest", "list")
    assert "1 sent" in listed.out
    assert monitor("digest", "list", "--json").document[0]["n_stories"] == 1


def test_no_digest_is_sent_beside_a_process_that_works_on_the_same_file(monitor: Monitor, folder: Path) -> None:
    store = open_store(f"sqlite:///{folder}/monitor.db")
    with sole_process(store):
        ran = monitor("digest", "send", "Morning")
    store.close()
    assert ran.code == 1
    assert "another monitor process already works on this database" in ran.err
    assert monitor("digest", "list", "--json").document == []


def test_an_article_is_shown_without_the_secrets_of_its_urls(monitor: Monitor) -> None:
    shown = monitor("articles", "show", "4", "--json")
    assert "sports.example/7" in shown.document["url"]
    assert len(shown.document["urls"]) == 1
    assert "geheim" not in shown.out


# --- hostile text ---------------------------------------------------------------------------------------------------

OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize(
    "arguments",
    [
        ("stories", "list"),
        ("search", "striker"),
        ("articles", "show", 4),
        ("explain", 1, 4),
        ("stories", "list", "--json"),
        ("search", "striker", "--json"),
        ("articles", "show", 4, "--json"),
        ("explain", 1, 4, "--json"),
    ],
)
def test_a_hostile_headline_commands_no_terminal_and_forges_no_line(
    monitor: Monitor, arguments: tuple[object, ...]
) -> None:
    ran = monitor(*arguments)
    assert ran.code == 0
    assert not OBEYED.search(ran.out)
    if "--json" not in arguments:
        assert "[/x] Red =HYPERLINK(1) next" in " ".join(ran.out.split())


def test_json_gives_the_headline_as_it_is_stored(monitor: Monitor) -> None:
    assert monitor("articles", "show", 4, "--json").document["title"] == HOSTILE


def test_the_text_of_an_article_is_whole_in_json(monitor: Monitor) -> None:
    assert monitor("articles", "show", 2, "--json").document["text"] == WIRE


@pytest.mark.parametrize("width", [80, 120])
def test_tables_keep_to_the_width_of_the_terminal(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for arguments in (
        ("stories", "list"),
        ("stories", "show", 1),
        ("feeds", "list"),
        ("feeds", "show", 1),
        ("search", "glacier"),
        ("articles", "show", 1),
        ("explain", 1, 2),
        ("config", "show"),
    ):
        lines = [line for line in monitor(*arguments).out.splitlines() if not line.startswith("configuration: ")]
        assert lines
        assert max(map(len, lines)) <= width, arguments
