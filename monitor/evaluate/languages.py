"""What do joins across languages gain? Labels that stand in several languages tell.

The stories of a run are joined by the product's own rules, in the order in which they began; BCubed counts an event as
one whatever its languages, once for the stories alone and once for their groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from monitor.cluster.languages import N_HEADLINES, Gist, Vector, join_languages, mean_vector, names_of
from monitor.embeddings import Embed
from monitor.evaluate.metrics import bcubed
from monitor.evaluate.stories import Placed
from monitor.types import StoryId

_Story = tuple[str, StoryId]


def figures_across_languages(placed: Sequence[Placed], embed: Embed) -> dict[str, Any]:
    """{n_joined, bcubed_apart, bcubed_joined} over the labelled articles; what has no date joins nothing."""
    members: dict[_Story, list[Placed]] = {}
    for each in placed:
        if each.article.at is not None:
            members.setdefault(each.story, []).append(each)
    numbers = {story: StoryId(number) for number, story in enumerate(members, start=1)}
    headlines = sorted({each.article.title for some in members.values() for each in some[:N_HEADLINES]})
    vector_of = dict(zip(headlines, embed(headlines), strict=True))
    gists: list[Gist] = []
    group_of: dict[StoryId, StoryId] = {}
    for gist in sorted((_gist(numbers[one], some, vector_of) for one, some in members.items()), key=_order):
        gists.append(gist)
        for join in join_languages(_near(gists, gist), [gist.story_id]):
            group_of |= {join.story_id: join.group_id, join.group_id: join.group_id}
            gists = [replace(one, group_id=group_of.get(one.story_id)) for one in gists]
    scored = [each for each in placed if each.article.label is not None]
    gold = [each.article.label for each in scored]
    apart = [numbers.get(each.story, each.story) for each in scored]
    joined = [group_of.get(one, one) if isinstance(one, int) else one for one in apart]
    return {
        "n_joined": sum(story_id != group_id for story_id, group_id in group_of.items()),
        "bcubed_apart": bcubed(apart, gold).rounded(),
        "bcubed_joined": bcubed(joined, gold).rounded(),
    }


def _gist(story_id: StoryId, members: Sequence[Placed], vector_of: Mapping[str, Vector]) -> Gist:
    first = [each.article for each in members[:N_HEADLINES]]
    moments = [each.article.at for each in members if each.article.at is not None]
    return Gist(
        story_id=story_id,
        language=first[0].language,
        vector=mean_vector(np.array([vector_of[article.title] for article in first])),
        names=names_of([article.title for article in first], first[0].language),
        n_headlines=len(first),
        first_seen_at=min(moments),
        last_seen_at=max(moments),
    )


def _near(gists: Sequence[Gist], newest: Gist) -> list[Gist]:
    """Those that would still be open when the newest began."""
    return [gist for gist in gists if gist.last_seen_at >= newest.first_seen_at - timedelta(days=4)]


def _order(gist: Gist) -> tuple[datetime, StoryId]:
    return (gist.first_seen_at, gist.story_id)
