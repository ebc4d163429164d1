"""The duplicates stage in memory: the same fingerprints, candidates and verdicts over a band index that is a mapping.

Holds what a run has seen. `add` answers with the links of one article to those before it, as the stage finds them: an
article comes into question when it shares a band or the whole text, and was first seen within the days that the
configuration compares. Which pairs were compared is remembered, so that other thresholds can be tried on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice

from monitor.config import Stories
from monitor.dedup.candidates import CandidatePolicy, choose_candidates
from monitor.dedup.matching import Candidate, Copy, DuplicatePolicy, decide_duplicate, derive_groups
from monitor.evaluate.articles import EPOCH, candidate, stored_article
from monitor.evaluate.reading import LabelledArticle
from monitor.types import ArticleId, DuplicateLink, RewriteLink

_SAME_TEXT = -1
"""Stands for a band where two articles have the very same text, as in the store: no band has this number."""


class CopyIndex:
    """Articles seen so far, by band and by text; what was compared and linked."""

    def __init__(self, *, within: timedelta | None = None) -> None:
        self.links: list[DuplicateLink] = []
        self.rewrites: list[RewriteLink] = []
        self.compared: list[tuple[ArticleId, ArticleId]] = []
        self.seen: dict[ArticleId, Candidate] = {}
        self._within = within or timedelta(days=Stories().duplicates_days)
        self._by_band: dict[int, list[ArticleId]] = {}
        self._by_text: dict[str, list[ArticleId]] = {}
        self._original_of: dict[ArticleId, ArticleId] = {}

    def add(self, article: Candidate) -> list[DuplicateLink]:
        """Compares an article with what the bands bring up, remembers it, and returns its duplicate links."""
        chosen = self._chosen(article)
        found = [decide_duplicate(article, self.seen[article_id]) for article_id in chosen]
        links = [link for link in found if isinstance(link, DuplicateLink)]
        self.compared += [(article.article_id, article_id) for article_id in chosen]
        self.links += links
        self.rewrites += [link for link in found if isinstance(link, RewriteLink)]
        self._remember(article)
        for link in links:
            self._original_of.setdefault(link.article_id, self._original_of.get(link.original_id, link.original_id))
        return links

    def look_up(self, article: Candidate) -> list[DuplicateLink | RewriteLink]:
        """The links of an article to what the bands bring up, without remembering it."""
        verdicts = (decide_duplicate(article, self.seen[article_id]) for article_id in self._chosen(article))
        return [link for link in verdicts if link is not None]

    def _chosen(self, article: Candidate) -> list[ArticleId]:
        return choose_candidates(self._rows(article), original_of=self._original_of)

    def _remember(self, article: Candidate) -> None:
        self.seen[article.article_id] = article
        for band in article.fingerprint.bands:
            self._by_band.setdefault(band, []).append(article.article_id)
        if article.fingerprint.n_words:
            self._by_text.setdefault(article.fingerprint.text_hash, []).append(article.article_id)

    def _rows(self, article: Candidate) -> Iterator[tuple[int, ArticleId]]:
        """(band, article): of each band the earliest articles that are young enough, as the stage loads them."""
        moment = article.first_seen_at
        since = moment - self._within if moment > EPOCH + self._within else EPOCH
        max_band = CandidatePolicy().max_band
        listed = [(band, self._by_band.get(band, ())) for band in article.fingerprint.bands]
        listed.append((_SAME_TEXT, self._by_text.get(article.fingerprint.text_hash, ())))
        for band, ids in listed:
            young = (one for one in ids if self.seen[one].first_seen_at >= since)
            yield from ((band, one) for one in islice(young, max_band))

    def decide_again(self, policy: DuplicatePolicy) -> list[DuplicateLink]:
        """The links that another policy would have found among the pairs that were compared."""
        verdicts = (decide_duplicate(self.seen[new], self.seen[old], policy) for new, old in self.compared)
        return [link for link in verdicts if isinstance(link, DuplicateLink)]

    def groups(self, links: Iterable[DuplicateLink] | None = None) -> dict[ArticleId, Copy]:
        """Each copy with its original, from all links so far or from these."""
        appeared = {key: (seen.first_seen_at, seen.url) for key, seen in self.seen.items()}
        return derive_groups(self.links if links is None else links, appeared)


def candidate_of(labelled: LabelledArticle, article_id: ArticleId) -> Candidate:
    """A labelled article as the stage would compare it."""
    return replace(candidate(stored_article(labelled)), article_id=article_id)
