"""Polls the feeds that are due: claim, fetch, parse, save, plan the next poll.

Each failure is a value that ends on the feed's row and in the poll log; no feed can keep another one from being saved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from monitor.app import App
from monitor.errors import LeaseLostError
from monitor.fetch.parsing import parse_feed
from monitor.fetch.polling import FeedFailed, FeedRead, FeedUnchanged, PollOutcome, PollPlan, PollPolicy, plan_poll
from monitor.politeness import parse_retry_after
from monitor.store import claims, entries, hosts, polls
from monitor.store.engine import is_trouble
from monitor.store.polls import DueFeed, PollLogRow
from monitor.types import Failure, ParsedFeed, PollState, Progress, Reason, Request, Response
from monitor.workers import WorkFailure

log = structlog.get_logger()

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9,"
    " text/xml;q=0.8, */*;q=0.5"
)
#: Some servers answer 304 for ever; after this long a feed is asked without validators.
MAX_CONDITIONAL = timedelta(hours=12)
RETRY_CRASHED = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking for a feed: the outcome to plan by, and what is to be stored of it."""

    outcome: PollOutcome
    response: Response | None = None
    parsed: ParsedFeed | None = None
    body_hash: str | None = None
    detail: str = ""


def run(app: App, *, due_by: datetime | None = None) -> Progress:
    """Poll a batch of due feeds, or of those due by a moment; `next_at`: when feeds that wait for their host can be."""
    now, settings = app.clock(), app.settings
    with app.store.begin() as conn:
        polls.set_aside_crashed(conn, now, now + RETRY_CRASHED)
        due, leased_until = polls.claim_due(
            conn,
            now=now,
            lease_s=settings.fetch.lease_s,
            limit=settings.fetch.batch,
            spacing_s=settings.politeness.host_spacing_s,
            due_by=due_by,
        )
    if not due:
        with app.store.read() as conn:
            return Progress(next_at=polls.next_due_at(conn, now, due_by=due_by))
    answers = _ask(app, due, now)
    n_saved = _save_all(app, list(zip(due, answers, strict=True)), leased_until)
    n_failed = sum(isinstance(one.outcome, FeedFailed) and not _is_stopped(one) for one in answers)
    return Progress(n_done=n_saved, n_failed=n_failed)


def _is_stopped(answer: Answer) -> bool:
    return isinstance(answer.outcome, FeedFailed) and answer.outcome.reason is Reason.STOPPED


def _save_all(app: App, answered: Sequence[tuple[DueFeed, Answer]], leased_until: datetime) -> int:
    """Save what can be saved, each feed for itself; give back at once the feeds that nothing was found out about."""
    n_saved, untouched = 0, {feed.id for feed, _ in answered}
    try:
        for feed, answer in answered:
            if _is_stopped(answer):
                continue  # we went away, the feed did nothing wrong
            try:
                _save(app, feed, answer, leased_until)
                n_saved += 1
            except LeaseLostError as error:
                log.warning("poll.lease_lost", feed=feed.id, detail=str(error))
            except Exception as error:
                if not is_trouble(error):
                    untouched.discard(feed.id)  # it stays leased, with its try counted: it is claimed alone next time
                raise
            untouched.discard(feed.id)
    finally:
        if untouched:
            with app.store.begin() as conn:
                claims.release(conn, polls.POLLS, sorted(untouched), leased_until)
    return n_saved


def _ask(app: App, due: Sequence[DueFeed], now: datetime) -> list[Answer]:
    max_bytes = app.settings.http.feed_max_bytes
    requests = [_request(feed, now, max_bytes) for feed in due]
    responses = app.http.fetch_many(requests, stop=app.stop)
    answers = [_judge(feed, response, now) for feed, response in zip(due, responses, strict=True)]
    to_parse = [number for number, answer in enumerate(answers) if isinstance(answer, Response)]
    bodies = [_parse_arguments(answers[number]) for number in to_parse]
    parsed = app.workers.run(
        parse_response,
        bodies,
        deadline_s=app.settings.fetch.parse_deadline_s,
        stop=app.stop,
        timeout_reason=Reason.PARSE_TIMEOUT,
    )
    by_number = dict(zip(to_parse, parsed, strict=True))
    return [
        answer if isinstance(answer, Answer) else _read(answer, by_number[number])
        for number, answer in enumerate(answers)
    ]


def _request(feed: DueFeed, now: datetime, max_bytes: int) -> Request:
    is_recent = feed.last_full_poll_at is not None and now - feed.last_full_poll_at < MAX_CONDITIONAL
    return Request(
        url=feed.url,
        etag=feed.etag if is_recent else None,
        last_modified=feed.last_modified if is_recent else None,
        accept=ACCEPT,
        max_bytes=max_bytes,
    )


def _judge(feed: DueFeed, response: Response | Failure, now: datetime) -> Answer | Response:
    """The answer where it is plain without parsing, else the response to be parsed."""
    if isinstance(response, Failure):
        return Answer(outcome=FeedFailed(reason=response.reason), detail=response.detail)
    if response.status == 304:
        return Answer(outcome=FeedUnchanged(), response=response)
    if response.status != 200:
        reason = Reason.of_status(response.status)
        retry_after_at = parse_retry_after(response.headers.get("retry-after", ""), now)
        outcome = FeedFailed(reason=reason, status=response.status, retry_after_at=retry_after_at)
        return Answer(outcome=outcome, response=response, detail=f"HTTP {response.status}")
    if feed.body_hash == _hash(response.body):
        return Answer(outcome=FeedUnchanged(), response=response, body_hash=feed.body_hash)
    return response


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _parse_arguments(response: Answer | Response) -> tuple[bytes, str, str | None, str | None]:
    assert isinstance(response, Response)
    headers = response.headers
    return response.body, response.final_url, headers.get("content-type"), headers.get("content-location")


def parse_response(
    body: bytes, url: str, content_type: str | None, content_location: str | None = None
) -> ParsedFeed | Reason:
    """`parse_feed` with plain arguments, as a worker process is called."""
    return parse_feed(body, url=url, content_type=content_type, content_location=content_location)


def _read(response: Response, parsed: ParsedFeed | Reason | WorkFailure) -> Answer:
    if isinstance(parsed, ParsedFeed):
        outcome = FeedRead(n_new=0, n_known=0, ttl_s=parsed.ttl_s)
        return Answer(outcome=outcome, response=response, parsed=parsed, body_hash=_hash(response.body))
    reason = parsed.reason if isinstance(parsed, WorkFailure) else parsed
    detail = parsed.detail if isinstance(parsed, WorkFailure) else "the answer is no feed that can be read"
    return Answer(outcome=FeedFailed(reason=reason, status=response.status), response=response, detail=detail)


def _save(app: App, feed: DueFeed, answer: Answer, leased_until: datetime) -> None:
    now = app.clock()
    with app.store.begin() as conn:
        outcome, n_entries, problems = answer.outcome, 0, answer.detail
        if answer.parsed is not None:
            change = entries.save_entries(
                conn, feed.id, answer.parsed.entries, now=now, not_seen_before_at=feed.last_good_poll_at
            )
            n_entries, problems = len(answer.parsed.entries), "; ".join(answer.parsed.problems)
            outcome = FeedRead(n_new=change.n_new, n_known=change.n_known, ttl_s=answer.parsed.ttl_s)
        elif isinstance(outcome, FeedUnchanged):
            entries.mark_unchanged(conn, feed.id, last_good_poll_at=feed.last_good_poll_at, now=now)
        plan = _plan(app, feed, outcome, now)
        if isinstance(outcome, FeedFailed) and outcome.retry_after_at is not None:
            hosts.hold_back(conn, feed.host, outcome.retry_after_at)
        polls.save_poll(
            conn,
            feed,
            leased_until=leased_until,
            now=now,
            log=_log(outcome, answer, n_entries=n_entries, detail=problems),
            **_feed_values(plan, outcome, answer, now),
        )


def _plan(app: App, feed: DueFeed, outcome: PollOutcome, now: datetime) -> PollPlan:
    limits = app.settings.fetch
    policy = PollPolicy(
        default_interval_s=limits.default_interval_s,
        min_interval_s=limits.min_interval_s,
        max_interval_s=limits.max_interval_s,
    )
    state = PollState(
        interval_s=feed.interval_s,
        n_failures=feed.n_failures,
        next_poll_at=feed.next_poll_at,
        last_good_poll_at=feed.last_good_poll_at,
    )
    return plan_poll(state, outcome, now=now, jitter=app.rng.random(), policy=policy)


def _log(outcome: PollOutcome, answer: Answer, *, n_entries: int, detail: str) -> PollLogRow:
    word = outcome.reason.value if isinstance(outcome, FeedFailed) else "ok"
    return PollLogRow(
        outcome="not_modified" if isinstance(outcome, FeedUnchanged) else word,
        status=answer.response.status if answer.response else None,
        n_entries=n_entries,
        n_new=outcome.n_new if isinstance(outcome, FeedRead) else 0,
        n_bytes=len(answer.response.body) if answer.response else 0,
        elapsed_s=answer.response.elapsed_s if answer.response else 0.0,
        detail=detail[:1000],
    )


def _feed_values(plan: PollPlan, outcome: PollOutcome, answer: Answer, now: datetime) -> Mapping[str, Any]:
    values: dict[str, Any] = {
        "state": plan.state,
        "because": plan.because,
        "interval_s": plan.interval_s,
        "n_failures": plan.n_failures,
        "next_poll_at": plan.next_poll_at,
        "reason": outcome.reason.value if isinstance(outcome, FeedFailed) else None,
        "last_status": answer.response.status if answer.response else None,
    }
    if isinstance(outcome, FeedFailed):
        return values
    values |= {"last_good_poll_at": now}
    if answer.response is not None and answer.response.status == 200:
        values |= {
            "last_full_poll_at": now,
            "body_hash": answer.body_hash,
            "etag": _bounded(answer.response.headers.get("etag"), 1000),
            "last_modified": _bounded(answer.response.headers.get("last-modified"), 200),
        }
    if answer.parsed is not None:
        values |= {"format": answer.parsed.format[:20], "language": _bounded(answer.parsed.language, 20)}
        values |= {"site_url": answer.parsed.url} if answer.parsed.url else {}
        values |= {"title": answer.parsed.title[:1000]} if answer.parsed.title else {}
    return values


def _bounded(value: str | None, n_max: int) -> str | None:
    return value if value is not None and len(value) <= n_max else None
