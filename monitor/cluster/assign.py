"""To which story does an article belong, or does it open a new one?

The similarity of two articles is a weighted mean of the cosines of their fields (title, lead, names, and all text with
the title counted twice), TF-IDF weighted by the language's statistics, times a decay with the time between them. Lead
and names do not count where one of the two has none; a missing title counts as one that differs.

Stories are ranked by half their nearest member and half the mean of their members. A learned scorer says of the first
of them how probable each is (`monitor.cluster.scorer`): by what the article shares with the members in each field, how
far that stands above what unrelated stories of the same stream reach, and when they happened. An article joins the most
probable story if that is probable enough, and if it shares rare terms with the nearest member. Two articles made from
one template are never one story. Copies go where their original is.

Everything is a function of stored features, stored membership and stored counts, rounded to 6 decimals, ties by the
lowest story id: a replay, a restart and any number of workers give the same partition. Refuses to look at the clock.

Source of the numbers: learned from labelled sets and a dense stream of 1,100 articles a day; docs/quality.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.features import Features
from monitor.cluster.guards import GuardPolicy, family_weights
from monitor.cluster.scorer import LINKS, StoryEvidence
from monitor.cluster.statistics import Ids, Statistics, Weights
from monitor.cluster.vectors import ALL, BODY, DAMPED, LEAD, NAMES, TITLE, Counts, Vector, everywhere, field_weights
from monitor.types import ArticleId, StoryId, TermWeight

SCHEME = "stories-2"

Slots = NDArray[np.intp]
_N_RAREST = 3
_TOLD = LINKS.index("title_told")
_MORE_THAN_ANY_IDF = 1_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignPolicy:
    """What makes an article join. Scores are 0..1; the one default serves every language."""

    min_probability: float = 0.5
    """From here on an article joins the most probable story."""
    title_weight: float = 0.2
    lead_weight: float = 0.1
    names_weight: float = 0.1
    all_weight: float = 0.6
    """Shares of the cosines in the similarity by which stories are ranked before they are scored."""
    n_scored: int = 12
    """So many of the most similar stories are scored."""
    min_score: float = 0.10
    """Stories less similar than this are not compared for templates."""
    nearest_share: float = 0.5
    n_mean: int = 30
    """The mean is taken over this many of a story's members at most, the nearest ones."""
    decay_s: float = 48 * 3600.0
    decay_floor: float = 0.3
    """What remains of the similarity of two articles that lie far apart in time."""
    undated_decay: float = 0.75
    template_wording: float = 0.1
    """Articles that share this much of their wording (Jaccard of three-word shingles) ..."""
    template_facts: float = 0.8
    """... must share that times their wording of names and figures, or they only fill in one template."""
    min_shared_rare: int = 3
    min_shared_rare_of_headlines: int = 1
    told_headline: float = 0.6
    """A headline of whose weight another tells this share needs no rare term besides: its words together are rare."""
    window: timedelta = timedelta(days=14)
    """Articles first seen longer ago take no part: a story without younger ones is closed."""
    n_candidates: int = 64
    n_query_terms: int = 80
    guards: GuardPolicy = field(default_factory=GuardPolicy)
    max_postings: int = 20_000
    """So many entries of the inverted index are looked at for one article: rare terms first."""

    @property
    def shares(self) -> tuple[tuple[int, float], ...]:
        """The rows of `field_weights` that make up the similarity, with their shares."""
        return (
            (TITLE, self.title_weight),
            (LEAD, self.lead_weight),
            (NAMES, self.names_weight),
            (ALL, self.all_weight),
        )


@dataclass(frozen=True, slots=True)
class Member:
    """An article as stories see it. `event_at` is the moment compared, `seen_at` the one that ages; None: unknown.

    `family`: its publisher family, "" where that is unknown.
    """

    article_id: ArticleId
    features: Features
    event_at: datetime | None
    seen_at: datetime | None
    family: str = ""


@dataclass(frozen=True, slots=True)
class StoryScore:
    """How probable one story is; rare terms shared with its nearest member, and how many are needed.

    `score` is the probability, 0..1, `logit` its log-odds, made of `evidence`. `bar`: what joining may err is divided
    by it, 1 or more; `is_weak`: nothing but live blogs speaks for it.
    """

    story_id: StoryId
    score: float
    nearest_id: ArticleId
    n_shared_rare: int
    n_rare_needed: int
    is_template: bool = False
    bar: float = 1.0
    is_weak: bool = False
    logit: float = 0.0
    evidence: tuple[float, ...] = ()
    cases: tuple[float, ...] = ()
    """As in `EVIDENCE` and `CASES` of the scorer."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The story an article joins, or None for a new one; the score reached and the threshold that applied."""

    story_id: StoryId | None
    score: float
    threshold: float
    because: str
    nearest_id: ArticleId | None = None
    terms: tuple[TermWeight, ...] = ()
    also: tuple[StoryScore, ...] = ()
    """Other stories that it could have joined, best first."""


BELIEVED = timedelta(days=3)


def event_time(published_at: datetime | None, first_seen_at: datetime) -> datetime:
    """The moment that stories compare: the publisher's date where it is believable, never later than first seen.

    A date older than `BELIEVED` before we first saw the article is held to be wrong or a re-post, so that a back-dated
    article cannot slip into an old story, nor a future-dated one sit on top of all.
    """
    if published_at is None:
        return first_seen_at
    return min(max(published_at, first_seen_at - BELIEVED), first_seen_at)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One article beside each of several others.

    `scores`: similarity without time; `links`: a row for each, columns as in `LINKS`; rare terms shared, and needed.
    """

    scores: Weights
    links: Weights
    n_shared_rare: NDArray[np.int64]
    n_rare_needed: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Terms:
    """The terms of several articles one after another: whose they are, and where the compared article has the same.

    `within`: for each field the places of the terms that stand in it, which are few but for those of the body.
    """

    n: int
    segments: Slots
    counts: Counts
    idf: Weights
    within: Sequence[Slots]
    shared: Slots
    owners: Slots
    beside: Slots

    def sums(self, values: Weights, at: Slots | slice = slice(None)) -> Weights:
        """By article, over all its terms, or those at certain places."""
        return np.asarray(np.bincount(self.segments[at], values, self.n), dtype=np.float64)

    def shared_sums(self, values: Weights) -> Weights:
        """By article, over the terms that the compared one has too."""
        return np.asarray(np.bincount(self.owners, values, self.n), dtype=np.float64)


def compare(article: Vector, others: Sequence[Vector], *, statistics: Statistics, policy: AssignPolicy) -> Comparison:
    """How near one article is to each of `others` (at least one). Sums run in term order: reproducible."""
    ids = np.concatenate([other.ids for other in others])
    shared, beside = _positions(ids, article.ids, len(statistics))
    counts = np.concatenate([other.counts for other in others], axis=1)
    segments = np.repeat(np.arange(len(others)), [len(other.ids) for other in others])
    terms = _Terms(
        n=len(others),
        segments=segments,
        counts=counts,
        idf=statistics.idf(ids),
        within=[np.flatnonzero(row) for row in counts],
        shared=shared,
        owners=segments[shared],
        beside=beside,
    )
    own_idf = statistics.idf(article.ids)
    cosines, present = _cosines(article, terms, own_idf)
    total, whole = np.zeros(terms.n), np.zeros(terms.n)
    for row, share in policy.shares:
        total, whole = total + share * cosines[:, row], whole + share * present[:, row]
    links = np.column_stack([cosines, _overlaps(article, terms, own_idf), _rarest(terms, statistics)])
    rare = np.bincount(terms.owners[statistics.rare(ids[shared])], minlength=terms.n)
    has_body = (np.bincount(terms.segments[terms.within[BODY]], minlength=terms.n) > 0) & article.counts[BODY].any()
    of_headlines = np.where(links[:, _TOLD] >= policy.told_headline, 0, policy.min_shared_rare_of_headlines)
    needed = np.where(has_body, policy.min_shared_rare, of_headlines)
    return Comparison(_ratio(total, whole), links, rare, needed)


def _positions(ids: Ids, own: Ids, n_ids: int) -> tuple[Slots, Slots]:
    """Where in `ids` a term of `own` stands, and which one it is there."""
    positions = np.zeros(n_ids, dtype=np.int32)
    positions[own] = np.arange(1, len(own) + 1)
    found = positions[ids]
    shared = np.flatnonzero(found)
    return shared, found[shared].astype(np.intp) - 1


def _cosines(article: Vector, terms: _Terms, own_idf: Weights) -> tuple[Weights, Weights]:
    """Cosines by field (title, lead, body, names, all), a row for each article; and whether a field of both counts."""
    own = field_weights(article.counts, own_idf)
    shared_weights = field_weights(terms.counts[:, terms.shared], terms.idf[terms.shared])
    products = shared_weights * own[:, terms.beside]
    cosines, present = [], []
    for row, squares in enumerate(_squares(terms)):
        norms = np.sqrt(squares) * math.sqrt(math.fsum(own[row] ** 2))
        cosines.append(_ratio(terms.shared_sums(products[row]), norms))
        present.append((norms > 0) | (row == TITLE))
    return np.column_stack(cosines), np.column_stack(present).astype(np.float64)


def _squares(terms: _Terms) -> list[Weights]:
    """By article, the sums of its squared weights in each field, and in all text."""
    weights = [DAMPED[terms.counts[row, at]] * terms.idf[at] for row, at in enumerate(terms.within)]
    all_text = DAMPED[everywhere(terms.counts)] * terms.idf
    return [*(terms.sums(each**2, at) for each, at in zip(weights, terms.within, strict=True)), terms.sums(all_text**2)]


def _overlaps(article: Vector, terms: _Terms, own_idf: Weights) -> Weights:
    """Share of one title that the other article tells; overlap of names, and of all terms, with the smaller set."""
    gained = terms.idf[terms.shared]
    titled, own_titled = terms.counts[TITLE] > 0, article.counts[TITLE] > 0
    mine = _ratio(
        terms.shared_sums(gained * own_titled[terms.beside]), np.full(terms.n, math.fsum(own_idf[own_titled]))
    )
    in_title, in_names = terms.within[TITLE], terms.within[NAMES]
    theirs = _ratio(terms.shared_sums(gained * titled[terms.shared]), terms.sums(terms.idf[in_title], in_title))
    named, own_named = terms.counts[NAMES] > 0, article.counts[NAMES] > 0
    names_shared = _ratio(
        terms.shared_sums(gained * (own_named[terms.beside] & named[terms.shared])),
        np.minimum(math.fsum(own_idf[own_named]), terms.sums(terms.idf[in_names], in_names)),
    )
    terms_shared = _ratio(terms.shared_sums(gained), np.minimum(math.fsum(own_idf), terms.sums(terms.idf)))
    return np.column_stack([np.maximum(mine, theirs), names_shared, terms_shared])


def _rarest(terms: _Terms, statistics: Statistics) -> Weights:
    """Mean rarity of the three rarest shared terms, 1 for terms that no article has."""
    gained, owners = terms.idf[terms.shared], terms.owners
    order = np.argsort(owners - gained / _MORE_THAN_ANY_IDF)
    ranks = np.arange(len(order)) - np.searchsorted(owners[order], owners[order])
    rarest = order[ranks < _N_RAREST]
    most = math.log(statistics.n_weighed + 2)
    return np.bincount(owners[rarest], gained[rarest], terms.n) / (_N_RAREST * most)


def _ratio(part: Weights, whole: Weights) -> Weights:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def evidence_of(
    article: Vector,
    nearest_member: Vector,
    compared: Comparison,
    positions: Sequence[int],
    *,
    nearest: int,
    n_members: int,
    similarity: float,
    gap_s: float,
    mean_gap_s: float,
) -> StoryEvidence:
    """What speaks for a story. `positions`: its members among the compared, of which `nearest` is the most similar."""
    return StoryEvidence(
        links=compared.links[list(positions)],
        n_members=n_members,
        similarity=similarity,
        gap_s=gap_s,
        mean_gap_s=mean_gap_s,
        n_shared_rare=int(compared.n_shared_rare[nearest]),
        is_headline=not (article.counts[BODY].any() and nearest_member.counts[BODY].any()),
    )


def is_template(a: Vector, b: Vector, policy: AssignPolicy) -> bool:
    """Do two articles share wording without the names and figures that the same passages would bring along?

    Such are the weather of two days, market closes, results: one form with other contents. Reports on one event share
    names and hardly any wording, copies and rewrites share both. Never true of headlines alone.
    """
    least = np.union1d(a.sketch, b.sketch)[: min(len(a.sketch), len(b.sketch))]
    n_both = len(np.intersect1d(np.intersect1d(a.sketch, b.sketch, assume_unique=True), least, assume_unique=True))
    wording = n_both / max(1, len(least))
    if wording < policy.template_wording:
        return False
    n_words_a, n_words_b = float(a.counts[BODY].sum()), float(b.counts[BODY].sum())
    containment = wording / (1 + wording) * (n_words_a + n_words_b) / min(n_words_a, n_words_b)
    facts_a, facts_b = a.ids[a.counts[NAMES] > 0], b.ids[b.counts[NAMES] > 0]
    n_facts = min(len(facts_a), len(facts_b))
    n_shared = len(np.intersect1d(facts_a, facts_b, assume_unique=True))
    return n_shared < policy.template_facts * containment * n_facts


def decay(gaps_s: Weights, policy: AssignPolicy) -> Weights:
    """What time leaves of a similarity, by seconds between two articles; NaN stands for an unknown gap."""
    left: Weights = policy.decay_floor + (1 - policy.decay_floor) * np.exp(-np.abs(gaps_s) / policy.decay_s)
    return np.where(np.isnan(gaps_s), policy.undated_decay, left)


def story_score(similarities: Sequence[float], families: Sequence[str], policy: AssignPolicy) -> float:
    """Nearest link and mean, 0..1, over all members of a story with their publisher families, at least one.

    Members that were not among the candidates count as 0. No family outweighs the others in the mean.
    """
    if len(similarities) == 1:
        return round(policy.nearest_share * similarities[0] + (1 - policy.nearest_share) * similarities[0], 6)
    nearest = sorted(zip(similarities, families, strict=True), key=lambda pair: -pair[0])[: policy.n_mean]
    weights = family_weights([family for _, family in nearest], policy.guards)
    mean = math.fsum(weight * similarity for weight, (similarity, _) in zip(weights, nearest, strict=True))
    return round(policy.nearest_share * nearest[0][0] + (1 - policy.nearest_share) * mean, 6)


def decide_assignment(
    candidates: Sequence[StoryScore], policy: AssignPolicy, *, must_join: StoryId | None = None
) -> Assignment:
    """Joins the most probable story if it is probable enough, or `must_join` (the story of the article's original)."""
    ranked = sorted(candidates, key=lambda candidate: (-candidate.score, -candidate.logit, candidate.story_id))
    threshold = policy.min_probability
    if must_join is not None:
        score = next((candidate.score for candidate in ranked if candidate.story_id == must_join), 1.0)
        return Assignment(must_join, score, threshold, "copy")
    if not ranked:
        return Assignment(None, 0.0, threshold, "nothing like it")
    best = next((one for one in ranked if not (one.is_template or one.is_weak)), ranked[0])
    if best.is_template or best.is_weak or best.score < threshold:
        first = ranked[0]
        because = "one template" if first.is_template else "live blogs only" if first.is_weak else "too far"
        return Assignment(None, first.score, threshold, because, first.nearest_id)
    raised = raised_bar(threshold, best.bar)
    if best.score < raised:
        return Assignment(None, best.score, raised, "a topic", best.nearest_id)
    if best.n_shared_rare < best.n_rare_needed:
        return Assignment(None, best.score, threshold, "only common terms", best.nearest_id)
    return Assignment(best.story_id, best.score, threshold, "similar", best.nearest_id)


def raised_bar(threshold: float, bar: float) -> float:
    """The probability that joining a story needs whose chance of an error is to be `bar` times smaller."""
    return round(1 - (1 - threshold) / bar, 6)


def could_join(candidates: Sequence[StoryScore], decision: Assignment) -> tuple[StoryScore, ...]:
    """The stories that reach the threshold of a decision beside the one that was chosen, best first."""
    found = [
        each
        for each in candidates
        if each.story_id != decision.story_id
        and each.score >= decision.threshold
        and not (each.is_template or each.is_weak)
        and each.n_shared_rare >= each.n_rare_needed
    ]
    return tuple(sorted(found, key=lambda each: (-each.score, each.story_id)))


def shared_terms(a: Vector, b: Vector, statistics: Statistics) -> tuple[NDArray[np.int32], Weights]:
    """Positions in `a` of terms that both have, and what each adds to the cosine of all text."""
    _, in_a, in_b = np.intersect1d(a.ids, b.ids, assume_unique=True, return_indices=True)
    in_term_order = np.argsort(in_a)  # ids depend on what the process met first; terms do not
    in_a, in_b = in_a[in_term_order], in_b[in_term_order]
    weights_a = field_weights(a.counts, statistics.idf(a.ids))[ALL]
    weights_b = field_weights(b.counts, statistics.idf(b.ids))[ALL]
    scale = math.sqrt(float(np.sum(weights_a**2)) * float(np.sum(weights_b**2))) or 1.0
    return in_a.astype(np.int32), weights_a[in_a] * weights_b[in_b] / scale
