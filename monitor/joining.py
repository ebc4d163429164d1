"""Joins stories of different languages, where a model for it is configured: a look at what is new, once a minute.

Assignment never waits for this, nor does this hold its lease: what stories are is decided without a model, and a group
is a fact beside them. Interrupted anywhere it goes on where it was, since gists and joins are saved as they are made.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import structlog

from monitor.app import App
from monitor.cluster.languages import N_HEADLINES, SCHEME, Gist, join_languages, mean_vector, names_of
from monitor.embeddings import Embed
from monitor.store import story_groups
from monitor.store.story_groups import StoredGist
from monitor.types import Progress, StoryId

log = structlog.get_logger()

N_STORIES = 200
"""How many stories are looked at in one batch: some seconds of CPU with a small model."""


def run(app: App) -> Progress:
    """Look at a batch of new and grown stories; without a model there is nothing to do."""
    if app.embed is None:
        return Progress()
    scheme = f"{SCHEME} {app.settings.stories.embeddings}"[:200]
    with app.store.read() as conn:
        due = story_groups.load_due(conn, scheme, n_headlines=N_HEADLINES, limit=N_STORIES)
    if due:
        _save_gists(app, app.embed, due, scheme)
        n_joined = _join(app, due, scheme)
        log.info("stories.joined", n_looked_at=len(due), n_joined=n_joined)
    return Progress(n_done=len(due))


def _save_gists(app: App, embed: Embed, due: list[StoryId], scheme: str) -> None:
    with app.store.read() as conn:
        found = story_groups.load_headlines(conn, due, N_HEADLINES)
    vectors = embed([headline for _, headlines in found.values() for headline in headlines])
    start = 0
    with app.store.begin() as conn:
        today = story_groups.load_headlines(conn, due, N_HEADLINES)
        for story_id, (language, headlines) in found.items():
            mean = mean_vector(vectors[start : start + len(headlines)])
            start += len(headlines)
            if today.get(story_id) != (language, headlines):
                continue  # an article was taken away meanwhile, say: the next look is at what is left
            story_groups.save_gist(
                conn,
                story_id,
                scheme=scheme,
                vector=mean.astype("<f4").tobytes(),
                names=dict(names_of(headlines, language)),
                n_headlines=len(headlines),
                now=app.clock(),
            )


def _join(app: App, wanted: list[StoryId], scheme: str) -> int:
    with app.store.read() as conn:
        gists = [_gist(stored) for stored in story_groups.load_gists(conn, scheme)]
    joins = join_languages(gists, wanted)
    if joins:
        with app.store.begin() as conn:
            rows = [(join.story_id, join.group_id, join.score) for join in joins]
            story_groups.save_joins(conn, rows, scheme=scheme, now=app.clock())
    return len(joins)


def _gist(stored: StoredGist) -> Gist:
    return Gist(
        story_id=stored.story_id,
        language=stored.language,
        vector=np.frombuffer(stored.vector, dtype="<f4").astype(np.float32),
        names=Counter(stored.names),
        n_headlines=stored.n_headlines,
        first_seen_at=stored.first_seen_at,
        last_seen_at=stored.last_seen_at,
        group_id=stored.group_id,
    )
