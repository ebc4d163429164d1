"""Story assignment: what joins, what stays apart, and that a restart changes nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.cluster.assign import (
    Assignment,
    AssignPolicy,
    Member,
    StoryScore,
    decide_assignment,
    event_time,
)
from monitor.cluster.explain import explain_story
from monitor.cluster.features import Features, features
from monitor.cluster.index import StoryIndex
from monitor.cluster.statistics import Statistics
from monitor.text.stems import stem
from monitor.types import ArticleId, StoryId

START = datetime(2026, 3, 2, 8, tzinfo=UTC)

FERRY = (
    "Ferry fire closes port of Halmstad",
    """The port of Halmstad was closed on Tuesday after a fire broke out on the ferry Nordic Star with 412 passengers on
    board. All of them were brought ashore, the coast guard said, and 17 were taken to hospital. Captain Erik Lund said
    that the fire had started in the engine room. Kattegat Lines cancelled 6 departures until Thursday.""",
)
FERRY_TOO = (
    "412 brought to safety from burning ferry",
    """More than four hundred people had to leave the burning ferry Nordic Star off Halmstad on Tuesday. Boats
    of the coast
    guard carried everyone ashore, and 17 passengers needed treatment. Kattegat Lines, which runs the ship, spoke of a
    fire in the engine room. Captain Erik Lund praised his crew.""",
)
BUDGET = (
    "Parliament passes budget with narrow majority",
    """The parliament in Oslo passed the budget for next year with 86 votes to 83 on Tuesday night. Finance
    minister Kari
    Dahl had agreed to raise spending on schools after weeks of talks with the Centre party. The opposition called the
    compromise costly and announced that it would challenge the tax on salmon farms in court.""",
)
RATE = (
    "Central bank keeps its rate at 4.25 percent",
    """The central bank left its key interest rate at 4.25 percent on Tuesday, as most economists had expected.
    Governor Per
    Vik said that inflation was falling more slowly than hoped and that a first cut could follow in the autumn.
    The crown
    rose against the euro and shares of builders fell.""",
)


def member(number: int, article: tuple[str, str], *, hours: float = 0.0) -> Member:
    moment = START + timedelta(hours=hours)
    return Member(ArticleId(number), features(*article, "en"), moment, moment)


def index_of(*articles: tuple[int, tuple[str, str]], policy: AssignPolicy | None = None) -> StoryIndex:
    """Each article in the story given beside it."""
    index = StoryIndex("en", Statistics("en"), policy)
    for number, (story, article) in enumerate(articles, start=1):
        index.add(StoryId(story), member(number, article))
    return index


def test_the_first_article_of_a_language_opens_a_story() -> None:
    assignment = index_of().assign(member(1, FERRY))
    assert assignment == Assignment(None, 0.0, AssignPolicy().min_probability, "nothing like it")


def test_a_second_report_on_an_event_joins_its_story() -> None:
    assignment = index_of((10, BUDGET), (11, FERRY), (12, RATE)).assign(member(4, FERRY_TOO, hours=3))
    assert assignment.story_id == 11
    assert assignment.nearest_id == 2
    assert assignment.score > assignment.threshold
    assert {"ferry", "halmstad", "kattegat"} & {term.term for term in assignment.terms}


def test_another_event_of_the_same_day_opens_a_story() -> None:
    assert index_of((10, BUDGET), (11, FERRY)).assign(member(3, RATE)).story_id is None


def test_asking_changes_nothing() -> None:
    index = index_of((10, BUDGET), (11, FERRY))
    first = index.assign(member(3, FERRY_TOO))
    assert index.assign(member(3, FERRY_TOO)) == first
    assert (len(index), index.statistics.n_articles) == (2, 2)


def test_a_copy_goes_where_its_original_is_whatever_the_score() -> None:
    assignment = index_of((10, BUDGET), (11, FERRY)).assign(member(3, FERRY_TOO), must_join=StoryId(10))
    assert (assignment.story_id, assignment.because) == (10, "copy")


def test_a_copy_of_an_article_no_longer_held_still_joins() -> None:
    assert index_of().assign(member(3, FERRY), must_join=StoryId(7)).story_id == 7


def test_the_same_words_weeks_later_are_another_event() -> None:
    index = index_of((11, FERRY))
    assert index.assign(member(2, FERRY_TOO, hours=1)).story_id == 11
    assert index.assign(member(2, FERRY_TOO, hours=24 * 15)).story_id is None


def test_time_between_two_reports_lowers_their_odds() -> None:
    index = index_of((11, FERRY))
    soon, later = (index.scored(member(2, FERRY_TOO, hours=hours))[0].logit for hours in (1, 72))
    assert later < soon - 3


def test_articles_without_a_date_are_compared_all_the_same() -> None:
    index = StoryIndex("en", Statistics("en"))
    index.add(StoryId(5), Member(ArticleId(1), features(*FERRY, "en"), None, None))
    assert index.assign(Member(ArticleId(2), features(*FERRY_TOO, "en"), None, None)).story_id == 5


def test_an_article_without_words_opens_a_story() -> None:
    assert index_of((11, FERRY)).assign(member(2, ("", ""))).story_id is None


WEATHER = """{city}: The day begins with fog in the valleys and low cloud along the coast, lifting by late morning.
Sunny spells follow in the afternoon with highs of {high} degrees and a light wind of {wind} km an hour from the {side}.
Clear in the evening, with temperatures falling to {low} degrees overnight. Rain is expected to reach {city} by {day},
bringing up to {rain} millimetres. Pollen levels are moderate. Sunrise is at {rise} and sunset at {set}."""


def weather(city: str, *figures: object) -> tuple[str, str]:
    keys = ("high", "wind", "side", "low", "day", "rain", "rise", "set")
    text = WEATHER.format(city=city, **dict(zip(keys, figures, strict=True)))
    return f"Weather outlook for {city}", text


LUND = weather("Lund", 18, 12, "west", 7, "Friday", 5, "6.12", "19.44")
KIRUNA = weather("Kiruna", 13, 31, "north", 16, "Sunday", 14, "5.38", "20.31")


def test_two_articles_of_one_template_are_never_one_story() -> None:
    assignment = index_of((10, BUDGET), (11, LUND)).assign(member(3, KIRUNA))
    assert (assignment.story_id, assignment.because) == (None, "one template")
    assert assignment.score > assignment.threshold
    explained = explain_story(member(1, LUND), member(2, KIRUNA), Statistics("en"))
    assert explained.is_template
    assert "template" in explained.because


def test_an_edited_copy_of_a_report_is_no_template() -> None:
    edited = (FERRY[0], FERRY[1].replace("17 were", "19 were").replace("Tuesday", "Wednesday"))
    assert index_of((10, BUDGET), (11, FERRY)).assign(member(3, edited)).story_id == 11


def test_headlines_alone_can_share_a_story() -> None:
    index = index_of((10, ("Parliament in Oslo passes budget", "")), (11, ("Ferry fire closes port of Halmstad", "")))
    assert index.assign(member(3, ("Halmstad port closed by ferry fire", ""))).story_id == 11


def test_common_terms_alone_do_not_make_a_story() -> None:
    index = StoryIndex(
        "xx", Statistics("xx", n_articles=1_000, counts=dict.fromkeys("the weather today is fine".split(), 900))
    )
    index.add(StoryId(1), member(1, ("the weather today", "the weather today is fine")))
    assignment = index.assign(member(2, ("the weather today", "the weather today is fine")))
    assert (assignment.story_id, assignment.because) == (None, "only common terms")


def test_a_headline_that_another_tells_nearly_whole_needs_no_rare_term() -> None:
    common = "athletes in village test positive"
    counts = dict.fromkeys([*map(stem, common.split()), "rain", "today"], 200)

    def joined(title: str) -> tuple[StoryId | None, str]:
        index = StoryIndex("xx", Statistics("xx", n_articles=1_000, counts=counts))
        for number in range(1, 30):
            index.add(StoryId(number), member(number, (f"rain today {number}x{number}", "")))
        index.add(StoryId(99), member(99, (f"{common} first", "")))
        found = index.assign(member(100, (title, "")))
        return found.story_id, found.because

    assert joined(f"{common} today") == (99, "similar")
    assert joined("athletes in rain today")[0] is None


@pytest.mark.parametrize(
    ("headline", "other"),
    [
        ("News of the day", ("Good for business", "Here is the news that came in of late, on a day of business.")),
        ("What we know so far", ("What we know so far about the new law", "")),
    ],
)
def test_a_headline_of_common_words_needs_a_rare_term(headline: str, other: tuple[str, str]) -> None:
    found = index_of((10, BUDGET), (11, other)).assign(member(3, (headline, "")))
    assert (found.story_id, found.because) == (None, "only common terms")


def scored(story: int, score: float, *, n_shared_rare: int = 5) -> StoryScore:
    return StoryScore(StoryId(story), score, ArticleId(story), n_shared_rare, 2)


def test_equal_scores_go_to_the_lowest_story() -> None:
    assert decide_assignment([scored(9, 0.5), scored(4, 0.5), scored(6, 0.5)], AssignPolicy()).story_id == 4


def test_a_story_that_is_not_probable_enough_is_not_joined() -> None:
    policy = AssignPolicy(min_probability=0.6)
    assert decide_assignment([scored(1, 0.6), scored(2, 0.3)], policy).story_id == 1
    assert decide_assignment([scored(1, 0.59), scored(2, 0.3)], policy) == Assignment(None, 0.59, 0.6, "too far", 1)


def test_too_few_shared_rare_terms_open_a_story() -> None:
    assert decide_assignment([scored(1, 0.9, n_shared_rare=1)], AssignPolicy()).story_id is None


@pytest.mark.parametrize(("published_h", "expected_h"), [(None, 0), (-5, -5), (0, 0), (48, 0), (-24 * 400, -72)])
def test_a_back_or_future_dated_article_is_compared_near_when_it_was_seen(
    published_h: int | None, expected_h: int
) -> None:
    published_at = None if published_h is None else START + timedelta(hours=published_h)
    assert event_time(published_at, START) == START + timedelta(hours=expected_h)


def stream(n_articles: int = 160) -> list[Member]:
    """Reports on 40 invented events over ten days, each event with words and names of its own."""
    chosen = random.Random(5)
    events = [[f"{chosen.choice('bdfgklm')}{chosen.randrange(10**5):05d}x" for _ in range(25)] for _ in range(40)]
    common = [f"common{i}" for i in range(60)]
    members = []
    for number in range(1, n_articles + 1):
        event = chosen.randrange(40)
        own, shared = chosen.sample(events[event], 12), chosen.sample(common, 25)
        moment = START + timedelta(hours=6 * event + chosen.randrange(30))
        members.append(
            Member(ArticleId(number), features(" ".join(own[:4]), " ".join(own + shared), "xx"), moment, moment)
        )
    return sorted(members, key=lambda each: (each.seen_at, each.article_id))


def run(index: StoryIndex, members: list[Member]) -> list[tuple[StoryId, float]]:
    found = []
    for each in members:
        assignment = index.assign(each)
        story_id = StoryId(each.article_id) if assignment.story_id is None else assignment.story_id
        index.add(story_id, each)
        found.append((story_id, assignment.score))
    return found


def test_an_index_restored_from_stored_rows_goes_on_exactly_as_the_one_that_was_lost() -> None:
    members = stream()
    whole = StoryIndex("xx", Statistics("xx"))
    expected = run(whole, members)
    assert 20 < len({story for story, _ in expected}) < 80
    for cut in (1, 40, 111):
        lost = StoryIndex("xx", Statistics("xx"))
        before = run(lost, members[:cut])
        counts = dict(reversed(lost.statistics.counts().items()))
        restored = StoryIndex("xx", Statistics("xx", n_articles=lost.statistics.n_articles, counts=counts))
        for each, (story_id, _) in zip(members[:cut], before, strict=True):
            stored = Features.from_bytes(each.features.to_bytes())
            restored.restore(story_id, Member(each.article_id, stored, each.event_at, each.seen_at))
        assert before + run(restored, members[cut:]) == expected


def test_forgetting_what_is_older_than_the_window_changes_no_answer() -> None:
    members = stream()
    policy = AssignPolicy(window=timedelta(days=2))
    expected = run(StoryIndex("xx", Statistics("xx"), policy), members)
    index, found = StoryIndex("xx", Statistics("xx"), policy), []
    for each in members:
        assert each.seen_at is not None
        index.forget(each.seen_at - policy.window)
        found += run(index, [each])
    assert found == expected
    assert len(index) < len(members) / 2


def test_an_index_knows_the_stories_of_the_articles_it_holds() -> None:
    index = index_of((10, BUDGET), (11, FERRY))
    assert (index.story_of(ArticleId(2)), index.story_of(ArticleId(99))) == (11, None)
    assert index.forget(START + timedelta(hours=1)) == 2
    assert index.story_of(ArticleId(2)) is None


def test_an_explanation_names_the_terms_and_is_the_same_both_ways() -> None:
    statistics = index_of((10, BUDGET), (11, RATE)).statistics
    there = explain_story(member(1, FERRY), member(2, FERRY_TOO, hours=5), statistics)
    back = explain_story(member(2, FERRY_TOO, hours=5), member(1, FERRY), statistics)
    assert there.score == back.score > there.threshold
    assert "halmstad" in {term.term for term in there.terms}
    assert there.decay < 1.0
    assert "reaches" in there.because
    assert "below" in explain_story(member(1, FERRY), member(2, RATE), statistics).because


def test_an_index_that_articles_were_taken_out_of_answers_like_one_that_never_held_them() -> None:
    members = stream()
    index, never = StoryIndex("xx", Statistics("xx")), StoryIndex("xx", Statistics("xx"))
    before = run(index, members[:100])
    for each, (story_id, _) in zip(members[:100], before, strict=True):
        if each.article_id % 3:
            never.restore(story_id, each)
        else:
            index.remove(each.article_id)
        never.statistics.learn(never.statistics.ids(each.features.stems))
    assert len(index) == len(never) > 50
    index.remove(ArticleId(999))
    undated = [replace(each, seen_at=None, event_at=None) for each in members[100:110]]
    assert [index.assign(each) for each in undated] == [never.assign(each) for each in undated]
    assert run(index, members[100:]) == run(never, members[100:])
    # what was taken out may come back, and is dropped with what is too old
    gone = next(each for each in members[:100] if not each.article_id % 3)
    assert index.story_of(gone.article_id) is None
    index.add(StoryId(7), gone)
    assert index.story_of(gone.article_id) == 7
    n_held = len(index)
    assert index.forget(START - timedelta(days=1)) == 0
    assert len(index) == n_held


def test_statistics_of_more_terms_than_the_first_table_holds_come_back() -> None:
    counts = {f"term{number}": number % 7 + 1 for number in range(40_000)}
    restored = Statistics("xx", n_articles=50, counts=counts)
    assert restored.counts() == counts
    again = Statistics("xx", n_articles=50)
    for term in counts:
        again.ids([term])
    assert len(again) == len(restored)


def test_recurring_titles_leave_no_place_to_what_is_nearer_than_them() -> None:
    """Whichever of many like articles are of a series, an article meets the nearest of the others."""
    policy = AssignPolicy(n_candidates=3)
    index = StoryIndex("en", Statistics("en"), policy)
    for number in range(1, 41):
        at = START + timedelta(hours=8 * number)
        title = f"Markets on day {number}" if number % 2 else f"Ferry fire closes port {number} of Halmstad"
        family = "a.example" if number % 2 else f"{number}.example"
        index.add(StoryId(number), Member(ArticleId(number), features(title, FERRY[1], "en"), at, at, family=family))
    at = START + timedelta(hours=8 * 41)
    asked = Member(ArticleId(99), features(*FERRY, "en"), at, at, family="b.example")
    assert {each.story_id for each in index.scored(asked)} == {40, 38, 36}


def test_an_article_looks_at_no_more_of_the_window_when_counts_were_halved() -> None:
    """Counts that stand for half of the articles let no more terms through than those that stand for all."""
    policy = AssignPolicy(max_postings=20)
    found = []
    for halve_at in (25, 1_000):
        index = StoryIndex("xx", Statistics("xx", halve_at=halve_at), policy)
        for number in range(1, 31):
            text = "flood in the valley" if number % 2 else f"flood number {number} in the valley of lakes"
            index.add(StoryId(number), Member(ArticleId(number), features(text, text, "xx"), START, START))
        asked = Member(ArticleId(99), features("flood valley lakes", "the flood of the lakes", "xx"), START, START)
        query = index._vector(asked.features)
        weights = index.statistics.idf(query.ids)
        kept = index._telling(query, weights, asked)
        found.append({asked.features.terms[place] for place in kept.tolist()})
    assert found[0] <= found[1]
