"""The first texts that pages gave to their articles, some at once: each statement is for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Update, bindparam, select, update

from monitor.query.forms import TextForms, forms_of
from monitor.store import claims
from monitor.store.arrivals import first_arrivals
from monitor.store.articles import appeared_at
from monitor.store.bylines import Byline, add_bylines
from monitor.store.page_results import PAGES, FetchedPage, save_bodies, save_urls, text_values, whereabouts
from monitor.store.revisions import FirstState, add_first
from monitor.store.tables import articles
from monitor.types import ArticleId, ExtractedArticle


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstText:
    """A page, and the article that it gave with the forms of its title and text."""

    fetched: FetchedPage
    article: ExtractedArticle
    forms: TextForms

    @property
    def id(self) -> ArticleId:
        return self.fetched.page.id


def first_text(fetched: FetchedPage, article: ExtractedArticle, forms: TextForms | None = None) -> FirstText:
    """`forms` are worked out where they are not given."""
    return FirstText(fetched=fetched, article=article, forms=forms or forms_of(article.title, article.text))


def save_first(conn: Connection, firsts: Sequence[FirstText], now: datetime) -> None:
    """Give articles without a text, each once, their first one, in this order of arrival. Call it last.

    Raises LeaseLostError when one of them is not held any more, or another article has its canonical URL.
    """
    fetched = [one.fetched for one in firsts]
    claims.hold_all(conn, PAGES, [(one.page.id, one.page.leased_until) for one in fetched])
    urls = save_urls(conn, fetched, now)
    rows = _rows(conn, firsts, urls, now)
    add_first(conn, [_state(one) for one in firsts], now)
    save_bodies(conn, fetched, now)
    add_bylines(conn, [Byline(one.id, one.article.authors, one.article.tags) for one in firsts])
    arrived = first_arrivals(conn, len(firsts), now)
    update_rows(conn, [row | place for row, place in zip(rows, arrived, strict=True)])


def _rows(
    conn: Connection, firsts: Sequence[FirstText], urls: Mapping[ArticleId, str], now: datetime
) -> list[dict[str, Any]]:
    """The columns of each article, without its place in the order of arrival."""
    moments = (articles.c.id, articles.c.first_seen_at, articles.c.not_seen_before_at)
    # As they are now: another feed may have shown an article earlier since its page was claimed.
    seen = {row.id: row for row in conn.execute(select(*moments).where(articles.c.id.in_(list(urls))))}
    return [
        {
            **one.fetched.values(),
            **text_values(one.article, one.forms),
            **whereabouts(conn, one.fetched.page, urls[one.id], now),
            "published_at": one.article.published_at,
            "published_precision": one.article.precision.value,
            "published_origin": one.article.date_origin.value,
            "appeared_at": appeared_at(
                one.article.published_at,
                first_seen_at=seen[one.id].first_seen_at,
                not_seen_before_at=seen[one.id].not_seen_before_at,
            ),
            "its_id": one.id,
            "url": urls[one.id],
            "state": "ready",
            "ready_at": now,
            PAGES.leased_until.name: None,
            PAGES.n_tries.name: 0,
        }
        for one in firsts
    ]


def _state(one: FirstText) -> FirstState:
    article = one.article
    return FirstState(one.id, article.title, article.text, one.forms.revision_hash, article.n_words)


def update_rows(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write columns of several articles, each with its id as `its_id`; those with the same columns go together."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        names = tuple(sorted(row.keys() - {"its_id"}))
        alike.setdefault(names, []).append({name if name == "its_id" else f"new_{name}": row[name] for name in row})
    for names, some in alike.items():
        conn.execute(_update_of(names), some)


@lru_cache(maxsize=16)
def _update_of(names: tuple[str, ...]) -> Update:
    values = {name: bindparam(f"new_{name}", type_=articles.c[name].type) for name in names}
    return update(articles).where(articles.c.id == bindparam("its_id")).values(values)
