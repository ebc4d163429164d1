"""One sentence that says why an article is, or is not, in a story."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.cluster.assign import Member
from monitor.cluster.explain_story import CANNOT, MUST, Fact, Placed, PlaceExplanation, StoryCase, explain_place
from monitor.cluster.features import features
from monitor.cluster.index import StoryIndex
from monitor.cluster.scorer import probability
from monitor.cluster.statistics import Statistics
from monitor.types import ArticleId, StoryId
from tests.stages.events import report

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
FERRY, BUDGET = StoryId(1), StoryId(2)
ASKED = ArticleId(99)
FREE = StoryCase(article_id=ASKED, story_id=FERRY, languages=("en", "en"))
THERE = Placed(FERRY, 0.41, "similar", START)
ELSEWHERE = Placed(BUDGET, 0.33, "similar", START)


def member(article_id: int, event: str, number: int, *, hours: float = 0, title: str | None = None) -> Member:
    headline, body = report(event, number)
    seen_at = START + timedelta(hours=hours)
    return Member(ArticleId(article_id), features(title or headline, body, "en"), seen_at, seen_at)


def explain(case: StoryCase, article: Member | None = None) -> PlaceExplanation:
    """Beside two stories of three reports each, and others of one."""
    index, held = StoryIndex("en", Statistics("en")), {}
    told = [(FERRY, "ferry", number) for number in range(3)] + [(BUDGET, "budget", number) for number in range(3)]
    told += [(StoryId(number), f"other{number}", 0) for number in range(3, 12)]
    for article_id, (story_id, event, number) in enumerate(told, start=1):
        held[ArticleId(article_id)] = one = member(article_id, event, number)
        index.add(story_id, one)
    return explain_place(index, article or member(ASKED, "ferry", 7, hours=1), case, held)


def test_the_score_is_shown_beside_the_bar_its_parts_and_its_rivals() -> None:
    found = explain(FREE)
    assert found.score >= found.bar >= found.threshold > 0
    assert found.nearest_id in {1, 2, 3}
    assert found.nearest is not None
    assert found.nearest.terms
    log_odds = sum(one.added for one in found.contributions)
    assert probability(log_odds) == pytest.approx(found.score, abs=1e-4)
    assert [rival.score for rival in found.rivals] == sorted((rival.score for rival in found.rivals), reverse=True)
    assert FERRY not in {rival.story_id for rival in found.rivals}
    assert found.would_join
    assert found.because == (
        f"Apart: the article is in no story yet; the story without it scores {found.score:.2f} for it, "
        f"and {found.bar:.2f} is needed, so it would join it."
    )


@pytest.mark.parametrize(
    ("case", "because"),
    [
        (replace(FREE, placed=THERE), "Together: it joined with a score of 0.41; today the story without it scores "),
        (
            replace(FREE, placed=replace(THERE, because="copy"), copy_id=ArticleId(2)),
            "Together: it went where article 2",
        ),
        (replace(FREE, placed=replace(THERE, because="by hand")), "Together: somebody said that it belongs there."),
        (replace(FREE, placed=replace(THERE, because="too far")), "Together: it began a story, since nothing was near"),
        (
            replace(FREE, placed=THERE, facts=(Fact(MUST, ArticleId(3)),)),
            "Together: somebody said that it belongs with article 3.",
        ),
        (
            replace(FREE, placed=ELSEWHERE, facts=(Fact(CANNOT, ArticleId(3)),)),
            "Apart: somebody said that it does not belong with article 3.",
        ),
        (replace(FREE, placed=ELSEWHERE, is_locked=True), "Apart: the story is locked"),
        (replace(FREE, placed=ELSEWHERE, languages=("fr", "en")), "Apart: the article is in fr, the story in en"),
        (
            replace(FREE, placed=replace(ELSEWHERE, because="copy")),
            "Apart: it went where its original, or its copy, is",
        ),
        (
            replace(FREE, placed=replace(ELSEWHERE, because="by hand")),
            "Apart: somebody said that it belongs in story 2.",
        ),
        (
            replace(FREE, placed=ELSEWHERE),
            "Apart: it was put into story 2 by what was known then (similar, 0.33); today",
        ),
    ],
)
def test_one_sentence_says_what_decided(case: StoryCase, because: str) -> None:
    assert explain(case).because.startswith(because)


def test_a_story_that_is_too_far_says_by_how_much_and_where_the_article_is() -> None:
    found = explain(replace(FREE, story_id=BUDGET, placed=THERE))
    assert found.score < found.bar
    assert not found.would_join
    assert found.because == (
        f"Apart: the story scores {found.score:.2f} for it, below the {found.bar:.2f} needed; it is in story 1."
    )


def test_a_story_that_another_one_beats_says_which() -> None:
    both = Member(ASKED, features(*report(["ferry", "ferry", "budget"], 1), "en"), START, START)
    found = explain(replace(FREE, story_id=BUDGET, placed=THERE), both)
    assert found.rivals[0].story_id == FERRY
    assert found.because.startswith(f"Apart: story 1 scores {found.rivals[0].score:.2f} for it, more than this one")


def test_a_story_of_another_time_has_nothing_to_compare() -> None:
    found = explain(FREE, member(ASKED, "ferry", 7, hours=30 * 24))
    assert (found.score, found.nearest_id, found.nearest, found.contributions) == (0.0, None, None, ())
    assert "no article of the story is near enough in time" in found.because


def test_a_guard_keeps_an_article_out_whatever_the_score() -> None:
    found = explain(FREE, member(ASKED, "ferry", 7, title="Morning briefing: Monday 2 March"))
    assert found.guards == ("a round-up or regular feature tells of no single event and joins no story",)
    assert not found.would_join
    assert "a round-up or regular feature" in found.because
