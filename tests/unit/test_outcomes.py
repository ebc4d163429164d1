"""What is kept of a look at a page."""

from __future__ import annotations

from datetime import UTC, datetime

from monitor.extract.outcomes import Look, Policies, judge_look, read_answer
from monitor.text.differences import Wording
from monitor.types import Access, ArticleId, DuePage, Failure, FeedHints, KnownTitles, Method, Reason

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GIVEN = Wording("Title", "The whole text that somebody handed over, with all that it says.")


def look_at_failing_page(method: Method) -> Look:
    page = DuePage(
        id=ArticleId(1),
        url="https://one.example/1",
        entry_url="https://one.example/1",
        host="one.example",
        is_new=False,
        method=method.value,
        first_seen_at=NOW,
        n_page_failures=0,
        leased_until=NOW,
    )
    hints = FeedHints(title="Title", summary="What the feed says of it in one line.")
    reading = read_answer(
        page, Failure(url="https://one.example/1", reason=Reason.TIMEOUT, detail="no answer"), None, hints
    )
    return judge_look(reading, GIVEN, KnownTitles(), now=NOW, policies=Policies())


def test_what_a_feed_says_never_replaces_a_text_that_somebody_handed_over() -> None:
    look = look_at_failing_page(Method.GIVEN)
    assert (look.article, look.change.kind, look.reason) == (None, None, Reason.TIMEOUT)
    assert look.access is Access.FAILED


def test_what_a_feed_says_now_replaces_what_it_said_before() -> None:
    look = look_at_failing_page(Method.FEED_SUMMARY)
    assert look.article is not None
    assert look.wording == Wording("Title", "What the feed says of it in one line.")
