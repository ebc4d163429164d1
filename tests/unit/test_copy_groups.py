"""Copy groups: a star around the earliest original, whatever the order of arrival."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

from monitor.dedup.candidates import choose_candidates
from monitor.dedup.fingerprint import fingerprint
from monitor.dedup.matching import Candidate, decide_duplicate, derive_groups
from monitor.types import ArticleId, DuplicateKind, DuplicateLink

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
WORDS = [
    f"{a}{b}{c}" for a in "bdfgklmnprst" for b in ("a", "e", "i", "o") for c in ("ran", "lis", "tor", "mek", "vun")
]


def link(article: int, original: int) -> DuplicateLink:
    return DuplicateLink(
        article_text_hash="a",
        original_text_hash="o",
        article_id=ArticleId(article),
        original_id=ArticleId(original),
        kind=DuplicateKind.NEAR,
        containment=0.9,
        jaccard=0.8,
        scheme="test",
    )


def seen(**hours: int) -> dict[ArticleId, datetime]:
    return {ArticleId(int(key[1:])): START + timedelta(hours=value) for key, value in hours.items()}


def originals(links: list[DuplicateLink], first_seen_at: dict[ArticleId, datetime]) -> dict[int, int]:
    appeared = {article_id: (moment, "") for article_id, moment in first_seen_at.items()}
    return {int(key): int(copy.original_id) for key, copy in derive_groups(links, appeared).items()}


def test_of_two_that_appeared_at_one_moment_the_first_url_is_the_original() -> None:
    places = {ArticleId(1): (START, "http://b.example/"), ArticleId(2): (START, "http://a.example/")}
    assert {copy.original_id for copy in derive_groups([link(1, 2)], places).values()} == {ArticleId(2)}


def test_the_earliest_article_is_the_original_of_all_its_copies() -> None:
    links = [link(3, 2), link(3, 1), link(2, 1)]
    assert originals(links, seen(a1=0, a2=1, a3=2)) == {2: 1, 3: 1}


def test_an_earlier_copy_that_arrives_late_becomes_the_original() -> None:
    links = [link(2, 1)]
    assert originals(links, seen(a1=5, a2=6)) == {2: 1}
    links += [link(1, 9), link(2, 9)]
    assert originals(links, seen(a1=5, a2=6, a9=0)) == {1: 9, 2: 9}


def test_there_are_no_chains() -> None:
    links = [link(2, 1), link(3, 2), link(4, 3)]
    found = originals(links, seen(a1=0, a2=1, a3=2, a4=3))
    assert found == {2: 1, 4: 3}
    assert not set(found.values()) & set(found)


def test_a_copy_of_two_originals_belongs_to_the_earlier() -> None:
    assert originals([link(5, 2), link(5, 1)], seen(a1=3, a2=1, a5=9)) == {5: 2}


def test_articles_first_seen_together_are_ordered_by_id() -> None:
    assert originals([link(5, 2), link(5, 1)], seen(a1=0, a2=0, a5=0)) == {5: 1}


def test_the_order_of_links_makes_no_difference() -> None:
    links = [link(2, 1), link(3, 2), link(4, 3), link(5, 1), link(5, 3)]
    moments = seen(a1=0, a2=1, a3=2, a4=3, a5=4)
    found = {tuple(sorted(originals(list(order), moments).items())) for order in itertools.permutations(links)}
    assert len(found) == 1


def stream() -> list[Candidate]:
    """Three texts with five copies each (whole, truncated, edited, wrapped), and ten texts of their own."""
    chosen = random.Random(11)
    texts: list[str] = []
    for _ in range(3):
        body = [chosen.choice(WORDS) for _ in range(200)]
        edited = [word if chosen.random() > 0.05 else "indeed" for word in body]
        versions = (body, body[:80], edited, ["sign", "up", *body, "read", "more"], body[:140])
        texts.extend(" ".join(version) for version in versions)
    texts.extend(" ".join(chosen.choice(WORDS) for _ in range(120)) for _ in range(10))
    return [
        Candidate(
            article_id=ArticleId(number),
            fingerprint=fingerprint(text + " 17 23 42"),
            title="",
            source=f"s{number}",
            family=f"s{number}",
            first_seen_at=START + timedelta(minutes=chosen.randrange(600)),
        )
        for number, text in enumerate(texts, start=1)
    ]


def arrive(candidates: list[Candidate]) -> dict[int, int]:
    """One after another, each compared with what the bands of those before it bring up."""
    by_band: dict[int, list[ArticleId]] = {}
    stored: dict[ArticleId, Candidate] = {}
    links: list[DuplicateLink] = []
    for new in candidates:
        rows = [(band, key) for band in new.fingerprint.bands for key in by_band.get(band, ())]
        verdicts = [decide_duplicate(new, stored[key]) for key in choose_candidates(rows)]
        links.extend(verdict for verdict in verdicts if isinstance(verdict, DuplicateLink))
        stored[new.article_id] = new
        for band in new.fingerprint.bands:
            by_band.setdefault(band, []).append(new.article_id)
    return originals(links, {key: each.first_seen_at for key, each in stored.items()})


def test_any_order_of_arrival_gives_the_same_groups_and_originals() -> None:
    candidates = stream()
    expected = arrive(candidates)
    assert len(expected) == 12
    first_seen_at = {int(each.article_id): each.first_seen_at for each in candidates}
    assert all(first_seen_at[original] <= first_seen_at[copy] for copy, original in expected.items())
    for seed in range(8):
        shuffled = list(candidates)
        random.Random(seed).shuffle(shuffled)
        assert arrive(shuffled) == expected
