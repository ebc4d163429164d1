"""Which weights should the scorer of stories have? Learns them from labelled files, and says how they do out of fold.

Recipe: each labelled file streams through the product's own index twice, once with every article put where its label
says, once where the weights so far put it, so that the scorer meets the stories that it will meet. Each story in
question for an article is a row: 1 where most of its members share the article's label, 0 where none does. A file
whose articles have titles and texts streams as headlines alone and as texts alone too. Every file weighs alike, however
long it is. Logistic regression with a ridge by Newton's method: nothing but numpy, the same weights on every machine
up to rounding.

`python -m monitor.evaluate.training --out weights.json FILE...` learns from all files.
`python -m monitor.evaluate.training --measure FILE...` reports BCubed out of fold: five folds by label, and each file by
weights learned from the others. Articles without a label stream along; a pair of them teaches nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.assign import AssignPolicy, Member, StoryScore, event_time
from monitor.cluster.features import features
from monitor.cluster.index import StoryIndex
from monitor.cluster.scorer import CASES, EVIDENCE, Matrix, Scorer
from monitor.cluster.statistics import Statistics
from monitor.evaluate.copies import CopyIndex, candidate_of
from monitor.evaluate.reading import LabelledArticle, labelled_article, read_rows
from monitor.evaluate.stories import stream_order
from monitor.types import ArticleId, StoryId

N_FOLDS = 5
RIDGE = 10.0
_N_STORIES = 8
_VARIANT_SHARE = 0.3
_MAX_STEP = 3.0


@dataclass(frozen=True, slots=True)
class Stream:
    """The articles of one language of one file in streaming order, and whose copy each one is."""

    name: str
    language: str
    weight: float
    articles: Sequence[LabelledArticle]
    members: Sequence[Member]
    follows: Sequence[ArticleId | None]


@dataclass(frozen=True, slots=True)
class Rows:
    """Training rows: evidence by case, whether it is the story, folds and files of both labels, weight."""

    design: Matrix
    is_same: NDArray[np.bool_]
    folds: NDArray[np.int_]
    names: NDArray[np.str_]
    weights: Matrix

    def without(self, kept: NDArray[np.bool_]) -> Rows:
        return Rows(self.design[kept], self.is_same[kept], self.folds[kept], self.names[kept], self.weights[kept])


def fold_of(label: str | None) -> int:
    """The same fold for a label in every file; -1 for none."""
    return -1 if label is None else int(hashlib.sha256(label.encode()).hexdigest(), 16) % N_FOLDS


def streams_of(path: Path, *, variants: bool = True) -> list[Stream]:
    """A file by language, and its headlines and texts alone where it has both."""
    whole = [labelled_article(row, position=i) for i, row in enumerate(read_rows(path))]
    name = path.name.split(".")[0]
    both = [article for article in whole if article.title and article.text]
    kinds: list[tuple[float, list[LabelledArticle]]] = [(1.0, whole)]
    if variants and len(both) > len(whole) / 2:
        kinds.append((_VARIANT_SHARE, [replace(article, text="") for article in both]))
        kinds.append((_VARIANT_SHARE, [replace(article, title="") for article in both]))
    return [
        _stream(name, language, weight * len(some) / len(articles), some)
        for weight, articles in kinds
        for language in sorted({article.language for article in articles})
        if (some := [article for article in articles if article.language == language])
    ]


def _stream(name: str, language: str, weight: float, articles: Sequence[LabelledArticle]) -> Stream:
    ordered = stream_order(articles, "0")
    copies = CopyIndex()
    members, follows = [], []
    for number, article in enumerate(ordered, start=1):
        article_id = ArticleId(number)
        links = copies.add(candidate_of(article, article_id))
        linked = [link.original_id if link.article_id == article_id else link.article_id for link in links]
        moment = event_time(article.at, article.at) if article.at else None
        found = features(article.title, article.text, article.language)
        members.append(Member(article_id, found, moment, article.at))
        follows.append(min(linked, default=None))
    return Stream(name, language, weight, ordered, members, follows)


# --- rows ------------------------------------------------------------------------------------------------------------


def place(
    stream: Stream,
    scorer: Scorer,
    *,
    policy: AssignPolicy | None = None,
    by_label: bool = False,
    see: Callable[[int, Sequence[StoryScore], Mapping[StoryId, list[int]]], None] | None = None,
) -> list[StoryId]:
    """The story of each article, where its label says or where the scorer does. `see` is told of all stories in
    question for each article that is no copy, by its position, with the positions of their members."""
    index = StoryIndex(stream.language, Statistics(stream.language), policy, scorer)
    placed: list[StoryId] = []
    inside: dict[StoryId, list[int]] = {}
    of_label: dict[str, StoryId] = {}
    for position, (article, member) in enumerate(zip(stream.articles, stream.members, strict=True)):
        followed = stream.follows[position]
        if see is not None and followed is None:
            see(position, index.scored(member), inside)
        new = StoryId(position + 1)
        if by_label and article.label is not None:
            story_id = of_label.setdefault(article.label, new)
        else:
            decided = index.assign(member, must_join=None if followed is None else placed[followed - 1]).story_id
            story_id = new if decided is None or (by_label and decided in of_label.values()) else decided
        index.add(story_id, member)
        placed.append(story_id)
        inside.setdefault(story_id, []).append(position)
    return placed


def rows_of(stream: Stream, scorer: Scorer, *, by_label: bool) -> list[tuple[list[float], bool, int, int]]:
    """(evidence by case, is it the story, fold of the article, fold of the story) of a run over a stream."""
    labels = [article.label for article in stream.articles]
    found: list[tuple[list[float], bool, int, int]] = []

    def see(position: int, stories: Sequence[StoryScore], inside: Mapping[StoryId, list[int]]) -> None:
        label = labels[position]
        for rank, story in enumerate(sorted(stories, key=lambda story: (-story.evidence[_SIMILARITY], story.story_id))):
            others = [labels[member] for member in inside[story.story_id]]
            is_same = _is_same(label, others)
            if is_same is None or (rank >= _N_STORIES and not is_same):
                continue
            design = np.outer(story.cases, story.evidence).ravel().tolist()
            of_story = next((other for other in others if other is not None), None)
            found.append((design, is_same, fold_of(label), fold_of(of_story)))

    place(stream, scorer, by_label=by_label, see=see)
    return found


_SIMILARITY = EVIDENCE.index("similarity")


def _is_same(label: str | None, others: Sequence[str | None]) -> bool | None:
    """Whether a story with members of these labels is that of an article; None where the labels do not tell."""
    n_same = sum(label is not None and other == label for other in others)
    if n_same * 2 > len(others):
        return True
    is_known = label is not None or None not in others
    return False if n_same == 0 and is_known else None


def all_rows(streams: Sequence[Stream], scorer: Scorer, *, by_label: bool) -> Rows:
    """The rows of some streams; each file weighs alike."""
    designs, same, folds, names, weights = [], [], [], [], []
    for stream in streams:
        found = rows_of(stream, scorer, by_label=by_label)
        designs += [row[0] for row in found]
        same += [row[1] for row in found]
        folds += [row[2:] for row in found]
        names += [stream.name] * len(found)
        weights += [stream.weight / len(found)] * len(found)
    w = np.array(weights)
    return Rows(np.array(designs), np.array(same), np.array(folds), np.array(names), w * len(w) / w.sum())


# --- weights ---------------------------------------------------------------------------------------------------------


def learn(rows: Rows, ridge: float = RIDGE) -> Scorer:
    """Logistic regression on scaled columns by Newton's method; the constant is not held down."""
    scale = rows.design.std(axis=0) + 1e-6
    constant = EVIDENCE.index("constant")
    scale[constant:: len(EVIDENCE)] = 1.0
    scaled = rows.design / scale
    held = np.full(scaled.shape[1], ridge)
    held[constant] = 1e-6
    found = np.zeros(scaled.shape[1])
    for _ in range(12):
        likely = 1 / (1 + np.exp(-np.clip(scaled @ found, -30, 30)))
        slope = scaled.T @ (rows.weights * (likely - rows.is_same)) + held * found
        curve = (scaled * (rows.weights * np.maximum(likely * (1 - likely), 1e-4))[:, None]).T @ scaled + np.diag(held)
        step = np.linalg.solve(curve, slope)
        found -= step * min(1.0, _MAX_STEP / max(float(np.abs(step).max()), 1e-9))
    return Scorer(np.round((found / scale).reshape(len(CASES), len(EVIDENCE)).T, 4))
