"""Why are two texts copies, one a rewrite of the other, or neither? The decision itself, shown with its parts."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.dedup.matching import Candidate, DuplicatePolicy, Overlap, compare, decide_duplicate
from monitor.types import DuplicateLink, RewriteLink


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateExplanation:
    """`verdict` is exact, near, syndicated, rewrite or none; `threshold` is the containment that this pair needs."""

    verdict: str
    containment: float
    jaccard: float
    facts: float
    threshold: float
    facts_threshold: float
    n_shared: int
    length_ratio: float
    because: str


def explain_duplicate(a: Candidate, b: Candidate, *, policy: DuplicatePolicy | None = None) -> DuplicateExplanation:
    """The decision about a pair, the same whichever comes first."""
    policy = policy or DuplicatePolicy()
    overlap = compare(a.fingerprint, b.fingerprint)
    threshold, facts_threshold = _thresholds(overlap, policy)
    link = decide_duplicate(a, b, policy)
    return DuplicateExplanation(
        verdict=_verdict(link),
        containment=overlap.containment,
        jaccard=overlap.jaccard,
        facts=overlap.facts,
        threshold=threshold,
        facts_threshold=facts_threshold,
        n_shared=overlap.n_shared,
        length_ratio=overlap.length_ratio,
        because=_because(link, overlap, (threshold, facts_threshold), policy),
    )


def _thresholds(overlap: Overlap, policy: DuplicatePolicy) -> tuple[float, float]:
    if overlap.n_words < policy.short_words:
        return policy.short_containment, 1.0
    if overlap.n_facts < policy.min_facts:
        return policy.strong_containment, max(0, overlap.n_facts - 1) / max(1, overlap.n_facts)
    if overlap.containment >= policy.strong_containment:
        return policy.strong_containment, policy.strong_facts
    return policy.containment, policy.facts


def _verdict(link: DuplicateLink | RewriteLink | None) -> str:
    if link is None:
        return "none"
    return str(link.kind) if isinstance(link, DuplicateLink) else "rewrite"


def _because(
    link: DuplicateLink | RewriteLink | None, overlap: Overlap, thresholds: tuple[float, float], policy: DuplicatePolicy
) -> str:
    containment, facts = thresholds
    shared = f"{overlap.containment:.0%} of the shorter text stands in the longer"
    if isinstance(link, DuplicateLink):
        return "both have the same text" if overlap.is_same_text else f"{shared}, and {overlap.facts:.0%} of its facts"
    if isinstance(link, RewriteLink):
        return f"{shared}: {link.because}"
    if overlap.containment < containment:
        return f"only {shared}; {containment:.0%} make a copy"
    if overlap.facts < facts:
        return f"{shared}, but only {overlap.facts:.0%} of its numbers and names; {facts:.0%} make a copy"
    if overlap.n_numbers >= policy.min_numbers and overlap.numbers < policy.numbers:
        return f"{shared}, but only {overlap.numbers:.0%} of its numbers; {policy.numbers:.0%} make a copy"
    return f"{shared}, but length, date or title speak against a copy"
