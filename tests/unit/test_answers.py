from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.fetch.answers import hash_of, judge, read, unreadable
from monitor.fetch.polling import FeedFailed, FeedRead, FeedUnchanged, Wishes
from monitor.types import DueFeed, Failure, Hop, ParsedFeed, Reason, Response

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://news.example/feed"
WISHES = Wishes(ttl_s=7200, skip_hours=(1, 2))
HOPS = (Hop(status=301, url=URL),)


def answered(status: int, body: bytes = b"", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(url=URL, final_url=URL, status=status, headers=named, body=body, hops=HOPS)


def a_feed(**values: Any) -> DueFeed:
    given = dict.fromkeys(DueFeed.__dataclass_fields__)
    asked = {"etag": '"v1"', "ttl_s": WISHES.ttl_s, "skip_hours": WISHES.skip_hours, "skip_days": ()}
    return DueFeed(**{**given, **asked, **values})  # type: ignore[arg-type] # the rest does not matter here


def judged(response: Response | Failure, **feed: Any) -> object:
    answer = judge(response, a_feed(**feed), now=NOW)
    return None if answer is None else answer.outcome


def test_a_304_to_somebody_who_said_nothing_is_no_answer() -> None:
    assert judged(answered(304), etag=None) == FeedFailed(reason=Reason.PROTOCOL, status=304)


def test_a_304_is_unchanged_and_keeps_what_the_document_asked_for() -> None:
    assert judged(answered(304)) == FeedUnchanged(wishes=WISHES)
    fresh = Wishes(ttl_s=7200, cache_s=600, skip_hours=(1, 2))
    assert judged(answered(304, cache_control="max-age=600")) == FeedUnchanged(wishes=fresh)


def test_an_equal_body_is_unchanged_and_another_must_be_parsed() -> None:
    assert judged(answered(200, b"same"), body_hash=hash_of(b"same")) == FeedUnchanged(wishes=WISHES)
    assert judged(answered(200, b"other"), body_hash=hash_of(b"same")) is None
    assert judged(answered(200, b"first")) is None


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (answered(404), Reason.NOT_FOUND),
        (answered(410), Reason.GONE),
        (answered(500), Reason.SERVER_ERROR),
        (answered(204), Reason.HTTP_ERROR),
        (answered(206, b"part"), Reason.HTTP_ERROR),
        (answered(403, cf_mitigated="challenge"), Reason.CHALLENGE),
        (Failure(url=URL, reason=Reason.DNS), Reason.DNS),
    ],
)
def test_everything_else_has_failed_with_its_reason(response: Response | Failure, reason: Reason) -> None:
    outcome = judged(response)
    assert isinstance(outcome, FeedFailed)
    assert outcome.reason is reason


def test_a_410_behind_a_temporary_redirect_does_not_end_the_feed() -> None:
    gone = answered(410)
    behind = Response(url=URL, final_url=URL, status=410, headers={}, body=b"", hops=(Hop(status=302, url=URL),))
    assert judged(gone) == FeedFailed(reason=Reason.GONE, status=410)
    assert judged(behind) == FeedFailed(reason=Reason.NOT_FOUND, status=410)


def test_retry_after_counts_from_the_clock_of_the_server_where_it_names_a_moment() -> None:
    late = "Sun, 01 Mar 2026 14:00:00 GMT"
    outcome = judged(answered(503, retry_after="Sun, 01 Mar 2026 15:00:00 GMT", date=late))
    assert outcome == FeedFailed(reason=Reason.SERVER_ERROR, status=503, retry_after_at=NOW + timedelta(hours=1))


def test_a_body_that_is_no_feed_may_be_a_wall_against_robots() -> None:
    wall = b"<title>Just a moment...</title><script>window._cf_chl_opt={}</script>"
    assert unreadable(answered(200, wall), Reason.NOT_A_FEED, "no feed", NOW).outcome == FeedFailed(
        reason=Reason.CHALLENGE, status=200
    )
    plain = unreadable(answered(200, b"<p>Welcome"), Reason.NOT_A_FEED, "no feed", NOW)
    assert (plain.outcome, plain.detail) == (FeedFailed(reason=Reason.NOT_A_FEED, status=200), "no feed")


def test_a_feed_that_was_read_brings_its_own_wishes() -> None:
    feed = ParsedFeed(format="rss20", title="", url=None, language=None, entries=(), ttl_s=60, skip_days=(5, 6))
    answer = read(answered(200, b"x"), feed, NOW)
    assert answer.outcome == FeedRead(n_new=0, n_known=0, wishes=Wishes(ttl_s=60, skip_days=(5, 6)))
    assert (answer.body_hash, answer.hops) == (hash_of(b"x"), HOPS)


def test_the_redirects_before_a_failure_are_known() -> None:
    failure = Failure(url=URL, reason=Reason.DNS, hops=HOPS, final_url="https://gone.example/")
    answer = judge(failure, a_feed(), now=NOW)
    assert answer is not None
    assert answer.hops == HOPS


def test_only_a_stop_of_ours_is_no_answer() -> None:
    stopped = judge(Failure(url=URL, reason=Reason.STOPPED), a_feed(), now=NOW)
    refused = judge(Failure(url=URL, reason=Reason.REFUSED), a_feed(), now=NOW)
    assert stopped is not None
    assert refused is not None
    assert (stopped.is_stopped, refused.is_stopped) == (True, False)
