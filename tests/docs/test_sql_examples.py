"""Every query of README.md and docs/sql.md runs on both databases and answers what the text around it says."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest

from monitor.store.views import VIEWS
from tests.databases import Server
from tests.docs.conftest import Analyst, Rows
from tests.docs.documents import Query, queries

EVERY = queries()
RUN = [query for query in EVERY if query.is_query]


def answer(analyst: Analyst, title: str) -> Rows:
    (query,) = [query for query in RUN if query.title == title]
    return analyst.ask(query.sql)


def test_both_documents_have_queries_and_no_title_stands_twice() -> None:
    assert {query.document for query in EVERY} == {"README.md", "sql.md"}
    titles = [query.title for query in EVERY]
    assert len(titles) == len(set(titles))
    assert all(query.sql.startswith("-- ") for query in EVERY)


@pytest.mark.parametrize("query", RUN, ids=lambda query: f"{query.document}: {query.title}")
def test_a_documented_query_runs_and_finds_something(analyst: Analyst, query: Query) -> None:
    if query.only not in {None, analyst.database}:
        with pytest.raises((sqlite3.OperationalError, psycopg.ProgrammingError)):
            analyst.ask(query.sql)  # else it need not be marked
        return
    found = analyst.ask(query.sql)
    assert found
    assert not [name for name in found[0] if not name.isidentifier()]


def test_independent_voices_counted_by_hand_are_those_of_the_view(analyst: Analyst) -> None:
    found = answer(analyst, "n_independent, counted by hand")
    assert {row["id"]: row["n_voices"] for row in found} == {row["id"]: row["n_independent"] for row in found}
    assert len(found) == 4


def test_the_spread_counts_each_article_of_the_story_once(analyst: Analyst) -> None:
    found = answer(analyst, "The spread of a story over time")
    assert [row["hour_at"] for row in found] == sorted({row["hour_at"] for row in found})
    assert sum(row["n_articles"] for row in found) == found[-1]["n_so_far"] == 6
    assert sum(row["n_copies"] for row in found) == 2


def test_what_is_told_now_is_named(analyst: Analyst) -> None:
    (row,) = answer(analyst, "What is told now: the names and terms of the stories that move fastest")
    assert (row["key_names"], row["key_terms"]) == ("Paris, Élysée", "envoys, states")
    assert (row["first_publisher"], row["articles_per_hour"]) == ("Northwire", 1.0)


def test_the_report_that_stands_for_a_story_is_shown(analyst: Analyst) -> None:
    (row,) = answer(analyst, "The report that stands for each story, and whether its source was first")
    assert (row["title"], row["source"], row["was_first"]) == ("East Post in Paris", "East Post", 0)


def test_who_was_first_names_what_surely_came_later(analyst: Analyst) -> None:
    found = answer(analyst, "Who was first, and how certain that is")
    assert [(row["source"], row["n_surely_later"]) for row in found] == [
        ("Northwire", 2),
        ("The Harbor Ledger", 1),
        ("East Post", 1),
        ("localpaper.example", 0),
    ]


def test_the_source_that_was_first_is_counted_for_stories_with_two_voices(analyst: Analyst) -> None:
    assert answer(analyst, "How often each source had a story first") == [{"source": "Northwire", "n_first": 1}]


def test_the_most_copied_text_is_the_agencys(analyst: Analyst) -> None:
    (row,) = answer(analyst, "The most copied agency texts")
    assert (row["agency"], row["source"], row["n_copies"], row["n_publishers"]) == ("NWA", "Northwire", 2, 2)


def test_publishers_are_ranked_by_what_is_their_own(analyst: Analyst) -> None:
    found = {row["source"]: row for row in answer(analyst, "Publishers by own reports, copies and rewrites")}
    ledger = found["The Harbor Ledger"]
    assert [ledger[name] for name in ("n_articles", "n_own", "n_copies", "n_rewrites", "n_agency")] == [3, 1, 1, 1, 1]
    assert found["Northwire"]["n_own"] == 0


def test_a_story_of_one_family_is_found_with_its_copies(analyst: Analyst) -> None:
    found = answer(analyst, "Stories that only one family reports")
    assert (found[0]["title"], found[0]["family"], found[0]["n_articles"]) == ("Mayor resigns", "Post Group", 2)
    assert len(found) == 3


def test_the_silent_source_is_found(analyst: Analyst) -> None:
    database = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[analyst.database]
    found = answer(analyst, f"{database} only: sources that were silent for two days")
    assert [row["source"] for row in found] == ["quiet.example"]
    assert answer(analyst, "Sources by their last article")[0]["source"] == "quiet.example"


def test_silence_is_told_from_blindness(analyst: Analyst) -> None:
    found = answer(analyst, "Silent and blind days of each source, and about how many entries they usually bring")
    assert [(row["source"], row["verdict"], row["n_days"], row["n_expected"]) for row in found] == [
        ("The Harbor Ledger", "silent", 3, 120.0),
        ("East Post", "no_overlap", 1, 40.0),
        ("Rhein-Kurier", "partial", 1, 40.0),
        ("localpaper.example", "failed", 1, 40.0),
        ("quiet.example", "not_polled", 1, 40.0),
    ]


def test_a_curve_is_shown_with_the_sources_it_was_seen_through(analyst: Analyst) -> None:
    found = answer(analyst, "Articles a day, and how many sources were watched or not")
    assert [(row["n_watched"], row["n_blind"]) for row in found] == [(1, 0), (1, 0), (1, 0), (3, 4)]
    assert found[0]["n_articles"] == 1


def test_a_back_dated_article_is_found(analyst: Analyst) -> None:
    (row,) = answer(analyst, "Publishers' dates outside the interval in which the article appeared")
    assert (row["source"], row["fault"]) == ("localpaper.example", "back-dated")


def test_the_role_for_analysts_reads_the_views_and_nothing_else(postgresql: Server) -> None:
    role = f"analyst_{postgresql.prefix}"
    statements = [query.sql.replace("analyst", role) for query in EVERY if not query.is_query]
    assert [sql.count(role) > 0 for sql in statements] == [True, True]
    name = postgresql.migrated()
    try:
        with psycopg.connect(postgresql.url(name)) as connection:
            for sql in statements:
                connection.execute(sql.encode())
            connection.execute(f"SET LOCAL ROLE {role}".encode())
            for view in VIEWS:
                connection.execute(f"SELECT * FROM {view}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT * FROM recipients")
            connection.rollback()  # a role belongs to the whole server: it must not outlive the test
    finally:
        postgresql.drop(name)
