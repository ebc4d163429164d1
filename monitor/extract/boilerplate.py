"""Which sentences end, or begin, most articles of a source, and are no part of them?

"Follow us on ...", "Copyright 2026 ...", "This article was first published in ...": every source has its own, and none
is in a list. A line among the last three or the first two, or the last sentence of the last line, is boilerplate when
it stands there in more than half of the source's texts, and in at least five. Copies of one text count once: texts
that share a longer line which is no such candidate, and all those that consist of candidates for the most part. A line
of more than `MAX_WORDS` words, and one that is most of its article, is none. Spelling counts as it does for exact
copies: neither capitals nor punctuation, and all numbers are alike ("Copyright 2025" is "Copyright 2026").

What is taken away uncovers what stood before it, so both learning and stripping go on until nothing is found. The order
of the texts does not matter.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from monitor.text.normalise import normal_text
from monitor.text.sentences import sentences
from monitor.text.tokens import n_words

N_TEXTS = 50
"""From how many texts it is learned: the last ones of a source."""
MIN_ARTICLES = 5
MAX_WORDS = 60
N_END_LINES, N_START_LINES = 3, 2
MAX_ROUNDS = 20
_MIN_TELLING_WORDS = 8
"""Two texts may well share a shorter line without being copies."""

Edge = Literal["start", "end"]

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedSentence:
    """Boilerplate of a source, as one of its articles writes it; `n_articles` of those that were looked at have it."""

    key: str
    sentence: str
    edge: Edge
    n_articles: int


@dataclass(frozen=True, slots=True)
class _Unit:
    """A line or sentence at an edge of a text."""

    key: str
    sentence: str
    edge: Edge
    is_line: bool


def sentence_key(sentence: str) -> str:
    """Hex digest (32 characters) by which a sentence is known; equal for those that differ in typography and numbers.

    "" for one without any word.
    """
    normal = _NUMBER.sub("0", normal_text(sentence))
    return hashlib.blake2b(normal.encode("utf-8", "replace"), digest_size=16).hexdigest() if normal else ""


def without_boilerplate(paragraphs: Sequence[str], boilerplate: Collection[str]) -> tuple[str, ...]:
    """The paragraphs without these sentences at their edges; as they are when nothing else would be left."""
    return _stripped(paragraphs, {sentence_key(sentence) for sentence in boilerplate} - {""})


def learn_boilerplate(
    texts: Collection[str], *, known: Collection[str] = (), rejected: Collection[str] = ()
) -> tuple[LearnedSentence, ...]:
    """What is boilerplate in the texts of one source, besides the sentences `known`; never one that is `rejected`."""
    stripped_of = {sentence_key(sentence) for sentence in known} - {""}
    refused = {sentence_key(sentence) for sentence in rejected}
    learned: list[LearnedSentence] = []
    for _ in range(MAX_ROUNDS):
        lines = [_stripped(text.splitlines(), stripped_of) for text in texts]
        found = _learn_once([one for one in lines if one], refused)
        if not found:
            break
        learned += found.values()
        stripped_of |= set(found)
    return tuple(learned)


def _learn_once(texts: Sequence[tuple[str, ...]], refused: set[str]) -> dict[str, LearnedSentence]:
    """Whole lines first: where a line is boilerplate its last sentence is, too, and says nothing of its own."""
    units = [list(_units(lines)) for lines in texts]
    common = _common(units)
    identities = _identities(texts, common)
    n_texts = len(set(identities))
    bearers: defaultdict[str, set[int]] = defaultdict(set)
    forms: defaultdict[str, list[_Unit]] = defaultdict(list)
    for some, identity in zip(units, identities, strict=True):
        for unit in some:
            bearers[unit.key].add(identity)
            forms[unit.key].append(unit)
    enough = [key for key, some in bearers.items() if len(some) >= MIN_ARTICLES and 2 * len(some) > n_texts]
    wanted = [key for key in enough if key not in refused]
    whole = [key for key in wanted if any(unit.is_line for unit in forms[key])]
    return {key: _told(forms[key], len(bearers[key])) for key in sorted(whole or wanted)}


def _told(forms: Sequence[_Unit], n_articles: int) -> LearnedSentence:
    n_at_end = sum(unit.edge == "end" for unit in forms)
    edge: Edge = "end" if 2 * n_at_end >= len(forms) else "start"
    return LearnedSentence(
        key=forms[0].key, sentence=min(unit.sentence for unit in forms), edge=edge, n_articles=n_articles
    )


def _units(lines: Sequence[str]) -> Iterator[_Unit]:
    """What may be boilerplate of a text, each once."""
    last = sentences(lines[-1])
    at_edges: list[tuple[str, Edge, bool]] = [
        *((line, "end", True) for line in lines[-N_END_LINES:]),
        *((line, "start", True) for line in lines[:N_START_LINES]),
        *(((last[-1], "end", False),) if len(last) > 1 else ()),
    ]
    n_all = sum(map(n_words, lines))
    seen = {""}
    for sentence, edge, is_line in at_edges:
        key, n_own = sentence_key(sentence), n_words(sentence)
        if key not in seen and n_own <= MAX_WORDS and 2 * n_own <= n_all:
            yield _Unit(key, sentence, edge, is_line)
        seen.add(key)


def _common(units: Sequence[Sequence[_Unit]]) -> set[str]:
    """The candidates that several texts share: these say nothing about whether two texts are the same."""
    counts: defaultdict[str, int] = defaultdict(int)
    for some in units:
        for unit in some:
            counts[unit.key] += 1
    return {key for key, n in counts.items() if n >= MIN_ARTICLES}


def _identities(texts: Sequence[tuple[str, ...]], common: set[str]) -> list[int]:
    """A number for each text, the same for copies of each other."""
    leaders: dict[str, str] = {}

    def leader(name: str) -> str:
        while (above := leaders.setdefault(name, name)) != name:
            name = above
        return name

    names = []
    for number, lines in enumerate(texts):
        name = f"text {number}"
        own = [line for line in lines if sentence_key(line) not in common]
        n_own = sum(map(n_words, own))
        telling = [sentence_key(line) for line in own if n_words(line) >= _MIN_TELLING_WORDS]
        if 2 * n_own <= sum(map(n_words, lines)):
            telling.append("mostly common")
        for one in telling:
            leaders[leader(one)] = leader(name)
        names.append(name)
    numbers: dict[str, int] = {}
    return [numbers.setdefault(leader(name), len(numbers)) for name in names]


def _stripped(paragraphs: Sequence[str], keys: set[str]) -> tuple[str, ...]:
    lines = list(paragraphs)
    while keys and lines and _strip_once(lines, keys):
        pass
    return tuple(lines) if any(sentence_key(line) for line in lines) else tuple(paragraphs)


def _strip_once(lines: list[str], keys: set[str]) -> bool:
    """Take one sentence away, in place; False when there is none."""
    n = len(lines)
    for position in dict.fromkeys((*range(n - 1, max(-1, n - 1 - N_END_LINES), -1), *range(min(N_START_LINES, n)))):
        if sentence_key(lines[position]) in keys:
            del lines[position]
            return True
    last = sentences(lines[-1])
    if len(last) > 1 and sentence_key(last[-1]) in keys:
        lines[-1] = lines[-1][: lines[-1].rindex(last[-1])].rstrip()
        return True
    return False
