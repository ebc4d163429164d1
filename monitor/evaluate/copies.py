"""The duplicates stage in memory: the same fingerprints, candidates and verdicts over a band index that is a mapping.

Holds what a run has seen. `add` answers with the links of one article to those before it, as the stage finds them.
"""

from __future__ import annotations

from datetime import UTC, datetime

from monitor.dedup.candidates import CandidatePolicy, choose_candidates
from monitor.dedup.fingerprint import fingerprint
from monitor.dedup.matching import Candidate, Copy, decide_duplicate, derive_groups
from monitor.evaluate.reading import LabelledArticle
from monitor.types import ArticleId, DuplicateLink, RewriteLink

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""First seen of articles without a date: their order is then that of their ids."""

MAX_BAND = CandidatePolicy().max_band
"""As the store reads no more rows of a band either."""


class CopyIndex:
    """Articles seen so far, by band; their duplicate links and rewrite links."""

    def __init__(self) -> None:
        self.links: list[DuplicateLink] = []
        self.rewrites: list[RewriteLink] = []
        self._seen: dict[ArticleId, Candidate] = {}
        self._by_band: dict[int, list[ArticleId]] = {}
        self._original_of: dict[ArticleId, ArticleId] = {}

    def look_up(self, candidate: Candidate) -> list[DuplicateLink | RewriteLink]:
        """The links of an article to what the bands bring up, without remembering it."""
        bands = candidate.fingerprint.bands
        rows = [(band, article_id) for band in bands for article_id in self._by_band.get(band, ())[:MAX_BAND]]
        chosen = choose_candidates(rows, original_of=self._original_of)
        verdicts = [decide_duplicate(candidate, self._seen[article_id]) for article_id in chosen]
        return [link for link in verdicts if link is not None]

    def add(self, candidate: Candidate) -> list[DuplicateLink]:
        """Compares an article with what the bands bring up, remembers it, and returns its duplicate links."""
        found = self.look_up(candidate)
        links = [link for link in found if isinstance(link, DuplicateLink)]
        self._seen[candidate.article_id] = candidate
        for band in candidate.fingerprint.bands:
            self._by_band.setdefault(band, []).append(candidate.article_id)
        self.links.extend(links)
        self.rewrites.extend(link for link in found if isinstance(link, RewriteLink))
        for link in links:
            self._original_of.setdefault(link.article_id, self._original_of.get(link.original_id, link.original_id))
        return links

    def groups(self) -> dict[ArticleId, Copy]:
        """Each copy with its original, from all links so far."""
        return derive_groups(self.links, {key: (seen.first_seen_at, seen.url) for key, seen in self._seen.items()})


def candidate_of(article: LabelledArticle, article_id: ArticleId) -> Candidate:
    """A labelled article as the stage would compare it; an undated one is as old as its position in the stream."""
    return Candidate(
        article_id=article_id,
        fingerprint=fingerprint(article.text, language=article.language),
        title=article.title,
        source=article.source,
        family=article.source,
        first_seen_at=article.at or EPOCH,
        published_at=article.at,
        text=article.text,
    )
