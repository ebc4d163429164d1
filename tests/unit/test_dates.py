from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.dates import hold_dates
from monitor.text.dates import parse_date
from monitor.types import EntryDate, ParsedEntry, ParsedFeed

TEN = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    [
        "Mon, 05 Jan 2026 10:00:00 GMT",
        "Mon,05 Jan 2026 10:00:00 GMT",
        "Mon, 5 Jan 2026 10:00 UT",
        "Mon, 05 Jan 26 10:00:00 +0000",
        "Monday, 05-Jan-26 10:00:00 GMT",
        "05 Jan 2026 11:00:00 +0100",
        "Mon, 05 Jan 2026 11:00:00 GMT+0100",
        "Mon, 05 Jan 2026 11:00:00 +01:00 (CET)",
        "Mon, 05 Jan 2026 05:00:00 EST",
        "Mon, 05 Jan 2026 02:00:00 PST",
        "Mon, 05 Jan 2026 11:00:00 CET",
        "Mon, 05 Jan 2026 15:30:00 IST",
        "Mo, 05 Jan 2026 11:00:00 +0100",
        "lun., 05 janv. 2026 11:00:00 +0100",
        "Seg, 05 jan 2026 07:00:00 -0300",
        "Пн, 05 янв 2026 13:00:00 +0300",
        "2026-01-05T10:00:00Z",
        "2026-01-05T10:00:00.123456789Z",
        "2026-01-05T11:00:00+01:00",
        "2026-01-05 11:00:00 +0100",
        "20260105T100000Z",
        "Mon Jan  5 10:00:00 2026",
        "January 5, 2026 10:00 am",
        "Monday, January 5th, 2026 at 10:00",
        "05.01.2026 10:00",
        "  Mon,\n 05 Jan 2026\t10:00:00 GMT  ",
        "Lundi, 05 Janvier 2026 11:00:00 +0100",
        "Mo., 05. Januar 2026 10:00:00 GMT",
        "الإثنين، 05 يناير 2026 10:00:00 GMT",
        "Пн, 05 січ 2026 12:00:00 EET",
        "Lun, 05 ian 2026 12:00:00 +0200",
        "ma, 05 tammikuuta 2026 12:00:00 +0200",
        "lunes, 5 de enero de 2026 10:00",
        "Mån, 05 jan 2026 11:00:00 CET",
        "Пнд, 05 Янв 2026 13:00:00 MSK",
        "pon, 05 sty 2026 11:00:00 +0100",
        "lunedì 5 gennaio 2026 10:00",
        "Seg, 5 de janeiro de 2026 10:00:00 GMT",
        "Pzt, 05 Oca 2026 13:00:00 +0300",
        "Po, 05 led 2026 11:00:00 +0100",
        "H, 05 jan. 2026 11:00:00 +0100",
        "Δευ, 05 Ιαν 2026 12:00:00 +0200",
        "2026年01月05日 10:00",
        "2026년 1월 5일 10:00:00",
        "2026-01-05T10:00:00 UTC",
        "2026-01-05T10:00Z",
        "Mon, 05 Jan 2026 10:00:00 Z",
        "Mon, 05 Jan 2026 20:00:00 AEST",
    ],
)
def test_a_date_in_any_form_that_feeds_use_names_the_same_moment(raw: str) -> None:
    moment = parse_date(raw)
    assert moment is not None
    assert moment.replace(microsecond=0) == TEN
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "raw", ["2026-01-05 10:00", "Mon, 05 Jan 2026 10:00:00", "2026-01-05T10:00:00", "5 Jan 2026 10:00 XYZ"]
)
def test_a_date_without_a_known_zone_is_taken_as_utc(raw: str) -> None:
    assert parse_date(raw) == TEN


@pytest.mark.parametrize("raw", ["2026-01-05", "20260105", "5 de enero de 2026", "lundi 5 janvier 2026", "Jan 5, 2026"])
def test_a_date_without_a_time_is_its_midnight_in_utc(raw: str) -> None:
    assert parse_date(raw) == MIDNIGHT


def test_afternoon_hours_are_read() -> None:
    assert parse_date("January 5, 2026 3:04 pm EST") == datetime(2026, 1, 5, 20, 4, tzinfo=UTC)
    assert parse_date("January 5, 2026 12:10 a.m.") == datetime(2026, 1, 5, 0, 10, tzinfo=UTC)


def test_hour_24_and_a_leap_second_roll_over() -> None:
    assert parse_date("2026-01-04T24:00:00Z") == MIDNIGHT
    assert parse_date("2016-12-31T23:59:60Z") == datetime(2017, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "   ",
        "yesterday",
        "2026",
        "03/04/2026",
        "31 Feb 2026 10:00",
        "2026-13-01",
        "2026-01-05T25:00:00Z",
        "2026-01-05T10:61:00Z",
        "0000-00-00 00:00:00",
        "Mon, 01 Jan 0001 00:00:00 +0000",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Mon, 05 Jan 2126 10:00:00 GMT",
        "Mon, 05 Jan 2026 10:00:00 +9900",
        "9" * 300,
        "Mon, 05 Jan 2026 10:00:00 GMT" + " " * 300,
        "\x00" * 50,
    ],
)
def test_a_date_that_is_ambiguous_impossible_or_nonsense_is_none(raw: str) -> None:
    assert parse_date(raw) is None


@given(st.text(max_size=150))
def test_no_text_makes_it_fail(raw: str) -> None:
    moment = parse_date(raw)
    assert moment is None or 1990 <= moment.year <= 2100


moments = st.datetimes(datetime(1990, 1, 2), datetime(2100, 12, 30)).map(lambda moment: moment.replace(microsecond=0))  # noqa: DTZ001 - given a zone below
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(moments, offsets)
def test_what_python_writes_as_rfc_822_or_iso_8601_is_read_back(naive: datetime, zone: timezone) -> None:
    moment = naive.replace(tzinfo=zone)
    assert parse_date(format_datetime(moment)) == moment
    assert parse_date(moment.isoformat()) == moment


NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def held(published_at: datetime | None, origin: EntryDate = EntryDate.PUBLISHED) -> ParsedEntry:
    entry = ParsedEntry(
        guid="1", url=None, title="", published_at=published_at, published_raw="as written", date_origin=origin
    )
    feed = ParsedFeed(format="rss20", title="", url=None, language=None, entries=(entry,))
    (found,) = hold_dates(feed, NOW).entries
    return found


@pytest.mark.parametrize("ahead", [timedelta(hours=1, seconds=1), timedelta(days=400)])
def test_a_date_more_than_an_hour_ahead_is_held_at_now_and_what_was_written_is_kept(ahead: timedelta) -> None:
    entry = held(NOW + ahead)
    assert (entry.published_at, entry.date_origin) == (NOW, EntryDate.CLAMPED)
    assert entry.published_raw == "as written"


@pytest.mark.parametrize("moment", [None, NOW, NOW + timedelta(hours=1), NOW - timedelta(days=9_000)])
def test_any_other_date_stays(moment: datetime | None) -> None:
    entry = held(moment, EntryDate.UPDATED)
    assert (entry.published_at, entry.date_origin) == (moment, EntryDate.UPDATED)
