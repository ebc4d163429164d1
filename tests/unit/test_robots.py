from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import robots
from monitor.app import user_agent
from monitor.config import Settings
from monitor.robots import Rules, crawl_delay_s, read_answer, refusal, robots_url, rules_of
from monitor.types import Failure, Reason, Response

URL = "https://a.example/news/bridge"


def verdict(text: str, url: str = URL) -> Reason | None:
    return refusal(rules_of(text.encode()), url)


def answer(status: int, body: bytes = b"") -> Response:
    return Response(url=URL, final_url=URL, status=status, headers={}, body=body)


FORBIDDEN = b"User-agent: *\nDisallow: /\n"


@pytest.mark.parametrize(
    ("text", "is_allowed"),
    [
        ("", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow: /news/", False),
        ("User-agent: *\nDisallow: /sport/", True),
        ("User-agent: *\nDisallow: /news/\nAllow: /news/bridge", True),
        ("User-agent: *\nDisallow: /*bridge$", False),
        ("User-agent: *\nDisallow: /*brid$", True),
        ("USER-AGENT: *\r\nDISALLOW: /news/\r\n", False),
        ("\ufeffUser-agent: *\nDisallow: /news/", False),
        ("User-agent: * # everybody\nDisallow: /news/ # not this", False),
    ],
)
def test_rules_for_everybody_are_ours(text: str, is_allowed: bool) -> None:
    assert (verdict(text) is None) == is_allowed


@pytest.mark.parametrize(
    "name", ["media-monitor", "Media-Monitor", "MEDIA-MONITOR/1.0", "media-monitor (news monitor; contact)"]
)
def test_a_group_that_names_our_product_goes_before_the_one_for_everybody(name: str) -> None:
    assert verdict(f"User-agent: *\nDisallow: /\n\nUser-agent: {name}\nDisallow: /private/") is None
    assert verdict(f"User-agent: {name}\nDisallow: /news/\n\nUser-agent: *\nAllow: /") is Reason.ROBOTS


@pytest.mark.parametrize("name", ["media", "m", "monitor", "media-monitors", "Googlebot", "another", "", "*bot*"])
def test_groups_for_other_robots_are_not_ours(name: str) -> None:
    assert verdict(f"User-agent: {name}\nDisallow: /") is None
    assert verdict(f"User-agent: {name}\nDisallow: /sport/\n\nUser-agent: *\nDisallow: /") is Reason.ROBOTS


def test_one_group_may_be_for_several_robots() -> None:
    assert verdict("User-agent: a\nUser-agent: media-monitor\nUser-agent: b\nDisallow: /news/") is Reason.ROBOTS
    assert verdict("User-agent: a\nUser-agent: *\nDisallow: /news/") is Reason.ROBOTS


def test_our_user_agent_begins_with_the_token_that_groups_name() -> None:
    assert user_agent(Settings()).startswith(f"{robots.PRODUCT}/")


def test_where_robots_txt_lies() -> None:
    assert robots_url("https://user:secret@a.example:8443/news?x=1") == "https://a.example:8443/robots.txt"
    assert robots_url("http://[::1]/news") == "http://[::1]/robots.txt"


# --- what an answer means ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_host_without_robots_txt_allows_everything(status: int) -> None:
    assert read_answer(answer(status, FORBIDDEN)) == Rules("", None)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (answer(500, FORBIDDEN), Reason.SERVER_ERROR),
        (answer(503), Reason.SERVER_ERROR),
        (answer(429), Reason.RATE_LIMITED),
        (Failure(url=URL, reason=Reason.TIMEOUT), Reason.TIMEOUT),
        (Failure(url=URL, reason=Reason.DNS), Reason.DNS),
        (Failure(url=URL, reason=Reason.TOO_LARGE), Reason.TOO_LARGE),
    ],
)
def test_where_nobody_can_say_nothing_is_allowed_yet(given: Response | Failure, reason: Reason) -> None:
    assert read_answer(given) is reason
    assert refusal(None, URL) is Reason.ROBOTS_UNREACHABLE


@pytest.mark.parametrize("reason", [Reason.BLOCKED_ADDRESS, Reason.BAD_URL, Reason.TOO_MANY_REDIRECTS])
def test_what_the_door_refuses_it_refuses_for_the_page_itself(reason: Reason) -> None:
    assert read_answer(Failure(url=URL, reason=reason)) == Rules("", None)


def test_rules_that_were_answered_are_kept_with_their_delay() -> None:
    rules = read_answer(answer(200, b"User-agent: *\nCrawl-delay: 7\nDisallow: /news/"))
    assert isinstance(rules, Rules)
    assert rules.crawl_delay_s == 7
    assert refusal(rules.text, URL) is Reason.ROBOTS


@pytest.mark.parametrize(
    ("given", "delay_s"),
    [("5", 5), ("0.5", 0.5), ("3600", 60), ("0", None), ("-1", None), ("soon", None), ("inf", None)],
)
def test_a_delay_is_obeyed_up_to_a_minute(given: str, delay_s: float | None) -> None:
    assert crawl_delay_s(rules_of(f"User-agent: *\nCrawl-delay: {given}".encode())) == delay_s


# --- hostile files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><html><body>User-agent: * Disallow: /</body></html>",
        b"\x00\xff\xfe\x80" * 1000,
        "User-agent: *\nDisallow: /".encode("utf-16"),
        b"Disallow: /",
        b"Disallow: /\nUser-agent: *",
        b"User-agent *\nUser-agent: googlebot\nDisallow",
    ],
    ids=["page", "binary", "utf-16", "no group", "too early", "no value"],
)
def test_what_cannot_be_read_forbids_nothing(body: bytes) -> None:
    assert refusal(rules_of(body), URL) is None


def test_a_rule_of_endless_length_is_none_and_the_others_stay() -> None:
    text = f"User-agent: *\nDisallow: /news{'x' * 5000}\nDisallow: /n{'*' * 5000}\nDisallow: /sport/"
    assert verdict(text) is None
    assert verdict(text, "https://a.example/sport/1") is Reason.ROBOTS


def test_only_the_first_half_megabyte_counts() -> None:
    before = b"User-agent: *\nDisallow: /sport/\n"
    padded = before + b"#" * (robots.MAX_READ_BYTES - len(before)) + b"\nDisallow: /news/\n"
    assert refusal(rules_of(padded), URL) is None
    assert refusal(rules_of(padded), "https://a.example/sport/1") is Reason.ROBOTS


def test_a_file_of_nothing_but_robots_is_small_before_it_is_parsed() -> None:
    agents = "".join(f"User-agent: x{number}\n" for number in range(9_000))
    text = rules_of(f"{agents}Disallow: /\n".encode())
    assert len(set(text.splitlines())) == 2
    assert len(rules_of(b"Disallow: /y\n" * 30_000).splitlines()) == robots.MAX_LINES


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            ["User-agent: *", "User-agent: media-monitor", "Disallow: /", "Allow: /news", "Crawl-delay: 9"]
        ),
        st.tuples(st.sampled_from(["Disallow: ", "Allow:", "Crawl-delay:", "user agent "]), st.text()).map("".join),
        st.text(),
    )
)


@given(LINES.map("\n".join).map(str.encode) | st.binary())
def test_no_file_whatsoever_breaks_reading_and_reading_twice_changes_nothing(body: bytes) -> None:
    rules = read_answer(answer(200, body))
    assert isinstance(rules, Rules)
    assert rules_of(rules.text.encode()) == rules.text
    assert refusal(rules.text, URL) in {None, Reason.ROBOTS}
    assert rules.crawl_delay_s is None or 0 < rules.crawl_delay_s <= robots.MAX_CRAWL_DELAY_S


@given(st.text(alphabet="/*$%aé?=&#", max_size=40))
def test_no_path_breaks_a_verdict(path: str) -> None:
    assert verdict("User-agent: *\nDisallow: /*a*$\nDisallow: /%", f"https://a.example/{path}") in {None, Reason.ROBOTS}
