"""Which copy groups change when links of some articles are new, or count no more?

The groups are those that `derive_groups` makes of all links, found without looking at all of them: taken by the order
in which they appeared, an article is a copy of the earliest original that it links to, so what it is depends on earlier
ones alone. From the articles whose links changed the change is followed to later ones, as far as it goes. An original
that turns up late takes over the copies it is linked to by one look at each.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from monitor.types import ArticleId, DuplicateLink

Order = tuple[datetime, str, ArticleId]


class Links(Protocol):
    """The stored links that count, and the stored groups."""

    def to_earlier(self, article_id: ArticleId) -> list[DuplicateLink]:
        """The links of an article to what appeared before it."""

    def to_later(self, article_id: ArticleId) -> list[DuplicateLink]:
        """The links of what appeared after it to an article."""

    def copies_of(self, article_id: ArticleId) -> Iterable[ArticleId]:
        """The stored copies of an original."""

    def originals(self, ids: Iterable[ArticleId]) -> Mapping[ArticleId, ArticleId]:
        """The originals of those of these articles that are stored as copies."""

    def order(self, ids: Iterable[ArticleId]) -> Mapping[ArticleId, Order]:
        """When these articles appeared."""


def regroup(changed: Iterable[ArticleId], links: Links) -> dict[ArticleId, DuplicateLink | None]:
    """What becomes of the articles whose place changes: the link to their original, or None for an original.

    `changed` are the later ends of all links that are new or count no more, or articles that take part in all of them.
    Articles whose place stays may be in the result too.
    """
    return _Regrouping(links).run(set(changed))


class _Regrouping:
    """One run: what is decided so far, and what is to be looked at, earliest first."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._decided: dict[ArticleId, DuplicateLink | None] = {}
        self._before: dict[ArticleId, ArticleId | None] = {}
        self._order: dict[ArticleId, Order] = {}
        self._queue: list[Order] = []
        self._queued: set[ArticleId] = set()
        #: Links to articles that became originals in this run, by the later article.
        self._offers: dict[ArticleId, list[DuplicateLink]] = {}
        #: Articles whose links changed: all that they have are looked at.
        self._changed: set[ArticleId] = set()
        #: Copies whose original is one no more.
        self._lost: set[ArticleId] = set()

    def run(self, changed: set[ArticleId]) -> dict[ArticleId, DuplicateLink | None]:
        self._changed = changed
        self._push(changed)
        while self._queue:
            article_id = heapq.heappop(self._queue)[2]
            if self._may_change(article_id):
                self._decide(article_id)
        return self._decided

    def _push(self, ids: Iterable[ArticleId]) -> None:
        new = set(ids) - self._queued
        self._learn(new)
        for article_id in new & self._order.keys():
            heapq.heappush(self._queue, self._order[article_id])
        self._queued |= new

    def _learn(self, ids: Iterable[ArticleId]) -> None:
        """The stored order and places of articles."""
        unknown = set(ids) - self._before.keys()
        if unknown:
            stored = self._links.originals(unknown)
            self._before.update({article_id: stored.get(article_id) for article_id in unknown})
            self._order.update(self._links.order({*unknown, *stored.values()} - self._order.keys()))

    def _may_change(self, article_id: ArticleId) -> bool:
        return article_id in self._changed or article_id in self._lost or self._best_offer(article_id) is not None

    def _best_offer(self, article_id: ArticleId) -> DuplicateLink | None:
        """The earliest article that became an original, if that is before the original it has."""
        best = self._earliest(self._offers.get(article_id, []))
        before = self._before[article_id]
        if best is None or before is None or self._order[best.original_id] <= self._order[before]:
            return best
        return None

    def _decide(self, article_id: ArticleId) -> None:
        best = None if article_id in self._changed else self._best_offer(article_id)
        chosen = best or self._earliest(self._links.to_earlier(article_id))
        self._decided[article_id] = chosen
        if chosen is None:
            self._offer(article_id)
        elif self._before[article_id] is None:
            lost = set(self._links.copies_of(article_id))
            self._lost |= lost
            self._push(lost)

    def _offer(self, article_id: ArticleId) -> None:
        """Have later articles looked at that may be copies of this original."""
        if self._before[article_id] is None and article_id not in self._changed:
            return
        later = self._links.to_later(article_id)
        for link in later:
            self._offers.setdefault(link.article_id, []).append(link)
        self._push({link.article_id for link in later})

    def _earliest(self, found: list[DuplicateLink]) -> DuplicateLink | None:
        self._learn({link.original_id for link in found})
        originals = [link for link in found if self._is_original(link.original_id)]
        return min(originals, key=lambda link: self._order[link.original_id], default=None)

    def _is_original(self, article_id: ArticleId) -> bool:
        if article_id in self._decided:
            return self._decided[article_id] is None
        return self._before[article_id] is None
