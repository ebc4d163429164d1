"""The labelled groups agree with themselves: a label that its own text contradicts would measure nothing."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
GROUPS: list[dict[str, Any]] = [
    json.loads(line) for line in (FOLDER / "groups.jsonl").read_text(encoding="utf-8").splitlines()
]
TEXTS: list[dict[str, Any]] = [text for group in GROUPS for text in group["texts"]]

KINDS = {
    "original": {"wire", "press release"},
    "copy": {"whole", "abridged", "agency line", "edited"},
    "rewrite": {"credited passages", "uncredited passages", "credited paraphrase"},
    "independent": {
        "own", "shared quote", "one fact credited", "photo credit", "credit, not followed", "other agency",
    },
    "unrelated": {"template sibling"},
}  # fmt: skip
FIELDS_OF_A_GROUP = {"id", "language", "event", "texts", "n_independent"}
FIELDS_OF_A_TEXT = {
    "id", "outlet", "domain", "family", "published_at", "title", "text", "credit", "relation", "origin", "of", "why",
}  # fmt: skip
WORD = re.compile(r"\w+")


def shingles(text: str) -> set[tuple[str, ...]]:
    """All runs of five words, lower case, without punctuation."""
    words = WORD.findall(text.lower())
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}


def containment(one: str, other: str) -> float:
    """The part of the shorter text's shingles that the other one has too, 0..1."""
    mine, theirs = shingles(one), shingles(other)
    return len(mine & theirs) / min(len(mine), len(theirs))


def kind(text: dict[str, Any]) -> str:
    return str(text["why"]).partition(":")[0]


def followed_by(group: dict[str, Any], text: dict[str, Any]) -> dict[str, Any]:
    texts: dict[str, dict[str, Any]] = {other["id"]: other for other in group["texts"]}
    return texts[text["of"]]


def of_relation(group: dict[str, Any], *relations: str) -> list[dict[str, Any]]:
    return [text for text in group["texts"] if text["relation"] in relations]


each_group = pytest.mark.parametrize("group", GROUPS, ids=[group["id"] for group in GROUPS])


def test_ids_and_texts_occur_once() -> None:
    assert len({group["id"] for group in GROUPS}) == len(GROUPS)
    assert len({text["id"] for text in TEXTS}) == len(TEXTS)
    assert len({text["title"] + "\n" + text["text"] for text in TEXTS}) == len(TEXTS)


def test_an_outlet_has_one_domain_and_one_family() -> None:
    named = {(text["outlet"], text["domain"], text["family"]) for text in TEXTS}
    assert len({outlet for outlet, _, _ in named}) == len(named)
    assert len({domain for _, domain, _ in named}) == len(named)
    assert all(domain.endswith(".example") for _, domain, _ in named)


@each_group
def test_a_group_has_its_fields_and_one_original(group: dict[str, Any]) -> None:
    assert set(group) == FIELDS_OF_A_GROUP
    assert 3 <= len(group["texts"]) <= 6
    assert group["id"].startswith(group["language"] + "-")
    assert len(of_relation(group, "original")) == 1


@each_group
def test_a_text_has_its_fields_and_allowed_words(group: dict[str, Any]) -> None:
    for text in group["texts"]:
        assert set(text) == FIELDS_OF_A_TEXT
        assert text["id"].startswith(group["id"] + "-")
        assert kind(text) in KINDS[text["relation"]], text["id"]
        assert text["origin"] in {"own", "agency", "press_release", "aggregator"}
        assert text["credit"] is None or text["credit"] in text["text"], text["id"]
        assert datetime.fromisoformat(text["published_at"]).tzinfo is not None


@each_group
def test_copies_and_rewrites_follow_an_earlier_text_of_the_group_and_others_follow_none(group: dict[str, Any]) -> None:
    for text in group["texts"]:
        if text["relation"] in {"copy", "rewrite"}:
            followed = followed_by(group, text)
            assert followed is not text
            assert followed["relation"] != "unrelated"
            assert followed["published_at"] <= text["published_at"]
        else:
            assert text["of"] is None


@each_group
def test_texts_are_of_an_articles_length(group: dict[str, Any]) -> None:
    for text in group["texts"]:
        assert (40 if text["relation"] == "copy" else 120) <= len(text["text"].split()) <= 350, text["id"]


@each_group
def test_a_copy_has_most_of_the_shingles_of_what_it_copies_and_a_rewrite_has_not(group: dict[str, Any]) -> None:
    for text in of_relation(group, "copy"):
        assert containment(text["text"], followed_by(group, text)["text"]) >= 0.6, text["id"]
    for text in of_relation(group, "rewrite"):
        assert containment(text["text"], followed_by(group, text)["text"]) < 0.6, text["id"]


@each_group
def test_a_rewrite_shows_what_its_kind_says(group: dict[str, Any]) -> None:
    for text in of_relation(group, "rewrite"):
        shared = containment(text["text"], followed_by(group, text)["text"])
        assert (shared < 0.03) == (kind(text) == "credited paraphrase"), text["id"]
        assert text["credit"] or not kind(text).startswith("credited"), text["id"]


@each_group
def test_independent_and_unrelated_texts_share_little_with_each_other_and_the_original(group: dict[str, Any]) -> None:
    apart = of_relation(group, "original", "independent", "unrelated")
    for i, one in enumerate(apart):
        for other in apart[i + 1 :]:
            assert containment(one["text"], other["text"]) <= 0.25, (one["id"], other["id"])


@each_group
def test_n_independent_is_what_the_labels_add_up_to(group: dict[str, Any]) -> None:
    voices = {(text["family"], text["origin"]) for text in of_relation(group, "original", "independent")}
    assert group["n_independent"] == len(voices)


def test_every_kind_and_enough_languages_are_there() -> None:
    languages = Counter(group["language"] for group in GROUPS)
    assert len(GROUPS) >= 64
    assert languages["en"] >= 20
    assert all(languages[language] >= 12 for language in ("de", "fr", "es"))
    found = Counter((text["relation"], kind(text)) for text in TEXTS)
    assert all(found[relation, name] >= 4 for relation, names in KINDS.items() for name in names)


def test_the_table_of_the_readme_counts_this_file() -> None:
    counted = Counter((group["language"], text["relation"]) for group in GROUPS for text in group["texts"])
    n_groups = Counter(group["language"] for group in GROUPS)
    rows = re.findall(r"^\| ([a-z]{2}) \| (.+) \|$", (FOLDER / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {language for language, _ in rows} == set(n_groups)
    for language, cells in rows:
        expected = [n_groups[language], *(counted[language, relation] for relation in KINDS)]
        assert [int(cell) for cell in cells.split(" | ")] == expected, language
