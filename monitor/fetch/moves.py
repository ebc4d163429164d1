"""Has a feed moved, and where is it to be polled?

A permanent redirect (301, 308) is believed when good polls have seen it five times over three days: many are set by
mistake and taken back. It is believed at once where it only leads from http to https, and where the old address is gone
after it was seen. 302, 303 and 307 never move a feed: the target of a chain is where its first permanent hops end. When
the redirect stops or leads elsewhere, counting starts anew. A new address that turns out to hold no feed for long is
left again for the one that somebody subscribed to, which is never forgotten.

Says nothing about whether an address may be asked: the stage puts `candidate` to the guard and passes no hops when it
is refused. Merging with a feed that is polled at the new address already is the store's.
Sources: RFC 9110 section 15.4; the sightings of Feedbin and NewsBlur; what readers' users report about 301s set for an
hour, loops of feeds that moved and came back, and private addresses that became a feed's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from monitor.fetch.polling import FeedFailed, PollOutcome
from monitor.types import Hop, Reason
from monitor.urls import masked

PERMANENT = frozenset({301, 308})
MAX_URL_CHARS = 2_048

#: The old address itself says that there is nothing there any more.
_OLD_IS_GONE = frozenset({Reason.NOT_FOUND, Reason.GONE, Reason.DNS, Reason.REFUSED})
#: The new address holds no feed (any more).
_NEW_IS_WRONG = frozenset({Reason.NOT_FOUND, Reason.GONE, Reason.DNS, Reason.NOT_A_FEED})


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePolicy:
    """When a permanent redirect is believed, and from which weight of failures on a new address is left again."""

    n_sightings: int = 5
    min_age_s: int = 3 * 86_400
    left_after_failures: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveState:
    """What is known of a feed's addresses.

    `url` is what somebody subscribed to, `current_url` where it is polled since it moved (None: at `url`). `moved_to`
    is where permanent redirects were seen to lead, `n_moves_seen` times since `moved_since_at`; once the feed is polled
    there, the three stand as the record of that move.
    """

    url: str
    current_url: str | None = None
    moved_to: str | None = None
    moved_since_at: datetime | None = None
    n_moves_seen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePlan:
    """What to remember, in the words of MoveState. `because` is for people, empty where there is nothing to tell.

    `is_new_address`: the next poll goes elsewhere than this one; after a failed poll `plan_at_new_address` says when.
    """

    current_url: str | None
    moved_to: str | None
    moved_since_at: datetime | None
    n_moves_seen: int
    because: str
    is_new_address: bool


def candidate(hops: Sequence[Hop], final_url: str | None) -> str | None:
    """Where a chain of redirects leads for good: behind its longest prefix of permanent hops; None for nowhere."""
    targets = _permanent_targets(hops, final_url)
    return targets[-1] if targets else None


def plan_move(
    state: MoveState,
    *,
    hops: Sequence[Hop],
    final_url: str | None,
    outcome: PollOutcome,
    n_failures: float,
    now: datetime,
    policy: MovePolicy,
) -> MovePlan:
    """What a poll says about where the feed is. `n_failures` is the weight with this poll counted.

    `hops` and `final_url` are the response's; () and None where no answer came.
    """
    if isinstance(outcome, FeedFailed):
        return _after_failure(state, outcome, hops=hops, n_failures=n_failures, policy=policy)
    targets = _permanent_targets(hops, final_url)
    polled_at = _polled_at(state)
    for target in reversed(targets):
        if _is_https_of(polled_at, target):
            seen = replace(state, moved_to=target, moved_since_at=now, n_moves_seen=1)
            return _moved(seen, "the old address redirects there permanently, and only https is new")
    if not targets or targets[-1] == polled_at:
        return _plan(state if _is_settled(state) else _forgotten(state), state, because=_record(state))
    seen = _counted(state, targets[-1], now)
    if seen.n_moves_seen >= policy.n_sightings and _age_s(seen, now) >= policy.min_age_s:
        return _moved(seen, _evidence(seen))
    because = f"redirects permanently to {_named(seen.moved_to)}{_sightings(seen)}; not yet polled there"
    return _plan(seen, state, because=because)


def _after_failure(
    state: MoveState, outcome: FeedFailed, *, hops: Sequence[Hop], n_failures: float, policy: MovePolicy
) -> MovePlan:
    """A failed poll is no sighting, but it can prove that the old address, or the new one, is the wrong one."""
    is_pending = state.moved_to is not None and state.n_moves_seen > 0 and not _is_settled(state)
    if is_pending and not hops and outcome.reason in _OLD_IS_GONE:
        return _moved(state, f"the old address is gone, and redirected there permanently{_sightings(state)}")
    is_wrong = (outcome.reason is Reason.GONE and not hops) or n_failures >= policy.left_after_failures
    if state.current_url is not None and is_wrong and outcome.reason in _NEW_IS_WRONG:
        because = f"moved back to {masked(state.url)}: no feed was found any more at {masked(state.current_url)}"
        return _plan(_forgotten(replace(state, current_url=None)), state, because=because)
    return _plan(state, state, because=_record(state))


def _permanent_targets(hops: Sequence[Hop], final_url: str | None) -> list[str]:
    """Where each of the first permanent hops leads; nothing from one on that no feed could be kept at."""
    urls = [*(hop.url for hop in hops[1:]), *([final_url] if final_url else [])]
    targets: list[str] = []
    for hop, target in zip(hops, urls, strict=False):
        if hop.status not in PERMANENT or not _is_usable(target):
            break
        targets.append(target)
    return targets


def _is_usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and len(url) <= MAX_URL_CHARS
    )


def _is_https_of(old: str, new: str) -> bool:
    """Whether nothing but http, with its port, became https, with its own."""
    try:
        a, b = urlsplit(old), urlsplit(new)
        ports = (a.port or 80, b.port or 443)
    except ValueError:
        return False
    is_upgrade = (a.scheme.lower(), b.scheme.lower(), *ports) == ("http", "https", 80, 443)
    return is_upgrade and (a.hostname, a.path or "/", a.query) == (b.hostname, b.path or "/", b.query)


def _polled_at(state: MoveState) -> str:
    return state.current_url or state.url


def _is_settled(state: MoveState) -> bool:
    """The move on record is the one that was made: no redirect is to be expected any more."""
    return state.current_url is not None and state.moved_to == state.current_url


def _counted(state: MoveState, target: str, now: datetime) -> MoveState:
    if target != state.moved_to or state.moved_since_at is None:
        return replace(state, moved_to=target, moved_since_at=now, n_moves_seen=1)
    return replace(state, n_moves_seen=state.n_moves_seen + 1)


def _forgotten(state: MoveState) -> MoveState:
    return replace(state, moved_to=None, moved_since_at=None, n_moves_seen=0)


def _moved(seen: MoveState, why: str) -> MovePlan:
    """The feed is polled at `moved_to` from now on; when that is where it began, nothing remains of its moves."""
    target = seen.moved_to
    after = _forgotten(replace(seen, current_url=None)) if target == seen.url else replace(seen, current_url=target)
    return _plan(after, seen, because=f"moved to {_named(target)}: {why}")


def _plan(after: MoveState, before: MoveState, *, because: str) -> MovePlan:
    return MovePlan(
        current_url=after.current_url,
        moved_to=after.moved_to,
        moved_since_at=after.moved_since_at,
        n_moves_seen=after.n_moves_seen,
        because=because,
        is_new_address=_polled_at(after) != _polled_at(before),
    )


def _record(state: MoveState) -> str:
    """The words for a move that was made earlier."""
    if state.current_url is None:
        return ""
    return f"moved to {_named(state.current_url)}{f': {_evidence(state)}' if _is_settled(state) else ''}"


def _evidence(state: MoveState) -> str:
    return f"the old address redirects there permanently{_sightings(state)}"


def _sightings(state: MoveState) -> str:
    since = f" since {state.moved_since_at.day} {state.moved_since_at:%b %Y}" if state.moved_since_at else ""
    return f"{since}, seen {'once' if state.n_moves_seen == 1 else f'{state.n_moves_seen} times'}"


def _named(url: str | None) -> str:
    return masked(url or "")


def _age_s(state: MoveState, now: datetime) -> float:
    return (now - state.moved_since_at).total_seconds() if state.moved_since_at else 0.0
