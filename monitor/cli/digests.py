"""`monitor digest`: what a digest would say, sending it now, and what became of those that were sent."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

import monitor.digest.stage
from monitor.app import App
from monitor.cli.invocation import Json, current_app, current_store, settings_of
from monitor.cli.output import brief, heading, note, number, print_fields, print_json, print_table, say, short, wide
from monitor.errors import UsageError
from monitor.store import digests, subscriptions
from monitor.store.engine import sole_process
from monitor.types import Digest, DigestItem, RenderedMail

group = typer.Typer(help="Digests: preview, send, list.", no_args_is_help=True, rich_markup_mode=None)


def register(cli: typer.Typer) -> None:
    cli.add_typer(group, name="digest")


@group.command()
def preview(
    context: typer.Context,
    subscription: Annotated[str | None, typer.Argument(help="Name of a subscription; the only one without it.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.html", help="Write the HTML part here.")] = None,
    as_json: Json = False,
) -> None:
    """What the digest would say now; nothing is stored or sent."""
    with current_app(settings_of(context)) as app:
        digest, mail = monitor.digest.stage.preview(app, subscription or _only(app))
    if out is not None:
        out.write_text(mail.html, encoding="utf-8")
        note(f"the HTML part was written to {out}")
    if as_json:
        print_json(_described(digest, mail))
        return
    print_fields(
        {
            "subject": mail.subject,
            "to": ", ".join(digest.subscription.recipients),
            "window (UTC)": f"{short(digest.window_start)} to {short(digest.window_end)}",
            "stories": f"{len(digest.items)}, {digest.n_left_out} left out",
        }
    )
    heading("text part")
    typer.echo(_printable(mail.text))


def _printable(text: str) -> str:
    """The mail's own lines and indents, without what a terminal would obey."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)


def _only(app: App) -> str:
    with app.store.read() as conn:
        names = [one.name for one in subscriptions.list_active(conn)]
    if len(names) != 1:
        there_are = ", ".join(f'"{name}"' for name in names) or "none"
        raise UsageError(f"name a subscription; there are: {there_are} (`monitor once` reads subscriptions.toml)")
    return names[0]


def _described(digest: Digest, mail: RenderedMail) -> dict[str, Any]:
    return {
        "subscription": digest.subscription.name,
        "recipients": digest.subscription.recipients,
        "window_start": digest.window_start,
        "window_end": digest.window_end,
        "subject": mail.subject,
        "n_left_out": digest.n_left_out,
        "stories": [_item(item) for item in digest.items],
        "text": mail.text,
    }


def _item(item: DigestItem) -> dict[str, Any]:
    names = ("id", "title", "first_seen_at", "last_seen_at", "n_articles", "n_publishers", "n_independent", "n_copies")
    return {
        **{name: getattr(item.story, name) for name in names},
        "is_update": item.is_update,
        "n_new": item.n_new,
        "hits": sorted({term for hit in item.hits for term in hit.terms}),
    }


@group.command()
def send(
    context: typer.Context,
    subscription: Annotated[str | None, typer.Argument(help="Send this one now; without it all that are due.")] = None,
    as_json: Json = False,
) -> None:
    """Make and send the digests that are due, or one now.

    With a name: a digest of that subscription for the time until now, due or not.
    """
    # Alone on SQLite: a daemon that starts meanwhile would take the mail being handed over for a lost one.
    with current_app(settings_of(context)) as app, sole_process(app.store):
        with app.store.read() as conn:
            known = {digest["id"] for digest in digests.list_digests(conn)}
        if subscription is None:
            monitor.digest.stage.run(app)
        else:
            monitor.digest.stage.send_now(app, subscription)
        with app.store.read() as conn:
            sent = [digest for digest in digests.list_digests(conn) if digest["id"] not in known]
    if as_json:
        print_json(sent)
    elif not sent:
        say("nothing new to tell" if subscription else "no digest is due")
    for digest in [] if as_json else sent:
        say(f"digest {digest['id']} for {digest['subscription']}: {digest['subject']} ({_deliveries(digest)})")


def _deliveries(digest: dict[str, Any]) -> str:
    states = Counter(delivery["state"] for delivery in digest["deliveries"])
    return ", ".join(f"{n} {state}" for state, n in sorted(states.items())) or "no recipients"


@group.command(name="list")
def list_digests(
    context: typer.Context,
    limit: Annotated[
        int | None, typer.Option(min=1, help="How many, newest first; 30 in a table, all with --json.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Digests, newest first, and whether their mails were sent."""
    with current_store(settings_of(context)) as store, store.read() as conn:
        rows = digests.list_digests(conn)
    shown = rows[: limit or (len(rows) if as_json else 30)]
    if as_json:
        print_json(shown)
        return
    print_table(
        [number("id"), wide("subscription"), number("until, UTC"), number("stories"), "mails", wide("subject", 2)],
        [(row["id"], row["subscription"], brief(row["window_end"]), row["n_stories"], _deliveries(row), row["subject"])
         for row in shown],
    )  # fmt: skip
    for row in shown:
        for delivery in row["deliveries"]:
            if delivery["state"] in {"unknown", "refused"}:
                note(f"digest {row['id']} to {delivery['recipient']}: {delivery['state']}: {delivery['detail']}")
    if not rows:
        note("no digests yet")
