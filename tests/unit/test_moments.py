from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.extract.moments import Moment, choose_moment, declared_dates, is_settled
from monitor.types import DateOrigin, Precision

TEN = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 1, 5, tzinfo=UTC)
SEEN = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
JSON_LD, META, PAGE, FEED = DateOrigin.JSON_LD, DateOrigin.META, DateOrigin.PAGE, DateOrigin.FEED


def chosen(
    *published: tuple[str, DateOrigin],
    changed: str = "",
    found: str = "",
    fed_at: datetime | None = None,
    first_seen_at: datetime | None = SEEN,
) -> Moment:
    dates = declared_dates(published, [(changed, JSON_LD)])
    return choose_moment(fed_at, dates, found=found, first_seen_at=first_seen_at)


@pytest.mark.parametrize(
    "raw",
    [
        "2026-01-05T10:00:00Z", "2026-01-05T12:00:00+02:00", "2026-01-05 12:00:00 +0200", "2026-01-05T05:00-05:00",
        "Mon, 05 Jan 2026 10:00:00 GMT", "1767607200", "1767607200000", "January 5, 2026 10:00 am GMT",
        "5 января 2026 13:00 MSK", "2026年1月5日 10:00", "20260105T100000Z",
    ],
)  # fmt: skip
def test_a_date_is_read_with_time_and_zone_however_it_is_written(raw: str) -> None:
    assert chosen((raw, JSON_LD)) == Moment(TEN, Precision.MINUTE, JSON_LD)


@pytest.mark.parametrize("raw", ["2026-01-05", "5 January 2026", "2026-01-05T00:00:00Z", "2026-01-05T00:00:00+01:00"])
def test_a_day_and_midnight_are_precise_to_the_day(raw: str) -> None:
    assert chosen((raw, META)) == Moment(MIDNIGHT, Precision.DAY, META)


@pytest.mark.parametrize(
    "raw", ["0", "1970-01-01T00:00:00Z", "-1", "1989-12-31", "2026-01-07T10:00:00Z", "9999999999", "soon", "", "NaN"]
)
def test_a_date_that_cannot_be_is_refused(raw: str) -> None:
    assert chosen((raw, JSON_LD), ("2026-01-05T10:00Z", META)) == Moment(TEN, Precision.MINUTE, META)
    assert chosen((raw, JSON_LD)) == Moment()


def test_a_day_of_difference_is_a_matter_of_zones() -> None:
    assert chosen(("2026-01-06T11:00:00Z", JSON_LD)).at == SEEN + timedelta(hours=23)


def test_without_a_first_sighting_no_date_is_too_late() -> None:
    assert chosen(("2030-01-05T10:00:00Z", JSON_LD), first_seen_at=None).at is not None


def test_the_feed_comes_first_then_json_ld_then_meta_then_the_time_element_then_what_is_found() -> None:
    said = [("2026-01-05T10:00Z", JSON_LD), ("2026-01-04T10:00Z", META), ("2026-01-03T10:00Z", PAGE)]
    fed_at = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    assert chosen(*said, found="2026-01-02", fed_at=fed_at).origin is FEED
    assert chosen(*said, found="2026-01-02").origin is JSON_LD
    assert chosen(*said[1:], found="2026-01-02").origin is META
    assert chosen(*said[2:], found="2026-01-02").at == datetime(2026, 1, 3, 10, 0, tzinfo=UTC)
    assert chosen(found="2026-01-02") == Moment(datetime(2026, 1, 2, tzinfo=UTC), Precision.DAY, PAGE)


def test_a_time_without_zone_is_in_the_zone_that_the_page_names_elsewhere() -> None:
    assert chosen(("2026-01-05T12:00:00", JSON_LD), changed="2026-01-05T13:30:00+02:00").at == TEN
    assert chosen(("2026-01-05T12:00:00", JSON_LD), ("2026-01-05T12:00:00+02:00", META)).at == TEN
    assert chosen(("2026-01-05T10:00:00", JSON_LD)).at == TEN


def test_a_day_is_made_exact_by_a_time_of_that_day_and_no_other() -> None:
    assert chosen(("2026-01-05", JSON_LD), ("2026-01-05T12:00:00+02:00", META)) == Moment(TEN, Precision.MINUTE, META)
    assert chosen(("2026-01-02", JSON_LD), ("2026-01-05T12:00:00+02:00", META)).precision is Precision.DAY
    assert chosen(("2026-01-05T10:00:00Z", META), fed_at=MIDNIGHT).at == TEN


def test_a_change_is_no_publication_but_its_day_where_nobody_says_more() -> None:
    changed = "2026-01-05T11:00:00Z"
    assert chosen(("2026-01-04T10:00:00Z", JSON_LD), changed=changed).at == datetime(2026, 1, 4, 10, tzinfo=UTC)
    assert chosen(changed=changed) == Moment(MIDNIGHT, Precision.DAY, JSON_LD)
    assert chosen(changed=changed, found="2026-01-05") == Moment(MIDNIGHT, Precision.DAY, JSON_LD)
    assert chosen(changed=changed, found="2026-01-03").at == datetime(2026, 1, 3, tzinfo=UTC)


@given(st.text(max_size=300), st.text(max_size=50))
def test_any_text_gives_a_possible_moment_or_none(raw: str, found: str) -> None:
    moment = chosen((raw, JSON_LD), found=found)
    assert moment.at is None or datetime(1990, 1, 1, tzinfo=UTC) <= moment.at <= SEEN + timedelta(days=1)
    assert (moment.at is None) == (moment.origin is DateOrigin.FIRST_SEEN)


@given(
    st.one_of(st.none(), st.integers(-400_000, 400).map(lambda n: MIDNIGHT + timedelta(hours=n))),
    st.sampled_from(["2026-01-05T10:00:00Z", "2025-12-31", ""]),
)
def test_what_the_page_declares_does_not_count_where_the_feed_settles_it(fed_at: datetime | None, raw: str) -> None:
    if is_settled(fed_at, SEEN):
        assert chosen((raw, JSON_LD), changed=raw, fed_at=fed_at) == Moment(fed_at, Precision.MINUTE, FEED)


@pytest.mark.parametrize("fed_at", [None, MIDNIGHT, SEEN + timedelta(days=2), datetime(1970, 1, 1, 10, tzinfo=UTC)])
def test_a_date_that_is_missing_a_mere_day_or_cannot_be_settles_nothing(fed_at: datetime | None) -> None:
    assert not is_settled(fed_at, SEEN)
    assert is_settled(TEN, SEEN)
