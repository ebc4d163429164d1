"""What kind of line is this: the article, or something a page puts around and between its paragraphs?

Answers for one line at a time: noise (advertisement markers, related links, share bars, newsletter boxes, cookie
notices), date line, line of rights, contact, label; bylines and credits are told by monitor.extract.bylines and
monitor.extract.credits. Judged by form and by the phrases of monitor.extract.phrases, never by outlet. A sentence that
merely begins like one of these stays. When in doubt a line belongs to the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from monitor.extract import phrases
from monitor.text.normalise import fold, tokens_of

_BULLET = re.compile(r"^[\s\-–—*•·>→▶|\[(]+")
_TOKEN = re.compile(r"[^\W_]+")
_SENTENCE_END = re.compile(r"[.!?。！？…][\"'”’»)\]]*$")
_QUOTE = re.compile(r"[\"“”„«»‹›]")
_TRAILERS = re.compile(
    r"^the post .+ appeared first on .+|^l'article .+ est apparu en premier sur .+|^der beitrag .+ erschien zuerst .+"
    r"|^la entrada .+ se public[oa] primero en .+|^o post .+ apareceu primeiro em .+|^l'articolo .+ proviene da .+"
)
_PROFILE = re.compile(r"[^.:]{2,40} [-|] (?:linkedin|twitter|facebook|instagram|e-?mail|x)")
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
_UNSPACED_END = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]$")
_BREADCRUMB = re.compile(r"\s[>›»→]\s")

MAX_LINE_CHARS = 1_000
"""Longer lines are text, whatever they begin with; it also bounds the time hostile lines can take."""
_MAX_SHARE_WORDS = 15
MAX_EDGE_CHARS = 400
MAX_EDGE_WORDS = 18
"""Longer lines are bylines, credits or date lines of nothing."""


class Phrases:
    """Phrases that a folded line may begin with; only those that share its first two characters are tried."""

    __slots__ = ("_by_start",)

    def __init__(self, table: Iterable[str]) -> None:
        grouped: dict[str, list[str]] = {}
        for phrase in sorted(table, key=len, reverse=True):
            # a phrase in a script without spaces may go on as a word does
            end = "" if _UNSPACED_END.search(phrase) else r"(?!\w)"
            grouped.setdefault(phrase[:2], []).append(re.escape(phrase) + end)
        self._by_start = {start: re.compile("|".join(forms)) for start, forms in grouped.items()}

    def match(self, folded: str) -> re.Match[str] | None:
        """The longest phrase that the line begins with."""
        pattern = self._by_start.get(folded[:2])
        return pattern.match(folded) if pattern else None


_ADVERTISEMENT = Phrases(phrases.ADVERTISEMENT_STARTS)
_RELATED = Phrases(phrases.RELATED_STARTS)
_NEWSLETTER = Phrases(phrases.NEWSLETTER_STARTS)
_NEWSLETTER_WORD = re.compile(
    "|".join(("" if _UNSPACED_END.search(p) else r"(?<!\w)") + re.escape(p) for p in phrases.NEWSLETTER_WORDS)
)
_COOKIE = Phrases(phrases.COOKIE_STARTS)
_META = Phrases(phrases.META_STARTS)
_CAPTION = re.compile(rf"(?:{'|'.join(map(re.escape, phrases.CAPTION_STARTS))})(?:\s+(?:by|credit))?\s*[:/|]")
_COPYRIGHT = re.compile(
    rf"(?:{'|'.join(map(re.escape, phrases.COPYRIGHT_STARTS))})(?!\w)|copyright\s*(?:©|\(c\)|\d|by(?!\w)|:|$)"
)


def is_noise(line: str) -> bool:
    """Does the line leave wherever it stands?"""
    if len(line) > MAX_LINE_CHARS:
        return False
    folded = _BULLET.sub("", fold(line)).strip()
    key = _without_marks(folded)
    n_words = len(line.split())
    if key in phrases.ADVERTISEMENT_LINES or not key:
        return True
    return (
        _is_advertisement(folded, n_words)
        or _is_related(folded, n_words)
        or _is_newsletter(folded, n_words)
        or _is_cookie_notice(folded, n_words)
        or (n_words <= _MAX_SHARE_WORDS and _is_share_bar(folded))
        or (n_words <= 12 and bool(_CAPTION.match(folded)))
        or (n_words <= 25 and bool(_BREADCRUMB.search(line)) and not is_sentence(line))
        or bool(_PROFILE.fullmatch(folded))
        or bool(_TRAILERS.match(folded[:600]))
    )


def _without_marks(line: str) -> str:
    """Without what is neither letter nor figure at both ends; a pattern would try every gap between words."""
    start, end = 0, len(line)
    while end and not line[end - 1].isalnum():
        end -= 1
    while start < end and not line[start].isalnum():
        start += 1
    return line[start:end]


def is_sentence(line: str) -> bool:
    """Does the line end as a sentence does?"""
    return bool(_SENTENCE_END.search(line.strip()[-20:]))


def is_quoted(line: str) -> bool:
    """Does the line hold a quotation mark?"""
    return bool(_QUOTE.search(line))


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
    tokens = tokens_of(folded)
    if not 1 <= len(tokens) <= _MAX_SHARE_WORDS:
        return False
    anchors = [token for token in tokens if token in phrases.SHARE_ANCHORS]
    networks = [token for token in anchors if token in phrases.SHARE_NETWORKS]
    if len(anchors) == len(networks) and len(networks) < 2:
        return False
    return all(t in phrases.SHARE_ANCHORS or t in phrases.SHARE_FILLERS or t.isdigit() for t in tokens)
