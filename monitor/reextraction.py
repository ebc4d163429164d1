"""Reads kept pages again by the rules of today, and saves the texts that come out different.

A page is read as it was when it was fetched: by the same workers, with what the feeds say now. A text that differs is a
revision of its own kind, since the publisher did nothing; it is compared and watched again. Where the rules of today
find no text of the page itself any more, the stored one stays. Which pages are due stands in the database: a run that
is interrupted is gone on with by the next one, here or in the daemon.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import structlog

from monitor.app import App
from monitor.errors import LeaseLostError
from monitor.extract.holding import read_page
from monitor.extract.outcomes import PageText
from monitor.extract.titles import title_by_other_rules
from monitor.store import boilerplate, page_work
from monitor.store.engine import is_trouble
from monitor.store.hints import load_hints
from monitor.store.page_work import PageToReread
from monitor.store.revisions import NewRevision, hash_of
from monitor.text.differences import Wording, difference
from monitor.types import ExtractedArticle, Method, Progress, Reason, RevisionKind
from monitor.workers import WorkFailure

log = structlog.get_logger()


@dataclass(kw_only=True)
class Reread:
    """How many pages were read, and what came of them: changed, same, unreadable; failed ones are not read."""

    counts: Counter[str] = field(default_factory=Counter)
    n_read: int = 0


def run(app: App) -> Progress:
    """The job: one batch of what is due; nothing where nothing is."""
    done = read_batch(app)
    return Progress(n_done=done.n_read, n_failed=done.counts["unreadable"] + done.counts["failed"])


def read_batch(app: App) -> Reread:
    """Read the next kept pages that are due; `n_read` is 0 when there are none."""
    now, limits, done = app.clock(), app.settings.extract, Reread()
    with app.store.begin() as conn:
        due = page_work.claim_to_reread(conn, now=now, lease_s=limits.lease_s, limit=limits.batch)
    if not due:
        return done
    with app.store.read() as conn:
        hints = boilerplate.with_boilerplate(conn, load_hints(conn, [page.id for page in due]))
    left = dict(enumerate(due))
    try:
        with app.workers.works(read_page, deadline_s=limits.deadline_s, stop=app.stop) as works:
            works.add((number, (page.response, hints[page.id], 0)) for number, page in left.items())
            while works.n_open:
                for number, result in works.take(timeout_s=1):
                    if not (isinstance(result, WorkFailure) and result.reason is Reason.STOPPED):
                        _save(app, left.pop(number), result, done)
    finally:
        _give_back(app, left)
    return done


def _give_back(app: App, left: Mapping[int, PageToReread]) -> None:
    if left:
        with app.store.begin() as conn:
            page_work.give_back_reread(conn, list(left.values()))


def _save(app: App, page: PageToReread, result: PageText | WorkFailure, done: Reread) -> None:
    article = _titled(page, _usable(page, result))
    revision = None if article is None else _revision(page, article)
    try:
        with app.store.begin() as conn:
            page_work.save_reread(conn, page, article, revision=revision, now=app.clock())
    except LeaseLostError as error:
        log.warning("reextract.lease_lost", detail=str(error))
        return
    except Exception as error:
        if is_trouble(error):
            raise
        # It keeps its lease and the try: read again when that ends, and set aside after the last one.
        log.exception("reextract.failed", article=page.id)
        done.counts["failed"] += 1
        return
    done.n_read += 1
    done.counts["unreadable" if article is None else "same" if revision is None else "changed"] += 1


def _usable(page: PageToReread, result: PageText | WorkFailure) -> ExtractedArticle | None:
    """The text of today, if it comes from where the stored one does."""
    if isinstance(result, WorkFailure):
        log.warning("reextract.unreadable", article=page.id, reason=result.reason.value)
        return None
    article = result.result
    if not isinstance(article, ExtractedArticle) or (Method(page.method).is_page and not article.method.is_page):
        return None
    return article


def _titled(page: PageToReread, article: ExtractedArticle | None) -> ExtractedArticle | None:
    """With the title that its article has from now on."""
    return article and replace(article, title=title_by_other_rules(page.title, page.titles, article))


def _revision(page: PageToReread, article: ExtractedArticle) -> NewRevision | None:
    before, after = Wording(page.title, page.text), Wording(article.title, article.text)
    if hash_of(before) == hash_of(after):
        return None
    return NewRevision(kind=RevisionKind.REEXTRACTED, wording=after, difference=difference(before, after))
