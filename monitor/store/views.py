"""The views that analysts query; docs/sql.md is their dictionary. Equal on both databases.

They are dropped before every migration and made again after it (SQLite refuses to rebuild a table that a view names),
so a migration never carries a copy of them; where nothing else is to be migrated, a fingerprint of their text that is
kept with the counters tells whether the database has those of this version. The product reads stories through
`v_stories` itself: a mail and a query cannot disagree about a figure.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, select, text

from monitor.store.engine import insert
from monitor.store.tables import counters

_COUNTER = "views"

# A family is what counts as one voice: the publisher family where one is known, else the registered domain.
_ARTICLES = """
SELECT a.id, a.url, a.title, s.name AS source, s.domain AS source_domain, s.kind AS source_kind, s.country AS country,
       COALESCE(f.name, s.domain) AS family, a.language, a.language_declared, a.language_detected, a.published_at,
       a.published_precision, a.published_origin,
       a.first_seen_at, a.not_seen_before_at, a.appeared_at, a.arrival_no, a.access, a.method, a.n_words, a.section,
       a.dateline, a.credit, a.agency, a.origin, m.story_id, c.original_id AS duplicate_of, c.kind AS duplicate_kind,
       (SELECT MIN(COALESCE(g.original_id, r.original_id)) FROM rewrites r
        LEFT JOIN copies g ON g.article_id = r.original_id
        WHERE r.article_id = a.id AND c.article_id IS NULL) AS rewrite_of,
       (SELECT COUNT(*) FROM revisions v WHERE v.article_id = a.id) AS n_revisions, a.retracted_at,
       a.reason AS page_reason
FROM articles a
JOIN sources s ON s.id = a.source_id
LEFT JOIN families f ON f.id = s.family_id
LEFT JOIN story_members m ON m.article_id = a.id
LEFT JOIN copies c ON c.article_id = a.id
WHERE a.arrival_no IS NOT NULL
"""

_STORY_ARTICLES = """
SELECT m.story_id, a.id AS article_id, a.title, a.source, a.family, a.url, a.language, a.published_at, a.first_seen_at,
       a.appeared_at, a.arrival_no, a.origin, a.agency, a.duplicate_of, a.duplicate_kind, a.rewrite_of, m.score,
       m.because, m.assigned_at
FROM story_members m JOIN v_articles a ON a.id = m.article_id
"""

_REVISIONS = """
SELECT r.article_id, r.revision_no, r.kind, r.seen_at, r.title, r.n_words, r.n_chars, r.n_words_added,
       r.n_words_removed, r.similarity, CASE WHEN r.title_changed THEN 1 ELSE 0 END AS title_changed,
       a.source, a.url
FROM revisions r JOIN v_articles a ON a.id = r.article_id
"""

# Copies and rewrites are no reports of their own; a story that holds nothing else still had one somewhere.
_STORIES = """
SELECT t.id, t.title, t.lead, t.language, t.state, t.first_seen_at, t.last_seen_at,
       COUNT(*) AS n_articles, COUNT(DISTINCT a.source) AS n_publishers,
       CASE WHEN COUNT(CASE WHEN a.duplicate_of IS NULL AND a.rewrite_of IS NULL THEN 1 END) = 0 THEN 1
            ELSE COUNT(DISTINCT CASE WHEN a.duplicate_of IS NULL AND a.rewrite_of IS NULL
                                     THEN a.family || '|' || a.origin || '|' || COALESCE(a.agency, '') END)
       END AS n_independent,
       COUNT(a.duplicate_of) AS n_copies
FROM stories t JOIN v_story_articles a ON a.story_id = t.id
GROUP BY t.id, t.title, t.lead, t.language, t.state, t.first_seen_at, t.last_seen_at
"""

_DUPLICATES = """
SELECT c.article_id, a.title AS article_title, a.source AS article_source, a.url AS article_url,
       c.original_id, o.title AS original_title, o.source AS original_source, o.url AS original_url,
       c.kind, c.containment, c.jaccard, c.scheme, a.appeared_at AS article_appeared_at,
       o.appeared_at AS original_appeared_at
FROM copies c JOIN v_articles a ON a.id = c.article_id JOIN v_articles o ON o.id = c.original_id
"""

# Blind is what `DayVerdict.is_blind` says.
_SOURCE_DAYS = """
SELECT s.name AS source, s.domain AS source_domain, d.day_on, d.n_polls_ok, d.n_polls_failed, d.n_new, d.n_gaps,
       d.n_expected, d.verdict,
       CASE WHEN d.verdict IS NULL THEN NULL
            WHEN d.verdict IN ('no_overlap', 'partial', 'failed', 'not_polled') THEN 1 ELSE 0 END AS is_blind
FROM source_days d JOIN sources s ON s.id = d.source_id
"""

VIEWS = {
    "v_articles": _ARTICLES,
    "v_story_articles": _STORY_ARTICLES,
    "v_stories": _STORIES,
    "v_duplicates": _DUPLICATES,
    "v_revisions": _REVISIONS,
    "v_source_days": _SOURCE_DAYS,
}


def create_views(conn: Connection) -> None:
    """Make all views; they must not exist yet."""
    for name, query in VIEWS.items():
        conn.execute(text(f"CREATE VIEW {name} AS {query}"))
    row = insert(conn, counters).values(name=_COUNTER, value=_fingerprint())
    conn.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": _fingerprint()}))


def drop_views(conn: Connection) -> None:
    """Drop all views that exist, those that depend on others first."""
    for name in reversed(VIEWS):
        conn.execute(text(f"DROP VIEW IF EXISTS {name}"))


def renew_views(conn: Connection) -> None:
    """Make the views anew where they are those of another version."""
    stored = conn.execute(select(counters.c.value).where(counters.c.name == _COUNTER)).scalar_one_or_none()
    if stored != _fingerprint():
        drop_views(conn)
        create_views(conn)


def _fingerprint() -> int:
    return int(hashlib.sha256("".join(VIEWS.values()).encode()).hexdigest()[:15], 16)
