"""Do two entries of one feed mean the same article, though their guids or their links differ?

Feeds number the versions of a guid ("...#0", "...#1"), move to https, put the headline into guid and link, sign each
link anew with a token, or give all their entries one guid. `entry_keys` says what else an entry is known by within its
feed, `is_other_article` whether two entries that share a guid or its alias are two articles after all, and
`is_same_article` whether two that share title and date are one.

When in doubt they are two: articles that were kept apart are found to be one by their pages, or to be copies; one that
was put into another is lost. Never says anything about entries of two feeds: sites count "1, 2, 3".
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from functools import lru_cache
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from monitor.text.normalise import normal_text
from monitor.text.tokens import words
from monitor.urls import canonical_url

MIN_ALIAS_CHARS = 6
MIN_TITLE_WORDS = 4
ALIKE_TITLES = 0.5
#: A publisher who writes an article anew dates it anew, within a day; the same guid later names another one.
SAME_DAYS = timedelta(days=1)

_SCHEME_AND_HOST = re.compile(r"^https?://[^/?#]*", re.IGNORECASE)
_VERSION = re.compile(r"#v?\d{1,3}$", re.IGNORECASE)
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_PIECES = re.compile(r"[-_.~=%+,;:]+")
_DATE_DIGITS = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_TURNS = re.compile(r"\d(?=[A-Za-z])|[A-Za-z](?=\d)")
_TOKEN_CHARS = re.compile(r"[A-Za-z0-9_=%.~+-]{10,}")
_WORD_PIECE = re.compile(r"[a-z]{4,}|[A-Z][a-z]{3,}")
_CASE_TURNS = re.compile(r"[a-z](?=[A-Z])")


class Entry(Protocol):
    """What of an entry is compared."""

    @property
    def guid(self) -> str: ...
    @property
    def url(self) -> str | None: ...
    @property
    def title(self) -> str: ...
    @property
    def published_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class EntryKeys:
    """What an entry is known by within its feed beside its guid: hashes, None where it says too little."""

    guid_alias: str | None
    title_key: str | None


class _Links(Enum):
    SAME = 1  # one page, or there are none
    NUMBERED = 2  # they name the same number: that of the page, or of its section
    SIGNED = 3  # they differ in parts that look like a token: a signature, or the number of a page
    ONE_MISSING = 4
    DIFFERENT = 5


def entry_keys(entry: Entry) -> EntryKeys:
    """The keys of an entry: its guid's alias, and its title with its date."""
    return EntryKeys(guid_alias=guid_alias(entry.guid), title_key=_title_key(entry))


def guid_alias(guid: str) -> str | None:
    """Equal for guids that differ in scheme, host, number of the version, or in the headline beside a number.

    None where what is left could be the guid of anything: "1", a homepage.
    """
    is_numbered = bool(_VERSION.search(guid))
    text = _SCHEME_AND_HOST.sub("", _VERSION.sub("", guid.strip())).rstrip("/")
    if len(_LETTER_OR_DIGIT.findall(text)) < (1 if is_numbered else MIN_ALIAS_CHARS):
        return None
    folder, slash, name = text.rpartition("/")
    return _digest(f"{folder}{slash}{_without_headline(name)}")


def _without_headline(name: str) -> str:
    """The numbers of "old-headline-1234567.html"; the name itself where it has no number that could be its own."""
    pieces = [piece for piece in _PIECES.split(name) if piece]
    numbers = [piece for piece in pieces if any(map(str.isdigit, piece))]
    return "-".join(numbers) if any(map(_is_number_of_page, numbers)) and len(numbers) < len(pieces) else name


def _title_key(entry: Entry) -> str | None:
    if entry.published_at is None or len(words(entry.title)) < MIN_TITLE_WORDS:
        return None
    return _digest(f"{normal_text(entry.title)}\x1f{entry.published_at.timestamp():.0f}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def is_other_article(old: Entry, new: Entry) -> bool:
    """Are these two articles, though their guids are the same or aliases of each other?

    A guid that says too little ("1") is believed only while the link agrees. Any other is, unless the links differ and
    title and date do as well, or the dates lie more than a day apart.
    """
    links, is_poor = _compare_links(old, new), guid_alias(new.guid) is None
    if links is _Links.SAME:
        return is_poor and not old.url and not _alike_titles(old.title, new.title)
    if _is_one_permalink(old.guid, new.guid) or (links is _Links.NUMBERED and not is_poor):
        return False
    is_alike = _alike_titles(old.title, new.title) or (
        not is_poor and _is_same_moment(old.published_at, new.published_at)
    )
    is_far = _far_apart(old.published_at, new.published_at)
    if links is _Links.DIFFERENT:
        return is_poor or is_far or not is_alike
    return not is_alike or (is_poor and is_far)


def is_same_article(old: Entry, new: Entry) -> bool:
    """Are these one article, given that their titles and dates are equal? Only where both links are missing, or signed.

    One that is missing agrees with any link: it would make one article of several.
    """
    return _compare_links(old, new) not in {_Links.ONE_MISSING, _Links.DIFFERENT}


def _is_one_permalink(old: str, new: str) -> bool:
    """Two versions of one permalink: "https://a.example/x#0" and "...#1"."""
    is_numbered = bool(_VERSION.search(old)) and bool(_VERSION.search(new))
    return old != new and is_numbered and _VERSION.sub("", old) == _VERSION.sub("", new)


def _alike_titles(old: str, new: str) -> bool:
    if old == new:
        return True
    one, two = Counter(words(old)), Counter(words(new))
    n_all = one.total() + two.total()
    return n_all > 0 and 2 * (one & two).total() / n_all >= ALIKE_TITLES


def _is_same_moment(old: datetime | None, new: datetime | None) -> bool:
    """Midnight is what a date without a time is read as: many articles have it."""
    return old is not None and old == new and old.time() != time()


def _far_apart(old: datetime | None, new: datetime | None) -> bool:
    return old is not None and new is not None and abs(new - old) > SAME_DAYS


def _compare_links(old: Entry, new: Entry) -> _Links:
    if not old.url or not new.url:
        return _Links.ONE_MISSING if old.url or new.url else _Links.SAME
    one, two = _parts(old.url), _parts(new.url)
    if one == two or (old.guid == new.guid and len(old.guid) > 1 and old.guid in one.names and old.guid in two.names):
        return _Links.SAME
    if one.numbers and one.numbers == two.numbers:
        return _Links.NUMBERED
    return _Links.SIGNED if _differ_in_tokens(one, two) else _Links.DIFFERENT


@dataclass(frozen=True, slots=True)
class _Parts:
    host: str
    path: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    route: str

    @property
    def names(self) -> list[str]:
        """Everything that may name the page, in pieces."""
        whole = [*self.path, *(value for _, value in self.query)]
        return [piece for name in whole for piece in (name, *_PIECES.split(name)) if piece]

    @property
    def numbers(self) -> frozenset[str]:
        """The numbers by which the page may be known to its publisher: "1234567" in "old-headline-1234567"."""
        return frozenset(name for name in self.names if _is_number_of_page(name))


@lru_cache(maxsize=1_024)
def _parts(url: str) -> _Parts:
    """A link in the parts by which pages differ: scheme, "www." and a closing slash are none."""
    try:
        parts = urlsplit(canonical_url(url))
    except ValueError:
        return _Parts(url, (), (), "")
    return _Parts(
        host=parts.netloc.removeprefix("www."),
        path=tuple(unquote(segment) for segment in parts.path.rstrip("/").split("/")),
        query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
        route=parts.fragment,
    )


def _is_number_of_page(text: str) -> bool:
    """Five digits or more that are no date."""
    return text.isdecimal() and len(text) >= 5 and not _DATE_DIGITS.fullmatch(text)


def _differ_in_tokens(one: _Parts, two: _Parts) -> bool:
    """Are the links equal but for parts that look like tokens on both sides?"""
    if (one.host, one.route, len(one.path)) != (two.host, two.route, len(two.path)):
        return False
    if [name for name, _ in one.query] != [name for name, _ in two.query]:
        return False
    values = zip((value for _, value in one.query), (value for _, value in two.query), strict=True)
    pairs = [*zip(one.path, two.path, strict=True), *values]
    return all(_is_token(left) and _is_token(right) for left, right in pairs if left != right)


def _is_token(text: str) -> bool:
    """Letters and digits without order: no number, no headline, no word with a number behind it."""
    if not _TOKEN_CHARS.fullmatch(text) or not any(map(str.isdigit, text)):
        return False
    n_turns = len(_TURNS.findall(text)) + len(_CASE_TURNS.findall(text))
    is_headline = len(_PIECES.split(text)) > 1 and any(map(_WORD_PIECE.fullmatch, _PIECES.split(text)))
    return n_turns >= 3 and not is_headline
