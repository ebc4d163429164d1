"""Feeds: what is subscribed to, under which address, and in which state it is.

A feed is known for good by the `url` that somebody subscribed to; `current_url` is where it is polled since it moved.
Whoever adds either of them means this feed. Addresses that look alike (http and https, "www.", a closing slash,
tracking parameters) may still be two feeds: both are taken, and the likeness is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, and_, func, not_, or_, select, update

from monitor.errors import NotFoundError, UsageError
from monitor.store import hosts
from monitor.store.columns import URL_CHARS
from monitor.store.engine import insert
from monitor.store.sources import ensure_sources_of, find_sources_of
from monitor.store.tables import entries, feed_categories, feed_tags, feeds, sources
from monitor.types import FeedId, Reason, SourceId
from monitor.urls import canonical_url, host_of

#: Without its lease, so that a poll under way cannot save the next one over the pause.
RESTING: dict[str, Any] = {"next_poll_at": None, "leased_until": None, "n_tries": 0}
NAME_CHARS = 200
#: The state of a feed that is never polled: its entries come from files that somebody hands over.
GIVEN = "given"
_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFeed:
    """A feed to subscribe to. `managed_by` is "user" or "file"; `wanted_interval_s`: poll it so often, always."""

    url: str
    title: str = ""
    site_url: str | None = None
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    wanted_interval_s: int | None = None
    managed_by: str = "user"


class Adding(StrEnum):
    """What became of a feed that somebody wanted to add."""

    ADDED = "added"
    KNOWN = "known"  # there already
    MOVED = "moved"  # there already: a feed that was subscribed to elsewhere has moved to this address
    RESUMED = "resumed"  # it had been removed


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedFeed:
    """`resembles`: of a new feed, an older one whose address looks alike."""

    id: FeedId
    url: str
    adding: Adding
    resembles: FeedId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """A feed as `feeds list` and `feeds show` tell it."""

    id: FeedId
    url: str
    current_url: str | None
    title: str
    source_id: SourceId
    source: str
    state: str
    because: str
    reason: str | None
    managed_by: str
    format: str | None
    interval_s: int
    wanted_interval_s: int | None
    ttl_s: int | None
    next_poll_at: datetime | None
    last_poll_at: datetime | None
    last_good_poll_at: datetime | None
    last_read_at: datetime | None
    n_unchanged: int
    n_failures: float
    n_entries: int
    gap_at: datetime | None
    moved_to: str | None
    moved_since_at: datetime | None
    n_moves_seen: int
    merged_into_id: FeedId | None
    proposed_url: str | None
    site_url: str | None
    categories: tuple[str, ...] = field(default=())
    tags: tuple[str, ...] = field(default=())


def add_feed(conn: Connection, new: NewFeed, *, now: datetime, interval_s: int) -> tuple[FeedId, bool]:
    """Subscribe to a feed, due at once; returns its id and whether it is new. Raises UsageError for an endless URL."""
    [added] = add_feeds(conn, [new], now=now, interval_s=interval_s)
    return added.id, added.adding is Adding.ADDED


def add_feeds(conn: Connection, new: Sequence[NewFeed], *, now: datetime, interval_s: int) -> list[AddedFeed]:
    """Subscribe to many feeds with few statements; tells what became of each, in the order given.

    What is there already stays as it is. A feed that was removed is polled again, as often as is wanted now,
    and has the categories and tags of now beside its own. Raises UsageError for an endless URL.
    """
    for feed in new:
        if len(feed.url) > URL_CHARS:
            raise UsageError(f"a feed URL has at most {URL_CHARS} characters, and {feed.url[:80]}... is longer")
    known = _find_known(conn, [feed.url for feed in new])
    fresh: dict[str, NewFeed] = {}
    for feed in new:
        if feed.url not in known:
            fresh.setdefault(feed.url, feed)
    made = _insert_feeds(conn, list(fresh.values()), now=now, interval_s=interval_s)
    known |= _find_known(conn, [url for url in fresh if url not in made])  # another process was faster
    alike = _find_alike(conn, [feed.url for feed in new])
    added = []
    for feed in new:
        if feed.url in made:
            feed_id, adding = made[feed.url], Adding.ADDED
            known[feed.url] = (feed_id, Adding.KNOWN)
            del made[feed.url]
        else:
            feed_id, adding = known[feed.url]
        if adding is Adding.RESUMED:
            _take_up(conn, feed_id, feed, now=now)
            known[feed.url] = (feed_id, Adding.KNOWN)
        older = [other for other in alike.get(_likeness(feed.url), ()) if adding is Adding.ADDED and other < feed_id]
        added.append(AddedFeed(id=feed_id, url=feed.url, adding=adding, resembles=min(older, default=None)))
    return added


def _find_known(conn: Connection, urls: Iterable[str]) -> dict[str, tuple[FeedId, Adding]]:
    """Which of the addresses a feed has: its own before the one that another feed moved to."""
    found: dict[str, tuple[FeedId, Adding]] = {}
    for chunk in _chunks(urls):
        has_it = or_(feeds.c.url.in_(chunk), feeds.c.current_url.in_(chunk))
        rows = conn.execute(select(feeds.c.id, feeds.c.url, feeds.c.current_url, feeds.c.state).where(has_it)).all()
        for row in rows:
            if row.current_url in chunk:
                found.setdefault(row.current_url, (row.id, Adding.RESUMED if row.state == "removed" else Adding.MOVED))
        for row in rows:
            if row.url in chunk:
                found[row.url] = (row.id, Adding.RESUMED if row.state == "removed" else Adding.KNOWN)
    return found


def _insert_feeds(conn: Connection, new: Sequence[NewFeed], *, now: datetime, interval_s: int) -> dict[str, FeedId]:
    """The ids of those that nobody else inserted meanwhile."""
    if not new:
        return {}
    host_by_url = {feed.url: host_of(feed.url) for feed in new}
    hosts.ensure_hosts(conn, set(host_by_url.values()), now)
    source_ids = ensure_sources_of(conn, set(host_by_url.values()), now=now)
    rows = [
        {
            "source_id": source_ids[host_by_url[feed.url]],
            "url": feed.url,
            "host": host_by_url[feed.url],
            "title": feed.title[:1000],
            "site_url": feed.site_url if len(feed.site_url or "") <= URL_CHARS else None,
            "managed_by": feed.managed_by,
            "created_at": now,
            "interval_s": feed.wanted_interval_s or interval_s,
            "wanted_interval_s": feed.wanted_interval_s,
            "next_poll_at": now,
        }
        for feed in new
    ]
    once = insert(conn, feeds).on_conflict_do_nothing(index_elements=["url"]).returning(feeds.c.url, feeds.c.id)
    made: dict[str, FeedId] = {row.url: row.id for row in conn.execute(once, rows)}
    inserted = {made[feed.url]: feed for feed in new if feed.url in made}
    save_names(conn, {feed_id: (feed.categories, feed.tags) for feed_id, feed in inserted.items()})
    return made


def save_names(conn: Connection, names: dict[FeedId, tuple[Iterable[str], Iterable[str]]]) -> None:
    """Give feeds categories and tags, beside those they have."""
    for number, (table, column) in enumerate(((feed_categories, "category"), (feed_tags, "tag"))):
        rows = [
            {"feed_id": feed_id, column: name}
            for feed_id, both in names.items()
            for name in sorted({name[:NAME_CHARS] for name in both[number]})
        ]
        if rows:
            conn.execute(insert(conn, table).on_conflict_do_nothing(), rows)


def _take_up(conn: Connection, feed_id: FeedId, feed: NewFeed, *, now: datetime) -> None:
    resume_feed(conn, feed_id, now=now, because="added again")
    values: dict[str, Any] = {"managed_by": feed.managed_by, "wanted_interval_s": feed.wanted_interval_s}
    if feed.wanted_interval_s is not None:
        values["interval_s"] = feed.wanted_interval_s
    conn.execute(update(feeds).where(feeds.c.id == feed_id).values(**values))
    save_names(conn, {feed_id: (feed.categories, feed.tags)})


def _find_alike(conn: Connection, urls: Iterable[str]) -> dict[str, list[FeedId]]:
    """The feeds of the addresses' sources, by what makes addresses look alike."""
    found: dict[str, list[FeedId]] = {}
    source_ids = sorted(set(find_sources_of(conn, {host_of(url) for url in urls}).values()))
    for start in range(0, len(source_ids), _CHUNK):
        theirs = select(feeds.c.id, feeds.c.url).where(feeds.c.source_id.in_(source_ids[start : start + _CHUNK]))
        for feed_id, url in conn.execute(theirs.where(feeds.c.state != "removed")):
            found.setdefault(_likeness(url), []).append(feed_id)
    return found


def _likeness(url: str) -> str:
    """Equal for addresses that most often name the same feed."""
    try:
        canonical = canonical_url(url)
    except ValueError:
        return url
    return canonical.partition("://")[2].removeprefix("www.").rstrip("/")


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    ordered = sorted(set(values))
    return (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))


def find_feed(conn: Connection, url: str) -> FeedId | None:
    """The feed that has this address, or has moved to it."""
    found = _find_known(conn, [url]).get(url)
    return found[0] if found else None


def pause_feed(conn: Connection, feed_id: FeedId, because: str) -> None:
    """Do not poll this feed until somebody resumes it."""
    conn.execute(update(feeds).where(feeds.c.id == feed_id).values(**RESTING, state="paused", because=because))


def remove_feed(conn: Connection, feed_id: FeedId, because: str) -> None:
    """Neither poll nor list this feed any more; its entries and articles stay. Adding its address takes it up again."""
    conn.execute(update(feeds).where(feeds.c.id == feed_id).values(**RESTING, state="removed", because=because))


def resume_feed(conn: Connection, feed_id: FeedId, *, now: datetime, because: str) -> None:
    """Poll this feed again, at once, whatever state it was in."""
    conn.execute(
        update(feeds)
        .where(feeds.c.id == feed_id)
        .values(
            state="active",
            next_poll_at=now,
            because=because,
            reason=None,
            n_failures=0,
            merged_into_id=None,
            # Else one that was merged would be merged again by its next poll.
            moved_to=None,
            moved_since_at=None,
            n_moves_seen=0,
        )
    )


def _rows() -> Select[Any]:
    n_entries = select(func.count()).where(entries.c.feed_id == feeds.c.id).scalar_subquery()
    columns = [feeds.c[name] for name in FeedRow.__dataclass_fields__ if name in feeds.c]
    return select(*columns, sources.c.name.label("source"), n_entries.label("n_entries")).join(
        sources, sources.c.id == feeds.c.source_id
    )


def list_feeds(conn: Connection) -> list[FeedRow]:
    """The feeds that somebody wants polled, by source and URL: neither removed ones nor those of given records."""
    return _with_names(
        conn, _rows().where(feeds.c.state.not_in(["removed", GIVEN])).order_by(sources.c.name, feeds.c.url)
    )


def list_all_feeds(conn: Connection) -> list[FeedRow]:
    """All feeds that were ever added, by source and URL."""
    return _with_names(conn, _rows().order_by(sources.c.name, feeds.c.url))


def _with_names(conn: Connection, wanted: Select[Any]) -> list[FeedRow]:
    rows = conn.execute(wanted).mappings().all()
    categories, tags = names_of(conn)

    def names(of: dict[FeedId, set[str]], feed_id: FeedId) -> tuple[str, ...]:
        return tuple(sorted(of.get(feed_id, ())))

    return [FeedRow(**row, categories=names(categories, row["id"]), tags=names(tags, row["id"])) for row in rows]


def names_of(conn: Connection) -> tuple[dict[FeedId, set[str]], dict[FeedId, set[str]]]:
    """Categories and tags of all feeds that have any."""
    both: list[dict[FeedId, set[str]]] = []
    for table, column in ((feed_categories, feed_categories.c.category), (feed_tags, feed_tags.c.tag)):
        names: dict[FeedId, set[str]] = {}
        for feed_id, name in conn.execute(select(table.c.feed_id, column)):
            names.setdefault(feed_id, set()).add(name)
        both.append(names)
    return both[0], both[1]


def get_feed(conn: Connection, name: str) -> FeedRow:
    """A feed by its number, its URL or the address it moved to, also a removed one. Raises NotFoundError."""
    feed_id = int(name) if name.isascii() and name.isdigit() and len(name) < 19 else find_feed(conn, name)
    found = [] if feed_id is None else _with_names(conn, _rows().where(feeds.c.id == feed_id))
    if not found:
        raise NotFoundError(f"no feed {name!r}; `monitor feeds list` shows them")
    return found[0]


def list_troubled(conn: Connection) -> list[FeedRow]:
    """Feeds that do not answer as they should, for the digest's footer. One that lives on in another is no trouble."""
    is_merged = and_(feeds.c.reason.is_not(None), feeds.c.reason == Reason.MERGED.value)
    troubled = and_(feeds.c.state.in_(["failing", "dormant", "ended"]), not_(is_merged))
    rows = conn.execute(_rows().where(troubled).order_by(sources.c.name)).mappings()
    return [FeedRow(**row) for row in rows]


def n_hosts(conn: Connection) -> int:
    """How many hosts the polled feeds lie on."""
    is_polled = feeds.c.state.not_in(["paused", "removed", GIVEN])
    return int(conn.execute(select(func.count(func.distinct(feeds.c.host))).where(is_polled)).scalar_one())
