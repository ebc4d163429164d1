from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import load_settings
from monitor.errors import ConfigError
from monitor.extract.rereading import RereadPolicy, hash_of_hints, is_confirmed, plan_next, plan_reread, plan_retry
from monitor.types import Access, ArticleId, DuePage, FeedHints, Method, Reason

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = RereadPolicy()


def page(**values: Any) -> DuePage:
    given: dict[str, Any] = {
        "id": ArticleId(1),
        "url": "https://one.example/1",
        "entry_url": "https://one.example/1",
        "host": "one.example",
        "is_new": False,
        "method": Method.PAGE.value,
        "first_seen_at": NOW,
        "n_page_failures": 0,
        "leased_until": NOW,
        "ready_at": NOW,
    }
    return DuePage(**{**given, **values})


def next_look(one: DuePage, **values: Any) -> tuple[timedelta | None, int]:
    """How long after NOW, and the failures counted."""
    told: dict[str, Any] = {"reason": None, "status": 200, "access": Access.OK, "is_doubted": False, "has_text": True}
    told |= {"now": NOW, "wished_at": None, "jitter": 0.0, "policy": POLICY}
    look = plan_next(one, **{**told, **values})
    return None if look.due_at is None else look.due_at - NOW, look.n_failures


@pytest.mark.parametrize(
    ("age_hours", "n_over", "due_hours"), [(0, 0, 1), (0.9, 0, 1), (1, 1, 6), (5, 1, 6), (30, 3, 72), (72, 4, None)]
)
def test_looks_are_counted_from_the_first_text(age_hours: float, n_over: int, due_hours: float | None) -> None:
    found = plan_reread(NOW, now=NOW + age_hours * HOUR, jitter=0.0, policy=POLICY)
    assert found == (n_over, None if due_hours is None else NOW + due_hours * HOUR)


@given(st.floats(0, 100), st.floats(0, 1))
def test_a_look_is_never_early_and_late_by_a_tenth_of_its_wait_or_an_hour(age_hours: float, jitter: float) -> None:
    now = NOW + age_hours * HOUR
    n_over, due_at = plan_reread(NOW, now=now, jitter=jitter, policy=POLICY)
    if due_at is not None:
        wait = timedelta(hours=POLICY.reread_hours[n_over])
        assert NOW + wait <= due_at <= NOW + wait + min(HOUR, wait / 10)
        assert due_at > now


def test_an_empty_schedule_plans_nothing() -> None:
    assert plan_reread(NOW, now=NOW, jitter=0.5, policy=RereadPolicy(reread_hours=())) == (0, None)


def test_retries_wait_longer_each_time_and_then_end() -> None:
    waits = [plan_retry(n, now=NOW, wished_at=None, policy=POLICY) for n in range(1, 8)]
    assert [at and (at - NOW) / HOUR for at in waits] == [1, 2, 4, 8, 12, 24, None]


def test_a_retry_waits_as_long_as_the_server_wishes() -> None:
    assert plan_retry(1, now=NOW, wished_at=NOW + 5 * HOUR, policy=POLICY) == NOW + 5 * HOUR


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 522, 524])
def test_what_may_pass_is_tried_again_also_without_a_text(status: int) -> None:
    one = page(is_new=True, method=None, ready_at=None)
    reason = Reason.of_status(status)
    assert next_look(one, reason=reason, status=status, has_text=False) == (HOUR, 1)


@pytest.mark.parametrize("status", [401, 402, 403, 451, 400])
def test_what_will_not_pass_is_set_aside_without_a_text(status: int) -> None:
    one = page(is_new=True, method=None, ready_at=None)
    assert next_look(one, reason=Reason.of_status(status), status=status, has_text=False) == (None, 1)


def test_a_page_that_is_not_there_at_first_is_looked_for_once_more() -> None:
    one = page(is_new=True, method=None, ready_at=None)
    assert next_look(one, reason=Reason.NOT_FOUND, status=404, has_text=False) == (HOUR, 1)
    again = page(is_new=True, method=None, ready_at=None, n_page_failures=1)
    assert next_look(again, reason=Reason.NOT_FOUND, status=404, has_text=False) == (None, 2)


def test_after_the_retries_the_schedule_goes_on() -> None:
    tired = page(n_page_failures=6)
    assert next_look(tired, reason=Reason.TIMEOUT, status=None) == (HOUR, 7)


@pytest.mark.parametrize("access", [Access.ROBOTS, Access.NONE])
def test_what_must_not_or_cannot_be_asked_for_is_not_looked_at_again(access: Access) -> None:
    assert next_look(page(), access=access)[0] is None


def test_an_article_without_a_host_is_not_looked_at_again() -> None:
    assert next_look(page(host=""))[0] is None


def test_a_doubt_is_looked_into_an_hour_later_and_counts_as_no_failure() -> None:
    assert next_look(page(n_page_failures=2), reason=Reason.SHRUNK, is_doubted=True) == (HOUR, 2)
    assert not is_confirmed(None, now=NOW, policy=POLICY)
    assert not is_confirmed(NOW - 0.9 * HOUR, now=NOW, policy=POLICY)
    assert is_confirmed(NOW - HOUR, now=NOW, policy=POLICY)


def test_the_hash_of_what_feeds_say_tells_any_two_apart() -> None:
    assert hash_of_hints(FeedHints(title="a", summary="b")) == hash_of_hints(FeedHints(title="a", summary="b"))
    assert hash_of_hints(FeedHints(title="a", summary="b")) != hash_of_hints(FeedHints(title="a", content="b"))
    assert hash_of_hints(FeedHints(boilerplate=("x",))) != hash_of_hints(FeedHints())
    assert hash_of_hints(FeedHints(title="\ud800"))


def test_hours_come_from_the_environment_too_and_must_rise() -> None:
    def loaded(text: str) -> tuple[float, ...]:
        return load_settings(None, {"MONITOR_EXTRACT_REREAD_HOURS": text}).extract.reread_hours

    assert loaded("1,6, 24") == (1, 6, 24)
    assert loaded("") == ()
    for wrong in ("6,1", "x", "0", "1,1"):
        with pytest.raises(ConfigError):
            loaded(wrong)
