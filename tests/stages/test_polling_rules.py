"""Every rule of HTTP that polling keeps, each by a scripted server and a fixed clock, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest
from structlog.testing import capture_logs

from monitor.config import Fetch, Http
from monitor.store import feeds
from monitor.store import tables as t
from tests.loopback import answer
from tests.stages.polled import URL, Poller, conditional, document, polling, rss
from tests.store.rows import DAY, HOUR, NOW

HOSTS = ("news.example", "other.example", "new.example", "www.news.example")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def poller(database_url: str) -> Iterator[Poller]:
    with polling(database_url, HOSTS) as opened:
        yield opened


# --- unchanged documents ---------------------------------------------------------------------------------------------


def test_both_validators_are_sent_back_and_a_304_keeps_everything(poller: Poller) -> None:
    feed_id = poller.add()
    validators = {"etag": '"v1"', "last_modified": "Sun, 01 Mar 2026 10:00:00 GMT"}
    poller.poll(answers={"news.example/feed": document("a", "b", **validators)})
    row = poller.poll_when_due(feed_id, {"news.example/feed": answer("304 Not Modified")})
    head = poller.asked[-1][1]
    assert (head["if-none-match"], head["if-modified-since"]) == tuple(validators.values())
    assert (row["n_unchanged"], row["etag"], row["last_status"], row["state"]) == (1, '"v1"', 304, "active")
    assert poller.log(feed_id) == ["not_modified", "ok"]


def test_what_a_feed_holds_counts_as_seen_by_304_and_by_equal_bodies(poller: Poller) -> None:
    feed_id = poller.add()
    poller.poll(answers={"news.example/feed": document("a", "b", etag='"v1"')})
    row = poller.poll_when_due(feed_id, {"news.example/feed": answer("304 Not Modified")})
    assert poller.last_seen(feed_id) == {"a": poller.now, "b": poller.now}
    row = poller.poll_when_due(feed_id, {"news.example/feed": document("a", "b")})
    assert poller.last_seen(feed_id) == {"a": poller.now, "b": poller.now}
    assert (row["n_unchanged"], row["last_full_poll_at"]) == (2, poller.now)
    before = poller.now
    poller.poll_when_due(feed_id, {"news.example/feed": document("b", "c")})
    assert poller.last_seen(feed_id) == {"a": before, "b": poller.now, "c": poller.now}


def test_a_server_that_answers_304_for_ever_is_asked_without_validators_after_twelve_hours(poller: Poller) -> None:
    feed_id = poller.add()
    poller.poll(answers={"news.example/feed": conditional(rss("a"), '"constant"')})
    poller.answers["news.example/feed"] = conditional(rss("b", "a"), '"constant"')
    first_read_at = poller.now
    while "b" not in poller.guids(feed_id):
        poller.poll_when_due(feed_id)
        assert poller.now - first_read_at < 15 * HOUR
    assert poller.now - first_read_at >= 12 * HOUR
    assert "if-none-match" not in poller.asked[-1][1]


def test_a_304_may_bring_new_validators(poller: Poller) -> None:
    feed_id = poller.add()
    poller.poll(answers={"news.example/feed": document("a", etag='"v1"')})
    row = poller.poll_when_due(feed_id, {"news.example/feed": answer("304 Not Modified", etag='"v2"')})
    assert row["etag"] == '"v2"'


# --- moves -----------------------------------------------------------------------------------------------------------


def moved(to: str, status: str = "301 Moved Permanently") -> bytes:
    return answer(status, location=to)


def test_a_permanent_move_is_applied_after_days_of_seeing_it(poller: Poller) -> None:
    feed_id = poller.add()
    answers = {"news.example/feed": moved("http://new.example/rss"), "new.example/rss": document("a")}
    poller.poll(answers=answers)
    row = poller.row(feed_id)
    assert (row["current_url"], row["moved_to"], row["n_moves_seen"]) == (None, "http://new.example/rss", 1)
    while row["current_url"] is None:
        assert poller.now - NOW < 5 * DAY
        row = poller.poll_when_due(feed_id)
    assert poller.now - NOW >= 3 * DAY
    assert (row["url"], row["current_url"], row["host"]) == (URL, "http://new.example/rss", "new.example")
    assert "new.example/rss" in row["because"]
    poller.urls()
    poller.poll_when_due(feed_id)
    assert poller.urls() == ["new.example/rss"]


@pytest.mark.parametrize("status", ["302 Found", "303 See Other", "307 Temporary Redirect"])
def test_a_temporary_redirect_is_followed_and_never_applied(poller: Poller, status: str) -> None:
    feed_id = poller.add()
    answers = {"news.example/feed": moved("http://new.example/rss", status), "new.example/rss": document("a")}
    poller.poll(answers=answers)
    while poller.now - NOW < 5 * DAY:
        row = poller.poll_when_due(feed_id)
    assert (row["current_url"], row["n_moves_seen"], poller.guids(feed_id)) == (None, 0, ["a"])


def test_a_move_is_applied_at_once_when_the_old_address_is_gone(poller: Poller) -> None:
    feed_id = poller.add()
    poller.poll(answers={"news.example/feed": moved("http://new.example/rss"), "new.example/rss": document("a")})
    row = poller.poll_when_due(feed_id, {"news.example/feed": answer("404 Not Found")})
    assert (row["current_url"], row["state"]) == ("http://new.example/rss", "active")
    assert row["next_poll_at"] - poller.now <= 15 * MINUTE
    poller.poll_when_due(feed_id, {"new.example/rss": document("a", "b")})
    assert poller.guids(feed_id) == ["a", "b"]


def test_a_failure_of_the_new_address_is_not_taken_for_one_of_the_old(poller: Poller) -> None:
    feed_id = poller.add()
    poller.poll(answers={"news.example/feed": moved("http://new.example/rss"), "new.example/rss": document("a")})
    row = poller.poll_when_due(feed_id, {"new.example/rss": answer("404 Not Found")})
    assert (row["current_url"], row["reason"], row["n_moves_seen"]) == (None, "not_found", 1)


def test_a_move_to_an_address_that_is_not_public_is_never_applied(poller: Poller) -> None:
    feed_id = poller.add()
    poller.poll(answers={"news.example/feed": moved("http://169.254.169.254/feed")})
    for _ in range(9):
        row = poller.poll_when_due(feed_id)
    assert (row["current_url"], row["reason"], row["moved_to"]) == (None, "blocked_address", None)


def test_a_feed_that_moves_to_where_another_is_polled_is_merged_into_it(poller: Poller) -> None:
    there = poller.add("http://new.example/rss")
    feed_id = poller.add()
    poller.poll(answers={"news.example/feed": moved("http://new.example/rss"), "new.example/rss": document("a")})
    row = poller.poll_when_due(feed_id, {"news.example/feed": answer("410 Gone")})
    assert (row["state"], row["reason"], row["merged_into_id"]) == ("ended", "merged", there)
    assert row["next_poll_at"] is None
    assert poller.row(there)["state"] == "active"


# --- failures --------------------------------------------------------------------------------------------------------


def test_410_ends_polling_with_its_reason(poller: Poller) -> None:
    feed_id = poller.add()
    poller.poll(answers={"news.example/feed": answer("410 Gone")})
    row = poller.row(feed_id)
    assert (row["state"], row["reason"], row["next_poll_at"]) == ("ended", "gone", None)
    poller.urls()
    poller.poll(after=60 * DAY)
    assert poller.urls() == []


def test_a_feed_that_stays_away_goes_dormant_is_probed_monthly_and_revives_at_the_first_success(poller: Poller) -> None:
    feed_id = poller.add()
    row = poller.row(feed_id)
    while row["state"] != "dormant":
        before = poller.now
        row = poller.poll_when_due(feed_id, {"news.example/feed": answer("404 Not Found")})
        assert poller.now - before <= 2 * DAY
    for _ in range(40):
        before = poller.now
        row = poller.poll_when_due(feed_id)
        assert poller.now - before <= 30 * DAY
    assert poller.now - before > 20 * DAY
    row = poller.poll_when_due(feed_id, {"news.example/feed": document("back")})
    assert (row["state"], row["n_failures"], row["reason"]) == ("active", 0, None)
    assert row["next_poll_at"] - poller.now <= 2 * HOUR
    assert poller.guids(feed_id) == ["back"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (answer("404 Not Found"), "not_found"),
        (answer("500 Internal Server Error"), "server_error"),
        (answer("403 Forbidden", cf_mitigated="challenge"), "challenge"),
        (answer(body=b"<!doctype html><title>Welcome</title><p>hello"), "not_a_feed"),
        (answer(body=b""), "empty"),
        (answer(body=b"x" * 60_000), "too_large"),
        (answer(body=b"<!DOCTYPE rss [<!ENTITY a 'b'>]><rss version='2.0'><channel/></rss>"), "entities"),
        (answer(body=b"no gzip", content_encoding="gzip"), "bad_encoding"),
        (answer(body=b"x", content_encoding="br"), "bad_encoding"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<rss", "disconnected"),
        (b"nonsense\r\n\r\n", "protocol"),
        (b"", "disconnected"),
        (answer("301 Moved Permanently", location="http://news.example/feed"), "too_many_redirects"),
    ],
)
def test_whatever_fails_is_counted_and_tried_again_later(database_url: str, given: bytes, reason: str) -> None:
    with polling(database_url, HOSTS, http=Http(contact="t@monitor.example", feed_max_bytes=50_000)) as poller:
        feed_id, other_id = poller.add(), poller.add("http://other.example/feed")
        poller.poll(answers={"news.example/feed": given, "other.example/feed": document("x")})
        row = poller.row(feed_id)
        assert (row["reason"], poller.log(feed_id)) == (reason, [reason])
        assert row["n_failures"] > 0
        assert row["next_poll_at"] >= poller.now + 5 * MINUTE
        assert row["leased_until"] is None
        assert row["because"]
        assert poller.guids(other_id) == ["x"]


# --- waiting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable", "500 Oops", "403 Forbidden"])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_holds_for_the_whole_host_on_any_error(poller: Poller, status: str, form: str) -> None:
    feed_id = poller.add()
    later = NOW + 30 * HOUR
    asked = str(30 * 3600) if form == "seconds" else format_datetime(later, usegmt=True)
    poller.poll(answers={"news.example/feed": answer(status, retry_after=asked)})
    assert poller.row(feed_id)["next_poll_at"] >= later
    second_id = poller.add("http://news.example/second")
    poller.urls()
    poller.poll(after=29 * HOUR, answers={"news.example/second": document("s")})
    assert poller.urls() == []
    poller.poll(after=2 * HOUR)
    assert "news.example/second" in poller.urls()
    assert poller.guids(second_id) == ["s"]


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_an_overloaded_host_is_slowed_down_and_eased_again(poller: Poller, status: str) -> None:
    feed_id = poller.add()
    poller.poll(answers={"news.example/feed": answer(status)})
    slowed = poller.host("news.example")["slow_factor"]
    assert slowed > 1
    for number in range(20):
        poller.poll_when_due(feed_id, {"news.example/feed": document(f"e{number}")})
    assert poller.host("news.example")["slow_factor"] == 1


def test_cache_control_and_ttl_lengthen_the_wait(poller: Poller) -> None:
    cached, ttl = poller.add(), poller.add("http://other.example/feed")
    poller.poll(
        answers={
            "news.example/feed": document("a", cache_control="max-age=21600"),
            "other.example/feed": document("a", extra="<ttl>300</ttl>", etag='"v1"'),
        }
    )
    assert poller.row(cached)["next_poll_at"] >= NOW + 6 * HOUR
    assert poller.row(ttl)["next_poll_at"] >= NOW + 5 * HOUR
    row = poller.poll_when_due(ttl, {"other.example/feed": answer("304 Not Modified")})
    assert row["next_poll_at"] >= poller.now + 5 * HOUR, "a 304 forgets nothing of what the document asked for"


def test_skip_hours_are_kept(poller: Poller) -> None:
    hours = "".join(f"<hour>{hour}</hour>" for hour in range(12, 20))
    feed_id = poller.add()
    poller.poll(answers={"news.example/feed": document("a", extra=f"<skipHours>{hours}</skipHours>")})
    assert poller.row(feed_id)["next_poll_at"].hour in {20, 21}


def test_an_interval_that_somebody_set_is_kept(poller: Poller) -> None:
    feed_id = poller.add(wanted_interval_s=7200)
    for number in range(6):
        row = poller.poll_when_due(feed_id, {"news.example/feed": document(f"x{number}", f"y{number}")})
        assert 1.7 * HOUR <= row["next_poll_at"] - poller.now <= 2.3 * HOUR


# --- what a poll takes in --------------------------------------------------------------------------------------------


def test_a_first_poll_takes_the_entries_of_the_last_days_only(database_url: str) -> None:
    dated = "<item><guid>{0}</guid><link>http://news.example/{0}</link><pubDate>{1}</pubDate></item>"
    items = "".join(dated.format(n, format_datetime(NOW - n * DAY)) for n in (1, 5, 30))
    with polling(database_url, fetch=Fetch(first_poll_days=7)) as poller:
        feed_id = poller.add()
        poller.poll(answers={"news.example/feed": document(extra=items)})
        with poller.app.store.read() as conn:
            due = conn.execute(t.entries.select().where(t.entries.c.resolve_due_at.is_not(None))).mappings().all()
        assert sorted(row["guid"] for row in due) == ["1", "5"]
        assert poller.guids(feed_id) == ["1", "5", "30"]


def test_a_poll_that_shares_nothing_with_the_one_before_is_a_gap(poller: Poller) -> None:
    feed_id = poller.add()
    poller.poll(answers={"news.example/feed": document("a", "b")})
    with capture_logs() as logs:
        row = poller.poll_when_due(feed_id, {"news.example/feed": document("c", "d")})
    assert row["gap_at"] == poller.now
    assert row["next_poll_at"] - poller.now < 45 * MINUTE
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["feed.gap"]
    with poller.app.store.read() as conn:
        (day,) = conn.execute(t.source_days.select()).mappings().all()
    assert (day["n_polls_ok"], day["n_gaps"]) == (2, 1)
    row = poller.poll_when_due(feed_id, {"news.example/feed": document("d", "e")})
    assert row["gap_at"] < poller.now


def test_a_date_in_the_future_is_held_at_now_and_kept_as_given(poller: Poller) -> None:
    future = format_datetime(NOW + 400 * DAY)
    item = f"<item><guid>a</guid><link>http://news.example/a</link><pubDate>{future}</pubDate></item>"
    poller.add()
    poller.poll(answers={"news.example/feed": document(extra=item)})
    with poller.app.store.read() as conn:
        (row,) = conn.execute(t.entries.select()).mappings().all()
    assert (row["published_at"], row["date_origin"], row["published_raw"]) == (NOW, "clamped", future)


def test_polls_go_on_for_the_others_while_one_document_cannot_be_parsed_in_time(database_url: str) -> None:
    items = "".join(f"<category>{n}</category>" for n in range(20_000))
    evil = answer(body=f"<rss version='2.0'><channel><item><guid>1</guid>{items}</item></channel>&</rss>".encode())
    with polling(database_url, HOSTS, fetch=Fetch(parse_deadline_s=1)) as poller:
        ids = [poller.add(f"http://{host}/feed") for host in HOSTS]
        answers = {f"{host}/feed": document(host) for host in HOSTS[1:]}
        progress = poller.poll(answers={"news.example/feed": evil, **answers})
        assert progress.n_done == len(HOSTS)
        assert [poller.row(feed_id)["state"] for feed_id in ids[1:]] == ["active"] * 3
        assert poller.row(ids[0])["last_poll_at"] == poller.now


def test_the_user_agent_names_the_product_and_the_contact(poller: Poller) -> None:
    poller.add()
    poller.poll(answers={"news.example/feed": document("a")})
    agent = poller.asked[0][1]["user-agent"]
    assert agent.startswith("media-monitor/")
    assert "tests@monitor.example" in agent


def test_a_feed_that_was_paused_while_it_was_asked_stays_paused(poller: Poller) -> None:
    feed_id = poller.add()

    def pause(_head: object) -> bytes:
        with poller.app.store.begin() as conn:
            feeds.pause_feed(conn, feed_id, "by hand")
        return document("a")

    poller.poll(answers={"news.example/feed": pause})
    assert (poller.row(feed_id)["state"], poller.guids(feed_id)) == ("paused", [])


def test_a_feed_that_moves_to_where_nothing_is_polled_any_more_goes_on_alone(poller: Poller) -> None:
    there = poller.add("http://new.example/rss", state="removed", next_poll_at=None)
    feed_id = poller.add()
    poller.poll(answers={"news.example/feed": moved("http://New.Example:80/rss"), "new.example/rss": document("a")})
    row = poller.poll_when_due(feed_id, {"news.example/feed": answer("404 Not Found")})
    assert (row["state"], row["current_url"]) == ("active", "http://new.example/rss")
    assert poller.row(there)["state"] == "removed"


def test_two_feeds_that_move_to_one_address_end_as_one(poller: Poller) -> None:
    ids = [poller.add(f"http://{host}/feed") for host in ("news.example", "other.example")]
    redirect = moved("http://new.example/rss")
    answers = {"news.example/feed": redirect, "other.example/feed": redirect, "new.example/rss": document("a")}
    poller.poll(answers=answers)
    gone = answer("404 Not Found")
    poller.moment[0] += HOUR
    poller.poll(answers={"news.example/feed": gone, "other.example/feed": gone})
    for _ in range(3):
        poller.poll(after=HOUR)
    elder, younger = (poller.row(feed_id) for feed_id in ids)
    assert (elder["state"], elder["current_url"]) == ("active", "http://new.example/rss")
    assert (younger["state"], younger["merged_into_id"]) == ("ended", elder["id"])


def test_a_feed_that_is_polled_twice_a_day_or_less_is_asked_with_validators_too(poller: Poller) -> None:
    feed_id = poller.add(wanted_interval_s=86_400)
    poller.poll(answers={"news.example/feed": conditional(rss("a"), '"v1"')})
    for _ in range(4):
        poller.poll_when_due(feed_id)
    assert ["if-none-match" in head for _, head in poller.asked] == [False, True, False, True, False]


def test_a_304_to_a_request_without_validators_is_a_failure(poller: Poller) -> None:
    feed_id = poller.add()
    poller.poll(answers={"news.example/feed": answer("304 Not Modified")})
    assert (poller.row(feed_id)["state"], poller.log(feed_id)) == ("failing", ["protocol"])


def test_a_retry_keeps_to_the_hours_that_a_feed_asks_to_skip(poller: Poller) -> None:
    hours = "".join(f"<hour>{hour}</hour>" for hour in range(13, 20))
    feed_id = poller.add()
    poller.poll(answers={"news.example/feed": document("a", extra=f"<skipHours>{hours}</skipHours>")})
    poller.moment[0] = NOW + 50 * MINUTE
    poller.poll(answers={"news.example/feed": answer("500 Oops")})
    assert poller.row(feed_id)["next_poll_at"].hour in {20, 21}


def test_a_lease_that_ends_before_the_answer_costs_no_second_request(database_url: str) -> None:
    with polling(database_url, HOSTS, fetch=Fetch(lease_s=1)) as poller:
        feed_id, other_id = poller.add(), poller.add("http://other.example/feed")

        def late(_head: object) -> bytes:
            poller.moment[0] += HOUR
            return document("a")

        poller.poll(answers={"news.example/feed": late, "other.example/feed": document("b")})
        assert poller.urls().count("news.example/feed") == 1
        poller.poll(after=HOUR)
        assert poller.guids(other_id) == ["b"]
        assert poller.guids(feed_id) == ["a"]
