"""What happens when an article arrives: which story takes it, and does that make two stories one, or one two?

The one path that the daemon, a replay, a rebuild and the evaluation share. They differ in where story ids come from and
where the outcome is written, so each arrival goes in steps: `decide` (changes nothing), `add` with the id of the story,
`revise` (changes nothing), and `apply` with the id that the revision leads to. `place` does all of them where ids are
only numbers.

All follows from the order of arrivals and the facts of people: at most one revision after each arrival, and only of the
story that it touched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from monitor.cluster.assign import Assignment, Member
from monitor.cluster.facts import Facts
from monitor.cluster.index import StoryIndex
from monitor.cluster.revise import Change, Merge, RevisePolicy, decide_merge, decide_split
from monitor.types import ArticleId, StoryId

BY_HAND = "by hand"
"""Why an article joined where somebody said that it belongs."""


@dataclass(frozen=True, slots=True)
class Placement:
    """An article with the story it was put into on arrival, why, and what that led to."""

    story_id: StoryId
    decision: Assignment
    change: Change | None
    new_story_id: StoryId | None = None
    """Of the part that a split took out."""


class StoryKeeper:
    """The stories of one language in memory, with what people decided about them."""

    def __init__(self, index: StoryIndex, *, facts: Facts | None = None, policy: RevisePolicy | None = None) -> None:
        self.index = index
        self.facts = facts or Facts()
        self.policy = policy or RevisePolicy()

    def decide(
        self,
        article: Member,
        *,
        follows: StoryId | None = None,
        story_of: Mapping[ArticleId, StoryId] | None = None,
    ) -> Assignment:
        """Where the article belongs. `follows`: the story of its original; `story_of`: those of `facts.concerned`."""
        bounds = self.facts.bounds(article.article_id, story_of or {}, follows=follows)
        decision = self.index.assign(article, must_join=bounds.must_join, barred=bounds.barred)
        return replace(decision, because=BY_HAND) if bounds.is_by_hand else decision

    def add(self, story_id: StoryId, article: Member) -> None:
        """Enters the article that was decided last into its story."""
        self.index.add(story_id, article)

    def revise(
        self, article: Member, decision: Assignment, story_of: Mapping[ArticleId, StoryId] | None = None
    ) -> Change | None:
        """Whether the story that the article was added to merges with another one, or falls apart.

        `story_of`: the stories of those that facts keep apart and that may not be in memory any more.
        """
        story_id = self.index.story_of(article.article_id)
        if story_id is None or story_id in self.facts.locked or decision.story_id is None:
            return None
        places = self._places_apart(story_of or {}) if decision.also else {}
        merge = decide_merge(self.index, article, decision, facts=self.facts, places=places, policy=self.policy)
        return merge or decide_split(self.index, article, story_id, facts=self.facts, policy=self.policy)

    def _places_apart(self, story_of: Mapping[ArticleId, StoryId]) -> dict[ArticleId, StoryId]:
        found = {one: self.index.story_of(one) or story_of.get(one) for one in self.facts.kept_apart()}
        return {one: story_id for one, story_id in found.items() if story_id is not None}

    def apply(self, change: Change, new_story_id: StoryId | None = None) -> None:
        """Carries a revision out; a split needs the id of the story that its part becomes."""
        if isinstance(change, Merge):
            self.index.move(self.index.members(change.gone_id), change.kept_id)
        elif new_story_id is not None:
            self.index.move(change.moved_ids, new_story_id)

    def move(self, ids: Collection[ArticleId], story_id: StoryId) -> None:
        """Articles change places by hand; those that are not in memory any more are passed over."""
        self.index.move(ids, story_id)

    def place(
        self,
        article: Member,
        *,
        new_id: Callable[[], StoryId],
        follows: StoryId | None = None,
        story_of: Mapping[ArticleId, StoryId] | None = None,
    ) -> Placement:
        """All steps of one arrival, with `new_id` for each story that begins."""
        decision = self.decide(article, follows=follows, story_of=story_of)
        story_id = new_id() if decision.story_id is None else decision.story_id
        self.add(story_id, article)
        change = self.revise(article, decision, story_of)
        part_id = None
        if change is not None:
            part_id = None if isinstance(change, Merge) else new_id()
            self.apply(change, part_id)
        return Placement(story_id, decision, change, part_id)
