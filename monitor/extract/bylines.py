"""Is a line of an article its byline, and whom does it name?

"By Ann Lee", "Par Luc Roy et Eva Blanc à Paris", "Von Anna Müller, Berlin", "Автор: Иван Петров", "记者 李明". Every
part of the line must be a name, an agency, a place or a role: an ordinary sentence that begins with "By" is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.extract import credit_phrases
from monitor.extract.agencies import is_capitals, is_initials, is_known_agency, known_agencies
from monitor.extract.lines import MAX_EDGE_CHARS, MAX_EDGE_WORDS, is_quoted
from monitor.extract.people import all_capitalised, inverted_names, is_role, split_names, unspaced_names, without_role
from monitor.text.normalise import fold


@dataclass(frozen=True, slots=True)
class Byline:
    """Who wrote it: people, and the organisation when the line names one ("By AFP", "By Ann Lee, Reuters")."""

    authors: tuple[str, ...]
    credit: str | None = None


_NEEDS_COLON = frozenset(credit_phrases.BYLINE_STARTS_WITH_COLON)
_BYLINES = frozenset((*credit_phrases.BYLINE_STARTS, *credit_phrases.BYLINE_STARTS_WITH_COLON))
_MAX_UNSPACED_CHARS = 40
_BULLET = re.compile(r"^[\s\-–—*•·>→▶|\[(]+")
_AFTER_NAMES = re.compile(r"\s*(?:[|•·]|\s[–—-]\s).*$")
_PLACE = re.compile(
    r"\s+(?:in|à|au|em|aus|from|at|near|en|в|у|на)\s+[^\W\d_a-z][\w'’.-]*(?:[\s,/]+[^\W_][\w'’.-]*){0,4}$"
)
_BRACKETS = re.compile(r"\s*\(([^()]{2,40})\)\s*$")


def byline_of(line: str) -> Byline | None:
    """ "By Ann Lee", "Par Luc Roy et Eva Blanc à Paris", "By Reuters Staff"; None for an ordinary sentence."""
    if len(line) > MAX_EDGE_CHARS:
        return None
    line = _BULLET.sub("", line).strip()
    if line.endswith(")") and "(" not in line:  # its opening bracket went as a bullet
        line = line[:-1].rstrip()
    if len(line) <= _MAX_UNSPACED_CHARS and (names := unspaced_names(line)):
        return Byline(tuple(names))
    words = line.split()
    if not 2 <= len(words) <= MAX_EDGE_WORDS or line[-1] in "?!:" or line.endswith("..") or is_quoted(line):
        return None
    for n_prefix in (3, 2, 1):
        prefix = fold(" ".join(words[:n_prefix]))
        bare = prefix.rstrip(":").strip()
        if bare in _BYLINES and len(words) > n_prefix:
            rest = words[n_prefix:]
            has_colon = prefix.endswith(":") or rest[0].startswith(":")
            if bare in _NEEDS_COLON and bare not in credit_phrases.BYLINE_STARTS and not has_colon:
                return None
            return _byline_names(" ".join(rest).lstrip(": "))
    return None


def _byline_names(rest: str) -> Byline | None:
    credit = None
    rest_is_sentence = rest.endswith(".")
    rest = _AFTER_NAMES.sub("", rest.rstrip(".,; ")).strip()
    if brackets := _BRACKETS.search(rest):
        credit = brackets[1] if known_agencies(brackets[1]) or is_capitals(brackets[1], 6) else None
        rest = rest[: brackets.start()]
    if inverted := inverted_names(rest):
        return Byline(tuple(inverted), credit)
    parts = [_PLACE.sub("", part).strip() for part in split_names(rest)]
    return _names_of(parts, rest, credit, is_sentence=rest_is_sentence) or _names_of(
        split_names(_PLACE.sub("", rest)), rest, credit, is_sentence=rest_is_sentence
    )


def _names_of(parts: Sequence[str], rest: str, credit: str | None, *, is_sentence: bool) -> Byline | None:
    """None as soon as one of the parts is nothing that stands in bylines."""
    authors: list[str] = []
    for index, name in enumerate(parts):
        if is_known_agency(name) or is_capitals(name, 6) or (name == rest and is_initials(name)):
            credit = credit or name
        elif person := without_role(name):
            authors.append(person)
        elif _is_staff(name, is_sentence=is_sentence):
            credit = credit or (None if authors else name)  # after a name it is a role
        elif index == 0 or not _is_aside(name):
            return None
    return Byline(tuple(authors), credit) if authors or credit else None


def _is_staff(text: str, *, is_sentence: bool) -> bool:
    """ "Reuters Staff", "Our Correspondent"; small letters are allowed where no full stop makes it a sentence."""
    words = text.split()
    if not 1 <= len(words) <= 5 or not any(fold(word) in credit_phrases.STAFF_WORDS for word in words):
        return False
    return all_capitalised(words) or (not is_sentence and fold(words[-1]) in credit_phrases.STAFF_WORDS)


def _is_aside(text: str) -> bool:
    """What may follow a name after a comma: a place, or a role ("diplomatic correspondent")."""
    if is_role(text):
        return True
    words = text.split()
    if any(fold(word) in credit_phrases.STAFF_WORDS for word in words):
        return len(words) <= 5
    return 1 <= len(words) <= 3 and all(word[0].isupper() for word in words)
