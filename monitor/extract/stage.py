"""Turns entries into articles: identity, page, text, revision.

First the entries that lead to no article yet are resolved by their links. Then the pages that are due are fetched and
read in killable processes; what their canonical URL says decides the identity again. The feed's own text stands in
where a page fails or robots.txt forbids it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from monitor.app import App
from monitor.errors import LeaseLostError
from monitor.extract.aggregators import is_aggregator_link
from monitor.extract.identity import (
    Identity,
    PageUrls,
    alike_articles,
    candidate_urls,
    choose_canonical,
    decide_identity,
    is_detour,
    marked,
)
from monitor.extract.page import access_of_status, article_from_feed, extract_article
from monitor.likeness import entry_keys
from monitor.permission import learn_robots
from monitor.politeness import manners_for_pages, wished_at
from monitor.robots import refusal
from monitor.store import (
    articles,
    boilerplate,
    claims,
    entries,
    erasing,
    hosts,
    merging,
    pages,
    resolving,
    robots,
    tombstones,
)
from monitor.store.articles import NewArticle
from monitor.store.engine import Connection
from monitor.store.entries import UnresolvedEntry
from monitor.store.pages import DuePage, FetchedPage
from monitor.store.sources import ensure_source_of, load_publishers
from monitor.text.normalise import normal_text, text_hash
from monitor.types import (
    Access,
    ArticleId,
    ExtractedArticle,
    Failure,
    FeedHints,
    Method,
    Progress,
    Reason,
    Request,
    Response,
)
from monitor.urls import host_of, masked
from monitor.workers import WorkFailure

log = structlog.get_logger()

N_ENTRIES = 200
ACCEPT = "text/html, application/xhtml+xml, */*;q=0.1"
MAX_PAGE_FAILURES = 5
FIRST_RETRY = timedelta(hours=1)
RESOLVE_RETRY = timedelta(hours=1)

#: Failures that may pass: the page is asked for again later.
_PASSING_STATUS = frozenset({408, 425, 429, *range(500, 600)})
_PASSING_REASONS = frozenset(
    {
        Reason.DNS,
        Reason.DNS_TEMPORARY,
        Reason.REFUSED,
        Reason.TLS,
        Reason.TIMEOUT,
        Reason.DISCONNECTED,
        Reason.PROTOCOL,
        Reason.WORKER_DIED,
        Reason.ROBOTS_UNREACHABLE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of one page: the article or the reason why there is none, and what was answered."""

    page: DuePage
    answer: Response | Failure | None
    result: ExtractedArticle | Reason
    reason: Reason | None
    detail: str
    access: Access


def run(app: App) -> Progress:
    """Resolve a batch of entries and read a batch of pages; `next_at` tells when pages that wait can be fetched."""
    n_resolved = _resolve_entries(app)
    settings = app.settings
    manners = manners_for_pages(settings.politeness)
    learn_robots(app, pages.ASKED, manners, lease_s=settings.extract.lease_s)
    now = app.clock()
    with app.store.begin() as conn:
        pages.set_aside_crashed(conn, now)
        due, leased_until = pages.claim_pages(
            conn, now=now, lease_s=settings.extract.lease_s, limit=settings.extract.batch, manners=manners
        )
    with app.store.read() as conn:
        if not due:
            return Progress(n_done=n_resolved, next_at=pages.next_page_at(conn, now, manners=manners))
        hints = boilerplate.with_boilerplate(conn, {page.id: entries.load_hints(conn, page.id) for page in due})
        rules = robots.load_robots(conn, {page.host for page in due}) if manners.heeds_robots else None
    if rules is not None:
        due = _judged(due, rules)
    n_read, n_failed = _read_and_save(app, due, hints, leased_until=leased_until)
    return Progress(n_done=n_resolved + n_read, n_failed=n_failed)


def _judged(due: Sequence[DuePage], rules: Mapping[str, str | None]) -> list[DuePage]:
    """The pages with what the robots.txt of their hosts says of them."""
    return [replace(page, refusal=refusal(rules[page.host], page.entry_url)) if page.host else page for page in due]


def _read_and_save(
    app: App, due: Sequence[DuePage], hints: dict[ArticleId, FeedHints], *, leased_until: datetime
) -> tuple[int, int]:
    """How many pages were read, and how many of them failed. One whose saving raises keeps its lease, the rest go back.

    Where reading raises nobody knows which page it was: all keep their leases, and are claimed alone when these end.
    """
    untouched = {page.id for page in due}
    n_read = n_failed = 0
    readings = _read_pages(app, due, hints)
    try:
        while (reading := _next(readings, untouched)) is not None:
            untouched.discard(reading.page.id)
            n_read += 1
            n_failed += reading.reason is not None
            try:
                _save(app, reading, leased_until)
            except LeaseLostError as error:
                log.warning("extract.lease_lost", detail=str(error))
    finally:
        _give_back(app, untouched, leased_until)
    return n_read, n_failed


def _next(readings: Iterator[Reading], untouched: set[ArticleId]) -> Reading | None:
    """The next reading; where reading raises, nothing is given back."""
    try:
        return next(readings, None)
    except BaseException:
        untouched.clear()
        raise


def _give_back(app: App, ids: set[ArticleId], leased_until: datetime) -> None:
    """Pages that a stop left unread are due for the next process at once, and the try does not count."""
    if ids:
        with app.store.begin() as conn:
            claims.release(conn, pages.PAGES, sorted(ids), leased_until)


# --- entries -------------------------------------------------------------------------------------------------------


def _resolve_entries(app: App) -> int:
    now = app.clock()
    with app.store.begin() as conn:
        found = entries.load_unresolved(conn, now=now, limit=N_ENTRIES)
        for entry in found:
            _resolve_or_postpone(conn, entry, now)
    return len(found)


def _resolve_or_postpone(conn: Connection, entry: UnresolvedEntry, now: datetime) -> None:
    """An entry that raises must not keep all others from their articles."""
    error = entries.attempt(conn, entry, lambda: _resolve(conn, entry, now), retry_at=now + RESOLVE_RETRY)
    if error is not None:
        log.error("extract.entry_postponed", entry=entry.id, exc_info=error)


def resolve_entry(conn: Connection, entry: UnresolvedEntry, now: datetime) -> None:
    """Decide one entry at once, in the transaction that brought it and loaded it as unresolved."""
    _resolve(conn, entry, now)


def _resolve(conn: Connection, entry: UnresolvedEntry, now: datetime) -> None:
    keys = entry_keys(entry)
    # As it is now: an entry before this one may have shown its article to be another one's.
    own = None if entry.article_id is None else entries.load_article_id(conn, entry.id)
    urls = candidate_urls(guid=entry.guid, url=entry.url, feed_url=entry.feed_url)
    identity = decide_identity(
        guid=entry.guid,
        url=entry.url,
        feed_url=entry.feed_url,
        by_guid={} if own is None else {entry.guid: own},
        by_url=resolving.find_by_urls(conn, urls),
        # Only once: what it stood beside is forgotten later.
        alike=[] if own is not None else alike_articles(entry, entries.find_alike(conn, entry, keys)),
    )
    new = _new_article(conn, entry, identity, now)
    if tombstones.is_erased(conn, urls=[new.url, new.entry_url], entry=(entry.feed_id, entry.guid)):
        erasing.refuse_entry(conn, entry.id, now)
        return
    if identity.known is None:
        article_id = articles.add_article(conn, new, now)
    else:
        article_id = resolving.join_unread(conn, (identity.known, *identity.also), now)
        articles.add_urls(conn, article_id, {new.entry_url: "entry", new.url: "entry"}, now)
        if own is None:
            articles.note_sighting(conn, article_id, new)
        else:
            articles.request_page(conn, article_id, now)
    entries.save_resolved(conn, entry, article_id, keys)


def _new_article(conn: Connection, entry: UnresolvedEntry, identity: Identity[ArticleId], now: datetime) -> NewArticle:
    host = host_of(identity.fetch_url) if identity.fetch_url else ""
    is_new = identity.known is None
    return NewArticle(
        url=identity.canonical_url,
        # A link that names no article, such as a homepage, must not lead to one.
        entry_url=identity.canonical_url if identity.canonical_url.startswith("urn:") else entry.url or "",
        host=host,
        source_id=ensure_source_of(conn, host, now=now) if host and is_new else entry.source_id,
        first_seen_at=entry.first_seen_at,
        not_seen_before_at=entry.not_seen_before_at,
        published_at=entry.published_at,
    )


# --- pages ---------------------------------------------------------------------------------------------------------


def _read_pages(app: App, due: Sequence[DuePage], hints: dict[ArticleId, FeedHints]) -> Iterator[Reading]:
    """Readings as they are ready: one is saved while the next are read. Those that a stop prevents are left out."""
    asked = [page for page in due if page.host and page.refusal is None]
    requests = [
        Request(url=page.entry_url, accept=ACCEPT, max_bytes=app.settings.http.page_max_bytes) for page in asked
    ]
    answers = dict(zip((page.id for page in asked), app.http.fetch_many(requests, stop=app.stop), strict=True))
    if answers:
        with app.store.begin() as conn:
            hosts.heed_answers(conn, answers.values(), app.clock())
    answered = [
        page for page in asked if isinstance(answers[page.id], Response) and not _detour(page, answers[page.id])
    ]
    others = (page for page in due if page not in answered)
    yield from _unless_stopped(_reading(page, answers.get(page.id), None, hints[page.id]) for page in others)
    finished = app.workers.run_each(
        read_page,
        [(answers[page.id], hints[page.id]) for page in answered],
        deadline_s=app.settings.extract.deadline_s,
        stop=app.stop,
    )
    yield from _unless_stopped(
        _reading(answered[number], answers[answered[number].id], result, hints[answered[number].id])
        for number, result in finished
    )


def _unless_stopped(readings: Iterable[Reading]) -> Iterator[Reading]:
    return (reading for reading in readings if reading.reason is not Reason.STOPPED)


def read_page(response: Response, hints: FeedHints) -> ExtractedArticle | Reason:
    """`extract_article` with plain arguments, as a worker process is called."""
    return extract_article(
        response.body,
        url=response.final_url,
        content_type=response.headers.get("content-type"),
        status=response.status,
        hints=hints,
    )


def _reading(
    page: DuePage,
    answer: Response | Failure | None,
    result: ExtractedArticle | Reason | WorkFailure | None,
    hints: FeedHints,
) -> Reading:
    """One page's result; where page or process failed, the article as its feed gives it."""
    reason, detail, access = page.refusal, "", Access.NONE if answer is None else Access.OK
    if page.refusal is not None:
        access = Access.ROBOTS if page.refusal is Reason.ROBOTS else Access.FAILED
        detail = f"{page.host}/robots.txt forbids it or could not be had"
    elif isinstance(answer, Failure):
        reason, detail, access = answer.reason, answer.detail, Access.FAILED
    elif detour := _detour(page, answer):
        reason, access, detail = Reason.NOT_FOUND, _access_of_detour(detour), f"the link leads to {masked(detour)}"
    elif isinstance(result, WorkFailure):
        reason, detail = result.reason, result.detail
        access = Access.TIMEOUT if reason is Reason.EXTRACT_TIMEOUT else Access.FAILED
    if result is None or isinstance(result, WorkFailure):
        result = marked(article_from_feed(hints, url=page.url, access=access), page.url)
    if isinstance(result, ExtractedArticle):
        access = result.access
    elif reason is None and isinstance(answer, Response) and not 200 <= answer.status < 300:
        access, reason = access_of_status(answer.status, answer.body), Reason.of_status(answer.status)
    else:
        reason = reason or result
    return Reading(page=page, answer=answer, result=result, reason=reason, detail=detail, access=access)


def _detour(page: DuePage, answer: Response | Failure | None) -> str:
    """Where a link led that ended on a homepage or at an aggregator: that is as good as no page; else ""."""
    if not isinstance(answer, Response) or not 200 <= answer.status < 300:
        return ""
    return answer.final_url if is_detour(page.entry_url, answer.final_url) else ""


def _access_of_detour(final_url: str) -> Access:
    return Access.CONSENT if is_aggregator_link(final_url) else Access.GONE


def _save(app: App, reading: Reading, leased_until: datetime) -> None:
    now, page = app.clock(), reading.page
    urls = _urls(app, reading)
    fetched = FetchedPage(
        page=page,
        leased_until=leased_until,
        canonical_url=urls.canonical,
        other_urls={page.url: "asked", urls.final or page.url: "final"},
        final_url=urls.final,
        declared_url=urls.declared,
        response=reading.answer if isinstance(reading.answer, Response) else None,
        expires_at=now + timedelta(days=app.settings.retention.pages_days),
        retry_at=_retry_at(reading, now),
    )
    with app.store.begin() as conn:
        if isinstance(reading.result, ExtractedArticle) and _is_erased(
            conn, reading.result, urls.canonical, urls.final or urls.canonical
        ):
            erasing.refuse_page(conn, fetched, access=reading.access, now=now)
            return
        other_id = articles.find_article(conn, [urls.canonical])
        if other_id not in (None, page.id) and _are_one(conn, other_id, reading):
            merging.merge_into(conn, fetched, other_id, now)
            return
        if other_id != page.id and (other_id is not None or not page.is_new):
            fetched = replace(fetched, canonical_url=page.url, other_urls={page.url: "asked"})
        because = _worse(reading)
        if isinstance(reading.result, ExtractedArticle) and because is None:
            pages.save_article(conn, fetched, reading.result, now)
        else:
            reason, detail = because or (reading.reason or Reason.EMPTY, reading.detail)
            pages.save_without_text(conn, fetched, access=reading.access, reason=reason, detail=detail)


def _is_erased(conn: Connection, found: ExtractedArticle, *urls: str) -> bool:
    return tombstones.is_erased(conn, urls=urls, text=found.text, authors=found.authors)


def _urls(app: App, reading: Reading) -> PageUrls:
    """The canonical URL, the one that answered and the declared one; the URL asked for alone without a readable page.

    Error pages, logins and walls answer for many articles under one URL.
    """
    page, answer, result = reading.page, reading.answer, reading.result
    is_answered = page.host and isinstance(answer, Response) and 200 <= answer.status < 300
    if not is_answered or not isinstance(answer, Response) or not isinstance(result, ExtractedArticle):
        return PageUrls(page.url)
    if not result.method.is_page or result.access is not Access.OK:
        return PageUrls(page.url)
    declared, final = result.canonical_url, answer.final_url
    publishers = {}
    if declared and host_of(declared) != host_of(final):
        with app.store.read() as conn:
            publishers = load_publishers(conn, {host_of(declared), host_of(final)})
    canonical = choose_canonical(asked_url=page.url, final_url=final, declared_url=declared, publishers=publishers)
    return PageUrls(canonical, final, declared)


def _are_one(conn: Connection, other_id: ArticleId, reading: Reading) -> bool:
    """Does the article under this canonical URL say the same? Some sites name one URL on all their pages.

    Where both have titles these decide: the texts of two links that lead to one login page are equal, too.
    """
    if not isinstance(reading.result, ExtractedArticle):
        return False
    other = articles.load_articles(conn, [other_id])[other_id]
    title = normal_text(other.title or entries.load_hints(conn, other_id).title)
    own_title = normal_text(reading.result.title)
    if title and own_title:
        return title == own_title
    return text_hash(other.text) == text_hash(reading.result.text)


def _worse(reading: Reading) -> tuple[Reason, str] | None:
    """Why the stored text of a page is better than what was read this time: the reason and a line on it."""
    page, result = reading.page, reading.result
    if page.is_new or not page.method or not Method(page.method).is_page or not isinstance(result, ExtractedArticle):
        return None
    if not result.method.is_page:
        return reading.reason or Reason.EMPTY, reading.detail
    if page.access == Access.OK and result.access is not Access.OK:
        return Reason.PAYMENT_REQUIRED, f"could be read before and is now: {result.access.value}"
    if result.n_words * 2 < page.n_words:
        return Reason.EMPTY, f"{result.n_words} words of {page.n_words} were left; the text is kept"
    return None


def _retry_at(reading: Reading, now: datetime) -> datetime | None:
    """Later each time, and not before the server wants it; None when there is no use in asking again."""
    answer, n_failures = reading.answer, reading.page.n_page_failures
    response = answer if isinstance(answer, Response) else None
    may_pass = reading.reason in _PASSING_REASONS or (response is not None and response.status in _PASSING_STATUS)
    if not may_pass or n_failures + 1 >= MAX_PAGE_FAILURES:
        return None
    wished = None if response is None else wished_at(response, now)
    return max(now + FIRST_RETRY * (1 << n_failures), wished or now)
