"""Saves what looks at pages gave: texts and revisions, or that an article is another one, or was erased.

The store's half of monitor.extract.outcomes, where it is judged what is kept of a look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.app import App
from monitor.config import Settings
from monitor.extract.holding import Held
from monitor.extract.identity import PageUrls, choose_canonical
from monitor.extract.outcomes import Look, Policies, Reading, judge_look, plan_after
from monitor.extract.rereading import RereadPolicy
from monitor.store import articles, erasing, given_texts, merging, pages, tombstones
from monitor.store.arrivals import arrive
from monitor.store.engine import Connection
from monitor.store.hints import load_hints
from monitor.store.pages import FetchedPage
from monitor.store.revisions import NewRevision, load_wording
from monitor.store.sources import load_publishers
from monitor.text.normalise import normal_text, text_hash
from monitor.types import Access, ArticleId, DuePage, ExtractedArticle, Method, Response
from monitor.urls import host_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Saving:
    """What is to be saved of a page: its `look`; None where its article is another one, or was erased."""

    reading: Reading
    fetched: FetchedPage
    look: Look | None = None
    other_id: ArticleId | None = None


def save_readings(app: App, conn: Connection, read: Mapping[int, tuple[Reading, Held]]) -> set[int]:
    """Save what was read; returns what is saved. Of several those whose articles end are left: that takes locks which
    come before those of the others. For the same reason all texts are saved before the first of them arrives.
    """
    if len(read) > 1:
        pages.hold_pages(conn, [reading.page for reading, _ in read.values()])
    decided = {key: _decide(app, conn, reading, held) for key, (reading, held) in read.items()}
    looks = {key: (one.fetched, one.look) for key, one in decided.items() if one.look is not None}
    if len(read) == 1 and not looks:
        for one in decided.values():
            _end(conn, one, app.clock())
        return set(decided)
    given_texts.ensure_names(conn, [look.article for _, look in looks.values() if look.article is not None])
    arriving = [fetched.page.id for fetched, look in looks.values() if _save_look(conn, fetched, look, app.clock())]
    for article_id in arriving:
        arrive(conn, article_id, app.clock())
    return set(looks)


def _decide(app: App, conn: Connection, reading: Reading, held: Held) -> _Saving:
    now, page = app.clock(), reading.page
    urls = _urls(conn, reading)
    fetched = _fetched(app, reading, held, urls=urls, now=now)
    if reading.article is not None and _is_erased(conn, reading.article, urls):
        return _Saving(reading=reading, fetched=fetched)
    other_id = articles.find_article(conn, [urls.canonical])
    if other_id is not None and other_id != page.id and _are_one(conn, other_id, reading):
        return _Saving(reading=reading, fetched=fetched, other_id=other_id)
    before = None if page.is_new else load_wording(conn, page.id)
    look = judge_look(reading, before, now=now, policies=_policies(app.settings))
    if other_id is not None and other_id != page.id:
        fetched = replace(fetched, canonical_url=page.url, other_urls={page.url: "asked"})
    elif other_id is None and not page.is_new:
        fetched = replace(fetched, canonical_url=page.url, other_urls=_urls_of_later_look(page, fetched))
    return _Saving(reading=reading, fetched=_planned(app, fetched, reading, look=look, now=now), look=look)


def _urls_of_later_look(page: DuePage, fetched: FetchedPage) -> dict[str, str]:
    """An article keeps the URL that it arrived with; the first readable page tells by which others it is known."""
    is_read = page.method is not None and Method(page.method).is_page
    return {page.url: "asked"} if is_read else {**fetched.other_urls, fetched.canonical_url: "canonical"}


def _end(conn: Connection, one: _Saving, now: datetime) -> None:
    if one.other_id is None:
        erasing.refuse_page(conn, one.fetched, access=one.reading.access, now=now)
    else:
        merging.merge_into(conn, one.fetched, one.other_id, now)


def _save_look(conn: Connection, fetched: FetchedPage, look: Look, now: datetime) -> bool:
    """Returns whether the article is to arrive."""
    revision = _revision(look)
    if look.article is not None:
        return pages.save_text(conn, fetched, look.article, now, revision=revision)
    pages.save_without_text(conn, fetched, access=look.access, now=now, revision=revision)
    return False


def _policies(settings: Settings) -> Policies:
    limits = settings.extract
    return Policies(rereads=RereadPolicy(reread_hours=limits.reread_hours, retry_hours=limits.retry_hours))


def _fetched(app: App, reading: Reading, held: Held, *, urls: PageUrls, now: datetime) -> FetchedPage:
    return FetchedPage(
        page=reading.page,
        canonical_url=urls.canonical,
        other_urls={reading.page.url: "asked", urls.final or reading.page.url: "final"},
        final_url=urls.final,
        declared_url=urls.declared,
        response=reading.answer if isinstance(reading.answer, Response) else None,
        expires_at=now + timedelta(days=app.settings.retention.pages_days),
        retry_at=None,
        hints_hash=held.hints_hash,
    )


def _planned(app: App, fetched: FetchedPage, reading: Reading, *, look: Look, now: datetime) -> FetchedPage:
    """With when the page is asked for again, and why it is not what was hoped for."""
    plan = plan_after(reading, look, now=now, jitter=app.rng.random(), policies=_policies(app.settings))
    return replace(
        fetched,
        retry_at=plan.due_at,
        n_rereads=plan.n_rereads,
        n_failures=plan.n_failures,
        reason=look.reason,
        detail=look.detail,
        doubted_at=look.doubted_at,
    )


def _revision(look: Look) -> NewRevision | None:
    if look.change.kind is None or look.wording is None:
        return None
    return NewRevision(
        kind=look.change.kind,
        wording=look.wording,
        difference=look.change.difference,
        is_small=look.change.is_small,
    )


def _is_erased(conn: Connection, found: ExtractedArticle, urls: PageUrls) -> bool:
    known_by = [url for url in (urls.canonical, urls.final) if url]
    return tombstones.is_erased(conn, urls=known_by, title=found.title, text=found.text, authors=found.authors)


def _urls(conn: Connection, reading: Reading) -> PageUrls:
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
    title = normal_text(other.title or load_hints(conn, [other_id])[other_id].title)
    own_title = normal_text(reading.result.title)
    if title and own_title:
        return title == own_title
    return text_hash(other.text) == text_hash(reading.result.text)
