"""Finds the copies of new and changed texts: fingerprint, candidates, verification, links, copy groups.

A text's fingerprint is committed before its candidates are looked up. So of two texts compared at the same time by two
workers, at least one sees the other, and no pair is missed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from monitor.app import App
from monitor.dedup.candidates import CandidatePolicy, choose_candidates
from monitor.dedup.fingerprint import SCHEME, Fingerprint, fingerprint
from monitor.dedup.matching import Candidate, decide_duplicate, derive_groups
from monitor.errors import LeaseLostError
from monitor.store import articles, duplicates
from monitor.store.engine import Connection, is_trouble
from monitor.types import Article, ArticleId, DuplicateLink, Progress, RewriteLink

log = structlog.get_logger()

BATCH = 40
LEASE_S = 120.0


def run(app: App) -> Progress:
    """Compare a batch of texts; `next_at` tells when the lease of a lost worker ends."""
    now = app.clock()
    with app.store.begin() as conn:
        duplicates.set_aside_crashed(conn, now)
        ids, leased_until = duplicates.claim_unmatched(conn, now=now, lease_s=LEASE_S, limit=BATCH)
    if not ids:
        with app.store.read() as conn:
            return Progress(next_at=duplicates.next_match_at(conn, now))
    waiting = list(ids)
    try:
        return _compare_batch(app, waiting, leased_until=leased_until, now=now)
    except Exception as error:
        # The first is the one at work: it stays taken, and is tried alone later. The others are not to blame.
        untouched = waiting if is_trouble(error) else waiting[1:]
        with app.store.begin() as conn:
            duplicates.release_matches(conn, untouched, leased_until)
        raise


def _compare_batch(app: App, waiting: list[ArticleId], *, leased_until: datetime, now: datetime) -> Progress:
    """Compare these articles; takes out of `waiting` what is done, and puts first what it is working on."""
    with app.store.read() as conn:
        loaded = articles.load_articles(conn, waiting)
    prints: dict[ArticleId, Fingerprint] = {}
    for article_id in list(loaded):
        _put_first(waiting, article_id)
        prints[article_id] = print_of(loaded[article_id])
    since = now - timedelta(days=app.settings.stories.duplicates_days)
    n_lost = 0
    with app.store.begin() as conn:
        for article_id in sorted(prints):
            _put_first(waiting, article_id)
            try:
                _save_fingerprint(conn, article_id, prints[article_id], leased_until=leased_until, now=now)
            except LeaseLostError as error:
                log.warning("dedup.lease_lost", article_id=article_id, detail=str(error))
                del prints[article_id]
                waiting.remove(article_id)
                n_lost += 1
    for article_id, made in prints.items():
        _put_first(waiting, article_id)
        try:
            with app.store.begin() as conn:
                links, rewrites = _match(conn, loaded[article_id], made, since)
                # Also without links of today: those of the text before may have made it part of a group.
                if links or rewrites or duplicates.was_linked(conn, article_id):
                    duplicates.hold_copy_groups(conn)
                    duplicates.save_links(conn, links, rewrites, now)
                    _regroup(conn, article_id)
                duplicates.finish_match(conn, article_id, leased_until)
        except LeaseLostError as error:
            log.warning("dedup.lease_lost", article_id=article_id, detail=str(error))
            n_lost += 1
        waiting.remove(article_id)
    return Progress(n_done=len(loaded) - n_lost, n_failed=n_lost)


def _put_first(waiting: list[ArticleId], article_id: ArticleId) -> None:
    waiting.remove(article_id)
    waiting.insert(0, article_id)


def _save_fingerprint(
    conn: Connection, article_id: ArticleId, made: Fingerprint, *, leased_until: datetime, now: datetime
) -> None:
    # Of a text that changed meanwhile, or of an article that is gone, no fingerprint is kept. By id, as everybody does
    # who holds several articles at once.
    duplicates.hold(conn, article_id, leased_until)
    duplicates.save_fingerprint(
        conn,
        article_id,
        scheme=made.scheme,
        text_hash=made.text_hash,
        n_words=made.n_words,
        body=made.to_bytes(),
        band_numbers=made.bands,
        now=now,
    )


def print_of(article: Article) -> Fingerprint:
    """The fingerprint of an article's own words: dateline, credit and the publisher's name stay out."""
    around = (article.dateline, article.credit, article.agency, article.source)
    return fingerprint(article.text, [phrase for phrase in around if phrase], article.language)


def candidate_of(article: Article, made: Fingerprint) -> Candidate:
    """A stored article as copies are judged."""
    return Candidate(
        article_id=article.id,
        fingerprint=made,
        title=article.title,
        source=article.source,
        family=article.family,
        first_seen_at=article.appeared_at,
        url=article.url,
        agency=article.agency,
        published_at=article.appeared_at,
        text=article.text,
        credit=article.credit,
    )


def _match(
    conn: Connection, article: Article, made: Fingerprint, since: datetime
) -> tuple[list[DuplicateLink], list[RewriteLink]]:
    policy = CandidatePolicy()
    rows = duplicates.load_band_rows(
        conn,
        article.id,
        scheme=SCHEME,
        text_hash=made.text_hash,
        band_numbers=made.bands,
        since=since,
        max_band=policy.max_band,
    )
    known = duplicates.load_originals(conn, {other for _, other in rows})
    chosen = choose_candidates(rows, policy=policy, original_of=known)
    others = articles.load_articles(conn, chosen)
    bodies = duplicates.load_fingerprints(conn, chosen, SCHEME)
    new = candidate_of(article, made)
    links: list[DuplicateLink] = []
    rewrites: list[RewriteLink] = []
    for other_id, other in others.items():
        if other_id in bodies:
            link = decide_duplicate(new, candidate_of(other, Fingerprint.from_bytes(bodies[other_id])))
            if isinstance(link, DuplicateLink):
                links.append(link)
            elif link is not None:
                rewrites.append(link)
    return links, rewrites


def _regroup(conn: Connection, article_id: ArticleId) -> None:
    """Derive the copy groups that an article's links change."""
    members: frozenset[ArticleId]
    links = duplicates.load_links_to_originals(conn, article_id)
    if links is None:
        links, members = duplicates.load_links_around(conn, {article_id})
    else:
        # Nothing repeats it, so no other group changes: it is a copy of the earliest that is no copy itself.
        known = duplicates.load_originals(conn, {link.original_id for link in links})
        links = [link for link in links if link.original_id not in known]
        members = frozenset({article_id})
    ends = {end for link in links for end in (link.article_id, link.original_id)}
    groups = derive_groups(links, duplicates.load_appeared(conn, ends))
    duplicates.save_copy_groups(conn, members, {copy_id: copy.link for copy_id, copy in groups.items()})
