from __future__ import annotations

from pathlib import Path

import pytest

from monitor.declared import (
    DeclaredSource,
    DeclaredSubscription,
    DeclaredWatchlist,
    read_publishers,
    read_subscriptions,
    read_watchlists,
)
from monitor.errors import ConfigError

CONFIG = Path(__file__).parent.parent.parent / "config"
RIGHT = {"name": '"Morning"', "recipients": '["a@mail.example"]', "hour": "7", "zone": '"Africa/Mogadishu"'}


def subscription(**changed: str) -> str:
    values = {**RIGHT, **changed}
    return "[[subscription]]\n" + "".join(f"{key} = {value}\n" for key, value in values.items() if value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "declared.toml"


def problems(file: Path, body: str, read: object) -> list[str]:
    file.write_text(body, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read(file)  # type: ignore[operator]
    return str(error.value).splitlines()


def test_the_examples_load_as_they_are() -> None:
    sources = {source.domain: source for source in read_publishers(CONFIG / "publishers.toml")}
    assert sources["axadletimes.com"].name == "Axadle Times"
    names = {watchlist.name for watchlist in read_watchlists(CONFIG / "watchlists.toml")}
    assert read_subscriptions(CONFIG / "subscriptions.toml", names) == ()


def test_the_subscription_in_the_example_loads_without_its_comment_signs(file: Path) -> None:
    lines = (CONFIG / "subscriptions.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("# [[subscription]]")
    file.write_text("\n".join(line.removeprefix("# ") for line in lines[start:]))
    names = {watchlist.name for watchlist in read_watchlists(CONFIG / "watchlists.toml")}
    [found] = read_subscriptions(file, names)
    assert found.watchlists


def test_entries_become_dataclasses_with_the_defaults_of_what_is_left_out(file: Path) -> None:
    file.write_text('[[source]]\ndomain = "post.co.uk"\nname = "Post"\nfamily = "Reach"\n')
    assert read_publishers(file) == (DeclaredSource(domain="post.co.uk", name="Post", family="Reach"),)
    file.write_text('[[watchlist]]\nname = "A"\nquery = "a OR b"\n')
    assert read_watchlists(file) == (DeclaredWatchlist(name="A", query="a OR b"),)
    file.write_text(subscription(watchlists='["A"]', max_stories="5"))
    assert read_subscriptions(file, {"A"}) == (
        DeclaredSubscription(
            name="Morning",
            recipients=("a@mail.example",),
            hour=7,
            zone="Africa/Mogadishu",
            watchlists=("A",),
            max_stories=5,
        ),
    )


def test_an_empty_file_declares_nothing(file: Path) -> None:
    file.write_text("")
    assert (read_publishers(file), read_watchlists(file), read_subscriptions(file)) == ((), (), ())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"hour": "24"}, "hour = 24: must be a whole number from 0 to 23"),
        ({"hour": "7.5"}, "hour = 7.5: must be a whole number from 0 to 23"),
        ({"hour": "true"}, "hour = True: must be a whole number"),
        ({"hour": '"7"'}, 'hour = "7": must be a whole number'),
        ({"hour": ""}, "hour is missing"),
        ({"zone": '"Africa/Mogadisho"'}, "for example Africa/Mogadishu"),
        ({"zone": '"CEST+2"'}, "must be an IANA time zone"),
        ({"zone": "1"}, "must be an IANA time zone"),
        ({"recipients": "[]"}, "must be a list of 1 to 100 mail addresses"),
        ({"recipients": '"a@mail.example"'}, "must be a list"),
        ({"recipients": '["a@mail.example", "b"]'}, '"b" is no mail address'),
        ({"recipients": '["a@mail.example\\r\\nBcc: x@mail.example"]'}, "is no mail address"),
        ({"recipients": '["A <a@mail.example>"]'}, "is no mail address"),
        ({"watchlists": '"A"'}, "must be a list of names"),
        ({"watchlists": '["C"]'}, 'watchlists = "C": no such watchlist; there are: "A", "B"'),
        ({"max_stories": "0"}, "must be a whole number from 1 to 200"),
        ({"name": '""'}, "must be a line of 1 to 200 characters"),
        ({"name": '"a\\nb"'}, "must be a line"),
        ({"recipient": '["x"]'}, '"recipient": no such key; did you mean recipients?'),
        ({"colour": '"red"'}, '"colour": no such key; allowed: name, recipients, hour, zone, watchlists, max_stories'),
    ],
)
def test_a_wrong_subscription_is_named_with_its_key_value_and_what_is_allowed(
    file: Path, changed: dict[str, str], said: str
) -> None:
    [line] = problems(file, subscription(**changed), lambda path: read_subscriptions(path, ["A", "B"]))
    assert line.startswith(f"{file}: subscription 1")
    assert said in line


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('domain = "www.bbc.co.uk"\nname = "BBC"', 'write "bbc.co.uk"'),
        ('domain = "https://bbc.co.uk"\nname = "BBC"', "must be a registered domain in small letters"),
        ('domain = "BBC.co.uk"\nname = "BBC"', "must be a registered domain in small letters"),
        ('domain = "bbc.co.uk"', "name is missing: every entry needs domain and name"),
        ('domain = "bbc.co.uk"\nname = "BBC"\nkind = "blog"', "must be one of outlet, agency"),
        ('domain = "bbc.co.uk"\nname = "BBC"\ncountry = "uk"', "ISO 3166"),
        ('domain = "bbc.co.uk"\nname = "BBC"\nlanguage = "english"', "ISO 639-1"),
        ('domain = "bbc.co.uk"\nname = ["BBC"]', "must be a line"),
    ],
)
def test_a_wrong_source_is_named(file: Path, body: str, said: str) -> None:
    [line] = problems(file, f"[[source]]\n{body}\n", read_publishers)
    assert line.startswith(f"{file}: source 1")
    assert said in line


def test_a_query_that_does_not_parse_is_named_with_its_position(file: Path) -> None:
    [line] = problems(file, '[[watchlist]]\nname = "A"\nquery = "paris AND ("\n', read_watchlists)
    assert line.startswith(f'{file}: watchlist 1 ("A"): query = "paris AND (": at character 12: ')
    [line] = problems(file, '[[watchlist]]\nname = "A"\nquery = 5\n', read_watchlists)
    assert line.endswith("query = 5: must be a text")


def test_a_name_used_twice_is_refused(file: Path) -> None:
    [line] = problems(file, subscription() + subscription(hour="8"), read_subscriptions)
    assert line == f'{file}: subscription 2 ("Morning"): name = "Morning": subscription 1 has it already'


def test_every_problem_of_a_file_is_told_at_once(file: Path) -> None:
    found = problems(
        file, "x = 1\n" + subscription(hour="99", zone='"Mars"') + subscription(name='"B"', hour=""), read_subscriptions
    )
    assert len(found) == 4
    assert found[0] == f"{file}: x: no such key; allowed: [[subscription]]"
    assert all(str(file) in line for line in found)


def test_single_brackets_are_explained(file: Path) -> None:
    [line] = problems(file, '[source]\ndomain = "bbc.co.uk"\nname = "BBC"\n', read_publishers)
    assert "write [[source]] with two brackets" in line


def test_a_hostile_value_stays_on_its_line_and_is_cut(file: Path) -> None:
    [line] = problems(file, subscription(zone='"' + "\\u001b[31m\\n" + "x" * 500 + '"'), read_subscriptions)
    assert "\x1b" not in line
    assert len(line) < len(str(file)) + 250


def test_a_file_that_is_no_toml_is_named(file: Path) -> None:
    [line] = problems(file, "[[source]\n", read_publishers)
    assert line.startswith(f"{file}: not valid TOML: ")


def test_a_source_has_hosts_beside_those_of_its_domain(file: Path) -> None:
    file.write_text('[[source]]\ndomain = "bbc.co.uk"\nname = "BBC"\nhosts = ["bbci.co.uk", "blog.other.example"]\n')
    (source,) = read_publishers(file)
    assert source.hosts == ("bbci.co.uk", "blog.other.example")
    assert "bbci.co.uk" in {host for one in read_publishers(CONFIG / "publishers.toml") for host in one.hosts}


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        ('"bbci.co.uk"', "must be a list of 1 to 200 host names"),
        ("[]", "must be a list of 1 to 200 host names"),
        ('["https://bbci.co.uk/"]', '"https://bbci.co.uk/" is no host name'),
        ('["BBCi.co.uk"]', '"BBCi.co.uk" is no host name'),
        ('["bücher.example"]', '"bücher.example" is no host name'),
        ('["localhost"]', '"localhost" is no host name'),
        ("[7]", "7 is no host name"),
        ('["-a.example"]', '"-a.example" is no host name'),
        ('["github.io"]', 'anybody can register names under "github.io"'),
    ],
)
def test_what_is_no_host_is_refused_by_name(file: Path, hosts: str, said: str) -> None:
    [problem] = problems(file, f'[[source]]\ndomain = "bbc.co.uk"\nname = "BBC"\nhosts = {hosts}\n', read_publishers)
    assert "source 1" in problem
    assert said in problem


def test_a_host_belongs_to_one_source_alone(file: Path) -> None:
    body = """
    [[source]]
    domain = "a.example"
    name = "A"
    hosts = ["cdn.example", "cdn.example", "a.example"]
    [[source]]
    domain = "b.example"
    name = "B"
    hosts = ["cdn.example", "a.example"]
    """
    found = problems(file, body, read_publishers)
    assert [problem.partition(": source ")[2] for problem in found] == [
        '1 ("A"): hosts = "cdn.example": source 1 has it already',
        '1 ("A"): hosts = "a.example": source 1 has it already',
        '2 ("B"): hosts = "cdn.example": source 1 has it already',
        '2 ("B"): hosts = "a.example": source 1 has it already',
    ]
