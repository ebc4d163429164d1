"""A small store that has one of everything the documented queries ask for, made by the store's own functions.

A story that spread: an agency's report, an exact and a syndicated copy, a rewrite, two reports of other papers. A story
that one family has alone, single articles, a source that was silent for days, a back-dated article, one whose page is
still to be fetched, one that was retracted, and one that is in no story yet. Days of sources with every verdict, and
today without one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from monitor.query.forms import forms_of
from monitor.store import (
    articles,
    descriptions,
    duplicates,
    entries,
    fingerprints,
    memberships,
    pages,
    releases,
    sources,
    stories,
    story_groups,
)
from monitor.store.engine import Store
from monitor.store.fingerprints import PrintRow
from monitor.store.given_texts import GivenArticle
from monitor.store.memberships import NewMember
from monitor.store.revisions import NewRevision, load_wording
from monitor.store.sources import DeclaredSource
from monitor.text.differences import Wording, difference
from monitor.types import (
    Access,
    Article,
    ArticleId,
    DateOrigin,
    DayVerdict,
    DuplicateKind,
    DuplicateLink,
    Method,
    Origin,
    Precision,
    Reason,
    RevisionKind,
    RewriteLink,
    SourceDay,
    StoryId,
)
from tests.store import rows

SOURCES = (
    DeclaredSource(domain="northwire.example", name="Northwire", kind="agency", country="GB", language="en"),
    DeclaredSource(domain="harborledger.example", name="The Harbor Ledger", country="US", language="en"),
    DeclaredSource(domain="westpost.example", name="West Post", country="GB", family="Post Group"),
    DeclaredSource(domain="eastpost.example", name="East Post", country="GB", family="Post Group"),
    DeclaredSource(domain="rheinkurier.example", name="Rhein-Kurier", country="DE", language="de"),
)
OTHERS = ("harborledger", "westpost", "eastpost", "rheinkurier", "localpaper", "quiet")
#: The articles of each story, the first one first; an article that is not listed is in none yet.
STORIES = (
    ("wire", "exact", "syndicated", "rewrite", "report", "backdated"),
    ("mayor", "mayor copy"),
    ("port",),
    ("silent",),
)
UNDATED: dict[str, Any] = {"published_at": None, "precision": Precision.UNKNOWN, "date_origin": DateOrigin.FIRST_SEEN}
GERMAN: dict[str, Any] = {"language": "de", "language_declared": "de", "language_detected": "de"}
WIRE = "PARIS (NWA) — Envoys of thirty states met on Tuesday."


@dataclass(frozen=True, slots=True)
class Sample:
    """The ids that tests ask about: the articles by name, and the story that spread."""

    articles: dict[str, ArticleId]
    summit: StoryId


def fill(store: Store) -> Sample:
    """Fill an empty store. Moments are counted back from now, since two documented queries ask what now is."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    start = now - timedelta(hours=12)
    with store.begin() as conn:
        sources.save_declared(conn, SOURCES, now=start)
        ids = _articles(conn, start)
        _sightings(conn, ids, start)
        _links(conn, ids, now=now)
        rows.mark_matched(conn, *ids.values())
        summit = _stories(conn, ids, now=now)
        rows.save_text(conn, ids["report"], now=now, title="East Post in Paris", body="Thirty-one states met.")
        _retract(conn, ids["port"], now=now)
        rows.add_article(conn, "https://harborledger.example/waiting", now=now, first_seen_at=now)
        _days(conn, now)
        first_on = (start - timedelta(days=9, minutes=20)).date()
        rows.add_day(
            conn, "quiet.example", SourceDay(day_on=first_on, n_polls_ok=9, n_new=1, verdict=DayVerdict.UNKNOWN)
        )
    return Sample(ids, summit)


def _retract(conn: Connection, article_id: ArticleId, *, now: datetime) -> None:
    """The page is gone when it is looked at again."""
    articles.request_page(conn, article_id, now)
    fetched = replace(rows.claim_page(conn, article_id, now=now), reason=Reason.GONE, detail="HTTP 410")
    before = load_wording(conn, article_id)
    assert before is not None
    after = Wording(before.title, "")
    gone = NewRevision(kind=RevisionKind.RETRACTED, wording=after, difference=difference(before, after))
    pages.save_without_text(conn, fetched, access=Access.GONE, now=now, revision=gone)


def _days(conn: Connection, now: datetime) -> None:
    """Yesterday with each verdict, each at a source of its own; two silent days before; today so far."""
    day = timedelta(days=1)
    yesterday = now.date() - day
    for source, verdict in zip(("northwire", *OTHERS), DayVerdict, strict=True):
        n_expected = None if verdict is DayVerdict.UNKNOWN else 40.0
        counted = SourceDay(day_on=yesterday, n_polls_ok=20, n_new=30, n_expected=n_expected, verdict=verdict)
        rows.add_day(conn, f"{source}.example", counted)
    for n_back in (2, 3):
        silent = SourceDay(day_on=now.date() - n_back * day, n_expected=40.0, verdict=DayVerdict.SILENT)
        rows.add_day(conn, "harborledger.example", silent)
    rows.add_day(conn, "northwire.example", SourceDay(day_on=now.date(), n_polls_ok=3, n_new=2))


def _articles(conn: Connection, start: datetime) -> dict[str, ArticleId]:
    hour = timedelta(hours=1)
    nwa: dict[str, Any] = {"origin": Origin.AGENCY, "agency": "NWA", "credit": "Northwire (NWA)", "dateline": "PARIS"}
    return {
        "wire": _article(conn, "northwire", start, polled_at=start - hour, title="Envoys meet", body=WIRE, **nwa),
        "exact": _article(conn, "westpost", start + hour, title="Envoys meet in Paris", body=WIRE, **nwa),
        "syndicated": _article(conn, "harborledger", start + hour * 1.5, title="In Paris", body=WIRE, **nwa),
        "rewrite": _article(
            conn, "harborledger", start + 2 * hour, title="Thirty states", agency="NWA", section="World"
        ),
        "report": _article(conn, "eastpost", start + 2 * hour, polled_at=start + hour, title="East Post in Paris"),
        "backdated": _article(
            conn, "localpaper", start + 4 * hour, polled_at=start + 3 * hour, published_at=start - 9 * hour
        ),
        "mayor": _article(conn, "westpost", start + 3 * hour, title="Mayor resigns"),
        "mayor copy": _article(conn, "eastpost", start + 4 * hour, title="Mayor resigns"),
        "port": _article(conn, "rheinkurier", start + hour, title="Einigung im Hafen", **GERMAN, **UNDATED),
        "silent": _article(
            conn, "quiet", start - timedelta(days=9), title="", access=Access.PAYWALL, method=Method.FEED_SUMMARY
        ),
        "new": _article(conn, "harborledger", start + 8 * hour, title="Just in"),
    }


def _article(
    conn: Connection, outlet: str, at: datetime, *, polled_at: datetime | None = None, **values: Any
) -> ArticleId:
    """An article first seen at `at`; the good poll before was at `polled_at`."""
    url = f"https://{outlet}.example/{at:%d-%H-%M}"
    dated = {"published_at": at - timedelta(minutes=20), "precision": Precision.MINUTE, "date_origin": DateOrigin.FEED}
    article_id = rows.add_article(conn, url, now=at, first_seen_at=at, not_seen_before_at=polled_at)
    rows.save_text(conn, article_id, now=at, **{"title": f"Report of {outlet}", **dated, **values})
    return article_id


def _sightings(conn: Connection, ids: dict[str, ArticleId], start: datetime) -> None:
    """One article in two feeds, and one in a feed that gives neither link nor date; the feeds have titles or none."""
    at = start - timedelta(hours=1)
    for outlet, name, values in (
        ("northwire", "wire", {"published_at": at}),
        ("harborledger", "wire", {"published_at": at}),
        ("quiet", "silent", {"url": None}),
    ):
        feed_id = rows.add_feed(conn, f"https://{outlet}.example/feed", now=at)
        rows.save_entries(
            conn, feed_id, rows.entry(name, **values), now=start, before=at if outlet != "quiet" else None
        )
        for one in entries.load_unresolved(conn, now=start, limit=9):
            entries.save_resolved(conn, one, ids[name])


_TEXTS = {"article_text_hash": "text", "original_text_hash": "text"}


def _links(conn: Connection, ids: dict[str, ArticleId], *, now: datetime) -> None:
    copies = [
        _copy(ids["exact"], ids["wire"], DuplicateKind.EXACT, containment=1.0),
        _copy(ids["syndicated"], ids["wire"], DuplicateKind.SYNDICATED, containment=0.9),
        _copy(ids["mayor copy"], ids["mayor"], DuplicateKind.NEAR, containment=0.8),
    ]
    followed = RewriteLink(
        article_id=ids["rewrite"],
        original_id=ids["wire"],
        containment=0.2,
        because="credits NWA",
        scheme="shingles-1",
        **_TEXTS,
    )
    release_id = _release(conn, now=now)
    picked_up = replace(followed, original_id=release_id)
    rows = [
        PrintRow(article_id=article_id, scheme="shingles-1", text_hash="text", n_words=1, body=b"", band_numbers=())
        for article_id in (*ids.values(), release_id)
    ]
    fingerprints.save_fingerprints(conn, rows, now)
    duplicates.save_links(conn, copies, [followed, picked_up], now)
    duplicates.save_copy_groups(conn, list(ids.values()), {link.article_id: link for link in copies})


def _release(conn: Connection, *, now: datetime) -> ArticleId:
    """A registered text."""
    article = rows.extracted("Thirty states meet", "The ministry invites to the summit.")
    given = GivenArticle(article=article, forms=forms_of(article.title, article.text))
    release_id, _ = releases.add_release(
        conn, given, name="Summit", who="press office", window=timedelta(days=30), now=now
    )
    rows.mark_matched(conn, release_id)
    return release_id


def _copy(article_id: ArticleId, original_id: ArticleId, kind: DuplicateKind, *, containment: float) -> DuplicateLink:
    return DuplicateLink(
        article_id=article_id,
        original_id=original_id,
        kind=kind,
        containment=containment,
        jaccard=containment * 0.8,
        scheme="shingles-1",
        **_TEXTS,
    )


def _stories(conn: Connection, ids: dict[str, ArticleId], *, now: datetime) -> StoryId:
    leases = {}
    while (claimed := stories.claim_language(conn, now=now, lease_s=60)) is not None:
        leases[claimed[0]] = claimed[1]
    made: list[StoryId] = []
    for names in STORIES:
        loaded = articles.load_articles(conn, [ids[name] for name in names])
        story_id = None
        for article in (loaded[ids[name]] for name in names):
            member = _member(article, story_id)
            leased_until = leases[article.language]
            story_id = memberships.save_member(conn, member, before=None, leased_until=leased_until, now=now)
            memberships.mark_decided(conn, [article.id])
        assert story_id is not None
        made.append(story_id)
    for language, leased_until in leases.items():
        stories.release_language(conn, language, leased_until)
    head = articles.load_articles(conn, [ids["report"]])[ids["report"]]
    names, terms = ("Paris", "Élysée"), ("envoys", "states")
    descriptions.save_description(conn, made[0], head, key_terms=terms, key_names=names)
    story_groups.save_joins(conn, [(made[1], made[0], 0.61)], scheme="languages-1 model2vec:some", now=now)
    return made[0]


def _member(article: Article, story_id: StoryId | None) -> NewMember:
    """A member as the assigner decides it; the first one starts the story."""
    return NewMember(
        article=article,
        story_id=story_id,
        score=0.0 if story_id is None else 0.4,
        because="nothing like it" if story_id is None else "similar",
        scheme="stories-1",
        features_scheme="features-1",
        features=b"",
    )
