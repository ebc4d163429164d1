"""What do simple methods reach on the same rows, in the same run?

Stories: each article joins the nearest earlier one when the cosine of their TF-IDF vectors (title twice, 450 words)
reaches a threshold, within 14 days where dates are known; document frequencies of earlier articles alone. Duplicates:
MinHash LSH of datasketch over runs of five words. Both thresholds are the best on the set itself, found by looking at
the labels: what they reach is more than a user of one threshold would see.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from datasketch import MinHash, MinHashLSH
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

from monitor.evaluate.metrics import bcubed, f_score
from monitor.evaluate.reading import LabelledArticle
from monitor.evaluate.stories import stream_order

_BLOCK = 250
_WINDOW_S = 14 * 86_400
_WORDS = re.compile(r"\w+")
_THRESHOLDS = [step / 50 for step in range(3, 45)]


@dataclass(frozen=True)
class Nearest:
    """Each article of a stream with the position of its nearest earlier one (-1: none) and how near that is."""

    stream: list[LabelledArticle]
    positions: list[int]
    cosines: list[float]

    def stories(self, threshold: float) -> list[int]:
        """The story of each article: that of the nearest one where it is near enough, else its own."""
        found: list[int] = []
        for number, (position, cosine) in enumerate(zip(self.positions, self.cosines, strict=True)):
            found.append(found[position] if position >= 0 and cosine >= threshold else number)
        return found


@dataclass(frozen=True)
class StoriesBaseline:
    """The best BCubed F1 over all thresholds, by language; `f1` that of the threshold best for the whole set."""

    f1: float
    polluted: float
    per_language: dict[str, float]
    articles_per_s: float


def nearest_neighbour(articles: Sequence[LabelledArticle], n_orders: int) -> StoriesBaseline:
    """Stories by the nearest earlier article."""
    started_s = perf_counter()
    n_orders = 1 if all(article.at is not None for article in articles) else n_orders
    languages = sorted({article.language for article in articles})
    runs = [
        [
            _nearest(stream_order([one for one in articles if one.language == language], str(seed)))
            for language in languages
        ]
        for seed in range(n_orders)
    ]
    elapsed_s = (perf_counter() - started_s) / n_orders
    best = max(_THRESHOLDS, key=lambda threshold: sum(_score(run, threshold) for run in runs))
    return StoriesBaseline(
        f1=sum(_score(run, best) for run in runs) / n_orders,
        polluted=sum(_polluted(run, best) for run in runs) / n_orders,
        per_language={
            language: max(sum(_score([run[number]], threshold) for run in runs) / n_orders for threshold in _THRESHOLDS)
            for number, language in enumerate(languages)
            if any(one.label is not None for one in runs[0][number].stream)
        },
        articles_per_s=len(articles) / elapsed_s,
    )


def _nearest(stream: list[LabelledArticle]) -> Nearest:
    """Block by block: the frequencies are those before the block, so that no article is weighed by later ones."""
    texts = [" ".join([one.title, one.title, *one.text.split()[:450]]) for one in stream]
    try:
        counts = CountVectorizer(token_pattern=r"(?u)\w+", dtype=np.float64).fit_transform(texts).tocsr()
    except ValueError:  # nothing but empty texts
        return Nearest(stream, [-1] * len(stream), [0.0] * len(stream))
    counts.data = 1 + np.log(counts.data)
    seconds = np.array([one.at.timestamp() if one.at else np.nan for one in stream])
    positions, cosines = [], []
    for start in range(0, len(stream), _BLOCK):
        end = min(start + _BLOCK, len(stream))
        n_known = start or end  # the first block has nothing before it but itself
        known = np.bincount(counts[:n_known].indices, minlength=counts.shape[1])
        weighed = _unit(counts[:end].multiply(np.log((n_known + 1) / (known + 0.5)).clip(0.01)).tocsr())
        near = (weighed[start:end] @ weighed.T).toarray()
        for row in range(end - start):
            is_far = np.abs(seconds[: start + row] - seconds[start + row]) > _WINDOW_S
            earlier = np.where(is_far, 0.0, near[row, : start + row])
            position = int(earlier.argmax()) if len(earlier) else -1
            positions.append(position)
            cosines.append(float(earlier[position]) if position >= 0 else 0.0)
    return Nearest(stream, positions, cosines)


def _unit(weights: csr_matrix) -> csr_matrix:
    norms = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1)).ravel())
    return csr_matrix(weights.multiply((1 / np.where(norms > 0, norms, 1))[:, None]))


def _score(run: Sequence[Nearest], threshold: float) -> float:
    predicted, gold = [], []
    for number, nearest in enumerate(run):
        for article, story in zip(nearest.stream, nearest.stories(threshold), strict=True):
            if article.label is not None:
                predicted.append((number, story))
                gold.append((number, article.label))
    return bcubed(predicted, gold).f1


def _polluted(run: Sequence[Nearest], threshold: float) -> float:
    labelled: dict[tuple[int, str], bool] = {}
    for number, nearest in enumerate(run):
        stories = nearest.stories(threshold)
        foreign = {story for one, story in zip(nearest.stream, stories, strict=True) if one.label is None}
        for one, story in zip(nearest.stream, stories, strict=True):
            if one.label is not None:
                key = (number, one.label)
                labelled[key] = labelled.get(key, False) or story in foreign
    return sum(labelled.values()) / len(labelled)


class Sketches:
    """MinHash signatures of some texts in datasketch's index, and which of them came up together."""

    def __init__(self, texts: Iterable[tuple[str, str]]) -> None:
        started_s = perf_counter()
        self.n_texts = 0
        self.near: dict[frozenset[str], float] = {}
        index = MinHashLSH(threshold=0.4, num_perm=128)
        sketches: dict[str, MinHash] = {}
        for key, text in texts:
            sketch = MinHash(num_perm=128)
            sketch.update_batch([" ".join(run).encode() for run in _runs(text)])
            for other in index.query(sketch):
                self.near[frozenset((key, other))] = sketch.jaccard(sketches[other])
            sketches[key] = sketch
            index.insert(key, sketch)
            self.n_texts += 1
        self.texts_per_s = self.n_texts / (perf_counter() - started_s)

    def best_pairs(self, pairs: Sequence[tuple[str, str, bool]]) -> dict[str, float]:
        """Precision, recall and F1 at the best threshold of estimated similarity."""
        scores = []
        for threshold in _THRESHOLDS:
            found = [self.near.get(frozenset((a, b)), 0.0) >= threshold for a, b, _ in pairs]
            n_right = sum(was and is_copy for was, (_, _, is_copy) in zip(found, pairs, strict=True))
            n_copies = sum(is_copy for _, _, is_copy in pairs)
            scores.append(f_score(n_right / max(1, sum(found)), n_right / n_copies))
        return max(scores, key=lambda score: score.f1).as_dict()

    def best_groups(self, labels: dict[str, str]) -> float:
        """BCubed F1 of connected groups at the best threshold, scored on these keys alone."""
        return max(
            bcubed([groups.get(key, key) for key in labels], list(labels.values())).f1
            for groups in map(self._groups, _THRESHOLDS)
        )

    def _groups(self, threshold: float) -> dict[str, str]:
        head: dict[str, str] = {}

        def find(key: str) -> str:
            while head.setdefault(key, key) != key:
                key = head[key]
            return key

        for pair, jaccard in self.near.items():
            if jaccard >= threshold:
                one, two = sorted(map(find, pair))
                head[two] = one
        return {key: find(key) for key in list(head)}


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORDS.findall(text.lower())
    return {tuple(words[start : start + 5]) for start in range(max(1, len(words) - 4))}


def alike_by_force(shingles: Sequence[Any], containment: float, *, at_least: int = 20) -> set[frozenset[int]]:
    """Which of some sets of hashes share this much of the smaller one, each compared with each; by position."""
    vocabulary = {value: number for number, value in enumerate(np.unique(np.concatenate(shingles)).tolist())}
    sizes = np.array([len(each) for each in shingles])
    ends = np.concatenate([[0], np.cumsum(sizes)])
    columns = np.fromiter((vocabulary[value] for each in shingles for value in each.tolist()), dtype=np.int32)
    matrix = csr_matrix((np.ones(len(columns), dtype=np.int32), columns, ends), shape=(len(shingles), len(vocabulary)))
    found: set[frozenset[int]] = set()
    for start in range(0, len(shingles), 500):
        shared = (matrix[start : start + 500] @ matrix.T).tocoo()
        least = np.minimum(sizes[shared.row + start], sizes[shared.col])
        is_alike = (shared.data >= containment * least) & (least >= at_least) & (shared.row + start < shared.col)
        found |= {
            frozenset((int(row) + start, int(column)))
            for row, column in zip(shared.row[is_alike], shared.col[is_alike], strict=True)
        }
    return found
