"""Which paragraphs does a candidate for the text have, before they are judged as lines of an article?

Repeats and stamps of time that stand alone leave; a declared text in one piece gets the paragraphs that the page shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from monitor.text.normalise import plain_text

MAX_PARAGRAPHS = 5_000
_REPEATED_SHARE = 0.4
_REPEATED_CHARS = 100
_TITLE_WORDS = 4
_NO_WORDS = re.compile(r"(?:\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?|[\W_]+)$")
_LEFT_MARKUP = re.compile(r"</?(?:p|br|div|span|a|strong|em|b|i|h\d|ul|li|figure|img)\b[^>]{0,1000}>", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


def paragraphs_of(text: str, *, titles: Sequence[str] = ()) -> list[str]:
    """The lines of a text that say something, without repeated titles, and once where the text stands twice."""
    headings = {title.strip() for title in titles if len(title.split()) >= _TITLE_WORDS}
    lines = [line for line in map(str.strip, text.splitlines()[:MAX_PARAGRAPHS]) if line]
    return _said_once([line for line in lines if line not in headings and not _NO_WORDS.match(line)])


def _said_once(lines: list[str]) -> list[str]:
    """Without repeated paragraphs where the text stands there twice (for print, for programs); lists do recur."""
    if len(set(lines)) == len(lines):
        return lines
    seen: set[str] = set()
    first: list[str] = []
    for line in lines:
        if line not in seen:
            first.append(line)
        if len(line) >= _REPEATED_CHARS:
            seen.add(line)
    n_chars = sum(map(len, lines))
    return first if n_chars - sum(map(len, first)) > _REPEATED_SHARE * n_chars else lines


def declared_paragraphs(body: str, shown: Iterable[str]) -> list[str]:
    """Paragraphs of a declared articleBody; `shown` are those of the page, in order, for one that has none itself."""
    text = plain_text(body)
    if _LEFT_MARKUP.search(text):  # it was escaped twice
        text = plain_text(text)
    lines = text.splitlines()
    return lines if len(lines) > 2 else [piece for line in lines for piece in _split_as_shown(line, shown)]


def _split_as_shown(blob: str, shown: Iterable[str]) -> list[str]:
    """A text without paragraphs, cut where paragraphs of the page begin and end."""
    blob = _SPACES.sub(" ", blob).strip()
    cuts = {0, len(blob)}
    position = 0
    for paragraph in shown:
        text = _SPACES.sub(" ", paragraph).strip()
        start = blob.find(text, position) if len(text) > 20 else -1
        if start >= 0:
            position = start + len(text)
            cuts |= {start, position}
    edges = sorted(cuts)
    pieces = (blob[start:end].strip() for start, end in pairwise(edges))
    return [piece for piece in pieces if piece]
