"""How well do the product's stories match labelled ones?

Articles stream one at a time through the product's own functions: fingerprints and links first, then assignment by the
same index and policy that the daemon uses, each final on arrival. A language whose rows are all dated streams by date
(ties by id); otherwise in the order of a hash of seed and id. Statistics come from earlier articles of the run and from
what ships with the product. Unlabelled articles stream along and are not scored; `polluted` is the share of labelled
stories that took one in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from monitor.cluster.assign import AssignPolicy, Member, event_time
from monitor.cluster.features import features
from monitor.cluster.index import StoryIndex
from monitor.cluster.statistics import Statistics
from monitor.errors import UsageError
from monitor.evaluate.copies import CopyIndex, candidate_of
from monitor.evaluate.metrics import ari, bcubed, pairwise
from monitor.evaluate.reading import LabelledArticle, Row, labelled_article
from monitor.types import ArticleId, DuplicateLink, StoryId


@dataclass(frozen=True, slots=True)
class Placed:
    """An article and the story it was put into; story ids are per run."""

    article: LabelledArticle
    story: tuple[str, StoryId]


def evaluate_stories(
    rows: Iterable[Row],
    *,
    policy: AssignPolicy | None = None,
    seed: str = "0",
    clock: Callable[[], float] = perf_counter,
) -> dict[str, Any]:
    """{n_articles, n_labelled, gold, predicted, bcubed, bcubed_final, pairwise, ari, polluted, articles_per_s, ...}.

    `per_language` has BCubed of each language. `bcubed_final` equals `bcubed` as long as nothing merges or splits.
    """
    articles = [labelled_article(row, position=i) for i, row in enumerate(rows)]
    if not any(article.label is not None for article in articles):
        raise UsageError("no article of this file has a cluster: nothing can be scored")
    started_s = clock()
    placed = place_articles(articles, policy=policy, seed=seed)
    elapsed_s = clock() - started_s
    scored = [each for each in placed if each.article.label is not None]
    figures = _figures(scored)
    return {
        "n_articles": len(placed),
        "n_labelled": len(scored),
        **figures,
        "bcubed_final": figures["bcubed"],
        "polluted": round(_polluted(placed), 4),
        "articles_per_s": round(len(placed) / max(elapsed_s, 1e-9), 1),
        "per_language": {
            language: _figures([each for each in scored if each.article.language == language])["bcubed"]
            for language in sorted({each.article.language for each in scored})
        },
    }


def place_articles(
    articles: Sequence[LabelledArticle], *, policy: AssignPolicy | None = None, seed: str = "0"
) -> list[Placed]:
    """Every article with its story, language by language, in streaming order."""
    placed: list[Placed] = []
    for language in sorted({article.language for article in articles}):
        stream = stream_order([article for article in articles if article.language == language], seed)
        placed.extend(_place_language(stream, StoryIndex(language, Statistics(language), policy)))
    return placed


def stream_order(articles: Sequence[LabelledArticle], seed: str) -> list[LabelledArticle]:
    """By date when all have one, else by a hash: a file's own order tells nothing, and must not."""
    if all(article.at is not None for article in articles):
        return sorted(articles, key=lambda each: (each.at, each.key))
    return sorted(articles, key=lambda each: hashlib.sha256(f"{seed}{each.key}".encode()).hexdigest())


def _place_language(stream: Sequence[LabelledArticle], index: StoryIndex) -> list[Placed]:
    copies = CopyIndex()
    story_of: dict[ArticleId, StoryId] = {}
    placed = []
    for number, article in enumerate(stream, start=1):
        article_id = ArticleId(number)
        links = copies.add(candidate_of(article, article_id))
        member = _member(article, article_id)
        assignment = index.assign(member, must_join=_story_of_linked(links, article_id, story_of))
        story_id = StoryId(number) if assignment.story_id is None else assignment.story_id
        index.add(story_id, member)
        story_of[article_id] = story_id
        placed.append(Placed(article, (article.language, story_id)))
    return placed


def _member(article: LabelledArticle, article_id: ArticleId) -> Member:
    """What the daemon would know of an article that it saw at the moment of its date."""
    moment = event_time(article.at, article.at) if article.at else None
    return Member(
        article_id, features(article.title, article.text, article.language), moment, article.at, article.source
    )


def _story_of_linked(
    links: Sequence[DuplicateLink], article_id: ArticleId, story_of: Mapping[ArticleId, StoryId]
) -> StoryId | None:
    """The story of the first of the articles that this one repeats or is repeated by."""
    linked = [link.original_id if link.article_id == article_id else link.article_id for link in links]
    return story_of[min(linked)] if linked else None


def _figures(scored: Sequence[Placed]) -> dict[str, Any]:
    predicted = [each.story for each in scored]
    gold = [(each.article.language, each.article.label) for each in scored]
    return {
        "gold": len(set(gold)),
        "predicted": len(set(predicted)),
        "bcubed": bcubed(predicted, gold).rounded(),
        "pairwise": pairwise(predicted, gold).rounded(),
        "ari": round(ari(predicted, gold), 4),
    }


def _polluted(placed: Sequence[Placed]) -> float:
    """Share of labelled stories one of whose articles lies beside an unlabelled one."""
    unlabelled = {each.story for each in placed if each.article.label is None}
    labelled = {(each.article.language, each.article.label): False for each in placed if each.article.label is not None}
    for each in placed:
        if each.article.label is not None and each.story in unlabelled:
            labelled[each.article.language, each.article.label] = True
    return sum(labelled.values()) / len(labelled)
