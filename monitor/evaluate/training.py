"""Which weights should the scorer of stories have? Learns them from labelled files, and says how they do out of fold.

Each file streams through the product's own index twice, once with every article put where its label says, once where
the weights so far put it, so that the scorer meets the stories that it will meet. Each story in question for an article
is a row: right where most of its members share the article's label, wrong where none does. Articles without a label
stream along; two of them teach nothing about each other. Easy wrong rows are thinned out. Every file weighs what
`RECIPE` says, however long it is. Logistic regression with a ridge, by Newton's method.

A logit of 0 is not the best bar for BCubed: what a wrong join costs differs with how many words there are to tell, and
grows with how much company there is to join. `SHIFTS` moves constants and the weight of the unrelated level; chosen on
the figures out of fold of all files.

`python -m monitor.evaluate.training --out weights.json FILE...` learns from all files; `--measure` reports BCubed by
five folds of labels, by the weights of the other files alone, and by those of all. docs/quality.md has the commands.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.assign import AssignPolicy, StoryScore, decide_assignment
from monitor.cluster.index import StoryIndex
from monitor.cluster.scorer import CASES, EVIDENCE, Matrix, Scorer
from monitor.cluster.statistics import Statistics
from monitor.evaluate.metrics import f_score
from monitor.evaluate.reading import labelled_articles, read_rows
from monitor.evaluate.stories import Stream, stream_order, streams_of
from monitor.types import StoryId

N_FOLDS = 5
RIDGE = 30.0
SHIFTS = {"constant": (-0.15, 0.55, 0.0), "unrelated": (-5.0, 0.0, 0.0)}
"""Added to the learned weights of each case."""
_N_STORIES = 8
_N_STORIES_OF_UNLABELLED = 4
_UNLABELLED_SHARE = 0.25
_EASY = 0.08
_EASY_SHARE = 0.35
_MAX_STEP = 3.0


@dataclass(frozen=True, slots=True)
class Share:
    """What the rows of a file weigh, and its right and wrong ones beside each other."""

    whole: float = 1.0
    right: float = 1.0
    wrong: float = 1.0


RECIPE = {
    "dense": Share(whole=2.0, right=3.0),
    "allsides_roundup_fulltext": Share(wrong=2.0),
    "wikinews_sources": Share(whole=2.0),
    "basil": Share(whole=0.3),
}
"""By the name of the file. A stream with much company teaches to stay apart, a thin one to join: this evens it out."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A stream with the name of its file, and what all its rows together weigh."""

    name: str
    weight: float
    stream: Stream

    @property
    def labels(self) -> list[str | None]:
        return [arrival.prepared.labelled.label for arrival in self.stream.arrivals]


@dataclass(frozen=True, slots=True)
class Rows:
    """Training rows: evidence by case, whether it is the story, the labels of article and story, file, weight."""

    design: Matrix
    is_same: NDArray[np.bool_]
    labels: NDArray[np.int64]
    names: NDArray[np.str_]
    weights: Matrix

    def and_also(self, other: Rows) -> Rows:
        """Both, one after the other."""
        return Rows(
            np.concatenate([self.design, other.design]),
            np.concatenate([self.is_same, other.is_same]),
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.names, other.names]),
            np.concatenate([self.weights, other.weights]),
        )

    def kept(self, kept: NDArray[np.bool_]) -> Rows:
        return Rows(self.design[kept], self.is_same[kept], self.labels[kept], self.names[kept], self.weights[kept])


Row = tuple[NDArray[np.float32], bool, int, int]
"""Evidence by case, is it the story, label of the article, label of the story."""


def number_of(label: str | None) -> int:
    """The same number for a label in every file; -1 for none. Its fold is what is left of it after division."""
    return -1 if label is None else int(hashlib.sha256(label.encode()).hexdigest(), 16) % (N_FOLDS << 58)


def lessons_of(path: Path, *, n_articles: int) -> list[Lesson]:
    """A file by language, of each the first `n_articles`."""
    articles = labelled_articles(list(read_rows(path)))
    name = path.name.split(".")[0]
    found = []
    for language in sorted({article.language for article in articles}):
        ordered = stream_order([article for article in articles if article.language == language], "0")
        weight = RECIPE.get(name, Share()).whole * len(ordered) / len(articles)
        found.append(Lesson(name, weight, streams_of(ordered[:n_articles])[0]))
    return found


# --- rows ------------------------------------------------------------------------------------------------------------


See = Callable[[int, Sequence[StoryScore], Mapping[StoryId, list[int]]], None]


def place(lesson: Lesson, scorer: Scorer, *, by_label: bool = False, see: See | None = None) -> list[StoryId]:
    """The story of each article: where its label says, or where the scorer puts it.

    `see` is told, for each article that is no copy, its position, all stories in question, and who is in them.
    """
    policy = AssignPolicy()
    index = StoryIndex(lesson.stream.language, Statistics(lesson.stream.language), policy, scorer)
    placed: list[StoryId] = []
    inside: dict[StoryId, list[int]] = {}
    of_label: dict[str, StoryId] = {}
    for position, (arrival, label) in enumerate(zip(lesson.stream.arrivals, lesson.labels, strict=True)):
        member, new = arrival.prepared.member, StoryId(position + 1)
        followed = None if arrival.follows_id is None else placed[arrival.follows_id - 1]
        stories = index.scored(member)
        if see is not None and followed is None:
            see(position, stories, inside)
        decided = decide_assignment(stories, policy, must_join=followed).story_id
        if by_label and label is not None:
            story_id = of_label.setdefault(label, new)
        else:
            story_id = new if decided is None or (by_label and decided in of_label.values()) else decided
        index.add(story_id, member)
        placed.append(story_id)
        inside.setdefault(story_id, []).append(position)
    return placed


def rows_of(lesson: Lesson, scorer: Scorer, *, by_label: bool) -> list[Row]:
    """The rows of one run over a stream."""
    labels = lesson.labels
    found: list[Row] = []

    def see(position: int, stories: Sequence[StoryScore], inside: Mapping[StoryId, list[int]]) -> None:
        label = labels[position]
        if label is None and _drawn(lesson, position) > _UNLABELLED_SHARE:
            return
        n_taught = _N_STORIES if label is not None else _N_STORIES_OF_UNLABELLED
        for rank, story in enumerate(sorted(stories, key=lambda one: (-one.evidence[_SIMILARITY], one.story_id))):
            others = [labels[member] for member in inside[story.story_id]]
            is_same = _is_same(label, others)
            is_easy = not (by_label and story.evidence[_SIMILARITY] > _EASY)
            is_left_out = rank >= n_taught or (is_easy and _drawn(lesson, position, rank) > _EASY_SHARE)
            if is_same is None or (is_left_out and not is_same):
                continue
            design = np.outer(story.cases, story.evidence).ravel().astype(np.float32)
            of_story = next((other for other in others if other is not None), None)
            found.append((design, is_same, number_of(label), number_of(of_story)))

    place(lesson, scorer, by_label=by_label, see=see)
    return found


_SIMILARITY = EVIDENCE.index("similarity")


def _drawn(lesson: Lesson, *place: int) -> float:
    """0..1 by chance, the same at each run."""
    return (
        int.from_bytes(hashlib.sha256(repr((lesson.name, lesson.stream.language, place)).encode()).digest()[:6]) / 2**48
    )


def _is_same(label: str | None, others: Sequence[str | None]) -> bool | None:
    """Whether a story with members of these labels is that of an article; None where the labels do not tell."""
    n_same = sum(label is not None and other == label for other in others)
    if n_same * 2 > len(others):
        return True
    is_known = label is not None or None not in others
    return False if n_same == 0 and is_known else None


def all_rows(lessons: Sequence[Lesson], scorer: Scorer, *, by_label: bool) -> Rows:
    """The rows of some streams; each file weighs alike."""
    designs, same, labels, names, weights = [], [], [], [], []
    for lesson in lessons:
        found = rows_of(lesson, scorer, by_label=by_label)
        designs += [row[0] for row in found]
        same += [row[1] for row in found]
        labels += [row[2:] for row in found]
        names += [lesson.name] * len(found)
        share = RECIPE.get(lesson.name, Share())
        weights += [(share.right if row[1] else share.wrong) * lesson.weight / len(found) for row in found]
    w = np.array(weights)
    return Rows(np.array(designs), np.array(same), np.array(labels), np.array(names), w * len(w) / w.sum())


# --- weights ---------------------------------------------------------------------------------------------------------


def learn(rows: Rows, ridge: float = RIDGE) -> Scorer:
    """Logistic regression on scaled columns by Newton's method; the constant is not held down."""
    scale = rows.design.std(axis=0) + 1e-6
    constant = EVIDENCE.index("constant")
    scale[constant :: len(EVIDENCE)] = 1.0
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
    weights = (found / scale).reshape(len(CASES), len(EVIDENCE)).T
    for name, shift in SHIFTS.items():
        weights[EVIDENCE.index(name)] += shift
    return Scorer(np.round(weights, 4))


def lessons_learned(lessons: Sequence[Lesson]) -> tuple[Rows, Scorer]:
    """All rows of two rounds, with articles where their labels say, and where the weights of the first round put them;
    and the weights of all."""
    blank = Scorer(np.zeros((len(EVIDENCE), len(CASES))))
    by_label = all_rows(lessons, blank, by_label=True)
    placed = all_rows(lessons, learn(by_label), by_label=False)
    rows = by_label.and_also(placed)
    return rows, learn(rows)


# --- measuring -------------------------------------------------------------------------------------------------------


def out_of_fold(lessons: Sequence[Lesson], rows: Rows) -> dict[str, dict[str, dict[str, float]]]:
    """BCubed of each whole stream: by five folds of labels, by weights of the other files, and by those of all.

    Of the other files those rows are left out whose labels the stream has too: the dense one repeats others.
    """
    is_known = rows.labels >= 0
    folds = np.where(is_known, rows.labels % N_FOLDS, -1)
    by_fold = [learn(rows.kept(~(folds == fold).any(axis=1))) for fold in range(N_FOLDS)]
    of_all = learn(rows)
    figures = {}
    for lesson in lessons:
        own = np.isin(rows.labels, [number_of(label) for label in set(lesson.labels) - {None}]).any(axis=1)
        others = learn(rows.kept((rows.names != lesson.name) & ~own))
        figures[f"{lesson.name} {lesson.stream.language}"] = {
            "out_of_fold": _score(lesson, [place(lesson, scorer) for scorer in by_fold]),
            "other_files": _score(lesson, [place(lesson, others)]),
            "all_files": _score(lesson, [place(lesson, of_all)]),
        }
    return figures


def _score(lesson: Lesson, runs: Sequence[Sequence[StoryId]]) -> dict[str, float]:
    """BCubed over several runs: each label is counted in the run of its fold, or in the only one."""
    parts: list[tuple[float, float]] = []
    for fold, run in enumerate(runs):
        labelled = [(story, label) for story, label in zip(run, lesson.labels, strict=True) if label is not None]
        predicted, gold = [story for story, _ in labelled], [label for _, label in labelled]
        n_predicted, n_gold, n_both = Counter(predicted), Counter(gold), Counter(labelled)
        for story, label in labelled:
            if len(runs) == 1 or number_of(label) % N_FOLDS == fold:
                n = n_both[story, label]
                parts.append((n / n_predicted[story], n / n_gold[label]))
    precision, recall = (math.fsum(part[side] for part in parts) / len(parts) for side in (0, 1))
    return f_score(precision, recall).rounded()


def margins(rows: Rows, scorer: Scorer) -> dict[str, float]:
    """How far the scorer keeps stories apart: log-odds of the 1st, 5th and 50th percentile of those that are right,
    of the 50th, 95th and 99th of those that are wrong, and of the worst of each."""
    odds = rows.design @ scorer.weights.T.ravel()
    right, wrong = odds[rows.is_same], odds[~rows.is_same]
    found = {"worst_right": right.min(), "best_wrong": wrong.max()}
    found |= {f"right_p{share}": np.percentile(right, share) for share in (1, 5, 25, 50)}
    found |= {f"wrong_p{share}": np.percentile(wrong, share) for share in (50, 75, 95, 99)}
    return {name: round(float(value), 2) for name, value in found.items()}


def written(scorer: Scorer) -> str:
    """The text of weights.json."""
    table = dict(zip(EVIDENCE, scorer.weights.tolist(), strict=True))
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(weights)}" for name, weights in table.items())
    return f'{{\n  "cases": {json.dumps(list(CASES))},\n  "weights": {{\n{lines}\n  }}\n}}\n'


def main(arguments: Sequence[str]) -> None:
    """Learn weights from labelled files, or measure how well that works."""
    parser = argparse.ArgumentParser(prog="monitor.evaluate.training", description=main.__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--out", type=Path, help="write the weights of all files here")
    parser.add_argument("--measure", action="store_true", help="report BCubed out of fold; takes several times as long")
    parser.add_argument("--articles", type=int, default=1_000_000, help="of each language of a file, at most")
    asked = parser.parse_args(arguments)
    lessons = [lesson for path in asked.files for lesson in lessons_of(path, n_articles=asked.articles)]
    rows, scorer = lessons_learned(lessons)
    if asked.out is not None:
        asked.out.write_text(written(scorer), "utf-8")
    report: dict[str, Any] = {"n_rows": len(rows.is_same), "margins": margins(rows, scorer)}
    if asked.measure:
        report["bcubed"] = out_of_fold(lessons, rows)
    json.dump(report, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(sys.argv[1:])
