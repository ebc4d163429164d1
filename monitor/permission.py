"""Asks hosts for their robots.txt before the pages or feeds that are due there: claim hosts, fetch, save.

Each request takes its host's slot like any other. A verdict on a URL is then `monitor.robots.refusal`.
"""

from __future__ import annotations

from monitor.app import App
from monitor.politeness import Manners
from monitor.robots import ACCEPT, MAX_BYTES, read_answer, robots_url
from monitor.store import hosts, robots
from monitor.store.hosts import Asked
from monitor.types import Failure, Reason, Request, Response

N_HOSTS = 200


def learn_robots(app: App, asked: Asked, manners: Manners, *, lease_s: float) -> int:
    """Ask the hosts of due rows for their robots.txt where it is not known; returns how many answered or failed to.

    Asks nobody unless the manners say so.
    """
    if not manners.heeds_robots:
        return 0
    with app.store.begin() as conn:
        unknown = robots.claim_unknown(conn, asked, now=app.clock(), lease_s=lease_s, limit=N_HOSTS, manners=manners)
    requests = [Request(url=robots_url(one), accept=ACCEPT, max_bytes=MAX_BYTES) for one in unknown.values()]
    answers = app.http.fetch_many(requests, stop=app.stop) if requests else []
    answered = [
        (name, answer)
        for name, answer in zip(unknown, answers, strict=True)
        if not (isinstance(answer, Failure) and answer.reason is Reason.STOPPED)
    ]
    if answered:
        _save(app, answered)
    if stopped := unknown.keys() - {name for name, _ in answered}:
        with app.store.begin() as conn:
            robots.release(conn, stopped)
    return len(answered)


def _save(app: App, answered: list[tuple[str, Response | Failure]]) -> None:
    now = app.clock()
    rules = {name: read_answer(answer) for name, answer in answered}
    # Each in a transaction of its own: together they would hold rows of hosts in no common order.
    with app.store.begin() as conn:
        hosts.heed_answers(conn, [answer for _, answer in answered], now)
    with app.store.begin() as conn:
        for name in sorted(rules):
            robots.save_robots(conn, name, rules[name], now)
