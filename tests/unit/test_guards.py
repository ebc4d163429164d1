"""What belongs to no single event stays out of stories, and no single voice makes one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cluster.assign import Assignment, Member
from monitor.cluster.explain import explain_story
from monitor.cluster.features import Features, features
from monitor.cluster.guards import (
    DAY_S,
    GuardPolicy,
    Kind,
    family_weights,
    is_roundup,
    is_series,
    kind_of,
    kind_of_title,
    n_rare_needed,
    series_key,
    story_bar,
)
from monitor.cluster.index import StoryIndex
from monitor.cluster.statistics import Statistics
from monitor.types import ArticleId, StoryId

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
POLICY = GuardPolicy()

# --- titles ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title",
    [
        "Weather",
        "Crossword No 14,233",
        "Your horoscope for Monday, 3 March",
        "Lottery numbers: Saturday, March 7",
        "Letters to the editor: trams, tolls and tulips",
        "Morning briefing: Tuesday 3 March",
        "Tuesday's ferry fire, and a vote on tolls | Morning briefing",
        "Wetter",
        "Horoskop für Dienstag, den 3. März",
        "Leserbriefe: Radwege und Rasen",
        "Lottozahlen vom 7. März",
        "Météo",
        "Mots croisés n° 312",
        "Revue de presse du 3 mars",
        "Horóscopo de hoy, 3 de marzo",
        "Cartas al director",
        "Las noticias del día: martes 3 de marzo",
        "Oroscopo del giorno - 3 marzo 2026",
        "Rassegna stampa | martedì 3 marzo",
        "Palavras cruzadas",
        "Resumo do dia: 3 de março",
        "Kruiswoordpuzzel 88",
        "Horoskop na dziś – 3 marca",
        "Přehled zpráv: 3. března",
        "Гороскоп на 3 марта",
        "Обзор прессы: 3 марта",
        "Τα πρωτοσέλιδα",
        "Günlük burç yorumları 3 Mart",
        "حالة الطقس",
        "حظك اليوم: الثلاثاء 3 مارس",
        "فال روز ۱۲ اسفند",
        "הורוסקופ יומי",
        "आज का राशिफल: 3 मार्च 2026",
        "天气预报",
        "星座运势:3月3日",
        "今日の天気(3月3日)",
        "오늘의 운세 | 3월 3일",
        "ดวงวันนี้ 3 มี.ค.",
        "Kết quả xổ số 3/3",
        "Ramalan zodiak, 3 Maret",
    ],
)
def test_titles_of_regular_features_and_round_ups_are_known(title: str) -> None:
    assert kind_of_title(title) is Kind.ROUNDUP


@pytest.mark.parametrize(
    "title",
    [
        "Ferry fire off Halmstad: live updates",
        "Live: Parliament votes on the budget",
        "Parliament votes on the budget – live",
        "The budget debate: March 3 as it happened",
        "The Latest: Ferry passengers brought ashore",
        "+++ Liveticker: Brand auf der Fähre +++",
        "Fähre in Flammen - jetzt live",
        "EN DIRECT. Incendie à bord du ferry",
        "Incendio en el ferry, en directo | Evacuados todos los pasajeros",
        "Incendio nel porto, la diretta minuto per minuto",
        "Incêndio no navio: acompanhe ao minuto",
        "Veerboot in brand: liveblog",
        "Pożar promu. Relacja na żywo",
        "Пожар на пароме: прямая трансляция",
        "Пожежа на поромі - наживо",
        "Φωτιά στο πλοίο - λεπτό προς λεπτό",
        "Feribotta yangın: dakika dakika gelişmeler",
        "حريق العبارة.. لحظة بلحظة",
        "【ライブ】フェリー火災の続報",
        "渡轮起火 | 实时更新",
        "실시간: 여객선 화재",
        "เรือเฟอร์รี่ไฟไหม้ | สด",
    ],
)
def test_titles_of_live_blogs_are_known(title: str) -> None:
    assert kind_of_title(title) is Kind.LIVE


@pytest.mark.parametrize(
    "title",
    [
        "",
        "???",
        "2026",
        "Weather closes the port of Halmstad",
        "Crossword champion found guilty of fraud",
        "Lottery winner gives millions to ferry crew",
        "Letters bring down a minister",
        "Health exchanges go live, with a few snags",
        "They live tweeted the verdict",
        "Live music returns to the harbour",
        "Markets fall after rate decision",
        "The latest deal on fishing quotas falls apart",
        "Horoskop-Betrüger vor Gericht",
        "Lottogewinner spendet Millionen",
        "Le directeur du port quitte son poste",
        "El tiempo apremia en las negociaciones",
        "Погода сорвала спасательную операцию",
        "天气原因致航班取消",
    ],
)
def test_titles_of_reports_are_left_alone(title: str) -> None:
    assert kind_of_title(title) is Kind.REPORT


@given(st.text(max_size=400))
def test_any_title_has_a_kind(title: str) -> None:
    assert kind_of_title(title) in Kind


def test_titles_of_a_series_are_one_whatever_their_dates_and_figures() -> None:
    def key(title: str, family: str = "one") -> str:
        return series_key(family, features(title, "").title)

    assert key("Markets on Tuesday, March 3") == key("Markets on Wednesday, March 4") == key("4 March: on markets")
    assert key("Börse am 3. Mai") == key("Börse am 17. Juni")
    assert key("3月3日(火曜日)の市況") == key("3月4日(水曜日)の市況")
    assert key("Markets today") != key("Markets today", family="two")
    assert key("Markets today", family="") == key("3 March 2026") == ""


def test_a_title_makes_a_series_when_it_was_used_on_enough_other_days() -> None:
    assert is_series(9.0, [5.0, 6.0, 7.0], POLICY)
    assert not is_series(9.0, [5.0, 6.0, 6.0, 9.0, 9.0, math.nan], POLICY)


# --- the structure of a text -----------------------------------------------------------------------------------------

ITEMS = (
    "The harbour board of Halmstad will lease two tugboats after Sunday's collision in the fairway.",
    "Beekeepers in Jutland lost a third of their colonies to mites, an association said.",
    "A court in Graz fined the owner of a brewery for emptying vats into the Mur.",
    "Archaeologists digging below a car park in York uncovered a mosaic with dolphins.",
    "Goalkeeper Ines Prado signed with Porto until the summer of next season.",
    "Health inspectors closed seven bakeries in Lyon because of mouldy flour.",
    "The orchestra of Tampere postponed its premiere, as the conductor caught pneumonia.",
    "Prices of cocoa climbed to a record in London after rains flooded plantations.",
    "Two climbers were winched off a glacier near Zermatt with frostbitten fingers.",
    "The parliament in Riga legalised the sale of raw milk at weekly fairs.",
    "A lynx that escaped from a zoo in Ostrava was photographed in a vineyard.",
    "Volunteers in Bari cleared four tonnes of fishing nets from a reef.",
)
COURT = (
    "Prosecutors asked the court in Graz to send brewer Anton Moser to prison for poisoning the river Mur.",
    "Moser, who owns the brewery, emptied vats of lye into the river over eleven nights, they said.",
    "Anglers found hundreds of dead grayling below the brewery and called the police.",
    "Samples taken from the river showed lye in concentrations that burn the gills of fish.",
    "The brewer told the court that a valve had failed and that nobody noticed.",
    "A foreman contradicted Moser: the valve was opened by hand on the owner's orders.",
    "The defence called the foreman a liar who was dismissed for drinking.",
    "Experts put the damage to the river at two million euros.",
    "Restocking grayling in the Mur would take a decade, a biologist told the court.",
    "Graz has known the brewery for two centuries, and many spoke up for its owner.",
    "The prosecutors want five years of prison and a ban on running a brewery.",
    "A verdict on Moser is expected on Friday.",
)


def test_a_text_of_unrelated_items_is_a_round_up_whatever_its_title() -> None:
    assert kind_of("Tugboats, mites and mosaics", "\n".join(ITEMS), "en") is Kind.ROUNDUP


def test_a_text_that_comes_back_to_its_subject_is_a_report() -> None:
    assert kind_of("Brewer on trial for poisoned river", "\n".join(COURT), "en") is Kind.REPORT


@pytest.mark.parametrize(
    ("text", "language"),
    [("", "en"), ("\n".join(ITEMS[:8]), "en"), ("\n".join(ITEMS), "xx"), ("\n".join(ITEMS), None), ("\n" * 50, "en")],
)
def test_short_texts_and_unknown_languages_have_no_structure_to_judge(text: str, language: str | None) -> None:
    assert not is_roundup("Tugboats, mites and mosaics", text, language)


def test_the_kind_is_stored_with_the_features() -> None:
    stored = features("Live: Parliament votes", "The vote began.", "en").to_bytes()
    assert Features.from_bytes(stored).kind is Kind.LIVE
    assert Features.from_bytes(features("Parliament votes", "").to_bytes()).kind is Kind.REPORT


# --- what the guards do ----------------------------------------------------------------------------------------------

FIRE = (
    "Fire on ferry Nordic Star off Halmstad",
    (
        "A fire broke out in the engine room of the ferry Nordic Star off Halmstad on Tuesday. All 412 passengers were"
        " brought ashore, the coast guard said. Captain Erik Lund and Kattegat Lines praised the crew."
    ),
)
FIRE_TOO = (
    "Passengers of burning ferry brought ashore in Halmstad",
    (
        "The coast guard brought 412 passengers of the ferry Nordic Star to Halmstad on Tuesday. The fire started"
        " in the engine room, captain Erik Lund said. Kattegat Lines cancelled departures."
    ),
)
FIRE_LIVE = (f"{FIRE[0]} – live", FIRE[1])


def member(
    number: int, article: tuple[str, str], *, days: float = 0.0, family: str = "", language: str = "en"
) -> Member:
    moment = START + timedelta(days=days)
    return Member(ArticleId(number), features(*article, language), moment, moment, family)


def index_of(*members: tuple[int, Member], language: str = "en") -> StoryIndex:
    index = StoryIndex(language, Statistics(language))
    for story, each in members:
        index.add(StoryId(story), each)
    return index


def placed(members: Sequence[Member], language: str = "en") -> list[Assignment]:
    """Each assignment in turn; an article that joins none opens a story with its own number."""
    index, found = StoryIndex(language, Statistics(language)), []
    for each in members:
        found.append(index.assign(each))
        index.add(found[-1].story_id or StoryId(each.article_id), each)
    return found


def test_a_round_up_joins_no_story_and_attracts_nobody() -> None:
    briefing = (f"Morning briefing: {FIRE[0]}", FIRE[1])
    assignment = index_of((10, member(1, FIRE_TOO))).assign(member(2, briefing))
    assert (assignment.story_id, assignment.because) == (None, "round-up")
    assert index_of((10, member(1, briefing))).assign(member(2, FIRE)).story_id is None


def test_a_copy_of_a_round_up_goes_where_its_original_is() -> None:
    briefing = ("Morning briefing", FIRE[1])
    index = index_of((10, member(1, briefing)))
    assert index.assign(member(2, briefing), must_join=StoryId(10)).story_id == 10


def test_a_live_blog_joins_the_story_of_its_event() -> None:
    assert index_of((10, member(1, FIRE))).assign(member(2, FIRE_LIVE)).story_id == 10


def test_a_report_joins_no_story_through_a_live_blog_alone() -> None:
    assignment = index_of((10, member(1, FIRE_LIVE))).assign(member(2, FIRE_TOO))
    assert (assignment.story_id, assignment.because) == (None, "live blogs only")
    assert index_of((10, member(1, FIRE_LIVE)), (10, member(2, FIRE))).assign(member(3, FIRE_TOO)).story_id == 10


def test_two_live_blogs_of_one_event_share_a_story() -> None:
    too = (f"{FIRE_TOO[0]} – live", FIRE_TOO[1])
    assert index_of((10, member(1, FIRE_LIVE))).assign(member(2, too)).story_id == 10


def test_the_headline_of_a_live_blog_alone_tells_of_no_more_than_it_says() -> None:
    assert (kind_of(f"{FIRE[0]} - live", FIRE[1]), kind_of(f"{FIRE[0]} - live", " ")) == (Kind.LIVE, Kind.REPORT)


def market_report(number: int, day: int, family: str = "one") -> Member:
    points = 9_000 + 37 * day
    text = (
        f"Shares in Oslo closed at {points} points as oil and salmon producers gained. Traders spoke of a calm"
        f" session. Equinor rose {day} percent, Mowi fell {day + 2} percent, the crown was steady against the euro."
    )
    return member(number, (f"Markets today: {day} March", text), days=day, family=family)


def test_reports_of_a_series_are_stories_of_their_own() -> None:
    days = [market_report(day, day) for day in range(1, 8)]
    found = placed(days)
    assert [one.because for one in found[3:]] == ["series"] * 4
    index = index_of(*((int(each.article_id), each) for each in days))
    other = member(20, ("Oslo shares end higher", "Shares in Oslo closed higher."), days=7)
    assert index.assign(other).story_id is None


def test_a_title_of_another_family_or_of_one_day_makes_no_series() -> None:
    others = [(day, market_report(day, day, family=f"family {day}")) for day in range(1, 6)]
    assert index_of(*others).assign(market_report(9, 6, family="one")).because != "series"
    at_once = [(number, member(number, FIRE, family="one")) for number in range(1, 6)]
    assert index_of(*at_once).assign(member(9, FIRE, family="one")).story_id is not None


def test_a_restored_index_knows_the_same_series() -> None:
    days = [market_report(day, day) for day in range(1, 6)]
    whole = index_of(*((day, each) for day, each in enumerate(days, start=1)))
    restored = StoryIndex("en", Statistics("en", n_articles=5, counts=whole.statistics.counts()))
    for day, each in enumerate(days, start=1):
        restored.restore(StoryId(day), each)
    restored.forget(START - timedelta(days=1))
    asked = market_report(9, 6)
    assert restored.assign(asked) == whole.assign(asked)
    assert whole.assign(asked).because == "series"
    for number in (1, 2, 3):
        whole.remove(ArticleId(number))
    assert whole.assign(asked).because != "series"


def test_days_of_a_comic_are_no_story() -> None:
    jokes = ("Crumb eats the homework.", "Kit paints the fence blue.", "Grandma wins at cards.", "A duck moves in.")
    days = [
        member(
            day, (f"Kit & Crumb for March {day}", f"Kit & Crumb, a comic by Lou Farrow. {joke}"), days=day, family="one"
        )
        for day, joke in enumerate(jokes * 2, start=1)
    ]
    assert [one.because for one in placed(days)[3:]] == ["series"] * 5


ABSTRACTS = {
    "Single-cell atlas of the zebrafish gill": """We used single-cell RNA sequencing to chart ionocytes of the zebrafish
    gill and found that salinity reshapes their mitochondria within two days.""",
    "Single-cell profiling of maize roots under drought": """Single-cell RNA sequencing of maize roots shows that the
    endodermis thickens its walls before drought reaches the stele, a trait that breeders could select.""",
    "Single-cell view of relapse in childhood leukaemia": """In marrow of forty children, single-cell RNA sequencing
    traced relapse to a clone that was dormant during chemotherapy and resisted asparaginase.""",
    "Single-cell clocks of the ageing mouse kidney": """We built a transcriptomic clock from single-cell RNA sequencing
    of mouse kidneys; tubule cells age twice as fast as podocytes, and fasting slows both.""",
}


def test_abstracts_that_share_a_method_are_no_story() -> None:
    articles = [member(n, one, days=n / 24, family="journal") for n, one in enumerate(ABSTRACTS.items(), start=1)]
    assert [one.story_id for one in placed(articles)] == [None] * 4


def test_two_reports_of_one_family_on_one_event_share_a_story_all_the_same() -> None:
    assert index_of((10, member(1, FIRE, family="one"))).assign(member(2, FIRE_TOO, family="one")).story_id == 10


def test_more_rare_terms_are_asked_of_what_only_the_own_family_reports() -> None:
    assert n_rare_needed(3, "one", ["one", "one"], POLICY) == 6
    assert n_rare_needed(3, "one", ["one", "two"], POLICY) == n_rare_needed(3, "", ["", ""], POLICY) == 3


def test_explaining_a_round_up_says_so() -> None:
    briefing = member(1, (f"Morning briefing: {FIRE[0]}", FIRE[1]))
    assert "round-up" in explain_story(briefing, member(2, FIRE), Statistics("en")).because
    assert "round-up" not in explain_story(member(1, FIRE_TOO), member(2, FIRE), Statistics("en")).because


# --- voices and time -------------------------------------------------------------------------------------------------


def test_one_family_weighs_no_more_than_all_others_together() -> None:
    weights = family_weights(["one"] * 9 + ["two"], POLICY)
    assert math.isclose(sum(weights[:9]), 0.5)
    assert math.isclose(weights[9], 0.5)


@pytest.mark.parametrize(
    "families", [["one"] * 4, ["one", "two", "three"], ["", "", "", "one"], ["one", "one", "", ""]]
)
def test_members_weigh_alike_where_no_family_outweighs_others(families: list[str]) -> None:
    assert family_weights(families, POLICY) == [1 / len(families)] * len(families)


@given(st.lists(st.sampled_from(["", "one", "two", "three"]), min_size=1, max_size=40))
def test_weights_of_families_add_up_to_one(families: list[str]) -> None:
    assert math.isclose(sum(family_weights(families, POLICY)), 1.0)


def test_nine_articles_of_one_family_do_not_outweigh_a_report_of_another() -> None:
    topic = [
        (
            f"Harbour column {n}",
            f"Our columnist on the harbour of Halmstad and its cranes, part {n}, with tale {n * 7}.",
        )
        for n in range(9)
    ]
    alone = index_of(*((10, member(n + 1, text, family="one")) for n, text in enumerate(topic)), (10, member(20, FIRE)))
    beside = index_of(
        *((10, member(n + 1, text, family=f"family {n}")) for n, text in enumerate(topic)), (10, member(20, FIRE))
    )
    asked = member(30, FIRE_TOO, family="three")
    assert alone.assign(asked).score > beside.assign(asked).score


def test_a_story_that_burst_sets_no_higher_bar_however_long_its_tail() -> None:
    moments = np.array([0.0, 0.1, 0.2, 0.5, 1.0, 1.5, 6.0, 9.0]) * DAY_S
    assert story_bar(moments, ["a", "b"] * 4, POLICY) == 1.0


def test_a_topic_sets_a_bar_that_rises_with_its_span_and_more_for_one_family() -> None:
    def bar(days: int, families: Sequence[str]) -> float:
        return story_bar(np.arange(days) * DAY_S, families, POLICY)

    many = [f"family {n}" for n in range(12)]
    assert bar(4, many[:4]) == 1.0
    assert 1.0 < bar(8, many[:8]) < bar(12, many) < bar(12, ["one"] * 12) <= POLICY.max_bar


def test_moments_that_are_unknown_tell_no_topic() -> None:
    assert story_bar(np.full(9, np.nan), ["one"] * 9, POLICY) == 1.0
    assert story_bar(np.zeros(0), [], POLICY) == 1.0
