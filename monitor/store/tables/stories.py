"""Which articles report one event: stories, their members, and what people decided about them."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Index, Integer, LargeBinary, String, Table, Text

from monitor.store.columns import Key, UTCDateTime, Words
from monitor.store.tables.metadata import key, metadata, refers

stories = Table(
    "stories",
    metadata,
    key(),
    Column("language", String(8), nullable=False),
    # The first article assigned: the story's identity hangs on what was stored first, not on publishers' dates.
    refers("anchor_article_id", "articles.id", unique=True),
    Column("title", Text, nullable=False),
    Column("lead", Text, nullable=False, default=""),
    Column("state", String(10), nullable=False, default="open"),
    Column("first_seen_at", UTCDateTime, nullable=False),
    Column("last_seen_at", UTCDateTime, nullable=False),
    Column("closed_at", UTCDateTime),
    # Locked by hand: nothing joins, leaves, merges or splits it by itself.
    Column("locked_at", UTCDateTime),
    # The most central article, whose headline and lead stand for the story, and the terms and names it is known by.
    Column("representative_id", Key),
    Column("key_terms", Words),
    Column("key_names", Words),
    Column("scheme", String(60), nullable=False),
    Index(None, "language", "state", "last_seen_at"),
    # The id of a story that was merged away redirects for ever: it is never given out again.
    sqlite_autoincrement=True,
)

story_members = Table(
    "story_members",
    metadata,
    refers("article_id", "articles.id", primary_key=True),
    refers("story_id", "stories.id", index=True),
    Column("score", Float, nullable=False),
    Column("because", String(40), nullable=False),
    Column("scheme", String(60), nullable=False),
    Column("assigned_at", UTCDateTime, nullable=False, index=True),
)

story_redirects = Table(
    "story_redirects",
    metadata,
    Column("old_id", Key, primary_key=True, autoincrement=False),
    refers("story_id", "stories.id", index=True),
    Column("since_at", UTCDateTime, nullable=False),
)

story_constraints = Table(
    "story_constraints",
    metadata,
    key(),
    Column("kind", String(12), nullable=False),
    refers("article_a_id", "articles.id", index=True),
    refers("article_b_id", "articles.id", index=True),
    Column("who", String(200), nullable=False),
    Column("because", Text, nullable=False, default=""),
    Column("made_at", UTCDateTime, nullable=False),
    # It holds from this place in the stored order of arrivals on, and since this one no more.
    Column("made_no", Key),
    Column("lifted_no", Key),
    Column("lifted_at", UTCDateTime),
)

story_log = Table(
    "story_log",
    metadata,
    key(),
    Column("story_id", Key, nullable=False, index=True),
    Column("action", String(20), nullable=False),
    Column("who", String(200), nullable=False),
    Column("details", JSON, nullable=False, default=dict),
    Column("logged_at", UTCDateTime, nullable=False),
    # Its place in the stored order of arrivals, where it changed who is in which story.
    Column("arrival_no", Key),
    # The entry of this log that it took back.
    Column("undoes_id", Key),
)

#: What a story is known by in any language, by the optional embeddings: its first headlines, as a model sees them.
story_gists = Table(
    "story_gists",
    metadata,
    refers("story_id", "stories.id", primary_key=True),
    Column("scheme", String(200), nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("names", JSON, nullable=False),
    Column("n_headlines", Integer, nullable=False),
    Column("made_at", UTCDateTime, nullable=False),
)

#: Stories of several languages that tell of one event. A group is named after the story that it began with, whose
#: number stays its name also when that story is gone.
story_groups = Table(
    "story_groups",
    metadata,
    refers("story_id", "stories.id", primary_key=True),
    Column("group_id", Key, nullable=False, index=True),
    Column("score", Float, nullable=False),
    Column("scheme", String(200), nullable=False),
    Column("joined_at", UTCDateTime, nullable=False),
)
