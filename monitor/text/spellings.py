"""How are folded words and names written in a text?

`words` and `names` fold what they find, so that two spellings compare equal; people want to read them as they stand.
A word is shown as it is written most often, in small letters where it stands so anywhere (a capital that opens a
sentence or a headline tells nothing); a name as it is written most often, not in capitals throughout where it can be
helped. Possessives are cut off. Refuses nothing: what stands nowhere in the texts has no spelling.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from monitor.text.tokens import words

_Counts = dict[str, int]
"""How often each spelling of one folded form stands, in the order in which they turned up."""

MAX_NAME_WORDS = 5
_TOKEN = re.compile(r"[^\W_]+(?:['’.\-][^\W_]+)*")
_PART = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"['’]s$")
_GROWN_ON = re.compile(r"[^\W\d_]{1,5}['’-](?=[^\W\d_])")
_BETWEEN_NAMES = re.compile(r"[ \u00a0]")


@dataclass(slots=True)
class Spellings:
    """Spellings by folded form, and how often each word and each name stands.

    `runs`: of scripts without word spaces, pairs of characters that follow each other.
    """

    words: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    n_words: dict[str, int] = field(default_factory=dict)
    n_names: dict[str, int] = field(default_factory=dict)
    runs: list[tuple[str, ...]] = field(default_factory=list)


def spellings(texts: Iterable[str]) -> Spellings:
    """Of all words, and of all runs of one to five words that begin and end with a capital. A few ms for 10 kB."""
    found: dict[str, _Counts] = {}
    named: dict[str, _Counts] = {}
    runs: dict[tuple[str, ...], None] = {}
    tokens: Counter[str] = Counter()
    for text in texts:
        in_order = _TOKEN.findall(text)
        tokens.update(in_order)
        _count_names(text, in_order, named)
    for token, n in tokens.items():
        if token.isascii() and token.isalpha():
            _count(found, token.lower(), token, n)
            continue
        folded = tuple(words(token))
        if _is_run(folded):
            runs.setdefault(folded)
        for word, spelled in _spelled(folded, token):
            _count(found, word, spelled, n)
    return Spellings(
        {word: _as_word(counts) for word, counts in found.items()},
        {name: _as_name(counts) for name, counts in named.items()},
        {word: sum(counts.values()) for word, counts in found.items()},
        {name: sum(counts.values()) for name, counts in named.items()},
        list(runs),
    )


def _count(found: dict[str, _Counts], folded: str, spelled: str, n: int) -> None:
    counts = found.setdefault(folded, {})
    counts[spelled] = counts.get(spelled, 0) + n


def _spelled(folded: tuple[str, ...], token: str) -> list[tuple[str, str]]:
    if len(folded) == 1:
        return [(folded[0], _POSSESSIVE.sub("", token))]
    parts = _PART.findall(token)
    return list(zip(folded, parts, strict=True)) if len(parts) == len(folded) else []


def _is_run(folded: tuple[str, ...]) -> bool:
    return len(folded) > 1 and all(len(one) == 2 and one[1] == other[0] for one, other in pairwise(folded))


def _count_names(text: str, tokens: Iterable[str], named: dict[str, _Counts]) -> None:
    """All runs of a text that has these tokens.

    What is grown on to a name (l'Ukraine, al-Assad) is no part of it, nor is a possessive.
    """
    line: list[tuple[str, str]] = []
    end = 0
    for token, match in zip(tokens, _TOKEN.finditer(text), strict=True):
        if not line and not token[0].isupper() and token.isalpha():
            continue  # as most words: it neither is nor holds a name, and no name goes on with it
        spelled = token
        grown_on = _GROWN_ON.match(spelled)
        is_grown = grown_on is not None and grown_on[0].islower() and spelled[grown_on.end()].isupper()
        if line and (is_grown or not _BETWEEN_NAMES.fullmatch(text, end, match.start())):
            line.clear()
        if grown_on is not None and is_grown:
            spelled = spelled[grown_on.end() :]
        if not line and not spelled[0].isupper():
            continue
        shown = _POSSESSIVE.sub("", spelled)
        line.append((shown.lower() if shown.isascii() and shown.isalpha() else " ".join(words(shown)), shown))
        del line[:-MAX_NAME_WORDS]
        for first in range(len(line) if shown[0].isupper() else 0):
            if line[first][1][0].isupper():
                name = " ".join(folded for folded, _ in line[first:])
                _count(named, name, " ".join(one for _, one in line[first:]), 1)
        if shown != spelled:
            line.clear()
        end = match.end()


def _as_word(counts: _Counts) -> str:
    return max(counts, key=lambda spelled: (spelled.islower(), counts[spelled]))


def _as_name(counts: _Counts) -> str:
    return max(counts, key=lambda spelled: (len(spelled) <= 5 or not spelled.isupper(), counts[spelled]))
