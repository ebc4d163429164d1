"""How well do the product's stories match labelled ones?

Articles stream one at a time through the product's own functions: fingerprints and links first, then assignment by the
same keeper of stories that the daemon uses. `bcubed` scores each article where it was put on arrival, `bcubed_final`
the stories after all merges and splits. A language whose rows are all dated streams by date
(ties by id), once; any other in orders made by a hash of seed and id, and the figures are means over these orders.
Statistics come from earlier articles of the run and from what ships with the product. Unlabelled articles stream along
and are not scored; `polluted` is the share of labelled stories that took one in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from statistics import fmean
from time import perf_counter
from typing import Any

from monitor.cluster.assign import Assignment, AssignPolicy
from monitor.cluster.index import StoryIndex
from monitor.cluster.placing import StoryKeeper
from monitor.cluster.statistics import Statistics
from monitor.errors import UsageError
from monitor.evaluate.articles import Prepared, prepare
from monitor.evaluate.copies import CopyIndex
from monitor.evaluate.metrics import ari, bcubed, pairwise
from monitor.evaluate.progress import Report, peak_memory_bytes, silent
from monitor.evaluate.reading import LabelledArticle, Row, labelled_articles
from monitor.types import ArticleId, DuplicateLink, StoryId

N_ORDERS = 3
"""Of a set with undated rows: one order alone may be lucky."""

StoryKey = tuple[str, StoryId]


@dataclass(frozen=True, slots=True)
class Placed:
    """An article, the story it was put into on arrival and the one it is in at the end; story ids are per run."""

    article: LabelledArticle
    story: StoryKey
    final: StoryKey
    decision: Assignment
    nearest: LabelledArticle | None = None
    """The earlier article that the decision compared it with."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An article at its place of a stream, and the earlier one whose story it has to join, if it is a copy."""

    prepared: Prepared
    follows_id: ArticleId | None


@dataclass(frozen=True, slots=True)
class Stream:
    """The articles of one language in one order, with what no threshold of stories changes."""

    language: str
    arrivals: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True)
class StoriesRun:
    """All articles of a file, placed once for each order; `streams` are those of the first order."""

    orders: tuple[tuple[Placed, ...], ...]
    streams: tuple[Stream, ...]
    elapsed_s: float
    """For one order."""
    peak_memory_bytes: int


def evaluate_stories(
    rows: Iterable[Row],
    *,
    policy: AssignPolicy | None = None,
    n_orders: int = N_ORDERS,
    clock: Callable[[], float] = perf_counter,
    report: Report = silent,
) -> dict[str, Any]:
    """{n_articles, n_labelled, n_orders, gold, predicted, bcubed, bcubed_final, pairwise, ari, polluted, ...}.

    `per_language` has both BCubed of each language; `articles_per_s` counts all work on an article.
    """
    return story_figures(run_stories(rows, policy=policy, n_orders=n_orders, clock=clock, report=report))


def run_stories(
    rows: Iterable[Row],
    *,
    policy: AssignPolicy | None = None,
    n_orders: int = N_ORDERS,
    clock: Callable[[], float] = perf_counter,
    report: Report = silent,
) -> StoriesRun:
    """Streams a file in up to `n_orders` orders, once where all its languages are dated."""
    articles = labelled_articles(list(rows))
    if not any(article.label is not None for article in articles):
        raise UsageError("no article of this file has a cluster: nothing can be scored")
    if n_orders < 1:
        raise UsageError("at least one order is needed")
    n_orders = 1 if all(article.at is not None for article in articles) else n_orders
    started_s = clock()
    prepared = _prepared(articles, report)
    prepared_s = clock()
    first, *others = (_streams(prepared, str(seed), report) for seed in range(n_orders))
    orders = tuple(tuple(place_streams(streams, policy=policy, report=report)) for streams in (first, *others))
    elapsed_s = (prepared_s - started_s) + (clock() - prepared_s) / n_orders
    return StoriesRun(orders, first, elapsed_s, peak_memory_bytes())


def story_figures(run: StoriesRun) -> dict[str, Any]:
    """The figures of a run, means over its orders, rounded."""
    found = [_figures(placed) for placed in run.orders]
    n_articles = len(run.orders[0])
    return {
        "n_articles": n_articles,
        "n_labelled": sum(each.article.label is not None for each in run.orders[0]),
        "n_orders": len(run.orders),
        **_mean(found),
        "articles_per_s": round(n_articles / max(run.elapsed_s, 1e-9), 1),
        "peak_memory_bytes": run.peak_memory_bytes,
    }


def place_articles(
    articles: Sequence[LabelledArticle], *, policy: AssignPolicy | None = None, seed: str = "0"
) -> list[Placed]:
    """Every article with its story, language by language, in streaming order."""
    return place_streams(streams_of(articles, seed), policy=policy)


def stream_order(articles: Sequence[LabelledArticle], seed: str) -> list[LabelledArticle]:
    """By date when all have one, else by a hash: a file's own order tells nothing, and must not."""
    if all(article.at is not None for article in articles):
        return sorted(articles, key=lambda each: (each.at, each.key))
    return sorted(articles, key=lambda each: hashlib.sha256(f"{seed}{each.key}".encode()).hexdigest())


def streams_of(articles: Sequence[LabelledArticle], seed: str = "0") -> tuple[Stream, ...]:
    """The articles of each language in streaming order."""
    return _streams(_prepared(articles, silent), seed, silent)


def _prepared(articles: Sequence[LabelledArticle], report: Report) -> dict[str, Prepared]:
    found = {}
    for number, article in enumerate(articles, start=1):
        found[article.key] = prepare(article)
        report("read", number, len(articles))
    return found


def _streams(prepared: dict[str, Prepared], seed: str, report: Report) -> tuple[Stream, ...]:
    articles = [each.labelled for each in prepared.values()]
    streams = []
    for language in sorted({article.language for article in articles}):
        ordered = stream_order([article for article in articles if article.language == language], seed)
        copies = CopyIndex()
        arrivals = []
        for number, article in enumerate(ordered, start=1):
            article_id = ArticleId(number)
            one = prepared[article.key].numbered(article_id)
            arrivals.append(Arrival(one, _followed(copies.add(one.candidate), article_id)))
            report("compared with earlier texts", number, len(ordered))
        streams.append(Stream(language, tuple(arrivals)))
    return tuple(streams)


def _followed(links: Sequence[DuplicateLink], article_id: ArticleId) -> ArticleId | None:
    """The first of the articles that this one repeats or is repeated by."""
    linked = [link.original_id if link.article_id == article_id else link.article_id for link in links]
    return min(linked, default=None)


def place_streams(
    streams: Sequence[Stream], *, policy: AssignPolicy | None = None, report: Report = silent
) -> list[Placed]:
    """Puts the articles of each stream into stories, one at a time."""
    placed: list[Placed] = []
    for stream in streams:
        index = StoryIndex(stream.language, Statistics(stream.language), policy)
        placed += _place_stream(stream, StoryKeeper(index), report)
    return placed


def _place_stream(stream: Stream, keeper: StoryKeeper, report: Report) -> list[Placed]:
    numbers = count(1)
    on_arrival: list[tuple[StoryId, Assignment]] = []
    for number, arrival in enumerate(stream.arrivals, start=1):
        placement = keeper.place(
            arrival.prepared.member,
            new_id=lambda: StoryId(next(numbers)),
            follows=None if arrival.follows_id is None else keeper.index.story_of(arrival.follows_id),
        )
        on_arrival.append((placement.story_id, placement.decision))
        report("put into stories", number, len(stream.arrivals))
    placed = []
    for arrival, (story_id, decision) in zip(stream.arrivals, on_arrival, strict=True):
        final_id = keeper.index.story_of(arrival.prepared.member.article_id) or story_id
        nearest = None if decision.nearest_id is None else stream.arrivals[decision.nearest_id - 1].prepared.labelled
        keys = (stream.language, story_id), (stream.language, final_id)
        placed.append(Placed(arrival.prepared.labelled, *keys, decision, nearest))
    return placed


def _figures(placed: Sequence[Placed]) -> dict[str, Any]:
    """Of one order, unrounded numbers in nested mappings."""
    scored = [each for each in placed if each.article.label is not None]
    gold = [gold_of(each) for each in scored]
    predicted = [each.story for each in scored]
    languages = sorted({each.article.language for each in scored})
    return {
        "gold": len(set(gold)),
        "predicted": len(set(predicted)),
        "bcubed": bcubed(predicted, gold).as_dict(),
        "bcubed_final": bcubed([each.final for each in scored], gold).as_dict(),
        "pairwise": pairwise(predicted, gold).as_dict(),
        "ari": ari(predicted, gold),
        "polluted": polluted(placed),
        "per_language": {language: _of_language(scored, language) for language in languages},
    }


def _of_language(scored: Sequence[Placed], language: str) -> dict[str, Any]:
    own = [each for each in scored if each.article.language == language]
    gold = [gold_of(each) for each in own]
    return {
        "n_labelled": len(own),
        **bcubed([each.story for each in own], gold).as_dict(),
        "final_f1": bcubed([each.final for each in own], gold).f1,
    }


def gold_of(placed: Placed) -> tuple[str, str | None]:
    """The labelled story of an article: a label of two languages is two stories."""
    return placed.article.language, placed.article.label


def polluted(placed: Sequence[Placed]) -> float:
    """Share of labelled stories one of whose articles lies beside an unlabelled one, on arrival of all."""
    unlabelled = {each.story for each in placed if each.article.label is None}
    labelled = {gold_of(each): False for each in placed if each.article.label is not None}
    for each in placed:
        if each.article.label is not None and each.story in unlabelled:
            labelled[gold_of(each)] = True
    return sum(labelled.values()) / len(labelled)


def _mean(found: Sequence[Any]) -> Any:
    """The mean of numbers that lie at the same place of nested mappings: counts stay whole, shares get 4 decimals."""
    if isinstance(found[0], dict):
        return {name: _mean([each[name] for each in found]) for name in found[0]}
    mean = fmean(found)
    return round(mean) if isinstance(found[0], int) else round(mean, 4)
