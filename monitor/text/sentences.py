"""Where does a sentence end, and what is the lead of an article?

Aware of abbreviations, initials and dotted acronyms of news prose in Latin scripts, of the full stops of Chinese and
Japanese, of Arabic and Urdu marks and the danda. A line break always ends a sentence: the text of an article has one
paragraph per line. Refuses nothing; costs linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from monitor.text.dateline import split_dateline

_CLOSING = "\"'”’»›)\\]」』）"
_OPENING = "\"'“‘„«‹¿¡(\\[「『（—–\\-"
_MARK, _WIDE_MARK = "[.!?…؟۔।॥]", "[。！？｡]"
# One mark and more, not one to eight: a pattern that begins with one character of a set is looked for much faster.
_SPACED_END = re.compile(rf"{_MARK}{_MARK}{{0,7}}[{_CLOSING}]{{0,4}}\s{{1,8}}(?=[{_OPENING}\s]{{0,4}}[^\W_])")
_WIDE_END = re.compile(rf"{_WIDE_MARK}{_WIDE_MARK}{{0,7}}[{_CLOSING}]{{0,4}}")
_LAST_WORD = re.compile(r"(?:[^\W_]|[.'’])+$")
_ABBREVIATION_WORDS = (
    # titles and ranks
    "mr mrs ms dr prof st sen rep gov gen col lt capt sgt maj adm hon rev fr sr jr messrs mme mlle mgr me dott sig"
    " sra srta lic ing dipl dra ud vd"
    # firms, places, references
    " inc ltd co corp bros no nos nr art vol pp ed al vs approx ca ave blvd rd mt ft bzw usw ggf ca tel evtl"
    " sog bspw mio mrd str abs num av pg cf env etc"
    # months and days
    " jan feb mar apr jun jul aug sep sept oct nov dec janv févr avr juil déc okt dez mon tue tues wed thu thurs fri"
    " sat sun"
    # states as wire services write them
    " ala ariz ark calif colo conn del fla ill ind kan ky la md mass mich minn miss mo mont neb nev okla ore pa tenn"
    " tex va vt wash wis wyo"
)
_NEVER_LAST_WORDS = "mr mrs ms dr prof sen rep gov gen col lt capt sgt maj st vs no nos nr"
_INITIALS = re.compile(r"^(?:[^\W\d_]\.)+[^\W\d_]?$")  # u.s, p.m
_MONTH_WORDS = "jan feb mär mar apr mai maj jun jul aug sep okt oct nov dez dec"
_OPENER_WORDS = (
    "the a an he she it they we i you this that these those but and in on at for as if when while after before his her"
    " its their there what who"
)
_ABBREVIATIONS = frozenset(_ABBREVIATION_WORDS.split())
_NEVER_LAST = frozenset(_NEVER_LAST_WORDS.split())
_MONTHS = frozenset(_MONTH_WORDS.split())
_OPENERS = frozenset(_OPENER_WORDS.split())
_FIRST_WORD = re.compile(r"[^\W\d_]+")


def sentences(text: str) -> list[str]:
    """Sentences in order, with their closing punctuation and quotes, without surrounding white space."""
    return list(_sentences(text))


def lead(text: str, n: int = 2) -> str:
    """The first `n` sentences, joined by a space, without a dateline ("PARIS (AFP) —"). Empty for an empty text.

    A dateline may follow a standfirst, so it is looked for at the start of each paragraph.
    """
    paragraphs = (split_dateline(line).rest for line in text.splitlines())
    return " ".join(islice((sentence for text in paragraphs for sentence in _sentences(text)), n))


def _sentences(text: str) -> Iterator[str]:
    for line in text.splitlines():
        start = 0
        for end in _ends(line):
            if sentence := line[start:end].strip():
                yield sentence
            start = end
        if sentence := line[start:].strip():
            yield sentence


def _ends(line: str) -> list[int]:
    spaced = [found.end() for found in _SPACED_END.finditer(line) if _is_end(line, found)]
    if line.isascii():
        return spaced
    return sorted({*spaced, *(found.end() for found in _WIDE_END.finditer(line))})


def _is_end(line: str, found: re.Match[str]) -> bool:
    mark = found[0].strip()
    following = _FIRST_WORD.search(line, found.end(), found.end() + 40)
    next_word = following[0].lower() if following else ""
    if following and following[0][0].islower() and following.start() - found.end() < 3:
        return False  # "“Stop!” she said", "ca. drei"
    if mark[0] != "." or mark.startswith(".."):
        return True
    before = _LAST_WORD.search(line, max(0, found.start() - 24), found.start())
    word = before[0].strip("'’").lower() if before else ""
    if word in _NEVER_LAST or len(mark) > 1:
        return word not in _NEVER_LAST
    return _ends_after(word, next_word)


def _ends_after(word: str, next_word: str) -> bool:
    """Does a full stop after `word` end the sentence, or belong to an ordinal, an initial, an abbreviation?"""
    if word.isdigit():
        return not (len(word) <= 2 and next_word[:3] in _MONTHS)  # "6. Januar"
    if len(word) == 1 or _INITIALS.match(word) or word in _ABBREVIATIONS:
        return next_word in _OPENERS
    return True
