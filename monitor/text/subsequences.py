"""What have two sequences of words in common, in their order?

The table of the longest common subsequence, a row at a time and each row as the bits of one number: the time grows with
the product of the lengths divided by some thousands, whatever stands in the sequences.

Source: Hyyrö, "Bit-parallel LCS-length computation revisited" (2004).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence


def subsequence_rows(a: Sequence[str], b: Sequence[str]) -> Iterator[int]:
    """After each element of `a`: a number whose bit j is 0 where the common part grows with element j of `b`."""
    places: dict[str, list[int]] = {}
    for j, token in enumerate(b):
        places.setdefault(token, []).append(j)
    masks: dict[str, int] = {}
    full = (1 << len(b)) - 1
    row = full
    for token in a:
        if token in places:
            if token not in masks:
                masks[token] = _mask(places[token], len(b))
            hit = row & masks[token]
            row = ((row + hit) | (row - hit)) & full
        yield row


def n_common(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    return len(b) - last_row(a, b).bit_count()


def last_row(a: Sequence[str], b: Sequence[str]) -> int:
    """The last of `subsequence_rows`, with no more than one of them in memory; all ones for an empty `a`."""
    last = deque(subsequence_rows(a, b), maxlen=1)
    return last[0] if last else (1 << len(b)) - 1


def _mask(places: Sequence[int], n_bits: int) -> int:
    bits = bytearray(n_bits // 8 + 1)
    for j in places:
        bits[j >> 3] |= 1 << (j & 7)
    return int.from_bytes(bits, "little")
