"""Stories were decided anew: which of them carries on which stored id, and what is different?

A stored id goes to the new story that has most of its members; among equals to the one with its anchor, then to the one
that began first. No id goes to two, and a new story gets one at most. Ids that nobody carries on lead to the story that
most of their members went to; new stories without an id get one of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from monitor.types import ArticleId, StoryId


@dataclass(frozen=True, slots=True)
class Difference:
    """Stored stories by what became of them, each in the first kind that fits, and the articles that change places.

    `merged`: its id leads to another story; `split`: parts of it are other stories; `changed`: members came or went.
    `left` and `placed` have only the articles that move; a number below 0 stands for a new story.
    """

    n_unchanged: int
    changed: tuple[StoryId, ...]
    merged: tuple[StoryId, ...]
    split: tuple[StoryId, ...]
    n_new: int
    left: Mapping[ArticleId, StoryId]
    placed: Mapping[ArticleId, int]


def match_ids(
    groups: Sequence[Collection[ArticleId]],
    stored: Mapping[ArticleId, StoryId],
    anchors: Mapping[StoryId, ArticleId],
) -> list[int]:
    """The id of each group, in their order; below 0 for those that carry on none."""
    claims: list[tuple[int, bool, int, StoryId]] = []
    for position, group in enumerate(groups):
        shared = Counter(stored[one] for one in group if one in stored)
        claims += [(-n, anchors.get(old) not in group, position, old) for old, n in shared.items()]
    ids: dict[int, int] = {}
    taken: set[StoryId] = set()
    for _, _, position, old in sorted(claims):
        if position not in ids and old not in taken:
            ids[position] = old
            taken.add(old)
    new = count(1)
    return [ids[position] if position in ids else -next(new) for position in range(len(groups))]


def compare_stories(
    groups: Sequence[Collection[ArticleId]],
    stored: Mapping[ArticleId, StoryId],
    anchors: Mapping[StoryId, ArticleId],
) -> Difference:
    """What changes when the stored stories become these groups of the same articles."""
    ids = match_ids(groups, stored, anchors)
    final = {one: number for number, group in zip(ids, groups, strict=True) for one in group}
    before: dict[StoryId, set[ArticleId]] = {}
    for one, story_id in stored.items():
        before.setdefault(story_id, set()).add(one)
    after = {number: set(group) for number, group in zip(ids, groups, strict=True)}
    kinds: dict[str, list[StoryId]] = {"unchanged": [], "changed": [], "merged": [], "split": []}
    for story_id, members in sorted(before.items()):
        kinds[_kind(story_id, members, after, final)].append(story_id)
    placed = {one: number for one, number in sorted(final.items()) if stored[one] != number}
    return Difference(
        n_unchanged=len(kinds["unchanged"]),
        changed=tuple(kinds["changed"]),
        merged=tuple(kinds["merged"]),
        split=tuple(kinds["split"]),
        n_new=sum(number < 0 for number in ids),
        left={one: stored[one] for one in placed},
        placed=placed,
    )


def _kind(
    story_id: StoryId, members: set[ArticleId], after: Mapping[int, set[ArticleId]], final: Mapping[ArticleId, int]
) -> str:
    if story_id not in after:
        return "merged"
    if len({final[one] for one in members}) > 1:
        return "split"
    return "unchanged" if after[story_id] == members else "changed"
