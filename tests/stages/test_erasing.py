"""What was erased leaves the stored mails, and does not come back through feeds and pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import select

from monitor.app import App
from monitor.config import MailSettings, Settings
from monitor.declared import DeclaredSubscription
from monitor.digest import stage as digest
from monitor.run_local import work_off
from monitor.store import erasing, stories, subscriptions, watchlists
from monitor.store import tables as t
from monitor.store.articles import find_article, get_article
from monitor.store.engine import Store
from monitor.store.erasing import Erased, Order
from monitor.types import ArticleId
from tests.stages.site import HOST, Site, body_of, links, page_of, served, stored
from tests.stages.test_revisions import OWN_REPORT, settle, text_of
from tests.store.rows import DAY, NOW, make_article
from tests.store.test_erasing import AUTHOR, BODY, CANARY, TITLE, places_of

DAILY = DeclaredSubscription(name="daily", recipients=("a@x.example", "b@x.example"), hour=12, zone="Etc/UTC")


def app_of(store: Store) -> App:
    other: dict[str, Any] = dict.fromkeys(("http", "workers", "mail"), cast("Any", None))
    configured = Settings(mail=MailSettings(sender="monitor@x.example"))
    return App(settings=configured, store=store, clock=lambda: NOW + timedelta(minutes=1), **other)


def tell(store: Store) -> None:
    """Render and store the first digest, whose deliveries wait."""
    app = app_of(store)
    with store.begin() as conn:
        subscriptions.save_declared(conn, [DAILY], NOW)
        watchlists.save_declared(conn, {"birds": CANARY.lower()}, NOW)
    rendered, mail = digest.preview(app, "daily")
    with store.begin() as conn:
        assert digest.digests.save_digest(conn, rendered, mail, NOW + timedelta(minutes=1)) is not None


def write(store: Store, name: str, title: str, body: str, **values: Any) -> ArticleId:
    with store.begin() as conn:
        return make_article(conn, f"https://{name}.example/{name}", title=title, body=body, **values)


def erase(store: Store, *ids: ArticleId) -> Erased:
    app = app_of(store)
    with store.begin() as conn:
        erased = erasing.erase(conn, Order(article_ids=ids, who="op", because="court"), NOW + DAY)
        digest.render_again(app, conn, erased.digest_ids)
    return erased


def states(store: Store) -> set[tuple[str, str]]:
    with store.read() as conn:
        return {(row["state"], row["detail"]) for row in conn.execute(t.deliveries.select()).mappings()}


def test_a_stored_mail_is_made_again_from_what_is_left_and_that_is_what_is_sent(store: Store) -> None:
    canary = write(store, "a", TITLE, f"{OWN_REPORT} {BODY}", authors=(AUTHOR,))
    write(store, "b", "Fire at Kellport", text_of("fire", 0), seen_at=NOW + timedelta(seconds=1))
    write(store, "c", "Arvel bridge", text_of("bridge", 0))
    settle(app_of(store))
    with store.read() as conn:
        places = stories.find_story_of(conn, [ArticleId(n) for n in (1, 2, 3)])
    assert places[ArticleId(1)] == places[ArticleId(2)] != places[ArticleId(3)]
    tell(store)
    with store.read() as conn:
        before = conn.execute(t.digests.select()).mappings().one()
        assert {"digests.text", "digests.html"} <= places_of(conn, CANARY)
    assert erase(store, canary).digest_ids == (before["id"],)
    with store.read() as conn:
        assert places_of(conn, AUTHOR) == set()
        # the operator's own query names it
        assert places_of(conn, CANARY) == {"watchlists.query"}
        after = conn.execute(t.digests.select()).mappings().one()
    for part in ("text", "html"):
        assert "Fire at Kellport" in after[part]
        assert "Arvel bridge" in after[part]
    same = ("message_id", "window_start", "window_end", "rendered_at", "n_stories")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert states(store) == {("pending", "")}
    with store.begin() as conn:
        delivery = digest.digests.mark_sending(conn, now=NOW + DAY, lease_s=60)
    assert delivery is not None
    assert delivery.mail.text == after["text"]


def test_a_mail_that_told_of_nothing_else_is_not_sent_any_more(store: Store) -> None:
    canary = write(store, "a", TITLE, BODY)
    settle(app_of(store))
    tell(store)
    erase(store, canary)
    with store.read() as conn:
        assert places_of(conn, CANARY) == {"watchlists.query"}
        assert conn.execute(select(t.digests.c.n_stories)).scalar_one() == 0
    assert states(store) == {("refused", "all that it told was erased")}


def test_a_digest_that_told_of_other_stories_alone_stays_as_it_is(store: Store) -> None:
    write(store, "a", "Arvel bridge", text_of("bridge", 0))
    settle(app_of(store))
    tell(store)
    with store.read() as conn:
        before = conn.execute(t.digests.select()).mappings().one()
    canary = write(store, "b", TITLE, BODY)
    settle(app_of(store))
    assert erase(store, canary).digest_ids == ()
    with store.read() as conn:
        assert conn.execute(t.digests.select()).mappings().one() == before


# --- over real HTTP --------------------------------------------------------------------------------------------------


def test_neither_its_entry_nor_its_text_under_another_link_brings_an_erased_article_back(
    site: Site, database_url: str
) -> None:
    site.feed(links("a", "b"))
    site.feed(links("a", "b", "c", "a?utm_source=x"), name="feed.v2.xml", note=" Now updated.", from_s=60)
    site.page("/a", page_of("News of a", body_of("Aville")))
    site.page("/b", page_of("News of b", body_of("Bville")))
    site.page("/c", page_of("Another title", body_of("Aville")))
    with served(site, database_url) as world:
        erased = stored(world)[f"http://{HOST}/a"]["id"]
        with world.app.store.begin() as conn:
            erasing.erase(conn, Order(article_ids=(erased,), who="op", because="court"), world.clock.now())
        for _ in range(3):
            world.go_to(timedelta(hours=2))
            assert work_off(world.app) == 0
        assert set(stored(world)) == {f"http://{HOST}/b"}
        with world.app.store.read() as conn:
            assert places_of(conn, "Aville", "News of a") == set()
            # what the feed shows of "c" was stored before its page was read, and went with it
            assert [row["url"] for row in conn.execute(t.entries.select()).mappings()] == [f"http://{HOST}/b"]


def test_pages_of_an_erased_author_are_not_kept(site: Site, sqlite_url: str) -> None:
    site.feed(links("a"))
    site.feed(links("a", "b"), name="feed.v2.xml", from_s=60)
    for name in "ab":
        head = f"<meta name='author' content='{AUTHOR}'>"
        site.page(f"/{name}", page_of(f"News of {name}", body_of(f"{name}ville"), head=head))
    with served(site, sqlite_url) as world:
        with world.app.store.begin() as conn:
            order = Order(author=AUTHOR, who="op", because="court")
            assert len(erasing.erase(conn, order, world.clock.now()).article_ids) == 1
        world.go_to(timedelta(hours=2))
        assert work_off(world.app) == 0
        assert stored(world) == {}
        with world.app.store.read() as conn:
            assert places_of(conn, AUTHOR) == set()


def test_two_articles_whose_pages_come_to_name_one_canonical_url_become_one(site: Site, database_url: str) -> None:
    shown = dict.fromkeys(links("a", "amp"), "News of a")
    site.feed(shown)
    site.feed(shown, name="feed.v2.xml", note=" Now updated.", from_s=60)
    body = body_of("Aville")
    site.page("/a", page_of("News of a", body))
    site.page("/amp", page_of("News of a", body + "<p>Seen on the small screen only.</p>"))
    head = f"<link rel='canonical' href='http://{HOST}/a'>"
    site.page("/amp.v2", page_of("News of a", body, head=head))
    site.answers.append({"url": f"http://{HOST}/amp", "from_s": 60, "file": f"sites/{HOST}/amp.v2.html"})
    with served(site, database_url) as world:
        before = stored(world)
        assert {row["arrival_no"] for row in before.values()} == {1, 2}
        world.go_to(timedelta(hours=2))
        assert work_off(world.app) == 0
        ((url, after),) = stored(world).items()
        with world.app.store.read() as conn:
            assert get_article(conn, str(before[f"http://{HOST}/amp"]["id"])).id == after["id"]
            assert find_article(conn, [f"http://{HOST}/amp"]) == after["id"]
            (story,) = stories.load_stories(conn)
    assert url == f"http://{HOST}/a"
    assert [member.id for member in story.members] == [after["id"]]
    assert (after["match_due_at"], after["assign_due_at"]) == (None, None)
