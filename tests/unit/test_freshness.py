from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.freshness import MAX_FRESH_S, cache_wait_s

NOW = datetime(2026, 1, 6, 12, 0, tzinfo=UTC)
HOUR = 3_600
NOON, ONE, TWO = (f"Tue, 06 Jan 2026 {hour}:00:00 GMT" for hour in (12, 13, 14))


@pytest.mark.parametrize(
    ("headers", "fresh_s"),
    [
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": "public, MAX-AGE = 600 , must-revalidate"}, 600),
        ({"cache-control": 'max-age="600"'}, 600),
        ({"cache-control": "max-age=600, max-age=9000"}, 600),
        ({"cache-control": "s-maxage=9000, max-age=600"}, 600),
        ({"cache-control": "max-age=600", "age": "200"}, 400),
        ({"cache-control": "max-age=600", "age": "soon"}, 600),
        ({"cache-control": "max-age=600", "age": "-200"}, 600),
        ({"cache-control": "max-age=600", "expires": TWO}, 600),
        ({"expires": TWO}, 2 * HOUR),
        ({"expires": TWO, "date": ONE}, HOUR),
        ({"expires": TWO, "date": "yesterday"}, 2 * HOUR),
        ({"expires": TWO, "age": "3600"}, HOUR),
        ({"cache-control": "public", "expires": ONE}, HOUR),
    ],
)
def test_what_a_server_says_about_freshness_is_read(headers: dict[str, str], fresh_s: int) -> None:
    assert cache_wait_s(headers, NOW) == fresh_s


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"cache-control": ""},
        {"cache-control": "no-cache, max-age=600"},
        {"cache-control": "max-age=600, No-Store"},
        {"cache-control": 'no-cache="set-cookie", max-age=600'},
        {"cache-control": "max-age=0"},
        {"cache-control": "max-age=-600"},
        {"cache-control": "max-age=6e9"},
        {"cache-control": "max-age=٦٠٠"},
        {"cache-control": "max-age"},
        {"cache-control": "max-age=soon", "expires": TWO},
        {"cache-control": "max-age=600", "age": "600"},
        {"cache-control": "max-age=600", "age": "9" * 5_000},
        {"cache-control": "s-maxage=600"},
        {"expires": "0"},
        {"expires": "-1"},
        {"expires": NOON},
        {"expires": ONE, "date": TWO},
        {"expires": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"expires": "Fri, 31 Dec 9999 23:59:59 -2300"},
    ],
)
def test_nothing_useful_is_no_wait(headers: dict[str, str]) -> None:
    assert cache_wait_s(headers, NOW) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"cache-control": f"max-age={'9' * 5_000}"[:1_900]},
        {"cache-control": "max-age=31536000"},
        {"expires": "Fri, 31 Dec 9999 23:59:59 GMT"},
        {"expires": TWO, "date": "Thu, 01 Jan 1970 00:00:00 GMT"},
    ],
)
def test_no_answer_is_fresh_for_longer_than_thirty_days(headers: dict[str, str]) -> None:
    assert cache_wait_s(headers, NOW) == MAX_FRESH_S


values = st.text(max_size=60) | st.from_regex(r"(max-age|no-cache|private)=\"?[0-9]{0,12}\"?,? ?", fullmatch=True)
dates = st.sampled_from([NOON, ONE, TWO, "0"]) | st.text(max_size=40)


@given(st.fixed_dictionaries({}, optional={"cache-control": values, "age": values, "expires": dates, "date": dates}))
def test_whatever_a_server_sends_the_wait_is_bounded(headers: dict[str, str]) -> None:
    fresh_s = cache_wait_s(headers, NOW)
    assert fresh_s is None or 0 < fresh_s <= MAX_FRESH_S
