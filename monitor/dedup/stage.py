"""Finds the copies of new and changed texts: fingerprint, candidates, verification, links, copy groups.

A text's fingerprint is committed before its candidates are looked up. So of two texts compared at the same time by two
workers, at least one sees the other, and no pair is missed. A batch is looked up and saved as one; where that fails its
texts are saved one by one, so that only the one at fault waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from monitor.app import App
from monitor.dedup.candidates import CandidatePolicy, choose_candidates
from monitor.dedup.fingerprint import SCHEME, Fingerprint, fingerprint
from monitor.dedup.groups import regroup
from monitor.dedup.matching import Candidate, decide_duplicate
from monitor.store import articles, duplicates, fingerprints
from monitor.store.duplicates import StoredLinks
from monitor.store.engine import Connection, is_trouble
from monitor.store.fingerprints import SAME_TEXT, PrintRow
from monitor.types import Article, ArticleId, DuplicateLink, Origin, Progress, RewriteLink

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


@dataclass(slots=True)
class _Batch:
    """What the steps of one batch share. `waiting`: what is not done, first what is being worked on."""

    app: App
    waiting: list[ArticleId]
    leased_until: datetime
    now: datetime
    articles: dict[ArticleId, Article] = field(default_factory=dict)
    prints: dict[ArticleId, Fingerprint] = field(default_factory=dict)
    links: dict[ArticleId, list[DuplicateLink]] = field(default_factory=dict)
    rewrites: dict[ArticleId, list[RewriteLink]] = field(default_factory=dict)
    n_lost: int = 0

    def put_first(self, article_id: ArticleId) -> None:
        self.waiting.remove(article_id)
        self.waiting.insert(0, article_id)

    def lose(self, ids: Iterable[ArticleId]) -> None:
        """Their texts changed meanwhile, or they are gone, or another worker has them."""
        for article_id in ids:
            log.warning("dedup.lease_lost", article_id=article_id)
            self.waiting.remove(article_id)
            self.n_lost += 1


def _compare_batch(app: App, waiting: list[ArticleId], *, leased_until: datetime, now: datetime) -> Progress:
    """Compare these articles; takes out of `waiting` what is done, and puts first what it is working on."""
    batch = _Batch(app=app, waiting=waiting, leased_until=leased_until, now=now)
    with app.store.read() as conn:
        batch.articles = articles.load_articles(conn, waiting)
    n_loaded = len(batch.articles)
    for article_id in sorted(batch.articles):
        batch.put_first(article_id)
        batch.prints[article_id] = print_of(batch.articles[article_id])
    held = _save(batch, sorted(batch.prints), _save_fingerprints)
    with app.store.read() as conn:
        lookup = _Lookup(conn, app.settings.stories.duplicates_days)
        for article_id, candidates in lookup.candidates(
            {one: batch.prints[one] for one in held}, batch.articles
        ).items():
            batch.put_first(article_id)
            _decide(batch, lookup, article_id, candidates)
    done = _save(batch, held, _save_links)
    for article_id in done:
        waiting.remove(article_id)
    return Progress(n_done=n_loaded - batch.n_lost, n_failed=batch.n_lost)


Saving = Callable[[Connection, _Batch, list[ArticleId]], list[ArticleId]]


def _save(batch: _Batch, ids: list[ArticleId], save: Saving) -> list[ArticleId]:
    """Save all in one transaction; where that fails one by one, up to the one at fault. Returns whose lease stood."""
    if not ids:
        return []
    try:
        with batch.app.store.begin() as conn:
            saved = save(conn, batch, ids)
    except Exception as error:
        if is_trouble(error) or len(ids) == 1:
            raise
        saved = []
        for article_id in ids:
            batch.put_first(article_id)
            with batch.app.store.begin() as conn:
                saved += save(conn, batch, [article_id])
    batch.lose(sorted(set(ids) - set(saved)))
    return saved


def _save_fingerprints(conn: Connection, batch: _Batch, ids: list[ArticleId]) -> list[ArticleId]:
    # Of a text that changed meanwhile, or of an article that is gone, no fingerprint is kept.
    held = sorted(duplicates.hold(conn, ids, batch.leased_until))
    before = fingerprints.load_bodies(conn, held, SCHEME)
    rows = [
        PrintRow(
            article_id=article_id,
            scheme=made.scheme,
            text_hash=made.text_hash,
            n_words=made.n_words,
            body=made.to_bytes(),
            band_numbers=made.bands,
            gone_bands=Fingerprint.from_bytes(before[article_id]).bands if article_id in before else (),
        )
        for article_id, made in ((article_id, batch.prints[article_id]) for article_id in held)
    ]
    fingerprints.save_fingerprints(conn, rows, batch.now)
    return held


def _save_links(conn: Connection, batch: _Batch, ids: list[ArticleId]) -> list[ArticleId]:
    links = [link for article_id in ids for link in batch.links[article_id]]
    rewrites = [link for article_id in ids for link in batch.rewrites[article_id]]
    # Also without links of today: those of the text before may have made it part of a group.
    before = duplicates.load_ever_linked(conn, ids)
    if links or rewrites or before:
        duplicates.hold_copy_groups(conn)
    held = sorted(duplicates.hold(conn, ids, batch.leased_until))
    if len(held) < len(ids):  # what the others found is left out
        links = [link for article_id in held for link in batch.links[article_id]]
        rewrites = [link for article_id in held for link in batch.rewrites[article_id]]
    if links or rewrites or before:
        duplicates.save_links(conn, links, rewrites, batch.now)
        changed = {end for link in links for end in (link.article_id, link.original_id)} & {*held}
        _settle(conn, batch, _regroup(conn, changed | before))
    duplicates.finish_matches(conn, held, batch.leased_until)
    return held


def _regroup(conn: Connection, changed: Collection[ArticleId]) -> Collection[ArticleId]:
    """Derive the copy groups that links of these articles change; returns what is an original after that."""
    places = regroup(changed, StoredLinks(conn))
    copies = {article_id: link for article_id, link in places.items() if link is not None}
    duplicates.save_copy_groups(conn, places.keys(), copies)
    return places.keys() - copies.keys()


def _settle(conn: Connection, batch: _Batch, originals: Collection[ArticleId]) -> None:
    """Compare originals with those of the groups that their links lead to, and derive these groups again.

    Of a text with more copies than candidates are looked at, the one that is the original in the end may have been
    among none of them.
    """
    lookup = _Lookup(conn, batch.app.settings.stories.duplicates_days)
    compared: set[tuple[ArticleId, ArticleId]] = set()
    while pairs := _pairs_of_originals(conn, originals) - compared:
        compared |= pairs
        found = [link for one, other in sorted(pairs) if (link := lookup.compare(one, other)) is not None]
        links = [link for link in found if isinstance(link, DuplicateLink)]
        rewrites = [link for link in found if isinstance(link, RewriteLink)]
        duplicates.save_links(conn, links, rewrites, batch.now)
        originals = _regroup(conn, {link.article_id for link in links})


def _pairs_of_originals(conn: Connection, originals: Collection[ArticleId]) -> set[tuple[ArticleId, ArticleId]]:
    """Each of these originals with each other original whose copies it is linked to."""
    stored = StoredLinks(conn)
    linked = {
        one: {link.original_id for link in stored.to_earlier(one)} | {link.article_id for link in stored.to_later(one)}
        for one in originals
    }
    known = duplicates.load_originals(conn, {other for others in linked.values() for other in others})
    return {(one, known[other]) for one, others in linked.items() for other in others if known.get(other, one) != one}


def print_of(article: Article) -> Fingerprint:
    """The fingerprint of an article's own words: dateline, credit and the publisher's name stay out."""
    around = (article.dateline, article.credit, article.agency, article.source)
    return fingerprint(article.text, [phrase for phrase in around if phrase], article.language)


def candidate_of(article: Article, made: Fingerprint) -> Candidate:
    """A stored article as copies are judged.

    A registered text counts as earlier than what is compared with it, which must not make it old news.
    """
    is_registered = article.arrival_no is None
    return Candidate(
        article_id=article.id,
        fingerprint=made,
        title=article.title,
        source=article.source,
        family=article.family,
        first_seen_at=article.appeared_at,
        url=article.url,
        agency=article.agency,
        published_at=article.first_seen_at if is_registered else article.appeared_at,
        text=article.text,
        credit=article.credit,
        is_release=is_registered or article.origin is Origin.PRESS_RELEASE,
    )


def _decide(batch: _Batch, lookup: _Lookup, article_id: ArticleId, candidates: Collection[ArticleId]) -> None:
    """Compare a text with its candidates; and with the copies of those that it appeared before."""
    new = candidate_of(batch.articles[article_id], batch.prints[article_id])
    links: list[DuplicateLink] = []
    rewrites: list[RewriteLink] = []
    seen: set[ArticleId] = {article_id}
    wanted = set(candidates)
    while wanted:
        seen |= wanted
        later: set[ArticleId] = set()
        for other in lookup.load(wanted):
            link = decide_duplicate(new, other)
            if isinstance(link, RewriteLink):
                rewrites.append(link)
            elif link is not None:
                links.append(link)
                if link.original_id == article_id:
                    later.add(link.article_id)
        # An earlier copy takes over a whole group, however large it is: its members are to have links to it.
        wanted = lookup.groups_after(batch.articles[article_id], later) - seen
    batch.links[article_id], batch.rewrites[article_id] = links, rewrites


class _Lookup:
    """The candidates of a batch of texts, looked up together, within one state of the database."""

    def __init__(self, conn: Connection, days: float) -> None:
        self._conn = conn
        self._days = days
        self._policy = CandidatePolicy()
        self._articles: dict[ArticleId, Article] = {}
        self._bodies: dict[ArticleId, bytes] = {}

    def candidates(
        self, prints: Mapping[ArticleId, Fingerprint], its: Mapping[ArticleId, Article]
    ) -> dict[ArticleId, list[ArticleId]]:
        """For each text the articles to compare it with."""
        rows = self._rows(prints)
        chosen = {one: choose_candidates(rows[one], policy=self._policy) for one in prints}
        known = duplicates.load_originals(self._conn, {other for some in chosen.values() for other in some})
        chosen = {
            one: [*some, *sorted({known[other] for other in some if other in known} - {*some, one})]
            for one, some in chosen.items()
        }
        self._fetch({other for some in chosen.values() for other in some})
        return {
            one: some if self._all_inside(its[one], some) else self._exact(its[one], prints[one])
            for one, some in chosen.items()
        }

    def _rows(self, prints: Mapping[ArticleId, Fingerprint]) -> dict[ArticleId, list[tuple[int, ArticleId]]]:
        """What shares bands or the whole text with each of these."""
        numbers = {band for made in prints.values() for band in made.bands}
        # One more than counts, since a text finds itself.
        found = fingerprints.load_band_rows(self._conn, numbers, self._policy.max_band + 1)
        by_band: defaultdict[int, list[ArticleId]] = defaultdict(list)
        for band, other in found:
            by_band[band].append(other)
        hashes = {made.text_hash for made in prints.values() if not made.bands}
        same = fingerprints.load_same_texts(self._conn, SCHEME, hashes, self._policy.max_band) if hashes else {}
        return {
            one: [(band, other) for band in made.bands for other in by_band.get(band, ()) if other != one]
            + [(SAME_TEXT, other) for other in (same.get(made.text_hash, ()) if not made.bands else ()) if other != one]
            for one, made in prints.items()
        }

    def _exact(self, article: Article, made: Fingerprint) -> list[ArticleId]:
        """The candidates of one text, by a slower way that no much-copied or old text can crowd."""
        since, until = fingerprints.window(article.first_seen_at, self._days)
        rows = fingerprints.load_capped_rows(
            self._conn,
            PrintRow(
                article_id=article.id,
                scheme=made.scheme,
                text_hash=made.text_hash,
                n_words=made.n_words,
                body=b"",
                band_numbers=made.bands,
            ),
            since=since,
            until=until,
            max_band=self._policy.max_band,
        )
        known = duplicates.load_originals(self._conn, {other for _, other in rows})
        chosen = choose_candidates(rows, policy=self._policy, original_of=known)
        self._fetch(chosen)
        return [one for one in chosen if one != article.id and self._is_inside(article, one)]

    def _fetch(self, ids: Collection[ArticleId]) -> None:
        new = set(ids) - self._articles.keys()
        self._articles.update(articles.load_articles(self._conn, new))
        self._bodies.update(fingerprints.load_bodies(self._conn, new, SCHEME))

    def _is_inside(self, article: Article, other_id: ArticleId) -> bool:
        since, until = fingerprints.window(article.first_seen_at, self._days)
        other = self._articles.get(other_id)
        return other is not None and since <= other.first_seen_at <= until

    def _all_inside(self, article: Article, ids: Iterable[ArticleId]) -> bool:
        return all(self._is_inside(article, one) for one in ids)

    def load(self, ids: Collection[ArticleId]) -> list[Candidate]:
        """These articles as they are judged; one that is gone or has no fingerprint is left out."""
        self._fetch(ids)
        return [
            candidate_of(self._articles[one], Fingerprint.from_bytes(self._bodies[one]))
            for one in sorted(ids)
            if one in self._articles and one in self._bodies
        ]

    def compare(self, one: ArticleId, other: ArticleId) -> DuplicateLink | RewriteLink | None:
        """The link between two stored articles that are not too far apart."""
        pair = self.load({one, other})
        if len(pair) < 2 or not self._is_inside(self._articles[one], other):
            return None
        new, old = pair
        return decide_duplicate(new, old)

    def groups_after(self, article: Article, ids: Collection[ArticleId]) -> set[ArticleId]:
        """The members of the copy groups of these articles whose originals appeared after an article."""
        known = duplicates.load_originals(self._conn, ids)
        originals = {known.get(one, one) for one in ids}
        order = duplicates.load_appeared(self._conn, originals)
        later = [one for one in originals if (*order[one], one) > (article.appeared_at, article.url, article.id)]
        copies = duplicates.load_copies(self._conn, later)
        self._fetch({*later, *copies})
        return {one for one in {*later, *copies} if self._is_inside(article, one)}
