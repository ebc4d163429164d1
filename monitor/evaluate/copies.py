"""The duplicates stage in memory: the same fingerprints, candidates and verdicts over a band index that is a mapping.

Holds what a run has seen. `add` answers with the links of one article to those before it, as the stage finds them: an
article comes into question when it shares a band or the whole text, and was first seen within the days that the
configuration compares. Which pairs were compared is remembered, so that other thresholds can be tried on them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice

from monitor.config import Stories
from monitor.dedup.candidates import CandidatePolicy, choose_candidates
from monitor.dedup.comparing import compare_with, settle
from monitor.dedup.groups import Order, regroup
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
        self._kept = _KeptLinks(self.seen)

    def add(self, article: Candidate) -> list[DuplicateLink]:
        """Compares an article with what the bands bring up, remembers it, and returns its duplicate links."""
        chosen = self._chosen(article)
        self._remember(article)
        done = compare_with(article, chosen, load=self._load, groups_after=lambda ids: self._groups_after(article, ids))
        self.compared += [(article.article_id, other) for other in done.ids]
        n_before = len(self.links)
        originals = self._save(done.links, done.rewrites)
        settle(originals, self._kept, compare=self._compare, save=self._save)
        return [link for link in self.links[n_before:] if article.article_id in {link.article_id, link.original_id}]

    def _save(self, links: Sequence[DuplicateLink], rewrites: Sequence[RewriteLink]) -> Collection[ArticleId]:
        """Keeps links and derives the groups that they change; returns what is an original after that."""
        self.links += links
        self.rewrites += rewrites
        self._kept.add(links)
        return self._kept.regroup({link.article_id for link in links})

    def _load(self, ids: Iterable[ArticleId]) -> list[Candidate]:
        return [self.seen[one] for one in sorted(ids)]

    def _compare(self, one: ArticleId, other: ArticleId) -> DuplicateLink | RewriteLink | None:
        new, old = self.seen[one], self.seen[other]
        if not self._is_inside(new, old):
            return None
        self.compared.append((one, other))
        return decide_duplicate(new, old)

    def _groups_after(self, article: Candidate, ids: Collection[ArticleId]) -> set[ArticleId]:
        known = self._kept.originals(ids)
        originals = {known.get(one, one) for one in ids}
        mine = _order(article)
        later = {one for one in originals if _order(self.seen[one]) > mine}
        members = {*later, *(copy for one in later for copy in self._kept.copies_of(one))}
        return {one for one in members if self._is_inside(article, self.seen[one])}

    def _is_inside(self, article: Candidate, other: Candidate) -> bool:
        return abs(article.first_seen_at - other.first_seen_at) <= self._within

    def look_up(self, article: Candidate) -> list[DuplicateLink | RewriteLink]:
        """The links of an article to what the bands bring up, without remembering it."""
        verdicts = (decide_duplicate(article, self.seen[article_id]) for article_id in self._chosen(article))
        return [link for link in verdicts if link is not None]

    def _chosen(self, article: Candidate) -> list[ArticleId]:
        return choose_candidates(self._rows(article), original_of=self._kept.original_of)

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


def _order(one: Candidate) -> Order:
    return one.first_seen_at, one.url, one.article_id


class _KeptLinks:
    """Links and copy groups as `regroup` asks for them, in memory."""

    def __init__(self, seen: Mapping[ArticleId, Candidate]) -> None:
        self.original_of: dict[ArticleId, ArticleId] = {}
        self._seen = seen
        self._earlier: defaultdict[ArticleId, list[DuplicateLink]] = defaultdict(list)
        self._later: defaultdict[ArticleId, list[DuplicateLink]] = defaultdict(list)
        self._copies: defaultdict[ArticleId, set[ArticleId]] = defaultdict(set)

    def add(self, links: Iterable[DuplicateLink]) -> None:
        for link in links:
            self._earlier[link.article_id].append(link)
            self._later[link.original_id].append(link)

    def regroup(self, changed: Collection[ArticleId]) -> Collection[ArticleId]:
        places = regroup(changed, self)
        for article_id, link in places.items():
            before = self.original_of.pop(article_id, None)
            if before is not None:
                self._copies[before].discard(article_id)
            if link is not None:
                self.original_of[article_id] = link.original_id
                self._copies[link.original_id].add(article_id)
        return [article_id for article_id, link in places.items() if link is None]

    def to_earlier(self, article_id: ArticleId) -> list[DuplicateLink]:
        return self._earlier[article_id]

    def to_later(self, article_id: ArticleId) -> list[DuplicateLink]:
        return self._later[article_id]

    def copies_of(self, article_id: ArticleId) -> Collection[ArticleId]:
        return set(self._copies[article_id])

    def originals(self, ids: Iterable[ArticleId]) -> Mapping[ArticleId, ArticleId]:
        return {one: self.original_of[one] for one in ids if one in self.original_of}

    def order(self, ids: Iterable[ArticleId]) -> Mapping[ArticleId, Order]:
        return {one: _order(self._seen[one]) for one in ids}


def candidate_of(labelled: LabelledArticle, article_id: ArticleId) -> Candidate:
    """A labelled article as the stage would compare it."""
    return replace(candidate(stored_article(labelled)), article_id=article_id)
