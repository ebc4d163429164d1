"""Edited copies of real articles are found among all of them: through index and verdict, kind by kind.

Unlabelled articles that are not part of this repository are edited as editors do; see edits.py.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.evaluate.copies import EPOCH, CopyIndex, candidate_of
from monitor.evaluate.reading import LabelledArticle, labelled_article, read_rows
from monitor.types import ArticleId, DuplicateLink
from tests.quality.edits import EDITS, Edited

pytestmark = [pytest.mark.quality, pytest.mark.slow]

FOLDER = os.environ.get("MONITOR_QUALITY_DATA", "")
N_EDITED = 500
MIN_WORDS = 100
FLOORS = {name: 0.9 if name == "reordered" else 0.95 for name in EDITS}


def background() -> list[LabelledArticle]:
    path = Path(FOLDER) / "background/allsides.jsonl.gz"
    if not FOLDER or not path.is_file():
        pytest.skip("set MONITOR_QUALITY_DATA to the folder of the labelled data to measure quality")
    rows = (labelled_article(row, position=number) for number, row in enumerate(read_rows(path)))
    return sorted(rows, key=lambda each: (each.at or EPOCH, each.key))


def chosen(articles: list[LabelledArticle]) -> list[int]:
    """A sample by hash, so that it is the same for ever."""
    long = [number for number, each in enumerate(articles) if len(each.text.split()) >= MIN_WORDS and each.at]
    return sorted(long, key=lambda number: hashlib.sha256(articles[number].key.encode()).hexdigest())[:N_EDITED]


def edited(article: LabelledArticle, name: str) -> LabelledArticle:
    """As another publisher shows it two hours later."""
    made = EDITS[name](Edited(article.title, article.text), random.Random(f"{name}/{article.key}"))
    assert article.at is not None
    at = article.at + timedelta(hours=2)
    return replace(article, key=f"{article.key}/{name}", title=made.title, text=made.text, source=name, at=at)


@pytest.mark.timeout(3_000)
def test_edited_copies_are_found_among_all_articles() -> None:
    articles = background()
    index = CopyIndex()
    for number, article in enumerate(articles):
        index.add(candidate_of(article, ArticleId(number)))
    found: Counter[str] = Counter()
    next_id = len(articles)
    for name in EDITS:
        for number in chosen(articles):
            candidate = candidate_of(edited(articles[number], name), ArticleId(next_id))
            # Only looked up: an edited copy must be recognised by the article, not by its other copies.
            found[name] += any(
                isinstance(link, DuplicateLink) and link.original_id == number for link in index.look_up(candidate)
            )
            next_id += 1
    recall = {name: found[name] / N_EDITED for name in EDITS}
    print("synthetic edits", recall)  # noqa: T201
    assert {name: share for name, share in recall.items() if share < FLOORS[name]} == {}
