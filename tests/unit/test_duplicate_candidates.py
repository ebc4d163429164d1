"""Candidates: what is ranked, what is capped, and that the index misses hardly a pair that overlaps."""

from __future__ import annotations

import random
from collections import defaultdict

from monitor.dedup.candidates import CandidatePolicy, choose_candidates
from monitor.dedup.fingerprint import N_SHINGLE_BANDS, fingerprint
from monitor.dedup.matching import compare
from monitor.types import ArticleId

VOCABULARY = [
    f"{a}{b}{c}" for a in "bdfgklmnprst" for b in ("a", "e", "i", "o") for c in ("ran", "lis", "tor", "mek", "vun")
]
COMMON = "this report was made with the help of many readers who wrote to our desk about it".split()
N_TEXTS = 150


def fact_band(number: int) -> int:
    return number << 6 | N_SHINGLE_BANDS


def abridged_and_edited(words: list[str], chance: random.Random) -> list[str]:
    """A third or more of a text, anywhere in it, with up to a tenth of its words replaced."""
    n_kept = chance.randint(len(words) // 3, len(words))
    start = chance.randint(0, len(words) - n_kept)
    rate = chance.choice([0, 0.03, 0.1])
    return [f"{word}x" if chance.random() < rate else word for word in words[start : start + n_kept]]


def test_hardly_a_pair_that_overlaps_escapes_the_index_with_its_caps() -> None:
    chance = random.Random(5)
    texts: list[list[str]] = []
    for _ in range(N_TEXTS):
        body = [chance.choice(VOCABULARY) for _ in range(chance.randint(90, 260))]
        # A line that every text has fills its bands to their caps.
        texts += [[*body, *COMMON], [*abridged_and_edited(body, chance), *COMMON]]
    made = [fingerprint(" ".join(text)) for text in texts]
    by_band: dict[int, list[ArticleId]] = defaultdict(list)
    compared: set[tuple[int, int]] = set()
    for number, each in enumerate(made):
        rows = [(band, earlier) for band in each.bands for earlier in by_band[band]]
        compared |= {(number, earlier) for earlier in choose_candidates(rows)}
        for band in each.bands:
            by_band[band].append(ArticleId(number))
    wanted = {(n + 1, n) for n in range(0, 2 * N_TEXTS, 2) if compare(made[n + 1], made[n]).containment >= 0.7}
    assert len(wanted) > N_TEXTS * 0.9
    assert len(wanted & compared) >= 0.99 * len(wanted)


def test_a_pair_of_facts_that_many_texts_share_brings_nobody_in() -> None:
    policy = CandidatePolicy(max_fact_band=3)
    common = [(fact_band(1), ArticleId(number)) for number in (1, 2, 3)]
    telling = [(fact_band(2), ArticleId(number)) for number in (7, 8)]
    assert choose_candidates([*common, *telling], policy=policy) == [8, 7]


def test_texts_met_by_facts_come_after_those_met_by_shingles_and_are_few() -> None:
    rows = [(64, ArticleId(1)), *((fact_band(n), ArticleId(5)) for n in (1, 2)), (fact_band(3), ArticleId(9))]
    rows += [(fact_band(3), ArticleId(1))]
    assert choose_candidates(rows) == [1, 5, 9]
    assert choose_candidates(rows, policy=CandidatePolicy(max_by_facts=1)) == [1, 5]


def test_the_mark_of_the_same_text_is_no_band_of_facts() -> None:
    rows = [(-1, ArticleId(number)) for number in range(80)]
    assert choose_candidates(rows)[:2] == [0, 1]
