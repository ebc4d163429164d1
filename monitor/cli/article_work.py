"""`monitor articles set-aside`, `requeue`, `reextract`: pages that went wrong, and kept ones read by today's rules."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.progress import Progress as Bar

from monitor.app import App, open_app, utc_now
from monitor.cli.invocation import Json, current_store, settings_of
from monitor.cli.output import counted, cut, err, note, number, print_json, print_table, say, wide
from monitor.errors import UsageError
from monitor.extract.page import warm_up
from monitor.fetch.failures import explain_failure
from monitor.reextraction import read_batch
from monitor.store import page_work
from monitor.store.columns import MAX_KEY
from monitor.store.page_work import Chosen
from monitor.types import ArticleId, Reason

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Numbers of articles.")]
SourceName = Annotated[str | None, typer.Option("--source", metavar="DOMAIN", help="All of this source.")]
ReasonName = Annotated[str | None, typer.Option("--reason", metavar="REASON", help="All with this reason.")]


def register(group: typer.Typer) -> None:
    group.command("set-aside")(set_aside)
    group.command()(requeue)
    group.command()(reextract)


def set_aside(
    context: typer.Context, source: SourceName = None, reason: ReasonName = None, as_json: Json = False
) -> None:
    """Pages that nobody asks for any more, by source and reason."""
    with current_store(settings_of(context)) as store, store.read() as conn:
        rows = page_work.list_set_aside(conn, page_work.check_chosen(conn, Chosen(source=source, reason=reason)))
    if as_json:
        print_json([{**row, "meaning": _meaning(row["reason"])} for row in rows])
        return
    print_table(
        [cut("source"), "reason", number("pages"), number("no text"), number("e.g."), wide("meaning", 2)],
        [(row["source"], row["reason"], row["n_pages"], row["n_without_text"], row["example"], _meaning(row["reason"]))
         for row in rows],
    )  # fmt: skip
    if not rows:
        say("no page is set aside")


def requeue(
    context: typer.Context,
    ids: Ids = None,
    source: SourceName = None,
    reason: ReasonName = None,
    only_set_aside: Annotated[bool, typer.Option("--set-aside", help="Only pages that are set aside.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many there are.")] = False,
    as_json: Json = False,
) -> None:
    """Ask again at once for pages that went wrong.

    They are tried as if they had never failed.
    """
    if not (ids or source or reason or only_set_aside):
        raise UsageError("say which pages: article numbers, --source, --reason, or --set-aside for all set aside")
    settings = settings_of(context)
    with current_store(settings) as store, store.begin() as conn:
        chosen = page_work.check_chosen(conn, Chosen(ids=_numbers(ids), source=source, reason=reason))
        counts = page_work.requeue(conn, chosen, is_dry=dry_run, only_set_aside=only_set_aside, now=utc_now())
    n_pages = sum(counts.values())
    if as_json:
        print_json({"n_pages": n_pages, "by_reason": counts, "dry_run": dry_run})
        return
    print_table(
        ["reason", number("pages"), wide("meaning")],
        [(name or "-", n, _meaning(name)) for name, n in sorted(counts.items(), key=lambda row: -row[1])],
    )
    say(f"{counted(n_pages, 'page')} {'would be' if dry_run else 'are'} asked for again")


def reextract(
    context: typer.Context,
    ids: Ids = None,
    source: SourceName = None,
    since: Annotated[
        datetime | None,
        typer.Option("--since", formats=["%Y-%m-%d"], help="Articles first seen on that day (UTC) or later."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read kept pages again by the rules of today.

    Texts that come out different are saved.

    Without a choice it goes on with what an earlier call left, if that was interrupted; else it takes all.
    """
    settings = settings_of(context)
    since = None if since is None else since.replace(tzinfo=UTC)
    with current_store(settings), open_app(settings, warm=warm_up) as app:
        with app.store.begin() as conn:
            chosen = page_work.check_chosen(conn, Chosen(ids=_numbers(ids), source=source, since=since))
            n_left = page_work.count_to_reread(conn)
            n_expired = 0
            if n_left and chosen == Chosen():
                note(f"{counted(n_left, 'page')} of an earlier call are left; going on with them")
            else:
                _, n_expired = page_work.mark_to_reread(conn, chosen, app.clock())
                n_left = page_work.count_to_reread(conn)
        counts, is_stopped = _read_all(app, n_left)
    found = {name: counts[name] for name in ("changed", "same", "unreadable")}
    if as_json:
        print_json({"n_read": sum(found.values()), **{f"n_{name}": n for name, n in found.items()},
                    "n_expired": n_expired, "stopped": is_stopped})  # fmt: skip
        return
    say(f"{counted(sum(found.values()), 'page')} read: {found['changed']} changed, {found['same']} the same, "
        f"{found['unreadable']} unreadable")  # fmt: skip
    if n_expired:
        say(f"{counted(n_expired, 'article')} could not be read again: their pages are not kept any more")
    if is_stopped:
        say("stopped; the daemon goes on with the rest, and so does `monitor articles reextract`")


def _read_all(app: App, n_left: int) -> tuple[Counter[str], bool]:
    """What came of all that is due, with a bar; Ctrl-C ends it after the page at hand."""
    counts: Counter[str] = Counter()
    with Bar(console=err(), transient=True, disable=not err().is_terminal) as bar:
        task = bar.add_task("reading pages", total=n_left)
        try:
            while (done := read_batch(app)).n_read:
                counts += done.counts
                bar.advance(task, done.n_read)
        except KeyboardInterrupt:
            app.stop.set()
            return counts, True
    return counts, False


def _numbers(ids: list[str] | None) -> tuple[ArticleId, ...]:
    wrong = [one for one in ids or () if not one.isdecimal() or int(one[:20]) > MAX_KEY]
    if wrong:
        raise UsageError(f"{wrong[0]!r} is no number of an article")
    return tuple(ArticleId(int(one)) for one in ids or ())


def _meaning(reason: str | None) -> str:
    return explain_failure(Reason(reason), None) if reason in set(Reason) else ""
