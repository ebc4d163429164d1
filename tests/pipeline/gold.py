"""What a newsroom's expected.json says, what the product made of it, and how far the two agree."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from monitor.evaluate.metrics import Score, bcubed
from monitor.store.engine import Store

FLOOR = 0.95


@dataclass(frozen=True)
class Made:
    """The state of a database, by URL."""

    articles: dict[str, dict[str, Any]]
    story_of: dict[str, int]
    duplicates: dict[tuple[str, str], str]
    rewrites: set[tuple[str, str]]
    revisions: dict[str, list[dict[str, Any]]]
    n_due: dict[str, int]


def read_made(store: Store) -> Made:
    with store.read() as conn:
        articles = {row["url"]: row for row in _rows(conn, "SELECT * FROM articles")}
        members = _rows(conn, "SELECT url, story_id FROM v_story_articles")
        copies = _rows(conn, "SELECT article_url, original_url, kind FROM v_duplicates")
        follows = _rows(
            conn, "SELECT a.url, o.url AS of_url FROM v_articles a JOIN v_articles o ON o.id = a.rewrite_of"
        )
        history = _rows(
            conn, "SELECT a.url, r.* FROM revisions r JOIN articles a ON a.id = r.article_id ORDER BY r.revision_no"
        )
        due = {name: conn.execute(text(query)).scalar_one() for name, query in STILL_DUE.items()}
    revisions: dict[str, list[dict[str, Any]]] = {}
    for row in history:
        revisions.setdefault(row["url"], []).append(row)
    return Made(
        articles=articles,
        story_of={row["url"]: row["story_id"] for row in members},
        duplicates={(row["article_url"], row["original_url"]): row["kind"] for row in copies},
        rewrites={(row["url"], row["of_url"]) for row in follows},
        revisions=revisions,
        n_due=due,
    )


#: Rows that a finished run must not leave behind: work for any stage, a lease, a mail on its way.
STILL_DUE = {
    "entries without an article": "SELECT COUNT(*) FROM entries WHERE resolve_due_at IS NOT NULL",
    # Those with a text, and those that failed, are looked at again later.
    "pages": "SELECT COUNT(*) FROM articles WHERE fetch_due_at IS NOT NULL AND arrival_no IS NULL AND reason IS NULL",
    "texts not compared": "SELECT COUNT(*) FROM articles WHERE match_due_at IS NOT NULL",
    "texts without a story": "SELECT COUNT(*) FROM articles WHERE assign_due_at IS NOT NULL",
    "texts not watched": "SELECT COUNT(*) FROM articles WHERE watch_due_at IS NOT NULL",
    "mails": "SELECT COUNT(*) FROM deliveries WHERE state IN ('pending', 'sending')",
    "leases on articles": "SELECT COUNT(*) FROM articles WHERE fetch_leased_until IS NOT NULL"
    " OR match_leased_until IS NOT NULL OR watch_leased_until IS NOT NULL",
    "leases on feeds": "SELECT COUNT(*) FROM feeds WHERE leased_until IS NOT NULL",
    "leases on subscriptions": "SELECT COUNT(*) FROM subscriptions WHERE leased_until IS NOT NULL",
    "leases on languages": "SELECT COUNT(*) FROM language_statistics WHERE leased_until IS NOT NULL",
    "ready articles without a story": "SELECT COUNT(*) FROM articles a WHERE a.arrival_no IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM story_members m WHERE m.article_id = a.id)",
}


def _rows(conn: Connection, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in conn.execute(text(query)).mappings()]


@dataclass(frozen=True)
class Gold:
    """The content of expected.json."""

    articles: Mapping[str, Mapping[str, Any]]
    duplicates: Mapping[tuple[str, str], str]
    rewrites: frozenset[tuple[str, str]]
    dropped: Mapping[str, str]

    @property
    def languages(self) -> list[str]:
        return sorted({article["language"] for article in self.articles.values()})


def read_gold(newsroom: Path) -> Gold:
    told = json.loads((newsroom / "expected.json").read_text("utf-8"))
    return Gold(
        articles=told["articles"],
        duplicates={(row["copy"], row["original"]): row["kind"] for row in told["duplicates"]},
        rewrites=frozenset((row["rewrite"], row["of"]) for row in told["rewrites"]),
        dropped=told.get("dropped", {}),
    )


@dataclass(frozen=True)
class Figures:
    """How far a run agrees with the gold, and for people where it does not."""

    scores: dict[str, Score]
    n_articles: dict[str, int]
    n_duplicates: int
    n_duplicates_right: int
    n_duplicates_false: int
    n_rewrites: int
    n_rewrites_right: int
    n_rewrites_false: int
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        stories = [
            f"  stories {language}: {self.n_articles[language]} articles, BCubed p {score.p:.3f} r {score.r:.3f} "
            f"F1 {score.f1:.3f}"
            for language, score in self.scores.items()
        ]
        links = (
            f"  duplicates: {self.n_duplicates_right} of {self.n_duplicates} found, {self.n_duplicates_false} false; "
            f"rewrites: {self.n_rewrites_right} of {self.n_rewrites} found, {self.n_rewrites_false} false"
        )
        return [*stories, links]

    def complaint(self) -> str:
        """For the message of a failed test."""
        return "\n".join([*self.lines(), *self.wrong])

    def below_floor(self, floor: float = FLOOR) -> dict[str, float]:
        """The languages whose stories are not good enough."""
        return {language: score.f1 for language, score in self.scores.items() if score.f1 < floor}


def compared(gold: Gold, made: Made) -> Figures:
    """Articles that are missing count as stories of their own; expected articles alone are scored."""
    scores, n_articles, wrong = {}, {}, []
    for language in gold.languages:
        urls = [url for url, article in gold.articles.items() if article["language"] == language]
        wanted = {url: gold.articles[url]["story"] for url in urls}
        found = {url: made.story_of.get(url, url) for url in urls}
        scores[language] = bcubed([found[url] for url in urls], [wanted[url] for url in urls])
        n_articles[language] = len(urls)
        wrong += _misplaced(language, wanted, found)
    right, false = set(gold.duplicates) & set(made.duplicates), set(made.duplicates) - set(gold.duplicates)
    wrong += [f"duplicate not found: {copy} of {original}" for copy, original in set(gold.duplicates) - right]
    wrong += [f"duplicate that is none: {copy} of {original}" for copy, original in false]
    wrong += [f"rewrite not found: {one} of {other}" for one, other in gold.rewrites - made.rewrites]
    wrong += [f"rewrite that is none: {one} of {other}" for one, other in made.rewrites - gold.rewrites]
    return Figures(
        scores=scores,
        n_articles=n_articles,
        n_duplicates=len(gold.duplicates),
        n_duplicates_right=len(right),
        n_duplicates_false=len(false),
        n_rewrites=len(gold.rewrites),
        n_rewrites_right=len(gold.rewrites & made.rewrites),
        n_rewrites_false=len(made.rewrites - gold.rewrites),
        wrong=wrong,
    )


def _misplaced(language: str, wanted: Mapping[str, str], found: Mapping[str, int | str]) -> list[str]:
    lines = []
    for label, by, other in (("mixed", found, wanted), ("split", wanted, found)):
        groups: dict[Any, list[str]] = {}
        for url, group in by.items():
            groups.setdefault(group, []).append(url)
        lines += [
            f"{label} ({language}): " + "; ".join(f"{wanted[url]} = {url[-60:]}" for url in urls)
            for urls in groups.values()
            if len({other[url] for url in urls}) > 1
        ]
    return lines


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TAG = re.compile(r"<[^<>]*>")


def is_hostile(title: str) -> bool:
    """Whether a title holds what no output may carry: markup, control characters, changes of direction."""
    return bool(_CONTROL.search(title) or _TAG.search(title))


def same_title(wanted: str, found: str) -> bool:
    """Equal but for white space; of a hostile one the letters and digits outside its markup must have survived."""
    if not is_hostile(wanted):
        return wanted.split() == found.split()
    return not is_hostile(found) and _letters(wanted) == _letters(found)


def _letters(title: str) -> str:
    return "".join(char for char in _TAG.sub("", title) if char.isalnum())
