"""Which stored articles are worth comparing with a new one?

The index gives (band, article) rows for the bands of the new text. A band that more than `max_band` articles share is a
common phrase, a boilerplate line or a much-copied text: of such a band only the earliest articles count, since the
original of a much-copied text is among them. Articles are ranked by how many bands they share, earlier ids first among
equals. The originals of the chosen ones are compared too, so that the thousandth copy still meets its original.

Bands of facts are for texts retold in other words, which bring a few more articles in, ranked for themselves: a pair of
names that `max_fact_band` articles share tells nothing and is left out, and among equals the latest come first, since
news is retold within days.
Pure; the SQL that reads the rows can apply the same caps with ORDER BY and LIMIT.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.dedup.fingerprint import is_fact_band
from monitor.types import ArticleId


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatePolicy:
    """How many articles a band may bring in, and how many are compared in the end."""

    max_band: int = 50
    max_candidates: int = 60
    max_fact_band: int = 50
    max_by_facts: int = 20


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
    ranked = _by_shingles([ids for band, ids in by_band.items() if not is_fact_band(band)], policy)
    ranked += _by_facts([ids for band, ids in by_band.items() if is_fact_band(band)], set(ranked), policy)
    known = original_of or {}
    originals = sorted({known[article_id] for article_id in ranked if article_id in known} - set(ranked))
    return [*ranked, *originals]


def _by_shingles(bands: Iterable[set[ArticleId]], policy: CandidatePolicy) -> list[ArticleId]:
    n_shared = Counter(article_id for ids in bands for article_id in sorted(ids)[: policy.max_band])
    return sorted(n_shared, key=lambda article_id: (-n_shared[article_id], article_id))[: policy.max_candidates]


def _by_facts(bands: Iterable[set[ArticleId]], taken: set[ArticleId], policy: CandidatePolicy) -> list[ArticleId]:
    telling = (ids for ids in bands if len(ids) < policy.max_fact_band)
    n_shared = Counter(article_id for ids in telling for article_id in ids - taken)
    return sorted(n_shared, key=lambda article_id: (-n_shared[article_id], -article_id))[: policy.max_by_facts]
