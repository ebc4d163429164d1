"""Links that the product finds among real articles, with verdicts: how many are what they are called?

`background_links.json` holds pairs of ids of unlabelled articles that are not part of this repository: all links that
a run over all of them finds, those that earlier rules found, and the unlinked pairs with most shared words. `kind` is
what the rules said when the verdicts were given, `verdict` what a reader says: copy (the same text, edited or not),
abridged, rewrite (passages or the whole account taken over), independent (own reports that share statements or subject,
or that follow a third), template (a publisher's own frame); `why` says it in a reader's words. Every verdict rests on
one reading of both texts, from the first word to the last, by a single reader who knew what the rules said. The dates
are days, so which of two texts was first is often a guess. The rules were changed after these pairs were read: the
figures are optimistic. Among other articles, which few rules were settled on, 14 of 20 rewrites were right.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.dedup.matching import Candidate, decide_duplicate
from monitor.evaluate.copies import candidate_of
from monitor.evaluate.reading import labelled_article, read_rows
from monitor.types import ArticleId, DuplicateLink

pytestmark = [pytest.mark.quality, pytest.mark.slow]

FOLDER = os.environ.get("MONITOR_QUALITY_DATA", "")
PAIRS: list[dict[str, str]] = json.loads((Path(__file__).parent / "background_links.json").read_text(encoding="utf-8"))
FAMILIES = {"Fox Online News": "Fox News"}
"""Two names of one publisher in these articles."""
COPIES = {"copy", "abridged"}


@pytest.fixture(scope="module")
def found() -> list[tuple[str, str]]:
    """(what the product says, what reading says) of each pair."""
    path = Path(FOLDER) / "background/allsides.jsonl.gz"
    if not FOLDER or not path.is_file():
        pytest.skip("set MONITOR_QUALITY_DATA to the folder of the labelled data to measure quality")
    wanted = {pair[side] for pair in PAIRS for side in ("a", "b")}
    rows = sorted((row for row in read_rows(path) if row["id"] in wanted), key=lambda row: str(row["id"]))
    candidates = {row["id"]: candidate(row, number) for number, row in enumerate(rows)}
    return [(said_of(candidates[pair["a"]], candidates[pair["b"]]), pair["verdict"]) for pair in PAIRS]


def candidate(row: dict[str, Any], number: int) -> Candidate:
    made = candidate_of(labelled_article(row, position=number), ArticleId(number))
    return replace(made, family=FAMILIES.get(made.family, made.family))


def said_of(a: Candidate, b: Candidate) -> str:
    link = decide_duplicate(a, b)
    if link is None:
        return "none"
    return "copy" if isinstance(link, DuplicateLink) else "rewrite"


def test_what_is_called_a_copy_is_one(found: list[tuple[str, str]]) -> None:
    copies = [verdict for said, verdict in found if said == "copy"]
    assert len(copies) >= 5
    assert sum(verdict in COPIES for verdict in copies) / len(copies) >= 0.98


def test_what_is_called_a_rewrite_mostly_follows_the_other(found: list[tuple[str, str]]) -> None:
    rewrites = [verdict for said, verdict in found if said == "rewrite"]
    assert len(rewrites) >= 13
    assert sum(verdict in {*COPIES, "rewrite"} for verdict in rewrites) / len(rewrites) >= 0.85


def test_hardly_a_pair_that_is_left_apart_belongs_together(found: list[tuple[str, str]]) -> None:
    apart = [verdict for said, verdict in found if said == "none"]
    assert len(apart) >= 30
    assert sum(verdict in {"independent", "template"} for verdict in apart) / len(apart) >= 0.9
