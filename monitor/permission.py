"""Asks hosts for their robots.txt before the pages or feeds that are due there: claim hosts, fetch, save.

Each request takes its host's slot like any other. A verdict on a URL is then `monitor.robots.refusal`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

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
    unknown = claim_robots(app, asked, manners, lease_s=lease_s)
    answers = app.http.fetch_many(list(unknown.values()), stop=app.stop) if unknown else []
    return save_answers(app, dict(zip(unknown, answers, strict=True)))


def claim_robots(app: App, asked: Asked, manners: Manners, *, lease_s: float) -> dict[str, Request]:
    """The requests for the robots.txt of the hosts of due rows where it is not known, by host; none where the manners
    do not heed them. Their answers are for `save_answers`.
    """
    if not manners.heeds_robots:
        return {}
    with app.store.begin() as conn:
        unknown = robots.claim_unknown(conn, asked, now=app.clock(), lease_s=lease_s, limit=N_HOSTS, manners=manners)
    return {host: Request(url=robots_url(one), accept=ACCEPT, max_bytes=MAX_BYTES) for host, one in unknown.items()}


def save_answers(app: App, answers: Mapping[str, Response | Failure]) -> int:
    """Keep what these hosts answered; returns how many. Those that a stop left unasked may be asked again at once."""
    answered = [
        (host, answer)
        for host, answer in answers.items()
        if not (isinstance(answer, Failure) and answer.reason is Reason.STOPPED)
    ]
    if answered:
        _save(app, answered)
    release_robots(app, answers.keys() - {host for host, _ in answered})
    return len(answered)


def release_robots(app: App, hosts_left: Collection[str]) -> None:
    """Nobody asks these hosts for their robots.txt any more."""
    if hosts_left:
        with app.store.begin() as conn:
            robots.release(conn, hosts_left)


def _save(app: App, answered: list[tuple[str, Response | Failure]]) -> None:
    now = app.clock()
    rules = {name: read_answer(answer) for name, answer in answered}
    # Each in a transaction of its own: together they would hold rows of hosts in no common order.
    with app.store.begin() as conn:
        hosts.heed_answers(conn, [answer for _, answer in answered], now)
    with app.store.begin() as conn:
        for name in sorted(rules):
            robots.save_robots(conn, name, rules[name], now)
