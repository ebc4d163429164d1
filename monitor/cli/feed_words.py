"""How is the state of a feed told to people: in which state it is and why, where it is polled, what is proposed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.cli.output import counted, short
from monitor.store.feeds import FeedRow
from monitor.text.durations import duration, every
from monitor.types import Reason
from monitor.urls import masked

_URLS = ("url", "current_url", "moved_to", "proposed_url", "site_url")
_LOST = frozenset({"failing", "dormant", "ended"})


def described(row: FeedRow) -> dict[str, Any]:
    """A feed for programs; secrets in its addresses are masked."""
    values = {name: getattr(row, name) for name in FeedRow.__dataclass_fields__}
    return {**values, **{name: masked(values[name]) for name in _URLS if values[name]}}


def state_word(row: FeedRow) -> str:
    """The state in one word; a star where another address was found."""
    word = "merged" if row.reason == Reason.MERGED.value else row.state
    return f"{word}*" if is_found_elsewhere(row) else word


def is_found_elsewhere(row: FeedRow) -> bool:
    """Whether a proposal still matters: a feed that answers again needs none."""
    return row.proposed_url is not None and row.state in _LOST


def told(row: FeedRow) -> dict[str, object]:
    """A feed for people, the most important first; what there is nothing to say about is left out."""
    return {
        "feed": f"{row.id}: {row.title}" if row.title else row.id,
        "source": row.source,
        "state": _state(row),
        "proposed": _proposed(row),
        "subscribed to": masked(row.url),
        "polled at": f"{masked(row.current_url)}, where it moved" if row.current_url else None,
        "moving": _moving(row),
        "merged into": f"feed {row.merged_into_id}, which has the same address" if row.merged_into_id else None,
        "polled": _interval(row),
        "next poll": row.next_poll_at,
        "last poll": row.last_poll_at,
        "last good poll": row.last_good_poll_at if row.last_good_poll_at != row.last_poll_at else None,
        "entries": _entries(row),
        "gap": _gap(row),
        "site": masked(row.site_url) if row.site_url else None,
        "format": row.format,
        "categories": ", ".join(row.categories),
        "tags": ", ".join(row.tags),
        "managed by": "the file that files.feeds names" if row.managed_by == "file" else "`monitor feeds`",
    }


def why_not_polled(row: FeedRow) -> str | None:
    """Of a feed that is polled no more, or hardly: in which state it is and what to do. None: it is polled."""
    if row.merged_into_id is not None:
        return f"it was merged into feed {row.merged_into_id}, which is polled for both"
    if row.state == "paused" and row.managed_by == "file":
        return "it is paused, and polled again when the file that files.feeds names lists it again"
    told_state = {"paused": "is paused", "ended": "has ended", "dormant": "is hardly polled any more"}.get(row.state)
    if told_state is None:
        return None
    because = row.because.strip().rstrip(".")
    told_state = f"it {told_state} ({because})" if because else f"it {told_state}"
    if row.managed_by == "file":
        return told_state  # resuming is not for hands
    return f"{told_state}: `monitor feeds resume {row.id}` polls it again"


def what_stays(row: FeedRow, *, options: Sequence[str]) -> str | None:
    """That a feed which is there already ignores the options it was added with, and how to change it."""
    if not options:
        return None
    often = f" (polled {every(row.wanted_interval_s or row.interval_s)})" if "--every" in options else ""
    stays = f"{' and '.join(options)} changed nothing: feed {row.id} stays as it is{often}"
    if row.managed_by == "file":
        return f"{stays}; change it in the file that files.feeds names"
    changeable = [name for name in options if name != "--title"]
    if not changeable:
        return f"{stays}; its title is what it calls itself"
    again = f"adding it again with {' and '.join(changeable)} sets that and keeps its entries"
    return f"{stays}; after `monitor feeds remove {row.id}`, {again}"


def _state(row: FeedRow) -> str:
    because = row.because.strip()
    return f"{state_word(row).rstrip('*')}: {because}" if because else row.state


def _proposed(row: FeedRow) -> str | None:
    if row.proposed_url is None or not is_found_elsewhere(row):
        return None
    return f"`monitor feeds adopt {row.id}` polls it from now on at {masked(row.proposed_url)}, where a feed was found"


def _moving(row: FeedRow) -> str | None:
    if row.moved_to is None or row.moved_to == row.current_url or row.merged_into_id is not None:
        return None
    since = f" since {short(row.moved_since_at)} UTC" if row.moved_since_at else ""
    return f"redirects for good to {masked(row.moved_to)}{since}, seen {counted(row.n_moves_seen, 'time')}"


def _interval(row: FeedRow) -> str | None:
    if row.next_poll_at is None:
        return None
    if row.wanted_interval_s is not None:
        often = f"{every(row.wanted_interval_s)}, as it was set"
    else:
        often = f"{every(row.interval_s)}, which adapts to what it brings"
    return f"{often}; it asks for {duration(row.ttl_s)} between polls" if row.ttl_s else often


def _entries(row: FeedRow) -> str:
    if row.last_read_at is None:
        return str(row.n_entries)
    unchanged = f", unchanged in {counted(row.n_unchanged, 'poll')} since" if row.n_unchanged else ""
    return f"{row.n_entries}; last read {short(row.last_read_at)} UTC{unchanged}"


def _gap(row: FeedRow) -> str | None:
    if row.gap_at is None:
        return None
    return f"entries may have been missed before {short(row.gap_at)} UTC: that poll shared none with the one before"
