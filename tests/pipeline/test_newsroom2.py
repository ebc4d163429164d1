"""The second newsroom, written by somebody who has not seen the code: it is measured, not met."""

from __future__ import annotations

from tests.pipeline.conftest import Run
from tests.pipeline.gold import same_title

#: One wrong neighbour among six articles of a language costs .09. The figures are reported at the end of the run.
FLOOR = 0.8


def test_nothing_unexpected_happens(newsroom2_run: Run) -> None:
    assert [line.get("exception") for line in newsroom2_run.logs if line["event"] == "job.crashed"] == []
    assert newsroom2_run.n_crashed == 0
    assert [line for line in newsroom2_run.logs if line["log_level"] in {"error", "critical"}] == []


def test_every_expected_article_exists_once_and_no_other(newsroom2_run: Run) -> None:
    ready = {url for url, article in newsroom2_run.made.articles.items() if article["arrival_no"] is not None}
    assert {url for url in ready if not url.startswith("urn:")} == set(newsroom2_run.gold.articles)


def test_language_access_and_title_are_as_expected(newsroom2_run: Run) -> None:
    wrong = []
    for url, wanted in newsroom2_run.gold.articles.items():
        made = newsroom2_run.made.articles[url]
        wrong += [
            (url, name, made[name], wanted[name]) for name in ("language", "access") if made[name] != wanted[name]
        ]
        wrong += [] if same_title(wanted["title"], made["title"]) else [(url, "title", made["title"], wanted["title"])]
    assert wrong == []


def test_articles_of_one_event_lie_in_one_story(newsroom2_run: Run) -> None:
    assert newsroom2_run.figures.below_floor(FLOOR) == {}, newsroom2_run.figures.complaint()


def test_every_duplicate_is_found_with_its_kind_and_none_is_false(newsroom2_run: Run) -> None:
    assert set(newsroom2_run.made.duplicates) == set(newsroom2_run.gold.duplicates), newsroom2_run.figures.complaint()
    assert newsroom2_run.made.duplicates == dict(newsroom2_run.gold.duplicates)


def test_a_text_called_a_rewrite_is_one(newsroom2_run: Run) -> None:
    assert newsroom2_run.made.rewrites - newsroom2_run.gold.rewrites == set(), newsroom2_run.figures.complaint()


def test_nothing_is_left_due(newsroom2_run: Run) -> None:
    for made in newsroom2_run.after_round:
        assert {what: n for what, n in made.n_due.items() if n} == {}
