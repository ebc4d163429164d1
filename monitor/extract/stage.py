"""Turns entries into articles: identity, page, text, revision.

First the entries that lead to no article yet are resolved by their links. Then the pages that are due are fetched and
read in killable processes; what their canonical URL says decides the identity again. The feed's own text stands in
where a page fails or robots.txt forbids it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from operator import itemgetter

import structlog

from monitor.app import App
from monitor.errors import LeaseLostError
from monitor.extract.aggregators import is_aggregator_link
from monitor.extract.entries import resolve_entries
from monitor.extract.holding import Held, read_page_to_keep
from monitor.extract.identity import is_detour
from monitor.extract.outcomes import PageText, Reading, read_answer
from monitor.extract.saving import Done, save_readings
from monitor.net.pipeline import Fetches
from monitor.permission import claim_robots, release_robots, save_answers
from monitor.politeness import manners_for_pages
from monitor.robots import refusal
from monitor.store import boilerplate, claims, hosts, pages, robots
from monitor.store.engine import is_trouble
from monitor.store.hints import load_hints
from monitor.types import Access, DuePage, Failure, Progress, Reason, Request, Response
from monitor.urls import masked
from monitor.workers import WorkFailure, Works

log = structlog.get_logger()
_number = itemgetter(0)

#: While pages are read, answers are looked for this often; alone they are waited for longer.
WAIT_S, LONG_WAIT_S = 0.02, 0.2
LOOK_AGAIN = timedelta(seconds=1)
#: What was read is saved in one transaction, so many at once; fewer once nothing more came in so many rounds.
N_TOGETHER = 20
N_QUIET = 5
#: A run that others might wait for ends after so long, once what it holds is done: suspects are claimed by a new one.
RUN_MAX = timedelta(minutes=2)


def run(app: App) -> Progress:
    """Resolve entries and read the pages that are due; `next_at` tells when pages that wait can be fetched."""
    with app.store.begin() as conn:
        pages.set_aside_crashed(conn, app.clock())
    with (
        app.http.fetches(stop=app.stop) as fetches,
        app.workers.works(read_page_to_keep, deadline_s=app.settings.extract.deadline_s, stop=app.stop) as works,
    ):
        reading = _Pages(app=app, fetches=fetches, works=works)
        reading.run()
    if reading.n_done:
        return Progress(n_done=reading.n_done, n_failed=reading.n_failed)
    manners = manners_for_pages(app.settings.politeness)
    with app.store.read() as conn:
        return Progress(next_at=pages.next_page_at(conn, app.clock(), manners=manners))


# --- pages ---------------------------------------------------------------------------------------------------------


_Answer = Response | Failure | None
_Result = PageText | WorkFailure | None


@dataclass(kw_only=True)
class _Pages:
    """One run: which pages it holds, by a number for each time that one was claimed.

    While some are read by the workers and saved, others are on their way and more are claimed.
    """

    app: App
    fetches: Fetches
    works: Works[PageText]
    held: dict[int, Held] = field(default_factory=dict)
    answers: dict[int, Response] = field(default_factory=dict)  # pages that came and are not read yet
    asked_hosts: dict[int, str] = field(default_factory=dict)  # for their robots.txt
    numbers: Iterator[int] = field(default_factory=count)
    read: list[tuple[int, PageText | WorkFailure]] = field(default_factory=list)  # and not saved yet
    n_quiet: int = 0  # rounds in which nothing was read
    n_done: int = 0
    n_failed: int = 0
    look_again_at: datetime | None = None
    ends_at: datetime | None = None

    def run(self) -> None:
        try:
            while self._top_up() or self.fetches.n_open or self.works.n_open:
                results = self.works.take(timeout_s=WAIT_S if self.fetches.n_open else LONG_WAIT_S)
                answered = self.fetches.take(timeout_s=0 if self.works.n_open or results else WAIT_S)
                if not self.app.stop.is_set():
                    self._work_on(answered)
                self._save_read(results)
                if self.app.stop.is_set():
                    break
        finally:
            self._give_back()

    def _save_read(self, results: Sequence[tuple[int, PageText | WorkFailure]]) -> None:
        """Save what was read once there is enough of it, or nothing more came for a while."""
        self.read += results
        self.n_quiet = 0 if results else self.n_quiet + 1
        if len(self.read) >= N_TOGETHER or self.n_quiet >= N_QUIET or not self.works.n_open:
            read, self.read = sorted(self.read, key=_number), []
            self._save_all([(key, self.answers.pop(key), result) for key, result in read])

    def _top_up(self) -> bool:
        """Resolve entries and claim more pages where there is room, and ask for them; whether there were any."""
        app, now, limit = self.app, self.app.clock(), self.app.settings.extract.batch
        self.ends_at = self.ends_at or now + RUN_MAX
        is_busy = bool(self.fetches.n_open or self.works.n_open)
        is_dry = is_busy and self.look_again_at is not None and now < self.look_again_at
        is_dry = is_dry or now >= self.ends_at or any(one.page.is_suspect for one in self.held.values())
        if app.stop.is_set() or is_dry or self.fetches.n_active + self.works.n_open > limit // 2:
            return False
        n_resolved = resolve_entries(app)
        self.n_done += n_resolved
        manners = manners_for_pages(app.settings.politeness)
        lease_s = app.settings.extract.lease_s
        hosts_asked = claim_robots(app, pages.ASKED, manners, lease_s=lease_s)
        with app.store.begin() as conn:
            due = pages.claim_pages(conn, now=now, lease_s=lease_s, limit=limit, manners=manners, n_held=len(self.held))
        # The others that are due wait for their hosts.
        self.look_again_at = now + LOOK_AGAIN if len(due) < limit else None
        self._ask_hosts(hosts_asked)
        self._ask(self._held(due, heeds_robots=manners.heeds_robots))
        return bool(n_resolved or hosts_asked or due)

    def _held(self, due: Sequence[DuePage], *, heeds_robots: bool) -> dict[int, Held]:
        """The claimed pages with what their feeds say, and with what the robots.txt of their hosts says of them."""
        if not due:
            return {}
        claimed = dict(zip(self.numbers, due, strict=False))
        with self.app.store.read() as conn:
            rules = robots.load_robots(conn, {page.host for page in due if page.host}) if heeds_robots else {}
            said = load_hints(conn, [page.id for page in due])
            hints = boilerplate.with_boilerplate(conn, said)
        judged = {
            key: replace(page, refusal=refusal(rules[page.host], page.entry_url)) if page.host in rules else page
            for key, page in claimed.items()
        }
        return {key: Held.of(judged[key], hints[page.id]) for key, page in claimed.items()}

    def _ask_hosts(self, requests: Mapping[str, Request]) -> None:
        asked = dict(zip(self.numbers, requests, strict=False))
        self.asked_hosts |= asked
        self.fetches.add([(key, requests[host]) for key, host in asked.items()])

    def _ask(self, claimed: Mapping[int, Held]) -> None:
        """Ask for the pages; those that are not to be asked for have their article from the feed."""
        self.held |= claimed
        asked = {key: one for key, one in claimed.items() if one.page.host and one.page.refusal is None}
        max_bytes = self.app.settings.http.page_max_bytes
        self.fetches.add([(key, one.request(max_bytes)) for key, one in asked.items()])
        self._save_all([(key, None, None) for key in claimed if key not in asked])

    def _work_on(self, answered: Sequence[tuple[int, Response | Failure]]) -> None:
        """Give the workers what came; what brought no page is decided at once."""
        if not answered:
            return
        by_key = dict(sorted(answered, key=_number))
        from_hosts = {self.asked_hosts.pop(key): by_key.pop(key) for key in list(by_key) if key in self.asked_hosts}
        if from_hosts:
            save_answers(self.app, from_hosts)
            self.look_again_at = None
        with self.app.store.begin() as conn:
            hosts.heed_answers(conn, by_key.values(), self.app.clock())
        pageless: list[tuple[int, _Answer, _Result]] = []
        for key, answer in by_key.items():
            with self._blaming(key):
                one = self.held[key]
                is_page = isinstance(answer, Response) and not _detour(one.page, answer)
                if isinstance(answer, Response) and is_page and not one.is_unchanged(answer):
                    self.answers[key] = answer
                    n_words_before = 0 if one.page.is_new else one.page.n_words
                    self.works.add([(key, (answer, one.hints, n_words_before))])
                elif not _is_stopped(answer):
                    pageless.append((key, answer, None))
        self._save_all(pageless)

    @contextmanager
    def _blaming(self, key: int) -> Iterator[None]:
        """A page at which an unforeseen error is raised keeps its lease: it is claimed alone when that ends."""
        try:
            yield
        except Exception as error:
            if not is_trouble(error):
                del self.held[key]
            raise

    def _save_all(self, read: Sequence[tuple[int, _Answer, _Result]]) -> None:
        """Save some together; where that fails each by itself, so that no page keeps another one from being saved."""
        done = [(key, answer, result) for key, answer, result in read if not _is_stopped(result)]
        for start in range(0, len(done), N_TOGETHER):
            readings: dict[int, Reading] = {}
            for key, answer, result in done[start : start + N_TOGETHER]:
                with self._blaming(key):
                    readings[key] = _reading(self.held[key], answer, result)
            left: Mapping[int, Reading] = readings
            try:
                left = self._save(readings)
            except Exception as error:
                if is_trouble(error):
                    raise
            self._save_alone(left)

    def _save_alone(self, readings: Mapping[int, Reading]) -> None:
        for key, reading in readings.items():
            with self._blaming(key):
                try:
                    self._save({key: reading})
                except LeaseLostError as error:
                    log.warning("extract.lease_lost", detail=str(error))
                    self._finish({key: reading})

    def _save(self, readings: Mapping[int, Reading]) -> dict[int, Reading]:
        """Save these in one transaction; returns those of several that are to be saved alone."""
        with self.app.store.begin() as conn:
            done = {key: Done(reading, self.held[key].hints_hash) for key, reading in readings.items()}
            saved = save_readings(self.app, conn, done)
        self._finish({key: readings[key] for key in saved})
        return {key: reading for key, reading in readings.items() if key not in saved}

    def _finish(self, readings: Mapping[int, Reading]) -> None:
        for key, reading in readings.items():
            del self.held[key]
            self.n_done += 1
            self.n_failed += reading.reason is not None

    def _give_back(self) -> None:
        """What a stop left unread is due for the next process at once, and the try does not count."""
        release_robots(self.app, set(self.asked_hosts.values()))
        if self.held:
            with self.app.store.begin() as conn:
                for until in {one.page.leased_until for one in self.held.values()}:
                    ids = sorted(one.page.id for one in self.held.values() if one.page.leased_until == until)
                    claims.release(conn, pages.PAGES, ids, until)


def _is_stopped(answer: object) -> bool:
    """Whether we went away; the page did nothing wrong."""
    return isinstance(answer, Failure | WorkFailure) and answer.reason is Reason.STOPPED


def _reading(held: Held, answer: _Answer, result: _Result) -> Reading:
    page, detour = held.page, _detour(held.page, answer)
    reading = read_answer(
        page,
        answer,
        result if isinstance(result, PageText) else None,
        held.hints,
        killed=(result.reason, result.detail) if isinstance(result, WorkFailure) else None,
        detour=(_access_of_detour(detour), masked(detour)) if detour else None,
    )
    is_unchanged = isinstance(answer, Response) and not detour and held.is_unchanged(answer)
    return replace(reading, is_unchanged=True, reason=None) if is_unchanged else reading


def _detour(page: DuePage, answer: Response | Failure | None) -> str:
    """Where a link led that ended on a homepage or at an aggregator: that is as good as no page; else ""."""
    if not isinstance(answer, Response) or not 200 <= answer.status < 300:
        return ""
    return answer.final_url if is_detour(page.entry_url, answer.final_url) else ""


def _access_of_detour(final_url: str) -> Access:
    return Access.CONSENT if is_aggregator_link(final_url) else Access.GONE
