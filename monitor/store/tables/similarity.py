"""What texts have in common: statistics of a language, fingerprints, duplicate and rewrite links."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from monitor.store.columns import Key, UTCDateTime
from monitor.store.tables.metadata import key, metadata, refers

#: One row per language: its size, and the lease of the one assigner that takes its articles in arrival order.
language_statistics = Table(
    "language_statistics",
    metadata,
    Column("language", String(8), primary_key=True),
    Column("n_articles", Integer, nullable=False, default=0),
    Column("last_arrival_no", Key, nullable=False, default=0),
    Column("leased_until", UTCDateTime),
    Column("n_tries", Integer, nullable=False, default=0),
    # How often the counts of terms were halved: what is common is what was common lately.
    Column("n_halvings", Integer, nullable=False, default=0),
)

# How many articles of a language have a stem (monitor.text.stems): all forms of a word are counted together.
terms = Table(
    "terms",
    metadata,
    Column("language", String(8), primary_key=True),
    Column("term", String(200), primary_key=True),
    Column("n_articles", Integer, nullable=False),
)

features = Table(
    "features",
    metadata,
    refers("article_id", "articles.id", primary_key=True),
    Column("scheme", String(60), primary_key=True),
    # An article whose text changed arrives again: each arrival is decided by the features it had then.
    Column("arrival_no", Key, primary_key=True, autoincrement=False),
    # What the assigner knew beside the text. Whose language's assigner it was ...
    Column("language", String(8), nullable=False),
    # ... the dates of then ...
    Column("published_at", UTCDateTime),
    Column("first_seen_at", UTCDateTime, nullable=False),
    # ... the publisher family, which is one voice ...
    Column("family", String(300), nullable=False, default=""),
    # ... and the article whose story it had to join, as its copy or original.
    Column("follows_id", Key, index=True),
    Column("body", LargeBinary, nullable=False),
    Column("assigned_at", UTCDateTime, nullable=False),
    Index(None, "language", "scheme", "arrival_no"),
)

fingerprints = Table(
    "fingerprints",
    metadata,
    refers("article_id", "articles.id", primary_key=True),
    Column("scheme", String(60), primary_key=True),
    Column("text_hash", String(64), nullable=False, index=True),
    Column("n_words", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("made_at", UTCDateTime, nullable=False),
)

bands = Table(
    "bands",
    metadata,
    Column("band", BigInteger, primary_key=True, autoincrement=False),
    refers("article_id", "articles.id", primary_key=True, index=True),
)

duplicates = Table(
    "duplicates",
    metadata,
    key(),
    refers("article_id", "articles.id"),
    refers("original_id", "articles.id", index=True),
    Column("kind", String(20), nullable=False),
    Column("containment", Float, nullable=False),
    Column("jaccard", Float, nullable=False),
    Column("scheme", String(60), nullable=False),
    # The texts that were compared, as `fingerprints` hashes them: a link says nothing of other texts of the two.
    Column("article_text_hash", String(64), nullable=False),
    Column("original_text_hash", String(64), nullable=False),
    Column("found_at", UTCDateTime, nullable=False),
    UniqueConstraint(
        "article_id", "original_id", "scheme", "article_text_hash", "original_text_hash", name="uq_duplicates_texts"
    ),
)

rewrites = Table(
    "rewrites",
    metadata,
    key(),
    refers("article_id", "articles.id"),
    refers("original_id", "articles.id", index=True),
    Column("containment", Float, nullable=False),
    Column("because", Text, nullable=False, default=""),
    Column("scheme", String(60), nullable=False),
    # The texts that were compared, as `fingerprints` hashes them: a link says nothing of other texts of the two.
    Column("article_text_hash", String(64), nullable=False),
    Column("original_text_hash", String(64), nullable=False),
    Column("found_at", UTCDateTime, nullable=False),
    UniqueConstraint(
        "article_id", "original_id", "scheme", "article_text_hash", "original_text_hash", name="uq_rewrites_texts"
    ),
)

#: Texts registered by people, whose pick-up is to be seen: originals that nobody published.
releases = Table(
    "releases",
    metadata,
    refers("article_id", "articles.id", primary_key=True),
    Column("name", String(300), nullable=False),
    Column("who", String(200), nullable=False),
    Column("added_at", UTCDateTime, nullable=False),
)

#: Derived from `duplicates`: each copy with the original of its copy group. An original has no row of its own.
copies = Table(
    "copies",
    metadata,
    refers("article_id", "articles.id", primary_key=True),
    refers("original_id", "articles.id", index=True),
    Column("kind", String(20), nullable=False),
    Column("containment", Float, nullable=False),
    Column("jaccard", Float, nullable=False),
    Column("scheme", String(60), nullable=False),
)
