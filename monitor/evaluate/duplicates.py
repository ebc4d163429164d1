"""How well does the product find copies in labelled pairs, or in a labelled stream?

Both texts of every pair go through fingerprint, band index and verdict together with all others, in the order of their
dates: candidates count, not verification alone. A pair is found when the two are linked. `abridged` scores the pairs
alone whose shorter text has at most two thirds of the words of the longer; `candidate_recall` is the share of the pairs
with a containment of .7 and more, measured on the pair itself, that the index brought up. In a stream (rows with a
cluster) the groups of two or more are scored by BCubed and pairwise among everything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from monitor.dedup.matching import DuplicatePolicy, Overlap, compare
from monitor.errors import UsageError
from monitor.evaluate.articles import EPOCH, copy_candidate
from monitor.evaluate.copies import CopyIndex
from monitor.evaluate.metrics import Score, ari, bcubed, f_score, pairwise
from monitor.evaluate.progress import Report, peak_memory_bytes, silent
from monitor.evaluate.reading import LabelledArticle, Row, kind_of, labelled_article, labelled_articles
from monitor.types import ArticleId, DuplicateLink

DUPLICATE_LABEL = "dup"
ABRIDGED_RATIO = 2 / 3
CANDIDATE_CONTAINMENT = 0.7


@dataclass(frozen=True, slots=True)
class Stored:
    """Articles that went through the index, by key."""

    index: CopyIndex
    ids: dict[str, ArticleId]


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A labelled pair: what it is, what was found, and what its texts share."""

    key: str
    label: str
    a: LabelledArticle
    b: LabelledArticle
    ids: tuple[ArticleId, ArticleId]
    is_found: bool
    is_candidate: bool
    overlap: Overlap

    @property
    def is_duplicate(self) -> bool:
        return self.label == DUPLICATE_LABEL


@dataclass(frozen=True, slots=True)
class PairsRun:
    """All pairs of a file, judged."""

    pairs: tuple[JudgedPair, ...]
    stored: Stored
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class GroupsRun:
    """All articles of a stream, stored; `scored` are those whose label says that they have a copy."""

    articles: tuple[LabelledArticle, ...]
    scored: tuple[LabelledArticle, ...]
    stored: Stored
    elapsed_s: float

    def predicted(self, links: Iterable[DuplicateLink] | None = None) -> list[ArticleId]:
        """The original of each scored article, by the links found or by others."""
        groups = self.stored.index.groups(links)
        ids = [self.stored.ids[each.key] for each in self.scored]
        return [groups[each].original_id if each in groups else each for each in ids]

    @property
    def gold(self) -> list[str | None]:
        return [each.label for each in self.scored]


def evaluate_duplicates(rows: Iterable[Row], *, clock: Callable[[], float] = perf_counter) -> dict[str, Any]:
    """Figures for a file of pairs: {n_pairs, precision, recall, f1, pairs_per_s, n_positive, n_found, ...}."""
    return pair_figures(run_pairs(rows, clock=clock))


def evaluate_copy_groups(rows: Iterable[Row], *, clock: Callable[[], float] = perf_counter) -> dict[str, Any]:
    """Figures for a stream of articles: {n_articles, n_labelled, bcubed, pairwise, ari, articles_per_s, ...}."""
    return group_figures(run_groups(rows, clock=clock))


def run_pairs(rows: Iterable[Row], *, clock: Callable[[], float] = perf_counter, report: Report = silent) -> PairsRun:
    """Stores both texts of each pair among all others, and looks which pairs are linked."""
    labelled, articles = _pairs(list(rows))
    started_s = clock()
    stored = _stored(articles.values(), report)
    linked = {frozenset((link.article_id, link.original_id)) for link in stored.index.links}
    elapsed_s = clock() - started_s
    compared = {frozenset(pair) for pair in stored.index.compared}
    judged = []
    for key, label, a, b in labelled:
        ids = (stored.ids[a], stored.ids[b])
        prints = [stored.index.seen[article_id].fingerprint for article_id in ids]
        both = frozenset(ids)
        judged.append(
            JudgedPair(
                key=key,
                label=label,
                a=articles[a],
                b=articles[b],
                ids=ids,
                is_found=both in linked,
                is_candidate=both in compared,
                overlap=compare(*prints),
            )
        )
    return PairsRun(tuple(judged), stored, elapsed_s)


def pair_figures(run: PairsRun) -> dict[str, Any]:
    """The figures of a run, rounded."""
    score = pair_score(run.pairs, [pair.is_found for pair in run.pairs])
    abridged = [pair for pair in run.pairs if pair.overlap.length_ratio <= ABRIDGED_RATIO]
    alike = [pair for pair in run.pairs if pair.overlap.containment >= CANDIDATE_CONTAINMENT]
    return {
        "n_pairs": len(run.pairs),
        "precision": round(score.p, 4),
        "recall": round(score.r, 4),
        "f1": round(score.f1, 4),
        "pairs_per_s": round(len(run.pairs) / max(run.elapsed_s, 1e-9), 1),
        "n_positive": sum(pair.is_duplicate for pair in run.pairs),
        "n_found": sum(pair.is_found for pair in run.pairs),
        "abridged": {
            "n_pairs": len(abridged),
            "n_positive": sum(pair.is_duplicate for pair in abridged),
            **pair_score(abridged, [pair.is_found for pair in abridged]).rounded(),
        },
        "candidate_recall": round(sum(pair.is_candidate for pair in alike) / len(alike), 4) if alike else None,
        "n_alike": len(alike),
        "articles_per_s": round(len(run.stored.ids) / max(run.elapsed_s, 1e-9), 1),
        "peak_memory_bytes": peak_memory_bytes(),
    }


def pair_score(pairs: Sequence[JudgedPair], found: Sequence[bool]) -> Score:
    """Precision and recall of the pairs found; precision is 1 where nothing was found, recall where nothing is."""
    n_right = sum(was and pair.is_duplicate for was, pair in zip(found, pairs, strict=True))
    n_found, n_positive = sum(found), sum(pair.is_duplicate for pair in pairs)
    return f_score(n_right / n_found if n_found else 1.0, n_right / n_positive if n_positive else 1.0)


def run_groups(rows: Iterable[Row], *, clock: Callable[[], float] = perf_counter, report: Report = silent) -> GroupsRun:
    """Streams all articles through the index."""
    articles = labelled_articles(list(rows))
    sizes = Counter(article.label for article in articles)
    scored = [article for article in articles if article.label is not None and sizes[article.label] > 1]
    if not scored:
        raise UsageError("no group of two or more articles is labelled in this file")
    started_s = clock()
    stored = _stored(articles, report)
    stored.index.groups()
    return GroupsRun(tuple(articles), tuple(scored), stored, clock() - started_s)


def group_figures(run: GroupsRun) -> dict[str, Any]:
    """The figures of a run, rounded."""
    predicted, gold = run.predicted(), run.gold
    return {
        "n_articles": len(run.articles),
        "n_labelled": len(run.scored),
        "gold": len(set(gold)),
        "predicted": len(set(predicted)),
        "bcubed": bcubed(predicted, gold).rounded(),
        "pairwise": pairwise(predicted, gold).rounded(),
        "ari": round(ari(predicted, gold), 4),
        "articles_per_s": round(len(run.articles) / max(run.elapsed_s, 1e-9), 1),
        "n_links": len(run.stored.index.links),
        "peak_memory_bytes": peak_memory_bytes(),
    }


def links_of(stored: Stored, policy: DuplicatePolicy | None = None) -> list[DuplicateLink]:
    """The links found, or those that another policy finds among the pairs that were compared."""
    return stored.index.links if policy is None else stored.index.decide_again(policy)


def _stored(articles: Iterable[LabelledArticle], report: Report) -> Stored:
    """All articles through the index in the order of their dates, the undated first, as they stand."""
    index = CopyIndex()
    ids: dict[str, ArticleId] = {}
    ordered = sorted(articles, key=lambda each: each.at or EPOCH)
    for number, article in enumerate(ordered, start=1):
        ids[article.key] = ArticleId(number)
        index.add(copy_candidate(article, ArticleId(number)))
        report("compared", number, len(ordered))
    return Stored(index, ids)


def _pairs(rows: Sequence[Row]) -> tuple[list[tuple[str, str, str, str]], dict[str, LabelledArticle]]:
    """(key, label, key of a, key of b) of each row, and all articles by key."""
    pairs: list[tuple[str, str, str, str]] = []
    articles: dict[str, LabelledArticle] = {}
    if kind_of(rows) != "pairs":
        raise UsageError("the file has no pairs: each row needs a, b (two articles) and label")
    for number, row in enumerate(rows, start=1):
        if not (isinstance(row.get("a"), dict) and isinstance(row.get("b"), dict) and "label" in row):
            raise UsageError(f"row {number} is no pair: it needs a, b (two articles) and label")
        a, b = (_side(row, side, number) for side in ("a", "b"))
        if a.key == b.key:
            raise UsageError(f"row {number}: a and b are one article, {a.key[:80]!r}")
        for article in (a, b):
            if articles.setdefault(article.key, article) != article:
                raise UsageError(f"row {number}: article {article.key[:80]!r} stands in another row with other words")
        pairs.append((str(row.get("id") or f"row {number}"), str(row["label"]), a.key, b.key))
    return pairs, articles


def _side(row: Row, side: str, number: int) -> LabelledArticle:
    given = row[side]
    return labelled_article(given if given.get("id") else given | {"id": f"{side} of row {number}"}, position=number)
