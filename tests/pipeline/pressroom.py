"""Two feeds of a paper and one of an aggregator, with all that makes one article look like several over four days."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

REFERENCE = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
#: The start; then the moments after which the pages of the start are looked at again.
ROUNDS = tuple(timedelta(hours=hours) for hours in (0, 1.1, 2.3, 6.2, 7.4, 24.5, 26, 73))
_CORRECTED_S, _CHANGED_S, _REMOVED_S = 3_000, 18_000, 72_000
_PAPER, _NEWS = "paper.example", "roundup.example"
_SUBJECTS = {
    "a1": ("ferry", "harbour master", "Two ferries collide off Lowmarsh"),
    "a2": ("orchard", "farmer", "Frost takes half of the apple harvest"),
    "a3": ("museum", "curator", "Museum finds a painting behind a wall"),
    "a4": ("bridge", "engineer", "Old bridge closed for a year"),
    "a5": ("school", "headmistress", "School moves into the old mill"),
    "a6": ("brewery", "brewer", "Brewery sold to its own workers"),
    "a7": ("glacier", "ranger", "Glacier path reopens after rockfall"),
    "a8": ("election", "clerk", "Recount ordered in Tarbeck"),
    "a9": ("tram", "driver", "Trams run at night again"),
    "a10": ("library", "librarian", "Library lends seeds and tools"),
    "a11": ("lighthouse", "keeper", "Lighthouse keeper writes her last log"),
    "a12": ("quarry", "foreman", "Quarry lake declared safe for swimmers"),
    "a13": ("marathon", "runner", "Marathon led through the new tunnel"),
}


def _paragraphs(name: str, note: str = "") -> list[str]:
    subject, person, title = _SUBJECTS[name]
    lines = [
        f"{title}, the town council of Ostrand said on Monday after a long meeting about the {subject}.",
        f"The {person}, who has known the {subject} for thirty years, called the decision overdue and wants money.",
        f"Neighbours of the {subject} gathered in the square; some brought soup, others brought drawings by children.",
        f"A report on the {subject} with {len(name) * 7 + len(subject)} pages will be read aloud in the town hall.",
        f"Until then the {person} keeps the keys, answers the telephone and hopes for dry weather over the {subject}.",
    ]
    return lines + ([note] if note else [])


def _page(name: str, *, note: str = "", head: str = "") -> str:
    title = _SUBJECTS[name][2]
    body = "".join(f"<p>{escape(line)}</p>" for line in _paragraphs(name, note))
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)}</title>{head}</head>"
        f"<body><main><article><h1>{escape(title)}</h1>{body}</article></main></body></html>"
    )


def _item(name: str, *, link: str | None = None, guid: str | None = None, minutes: int = 60, **more: str) -> str:
    title = more.get("title", _SUBJECTS[name][2])
    at = format_datetime(REFERENCE - timedelta(minutes=minutes))
    summary = more.get("summary", f"The town council of Ostrand met about the {_SUBJECTS[name][0]}.")
    parts = [f"<title>{escape(title)}</title>", f"<pubDate>{at}</pubDate>", f"<description>{summary}</description>"]
    parts += [f"<link>{escape(link)}</link>"] if link else []
    parts += [f"<guid isPermaLink='false'>{escape(guid)}</guid>"] if guid else []
    parts += [f"<author>{more['author']}</author>"] if "author" in more else []
    return f"<item>{''.join(parts)}</item>"


def _paper(path: str) -> str:
    return f"http://{_PAPER}/{path}"


def _main_feed(*, is_corrected: bool) -> list[str]:
    version, token = ("#1", "9f8e7d6c5b4a") if is_corrected else ("#0", "1a2b3c4d5e6f")
    return [
        _item("a1", link=_paper("a1"), guid="p-1", author="Ann Lee"),
        _item("a2", link=_paper("a2"), guid="p-2"),
        _item("a3", link=_paper("a3"), guid="p-3"),
        _item("a4", link=_paper("a4"), guid="p-4", summary="Corrected." if is_corrected else "The bridge is closed."),
        _item("a5", link=_paper("a5"), guid="p-5"),
        _item("a6", link=_paper("a6"), guid="p-6"),
        _item("a7", link=_paper("a7"), guid="p-7"),
        _item("a8", link=_paper("a8"), guid=f"{_paper('a8')}{version}"),
        _item("a9", link=_paper("a9"), guid="same"),
        _item("a10", link=_paper("a10"), guid="same"),
        _item("a11", guid="p-11", summary=" ".join(_paragraphs("a11"))),
        _item("a13", link=f"{_paper('a13')}?token={token}"),
    ]


def _world_feed() -> list[str]:
    return [
        _item("a1", link=f"{_paper('a1')}?utm_source=world", guid="w-1"),
        _item("a5", link=_paper("a5"), guid="w-5"),
    ]


def _roundup_feed() -> list[str]:
    google = "https://news.google.com/rss/articles/CBMiK0FVX3lxTE9kZWFkYmVlZg?oc=5"
    return [
        _item("a1", link=f"{_paper('a1')}?fbclid=abc", guid="r-1", minutes=50, title="Ferries collide | Roundup"),
        _item("a2", link="http://short.example/2", guid="r-2", minutes=40),
        _item("a3", link=f"http://amp.{_PAPER}/a3", guid="r-3", minutes=30),
        _item("a12", link=google, guid="r-12"),
    ]


def _feed(title: str, host: str, items: list[str]) -> str:
    return (
        f"<rss version='2.0'><channel><title>{title}</title><link>http://{host}/</link>{''.join(items)}</channel></rss>"
    )


#: How many sightings and revisions each article ends with.
EXPECTED = {
    _paper("a1"): (3, 1),
    _paper("a2"): (2, 1),
    _paper("a3"): (2, 1),
    _paper("a4"): (1, 2),
    _paper("a5"): (2, 2),
    _paper("a6"): (1, 2),
    _paper("a7"): (1, 2),
    _paper("a8"): (2, 1),
    _paper("a9"): (1, 1),
    _paper("a10"): (1, 1),
}


def write_pressroom(folder: Path) -> None:
    """Feeds, pages and the rows of answers that say what changes when."""
    answers: list[dict[str, Any]] = []

    def write(host: str, path: str, content: str) -> str:
        file = folder / "sites" / host / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
        return f"sites/{host}/{path}"

    def later(url: str, from_s: int, host: str, path: str, content: str) -> None:
        answers.append({"url": url, "from_s": from_s, "file": write(host, path, content)})

    for name in _SUBJECTS:
        if name not in {"a11", "a12"}:
            write(_PAPER, f"{name}.html", _page(name))
    canonical = f"<link rel='canonical' href='{_paper('a3')}'>"
    write(f"amp.{_PAPER}", "a3.html", _page("a3", head=canonical))
    write(_PAPER, "main.xml", _feed("Paper", _PAPER, _main_feed(is_corrected=False)))
    write(_PAPER, "world.xml", _feed("Paper, world", _PAPER, _world_feed()))
    write(_NEWS, "feed.xml", _feed("Roundup", _NEWS, _roundup_feed()))
    later(_paper("main.xml"), _CORRECTED_S, _PAPER, "main.2.xml", _feed("Paper", _PAPER, _main_feed(is_corrected=True)))
    corrected = "An earlier report gave the wrong month for the works; they begin in March and end a year later."
    later(_paper("a4"), _CORRECTED_S, _PAPER, "a4.2.html", _page("a4", note=corrected))
    added = "In the evening the headmistress said that lessons in the mill will start after Easter, with new stoves."
    later(_paper("a5"), _CHANGED_S, _PAPER, "a5.2.html", _page("a5", note=added))
    answers.append({"url": _paper("a6"), "from_s": _REMOVED_S, "status": 410})
    answers.append({"url": _paper("a7"), "until_s": _CORRECTED_S, "status": 503})
    answers.append({"url": "http://short.example/2", "status": 302, "headers": {"Location": _paper("a2")}})
    (folder / "feeds.opml").write_text(_opml(), "utf-8")
    described = {"reference_at": REFERENCE.isoformat().replace("+00:00", "Z"), "answers": answers}
    (folder / "newsroom.json").write_text(json.dumps(described), "utf-8")


def _opml() -> str:
    urls = (_paper("main.xml"), _paper("world.xml"), f"http://{_NEWS}/feed.xml")
    outlines = "".join(f"<outline type='rss' xmlUrl='{url}'/>" for url in urls)
    return f"<opml version='2.0'><body>{outlines}</body></opml>"
