"""Learns what ends or begins most articles of a source, and takes it out of those that have it.

A source is looked at when it has new texts. New rules are given to extraction with the hints; articles that came before
are freed from them here: where the page is kept it is read again by the rules of today, else the text is cut. Neither
counts as a change that the publisher made. Interrupted at any point it goes on where it was: how far a source was
looked through is saved with what was done. A rule holds until somebody rejects it: texts are stored without the
sentence, and so could not show that it still stands in them.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from monitor.app import App
from monitor.extract.boilerplate import N_TEXTS, learn_boilerplate, without_boilerplate
from monitor.store import boilerplate
from monitor.store.boilerplate import Sentence
from monitor.store.engine import Connection
from monitor.types import Progress, SourceId

log = structlog.get_logger()

N_SOURCES = 20
N_ARTICLES = 200
"""How many texts of a source are looked through in one transaction."""


def run(app: App) -> Progress:
    """Look at some sources; returns how many."""
    n_done = 0
    with app.store.read() as conn:
        source_ids = boilerplate.list_to_learn(conn, N_SOURCES)
    for source_id in source_ids:
        if app.stop.is_set():
            break
        with app.store.begin() as conn:
            _learn(conn, source_id, app.clock())
        n_done += 1
    return Progress(n_done=n_done)


def _learn(conn: Connection, source_id: SourceId, now: datetime) -> None:
    after_no = boilerplate.load_learned(conn, source_id)
    rows = boilerplate.list_sentences(conn, source_id)
    known = [row.sentence for row in rows if row.rejected_at is None]
    learned = learn_boilerplate(
        boilerplate.load_last_texts(conn, source_id, N_TEXTS),
        known=known,
        rejected=[row.sentence for row in rows if row.rejected_at is not None],
    )
    if learned:
        new = [
            Sentence(key=one.key, sentence=one.sentence, edge=one.edge, n_articles=one.n_articles, first_seen_at=now)
            for one in learned
        ]
        boilerplate.save_sentences(conn, source_id, new)
        log.info("boilerplate.learned", source=source_id, n_sentences=len(new))
        after_no = 0
    n_changed = _clean(conn, source_id, [*known, *(one.sentence for one in learned)], after_no=after_no, now=now)
    if n_changed:
        log.info("boilerplate.removed", source=source_id, n_articles=n_changed)


def _clean(conn: Connection, source_id: SourceId, rules: list[str], *, after_no: int, now: datetime) -> int:
    """Free the next articles of a source from its boilerplate; returns how many had any."""
    stored = boilerplate.load_texts(conn, source_id, after_no=after_no, limit=N_ARTICLES)
    freed = [(one, "\n".join(without_boilerplate(one.text.splitlines(), rules))) for one in stored if rules]
    changed = [(one, text) for one, text in freed if text != one.text]
    boilerplate.save_learned(conn, source_id, max((one.arrival_no for one in stored), default=after_no))
    boilerplate.request_reextraction(conn, [one.id for one, _ in changed if one.has_page], now)
    for one, text in changed:
        if not one.has_page:
            boilerplate.save_stripped(conn, one, text, now)
    return len(changed)
