"""Verdicts about pairs: copies are found, templates stay apart, and the order of a pair does not matter."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.dedup.candidates import CandidatePolicy, choose_candidates
from monitor.dedup.explain import explain_duplicate
from monitor.dedup.fingerprint import fingerprint
from monitor.dedup.matching import Candidate, compare, decide_duplicate
from monitor.types import ArticleId, DuplicateKind, DuplicateLink, RewriteLink

START = datetime(2026, 3, 2, 8, tzinfo=UTC)

WIRE = """The port of Halmstad was closed on Tuesday after a fire broke out on the ferry Nordic Star with 412
passengers on
board. All of them were brought ashore by 3.40 p.m., the coast guard said, and 17 were taken to hospital with smoke
injuries. Captain Erik Lund told reporters that the fire had started in the engine room shortly after noon. It was put
out by crews from Falkenberg and Varberg within two hours. The operator, Kattegat Lines, cancelled 6 departures until
Thursday and said that it would refund 2,300 tickets. Prosecutor Maria Holm opened an inquiry into the cause. The ferry
was built in 1998 and had passed its last inspection in January. Shares of the company fell 4.5% in Stockholm."""

WEATHER = """{city}: The day begins with fog in the valleys and low cloud along the coast, which will lift by
late morning.
Sunny spells in the afternoon with highs of {high} degrees and a light wind of {wind} km an hour from the {side}.
Clear in the evening, with temperatures falling to {low} degrees overnight. Rain is expected to reach {city} by {day},
bringing up to {rain} millimetres. Pollen levels are moderate. Sunrise is at {rise} and sunset at {set}."""


def candidate(
    article_id: int, text: str, *, family: str = "herald", hours: float = 0, title: str = "A title"
) -> Candidate:
    return Candidate(
        article_id=ArticleId(article_id),
        fingerprint=fingerprint(text),
        title=title,
        source=f"{family}.example",
        family=family,
        first_seen_at=START + timedelta(hours=hours),
        text=text,
    )


def kind_of(a: Candidate, b: Candidate) -> str | None:
    link = decide_duplicate(a, b)
    return str(link.kind) if isinstance(link, DuplicateLink) else None


def test_the_same_text_under_other_typography_is_exact() -> None:
    assert kind_of(candidate(1, WIRE), candidate(2, WIRE.replace("\n", " ").upper())) == "exact"


def test_a_truncated_copy_at_another_publisher_is_syndicated() -> None:
    assert kind_of(candidate(1, WIRE), candidate(2, WIRE[: len(WIRE) // 3], family="other")) == "syndicated"


def test_a_truncated_copy_at_the_same_publisher_is_near() -> None:
    assert kind_of(candidate(1, WIRE), candidate(2, WIRE[: len(WIRE) // 2])) == "near"


def test_a_corrected_figure_keeps_two_versions_together() -> None:
    corrected = WIRE.replace("17 were taken", "19 were taken").replace("closed on Tuesday", "shut on Tuesday")
    assert kind_of(candidate(1, WIRE), candidate(2, corrected, family="other")) == "syndicated"


def test_an_edited_copy_with_every_tenth_word_changed_is_found() -> None:
    chosen = random.Random(7)
    edited = " ".join("indeed" if chosen.random() < 0.1 and word.islower() else word for word in WIRE.split())
    assert kind_of(candidate(1, WIRE), candidate(2, edited, family="other")) == "syndicated"


def test_boilerplate_around_a_copy_does_not_hide_it() -> None:
    wrapped = f"Sign up for our newsletter to read more every day.\n{WIRE}\nFollow us for more stories like this one."
    assert kind_of(candidate(1, WIRE), candidate(2, wrapped, family="other")) == "syndicated"


def test_template_articles_with_other_facts_stay_apart() -> None:
    here = {
        "city": "Lund",
        "high": 18,
        "wind": 12,
        "side": "west",
        "low": 7,
        "day": "Friday",
        "rain": 5,
        "rise": "6.12",
        "set": "19.44",
    }
    there = {
        "city": "Kiruna",
        "high": 3,
        "wind": 31,
        "side": "north",
        "low": -6,
        "day": "Sunday",
        "rain": 14,
        "rise": "5.38",
        "set": "20.31",
    }
    a, b = candidate(1, WEATHER.format(**here)), candidate(2, WEATHER.format(**there), family="other")
    assert compare(a.fingerprint, b.fingerprint).containment > 0.4
    assert decide_duplicate(a, b) is None


def test_the_same_template_a_week_later_at_the_same_publisher_is_no_copy() -> None:
    values = {
        "city": "Lund",
        "high": 18,
        "wind": 12,
        "side": "west",
        "low": 7,
        "day": "Friday",
        "rain": 5,
        "rise": "6.12",
        "set": "19.44",
    }
    later = WEATHER.format(**(values | {"wind": 14, "rise": "6.01"}))
    assert kind_of(candidate(1, WEATHER.format(**values)), candidate(2, later, hours=24 * 8)) is None


def test_two_reports_on_one_event_in_their_own_words_are_not_linked() -> None:
    own = """More than four hundred people had to leave a burning ferry off the Swedish west coast on Tuesday.
    Rescue boats
    and two helicopters carried everyone to safety, according to the coast guard, while 17 passengers needed treatment.
    Witnesses on the quay spoke of thick black smoke that hung over the harbour for most of the afternoon."""
    assert decide_duplicate(candidate(1, WIRE), candidate(2, own, family="other", hours=2)) is None


def test_the_verdict_does_not_depend_on_which_article_is_called_new() -> None:
    a, b = candidate(9, WIRE, hours=1), candidate(3, WIRE[:500], family="other", hours=5)
    assert decide_duplicate(a, b) == decide_duplicate(b, a)
    link = decide_duplicate(a, b)
    assert link is not None
    assert (link.article_id, link.original_id) == (3, 9)


def test_articles_first_seen_at_one_moment_are_ordered_by_id() -> None:
    link = decide_duplicate(candidate(3, WIRE), candidate(2, WIRE))
    assert link is not None
    assert (link.article_id, link.original_id) == (3, 2)


def test_an_article_is_no_copy_of_itself() -> None:
    assert decide_duplicate(candidate(1, WIRE), candidate(1, WIRE)) is None


def test_fingerprints_of_two_schemes_are_not_compared() -> None:
    other = candidate(2, WIRE, family="other")
    assert (
        decide_duplicate(candidate(1, WIRE), replace(other, fingerprint=replace(other.fingerprint, scheme="old")))
        is None
    )


SHORT = "The port of Halmstad was closed after a fire on the ferry Nordic Star with 412 passengers on board."


def test_short_texts_are_copies_only_when_their_titles_agree() -> None:
    title = "Ferry fire closes port of Halmstad"
    a = candidate(1, SHORT, title=title)
    assert (
        kind_of(a, candidate(2, SHORT, family="other", title="Port of Halmstad closed by ferry fire")) == "syndicated"
    )
    assert kind_of(a, candidate(2, SHORT, family="other", title="Subscribe to read on")) is None


def test_short_texts_with_another_figure_are_no_copies() -> None:
    other = candidate(2, SHORT.replace("412", "389"), family="other")
    assert kind_of(candidate(1, SHORT), other) is None


def test_a_stub_of_a_few_words_is_never_a_copy() -> None:
    assert decide_duplicate(candidate(1, "Subscribe to read on."), candidate(2, "Subscribe to read on.")) is None


def test_empty_texts_are_no_copies_of_each_other() -> None:
    assert decide_duplicate(candidate(1, ""), candidate(2, "", family="other")) is None


def test_shared_passages_below_a_copy_make_a_rewrite() -> None:
    half = WIRE[: len(WIRE) // 2]
    own = """Our reporter on the quay saw families embrace as the last lifeboat came in. Nobody had slept, and
    the church hall
    served soup until late in the evening, while neighbours brought blankets. Many said they would never travel by sea
    again, others were already asking when the next departure would be. The town remembers a storm of long ago, when
    fishermen were lost within sight of the harbour wall and bells rang through the night."""
    link = decide_duplicate(candidate(1, WIRE), candidate(2, f"{half}\n{own}", family="other", hours=3))
    assert isinstance(link, RewriteLink)
    assert (link.article_id, link.original_id, link.because) == (2, 1, "shared passages")


def test_passages_that_a_publisher_takes_over_from_itself_are_no_rewrite() -> None:
    half = WIRE[: len(WIRE) // 2]
    own = " ".join(f"word{number}" for number in range(80))
    assert isinstance(decide_duplicate(candidate(1, WIRE), candidate(2, f"{half} {own}", family="x")), RewriteLink)
    assert decide_duplicate(candidate(1, WIRE), candidate(2, f"{half} {own}")) is None


REWRITE = """Four hundred and twelve passengers had to leave a burning ferry off Halmstad, and the harbour
stayed shut. Erik
Lund, who commands the Nordic Star, puts the blame on the engine room. Half a dozen sailings of Kattegat Lines
are off, and
Maria Holm will look into the cause, while investors in Stockholm marked the stock down by 4.5%. Firefighters came
from Falkenberg and Varberg. Our correspondent reports that the water was calm again by nightfall."""


def test_a_text_that_credits_an_agency_and_follows_its_facts_is_a_rewrite() -> None:
    wire = replace(candidate(1, WIRE, family="nwa"), agency="Northern Wire Agency")
    own = candidate(2, REWRITE, family="times", hours=2)
    assert decide_duplicate(wire, own) is None
    link = decide_duplicate(wire, replace(own, agency="Northern Wire Agency"))
    assert isinstance(link, RewriteLink)
    assert link.because == "credits Northern Wire Agency"


def test_crediting_another_agency_makes_no_rewrite() -> None:
    wire = replace(candidate(1, WIRE, family="nwa"), agency="Northern Wire Agency")
    assert decide_duplicate(wire, replace(candidate(2, REWRITE, family="times"), agency="Southern Press")) is None


PARAPHRASE = """On the Nordic Star it burned shortly after noon, and nobody of the 412 aboard had to stay there. The
quay of Halmstad is shut until the fire brigades have left. Erik Lund, who commands the ship, speaks of a fault near the
engines. Kattegat Lines will pay back whoever has booked. A light rain fell as the last of them came ashore, Tideline
reports."""


def test_a_paraphrase_that_names_its_source_is_a_rewrite_unless_it_has_quotations_of_its_own() -> None:
    wire = replace(candidate(1, WIRE, family="tideline"), agency="Tideline")
    link = decide_duplicate(wire, candidate(2, PARAPHRASE, family="times", hours=2))
    assert isinstance(link, RewriteLink)
    assert link.because == "names tideline.example"
    reported = f"{PARAPHRASE} “I saw the smoke long before I heard the bell,” says Stina Ek from the bakery in Varberg."
    assert decide_duplicate(wire, candidate(3, reported, family="times", hours=2)) is None
    assert decide_duplicate(wire, candidate(4, PARAPHRASE.replace("Tideline", "Someone"), family="times")) is None


def test_a_release_is_followed_without_being_named() -> None:
    own = candidate(2, PARAPHRASE.replace("Tideline", "someone"), family="times", hours=2)
    release = replace(candidate(1, WIRE, family="handouts"), is_release=True)
    link = decide_duplicate(release, own)
    assert isinstance(link, RewriteLink)
    assert link.because == "follows a release of handouts.example"
    assert decide_duplicate(replace(release, is_release=False), own) is None


def test_a_brief_out_of_a_long_text_is_an_excerpt_and_no_copy() -> None:
    chosen = random.Random(3)
    filler = " ".join(
        f"{chosen.choice('bdfgkl')}{chosen.choice('aeiou')}{chosen.randrange(10**6):x}" for _ in range(900)
    )
    link = decide_duplicate(candidate(1, f"{WIRE[:420]} {filler}"), candidate(2, WIRE[:420], family="other"))
    assert isinstance(link, RewriteLink)
    assert link.because == "an excerpt"


@pytest.mark.parametrize(
    ("other", "verdict", "word"),
    [
        (WIRE, "syndicated", "same text"),
        (WIRE[:500], "syndicated", "facts"),
        ("Nothing of the kind was said here.", "none", "only"),
    ],
)
def test_an_explanation_shows_the_verdict_and_what_it_rests_on(other: str, verdict: str, word: str) -> None:
    explained = explain_duplicate(candidate(1, WIRE), candidate(2, other, family="other"))
    assert explained.verdict == verdict
    assert word in explained.because
    assert 0 <= explained.containment <= 1
    assert 0 < explained.threshold <= 1


def test_candidates_are_ranked_by_shared_bands_then_by_age() -> None:
    rows = [(10, 3), (11, 3), (10, 2), (11, 1), (10, 1), (12, 4)]
    assert choose_candidates([(band, ArticleId(i)) for band, i in rows]) == [1, 3, 2, 4]


def test_a_band_that_everybody_shares_brings_in_its_earliest_articles_only() -> None:
    rows = [(10, ArticleId(i)) for i in range(100, 0, -1)] + [(11, ArticleId(90))]
    assert choose_candidates(rows, policy=CandidatePolicy(max_band=3, max_candidates=10)) == [1, 2, 3, 90]


def test_the_originals_of_candidates_are_candidates_too() -> None:
    rows = [(10, ArticleId(i)) for i in (5, 6, 7)]
    known = {ArticleId(5): ArticleId(2), ArticleId(7): ArticleId(6)}
    assert choose_candidates(rows, original_of=known) == [5, 6, 7, 2]


@pytest.mark.parametrize(("family", "kind"), [("wire", DuplicateKind.EXACT), ("other", DuplicateKind.SYNDICATED)])
def test_the_same_text_is_exact_within_a_family_and_syndicated_beyond_it(family: str, kind: DuplicateKind) -> None:
    link = decide_duplicate(candidate(1, WIRE, family="wire"), candidate(2, WIRE, family=family))
    assert isinstance(link, DuplicateLink)
    assert link.kind is kind
    assert link.containment == link.jaccard == 1.0


def test_an_agency_that_goes_on_after_others_printed_it_follows_nobody() -> None:
    printed = replace(candidate(1, WIRE, family="times"), agency="Northwire", credit="Northwire Agency")
    followup = replace(
        candidate(2, REWRITE, family="northwire", hours=2), source="Northwire Agency", agency="Northwire"
    )
    assert decide_duplicate(printed, followup) is None
    elsewhere = replace(followup, source="Evening Post", family="post")
    assert isinstance(decide_duplicate(printed, elsewhere), RewriteLink)


def test_a_text_that_is_credited_to_whom_the_earlier_one_names_follows_it() -> None:
    printed = candidate(1, f"{WIRE}\nTideline", family="times")
    own = replace(candidate(2, REWRITE, family="post", hours=2), credit="With material from Tideline")
    link = decide_duplicate(printed, own)
    assert isinstance(link, RewriteLink)
    assert link.because == "credits With material from Tideline"
    assert decide_duplicate(printed, replace(own, source="Tideline")) is None
    assert decide_duplicate(printed, replace(own, credit="Reporting by Ann Ek in Halmstad; editing by Bo Ek")) is None
