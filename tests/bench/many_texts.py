"""Many different news texts, made of the background set that MONITOR_QUALITY_DATA names, and copies planted among them.

The set has some thousands of texts. Beyond these a text is made of sentences of several others with a third of its
words exchanged, so that it reads like news to an index, and repeats nothing.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

EXCHANGED = 0.33
MIN_WORDS = 120


@dataclass(frozen=True, slots=True)
class News:
    """A text of a source; `copy_of` is the place of the text that it was made from by an edit."""

    title: str
    text: str
    source: str
    copy_of: int | None = None


def background(folder: Path) -> list[News]:
    """The texts of the set that are long enough to be news, in the order of the file."""
    with gzip.open(folder / "background" / "allsides.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        News(row["title"] or "", row["text"], row["source"] or "unknown")
        for row in rows
        if len(row["text"].split()) >= MIN_WORDS
    ]


def many(real: list[News], n: int, chance: random.Random) -> Iterator[News]:
    """`n` texts: the real ones, then made ones."""
    yield from real[:n]
    sentences = [line for one in real for line in one.text.split(". ") if 8 <= len(line.split()) <= 60]
    words = [word for one in real[:2000] for word in one.text.split()]
    for _ in range(len(real), n):
        like = chance.choice(real)
        n_wanted = max(MIN_WORDS, min(900, len(like.text.split())))
        made: list[str] = []
        while len(made) < n_wanted:
            made += [
                chance.choice(words) if chance.random() < EXCHANGED else word
                for word in chance.choice(sentences).split()
            ]
        yield News(like.title, " ".join(made), like.source)


def edited(original: News, place: int, chance: random.Random) -> News:
    """A copy of a text as another outlet would print it: one of five edits, by chance."""
    words = original.text.split()
    edit = chance.randrange(5)
    if edit == 0:  # shortened to the half that comes first
        words = words[: len(words) // 2]
    elif edit == 1:  # a tenth of the words changed
        words = [chance.choice(words) if chance.random() < 0.1 else word for word in words]
    elif edit == 2:  # an agency line in front, and a line about the paper behind
        words = ["(Newswire)", "-", *words, "Copyright", "by", "the", "paper;", "all", "rights", "reserved."]
    elif edit == 3:  # shortened to a third
        words = words[: len(words) // 3]
    return News(f"{original.title} today", " ".join(words), f"{original.source} reprint", place)
