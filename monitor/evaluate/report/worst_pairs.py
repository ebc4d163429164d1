"""Which pairs of texts were judged wrongly, and what speaks for and against them?

A false copy is the worse the more of the shorter text stands in the longer; a missed copy the less. Each is shown with
both texts, the passages that they share, the numbers and names that one alone has, and the rule that decided.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.dedup.explain import explain_duplicate
from monitor.dedup.matching import Overlap, compare
from monitor.evaluate.copies import CopyIndex
from monitor.evaluate.duplicates import GroupsRun, JudgedPair, PairsRun
from monitor.evaluate.reading import LabelledArticle
from monitor.evaluate.report.passages import Paragraphs, facts_apart, shared_passages
from monitor.text.normalise import clean_line
from monitor.types import ArticleId

N_WORST = 15


@dataclass(frozen=True, slots=True)
class WrongPair:
    """Two articles that were linked and should not be (`is_missed` False), or the other way round."""

    key: str
    label: str
    a: LabelledArticle
    b: LabelledArticle
    ids: tuple[ArticleId, ArticleId]
    is_missed: bool
    is_candidate: bool
    overlap: Overlap


@dataclass(frozen=True, slots=True)
class ShownText:
    """One side of a pair."""

    title: str
    about: str
    paragraphs: Paragraphs
    only_here: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownPair:
    """A wrong pair, for people."""

    key: str
    label: str
    because: str
    overlap: Overlap
    a: ShownText
    b: ShownText


def wrong_pairs(run: PairsRun) -> list[WrongPair]:
    """The labelled pairs that were judged wrongly."""
    return [_of_pair(pair) for pair in run.pairs if pair.is_found != pair.is_duplicate]


def _of_pair(pair: JudgedPair) -> WrongPair:
    return WrongPair(
        key=pair.key,
        label=pair.label,
        a=pair.a,
        b=pair.b,
        ids=pair.ids,
        is_missed=not pair.is_found,
        is_candidate=pair.is_candidate,
        overlap=pair.overlap,
    )


def wrong_links(run: GroupsRun) -> list[WrongPair]:
    """Of a stream: links between two labels, one of them scored; scored articles outside the group of their first."""
    by_id = {run.stored.ids[article.key]: article for article in run.articles}
    scored = {run.stored.ids[article.key] for article in run.scored}
    linked = [(link.article_id, link.original_id) for link in run.stored.index.links]
    compared = {frozenset(pair) for pair in run.stored.index.compared}
    found = [
        _of_ids(run, by_id, (two, one), is_missed=False, is_candidate=True)
        for one, two in linked
        if (one in scored or two in scored) and by_id[one].label != by_id[two].label
    ]
    original_of = dict(zip((run.stored.ids[each.key] for each in run.scored), run.predicted(), strict=True))
    first: dict[str | None, ArticleId] = {}
    for article_id in sorted(original_of):
        head = first.setdefault(by_id[article_id].label, article_id)
        if original_of[head] != original_of[article_id]:
            is_candidate = frozenset((head, article_id)) in compared
            found.append(_of_ids(run, by_id, (head, article_id), is_missed=True, is_candidate=is_candidate))
    return found


def _of_ids(
    run: GroupsRun,
    by_id: dict[ArticleId, LabelledArticle],
    ids: tuple[ArticleId, ArticleId],
    *,
    is_missed: bool,
    is_candidate: bool,
) -> WrongPair:
    a, b = by_id[ids[0]], by_id[ids[1]]
    return WrongPair(
        key=f"{a.key} and {b.key}",
        label="one group" if a.label == b.label else "two groups",
        a=a,
        b=b,
        ids=ids,
        is_missed=is_missed,
        is_candidate=is_candidate,
        overlap=compare(*(run.stored.index.seen[each].fingerprint for each in ids)),
    )


def worst(wrong: Iterable[WrongPair], index: CopyIndex, *, is_missed: bool) -> list[ShownPair]:
    """The worst of the false, or of the missed ones, ready to be shown."""
    kind = [pair for pair in wrong if pair.is_missed == is_missed]
    kind.sort(key=lambda pair: (pair.overlap.containment if is_missed else -pair.overlap.containment, pair.key))
    return [_shown(pair, index) for pair in kind[:N_WORST]]


def _shown(pair: WrongPair, index: CopyIndex) -> ShownPair:
    passages, facts = shared_passages(pair.a.text, pair.b.text), facts_apart(pair.a.text, pair.b.text)
    explained = explain_duplicate(*(index.seen[article_id] for article_id in pair.ids))
    because = explained.because if pair.is_candidate else f"the index did not bring them together; {explained.because}"
    return ShownPair(
        key=clean_line(pair.key)[:120],
        label=clean_line(pair.label)[:60],
        because=because,
        overlap=pair.overlap,
        a=_text(pair.a, passages[0], facts[0]),
        b=_text(pair.b, passages[1], facts[1]),
    )


def _text(article: LabelledArticle, paragraphs: Paragraphs, only_here: tuple[str, ...]) -> ShownText:
    day = f"{article.at:%Y-%m-%d %H:%M}" if article.at else "undated"
    about = ", ".join(part for part in (clean_line(article.source), day) if part)
    return ShownText(clean_line(article.title) or "(no title)", about, paragraphs, only_here)
