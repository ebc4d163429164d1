"""How near is one article to others, field by field?

Cosines of the TF-IDF weights of title, lead, body, names, and all text with the title counted twice; what of one title
the other tells; how much of the names and terms of the shorter both have, and how rare the rarest of them are. One
article is compared with dozens at once: their terms stand in one row, and all sums run in the order of the terms, so
that they are the same in every process. The similarity is a weighted mean of the cosines: lead and names do not count
where one of the two has none; a missing title counts as one that differs.

Refuses to weigh time: that is `decay` of `monitor.cluster.assign`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.assign import AssignPolicy
from monitor.cluster.held import Slots
from monitor.cluster.scorer import StoryEvidence
from monitor.cluster.statistics import Ids, Statistics, Weights
from monitor.cluster.vectors import ALL, BODY, DAMPED, LEAD, NAMES, TITLE, Counts, Vector, everywhere, field_weights

_SQUARED = DAMPED**2
_SPARSE = (TITLE, LEAD, NAMES)
_N_RAREST = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """One article beside each of several others.

    `scores`: similarity without time; `links`: a row for each, columns as in `LINKS`; whether one of the two is a
    headline alone; rare terms shared, and needed.
    """

    scores: Weights
    links: Weights
    is_headline: NDArray[np.bool_]
    n_shared_rare: NDArray[np.int64]
    n_rare_needed: NDArray[np.int64]


class _Runs:
    """Values of several articles one after another, and whose each is."""

    def __init__(self, lengths: Slots) -> None:
        self.n = len(lengths)
        self.owners = np.repeat(np.arange(self.n), lengths)
        self.starts = np.cumsum(lengths) - lengths
        self._filled = np.flatnonzero(lengths)

    def sums(self, values: Weights) -> Weights:
        """By article; of each row where there are several."""
        found = np.zeros((*values.shape[:-1], self.n))
        if len(self._filled):
            found[..., self._filled] = np.add.reduceat(values, self.starts[self._filled], axis=-1)
        return found

    def sums_at(self, places: Slots, values: Weights) -> Weights:
        """By article, of values that stand at some of the places only."""
        return np.asarray(np.bincount(self.owners[places], values, self.n), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Terms:
    """The terms of several articles one after another, what of them the compared article has too, and where.

    `within`: for the fields of few terms the places of these.
    """

    runs: _Runs
    counts: Counts
    idf: Weights
    within: Mapping[int, Slots]
    shared: Slots
    shared_runs: _Runs
    shared_counts: Counts
    shared_idf: Weights
    beside: Ids


def compare(article: Vector, others: Sequence[Vector], *, statistics: Statistics, policy: AssignPolicy) -> Comparison:
    """How near one article is to each of `others` (at least one). Sums run in term order: reproducible."""
    ids = np.concatenate([other.ids for other in others])
    own_idf = statistics.idf(article.ids)
    terms = _terms_of(article, others, ids, statistics)
    squares = _squares(terms)
    cosines, present = _cosines(article, terms, own_idf, squares)
    total, whole = np.zeros(len(others)), np.zeros(len(others))
    for row, share in policy.shares:
        total, whole = total + share * cosines[row], whole + share * present[row]
    told, *overlaps = _overlaps(article, terms, own_idf)
    links = np.vstack([cosines, told, *overlaps, _rarest(terms, statistics)]).T
    rare = statistics.rare(ids[terms.shared])
    is_headline = (squares[BODY] == 0) | (not article.counts[BODY].any())
    return Comparison(
        scores=_ratio(total, whole),
        links=links,
        is_headline=is_headline,
        n_shared_rare=terms.shared_runs.sums(rare.astype(np.float64)).astype(np.int64),
        n_rare_needed=np.where(is_headline, _n_rare_of_headlines(terms, told, policy), policy.min_shared_rare),
    )


def _n_rare_of_headlines(terms: _Terms, told: Weights, policy: AssignPolicy) -> NDArray[np.int64]:
    is_told = (told >= policy.told_headline) & (terms.shared_runs.sums(terms.shared_idf) >= policy.told_weight)
    return np.where(is_told, 0, policy.min_shared_rare_of_headlines)


def _terms_of(article: Vector, others: Sequence[Vector], ids: Ids, statistics: Statistics) -> _Terms:
    runs = _Runs(np.array([len(other.ids) for other in others]))
    counts = np.concatenate([other.counts for other in others], axis=1)
    idf = statistics.idf(ids)
    places = statistics.places_in(article.ids, ids)
    shared = np.flatnonzero(places >= 0)
    return _Terms(
        runs=runs,
        counts=counts,
        idf=idf,
        within={row: np.flatnonzero(counts[row] != 0) for row in _SPARSE},  # compared first, it is faster
        shared=shared,
        shared_runs=_Runs(np.bincount(runs.owners[shared], minlength=runs.n)),
        shared_counts=counts.take(shared, axis=1),
        shared_idf=idf.take(shared),
        beside=places.take(shared),
    )


def _squares(terms: _Terms) -> Weights:
    """By article, the sums of its squared weights in each field, and in all text: a row each."""
    squared_idf = terms.idf**2
    squares = np.empty((ALL + 1, terms.runs.n))
    for row, at in terms.within.items():
        squares[row] = terms.runs.sums_at(at, _SQUARED.take(terms.counts[row].take(at)) * squared_idf.take(at))
    squares[BODY] = terms.runs.sums(_SQUARED.take(terms.counts[BODY]) * squared_idf)
    squares[ALL] = terms.runs.sums(_SQUARED.take(everywhere(terms.counts)) * squared_idf)
    return squares


def _cosines(article: Vector, terms: _Terms, own_idf: Weights, squares: Weights) -> tuple[Weights, Weights]:
    """Cosines by field (title, lead, body, names, all), a row for each field; and whether it counts for both."""
    own = field_weights(article.counts, own_idf)
    own_norms = [math.sqrt(math.fsum(row)) for row in (own**2).tolist()]
    products = field_weights(terms.shared_counts, terms.shared_idf) * own.take(terms.beside, axis=1)
    norms = np.sqrt(squares) * np.array(own_norms)[:, np.newaxis]
    present = norms > 0
    present[TITLE] = True
    return _ratio(terms.shared_runs.sums(products), norms), present.astype(np.float64)


def _overlaps(article: Vector, terms: _Terms, own_idf: Weights) -> Sequence[Weights]:
    """Share of one title that the other article tells; overlap of names, and of all terms, with the smaller set."""
    titled, named = article.counts[TITLE] > 0, article.counts[NAMES] > 0
    their_titled, their_named = terms.shared_counts[TITLE] > 0, terms.shared_counts[NAMES] > 0
    in_my_title, in_their_title, in_names, in_both = terms.shared_runs.sums(
        terms.shared_idf
        * np.vstack(
            [titled[terms.beside], their_titled, named[terms.beside] & their_named, np.ones(len(terms.shared), bool)]
        )
    )
    whole_title, whole_names = (
        terms.runs.sums_at(terms.within[row], terms.idf.take(terms.within[row])) for row in (TITLE, NAMES)
    )
    mine = _ratio(in_my_title, np.full(terms.runs.n, math.fsum(own_idf[titled].tolist())))
    theirs = _ratio(in_their_title, whole_title)
    return (
        np.maximum(mine, theirs),
        _ratio(in_names, np.minimum(math.fsum(own_idf[named].tolist()), whole_names)),
        _ratio(in_both, np.minimum(math.fsum(own_idf.tolist()), terms.runs.sums(terms.idf))),
    )


def _rarest(terms: _Terms, statistics: Statistics) -> Weights:
    """Mean rarity of the three rarest shared terms, 1 for terms that no article has."""
    owners = terms.shared_runs.owners
    ranks = np.arange(len(owners)) - terms.shared_runs.starts[owners]
    gained = np.zeros((terms.runs.n, _N_RAREST + int(ranks.max(initial=0))))
    gained[owners, ranks] = terms.shared_idf
    rarest = np.sort(gained, axis=1)[:, -_N_RAREST:]
    most = math.log(statistics.n_weighed + 2)
    return np.asarray(rarest[:, ::-1].sum(axis=1) / (_N_RAREST * most), dtype=np.float64)


def _ratio(part: Weights, whole: Weights) -> Weights:
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)


def evidence_of(
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
        is_headline=bool(compared.is_headline[nearest]),
    )


def is_template(a: Vector, b: Vector, policy: AssignPolicy) -> bool:
    """Do two articles share wording without the names and figures that the same passages would bring along?

    Such are the weather of two days, market closes, results: one form with other contents. Reports on one event share
    names and hardly any wording, copies and rewrites share both. Never true of headlines alone.
    """
    both = np.intersect1d(a.sketch, b.sketch, assume_unique=True)
    n_least = min(len(a.sketch), len(b.sketch))
    if len(both) / max(1, n_least) < policy.template_wording:
        return False  # as most are: the least of all are fewer still
    least = np.union1d(a.sketch, b.sketch)[:n_least]
    wording = len(np.intersect1d(both, least, assume_unique=True)) / max(1, n_least)
    if wording < policy.template_wording:
        return False
    n_words_a, n_words_b = float(a.counts[BODY].sum()), float(b.counts[BODY].sum())
    containment = wording / (1 + wording) * (n_words_a + n_words_b) / min(n_words_a, n_words_b)
    facts_a, facts_b = a.ids[a.counts[NAMES] > 0], b.ids[b.counts[NAMES] > 0]
    n_facts = min(len(facts_a), len(facts_b))
    n_shared = len(np.intersect1d(facts_a, facts_b, assume_unique=True))
    return n_shared < policy.template_facts * containment * n_facts


def shared_terms(a: Vector, b: Vector, statistics: Statistics) -> tuple[NDArray[np.int32], Weights]:
    """Positions in `a` of terms that both have, and what each adds to the cosine of all text."""
    _, in_a, in_b = np.intersect1d(a.ids, b.ids, assume_unique=True, return_indices=True)
    in_term_order = np.argsort(in_a)  # ids depend on what the process met first; terms do not
    in_a, in_b = in_a[in_term_order], in_b[in_term_order]
    weights_a = field_weights(a.counts, statistics.idf(a.ids))[ALL]
    weights_b = field_weights(b.counts, statistics.idf(b.ids))[ALL]
    scale = math.sqrt(float(np.sum(weights_a**2)) * float(np.sum(weights_b**2))) or 1.0
    return in_a.astype(np.int32), weights_a[in_a] * weights_b[in_b] / scale
