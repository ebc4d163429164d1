"""How similar is each story in question to an article, and what speaks for it?

A story is known by those of its members that came into question, nearest ones of the article; its other members count
as far from it. The most similar stories are scored, the others only tell what unrelated ones reach. A live blog tells
of too much to vouch for anything but another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monitor.cluster.assign import AssignPolicy, Member, StoryScore, decay, story_score
from monitor.cluster.comparing import Comparison, compare, evidence_of, is_template
from monitor.cluster.guards import Kind, n_rare_needed, story_bar
from monitor.cluster.held import Held, Slots, mean_known, moments
from monitor.cluster.scorer import Scorer, StoryEvidence, probability, unrelated_level, weigh
from monitor.cluster.shelf import Shelf
from monitor.cluster.statistics import Statistics, Weights
from monitor.cluster.vectors import Vector
from monitor.types import StoryId


@dataclass(frozen=True, slots=True)
class Question:
    """A new article beside those it is compared with, which lie at `slots`.

    `near`: how similar each is, time counted; `moments_s`: when each happened, `moment_s` when the article, as seconds
    since 1970, NaN where unknown.
    """

    article: Member
    query: Vector
    slots: Slots
    held: Sequence[Held]
    compared: Comparison
    moments_s: Weights
    moment_s: float
    near: Sequence[float]

    def is_evidence(self, held: Held) -> bool:
        """Whether a member of a story speaks for it."""
        return held.kind is not Kind.LIVE or self.article.features.kind is Kind.LIVE


@dataclass(frozen=True, slots=True)
class Found:
    """A story in question: which of the compared articles speak for it, the nearest of them, all its young members.

    `moments_s`: when these happened.
    """

    story_id: StoryId
    positions: Sequence[int]
    nearest: int
    moments_s: Weights
    families: Sequence[str]
    similarity: float
    is_weak: bool


def weigh_stories(
    shelf: Shelf,
    query: Vector,
    article: Member,
    slots: Slots,
    *,
    statistics: Statistics,
    scorer: Scorer,
    policy: AssignPolicy,
    beside: StoryId | None = None,
) -> list[StoryScore]:
    """The most similar stories of the articles at `slots` (at least one), and `beside`, scored."""
    asked = _asked(query, article, slots, shelf=shelf, statistics=statistics, policy=policy)
    by_story: dict[StoryId, list[int]] = {}
    for position, held in enumerate(asked.held):
        by_story.setdefault(held.story_id, []).append(position)
    several = {
        one: _found(asked, one, own, shelf=shelf, policy=policy) for one, own in by_story.items() if shelf.n_of(one) > 1
    }
    similarities = {
        one: several[one].similarity if one in several else story_score([asked.near[own[0]]], (), policy)
        for one, own in by_story.items()
    }
    level = unrelated_level(list(similarities.values()))
    ranked = sorted(similarities, key=lambda one: (-similarities[one], one))
    chosen = [one for rank, one in enumerate(ranked) if rank < policy.n_scored or one == beside]
    found = [several.get(one) or _found_alone(asked, one, by_story[one][0], similarities[one]) for one in chosen]
    evidence, cases = weigh([_evidence(asked, each) for each in found], level, policy.n_mean)
    logits = scorer.logits(evidence, cases)
    return [
        _score(asked, each, logit, evidence=row, cases=case, policy=policy)
        for each, logit, row, case in zip(found, logits, evidence.tolist(), cases.tolist(), strict=True)
    ]


def _asked(
    query: Vector, article: Member, slots: Slots, *, shelf: Shelf, statistics: Statistics, policy: AssignPolicy
) -> Question:
    held = [shelf[slot] for slot in slots.tolist()]
    compared = compare(query, [each.vector for each in held], statistics=statistics, policy=policy)
    moments_s, moment_s = shelf.event_s(slots), moments(article)[0]
    near = np.round(compared.scores * decay(moments_s - moment_s, policy), 6).tolist()
    return Question(article, query, slots, held, compared, moments_s, moment_s, near)


def _found(asked: Question, story_id: StoryId, own: Sequence[int], *, shelf: Shelf, policy: AssignPolicy) -> Found:
    """A story by those of its members that stand at `own` among the compared ones."""
    positions = [position for position in own if asked.is_evidence(asked.held[position])]
    is_weak, positions = not positions, positions or list(own)
    members = _members(asked, story_id, shelf=shelf, policy=policy)
    near = {int(asked.slots[at]): asked.near[at] for at in positions}
    similarities = dict.fromkeys(members.tolist(), 0.0) | near
    families = [shelf[slot].family for slot in similarities]
    return Found(
        story_id=story_id,
        positions=positions,
        nearest=min(positions, key=lambda position: (-asked.near[position], position)),
        moments_s=shelf.event_s(members),
        families=families,
        similarity=story_score(list(similarities.values()), families, policy),
        is_weak=is_weak,
    )


def _found_alone(asked: Question, story_id: StoryId, position: int, similarity: float) -> Found:
    """The same for a story of one article, as most are."""
    held = asked.held[position]
    return Found(
        story_id=story_id,
        positions=[position],
        nearest=position,
        moments_s=asked.moments_s[position : position + 1],
        families=[held.family],
        similarity=similarity,
        is_weak=not asked.is_evidence(held),
    )


def _members(asked: Question, story_id: StoryId, *, shelf: Shelf, policy: AssignPolicy) -> Slots:
    """The young members of a story that speak for it: all but live blogs, or these where there is nothing else."""
    members = shelf.young_of(story_id, moments(asked.article)[1], policy.window.total_seconds())
    speaking = [asked.is_evidence(shelf[slot]) for slot in members.tolist()]
    return members[speaking] if any(speaking) else members


def _evidence(asked: Question, found: Found) -> StoryEvidence:
    return evidence_of(
        asked.compared,
        found.positions,
        nearest=found.nearest,
        n_members=len(found.moments_s),
        similarity=found.similarity,
        gap_s=float(asked.moments_s[found.nearest]) - asked.moment_s,
        mean_gap_s=mean_known(found.moments_s - asked.moment_s),
    )


def _score(
    asked: Question,
    found: Found,
    logit: float,
    *,
    evidence: Sequence[float],
    cases: Sequence[float],
    policy: AssignPolicy,
) -> StoryScore:
    """What the scorer and the guards say of a story."""
    held, needed = asked.held[found.nearest], int(asked.compared.n_rare_needed[found.nearest])
    is_near = found.similarity >= policy.min_score
    return StoryScore(
        story_id=found.story_id,
        score=probability(logit),
        nearest_id=held.article_id,
        n_shared_rare=int(asked.compared.n_shared_rare[found.nearest]),
        n_rare_needed=n_rare_needed(needed, asked.article.family, found.families, policy.guards),
        is_template=is_near and is_template(asked.query, held.vector, policy),
        bar=story_bar(found.moments_s, found.families, policy.guards),
        is_weak=found.is_weak,
        logit=logit,
        evidence=tuple(evidence),
        cases=tuple(cases),
    )
