"""Which language is a text written in?

ISO 639-1 codes by py3langid (its model lies in the wheel) on the first 500 characters, which measured as good as the
whole body; scripts of a single language decide alone. None for fewer than 20 letters: a short line is a guess.
"""

from __future__ import annotations

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
_SAME = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro", "sh": "sr"}


def detect_language(text: str) -> str | None:
    """ISO 639-1 code, or None when there are too few letters. The first call of a process loads a model (about 1 s)."""
    sample = " ".join(text[: 4 * _SAMPLE_CHARS].split())[:_SAMPLE_CHARS]
    counts = script_counts(sample)
    n_letters = sum(counts.values())
    n_unspaced = counts["han"] + counts["kana"] + counts["hangul"]
    if n_letters < _MIN_LETTERS and n_unspaced < _MIN_LETTERS_UNSPACED:
        return None
    if counts["kana"] > 0.1 * n_letters:
        return "ja"
    script = counts.most_common(1)[0][0]
    if script in _BY_SCRIPT:
        return _BY_SCRIPT[script]
    language, _ = _identifier().classify(sample)
    return normal_language(str(language))


def normal_language(declared: str | None) -> str | None:
    """The primary language of a declared tag: "en-US" and "EN_us" are "en", "nb" is "no"; None when it is not a tag."""
    primary = (declared or "").strip().replace("_", "-").split("-")[0].lower()
    if not (primary.isascii() and primary.isalpha() and 2 <= len(primary) <= 3):
        return None
    return _SAME.get(primary, primary)


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE)
