"""What of a text is kept so that its copies can be found and proved?

A fingerprint holds the hash of the normalised text, the hashes of all word shingles (for containment), of its facts
(numbers and names, for telling template articles apart and for knowing whom a text follows), and the bands of a plain
index. Words are those of `monitor.text.tokens`, so scripts without spaces are compared by character pairs. Datelines,
agency lines and credits are left out when the caller names them. Nothing depends on the process: hashes are BLAKE2b and
multiplications modulo 2**64 with constants drawn from the name of the scheme.

Shingles of K = 3 words prove, because edits of single words leave most of them alone; shingles of K = 6 words index,
because two unrelated texts hardly ever share one. The index holds 36 bands of one MinHash row each: two texts with
Jaccard similarity j over 6-word shingles share a band with probability 1 - (1 - j)**36.

    verbatim third of a text                j = .333                               certain
    containment .7, a third of the other    j = .7 / (3 + 1 - .7) = .212           found with .9998
    the same of equal length                j = .7 / (2 - .7) = .538               certain
    10 % of all words replaced              .9**6 = .53 survive, j = .36           certain
    a third of a text, 10 % replaced        j = .53 / (4 - .53) = .153             found with .9975
    containment .4, a third of the other    j = .4 / 3.6 = .111                    found with .986
    unrelated English news                  a quoted phrase now and then           0.5 % of pairs collide, measured

One row a band beats two rows a band of shorter shingles at the same index size: for j = .212 two rows need 102 bands
for .99. The price, a common phrase that many texts share, is paid by `candidates.py`, which caps such bands.

A text retold in other words shares no shingle, but it shares facts. 24 more bands of two MinHash rows each are made of
the facts, so that such a text meets what it follows: one name is common, two of them together are
rare. Texts whose facts have Jaccard similarity .4 share such a band with probability .98, at .25 with .79.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from monitor.text.normalise import fold, text_hash
from monitor.text.tokens import names, words

SCHEME = "shingles-3"
K = 3
K_INDEX = 6
N_SHINGLE_BANDS = 36
N_FACT_BANDS = 24
N_BANDS = N_SHINGLE_BANDS + N_FACT_BANDS
MIN_FACTS = 4
"""A text with fewer facts is not looked for by them: it would meet every other text about the same place."""
MAX_WORDS = 20_000
"""Longer texts are fingerprinted by their first words: a bound on time and memory, not on news."""

Hashes = NDArray[np.uint64]
_BAND_BITS = 6
_BLOCK = 1 << 13
_MAGIC = b"F1"


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """`shingles` and `facts` are sorted and unique; facts that are numbers have odd hashes, names have even ones.

    `bands` are 0..2**63 - 1 and carry their number in the low bits: those of shingles, then those of facts.
    """

    scheme: str
    text_hash: str
    n_words: int
    shingles: Hashes
    facts: Hashes
    bands: tuple[int, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fingerprint) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash((self.scheme, self.text_hash))

    @property
    def signature(self) -> bytes:
        """The bands as bytes."""
        return np.array(self.bands, dtype=">u8").tobytes()

    def to_bytes(self) -> bytes:
        """About 8 bytes a word."""
        sizes = np.array([self.n_words, len(self.bands), len(self.shingles), len(self.facts)], dtype=">u4").tobytes()
        head = _MAGIC + bytes([len(self.scheme)]) + self.scheme.encode("ascii") + bytes.fromhex(self.text_hash)
        return head + sizes + self.signature + _packed(self.shingles) + _packed(self.facts)

    @staticmethod
    def from_bytes(data: bytes) -> Fingerprint:
        """The inverse of `to_bytes`; ValueError when the bytes are not a fingerprint."""
        if data[:2] != _MAGIC:
            raise ValueError("not a fingerprint")
        start = 3 + data[2]
        scheme, digest = data[3:start].decode("ascii"), data[start : start + 16].hex()
        n_words, n_bands, n_shingles, n_facts = np.frombuffer(data, ">u4", 4, start + 16).tolist()
        n_before = n_bands + n_shingles
        values = np.frombuffer(data, ">u8", n_before + n_facts, start + 32).astype(np.uint64)
        bands, shingles, facts = values[:n_bands], values[n_bands:n_before], values[n_before:]
        return Fingerprint(scheme, digest, n_words, shingles, facts, tuple(bands.tolist()))


def fingerprint(text: str, ignore: Sequence[str] = (), language: str | None = None) -> Fingerprint:
    """Fingerprint of a text without the lines and openings in `ignore` (dateline, agency, credit). About 2 ms of CPU.

    A text of fewer words than a shingle has one shingle of all its words; an empty one has none and no bands. Of
    `language` only German matters, where every noun has a capital.
    """
    compared = without(text, ignore)
    tokens = words(compared)[:MAX_WORDS]
    word_hashes = _hashes(tokens)
    facts = _facts(tokens, set(names(compared, language)) - {fold(phrase).strip() for phrase in ignore})
    return Fingerprint(
        scheme=SCHEME,
        text_hash=text_hash(compared),
        n_words=len(tokens),
        shingles=_sorted_set(_shingles(word_hashes, K)),
        facts=facts,
        bands=(*_shingle_bands(_shingles(word_hashes, K_INDEX)), *_fact_bands(facts)),
    )


def shingles_of(tokens: Sequence[str], k: int) -> Hashes:
    """Hashes of all runs of k words, sorted and unique; one of all words of a text that has fewer."""
    return _sorted_set(_shingles(_hashes(tokens), k))


def are_in(some: Hashes, others: Hashes) -> NDArray[np.bool_]:
    """Which of some hashes stand among others, which are sorted; half the time of sorting both together."""
    if not len(others):
        return np.zeros(len(some), dtype=np.bool_)
    found: NDArray[np.bool_] = others.take(np.searchsorted(others, some), mode="clip") == some
    return found


def is_fact_band(band: int) -> bool:
    """Is it a band made of facts, not of shingles?"""
    return band >= 0 and band & (2**_BAND_BITS - 1) >= N_SHINGLE_BANDS


def without(text: str, ignore: Sequence[str]) -> str:
    """The text without the given phrases where they open it, close it, or fill a line of their own."""
    phrases = [fold(phrase).strip() for phrase in ignore if phrase.strip()]
    if not phrases:
        return text
    lines = [line for line in text.splitlines() if fold(line).strip(" \t()[]-–—.:") not in phrases]
    if lines:
        lines[0] = _trimmed_start(lines[0], phrases)
        lines[-1] = _trimmed_end(lines[-1], phrases)
    return "\n".join(lines)


def _trimmed_start(line: str, phrases: Sequence[str]) -> str:
    """Folding may change lengths, so the cut is found by folding ever longer openings."""
    for phrase in phrases:
        if fold(line).strip().startswith(phrase):
            cut = next(i for i in range(len(line) + 1) if fold(line[:i]).strip().startswith(phrase))
            return line[cut:].lstrip(" \t)]-–—.:,")
    return line


def _trimmed_end(line: str, phrases: Sequence[str]) -> str:
    for phrase in phrases:
        if fold(line).rstrip(" \t)].").endswith(phrase):
            cut = next(i for i in range(len(line), -1, -1) if phrase in fold(line[i:]))
            return line[:cut].rstrip(" \t([-–—")
    return line


@lru_cache(maxsize=1 << 16)
def _hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _hashes(tokens: Sequence[str]) -> Hashes:
    return np.fromiter(map(_hash, tokens), dtype=np.uint64, count=len(tokens))


def _shingles(word_hashes: Hashes, k: int) -> Hashes:
    """One mixed hash for each run of k words: a polynomial in an odd constant, so that order counts."""
    n = len(word_hashes)
    if n == 0:
        return word_hashes
    k = min(k, n)
    total = np.full(n - k + 1, k, dtype=np.uint64)
    for i in range(k):
        total = total * np.uint64(0x9E3779B97F4A7C15) + word_hashes[i : n - k + 1 + i]
    return _mixed(total)


def _sorted_set(values: Hashes) -> Hashes:
    """What np.unique gives, several times faster on a few hundred values."""
    values = np.sort(values)
    return values[np.concatenate(([True], values[1:] != values[:-1]))] if len(values) else values


def _mixed(values: Hashes) -> Hashes:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every input bit moves every output bit."""
    values = values ^ (values >> np.uint64(30))
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


def _facts(tokens: Sequence[str], named: set[str]) -> Hashes:
    # Pairs of Chinese numerals are numbers too.
    numbers = {token for token in tokens if token[0].isdigit() or (len(token) > 1 and token.isnumeric())}
    hashes = {_hash(number) | 1 for number in numbers} | {_hash(name) & ~1 for name in named - numbers}
    return _sorted_set(np.fromiter(hashes, dtype=np.uint64, count=len(hashes)))


def _shingle_bands(shingles: Hashes) -> tuple[int, ...]:
    """The least value under each of N_SHINGLE_BANDS permutations."""
    if not len(shingles):
        return ()
    return _numbered(_least(shingles, _seeds()[:N_SHINGLE_BANDS]), 0)


def _fact_bands(facts: Hashes) -> tuple[int, ...]:
    """Of each pair of permutations the two least values together; none for a text of fewer than MIN_FACTS facts."""
    if len(facts) < MIN_FACTS:
        return ()
    least = _least(facts, _seeds()[N_SHINGLE_BANDS:])
    return _numbered(_mixed(least[::2] * np.uint64(0x9E3779B97F4A7C15) + least[1::2]), N_SHINGLE_BANDS)


def _least(values: Hashes, seeds: Hashes) -> Hashes:
    """The least of the values under each permutation. In blocks that a processor's cache holds."""
    block = max(1, _BLOCK // len(values))
    parts = (_mixed(values ^ seeds[i : i + block, None]).min(axis=1) for i in range(0, len(seeds), block))
    return np.concatenate(list(parts))


def _numbered(values: Hashes, first: int) -> tuple[int, ...]:
    """57 bits of each value above the number of its band."""
    numbers = np.arange(first, first + len(values), dtype=np.uint64)
    kept = values >> np.uint64(1 + _BAND_BITS) << np.uint64(_BAND_BITS)
    return tuple((kept | numbers).tolist())


@cache
def _seeds() -> Hashes:
    n_seeds = N_SHINGLE_BANDS + 2 * N_FACT_BANDS
    return np.array([_hash(f"{SCHEME}/{number}") for number in range(n_seeds)], dtype=np.uint64)


def _packed(values: Hashes) -> bytes:
    return values.astype(">u8").tobytes()
