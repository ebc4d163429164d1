"""`monitor config`, `monitor db`, and bringing the declarative files into the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.app import App, open_app
from monitor.cli.main import main
from monitor.config import Http, Settings, load_settings
from monitor.errors import ConfigError, UsageError
from monitor.store import schema
from monitor.sync import feed_address, read_files, sync_files
from tests.cli.conftest import Monitor

ROOT = Path(__file__).parent.parent.parent
OPML = '<opml version="2.0"><body>{}</body></opml>'


def outline(url: str) -> str:
    return f'<outline text="Feed" xmlUrl="{url}"/>'


def test_every_value_is_shown_with_who_set_it(monitor: Monitor, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_HTTP_CONTACT", "desk@news.example")
    shown = monitor("config", "show", "--json").document
    assert shown["file"] == str(folder / "monitor.toml")
    by_key = {(row["section"], row["key"]): (row["value"], row["set_by"]) for row in shown["values"]}
    assert by_key["http", "contact"] == ("desk@news.example", "MONITOR_HTTP_CONTACT")
    assert by_key["mail", "folder"] == (f"{folder}/mail", "file")
    assert by_key["http", "concurrency"] == (50, "default")
    sections = Settings.model_fields.keys() - {"folder"}
    assert {section for section, _ in by_key} == sections


def test_secrets_are_not_shown(monitor: Monitor, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = folder / "secret"
    secret.write_text("postgresql://monitor:geheim@db.example/monitor\n")
    monkeypatch.setenv("MONITOR_DATABASE_URL_FILE", str(secret))
    monkeypatch.setenv("MONITOR_MAIL_PASSWORD", "geheim")
    monkeypatch.setenv("MONITOR_MAIL_USER", "geheim")
    for ran in (monitor("config", "show"), monitor("config", "show", "--json")):
        assert ran.code == 0
        assert "geheim" not in ran.out
        assert "MONITOR_DATABASE_URL_FILE" in ran.out
    assert "db.example" in monitor("config", "show", "--json").out


def test_a_check_finds_nothing_wrong_with_what_is_right(monitor: Monitor) -> None:
    ran = monitor("config", "check")
    assert (ran.code, ran.err) == (0, "")
    assert monitor("config", "check", "--json").document["problems"] == []


def test_a_check_names_each_thing_that_is_wrong_on_a_line(monitor: Monitor, folder: Path) -> None:
    (folder / "watchlists.toml").write_text('[[watchlist]]\nname = "Bad"\nquery = "a AND ("\n')
    (folder / "publishers.toml").write_text('[[source]]\ndomain = "www.post.example"\nname = "Post"\ncolour = "red"\n')
    (folder / "feeds.opml").write_text(OPML.format(outline("ftp://post.example/")))
    ran = monitor("config", "check")
    assert (ran.code, ran.out) == (1, "")
    lines = ran.err.splitlines()
    assert len(lines) == 4
    for file, key in (("publishers", "domain"), ("publishers", "colour"), ("watchlists", "query"), ("feeds", "xmlUrl")):
        assert any(f"{file}." in line and key in line for line in lines), (file, key)
    as_json = monitor("config", "check", "--json")
    assert (as_json.code, as_json.document["problems"]) == (1, lines)


def test_a_check_finds_what_is_wrong_in_the_configuration_itself(monitor: Monitor, folder: Path) -> None:
    (folder / "monitor.toml").write_text("[http]\nconcurency = 5\n[log]\nlevel = 'loud'\n")
    ran = monitor("config", "check")
    assert (ran.code, ran.out) == (1, "")
    assert "http.concurency: no such key; did you mean concurrency?" in ran.err
    assert "log.level = 'loud'" in ran.err


@pytest.mark.parametrize("url", ["postgresql://u:geheim@h:port/d", "postgresql+asyncpg://u:geheim@h/d", "sqlite://"])
def test_a_check_finds_a_database_that_cannot_be_used(
    monitor: Monitor, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_DATABASE_URL", url)
    ran = monitor("config", "check")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert ran.err.startswith("database.url ")
    assert "geheim" not in ran.err


def test_a_check_finds_a_batch_that_may_outlast_its_lease(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_FETCH_BATCH", "1000")
    ran = monitor("config", "check")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "fetch.lease_s = 300: 1000 requests can take 1200 s" in ran.err


def test_the_files_that_come_with_the_product_are_right_but_for_the_contact() -> None:
    settings = load_settings(ROOT / "config" / "monitor.toml", {"MONITOR_HTTP_CONTACT": "desk@news.example"})
    declared = read_files(settings)
    assert declared.subscriptions == ()
    assert "axadletimes.com" in {source.domain for source in declared.publishers or ()}
    assert declared.watchlists
    with pytest.raises(ConfigError, match=r"http\.contact"):
        read_files(load_settings(ROOT / "config" / "monitor.toml", {}))


# --- the database -----------------------------------------------------------------------------------------------------


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with nothing in it, where the command is called."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "arguments", [["feeds", "list"], ["stories", "list"], ["search", "x"], ["db", "check"], ["digest", "preview"]]
)
def test_without_a_database_a_command_says_so_and_makes_none(
    empty: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert (captured.out, len(captured.err.splitlines())) == ("", 1)
    assert "monitor db upgrade" in captured.err
    assert list(empty.iterdir()) == []


def test_a_database_is_made_checked_and_taken_back(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "upgrade"]) == 0
    assert "from nothing to" in capsys.readouterr().out
    assert main(["db", "upgrade"]) == 0
    assert "is up to date" in capsys.readouterr().out
    assert main(["db", "check"]) == 0
    capsys.readouterr()
    assert main(["db", "downgrade", "base"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert main(["db", "downgrade", "base", "--yes"]) == 0
    assert main(["stories", "list"]) == 1
    assert (empty / "monitor.db").is_file()


def test_a_table_that_differs_is_found(monitor: Monitor, folder: Path) -> None:
    with sqlite3.connect(folder / "monitor.db") as other:
        other.execute("ALTER TABLE feeds ADD COLUMN colour TEXT")
    ran = monitor("db", "check", "--json")
    assert ran.code == 1
    assert "colour" in ran.document["differences"][0]


# --- the declarative files ----------------------------------------------------------------------------------------


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An app in an empty folder, over an empty database."""
    settings = Settings(folder=tmp_path).model_copy(
        update={"database": Settings().database.model_copy(update={"url": f"sqlite:///{tmp_path}/monitor.db"})}
    )
    with open_app(settings, seed=1) as opened:
        schema.upgrade(opened.store)
        yield opened


def states(app: App) -> dict[str, str]:
    with app.store.read() as conn:
        return {row.url: row.state for row in conn.exec_driver_sql("SELECT url, state FROM feeds")}


def write_feeds(app: App, *urls: str) -> None:
    app.settings.path("feeds.opml").write_text(OPML.format("".join(map(outline, urls))))


def test_no_files_declare_nothing(app: App) -> None:
    report = sync_files(app)
    assert (report.n_feeds, report.n_sources, report.n_watchlists, report.n_subscriptions) == (0, 0, 0, 0)


def test_what_a_file_no_longer_lists_is_paused_and_comes_back(app: App) -> None:
    write_feeds(app, "https://a.example/f", "https://b.example/f")
    assert sync_files(app).n_feeds_added == 2
    write_feeds(app, "https://A.example/f")
    assert sync_files(app).n_feeds_paused == 1
    assert states(app) == {"https://a.example/f": "active", "https://b.example/f": "paused"}
    write_feeds(app, "https://a.example/f", "https://b.example/f")
    report = sync_files(app)
    assert (report.n_feeds_added, report.n_feeds_paused) == (0, 0)
    assert states(app) == {"https://a.example/f": "active", "https://b.example/f": "active"}


def test_a_default_file_that_vanished_stops_nothing(app: App) -> None:
    write_feeds(app, "https://a.example/f")
    sync_files(app)
    app.settings.path("feeds.opml").unlink()
    sync_files(app)
    assert states(app) == {"https://a.example/f": "active"}


def test_a_file_with_a_name_of_its_own_must_exist(app: App) -> None:
    files = app.settings.files.model_copy(update={"feeds": "mine.opml"})
    with pytest.raises(ConfigError, match=r"mine\.opml: cannot be read"):
        read_files(app.settings.model_copy(update={"files": files}))


def test_above_ten_hosts_nothing_is_written_without_a_contact(app: App) -> None:
    write_feeds(app, *(f"https://n{n}.example/f" for n in range(11)))
    with pytest.raises(ConfigError, match="11 hosts are to be polled"):
        sync_files(app)
    assert states(app) == {}
    known = app.settings.model_copy(update={"http": Http(contact="desk@news.example")})
    assert len(read_files(known).feeds or ()) == 11


def test_one_wrong_file_keeps_all_of_them_out(app: App) -> None:
    write_feeds(app, "https://a.example/f")
    app.settings.path("watchlists.toml").write_text('[[watchlist]]\nname = "x"\nquery = "NOT a"\n')
    with pytest.raises(ConfigError, match=r"watchlists\.toml: watchlist 1 \(\"x\"\): query"):
        sync_files(app)
    assert states(app) == {}


def test_the_address_of_a_feed_is_written_one_way() -> None:
    assert feed_address(" HTTPS://News.Example:443/Feed?b=1 ") == "https://news.example/Feed?b=1"
    with pytest.raises(UsageError, match="geheim") as error:
        feed_address("ftp://news.example/?x=geheim")
    assert "http or https" in str(error.value)
