"""Which countable features of an article tell what event it reports?

Four fields of term counts: words of the title, of the lead (two sentences), of the opening of the text, and names with
figures (capitalised words and runs of them, numbers of two digits or more). Nothing but integers and strings is kept,
so that a score taken from stored features is the same in every process. No stop words and no word lists: what is
common is a matter of `Statistics`. An article without title, or without text, has fewer fields and is still comparable.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from monitor.text.sentences import lead
from monitor.text.tokens import names, words

SCHEME = "features-1"
FIELDS = ("title", "lead", "body", "names")

MAX_BODY_WORDS = 450
"""News tells the event first; what comes after is background that many stories share."""
MAX_BODY_CHARS = 4_000
MAX_LEAD_WORDS = 80
MAX_TERM_CHARS = 60
MAX_COUNT = 255


@dataclass(frozen=True)
class Features:
    """Term counts of one article by field; counts are 1..255. `terms` are those of all fields, sorted."""

    title: Mapping[str, int]
    lead: Mapping[str, int]
    body: Mapping[str, int]
    names: Mapping[str, int]

    @cached_property
    def terms(self) -> tuple[str, ...]:
        return tuple(sorted({term for field in self.by_field() for term in field}))

    def by_field(self) -> tuple[Mapping[str, int], ...]:
        """The four mappings in the order of `FIELDS`."""
        return (self.title, self.lead, self.body, self.names)

    def to_bytes(self) -> bytes:
        """One to three kilobytes for an article of usual length."""
        terms = self.terms
        head = json.dumps([SCHEME, terms], ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        rows = b"".join(bytes(field.get(term, 0) for term in terms) for field in self.by_field())
        return zlib.compress(len(head).to_bytes(4, "big") + head + rows, 6)

    @staticmethod
    def from_bytes(data: bytes) -> Features:
        """The inverse of `to_bytes`. ValueError when the bytes are of another scheme."""
        raw = zlib.decompress(data)
        start = 4 + int.from_bytes(raw[:4], "big")
        scheme, terms = json.loads(raw[4:start].decode("utf-8", "surrogatepass"))
        if scheme != SCHEME:
            raise ValueError(f"features of scheme {scheme}, not {SCHEME}")
        n = len(terms)
        rows = (raw[start + i * n : start + (i + 1) * n] for i in range(len(FIELDS)))
        return Features(*({term: count for term, count in zip(terms, row, strict=True) if count} for row in rows))


def features(title: str, text: str, language: str | None = None) -> Features:
    """Features of an article; `language` (ISO 639-1) only steers which capitals make a name. About 2 ms of CPU."""
    opening = text[:MAX_BODY_CHARS]
    body = words(opening)[:MAX_BODY_WORDS]
    title_words = words(title)
    figures = [word for word in (*title_words, *body) if len(word) > 1 and word[0].isdigit()]
    return Features(
        title=_counts(title_words),
        lead=_counts(words(lead(opening))[:MAX_LEAD_WORDS]),
        body=_counts(body),
        names=_counts((*names(f"{title}\n{opening}", language), *figures)),
    )


def _counts(terms: Iterable[str]) -> dict[str, int]:
    """Counts by sorted term; over-long terms (a base64 blob, an URL run together) tell nothing and are left out."""
    counts = Counter(term for term in terms if len(term) <= MAX_TERM_CHARS)
    return {term: min(counts[term], MAX_COUNT) for term in sorted(counts)}
