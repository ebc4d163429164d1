"""Does a text open with a dateline, and does that name an agency?

A dateline is what wire reports open with: "PARIS —", "BERLIN (dpa) -", "PARIS, Jan 6 (Xinhua) --", "(NWA) —",
"(ANSA) - ROMA, 5 GEN -", "NEW YORK, Jan. 6, 2026 /PRNewswire/ --", "МОСКВА, 5 янв — РИА Новости.",
"新华社北京1月5日电", "（北京中新社）", "(서울=연합뉴스) 홍길동 기자 =". Recognised by form: a place in capitals, or any
short place with an agency beside it, then a mark and a sentence. An ordinary sentence with a dash is not one. Knows no
outlet by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLACE = r"[^\W\d_][\w.'’/-]*(?:[ ]+[^\W_][\w.'’/&-]*){0,3}(?:,[ ]*[^\W\d_][\w.'’ -]{1,30}?){0,2}"
_DATE = r"(?:,?[ ]*(?:le[ ])?(?:\d{1,2}[./]?[ ]*)?[^\W\d_]{3,10}\.?(?:[ ]*\d{1,2}(?:st|nd|rd|th)?)?(?:,?[ ]*\d{4})?)"
_AGENCY = r"\((?P<agency>[^()\d]{2,40}?)\)"
_DASH = r"[ ]*(?:—|–|--+|-(?=\s)|:(?=\s)|\.-|\.–|\.—)[ ]*"
_WITH_AGENCY = re.compile(rf"(?P<place>{_PLACE}{_DATE}?)?[ ,]*(?:--|—|–)?{_AGENCY}(?:{_DATE})?{_DASH}(?=\S)")
_WITH_DASH = re.compile(rf"(?P<place>{_PLACE}{_DATE}?)[ ]*(?:—|–|--+|-(?=\s))[ ]*(?=\S)")
_SLASHED = r"/(?P<agency>[^/()\d\s][^/()]{1,30})/[ ]*(?:—|–|--?|\.)?[ ]*"
_IN_SLASHES = re.compile(rf"(?P<place>{_PLACE}{_DATE}?)[ ,.]*{_SLASHED}(?=\S)")
_AGENCY_SENTENCE = re.compile(r"(?P<agency>[^\W\d_a-z][^\W\d_]+(?:[ -][^\W\d_a-z][^\W\d_]+)?)\.[ ]+(?=\S)")
_CAPITALS_SENTENCE = re.compile(
    r"(?P<place>[^\W\d_a-z]{3,20})[.,][ ]+\d{1,2}[ ]+[^\W\d_]{3,9}[.,][ ]+(?P<agency>[^\W\d_a-z]{3,12})\.[ ]+(?=\S)"
)
_HAN = "\u3400-\u9fff"
_HANGUL = "\uac00-\ud7af"
# 新华社武汉1月12日电, 中新社北京1月5日电 (记者 李明), 本报北京1月5日讯
_CHINESE = (
    rf"(?P<leading>[{_HAN}]{{2,12}})(?:\d{{1,2}}月)?\d{{1,2}}日(?:电|電|讯|訊)"
    r"(?:[ ]?[（(](?:记者|記者)[^（）()]{2,20}[）)])?"
)
# （北京中新社）, 【北京共同】
_IN_BRACKETS = rf"[（(【](?P<inside>[\u30a0-\u30ff{_HAN}\d]{{2,20}}?(?:社|电|電|讯|訊|通信|共同|時事))[）)】]"
# (서울=연합뉴스) 홍길동 기자 =, [부산=뉴시스]
_KOREAN = (
    rf"[(\[](?P<korean>[{_HANGUL}·]{{2,20}}=[^()\[\]=]{{2,20}})[)\]]"
    rf"(?:[ ]?[{_HANGUL}·, ]{{2,20}}(?:기자|특파원))?(?=[ ]?=|[ ])"
)
_EAST_ASIAN = re.compile(rf"(?:{_CHINESE}|{_IN_BRACKETS}|{_KOREAN})[ \u3000=:：—-]*(?=\S)")
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
    if found := _EAST_ASIAN.match(head):
        agency = found["leading"] or found["inside"] or found["korean"].partition("=")[2]
        return Dateline(found[0].rstrip(" \u3000=:：—-"), agency, text[found.end() :])
    for form in (_IN_SLASHES, _CAPITALS_SENTENCE):
        found = form.match(head)
        if found and _is_place(found["place"], may_be_small=form is _IN_SLASHES):
            return _dateline(text, found, found["agency"].strip())
    found = _WITH_AGENCY.match(head)
    if found and _is_agency(found["agency"]) and _is_place(found["place"] or "", may_be_small=True):
        place = None if found["place"] else _WITH_DASH.match(head, found.end())  # "(ANSA) - ROMA, 5 GEN - "
        if place and _is_place(place["place"], may_be_small=False):
            return _dateline(text, place, found["agency"].strip())
        return _dateline(text, found, found["agency"].strip())
    found = _WITH_DASH.match(head)
    if found and _is_place(found["place"], may_be_small=False):
        return _with_agency_after(_dateline(text, found, None), found["place"])
    return Dateline(None, None, text)


def _dateline(text: str, found: re.Match[str], agency: str | None) -> Dateline:
    rest = text[found.end() :]
    if rest[:1].islower():  # "EU — the bloc of 27 — said": a report opens with a capital, a number or a quote
        return Dateline(None, None, text)
    dateline = _SEPARATOR.sub("", text[: found.end()]).strip()
    if dateline.endswith((").", "/.", f"{agency}.")):
        dateline = dateline[:-1]
    return Dateline(dateline, agency, rest)


def _with_agency_after(found: Dateline, place: str) -> Dateline:
    """ "МОСКВА, 5 янв — РИА Новости. Поезд ...": after a place with its date, a sentence that is only a name."""
    named = _AGENCY_SENTENCE.match(found.rest)
    if found.dateline is None or named is None or not any(char.isdigit() for char in place):
        return found
    return Dateline(found.dateline, named["agency"], found.rest[named.end() :])


def _is_agency(name: str) -> bool:
    """An agency's name is one to four words, each with a capital or short as "dpa" and "afp"."""
    parts = name.replace("/", " ").split()
    if not any(char.isupper() or char.islower() for char in name):  # scripts without capitals
        return len(parts) <= 3
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
    return may_be_small and len(town.split()) <= 4 and not town[0].islower()


def _without_date(town: str) -> str:
    """A town may carry its date: "PARIS 6 January", "PARIS Jan. 6"."""
    parts = town.split()
    while len(parts) > 1 and (parts[-1][0].isdigit() or re.fullmatch(r"[A-Z]?[^\W\d_A-Z]{2,9}\.?", parts[-1])):
        parts.pop()
    return " ".join(parts)
