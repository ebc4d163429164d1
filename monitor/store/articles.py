"""Articles: found by URL, made when an entry leads to a new one, and read by every later stage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, select, update

from monitor.errors import NotFoundError
from monitor.store import hosts
from monitor.store.columns import MAX_KEY, URL_CHARS
from monitor.store.engine import insert, lease_clock
from monitor.store.tables import (
    article_authors,
    article_merges,
    article_tags,
    article_urls,
    articles,
    authors,
    families,
    pages,
    revisions,
    sources,
    tags,
)
from monitor.store.tombstones import article_key, find_erased_at, url_key
from monitor.types import Article, ArticleId, Origin, SourceId

#: On the first poll of a feed its older entries are dated by the publisher alone. Beyond this no date is believed.
BELIEVED = timedelta(days=14)
#: A page is asked for again no sooner than this after it was last asked for, however often its feed changes.
REREAD_AFTER = timedelta(minutes=45)
#: Most of what an article weighs is the form of its text that queries are compared with, and is not read.
_COLUMNS = [articles.c[name] for name in Article.__dataclass_fields__ if name not in {"source", "family"}]
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewArticle:
    """An article that an entry leads to, before its page was fetched."""

    url: str
    entry_url: str
    host: str
    source_id: SourceId
    first_seen_at: datetime
    not_seen_before_at: datetime | None
    published_at: datetime | None


def find_article(conn: Connection, urls: Iterable[str]) -> ArticleId | None:
    """The article that any of these URLs leads to."""
    known = select(article_urls.c.article_id).where(article_urls.c.url.in_(sorted(set(urls))))
    return conn.execute(known.order_by(article_urls.c.article_id).limit(1)).scalar_one_or_none()


def appeared_at(
    published_at: datetime | None, *, first_seen_at: datetime, not_seen_before_at: datetime | None
) -> datetime:
    """The publisher's date where it can be true: not after we saw the article, not before we knew it was not there.

    On the first poll of a feed nobody knows what was not there: `BELIEVED` is the bound then.
    """
    if published_at is None or published_at > first_seen_at:
        return first_seen_at
    earliest = first_seen_at - BELIEVED
    return max(published_at, earliest, not_seen_before_at or earliest)


def add_article(
    conn: Connection, new: NewArticle, now: datetime, *, known_hosts: Collection[str] = frozenset()
) -> ArticleId:
    """Store an article that is to be fetched at once; the one that has this URL already where there is one.

    `known_hosts` have their rows.
    """
    made = add_articles(conn, [new], now, known_hosts=known_hosts).get(new.url)
    # None: a page that was read meanwhile named this URL as its own.
    return made or ArticleId(conn.execute(select(articles.c.id).where(articles.c.url == new.url)).scalar_one())


def add_articles(
    conn: Connection, new: Sequence[NewArticle], now: datetime, *, known_hosts: Collection[str] = frozenset()
) -> dict[str, ArticleId]:
    """Store articles that are to be fetched at once; gives their ids by URL, without those that another one has."""
    hosts.ensure_hosts(conn, {one.host for one in new} - {"", *known_hosts}, now)
    once = insert(conn, articles).on_conflict_do_nothing(index_elements=["url"])
    made = conn.execute(once.returning(articles.c.url, articles.c.id), [_row(one, now) for one in new])
    ids = {url: ArticleId(article_id) for url, article_id in made}
    kinds_of = {ids[one.url]: {one.entry_url: "entry", one.url: "canonical"} for one in new if one.url in ids}
    add_urls_of(conn, kinds_of, now)
    return ids


def _row(new: NewArticle, now: datetime) -> dict[str, Any]:
    return {
        "url": new.url,
        "host": new.host,
        "source_id": new.source_id,
        "first_seen_at": new.first_seen_at,
        "not_seen_before_at": new.not_seen_before_at,
        "published_at": new.published_at,
        "appeared_at": appeared_at(
            new.published_at, first_seen_at=new.first_seen_at, not_seen_before_at=new.not_seen_before_at
        ),
        "fetch_due_at": now,
    }


def add_urls(conn: Connection, article_id: ArticleId, kinds: dict[str, str], now: datetime) -> None:
    """Remember that these URLs lead to an article; a URL that is known already keeps its first meaning."""
    add_urls_of(conn, {article_id: kinds}, now)


def add_urls_of(conn: Connection, kinds_of: Mapping[ArticleId, Mapping[str, str]], now: datetime) -> None:
    """`add_urls` of some articles."""
    rows = [
        {"url": url, "article_id": article_id, "kind": kind, "first_seen_at": now}
        for article_id, kinds in kinds_of.items()
        for url, kind in kinds.items()
        if url and len(url) <= URL_CHARS
    ]
    if rows:
        # In one order everywhere: two transactions that wait for each other's URLs would both be stuck.
        rows.sort(key=itemgetter("url"))
        conn.execute(insert(conn, article_urls).on_conflict_do_nothing(index_elements=["url"]), rows)


def request_page(conn: Connection, article_id: ArticleId, now: datetime) -> None:
    """Let an article be read again, since a feed says that it changed; a reading under way is not saved."""
    read_at = select(func.max(pages.c.fetched_at)).where(pages.c.article_id == article_id).scalar_subquery()
    known = select(articles.c.fetch_leased_until, func.coalesce(articles.c.asked_at, read_at).label("asked_at"))
    row = conn.execute(known.where(articles.c.id == article_id)).one()
    is_held = row.fetch_leased_until is not None and row.fetch_leased_until > lease_clock(conn, now)
    asked_at = now if is_held else row.asked_at
    due_at = now if asked_at is None else max(now, asked_at + REREAD_AFTER)
    due = {"fetch_due_at": due_at, "fetch_leased_until": None, "n_fetch_tries": 0}
    conn.execute(update(articles).where(articles.c.id == article_id).values(due))


def note_sighting(conn: Connection, article_id: ArticleId, entry: NewArticle) -> None:
    """Let an earlier sighting or date in another feed make the article appear earlier, while it has no text yet."""
    row = conn.execute(select(articles).where(articles.c.id == article_id)).mappings().one()
    if row["arrival_no"] is None:
        _save_first_sighting(
            conn,
            row,
            first_seen_at=entry.first_seen_at,
            not_seen_before_at=entry.not_seen_before_at,
            published_at=entry.published_at,
        )


def join_sightings(conn: Connection, old_id: ArticleId, new_id: ArticleId) -> None:
    """Let an article that another one is merged into appear as early as that one did, whether it has a text or not."""
    rows = conn.execute(select(articles).where(articles.c.id.in_([old_id, new_id]))).mappings()
    by_id = {row["id"]: row for row in rows}
    moments = ("first_seen_at", "not_seen_before_at", "published_at")
    _save_first_sighting(conn, by_id[new_id], **{name: by_id[old_id][name] for name in moments})


def _save_first_sighting(
    conn: Connection,
    row: RowMapping,
    *,
    first_seen_at: datetime,
    not_seen_before_at: datetime | None,
    published_at: datetime | None,
) -> None:
    known = [moment for moment in (row["published_at"], published_at) if moment is not None]
    published_at = min(known, default=None)
    # The feed that had it first is the one whose polls say since when it can have been there.
    first = min(row["first_seen_at"], first_seen_at)
    not_before = row["not_seen_before_at"] if first == row["first_seen_at"] else not_seen_before_at
    conn.execute(
        update(articles)
        .where(articles.c.id == row["id"])
        .values(
            first_seen_at=first,
            not_seen_before_at=not_before,
            published_at=published_at,
            appeared_at=appeared_at(published_at, first_seen_at=first, not_seen_before_at=not_before),
        )
    )


def _select_articles() -> Select[Any]:
    family = func.coalesce(families.c.name, sources.c.domain).label("family")
    return (
        select(*_COLUMNS, sources.c.name.label("source"), family)
        .join(sources, sources.c.id == articles.c.source_id)
        .outerjoin(families, families.c.id == sources.c.family_id)
    )


def _article(row: RowMapping) -> Article:
    return Article(
        id=row["id"],
        url=row["url"],
        title=row["title"],
        text=row["text"],
        language=row["language"] or "und",
        source=row["source"],
        family=row["family"],
        origin=Origin(row["origin"]),
        agency=row["agency"],
        published_at=row["published_at"],
        first_seen_at=row["first_seen_at"],
        appeared_at=row["appeared_at"],
        arrival_no=row["arrival_no"],
        dateline=row["dateline"],
        credit=row["credit"],
    )


def load_articles(conn: Connection, ids: Iterable[ArticleId]) -> dict[ArticleId, Article]:
    """The articles with these ids; an id that is not stored is left out."""
    found: dict[ArticleId, Article] = {}
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _AT_ONCE):
        rows = conn.execute(_select_articles().where(articles.c.id.in_(wanted[start : start + _AT_ONCE]))).mappings()
        found |= {row["id"]: _article(row) for row in rows}
    return found


def load_in_arrival_order(conn: Connection, language: str | None = None) -> list[Article]:
    """All articles with a text, in the stored order."""
    query = _select_articles().where(articles.c.arrival_no.is_not(None)).order_by(articles.c.arrival_no)
    if language is not None:
        query = query.where(articles.c.language == language)
    return [_article(row) for row in conn.execute(query).mappings()]


def merged_into(conn: Connection, article_id: ArticleId) -> ArticleId:
    """The article that this one was merged into; itself where it was not."""
    merged = select(article_merges.c.article_id).where(article_merges.c.old_id == article_id)
    found: ArticleId | None = conn.execute(merged).scalar_one_or_none()
    return found or article_id


def get_article(conn: Connection, name: str) -> Article:
    """An article by its number or any of its URLs; ids that were merged away lead on. Raises NotFoundError."""
    if name.isdecimal():
        number = ArticleId(min(int(name[:20]), MAX_KEY))
        article_id: ArticleId | None = merged_into(conn, number)
    else:
        article_id = find_article(conn, [name])
    found = load_articles(conn, [article_id]) if article_id is not None else {}
    if not found:
        key = url_key(name) if not name.isdecimal() else article_key(ArticleId(int(name[:20])))
        erased_at = find_erased_at(conn, key)
        if erased_at is not None:
            raise NotFoundError(f"article {name!r} was erased on {erased_at:%Y-%m-%d}; nothing of it is kept")
        raise NotFoundError(f"no article {name!r}; `monitor search` and `monitor stories show` list their ids")
    return next(iter(found.values()))


def load_details(conn: Connection, article_id: ArticleId) -> dict[str, Any]:
    """Everything stored beside an article's text, for `articles show`."""
    row = dict(conn.execute(select(articles).where(articles.c.id == article_id)).mappings().one())
    by = select(authors.c.name).join(article_authors).where(article_authors.c.article_id == article_id)
    history = select(revisions).where(revisions.c.article_id == article_id).order_by(revisions.c.revision_no)
    where = select(article_urls.c.url, article_urls.c.kind).where(article_urls.c.article_id == article_id)
    tagged = select(tags.c.name).join(article_tags).where(article_tags.c.article_id == article_id)
    return {
        **row,
        "tags": list(conn.execute(tagged.order_by(tags.c.name)).scalars()),
        "authors": list(conn.execute(by.order_by(article_authors.c.position)).scalars()),
        "revisions": [dict(revision) for revision in conn.execute(history).mappings()],
        "urls": [dict(url) for url in conn.execute(where.order_by(article_urls.c.url)).mappings()],
    }
