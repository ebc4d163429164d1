"""What ends or begins most articles of a source: learned sentences, and the articles that still have them.

A sentence that somebody rejected stays in the table, so that it is not learned again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, func, select, update

from monitor.errors import NotFoundError, UsageError
from monitor.query.matching import index_words
from monitor.store.arrivals import arrive
from monitor.store.engine import insert
from monitor.store.page_results import read_again_at
from monitor.store.tables import articles, pages, revisions, source_boilerplate, sources
from monitor.text.normalise import text_hash
from monitor.text.tokens import n_words
from monitor.types import ArticleId, FeedHints, Method, RevisionKind, SourceId

MAX_SENTENCES = 100
"""As many are heeded of one source; what stands in most articles comes first."""
MAX_LEARNED_WORDS = 20_000
_METHODS = [method.value for method in Method if method.is_page or method is Method.GIVEN]
_FROM_PAGE = [method.value for method in Method if method.is_page]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A row of the table; `key` is what the sentence is known by (monitor.extract.boilerplate.sentence_key)."""

    key: str
    sentence: str
    edge: str
    n_articles: int
    first_seen_at: datetime
    rejected_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredText:
    """An article's text as it is; `has_page`: the page that it was read from is kept."""

    id: ArticleId
    arrival_no: int
    title: str
    text: str
    has_page: bool


def load_rules(conn: Connection, domains: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The boilerplate of these sources, by domain; a source without any is left out."""
    rows = _heeded().where(sources.c.domain.in_(sorted(domains)))
    return _grouped((row.domain, row.sentence) for row in conn.execute(rows))


def with_boilerplate(conn: Connection, hints: Mapping[ArticleId, FeedHints]) -> dict[ArticleId, FeedHints]:
    """The hints with what is boilerplate of each article's source."""
    of = select(articles.c.id, articles.c.source_id).where(articles.c.id.in_(sorted(hints)))
    source_of = dict(conn.execute(of).all())
    rows = conn.execute(_heeded().where(sources.c.id.in_(sorted(set(source_of.values())))))
    rules = _grouped((row.id, row.sentence) for row in rows)
    return {
        article_id: replace(hint, boilerplate=rules.get(source_of.get(article_id), ()))
        for article_id, hint in hints.items()
    }


def _heeded() -> Any:
    c = source_boilerplate.c
    rows = select(sources.c.id, sources.c.domain, c.sentence).join(sources, sources.c.id == c.source_id)
    return rows.where(c.rejected_at.is_(None)).order_by(sources.c.id, c.n_articles.desc(), c.sentence_hash)


def _grouped(pairs: Any) -> dict[Any, tuple[str, ...]]:
    grouped: dict[Any, list[str]] = {}
    for key, sentence in pairs:
        grouped.setdefault(key, []).append(sentence)
    return {key: tuple(some[:MAX_SENTENCES]) for key, some in grouped.items()}


def list_sentences(conn: Connection, source_id: SourceId) -> list[Sentence]:
    """All that was learned of a source, rejected sentences last."""
    c = source_boilerplate.c
    rows = select(source_boilerplate).where(c.source_id == source_id)
    found = conn.execute(rows.order_by(c.rejected_at.is_not(None), c.n_articles.desc(), c.sentence_hash)).mappings()
    return [
        Sentence(
            key=row["sentence_hash"],
            sentence=row["sentence"],
            edge=row["edge"],
            n_articles=row["n_articles"],
            first_seen_at=row["first_seen_at"],
            rejected_at=row["rejected_at"],
        )
        for row in found
    ]


# --- learning ------------------------------------------------------------------------------------------------------


def list_to_learn(conn: Connection, limit: int) -> list[SourceId]:
    """Sources with texts that were not looked at yet, or are still to be freed from what was learned."""
    newer = exists().where(articles.c.source_id == sources.c.id, articles.c.arrival_no > sources.c.learned_arrival_no)
    return list(conn.execute(select(sources.c.id).where(newer).order_by(sources.c.id).limit(limit)).scalars())


def load_last_texts(conn: Connection, source_id: SourceId, limit: int) -> list[str]:
    """The last texts of a source that a page or somebody's file gave."""
    c = articles.c
    of_source = and_(c.source_id == source_id, c.arrival_no.is_not(None))
    of_use = and_(c.method.in_(_METHODS), c.n_words <= MAX_LEARNED_WORDS)
    rows = select(c.text).where(of_source, of_use).order_by(c.arrival_no.desc()).limit(limit)
    return list(conn.execute(rows).scalars())


def save_sentences(conn: Connection, source_id: SourceId, learned: Collection[Sentence]) -> None:
    """Remember what was learned, and have all articles of the source looked through for it."""
    rows = [
        {
            "source_id": source_id,
            "sentence_hash": one.key,
            "sentence": one.sentence,
            "edge": one.edge,
            "n_articles": one.n_articles,
            "first_seen_at": one.first_seen_at,
            "last_seen_at": one.first_seen_at,
        }
        for one in sorted(learned, key=lambda one: one.key)
    ]
    if rows:
        once = insert(conn, source_boilerplate).on_conflict_do_nothing(index_elements=["source_id", "sentence_hash"])
        conn.execute(once, rows)
        save_learned(conn, source_id, 0)


def save_learned(conn: Connection, source_id: SourceId, arrival_no: int) -> None:
    """Up to this arrival the articles of the source are as they should be."""
    conn.execute(update(sources).where(sources.c.id == source_id).values(learned_arrival_no=arrival_no))


def load_learned(conn: Connection, source_id: SourceId) -> int:
    """Take a source for this transaction; gives how far it was looked through."""
    row = select(sources.c.learned_arrival_no).where(sources.c.id == source_id).with_for_update()
    return int(conn.execute(row).scalar_one())


# --- articles that have it still -----------------------------------------------------------------------------------


def load_texts(conn: Connection, source_id: SourceId, *, after_no: int, limit: int) -> list[StoredText]:
    """The next texts of a source in the order of arrival, which stay as they are for this transaction."""
    c = articles.c
    kept = exists().where(pages.c.article_id == c.id)
    has_page = and_(c.method.in_(_FROM_PAGE), kept).label("has_page")
    following = select(c.id, c.arrival_no).where(c.source_id == source_id, c.arrival_no > after_no)
    numbers = dict(conn.execute(following.order_by(c.arrival_no).limit(limit)).all())
    # Taken by id, as everybody does who takes several articles. One that arrived again meanwhile has its turn later.
    rows = select(c.id, c.arrival_no, c.title, c.text, has_page).where(c.id.in_(numbers)).order_by(c.id)
    held = conn.execute(rows.with_for_update(of=articles, key_share=True)).all()
    found = sorted((row for row in held if row.arrival_no == numbers[row.id]), key=lambda row: row.arrival_no)
    return [
        StoredText(id=row.id, arrival_no=row.arrival_no, title=row.title, text=row.text, has_page=bool(row.has_page))
        for row in found
    ]


def request_reextraction(conn: Connection, ids: Collection[ArticleId], now: datetime) -> None:
    """Let the kept pages of these articles be read again by the rules of today."""
    if ids:
        conn.execute(update(articles).where(articles.c.id.in_(sorted(ids))).values(read_again_at(now)))


def save_stripped(conn: Connection, stored: StoredText, text: str, now: datetime) -> None:
    """Take boilerplate out of a text whose page is not kept: a revision of our own making. Call it last."""
    n_before, n_after = n_words(f"{stored.title}\n{stored.text}"), n_words(f"{stored.title}\n{text}")
    last_no = select(func.max(revisions.c.revision_no)).where(revisions.c.article_id == stored.id)
    conn.execute(
        insert(conn, revisions).values(
            article_id=stored.id,
            revision_no=(conn.execute(last_no).scalar_one() or 0) + 1,
            title=stored.title,
            text=text,
            revision_hash=text_hash(f"{stored.title}\n{text}"),
            kind=RevisionKind.REEXTRACTED.value,
            n_chars=len(text),
            n_words=n_words(text),
            n_words_added=0,
            n_words_removed=n_before - n_after,
            similarity=2 * n_after / max(1, n_before + n_after),
            title_changed=False,
            seen_at=now,
        )
    )
    values = {
        "text": text,
        "text_hash": text_hash(text),
        "folded": f" {' '.join(index_words(stored.title, text).words)} ",
        "n_words": n_words(text),
    }
    conn.execute(update(articles).where(articles.c.id == stored.id).values(values))
    arrive(conn, stored.id, now)


# --- what people decide --------------------------------------------------------------------------------------------


def get_source(conn: Connection, name: str) -> SourceId:
    """A source by its domain or its name. Raises NotFoundError."""
    for matches in (sources.c.domain == name.lower(), func.lower(sources.c.name) == name.lower()):
        ids = list(conn.execute(select(sources.c.id).where(matches).order_by(sources.c.id).limit(1)).scalars())
        if ids:
            return SourceId(ids[0])
    raise NotFoundError(f"no source {name!r}; a source is named by its domain, as bbc.co.uk")


def reject(conn: Connection, source_id: SourceId, key: str, now: datetime) -> tuple[Sentence, int]:
    """Let a sentence, named by the beginning of its key, belong to the articles of a source from now on.

    Those whose pages are kept get it back: returns the sentence and how many of them are read again. Raises
    NotFoundError, and UsageError when several sentences begin so.
    """
    found = [one for one in list_sentences(conn, source_id) if key and one.key.startswith(key.lower())]
    if not found:
        raise NotFoundError(f"no learned sentence {key!r} of this source; without --forget they are listed")
    if len(found) > 1:
        raise UsageError(f"{len(found)} learned sentences begin with {key!r}; write more of it")
    c = source_boilerplate.c
    rejected = update(source_boilerplate).where(c.source_id == source_id, c.sentence_hash == found[0].key)
    conn.execute(rejected.values(rejected_at=now))
    kept = exists().where(pages.c.article_id == articles.c.id)
    again = update(articles).where(articles.c.source_id == source_id, articles.c.method.in_(_FROM_PAGE), kept)
    return found[0], conn.execute(again.values(read_again_at(now))).rowcount
