from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.net.slots import Slots


def started(slots: Slots[str], now_s: float) -> list[str]:
    """All that may start now."""
    jobs = []
    while (job := slots.start(now_s)) is not None:
        jobs.append(job)
    return jobs


def slots_with(jobs: str, *, n_slots: int = 2, n_waiting: int = 10) -> Slots[str]:
    slots: Slots[str] = Slots(n_slots=n_slots, n_waiting=n_waiting, patience_s=1.0)
    slots.queue(jobs)
    return slots


def test_jobs_start_in_the_order_they_came_as_slots_are_free() -> None:
    slots = slots_with("abcd")
    assert started(slots, 0.0) == ["a", "b"]
    assert started(slots, 0.5) == []
    slots.leave("b")
    assert started(slots, 0.5) == ["c"]
    slots.leave("a")
    slots.leave("c")
    slots.queue("e")
    assert started(slots, 0.6) == ["d", "e"]


def test_a_job_that_takes_long_gives_its_slot_up_and_no_sooner() -> None:
    slots = slots_with("abcd")
    started(slots, 0.0)
    assert slots.next_sweep_at_s() == 1.0
    slots.sweep(0.9)
    assert started(slots, 0.9) == []
    slots.sweep(1.0)
    assert started(slots, 1.0) == ["c", "d"]


def test_where_the_waiting_room_is_full_a_job_keeps_its_slot_until_a_place_is_free() -> None:
    slots = slots_with("abcdefg", n_waiting=1)
    started(slots, 0.0)
    slots.sweep(1.0)
    assert slots.n_waiting == 1
    assert started(slots, 1.0) == ["c"]  # a waits, b has still its slot
    slots.sweep(2.0)
    assert started(slots, 2.0) == []
    slots.leave("a")
    assert started(slots, 2.0) == ["d"]  # b waits, c is still in its slot
    slots.leave("c")
    assert started(slots, 2.0) == ["e"]
    slots.leave("b")
    assert slots.n_waiting == 0


def test_without_a_waiting_room_slots_are_all_there_is() -> None:
    slots = slots_with("abc", n_slots=1, n_waiting=0)
    started(slots, 0.0)
    slots.sweep(100.0)
    assert started(slots, 100.0) == []
    slots.leave("a")
    assert started(slots, 100.0) == ["b"]


def test_a_job_that_is_no_longer_wanted_never_starts() -> None:
    slots = slots_with("abcd")
    started(slots, 0.0)
    slots.leave("c")
    slots.leave("never seen")
    slots.leave("a")
    slots.leave("b")
    assert started(slots, 0.0) == ["d"]


def test_nothing_to_do_needs_no_sweep() -> None:
    assert slots_with("").next_sweep_at_s() == float("inf")


@given(
    st.integers(1, 4),
    st.integers(0, 4),
    st.lists(st.tuples(st.sampled_from(["add", "leave", "sweep"]), st.integers(0, 30))),
)
def test_never_more_are_under_way_than_slots_and_places_and_none_is_forgotten(
    n_slots: int, n_waiting: int, steps: list[tuple[str, int]]
) -> None:
    slots: Slots[int] = Slots(n_slots=n_slots, n_waiting=n_waiting, patience_s=1.0)
    under_way: list[int] = []
    n_added = n_over = 0
    for now_s, (step, number) in enumerate(steps):
        if step == "add":
            slots.queue([n_added])
            n_added += 1
        elif step == "leave" and under_way:
            slots.leave(under_way.pop(number % len(under_way)))
            n_over += 1
        else:
            slots.sweep(float(now_s))
        while (job := slots.start(float(now_s))) is not None:
            assert job == n_over + len(under_way)
            under_way.append(job)
        assert len(under_way) <= n_slots + n_waiting
        assert len(under_way) >= min(n_slots, n_added - n_over)
