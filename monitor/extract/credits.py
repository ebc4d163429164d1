"""Whom does the first or last line of an article credit?

"(Reporting by Ann Lee; editing by Bo Ek)", "Source: AFP", "mit Material der dpa", "(NWA)", "— Reuters". Judged by form,
by the words of monitor.extract.credit_phrases and the agencies known. An ordinary sentence has words in small letters
that no credit has; when in doubt a line belongs to the article.
"""

from __future__ import annotations

import re

from monitor.extract import credit_phrases
from monitor.extract.agencies import agency_by_form, is_capitals, is_initials, is_known_agency, known_agencies
from monitor.extract.lines import MAX_EDGE_CHARS, Phrases, is_quoted, is_sentence
from monitor.extract.people import all_capitalised
from monitor.text.normalise import fold

_TOKEN = re.compile(r"[^\W_]+")
_CREDIT_START = re.compile(rf"(?:{'|'.join(map(re.escape, credit_phrases.CREDIT_STARTS))})\s*:\s*")
_REPORTING = Phrases(credit_phrases.REPORTING_STARTS)
_REPORTING_FILLERS = frozenset(
    ["additional", "agencies", "and", "by", "correspondents", "desk", "editing", "for", "from", "in", "news", "our",
     "reporting", "staff", "the", "translation", "writing", "with", "wires", "reports", "et", "und", "y", "e", "de"]
)  # fmt: skip
_SMALL_WORDS = _REPORTING_FILLERS | credit_phrases.CREDIT_WORDS
_ORIGINALLY = re.compile(
    r"^(?:this|the) (?:article|story|report|piece) (?:was |is )?(?:originally|first|re)[ -]?(?:published|appeared)"
)
_INITIALS_AFTER_NAME = re.compile(r"\s*\(([^\W\d_]{2,5})\)\.?$")
_WITH_AGENCY = re.compile(r"^[^\W\d_a-z].{0,60}?\s(?:with|avec|mit|con|com|met|med)\s(\S.{1,40})$")
_ALONE_IN_BRACKETS = re.compile(r"^[(\[（【]\s*([^()\[\]]{2,60}?)\s*[)\]）】]\.?$")
_AFTER_DASH = re.compile(r"^(—|–|--|-)\s*(\S.{1,60})$")
_DASH_JOINED = re.compile(r"\S\s*[–—]\s*\S|\s-\s|\w-(?=[A-Z])")
_CREDIT_EDGES = " \t.-–—*•·|/"


def credit_of(line: str) -> str | None:
    """The credit that a first or last line states, without brackets, dashes and full stop; None when it states none.

    "(Reporting by Ann Lee; editing by Bo Ek)", "Source: AFP", "(NWA)", "— Reuters", "Le Monde avec AFP",
    "Northern Post international–Monitoring.", "Garowe Online – Mogadishu".
    """
    line = line.strip()
    words = line.split() if len(line) <= MAX_EDGE_CHARS else []
    if not words or len(words) > 40 or line[-1] in "?!:" or line.endswith("..") or is_quoted(line):
        return None
    bare = _bare(line)
    folded = fold(bare)
    if _is_reporting(folded, bare) or (_ORIGINALLY.match(folded) and len(words) <= 25):
        return bare
    if len(words) > 12:
        return None
    if _CREDIT_START.match(folded):
        named = re.split("[:：]", bare, maxsplit=1)[-1].strip()
        is_named = all_capitalised(named.split()) or fold(named) in credit_phrases.PRESS_RELEASE_NAMES
        return named if is_named else None
    return bare if _is_bare_credit(line, bare) else None


def _bare(line: str) -> str:
    """Without dashes and bullets at the ends, full stop, and brackets around the whole."""
    bare = line.strip(_CREDIT_EDGES)
    while len(bare) > 2 and bare[0] in "([（【" and bare[-1] in ")]）】":
        bare = bare[1:-1].strip(_CREDIT_EDGES)
    return bare


def _is_reporting(folded: str, bare: str) -> bool:
    found = _REPORTING.match(folded)
    if not found:
        return False
    rest = _TOKEN.findall(" ".join(bare.split()[len(found[0].split()) :]))
    return all(word[0].isupper() or fold(word) in _SMALL_WORDS or is_known_agency(word) for word in rest)


def _is_bare_credit(line: str, bare: str) -> bool:
    """Names and nothing but names, with a sign that they are an organisation's."""
    if (signed := _INITIALS_AFTER_NAME.search(bare)) and is_initials(signed[1]):
        return all_capitalised(_TOKEN.findall(bare[: signed.start()]))  # "Mitteldeutscher Dienst (mdd)"
    if (named := _WITH_AGENCY.match(bare)) and not is_sentence(line) and is_known_agency(named[1]):
        return len(bare.split()) <= 8  # "La Gazette du fleuve avec AFP"
    words = _TOKEN.findall(bare)
    if not any(char.isupper() for char in bare):  # scripts without capitals: agencies alone
        return fold(bare) in credit_phrases.AGGREGATOR_WORDS or all(
            is_known_agency(part) for part in re.split(r"\s*[,/،、–—-]\s*", bare)
        )
    if not words or not all_capitalised(words) or any(char.isdigit() for char in bare):
        return False
    return bool(known_agencies(bare)) or agency_by_form(bare) == bare or _is_marked_credit(line, bare, words)


def _is_marked_credit(line: str, bare: str, words: list[str]) -> bool:
    """Brackets, a dash before or between the names, or a word such as desk, agency, monitoring."""
    has_credit_word = any(fold(word) in credit_phrases.CREDIT_WORDS for word in words)
    if alone := _ALONE_IN_BRACKETS.match(line):
        return has_credit_word or is_capitals(alone[1], 6)
    if dash := _AFTER_DASH.match(line):
        return len(words) <= 6 and (dash[1] != "-" or has_credit_word or is_capitals(bare, 6))
    is_joined = bool(_DASH_JOINED.search(bare))
    if has_credit_word:
        return (len(words) > 1 or fold(bare) in credit_phrases.AGGREGATOR_WORDS) and (
            is_joined or not is_sentence(line)
        )
    return is_joined and not is_sentence(line) and 2 <= len(words) <= 8


def opens_a_report(line: str) -> bool:
    """May this credit stand before a report? A section label ("International News") reads like one and stays."""
    credit = credit_of(line)
    if credit is None:
        return False
    named = known_agencies(line) or agency_by_form(line) or _REPORTING.match(fold(credit))
    marked = _ALONE_IN_BRACKETS.match(line.strip()) or any(
        fold(word) in credit_phrases.STAFF_WORDS or fold(word) == "monitoring" for word in _TOKEN.findall(credit)
    )
    return bool(named or marked)
