"""A newsroom of one feed, written by a test and served over HTTP on loopback to the whole product."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from sqlalchemy import select

from monitor.run_local import work_off
from monitor.store import tables as t
from tests.pipeline.world import World, running

HOST = "paper.example"
SENTENCE = "The council of {name} decided on Monday that the old bridge number {n} will be repaired before the winter. "


def body_of(name: str, *, n: int = 8) -> str:
    """A text of `n` sentences that no other name has."""
    return "".join(f"<p>{SENTENCE.format(name=name, n=k)}</p>" for k in range(n))


def page_of(title: str, body: str, *, head: str = "") -> str:
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)}</title>{head}</head>"
        f"<body><main><article><h1>{escape(title)}</h1>{body}</article></main></body></html>"
    )


@dataclass
class Site:
    """A newsroom of one feed, written before it is served. Paths are those of `HOST` where no host is named."""

    folder: Path
    answers: list[dict[str, Any]] = field(default_factory=list)

    def page(self, path: str, content: str, *, host: str = HOST) -> None:
        file = self.folder / "sites" / host / f"{path.lstrip('/')}.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")

    def robots(self, text: str, *, host: str = HOST) -> None:
        file = self.folder / "sites" / host / "robots.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def answer(self, path: str, status: int, **row: Any) -> None:
        """Answer with a status; `row` says when, and with which headers."""
        self.answers.append({"url": f"http://{HOST}{path}", "status": status, **row})

    def redirect(self, url: str, to: str, **when: float) -> None:
        self.answers.append({"url": url, "status": 302, "headers": {"Location": to}, **when})

    def feed(self, links: dict[str, str], *, name: str = "feed.xml", note: str = "", **when: float) -> None:
        """Entries with a title each and a summary of one sentence; `note` is added to each summary."""
        items = "".join(
            f"<item><guid>{escape(link)}</guid><link>{escape(link)}</link><title>{escape(title)}</title>"
            f"<description>In short: {escape(title)} was in the news today.{note}</description></item>"
            for link, title in links.items()
        )
        file = self.folder / "sites" / HOST / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            f"<rss version='2.0'><channel><title>Paper</title><link>http://{HOST}/</link>{items}</channel></rss>",
            "utf-8",
        )
        if when:
            self.answers.append({"url": f"http://{HOST}/feed.xml", "file": f"sites/{HOST}/{name}", **when})


@contextmanager
def served(site: Site, url: str, **sections: Any) -> Iterator[World]:
    """The product after it did everything that was due at the start; `sections` replace those of its settings."""
    (site.folder / "feeds.opml").write_text(
        f"<opml version='2.0'><body><outline type='rss' xmlUrl='http://{HOST}/feed.xml'/></body></opml>", "utf-8"
    )
    described = {"reference_at": "2026-11-20T06:00:30Z", "answers": site.answers}
    (site.folder / "newsroom.json").write_text(json.dumps(described), "utf-8")
    with running(site.folder, url, **sections) as world:
        assert work_off(world.app) == 0
        yield world


def stored(world: World) -> dict[str, dict[str, Any]]:
    """Articles by URL, with the domain of their source."""
    query = select(t.articles, t.sources.c.domain).join(t.sources, t.sources.c.id == t.articles.c.source_id)
    with world.app.store.read() as conn:
        return {row["url"]: dict(row) for row in conn.execute(query).mappings()}


def links(*names: str) -> dict[str, str]:
    return {f"http://{HOST}/{name}": f"News of {name}" for name in names}
