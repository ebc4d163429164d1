from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, inspect, text

from monitor.errors import StoreError
from monitor.store import schema
from monitor.store.engine import Store, open_store
from monitor.store.tables import metadata
from monitor.store.views import VIEWS
from tests.store.processes import upgrade

ROOT = Path(__file__).parent.parent.parent
NEWEST = schema.head()


@pytest.fixture
def empty(empty_url: str) -> Iterator[Store]:
    store = open_store(empty_url)
    yield store
    store.close()


def tables_of(store: Store) -> set[str]:
    with store.read() as conn:
        return set(inspect(conn).get_table_names()) - {"alembic_version"}


def views_of(store: Store) -> set[str]:
    with store.read() as conn:
        return set(inspect(conn).get_view_names())


def revision_of(store: Store) -> str | None:
    with store.read() as conn:
        return schema.current(conn)


def set_revision(store: Store, revision: str) -> None:
    with store.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_a_database_goes_from_empty_to_the_newest_schema_and_back_and_again(empty: Store) -> None:
    for _ in range(2):
        assert tables_of(empty) == set()
        schema.upgrade(empty)
        assert tables_of(empty) == set(metadata.tables)
        assert revision_of(empty) == schema.head()
        schema.downgrade(empty, "base")
    assert tables_of(empty) == set()
    assert views_of(empty) == set()
    assert revision_of(empty) is None


def test_the_migrations_make_exactly_the_declared_tables(own_store: Store) -> None:
    assert schema.differences(own_store) == []


def test_a_column_that_no_migration_makes_is_noticed(own_store: Store) -> None:
    with own_store.begin() as conn:
        conn.execute(text("ALTER TABLE tombstones DROP COLUMN because"))
    ((kind, _, table, column),) = schema.differences(own_store)
    assert (kind, table, column.name) == ("add_column", "tombstones", "because")


def test_upgrading_a_current_database_changes_nothing(own_store: Store) -> None:
    before = tables_of(own_store), views_of(own_store)
    schema.upgrade(own_store)
    assert (tables_of(own_store), views_of(own_store)) == before


def test_every_view_exists_after_an_upgrade_and_can_be_queried(own_store: Store) -> None:
    assert views_of(own_store) == set(VIEWS)
    with own_store.read() as conn:
        for name in VIEWS:
            assert conn.execute(text(f"SELECT * FROM {name}")).all() == []


def test_views_of_another_version_are_made_anew_although_nothing_is_to_be_migrated(
    own_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(VIEWS, "v_duplicates", "SELECT c.article_id AS renamed FROM copies c")
    schema.upgrade(own_store)
    with own_store.read() as conn:
        assert list(conn.execute(text("SELECT * FROM v_duplicates")).keys()) == ["renamed"]
    assert views_of(own_store) == set(VIEWS)


def test_names_of_constraints_are_the_same_on_both_databases(both_stores: tuple[Store, Store]) -> None:
    found = []
    for store in both_stores:
        with store.read() as conn:
            seen = inspect(conn)
            found.append(
                {
                    table: (
                        {unique["name"] for unique in seen.get_unique_constraints(table)},
                        {foreign["name"] for foreign in seen.get_foreign_keys(table)},
                        {
                            str(index["name"])
                            for index in seen.get_indexes(table)
                            if not index.get("duplicates_constraint")
                        },
                    )
                    for table in metadata.tables
                }
            )
    assert found[0] == found[1]


def test_processes_that_upgrade_at_once_migrate_once(empty_url: str, eight_processes: ProcessPoolExecutor) -> None:
    assert list(eight_processes.map(upgrade, [empty_url] * 8)) == [schema.head()] * 8
    store = open_store(empty_url)
    try:
        assert schema.differences(store) == []
    finally:
        store.close()


@pytest.fixture
def a_failing_migration(monkeypatch: pytest.MonkeyPatch) -> None:
    """A newest revision, known to Alembic alone, that makes a table, drops another and fails."""

    def up() -> None:
        from alembic import op  # noqa: PLC0415  (its functions work inside a migration only)

        op.execute("CREATE TABLE half_done (id INTEGER)")
        op.execute("INSERT INTO half_done VALUES (1)")
        op.execute("DROP TABLE tombstones")
        op.execute("ALTER TABLE audit RENAME COLUMN who TO somebody")
        op.execute("SELECT nonsense FROM nowhere")

    module = ModuleType("9998_fails")
    module.upgrade = up  # type: ignore[attr-defined]
    module.down_revision = NEWEST  # type: ignore[attr-defined] # a module of Alembic has it
    load = ScriptDirectory._load_revisions

    def load_with_failing(self: ScriptDirectory) -> Iterator[Script]:
        yield from load(self)
        yield Script(module, "9998_fails", str(ROOT / "migrations/versions/0002_fails.py"))

    module.revision = "9998_fails"  # type: ignore[attr-defined] # as above
    monkeypatch.setattr(ScriptDirectory, "_load_revisions", load_with_failing)


@pytest.mark.usefixtures("a_failing_migration")
def test_a_migration_that_fails_leaves_the_database_as_it_was(own_store: Store) -> None:
    before = tables_of(own_store)
    with pytest.raises(Exception, match="nowhere"):
        schema.upgrade(own_store)
    assert tables_of(own_store) == before
    assert views_of(own_store) == set(VIEWS)
    assert revision_of(own_store) == NEWEST
    with own_store.read() as conn:
        assert "who" in {column["name"] for column in inspect(conn).get_columns("audit")}


def test_an_empty_database_is_refused_with_the_command_that_helps(empty: Store) -> None:
    with pytest.raises(StoreError, match="is empty; run `monitor db upgrade`"):
        schema.require_current(empty)


def test_a_current_database_is_accepted(own_store: Store) -> None:
    schema.require_current(own_store)


@pytest.mark.usefixtures("a_failing_migration")
def test_an_older_database_is_refused_with_both_revisions(own_store: Store) -> None:
    with pytest.raises(StoreError, match=f"at revision {NEWEST}, not 9998_fails; run `monitor db upgrade`"):
        schema.require_current(own_store)


def test_a_database_of_a_newer_product_is_refused(own_store: Store) -> None:
    set_revision(own_store, "9999")
    with pytest.raises(StoreError, match="revision 9999, which this version does not know"):
        schema.require_current(own_store)


@pytest.mark.parametrize("move", [schema.upgrade, lambda store: schema.downgrade(store, "base")])
def test_a_database_of_a_newer_product_is_not_migrated(own_store: Store, move: object) -> None:
    set_revision(own_store, "9999")
    assert callable(move)
    with pytest.raises(StoreError, match="revision 9999, which this version does not know"):
        move(own_store)
    assert revision_of(own_store) == "9999"
    assert tables_of(own_store) == set(metadata.tables)


def test_a_revision_that_does_not_exist_cannot_be_asked_for(own_store: Store) -> None:
    with pytest.raises(StoreError, match="'7'"):
        schema.downgrade(own_store, "7")


def test_the_command_of_alembic_works_on_the_configured_database(empty_url: str) -> None:
    for arguments in (["upgrade", "head"], ["check"], ["current"]):
        done = subprocess.run(
            [sys.executable, "-W", "error::ResourceWarning", "-m", "alembic", *arguments],
            cwd=ROOT,
            env={"MONITOR_DATABASE_URL": empty_url, "PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert schema.head() in done.stdout


def test_a_transaction_that_fails_leaves_nothing(own_store: Store) -> None:
    def write_and_fail(conn: Connection) -> None:
        conn.execute(text("INSERT INTO families (name) VALUES ('one')"))
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"), own_store.begin() as conn:
        write_and_fail(conn)
    with own_store.read() as conn:
        assert conn.execute(text("SELECT name FROM families")).all() == []


def test_folders_of_feed_lists_that_were_kept_as_tags_become_categories(empty: Store) -> None:
    schema.upgrade(empty)
    schema.downgrade(empty, "0001")
    names = text("SELECT tag FROM feed_tags ORDER BY tag")
    with empty.begin() as conn:
        made_at = "'2026-01-06 00:00:00'"
        source = f"(1, 'a.example', 'A', 'outlet', 'full', 'user', {made_at})"
        columns = "id, domain, name, kind, text_policy, managed_by, created_at"
        conn.execute(text(f"INSERT INTO sources ({columns}) VALUES {source}"))
        columns = "id, source_id, url, host, title, managed_by, created_at, state, because, interval_s, n_tries"
        feed = f"(1, 1, 'https://a.example/f', 'a.example', '', 'user', {made_at}, 'active', '', 900, 0, 0, 0)"
        conn.execute(text(f"INSERT INTO feeds ({columns}, n_failures, n_moves_seen) VALUES {feed}"))
        conn.execute(text("INSERT INTO feed_tags (feed_id, tag) VALUES (1, 'News/Europe'), (1, 'daily')"))
    schema.upgrade(empty)
    with empty.read() as conn:
        assert conn.execute(names).scalars().all() == ["daily"]
        assert conn.execute(text("SELECT category FROM feed_categories")).scalars().all() == ["News/Europe"]
    schema.downgrade(empty, "0001")
    with empty.read() as conn:
        assert conn.execute(names).scalars().all() == ["News/Europe", "daily"]


_OLD_ROWS = """
INSERT INTO sources (id, domain, name, kind, text_policy, managed_by, created_at)
VALUES (1, 'a.example', 'A', 'outlet', 'full', 'user', '2026-01-06 00:00:00');
INSERT INTO articles (id, url, host, source_id, title, text, folded, first_seen_at, appeared_at, arrival_no, state,
                      language, published_precision, published_origin, n_words, origin, detail, n_fetch_tries,
                      n_page_failures, n_match_tries, n_watch_tries)
SELECT n, 'https://a.example/' || n, 'a.example', 1, '', '', '', '2026-01-06 00:00:00', '2026-01-06 00:00:00', n,
       'ready', 'en', 'unknown', 'first_seen', 0, 'own', '', 0, 0, 0, 0
FROM (SELECT 1 AS n UNION SELECT 2 UNION SELECT 3) x;
INSERT INTO fingerprints (article_id, scheme, text_hash, n_words, body, made_at)
SELECT id, 's', 'h' || id, 1, '', '2026-01-06 00:00:00' FROM articles;
INSERT INTO duplicates (article_id, original_id, kind, containment, jaccard, scheme, found_at)
VALUES (2, 1, 'near', 1, 1, 's', '2026-01-06 01:00:00');
INSERT INTO stories (id, language, anchor_article_id, title, lead, state, first_seen_at, last_seen_at, scheme)
VALUES (1, 'en', 1, '', '', 'open', '2026-01-06 00:00:00', '2026-01-06 00:00:00', 's');
INSERT INTO story_members (article_id, story_id, score, because, scheme, assigned_at)
VALUES (1, 1, 0, 'nothing like it', 's', '2026-01-06 02:00:00'), (2, 1, 1, 'copy', 's', '2026-01-06 02:00:00');
INSERT INTO features (article_id, scheme, body) SELECT id, 'f', '' FROM articles;
"""


def test_links_and_features_of_before_tell_which_texts_and_arrivals_they_are_about(empty: Store) -> None:
    schema.upgrade(empty, "0002")
    with empty.begin() as conn:
        for statement in _OLD_ROWS.split(";")[:-1]:
            conn.execute(text(statement))
    schema.upgrade(empty)
    names = "article_id, arrival_no, language, follows_id"
    with empty.read() as conn:
        links = conn.execute(text("SELECT article_text_hash, original_text_hash FROM duplicates")).all()
        arrivals = conn.execute(text(f"SELECT {names} FROM features ORDER BY arrival_no")).all()
    assert links == [("h2", "h1")]
    assert arrivals == [(1, 1, "en", None), (2, 2, "en", 1)]  # the third is in no story
    schema.downgrade(empty, "0002")
    with empty.read() as conn:
        assert conn.execute(text("SELECT article_id, scheme FROM features ORDER BY 1")).all() == [(1, "f"), (2, "f")]
    schema.upgrade(empty)
    assert schema.differences(empty) == []
