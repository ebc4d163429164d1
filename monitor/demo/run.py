"""`monitor demo`: the whole pipeline on the bundled newsroom, over real HTTP and SMTP on loopback.

Three rounds on a simulated clock: the start, an hour later (a feed that failed recovers, a page is corrected) and a day
later (a second digest says what is new). Nothing leaves the machine.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from monitor.app import App, utc_now
from monitor.config import (
    Database,
    DigestSettings,
    Extract,
    Fetch,
    Files,
    Http,
    MailSettings,
    Politeness,
    Settings,
)
from monitor.data_files import data_folder
from monitor.declared import read_subscriptions
from monitor.demo.clock import SimulatedClock
from monitor.demo.mailbox import Mailbox
from monitor.demo.newsroom import Newsroom
from monitor.digest.windows import next_slot
from monitor.errors import UsageError
from monitor.run_local import work_off, working_app
from monitor.store import digests, feeds, schema, stories
from monitor.store.engine import open_store
from monitor.text.normalise import clean_line
from monitor.types import Progress, Story, Subscription, SubscriptionId
from monitor.urls import masked

#: When each round starts, after the first. A minute more than the hour, so that feeds polled hourly are due.
ROUNDS = (
    (timedelta(), "Start: first poll of every feed"),
    (timedelta(hours=1, minutes=2), "An hour later: a feed recovers, a figure is corrected"),
    (timedelta(days=1), "A day later: what is new"),
)
PUBLIC = ("digest.html", "digest.txt", "digest.eml")
MARK = "made-by-monitor-demo.txt"
N_STORIES_SHOWN = 15


def newsroom_folder() -> Path:
    return data_folder("seeds") / "newsroom"


def demo_settings(database_url: str, newsroom: Path, mailbox: Mailbox) -> Settings:
    """The configuration of the demo: no waiting between requests, since every host is this machine."""
    return Settings(
        database=Database(url=database_url),
        files=Files(
            feeds=str(newsroom / "feeds.opml"),
            publishers=str(newsroom / "publishers.toml"),
            watchlists=str(newsroom / "watchlists.toml"),
            subscriptions=str(newsroom / "subscriptions.toml"),
        ),
        http=Http(contact="demo@monitor.example", total_timeout_s=20),
        politeness=Politeness(host_spacing_s=0, host_at_once=1, source_spacing_s=0),
        fetch=Fetch(default_interval_s=1800, max_interval_s=43_200),
        extract=Extract(deadline_s=3),
        mail=MailSettings(
            transport="smtp", host=mailbox.host, port=mailbox.port, sender="monitor@monitor.example", timeout_s=10
        ),
        digest=DigestSettings(title="Demo newsroom"),
    )


def demo_start(now: datetime, newsroom: Path) -> datetime:
    """The moment at which a digest of the newsroom was due the day before yesterday or later, and half a minute.

    So the first round sends one, and the last, a day later, does not lie in the future.
    """
    first = read_subscriptions(newsroom / "subscriptions.toml")[0]
    subscription = Subscription(
        id=SubscriptionId(0), name=first.name, recipients=first.recipients, hour=first.hour, zone=first.zone
    )
    return next_slot(subscription, after=now - timedelta(days=2)) + timedelta(seconds=30)


def run_demo(out: Path, *, console: Console, database_url: str | None = None) -> int:
    """Run the demo into the folder `out`, replacing what an earlier run left there. Returns the exit code.

    `database_url` names another database than `out`/monitor.db; it must hold no feeds yet. Raises UsageError.
    """
    out.mkdir(parents=True, exist_ok=True)
    _remove_earlier(out)
    if database_url is not None:
        _require_empty(database_url)
    newsroom = newsroom_folder()
    clock = SimulatedClock(demo_start(utc_now(), newsroom))
    started_at = clock.now()
    with (
        Newsroom(newsroom, clock=clock.now, started_at=started_at) as served,
        Mailbox() as mailbox,
        working_app(
            demo_settings(database_url or f"sqlite:///{out / 'monitor.db'}", newsroom, mailbox),
            clock=clock.now,
            connect_to=served.connect_to,
            seed=1,
        ) as app,
    ):
        n_crashed = 0
        for number, (after, title) in enumerate(ROUNDS, start=1):
            clock.jump(max(timedelta(), started_at + after - clock.now()))
            n_crashed += _round(app, console, f"[{number}/{len(ROUNDS)}] {title}")
        _write_mails(app, mailbox, out)
        _show(app, console, out)
    return 1 if n_crashed else 0


def _remove_earlier(out: Path) -> None:
    if (out / "monitor.db").exists() and not (out / MARK).exists():
        raise UsageError(f"{out / 'monitor.db'} is not the demo's; name another folder with --out")
    (out / MARK).write_text("What lies here was made by `monitor demo`; the next one replaces it.\n", encoding="utf-8")
    for name in ("monitor.db", "monitor.db-wal", "monitor.db-shm", "monitor.db.lock", *PUBLIC):
        (out / name).unlink(missing_ok=True)
    for left in (*out.glob("digest-day-2.*"), *out.glob("mails/*.eml")):
        left.unlink()


def _require_empty(database_url: str) -> None:
    store = open_store(database_url)
    try:
        schema.upgrade(store)
        with store.read() as conn:
            if feeds.n_hosts(conn):
                raise UsageError(f"{masked(database_url)} holds feeds already; the demo needs a database of its own")
    finally:
        store.close()


def _round(app: App, console: Console, title: str) -> int:
    console.print(escape(title), style="bold")
    done: dict[str, int] = {}
    with console.status("polling") as status:

        def report(job: str, progress: Progress) -> None:
            done[job] = done.get(job, 0) + progress.n_done
            status.update(_counts(done))

        n_crashed = work_off(app, report)
    console.print(f"      {_counts(done) or 'nothing was due'}", highlight=False)
    return n_crashed


_WORDS = {
    "poll": "polls",
    "extract": "pages and entries",
    "match": "texts compared",
    "assign": "articles put into stories",
    "watch": "watched",
    "digest": "digests and mails",
}


def _counts(done: dict[str, int]) -> str:
    return ", ".join(f"{n} {_WORDS[job]}" for job, n in done.items() if job in _WORDS)


def _write_mails(app: App, mailbox: Mailbox, out: Path) -> None:
    with app.store.read() as conn:
        stored = digests.load_mails(conn)
    first = stored[0]["subscription"] if stored else ""
    days = [mail for mail in stored if mail["subscription"] == first]
    folder = out / "mails"
    folder.mkdir(exist_ok=True)
    for number, (_, raw) in enumerate(mailbox.messages, start=1):
        (folder / f"{number}.eml").write_bytes(raw)
    for stem, mail in zip(("digest", "digest-day-2"), days, strict=False):
        (out / f"{stem}.html").write_text(mail["html"], encoding="utf-8")
        (out / f"{stem}.txt").write_text(mail["text"], encoding="utf-8")
        for _, raw in mailbox.messages:
            message = message_from_bytes(raw, policy=default)
            assert isinstance(message, EmailMessage)
            if str(message["Message-ID"]).startswith(mail["message_id"].partition("@")[0]):
                (out / f"{stem}.eml").write_bytes(raw)
                break


def _show(app: App, console: Console, out: Path) -> None:
    with app.store.read() as conn:
        found = stories.load_stories(conn)
    by_weight = sorted(found, key=lambda story: (-story.n_independent, -story.n_articles, story.id))
    n_shown = min(N_STORIES_SHOWN, len(found))
    table = Table(
        title=f"{len(found)} stories, the {n_shown} most covered: articles, publishers, independent reports, copies",
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
    )
    table.add_column("id", justify="right", width=4)
    table.add_column("story", width=max(20, console.width - 42), no_wrap=True, overflow="ellipsis")
    for name in ("lang", "art", "pub", "indep", "copies"):
        table.add_column(name, justify="left" if name == "lang" else "right", width=max(3, len(name)))
    for story in by_weight[:N_STORIES_SHOWN]:
        figures = (story.n_articles, story.n_publishers, story.n_independent, story.n_copies)
        table.add_row(str(story.id), escape(clean_line(story.title)), story.language, *map(str, figures))
    console.print(table)
    _show_next(console, app.settings.database.url, out, by_weight)


def _show_next(console: Console, database_url: str, out: Path, by_weight: list[Story]) -> None:
    console.print(
        f"The mails: {out / 'digest.html'} and digest-day-2.html beside it (also .txt and .eml).", highlight=False
    )
    console.print("All dates are shifted to these days; some headlines are hostile on purpose.", highlight=False)
    console.print("What to try next:", style="bold")
    use = f"MONITOR_DATABASE_URL={masked(database_url)} .venv/bin/monitor"
    is_sqlite = database_url.startswith("sqlite")
    shell = f"sqlite3 -box {out / 'monitor.db'}" if is_sqlite else f"psql {masked(database_url)} -c"
    story = by_weight[0] if by_weight else None
    query = "SELECT n_independent, n_copies, title FROM v_stories ORDER BY n_independent DESC LIMIT 5"
    for line in (
        f"{use} stories show {story.id if story else 1}",
        f"{use} search '\"security guarantees\" AND Paris'",
        f'{shell} "{query}"',
    ):
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
