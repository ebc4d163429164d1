"""What did people decide about stories, and what follows from it for one article?

Two articles are of one story (must-link) or are not (cannot-link); a story is locked. Must-links hold in chains: what
is linked to a linked article is linked too, and who may not be with one of a chain may not be with any of it.

Refuses to judge: facts that contradict each other are the business of whoever takes them down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from monitor.types import ArticleId, StoryId

Pair = tuple[ArticleId, ArticleId]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The story that an article has to join, by whose word, and those that it must not; without any it is free."""

    must_join: StoryId | None = None
    barred: frozenset[StoryId] = frozenset()
    is_by_hand: bool = False


@dataclass(slots=True)
class Facts:
    """The facts that hold now. `locked`: stories that nothing joins, leaves, merges or splits by itself."""

    locked: set[StoryId] = field(default_factory=set)
    _chains: dict[ArticleId, frozenset[ArticleId]] = field(default_factory=dict)
    _apart: dict[ArticleId, set[ArticleId]] = field(default_factory=dict)

    @staticmethod
    def of(*, must: Iterable[Pair] = (), cannot: Iterable[Pair] = (), locked: Iterable[StoryId] = ()) -> Facts:
        """Facts from pairs of articles, in any order and number."""
        facts = Facts(set(locked))
        for a, b in must:
            both = facts.chain(a) | facts.chain(b)
            facts._chains.update(dict.fromkeys(both, both))
        for a, b in cannot:
            facts._apart.setdefault(a, set()).add(b)
            facts._apart.setdefault(b, set()).add(a)
        return facts

    def chain(self, article_id: ArticleId) -> frozenset[ArticleId]:
        """The article and all that must be in one story with it."""
        return self._chains.get(article_id) or frozenset((article_id,))

    def apart(self, article_id: ArticleId) -> frozenset[ArticleId]:
        """All that must not be in one story with it."""
        others = {other for one in self.chain(article_id) for other in self._apart.get(one, ())}
        return frozenset(each for other in others for each in self.chain(other))

    def concerned(self, article_id: ArticleId) -> frozenset[ArticleId]:
        """The articles whose stories bind this one."""
        return (self.chain(article_id) | self.apart(article_id)) - {article_id}

    def bounds(
        self, article_id: ArticleId, story_of: Mapping[ArticleId, StoryId], *, follows: StoryId | None = None
    ) -> Bounds:
        """What binds an article, by the stories of those `concerned`. `follows`: the story of its original.

        People come before copies, and a locked story takes only what people put into it.
        """
        linked = {story_of[one] for one in self.chain(article_id) - {article_id} if one in story_of}
        barred = {story_of[one] for one in self.apart(article_id) if one in story_of}
        if linked - barred:
            return Bounds(min(linked - barred), frozenset(barred), is_by_hand=True)
        barred |= self.locked
        return Bounds(None if follows in barred else follows, frozenset(barred))

    def kept_apart(self) -> frozenset[ArticleId]:
        """All articles that must not be in one story with some other."""
        return frozenset(each for one in self._apart for each in self.chain(one))

    def may_merge(self, one: StoryId, other: StoryId, story_of: Mapping[ArticleId, StoryId]) -> bool:
        """Whether no fact keeps two stories apart, by the stories of those `kept_apart`."""
        places: dict[frozenset[ArticleId], set[StoryId | None]] = {}

        def of_chain(article_id: ArticleId) -> set[StoryId | None]:
            chain = self.chain(article_id)
            if chain not in places:
                places[chain] = {story_of.get(each) for each in chain}
            return places[chain]

        pairs = ((of_chain(a), of_chain(b)) for a, others in self._apart.items() for b in others)
        return not any(one in some and other in rest for some, rest in pairs)
