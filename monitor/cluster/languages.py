"""Which stories of different languages tell of one event?

After the lexical pass, which keeps to one language, stories may be joined into groups. Two stories are as near as the
mean of two cosines: of the embeddings of their first headlines, and of the names and numbers in these, which most
languages of one script spell alike, weighed by how few stories have them. A story joins the group of its nearest story
of another language, if that is near enough, about as old, and if the group has no story of its own language yet:
whether two of those are one was decided by better means. A join is final.

Source of the numbers: headlines of nine languages about one subject, with an English model (docs/decisions.md).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from monitor.text.tokens import names, words
from monitor.types import StoryId

SCHEME = "languages-1"
N_HEADLINES = 5
"""The headlines that a story is known by, its first ones: later ones tell of what came after."""

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguagePolicy:
    """`bar`: the least nearness, 0..1. `apart`: how long after the last article of one the other may begin."""

    bar: float = 0.45
    meaning_share: float = 0.5
    apart: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gist:
    """What a story is known by beyond its language: `vector` of length 1, `names` counted once a headline."""

    story_id: StoryId
    language: str
    vector: Vector
    names: Counter[str]
    n_headlines: int
    first_seen_at: datetime
    last_seen_at: datetime
    group_id: StoryId | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """A story that joins `group_id`, for its nearness to `nearest_id`."""

    story_id: StoryId
    group_id: StoryId
    nearest_id: StoryId
    score: float


def names_of(headlines: Iterable[str], language: str) -> Counter[str]:
    """Single names and numbers of headlines, each counted once a headline."""
    found: Counter[str] = Counter()
    for headline in headlines:
        single = {name for name in names(headline, language) if len(name) > 2 and " " not in name}
        found.update(sorted(single | {word for word in words(headline) if word[0].isdigit()}))
    return found


def mean_vector(vectors: NDArray[np.float32]) -> Vector:
    """The middle of some vectors, of length 1; all 0 where they cancel out."""
    middle: Vector = vectors.mean(axis=0)
    norm = float(np.linalg.norm(middle))
    if norm > 0:
        middle /= np.float32(norm)
    return middle


def join_languages(
    gists: Sequence[Gist], wanted: Iterable[StoryId], *, policy: LanguagePolicy | None = None
) -> list[Join]:
    """The joins of the wanted stories, in the order in which the stories began; `gists` has all that may be near."""
    known = sorted(gists, key=_began)
    nearness = _Nearness(known, policy or LanguagePolicy())
    group_of = {gist.story_id: gist.group_id or gist.story_id for gist in known}
    spoken: dict[StoryId, set[str]] = {}
    for gist in known:
        spoken.setdefault(group_of[gist.story_id], set()).add(gist.language)

    def is_free(gist: Gist) -> bool:
        alone = group_of[gist.story_id] == gist.story_id and len(spoken[gist.story_id]) == 1
        return alone and gist.group_id is None

    asked = set(wanted)
    joins = []
    for position, gist in enumerate(known):
        if gist.story_id not in asked or not is_free(gist):
            continue
        for score, other in nearness.of(position):
            # A group is named after the story that began first, whichever of the two was looked at.
            later, earlier = (other, gist) if is_free(other) and _began(other) > _began(gist) else (gist, other)
            group_id = group_of[earlier.story_id]
            if later.language not in spoken[group_id]:
                joins.append(Join(later.story_id, group_id, earlier.story_id, score))
                group_of[later.story_id] = group_id
                spoken[group_id].add(later.language)
                break
    return joins


def _began(gist: Gist) -> tuple[datetime, StoryId]:
    return (gist.first_seen_at, gist.story_id)


class _Nearness:
    """How near stories are to each other, in rows."""

    def __init__(self, gists: Sequence[Gist], policy: LanguagePolicy) -> None:
        self._gists, self._policy = gists, policy
        n_stories = Counter(name for gist in gists for name in gist.names)
        self._rarity = {name: math.log((len(gists) + 1) / (count + 0.5)) for name, count in n_stories.items()}
        self._weights = [self._weighed(gist) for gist in gists]
        self._having: dict[str, list[int]] = {}
        for position, weights in enumerate(self._weights):
            for name in weights:
                self._having.setdefault(name, []).append(position)
        self._vectors = np.array([gist.vector for gist in gists], dtype=np.float32)

    def of(self, position: int) -> list[tuple[float, Gist]]:
        """The stories near enough to the one at a position, nearest first, equal ones by age."""
        meaning = self._vectors @ self._vectors[position]
        alike = np.zeros(len(self._gists))
        for name, weight in self._weights[position].items():
            for other in self._having[name]:
                alike[other] += weight * self._weights[other][name]
        share = self._policy.meaning_share
        scores = np.round(share * meaning + (1 - share) * alike, 6)
        order = np.argsort(-scores, kind="stable")
        near = order[: int(np.count_nonzero(scores >= self._policy.bar))].tolist()
        return [(float(scores[other]), self._gists[other]) for other in near if self._may_be_one(position, other)]

    def _may_be_one(self, position: int, other: int) -> bool:
        a, b = self._gists[position], self._gists[other]
        gap = max(a.first_seen_at, b.first_seen_at) - min(a.last_seen_at, b.last_seen_at)
        return a.language != b.language and gap <= self._policy.apart

    def _weighed(self, gist: Gist) -> dict[str, float]:
        weights = {
            name: self._rarity[name] * math.sqrt(count / gist.n_headlines) for name, count in sorted(gist.names.items())
        }
        norm = math.sqrt(math.fsum(weight**2 for weight in weights.values())) or 1.0
        return {name: weight / norm for name, weight in weights.items()}
