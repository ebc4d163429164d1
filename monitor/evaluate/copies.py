"""The duplicates stage in memory: the same fingerprints, candidates and verdicts over a band index that is a mapping.

Holds what a run has seen. `add` answers with the links of one article to those before it, as the stage finds them: an
article comes into question when it shares a band or the whole text, and was first seen within the days that the
configuration compares. Which pairs were compared is remembered, so that other thresholds can be tried on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from monitor.config import Stories
from monitor.dedup.candidates import CandidatePolicy, choose_candidates
from monitor.dedup.matching import Candidate, Copy, DuplicatePolicy, decide_duplicate, derive_groups
from monitor.evaluate.articles import EPOCH
from monitor.types import ArticleId, DuplicateLink, RewriteLink

Key = int | str
"""A band, or the hash of a whole text."""


class CopyIndex:
    """Articles seen so far, by band and by text; what was compared and linked."""

    def __init__(self, *, within: timedelta | None = None) -> None:
        self.links: list[DuplicateLink] = []
        self.rewrites: list[RewriteLink] = []
        self.compared: list[tuple[ArticleId, ArticleId]] = []
        self.seen: dict[ArticleId, Candidate] = {}
        self._within = within or timedelta(days=Stories().duplicates_days)
        self._by_band: dict[Key, list[ArticleId]] = {}
        self._original_of: dict[ArticleId, ArticleId] = {}

    def add(self, candidate: Candidate) -> list[DuplicateLink]:
        """Compares an article with what the bands bring up, remembers it, and returns its duplicate links."""
        made = candidate.fingerprint
        keys: tuple[Key, ...] = (*made.bands, made.text_hash) if made.n_words else ()
        rows = self._rows(keys, candidate.first_seen_at)
        chosen = choose_candidates(rows, original_of=self._original_of)
        self.compared += [(candidate.article_id, article_id) for article_id in chosen]
        verdicts = [decide_duplicate(candidate, self.seen[article_id]) for article_id in chosen]
        links = [link for link in verdicts if isinstance(link, DuplicateLink)]
        self.rewrites += [link for link in verdicts if isinstance(link, RewriteLink)]
        self.seen[candidate.article_id] = candidate
        for key in keys:
            self._by_band.setdefault(key, []).append(candidate.article_id)
        self.links.extend(links)
        for link in links:
            self._original_of.setdefault(link.article_id, self._original_of.get(link.original_id, link.original_id))
        return links

    def _rows(self, keys: Iterable[Key], first_seen_at: datetime) -> Iterator[tuple[int, ArticleId]]:
        """(number of the band, article): of each band the earliest that are young enough, as the stage loads them."""
        since = first_seen_at - self._within if first_seen_at > EPOCH + self._within else EPOCH
        max_band = CandidatePolicy().max_band
        for number, key in enumerate(keys):
            young = (one for one in self._by_band.get(key, ()) if self.seen[one].first_seen_at >= since)
            yield from ((number, one) for one in islice(young, max_band))

    def decide_again(self, policy: DuplicatePolicy) -> list[DuplicateLink]:
        """The links that another policy would have found among the pairs that were compared."""
        verdicts = (decide_duplicate(self.seen[new], self.seen[old], policy) for new, old in self.compared)
        return [link for link in verdicts if isinstance(link, DuplicateLink)]

    def groups(self, links: Iterable[DuplicateLink] | None = None) -> dict[ArticleId, Copy]:
        """Each copy with its original, from all links so far or from these."""
        appeared = {key: (seen.first_seen_at, seen.url) for key, seen in self.seen.items()}
        return derive_groups(self.links if links is None else links, appeared)
