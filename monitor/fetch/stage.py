"""Polls the feeds that are due: claim, fetch, parse, save, plan the next poll.

One run keeps a pipeline full: while some answers are parsed and saved, others are on their way and more feeds are
claimed, so that a silent server holds nobody up. It ends when nothing can be claimed and every answer is in.
Each failure is a value that ends on the feed's row and in the poll log; no feed can keep another one from being saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

import structlog

from monitor.app import App
from monitor.config import Settings
from monitor.errors import LeaseLostError
from monitor.fetch.answers import Answer, judge, read, unreadable, wishes_of
from monitor.fetch.dates import hold_dates
from monitor.fetch.decisions import (
    feed_values,
    log_row,
    merged_values,
    move_of,
    moved_values,
    poll_state,
    seen_values,
)
from monitor.fetch.indexes import WAIT_S, IndexReading
from monitor.fetch.parsing import parse_feed
from monitor.fetch.polling import FeedFailed, FeedRead, PollPlan, PollPolicy, plan_at_new_address, plan_poll
from monitor.net.guard import check_url
from monitor.net.pipeline import Fetches
from monitor.permission import learn_robots
from monitor.politeness import manners_for_feeds
from monitor.robots import refusal
from monitor.store import claims, entries, hosts, polls, robots
from monitor.store.columns import URL_CHARS
from monitor.store.engine import Connection, is_trouble
from monitor.types import DueFeed, Failure, FeedId, ParsedFeed, PollResult, Progress, Reason, Request, Response
from monitor.urls import absolute_url, host_of, masked
from monitor.workers import WorkFailure

log = structlog.get_logger()

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9, "
    "text/xml;q=0.8, application/json;q=0.8, */*;q=0.5"
)
#: Some servers answer 304 for ever; after this long a feed is asked without validators.
MAX_CONDITIONAL = timedelta(hours=12)
RETRY_CRASHED = timedelta(days=1)
#: Answers saved in one transaction: unchanged and failed ones, and those with entries, which take longer.
N_SAVED, N_READ = 500, 40
#: Answers are taken as long as they keep coming, up to half a second: so they are saved together, and this thread and
#: that of the HTTP door do not fight for the interpreter.
TAKE_S, N_TAKES = 0.01, 50
LOOK_AGAIN = timedelta(seconds=1)


def run(app: App, *, due_by: datetime | None = None) -> Progress:
    """Poll all feeds that are due, or those due by a moment; `next_at`: when feeds that wait for their host can be."""
    now = app.clock()
    with app.store.begin() as conn:
        polls.set_aside_crashed(conn, now, now + RETRY_CRASHED)
    with app.http.fetches(stop=app.stop) as fetches:
        polling = _Polling(app=app, fetches=fetches, due_by=due_by)
        polling.run()
    if polling.n_done:
        return Progress(n_done=polling.n_done, n_failed=polling.n_failed)
    manners = manners_for_feeds(app.settings.politeness)
    with app.store.read() as conn:
        return Progress(next_at=polls.next_due_at(conn, app.clock(), manners=manners, due_by=due_by))


@dataclass(kw_only=True)
class _Polling:
    """One run: which feeds it holds, each leased, and how many it has polled."""

    app: App
    fetches: Fetches
    due_by: datetime | None
    held: dict[FeedId, DueFeed] = field(default_factory=dict)
    indexes: dict[FeedId, IndexReading] = field(default_factory=dict)
    """Sitemap indexes of which documents are still to be read."""
    waiting: set[FeedId] = field(default_factory=set)
    """Those of them whose host must be left alone for a while."""
    n_done: int = 0
    n_failed: int = 0
    look_again_at: datetime | None = None
    look_after_at: datetime | None = None

    def run(self) -> None:
        try:
            while self._top_up() or self.fetches.n_open or self.waiting:
                self._work_on(self._take())
                if self.app.stop.is_set():
                    break
                self._look_after_indexes()
        finally:
            self._give_back()

    def _look_after_indexes(self) -> None:
        """Try again where an index waits for its host: now and then, and before the run could end without them."""
        if not self.waiting:
            return
        if not self.fetches.n_open:
            self.app.stop.wait(WAIT_S)
        elif self.look_after_at is not None and self.app.clock() < self.look_after_at:
            return
        self.look_after_at = self.app.clock() + timedelta(seconds=WAIT_S)
        for feed_id in sorted(self.waiting):
            self._read_on(feed_id)

    def _take(self) -> list[tuple[int, Response | Failure]]:
        answered: list[tuple[int, Response | Failure]] = []
        for _ in range(N_TAKES):
            more = self.fetches.take(timeout_s=TAKE_S, at_least=max(1, self.fetches.n_active))
            answered += more
            if not more or not self.fetches.n_active:
                break
        return answered

    def _top_up(self) -> bool:
        """Claim more feeds where there is room, and ask for them; whether there were any."""
        now, batch = self.app.clock(), self.app.settings.fetch.batch
        is_dry = bool(self.held) and self.look_again_at is not None and now < self.look_again_at
        if self.app.stop.is_set() or is_dry or self.fetches.n_active > batch // 2:
            return False
        manners = manners_for_feeds(self.app.settings.politeness)
        learn_robots(self.app, polls.ASKED, manners, lease_s=self.app.settings.fetch.lease_s)
        with self.app.store.begin() as conn:
            due = polls.claim_due(
                conn,
                now=now,
                lease_s=self.app.settings.fetch.lease_s,
                limit=batch,
                manners=manners,
                due_by=self.due_by,
            )
        # The others that are due wait for their hosts.
        self.look_again_at = now + LOOK_AGAIN if len(due) < batch else None
        # One whose lease ended before its answer came is ours again, and was asked already.
        asked, self.held = set(self.held), self.held | {feed.id: feed for feed in due}
        due = [feed for feed in due if feed.id not in asked]
        self._ask(self._allowed(due) if manners.heeds_robots else due, now)
        return bool(due)

    def _ask(self, due: Sequence[DueFeed], now: datetime) -> None:
        max_bytes = self.app.settings.http.feed_max_bytes
        self.fetches.add([(feed.id, _request(feed, now, max_bytes)) for feed in due])

    def _allowed(self, due: Sequence[DueFeed]) -> list[DueFeed]:
        """Those whose hosts do not forbid it; the others have failed."""
        with self.app.store.read() as conn:
            rules = robots.load_robots(conn, {feed.host for feed in due})
        refusals = {feed.id: refusal(rules[feed.host], feed.address) for feed in due}
        refused = [(feed, reason) for feed in due if (reason := refusals[feed.id]) is not None]
        self._save_all([(feed, Answer(outcome=FeedFailed(reason=reason))) for feed, reason in refused], N_SAVED)
        return [feed for feed in due if refusals[feed.id] is None]

    def _work_on(self, answered: Sequence[tuple[int, Response | Failure]]) -> None:
        now = self.app.clock()
        plain: list[tuple[DueFeed, Answer]] = []
        bodies: list[tuple[DueFeed, Response]] = []
        # In the order of feeds, as far as answers come together: what is stored first should not be chance.
        for key, response in sorted(answered, key=itemgetter(0)):
            feed_id = FeedId(key)
            feed, index = self.held[feed_id], self.indexes.get(feed_id)
            if isinstance(response, Failure) and response.reason is Reason.STOPPED:
                continue  # we went away, the feed did nothing wrong
            answer = judge(response, feed, now=now) if index is None else None
            if index is not None and not _is_document(response):
                self._learn(feed_id, index, *self._fault(response))
            elif answer is not None:
                plain.append((feed, answer))
            elif isinstance(response, Response):
                bodies.append((feed, response))
        self._save_all(plain, N_SAVED)
        for start in range(0, len(bodies), N_READ):
            self._save_all(self._parse(bodies[start : start + N_READ]), N_READ)

    def _parse(self, bodies: Sequence[tuple[DueFeed, Response]]) -> list[tuple[DueFeed, Answer]]:
        """The feeds that were read; a sitemap index, or a document of one, only begins or goes on with that."""
        now = self.app.clock()
        results = self.app.workers.run(
            parse_response,
            [_parse_arguments(response) for _, response in bodies],
            deadline_s=self.app.settings.fetch.parse_deadline_s,
            stop=self.app.stop,
            timeout_reason=Reason.PARSE_TIMEOUT,
        )
        answers: list[tuple[DueFeed, Answer]] = []
        for (feed, response), result in zip(bodies, results, strict=True):
            index = self.indexes.get(feed.id)
            if isinstance(result, WorkFailure) and result.reason is Reason.STOPPED:
                continue
            if index is not None:
                reason, detail = (result.reason, result.detail) if isinstance(result, WorkFailure) else (result, "")
                self._learn(feed.id, index, reason, detail)
            elif isinstance(result, ParsedFeed) and result.children:
                self.indexes[feed.id] = IndexReading.begin(response, result)
                self._read_on(feed.id)
            else:
                answers.append((feed, _read(response, result, now)))
        return answers

    def _fault(self, response: Response | Failure) -> tuple[Reason, str]:
        """Why a document of an index was not given; its host may have asked for patience."""
        if isinstance(response, Failure):
            return response.reason, response.detail
        with self.app.store.begin() as conn:
            hosts.heed_answers(conn, [response], self.app.clock())
        return Reason.of_status(response.status), f"HTTP {response.status}"

    def _learn(self, feed_id: FeedId, index: IndexReading, document: ParsedFeed | Reason, detail: str = "") -> None:
        self.indexes[feed_id] = index.learn(document, detail)
        self._read_on(feed_id)

    def _read_on(self, feed_id: FeedId) -> None:
        """Ask for the next document of an index if its host has a turn for us; save the feed when none is left."""
        index, now = self.indexes[feed_id], self.app.clock()
        url = index.next_url
        if url is None:
            self.waiting.discard(feed_id)
            del self.indexes[feed_id]
            answer = replace(_read(index.response, index.result(), now), is_whole=index.is_whole)
            self._save_all([(self.held[feed_id], answer)], 1)
            return
        manners = manners_for_feeds(self.app.settings.politeness)
        with self.app.store.begin() as conn:
            is_free = hosts.take_slot(conn, host_of(url), now=now, manners=manners, n_held=1)
        if is_free:
            self.waiting.discard(feed_id)
            request = Request(url=url, accept=ACCEPT, max_bytes=self.app.settings.http.feed_max_bytes)
            self.fetches.add([(feed_id, request)])
        else:
            self.waiting.add(feed_id)
            self.indexes[feed_id] = index.waited()

    def _save_all(self, answers: Sequence[tuple[DueFeed, Answer]], n_together: int) -> None:
        for start in range(0, len(answers), n_together):
            some = answers[start : start + n_together]
            try:
                self._save(some)
            except Exception as error:
                if is_trouble(error):
                    raise
                self._save_alone(some)

    def _save_alone(self, answers: Sequence[tuple[DueFeed, Answer]]) -> None:
        """One of several cannot be saved: somebody else has it, or it keeps its lease and is claimed alone later."""
        for one in answers:
            try:
                self._save([one])
            except LeaseLostError as error:
                del self.held[one[0].id]
                log.warning("poll.lease_lost", feed=one[0].id, detail=str(error))
            except Exception as error:
                if not is_trouble(error):
                    del self.held[one[0].id]
                raise

    def _save(self, answers: Sequence[tuple[DueFeed, Answer]]) -> None:
        now = self.app.clock()
        with self.app.store.begin() as conn:
            responses = [answer.response for _, answer in answers if answer.response is not None]
            hosts.heed_answers(conn, responses, now)
            polls.save_polls(conn, [_result(self.app, conn, one, now) for one in answers], now)
        for feed, answer in answers:
            del self.held[feed.id]
            self.n_done += 1
            self.n_failed += isinstance(answer.outcome, FeedFailed)

    def _give_back(self) -> None:
        """Feeds that nothing was found out about are due for the next run at once, and the try does not count."""
        if self.held:
            with self.app.store.begin() as conn:
                for until in {feed.leased_until for feed in self.held.values()}:
                    ids = sorted(feed.id for feed in self.held.values() if feed.leased_until == until)
                    claims.release(conn, polls.POLLS, ids, until)


def _request(feed: DueFeed, now: datetime, max_bytes: int) -> Request:
    full_at = feed.last_full_poll_at
    # A feed that is polled twice a day or less would else never be asked with validators.
    is_recent = full_at is not None and (now - full_at < MAX_CONDITIONAL or full_at == feed.last_good_poll_at)
    return Request(
        url=feed.address,
        etag=feed.etag if is_recent else None,
        last_modified=feed.last_modified if is_recent else None,
        accept=ACCEPT,
        max_bytes=max_bytes,
    )


def _parse_arguments(response: Response) -> tuple[bytes, str, str | None, str | None]:
    headers = response.headers
    return response.body, response.final_url, headers.get("content-type"), headers.get("content-location")


def parse_response(
    body: bytes, url: str, content_type: str | None, content_location: str | None = None
) -> ParsedFeed | Reason:
    """`parse_feed` with plain arguments, as a worker process is called."""
    return parse_feed(body, url=url, content_type=content_type, content_location=content_location)


def _is_document(response: Response | Failure) -> bool:
    return isinstance(response, Response) and response.status == 200


def _read(response: Response, parsed: ParsedFeed | Reason | WorkFailure, now: datetime) -> Answer:
    if isinstance(parsed, ParsedFeed):
        return read(response, hold_dates(parsed, now), now)
    if isinstance(parsed, WorkFailure):
        return Answer(
            outcome=FeedFailed(reason=parsed.reason, status=response.status), response=response, detail=parsed.detail
        )
    return unreadable(response, parsed, "the answer is no feed that can be read", now)


# --- what is saved -------------------------------------------------------------------------------------------------


def _result(app: App, conn: Connection, polled: tuple[DueFeed, Answer], now: datetime) -> PollResult:
    feed, answer = polled
    outcome, n_passed_over = answer.outcome, 0
    if isinstance(outcome, FeedFailed):
        outcome = replace(outcome, wishes=wishes_of(feed))
    if answer.parsed is not None and isinstance(outcome, FeedRead):
        first_days = timedelta(days=app.settings.fetch.first_poll_days)
        change = entries.save_entries(
            conn,
            feed.id,
            answer.parsed.entries,
            now=now,
            not_seen_before_at=feed.last_good_poll_at,
            last_read_at=feed.last_read_at,
            oldest_at=now - first_days if feed.last_read_at is None else None,
        )
        n_passed_over, n_shared = change.n_passed_over, change.n_shared if answer.is_whole else None
        outcome = replace(outcome, n_new=change.n_new, n_known=change.n_known, n_shared=n_shared)
    plan = plan_poll(poll_state(feed), outcome, now=now, jitter=app.rng.random(), policy=_policy(app.settings))
    if plan.has_gap:
        log.warning("feed.gap", feed=feed.id, url=masked(feed.address), detail=plan.because)
    return PollResult(
        feed=feed,
        values={
            **feed_values(feed, answer, outcome, plan=plan, now=now),
            **_move(app, conn, polled, plan),
        },
        log=log_row(outcome, answer, n_passed_over=n_passed_over),
        has_gap=plan.has_gap,
    )


def _policy(settings: Settings) -> PollPolicy:
    limits = settings.fetch
    return PollPolicy(
        default_interval_s=limits.default_interval_s,
        min_interval_s=limits.min_interval_s,
        max_interval_s=limits.max_interval_s,
    )


def _move(app: App, conn: Connection, polled: tuple[DueFeed, Answer], plan: PollPlan) -> dict[str, Any]:
    """The columns that change because the feed moves, is about to, or goes back."""
    (feed, answer), now = polled, app.clock()
    move = move_of(feed, answer, n_failures=plan.n_failures, now=now)
    if move is None:
        return {}
    address = absolute_url("", move.current_url or feed.url) or ""
    is_elsewhere = move.is_new_address and len(address) <= URL_CHARS and check_url(address) is None
    if move.is_new_address and not is_elsewhere:
        return {}
    if not move.is_new_address and (feed.current_url is None or isinstance(answer.outcome, FeedFailed)):
        return seen_values(move)
    # Of two feeds that have come to one address the elder goes on.
    other_id = polls.find_at(conn, address, other_than=feed.id)
    if other_id is not None and (is_elsewhere or other_id < feed.id):
        polls.pass_on_tags(conn, feed.id, other_id)
        log.info("feed.merged", feed=feed.id, into=other_id, url=masked(address))
        return seen_values(move) | merged_values(other_id, masked(address))
    if not is_elsewhere:
        return seen_values(move)
    move = replace(move, current_url=None if address == feed.url else address)
    host = host_of(address)
    hosts.ensure_hosts(conn, [host], now)
    log.info("feed.moved", feed=feed.id, url=masked(address), detail=move.because)
    if isinstance(answer.outcome, FeedFailed):
        plan = plan_at_new_address(plan, now=now, jitter=app.rng.random(), policy=_policy(app.settings))
    return seen_values(move) | moved_values(move, answer, host=host, plan=plan)
