"""Why is an article in a story, or why not? The score of the story for it, beside the bar and the rivals of the story.

Measured with what is known today: the members, counts and facts of now, the article itself left out. What was measured
when it was assigned stands beside that, as it was stored. `because` names what decided: people's word before copies,
copies before what is barred, that before the guards, and the guards before the score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.cluster.assign import Member, StoryScore, decide_assignment, raised_bar
from monitor.cluster.explain import Contribution, StoryExplanation, contributions_of, explain_story
from monitor.cluster.index import StoryIndex
from monitor.cluster.placing import BY_HAND
from monitor.types import ArticleId, StoryId

MUST, CANNOT = "must", "cannot"
N_RIVALS = 5
_ALONE = {
    "round-up": "a round-up or regular feature tells of no single event and joins no story",
    "series": "its title is that of a series, and such an article joins no story",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """What was stored when an article was put into its story."""

    story_id: StoryId
    score: float
    because: str
    assigned_at: datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """What somebody said about this article and one of the story: they must, or cannot, be together."""

    kind: str
    article_id: ArticleId


@dataclass(frozen=True, slots=True)
class Rival:
    """Another story, and what it scores for the article."""

    story_id: StoryId
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryCase:
    """What is stored of an article and a story. `languages`: of the article and of the story.

    `facts`: people's word on the article and members of this story; `copy_id`: the article that it copies, or that
    copies it, in the story where it is.
    """

    article_id: ArticleId
    story_id: StoryId
    languages: tuple[str, str]
    placed: Placed | None = None
    is_locked: bool = False
    facts: tuple[Fact, ...] = ()
    copy_id: ArticleId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceExplanation:
    """The score of a story for an article. `threshold` is what any story must reach, `bar` what this one must.

    Without `nearest` no member of the story is near enough in time to be compared, and the figures are 0. `guards` keep
    the article out whatever the score.
    """

    score: float
    threshold: float
    bar: float
    n_shared_rare: int
    n_rare_needed: int
    nearest_id: ArticleId | None
    nearest: StoryExplanation | None
    contributions: tuple[Contribution, ...]
    rivals: tuple[Rival, ...]
    guards: tuple[str, ...]
    would_join: bool
    because: str


def explain_place(
    index: StoryIndex, article: Member, case: StoryCase, held: Mapping[ArticleId, Member]
) -> PlaceExplanation:
    """Measures and judges. `held`: what the index of the story's language holds, the article itself left out."""
    scores = index.scored(article, beside=case.story_id)
    mine = next((each for each in scores if each.story_id == case.story_id), None)
    others = sorted((each for each in scores if each is not mine), key=lambda each: (-each.score, each.story_id))
    threshold = decide_assignment(scores, index.policy).threshold
    measured = PlaceExplanation(
        score=mine.score if mine else 0.0,
        threshold=threshold,
        bar=raised_bar(threshold, mine.bar) if mine else threshold,
        n_shared_rare=mine.n_shared_rare if mine else 0,
        n_rare_needed=mine.n_rare_needed if mine else 0,
        nearest_id=mine.nearest_id if mine else None,
        nearest=explain_story(article, held[mine.nearest_id], index.statistics, policy=index.policy) if mine else None,
        contributions=contributions_of(mine.evidence, mine.cases, index.scorer) if mine else (),
        rivals=tuple(Rival(each.story_id, each.score) for each in others[:N_RIVALS]),
        guards=tuple(_guards(mine, _ALONE.get(index.assign(article).because))),
        would_join=False,
        because="",
    )
    measured = replace(measured, would_join=mine is not None and not _obstacle(measured))
    return replace(measured, because=f"{_together(case, measured) or _apart(case, measured)}.")


def _guards(mine: StoryScore | None, alone: str | None) -> Iterator[str]:
    if alone:
        yield alone
    if mine and mine.is_template:
        yield f"it and article {mine.nearest_id} fill in one template with other names and figures"
    if mine and mine.is_weak:
        yield "nothing but live blogs speaks for the story"


def _obstacle(measured: PlaceExplanation) -> str:
    """What keeps the article out by its text today; "" where nothing does."""
    if measured.nearest is None:
        return "no article of the story is near enough in time to be compared"
    if measured.guards:
        return measured.guards[0]
    if measured.score < measured.bar:
        why = ", more than usual, since the story goes on for days as a topic does" * (
            measured.bar > measured.threshold
        )
        return f"the story scores {measured.score:.2f} for it, below the {measured.bar:.2f} needed{why}"
    if measured.n_shared_rare < measured.n_rare_needed:
        return f"it shares {measured.n_shared_rare} rare terms with the story, of the {measured.n_rare_needed} needed"
    best = measured.rivals[0] if measured.rivals else None
    if best and best.score > measured.score:
        return f"story {best.story_id} scores {best.score:.2f} for it, more than this one with {measured.score:.2f}"
    return ""


def _together(case: StoryCase, measured: PlaceExplanation) -> str:
    """Why the article is in the story; "" where it is not."""
    placed = case.placed
    if placed is None or placed.story_id != case.story_id:
        return ""
    must = [fact.article_id for fact in case.facts if fact.kind == MUST]
    if must:
        return f"Together: somebody said that it belongs with article {must[0]}"
    if placed.because == BY_HAND:
        return "Together: somebody said that it belongs there"
    if placed.because == "copy":
        return f"Together: it went where {_other_copy(case)} is"
    today = "" if measured.nearest is None else f"; today {_score_today(measured)}"
    if placed.because == "similar":
        return f"Together: it joined with a score of {placed.score:.2f}{today}"
    return f"Together: it began a story, since nothing was near enough ({placed.because}){today}"


def _score_today(measured: PlaceExplanation) -> str:
    return f"the story without it scores {measured.score:.2f} for it, and {measured.bar:.2f} is needed"


def _other_copy(case: StoryCase) -> str:
    return "its original, or its copy," if case.copy_id is None else f"article {case.copy_id} of the same text"


def _apart(case: StoryCase, measured: PlaceExplanation) -> str:
    """Why the article is not in the story: what bars it, then where it was put, and then what its text says."""
    barred, obstacle = _bar_of(case), _obstacle(measured)
    today = f"{_score_today(measured)}, so it would join it"
    if barred:
        return f"Apart: {barred}"
    if case.placed is None:
        return f"Apart: the article is in no story yet; {obstacle or today}"
    placed = case.placed
    if placed.because == BY_HAND:
        return f"Apart: somebody said that it belongs in story {placed.story_id}"
    if placed.because == "copy":
        return f"Apart: it went where {_other_copy(case)} is, into story {placed.story_id}"
    then = f"it was put into story {placed.story_id} by what was known then ({placed.because}, {placed.score:.2f})"
    return f"Apart: {f'{obstacle}; it is in story {placed.story_id}' if obstacle else f'{then}; today {today}'}"


def _bar_of(case: StoryCase) -> str:
    """What keeps the article out whatever it says; "" where nothing does."""
    mine, theirs = case.languages
    cannot = [fact.article_id for fact in case.facts if fact.kind == CANNOT]
    if mine != theirs:
        return f"the article is in {mine}, the story in {theirs}, and a story keeps to one language"
    if cannot:
        return f"somebody said that it does not belong with article {cannot[0]}"
    return "the story is locked, so nothing joins it by itself" if case.is_locked else ""
