"""Metrics against cases computed by hand."""

from __future__ import annotations

import pytest

from monitor.evaluate.metrics import ari, bcubed, f_score, pairwise


def test_equal_partitions_score_one_under_any_names() -> None:
    assert bcubed("aabbc", [1, 1, 2, 2, 3]).f1 == 1.0
    assert pairwise("aabbc", [1, 1, 2, 2, 3]).f1 == 1.0
    assert ari("aabbc", [1, 1, 2, 2, 3]) == 1.0


def test_everything_together_costs_precision() -> None:
    score = bcubed("xxxx", "aabb")
    assert (score.p, score.r) == (0.5, 1.0)
    assert score.f1 == pytest.approx(2 / 3)
    assert pairwise("xxxx", "aabb").p == pytest.approx(2 / 6)
    assert pairwise("xxxx", "aabb").r == 1.0
    assert ari("xxxx", "aabb") == 0.0


def test_everything_apart_costs_recall() -> None:
    score = bcubed("wxyz", "aabb")
    assert (score.p, score.r) == (1.0, 0.5)
    assert (pairwise("wxyz", "aabb").p, pairwise("wxyz", "aabb").r) == (1.0, 0.0)


def test_a_case_computed_by_hand() -> None:
    # predicted {1,2,3} {4,5}, gold {1,2} {3,4,5}
    score = bcubed("xxxyy", "aabbb")
    assert score.p == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert score.r == pytest.approx((1 + 1 + 1 / 3 + 2 / 3 + 2 / 3) / 5)
    pairs = pairwise("xxxyy", "aabbb")
    assert (pairs.p, pairs.r) == (0.5, 0.5)
    # index 2, expected 4 * 4 / 10, largest 4
    assert ari("xxxyy", "aabbb") == pytest.approx((2 - 1.6) / (4 - 1.6))


def test_a_partition_that_is_worse_than_chance_has_an_ari_below_zero() -> None:
    # no pair of {1,3} {2,4} is one of {1,2} {3,4}: expected 2 * 2 / 6, largest 2
    assert ari("xyxy", "aabb") == pytest.approx((0 - 4 / 6) / (2 - 4 / 6))


def test_bcubed_weighs_articles_and_pairwise_weighs_pairs() -> None:
    # one large story of 4 kept whole, three articles of three stories run together
    predicted, gold = "xxxxyyy", "aaaabcd"
    assert bcubed(predicted, gold).p == pytest.approx((4 * 1 + 3 * (1 / 3)) / 7)
    assert bcubed(predicted, gold).r == 1.0
    assert pairwise(predicted, gold).p == pytest.approx(6 / (6 + 3))
    assert pairwise(predicted, gold).r == 1.0


def test_splitting_a_large_story_costs_less_than_its_share_of_pairs() -> None:
    # a story of 4 in parts of 3 and 1
    score = bcubed("xxxy", "aaaa")
    assert (score.p, score.r) == (1.0, (3 * (3 / 4) + 1 / 4) / 4)
    assert pairwise("xxxy", "aaaa").r == pytest.approx(3 / 6)


def test_one_article_is_a_perfect_partition() -> None:
    assert (bcubed("a", "b").f1, pairwise("a", "b").f1, ari("a", "b")) == (1.0, 1.0, 1.0)


def test_nothing_found_scores_zero_and_does_not_divide_by_it() -> None:
    assert f_score(0.0, 0.0).f1 == 0.0


def test_figures_are_rounded_for_output_only() -> None:
    assert f_score(2 / 3, 1.0).rounded() == {"p": 0.6667, "r": 1.0, "f1": 0.8}


@pytest.mark.parametrize(("predicted", "gold"), [("", ""), ("ab", "a")])
def test_no_articles_or_missing_labels_are_refused(predicted: str, gold: str) -> None:
    with pytest.raises(ValueError, match="at least one article"):
        bcubed(predicted, gold)
