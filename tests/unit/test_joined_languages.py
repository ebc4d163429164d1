"""Joins of stories across languages, with vectors of our own in place of a model's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitor.cluster.languages import Gist, Join, join_languages, mean_vector, names_of
from monitor.embeddings import load_embedder
from monitor.errors import ConfigError
from monitor.types import StoryId

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def gist(
    number: int, language: str, headline: str, *, angle: float = 0.0, day: float = 0, group: int | None = None
) -> Gist:
    """`angle` in quarter turns: 0 and 1 have nothing in common."""
    turn = angle * np.pi / 2
    return Gist(
        story_id=StoryId(number),
        language=language,
        vector=np.array([np.cos(turn), np.sin(turn)], dtype=np.float32),
        names=names_of([headline], language),
        n_headlines=1,
        first_seen_at=NOW + day * DAY,
        last_seen_at=NOW + day * DAY,
        group_id=None if group is None else StoryId(group),
    )


ENGLISH = gist(1, "en", "Mayor Brandt opens Tarn bridge after 14 months")
OTHERS = [gist(number, "en", f"Report {number} of Lower Elmar", angle=2) for number in range(10, 16)]


def joined(*gists: Gist) -> list[tuple[int, int]]:
    joins = join_languages([*gists, *OTHERS], [one.story_id for one in gists])
    return sorted((join.story_id, join.group_id) for join in joins)


def test_a_story_told_with_the_same_names_and_meaning_in_another_language_is_joined() -> None:
    german = gist(2, "de", "Bürgermeisterin Brandt eröffnet in Tarn die Brücke nach 14 Monaten")
    assert joined(ENGLISH, german) == [(2, 1)]


def test_meaning_alone_or_names_alone_do_not_make_one_event() -> None:
    meaning = gist(2, "de", "Brücke über die Orve freigegeben", angle=0.4)
    names = gist(2, "de", "Brandt reist nach Tarn", angle=1)
    assert joined(ENGLISH, meaning) == []
    assert joined(ENGLISH, names) == []


def test_stories_of_one_language_are_never_joined_not_even_through_a_third() -> None:
    german = gist(2, "de", "Brandt eröffnet Brücke in Tarn nach 14 Monaten", day=0.1)
    second = gist(3, "de", "Brandt weiht Brücke in Tarn nach 14 Monaten ein", day=0.2)
    french = gist(4, "fr", "Brandt inaugure le pont de Tarn après 14 mois", day=0.3)
    assert joined(ENGLISH, german, second, french) == [(2, 1), (4, 1)]


def test_an_event_of_another_week_is_another_one() -> None:
    late = gist(2, "de", "Brandt eröffnet Brücke in Tarn nach 14 Monaten", day=1.5)
    assert joined(ENGLISH, late) == []


def test_a_story_in_a_group_stays_there() -> None:
    german = gist(2, "de", "Brandt eröffnet Brücke in Tarn nach 14 Monaten", group=10)
    assert joined(ENGLISH, german) == []


def test_joins_do_not_depend_on_the_order_in_which_stories_are_listed() -> None:
    stories = [
        ENGLISH,
        gist(2, "de", "Brandt eröffnet Brücke in Tarn nach 14 Monaten", day=0.1),
        gist(3, "fr", "Brandt inaugure le pont de Tarn après 14 mois", day=0.2),
        *OTHERS,
    ]
    wanted = [one.story_id for one in stories]
    first = join_languages(stories, wanted)
    assert join_languages(stories[::-1], wanted[::-1]) == first
    assert [type(one) for one in first] == [Join, Join]


def test_the_middle_of_opposite_vectors_is_none() -> None:
    assert mean_vector(np.array([[1, 0], [-1, 0]], dtype=np.float32)).tolist() == [0, 0]


@pytest.mark.parametrize("model", ["", "word2vec:x", "sentence-transformers:"])
def test_a_model_that_is_none_is_refused_by_name(model: str) -> None:
    with pytest.raises(ConfigError, match=r"stories\.embeddings"):
        load_embedder(model)
