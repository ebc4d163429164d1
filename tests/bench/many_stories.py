"""Any number of articles in stories, made of the background set that MONITOR_QUALITY_DATA names.

The real articles are put into stories by the product. What is made beyond them repeats one of them in other words: each
repetition has names of its own and replaces a share of the other words, always the same one by the same other, which
is about as common. So the members of a story stay near to each other, a repetition is no copy, common terms stay as
common as they are, and new rare terms turn up at the pace at which the real articles brought theirs.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from monitor.cluster.assign import AssignPolicy, Member
from monitor.cluster.features import MAX_COUNT, Features, features
from monitor.cluster.index import StoryIndex
from monitor.cluster.placing import StoryKeeper
from monitor.cluster.statistics import Statistics
from monitor.text.stems import stem
from monitor.types import ArticleId, StoryId
from tests.bench.many_texts import News

LANGUAGE = "en"
REPLACED = 0.3
"""The share of the words, beside the names, that a repetition replaces."""
NEIGHBOURS = 30
"""A term is replaced by one of so many that stand beside it in the order of frequency."""
SPAN = 0.98 * AssignPolicy().window


@dataclass(frozen=True, slots=True)
class Filed:
    """An article in a story."""

    member: Member
    story_id: StoryId


class Newsroom:
    """Articles in stories whose moments spread over the window that ends at `end`."""

    def __init__(self, real: Sequence[News], end: datetime) -> None:
        self._end = end
        self._members = [self._member(number, one, len(real)) for number, one in enumerate(real)]
        self._stories = _stories_of(self._members)
        self._n_with = Counter(term for one in self._members for term in one.features.terms)
        self._names = {term for one in self._members for term in one.features.names}
        self._once = 1 - self._share_seen()

    def take(self, n: int) -> Iterator[Filed]:
        """`n` articles numbered from 1 on, in the order of their moments."""
        n_real = len(self._members)
        replaced: list[Mapping[str, str]] = []
        before, repetition = -1, 0
        for number in range(n):
            place = number * n_real // n
            repetition = repetition + 1 if place == before else 0
            before = place
            if repetition > len(replaced):
                replaced.append(self._replacements(repetition))
            yield self._repeated(place, repetition, replaced, number, n)

    def _member(self, number: int, one: News, n: int) -> Member:
        at = self._at(number, n)
        made = _of_stems(features(one.title, one.text, LANGUAGE))
        return Member(ArticleId(number + 1), made, event_at=at, seen_at=at, family=one.source)

    def _at(self, number: int, n: int) -> datetime:
        return self._end - SPAN + timedelta(seconds=round(SPAN.total_seconds() * number / n))

    def _share_seen(self) -> float:
        """Of the terms of the later half of the articles, how many the earlier half had; by vocabularies."""
        half = {term for one in self._members[: len(self._members) // 2] for term in one.features.terms}
        growth = math.log2(len(self._n_with) / len(half))
        return 1 - growth

    def _replacements(self, repetition: int) -> Mapping[str, str]:
        """The terms that one repetition replaces. Rare ones become new ones as often as real articles bring such."""
        chance = random.Random(repetition)
        found: dict[str, str] = {}
        for group in (sorted(self._names), sorted(self._n_with.keys() - self._names)):
            ranked = sorted(group, key=lambda term: (-self._n_with[term], term))
            shuffled = [
                term
                for _, term in sorted((rank + NEIGHBOURS * chance.random(), term) for rank, term in enumerate(ranked))
            ]
            share = 1.0 if ranked and ranked[0] in self._names else REPLACED
            for term, other in zip(ranked, shuffled, strict=True):
                if self._n_with[term] <= 2 and chance.random() < self._once:
                    found[term] = f"{term}~{repetition}"
                elif chance.random() < share:
                    found[term] = other
        return found

    def _repeated(
        self, place: int, repetition: int, replaced: Sequence[Mapping[str, str]], number: int, n: int
    ) -> Filed:
        like, at = self._members[place], self._at(number, n)
        story_id = StoryId(self._stories[place] + repetition * (len(self._members) + 1))
        made = like.features
        if repetition:
            made = _renamed(made, replaced[repetition - 1], random.Random(number))
        return Filed(Member(ArticleId(number + 1), made, event_at=at, seen_at=at, family=like.family), story_id)


def _of_stems(made: Features) -> Features:
    """Each term by its stem, as the product counts it."""
    fields = []
    for field in made.by_field():
        counts: Counter[str] = Counter()
        for term, n in field.items():
            counts[stem(term)] += n
        fields.append({term: min(n, MAX_COUNT) for term, n in counts.items()})
    return Features(*fields, sketch=made.sketch, kind=made.kind)


def _renamed(like: Features, replaced: Mapping[str, str], chance: random.Random) -> Features:
    """Other words in the same numbers; the same wording nowhere."""
    fields = [{replaced.get(term, term): n for term, n in field.items()} for field in like.by_field()]
    sketch = tuple(sorted({hash_ ^ chance.getrandbits(20) for hash_ in like.sketch}))
    return Features(*fields, sketch=sketch, kind=like.kind)


def _stories_of(members: Sequence[Member]) -> list[StoryId]:
    """Where the product puts articles that arrive in this order."""
    keeper, numbers = StoryKeeper(StoryIndex(LANGUAGE, Statistics(LANGUAGE))), count(1)
    for one in members:
        keeper.place(one, new_id=lambda: StoryId(next(numbers)))
    return [keeper.index.story_of(one.article_id) or StoryId(0) for one in members]
