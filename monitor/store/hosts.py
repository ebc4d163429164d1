"""When a host may be asked again: one row per host and one per registered domain with all its hosts (".bbc.co.uk").

The rows are shared by feeds, pages and all workers of a database. How many requests are under way is counted from the
leases that stand, of feeds, pages and robots.txt: nothing is left to repair after a crash. On PostgreSQL the rows are
locked before the count, and never waited for: what another worker holds is left to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Join,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
    update,
)

from monitor.politeness import (
    SLOW_STATUS,
    SLOW_STEPS,
    Candidate,
    Manners,
    domain_name,
    eased,
    in_turn,
    is_domain,
    next_slot,
    slower,
    wished_at,
)
from monitor.robots import KEPT, KEPT_FAILURE
from monitor.store import claims
from monitor.store.claims import Claimable, Claimed
from monitor.store.engine import insert, lease_clock
from monitor.store.tables import articles, feeds, hosts
from monitor.types import Failure, Response
from monitor.urls import host_of, registered_domain

#: A request that is under way at a host: where it goes, and until when it counts.
_REQUESTS = (
    (feeds.c.host, feeds.c.leased_until),
    (articles.c.host, articles.c.fetch_leased_until),
    (hosts.c.name, hosts.c.robots_leased_until),
)
#: Where all hosts of a source have free slots, and only requests under way hold it back: look again this soon.
_LOOK_AGAIN = timedelta(seconds=1)

domains = hosts.alias("domains")
_is_of_domain = domains.c.name == literal(".") + hosts.c.domain
#: Each host beside the row of its domain.
with_domain = hosts.outerjoin(domains, _is_of_domain)


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows of which each needs one request: how they are claimed, and the columns with host and URL."""

    what: Claimable
    host: Column[str]
    url: ColumnElement[str]


def with_hosts(what: Claimable, host: Column[str]) -> Join:
    """Rows beside their host and its domain, or beside NULLs; not nested, which SQLite would work out in full first."""
    return what.table.outerjoin(hosts, hosts.c.name == host).outerjoin(domains, _is_of_domain)


def ensure_hosts(conn: Connection, names: Collection[str], now: datetime) -> None:
    """Make the rows of hosts not met before, and of their domains; they may be asked at once."""
    domains = {name: registered_domain(name)[:253] for name in names}
    # In one order everywhere: two transactions that wait for each other's new rows would both be stuck.
    rows = sorted({*domains.items(), *((domain_name(domain), domain) for domain in domains.values() if domain)})
    if rows:
        values = [{"name": name, "domain": domain, "next_at": now, "slow_factor": 1.0} for name, domain in rows]
        conn.execute(insert(conn, hosts).on_conflict_do_nothing(index_elements=["name"]), values)


def find_hosts(conn: Connection, names: Collection[str]) -> frozenset[str]:
    """Those of these hosts (a batch) that have their rows, and their domains with them."""
    return frozenset(conn.execute(select(hosts.c.name).where(hosts.c.name.in_(sorted(names)))).scalars())


def claim_spaced(
    conn: Connection,
    what: Claimable,
    host: Column[str],
    *,
    now: datetime,
    lease_s: float,
    limit: int,
    manners: Manners,
    due_by: datetime | None = None,
    columns: Sequence[Column[Any]] = (),
) -> Claimed:
    """Claim due rows that each need one request to their host, only where host and domain are free now; take slots.

    At most one row per host and domain where these are spaced, else as many as may be under way there at once. Rows
    whose host is "" need no request and are not held back. `due_by` leaves out rows that became due later than that.
    `columns`: what is wanted of the rows claimed; all where none are named.
    """
    lease_now = lease_clock(conn, now)
    is_free = is_free_host(now, manners, count_under_way(conn, lease_now))
    ready = and_(what.is_due(due_by or now), what.is_free(lease_now))
    at_free_host = or_(host == "", exists().select_from(with_domain).where(hosts.c.name == host, is_free))
    suspect = claims.find_suspect(conn, what, and_(ready, at_free_host))
    due = (
        select(what.id.label("id"), host.label("host"), domains.c.name.label("domain_name"), what.due.label("due"))
        .select_from(with_hosts(what, host))
        .where(ready, or_(host == "", is_free), what.n_tries == 0 if suspect is None else what.id == suspect)
    )
    candidates = _candidates(conn, due, limit=limit, manners=manners)
    # The other hosts keep their slots when a suspect is claimed alone.
    free = reserve(conn, candidates, now=now, lease_now=lease_now, limit=limit, manners=manners)
    among = [one.id for one in free]
    return claims.claim(conn, what, now=now, lease_s=lease_s, limit=limit, among=among, columns=columns)


def _candidates(conn: Connection, due: Select[Any], *, limit: int, manners: Manners) -> list[Candidate]:
    """The oldest rows of `due` (id, host, name of its domain, due) that could be claimed together.

    The oldest of all will mostly do. Where many of them go to few hosts, every host and domain is asked for its first.
    """
    order = (due.selected_columns.due, due.selected_columns.id)
    oldest = _as_candidates(conn, due.order_by(*order).limit(2 * limit))

    def n_allowed(name: str) -> int:
        return manners.n_allowed(name, spacing_s=manners.spacing_s(name))

    chosen = in_turn(oldest, n_allowed, limit)
    if len(chosen) == limit or len(oldest) < 2 * limit:
        return chosen
    by_host = due.add_columns(
        func.row_number().over(partition_by=due.selected_columns.host, order_by=order).label("turn")
    ).subquery()
    is_first = or_(by_host.c.host == "", by_host.c.turn <= n_allowed("host"))
    source = func.coalesce(by_host.c.domain_name, by_host.c.host)
    turn = func.row_number().over(partition_by=source, order_by=(by_host.c.due, by_host.c.id))
    columns = (by_host.c.id, by_host.c.host, by_host.c.domain_name, by_host.c.due)
    by_source = select(*columns, turn.label("turn")).where(is_first).subquery()
    is_in_turn = or_(by_source.c.host == "", by_source.c.turn <= n_allowed(".domain"))
    first = select(by_source).where(is_in_turn).order_by(by_source.c.due, by_source.c.id)
    return _as_candidates(conn, first.limit(limit))


def _as_candidates(conn: Connection, rows: Select[Any]) -> list[Candidate]:
    return [Candidate(*row[:3]) for row in conn.execute(rows)]


def reserve(
    conn: Connection,
    candidates: Sequence[Candidate],
    *,
    now: datetime,
    lease_now: datetime,
    limit: int,
    manners: Manners,
) -> list[Candidate]:
    """Take the slots of one request for each candidate whose host and domain are free now; returns those candidates."""
    names = {name for one in candidates for name in one[1:] if name}
    columns = (hosts.c.name, hosts.c.slow_factor, hosts.c.crawl_delay_s)
    free = select(*columns).where(hosts.c.name.in_(sorted(names)), hosts.c.next_at <= now)
    locked = conn.execute(free.with_for_update(skip_locked=True)).all() if names else []
    paces = {name: (max(manners.spacing_s(name), delay_s or 0.0), factor) for name, factor, delay_s in locked}
    under_way = count_under_way(conn, lease_now) if paces else Counter[str]()

    def n_allowed(name: str) -> int:
        if name not in paces:
            return 0
        return manners.n_allowed(name, spacing_s=paces[name][0], n_under_way=under_way[name])

    chosen = in_turn(candidates, n_allowed, limit)
    taken = {name for one in chosen for name in one[1:] if name}
    _move_on(conn, {name: paces[name] for name in taken}, now)
    return chosen


def take_slot(conn: Connection, host: str, *, now: datetime, manners: Manners, n_held: int = 0) -> bool:
    """Take the slot of one request to a host, if host and domain are free now; whether they were.

    `n_held` of the requests that count as under way there are this very one: a feed that is leased for it.
    """
    ensure_hosts(conn, [host], now)
    wanted = [Candidate(0, host, domain_name(registered_domain(host)[:253]))]
    beside = replace(
        manners, host_at_once=manners.host_at_once + n_held, source_at_once=manners.source_at_once + n_held
    )
    return bool(reserve(conn, wanted, now=now, lease_now=lease_clock(conn, now), limit=1, manners=beside))


def _move_on(conn: Connection, paces: Mapping[str, tuple[float, float]], now: datetime) -> None:
    """Take slots, of hosts that are free now; most get the same next moment, and one statement moves all these on."""
    by_pace: dict[tuple[float, float], list[str]] = {}
    for name, pace in paces.items():
        by_pace.setdefault(pace, []).append(name)
    for (spacing_s, slow_factor), names in by_pace.items():
        slot = next_slot(now, next_at=None, spacing_s=spacing_s, slow_factor=slow_factor)
        if slot > now:
            conn.execute(update(hosts).where(hosts.c.name.in_(names)).values(next_at=slot))


def count_under_way(conn: Connection, lease_now: datetime) -> Counter[str]:
    """How many requests are under way by host and by domain (with its leading dot)."""
    leased = (select(host.label("host")).where(until > lease_now, host != "") for host, until in _REQUESTS)
    requests = union_all(*leased).subquery()
    counted = select(requests.c.host, hosts.c.domain, func.count()).outerjoin(hosts, hosts.c.name == requests.c.host)
    n_under_way: Counter[str] = Counter()
    for host, domain, n in conn.execute(counted.group_by(requests.c.host, hosts.c.domain)):
        n_under_way[host] += n
        if domain:
            n_under_way[domain_name(domain)] += n
    return n_under_way


def is_free_host(now: datetime, manners: Manners, under_way: Counter[str]) -> ColumnElement[bool]:
    """Whether a host of `with_domain` may be asked now."""
    free = [hosts.c.next_at <= now, or_(hosts.c.domain == "", domains.c.next_at <= now), _has_room(manners, under_way)]
    return and_(*free, is_known(now)) if manners.heeds_robots else and_(*free)


def _has_room(manners: Manners, under_way: Counter[str]) -> ColumnElement[bool]:
    full = sorted(name for name, n in under_way.items() if not manners.n_allowed(name, spacing_s=0, n_under_way=n))
    if not full:
        return true()
    domains = [name[1:] for name in full if is_domain(name)]
    return and_(hosts.c.name.not_in(full), hosts.c.domain.not_in(domains))


def is_known(now: datetime) -> ColumnElement[bool]:
    """Whether the host's robots.txt was asked for lately; it is asked again sooner where it could not be had."""
    asked_at = hosts.c.robots_fetched_at
    return or_(and_(asked_at > now - KEPT, hosts.c.robots_reason.is_(None)), asked_at > now - KEPT_FAILURE)


def is_unasked(lease_now: datetime) -> ColumnElement[bool]:
    """Whether nobody is asking for the host's robots.txt."""
    until = hosts.c.robots_leased_until
    return or_(until.is_(None), until <= lease_now)


def next_spaced_at(
    conn: Connection,
    what: Claimable,
    host: Column[str],
    *,
    now: datetime,
    manners: Manners,
    due_by: datetime | None = None,
) -> datetime | None:
    """When the next row that is due already can be claimed: host and domain are free, or a lost worker's lease ends."""
    due_by, lease_now = due_by or now, lease_clock(conn, now)
    has_room = _has_room(manners, count_under_way(conn, lease_now))
    slot = case((domains.c.next_at > hosts.c.next_at, domains.c.next_at), else_=hosts.c.next_at)
    waiting = (
        select(func.min(case((and_(has_room, is_unasked(lease_now)), slot))), func.count())
        .select_from(with_hosts(what, host))
        .where(what.is_due(due_by), what.is_free(lease_now))
    )
    free_at, n_waiting = conn.execute(waiting).one()
    if free_at is None and n_waiting:
        free_at = now + _LOOK_AGAIN
    moments = [free_at, claims.next_lease_end(conn, what, now, due_by=due_by)]
    return min((moment for moment in moments if moment is not None), default=None)


def heed_answers(conn: Connection, answers: Iterable[Response | Failure], now: datetime) -> None:
    """Let hosts be asked as they just answered: slower, at the old pace again, or not before their Retry-After.

    The host that answered counts, wherever the request started. Call it first in a transaction.
    """
    given = [(host_of(one.final_url), one) for one in answers if isinstance(one, Response)]
    until = {host: moment for host, one in given if (moment := wished_at(one, now)) is not None}
    slow = {host for host, one in given if one.status in SLOW_STATUS}
    # Few hosts are slow at any time: a look at those is cheaper than one at all that answered well.
    slowed = set(conn.execute(select(hosts.c.name).where(hosts.c.slow_factor > 1.0)).scalars())
    good = {host for host, one in given if one.status < 400 and host in slowed} - slow
    if not (slow or until or good):
        return
    ensure_hosts(conn, until.keys() | slow, now)
    # Locked in one order: two workers that change the same hosts would else wait for each other.
    changed = hosts.c.name.in_(sorted(until.keys() | slow | good))
    conn.execute(select(hosts.c.name).where(changed).order_by(hosts.c.name).with_for_update()).all()
    if slow:
        slow_down(conn, slow)
    if good:
        ease(conn, good)
    for host, moment in until.items():
        hold_back(conn, host, moment)


def hold_back(conn: Connection, name: str, until: datetime) -> None:
    """Leave a host alone until then, as its Retry-After asked; never shortens an earlier wish.

    The host alone: other hosts of its domain are often other machines, and say so themselves when they are not.
    """
    conn.execute(
        update(hosts).where(hosts.c.name == name, hosts.c.next_at < until).values(next_at=until, retry_after_at=until)
    )


def slow_down(conn: Connection, names: Collection[str]) -> None:
    """Stretch the spacing of hosts that answered that they are asked too often."""
    _change_pace(conn, hosts.c.name.in_(sorted(set(names))), {step: slower(step) for step in SLOW_STEPS})


def ease(conn: Connection, names: Collection[str]) -> None:
    """Take back a step of that for hosts that gave a good answer; the others are not touched."""
    is_slow = and_(hosts.c.name.in_(sorted(set(names))), hosts.c.slow_factor > 1.0)
    _change_pace(conn, is_slow, {step: eased(step) for step in SLOW_STEPS})


def _change_pace(conn: Connection, which: ColumnElement[bool], steps: dict[float, float]) -> None:
    # Locked in one order: two workers that change the same hosts would else wait for each other.
    chosen = select(hosts.c.name).where(which).order_by(hosts.c.name).with_for_update().cte("chosen")
    factor = case(steps, value=hosts.c.slow_factor, else_=SLOW_STEPS[0])
    conn.execute(update(hosts).where(hosts.c.name.in_(select(chosen.c.name))).values(slow_factor=factor))
