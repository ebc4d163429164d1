"""What is the readable, comparable or displayable form of a text?

`plain_text` takes markup out, `fold` makes two spellings of the same word equal, `normal_text` is what the hash of an
exact copy is taken of, `clean_line` makes hostile text safe to show on one line. Refuses nothing: any string is
accepted, also one with half surrogates, NUL or broken markup.

Rules: Unicode NFKC and case folding (UAX 15, UAX 21); accents of Latin, Greek and Cyrillic, Arabic vowel points and
Hebrew points are dropped, vowel signs of Indic and Thai script are letters and stay.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import Any

from lxml import etree

_BLOCK_NAMES = (
    "address article aside blockquote body br center dd details div dl dt fieldset figcaption figure footer form h1 h2"
    " h3 h4 h5 h6 header hr li main nav ol option p pre section summary table tbody td tfoot th thead title tr ul"
)
_SILENT_NAMES = "head script style template noscript iframe object svg math textarea select button"
_BLOCK_TAGS = frozenset(_BLOCK_NAMES.split())
_SILENT_TAGS = frozenset(_SILENT_NAMES.split())

_LINE_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_MARKUP = re.compile(r"<[a-zA-Z!/?]|&(?:#\d|#[xX]|[a-zA-Z]{2,})")


def _shows_nothing(code: int) -> bool:
    """Format characters (bidi overrides, soft hyphen, zero width), controls, private use, surrogates."""
    category = unicodedata.category(chr(code))
    return category in {"Cf", "Co", "Cs"} or (category == "Cc" and code > 0x20)


_DROPPED: dict[int, None] = dict.fromkeys(
    code for code in (*range(0x20000), *range(0xE0000, 0xE0200)) if _shows_nothing(code)
)
_JOINERS = {0x200C, 0x200D}  # Persian and Indic spelling, emoji
_DISPLAY: dict[int, str | None] = {code: None for code in _DROPPED if code not in _JOINERS} | dict.fromkeys(
    [*range(0x20), 0x7F], " "
)
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]?|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\))")

_UNIFIED: dict[int, str | None] = _DROPPED | {
    ord(char): replacement
    for chars, replacement in (
        ("‘’‚‛′`´ʼʻ＇", "'"),
        ("“”„‟″«»‹›〝〞", '"'),
        ("‐‑‒–—―−﹘﹣－", "-"),
        ("٪", "%"),
        ("٫", "."),
        ("٬", ","),
        ("ø", "o"),
        ("ł", "l"),
        ("đ", "d"),
        ("ð", "d"),
        ("þ", "th"),
        ("æ", "ae"),
        ("œ", "oe"),
        ("ı", "i"),
        ("ħ", "h"),
        ("ـ", ""),
        ("ى", "ي"),
        ("ی", "ي"),
        ("ک", "ك"),
    )
    for char in chars
}
_TYPOGRAPHIC = (
    ("\u2019", "'"),
    ("\u2018", "'"),
    ("\u201c", '"'),
    ("\u201d", '"'),
    ("\u2013", "-"),
    ("\u2014", "-"),
    ("\u2026", "..."),
    ("\u00a0", " "),
)
_CACHED_CHARS = 400
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]+")
_FOREIGN_DIGIT = re.compile(r"[^\D0-9]")


def _mark_class() -> str:
    r"""Combining marks as a regular-expression class: Python's \w leaves them out and would cut Hindi or Thai words."""
    codes = [c for c in range(0x10000) if unicodedata.category(chr(c)) in {"Mn", "Mc"}]
    return "".join(re.escape(chr(code)) for code in codes)


LETTER = rf"(?:[^\W_]|[{_mark_class()}])"
"""A letter, a digit or a mark that combines with one, as a regular expression."""


def _token(alphabetic: str, digit: str, letters: str) -> re.Pattern[str]:
    return re.compile(
        rf"{alphabetic}{letters}++"  # most words; what follows is for those that begin with a figure or single letter
        rf"|(?<![\w.]){alphabetic}(?:\.{alphabetic})+(?!\w)"  # dotted letters: u.s., e.g.
        rf"|{digit}++(?:[.,]{digit}++)*+(?:\s?%|{letters}*+)"  # numbers whole: 1.5, 20%, 2nd, 1.5m
        rf"|{letters}++"
    )


TOKEN = _token(r"[^\W\d_]", r"\d", rf"(?:[^\W_]++|[{_mark_class()}]++)")
"""One word of folded text."""
_ASCII_TOKEN = _token("[a-z]", "[0-9]", "[a-z0-9]")
"""The same in half the time, where the folded text is ASCII: once typographic quotes are, most Latin text is."""


def tokens_of(folded: str) -> list[str]:
    """The words of a folded text as they stand there. Shared by `normal_text` and `monitor.text.tokens`."""
    return (_ASCII_TOKEN if folded.isascii() else TOKEN).findall(folded)


def plain_text(html: str) -> str:
    """Text of an HTML fragment or document: markup out, entities decoded once, one paragraph per line, no empty lines.

    Text without markup comes back with its white space tidied. Scripts, styles and form controls say nothing.
    """
    if not _MARKUP.search(html):
        return _tidy_lines(html)
    pieces: list[str] = []
    root = _parse(html)
    if root is not None:
        _collect(root, pieces)
    return _tidy_lines("".join(pieces))


def _parse(html: str) -> Any:
    data = html.replace("\x00", "").encode("utf-8", "replace")
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        return etree.fromstring(b"<div>" + data + b"</div>", parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _collect(root: Any, pieces: list[str]) -> None:
    """Text in document order; walked with events, since hostile markup nests deeper than Python may recurse."""
    silent = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        is_silent = tag in _SILENT_TAGS
        if event == "start":
            silent += is_silent
            if tag in _BLOCK_TAGS:
                pieces.append("\n")
            if not silent and element.text:
                pieces.append(_flowing(element.text, tag))
            continue
        silent -= is_silent
        if tag in _BLOCK_TAGS:
            pieces.append("\n")
        if not silent and element.tail:
            pieces.append(_flowing(element.tail, tag))


def _flowing(text: str, tag: str) -> str:
    """Line breaks inside markup are mere spaces, except in preformatted text."""
    return text if tag == "pre" else text.replace("\n", " ").replace("\r", " ")


def _tidy_lines(text: str) -> str:
    lines = _LINE_BREAKS.sub("\n", text.replace("\x00", "")).split("\n")
    tidy = (" ".join(line.split()) for line in lines)
    return "\n".join(line for line in tidy if line)


def fold(text: str) -> str:
    """The comparable form: NFKC, case folded, accents stripped, quotes and dashes unified, digits ASCII.

    Length and offsets change; line breaks stay. `fold(fold(x)) == fold(x)`.
    """
    if text.isascii():
        return text.lower()
    for mark, plain in _TYPOGRAPHIC:  # mostly they are all that is not ASCII, and the way below costs 50 times as much
        text = text.replace(mark, plain)
    if text.isascii() and "`" not in text and "\x7f" not in text:
        return text.lower()
    return _folded_line(text) if len(text) <= _CACHED_CHARS else _folded(text)


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = _MARKS.sub("", unicodedata.normalize("NFD", folded).translate(_UNIFIED))
    folded = _FOREIGN_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), folded)
    return unicodedata.normalize("NFC", folded)


_folded_line = lru_cache(maxsize=1024)(_folded)
"""Every rule about lines folds the same few of them again."""


def clean_line(text: str) -> str:
    """One display line: line breaks, control characters, terminal sequences, bidi overrides and surrogates are out."""
    if not text.isprintable():  # whatever is taken out or replaced is not
        text = _ANSI.sub("", text).translate(_DISPLAY)
    return " ".join(text.split())


def line_of(html: str) -> str:
    """One display line of an HTML fragment."""
    return clean_line(plain_text(html))


def normal_text(text: str) -> str:
    """What the hash of an exact copy is taken of: the folded words with single spaces; punctuation does not count."""
    return " ".join(tokens_of(fold(text)))


def text_hash(text: str) -> str:
    """Hex digest (32 characters) of `normal_text(text)`; equal for texts that differ in markup and typography only."""
    return hash_of_tokens(tokens_of(fold(text)))


def hash_of_tokens(tokens: list[str]) -> str:
    """`text_hash` of the text that has these tokens."""
    return bytes_hash(" ".join(tokens).encode("utf-8", "replace"))


def bytes_hash(data: bytes) -> str:
    """Hex digest (32 characters) of the bytes as they are."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
