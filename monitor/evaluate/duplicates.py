"""How well does the product find copies in labelled pairs, or in a labelled stream?

Both texts of every pair go through fingerprint, band index and verdict together with all others, in the order of their
dates: candidates count, not verification alone. A pair is found when the two are linked. In a stream (rows with a
cluster) the groups of two or more are scored by BCubed among everything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

from monitor.errors import UsageError
from monitor.evaluate.copies import EPOCH, CopyIndex, candidate_of
from monitor.evaluate.metrics import ari, bcubed, f_score, pairwise
from monitor.evaluate.reading import LabelledArticle, Row, labelled_article
from monitor.types import ArticleId

DUPLICATE_LABEL = "dup"


def evaluate_duplicates(rows: Iterable[Row], *, clock: Callable[[], float] = perf_counter) -> dict[str, Any]:
    """Figures for a file of pairs: {n_pairs, precision, recall, f1, pairs_per_s, n_positive, n_found}."""
    pairs, articles = _pairs(rows)
    started_s = clock()
    index, ids = _stored(articles.values())
    linked = {frozenset((link.article_id, link.original_id)) for link in index.links}
    found = [frozenset((ids[a], ids[b])) in linked for a, b, _ in pairs]
    elapsed_s = clock() - started_s
    n_right = sum(was and is_duplicate for was, (_, _, is_duplicate) in zip(found, pairs, strict=True))
    n_positive = sum(is_duplicate for _, _, is_duplicate in pairs)
    score = f_score(n_right / max(1, sum(found)), n_right / max(1, n_positive))
    return {
        "n_pairs": len(pairs),
        "precision": round(score.p, 4),
        "recall": round(score.r, 4),
        "f1": round(score.f1, 4),
        "pairs_per_s": round(len(pairs) / max(elapsed_s, 1e-9), 1),
        "n_positive": n_positive,
        "n_found": sum(found),
    }


def evaluate_copy_groups(rows: Iterable[Row], *, clock: Callable[[], float] = perf_counter) -> dict[str, Any]:
    """Figures for a stream of articles: {n_articles, n_labelled, bcubed, pairwise, ari, articles_per_s, n_links}."""
    articles = {article.key: article for article in (labelled_article(row, position=i) for i, row in enumerate(rows))}
    sizes = Counter(article.label for article in articles.values())
    labelled = [article for article in articles.values() if article.label is not None and sizes[article.label] > 1]
    if not labelled:
        raise UsageError("no group of two or more articles is labelled in this file")
    started_s = clock()
    index, ids = _stored(articles.values())
    groups = index.groups()
    elapsed_s = clock() - started_s
    predicted = [groups[ids[each.key]].original_id if ids[each.key] in groups else ids[each.key] for each in labelled]
    gold = [article.label for article in labelled]
    return {
        "n_articles": len(articles),
        "n_labelled": len(labelled),
        "bcubed": bcubed(predicted, gold).rounded(),
        "pairwise": pairwise(predicted, gold).rounded(),
        "ari": round(ari(predicted, gold), 4),
        "articles_per_s": round(len(articles) / max(elapsed_s, 1e-9), 1),
        "n_links": len(index.links),
    }


def _stored(articles: Iterable[LabelledArticle]) -> tuple[CopyIndex, dict[str, ArticleId]]:
    """All articles through the index in the order of their dates, the undated first, as they stand."""
    index = CopyIndex()
    ids: dict[str, ArticleId] = {}
    for number, article in enumerate(sorted(articles, key=lambda each: each.at or EPOCH), start=1):
        ids[article.key] = ArticleId(number)
        index.add(candidate_of(article, ArticleId(number)))
    return index, ids


def _pairs(rows: Iterable[Row]) -> tuple[list[tuple[str, str, bool]], dict[str, LabelledArticle]]:
    pairs: list[tuple[str, str, bool]] = []
    articles: dict[str, LabelledArticle] = {}
    for number, row in enumerate(rows, start=1):
        if not (isinstance(row.get("a"), dict) and isinstance(row.get("b"), dict) and "label" in row):
            raise UsageError(f"row {number} is no pair: it needs a, b and label")
        both = [labelled_article(row[side], position=2 * number + i) for i, side in enumerate(("a", "b"))]
        pairs.append((both[0].key, both[1].key, row["label"] == DUPLICATE_LABEL))
        articles.update({article.key: article for article in both})
    if not pairs:
        raise UsageError("the file has no pairs")
    return pairs, articles
