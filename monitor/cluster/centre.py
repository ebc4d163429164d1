"""Which article of a story stands for it, and by which terms and names is the story known?

The most central report: the one with the highest mean similarity (cosine of TF-IDF weights, the title counted twice) to
the other reports. A copy never stands for a story, nor does a round-up or live blog, unless the story has nothing else.
Among equals the earliest: of two reports always the earlier one.

Key terms and names weigh by their mean TF-IDF weight over the reports: how rare they are, how much each report makes
of them, and in how many they stand. They are shown as the most central reports write them. Names are those that the
features hold; figures are none. Refuses terms of a single report where there are three or more: they tell of it alone.

Everything follows from stored features, counts and texts, rounded to 6 decimals: a restart gives the same answer. Costs
in proportion to the terms of the reports that are looked at, `N_CONSIDERED` at most.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from monitor.cluster.guards import DATE_WORDS, Kind
from monitor.cluster.statistics import Ids, Statistics
from monitor.cluster.vectors import ALL, NAMES, Vector, field_weights
from monitor.text.spellings import Spellings, spellings
from monitor.text.stems import stem
from monitor.types import ArticleId

N_CONSIDERED = 30
"""Members of a story that are looked at, the latest arrived ones."""
N_SPELLING = 3
"""Reports whose texts tell how terms are written, the most central ones."""
N_SHOWN = 8
_LEAST_SHARE = 0.3
"""Of three reports or more, so many have a term that tells of their story."""
_WHOLE_NAME_SHARE = 0.5
"""A word is shown as a longer name where so many of the reports that have the word have that name."""
_MAX_RUN_CHARS = 6
_MIN_CHARS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A member of a story: the terms it is compared by, and what decides whether it may stand for the story."""

    article_id: ArticleId
    vector: Vector
    kind: Kind
    is_copy: bool
    appeared_at: datetime


@dataclass(frozen=True, slots=True)
class KeyWords:
    """Terms and names of a story as they are written, the most telling first, `N_SHOWN` at most of each."""

    terms: tuple[str, ...]
    names: tuple[str, ...]


def speaking(members: Iterable[Report]) -> list[Report]:
    """The members that may stand for their story: reports; else live blogs and round-ups; else copies."""
    ranked: dict[int, list[Report]] = {}
    for member in members:
        rank = 2 if member.is_copy else 0 if member.kind is Kind.REPORT else 1
        ranked.setdefault(rank, []).append(member)
    return ranked[min(ranked)] if ranked else []


def by_centrality(reports: Sequence[Report], statistics: Statistics) -> list[Report]:
    """The most central report first, the earliest among equals."""
    if len(reports) < 2:
        return list(reports)
    near = dict(zip((one.article_id for one in reports), _centrality(reports, statistics), strict=True))
    return sorted(reports, key=lambda one: (-near[one.article_id], one.appeared_at, one.article_id))


def _centrality(reports: Sequence[Report], statistics: Statistics) -> list[float]:
    """Mean cosine of each report with the others (at least one), by way of the sum of all unit vectors."""
    ids, places = _terms_of(reports)
    total, units = np.zeros(len(ids)), []
    for one, at in zip(reports, places, strict=True):
        weights = field_weights(one.vector.counts, statistics.idf(one.vector.ids))[ALL]
        unit = weights / (float(np.sqrt(np.sum(weights**2))) or 1.0)
        total[at] += unit
        units.append(unit)
    sums = [float(total[at] @ unit - unit @ unit) for at, unit in zip(places, units, strict=True)]
    return [round(each / (len(reports) - 1), 6) for each in sums]


def _terms_of(reports: Sequence[Report]) -> tuple[Ids, list[NDArray[np.intp]]]:
    """The ids of the terms of all reports, and for each report the places of its own among them."""
    ids = np.unique(np.concatenate([one.vector.ids for one in reports]))
    return ids, [np.searchsorted(ids, one.vector.ids) for one in reports]


def key_words(reports: Sequence[Report], texts: Sequence[str], statistics: Statistics) -> KeyWords:
    """What a story is known by. `texts`: title and opening of the most central reports."""
    if not reports:
        return KeyWords((), ())
    spelled = spellings(texts)
    ids, at = _terms_of(reports)
    weights, named = _Weighed.of(reports, at, len(ids), statistics)
    place_of = dict(zip(ids.tolist(), range(len(ids)), strict=True))
    known = statistics.known([*spelled.words, *spelled.names, *(pair for run in spelled.runs for pair in run)])
    places = {term: place_of[term_id] for term, term_id in known.items() if term_id in place_of}
    names = _names(spelled, named, places)
    of_names = {stem(word) for name in spelled.names if named.share_of(name, places) > 0 for word in name.split()}
    scored = {
        spelled.words[word]: weights.weight_of(word, places)
        for word in _usual_forms(spelled.n_words)
        if stem(word) not in of_names and weights.is_shared(word, places) and _is_word(word)
    }
    for run in spelled.runs:
        scored |= _parts_of_run(run, weights, places)
    return KeyWords(_strongest(scored), names)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """By the place of a term among those of some reports: its mean weight, and the share of them that have it.

    A weight is TF-IDF times IDF: eight words are to tell a story from all others.
    """

    means: Sequence[float]
    shares: Sequence[float]
    least_share: float

    @staticmethod
    def of(
        reports: Sequence[Report], places: Sequence[NDArray[np.intp]], n_terms: int, statistics: Statistics
    ) -> tuple[_Weighed, _Weighed]:
        """By all text, and by the names alone."""
        means, shares = np.zeros((2, n_terms)), np.zeros((2, n_terms))
        for one, at in zip(reports, places, strict=True):
            idf = statistics.idf(one.vector.ids)
            weights = field_weights(one.vector.counts, idf)[[ALL, NAMES]] * idf
            means[:, at] += weights
            shares[:, at] += weights > 0
        n = len(reports)
        least_share = 0.0 if n < 3 else max(2 / n, _LEAST_SHARE)
        rows = zip(np.round(means / n, 6).tolist(), (shares / n).tolist(), strict=True)
        by_text, by_names = (_Weighed(mean, share, least_share) for mean, share in rows)
        return by_text, by_names

    def weight_of(self, term: str, places: Mapping[str, int]) -> float:
        return self.means[places[term]] if term in places else 0.0

    def share_of(self, term: str, places: Mapping[str, int]) -> float:
        return self.shares[places[term]] if term in places else 0.0

    def is_shared(self, term: str, places: Mapping[str, int]) -> bool:
        share = self.share_of(term, places)
        return share > 0 and share >= self.least_share


def _names(spelled: Spellings, named: _Weighed, places: Mapping[str, int]) -> tuple[str, ...]:
    """Names by weight: single words, each shown as the name that it is usually a part of."""
    longer = _longer_names(spelled, named, places)
    scored: dict[str, float] = {}
    for name in _usual_forms(spelled.n_names):
        if not named.is_shared(name, places) or name[0].isdigit() or DATE_WORDS.issuperset(name.split()):
            continue
        if " " in name and any(named.share_of(word, places) > 0 for word in name.split() if word in spelled.names):
            continue  # its words stand for it
        least_share = _WHOLE_NAME_SHARE * named.share_of(name, places)
        whole = next((one for one, share in longer.get(name, ()) if share >= least_share), name)
        shown = spelled.names[whole]
        scored[shown] = max(scored.get(shown, 0.0), named.weight_of(name, places))
    return _strongest(scored)


def _usual_forms(counts: Mapping[str, int]) -> Collection[str]:
    """Of words or names with one stem, which counts for all of them, the one that stands most often."""
    usual: dict[str, str] = {}
    for form in sorted(counts, key=lambda one: (-counts[one], len(one), one)):
        usual.setdefault(stem(form), form)
    return usual.values()


def _longer_names(spelled: Spellings, named: _Weighed, places: Mapping[str, int]) -> dict[str, list[tuple[str, float]]]:
    """By word: names of several words with it, and the share of reports that have them; the most usual one first.

    A part of a run of names is one, too: where reports tell of Jane Doe of Lima and of Chief Jane Doe it is Jane Doe.
    """
    shares: dict[str, float] = {}
    for run in spelled.names:
        words, share = run.split(), named.share_of(run, places)
        for i in range(len(words) if share > 0 else 0):
            for j in range(i + 2, len(words) + 1):
                part = " ".join(words[i:j])
                shares[part] = max(share, shares.get(part, 0.0))
    longer: dict[str, list[tuple[str, float]]] = {}
    for name in sorted(shares.keys() & spelled.names.keys(), key=lambda one: (-spelled.n_names[one], -len(one), one)):
        for word in name.split():
            longer.setdefault(word, []).append((name, shares[name]))
    return longer


def _is_word(word: str) -> bool:
    """Whether a term tells something by itself: no figure, no weekday, longer than the short words of any language."""
    if word in DATE_WORDS or any(map(str.isdigit, word)):
        return False
    return len(word) >= _MIN_CHARS or not word.isascii()


def _parts_of_run(run: Sequence[str], weights: _Weighed, places: Mapping[str, int]) -> dict[str, float]:
    """Of a script without word spaces: what follows each other in several reports is one part, else each pair is."""
    found: dict[str, float] = {}
    part, scores = "", [0.0]
    for pair in (*run, ""):
        is_shared = pair != "" and weights.is_shared(pair, places) and not pair[0].isdigit()
        if part and is_shared and weights.least_share and len(part) < _MAX_RUN_CHARS:
            part, scores = part + pair[-1], [*scores, weights.weight_of(pair, places)]
            continue
        if part:
            found[part] = max(found.get(part, 0.0), sum(scores) / len(scores))
        part, scores = (pair, [weights.weight_of(pair, places)]) if is_shared else ("", [0.0])
    return found


def _strongest(scored: Mapping[str, float]) -> tuple[str, ...]:
    """The heaviest, none of which is a part of another or, in scripts without spaces, goes on where it ends."""
    chosen: list[str] = []
    for _, one in sorted((-round(score, 6), shown) for shown, score in scored.items()):
        if len(chosen) == N_SHOWN:
            break
        if not any(_repeats(one.casefold(), other.casefold()) for other in chosen):
            chosen.append(one)
    return tuple(chosen)


def _repeats(one: str, other: str) -> bool:
    if one.isascii() or other.isascii():
        return f" {one} " in f" {other} " or f" {other} " in f" {one} "
    shorter = min(len(one), len(other))
    return one in other or other in one or (shorter == 2 and (one[-1] == other[0] or one[0] == other[-1]))
