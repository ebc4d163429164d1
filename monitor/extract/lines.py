"""What kind of line is this: the article, or something a page puts around and between its paragraphs?

Answers for one line at a time: noise (advertisement markers, related links, share bars, newsletter boxes, cookie
notices), byline, credit, date line. Judged by form and by the phrases of monitor.extract.phrases, never by outlet. A
sentence that merely begins like one of these stays: an ordinary sentence has words in small letters that no byline,
credit or marker has. When in doubt a line belongs to the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from monitor.extract import phrases
from monitor.extract.agencies import agency_by_form, is_initials, is_known_agency, known_agencies
from monitor.text.normalise import fold

_BULLET = re.compile(r"^[\s\-–—*•·>→▶|\[(]+")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_TOKEN = re.compile(r"[^\W_]+")
_SENTENCE_END = re.compile(r"[.!?。！？…][\"'”’»)\]]*$")
_QUOTE = re.compile(r"[\"“”„«»‹›]")
_TRAILERS = re.compile(
    r"^the post .+ appeared first on .+|^l'article .+ est apparu en premier sur .+|^der beitrag .+ erschien zuerst .+"
    r"|^la entrada .+ se public[oa] primero en .+|^o post .+ apareceu primeiro em .+|^l'articolo .+ proviene da .+"
)
_READ_MORE_OF = re.compile(r"^\s*(?:about|on|here|from|at|of|our|about|sur|ici|uber|hier|aqui|qui|su)(?!\w)")
_DATE_WORD = re.compile(
    r"jan|feb|fev|mar|apr|avr|abr|may|mai|mag|maj|jun|juin|giu|jul|juil|lug|aug|aou|ago|sep|set|oct|okt|ott|nov|dec"
    r"|dez|dic|ene|gen|mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim|die|mit|don|fre|son|mie|jue|vie|sab|dom"
)
_DATE_FILLERS = frozenset(
    ["am", "pm", "gmt", "utc", "cet", "est", "edt", "bst", "ist", "et", "at", "um", "uhr", "a", "h", "de", "le"]
)
_READING_TIME = re.compile(r"^\d{1,2}\s*-?\s*min\w{0,5}\s*(?:read|de lecture|lesezeit|de lectura|di lettura)?$")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,}")
_TELEPHONE = re.compile(r"(?<![\d.,])(?:\+\d{1,3}[ -]?|0)\d{2,5}[ /-]\d{3}[\d -]{2,}")
_BREADCRUMB = re.compile(r"\s[>›»→]\s")

MAX_LINE_CHARS = 1_000
"""Longer lines are text, whatever they begin with; it also bounds the time hostile lines can take."""
MAX_EDGE_CHARS = 400
MAX_EDGE_WORDS = 18
"""Longer lines are bylines, credits or date lines of nothing."""


def _any_of(table: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(table, key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


_ADVERTISEMENT = _any_of(phrases.ADVERTISEMENT_STARTS)
_RELATED = _any_of(phrases.RELATED_STARTS)
_NEWSLETTER = _any_of(phrases.NEWSLETTER_STARTS)
_NEWSLETTER_WORD = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases.NEWSLETTER_WORDS))})")
_COOKIE = _any_of(phrases.COOKIE_STARTS)
_META = _any_of(phrases.META_STARTS)
_CAPTION = re.compile(rf"(?:{'|'.join(map(re.escape, phrases.CAPTION_STARTS))})(?:\s+(?:by|credit))?\s*[:/|]")
_COPYRIGHT = re.compile(
    rf"(?:{'|'.join(map(re.escape, phrases.COPYRIGHT_STARTS))})(?!\w)|copyright\s*(?:©|\(c\)|\d|by(?!\w)|:|$)"
)


def is_noise(line: str) -> bool:
    """Does the line leave wherever it stands?"""
    if len(line) > MAX_LINE_CHARS:
        return False
    folded = _BULLET.sub("", fold(line)).strip()
    key = _EDGES.sub("", folded)
    n_words = len(line.split())
    if key in phrases.ADVERTISEMENT_LINES or not key:
        return True
    return (
        _is_advertisement(folded, n_words)
        or _is_related(folded, n_words)
        or _is_newsletter(folded, n_words)
        or _is_cookie_notice(folded, n_words)
        or _is_share_bar(folded)
        or (n_words <= 12 and bool(_CAPTION.match(folded)))
        or (n_words <= 25 and bool(_BREADCRUMB.search(line)) and not is_sentence(line))
        or bool(_TRAILERS.match(folded[:600]))
    )


def is_sentence(line: str) -> bool:
    """Does the line end as a sentence does?"""
    return bool(_SENTENCE_END.search(line.strip()[-20:]))


def is_date_line(line: str) -> bool:
    """ "Published 6 January 2026, 10:30 GMT", "Updated: 2 hours ago", "Jan. 6, 2026", "3 min read"."""
    folded = _BULLET.sub("", fold(line[:MAX_EDGE_CHARS])).strip()
    tokens = _TOKEN.findall(folded)
    if len(line) >= MAX_EDGE_CHARS or not 1 <= len(tokens) <= 14 or not any(token.isdigit() for token in tokens):
        return False
    if _READING_TIME.match(folded):
        return True
    if found := _META.match(folded):
        return folded[found.end() :].lstrip()[:1] in {":", ""} or _is_date(tokens[len(found[0].split()) :])
    return _is_date(tokens)


def is_copyright(line: str) -> bool:
    """A line of rights: "© 2026 ...", "All rights reserved.", "For republication rights write to ..."."""
    if len(line) > MAX_EDGE_CHARS:
        return False
    folded = fold(line).strip(" -|")
    return bool(_COPYRIGHT.match(folded)) or any(phrase in folded for phrase in phrases.RIGHTS_PHRASES)


def is_contact(line: str) -> bool:
    """A short line that gives an e-mail address or telephone number to turn to."""
    return (
        len(line) <= MAX_EDGE_CHARS and len(line.split()) <= 25 and bool(_EMAIL.search(line) or _TELEPHONE.search(line))
    )


def is_label(line: str) -> bool:
    """Up to three words in a script with capitals, no figures, no sentence: a section, a kicker, a list item."""
    words = _BULLET.sub("", line[:41]).split()
    if len(words) > 3 or len(line) > 40 or is_sentence(line):
        return False
    return any(char.isupper() for char in line) and not any(char.isdigit() for char in line)


def _is_date(tokens: list[str]) -> bool:
    letters = [token for token in tokens if not token[0].isdigit()]
    n_digits = sum(token[0].isdigit() for token in tokens)
    return n_digits >= 2 and all(word in _DATE_FILLERS or _DATE_WORD.match(word) for word in letters)


def _is_advertisement(folded: str, n_words: int) -> bool:
    found = _ADVERTISEMENT.match(folded)
    if not found or n_words > 14:
        return False
    rest = folded[found.end() :].strip()
    return not rest or rest[0] in "-:|" or (" " in found[0] and len(rest.split()) <= 6)


def _is_related(folded: str, n_words: int) -> bool:
    found = _RELATED.match(folded)
    if found is None:
        return n_words <= 25 and folded.startswith(("read:", "watch:", "video:", "listen:", "exclusive:"))
    rest = folded[found.end() :].strip()
    if not rest or (rest[0] in ":>»|-…" and n_words <= 30):
        return True
    if " " not in found[0]:
        return False
    return n_words <= 16 and (not is_sentence(folded) or bool(_READ_MORE_OF.match(rest)))


def _is_newsletter(folded: str, n_words: int) -> bool:
    if n_words > 45 or not _NEWSLETTER.match(folded):
        return False
    return bool(_NEWSLETTER_WORD.search(folded)) or (folded.startswith("click here to") and n_words <= 20)


def _is_cookie_notice(folded: str, n_words: int) -> bool:
    return n_words <= 120 and bool(_COOKIE.match(folded)) and any(word in folded for word in phrases.COOKIE_WORDS)


def _is_share_bar(folded: str) -> bool:
    tokens = _TOKEN.findall(folded)
    if not 1 <= len(tokens) <= 15:
        return False
    anchors = [token for token in tokens if token in phrases.SHARE_ANCHORS]
    networks = [token for token in anchors if token in phrases.SHARE_NETWORKS]
    if len(anchors) == len(networks) and len(networks) < 2:
        return False
    return all(t in phrases.SHARE_ANCHORS or t in phrases.SHARE_FILLERS or t.isdigit() for t in tokens)


# --- bylines ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Byline:
    """Who wrote it: people, and the organisation when the line names one ("By AFP", "By Ann Lee, Reuters")."""

    authors: tuple[str, ...]
    credit: str | None = None


_NEEDS_COLON = frozenset(
    fold(word)
    for word in ("author", "authors", "reporter", "text", "texte", "auteur", "autor", "autorin", "autore", "autorka",
                 "texto", "tekst", "автор", "авторы", "текст", "作者", "文", "記者")
)  # fmt: skip
_BYLINES = frozenset(phrases.BYLINE_STARTS)
_CJK_BYLINE = re.compile(r"^(?:作者|撰文|文|記者|记者|本报记者)\s*[::/]\s*([^\s,，。]{2,12})$")
_AFTER_NAMES = re.compile(r"\s*(?:[|•·]|\s[–—-]\s).*$")
_PLACE = re.compile(
    r"\s+(?:in|à|au|em|aus|from|at|near|en|в|у|на)\s+[^\W\d_a-z][\w'’.-]*(?:[\s,/]+[^\W_][\w'’.-]*){0,4}$"
)
_NAME_SPLIT = re.compile(r"\s*[,;/&]\s*|\s+(?:and|und|et|y|e|og|och|и|та|with|avec|mit|con|com)\s+", re.IGNORECASE)
_DUTCH_SPLIT = re.compile(r"\s+en\s+")
_BRACKETS = re.compile(r"\s*\(([^()]{2,40})\)\s*$")
_INITIALS = re.compile(r"[^\W\d_a-z]{2,6}")


def byline_of(line: str) -> Byline | None:
    """ "By Ann Lee", "Par Luc Roy et Eva Blanc à Paris", "By Reuters Staff"; None for an ordinary sentence."""
    if len(line) > MAX_EDGE_CHARS:
        return None
    line = _BULLET.sub("", line).strip()
    if line.endswith(")") and "(" not in line:  # its opening bracket went as a bullet
        line = line[:-1].rstrip()
    if cjk := _CJK_BYLINE.match(fold(line)):
        return Byline((cjk[1],))
    words = line.split()
    if not 2 <= len(words) <= MAX_EDGE_WORDS or line[-1] in "?!:" or line.endswith("..") or _QUOTE.search(line):
        return None
    for n_prefix in (3, 2, 1):
        prefix = fold(" ".join(words[:n_prefix]))
        bare = prefix.rstrip(":").strip()
        if bare in _BYLINES and len(words) > n_prefix:
            rest = words[n_prefix:]
            has_colon = prefix.endswith(":") or rest[0] == ":"
            if bare in _NEEDS_COLON and not has_colon:
                return None
            return _byline_names(" ".join(rest).lstrip(": "), is_dutch=bare.startswith(("door", "geschreven")))
    return None


def _byline_names(rest: str, *, is_dutch: bool) -> Byline | None:
    credit = None
    rest_is_sentence = rest.endswith(".")
    rest = _AFTER_NAMES.sub("", rest.rstrip(".,; ")).strip()
    if brackets := _BRACKETS.search(rest):
        credit = brackets[1] if known_agencies(brackets[1]) or _INITIALS.fullmatch(brackets[1]) else None
        rest = rest[: brackets.start()]
    if is_dutch:
        rest = _DUTCH_SPLIT.sub(", ", rest)
    authors: list[str] = []
    for index, part in enumerate(_NAME_SPLIT.split(_PLACE.sub("", rest))):
        name = _PLACE.sub("", part).strip()
        if is_known_agency(name) or _INITIALS.fullmatch(name) or (name == rest and is_initials(name)):
            credit = credit or name
        elif _is_staff(name, is_sentence=rest_is_sentence):
            credit = credit or (None if authors else name)  # after a name it is a role
        elif is_person(name):
            authors.append(name)
        elif index == 0 or not _is_aside(name):
            return None
    return Byline(tuple(authors), credit) if authors or credit else None


def is_person(name: str) -> bool:
    """Two to five words that each begin with a capital (particles excepted), none of them a weekday, month or role."""
    words = name.split()
    if not 2 <= len(words) <= 5 or any(char.isdigit() for char in name) or any(map(_is_no_name, words)):
        return False
    capitals = [word for word in words if word[0].isupper() or not word[0].islower()]
    return len(capitals) >= 2 and all(word in capitals or fold(word) in phrases.NAME_PARTICLES for word in words)


def _is_no_name(word: str) -> bool:
    folded = fold(word).strip(".")
    return folded in phrases.NO_NAMES or folded in phrases.STAFF_WORDS


def _is_staff(text: str, *, is_sentence: bool) -> bool:
    """ "Reuters Staff", "Our Correspondent"; small letters are allowed where no full stop makes it a sentence."""
    words = text.split()
    if not 1 <= len(words) <= 5 or not any(fold(word) in phrases.STAFF_WORDS for word in words):
        return False
    return _all_capitalised(words) or (not is_sentence and fold(words[-1]) in phrases.STAFF_WORDS)


def _is_aside(text: str) -> bool:
    """What may follow a name after a comma: a place, or a role ("diplomatic correspondent")."""
    words = text.split()
    if any(fold(word) in phrases.STAFF_WORDS for word in words):
        return len(words) <= 5
    return 1 <= len(words) <= 3 and all(word[0].isupper() for word in words)


# --- credits ----------------------------------------------------------------------------------------------------

_CREDIT_START = re.compile(rf"(?:{'|'.join(map(re.escape, phrases.CREDIT_STARTS))})\s*:\s*")
_REPORTING = _any_of(phrases.REPORTING_STARTS)
_REPORTING_FILLERS = frozenset(
    ["additional", "agencies", "and", "by", "correspondents", "desk", "editing", "for", "from", "in", "news", "our",
     "reporting", "staff", "the", "translation", "writing", "with", "wires", "reports", "et", "und", "y", "e", "de"]
)  # fmt: skip
_ORIGINALLY = re.compile(
    r"^(?:this|the) (?:article|story|report|piece) (?:was |is )?(?:originally|first|re)[ -]?(?:published|appeared)"
)
_INITIALS_AFTER_NAME = re.compile(r"\s*\(([^\W\d_]{2,5})\)\.?$")
_WITH_AGENCY = re.compile(r"^[^\W\d_a-z].{0,60}?\s(?:with|avec|mit|con|com|met|med)\s(\S.{1,40})$")
_ALONE_IN_BRACKETS = re.compile(r"^[(\[（【]\s*([^()\[\]]{2,60}?)\s*[)\]）】]\.?$")
_AFTER_DASH = re.compile(r"^(—|–|--|-)\s*(\S.{1,60})$")
_DASH_JOINED = re.compile(r"\S\s*[–—]\s*\S|\s-\s|\w-(?=[A-Z])")
_CREDIT_EDGES = " \t.-–—*•·|"


def credit_of(line: str) -> str | None:
    """The credit that a first or last line states, without brackets, dashes and full stop; None when it states none.

    "(Reporting by Ann Lee; editing by Bo Ek)", "Source: AFP", "(NWA)", "— Reuters", "Le Monde avec AFP",
    "Northern Post international–Monitoring.", "Garowe Online – Mogadishu".
    """
    line = line.strip()
    words = line.split() if len(line) <= MAX_EDGE_CHARS else []
    if not words or len(words) > 40 or line[-1] in "?!:" or line.endswith("..") or _QUOTE.search(line):
        return None
    bare = _bare(line)
    folded = fold(bare)
    if _is_reporting(folded, bare) or (_ORIGINALLY.match(folded) and len(words) <= 25):
        return bare
    if len(words) > 12:
        return None
    if _CREDIT_START.match(folded):
        named = re.split("[:：]", bare, maxsplit=1)[-1].strip()
        return named if _all_capitalised(named.split()) else None
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
    return all(word[0].isupper() or fold(word) in _REPORTING_FILLERS or is_known_agency(word) for word in rest)


def _is_bare_credit(line: str, bare: str) -> bool:
    """Names and nothing but names, with a sign that they are an organisation's."""
    if (signed := _INITIALS_AFTER_NAME.search(bare)) and is_initials(signed[1]):
        return _all_capitalised(_TOKEN.findall(bare[: signed.start()]))  # "Mitteldeutscher Dienst (mdd)"
    if (named := _WITH_AGENCY.match(bare)) and not is_sentence(line) and is_known_agency(named[1]):
        return len(bare.split()) <= 8  # "La Gazette du fleuve avec AFP"
    words = _TOKEN.findall(bare)
    if not any(char.isupper() for char in bare):  # scripts without capitals: agencies alone
        return all(is_known_agency(part) for part in re.split(r"\s*[,/،、–—-]\s*", bare))
    if not words or not _all_capitalised(words) or any(char.isdigit() for char in bare):
        return False
    return bool(known_agencies(bare)) or agency_by_form(bare) == bare or _is_marked_credit(line, bare, words)


def _is_marked_credit(line: str, bare: str, words: list[str]) -> bool:
    """Brackets, a dash before or between the names, or a word such as desk, agency, monitoring."""
    has_credit_word = any(fold(word) in phrases.CREDIT_WORDS for word in words)
    if alone := _ALONE_IN_BRACKETS.match(line):
        return has_credit_word or bool(_INITIALS.fullmatch(alone[1]))
    if dash := _AFTER_DASH.match(line):
        return len(words) <= 6 and (dash[1] != "-" or has_credit_word or bool(_INITIALS.fullmatch(bare)))
    is_joined = bool(_DASH_JOINED.search(bare))
    if has_credit_word:
        return (len(words) > 1 or fold(bare) in phrases.AGGREGATOR_WORDS) and (is_joined or not is_sentence(line))
    return is_joined and not is_sentence(line) and 2 <= len(words) <= 8


def opens_a_report(line: str) -> bool:
    """May this credit stand before a report? A section label ("International News") reads like one and stays."""
    credit = credit_of(line)
    if credit is None:
        return False
    named = known_agencies(line) or agency_by_form(line) or _REPORTING.match(fold(credit))
    marked = _ALONE_IN_BRACKETS.match(line.strip()) or any(
        fold(word) in phrases.STAFF_WORDS or fold(word) == "monitoring" for word in _TOKEN.findall(credit)
    )
    return bool(named or marked)


def _all_capitalised(words: list[str]) -> bool:
    """Every word begins with a capital, or is one that credits write small."""
    named = [word for word in words if fold(word) not in phrases.CREDIT_JOINERS]
    return bool(named) and all(
        not word[0].islower() or fold(word) in phrases.CREDIT_WORDS or is_known_agency(word) for word in named
    )
