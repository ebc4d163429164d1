"""`monitor articles boilerplate`: which sentences a source's articles are stored without, and taking one back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from monitor.app import utc_now
from monitor.cli.invocation import Json, current_store, settings_of
from monitor.cli.output import brief, counted, note, number, print_json, print_table, say, wide
from monitor.store import boilerplate
from monitor.store.boilerplate import Sentence

N_KEY_CHARS = 8


def register(group: typer.Typer) -> None:
    group.command(name="boilerplate")(show_boilerplate)


def show_boilerplate(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="DOMAIN", help="Domain or name of a source.")],
    forget: Annotated[
        str, typer.Option("--forget", metavar="ID", help="Let this sentence belong to the articles, for good.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Sentences that are taken out of the articles of a source.

    They stand at the edge of most of these.
    """
    with current_store(settings_of(context)) as store:
        if forget:
            with store.begin() as conn:
                source_id = boilerplate.get_source(conn, source)
                sentence, n_again = boilerplate.reject(conn, source_id, forget, utc_now())
            note(f"forgotten; {counted(n_again, 'article')} whose pages are kept are to be read again")
            rows = [sentence]
        else:
            with store.read() as conn:
                rows = boilerplate.list_sentences(conn, boilerplate.get_source(conn, source))
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    if forget:
        say(rows[0].sentence)
        return
    print_table(
        ["id", "edge", number("articles"), number("since (UTC)"), "state", wide("sentence")],
        [(row.key[:N_KEY_CHARS], row.edge, row.n_articles, brief(row.first_seen_at), _state(row), row.sentence)
         for row in rows],
    )  # fmt: skip
    if not rows:
        note("nothing was learned of this source yet: it takes five articles that end or begin alike")


def _state(row: Sentence) -> str:
    return "taken out" if row.rejected_at is None else "rejected"
