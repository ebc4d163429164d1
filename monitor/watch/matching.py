"""Which watchlists does an article satisfy?

Pure: a watchlist is a name and a parsed query, an article is title and text. Each watchlist gives at most one hit per
article, with the terms that matched, their prominence and a sentence in context. Whose mail the hit stands in is
decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.query.grammar import Node, parse
from monitor.query.matching import index_words, match_indexed
from monitor.query.narrowing import Groups, required_words
from monitor.types import Article, Hit, WatchlistId


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchlist:
    """A saved query, ready to be asked. `required` are word groups of which each must occur (query/narrowing.py)."""

    id: WatchlistId
    name: str
    query: Node
    required: Groups


def read_watchlist(*, id: WatchlistId, name: str, query: str) -> Watchlist:  # noqa: A002 - the glossary's field name
    """A watchlist from its query as written. Raises QueryError."""
    node = parse(query)
    return Watchlist(id=id, name=name, query=node, required=required_words(node))


def decide_hits(article: Article, watchlists: Iterable[Watchlist]) -> list[Hit]:
    """The hits of one article, in the order of the watchlists. Its words are looked up once for all of them."""
    indexed = index_words(article.title, article.text)
    hits = []
    for watchlist in watchlists:
        if any(indexed.places.keys().isdisjoint(group) for group in watchlist.required):
            continue
        found = match_indexed(watchlist.query, indexed)
        if found:
            hits.append(
                Hit(
                    watchlist_id=watchlist.id,
                    article_id=article.id,
                    terms=found.terms,
                    prominence=found.prominence,
                    sentence=found.sentence,
                )
            )
    return hits
