"""The views that analysts query; docs/sql.md is their dictionary. Equal on both databases.

They are dropped before every migration and made again after it (SQLite refuses to rebuild a table that a view names),
so a migration never carries a copy of them; where nothing else is to be migrated, a fingerprint of their text that is
kept with the counters tells whether the database has those of this version. The product reads stories through
`v_stories` itself: a mail and a query cannot disagree about a figure.
"""

from __future__ import annotations

import hashlib
from functools import reduce

from sqlalchemy import Connection, select, text

from monitor.store.engine import insert
from monitor.store.tables import counters

_COUNTER = "views"

# A family is what counts as one voice: the publisher family where one is known, else the registered domain.
# The same as `_counts` in monitor/store/duplicates.py: as long as both have the texts that were compared, and until
# both have fingerprints of a newer scheme.
_COUNTS = """
        JOIN fingerprints x ON x.article_id = r.article_id AND x.scheme = r.scheme
                           AND x.text_hash = r.article_text_hash
        JOIN fingerprints y ON y.article_id = r.original_id AND y.scheme = r.scheme
                           AND y.text_hash = r.original_text_hash
        WHERE r.article_id = a.id AND c.article_id IS NULL AND NOT EXISTS (
            SELECT 1 FROM fingerprints x2 JOIN fingerprints y2 ON y2.scheme = x2.scheme
            WHERE x2.article_id = x.article_id AND y2.article_id = y.article_id AND x2.scheme <> r.scheme
              AND x2.made_at > x.made_at AND y2.made_at > y.made_at)"""

_ARTICLES = f"""
SELECT a.id, a.url, a.title, s.name AS source, s.domain AS source_domain, s.kind AS source_kind, s.country AS country,
       COALESCE(f.name, s.domain) AS family, a.language, a.language_declared, a.language_detected, a.published_at,
       a.published_precision, a.published_origin,
       a.first_seen_at, a.not_seen_before_at, a.appeared_at, a.arrival_no, a.access, a.method, a.n_words, a.section,
       a.dateline, a.credit, a.agency, a.origin, m.story_id, c.original_id AS duplicate_of, c.kind AS duplicate_kind,
       (SELECT MIN(COALESCE(g.original_id, r.original_id)) FROM rewrites r
        LEFT JOIN copies g ON g.article_id = r.original_id {_COUNTS}) AS rewrite_of,
       COALESCE(l.article_id, (SELECT MIN(r.original_id) FROM rewrites r
        JOIN releases p ON p.article_id = r.original_id {_COUNTS})) AS release_id,
       (SELECT COUNT(*) FROM revisions v WHERE v.article_id = a.id) AS n_revisions, a.retracted_at,
       a.reason AS page_reason
FROM articles a
JOIN sources s ON s.id = a.source_id
LEFT JOIN families f ON f.id = s.family_id
LEFT JOIN story_members m ON m.article_id = a.id
LEFT JOIN copies c ON c.article_id = a.id
LEFT JOIN releases l ON l.article_id = c.original_id
WHERE a.arrival_no IS NOT NULL
"""  # noqa: S608 - of constants

# What follows a registered text adds one voice to a story, however many do; so does what follows an agency.
_STORY_ARTICLES = """
SELECT m.story_id, a.id AS article_id, a.title, a.source, a.family, a.url, a.language, a.published_at, a.first_seen_at,
       a.appeared_at, a.arrival_no, a.origin, a.agency, a.duplicate_of, a.duplicate_kind, a.rewrite_of, a.release_id,
       CASE WHEN a.release_id IS NOT NULL THEN 'release|' || a.release_id
            WHEN a.duplicate_of IS NOT NULL OR a.rewrite_of IS NOT NULL THEN NULL
            WHEN a.origin = 'agency' AND a.agency IS NOT NULL THEN 'agency|' || a.agency
            ELSE a.family || '|' || a.origin END AS voice,
       m.score, m.because, m.assigned_at, a.retracted_at
FROM story_members m JOIN v_articles a ON a.id = m.article_id
"""

_REVISIONS = """
SELECT r.article_id, r.revision_no, r.kind, r.seen_at, r.title, r.n_words, r.n_chars, r.n_words_added,
       r.n_words_removed, r.similarity, CASE WHEN r.title_changed THEN 1 ELSE 0 END AS title_changed,
       a.source, a.url
FROM revisions r JOIN v_articles a ON a.id = r.article_id
"""

# Copies and rewrites are no reports of their own; a story that holds nothing else still had one somewhere. Nobody was
# first with a copy, either, as long as there is anything else.
_STORIES = """
SELECT t.id, t.title, t.lead, t.language, t.state, t.first_seen_at, t.last_seen_at,
       COUNT(*) AS n_articles, COUNT(DISTINCT a.source) AS n_publishers,
       CASE WHEN COUNT(a.voice) = 0 THEN 1 ELSE COUNT(DISTINCT a.voice) END AS n_independent,
       COUNT(a.duplicate_of) AS n_copies,
       (SELECT s.name FROM story_members m JOIN articles r ON r.id = m.article_id JOIN sources s ON s.id = r.source_id
        LEFT JOIN copies c ON c.article_id = r.id
        WHERE m.story_id = t.id AND r.arrival_no IS NOT NULL
        ORDER BY CASE WHEN c.article_id IS NULL THEN 0 ELSE 1 END, r.appeared_at, r.arrival_no
        LIMIT 1) AS first_publisher,
       CAST(SUM(CASE WHEN a.appeared_at > {six hours before t.last_seen_at} THEN 1 ELSE 0 END) / 6.0
            AS DOUBLE PRECISION) AS articles_per_hour,
       t.representative_id, t.key_terms, t.key_names
FROM stories t JOIN v_story_articles a ON a.story_id = t.id
GROUP BY t.id, t.title, t.lead, t.language, t.state, t.first_seen_at, t.last_seen_at, t.representative_id, t.key_terms,
         t.key_names
"""

_STORY_HOURS = """
SELECT h.story_id, h.hour_at, COUNT(*) AS n_articles, COUNT(h.duplicate_of) AS n_copies,
       COUNT(DISTINCT h.source) AS n_publishers, COUNT(DISTINCT h.voice) AS n_voices
FROM (SELECT a.story_id, a.source, a.voice, a.duplicate_of, {hour of a.appeared_at} AS hour_at
      FROM v_story_articles a) h
GROUP BY h.story_id, h.hour_at
"""

_DUPLICATES = """
SELECT c.article_id, a.title AS article_title, a.source AS article_source, a.url AS article_url,
       c.original_id, o.title AS original_title, s.name AS original_source, o.url AS original_url,
       c.kind, c.containment, c.jaccard, c.scheme, a.appeared_at AS article_appeared_at,
       o.appeared_at AS original_appeared_at,
       CASE WHEN a.not_seen_before_at >= o.first_seen_at THEN 1 ELSE 0 END AS is_order_certain
FROM copies c JOIN v_articles a ON a.id = c.article_id JOIN articles o ON o.id = c.original_id
JOIN sources s ON s.id = o.source_id
"""

# Blind is what `DayVerdict.is_blind` says.
_SOURCE_DAYS = """
SELECT s.name AS source, s.domain AS source_domain, d.day_on, d.n_polls_ok, d.n_polls_failed, d.n_new, d.n_gaps,
       d.n_expected, d.verdict,
       CASE WHEN d.verdict IS NULL THEN NULL
            WHEN d.verdict IN ('no_overlap', 'partial', 'failed', 'not_polled') THEN 1 ELSE 0 END AS is_blind
FROM source_days d JOIN sources s ON s.id = d.source_id
"""

# What a URL is to an article: a row for each, so that one URL may stand there twice. "other" leads there as well: it
# was its canonical URL, or one of an article that turned out to be the same.
_ARTICLE_URLS = """
SELECT a.id AS article_id, 'canonical' AS kind, a.url FROM articles a WHERE a.arrival_no IS NOT NULL
UNION SELECT a.id, 'final', a.final_url FROM articles a WHERE a.arrival_no IS NOT NULL AND a.final_url IS NOT NULL
UNION SELECT a.id, 'declared', a.declared_url FROM articles a
      WHERE a.arrival_no IS NOT NULL AND a.declared_url IS NOT NULL
UNION SELECT a.id, 'entry', e.url FROM entries e JOIN articles a ON a.id = e.article_id
      WHERE a.arrival_no IS NOT NULL AND e.url IS NOT NULL
UNION SELECT a.id, 'other', u.url FROM article_urls u JOIN articles a ON a.id = u.article_id
      WHERE a.arrival_no IS NOT NULL AND u.url <> a.url AND u.url <> COALESCE(a.final_url, '')
        AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.article_id = a.id AND e.url = u.url)
"""

# Polls that find a document unchanged are counted on its feed alone: what the last read saw is there as long as they
# do. The same as LAST_SEEN in monitor/store/entries.py.
_SIGHTINGS = """
SELECT g.article_id, g.feed_id, CASE WHEN f.title = '' THEN s.name ELSE f.title END AS feed, s.name AS source,
       s.domain AS source_domain, e.guid, e.url, e.title, e.published_at, g.first_seen_at, e.not_seen_before_at,
       CASE WHEN f.last_good_poll_at IS NOT NULL AND e.last_seen_at >= f.last_read_at THEN f.last_good_poll_at
            ELSE e.last_seen_at END AS last_seen_at
FROM sightings g
JOIN articles a ON a.id = g.article_id
JOIN entries e ON e.id = g.entry_id
JOIN feeds f ON f.id = g.feed_id
JOIN sources s ON s.id = f.source_id
WHERE a.arrival_no IS NOT NULL
"""

# Stories of several languages about one event; there are none without the optional embeddings.
_STORY_GROUPS = """
SELECT g.group_id, g.story_id, t.language, t.title, t.first_seen_at, t.last_seen_at, g.score, g.scheme, g.joined_at
FROM story_groups g JOIN stories t ON t.id = g.story_id
"""

VIEWS = {
    "v_articles": _ARTICLES,
    "v_story_articles": _STORY_ARTICLES,
    "v_stories": _STORIES,
    "v_story_hours": _STORY_HOURS,
    "v_story_groups": _STORY_GROUPS,
    "v_duplicates": _DUPLICATES,
    "v_revisions": _REVISIONS,
    "v_source_days": _SOURCE_DAYS,
    "v_article_urls": _ARTICLE_URLS,
    "v_sightings": _SIGHTINGS,
}

#: What only each database's own functions tell of moments. On SQLite they are texts that sort as moments do.
_MOMENTS = {
    "sqlite": {
        "{six hours before t.last_seen_at}": "STRFTIME('%Y-%m-%d %H:%M:%f000', t.last_seen_at, '-6 hours')",
        "{hour of a.appeared_at}": "STRFTIME('%Y-%m-%d %H:00:00.000000', a.appeared_at)",
    },
    "postgresql": {
        "{six hours before t.last_seen_at}": "t.last_seen_at - INTERVAL '6 hours'",
        "{hour of a.appeared_at}": "DATE_TRUNC('hour', a.appeared_at, 'UTC')",
    },
}


def create_views(conn: Connection) -> None:
    """Make all views; they must not exist yet."""
    moments = _MOMENTS[conn.dialect.name]
    for name, query in VIEWS.items():
        made = reduce(lambda sql, words: sql.replace(words, moments[words]), moments, query)
        conn.execute(text(f"CREATE VIEW {name} AS {made}"))
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
    return int(hashlib.sha256(f"{VIEWS}{_MOMENTS}".encode()).hexdigest()[:15], 16)
