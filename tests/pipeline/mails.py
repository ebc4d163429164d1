"""What a digest mail tells its reader, read back from both of its parts, and what SQL says at the same moment."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from lxml import html as lxml_html
from sqlalchemy import Connection, text

from tests.pipeline.world import World, parsed, parts

_NUMBER = r"([\d,]+)"
_FACTS = re.compile(
    rf"{_NUMBER} publishers?(?:, {_NUMBER} independent)?(?: · {_NUMBER} articles?(?:, {_NUMBER} cop(?:y|ies))?)?"
    r" · first seen"
)
_UPDATE = re.compile(rf"{_NUMBER} new articles? from ")
_NOT_LISTED = re.compile(rf"{_NUMBER} more articles? not listed")
_TOLD_BEFORE = re.compile(rf"{_NUMBER} articles? told before")
_MORE_COPIES = re.compile(rf"(?:and|also in:) {_NUMBER} more$")
_TOTALS = re.compile(rf"· {_NUMBER} articles? from {_NUMBER} publishers?")
_COUNTS = re.compile(
    rf"(?:{_NUMBER} new (?:story|stories), {_NUMBER} updates?|{_NUMBER} (?:story|stories)|{_NUMBER} updates?)"
)
_LEFT_OUT = re.compile(rf"{_NUMBER} more (?:story|stories) (?:was|were) left out: this digest holds {_NUMBER} stor")
_RULE = re.compile(r"^(?:-{76}|={76})$", re.MULTILINE)


@dataclass(frozen=True)
class StoryFigures:
    """One story as the reader sees it. None: the mail does not show that number."""

    n_publishers: int
    n_independent: int | None
    n_articles: int | None
    n_copies: int | None
    n_new: int | None
    n_accounted: int
    """Articles listed, folded as copies, left out and told before: together all of the story's."""


@dataclass(frozen=True)
class MailFigures:
    """Every number of one part of a mail."""

    stories: list[StoryFigures]
    n_new_stories: int
    n_updates: int
    n_articles: int
    n_publishers: int
    n_left_out: int


@dataclass(frozen=True)
class Told:
    """One mail as it arrived, and what SQL said when it had just been sent."""

    recipient: str
    raw: bytes
    message: EmailMessage
    subscription: str
    max_stories: int
    expected: MailFigures

    @property
    def text(self) -> str:
        return parts(self.message)[0]

    @property
    def html(self) -> str:
        return parts(self.message)[1]


def read_told(world: World, *, n_known: int) -> list[Told]:
    """The mails that arrived after the first `n_known`, each with what SQL says now."""
    told = []
    with world.app.store.read() as conn:
        for recipients, raw in world.mailbox.messages[n_known:]:
            message = parsed(raw)
            digest = _digest_of(conn, str(message["Message-ID"]))
            told.append(
                Told(
                    recipient=recipients[0],
                    raw=raw,
                    message=message,
                    subscription=digest["name"],
                    max_stories=digest["max_stories"],
                    expected=_expected(conn, digest),
                )
            )
    return told


def _digest_of(conn: Connection, message_id: str) -> dict[str, Any]:
    rows = conn.execute(
        text("SELECT d.*, s.name, s.max_stories FROM digests d JOIN subscriptions s ON s.id = d.subscription_id")
    ).mappings()
    (found,) = [dict(row) for row in rows if message_id.startswith(row["message_id"].partition("@")[0] + ".")]
    return found


_STORIES = text("""
SELECT i.position, v.n_articles, v.n_publishers, v.n_independent, v.n_copies,
       (SELECT COUNT(*) FROM v_story_articles a WHERE a.story_id = v.id AND a.article_id NOT IN (
            SELECT t.article_id FROM digest_item_articles t JOIN digests e ON e.id = t.digest_id
            WHERE e.subscription_id = :subscription_id AND e.id < :digest_id)) AS n_new,
       (SELECT COUNT(*) FROM v_story_articles a WHERE a.story_id = v.id) AS n_members,
       (SELECT COUNT(DISTINCT a.source) FROM v_story_articles a WHERE a.story_id = v.id) AS n_sources,
       (SELECT COUNT(*) FROM v_story_articles a WHERE a.story_id = v.id AND a.duplicate_of IS NOT NULL) AS n_doubles,
       (SELECT COUNT(*) FROM digest_items t JOIN digests e ON e.id = t.digest_id
        WHERE e.subscription_id = :subscription_id AND e.id < :digest_id AND t.story_id = v.id) AS n_earlier
FROM digest_items i JOIN v_stories v ON v.id = i.story_id WHERE i.digest_id = :digest_id ORDER BY i.position
""")
_TOTAL_SOURCES = text("""
SELECT COUNT(DISTINCT a.source) FROM digest_items i JOIN v_story_articles a ON a.story_id = i.story_id
WHERE i.digest_id = :digest_id
""")


def _expected(conn: Connection, digest: dict[str, Any]) -> MailFigures:
    names = {"digest_id": digest["id"], "subscription_id": digest["subscription_id"]}
    stories = []
    n_articles = n_updates = 0
    for row in conn.execute(_STORIES, names).mappings():
        # The two views and a count over the members themselves must agree before the mail is held against them.
        assert (row["n_articles"], row["n_publishers"], row["n_copies"]) == (
            row["n_members"],
            row["n_sources"],
            row["n_doubles"],
        )
        several = row["n_articles"] > 1
        n_articles += row["n_articles"]
        n_updates += row["n_earlier"] > 0
        stories.append(
            StoryFigures(
                n_publishers=row["n_publishers"],
                n_independent=row["n_independent"] if row["n_publishers"] > 1 else None,
                n_articles=row["n_articles"] if several else None,
                n_copies=row["n_copies"] or None if several else None,
                n_new=row["n_new"] if row["n_earlier"] else None,
                n_accounted=row["n_articles"],
            )
        )
    return MailFigures(
        stories=stories,
        n_new_stories=len(stories) - n_updates,
        n_updates=n_updates,
        n_articles=n_articles,
        n_publishers=conn.execute(_TOTAL_SOURCES, {"digest_id": digest["id"]}).scalar_one(),
        n_left_out=digest["n_left_out"],
    )


# --- reading the mail back -------------------------------------------------------------------------------------------


def figures_of_html(html: str) -> MailFigures:
    document = lxml_html.fromstring(html)
    stories = [_story_of_html(block) for block in _with_class(document, "story")]
    (head,) = _with_class(document, "counts")
    left_out = " ".join(_words(block) for block in _with_class(document, "leftout"))
    return _mail_figures(stories, _words(head), left_out)


def _story_of_html(block: Any) -> StoryFigures:
    (facts,) = _with_class(block, "facts")
    marks = " ".join(_words(mark) for mark in _with_class(block, "mark"))
    also = [_words(one) for one in _with_class(block, "also")]
    n_copies = sum(len(_with_tag(one, "bdi")) for one in _with_class(block, "also"))
    rest = " ".join(_words(one) for one in _with_class(block, "rest"))
    n_lines = len(_with_class(block, "line"))
    return _story_figures(_words(facts), marks, n_listed=n_lines + n_copies, also=also, rest=rest)


def figures_of_text(body: str) -> MailFigures:
    body = body.replace("\r\n", "\n")
    blocks = [block.strip("\n") for block in _RULE.split(body)]
    stories = [_story_of_text(block) for block in blocks if re.match(r"\d+\. ", block)]
    return _mail_figures(stories, " ".join(blocks[0].split()), " ".join(blocks[-1].split()))


def _story_of_text(block: str) -> StoryFigures:
    lines = block.split("\n")
    n_lines = sum(line.startswith("   - ") for line in lines)
    also = [line.strip() for line in lines if line.startswith("     also in: ")]
    n_copies = sum(not _MORE_COPIES.search(line) for line in also)
    words = " ".join(block.split())
    return _story_figures(words, words, n_listed=n_lines + n_copies, also=also, rest=words)


def _story_figures(facts: str, marks: str, *, n_listed: int, also: list[str], rest: str) -> StoryFigures:
    found = _FACTS.search(facts)
    assert found is not None, facts
    publishers, independent, articles, copies = found.groups()
    n_unlisted = sum(_first(pattern, rest) or 0 for pattern in (_NOT_LISTED, _TOLD_BEFORE))
    n_unlisted += sum(_first(_MORE_COPIES, line) or 0 for line in also)
    return StoryFigures(
        n_publishers=_number(publishers),
        n_independent=None if independent is None else _number(independent),
        n_articles=None if articles is None else _number(articles),
        n_copies=None if copies is None else _number(copies),
        n_new=_first(_UPDATE, marks),
        n_accounted=n_listed + n_unlisted,
    )


def _mail_figures(stories: list[StoryFigures], head: str, foot: str) -> MailFigures:
    totals = _TOTALS.search(head)
    assert totals is not None, head
    n_new_stories, n_updates = counts_of(head)
    return MailFigures(
        stories=stories,
        n_new_stories=n_new_stories,
        n_updates=n_updates,
        n_articles=_number(totals[1]),
        n_publishers=_number(totals[2]),
        n_left_out=_first(_LEFT_OUT, foot) or 0,
    )


def counts_of(words: str) -> tuple[int, int]:
    """New stories and updates as a subject or the head of a mail counts them."""
    found = _COUNTS.search(words)
    assert found is not None, words
    new, updates, only_new, only_updates = found.groups()
    return _number(new or only_new or "0"), _number(updates or only_updates or "0")


def n_headers(raw: bytes) -> Counter[str]:
    """How often each header stands in a mail as it went over the wire, names in small letters."""
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    lines = [line for line in head.split(b"\n") if line[:1] not in {b" ", b"\t"}]
    return Counter(line.partition(b":")[0].decode("ascii").lower() for line in lines)


def _first(pattern: re.Pattern[str], words: str) -> int | None:
    found = pattern.search(words)
    return None if found is None else _number(found[1])


def _number(digits: str) -> int:
    return int(digits.replace(",", ""))


def _words(element: Any) -> str:
    return " ".join(element.text_content().split())


def _with_class(element: Any, name: str) -> list[Any]:
    return list(element.xpath(f".//*[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"))


def _with_tag(element: Any, name: str) -> list[Any]:
    return list(element.iter(name))
