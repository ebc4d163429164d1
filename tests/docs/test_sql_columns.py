"""The analysts' contract: the columns that docs/sql.md lists are the columns of the views, in order, type and NULL."""

from __future__ import annotations

import pytest

from monitor.store.views import VIEWS
from tests.docs.conftest import Analyst
from tests.docs.documents import columns

POSTGRESQL_TYPES = {
    "bigint": "integer",
    "integer": "integer",
    "double precision": "number",
    "text": "text",
    "character varying": "text",
    "date": "day",
    "timestamp with time zone": "moment",
}
PYTHON_TYPES = {"integer": int, "number": float, "text": str, "day": str, "moment": str}

every_view = pytest.mark.parametrize("view", VIEWS)


@every_view
def test_the_documented_columns_are_those_of_the_view_in_order(analyst: Analyst, view: str) -> None:
    found = analyst.ask(f"SELECT * FROM {view}")
    assert [column.name for column in columns(view)] == list(found[0])


@every_view
def test_a_column_said_to_be_never_null_is_not(analyst: Analyst, view: str) -> None:
    found = analyst.ask(f"SELECT * FROM {view}")
    never = [column.name for column in columns(view) if column.null == "never"]
    assert never
    assert [(name, row) for row in found for name in never if row[name] is None] == []


@pytest.mark.parametrize("view", ["v_articles", "v_sightings", "v_revisions", "v_source_days"])
def test_every_null_rule_is_seen_both_ways(analyst: Analyst, view: str) -> None:
    found = analyst.ask(f"SELECT * FROM {view}")
    may_be = {column.name for column in columns(view) if column.null != "never"}
    assert {name for name in may_be if any(row[name] is None for row in found)} == may_be
    assert {name for name in may_be if any(row[name] is not None for row in found)} == may_be


@every_view
def test_the_documented_types_are_those_of_the_view(analyst: Analyst, view: str) -> None:
    documented = {column.name: column.type for column in columns(view)}
    if analyst.database == "postgresql":
        known = analyst.ask(
            f"SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{view}'"
        )
        assert {row["column_name"]: POSTGRESQL_TYPES[row["data_type"]] for row in known} == documented
        return
    for row in analyst.ask(f"SELECT * FROM {view}"):
        for name, value in row.items():
            assert value is None or isinstance(value, PYTHON_TYPES[documented[name]]), name


def test_a_moment_on_sqlite_is_utc_text_with_six_decimals(analyst: Analyst) -> None:
    found = analyst.ask("SELECT appeared_at FROM v_articles")
    if analyst.database == "postgresql":
        assert {row["appeared_at"].utcoffset().total_seconds() for row in found} == {0}
        return
    assert {len(row["appeared_at"]) for row in found} == {len("2026-01-06 10:30:00.000000")}


def test_an_article_without_a_text_is_in_no_view(analyst: Analyst) -> None:
    urls = {row["url"] for row in analyst.ask("SELECT url FROM v_articles")}
    assert len(urls) == len(analyst.sample.articles)
    assert "https://harborledger.example/waiting" not in urls
