"""Makes the digests that are due and hands their mails over: each window once, each mail at most once.

A digest is rendered and stored in one transaction with its ledger (the stories and articles told). Mails are built from
what is stored. A delivery is committed as being sent before the server hears of it; see `store.digests`.
A mail that cannot be built is refused, never half sent; a mail server that is away is asked once per run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from email.errors import MessageError
from typing import Any

from monitor.app import App
from monitor.digest.render import Letterhead, build_message, render
from monitor.digest.retelling import ToldItem, retell
from monitor.digest.selection import is_wanted, select
from monitor.digest.windows import Window, due_window, next_slot, window_until
from monitor.errors import LeaseLostError, UsageError
from monitor.net.smtp import Accepted, MailFailure, Refusal
from monitor.store import digests, feeds, source_days, stories, subscriptions, watchlists
from monitor.store.digests import DueDelivery
from monitor.store.engine import Connection
from monitor.store.feeds import FeedRow
from monitor.store.source_days import SilentSource
from monitor.types import ArticleId, Digest, DigestId, Progress, Reason, RenderedMail, Subscription
from monitor.urls import masked

LEASE_S = 300.0
LATE = timedelta(hours=24)
"""How long before its window the news of a digest may have been assigned: what was left out or saved late."""
REACH = timedelta(days=7)
"""How far back a digest looks at most. A subscription without news keeps its window, which may become years long."""
N_ANSWERS = 12
"""How many answers of a mail server one mail may wait for, greeting, TLS, login and goodbye included."""
N_COMPOSED = 5
"""How often a digest is rendered whose stories change while that is done."""
FIRST_RETRY_S = 300.0
RETRY_CRASHED = timedelta(hours=1)
SILENT_FROM, N_SILENT = 1.0, 20
"""The footer names sources that fell silent and usually bring as many entries a day; at most so many of them."""


def run(app: App) -> Progress:
    """Render the digests that are due, then hand over the mails that are due."""
    n_rendered = _render_due(app)
    n_sent, n_failed = _deliver(app)
    now = app.clock()
    with app.store.read() as conn:
        moments = [subscriptions.next_digest_at(conn, now), digests.next_delivery_at(conn, now)]
    next_at = min((moment for moment in moments if moment is not None), default=None)
    return Progress(n_done=n_rendered + n_sent, n_failed=n_failed, next_at=next_at)


def _render_due(app: App) -> int:
    n_done = 0
    while not app.stop.is_set():
        now = app.clock()
        with app.store.begin() as conn:
            subscriptions.set_aside_crashed(conn, now, now + RETRY_CRASHED)
            claimed = subscriptions.claim_due(conn, now=now, lease_s=LEASE_S)
        if claimed is None:
            break
        subscription, leased_until = claimed
        with suppress(LeaseLostError), app.store.begin() as conn:
            # Also keeps the row for this transaction, lest `send_now` tells the same in another window.
            subscriptions.hold(conn, subscription.id, leased_until)
            n_rendered = _render_window(app, conn, subscription)
            next_at = next_slot(subscription, after=now)
            subscriptions.plan_next(conn, subscription.id, leased_until=leased_until, next_digest_at=next_at)
            n_done += n_rendered
    return n_done


def _render_window(app: App, conn: Connection, subscription: Subscription) -> int:
    now = app.clock()
    last_end = digests.last_window_end(conn, subscription.id)
    window = due_window(subscription, now=now, last_window_end=last_end)
    if window is None:
        return 0
    return int(_save_composed(app, conn, subscription, window) is not None)


def _save_composed(app: App, conn: Connection, subscription: Subscription, window: Window) -> DigestId | None:
    """Render a digest and store it, once more where its stories changed meanwhile; None without news.

    A day without news sends nothing; the next window then starts where the last mail ended. Raises LeaseLostError.
    """
    for n_left in reversed(range(N_COMPOSED)):
        digest, mail = _compose(app, conn, subscription, window)
        if not digest.items:
            return None
        try:
            with conn.begin_nested():  # the languages that it holds are let go before others are held
                return digests.save_digest(conn, digest, mail, app.clock())
        except LeaseLostError:
            if not n_left:
                raise
    return None


def _compose(app: App, conn: Connection, subscription: Subscription, window: Window) -> tuple[Digest, RenderedMail]:
    since = max(window.start_at - LATE, window.end_at - REACH)
    is_first = digests.last_window_end(conn, subscription.id) is None
    active = stories.load_active(conn, since)
    articles = [member.id for story in active for member in story.members]
    names = {one.id: one.name for one in watchlists.list_active(conn)}
    digest = select(
        active,
        told=digests.load_told(conn, subscription.id, [story.id for story in active]),
        hits_by_article=watchlists.load_hits(conn, articles),
        subscription=subscription,
        window=window,
        watchlist_names=names,
        assigned=None if is_first else digests.load_assigned(conn, since),
        feed_problems=[
            *(_problem(feed) for feed in feeds.list_troubled(conn)),
            *(_silence(one) for one in source_days.list_silent(conn, n_expected=SILENT_FROM, limit=N_SILENT)),
        ],
    )
    return digest, render(digest, generated_at=app.clock(), letterhead=_letterhead(app), watchlist_names=names)


def render_again(app: App, conn: Connection, ids: Iterable[DigestId]) -> None:
    """Store the mails of these digests anew, from what is left of what they told; deliveries that wait send those."""
    for digest_id in sorted(set(ids)):
        stored = digests.load_stored(conn, digest_id)
        rows, shown, told_before = digests.load_ledger(conn, digest_id)
        subscription = subscriptions.load_subscription(conn, stored["subscription_id"])
        names = {one.id: one.name for one in watchlists.list_active(conn)}
        article_ids = {article_id for some in shown.values() for article_id in some}
        wanted = {
            article_id: [hit for hit in hits if is_wanted(hit, subscription, names)]
            for article_id, hits in watchlists.load_hits(conn, article_ids).items()
        }
        digest = retell(
            [_told_item(dict(row), shown.get(row["story_id"], set()), told_before) for row in rows],
            stories={one.id: one for one in stories.load_stories(conn, list(shown))},
            members=stories.load_story_members(conn, article_ids),
            hits_by_article=wanted,
            subscription=subscription,
            window=Window(start_at=stored["window_start"], end_at=stored["window_end"]),
            n_left_out=stored["n_left_out"],
        )
        mail = render(digest, generated_at=stored["rendered_at"], letterhead=_letterhead(app), watchlist_names=names)
        digests.replace_mail(conn, digest_id, mail, n_stories=len(digest.items))


def _told_item(row: Mapping[str, Any], article_ids: set[ArticleId], told_before: set[ArticleId]) -> ToldItem:
    names = ("story_id", "is_update", "n_articles", "n_publishers", "n_independent", "n_copies")
    told = {name: row[name] for name in names}
    return ToldItem(**told, article_ids=frozenset(article_ids), new_ids=frozenset(article_ids - told_before))


def _letterhead(app: App) -> Letterhead:
    settings = app.settings
    return Letterhead(
        name=settings.digest.title,
        domain=settings.mail.sender.rpartition("@")[2],
        unsubscribe=settings.digest.unsubscribe or None,
    )


def _problem(feed: FeedRow) -> str:
    """One line for readers: which feed fails, how, and since when."""
    seen = (
        "not read so far" if feed.last_good_poll_at is None else f"last read {feed.last_good_poll_at:%d %b %H:%M} UTC"
    )
    return f"{feed.source}, {masked(feed.url)}: {(feed.reason or feed.state).replace('_', ' ')}, {seen}"


def _silence(one: SilentSource) -> str:
    """One line for readers: which source is polled and brings nothing, or hardly anything."""
    seen = "" if one.last_new_on is None else f"last new entry on {one.last_new_on:%d %b}, "
    return f"{one.source}: silent, {seen}about {one.n_expected:.0f} a day are usual"


def preview(app: App, name: str) -> tuple[Digest, RenderedMail]:
    """What the digest of a subscription would say now; stores nothing. Raises NotFoundError."""
    now = app.clock()
    with app.store.read() as conn:
        subscription = subscriptions.get_subscription(conn, name)
        last_end = digests.last_window_end(conn, subscription.id)
        window = window_until(now, last_window_end=last_end) or Window(start_at=now, end_at=now)
        return _compose(app, conn, subscription, window)


def send_now(app: App, name: str) -> DigestId | None:
    """Make and hand over a digest for the window until now; None when there is nothing new to tell."""
    now = app.clock()
    with app.store.begin() as conn:
        subscription = subscriptions.get_subscription(conn, name)
        subscriptions.lock(conn, subscription.id)
        if not subscription.recipients:
            raise UsageError(f"subscription {subscription.name!r} has no recipients; list some in subscriptions.toml")
        window = window_until(now, last_window_end=digests.last_window_end(conn, subscription.id))
        if window is None:
            return None
        digest_id = _save_composed(app, conn, subscription, window)
    _deliver(app)
    return digest_id


def _deliver(app: App) -> tuple[int, int]:
    """Hand over all mails that are due; returns how many were taken and how many were not."""
    n_sent = n_failed = 0
    with app.store.begin() as conn:
        digests.mark_lost(conn, app.clock())
    lease_s = max(app.settings.digest.lease_s, N_ANSWERS * app.settings.mail.timeout_s)
    while not app.stop.is_set():
        with app.store.begin() as conn:
            delivery = digests.mark_sending(conn, now=app.clock(), lease_s=lease_s)
        if delivery is None:
            break
        outcome = _hand_over(app, delivery)
        _save_outcome(app, delivery, outcome)
        n_sent, n_failed = n_sent + isinstance(outcome, Accepted), n_failed + isinstance(outcome, MailFailure)
        if isinstance(outcome, MailFailure) and outcome.refusal is Refusal.UNREACHABLE:
            break
    return n_sent, n_failed


def _hand_over(app: App, delivery: DueDelivery) -> Accepted | MailFailure:
    sender = app.settings.mail.sender
    try:
        message = build_message(
            delivery.mail, sender=sender, recipient=delivery.recipient, sent_at=delivery.rendered_at
        )
    except (MessageError, ValueError, LookupError) as error:
        return MailFailure(refusal=Refusal.PERMANENT, detail=f"the mail cannot be built: {type(error).__name__}")
    return app.mail.send(message, sender=sender, recipient=delivery.recipient)


def _save_outcome(app: App, delivery: DueDelivery, outcome: Accepted | MailFailure) -> None:
    now = app.clock()
    state, reason, next_try_at = "sent", None, None
    if isinstance(outcome, MailFailure):
        state, reason = _FAILED[outcome.refusal]
        give_up_at = delivery.rendered_at + timedelta(days=app.settings.digest.retry_days)
        if reason is Reason.TEMPORARY and now >= give_up_at:
            state, reason = "refused", Reason.GAVE_UP
        elif reason is Reason.TEMPORARY:
            next_try_at = now + timedelta(seconds=FIRST_RETRY_S * 2 ** min(delivery.n_tries - 1, 6))
    with app.store.begin() as conn:
        digests.save_outcome(
            conn, delivery, state=state, now=now, reason=reason, detail=outcome.detail, next_try_at=next_try_at
        )


_FAILED = {
    Refusal.PERMANENT: ("refused", Reason.REFUSED_RECIPIENT),
    Refusal.TEMPORARY: ("pending", Reason.TEMPORARY),
    Refusal.UNREACHABLE: ("pending", Reason.TEMPORARY),
    Refusal.UNKNOWN: ("unknown", None),
}
