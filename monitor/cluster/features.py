"""Which countable features of an article tell what event it reports?

Four fields of term counts: words of the title, of the lead (two sentences), of the opening of the text, and names with
figures (capitalised words and runs of them, numbers of two digits or more); and a sketch of the wording, the least
SKETCH_SIZE hashes of its three-word shingles (Broder 1997), which tells articles made from one template. Nothing but
integers and strings is kept, so that a score taken from stored features is the same in every process. With them stands
the article's kind, which the guards tell from title and text.

No stop words and no word lists: what is common is a matter of `Statistics`. An article without title, or without text,
has fewer fields and is still comparable.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress, repeat

from monitor.cluster.guards import Kind, kind_of
from monitor.text.sentences import lead
from monitor.text.stems import stem
from monitor.text.tokens import figures, names, words

SCHEME = "features-2"
FIELDS = ("title", "lead", "body", "names")

MAX_BODY_WORDS = 450
"""News tells the event first; what comes after is background that many stories share."""
MAX_BODY_CHARS = 4_000
MAX_LEAD_WORDS = 80
MAX_TERM_CHARS = 60
MAX_COUNT = 255
SKETCH_SIZE = 128
"""Estimates the Jaccard similarity of two wordings with a standard error of .035 at .2."""
_SHINGLE = 3
_SPREAD = 0x9E3779B1


@dataclass(frozen=True)
class Features:
    """Term counts of one article by field, 1..255. `sketch`: ascending 32-bit hashes; `terms`: all fields, sorted."""

    title: Mapping[str, int]
    lead: Mapping[str, int]
    body: Mapping[str, int]
    names: Mapping[str, int]
    sketch: tuple[int, ...] = ()
    kind: Kind = Kind.REPORT

    @cached_property
    def terms(self) -> tuple[str, ...]:
        return tuple(sorted({term for field in self.by_field() for term in field}))

    @cached_property
    def stem_of_term(self) -> tuple[str, ...]:
        """Beside each of `terms`."""
        return tuple(map(stem, self.terms))

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """What of the terms articles are compared by, and what is counted: all distinct stems, sorted."""
        return tuple(sorted(set(self.stem_of_term)))

    @cached_property
    def places(self) -> tuple[int, ...]:
        """Of each term, where its stem stands among `stems`."""
        place = {each: number for number, each in enumerate(self.stems)}
        return tuple(map(place.__getitem__, self.stem_of_term))

    def written(self, stems: Collection[str]) -> dict[str, str]:
        """How the article writes some of its stems: the term that it has most often, of equals the shortest."""
        found: dict[str, tuple[int, int, str]] = {}
        for term, its in zip(self.terms, self.stem_of_term, strict=True):
            if its in stems:
                n = sum(field.get(term, 0) for field in self.by_field())
                found[its] = min(found.get(its, (0, 0, "")), (-n, len(term), term))
        return {its: term for its, (_, _, term) in found.items()}

    @cached_property
    def counts(self) -> bytes:
        """A row for each field, with a byte for each of `terms`."""
        return b"".join(bytes(map(field.get, self.terms, repeat(0))) for field in self.by_field())

    def by_field(self) -> tuple[Mapping[str, int], ...]:
        """The four mappings in the order of `FIELDS`."""
        return (self.title, self.lead, self.body, self.names)

    def to_bytes(self) -> bytes:
        """One to three kilobytes for an article of usual length."""
        terms = self.terms
        head = json.dumps([SCHEME, terms, self.kind], ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )
        sketch = struct.pack(f">{len(self.sketch)}I", *self.sketch)
        return zlib.compress(len(head).to_bytes(4, "big") + head + self.counts + sketch, 6)

    @staticmethod
    def from_bytes(data: bytes) -> Features:
        """The inverse of `to_bytes`. ValueError when the bytes are of another scheme."""
        raw = zlib.decompress(data)
        start = 4 + int.from_bytes(raw[:4], "big")
        scheme, *head = json.loads(raw[4:start].decode("utf-8", "surrogatepass"))
        if scheme != SCHEME:
            raise ValueError(f"features of scheme {scheme}, not {SCHEME}")
        terms, kind = head
        n = len(terms)
        counts, tail = raw[start : start + len(FIELDS) * n], raw[start + len(FIELDS) * n :]
        rows = (counts[i * n : (i + 1) * n] for i in range(len(FIELDS)))
        title, lead_, body, names_ = (dict(zip(compress(terms, row), filter(None, row), strict=True)) for row in rows)
        found = Features(title, lead_, body, names_, struct.unpack(f">{len(tail) // 4}I", tail), Kind(kind))
        vars(found).update(terms=tuple(terms), counts=counts)  # cached: a restart reads features by the 100,000
        return found


def features(title: str, text: str, language: str | None = None) -> Features:
    """Features of an article; `language` (ISO 639-1) steers which capitals make a name. About 3 ms of CPU."""
    opening = text[:MAX_BODY_CHARS]
    body = words(opening)[:MAX_BODY_WORDS]
    whole = f"{title}\n{opening}"
    return Features(
        title=_counts(words(title)),
        lead=_counts(words(lead(opening))[:MAX_LEAD_WORDS]),
        body=_counts(body),
        names=_counts((*names(whole, language), *figures(whole, language))),
        sketch=_sketch(body),
        kind=kind_of(title, text, language),
    )


SAME_TERMS = 0.75
"""Of all terms that the features of two texts have, this share is common to both where one still tells of the other's
event: a correction leaves more, a second report on the event leaves less."""


def is_other(before: Features, after: Features) -> bool:
    """Did a text change so much that its story is to be decided again?

    By the distinct terms of title, opening and names: background that changes far down in a text tells of no other
    event. A typo or figure corrected, a sentence added to a report of usual length are no such change; a notice that
    became a report is one.
    """
    n_both = len(set(before.terms) & set(after.terms))
    n_all = len(before.terms) + len(after.terms) - n_both
    return n_both < SAME_TERMS * n_all


def _sketch(words_in_order: Sequence[str]) -> tuple[int, ...]:
    """The least hashes of the shingles of a text, ascending and unique; texts of under three words have none."""
    shingles = zip(*(words_in_order[i:] for i in range(_SHINGLE)), strict=False)
    hashes = {zlib.crc32(" ".join(each).encode("utf-8", "surrogatepass")) * _SPREAD & 0xFFFFFFFF for each in shingles}
    return tuple(sorted(hashes)[:SKETCH_SIZE])


def _counts(terms: Iterable[str]) -> dict[str, int]:
    """Counts by sorted term; over-long terms (a base64 blob, an URL run together) tell nothing and are left out."""
    counts = Counter(term for term in terms if len(term) <= MAX_TERM_CHARS)
    return {term: min(counts[term], MAX_COUNT) for term in sorted(counts)}
