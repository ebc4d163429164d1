"""Runs discoveries: for whoever asks where a site's feeds are, and for feeds whose address leads nowhere any more.

A lost feed is looked for at most weekly, at the site that it named itself, politely: each request takes its host's
slot, like a poll. What is found is proposed and never applied: only a person knows whether it is the same feed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urldefrag

import structlog

import monitor.fetch.stage
from monitor.app import App
from monitor.challenges import challenge_of
from monitor.config import Settings
from monitor.fetch.discovery import (
    Candidate,
    Discovery,
    Find,
    How,
    Reading,
    begin,
    learn,
    leave_host,
    max_redirects,
    plan_next,
)
from monitor.fetch.links import MAX_ROBOTS_BYTES, read_links
from monitor.net.http import HttpDoor
from monitor.politeness import manners_for_feeds
from monitor.store import hosts, proposals
from monitor.store.columns import URL_CHARS as MAX_URL_CHARS
from monitor.types import Failure, ParsedFeed, Progress, Reason, Request, Response
from monitor.urls import absolute_url, host_of, masked
from monitor.workers import WorkerPool, WorkFailure

log = structlog.get_logger()

AGAIN_AFTER = timedelta(days=7)
#: How long a host that is busy is waited for before it is left alone, and how often it is looked at meanwhile.
WAIT_MAX_S = 180.0
LOOK_AGAIN_S = 2.0
ACCEPT = f"text/html;q=0.9, {monitor.fetch.stage.ACCEPT}"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What a discovery reaches the outside through; with `stop` set it ends early."""

    http: HttpDoor
    workers: WorkerPool
    settings: Settings
    stop: threading.Event = field(default_factory=threading.Event)


def discover(discovery: Discovery, doors: Doors, *, may_ask: Callable[[str], bool] = lambda _host: True) -> Discovery:
    """Run a discovery to its end. `may_ask` waits until a host may be asked; False: it may not."""
    while not doors.stop.is_set() and (candidate := plan_next(discovery)) is not None:
        host = host_of(candidate.url)
        if may_ask(host):
            discovery = learn(discovery, candidate, _ask(candidate, doors, n_redirects=max_redirects(discovery)))
        else:
            discovery = leave_host(discovery, host)
    return discovery


def _ask(candidate: Candidate, doors: Doors, *, n_redirects: int) -> Reading:
    is_robots = candidate.how is How.ROBOTS
    request = Request(
        url=candidate.url,
        accept="text/plain, */*;q=0.5" if is_robots else ACCEPT,
        max_bytes=MAX_ROBOTS_BYTES if is_robots else doors.settings.http.feed_max_bytes,
        max_redirects=n_redirects,
    )
    [answer] = doors.http.fetch_many([request], stop=doors.stop)
    if isinstance(answer, Failure):
        return Reading(final_url=candidate.url, reason=answer.reason)
    plain = Reading(final_url=answer.final_url, status=answer.status, hops=answer.hops)
    if challenge_of(answer.status, answer.headers, answer.body) is not None:
        return replace(plain, reason=Reason.CHALLENGE)
    if answer.status != 200:
        return replace(plain, reason=Reason.of_status(answer.status))
    return replace(plain, robots=answer.body) if is_robots else _read(answer, plain, doors)


def _read(answer: Response, plain: Reading, doors: Doors) -> Reading:
    """What the document is: a feed, or a page that may lead to one."""
    parsed = parse_answer(answer, doors)
    if isinstance(parsed, ParsedFeed):
        return replace(plain, feed=parsed)
    if parsed is not Reason.NOT_A_FEED:
        return replace(plain, reason=parsed)
    page = _in_worker(doors, read_links, (answer.body, answer.final_url))
    return replace(plain, reason=page) if isinstance(page, Reason) else replace(plain, page=page)


def parse_answer(answer: Response, doors: Doors) -> ParsedFeed | Reason:
    """The feed in an answer, or why there is none."""
    headers = answer.headers
    arguments = (answer.body, answer.final_url, headers.get("content-type"), headers.get("content-location"))
    return _in_worker(doors, monitor.fetch.stage.parse_response, arguments)


def _in_worker(doors: Doors, fn: Callable[..., T | Reason], arguments: tuple[Any, ...]) -> T | Reason:
    [result] = doors.workers.run(
        fn,
        [arguments],
        deadline_s=doors.settings.fetch.parse_deadline_s,
        stop=doors.stop,
        timeout_reason=Reason.PARSE_TIMEOUT,
    )
    return result.reason if isinstance(result, WorkFailure) else result


def run(app: App) -> Progress:
    """Look for one lost feed, if there is one."""
    with app.store.begin() as conn:
        lost = proposals.claim_lost(conn, now=app.clock(), again_after=AGAIN_AFTER)
    if lost is None:
        return Progress()
    start = lost.site_url or absolute_url(lost.current_url or lost.url, "/")
    addresses = {urldefrag(url).url for url in (lost.url, lost.current_url) if url}
    doors = Doors(http=app.http, workers=app.workers, settings=app.settings, stop=app.stop)
    ended = discover(begin(start or lost.url, not_again=addresses), doors, may_ask=partial(_take_slot, app))
    if app.stop.is_set():
        with app.store.begin() as conn:
            proposals.give_back(conn, lost)
        return Progress()
    if not ended.asked:
        return Progress(n_done=1)  # its hosts were busy for long: what was proposed before stays
    with app.store.begin() as conn:
        had = proposals.subscribed(conn, [find.url for find in ended.finds])
        best = choose(lost.title, [find for find in ended.finds if find.url not in had])
        proposals.save_proposal(conn, lost.id, best.url if best else None)
    log.info("feed.rediscovered", feed=lost.id, n_requests=ended.n_requests, proposed=masked(best.url) if best else "")
    return Progress(n_done=1)


def choose(title: str, finds: Sequence[Find]) -> Find | None:
    """Which of the feeds found is most likely the lost one; None: none is.

    It has entries or, as an index, names the documents that have them; it has the lost one's title, is no feed of
    comments, and its entries were seen.
    """
    of_use = [find for find in finds if find.is_tried and find.is_of_use and len(find.url) <= MAX_URL_CHARS]
    known_as = title.strip().casefold()

    def doubts(find: Find) -> tuple[bool, bool, bool]:
        is_of_comments = "comment" in f"{find.url} {find.title}".casefold()
        return find.title.strip().casefold() != known_as, is_of_comments, not find.n_entries

    return min(of_use, key=doubts, default=None)


def _take_slot(app: App, host: str) -> bool:
    """Wait for the host's next slot and take it; False when it stays busy for long, or we are to stop."""
    waited_s = 0.0
    manners = manners_for_feeds(app.settings.politeness)
    while not app.stop.is_set():
        with app.store.begin() as conn:
            if hosts.take_slot(conn, host, now=app.clock(), manners=manners):
                return True
        if waited_s >= WAIT_MAX_S:
            return False
        app.stop.wait(LOOK_AGAIN_S)
        waited_s += LOOK_AGAIN_S
    return False
