"""The nouns of the product as frozen dataclasses, in the words of docs/glossary.md.

Says nothing about how a noun is stored, fetched or judged. Moments are aware datetimes in UTC, durations seconds,
sizes bytes, similarities 0..1. Text that came from a feed or page is untrusted wherever it appears here.
"""

from monitor.types.articles import Article, DuplicateLink, ExtractedArticle, FeedHints, Hit, RewriteLink, TermWeight
from monitor.types.fetching import Failure, Hop, ParsedEntry, ParsedFeed, PollState, Progress, Request, Response
from monitor.types.stories import Digest, DigestItem, RenderedMail, Story, StoryMember, Subscription, ToldStory
from monitor.types.words import (
    Access,
    ArticleId,
    DateOrigin,
    DigestId,
    DuplicateKind,
    EntryId,
    FeedId,
    Method,
    Origin,
    Precision,
    Reason,
    RevisionId,
    SourceId,
    StoryId,
    SubscriptionId,
    WatchlistId,
)

__all__ = [
    "Access",
    "Article",
    "ArticleId",
    "DateOrigin",
    "Digest",
    "DigestId",
    "DigestItem",
    "DuplicateKind",
    "DuplicateLink",
    "EntryId",
    "ExtractedArticle",
    "Failure",
    "FeedHints",
    "FeedId",
    "Hit",
    "Hop",
    "Method",
    "Origin",
    "ParsedEntry",
    "ParsedFeed",
    "PollState",
    "Precision",
    "Progress",
    "Reason",
    "RenderedMail",
    "Request",
    "Response",
    "RevisionId",
    "RewriteLink",
    "SourceId",
    "Story",
    "StoryId",
    "StoryMember",
    "Subscription",
    "SubscriptionId",
    "TermWeight",
    "ToldStory",
    "WatchlistId",
]
