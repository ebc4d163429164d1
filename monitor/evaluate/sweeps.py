"""What would other bars give? Each figure at values around the default: a report, never the result.

The product has one configuration for every set; a value that is best here was chosen by looking at the labels. Stories
are placed anew for each value, in the first order; of duplicates the pairs that were compared are judged anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from monitor.cluster.assign import AssignPolicy
from monitor.dedup.matching import DuplicatePolicy
from monitor.evaluate.duplicates import GroupsRun, PairsRun, links_of, pair_score
from monitor.evaluate.metrics import Score, bcubed
from monitor.evaluate.progress import Report, silent
from monitor.evaluate.stories import StoriesRun, gold_of, place_streams, polluted

STORY_BAR = "min_probability"
_STORY_STEPS = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3)
COPY_BAR = "containment"
_COPY_STEPS = tuple(round(0.05 * step, 2) for step in range(-4, 5))


@dataclass(frozen=True, slots=True)
class SweptValue:
    """The figures at one value of a bar; `polluted` for stories alone."""

    value: float
    is_default: bool
    score: Score
    polluted: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """For output."""
        found = {"value": self.value, "is_default": self.is_default, **self.score.rounded()}
        return found if self.polluted is None else found | {"polluted": round(self.polluted, 4)}


@dataclass(frozen=True, slots=True)
class Sweep:
    """A field of the policy with the figures at its values, in rising order."""

    field: str
    values: tuple[SweptValue, ...]

    def as_dict(self) -> dict[str, Any]:
        """For output."""
        return {"field": self.field, "values": [value.as_dict() for value in self.values]}


def sweep_stories(run: StoriesRun, *, policy: AssignPolicy | None = None, report: Report = silent) -> Sweep:
    """BCubed and pollution on arrival, with the probability that joining needs varied."""
    policy = policy or AssignPolicy()
    default = policy.min_probability
    found = []
    for number, step in enumerate(_STORY_STEPS, start=1):
        placed = (
            run.orders[0]
            if not step
            else place_streams(run.streams, policy=replace(policy, min_probability=default + step))
        )
        scored = [each for each in placed if each.article.label is not None]
        score = bcubed([each.story for each in scored], [gold_of(each) for each in scored])
        found.append(SweptValue(round(default + step, 6), not step, score, polluted(placed)))
        report("values of the bar tried", number, len(_STORY_STEPS))
    return Sweep(STORY_BAR, tuple(found))


def sweep_pairs(run: PairsRun, report: Report = silent) -> Sweep:
    """Precision and recall of the pairs, with the containment that makes a copy varied."""
    found = []
    for number, (policy, is_default) in enumerate(_copy_policies(), start=1):
        links = links_of(run.stored, None if is_default else policy)
        linked = {frozenset((link.article_id, link.original_id)) for link in links}
        score = pair_score(run.pairs, [frozenset(pair.ids) in linked for pair in run.pairs])
        found.append(SweptValue(policy.containment, is_default, score))
        report("values of the bar tried", number, len(_COPY_STEPS))
    return Sweep(COPY_BAR, tuple(found))


def sweep_groups(run: GroupsRun, report: Report = silent) -> Sweep:
    """BCubed of the copy groups, with the containment that makes a copy varied."""
    found = []
    for number, (policy, is_default) in enumerate(_copy_policies(), start=1):
        predicted = run.predicted(links_of(run.stored, None if is_default else policy))
        found.append(SweptValue(policy.containment, is_default, bcubed(predicted, run.gold)))
        report("values of the bar tried", number, len(_COPY_STEPS))
    return Sweep(COPY_BAR, tuple(found))


def _copy_policies() -> Sequence[tuple[DuplicatePolicy, bool]]:
    """The default among others; the bar for texts with few facts is never below the one for the rest."""
    default = DuplicatePolicy()
    bars = [(round(default.containment + step, 6), not step) for step in _COPY_STEPS]
    return [
        (replace(default, containment=bar, strong_containment=max(bar, default.strong_containment)), is_default)
        for bar, is_default in bars
    ]
