"""The digest stage on a real database, with a mail door that answers as a test wants."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any, cast

import pytest
from sqlalchemy import select, update

from monitor.app import App
from monitor.config import DigestSettings, MailSettings, Settings
from monitor.declared import DeclaredSubscription
from monitor.digest import stage
from monitor.net.smtp import Accepted, MailFailure, Refusal
from monitor.store import digests, source_days, stories, subscriptions
from monitor.store import tables as t
from monitor.store.engine import Connection, Store, open_store
from monitor.store.rearranging import rearrange
from monitor.types import DayVerdict, Digest, Reason, RenderedMail, SourceDay
from tests.stages.test_saving_together import somebody_waits
from tests.store.rows import DAY, HOUR, NOW, add_day, add_feed, make_article, mark_matched
from tests.store.test_stories import assign

DAILY = DeclaredSubscription(name="daily", recipients=("a@x.example", "b@x.example"), hour=12, zone="Etc/UTC")
TAKEN = Accepted(detail="250 fine")


@dataclass
class Postman:
    """Answers every mail alike and remembers who it was for."""

    answer: Accepted | MailFailure = TAKEN
    asked: list[str] = field(default_factory=list)

    def send(self, _message: EmailMessage, *, sender: str, recipient: str) -> Accepted | MailFailure:
        assert sender == "monitor@x.example"
        self.asked.append(recipient)
        return self.answer


@dataclass
class World:
    """A store with one subscription, and the stage's doors."""

    store: Store
    postman: Postman
    now: datetime = NOW

    @property
    def app(self) -> App:
        settings = Settings(mail=MailSettings(sender="monitor@x.example"), digest=DigestSettings(retry_days=2))
        other: dict[str, Any] = {"http": cast("Any", None), "workers": cast("Any", None)}
        return App(settings=settings, store=self.store, mail=self.postman, clock=lambda: self.now, **other)

    def told_until(self, moment: datetime) -> None:
        """As if a digest had ended there."""
        with self.store.begin() as conn:
            (one,) = subscriptions.list_active(conn)
            before = Digest(subscription=one, window_start=moment - DAY, window_end=moment, items=())
            mail = RenderedMail(subject="S", text="T", html="H", message_id="<0@x.example>", headers={})
            digests.save_digest(conn, before, mail, moment)
            conn.execute(t.deliveries.delete())

    def add(self, name: str, *, seen_at: datetime, assigned_at: datetime) -> None:
        with self.store.begin() as conn:
            article_id = make_article(conn, f"https://one.example/{name}", now=assigned_at, seen_at=seen_at, title=name)
            mark_matched(conn, article_id)
            assign(conn, article_id, now=assigned_at)

    def mails(self) -> list[str]:
        with self.store.read() as conn:
            return [mail["text"] for mail in digests.load_mails(conn)]

    def deliveries(self) -> list[tuple[str, str | None, int]]:
        columns = (t.deliveries.c.state, t.deliveries.c.reason, t.deliveries.c.n_tries)
        with self.store.read() as conn:
            return [tuple(row) for row in conn.execute(select(*columns).order_by(t.deliveries.c.id))]


@pytest.fixture
def world(store: Store) -> World:
    with store.begin() as conn:
        subscriptions.save_declared(conn, [DAILY], NOW)
    return World(store, Postman())


# --- what is told --------------------------------------------------------------------------------------------------


def test_a_story_that_goes_while_its_digest_is_rendered_is_told_as_part_of_the_one_that_it_became(
    postgresql_url: str,
) -> None:
    with closing(open_store(postgresql_url)) as store:
        with store.begin() as conn:
            subscriptions.save_declared(conn, [DAILY], NOW)
        world = World(store, Postman())
        for name in ("Kept", "Gone"):
            world.add(name, seen_at=NOW - HOUR, assigned_at=NOW - HOUR)
        with store.read() as conn:
            kept, gone = conn.execute(select(t.stories.c.id).order_by(t.stories.c.id)).scalars()
            moved = conn.execute(select(t.stories.c.anchor_article_id).where(t.stories.c.id == gone)).scalar_one()
        with ThreadPoolExecutor(1) as pool:
            with store.begin() as conn:
                stories.hold(conn, ["en"])
                done = pool.submit(stage.run, world.app)
                somebody_waits(store)
                rearrange(conn, {moved: kept}, now=NOW)
            assert done.result().n_done == 3
        with store.read() as conn:
            rows = conn.execute(select(t.digest_items.c.story_id, t.digest_items.c.n_articles)).all()
        assert ([tuple(row) for row in rows], len(world.mails())) == ([(kept, 2)], 1)


def test_after_a_month_without_news_a_digest_looks_back_a_week(world: World) -> None:
    world.told_until(NOW - 30 * DAY)
    world.add("Forgotten", seen_at=NOW - 10 * DAY, assigned_at=NOW - 10 * DAY)
    world.add("Recent", seen_at=NOW - 6 * DAY, assigned_at=NOW - 6 * DAY)
    assert stage.run(world.app).n_done == 3
    assert "Recent" in world.mails()[-1]
    assert "Forgotten" not in world.mails()[-1]


def test_a_text_that_took_days_to_fetch_is_told_except_in_a_first_digest(world: World) -> None:
    world.add("Late", seen_at=NOW - 5 * DAY, assigned_at=NOW - HOUR)
    digest, _ = stage.preview(world.app, "daily")
    assert digest.items == ()
    world.told_until(NOW - DAY)
    stage.run(world.app)
    assert "Late" in world.mails()[-1]
    world.now = NOW + DAY
    with world.store.begin() as conn:
        conn.execute(update(t.subscriptions).values(next_digest_at=world.now))
    stage.run(world.app)
    assert len(world.mails()) == 2


def test_a_subscription_that_was_paused_while_its_digest_was_made_gets_none(world: World) -> None:
    world.add("News", seen_at=NOW - HOUR, assigned_at=NOW - HOUR)

    class Pausing(Store):
        """Pauses the subscription as soon as it is claimed."""

        n_begun = 0

        @contextmanager
        def begin(self) -> Iterator[Connection]:
            self.n_begun += 1
            if self.n_begun == 2:
                with super().begin() as conn:
                    subscriptions.save_declared(conn, [], NOW)
            with super().begin() as conn:
                yield conn

    world.store = Pausing(world.store.engine)
    assert stage.run(world.app).n_done == 0
    assert world.mails() == []


# --- mails ---------------------------------------------------------------------------------------------------------


def test_a_server_that_is_away_is_asked_once_and_the_other_mails_wait(world: World) -> None:
    world.add("News", seen_at=NOW - HOUR, assigned_at=NOW - HOUR)
    world.postman.answer = MailFailure(refusal=Refusal.UNREACHABLE, detail="refused")
    stage.run(world.app)
    assert world.postman.asked == ["a@x.example"]
    assert world.deliveries() == [("pending", "temporary", 1), ("pending", None, 0)]
    world.postman.answer = Accepted(detail="250 fine")
    world.now = NOW + HOUR
    stage.run(world.app)
    assert [state for state, _, _ in world.deliveries()] == ["sent", "sent"]


def test_a_refusal_for_now_ends_in_giving_up_and_says_so(world: World) -> None:
    world.add("News", seen_at=NOW - HOUR, assigned_at=NOW - HOUR)
    world.postman.answer = MailFailure(refusal=Refusal.TEMPORARY, detail="451 later")
    stage.run(world.app)
    assert {state for state, _, _ in world.deliveries()} == {"pending"}
    world.now = NOW + 2 * DAY
    stage.run(world.app)
    assert world.deliveries() == [("refused", Reason.GAVE_UP.value, 2)] * 2


def test_a_mail_that_cannot_be_built_is_refused_and_the_server_hears_of_nothing(world: World) -> None:
    world.add("News", seen_at=NOW - HOUR, assigned_at=NOW - HOUR)
    world.postman.answer = MailFailure(refusal=Refusal.TEMPORARY, detail="451 later")
    stage.run(world.app)
    with world.store.begin() as conn:
        conn.execute(update(t.digests).values(headers={"X-Bad": "one\r\ntwo"}))
    world.now, world.postman.asked = NOW + HOUR, []
    stage.run(world.app)
    assert world.postman.asked == []
    assert {(state, reason) for state, reason, _ in world.deliveries()} == {("refused", "refused_recipient")}


def test_a_mail_of_unknown_outcome_is_not_called_refused(world: World) -> None:
    world.add("News", seen_at=NOW - HOUR, assigned_at=NOW - HOUR)
    world.postman.answer = MailFailure(refusal=Refusal.UNKNOWN, detail="lost")
    stage.run(world.app)
    assert world.deliveries() == [("unknown", None, 1)] * 2


def test_the_lease_of_a_mail_outlasts_a_slow_server(world: World) -> None:
    world.add("News", seen_at=NOW - HOUR, assigned_at=NOW - HOUR)
    until: list[datetime] = []

    class Watching(Postman):
        def send(self, message: EmailMessage, *, sender: str, recipient: str) -> Accepted | MailFailure:
            with world.store.read() as conn:
                until.extend(conn.execute(select(t.deliveries.c.leased_until)).scalars())
            return super().send(message, sender=sender, recipient=recipient)

    world.postman = Watching()
    stage.run(world.app)
    given = [moment for moment in until if moment is not None]
    if world.store.engine.dialect.name == "sqlite":
        assert given == [NOW + timedelta(seconds=stage.N_ANSWERS * 30)] * 2
    assert len(given) == 2


def test_the_footer_names_sources_that_fell_silent(world: World) -> None:
    world.add("News", seen_at=NOW - HOUR, assigned_at=NOW - HOUR)
    yesterday = NOW.date() - DAY
    with world.store.begin() as conn:
        for source, n_expected, verdict in (
            ("much.example", 40.4, DayVerdict.SILENT),
            ("little.example", 0.4, DayVerdict.SILENT),
            ("fine.example", 40.0, DayVerdict.COMPLETE),
        ):
            add_feed(conn, f"https://{source}/feed")
            add_day(conn, source, SourceDay(day_on=yesterday - DAY, n_new=9, verdict=DayVerdict.COMPLETE))
            add_day(conn, source, SourceDay(day_on=yesterday, n_expected=n_expected, verdict=verdict))
        source_days.save_judged_on(conn, yesterday)
    stage.run(world.app)
    (mail,) = set(world.mails())
    assert "much.example: silent, last new entry on 27 Feb, about 40 a day are usual" in mail
    assert "little.example" not in mail
    assert "fine.example" not in mail
