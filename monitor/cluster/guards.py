"""What keeps an article out of stories, and what evidence for a story counts less?

- A round-up or regular feature (weather, crossword, letters, a morning briefing) reports no single event: it is told by
  its title, or by a text whose paragraphs have nothing to do with each other and with the title. A title that a
  publisher family used on several other days ("Markets today") is a series, in any language. Such an article is a story
  of its own, joins none and attracts nobody; only copies share one.
- A live blog may join the story of its event, but tells of so much that nothing but another one joins through it. Its
  headline alone tells of no more than it says, and is a report.
- One publisher family is one voice: its members together weigh at most `family_share` in a story that others reported,
  and what only the article's own family reports must share more with it, since its habits of writing are shared anyway.
- An event bursts, a topic goes on: a story whose members spread evenly over many days sets a higher bar.

Everything follows from title, text and what the index holds. Wrong guesses cost little: the article is a story alone.
Refuses nothing; a text of few paragraphs, and one in a language without word frequencies, has no structure to judge.

Source of the numbers: 9,639 news articles against round-ups made of the openings of 5 to 14 of them; docs/decisions.md.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from monitor.cluster import phrases
from monitor.cluster.statistics import word_chances
from monitor.text.dates import MONTH_NAMES
from monitor.text.normalise import LETTER, fold
from monitor.text.tokens import words

DAY_S = 86_400.0
_MAX_TITLE_CHARS = 300
_MAX_CHARS = 6_000
_N_PARAGRAPHS = 10
_N_PARAGRAPH_WORDS = 3
_LONELY_SHARE = 0.1
_TITLE_SHARE = 1 / 3
_COMMON_CHANCE = 0.1
_GLUE_CHARS = 3
_MAX_PHRASE_WORDS = 8
_REGULAR = frozenset(phrases.REGULAR_PARTS + phrases.ROUNDUP_PARTS)
_UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
_PART_ENDS = re.compile(r"[|:•·―,;()\[\]/【】「」｜：（）、]+|\s[-–—]+\s|—|\.\s|\+{2,}")
_WORD = re.compile(rf"{LETTER}+(?:['-]{LETTER}+)*")
_FIGURES = re.compile(r"\d+\s*[年月日号號년월일]?")
DATE_WORDS = MONTH_NAMES.union(*map(words, phrases.DATE_WORDS))


class Kind(StrEnum):
    """What an article tells of: an event; an event as it goes on; no single event."""

    REPORT = "report"
    LIVE = "live"
    ROUNDUP = "round-up"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardPolicy:
    """The numbers of the guards; one default for every language."""

    series_days: int = 3
    """On so many other days a family used a title before it counts as that of a series."""
    family_share: float = 0.5
    """One family's members weigh at most this much of a story that others reported too; 0.5 to 1."""
    own_rare_factor: int = 2
    """So many times the shared rare terms are asked of a story that only the article's own family reports."""
    topic_n: int = 5
    """Stories of fewer members are too small to tell a topic."""
    burst_s: float = 2 * DAY_S
    burst_share: float = 0.6
    """An event has this share of its members within `burst_s`."""
    topic_rise: float = 0.1
    """By how much the bar rises with each day that a topic spans beyond `burst_s`; twice that for one family's."""
    max_bar: float = 2.0


def kind_of(title: str, text: str, language: str | None = None) -> Kind:
    """The kind of an article by its title, and by the structure of its text. About 1 ms of CPU."""
    by_title = kind_of_title(title)
    if by_title is Kind.LIVE and not text.strip():
        return Kind.REPORT
    if by_title is Kind.REPORT and is_roundup(title, text, language):
        return Kind.ROUNDUP
    return by_title


# --- titles ----------------------------------------------------------------------------------------------------------


def kind_of_title(title: str) -> Kind:
    """The kind that a title states in words that newsrooms use; a report when it states none."""
    parts = [masked for part in _PART_ENDS.split(title[:_MAX_TITLE_CHARS]) if (masked := _masked(part))]
    if not parts:
        return Kind.REPORT
    whole, edges = " ".join(parts), (parts[0], parts[-1])
    if whole in phrases.REGULAR_TITLES:
        return Kind.ROUNDUP
    if any(map(_is_regular, edges)):
        return Kind.ROUNDUP
    return Kind.LIVE if any(map(_is_live, edges)) or _LIVE.search(fold(title[:_MAX_TITLE_CHARS])) else Kind.REPORT


def series_key(family: str, title_words: Iterable[str]) -> str:
    """What the titles of a series share: family and words without figures and dates, in any order; "" if nothing."""
    left = sorted({word for word in title_words if not _is_date(word)})
    return f"{family}\n{' '.join(left)}" if family and left else ""


def is_series(day: float, days: Iterable[float], policy: GuardPolicy) -> bool:
    """Was a title used on enough days other than the article's own? Days may repeat; NaN is unknown."""
    return len({other for other in days if other != day and not math.isnan(other)}) >= policy.series_days


def _masked(part: str) -> str:
    """The words of a part of a title, folded, without figures and dates."""
    found = _WORD.findall(_FIGURES.sub(" ", fold(part)))
    return " ".join(word for word in found if not _is_date(word))


def _is_date(word: str) -> bool:
    return word[0].isdigit() or word in DATE_WORDS


def _is_regular(part: str) -> bool:
    """Is a part one of the phrases, with nothing but short words behind it ("for", "vom", "de")?"""
    said = part.split()[:_MAX_PHRASE_WORDS]
    return any(
        " ".join(said[:n]) in _REGULAR and all(len(word) <= _GLUE_CHARS for word in said[n:])
        for n in range(1, len(said) + 1)
    )


def _is_live(part: str) -> bool:
    said = part.split()
    edges = {" ".join(some) for n in range(1, _MAX_PHRASE_WORDS) for some in (said[:n], said[-n:])}
    return part in phrases.LIVE_PARTS or not edges.isdisjoint(phrases.LIVE_EDGES)


def _any_of(marks: Iterable[str]) -> str:
    """Whole words in scripts that part them."""
    return "|".join(
        re.escape(mark) if _UNSPACED.search(mark) else rf"(?<!\w){re.escape(mark)}(?!\w)"
        for mark in sorted(marks, key=len, reverse=True)
    )


_LIVE = re.compile(rf"{_any_of(phrases.LIVE_WITHIN)}|^[^:|]*(?:{_any_of(phrases.LIVE_PARTS)})\s*[:|]")


# --- the structure of a text -----------------------------------------------------------------------------------------


def is_roundup(title: str, text: str, language: str | None = None) -> bool:
    """Are the paragraphs of a text unrelated to each other and to its title?

    An article comes back to what it is about: words that are not in every article recur far apart. In a round-up they
    recur within one item at most. Judged from ten paragraphs on.
    """
    chances = word_chances(language) if language else {}
    if not chances or text.count("\n", 0, _MAX_CHARS) < _N_PARAGRAPHS - 1:
        return False
    paragraphs = [_telling(line, chances) for line in text[:_MAX_CHARS].splitlines()]
    paragraphs = [paragraph for paragraph in paragraphs if len(paragraph) >= _N_PARAGRAPH_WORDS]
    n = len(paragraphs)
    if n < _N_PARAGRAPHS:
        return False
    titled = _telling(title, chances)
    if sum(not titled.isdisjoint(paragraph) for paragraph in paragraphs) > _TITLE_SHARE * n:
        return False
    return _recurring_share(paragraphs, max(3, n // 4)) < _LONELY_SHARE


def _telling(line: str, chances: Mapping[str, float]) -> set[str]:
    return {word for word in words(line) if chances.get(word, 0.0) < _COMMON_CHANCE}


def _recurring_share(paragraphs: Sequence[set[str]], distance: int) -> float:
    """The share of the words of all paragraphs that stand in another one, `distance` or more away."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for number, paragraph in enumerate(paragraphs):
        for word in paragraph:
            first.setdefault(word, number)
            last[word] = number
    n_far = sum(
        number - first[word] >= distance or last[word] - number >= distance
        for number, paragraph in enumerate(paragraphs)
        for word in paragraph
    )
    return n_far / sum(map(len, paragraphs))


# --- the evidence for a story ----------------------------------------------------------------------------------------


def family_weights(families: Sequence[str], policy: GuardPolicy) -> list[float]:
    """What each of some members weighs, adding up to 1: alike, but one family no more than its share beside others.

    "" is an unknown family: each a voice of its own.
    """
    n = len(families)
    counts = Counter(filter(None, families))
    most, n_most = max(counts.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    if n_most <= policy.family_share * n or n_most == n:
        return [1 / n] * n
    mine, others = policy.family_share / n_most, (1 - policy.family_share) / (n - n_most)
    return [mine if family == most else others for family in families]


def n_rare_needed(n: int, family: str, families: Iterable[str], policy: GuardPolicy) -> int:
    """How many rare terms an article of `family` must share with a story by these families, where `n` is the rule."""
    return n * policy.own_rare_factor if family and set(families) == {family} else n


def story_bar(moments_s: NDArray[np.float64], families: Sequence[str], policy: GuardPolicy) -> float:
    """By what the threshold for joining a story is multiplied, 1 or more; moments in seconds, NaN where unknown."""
    if len(moments_s) < policy.topic_n:
        return 1.0
    known = np.sort(moments_s[~np.isnan(moments_s)])
    n = len(known)
    if n < policy.topic_n or known[-1] - known[0] <= policy.burst_s:
        return 1.0
    within = np.searchsorted(known, known + policy.burst_s, side="right") - np.arange(n)
    if int(within.max()) >= policy.burst_share * n:
        return 1.0
    counts = Counter(filter(None, families))
    is_one_voice = max(counts.values(), default=0) > policy.family_share * len(families)
    rise = policy.topic_rise * (1 + is_one_voice) * (known[-1] - known[0] - policy.burst_s) / DAY_S
    return round(min(policy.max_bar, 1.0 + float(rise)), 6)
