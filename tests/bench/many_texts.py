"""Many news texts, made of the background set that MONITOR_QUALITY_DATA names, and copies planted among them."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from monitor.dedup.fingerprint import Fingerprint, fingerprint

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


class Wire:
    """Any number of texts with their fingerprints: the real ones, then others that are like them to an index.

    A made text has new words; its fingerprint has as many shingles as that of a real one, all of them new, and just
    those of its bands that other real texts have as well. So a phrase that is common stays as common as it is, however
    many texts there are, and no made text repeats another.
    """

    def __init__(self, real: list[News], chance: random.Random) -> None:
        self._chance = chance
        self._hashes = np.random.default_rng(1)
        self._real = real
        self._words = [word for one in real[:2000] for word in one.text.split()]
        self._prints = [fingerprint(one.text, [one.source]) for one in real]
        self._n_with = Counter(band for made in self._prints for band in made.bands)

    def take(self, start: int, end: int) -> Iterator[tuple[News, Fingerprint]]:
        """The texts with the numbers from `start` up to `end`; each call goes on where the last one ended."""
        for number in range(start, end):
            if number < len(self._real):
                yield self._real[number], self._prints[number]
            else:
                place = self._chance.randrange(len(self._real))
                yield self._text(self._real[place]), self._print(self._prints[place])

    def _text(self, like: News) -> News:
        n_words = len(like.text.split())
        start = self._chance.randrange(len(self._words) - n_words)
        return News(like.title, " ".join(self._words[start : start + n_words]), like.source)

    def _print(self, like: Fingerprint) -> Fingerprint:
        random_bands = self._hashes.integers(1 << 57, size=len(like.bands)).tolist()
        bands = [
            band if self._n_with[band] > 1 else new << 6 | band & 63
            for band, new in zip(like.bands, random_bands, strict=True)
        ]
        shingles = np.sort(self._hashes.integers(1 << 63, size=len(like.shingles), dtype=np.uint64))
        digest = self._hashes.bytes(len(like.text_hash) // 2).hex()
        return replace(like, text_hash=digest, shingles=shingles, bands=tuple(bands))


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
