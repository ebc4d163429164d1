"""What is to be written on a feed's row and in the poll log after a poll?

Pure: from the feed as it was claimed, the answer, and the plan for the next poll. What entries are new, and whether
another feed has an address already, is for the store to say.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from monitor.fetch.answers import Answer
from monitor.fetch.moves import MovePlan, MovePolicy, MoveState, plan_move
from monitor.fetch.polling import FeedFailed, FeedRead, PollOutcome, PollPlan
from monitor.types import DueFeed, FeedId, ParsedFeed, PollLogRow, PollState, Reason


def poll_state(feed: DueFeed) -> PollState:
    """What planning its next poll needs."""
    return PollState(
        interval_s=feed.interval_s,
        n_failures=feed.n_failures,
        next_poll_at=feed.next_poll_at,
        last_good_poll_at=feed.last_good_poll_at,
        wanted_interval_s=feed.wanted_interval_s,
        last_new_at=feed.last_new_at,
        last_gap_at=feed.gap_at,
    )


def feed_values(
    feed: DueFeed, answer: Answer, outcome: PollOutcome, *, plan: PollPlan, now: datetime
) -> dict[str, Any]:
    """The columns that change. `outcome` is that of `answer`, with its new entries counted."""
    values: dict[str, Any] = {
        "state": plan.state,
        "because": plan.because,
        "interval_s": plan.interval_s,
        "n_failures": plan.n_failures,
        "next_poll_at": plan.next_poll_at,
        "reason": outcome.reason.value if isinstance(outcome, FeedFailed) else None,
        "last_status": answer.response.status if answer.response else None,
    }
    if plan.has_gap:
        values["gap_at"] = now
    if not isinstance(outcome, FeedFailed):
        values |= _good_values(feed, answer, now)
    if answer.parsed is not None:
        values |= _document_values(answer.parsed, now)
    if isinstance(outcome, FeedRead) and outcome.n_new:
        values["last_new_at"] = now
    return values


def _good_values(feed: DueFeed, answer: Answer, now: datetime) -> dict[str, Any]:
    assert answer.response is not None
    headers, is_full = answer.response.headers, answer.response.status == 200
    etag, last_modified = _bounded(headers.get("etag"), 1000), _bounded(headers.get("last-modified"), 200)
    body_hash = answer.body_hash
    if answer.parsed is not None and answer.parsed.children:
        # What an index names may change while it stays the same: it is read anew with each poll.
        etag = last_modified = body_hash = None
    return {
        "last_good_poll_at": now,
        "last_full_poll_at": now if is_full else feed.last_full_poll_at,
        "body_hash": body_hash if is_full else feed.body_hash,
        # A 304 may bring new validators, and what it leaves out stands.
        "etag": etag if is_full else etag or feed.etag,
        "last_modified": last_modified if is_full else last_modified or feed.last_modified,
        "n_unchanged": 0 if answer.parsed else feed.n_unchanged + 1,
    }


def _document_values(parsed: ParsedFeed, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        "last_read_at": now,
        "format": parsed.format[:20],
        "language": _bounded(parsed.language, 20),
        "ttl_s": parsed.ttl_s,
        "skip_hours": parsed.skip_hours,
        "skip_days": parsed.skip_days,
    }
    values |= {"site_url": parsed.url} if parsed.url else {}
    return values | ({"title": parsed.title[:1000]} if parsed.title else {})


def _bounded(value: str | None, n_max: int) -> str | None:
    return value if value is not None and len(value) <= n_max else None


def log_row(outcome: PollOutcome, answer: Answer, *, n_passed_over: int) -> PollLogRow:
    """The line of the poll log."""
    notes = [*answer.parsed.problems] if answer.parsed else [answer.detail]
    if n_passed_over:
        notes.append(f"too old for a first poll: {n_passed_over} of its entries")
    return PollLogRow(
        outcome=_word(outcome),
        status=answer.response.status if answer.response else None,
        n_entries=len(answer.parsed.entries) if answer.parsed else 0,
        n_new=outcome.n_new if isinstance(outcome, FeedRead) else 0,
        n_bytes=len(answer.response.body) if answer.response else 0,
        elapsed_s=answer.response.elapsed_s if answer.response else 0.0,
        detail="; ".join(notes)[:1000],
    )


def _word(outcome: PollOutcome) -> str:
    if isinstance(outcome, FeedFailed):
        return outcome.reason.value
    return "ok" if isinstance(outcome, FeedRead) else "not_modified"


def move_of(feed: DueFeed, answer: Answer, *, n_failures: float, now: datetime) -> MovePlan | None:
    """Where the feed has moved to, or is about to; None where no redirect was ever seen."""
    if not (answer.hops or feed.moved_to or feed.current_url):
        return None
    state = MoveState(
        url=feed.url,
        current_url=feed.current_url,
        moved_to=feed.moved_to,
        moved_since_at=feed.moved_since_at,
        n_moves_seen=feed.n_moves_seen,
    )
    return plan_move(
        state,
        hops=answer.hops,
        final_url=answer.response.final_url if answer.response else None,
        outcome=answer.outcome,
        n_failures=n_failures,
        now=now,
        policy=MovePolicy(),
    )


def seen_values(move: MovePlan) -> dict[str, Any]:
    """What is remembered of a permanent redirect."""
    return {"moved_to": move.moved_to, "moved_since_at": move.moved_since_at, "n_moves_seen": move.n_moves_seen}


def moved_values(move: MovePlan, answer: Answer, *, host: str, plan: PollPlan) -> dict[str, Any]:
    """The columns of a feed that is polled at another address from now on.

    At that one nothing is known of failures and validators, unless it was the one that answered: after a failed poll
    `plan` is that for a new address.
    """
    values: dict[str, Any] = {
        "current_url": move.current_url,
        "host": host,
        "because": f"{move.because[:1].upper()}{move.because[1:]}. {plan.because}",
    }
    if not isinstance(answer.outcome, FeedFailed):
        return values
    fresh = {"state": plan.state, "reason": None, "n_failures": plan.n_failures, "next_poll_at": plan.next_poll_at}
    return values | fresh | {"etag": None, "last_modified": None, "body_hash": None}


def merged_values(other_id: FeedId, address: str) -> dict[str, Any]:
    """The columns of a feed that has moved to where another one is polled already; what it brought stays."""
    return {
        "state": "ended",
        "reason": Reason.MERGED.value,
        "because": f"Moved for good to {address}, which feed {other_id} polls already: that one goes on for both.",
        "merged_into_id": other_id,
        "next_poll_at": None,
    }
