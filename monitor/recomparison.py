"""Compares the articles of the window again, in the background: after the scheme of fingerprints changed, or on demand.

New texts get fingerprints of today's scheme from the first moment on. Articles that have older ones alone get theirs
here, the newest first, and are compared as any text is, after it is saved: so of any two articles the one that gets its
fingerprint later finds the other. What was linked by the old scheme stays linked until both have new fingerprints.
A portion is marked when few texts wait, so that new ones are never held up for more than seconds. What is left stands
in the database: whoever is interrupted is gone on with.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from monitor.app import App
from monitor.dedup.fingerprint import SCHEME
from monitor.store import recomparing
from monitor.types import Progress

log = structlog.get_logger()

PORTION = 400
FEW_WAIT = 80
LOOK_EVERY = timedelta(hours=1)
_LOOKED_AT = "recomparison:looked_at"


def run(app: App) -> Progress:
    """The job: let the next articles be compared; once an hour, look whether any have fingerprints of old schemes."""
    _look(app)
    return Progress(n_done=mark_portion(app))


def mark_portion(app: App) -> int:
    """Let the next articles be compared again, unless enough texts wait; how many these are."""
    now = app.clock()
    with app.store.read() as conn:
        if recomparing.find(conn) is None or recomparing.count_waiting(conn, now, FEW_WAIT) >= FEW_WAIT:
            return 0
    with app.store.begin() as conn:
        what = recomparing.find(conn)
        n_marked = 0 if what is None else recomparing.mark_next(conn, what, SCHEME, limit=PORTION, now=now)
    if what is not None and not n_marked:
        log.info("recomparison.marked_all", since=what.since.isoformat(), scheme=SCHEME)
    return n_marked


def _look(app: App) -> None:
    now = app.clock()
    looked_at = app.memory.get(_LOOKED_AT)
    if looked_at is not None and now - looked_at < LOOK_EVERY:
        return
    app.memory[_LOOKED_AT] = now
    since = now - timedelta(days=app.settings.stories.duplicates_days)
    with app.store.read() as conn:
        if recomparing.find(conn) is not None or not recomparing.has_old_schemes(conn, since=since, scheme=SCHEME):
            return
    with app.store.begin() as conn:
        recomparing.begin(conn, since=since, is_of_all=False)
    log.info("recomparison.began", since=since.isoformat(), scheme=SCHEME)


def thin(app: App) -> None:
    """Let go of what nothing is compared with any more: bands and bodies of fingerprints older than the window."""
    before = app.clock() - timedelta(days=app.settings.stories.duplicates_days)
    has_more = True
    while has_more and not app.stop.is_set():
        with app.store.begin() as conn:
            has_more = recomparing.thin_next(conn, before)
