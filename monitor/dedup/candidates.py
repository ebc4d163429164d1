"""Which stored articles are worth comparing with a new one?

The index gives (band, article) rows for the bands of the new text. A band that more than `max_band` articles share is a
common phrase, a boilerplate line or a much-copied text: of such a band only the earliest articles count, since the
original of a much-copied text is among them. Articles are ranked by how many bands they share, earlier ids first among
equals. The originals of the chosen ones are compared too, so that the thousandth copy still meets its original.
Pure; the SQL that reads the rows can apply the same cap with ORDER BY and LIMIT.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.types import ArticleId


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatePolicy:
    """How many articles a band may bring in, and how many are compared in the end."""

    max_band: int = 50
    max_candidates: int = 60


def choose_candidates(
    rows: Iterable[tuple[int, ArticleId]],
    *,
    policy: CandidatePolicy | None = None,
    original_of: Mapping[ArticleId, ArticleId] | None = None,
) -> list[ArticleId]:
    """Articles to compare, most promising first. `original_of` maps known copies to their originals."""
    policy = policy or CandidatePolicy()
    by_band: dict[int, set[ArticleId]] = {}
    for band, article_id in rows:
        by_band.setdefault(band, set()).add(article_id)
    n_shared = Counter(article_id for band in by_band.values() for article_id in sorted(band)[: policy.max_band])
    ranked = sorted(n_shared, key=lambda article_id: (-n_shared[article_id], article_id))[: policy.max_candidates]
    known = original_of or {}
    originals = sorted({known[article_id] for article_id in ranked if article_id in known} - set(ranked))
    return [*ranked, *originals]
