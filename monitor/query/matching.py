"""Does an article satisfy a query, where, and in which sentence?

Compares folded words (monitor/text/tokens.py), so accents, case and punctuation do not count and "port" is not found in
"report". Phrases must be contiguous, within the title or within the text. Does not stem: "summit" does not find
"summits". The index of one article serves any number of queries.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from monitor.query.grammar import And, Node, Not, Or, Phrase, Term, is_fragment
from monitor.text.normalise import clean_line
from monitor.text.sentences import sentences
from monitor.text.tokens import words

Prominence = Literal["title", "lead", "body"]

N_LEAD_SENTENCES = 2
MAX_SENTENCE_CHARS = 300
_WEIGHTS: tuple[tuple[Prominence, float], ...] = (("title", 1.0), ("lead", 0.7), ("body", 0.4))
_GAP = ""  # no word is empty, so no phrase reaches from the title into the text


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedText:
    """The words of a title and a text with their places.

    `starts[i]` is the place of the first word of `sentences[i]`; `title_end` and `lead_end` are the places after them.
    """

    title: str
    sentences: tuple[str, ...]
    starts: tuple[int, ...]
    words: tuple[str, ...]
    places: Mapping[str, Sequence[int]]
    title_end: int
    lead_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Why an article satisfies a query.

    `terms` as the query spells them, in its order, only from the parts that hold. `prominence` is the smallest opening
    part of the article (title, title and lead, all of it) that satisfies the query by itself. `score` is 0..1.
    """

    terms: tuple[str, ...]
    prominence: Prominence
    sentence: str
    score: float


@dataclass(frozen=True, slots=True)
class _Finding:
    """Where a term or phrase occurs; `places` are those of its first words, ascending."""

    text: str
    n_words: int
    places: tuple[int, ...]

    def end(self) -> int:
        return self.places[0] + self.n_words


def match(node: Node, *, title: str, text: str) -> Match | None:
    """The match of one query in one article, or None."""
    return match_indexed(node, index_words(title, text))


def index_words(title: str, text: str) -> IndexedText:
    """The index of an article; linear in its length."""
    found = sentences(text)
    tokens = [*words(title), _GAP]
    title_end = len(tokens)
    lead_end = title_end
    starts: list[int] = []
    for position, sentence in enumerate(found):
        starts.append(len(tokens))
        tokens.extend(words(sentence))
        if position < N_LEAD_SENTENCES:
            lead_end = len(tokens)
    places: dict[str, list[int]] = {}
    for place, word in enumerate(tokens):
        places.setdefault(word, []).append(place)
    return IndexedText(
        title=title,
        sentences=tuple(found),
        starts=tuple(starts),
        words=tuple(tokens),
        places=places,
        title_end=title_end,
        lead_end=lead_end,
    )


def match_indexed(node: Node, indexed: IndexedText) -> Match | None:
    """The match of one query in an indexed article, or None."""
    found: dict[Node, _Finding] = {leaf: _find(leaf, indexed) for leaf in _leaves(node)}
    everything = len(indexed.words)
    if not _holds(node, found, everything):
        return None
    findings = list(dict.fromkeys(_positive(node, found, everything)))
    prominence: Prominence = "body"
    if _holds(node, found, indexed.title_end):
        prominence = "title"
    elif _holds(node, found, indexed.lead_end):
        prominence = "lead"
    return Match(
        terms=tuple(dict.fromkeys(finding.text for finding in findings)),
        prominence=prominence,
        sentence=_sentence(findings, indexed),
        score=_score(findings, indexed),
    )


def _leaves(node: Node) -> Iterator[Term | Phrase]:
    match node:
        case Term() | Phrase():
            yield node
        case Not(part):
            yield from _leaves(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _leaves(part)


def _find(leaf: Term | Phrase, indexed: IndexedText) -> _Finding:
    wanted = (leaf.word,) if isinstance(leaf, Term) else leaf.words
    text = leaf.text or " ".join(wanted)
    n_words = len(wanted)
    if n_words == 1 and is_fragment(wanted[0]):
        places = sorted(place for word, at in indexed.places.items() if wanted[0] in word for place in at)
        return _Finding(text, n_words, tuple(places))
    starts = indexed.places.get(wanted[0], ())
    return _Finding(text, n_words, tuple(at for at in starts if indexed.words[at : at + n_words] == wanted))


def _holds(node: Node, found: Mapping[Node, _Finding], end: int) -> bool:
    """Whether the words before place `end` satisfy the query. What must not occur must not occur anywhere."""
    match node:
        case Term() | Phrase():
            return bool(found[node].places) and found[node].end() <= end
        case Not(part):
            return not _holds(part, found, 1 << 62)
        case And(parts):
            return all(_holds(part, found, end) for part in parts)
        case Or(parts):
            return any(_holds(part, found, end) for part in parts)


def _positive(node: Node, found: Mapping[Node, _Finding], end: int) -> Iterator[_Finding]:
    """The findings that make the query hold."""
    match node:
        case Term() | Phrase():
            yield found[node]
        case And(parts) | Or(parts):
            for part in parts:
                if _holds(part, found, end):
                    yield from _positive(part, found, end)
        case Not():
            return


def _sentence(findings: Sequence[_Finding], indexed: IndexedText) -> str:
    """The sentence of the text with most of the terms, the earliest of those; the title if the text has none."""
    terms_in: dict[int, set[str]] = {}
    for finding in findings:
        for place in finding.places:
            if place >= indexed.title_end:
                terms_in.setdefault(bisect_right(indexed.starts, place) - 1, set()).add(finding.text)
    if not terms_in:
        return _excerpt(indexed.title, findings)
    best = min(terms_in, key=lambda position: (-len(terms_in[position]), position))
    return _excerpt(indexed.sentences[best], findings)


def _excerpt(sentence: str, findings: Sequence[_Finding]) -> str:
    """One display line of at most MAX_SENTENCE_CHARS, around a term where the sentence is longer."""
    line = clean_line(sentence)
    if len(line) <= MAX_SENTENCE_CHARS:
        return line
    lowered = line.lower()
    found = min((at for finding in findings if (at := lowered.find(finding.text.lower())) >= 0), default=0)
    start = max(0, min(found - MAX_SENTENCE_CHARS // 3, len(line) - MAX_SENTENCE_CHARS + 2))
    if start:
        start = line.find(" ", start, start + 40) + 1 or start
    excerpt = line[start : start + MAX_SENTENCE_CHARS - 2].strip()
    return f"{'…' if start else ''}{excerpt}{'…' if start + MAX_SENTENCE_CHARS - 2 < len(line) else ''}"


def _score(findings: Sequence[_Finding], indexed: IndexedText) -> float:
    """0..1: the mean over the terms of where each first occurs (weighs 0.7) and how often it does (0.3, saturating)."""
    ends = {"title": indexed.title_end, "lead": indexed.lead_end, "body": len(indexed.words)}
    total = 0.0
    for finding in findings:
        weight = next(weight for zone, weight in _WEIGHTS if finding.end() <= ends[zone])
        n_times = len(finding.places)
        total += 0.7 * weight + 0.3 * n_times / (n_times + 2)
    return total / len(findings)
