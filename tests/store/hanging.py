"""Articles with everything that can hang on one: for tests of what becomes of it when they end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from monitor.digest.windows import Window
from monitor.store import digests, duplicates, entries, fingerprints, pages, stories, subscriptions, watchlists
from monitor.store import tables as t
from monitor.store.fingerprints import PrintRow
from monitor.types import (
    ArticleId,
    Digest,
    DigestId,
    DigestItem,
    DuplicateKind,
    DuplicateLink,
    Hit,
    RenderedMail,
    RewriteLink,
    StoryId,
    WatchlistId,
)
from tests.store.rows import DAY, NOW, add_feed, claim_page, entry, extracted, mark_matched, response, save_entries
from tests.store.test_stories import assign

SCHEME = "shingles-1"


def hang_on(conn: Connection, article_id: ArticleId, *, name: str, now: datetime = NOW, **values: Any) -> None:
    """Give a waiting article an entry, a page, a text with author and tags, a fingerprint."""
    feed_id = add_feed(conn, "https://one.example/feed")
    title, body = values.pop("title", f"Title of {name}"), values.pop("body", f"Body of {name}.")
    written = entry(name, title=title, content=body, authors=values.get("authors", ()), tags=values.get("tags", ()))
    save_entries(conn, feed_id, written, now=now)
    for one in entries.load_unresolved(conn, now=now, limit=9):
        entries.save_resolved(conn, one, article_id)
    page = f"<p>{body}</p>".encode()
    fetched = replace(claim_page(conn, article_id, now=now), response=response(f"https://one.example/{name}", page))
    pages.save_article(conn, fetched, extracted(title, body, **values), now)
    print_text(conn, article_id, text_hash=body)
    mark_matched(conn, article_id)


def print_text(conn: Connection, article_id: ArticleId, *, text_hash: str) -> None:
    """A fingerprint with one band of its own and one that all have."""
    row = PrintRow(
        article_id=article_id,
        scheme=SCHEME,
        text_hash=text_hash[:64],
        n_words=9,
        body=text_hash.encode(),
        band_numbers=(7, 1000 + article_id),
    )
    fingerprints.save_fingerprints(conn, [row], NOW)


def link(conn: Connection, copy_id: ArticleId, original_id: ArticleId) -> None:
    """Their present texts as copies, in a group, and as a rewrite as well."""
    hashes = dict(conn.execute(select(t.fingerprints.c.article_id, t.fingerprints.c.text_hash)).all())
    ids = {"article_id": copy_id, "original_id": original_id, "scheme": SCHEME}
    texts = {"article_text_hash": hashes[copy_id], "original_text_hash": hashes[original_id]}
    copy = DuplicateLink(**ids, **texts, kind=DuplicateKind.SYNDICATED, containment=0.9, jaccard=0.8)
    duplicates.save_links(conn, [copy], [RewriteLink(**ids, **texts, containment=0.4, because="passages")], NOW)
    duplicates.save_copy_groups(conn, [copy_id], {copy_id: copy})


def hit(conn: Connection, article_id: ArticleId, sentence: str = "In context.") -> WatchlistId:
    """A hit of the watchlist "all"."""
    watchlists.save_declared(conn, {"all": "title OR body"}, NOW)
    watchlist_id = WatchlistId(conn.execute(select(t.watchlists.c.id)).scalar_one())
    conn.execute(update(t.articles).where(t.articles.c.id == article_id).values(watch_due_at=NOW))
    _, leased_until = watchlists.claim_unwatched(conn, now=NOW, lease_s=60, limit=9)
    found = Hit(watchlist_id=watchlist_id, article_id=article_id, terms=("body",), prominence="lead", sentence=sentence)
    watchlists.save_hits(conn, article_id, [found], leased_until=leased_until, now=NOW)
    conn.execute(update(t.articles).values(watch_leased_until=None))
    return watchlist_id


def tell(conn: Connection, story_id: StoryId, *, at: datetime = NOW, text: str = "told") -> DigestId:
    """A stored digest of the first subscription that told a story as it is now."""
    story = stories.get_story(conn, story_id)
    new_ids = frozenset(member.id for member in story.members)
    (subscription, *_) = subscriptions.list_active(conn)
    window = Window(start_at=at - DAY, end_at=at)
    digest = Digest(
        subscription=subscription,
        window_start=window.start_at,
        window_end=window.end_at,
        items=(DigestItem(story=story, is_update=False, n_new=len(new_ids), new_article_ids=new_ids),),
    )
    mail = RenderedMail(subject=text, text=text, html=f"<p>{text}</p>", message_id=f"<{at:%s}@x.example>")
    digest_id = digests.save_digest(conn, digest, mail, at)
    assert digest_id is not None
    return digest_id


__all__ = ["assign", "hang_on", "hit", "link", "print_text", "tell"]
