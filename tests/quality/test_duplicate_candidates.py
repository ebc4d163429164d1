"""The band index, with its caps, brings up nearly every pair that comparing everything with everything would find.

Brute force: all pairs whose 3-word shingles overlap by a containment of MIN_CONTAINMENT, from an inverted index of all
shingles. On real streams, which are not part of this repository.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from monitor.dedup.candidates import CandidatePolicy, choose_candidates
from monitor.dedup.fingerprint import Fingerprint, fingerprint
from monitor.evaluate.copies import EPOCH
from monitor.evaluate.reading import labelled_article, read_rows
from monitor.types import ArticleId

pytestmark = [pytest.mark.quality, pytest.mark.slow]

FOLDER = os.environ.get("MONITOR_QUALITY_DATA", "")
MIN_CONTAINMENT = 0.7
ABOUT_A_THIRD = (0.25, 0.45)


def fingerprints(name: str) -> list[Fingerprint]:
    path = Path(FOLDER) / name
    if not FOLDER or not path.is_file():
        pytest.skip("set MONITOR_QUALITY_DATA to the folder of the labelled data to measure quality")
    rows = (labelled_article(row, position=number) for number, row in enumerate(read_rows(path)))
    stream = sorted(rows, key=lambda each: (each.at or EPOCH, each.key))
    return [fingerprint(each.text, language=each.language) for each in stream]


def overlapping_pairs(made: Sequence[Fingerprint]) -> set[tuple[int, int]]:
    """(later, earlier) of all pairs with at least MIN_CONTAINMENT."""
    sizes = np.array([len(each.shingles) for each in made])
    shingles = np.concatenate([each.shingles for each in made])
    order = np.argsort(shingles, kind="stable")
    owners = np.repeat(np.arange(len(made)), sizes)[order]
    keys, starts = np.unique(shingles[order], return_index=True)
    ends = np.append(starts[1:], len(shingles))
    found: set[tuple[int, int]] = set()
    for number, each in enumerate(made):
        places = np.searchsorted(keys, each.shingles)
        places = places[ends[places] - starts[places] > 1]
        if not len(places):
            continue
        near = np.concatenate([owners[starts[place] : ends[place]] for place in places])
        n_shared = np.bincount(near, minlength=len(made))[:number]
        contained = n_shared / np.maximum(1, np.minimum(sizes[:number], sizes[number]))
        found.update((number, int(earlier)) for earlier in np.flatnonzero(contained >= MIN_CONTAINMENT))
    return found


def candidate_pairs(made: Sequence[Fingerprint]) -> set[tuple[int, int]]:
    """(later, earlier) of all pairs that are compared, one article after another."""
    by_band: dict[int, list[ArticleId]] = defaultdict(list)
    max_band = CandidatePolicy().max_band
    found: set[tuple[int, int]] = set()
    for number, each in enumerate(made):
        rows = [(band, earlier) for band in each.bands for earlier in by_band[band][:max_band]]
        found.update((number, earlier) for earlier in choose_candidates(rows))
        for band in each.bands:
            by_band[band].append(ArticleId(number))
    return found


@pytest.mark.timeout(3_000)
@pytest.mark.parametrize("name", ["duplicates/reuters_stream.jsonl.gz", "background/allsides.jsonl.gz"])
def test_hardly_an_overlapping_pair_escapes_the_index(name: str) -> None:
    made = fingerprints(name)
    wanted, compared = overlapping_pairs(made), candidate_pairs(made)
    thirds = {pair for pair in wanted if ABOUT_A_THIRD[0] <= length_ratio(made, pair) <= ABOUT_A_THIRD[1]}
    recall = {label: len(pairs & compared) / len(pairs) for label, pairs in (("all", wanted), ("thirds", thirds))}
    print(name, "candidates", len(wanted), len(thirds), recall)  # noqa: T201
    assert min(recall.values()) >= 0.99


def length_ratio(made: Sequence[Fingerprint], pair: tuple[int, int]) -> float:
    shorter, longer = sorted(made[number].n_words for number in pair)
    return shorter / max(1, longer)
