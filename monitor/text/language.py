"""Which language is a text written in?

ISO 639-1 codes by py3langid (its model lies in the wheel) on the first 500 characters, which measured as good as the
whole body; scripts of a single language decide alone. None for fewer than 20 letters: a short line is a guess.

What is declared (page or feed) counts where the text is short, where the model does not know the declared language,
and where it is a near relative of the detected one that the model holds possible (it gives a Serbian report to Bosnian
at 0.43 and Serbian at 0.31). Else the text is believed: many sites never set the language of their template.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from monitor.text.scripts import script_counts

_SAMPLE_CHARS = 500
_MIN_LETTERS = 20
_MIN_LETTERS_UNSPACED = 8
_BY_SCRIPT = {
    "greek": "el",
    "armenian": "hy",
    "hangul": "ko",
    "thai": "th",
    "lao": "lo",
    "georgian": "ka",
    "khmer": "km",
    "myanmar": "my",
    "tamil": "ta",
    "telugu": "te",
    "kannada": "kn",
    "malayalam": "ml",
    "sinhala": "si",
    "gujarati": "gu",
    "gurmukhi": "pa",
    "odia": "or",
    "tibetan": "bo",
}
_RELATIVES = (
    {"no", "da"},
    {"pt", "gl"},
    {"es", "gl", "ca", "an"},
    {"hr", "sr", "bs"},
    {"id", "ms"},
    {"cs", "sk"},
    {"bg", "mk"},
    {"af", "nl"},
    {"hi", "mr", "ne"},
    {"zu", "xh"},
)
_POSSIBLE = 0.01
"""Probability from which the model holds a declared language possible."""
_ENOUGH_LETTERS = 80
_ENOUGH_UNSPACED = 30
"""With this much text the detected language wins over the declared one."""
_NO_LANGUAGE = {"und", "mul", "zxx", "mis"}
_SAME_PAIRS = "nb=no nn=no iw=he in=id ji=yi jw=jv mo=ro sh=sr ary=ar arz=ar wuu=zh yue=zh ext=es"
_SAME = dict(pair.split("=") for pair in _SAME_PAIRS.split())


@dataclass(frozen=True, slots=True)
class Languages:
    """`language` is the one to go by; `declared` and `detected` say what it was chosen from. ISO 639-1 or None."""

    language: str | None
    declared: str | None
    detected: str | None


def judge_language(text: str, declared: Sequence[str | None]) -> Languages:
    """The language of a text, given tags that page and feed declare, the most trusted first."""
    told = next((tag for raw in declared if (tag := normal_language(raw))), None)
    sample = _sample(text)
    counts = script_counts(sample)
    if told is not None and counts.total() < _ENOUGH_LETTERS and _n_unspaced(counts) < _ENOUGH_UNSPACED:
        return Languages(told, told, None)
    detected = _detected(sample, counts)
    if detected is None or told is None or detected == told:
        return Languages(detected or told, told, detected)
    if any(told in group and detected in group for group in _RELATIVES):
        is_believed = _probability(sample, told) >= _POSSIBLE
    else:
        is_believed = told not in _detectable() and counts.most_common(1)[0][0] == "latin"
    return Languages(told if is_believed else detected, told, detected)


def detect_language(text: str) -> str | None:
    """ISO 639-1 code, or None when there are too few letters. The first call of a process loads a model (about 1 s)."""
    sample = _sample(text)
    return _detected(sample, script_counts(sample))


def _detected(sample: str, counts: Counter[str]) -> str | None:
    n_letters = counts.total()
    if n_letters < _MIN_LETTERS and _n_unspaced(counts) < _MIN_LETTERS_UNSPACED:
        return None
    if counts["kana"] > 0.1 * n_letters:
        return "ja"
    script = counts.most_common(1)[0][0]
    if script in _BY_SCRIPT:
        return _BY_SCRIPT[script]
    language, _ = _identifier().classify(sample)
    return normal_language(str(language))


def _sample(text: str) -> str:
    return " ".join(text[: 4 * _SAMPLE_CHARS].split())[:_SAMPLE_CHARS]


def _n_unspaced(counts: Counter[str]) -> int:
    return counts["han"] + counts["kana"] + counts["hangul"]


def _probability(sample: str, language: str) -> float:
    return sum(float(p) for tag, p in _identifier().rank(sample) if normal_language(str(tag)) == language)


def normal_language(declared: str | None) -> str | None:
    """The primary language of a declared tag: "en-US" and "EN_us" are "en", "nb" is "no"; None when it is not a tag."""
    primary = (declared or "").strip().replace("_", "-").split("-")[0].lower()
    if not (primary.isascii() and primary.isalpha() and 2 <= len(primary) <= 3):
        return None
    return None if primary in _NO_LANGUAGE else _SAME.get(primary, primary)


@cache
def _detectable() -> frozenset[str]:
    """Languages that can be told from a text."""
    known = {normal_language(str(tag)) for tag in _identifier().labels}
    return frozenset(tag for tag in (*known, *_BY_SCRIPT.values()) if tag)


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
