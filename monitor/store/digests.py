"""Digests, rendered once and stored, and their deliveries: a mail is handed over at most once.

A delivery is committed as `sending` before the mail server hears of it. Found in that state after a crash, nobody can
say whether the mail went out: it becomes `unknown` and only a person sends it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, func, select, update

from monitor.errors import LeaseLostError
from monitor.store.batches import in_batches
from monitor.store.engine import insert, lease_clock
from monitor.store.stories import hold
from monitor.store.tables import (
    deliveries,
    digest_item_articles,
    digest_items,
    digests,
    stories,
    story_members,
    subscriptions,
)
from monitor.types import ArticleId, Digest, DigestId, Reason, RenderedMail, StoryId, SubscriptionId, ToldStory

BATCH = 500
"""How many ids one statement names; databases take 32,766 parameters, or 65,535."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDelivery:
    """One mail to one recipient, marked as being sent."""

    id: int
    digest_id: DigestId
    recipient: str
    mail: RenderedMail
    rendered_at: datetime
    subscription: str
    n_tries: int


def last_window_end(conn: Connection, subscription_id: SubscriptionId) -> datetime | None:
    """Where the subscription's newest digest ended."""
    newest = select(func.max(digests.c.window_end)).where(digests.c.subscription_id == subscription_id)
    end: datetime | None = conn.execute(newest).scalar_one()
    return end


def load_told(
    conn: Connection, subscription_id: SubscriptionId, story_ids: Sequence[StoryId]
) -> dict[StoryId, ToldStory]:
    """What the subscription's readers were told of these stories, most recently, and all articles they were shown."""
    told: dict[StoryId, ToldStory] = {}
    for start in range(0, len(story_ids), BATCH):
        told |= _load_told(conn, subscription_id, story_ids[start : start + BATCH])
    return told


def _load_told(
    conn: Connection, subscription_id: SubscriptionId, story_ids: Sequence[StoryId]
) -> dict[StoryId, ToldStory]:
    items = (
        select(digest_items)
        .join(digests, digests.c.id == digest_items.c.digest_id)
        .where(digests.c.subscription_id == subscription_id, digest_items.c.story_id.in_(story_ids))
        .order_by(digests.c.window_start)
    )
    figures = {row["story_id"]: (row["n_articles"], row["n_independent"]) for row in conn.execute(items).mappings()}
    articles = _told_articles(conn, subscription_id, story_ids)
    return {
        story_id: ToldStory(
            story_id=story_id,
            n_articles=figures.get(story_id, (0, 0))[0],
            n_independent=figures.get(story_id, (0, 0))[1],
            article_ids=frozenset(articles.get(story_id, ())),
        )
        for story_id in sorted(figures.keys() | articles.keys())
    }


def _told_articles(
    conn: Connection, subscription_id: SubscriptionId, story_ids: Sequence[StoryId]
) -> dict[StoryId, set[ArticleId]]:
    """The articles that were shown with these stories, or are in them now and were shown with others."""
    shown = (
        select(digest_item_articles.c.story_id, digest_item_articles.c.article_id)
        .join(digests, digests.c.id == digest_item_articles.c.digest_id)
        .where(digests.c.subscription_id == subscription_id)
    )
    then = shown.where(digest_item_articles.c.story_id.in_(story_ids))
    now = (
        shown.with_only_columns(story_members.c.story_id, story_members.c.article_id)
        .join(story_members, story_members.c.article_id == digest_item_articles.c.article_id)
        .where(story_members.c.story_id.in_(story_ids))
    )
    found: dict[StoryId, set[ArticleId]] = {}
    for rows in (then, now):
        for story_id, article_id in conn.execute(rows):
            found.setdefault(story_id, set()).add(article_id)
    return found


def load_assigned(conn: Connection, since: datetime) -> frozenset[ArticleId]:
    """The articles that were put into a story since then."""
    recent = select(story_members.c.article_id).where(story_members.c.assigned_at >= since)
    return frozenset(conn.execute(recent).scalars())


def save_digest(conn: Connection, digest: Digest, mail: RenderedMail, now: datetime) -> DigestId | None:
    """Store a rendered digest and one delivery per recipient; None when this window has one already.

    Raises LeaseLostError when a story or member that it tells is not there any more.
    """
    _hold_told(conn, digest)
    row = insert(conn, digests).values(
        subscription_id=digest.subscription.id,
        window_start=digest.window_start,
        window_end=digest.window_end,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        message_id=mail.message_id,
        headers=dict(mail.headers),
        n_stories=len(digest.items),
        n_left_out=digest.n_left_out,
        rendered_at=now,
    )
    once = row.on_conflict_do_nothing(index_elements=["subscription_id", "window_start"]).returning(digests.c.id)
    digest_id = conn.execute(once).scalar_one_or_none()
    if digest_id is None:
        return None
    _save_items(conn, DigestId(digest_id), digest)
    for recipient in digest.subscription.recipients:
        conn.execute(insert(conn, deliveries).values(digest_id=digest_id, recipient=recipient, next_try_at=now))
    return DigestId(digest_id)


def _hold_told(conn: Connection, digest: Digest) -> None:
    """From here on nobody takes a story or member away; what went while the mail was rendered must not be told."""
    hold(conn, {item.story.language for item in digest.items})
    told = {(item.story.id, item.story.language, member.id) for item in digest.items for member in item.story.members}
    rows = select(stories.c.id, stories.c.language, story_members.c.article_id).join(stories)
    for some in in_batches({item.story.id for item in digest.items}):
        told -= {tuple(row) for row in conn.execute(rows.where(story_members.c.story_id.in_(some)))}
    if told:
        raise LeaseLostError(f"story {min(told)[0]} changed while a digest was made of it")


def _save_items(conn: Connection, digest_id: DigestId, digest: Digest) -> None:
    for position, item in enumerate(digest.items, start=1):
        story = item.story
        conn.execute(
            insert(conn, digest_items).values(
                digest_id=digest_id,
                story_id=story.id,
                position=position,
                is_update=item.is_update,
                n_new=item.n_new,
                n_articles=story.n_articles,
                n_publishers=story.n_publishers,
                n_independent=story.n_independent,
                n_copies=story.n_copies,
            )
        )
        shown = [{"digest_id": digest_id, "story_id": story.id, "article_id": member.id} for member in story.members]
        if shown:
            conn.execute(insert(conn, digest_item_articles).on_conflict_do_nothing(), shown)


def mark_lost(conn: Connection, now: datetime) -> int:
    """Deliveries that were being sent when their worker vanished: nobody knows whether they arrived."""
    lost = and_(deliveries.c.state == "sending", deliveries.c.leased_until <= lease_clock(conn, now))
    detail = "the process ended while the mail was handed over; look whether it arrived before sending it again"
    return conn.execute(
        update(deliveries).where(lost).values(state="unknown", detail=detail, leased_until=None)
    ).rowcount


def mark_sending(conn: Connection, *, now: datetime, lease_s: float) -> DueDelivery | None:
    """Take one delivery that is due and commit to sending it."""
    due = and_(deliveries.c.state == "pending", deliveries.c.next_try_at <= now)
    chosen = select(deliveries.c.id).where(due).order_by(deliveries.c.next_try_at, deliveries.c.id).limit(1)
    once = chosen.with_for_update(skip_locked=True).cte("chosen")
    taken = (
        update(deliveries)
        .where(deliveries.c.id.in_(select(once.c.id)), due)
        .values(
            state="sending",
            leased_until=lease_clock(conn, now) + timedelta(seconds=lease_s),
            n_tries=deliveries.c.n_tries + 1,
        )
        .returning(deliveries.c.id)
    )
    delivery_id = conn.execute(taken).scalar_one_or_none()
    if delivery_id is None:
        return None
    row = conn.execute(_deliveries().where(deliveries.c.id == delivery_id)).mappings().one()
    mail = RenderedMail(**{name: row[name] for name in RenderedMail.__dataclass_fields__})
    names = ("id", "digest_id", "recipient", "rendered_at", "subscription", "n_tries")
    return DueDelivery(**{name: row[name] for name in names}, mail=mail)


def _deliveries() -> Select[Any]:
    return (
        select(
            deliveries,
            *(digests.c[name] for name in (*RenderedMail.__dataclass_fields__, "rendered_at")),
            subscriptions.c.name.label("subscription"),
        )
        .join(digests, digests.c.id == deliveries.c.digest_id)
        .join(subscriptions, subscriptions.c.id == digests.c.subscription_id)
    )


def save_outcome(
    conn: Connection,
    delivery: DueDelivery,
    *,
    state: str,
    now: datetime,
    reason: Reason | None = None,
    detail: str = "",
    next_try_at: datetime | None = None,
) -> None:
    """What came of handing a mail over: sent, refused, unknown, or pending again."""
    conn.execute(
        update(deliveries)
        .where(
            deliveries.c.id == delivery.id,
            deliveries.c.state == "sending",
            # A worker that was given up for lost must not speak for the one that a person let send the mail again.
            deliveries.c.n_tries == delivery.n_tries,
        )
        .values(
            state=state,
            reason=None if reason is None else reason.value,
            detail=detail[:1000],
            leased_until=None,
            next_try_at=next_try_at,
            sent_at=now if state == "sent" else None,
        )
    )


def list_digests(conn: Connection) -> list[dict[str, Any]]:
    """All digests with the states of their deliveries, newest first."""
    names = ("id", "window_start", "window_end", "subject", "n_stories", "rendered_at")
    rows = select(*(digests.c[name] for name in names), subscriptions.c.name.label("subscription")).join(subscriptions)
    found = [dict(row) for row in conn.execute(rows.order_by(digests.c.window_start.desc(), digests.c.id)).mappings()]
    for digest in found:
        mine = select(deliveries).where(deliveries.c.digest_id == digest["id"]).order_by(deliveries.c.recipient)
        keys = ("recipient", "state", "n_tries", "sent_at", "detail")
        digest["deliveries"] = [{key: row[key] for key in keys} for row in conn.execute(mine).mappings()]
    return found


def load_stored(conn: Connection, digest_id: DigestId) -> RowMapping:
    """A digest as it is stored, with its mail."""
    return conn.execute(select(digests).where(digests.c.id == digest_id)).mappings().one()


def load_ledger(
    conn: Connection, digest_id: DigestId
) -> tuple[Sequence[RowMapping], dict[StoryId, set[ArticleId]], set[ArticleId]]:
    """The stories that a digest told, in their order, the articles of each, and which of all were told before it."""
    items = select(digest_items).where(digest_items.c.digest_id == digest_id).order_by(digest_items.c.position)
    shown: dict[StoryId, set[ArticleId]] = {}
    mine = select(digest_item_articles).where(digest_item_articles.c.digest_id == digest_id)
    for row in conn.execute(mine).mappings():
        shown.setdefault(row["story_id"], set()).add(row["article_id"])
    this, earlier = digests.alias(), digests.alias()
    before = (
        select(digest_item_articles.c.article_id)
        .join(earlier, earlier.c.id == digest_item_articles.c.digest_id)
        .join(this, this.c.subscription_id == earlier.c.subscription_id)
        .where(this.c.id == digest_id, earlier.c.window_start < this.c.window_start)
    )
    return conn.execute(items).mappings().all(), shown, set(conn.execute(before).scalars())


def replace_mail(conn: Connection, digest_id: DigestId, mail: RenderedMail, *, n_stories: int) -> None:
    """Store another mail in place of a digest's own; one that tells nothing any more is not handed over either."""
    values = {"subject": mail.subject, "text": mail.text, "html": mail.html, "headers": dict(mail.headers)}
    conn.execute(update(digests).where(digests.c.id == digest_id).values(**values, n_stories=n_stories))
    if not n_stories:
        waiting = and_(deliveries.c.digest_id == digest_id, deliveries.c.state == "pending")
        detail = "all that it told was erased"
        conn.execute(update(deliveries).where(waiting).values(state="refused", next_try_at=None, detail=detail))


def load_mails(conn: Connection) -> Sequence[RowMapping]:
    """The stored mails in the order in which they were rendered."""
    query = select(digests, subscriptions.c.name.label("subscription")).join(subscriptions)
    return conn.execute(query.order_by(digests.c.window_end, digests.c.id)).mappings().all()


def next_delivery_at(conn: Connection, now: datetime) -> datetime | None:
    """When the lease of a delivery ends whose worker vanished."""
    lease_now = lease_clock(conn, now)
    first = conn.execute(
        select(func.min(deliveries.c.leased_until)).where(
            deliveries.c.state == "sending", deliveries.c.leased_until > lease_now
        )
    ).scalar_one()
    return None if first is None else now + (first - lease_now)


def release_lost(conn: Connection) -> int:
    """For a process that knows it is alone: what was being sent is of unknown outcome."""
    return conn.execute(
        update(deliveries)
        .where(deliveries.c.state == "sending")
        .values(state="unknown", leased_until=None, detail="the process ended while the mail was handed over")
    ).rowcount
