"""Files of articles: they come in by the path of all others, once, whole, and whatever stands in them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

import monitor.extract.entries
import monitor.extract.stage
from monitor.fetch.records import MAX_LINE_BYTES
from monitor.ingest import stream
from monitor.ingest.stream import IngestReport, ingest
from monitor.jobs import JOBS
from monitor.run_local import work_off
from monitor.store import articles, entries, erasing, feeds, source_days, watchlists
from monitor.store import tables as t
from monitor.store.erasing import Order
from monitor.store.health import find_overdue
from monitor.types import ArticleId
from monitor.workers import WorkerPool
from tests.loopback import answer
from tests.stages.polled import Poller, polling, rss
from tests.stages.site import body_of, page_of
from tests.store.rows import NOW, add_article, count

ARRIVED_ON = datetime(2019, 5, 4, 8, 30, tzinfo=UTC)
TEXT = "\n".join(
    f"Negotiators in Geneva said on Monday that paragraph {word} of the glacier treaty obliges the canton of {word} to "
    f"pay {number} million francs a year into the Rhone fund, as minister Anna Brunner had asked for in March."
    for number, word in enumerate(("Valais", "Savoy", "Ticino", "Aosta", "Tyrol"), start=11)
)


def line(name: str = "a", **fields: Any) -> dict[str, Any]:
    """A record with a text of its own."""
    given = {
        "id": name,
        "url": f"https://paper.example/news/{name}",
        "title": f"News of {name}",
        "text": TEXT.replace("Geneva", f"the town of {name}"),
        "published_at": "2019-05-04T08:30:00Z",
        "source": "paper.example",
    }
    return {**given, **fields}


def file_of(*lines: dict[str, Any] | bytes) -> io.BytesIO:
    return io.BytesIO(b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines))


@pytest.fixture(scope="module")
def workers() -> Iterator[WorkerPool]:
    """Started once: starting them takes longer than all that they are to read."""
    with WorkerPool(n_processes=1, memory_max_bytes=2_000_000_000) as pool:
        yield pool


@pytest.fixture
def poller(database_url: str, workers: WorkerPool) -> Iterator[Poller]:
    with polling(database_url, hosts=("news.example", "paper.example")) as made:
        made.app = replace(made.app, workers=workers)
        yield made


def take(poller: Poller, *lines: dict[str, Any] | bytes, name: str = "archive", source: str = "") -> IngestReport:
    return ingest(poller.app, file_of(*lines), name=name, default_source=source)


def counts(report: IngestReport) -> tuple[int, int, int, int]:
    return report.n_new, report.n_changed, report.n_known, report.n_failed


def rows(poller: Poller, table: Any = t.articles) -> list[dict[str, Any]]:
    with poller.app.store.read() as conn:
        return [dict(row) for row in conn.execute(select(table).order_by(*table.primary_key.columns)).mappings()]


def state(poller: Poller) -> dict[str, list[dict[str, Any]]]:
    """All that a run may have written."""
    return {
        table.name: rows(poller, table)
        for table in (t.articles, t.entries, t.feeds, t.revisions, t.sightings, t.article_urls, t.article_authors)
    }


# --- what becomes of a record --------------------------------------------------------------------------------------


def test_a_given_text_is_an_article_at_once_and_no_page_is_fetched(poller: Poller) -> None:
    report = take(poller, line(authors=["Ann Lee"], tags=["treaties"], section="World", language="en"))
    assert counts(report) == (1, 0, 0, 0)
    (article,) = rows(poller)
    assert (article["url"], article["title"], article["state"]) == (line()["url"], "News of a", "ready")
    assert article["text"].startswith("Negotiators in the town of a said on Monday")
    assert (article["method"], article["access"], article["language"]) == ("given", "none", "en")
    assert (article["arrival_no"], article["section"], article["fetch_due_at"]) == (1, "World", None)
    assert monitor.extract.stage.run(poller.app).n_done == 0
    assert poller.asked == []
    with poller.app.store.read() as conn:
        details = articles.load_details(conn, article["id"])
        assert details["authors"] == ["Ann Lee"]
        assert [(one["kind"], one["revision_no"]) for one in details["revisions"]] == [("first", 1)]
        assert count(conn, "article_tags") == 1


def test_the_date_of_a_record_is_believed_however_old_it_is(poller: Poller) -> None:
    take(poller, line("a"), line("b", published_at="2019-05-04"), line("c", published_at=None),
         line("d", published_at="2090-01-01T00:00:00Z"))  # fmt: skip
    a, b, c, d = rows(poller)
    assert (a["published_at"], a["appeared_at"], a["first_seen_at"]) == (ARRIVED_ON, ARRIVED_ON, NOW)
    assert (a["published_origin"], a["published_precision"]) == ("given", "minute")
    assert b["published_precision"] == "day"
    assert (c["published_at"], c["appeared_at"], c["published_origin"]) == (None, NOW, "first_seen")
    assert d["appeared_at"] == d["published_at"] == NOW


def test_when_a_crawler_saw_an_article_is_when_it_was_first_seen(poller: Poller) -> None:
    seen_at = ARRIVED_ON + timedelta(hours=2)
    take(poller, line("a", seen_at=seen_at.isoformat()), line("b", seen_at="2090-01-01T00:00:00Z"))
    a, b = rows(poller)
    assert (a["first_seen_at"], a["appeared_at"]) == (seen_at, ARRIVED_ON)
    assert b["first_seen_at"] == NOW
    (entry, _) = rows(poller, t.entries)
    assert entry["first_seen_at"] == seen_at


def test_given_articles_are_compared_clustered_and_watched_as_all_others(poller: Poller) -> None:
    with poller.app.store.begin() as conn:
        watchlists.save_declared(conn, {"Glaciers": 'glacier AND "Rhone fund"'}, NOW)
    take(poller, line("a", text=TEXT), line("b", text=TEXT, source="other.example", url="https://other.example/b"))
    assert work_off(poller.app) == 0
    with poller.app.store.read() as conn:
        assert count(conn, "copies") == 1
        assert count(conn, "stories") == 1
        assert count(conn, "hits") == 2


def test_where_only_a_url_is_given_its_page_is_fetched(poller: Poller) -> None:
    poller.answers["paper.example/news/a"] = answer(body=page_of("News of a", body_of("Bridgetown")).encode())
    take(poller, line("a", url="http://paper.example/news/a", text=None))
    monitor.extract.stage.run(poller.app)
    (article,) = rows(poller)
    assert "council of Bridgetown" in article["text"]
    assert article["method"] != "given"


def test_a_text_without_words_leaves_its_page_to_be_fetched(poller: Poller) -> None:
    report = take(poller, line("a", text="<img src='x.png'>"), line("b", text="<p> </p>", url=None))
    assert counts(report) == (1, 0, 0, 1)
    assert [(one.line, one.because) for one in report.failed] == [
        (2, "its text holds no words, and it has no url; give it one of them")
    ]
    (article,) = rows(poller)
    assert (article["state"], article["fetch_due_at"]) == ("waiting", NOW)


def test_texts_are_cleaned_as_pages_are(poller: Poller) -> None:
    markup = "".join(f"<p>{one}</p>" for one in TEXT.splitlines()) + "<script>alert(1)</script><p>Read more</p>"
    take(poller, line("a", text=markup), line("b", text=page_of("News of b", body_of("Bridgetown"))))
    a, b = rows(poller)
    assert a["text"] == TEXT
    assert b["text"].startswith("The council of Bridgetown decided")
    assert "<" not in b["text"]
    assert {a["method"], b["method"]} == {"given"}


# --- identity ------------------------------------------------------------------------------------------------------


def test_an_article_that_a_feed_brought_is_the_same_article(poller: Poller) -> None:
    poller.add()
    poller.poll(answers={"news.example/feed": answer(body=rss("a"), content_type="application/rss+xml")})
    poller.answers["news.example/a"] = answer(body=page_of("Title a", body_of("Bridgetown")).encode())
    monitor.extract.stage.run(poller.app)
    take(poller, line("7", url="http://news.example/a?utm_source=archive", source=None))
    (article,) = rows(poller)
    assert "council of Bridgetown" in article["text"]
    assert len(rows(poller, t.sightings)) == 2
    assert len(rows(poller, t.revisions)) == 1


def test_an_article_that_waits_for_its_page_has_its_text_from_the_file(poller: Poller) -> None:
    poller.add()
    poller.poll(answers={"news.example/feed": answer(body=rss("a"), content_type="application/rss+xml")})
    with poller.app.store.begin() as conn:
        for one in entries.load_unresolved(conn, now=NOW, limit=9):
            monitor.extract.entries.resolve_entry(conn, one, NOW)
    take(poller, line("7", url="http://news.example/a", source=None))
    (article,) = rows(poller)
    assert (article["method"], article["fetch_due_at"]) == ("given", None)


def test_equal_ids_of_two_sources_and_of_two_collections_are_articles_of_their_own(poller: Poller) -> None:
    take(poller, line("1", url=None), line("1", url=None, source="other.example", text=f"{TEXT}\nOther."))
    take(poller, line("1", url=None, text=f"{TEXT}\nAnother."), name="second")
    assert [row["text"].splitlines()[-1] for row in rows(poller)][1:] == ["Other.", "Another."]


def test_of_two_texts_of_one_article_the_longer_one_is_kept(poller: Poller) -> None:
    url = line()["url"]
    take(poller, line("1", url=url), line("2", url=url, text="Short."))
    take(poller, line("3", url=url, text=f"{line('1')['text']}\nAnd something more."), name="second")
    (article,) = rows(poller)
    assert article["text"].endswith("And something more.")
    assert len(rows(poller, t.entries)) == 3


@pytest.mark.parametrize(
    ("fields", "domain"),
    [
        ({"source": "The Harbour Post"}, "harbour.example"),
        ({"source": "news.bbc.co.uk"}, "bbc.co.uk"),
        ({"source": "some unknown name"}, "paper.example"),
        ({"source": None}, "paper.example"),
        ({"source": None, "url": None}, "default.example"),
        ({"source": "Harbour.example", "url": None}, "harbour.example"),
    ],
)
def test_whose_article_it_is(poller: Poller, fields: dict[str, Any], domain: str) -> None:
    with poller.app.store.begin() as conn:
        conn.execute(
            t.sources.insert().values(domain="harbour.example", name="The Harbour Post", created_at=NOW)
        )  # fmt: skip
    take(poller, line(**fields), source="default.example")
    with poller.app.store.read() as conn:
        of = select(t.sources.c.domain).join(t.articles, t.articles.c.source_id == t.sources.c.id)
        assert conn.execute(of).scalar_one() == domain


def test_a_record_of_nobody_is_told(poller: Poller) -> None:
    report = take(poller, line(source=None, url=None), line(source="Nobody", url=None))
    advice = "and there is no url; write a domain as source, or give one with --source"
    assert [fault.because for fault in report.failed] == [
        f"names no source, {advice}",
        f"source 'Nobody' is no name that is known, {advice}",
    ]


# --- again, and after a crash --------------------------------------------------------------------------------------


def test_the_same_file_twice_changes_nothing(poller: Poller) -> None:
    lines = [line("a"), line("b", url=None), line("c", text=None), line("d", seen_at="2020-01-01T00:00:00Z")]
    assert counts(take(poller, *lines)) == (4, 0, 0, 0)
    before = state(poller)
    poller.moment[0] += timedelta(days=1)
    assert counts(take(poller, *lines)) == (0, 0, 4, 0)
    assert state(poller) == before


def test_a_changed_text_under_a_known_id_is_a_revision(poller: Poller) -> None:
    take(poller, line("a"))
    poller.moment[0] += timedelta(hours=1)
    changed = line("a", text=line("a")["text"].replace("Monday", "Tuesday"))
    assert counts(take(poller, changed)) == (0, 1, 0, 0)
    first, second = rows(poller, t.revisions)
    assert (first["kind"], second["kind"], second["revision_no"]) == ("first", "changed", 2)
    assert (second["n_words_added"], second["n_words_removed"], second["title_changed"]) == (5, 5, False)
    assert 0.9 < second["similarity"] < 1
    (article,) = rows(poller)
    assert "on Tuesday" in article["text"]
    assert (article["arrival_no"], article["match_due_at"], article["fetch_due_at"]) == (1, poller.now, None)


def test_several_states_of_a_record_in_one_file_are_its_revisions_once(poller: Poller) -> None:
    lines = [line("a"), line("b"), line("a", text=f"{TEXT}\nAdded."), line("a", text=f"{TEXT}\nAdded.\nTwice.")]
    assert counts(take(poller, *lines)) == (2, 2, 0, 0)
    before = state(poller)
    told = [(one["revision_no"], one["text"].splitlines()[-1]) for one in before["revisions"] if one["article_id"] == 1]
    assert told[1:] == [(2, "Added."), (3, "Twice.")]
    again = take(poller, *lines)
    assert (again.n_new, again.n_changed, again.n_failed) == (0, 0, 0)
    assert state(poller)["revisions"] == before["revisions"]
    assert state(poller)["articles"] == before["articles"]


class _Breaking(io.BytesIO):
    """A stream whose disk fails at some line."""

    def __init__(self, content: bytes, n_lines: int) -> None:
        super().__init__(content)
        self.n_left = n_lines

    def readline(self, size: int | None = -1, /) -> bytes:
        self.n_left -= 1
        if self.n_left < 0:
            raise OSError("the disk is gone")
        return super().readline(size)


def test_an_interrupted_run_started_again_ends_with_the_same_rows(
    poller: Poller,
) -> None:
    lines = [line(f"n{number}") for number in range(2 * stream.N_LINES + 50)]
    content = file_of(*lines).getvalue()
    with pytest.raises(stream.MonitorError, match="line 431 cannot be read: the disk is gone"):
        ingest(poller.app, _Breaking(content, 430), name="archive")
    n_before = len(rows(poller))
    assert 0 < n_before < len(lines)
    report = ingest(poller.app, io.BytesIO(content), name="archive")
    assert counts(report) == (len(lines) - n_before, 0, n_before, 0)
    assert [row["url"] for row in rows(poller)] == [one["url"] for one in lines]
    assert [row["arrival_no"] for row in rows(poller)] == list(range(1, len(lines) + 1))


def test_neither_an_erased_author_nor_an_erased_text_comes_back_in_a_file(poller: Poller) -> None:
    take(poller, line("a"), line("b", authors=["Quillon Farthingale"]))
    with poller.app.store.begin() as conn:
        for which in ({"article_ids": (ArticleId(1),)}, {"author": "Quillon Farthingale"}):
            erasing.erase(conn, Order(**which, who="op", because="court"), NOW)
    again = line("a", id="x", url="https://other.example/x", source="other.example")
    theirs = line("y", authors=["QUILLON FARTHINGALE"])
    for _ in range(2):
        take(poller, again, theirs, line("c"), name="another")
        assert [row["title"] for row in rows(poller)] == ["News of c"]


# --- what is wrong with a file -------------------------------------------------------------------------------------


def test_bad_lines_are_told_by_their_number_and_the_rest_goes_on(poller: Poller) -> None:
    report = take(poller, line("a"), b"", b"{nonsense", line("b", published_at="soon"), b"   ", line("c"))
    assert (report.n_lines, *counts(report)) == (4, 2, 0, 0, 2)
    assert [one.line for one in report.failed] == [3, 4]
    assert report.failed[1].because.startswith("published_at is no date")


def test_a_line_without_end_is_passed_over_in_bounded_memory(poller: Poller) -> None:
    endless = b'{"id": "x", "text": "' + b"x" * (2 * MAX_LINE_BYTES + 10) + b'"}'
    report = take(poller, line("a"), endless, line("b"))
    assert counts(report) == (2, 0, 0, 1)
    assert report.failed[0].because == f"has more than {MAX_LINE_BYTES} bytes; shorten its text"


def test_a_line_that_the_database_refuses_does_not_keep_the_others_out(poller: Poller) -> None:
    with poller.app.store.begin() as conn:
        broken = add_article(conn, "https://paper.example/news/bad")
        conn.execute(
            t.revisions.insert().values(
                article_id=broken, revision_no=1, title="", text="", revision_hash="", n_words=0, seen_at=NOW
            )
        )
    report = take(poller, line("a"), line("bad"), line("c"))
    assert counts(report) == (2, 0, 0, 1)
    assert report.failed == [stream.Fault(2, "could not be stored (IntegrityError); the log says where")]
    assert {row["title"] for row in rows(poller, t.entries)} == {"News of a", "News of c"}


# --- feeds that are never polled -----------------------------------------------------------------------------------


def test_the_feed_of_a_collection_is_no_feed_to_poll(poller: Poller) -> None:
    take(poller, line("a"))
    later = NOW + timedelta(days=40)
    with poller.app.store.read() as conn:
        assert feeds.list_feeds(conn) == []
        (row,) = feeds.list_all_feeds(conn)
        assert (row.url, row.state, row.next_poll_at) == ("ingest:archive/paper.example", "given", None)
        assert feeds.list_troubled(conn) == []
        assert feeds.n_hosts(conn) == 0
        assert source_days.list_to_judge(conn, later.date(), later.date()) == []
        overdue = find_overdue(conn, later)
        assert "feeds to poll" not in overdue
        assert "pages to fetch" not in overdue
    poller.moment[0] = later
    for job in JOBS:
        job.run(poller.app)
    assert poller.asked == []
    assert poller.row(row.id)["state"] == "given"
