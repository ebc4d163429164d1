from __future__ import annotations

import gc
import sqlite3
import warnings
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from monitor.errors import StoreError
from monitor.store import counters, engine, leases
from monitor.store import tables as t
from monitor.store.engine import Store, missing_file, open_store, sole_process
from monitor.urls import masked
from tests.store.processes import open_new_files
from tests.store.rows import NOW, add_article, add_feed, claim_feed, claim_page, make_article


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "is no database URL"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:////no/such/folder/x.db", "folder of the database file"),
        ("mysql://u:secret@h/d", "use sqlite:///FILE or postgresql://"),
        ("postgresql+asyncpg://u:secret@h/d", "use sqlite:///FILE or postgresql://"),
        ("postgresql+psycopg2://u:secret@h/d", "use sqlite:///FILE or postgresql://"),
        ("postgresql://u:secret@h:port/d", "is no database URL"),
        ("postgresql://u:secret@127.0.0.1:1/d", "no PostgreSQL at"),
        ("postgres://u:secret@127.0.0.1:1/d", "no PostgreSQL at"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_in_one_sentence(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("These are notes. " * 500)
    with pytest.raises(StoreError, match=r"notes\.txt cannot be opened"):
        open_store(f"sqlite:///{file}")
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path}")
    assert file.read_text().startswith("These are notes.")


def test_a_missing_file_is_told_without_making_it(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    assert missing_file(f"sqlite:///{file}") == file
    open_store(f"sqlite:///{file}").close()
    assert missing_file(f"sqlite:///{file}") is None
    assert missing_file("postgresql://h/d") is None
    assert missing_file("nonsense") is None
    assert missing_file("sqlite://") is None


def test_an_error_does_not_show_what_was_to_be_stored(store: Store) -> None:
    url = "https://one.example/feed?token=geheim"
    with store.begin() as conn:
        feed_id = add_feed(conn, url)
        row = conn.execute(select(t.feeds).where(t.feeds.c.id == feed_id)).mappings().one()
    again = insert(t.feeds).values({**row, "id": feed_id + 1, "title": "geheim"})
    with pytest.raises(IntegrityError) as caught, store.begin() as conn:
        conn.execute(again)
    assert "title" in str(caught.value)  # the statement is shown
    assert "geheim" not in masked(str(caught.value))


def test_only_trouble_of_the_database_itself_is_told_apart_from_that_of_a_row(store: Store, sqlite_url: str) -> None:
    with pytest.raises(DBAPIError) as of_a_row, store.begin() as conn:
        conn.execute(text("SELECT no_such_column FROM feeds"))
    assert not engine.is_trouble(of_a_row.value)
    assert not engine.is_trouble(ValueError())
    own = open_store(sqlite_url)
    with own.begin(), closing(sqlite3.connect(str(own.engine.url.database), timeout=0)) as second:
        with pytest.raises(sqlite3.OperationalError) as locked:
            second.execute("BEGIN IMMEDIATE")
        assert engine.is_trouble(OperationalError("BEGIN IMMEDIATE", None, locked.value))
    own.close()


def test_processes_may_open_a_new_file_at_once(tmp_path: Path, eight_processes: ProcessPoolExecutor) -> None:
    futures = [eight_processes.submit(open_new_files, str(tmp_path), 25) for _ in range(8)]
    assert [future.result(120) for future in futures] == [[]] * 8


def test_sqlite_survives_a_power_cut_and_holds_rows_to_what_they_refer_to(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    with store.read() as conn:
        found = [
            conn.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    store.close()
    assert found == ["wal", 2, 1]


def test_closing_a_store_leaves_nothing_open(database_url: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        store = open_store(database_url)
        with store.begin() as conn:
            conn.execute(insert(t.families).values(name="f"))
        with store.read() as conn:
            conn.execute(select(t.families)).all()
        store.close()
        del store, conn
        gc.collect()


def test_a_reader_is_not_held_up_by_a_writer_and_sees_what_was_committed(store: Store) -> None:
    with store.begin() as writer:
        writer.execute(insert(t.families).values(name="f"))
        with store.read() as reader:
            assert reader.execute(select(t.families)).all() == []
    with store.read() as reader:
        assert len(reader.execute(select(t.families)).all()) == 1


def test_a_reader_sees_one_state_whatever_is_committed_meanwhile(store: Store) -> None:
    with store.read() as reader:
        assert reader.execute(select(t.families)).all() == []
        with store.begin() as writer:
            writer.execute(insert(t.families).values(name="f"))
        assert reader.execute(select(t.families)).all() == []


def test_a_transaction_that_reads_cannot_write(store: Store) -> None:
    with pytest.raises(Exception, match=r"read-?only"), store.read() as conn:
        conn.execute(insert(t.families).values(name="f"))
    with store.begin() as conn:  # and its connection can write again afterwards
        conn.execute(insert(t.families).values(name="f"))


def test_the_lease_clock_is_the_given_one_on_sqlite_and_the_servers_on_postgresql(store: Store) -> None:
    with store.read() as conn:
        first, second = engine.lease_clock(conn, NOW), engine.lease_clock(conn, NOW)
    if engine.is_sqlite(conn):
        assert first == second == NOW
    else:
        assert NOW != first < second
        assert first.tzinfo is not None


def test_numbers_are_consecutive_and_each_name_counts_by_itself(store: Store) -> None:
    with store.begin() as conn:
        assert [counters.take_numbers(conn, "a"), counters.take_numbers(conn, "a", 5)] == [1, 2]
        assert [counters.take_numbers(conn, "a"), counters.take_numbers(conn, "b")] == [7, 1]


def test_a_second_process_on_one_sqlite_file_is_refused_while_the_first_works(sqlite_url: str) -> None:
    first, second = open_store(sqlite_url), open_store(sqlite_url)
    with sole_process(first) as is_alone:
        assert is_alone
        with pytest.raises(StoreError, match="another monitor process already works"), sole_process(second):
            pass
    with sole_process(second) as is_alone:
        assert is_alone
    first.close()
    second.close()


def test_many_processes_may_work_on_postgresql(postgresql_url: str) -> None:
    store = open_store(postgresql_url)
    with sole_process(store) as first, sole_process(store) as second:
        assert (first, second) == (False, False)
    store.close()


def test_a_process_that_is_alone_frees_all_that_a_killed_one_had_taken(store: Store) -> None:
    with store.begin() as conn:
        claim_feed(conn, add_feed(conn))
        claim_page(conn, add_article(conn, "https://one.example/2"))
        make_article(conn)
        conn.execute(insert(t.language_statistics).values(language="en", leased_until=NOW))
        assert leases.release_leases(conn) == 3
        assert leases.release_leases(conn) == 0
        claim_feed(conn, add_feed(conn))
