"""A database of revision 0002 with rows of each kind goes to the newest revision and back, and loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import bindparam, inspect, select, text

from monitor.cli.main import main
from monitor.extract.entries import resolve_entry
from monitor.likeness import guid_alias
from monitor.store import entries, schema
from monitor.store import tables as t
from monitor.store.engine import Store, open_store

OLD_ROWS = Path(__file__).parent / "old_rows.sql"
NOW = datetime(2026, 1, 7, tzinfo=UTC)
_WITH_BYTES = """
INSERT INTO features (article_id, scheme, body) SELECT id, 'f', :body FROM articles WHERE arrival_no IS NOT NULL;
INSERT INTO fingerprints (article_id, scheme, text_hash, n_words, body, made_at)
SELECT id, 's', 'h' || id, n_words, :body, first_seen_at FROM articles WHERE arrival_no IS NOT NULL;
INSERT INTO pages (id, article_id, url, status, body_zlib, n_bytes, fetched_at, expires_at)
SELECT id, id, url, 200, :body, 1, first_seen_at, first_seen_at FROM articles WHERE arrival_no IS NOT NULL;
"""


def old_store(url: str) -> Iterator[Store]:
    """At revision 0002, with some rows in each of its tables."""
    store = open_store(url)
    schema.upgrade(store, "0002")
    with store.begin() as conn:
        for statement in OLD_ROWS.read_text("utf-8").split(";\n"):
            if statement.strip():
                conn.execute(text(statement))
        for statement in _WITH_BYTES.split(";")[:-1]:
            conn.execute(text(statement).bindparams(bindparam("body", b"\x00\x01")))
    yield store
    store.close()


@pytest.fixture
def old(empty_url: str) -> Iterator[Store]:
    yield from old_store(empty_url)


@pytest.fixture
def old_sqlite(tmp_path: Path) -> Iterator[Store]:
    yield from old_store(f"sqlite:///{tmp_path / 'old.db'}")


def counts(store: Store) -> dict[str, int]:
    with store.read() as conn:  # which views there are is kept with the counters
        names = set(inspect(conn).get_table_names()) - {"alembic_version", "counters", "schemes"}  # that was never used
        return {name: conn.execute(text(f"SELECT COUNT(*) FROM {name}")).scalar_one() for name in sorted(names)}


def test_a_database_with_rows_of_each_kind_goes_to_the_newest_revision_and_back(
    old: Store, empty_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MONITOR_DATABASE_URL", empty_url)
    expected = counts(old)
    assert all(expected.values()), expected
    for _ in range(2):
        schema.upgrade(old)
        assert main(["db", "check"]) == 0
        assert f"at revision {schema.head()}, with no differences" in capsys.readouterr().out
        after = counts(old)
        assert {name: after[name] for name in expected} == expected
        schema.downgrade(old, "0002")
        expected |= {"terms": 0}  # how common words are is learned anew
        assert counts(old) == expected


def test_a_downgrade_does_not_forget_which_ids_were_given_out(old_sqlite: Store) -> None:
    """On SQLite, where the sequence is a part of the table."""
    given = "SELECT s.name, s.seq FROM sqlite_sequence s JOIN sqlite_master m ON m.name = s.name ORDER BY s.name"
    kept = "SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%' ORDER BY name"
    with old_sqlite.begin() as conn:
        conn.execute(text("UPDATE sqlite_sequence SET seq = 99"))
        before = conn.execute(text(given)).all()
        assert conn.execute(text(kept)).scalars().all() == [name for name, _ in before] == ["articles", "stories"]
    for revision in ("0003", "0002"):
        schema.upgrade(old_sqlite)
        schema.downgrade(old_sqlite, revision)
        with old_sqlite.read() as conn:
            assert conn.execute(text(given)).all() == before
            assert conn.execute(text(kept)).scalars().all() == ["articles", "stories"]


def test_rows_of_before_say_today_what_they_said(old: Store) -> None:
    schema.upgrade(old)
    c = t.articles.c
    of_article = select(c.title, c.language_detected, c.ready_at == c.first_seen_at, c.feed_title, c.asked_at)
    of_revision = select(t.revisions.c.kind, t.revisions.c.n_chars).where(t.revisions.c.article_id == 1)
    with old.read() as conn:
        assert conn.execute(of_article.where(c.id == 1)).one() == (
            "The bridge is closed", "en", True, None, None
        )  # fmt: skip
        assert conn.execute(of_revision.order_by(t.revisions.c.revision_no)).all() == [("first", 7), ("changed", 16)]
        followed = select(t.features.c.article_id, t.features.c.follows_id).order_by(t.features.c.article_id)
        assert conn.execute(followed).all() == [(1, None), (2, 1)]


def test_counts_of_words_become_those_of_their_stems(old: Store) -> None:
    counted = {"bridges": 2, "skateboard": 3, "skateboarding": 1, "skateboarders": 30, "12345678": 1}
    with old.begin() as conn:
        conn.execute(text("UPDATE language_statistics SET n_articles = 9 WHERE language = 'en'"))
        for language, factor in (("en", 1), ("de", 2)):
            for term, n in counted.items():
                row = {"language": language, "term": term, "n": n * factor}
                conn.execute(text("INSERT INTO terms (language, term, n_articles) VALUES (:language, :term, :n)"), row)
        conn.execute(text("INSERT INTO language_statistics SELECT 'de', 1000, 0, NULL, 0 FROM language_statistics"))
    schema.upgrade(old)
    with old.read() as conn:
        rows = conn.execute(select(t.terms).order_by(t.terms.c.language, t.terms.c.term)).all()
    assert rows == [
        ("de", "12345678", 2), ("de", "bridge", 4), ("de", "skateb", 68),
        ("en", "12345678", 1), ("en", "bridge", 4), ("en", "skateb", 9),
    ]  # fmt: skip


def test_an_entry_of_before_is_found_by_its_alias(old: Store) -> None:
    schema.upgrade(old)
    c = t.entries.c
    with old.begin() as conn:
        keys = conn.execute(select(c.guid_alias, c.title_key.is_not(None)).order_by(c.id)).all()
        assert keys == [(guid_alias("http://a.example/news/100200"), True), (None, False), (keys[0].guid_alias, True)]
        (unresolved,) = entries.load_unresolved(conn, now=NOW, limit=9)
        resolve_entry(conn, unresolved, NOW)
        assert entries.load_article_id(conn, unresolved.id) == 1
