"""Which passages did one text take from another, has it quotations of its own, and does it say from whom it takes?

Passages are runs of PASSAGE words that neither text has between quotation marks or as a quoted post. What a public
person said stands in every report on it, word for word; sentences of a reporter's own that stand in a second text were
taken over. A run of eight words hardly ever repeats by chance, while runs of three do in long texts on one subject.

The other way round, whoever reports has heard somebody: a quotation that the other text has not is a sign of own work.

A text names an outlet or agency when its name stands in it with its capitals, without words such as "news agency"
("Agencia Norte": "Norte") or an addition in brackets ("Tideline (Video)"), or as the first label of a domain or a
family's name ("tideline.example": "Tideline"). Accents do not count, and a Cyrillic name may be inflected.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from monitor.dedup.fingerprint import MAX_WORDS, Hashes, K, are_in, shingles_of
from monitor.text.tokens import words

PASSAGE = 8
MIN_QUOTE_WORDS = 5
"""Fewer words between quotation marks are a title or a doubtful expression."""
MAX_QUOTE_CHARS = 800
MAX_QUOTATIONS = 1_000
"""How many quotations of a text are asked whether they are its own; reports have dozens."""
MAX_CHARS = 200_000
"""What is looked at of a text: a bound on the time that hostile quotation marks can take."""
_QUOTED = re.compile(
    "|".join(
        f"{opening}[^{opening[-1]}{closing}\\n]{{1,{MAX_QUOTE_CHARS}}}{end}"
        for opening, closing, end in (
            ('"', '"', '"'),
            ('^"', '"', "$"),  # of several paragraphs only the last closes its quotation
            ("“", "”", "(?:”|$)"),
            ("„", "“”", "(?:[“”]|$)"),
            ("«", "»", "(?:»|$)"),
            ("»", "«", "«"),
            ("「", "」", "」"),
        )
    )
    # Apostrophes stand between letters; any other mark ends the look, so that marks without end cost no time.
    + rf"|(?<!\w)[‘'](?=\w)(?:[^\n‘’']|(?<=\w)[’'](?=\w)){{1,{MAX_QUOTE_CHARS}}}[’'](?!\w)",
    re.MULTILINE,
)
_POST = re.compile(r"^[^\n]{1,400}[—–-][^\n@—–-]{1,80}\(@\w{1,40}\)[^\n]{0,40}$", re.MULTILINE)
"""A post of a social network set into a page: "Its words. — Name (@name) July 1, 2030"."""
_BEFORE = r"(?<![\w/])(?<!/ )"
"""Not after a slash: so photographers are credited ("Ann Lee/NWA")."""
_MIN_NAME_CHARS = 2
_MIN_LABEL_CHARS = 4
_MIN_STEM_CHARS = 4
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)")
_GENERIC = re.compile(
    r"\b(?:news ?agency|press ?agency|agency|newswire|nachrichtenagentur|presseagentur|agentur|agence(?: de presse)?"
    r"|agencia(?: de noticias)?|agenzia(?: di stampa)?|persbureau|агентство|інформагентство)\b",
    re.IGNORECASE,
)


def shared_passages(a: str, b: str) -> float:
    """The share of the shorter text's passages that the other has too, 0..1; 0 for texts without any.

    Statements are set once with marks and once without, so what either text has as a quotation is none of its passages.
    """
    (ours, our_quotes), (theirs, their_quotes) = (_told_and_quoted(text) for text in (a, b))
    shared = ours[are_in(ours, theirs)]
    n_least = min(len(ours), len(theirs))
    return len(np.setdiff1d(shared, np.concatenate([our_quotes, their_quotes]))) / n_least if n_least else 0.0


def _told_and_quoted(text: str) -> tuple[Hashes, Hashes]:
    text = text[:MAX_CHARS]
    told = shingles_of(words(_QUOTED.sub(" ", _POST.sub(" ", text)))[:MAX_WORDS], PASSAGE)
    quoted = [shingles_of(quotation, PASSAGE) for quotation in _quotations(text)]
    return told, np.concatenate([told[:0], *quoted])


def _quotations(text: str) -> Iterator[list[str]]:
    """The words of each, without those that are too short."""
    found = (words(match[0]) for pattern in (_QUOTED, _POST) for match in pattern.finditer(text))
    return (quotation for quotation in found if len(quotation) >= MIN_QUOTE_WORDS)


def has_own_quotations(text: str, other: Hashes) -> bool:
    """Has a text a quotation of which the other has less than half? `other` are its shingles of K words, sorted."""
    first = islice(_quotations(text[:MAX_CHARS]), MAX_QUOTATIONS)
    quoted = [shingles_of(quotation, K) for quotation in first]
    if not quoted:
        return False
    # All of them at once: a look at the whole other text for each would take seconds for a hostile one.
    shingles, sizes = np.concatenate(quoted), np.array([len(each) for each in quoted])
    n_shared = np.add.reduceat(are_in(shingles, other), np.cumsum(sizes) - sizes, dtype=np.intp)
    return bool((2 * n_shared < sizes).any())


def names_any(text: str, names: Iterable[str]) -> bool:
    """Does the text name one of these outlets or agencies?"""
    bare = _unaccented(text[:MAX_CHARS])
    return any(re.search(form, bare) for name in names for form in _forms(name))


def _forms(name: str) -> set[str]:
    """Patterns of the ways in which a text may write a name."""
    name = _unaccented(" ".join(name.split()))
    written = {name, _GENERIC.sub("", name).strip(" «»\"“”„'"), _IN_BRACKETS.sub("", name)}
    label = name.removeprefix("www.").partition(".")[0]
    if label == label.lower() and " " not in name and len(label) >= _MIN_LABEL_CHARS:
        written |= {label.capitalize(), label.upper(), label.title(), label.replace("-", " ").title()}
        written -= {label, name}  # a word in small letters is no name
    return {_pattern(form) for form in written if len(form) >= _MIN_NAME_CHARS}


def _pattern(form: str) -> str:
    if form.lower() == form.upper():  # scripts without capitals may stand inside a word
        return re.escape(form)
    if _CYRILLIC.search(form) and len(form) - 2 >= _MIN_STEM_CHARS:
        return rf"{_BEFORE}{re.escape(form[:-2])}\w{{0,4}}"
    return rf"{_BEFORE}{re.escape(form)}(?!\w)"


def _unaccented(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
