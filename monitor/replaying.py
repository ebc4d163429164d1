"""Do the stored stories follow from the stored order? Decides it once more, from nothing.

The proof of what the assigner promises: whatever crashed, however many processes took part and in whatever batches,
stories equal a replay of arrivals and of what people did in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from monitor.app import App
from monitor.cluster.features import SCHEME as FEATURES
from monitor.cluster.index import StoryIndex
from monitor.cluster.placing import StoryKeeper
from monitor.cluster.revise import Merge
from monitor.cluster.stage import facts_of, stored_member
from monitor.cluster.statistics import Statistics
from monitor.store import constraints, memberships
from monitor.store.constraints import Constraint
from monitor.store.memberships import Arrival
from monitor.store.story_log import ASSIGNER, LOCKED, UNLOCKED, LogEntry, load_numbered, load_started
from monitor.types import ArticleId, StoryId

_UNKNOWN = 1 << 40
"""Numbers of stories that a replay begins and the daemon did not: above all ids."""


def replay(app: App, language: str) -> dict[ArticleId, StoryId]:
    """Decide the stored order of a language's stories once more, from nothing; maps each article to its story.

    From what the assigner knew then: the features and dates of each arrival, and whom it had to follow; and what people
    changed, at its place in the order. Texts, languages and links may have changed since. The log only gives the names
    of stories. Where articles were merged or erased their arrivals are missing.
    """
    with app.store.read() as conn:
        arrivals = memberships.load_arrivals(conn, language, scheme=FEATURES)
        again = _Replay(
            language=language,
            keeper=StoryKeeper(StoryIndex(language, Statistics(language))),
            started=load_started(conn),
            entries=load_numbered(conn),
            facts=constraints.load_constraints(conn),
        )
    for row in arrivals:
        again.change_until(row.arrival_no)
        again.place(row)
    again.change_until(_UNKNOWN)
    return again.placed


@dataclass(slots=True)
class _Replay:
    """Where a replay stands. `entries` are left to be repeated, in their order."""

    language: str
    keeper: StoryKeeper
    started: dict[ArticleId, list[StoryId]]
    entries: list[LogEntry]
    facts: list[Constraint]
    placed: dict[ArticleId, StoryId] = field(default_factory=dict)
    parts: dict[int, StoryId] = field(default_factory=dict)
    unknown: Iterator[int] = field(default_factory=lambda: count(_UNKNOWN))
    n_repeated: int = 0

    def change_until(self, arrival_no: int) -> None:
        """What people did before an arrival; of the assigner's own changes only the names they gave."""
        locked, is_changed = self.keeper.facts.locked, False
        while self.n_repeated < len(self.entries) and (self.entries[self.n_repeated].arrival_no or 0) <= arrival_no:
            entry = self.entries[self.n_repeated]
            self.n_repeated += 1
            if entry.who == ASSIGNER:
                self.parts[entry.arrival_no or 0] = entry.moves[-1].joined_id
                continue
            is_changed = True
            for move in entry.moves:
                ids = [one for one in move.ids if one in self.placed]
                self.placed.update(dict.fromkeys(ids, move.joined_id))
                self.keeper.move(ids, move.joined_id)
            if entry.action in {LOCKED, UNLOCKED}:
                locked = locked | {entry.story_id} if entry.action == LOCKED else locked - {entry.story_id}
        if is_changed:
            holding = [one for one in self.facts if one.made_no <= arrival_no < (one.lifted_no or _UNKNOWN)]
            self.keeper.facts = facts_of(holding, locked)

    def place(self, row: Arrival) -> None:
        """One arrival, and what it leads to."""
        before = self.placed.pop(row.article_id, None)
        self.keeper.index.remove(row.article_id)
        if row.language != self.language:
            return
        member = stored_member(row)
        followed = None if row.follows_id is None else self.placed.get(row.follows_id)
        decision = self.keeper.decide(member, follows=followed, story_of=self.placed)
        story_id = decision.story_id
        if story_id is None and before is not None and before not in self.placed.values():
            story_id = before  # alone there, and near to no other
        elif story_id is None:
            named = self.started.get(row.article_id)
            story_id = named.pop(0) if named else StoryId(next(self.unknown))
        self.placed[row.article_id] = story_id
        self.keeper.add(story_id, member)
        change = self.keeper.revise(member, decision, self.placed)
        if isinstance(change, Merge):
            self._rename({one for one, in_ in self.placed.items() if in_ == change.gone_id}, change.kept_id)
            self.keeper.apply(change)
        elif change is not None:
            part_id = self.parts.get(row.arrival_no) or StoryId(next(self.unknown))
            self._rename(change.moved_ids, part_id)
            self.keeper.apply(change, part_id)

    def _rename(self, ids: Iterable[ArticleId], story_id: StoryId) -> None:
        self.placed.update(dict.fromkeys(ids, story_id))
