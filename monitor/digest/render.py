"""The mail of a digest: subject, text part, HTML part and headers, rendered once and stored.

One set of plain strings (`monitor.digest.presentation`) feeds both parts. The HTML escapes by itself, its style sheet
is inlined and kept in the head as well (dark colours and narrow screens need it there); it loads nothing from anywhere.
Whether an empty digest is sent at all is the caller's policy: it renders as a short mail that says so.

Rules: RFC 5322 (Message-ID, Date), RFC 2919 (List-Id), RFC 2369 (List-Unsubscribe), RFC 3834 (Auto-Submitted).
"""

from __future__ import annotations

import hashlib
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote
from zoneinfo import ZoneInfo

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from monitor.digest.presentation import Clock, StoryView, name_words, story_view
from monitor.digest.wording import clipped, counted, day_words, joined, moment_words
from monitor.text.normalise import clean_line
from monitor.types import Digest, RenderedMail, WatchlistId

_PREHEADER_MAX = 150
_NAMELESS = "Your digest"
_NOTHING = "Nothing new since the last digest."
_TEXT_WIDTH = 76
# 7 bits on the wire: not every server takes 8BITMIME.
_POLICY = SMTP.clone(cte_type="7bit")
# A header of 71 to 78 ASCII characters is folded before its first word (CPython 3.11 to 3.14) and read back with a
# space in front; RFC 5322 allows lines of 998.
_UNFOLDED = _POLICY.clone(max_line_length=900)
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """Who writes: the public name, the domain of Message-ID and List-Id, the address to unsubscribe at, if any."""

    name: str = "Media Monitor"
    domain: str = "media-monitor.invalid"
    unsubscribe: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    title: str
    stories: tuple[StoryView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mail:
    """What the templates show."""

    subject: str
    name: str
    day: str
    counts: str
    figures: str
    preheader: str
    sections: tuple[_Section, ...]
    left_out: str
    problems: tuple[str, ...]
    why: str
    window: str
    made: str
    product: str
    unsubscribe_url: str | None
    unsubscribe: str | None


def render(
    digest: Digest,
    *,
    generated_at: datetime,
    letterhead: Letterhead = Letterhead(),
    watchlist_names: Mapping[WatchlistId, str] | None = None,
) -> RenderedMail:
    """The mail of a digest, also of an empty one. `watchlist_names` names the watchlists of the hits."""
    mail = _mail(digest, generated_at=generated_at, letterhead=letterhead, watchlist_names=watchlist_names or {})
    html = _environment().get_template("digest.html").render(mail=mail)
    text = _environment().get_template("digest.txt").render(mail=mail)
    return RenderedMail(
        subject=mail.subject,
        text=text.strip() + "\n",
        html=_INLINER.inline(html),
        message_id=_message_id(digest, letterhead),
        headers=_headers(digest, letterhead),
    )


def build_message(rendered: RenderedMail, *, sender: str, recipient: str, sent_at: datetime) -> EmailMessage:
    """The message to one recipient. The same arguments give the same bytes, so it can be built again for a retry."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = clean_line(rendered.subject)
    message["Date"] = format_datetime(sent_at.astimezone(UTC))
    message["Message-ID"] = recipient_message_id(rendered.message_id, recipient)
    for name, value in rendered.headers.items():
        message[name] = value
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    message.set_boundary("=_" + _short_hash(rendered.message_id, rendered.text, rendered.html))
    if all(value.isascii() for value in message.values()):
        message.policy = _UNFOLDED
    return message


def recipient_message_id(message_id: str, recipient: str) -> str:
    """The Message-ID of the copy for one recipient: stable, and it does not tell the address."""
    local, at, domain = message_id.rpartition("@")
    return f"{local}.{_short_hash(recipient.strip().lower())[:12]}{at}{domain}"


def _mail(
    digest: Digest, *, generated_at: datetime, letterhead: Letterhead, watchlist_names: Mapping[WatchlistId, str]
) -> _Mail:
    subscription = digest.subscription
    zone = ZoneInfo(subscription.zone)
    clock = Clock(now=generated_at, zone=zone)
    stories = tuple(
        story_view(item, number=number, clock=clock, watchlist_names=watchlist_names)
        for number, item in enumerate(digest.items, 1)
    )
    name = name_words(subscription.name) or _NAMELESS
    day = day_words(digest.window_end, zone)
    counts = _counts(digest)
    return _Mail(
        subject=f"{name}, {day}: {counts}",
        name=name,
        day=day,
        counts=counts,
        figures=_figures(digest),
        preheader=clipped(" · ".join(story.headline for story in stories) or _NOTHING, _PREHEADER_MAX),
        sections=_sections(digest, stories),
        left_out=_left_out(digest),
        problems=tuple(clipped(clean_line(problem), 200) for problem in digest.feed_problems),
        why=_why(digest, name),
        window=f"{moment_words(digest.window_start, zone)} to {moment_words(digest.window_end, zone)}",
        made=f"{moment_words(generated_at, zone)} ({subscription.zone} time)",
        product=name_words(letterhead.name),
        unsubscribe_url=_unsubscribe_url(digest, letterhead),
        unsubscribe=clean_line(letterhead.unsubscribe or "") or None,
    )


def _counts(digest: Digest) -> str:
    n_updates = sum(item.is_update for item in digest.items)
    n_stories = len(digest.items) - n_updates
    if not digest.items:
        return "nothing new"
    if not n_updates:
        return counted(n_stories, "story", "stories")
    updates = counted(n_updates, "update")
    return f"{counted(n_stories, 'new story', 'new stories')}, {updates}" if n_stories else updates


def _figures(digest: Digest) -> str:
    n_articles = sum(item.story.n_articles for item in digest.items)
    n_publishers = len({member.source for item in digest.items for member in item.story.members})
    return f"{counted(n_articles, 'article')} from {counted(n_publishers, 'publisher')}" if digest.items else ""


def _sections(digest: Digest, stories: tuple[StoryView, ...]) -> tuple[_Section, ...]:
    """Stories of several publishers and of one apart, without titles where there is only one kind."""
    several = tuple(s for s, item in zip(stories, digest.items, strict=True) if item.story.n_publishers > 1)
    one = tuple(s for s, item in zip(stories, digest.items, strict=True) if item.story.n_publishers <= 1)
    if not several or not one:
        return (_Section(title="", stories=stories),) if stories else ()
    return (
        _Section(title="Reported by several publishers", stories=several),
        _Section(title="Reported by one publisher", stories=one),
    )


def _left_out(digest: Digest) -> str:
    if not digest.n_left_out:
        return ""
    verb = "was" if digest.n_left_out == 1 else "were"
    limit = counted(digest.subscription.max_stories, "story", "stories")
    return f"{counted(digest.n_left_out, 'more story', 'more stories')} {verb} left out: this digest holds {limit}."


def _why(digest: Digest, name: str) -> str:
    subscription = digest.subscription
    about = "all stories"
    if subscription.watchlists:
        names = [name_words(watchlist) for watchlist in subscription.watchlists]
        about = f"{'the watchlist' if len(names) == 1 else 'the watchlists'} {joined(names, n_max=6)}"
    return (
        f"You get this mail because your address is a recipient of the subscription “{name}”, "
        f"sent daily at {subscription.hour:02d}:00 about {about}."
    )


def _message_id(digest: Digest, letterhead: Letterhead) -> str:
    start = digest.window_start.astimezone(UTC)
    return f"<digest.{digest.subscription.id}.{start:%Y%m%dT%H%M%SZ}@{_domain(letterhead)}>"


def _headers(digest: Digest, letterhead: Letterhead) -> dict[str, str]:
    headers = {
        "List-Id": f"<digest-{digest.subscription.id}.{_domain(letterhead)}>",
        "Auto-Submitted": "auto-generated",
    }
    if url := _unsubscribe_url(digest, letterhead):
        headers["List-Unsubscribe"] = f"<{url}>"
    return headers


def _unsubscribe_url(digest: Digest, letterhead: Letterhead) -> str | None:
    if not letterhead.unsubscribe:
        return None
    return f"mailto:{quote(letterhead.unsubscribe, safe='@')}?subject=unsubscribe%20digest-{digest.subscription.id}"


def _domain(letterhead: Letterhead) -> str:
    return letterhead.domain if _HOST.match(letterhead.domain) else Letterhead().domain


def _short_hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:32]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("monitor.digest", "templates"),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["wrapped"] = _wrapped
    return environment


def _wrapped(text: str, indent: int = 0, hang: int = 0) -> str:
    """Lines of at most 76 characters, indented, the second and later ones by `hang` more; words and URLs stay whole."""
    return textwrap.fill(
        text,
        _TEXT_WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hang),
        break_long_words=False,
        break_on_hyphens=False,
    )
