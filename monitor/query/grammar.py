"""What does a query ask for?

Reads `paris summit`, `"peace talks" OR ceasefire`, `(kyiv OR kiev) -football`: words side by side must all occur, AND,
OR and NOT (any case) and parentheses combine, quotes make a phrase, `-x` means NOT x; AND binds closer than OR.
Typographic quotes and dashes count as plain ones. Refuses, with the position and what to do, whatever it does not
understand, wildcards and fields, queries that would match articles in which none of their words occurs, and queries
beyond 2,000 characters, 200 terms or 50 levels.

A term is compared by its words (monitor/text/tokens.py): "Côte d'Ivoire" becomes the phrase cote d ivoire.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.errors import QueryError
from monitor.text.normalise import clean_line
from monitor.text.tokens import words

MAX_CHARS = 2_000
MAX_TERMS = 200
MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Term:
    """One word. `text` is as the reader wrote it and does not count in comparisons."""

    word: str
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Two or more words that must follow one another."""

    words: tuple[str, ...]
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All parts must hold; two or more, none of them an And."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part must hold; two or more, none of them an Or."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not hold; it is never itself a Not."""

    part: Node


Node = Term | Phrase | And | Or | Not

_QUOTES = '"“”„‟«»'
_DASHES = "-‐‑‒–—−"
_TOKEN = re.compile(
    rf"(?P<paren>[()])|[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)[{_QUOTES}]|(?P<quote>[{_QUOTES}])"
    rf"|(?P<dash>[{_DASHES}])(?=[^{_DASHES}\s])|(?P<word>[^\s(){_QUOTES}]+)"
)
_KEYWORDS = {"and": "AND", "or": "OR", "not": "NOT"}
_FIELD = re.compile(r"(?:in)?(?:title|text|url|author|source|site|lang|language|tag|date|lead|body):\S", re.IGNORECASE)
_PLAIN = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class _Token:
    """`kind` is "(", ")", "-", "AND", "OR", "NOT", "word", "phrase" or "end"."""

    kind: str
    text: str
    position: int


@dataclass(slots=True)
class _Reading:
    """Where a parse stands."""

    query: str
    tokens: Sequence[_Token]
    next: int = 0
    depth: int = 0


def parse(query: str) -> Node:
    """The tree of a query in normal form: nested ANDs and ORs flattened, repeats and double NOTs removed."""
    if len(query) > MAX_CHARS:
        raise _refusal(query[:60], 0, f"The query has {len(query)} characters; {MAX_CHARS} are allowed")
    reading = _Reading(query, _tokens(query))
    if reading.tokens[0].kind == "end":
        raise _refusal(query, 0, "The query is empty: write at least one word")
    node = _any(reading)
    token = reading.tokens[reading.next]
    if token.kind == ")":
        raise _refusal(query, token.position, "This parenthesis closes nothing: remove it, or open one before")
    if not _needs_a_word(node):
        position = next((t.position for t in reading.tokens if t.kind in {"NOT", "-"}), 0)
        raise _refusal(
            query, position, "Nearly everything would match: NOT only takes away, name a word that must occur"
        )
    return node


def is_fragment(word: str) -> bool:
    """Whether it is one character of a script without word spaces: `words()` gives pairs, so it is part of a word."""
    return len(word) == 1 and len(words(word * 3)) > 1


def describe(node: Node) -> str:
    """The query in full: `paris AND (summit OR "peace talks") AND NOT football`. `parse(describe(x)) == x`."""
    match node:
        case Term() | Phrase():
            return _described_term(node)
        case Not(part):
            return f"NOT {_in_parentheses(part)}"
        case And(parts):
            return " AND ".join(_in_parentheses(part) for part in parts)
        case Or(parts):
            return " OR ".join(_in_parentheses(part) for part in parts)


def _described_term(node: Term | Phrase) -> str:
    expected = [node.word] if isinstance(node, Term) else list(node.words)
    text = node.text if node.text and words(node.text) == expected else " ".join(expected)
    is_plain = isinstance(node, Term) and _PLAIN.fullmatch(text) and text.casefold() not in _KEYWORDS
    return text if is_plain else f'"{text}"'


def _in_parentheses(node: Node) -> str:
    return f"({describe(node)})" if isinstance(node, And | Or) else describe(node)


def _tokens(query: str) -> list[_Token]:
    tokens = [_token(query, found) for found in _TOKEN.finditer(query)]
    if sum(token.kind in {"word", "phrase"} for token in tokens) > MAX_TERMS:
        raise _refusal(query, 0, f"The query has more than {MAX_TERMS} terms")
    return [*tokens, _Token("end", "", len(query))]


def _token(query: str, found: re.Match[str]) -> _Token:
    start, text = found.start(), found[0]
    if found["paren"]:
        return _Token(text, text, start)
    if found["dash"]:
        return _Token("-", text, start)
    if found["quote"]:
        raise _refusal(query, start, "This quotation mark is never closed: add one after the phrase")
    if found["phrase"] is not None:
        return _Token("phrase", found["phrase"], start)
    if text[0] in _DASHES:
        raise _refusal(query, start, "A dash alone says nothing: write -word to exclude a word, or leave it out")
    return _Token(_KEYWORDS.get(text.casefold(), "word"), text, start)


def _any(reading: _Reading) -> Node:
    parts = [_all(reading)]
    while reading.tokens[reading.next].kind == "OR":
        reading.next += 1
        parts.append(_all(reading))
    return _combined(Or, parts)


def _all(reading: _Reading) -> Node:
    parts = [_single(reading)]
    while (kind := reading.tokens[reading.next].kind) not in {"OR", ")", "end"}:
        if kind == "AND":
            reading.next += 1
        parts.append(_single(reading))
    return _combined(And, parts)


def _single(reading: _Reading) -> Node:
    token = reading.tokens[reading.next]
    reading.next += 1
    if token.kind in {"word", "phrase"}:
        return _leaf(reading.query, token)
    if token.kind in {"(", "-", "NOT"}:
        return _nested(reading, token)
    if token.kind == "end":
        raise _refusal(
            reading.query, token.position, "Something is missing here: the query ends after AND, OR, NOT or ("
        )
    if token.kind == ")":
        raise _refusal(reading.query, token.position, "Nothing stands before this parenthesis: add a word or remove it")
    advice = f'needs a word on both sides; to search for the word itself, write "{token.text}"'
    raise _refusal(reading.query, token.position, f"{token.kind} {advice}")


def _nested(reading: _Reading, opening: _Token) -> Node:
    reading.depth += 1
    if reading.depth > MAX_DEPTH:
        raise _refusal(reading.query, opening.position, f"The query is nested deeper than {MAX_DEPTH} levels")
    if opening.kind == "(":
        node = _any(reading)
        closing = reading.tokens[reading.next]
        if closing.kind != ")":
            raise _refusal(
                reading.query, opening.position, "This parenthesis is never closed: add one after its last word"
            )
        reading.next += 1
    else:
        part = _single(reading)
        node = part.part if isinstance(part, Not) else Not(part)
    reading.depth -= 1
    return node


def _leaf(query: str, token: _Token) -> Term | Phrase:
    if "*" in token.text:
        raise _refusal(query, token.position, "Wildcards are not known: write the forms of the word, joined by OR")
    if token.kind == "word" and _FIELD.match(token.text):
        raise _refusal(query, token.position, "Fields are not known: leave out what stands before the colon")
    found = tuple(words(token.text))
    if not found:
        raise _refusal(query, token.position, "There is no letter or digit here to search for: write a word")
    text = clean_line(token.text)
    return Term(found[0], text) if len(found) == 1 else Phrase(found, text)


def _combined(kind: type[And | Or], parts: Sequence[Node]) -> Node:
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))]
    distinct = tuple(dict.fromkeys(flat))
    return distinct[0] if len(distinct) == 1 else kind(distinct)


def _needs_a_word(node: Node) -> bool:
    """Whether an article in which no word of the query occurs can be ruled out."""
    match node:
        case Term() | Phrase():
            return True
        case Not():
            return False
        case And(parts):
            return any(_needs_a_word(part) for part in parts)
        case Or(parts):
            return all(_needs_a_word(part) for part in parts)


def _refusal(query: str, position: int, message: str) -> QueryError:
    line = "".join(char if char.isprintable() else " " for char in query)
    return QueryError(f"{message}.", query=line, position=position)
