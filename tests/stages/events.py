"""Reports on invented events: each event has words of its own, so that what belongs together is known beforehand."""

from __future__ import annotations

import random
from collections.abc import Sequence

_COMMON = (
    "the said on of in to and for a that was by with from at people city after before government year officials told "
    "reporters new would could first week day night morning more than about over under between during"
).split()
_SYLLABLES = "ba be bo da de du fa fi ga go ka ki la lo ma mi na no pa po ra ri sa so ta ti va vo za zu".split()


def words_of(event: str, n: int = 24) -> list[str]:
    """The words that only this event's reports use, the same in every run; the first ones are names."""
    chance = random.Random(event)
    found = ["".join(chance.choice(_SYLLABLES) for _ in range(4)) for _ in range(n)]
    return [word.capitalize() if place < n // 3 else word for place, word in enumerate(found)]


def report(events: str | Sequence[str], number: int, *, n_words: int = 90) -> tuple[str, str]:
    """Title and text of the report of that number on an event, or on several at once."""
    named = [events] if isinstance(events, str) else list(events)
    chance = random.Random(f"{named}{number}")
    own = [word for event in named for word in words_of(event)]
    body = [chance.choice(own) if place % 3 == 0 else chance.choice(_COMMON) for place in range(n_words)]
    title = " ".join(chance.sample(own, 5)).capitalize()
    sentences = [" ".join(body[start : start + 15]).capitalize() + "." for start in range(0, len(body), 15)]
    return title, " ".join(sentences)
