"""Floors of the quality suite are lowered on purpose or not at all; this runs without the labelled data."""

from __future__ import annotations

from typing import Any

import pytest

from tests.quality import floors
from tests.quality.table import Line, markdown


def known(**entry: Any) -> dict[str, Any]:
    values = {"floor": 0.89, "measured": 0.895, "highest": 0.89, **entry}
    return {"a set": {"sha256": "aa", "figures": {"bcubed f1": values}}}


def test_the_recorded_floors_are_in_order() -> None:
    recorded = floors.load()
    assert recorded
    assert floors.faults(recorded) == []
    assert all(len(one["sha256"]) == 64 for one in recorded.values())


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"floor": 0.88}, "lowered without a because"),
        ({"floor": 0.88, "because": " "}, "lowered without a because"),
        ({"floor": 0.91, "measured": 0.912}, "highest"),
        ({"floor": 0.80, "measured": 0.895, "because": "x"}, "more than"),
        ({"floor": 0.31, "measured": 0.305, "highest": 0.30, "at_most": True}, "lowered without a because"),
    ],
)
def test_a_floor_that_was_lowered_in_silence_is_a_fault(entry: dict[str, Any], fault: str) -> None:
    (found,) = floors.faults(known(**entry))
    assert fault in found


def test_a_floor_that_was_lowered_with_a_reason_is_none() -> None:
    assert floors.faults(known(floor=0.88, because="the corpus lost its easy half")) == []


def test_a_measurement_raises_floors_and_lowers_none() -> None:
    better = {"a set": {"sha256": "aa", "figures": {"bcubed f1": 0.9178}}}
    worse = {"a set": {"sha256": "aa", "figures": {"bcubed f1": 0.70}}}
    raised = floors.raised(known(), better)["a set"]["figures"]["bcubed f1"]
    assert raised == {"floor": 0.912, "measured": 0.9178, "highest": 0.912}
    assert floors.raised(known(), worse) == known()


def test_ceilings_fall_and_another_corpus_begins_anew() -> None:
    measured = {"a set": {"sha256": "bb", "figures": {"polluted": 0.2512}, "at_most": ["polluted"]}}
    entry = floors.raised(known(), measured)["a set"]
    assert entry["sha256"] == "bb"
    assert entry["figures"] == {"polluted": {"floor": 0.257, "measured": 0.2512, "highest": 0.257, "at_most": True}}
    better = {"a set": {"sha256": "bb", "figures": {"polluted": 0.2}, "at_most": ["polluted"]}}
    assert floors.raised({"a set": entry}, better)["a set"]["figures"]["polluted"]["floor"] == 0.205


def test_the_table_says_what_was_hit_and_what_was_missed() -> None:
    text = markdown([Line("a", "F1", 0.91, 0.92, 0.9, 0.9), Line("b", "polluted", 0.4, target=0.3, at_most=True)])
    assert text.splitlines()[0].startswith("| set | figure ")
    assert " hit " in text.splitlines()[2]
    assert "≤ 0.3" in text.splitlines()[3]
    assert " MISSED " in text.splitlines()[3]


def test_another_corpus_has_no_floor() -> None:
    assert floors.failures("no such set", "aa", {"bcubed f1": 0.0}) is None
