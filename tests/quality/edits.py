"""What do editors do to a text that they take over? The same, made from any article, for measuring recall.

Each edit gives another headline or text; chance comes in as an argument, so that a seed repeats a run. Words are
separated by spaces here: texts in scripts without them are only cut and wrapped. Nothing of an article is kept.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

KEPT = 0.3
CHANGED = 0.1
_BEFORE = (
    "Advertisement",
    "Sign up for our morning newsletter and get the news of the day before breakfast.",
    "Our journalists choose what they recommend; we may earn a commission when readers buy through links.",
)
_AFTER = (
    "Read more: ten things to know before the weekend",
    "Support our newsroom with a small contribution each month and help us to keep reporting for everybody.",
    "Have you seen something newsworthy? Write to our desk, send a picture or leave a message day and night.",
    "All rights reserved. This material may not be published, broadcast, rewritten or redistributed.",
)
_AGENCY_LINES = ("(NWA) - ", "By our desk, with material from Northern Wire Agency\n", "NORTHPORT, Monday (NWA) -- ")
_HEADLINES = ("What we know so far", "Officials respond to questions", "A day of decisions", "The story in brief")
_OTHER_WORDS = (
    "reportedly",
    "certain",
    "several",
    "moreover",
    "early",
    "plainly",
    "whole",
    "further",
    "quite",
    "local",
)


@dataclass(frozen=True, slots=True)
class Edited:
    """A title and a text, paragraphs separated by line ends."""

    title: str
    text: str


Edit = Callable[[Edited, random.Random], Edited]


def new_headline(article: Edited, chance: random.Random) -> Edited:
    """The same text under other words."""
    return Edited(chance.choice(_HEADLINES), article.text)


def agency_line(article: Edited, chance: random.Random) -> Edited:
    """An agency's line in front."""
    return Edited(article.title, chance.choice(_AGENCY_LINES) + article.text)


def truncated(article: Edited, chance: random.Random) -> Edited:
    """The first KEPT of the text, cut inside a sentence where it falls."""
    del chance
    return Edited(article.title, article.text[: max(1, round(len(article.text) * KEPT))])


def changed_words(article: Edited, chance: random.Random) -> Edited:
    """CHANGED of the words, numbers and names among them, replaced by others; paragraphs stay."""
    words = article.text.split(" ")
    for index in chance.sample(range(len(words)), round(len(words) * CHANGED)):
        words[index] = "\n".join(chance.choice(_OTHER_WORDS) for _ in words[index].split("\n"))
    return Edited(article.title, " ".join(words))


def reordered(article: Edited, chance: random.Random) -> Edited:
    """Paragraphs in another order."""
    paragraphs = [line for line in article.text.split("\n") if line.strip()]
    chance.shuffle(paragraphs)
    return Edited(article.title, "\n".join(paragraphs))


def wrapped(article: Edited, chance: random.Random) -> Edited:
    """Lines of a page before and after the text that are no part of it."""
    before, after = chance.sample(_BEFORE, 2), chance.sample(_AFTER, 3)
    return Edited(article.title, "\n".join([*before, article.text, *after]))


EDITS: dict[str, Edit] = {
    "new headline": new_headline,
    "agency line": agency_line,
    "truncated": truncated,
    "changed words": changed_words,
    "reordered": reordered,
    "wrapped": wrapped,
}
