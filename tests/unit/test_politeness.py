from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import Politeness
from monitor.politeness import (
    MAX_RETRY_AFTER,
    Candidate,
    Manners,
    eased,
    in_turn,
    is_domain,
    manners_for_feeds,
    manners_for_pages,
    next_slot,
    parse_retry_after,
    slower,
    wished_at,
)
from monitor.types import Response
from monitor.urls import registered_domain

NOW = datetime(2026, 1, 6, 12, 0, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_host_never_asked_before_is_free_again_after_the_spacing() -> None:
    assert next_slot(NOW, next_at=None, spacing_s=2, slow_factor=1) == after(2)


def test_a_host_whose_slot_has_passed_counts_from_now() -> None:
    assert next_slot(NOW, next_at=after(-500), spacing_s=2, slow_factor=1) == after(2)


def test_a_slot_in_the_future_is_taken_first() -> None:
    assert next_slot(NOW, next_at=after(30), spacing_s=2, slow_factor=1) == after(32)


def test_repeated_calls_hand_out_one_slot_after_the_other() -> None:
    slots, next_at = [], None
    for _ in range(3):
        next_at = next_slot(NOW, next_at=next_at, spacing_s=1.5, slow_factor=2)
        slots.append(next_at)
    assert slots == [after(3), after(6), after(9)]


def test_a_slow_host_is_never_asked_faster_and_no_host_waits_for_ever() -> None:
    assert next_slot(NOW, next_at=None, spacing_s=2, slow_factor=0.1) == after(2)
    assert next_slot(NOW, next_at=None, spacing_s=-5, slow_factor=1) == NOW
    assert next_slot(NOW, next_at=None, spacing_s=60, slow_factor=1e9) == after(3_600)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", after(120)),
        (" 0 ", NOW),
        ("000060", after(60)),
        ("604800", after(604_800)),
        ("604801", NOW + MAX_RETRY_AFTER),
        ("9" * 5_000, NOW + MAX_RETRY_AFTER),
        ("Tue, 06 Jan 2026 12:30:00 GMT", after(1_800)),
        ("Tuesday, 06-Jan-26 12:30:00 GMT", after(1_800)),
        ("Tue Jan  6 12:30:00 2026", after(1_800)),
        ("Tue, 06 Jan 2026 14:30:00 +0200", after(1_800)),
        ("Tue, 06 Jan 2026 11:00:00 GMT", NOW),
        ("Wed, 06 Jan 2027 12:00:00 GMT", NOW + MAX_RETRY_AFTER),
    ],
)
def test_retry_after_is_read_in_every_form_and_held_between_now_and_a_week(value: str, expected: datetime) -> None:
    assert parse_retry_after(value, NOW) == expected


@pytest.mark.parametrize(
    "value",
    ["", "soon", "-5", "1.5", "٣٠", "0x10", "Tue, 99 Jan 2026 12:30:00 GMT", "06 Jan", "Tue, 06 Jan 99999 1:1:1 GMT"],
)
def test_nonsense_is_no_retry_after(value: str) -> None:
    assert parse_retry_after(value, NOW) is None


def test_a_moment_is_understood_whatever_zone_now_is_given_in() -> None:
    here = NOW.astimezone(timezone(timedelta(hours=5)))
    assert parse_retry_after("60", here) == after(60)
    assert parse_retry_after("Tue, 06 Jan 2026 12:30:00 GMT", here) == after(1_800)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Tue, 06 Jan 2026 12:00:00 GMT", after(1_800)),
        ("Mon, 05 Jan 2026 12:00:00 GMT", after(86_400 + 1_800)),
        ("Tue, 06 Jan 2026 12:29:00 GMT", after(60)),
        ("Wed, 07 Jan 2026 12:00:00 GMT", NOW),
        ("Thu, 01 Jan 1970 00:00:00 GMT", NOW + MAX_RETRY_AFTER),
        ("noon", after(1_800)),
        ("", after(1_800)),
        (None, after(1_800)),
    ],
)
def test_a_moment_by_the_clock_of_the_server_is_the_same_wait_by_ours(date: str | None, expected: datetime) -> None:
    assert parse_retry_after("Tue, 06 Jan 2026 12:30:00 GMT", NOW, date) == expected


def test_seconds_are_the_same_whatever_the_clock_of_the_server_says() -> None:
    assert parse_retry_after("120", NOW, "Thu, 01 Jan 1970 00:00:00 GMT") == after(120)


def test_a_zone_that_leads_out_of_the_years_is_nonsense() -> None:
    assert parse_retry_after("Fri, 31 Dec 9999 23:59:59 -2300", NOW) is None


# --- how many at once ----------------------------------------------------------------------------------------------

HASTE = Manners(host_spacing_s=0, host_at_once=2, source_spacing_s=0, source_at_once=3)
ORDINARY = manners_for_pages(Politeness())


@pytest.mark.parametrize(
    ("name", "spacing_s", "n_under_way", "n"),
    [
        ("a.example", 5, 0, 1),
        ("a.example", 5, 1, 1),
        ("a.example", 5, 2, 0),
        ("a.example", 0, 0, 2),
        ("a.example", 0, 1, 1),
        ("a.example", 0, 7, 0),
        (".example", 0, 1, 2),
        (".example", 2, 1, 1),
        (".example", 2, 3, 0),
    ],
)
def test_a_spaced_host_takes_one_request_at_a_time_and_never_more_than_may_be_under_way(
    name: str, spacing_s: float, n_under_way: int, n: int
) -> None:
    assert HASTE.n_allowed(name, spacing_s=spacing_s, n_under_way=n_under_way) == n


def test_pages_heed_robots_and_feeds_do_not_unless_told_so() -> None:
    assert manners_for_pages(Politeness()).heeds_robots
    assert not manners_for_feeds(Politeness()).heeds_robots
    assert manners_for_feeds(Politeness(robots_for_feeds=True)).heeds_robots
    assert not manners_for_pages(Politeness(robots_for_pages=False)).heeds_robots


def test_hosts_and_domains_have_spacings_of_their_own() -> None:
    assert (ORDINARY.spacing_s("www.bbc.co.uk"), ORDINARY.spacing_s(".bbc.co.uk")) == (5, 2)


HOSTS = st.sampled_from(["", "a.x.example", "b.x.example", "a.y.example", "z.example"])


def _candidate(number: int, host: str) -> Candidate:
    return Candidate(number, host, f".{registered_domain(host)}" if host else None)


@given(st.lists(HOSTS, max_size=40), st.integers(0, 10), st.integers(0, 3), st.integers(0, 3))
def test_what_is_chosen_keeps_every_limit_and_its_order_and_leaves_no_room_unused(
    names: list[str], limit: int, at_host: int, at_domain: int
) -> None:
    candidates = [_candidate(number, host) for number, host in enumerate(names)]
    chosen = in_turn(candidates, lambda name: at_domain if is_domain(name) else at_host, limit)
    assert [one.id for one in chosen] == sorted({one.id for one in chosen})
    assert len(chosen) <= limit
    n_at = Counter(name for one in chosen for name in one[1:] if name)
    assert all(n <= (at_domain if is_domain(name) else at_host) for name, n in n_at.items())
    for one in set(candidates) - set(chosen):
        is_full = one.host and (n_at[one.host] == at_host or n_at[one.domain_name or ""] == at_domain)
        assert len(chosen) == limit or is_full


# --- hosts that ask for patience -----------------------------------------------------------------------------------


def test_the_slow_factor_doubles_up_to_sixteen_and_eases_in_smaller_steps() -> None:
    up = [1.0]
    while up[-1] != slower(up[-1]):
        up.append(slower(up[-1]))
    assert up == [1, 2, 4, 8, 16]
    down = [16.0]
    while down[-1] != eased(down[-1]):
        down.append(eased(down[-1]))
    assert down == [16, 12, 8, 6, 4, 3, 2, 1.5, 1]


@given(st.floats(allow_nan=False))
def test_a_slow_factor_never_leaves_its_bounds(factor: float) -> None:
    assert 1 <= eased(factor) <= slower(factor) <= 16


@pytest.mark.parametrize(("status", "wished"), [(200, None), (301, None), (404, after(60)), (429, after(60))])
def test_retry_after_counts_on_any_error_and_on_nothing_else(status: int, wished: datetime | None) -> None:
    url = "https://a.example/"
    answer = Response(url=url, final_url=url, status=status, headers={"retry-after": "60"}, body=b"")
    assert wished_at(answer, NOW) == wished


def test_an_error_that_says_nothing_wishes_nothing() -> None:
    url = "https://a.example/"
    assert wished_at(Response(url=url, final_url=url, status=503, headers={}, body=b""), NOW) is None
