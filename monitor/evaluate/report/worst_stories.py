"""Which stories went wrong, what was wrongly joined or missing, and why?

A story of the product is as bad as what it costs: the precision that its articles lose, added up. A labelled story
that fell apart likewise by recall. So the first of the list are those whose mending gains most.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from monitor.evaluate.reading import LabelledArticle
from monitor.evaluate.stories import Placed, gold_of
from monitor.text.normalise import clean_line

N_WORST = 15
N_SHOWN = 14
_N_TERMS = 6
_WHY = {
    "too far": "the nearest story did not stand out enough from the others",
    "nothing like it": "no earlier article shared its words",
    "only common terms": "it shared too few rare words with the nearest story",
    "one template": "the nearest article fills in the same template with other names and figures",
    "copy": "it is a copy of an article of this story",
    "similar": "it is near",
}


@dataclass(frozen=True, slots=True)
class ShownArticle:
    """One line of a story: the headline, of which labelled story, and how it got here."""

    title: str
    source: str
    day: str
    label: str
    is_amiss: bool
    why: str


@dataclass(frozen=True, slots=True)
class ShownPart:
    """Articles that the product put into one story; `name` says which part it is."""

    name: str
    articles: tuple[ShownArticle, ...]
    n_left_out: int


@dataclass(frozen=True, slots=True)
class WorstStory:
    """A story of the product with foreign articles, or a labelled story in parts. `share`: its precision or recall."""

    title: str
    share: float
    lost: float
    n_articles: int
    parts: tuple[ShownPart, ...]


def worst_precision(placed: Sequence[Placed]) -> list[WorstStory]:
    """Stories of the product that hold articles of several labelled stories, the costliest first."""
    found = []
    for members in _grouped(placed, [each.story for each in placed]):
        labelled = [each for each in members if each.article.label is not None]
        counts = Counter(map(gold_of, labelled))
        if not labelled or len(counts) < 2:
            continue
        share = sum(count * count for count in counts.values()) / len(labelled) ** 2
        main = max(counts, key=lambda gold: (counts[gold], str(gold)))
        shown = _shown("One story of the product", members, _is_other_than(main))
        found.append(WorstStory(_title(labelled, main), share, len(labelled) * (1 - share), len(members), (shown,)))
    return sorted(found, key=lambda story: (-story.lost, story.share, story.title))[:N_WORST]


def worst_recall(placed: Sequence[Placed]) -> list[WorstStory]:
    """Labelled stories that the product has in several parts, the costliest first."""
    labelled = [each for each in placed if each.article.label is not None]
    found = []
    for members in _grouped(labelled, [gold_of(each) for each in labelled]):
        parts = _grouped(members, [each.story for each in members])
        if len(parts) < 2:
            continue
        share = sum(len(part) ** 2 for part in parts) / len(members) ** 2
        parts.sort(key=lambda part: -len(part))
        shown = tuple(
            _shown(
                f"Part {number}, {len(part)} of {len(members)} articles",
                part,
                _is_first_of_part(part, number),
            )
            for number, part in enumerate(parts[:N_SHOWN], start=1)
        )
        title = clean_line(members[0].article.title)
        found.append(WorstStory(title, share, len(members) * (1 - share), len(members), shown))
    return sorted(found, key=lambda story: (-story.lost, story.share, story.title))[:N_WORST]


def margins(placed: Sequence[Placed]) -> list[tuple[str, list[float]]]:
    """By how much each labelled article reached, or missed, its bar: joined rightly and wrongly, alone and missed.

    A join is right when an article of its labelled story was in the story already. Copies are not decided by a score.
    """
    right_join: list[float] = []
    wrong_join: list[float] = []
    right_new: list[float] = []
    missed: list[float] = []
    in_story: defaultdict[Hashable, set[Hashable]] = defaultdict(set)
    seen: set[Hashable] = set()
    for each in placed:
        if each.article.label is None:
            continue
        gold, decision = gold_of(each), each.decision
        margin = decision.score - decision.threshold
        if decision.story_id is None:
            (missed if gold in seen else right_new).append(margin)
        elif decision.because != "copy":
            (right_join if gold in in_story[each.story] else wrong_join).append(margin)
        in_story[each.story].add(gold)
        seen.add(gold)
    return [
        ("joined its story", right_join),
        ("joined a foreign story", wrong_join),
        ("rightly began a story", right_new),
        ("began one, though its story was there", missed),
    ]


def sizes(labels: Iterable[Hashable]) -> Counter[int]:
    """How many stories have how many articles."""
    return Counter(Counter(labels).values())


def _grouped(placed: Sequence[Placed], keys: Sequence[Hashable]) -> list[list[Placed]]:
    """In the order of arrival within and among groups."""
    groups: dict[Hashable, list[Placed]] = {}
    for each, key in zip(placed, keys, strict=True):
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def _shown(name: str, members: Sequence[Placed], is_amiss: Callable[[Placed], bool]) -> ShownPart:
    amiss = [is_amiss(each) for each in members]
    # What is amiss is why the story is shown: it comes first into the room that there is, in the order of arrival.
    wanted = sorted(range(len(members)), key=lambda i: (not amiss[i] and i > 0, i))[:N_SHOWN]
    articles = tuple(_article(members[i], is_amiss=amiss[i], is_first=i == 0) for i in sorted(wanted))
    return ShownPart(name, articles, len(members) - len(articles))


def _is_other_than(main: Hashable) -> Callable[[Placed], bool]:
    return lambda each: gold_of(each) != main


def _is_first_of_part(part: Sequence[Placed], number: int) -> Callable[[Placed], bool]:
    """The article that should have joined the largest part, and began another."""
    return lambda each: number > 1 and each is part[0]


def _article(placed: Placed, *, is_amiss: bool, is_first: bool) -> ShownArticle:
    article = placed.article
    return ShownArticle(
        title=clean_line(article.title) or clean_line(article.text)[:160] or "(no title)",
        source=clean_line(article.source),
        day=f"{article.at:%Y-%m-%d %H:%M}" if article.at else "undated",
        label="not labelled" if article.label is None else clean_line(article.label)[:60],
        is_amiss=is_amiss,
        why=_why(placed, is_first=is_first),
    )


def _why(placed: Placed, *, is_first: bool) -> str:
    decision = placed.decision
    measured = f"{decision.score:.3f} where {decision.threshold:.3f} was needed"
    near = f"; nearest: {_quoted(placed.nearest)}" if placed.nearest else ""
    if decision.because == "copy":
        return _WHY["copy"]
    if decision.story_id is None:
        because = _WHY.get(decision.because, decision.because)
        return f"began a story: {because} ({measured}{near})" if is_first else f"{because} ({measured}{near})"
    terms = ", ".join(clean_line(term.term) for term in decision.terms[:_N_TERMS])
    return f"joined with {measured}{near}; words in common: {terms or 'none'}"


def _quoted(article: LabelledArticle) -> str:
    title = clean_line(article.title) or clean_line(article.text[:400])
    return f"“{title if len(title) <= 90 else title[:89].rstrip() + '…'}”"


def _title(labelled: Sequence[Placed], main: Hashable) -> str:
    head = next(each for each in labelled if gold_of(each) == main)
    return clean_line(head.article.title) or clean_line(head.article.text)[:160]
