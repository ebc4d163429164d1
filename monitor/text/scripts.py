"""Which writing system is a text in?

Answers with one lower-case word per script, by counting letters in the ranges below (Unicode block chart); a text
without letters is "none". Names no language: see monitor.text.language.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter

_RANGES = (
    (0x0041, 0x024F, "latin"),
    (0x0250, 0x02AF, "latin"),
    (0x0370, 0x03FF, "greek"),
    (0x0400, 0x052F, "cyrillic"),
    (0x0530, 0x058F, "armenian"),
    (0x0590, 0x05FF, "hebrew"),
    (0x0600, 0x06FF, "arabic"),
    (0x0750, 0x077F, "arabic"),
    (0x08A0, 0x08FF, "arabic"),
    (0x0900, 0x097F, "devanagari"),
    (0x0980, 0x09FF, "bengali"),
    (0x0A00, 0x0A7F, "gurmukhi"),
    (0x0A80, 0x0AFF, "gujarati"),
    (0x0B00, 0x0B7F, "odia"),
    (0x0B80, 0x0BFF, "tamil"),
    (0x0C00, 0x0C7F, "telugu"),
    (0x0C80, 0x0CFF, "kannada"),
    (0x0D00, 0x0D7F, "malayalam"),
    (0x0D80, 0x0DFF, "sinhala"),
    (0x0E00, 0x0E7F, "thai"),
    (0x0E80, 0x0EFF, "lao"),
    (0x0F00, 0x0FFF, "tibetan"),
    (0x1000, 0x109F, "myanmar"),
    (0x10A0, 0x10FF, "georgian"),
    (0x1100, 0x11FF, "hangul"),
    (0x1200, 0x139F, "ethiopic"),
    (0x1780, 0x17FF, "khmer"),
    (0x1E00, 0x1EFF, "latin"),
    (0x1F00, 0x1FFF, "greek"),
    (0x3040, 0x30FF, "kana"),
    (0x31F0, 0x31FF, "kana"),
    (0x3400, 0x4DBF, "han"),
    (0x4E00, 0x9FFF, "han"),
    (0xAC00, 0xD7AF, "hangul"),
    (0xF900, 0xFAFF, "han"),
    (0xFB50, 0xFDFF, "arabic"),
    (0xFE70, 0xFEFF, "arabic"),
    (0x20000, 0x3134F, "han"),
)
_STARTS = [start for start, _, _ in _RANGES]


def script_of_char(char: str) -> str:
    """Script of one letter; "none" for anything that is not a letter of a known script."""
    if not char.isalpha():
        return "none"
    start, end, name = _RANGES[max(0, bisect_right(_STARTS, ord(char)) - 1)]
    return name if start <= ord(char) <= end else "none"


def script_counts(text: str) -> Counter[str]:
    """How many letters of each known script a text has."""
    if text.isascii():
        n_latin = sum(map(str.isalpha, text))
        return Counter({"latin": n_latin} if n_latin else {})
    counts: Counter[str] = Counter()
    for char, n in Counter(text).items():
        counts[script_of_char(char)] += n
    del counts["none"]
    return counts


def script_of(text: str) -> str:
    """The script of most letters ("latin", "cyrillic", "arabic", "han", "kana", ...); "none" without letters."""
    counts = script_counts(text)
    return counts.most_common(1)[0][0] if counts else "none"
