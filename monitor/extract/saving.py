"""Saves what came of looks at pages: first texts of articles all together, whatever else happens one by one.

The store's half of monitor.extract.outcomes and identity, where it is judged what a page says and where it lies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.app import App
from monitor.config import Settings
from monitor.extract.identity import PageUrls, choose_canonical
from monitor.extract.outcomes import Look, Policies, Reading, judge_look, plan_after
from monitor.extract.rereading import RereadPolicy
from monitor.store import articles, erasing, merging, pages, tombstones
from monitor.store.engine import Connection
from monitor.store.first_texts import FirstText, first_text, save_first
from monitor.store.hints import load_hints
from monitor.store.page_results import FetchedPage
from monitor.store.resolving import find_by_urls
from monitor.store.revisions import NewRevision, load_wording
from monitor.store.sources import load_publishers
from monitor.store.tombstones import Key, erased_keys
from monitor.text.normalise import normal_text, text_hash
from monitor.types import Access, ArticleId, ExtractedArticle, Response
from monitor.urls import host_of


class Done(NamedTuple):
    """What came of a held page, and the hash of what the feeds said about its article."""

    reading: Reading
    hints_hash: str


def save_readings(app: App, conn: Connection, done: Sequence[Done]) -> None:
    """Save these in one transaction, which nothing else follows. Raises LeaseLostError when a lease ran out.

    The articles that get their first text are saved first.
    """
    now = app.clock()
    urls = _urls_of(conn, [one.reading for one in done])
    is_plain = _are_plain(conn, [one.reading for one in done], urls)
    firsts = [_first(app, one, its, now) for one, its, plain in zip(done, urls, is_plain, strict=True) if plain]
    if firsts:
        save_first(conn, firsts, now)
    for one, its, plain in zip(done, urls, is_plain, strict=True):
        if not plain:
            _save(app, conn, one, its)


def _are_plain(conn: Connection, readings: Sequence[Reading], urls: Sequence[PageUrls]) -> list[bool]:
    """Of each whether it is but the first text of its article: no other one has its URLs, and nothing was erased."""
    n_named = Counter(url for reading, its in zip(readings, urls, strict=True) for url in _names(reading, its))
    known = find_by_urls(conn, {its.canonical for its in urls})
    keys = [_keys(reading, its) for reading, its in zip(readings, urls, strict=True)]
    erased = erased_keys(conn, {key for some in keys for key in some})
    return [
        reading.page.is_new
        and reading.article is not None
        and erased.isdisjoint(its_keys)
        and known.get(its.canonical, reading.page.id) == reading.page.id
        and all(n_named[url] == 1 for url in _names(reading, its))
        for reading, its, its_keys in zip(readings, urls, keys, strict=True)
    ]


def _names(reading: Reading, urls: PageUrls) -> set[str]:
    return {url for url in (reading.page.url, urls.canonical, urls.final) if url}


def _first(app: App, done: Done, urls: PageUrls, now: datetime) -> FirstText:
    reading = done.reading
    look = judge_look(reading, None, now=now, policies=_policies(app.settings))
    fetched = _planned(app, _fetched(app, done, urls, now), reading, look=look, now=now)
    assert look.article is not None
    return first_text(fetched, look.article, reading.forms)


def _save(app: App, conn: Connection, done: Done, urls: PageUrls) -> None:
    now, reading, page = app.clock(), done.reading, done.reading.page
    fetched = _fetched(app, done, urls, now)
    if reading.article is not None and erased_keys(conn, _keys(reading, urls)):
        erasing.refuse_page(conn, fetched, access=reading.access, now=now)
        return
    other_id = articles.find_article(conn, [urls.canonical])
    if other_id not in (None, page.id) and _are_one(conn, other_id, reading):
        merging.merge_into(conn, fetched, other_id, now)
        return
    before = None if page.is_new else load_wording(conn, page.id)
    look = judge_look(reading, before, now=now, policies=_policies(app.settings))
    if other_id != page.id and (other_id is not None or not page.is_new):
        fetched = replace(fetched, canonical_url=page.url, other_urls={page.url: "asked"})
    fetched = _planned(app, fetched, reading, look=look, now=now)
    revision = _revision(look)
    if look.article is not None:
        pages.save_article(conn, fetched, look.article, now, revision=revision)
    else:
        pages.save_without_text(conn, fetched, access=look.access, now=now, revision=revision)


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
    return tombstones.keys_of(urls=known_by, text=found.text, known_hash=known_hash, authors=found.authors)


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
