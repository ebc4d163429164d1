"""Stories in languages without word spaces or written from right to left, from a cold start.

For each language three invented events of one day, two reports each by different outlets in words of their own: two of
the events are accidents on the water, so that names, places and figures have to tell them apart. The texts lie in
`cold_start_events.jsonl`, an event a line; they were written for this test, and every person and place is invented.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.cluster.assign import Member
from monitor.cluster.features import features
from monitor.cluster.index import StoryIndex
from monitor.cluster.statistics import Statistics
from monitor.evaluate.metrics import bcubed
from monitor.types import ArticleId, StoryId

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
COLD_START = Path(__file__).with_name("cold_start_events.jsonl")
GROUPS = Path(__file__).parent.parent / "rewrites" / "groups.jsonl"


def _events() -> dict[str, list[list[tuple[str, str]]]]:
    events: dict[str, list[list[tuple[str, str]]]] = defaultdict(list)
    for line in COLD_START.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        events[event["language"]].append([(report["title"], report["text"]) for report in event["reports"]])
    return events


EVENTS = _events()


def placed(language: str, articles: list[tuple[str, str]]) -> list[int]:
    """The story of each article in turn, an hour apart, from nothing."""
    index, found = StoryIndex(language, Statistics(language)), []
    for number, article in enumerate(articles, start=1):
        moment = START + timedelta(hours=number)
        member = Member(ArticleId(number), features(*article, language), moment, moment, f"family {number}")
        story_id = index.assign(member).story_id or StoryId(number)
        index.add(story_id, member)
        found.append(int(story_id))
    return found


@pytest.mark.parametrize("language", EVENTS)
def test_reports_on_one_event_meet_and_others_stay_apart_from_a_cold_start(language: str) -> None:
    first = [event[0] for event in EVENTS[language]]
    second = [event[1] for event in EVENTS[language]]
    assert placed(language, first + second) == [1, 2, 3, 1, 2, 3]
    in_pairs = [article for event in EVENTS[language] for article in event]
    assert placed(language, in_pairs) == [1, 1, 3, 3, 5, 5]


def test_labelled_groups_of_nine_languages_become_stories() -> None:
    """Many of their independent texts share few facts with the report: what is asked most of all is to keep apart."""
    articles: dict[str, list[tuple[str, str, tuple[str, str]]]] = defaultdict(list)
    for line in GROUPS.read_text(encoding="utf-8").splitlines():
        group = json.loads(line)
        for text in group["texts"]:
            label = text["id"] if text["relation"] == "unrelated" else group["id"]
            articles[group["language"]].append((text["published_at"], label, (text["title"], text["text"])))
    stories, labels = [], []
    for language, rows in articles.items():
        rows.sort()
        stories += [(language, story) for story in placed(language, [article for _, _, article in rows])]
        labels += [label for _, label, _ in rows]
    score = bcubed(stories, labels)
    assert score.p >= 0.9
    assert score.f1 >= 0.8
