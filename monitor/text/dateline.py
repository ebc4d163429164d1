"""Does a text open with a dateline, and does that name an agency?

A dateline is what wire reports open with: "PARIS —", "BERLIN (dpa) -", "PARIS, Jan 6 (Xinhua) --", "(NWA) —",
"Paris (AFP) -". Recognised by form alone: a place in capitals, or any short place followed by an agency in brackets,
then a dash and a sentence. An ordinary sentence with a dash is not one. Knows no outlet and no agency by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLACE = r"[^\W\d_][\w.'’/-]*(?:[ ]+[^\W_][\w.'’/&-]*){0,3}(?:,[ ]*[^\W\d_][\w.'’ -]{1,30}?){0,2}"
_DATE = r"(?:,?[ ]*(?:le[ ])?(?:\d{1,2}[./]?[ ]*)?[^\W\d_]{3,10}\.?(?:[ ]*\d{1,2}(?:st|nd|rd|th)?)?(?:,?[ ]*\d{4})?)"
_AGENCY = r"\((?P<agency>[^()\d]{2,40}?)\)"
_DASH = r"[ ]*(?:—|–|--+|-(?=\s)|:(?=\s)|\.-|\.–|\.—)[ ]*"
_WITH_AGENCY = re.compile(rf"(?P<place>{_PLACE}{_DATE}?)?[ ,]*{_AGENCY}(?:{_DATE})?{_DASH}(?=\S)")
_WITH_DASH = re.compile(rf"(?P<place>{_PLACE}{_DATE}?)[ ]*(?:—|–|--+|-(?=\s))[ ]*(?=\S)")
_MAX_LENGTH = 90
_LABELS = {"ANALYSIS", "BREAKING", "CORRECTION", "EDITORIAL", "EXCLUSIVE", "LIVE", "NEWS", "OPINION", "UPDATE", "WATCH"}
_SEPARATOR = re.compile(r"[ ]*[-–—:]+[ ]*$")


@dataclass(frozen=True, slots=True)
class Dateline:
    """`dateline` without its dash, or None; the agency named in brackets, or None; and the text after it."""

    dateline: str | None
    agency: str | None
    rest: str


def split_dateline(text: str) -> Dateline:
    """The dateline at the start of a text or paragraph; `rest` is the whole text when there is none."""
    head = text[:_MAX_LENGTH]
    found = _WITH_AGENCY.match(head)
    if found and _is_agency(found["agency"]) and _is_place(found["place"] or "", may_be_small=True):
        return _dateline(text, found, found["agency"].strip())
    found = _WITH_DASH.match(head)
    if found and _is_place(found["place"], may_be_small=False):
        return _dateline(text, found, None)
    return Dateline(None, None, text)


def _dateline(text: str, found: re.Match[str], agency: str | None) -> Dateline:
    rest = text[found.end() :]
    if rest[:1].islower():  # "EU — the bloc of 27 — said": a report opens with a capital, a number or a quote
        return Dateline(None, None, text)
    dateline = _SEPARATOR.sub("", found[0]).strip()
    return Dateline(dateline.removesuffix(".") if dateline.endswith(").") else dateline, agency, rest)


def _is_agency(name: str) -> bool:
    """An agency's name is one to four words, each with a capital or short as "dpa" and "afp"."""
    parts = name.replace("/", " ").split()
    return 1 <= len(parts) <= 4 and all(any(c.isupper() for c in part) or _is_short(part) for part in parts)


def _is_short(part: str) -> bool:
    return len(part) <= 5 and part.isalpha() and part.islower()


def _is_place(place: str, *, may_be_small: bool) -> bool:
    """Capitals ("PARIS", "NEW YORK, Jan 6"); before an agency any words that begin with a capital will do."""
    town = place.split(",", maxsplit=1)[0].strip()
    if not town:
        return may_be_small
    bare = _without_date(town)
    letters = [char for char in bare if char.isalpha()]
    if len(letters) >= 2 and all(char.isupper() for char in letters):
        return bare not in _LABELS
    return may_be_small and len(town.split()) <= 4 and town[0].isupper()


def _without_date(town: str) -> str:
    """A town may carry its date: "PARIS 6 January", "PARIS Jan. 6"."""
    parts = town.split()
    while len(parts) > 1 and (parts[-1][0].isdigit() or re.fullmatch(r"[A-Z]?[^\W\d_A-Z]{2,9}\.?", parts[-1])):
        parts.pop()
    return " ".join(parts)
