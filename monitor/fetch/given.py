"""What does a feed say in its own words, before anything is judged?

Every reader (lxml, feedparser, JSON Feed, sitemaps) fills in a `GivenFeed`; `entries.py` alone turns that into the
entries of the product. So a rule about titles, links or dates stands in one place and holds for every format.
Everything here is untrusted text of any length.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class GivenText:
    """A text and the media type it claims: "" or "text/plain" for plain text, one with "html" in it for markup."""

    value: str = ""
    media_type: str = ""


@dataclass(slots=True)
class GivenMedia:
    """A picture, sound or film. `media_type` may be a mere kind ("image"); `size` is the number of bytes as written."""

    url: str
    media_type: str = ""
    size: str = ""
    title: str = ""


@dataclass(slots=True)
class GivenEntry:
    """One entry. Links may be relative to the document; `links` are others to try, `own_link` is preferred to all.

    `stable_link` is `link` resolved against an xml:base at most, where a reader resolved it against more; else "".
    """

    guid: str = ""
    link: str = ""
    stable_link: str = ""
    own_link: str = ""
    links: list[str] = field(default_factory=list)
    title: GivenText = field(default_factory=GivenText)
    summary: GivenText = field(default_factory=GivenText)
    contents: list[GivenText] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    media: list[GivenMedia] = field(default_factory=list)
    published: str = ""
    created: str = ""
    updated: str = ""


@dataclass(slots=True)
class GivenFeed:
    """A document. `n_entries` may be more than were read; `complaint` says why it is not well-formed."""

    format: str
    about: GivenEntry = field(default_factory=GivenEntry)
    language: str = ""
    ttl_minutes: str = ""
    update_period: str = ""
    update_frequency: str = ""
    entries: list[GivenEntry] = field(default_factory=list)
    n_entries: int = 0
    children: list[str] = field(default_factory=list)
    skip_hours: list[str] = field(default_factory=list)
    skip_days: list[str] = field(default_factory=list)
    complaint: str = ""
