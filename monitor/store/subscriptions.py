"""Who gets a digest, when, about what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, delete, or_, select, update

from monitor.declared import DeclaredSubscription
from monitor.errors import NotFoundError
from monitor.store import claims
from monitor.store.claims import Claimable
from monitor.store.engine import insert
from monitor.store.tables import (
    recipients,
    subscription_recipients,
    subscription_watchlists,
    subscriptions,
    watchlists,
)
from monitor.types import Subscription, SubscriptionId

DIGESTS = Claimable(
    subscriptions, subscriptions.c.next_digest_at, subscriptions.c.leased_until, subscriptions.c.n_tries
)


def save_declared(conn: Connection, declared: Sequence[DeclaredSubscription], now: datetime) -> None:
    """Make the subscriptions of the file the active ones; those it no longer lists are paused."""
    for one in declared:
        values = {"hour": one.hour, "zone": one.zone, "max_stories": one.max_stories, "state": "active"}
        values["managed_by"] = "file"
        row = insert(conn, subscriptions).values(name=one.name, updated_at=now, next_digest_at=now, **values)
        # A changed hour or zone, or a pause that ended, makes it due, so that the next window is planned anew.
        same = and_(*(subscriptions.c[name] == value for name, value in values.items()))
        conn.execute(
            row.on_conflict_do_update(
                index_elements=["name"], set_={**values, "updated_at": now, "next_digest_at": now}, where=~same
            )
        )
        subscription_id = conn.execute(select(subscriptions.c.id).where(subscriptions.c.name == one.name)).scalar_one()
        _save_recipients(conn, subscription_id, one.recipients)
        _save_watchlists(conn, subscription_id, one.watchlists)
    names = [one.name for one in declared]
    gone = and_(subscriptions.c.managed_by == "file", subscriptions.c.name.not_in(names))
    # Without its lease, so that a digest being made cannot plan the next one over the pause.
    conn.execute(update(subscriptions).where(gone).values(state="paused", next_digest_at=None, leased_until=None))


def _save_recipients(conn: Connection, subscription_id: int, addresses: Sequence[str]) -> None:
    conn.execute(delete(subscription_recipients).where(subscription_recipients.c.subscription_id == subscription_id))
    for address in sorted(set(addresses)):
        conn.execute(
            insert(conn, recipients).values(address=address).on_conflict_do_nothing(index_elements=["address"])
        )
        recipient_id = conn.execute(select(recipients.c.id).where(recipients.c.address == address)).scalar_one()
        conn.execute(
            insert(conn, subscription_recipients).values(subscription_id=subscription_id, recipient_id=recipient_id)
        )


def _save_watchlists(conn: Connection, subscription_id: int, names: Sequence[str]) -> None:
    conn.execute(delete(subscription_watchlists).where(subscription_watchlists.c.subscription_id == subscription_id))
    ids = select(watchlists.c.id).where(watchlists.c.name.in_(sorted(set(names))))
    for watchlist_id in conn.execute(ids).scalars().all():
        conn.execute(
            insert(conn, subscription_watchlists).values(subscription_id=subscription_id, watchlist_id=watchlist_id)
        )


def list_active(conn: Connection) -> list[Subscription]:
    rows = select(subscriptions).where(subscriptions.c.state == "active").order_by(subscriptions.c.name)
    return [_subscription(conn, row) for row in conn.execute(rows).mappings().all()]


def get_subscription(conn: Connection, name: str) -> Subscription:
    """A subscription by its name or number. Raises NotFoundError."""
    active = list_active(conn)
    for one in active:
        if name in {one.name, str(one.id)}:
            return one
    names = ", ".join(one.name for one in active) or "none"
    raise NotFoundError(
        f"no active subscription {name!r}; there are: {names} (`monitor once` reads subscriptions.toml)"
    )


def load_subscription(conn: Connection, subscription_id: SubscriptionId) -> Subscription:
    """A subscription by its number, also one that is paused."""
    row = conn.execute(select(subscriptions).where(subscriptions.c.id == subscription_id)).mappings().one()
    return _subscription(conn, row)


def _subscription(conn: Connection, row: RowMapping) -> Subscription:
    to = (
        select(recipients.c.address)
        .join(subscription_recipients)
        .where(subscription_recipients.c.subscription_id == row["id"], recipients.c.state == "active")
    )
    about = (
        select(watchlists.c.name)
        .join(subscription_watchlists)
        .where(subscription_watchlists.c.subscription_id == row["id"])
    )
    return Subscription(
        id=row["id"],
        name=row["name"],
        recipients=tuple(conn.execute(to.order_by(recipients.c.address)).scalars()),
        hour=row["hour"],
        zone=row["zone"],
        watchlists=tuple(conn.execute(about.order_by(watchlists.c.name)).scalars()),
        max_stories=row["max_stories"],
    )


def claim_due(conn: Connection, *, now: datetime, lease_s: float) -> tuple[Subscription, datetime] | None:
    """Lease one subscription whose digest is due."""
    claimed = claims.claim(conn, DIGESTS, now=now, lease_s=lease_s, limit=1)
    if not claimed.rows:
        return None
    return _subscription(conn, claimed.rows[0]), claimed.leased_until


def hold(conn: Connection, subscription_id: SubscriptionId, leased_until: datetime) -> None:
    """Keep a leased subscription for this transaction. Raises LeaseLostError."""
    claims.hold(conn, DIGESTS, subscription_id, leased_until)


def lock(conn: Connection, subscription_id: SubscriptionId) -> None:
    """Wait for the digest of a subscription that is being made, and let no other begin before this transaction ends."""
    conn.execute(select(subscriptions.c.id).where(subscriptions.c.id == subscription_id).with_for_update()).one()


def plan_next(
    conn: Connection, subscription_id: SubscriptionId, *, leased_until: datetime, next_digest_at: datetime
) -> None:
    """The digest that was due is rendered, or there was none to render: come back then."""
    claims.save(conn, DIGESTS, subscription_id, leased_until, next_digest_at=next_digest_at)


def next_digest_at(conn: Connection, now: datetime) -> datetime | None:
    return claims.next_lease_end(conn, DIGESTS, now)


def set_aside_crashed(conn: Connection, now: datetime, retry_at: datetime) -> list[SubscriptionId]:
    """Subscriptions whose digest could not be made: try again later, for readers would miss it for ever otherwise."""
    ids = claims.exhausted(conn, DIGESTS, now)
    conn.execute(
        update(subscriptions)
        .where(or_(*(subscriptions.c.id == one for one in ids)) if ids else subscriptions.c.id.is_(None))
        .values(next_digest_at=retry_at, n_tries=0)
    )
    return ids
