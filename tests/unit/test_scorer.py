"""The scorer of stories: what its evidence says, what each case adds, and that its weights fit the code."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from monitor.cluster.scorer import (
    CASES,
    EVIDENCE,
    LINKS,
    Scorer,
    StoryEvidence,
    probability,
    read_scorer,
    shipped_scorer,
    unrelated_level,
    weigh,
)
from monitor.evaluate.training import Rows, learn, margins, written

HOUR_S = 3_600.0
STORY = StoryEvidence(
    links=np.array([[0.4, 0.3, 0.5, 0.4, 0.5, 0.6, 0.5, 0.5, 0.6], [0.2, 0.1, 0.3, 0.2, 0.3, 0.4, 0.3, 0.3, 0.6]]),
    n_members=2,
    similarity=0.4,
    gap_s=3 * HOUR_S,
    mean_gap_s=5 * HOUR_S,
    n_shared_rare=12,
    is_headline=False,
)


def odds(story: StoryEvidence, unrelated: float = 0.03) -> float:
    return shipped_scorer().logits(*weigh([story], unrelated, 30))[0]


def value(story: StoryEvidence, name: str, n_mean: int = 30) -> float:
    return float(weigh([story], 0.03, n_mean)[0][0, EVIDENCE.index(name)])


def test_a_story_near_in_every_way_is_probable_and_one_that_shares_little_is_not() -> None:
    far = replace(STORY, links=0.15 * STORY.links, similarity=0.06, n_shared_rare=2)
    assert probability(odds(STORY)) > 0.9
    assert probability(odds(far)) < 0.1


def test_the_same_similarity_counts_for_less_where_unrelated_stories_are_similar_too() -> None:
    assert value(STORY, "above_unrelated") > 2
    assert weigh([STORY], 0.3, 30)[0][0, EVIDENCE.index("above_unrelated")] < 0.4


def test_the_nearest_member_counts_field_by_field_and_the_mean_over_all_members() -> None:
    assert value(STORY, "nearest_title") == 0.4
    assert value(STORY, "mean_title") == pytest.approx(0.3)
    # two members that were not compared count as 0, up to as many as the mean is taken over
    assert value(replace(STORY, n_members=4), "mean_title") == pytest.approx(0.15)
    assert value(replace(STORY, n_members=400), "mean_title", n_mean=6) == pytest.approx(0.1)


def test_unknown_moments_are_a_case_of_their_own() -> None:
    undated = replace(STORY, gap_s=math.nan, mean_gap_s=math.nan)
    evidence, cases = weigh([STORY, undated, replace(STORY, is_headline=True)], 0.03, 30)
    assert cases.tolist() == [[1, 0, 0], [1, 0, 1], [1, 1, 0]]
    assert evidence[1, EVIDENCE.index("soon")] == 0.0
    assert not np.isnan(evidence).any()


def test_the_level_of_unrelated_stories_leaves_out_the_best_and_counts_missing_ones_as_nothing() -> None:
    assert unrelated_level([0.9] * 7) == 0.0
    assert unrelated_level([0.9] * 7 + [0.1] * 13) == pytest.approx(0.1)
    assert unrelated_level([]) == 0.0


def test_contributions_add_up_to_the_log_odds() -> None:
    evidence, cases = weigh([STORY, replace(STORY, is_headline=True)], 0.03, 30)
    scorer = shipped_scorer()
    assert scorer.contributions(evidence, cases).sum(axis=1) == pytest.approx(scorer.logits(evidence, cases), abs=1e-5)


def test_log_odds_do_not_depend_on_which_stories_are_scored_together() -> None:
    stories = [replace(STORY, similarity=0.01 * number) for number in range(1, 20)]
    scorer = shipped_scorer()
    assert scorer.logits(*weigh(stories, 0.03, 30)) == [scorer.logits(*weigh([one], 0.03, 30))[0] for one in stories]


@pytest.mark.parametrize("logit", [-1e9, -30, 0, 30, 1e9])
def test_a_probability_never_overflows(logit: float) -> None:
    assert 0 <= probability(logit) <= 1


def test_the_shipped_weights_are_written_as_training_writes_them() -> None:
    text = files("monitor.cluster").joinpath("weights.json").read_text("utf-8")
    assert written(read_scorer(text)) == text


@pytest.mark.parametrize("spoil", [{"cases": ["always"]}, {"weights": {"nearest_title": [0.0] * len(CASES)}}])
def test_weights_for_other_evidence_are_refused(spoil: dict[str, object]) -> None:
    table = json.loads(files("monitor.cluster").joinpath("weights.json").read_text("utf-8"))
    with pytest.raises(ValueError, match="learn them again"):
        read_scorer(json.dumps(table | spoil))


def rows(n: int = 400) -> Rows:
    """Stories are the same where their nearest link is strong, told by one evidence and disturbed by another."""
    drawn = np.random.default_rng(7)
    evidence = np.zeros((n, len(EVIDENCE)))
    evidence[:, :2] = drawn.random((n, 2))
    evidence[:, EVIDENCE.index("constant")] = 1.0
    design = np.concatenate([evidence, np.zeros((n, len(EVIDENCE) * (len(CASES) - 1)))], axis=1)
    is_same = evidence[:, 0] + 0.2 * drawn.standard_normal(n) > 0.6
    return Rows(design, is_same, np.zeros((n, 2), dtype=np.int64), np.array(["x"] * n), np.ones(n))


def test_training_finds_which_evidence_tells_and_writes_weights_that_can_be_read() -> None:
    scorer = learn(rows(), ridge=1.0)
    telling, noise = scorer.weights[0, 0], scorer.weights[1, 0]
    assert telling > 5 * abs(noise)
    assert not scorer.weights[: EVIDENCE.index("constant"), 1:].any()  # no row was a headline, or undated
    assert np.array_equal(read_scorer(written(scorer)).weights, scorer.weights)
    found = margins(rows(), scorer)
    assert found["wrong_p50"] < 0 < found["right_p50"]
    assert found["best_wrong"] > found["worst_right"]


def test_a_scorer_without_weights_finds_everything_equally_likely() -> None:
    blank = Scorer(np.zeros((len(EVIDENCE), len(CASES))))
    assert probability(blank.logits(*weigh([STORY], 0.03, 30))[0]) == 0.5
    assert len(LINKS) == STORY.links.shape[1]
