"""Did two stories turn out to be one, or one story to be two?

Asked after an arrival, of the story that it touched. Two stories become one when the article would have joined either,
and their members are about as near to each other as those of one story are; so two single articles never do. A story
becomes two when it falls into two groups, each close in itself and far from the other; that is asked when it has grown
by half since last time. Headlines alone have too few words for that: those on one event fall into groups, too.

The bars are shares of similarities measured in the same stories, so they hold for any language and density. Both act
only when sure: a revision that is wrong is worse than none, since readers saw the stories as they were.

Refuses to touch what people decided: locked stories, articles that must or must not be together, however old. Else only
articles within the window count; what is older goes with the part whose first article arrived first.

Source of the numbers: measured on labelled English sets and a dense stream; see docs/decisions.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.assign import Assignment, Member
from monitor.cluster.facts import Facts
from monitor.cluster.index import StoryIndex
from monitor.cluster.vectors import BODY
from monitor.types import ArticleId, StoryId

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisePolicy:
    """When a story merges or splits. Shares are of similarities, 0..1."""

    merge_share: float = 0.9
    """The mean similarity between the members of two stories, as a share of the mean of those within them."""
    n_others: int = 3
    """Other stories that are looked at after one arrival, the nearest ones."""
    n_compared: int = 24
    """Members of a story that are compared, the latest ones."""
    split_share: float = 0.6
    """The mean similarity between two groups, as a share of the lower of those within them."""
    least_part: int = 3
    """A group of fewer articles is no story of its own."""
    n_split: int = 60
    """Members of a story that are looked at for groups, the latest ones."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Two stories are one from now on. The one that began first keeps its id."""

    kept_id: StoryId
    gone_id: StoryId
    between: float
    bar: float
    because: str = "an article would have joined both, and they are near to each other"


@dataclass(frozen=True, slots=True)
class Split:
    """These articles are a story of their own from now on; the part that holds what arrived first keeps the id."""

    story_id: StoryId
    moved_ids: tuple[ArticleId, ...]
    between: float
    bar: float
    because: str = "its articles fall into two groups"


Change = Merge | Split


def decide_merge(
    index: StoryIndex,
    article: Member,
    decision: Assignment,
    *,
    facts: Facts,
    places: Mapping[ArticleId, StoryId],
    policy: RevisePolicy,
) -> Merge | None:
    """Whether the story that an article joined is one with the best of the others that it could have joined.

    `places`: the stories of those that facts keep apart, however old they are.
    """
    own_id = decision.story_id
    if own_id is None:
        return None
    for other in decision.also[: policy.n_others]:
        if other.story_id in facts.locked or other.story_id == own_id:
            continue
        ours = [one for one in index.members(own_id, beside=article) if one != article.article_id]
        theirs = index.members(other.story_id, beside=article)
        if not ours or not theirs or not facts.may_merge(own_id, other.story_id, places):
            continue
        ours, theirs = ours[-policy.n_compared :], theirs[-policy.n_compared :]
        within = [_within(_near(index, some, some), range(len(some))) for some in (ours, theirs) if len(some) > 1]
        if not within:
            continue
        between = round(float(_near(index, ours, theirs).mean()), 6)
        bar = round(policy.merge_share * sum(within) / len(within), 6)
        if between >= bar:
            return Merge(min(own_id, other.story_id), max(own_id, other.story_id), between, bar)
    return None


def decide_split(
    index: StoryIndex, article: Member, story_id: StoryId, *, facts: Facts, policy: RevisePolicy
) -> Split | None:
    """Whether a story that has just reached one of certain sizes is two."""
    ids = index.members(story_id, beside=article)
    if not _is_checked(len(ids), policy):
        return None
    ids = ids[-policy.n_split :]
    if 2 * sum(index.vector_of(one)[0].counts[BODY].any() for one in ids) < len(ids):
        return None
    near = _near(index, ids, ids)
    near = (near + near.T) / 2
    first, second = _two_groups(near, _bound(ids, facts))
    if min(len(first), len(second)) < policy.least_part:
        return None
    between = round(float(near[np.ix_(first, second)].mean()), 6)
    bar = round(policy.split_share * min(_within(near, first), _within(near, second)), 6)
    moved = tuple(ids[i] for i in (second if first[0] < second[0] else first))
    if between >= bar or not all(facts.chain(one) <= set(moved) for one in moved):
        return None  # what a part must stay with may be older than what is looked at
    return Split(story_id, moved, between, bar)


def _is_checked(n: int, policy: RevisePolicy) -> bool:
    """At twice the least part, and whenever a story has grown by half since."""
    size = 2 * policy.least_part
    while size < n:
        size += max(1, size // 2)
    return size == n


def _bound(ids: Sequence[ArticleId], facts: Facts) -> list[list[int]]:
    """Positions of articles by what must stay together; most stand alone."""
    chains: dict[frozenset[ArticleId], list[int]] = {}
    for position, one in enumerate(ids):
        chains.setdefault(facts.chain(one), []).append(position)
    return list(chains.values())


def _two_groups(near: Matrix, groups: list[list[int]]) -> tuple[list[int], list[int]]:
    """The last two groups left when the two nearest, by mean similarity, are joined again and again.

    UPGMA (Sokal and Michener 1958); among equals the earliest pair. Costs n^3 for n articles: milliseconds for 60.
    """
    groups = [sorted(group) for group in groups]
    if len(groups) < 2:
        return (groups[0] if groups else []), []
    member = np.zeros((len(groups), len(near)))
    for row, group in enumerate(groups):
        member[row, group] = 1.0
    sums = member @ near @ member.T
    sizes = member.sum(axis=1)
    while len(groups) > 2:
        means = np.round(sums / np.outer(sizes, sizes), 9)
        means[np.tril_indices(len(groups))] = -math.inf
        a, b = divmod(int(np.argmax(means)), len(groups))
        groups[a] = sorted(groups[a] + groups[b])
        sums[a] += sums[b]
        sums[:, a] += sums[:, b]
        sizes[a] += sizes[b]
        del groups[b]
        sums, sizes = np.delete(np.delete(sums, b, 0), b, 1), np.delete(sizes, b)
    return groups[0], groups[1]


def _within(near: Matrix, group: Sequence[int]) -> float:
    """Mean similarity of the pairs of a group of two or more, themselves left out."""
    n = len(group)
    block = near[np.ix_(group, group)]
    return float((block.sum() - np.trace(block)) / (n * (n - 1)))


def _near(index: StoryIndex, some: Sequence[ArticleId], others: Sequence[ArticleId]) -> Matrix:
    """How near each of some articles is to each of others."""
    return np.vstack([index.similarities(one, others) for one in some])
