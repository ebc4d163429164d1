"""What does the mail say about each story, line by line?

Turns a `Digest` into the plain strings that both parts of the mail show, so that the HTML and the text part cannot
disagree. Every string from a feed passes `clean_line` here (no line breaks, control or bidi characters) and is clipped;
only http(s) links without user information survive. What is not listed is counted: the articles listed, folded as
copies, left out and told before add up to the articles of the story.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from monitor.digest.selection import is_report
from monitor.digest.wording import clipped, counted, joined, when_words
from monitor.text.normalise import clean_line
from monitor.text.sentences import lead
from monitor.types import ArticleId, DigestItem, Hit, Story, StoryMember, WatchlistId

N_LINES_MAX = 6
N_COPIES_MAX = 6
_N_TERMS_MAX = 8
_HEADLINE_MAX, _TITLE_MAX, _LEAD_MAX, _NAME_MAX, _URL_MAX = 180, 150, 420, 60, 2000
_RTL = frozenset("ar arc ckb dv fa he ku nqo ps sd syr ug ur yi".split())
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}\Z")
# Characters that may stand in a URL as they are; everything else is percent-encoded, `%` is kept.
_URL_SAFE = "%/:?#[]@!$&()*+,;=~-._"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """The `lang` and `dir` attributes of a piece of text. `und` is an undetermined language (BCP 47)."""

    language: str
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyView:
    """Where the text of a line appeared as well."""

    source: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One article of a story with its copies. `title` is empty when it would repeat the headline."""

    source: str
    title: str
    url: str | None
    when: str
    mark: str
    note: str
    tongue: Tongue
    copies: tuple[CopyView, ...]
    n_copies_more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """One story. `update` says what is new, empty for a new story; `lead_source` whose words an update's lead is."""

    number: int
    headline: str
    url: str | None
    tongue: Tongue
    update: str
    lead: str
    lead_source: str
    facts: tuple[str, ...]
    matches: tuple[str, ...]
    lines: tuple[LineView, ...]
    remainder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How moments are told: as seen at `now` in the reader's zone."""

    now: datetime
    zone: ZoneInfo

    def words(self, moment: datetime) -> str:
        """The moment as briefly as it is clear."""
        return when_words(moment, now=self.now, zone=self.zone)


def story_view(item: DigestItem, *, number: int, clock: Clock, watchlist_names: Mapping[WatchlistId, str]) -> StoryView:
    """Everything the mail shows of one story."""
    story = item.story
    shown = [member for member in story.members if member.id in item.new_article_ids or not item.is_update]
    groups = _copy_groups(shown)
    n_lines = N_LINES_MAX if len(groups) <= N_LINES_MAX else N_LINES_MAX - 1
    headline = _headline(story)
    lines = tuple(_line(group, item=item, headline=headline, clock=clock) for group in groups[:n_lines])
    lead_text, lead_source = _lead(item, shown)
    return StoryView(
        number=number,
        headline=headline,
        url=_story_url(story),
        tongue=tongue_of(story.language),
        update=_update(item, shown) if item.is_update else "",
        lead=lead_text,
        lead_source=lead_source,
        facts=_facts(story, clock),
        matches=_matches(item.hits, watchlist_names),
        lines=lines,
        remainder=_remainder(groups[n_lines:], n_told=len(story.members) - len(shown)),
    )


def safe_link(url: str) -> str | None:
    """An http(s) URL, ASCII only and safe to print on a line of its own; None for anything else."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    is_web = parts.scheme in {"http", "https"} and bool(host) and parts.username is None
    if not is_web or not parts.netloc.isascii() or url != clean_line(url) or len(url) > _URL_MAX:
        return None
    return quote(url, safe=_URL_SAFE)


def tongue_of(language: str) -> Tongue:
    """Language and direction of a stored language code, which may be anything."""
    code = language if _LANGUAGE.match(language) else "und"
    return Tongue(language=code, direction="rtl" if code.partition("-")[0] in _RTL else "ltr")


def name_words(name: str) -> str:
    """The name of a source, watchlist or subscription on one line."""
    return clipped(clean_line(name), _NAME_MAX)


def _source(member: StoryMember) -> str:
    return name_words(member.source) or "Unnamed source"


def _copy_groups(members: Sequence[StoryMember]) -> list[list[StoryMember]]:
    """Articles with the same text, the original first; reports before rewrites and copies of what is not listed."""
    groups: dict[ArticleId, list[StoryMember]] = {}
    for member in members:
        groups.setdefault(member.duplicate_of or member.id, []).append(member)
    ordered = [sorted(group, key=lambda member: member.duplicate_of is not None) for group in groups.values()]
    return sorted(ordered, key=lambda group: not is_report(group[0]))


def _line(group: Sequence[StoryMember], *, item: DigestItem, headline: str, clock: Clock) -> LineView:
    head, *copies = group
    title = clipped(clean_line(head.title), _TITLE_MAX)
    n_copies = N_COPIES_MAX if len(copies) <= N_COPIES_MAX else N_COPIES_MAX - 1
    return LineView(
        source=_source(head),
        title="" if clipped(clean_line(head.title), _HEADLINE_MAX) == headline else title,
        url=safe_link(head.url),
        when=clock.words(_shown_moment(head, clock.now)),
        mark="New" if item.is_update and head.id in item.new_article_ids else "",
        note=_note(head, item.story.members),
        tongue=tongue_of(head.language),
        copies=tuple(CopyView(source=_source(copy), url=safe_link(copy.url)) for copy in copies[:n_copies]),
        n_copies_more=len(copies[n_copies:]),
    )


def _shown_moment(member: StoryMember, now: datetime) -> datetime:
    """When it was published, as far as that can be true; else when it was first seen."""
    published_at = member.published_at
    return published_at if published_at and published_at <= now + timedelta(minutes=5) else member.first_seen_at


def _note(member: StoryMember, members: Iterable[StoryMember]) -> str:
    """Why an article is no report of its own, and whether its link leads to it still."""
    sources = {other.id: _source(other) for other in members}
    notes = []
    if member.duplicate_of is not None:
        notes.append(f"copies {sources.get(member.duplicate_of, 'another article')}")
    elif member.rewrite_of is not None:
        notes.append(f"follows {sources.get(member.rewrite_of, 'another article')}")
    if member.retracted_at is not None:
        notes.append("taken away since")
    return ", ".join(notes)


def _headline(story: Story) -> str:
    titles = (story.title, *(member.title for member in story.members))
    cleaned = (clipped(clean_line(title), _HEADLINE_MAX) for title in titles)
    return next((title for title in cleaned if title), "Without a headline")


def _story_url(story: Story) -> str | None:
    """The link of the article that the headline is from, else of the earliest report, else of any article; of one
    that was taken away only when there is no other.
    """

    def rank(member: StoryMember) -> tuple[bool, bool, bool]:
        return (member.retracted_at is not None, member.title != story.title, not is_report(member))

    by_preference = sorted(story.members, key=rank)
    return next((url for url in (safe_link(member.url) for member in by_preference) if url), None)


def _lead(item: DigestItem, shown: Sequence[StoryMember]) -> tuple[str, str]:
    """Two sentences and, for an update, the source of the newest report that they are from."""
    if item.is_update:
        for member in reversed([member for member in shown if is_report(member)]):
            if words := _lead_words(member.lead):
                return words, _source(member)
    leads = (item.story.lead, *(member.lead for member in item.story.members))
    return next((words for words in map(_lead_words, leads) if words), ""), ""


def _lead_words(text: str) -> str:
    return clipped(clean_line(lead(text, 2)), _LEAD_MAX)


def _update(item: DigestItem, shown: Sequence[StoryMember]) -> str:
    sources = list(dict.fromkeys(_source(member) for member in shown))
    return f"{counted(item.n_new, 'new article')} from {joined(sources)}"


def _facts(story: Story, clock: Clock) -> tuple[str, ...]:
    publishers = counted(story.n_publishers, "publisher")
    articles = counted(story.n_articles, "article")
    copies = counted(story.n_copies, "copy", "copies")
    return (
        f"{publishers}, {story.n_independent:,} independent" if story.n_publishers > 1 else publishers,
        *([f"{articles}, {copies}" if story.n_copies else articles] if story.n_articles > 1 else []),
        f"first seen {clock.words(story.first_seen_at)}",
    )


def _matches(hits: Sequence[Hit], watchlist_names: Mapping[WatchlistId, str]) -> tuple[str, ...]:
    """One line per watchlist: its name and the terms that matched."""
    lines = []
    for watchlist_id, its_hits in groupby(sorted(hits, key=lambda hit: hit.watchlist_id), lambda hit: hit.watchlist_id):
        terms = dict.fromkeys(name_words(term) for hit in its_hits for term in hit.terms)
        name = name_words(watchlist_names.get(watchlist_id, ""))
        label = f"Watchlist {name}".rstrip()
        lines.append(f"{label}: {', '.join(list(terms)[:_N_TERMS_MAX])}" if terms else label)
    return tuple(lines)


def _remainder(groups: Iterable[Sequence[StoryMember]], *, n_told: int) -> str:
    """What the lines leave out: articles beyond the limit, and articles of an earlier digest."""
    n_more = sum(len(group) for group in groups)
    parts = []
    if n_more:
        parts.append(f"{counted(n_more, 'more article')} not listed")
    if n_told:
        parts.append(f"{counted(n_told, 'article')} told before")
    return "; ".join(parts)
