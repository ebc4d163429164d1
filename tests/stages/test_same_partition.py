"""The daemon and `evaluate` put the same articles into the same stories and link the same copies.

Texts of four languages come in as `monitor ingest` stores them, a week at a time, and pass the real stages; `evaluate`
gets the same rows. Whatever one of the two did differently (cleaning, datelines, families, dates, index, statistics)
would show in a partition or a link.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from monitor.app import App
from monitor.cluster import stage as cluster
from monitor.config import Settings
from monitor.dedup import stage as dedup
from monitor.evaluate.duplicates import run_groups
from monitor.evaluate.stories import run_stories
from monitor.fetch.records import Record, read_record
from monitor.ingest.saving import save_batch
from monitor.ingest.texts import Given, Input, read_texts
from monitor.store import duplicates
from monitor.store import tables as t
from monitor.store.engine import Store, open_store
from monitor.store.given_texts import GivenArticle

GROUPS = Path(__file__).parent.parent / "rewrites" / "groups.jsonl"
LANGUAGES = {"en": 22, "fr": 6, "ru": 4, "ar": 1}

Row = dict[str, Any]


def rows() -> list[Row]:
    """Some 150 articles, in the order in which they appeared."""
    taken: defaultdict[str, int] = defaultdict(int)
    found = []
    for line in GROUPS.read_text(encoding="utf-8").splitlines():
        group = json.loads(line)
        taken[group["language"]] += 1
        if taken[group["language"]] <= LANGUAGES.get(group["language"], 0):
            found += [_row(text, group) for text in group["texts"]]
    return sorted(found, key=lambda row: (row["date"], row["id"]))


def _row(text: Row, group: Row) -> Row:
    return {
        "id": text["id"],
        "url": f"https://{text['domain']}/news/{text['id']}",
        "title": text["title"],
        "text": text["text"],
        "date": text["published_at"],
        "lang": group["language"],
        "source": text["domain"],
        "cluster": group["id"],
    }


@dataclass(frozen=True)
class Daemon:
    """What the stages left in the database, by the ids of the rows."""

    stories: frozenset[frozenset[str]]
    links: frozenset[tuple[str, str, str, float]]
    rewrites: frozenset[tuple[str, str, float]]


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    opened = open_store(sqlite_url)
    yield opened
    opened.close()


def given(number: int, row: Row) -> Given:
    told = {key: row[key] for key in ("id", "url", "title", "text", "source")}
    told |= {"published_at": row["date"], "seen_at": row["date"], "language": row["lang"]}
    record = read_record(json.dumps(told).encode())
    assert isinstance(record, Record)
    (text,) = read_texts([Input(record, ())])
    assert isinstance(text, GivenArticle)
    return Given(line=number, record=record, domain=row["source"], names_source=True).with_text(text)


def live(store: Store, articles: list[Row]) -> Daemon:
    """The articles of a week are stored, compared and assigned before those of the next come."""
    now = datetime.fromisoformat(articles[0]["date"])
    other: dict[str, Any] = dict.fromkeys(("http", "workers", "mail"), cast("Any", None))
    app = App(settings=Settings(), store=store, clock=lambda: now, **other)
    for _, week in groupby(articles, key=lambda row: datetime.fromisoformat(row["date"]).isocalendar()[:2]):
        some = list(week)
        now = datetime.fromisoformat(some[-1]["date"]) + timedelta(minutes=1)
        with store.begin() as conn:
            records = [given(number, row) for number, row in enumerate(some, start=1)]
            saved = save_batch(conn, records, name="texts", now=now, is_guarded=False)
        assert saved.n_new == len(some)
        for stage in (dedup, cluster):
            while stage.run(app).n_done:
                pass
    return _left(store, {row["url"]: row["id"] for row in articles})


def _left(store: Store, key_of: dict[str, str]) -> Daemon:
    with store.read() as conn:
        keys = {row.id: key_of[row.url] for row in conn.execute(select(t.articles.c.id, t.articles.c.url))}
        stories: defaultdict[int, set[str]] = defaultdict(set)
        for member in conn.execute(select(t.story_members.c.story_id, t.story_members.c.article_id)):
            stories[member.story_id].add(keys[member.article_id])
        links = conn.execute(select(t.duplicates)).all()
        rewrites = conn.execute(select(t.rewrites)).all()
    return Daemon(
        stories=frozenset(map(frozenset, stories.values())),
        links=frozenset((keys[one.article_id], keys[one.original_id], one.kind, one.containment) for one in links),
        rewrites=frozenset((keys[one.article_id], keys[one.original_id], one.containment) for one in rewrites),
    )


def test_the_daemon_and_evaluate_give_the_same_stories_and_the_same_links(store: Store) -> None:
    articles = rows()
    assert len(articles) >= 150
    daemon = live(store, articles)

    (placed,) = run_stories(articles).orders
    stories: defaultdict[Any, set[str]] = defaultdict(set)
    for each in placed:
        stories[each.final].add(each.article.key)
    assert daemon.stories == frozenset(map(frozenset, stories.values()))
    assert len(daemon.stories) < len(articles) / 2

    run = run_groups(articles)
    keys = {article_id: key for key, article_id in run.stored.ids.items()}
    index = run.stored.index
    found = ((keys[one.article_id], keys[one.original_id], str(one.kind), one.containment) for one in index.links)
    assert daemon.links == frozenset(found)
    assert len(daemon.links) > 20
    followed = ((keys[one.article_id], keys[one.original_id], one.containment) for one in index.rewrites)
    assert daemon.rewrites == frozenset(followed)


def test_a_text_that_is_copied_more_often_than_is_compared_gives_the_same_groups(store: Store) -> None:
    """All of one moment, the earliest by its URL last: it takes over a group that it was compared with a part of."""
    first = next(row for row in rows() if len(row["text"].split()) > 80)
    articles = [
        first | {"id": f"copy{n}", "url": f"https://p.example/{99 - n}", "source": f"p{n}.example"} for n in range(75)
    ]
    live(store, articles)
    with store.read() as conn:
        urls = {row.id: row.url for row in conn.execute(select(t.articles.c.id, t.articles.c.url))}
        stored = {urls[one]: urls[other] for one, other in duplicates.load_originals(conn, urls).items()}

    index = run_groups(articles).stored.index
    found = {index.seen[one].url: index.seen[copy.original_id].url for one, copy in index.groups().items()}
    assert stored == dict.fromkeys([row["url"] for row in articles[:-1]], articles[-1]["url"])
    assert found == stored
