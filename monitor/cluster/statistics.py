"""How rare is a term among the articles of a language?

Document frequencies are learned from the stream itself, one article at a time, and mixed with a prior for languages
that the package wordfreq knows: its word frequencies, turned into the chance that an article contains the word, weigh
as much as 300 articles. Terms are counted by their stems. What is stored is integers (articles seen, articles with the
stem), so that statistics loaded again weigh exactly as before.

What is common changes with the seasons, so old counts decay: whenever `HALVE_AT` articles are counted, all counts are
halved, rounded down, and terms that are left with none are forgotten. That depends on the number of arrivals alone, and
bounds the table too: a term of one article goes with the next halving.

An article is always weighed by what came before it, never by itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np
import wordfreq
from numpy.typing import NDArray

from monitor.text.normalise import fold
from monitor.text.stems import stem

PRIOR_N_ARTICLES = 300
"""Weight of the prior; 100 to 1,000 measured alike on English full text."""
_UNREAD_N_ARTICLES = 1
"""Without a prior: as if one article without any of the words had come before, so that a word is not common because it
stands in the only article so far. More lets unrelated texts of a script without word spaces look alike at first."""
HALVE_AT = 40_000
"""Articles of a language after which its counts are halved: from then on with every 20,000 more."""
_PRIOR_N_WORDS = 300
_RARE_SHARE = 0.05
_RARE_AT_LEAST = 3
_UNSPACED_LANGUAGES = frozenset({"zh", "ja", "ko", "th", "lo", "km", "my"})
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*%?")
_NUMBER_CHANCE = {1: 0.3, 2: 0.06, 3: 0.015, 4: 0.01}

Ids = NDArray[np.int32]
Weights = NDArray[np.float64]


class Statistics:
    """Document counts of one language with their vocabulary. `counts` and `n_articles` are what was stored."""

    def __init__(
        self,
        language: str,
        *,
        n_articles: int = 0,
        counts: Mapping[str, int] | None = None,
        halve_at: int = HALVE_AT,
    ) -> None:
        self.language = language
        self.n_articles = n_articles
        self.n_halvings = 0
        """Since these statistics are in memory."""
        self._halve_at = halve_at
        self._chances = stem_chances(language)
        self._ids: dict[str, int] = {}
        self._counts = np.zeros(1 << 14)
        self._prior = np.zeros(1 << 14)
        self._log_mass = np.zeros(1 << 14)
        """Logarithm of counts and prior together: every question needs those of thousands of terms."""
        self._places = np.full(1 << 14, -1, dtype=np.int32)
        """Empty between two questions; a table for each would cost more than the question."""
        if counts:
            ids = self.ids(list(counts))  # may replace the tables by larger ones
            self._counts[ids] = list(counts.values())
            self._weigh(slice(None))

    def __len__(self) -> int:
        """How many stems have an id."""
        return len(self._ids)

    def ids(self, stems: Iterable[str]) -> Ids:
        """Positions of stems in the vocabulary, which grows by those that are new."""
        wanted = stems if isinstance(stems, Sequence) else list(stems)
        found = list(map(self._ids.get, wanted))
        return np.array(self._with_new(wanted) if None in found else found, dtype=np.int32)

    def places_in(self, own: Ids, ids: Ids) -> Ids:
        """Where each of some terms stands among those of one article, -1 for a term that it has not."""
        self._places[own] = np.arange(len(own))
        found = self._places.take(ids)
        self._places[own] = -1
        return found

    def known(self, terms: Iterable[str]) -> dict[str, int]:
        """Positions of those of some terms whose stems are in the vocabulary."""
        return {term: found for term in terms if (found := self._ids.get(stem(term))) is not None}

    def learn(self, ids: Ids) -> None:
        """One more article, with distinct stems at these positions; halves all counts where it is time for that."""
        self._counts[ids] += 1
        self._weigh(ids)
        self.n_articles += 1
        if self.n_articles >= self._halve_at:
            self._counts //= 2
            self._weigh(slice(None))
            self.n_articles //= 2
            self.n_halvings += 1

    def counts(self) -> dict[str, int]:
        """Articles seen with each stem; those never seen are left out."""
        return {term: int(self._counts[i]) for term, i in self._ids.items() if self._counts[i]}

    def n_with(self, ids: Ids) -> Weights:
        """Articles seen with each stem."""
        return self._counts[ids]

    def idf(self, ids: Ids) -> Weights:
        """Natural logarithm of articles / articles with the term, prior included; above 0, also for an empty stream."""
        return np.maximum(math.log(self.n_weighed + 1.0) - self._log_mass.take(ids), 0.05)

    def rare(self, ids: Ids) -> NDArray[np.bool_]:
        """Which terms stand in few articles: at most one in twenty, or three in all."""
        return self._counts[ids] + self._prior[ids] <= max(_RARE_AT_LEAST, _RARE_SHARE * self.n_weighed)

    @property
    def n_weighed(self) -> float:
        """Articles that the document frequencies rest on, the prior included."""
        return self.n_articles + (PRIOR_N_ARTICLES if self._chances else _UNREAD_N_ARTICLES)

    def _weigh(self, ids: Ids | slice) -> None:
        self._log_mass[ids] = np.log(self._counts[ids] + self._prior[ids] + 0.5)

    def _with_new(self, terms: Sequence[str]) -> list[int]:
        """Positions of terms, those that are new at the end of the vocabulary."""
        n_before = len(self._ids)
        new = dict.fromkeys(term for term in terms if term not in self._ids)
        self._ids.update(zip(new, range(n_before, n_before + len(new)), strict=True))
        n_terms = len(self._ids)
        while n_terms > len(self._counts):
            self._counts, self._prior, self._log_mass = (
                np.concatenate([table, np.zeros(len(table))]) for table in (self._counts, self._prior, self._log_mass)
            )
            self._places = np.full(len(self._counts), -1, dtype=np.int32)
        if self._chances:
            chances = (self._chances.get(term) or _number_chance(term) for term in new)
            self._prior[n_before:n_terms] = [PRIOR_N_ARTICLES * chance for chance in chances]
        self._weigh(slice(n_before, n_terms))
        return [self._ids[term] for term in terms]


@cache
def word_chances(language: str) -> Mapping[str, float]:
    """Chance that an article of 300 words contains a word, by folded word; empty for languages without a prior.

    Languages written without spaces are compared by character pairs, which a list of words says nothing about.
    """
    if language in _UNSPACED_LANGUAGES:
        return {}
    try:
        frequencies = wordfreq.get_frequency_dict(language, "small")
    except (LookupError, ValueError):  # unknown, or no code of a language at all
        return {}
    sums: dict[str, float] = {}
    for word, frequency in frequencies.items():
        folded = fold(word)
        sums[folded] = sums.get(folded, 0.0) + frequency
    return {word: -math.expm1(_PRIOR_N_WORDS * math.log1p(-min(sums[word], 0.5))) for word in sorted(sums)}


@cache
def stem_chances(language: str) -> Mapping[str, float]:
    """Chance that an article of 300 words contains a word of a stem; empty for languages without a prior."""
    none_of: dict[str, float] = {}
    for word, chance in word_chances(language).items():
        none_of[stem(word)] = none_of.get(stem(word), 1.0) * (1.0 - chance)
    return {each: 1.0 - chance for each, chance in none_of.items()}


def _number_chance(term: str) -> float:
    """Wordfreq counts no single figures: small numbers and years are in many articles, long ones in few."""
    if not _NUMBER.fullmatch(term):
        return 0.0
    if len(term) == 4 and term[:2] in ("19", "20"):
        return 0.06
    return _NUMBER_CHANCE.get(len(term), 0.002)
