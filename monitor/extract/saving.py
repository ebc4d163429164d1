"""Saves what came of looks at pages, several at once: texts, revisions, that an article is another one or erased.

The store's half of monitor.extract.outcomes and identity, where it is judged what a page says and where it lies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.app import App
from monitor.config import Settings
from monitor.extract.identity import PageUrls, choose_canonical
from monitor.extract.outcomes import Look, Policies, Reading, judge_look, plan_after
from monitor.extract.rereading import RereadPolicy
from monitor.store import articles, erasing, merging, pages, tombstones
from monitor.store.arrivals import arrive
from monitor.store.bylines import ensure_names
from monitor.store.engine import Connection
from monitor.store.first_texts import first_text, save_first
from monitor.store.hints import load_hints
from monitor.store.page_results import FetchedPage
from monitor.store.resolving import find_by_urls
from monitor.store.revisions import NewRevision, is_retracted, load_titles, load_wording
from monitor.store.sources import load_publishers
from monitor.store.tombstones import Key, erased_keys
from monitor.text.normalise import normal_text, text_hash
from monitor.types import Access, ArticleId, DuePage, ExtractedArticle, KnownTitles, Method, Response
from monitor.urls import host_of


class Done(NamedTuple):
    """What came of a held page, and the hash of what the feeds said about its article."""

    reading: Reading
    hints_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Saving:
    """What is to be saved of a page: its `look`; None where its article is another one, or was erased."""

    done: Done
    fetched: FetchedPage
    look: Look | None = None
    other_id: ArticleId | None = None

    @property
    def article(self) -> ExtractedArticle | None:
        return None if self.look is None else self.look.article


def save_readings(app: App, conn: Connection, read: Mapping[int, Done]) -> set[int]:
    """Save what was read in one transaction; returns what is saved. Raises LeaseLostError when a lease ran out.

    Of several those are left whose articles end, or that name one URL: that takes locks which come before those of the
    others. For the same reason all texts are saved before the first of them arrives.
    """
    now = app.clock()
    if len(read) > 1:
        pages.hold_pages(conn, [one.reading.page for one in read.values()])
    decided = _decide_all(app, conn, read, now)
    if len(read) == 1 and all(one.look is None for one in decided.values()):
        for one in decided.values():
            _end(conn, one, now)
        return set(decided)
    looks = {key: one for key, one in decided.items() if one.look is not None}
    ensure_names(conn, [one.article for one in looks.values() if one.article is not None])
    firsts = [
        first_text(one.fetched, one.article, one.done.reading.forms)
        for one in looks.values()
        if one.article is not None and one.fetched.page.is_new
    ]
    arriving = [one.fetched.page.id for one in looks.values() if _is_changed(conn, one, now)]
    if firsts:
        save_first(conn, firsts, now)
    for article_id in arriving:
        arrive(conn, article_id, now)
    return set(looks)


def _decide_all(app: App, conn: Connection, read: Mapping[int, Done], now: datetime) -> dict[int, _Saving]:
    """What is to be saved of each, without those that name a URL which another one of them names."""
    readings = [one.reading for one in read.values()]
    urls = dict(zip(read, _urls_of(conn, readings), strict=True))
    n_named = Counter(url for key, one in read.items() for url in _names(one.reading, urls[key]))
    known = find_by_urls(conn, {its.canonical for its in urls.values()})
    keys = {key: _keys(one.reading, urls[key]) for key, one in read.items()}
    erased = erased_keys(conn, {key for some in keys.values() for key in some})
    decided: dict[int, _Saving] = {}
    for key, one in read.items():
        its = urls[key]
        fetched = _fetched(app, one, its, now)
        if any(n_named[url] > 1 for url in _names(one.reading, its)):
            continue
        if not erased.isdisjoint(keys[key]):
            decided[key] = _Saving(done=one, fetched=fetched)
        else:
            decided[key] = _decide(app, conn, one, fetched, other_id=known.get(its.canonical))
    return decided


def _names(reading: Reading, urls: PageUrls) -> set[str]:
    return {url for url in (reading.page.url, urls.canonical, urls.final) if url}


def _decide(app: App, conn: Connection, done: Done, fetched: FetchedPage, *, other_id: ArticleId | None) -> _Saving:
    """`other_id` has the canonical URL that the page tells; it may be the article itself."""
    now, reading, page = app.clock(), done.reading, done.reading.page
    if other_id is not None and other_id != page.id and _are_one(conn, other_id, reading):
        return _Saving(done=done, fetched=fetched, other_id=other_id)
    before = None if page.is_new else load_wording(conn, page.id)
    is_read = before is not None and reading.article is not None and not reading.is_unchanged
    titles = load_titles(conn, page.id) if is_read else KnownTitles()
    look = judge_look(reading, before, titles, now=now, policies=_policies(app.settings))
    if other_id is not None and other_id != page.id:
        fetched = replace(fetched, canonical_url=page.url, other_urls={page.url: "asked"})
    elif other_id is None and not page.is_new:
        fetched = replace(fetched, canonical_url=page.url, other_urls=_urls_of_later_look(page, fetched))
    return _Saving(done=done, fetched=_planned(app, fetched, reading, look=look, now=now), look=look)


def _urls_of_later_look(page: DuePage, fetched: FetchedPage) -> dict[str, str]:
    """An article keeps the URL that it arrived with; the first readable page tells by which others it is known."""
    is_read = page.method is not None and Method(page.method).is_page
    return {page.url: "asked"} if is_read else {**fetched.other_urls, fetched.canonical_url: "canonical"}


def _end(conn: Connection, one: _Saving, now: datetime) -> None:
    if one.other_id is None:
        erasing.refuse_page(conn, one.fetched, access=one.done.reading.access, now=now)
    else:
        merging.merge_into(conn, one.fetched, one.other_id, now)


def _is_changed(conn: Connection, one: _Saving, now: datetime) -> bool:
    """Save a look that brings no first text; returns whether its article is to arrive again."""
    if one.look is None or (one.article is not None and one.fetched.page.is_new):
        return False
    revision = _revision(one.look)
    if one.article is not None:
        return pages.save_text(conn, one.fetched, one.article, now, revision=revision)
    pages.save_without_text(conn, one.fetched, access=one.look.access, now=now, revision=revision)
    return False


def _policies(settings: Settings) -> Policies:
    limits = settings.extract
    return Policies(rereads=RereadPolicy(reread_hours=limits.reread_hours, retry_hours=limits.retry_hours))


def _fetched(app: App, done: Done, urls: PageUrls, now: datetime) -> FetchedPage:
    reading = done.reading
    return FetchedPage(
        page=reading.page,
        canonical_url=urls.canonical,
        other_urls={reading.page.url: "asked", urls.final or reading.page.url: "final"},
        final_url=urls.final,
        declared_url=urls.declared,
        response=reading.answer if isinstance(reading.answer, Response) else None,
        expires_at=now + timedelta(days=app.settings.retention.pages_days),
        retry_at=None,
        hints_hash=done.hints_hash,
        packed=reading.packed,
        asked_at=None if reading.answer is None else now,
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


def _keys(reading: Reading, urls: PageUrls) -> Collection[Key]:
    """What a tombstone of this article would stand under."""
    found = reading.article
    if found is None:
        return ()
    known_by = [url for url in (urls.canonical, urls.final) if url]
    known_hash = reading.forms.text_hash if reading.forms else None
    return tombstones.keys_of(
        urls=known_by, title=found.title, text=found.text, known_hash=known_hash, authors=found.authors
    )


def _urls_of(conn: Connection, readings: Sequence[Reading]) -> list[PageUrls]:
    """Of each page the canonical URL, the one that answered and the declared one."""
    declared = [_declared(reading) for reading in readings]
    pairs = [{host_of(one), host_of(final)} for one, final in declared if one]
    hosts = {host for pair in pairs if len(pair) > 1 for host in pair}
    publishers = load_publishers(conn, hosts) if hosts else {}
    return [_urls(reading, publishers) for reading in readings]


def _declared(reading: Reading) -> tuple[str | None, str]:
    """The URL that a page declares, and the one that answered; nothing without a readable page.

    Error pages, logins and walls answer for many articles under one URL.
    """
    answer, result = reading.answer, reading.result
    if not reading.page.host or not isinstance(answer, Response) or not 200 <= answer.status < 300:
        return None, ""
    if not isinstance(result, ExtractedArticle) or not result.method.is_page or result.access is not Access.OK:
        return None, ""
    return result.canonical_url, answer.final_url


def _urls(reading: Reading, publishers: Mapping[str, str]) -> PageUrls:
    """The URL asked for alone without a readable page."""
    declared, final = _declared(reading)
    asked = reading.page.url
    if not final:
        return PageUrls(asked)
    canonical = choose_canonical(asked_url=asked, final_url=final, declared_url=declared, publishers=publishers)
    return PageUrls(canonical, final, declared)


def _are_one(conn: Connection, other_id: ArticleId, reading: Reading) -> bool:
    """Does the article under this canonical URL say the same? Some sites name one URL on all their pages.

    Where both have titles these decide: the texts of two links that lead to one login page are equal, too. A page that
    is there is never part of an article whose own page is gone.
    """
    if not isinstance(reading.result, ExtractedArticle) or is_retracted(conn, other_id):
        return False
    other = articles.load_articles(conn, [other_id])[other_id]
    # Its own page may call it otherwise by now than feeds do.
    titles = {normal_text(other.title), normal_text(load_hints(conn, [other_id])[other_id].title)} - {""}
    own_title = normal_text(reading.result.title)
    if titles and own_title:
        return own_title in titles
    return text_hash(other.text) == text_hash(reading.result.text)
