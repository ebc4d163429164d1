"""What would the stories be, had today's scheme decided the stored arrivals?

Decides the arrivals of a language since a moment once more, by the keeper that the daemon uses: with the features,
weights and bars of today, the statistics as they were at that moment, and the facts of people, which hold from the
beginning here. What arrived before stays where it is, unless its story merges or splits; locked stories stay as they
are. Nothing is changed until the outcome is applied, and that is one entry of the log, which can be taken back.

Corrections that left no fact (an automatic merge that was taken back leaves one) are decided anew.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from monitor.app import App
from monitor.cluster.assign import SCHEME as STORIES
from monitor.cluster.assign import Assignment, AssignPolicy
from monitor.cluster.features import SCHEME as FEATURES
from monitor.cluster.features import Features
from monitor.cluster.index import StoryIndex
from monitor.cluster.placing import StoryKeeper
from monitor.cluster.revise import Merge
from monitor.cluster.stage import facts_of, renew_features, stored_member
from monitor.cluster.statistics import Statistics
from monitor.cluster.succession import Difference, compare_stories
from monitor.errors import LeaseLostError, UsageError
from monitor.store import constraints, memberships, older_features, rebuilt, stories
from monitor.store.engine import Connection
from monitor.store.memberships import Arrival
from monitor.store.rebuilt import Verdict
from monitor.types import ArticleId, StoryId

LEASE_S = 300.0
_PROLONG_EVERY = 100
_NEW = 1 << 40
"""Numbers of stories that begin here: above all ids."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What deciding anew came to. `applied_as`: the entry of the log, once it was applied."""

    language: str
    n_articles: int
    difference: Difference
    applied_as: int | None = None


@dataclass(slots=True)
class _Again:
    """Where the deciding stands. `placed` has the articles in memory; `outside` others that bind some of them."""

    keeper: StoryKeeper
    rows: list[Arrival]
    placed: dict[ArticleId, StoryId]
    outside: dict[ArticleId, StoryId]
    new_ids: Iterator[int] = field(default_factory=lambda: count(_NEW))
    became: dict[StoryId, StoryId] = field(default_factory=dict)
    verdicts: dict[ArticleId, Verdict] = field(default_factory=dict)

    def place(self, row: Arrival) -> None:
        """One arrival, and what it leads to."""
        member = stored_member(row)
        if row.story_id in self.keeper.facts.locked and row.story_id is not None:
            self.placed[row.article_id] = row.story_id
            self.keeper.add(row.story_id, member)
            return
        known = ChainMap(self.placed, self.outside)
        follows = None if row.follows_id is None else known.get(row.follows_id)
        placement = self.keeper.place(
            member, new_id=lambda: StoryId(next(self.new_ids)), follows=follows, story_of=known
        )
        self.placed[row.article_id] = placement.story_id
        self.verdicts[row.article_id] = _verdict(placement.decision)
        change = placement.change
        if isinstance(change, Merge):
            self.became[change.gone_id] = change.kept_id
            for places in (self.placed, self.outside):
                gone = [one for one, story_id in places.items() if story_id == change.gone_id]
                places.update(dict.fromkeys(gone, change.kept_id))
        elif change is not None and placement.new_story_id is not None:
            self.placed.update(dict.fromkeys(change.moved_ids, placement.new_story_id))

    def where_now(self, story_id: StoryId) -> StoryId:
        """What a stored story is part of by now."""
        while story_id in self.became:
            story_id = self.became[story_id]
        return story_id


def rebuild(
    app: App,
    language: str,
    since: datetime,
    *,
    who: str | None = None,
    tell: Callable[[int, int], object] = lambda _done, _all: None,
) -> Rebuilt:
    """Decide anew; with `who` apply the outcome in their name. `tell` hears how many of how many are decided.

    To apply it keeps the daemon from assigning this language meanwhile. Raises LeaseLostError, UsageError.
    """
    since_seen = since - 2 * AssignPolicy().window
    renew_features(app, language, since=since_seen)
    leased_until = None if who is None else _take(app, language, None)
    try:
        with app.store.read() as conn:
            again = _load(conn, language, since, since_seen)
        for number, row in enumerate(again.rows, start=1):
            again.place(row)
            tell(number, len(again.rows))
            if leased_until is not None and number % _PROLONG_EVERY == 0:
                leased_until = _take(app, language, leased_until)
        difference = _compare(app, language, again)
        if who is None or leased_until is None:
            return Rebuilt(language, len(again.rows), difference)
        with app.store.begin() as conn:
            log_id = rebuilt.save_rebuilt(
                conn,
                language,
                difference.placed,
                again.verdicts,
                who=who,
                because=f"rebuilt since {since:%Y-%m-%d} with {STORIES}, {FEATURES}",
                leased_until=leased_until,
                now=app.clock(),
            )
        return Rebuilt(language, len(again.rows), difference, log_id)
    finally:
        if leased_until is not None:
            with app.store.begin() as conn:
                stories.release_language(conn, language, leased_until)


def _compare(app: App, language: str, again: _Again) -> Difference:
    """The stories that were touched, whole, beside the stored ones."""
    touched = {row.story_id for row in again.rows if row.story_id is not None} | again.became.keys()
    touched |= {story_id for story_id in again.placed.values() if story_id < _NEW}
    with app.store.read() as conn:
        whole = rebuilt.load_whole(conn, touched)
        anchors = rebuilt.load_anchors(conn, language)
    groups: dict[StoryId, list[ArticleId]] = {}
    for one, story_id in whole.items():
        groups.setdefault(again.placed.get(one) or again.where_now(story_id), []).append(one)
    return compare_stories([groups[number] for number in sorted(groups)], whole, anchors)


def _take(app: App, language: str, mine: datetime | None) -> datetime:
    with app.store.begin() as conn:
        until = stories.take_language(conn, language, now=app.clock(), lease_s=LEASE_S, mine=mine)
    if until is not None:
        return until
    if mine is None:
        raise UsageError(f"articles of language {language} are being put into stories just now; try again in a moment")
    raise LeaseLostError(f"stories of language {language} changed while they were rebuilt; run it again")


def _load(conn: Connection, language: str, since: datetime, since_seen: datetime) -> _Again:
    """All that is decided anew, with a keeper that knows what was before."""
    first_no = older_features.find_first_since(conn, language, since)
    members = list(memberships.load_members(conn, language, since=since_seen, scheme=FEATURES, from_no=first_no))
    rows = [row for row in members if first_no is not None and row.arrival_no >= first_no]
    stay = [row for row in members if first_no is None or row.arrival_no < first_no]
    index = StoryIndex(language, _statistics_before(conn, language, first_no))
    facts = facts_of(constraints.load_holding(conn), constraints.load_locked(conn, language))
    placed = {row.article_id: row.story_id for row in stay if row.story_id is not None}
    for row in stay:
        index.restore(placed[row.article_id], stored_member(row))
    again_ids = {row.article_id for row in rows}
    bind = {other for row in rows for other in facts.concerned(row.article_id)}
    bind |= {row.follows_id for row in rows if row.follows_id is not None} | facts.kept_apart()
    outside = stories.find_story_of(conn, bind - again_ids - placed.keys(), language=language)
    return _Again(keeper=StoryKeeper(index, facts=facts), rows=rows, placed=placed, outside=outside)


def _statistics_before(conn: Connection, language: str, first_no: int | None) -> Statistics:
    """The counts of a language as they were before an arrival; nearly, where counts were halved since."""
    n_articles, counts = stories.load_statistics(conn, language)
    for row in memberships.load_arrivals(conn, language, scheme=FEATURES, from_no=first_no) if first_no else ():
        if row.language != language:
            continue
        n_articles -= 1
        for term in Features.from_bytes(row.features).stems:
            if term in counts:
                counts[term] -= 1
    left = {term: n for term, n in counts.items() if n > 0}
    return Statistics(language, n_articles=max(0, n_articles), counts=left)


def _verdict(decision: Assignment) -> Verdict:
    return Verdict(decision.score, decision.because, STORIES)
