"""Makes a small newsroom for as many days as a test needs: four outlets, every day an event of its own.

Each day has a wire report, its copy with another headline, an independent report, a French one, and a notice that
nobody else carries. The independent report of the first day is corrected after an hour.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path

REFERENCE = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
APPEARS_S = 5400
CORRECTED_S = 3600
DAY_S = 86_400


@dataclass(frozen=True)
class Event:
    place: str
    french_place: str
    ship: str
    cargo: str
    french_cargo: str
    captain: str
    n_crew: int
    cause: str
    french_cause: str


EVENTS = (
    Event("Lowmarsh", "Lowmarsh", "Corriemore", "timber", "bois", "Ingrid Halloran", 14, "fog", "le brouillard"),
    Event("Tarbeck", "Tarbeck", "Silver Anna", "wheat", "blé", "Piet van Loon", 9, "a snapped cable", "un câble rompu"),
    Event("Ostrand", "Ostrand", "Maribel", "cement", "ciment", "Rosa Delgado", 21, "a fire in the galley", "un feu"),
    Event("Quillon", "Quillon", "Nordlys Star", "herring", "hareng", "Sverre Aas", 6, "rough seas", "la houle"),
    Event("Fenwick", "Fenwick", "Bright Venture", "copper", "cuivre", "Amara Obi", 17, "a software fault", "une panne"),
    Event(
        "Dunmara", "Dunmara", "Perseverance", "coffee", "café", "Luca Ferri", 12, "a blocked rudder", "un gouvernail"
    ),
    Event("Santelmo", "Santelmo", "Halcyon", "salt", "sel", "Mei Tanaka", 11, "an engine failure", "une avarie"),
    Event("Brakka", "Brakka", "Old Bess", "granite", "granit", "Tom Ashdown", 5, "a sandbank", "un banc de sable"),
)


@dataclass(frozen=True)
class Item:
    """One article of one outlet."""

    host: str
    path: str
    title: str
    author: str
    paragraphs: tuple[str, ...]
    published_at: datetime
    language: str
    updated_at: datetime | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}{self.path}"


_WIRE = """
{capitals} (Tideline) — The freighter {ship}, carrying {cargo}, ran aground off the harbour of {place} before dawn
after {cause}, the port authority said.

All {n_crew} crew members were brought ashore by lifeboat within two hours. Captain {captain} stayed aboard until the
pumps were running, a spokeswoman for the authority told reporters on the quay.

Tugs from three neighbouring ports are expected at {place} on the evening tide. Until then the northern channel stays
closed and ferries to the islands are cancelled.

The {ship} was on her way from the south with {n_wire_tonnes} tonnes of {cargo}. Divers who looked at the hull found
no leak, and no fuel has been lost so far.
"""
_INDEPENDENT = """
When Hanna Weld opened her bakery above {place} harbour this morning, a ship stood where no ship should be: the {ship}
had come to rest on the bar, her lights still burning.

“She just did not turn,” says Weld, who watched Captain {captain} and a crew of {n_crew} wait for the lifeboat.
Fishermen in {place} blame {cause}; the insurers want to wait.

For the town it is the third grounding in ten years. Mayor Oona Brandt asked again for the light on the mole that was
promised after the last one, and for a pilot at night.

In the holds lie {n_tonnes} tonnes of {cargo}, worth more than the town spends in a year. Whether they can be unloaded
at sea will be decided when the tugs are there.
"""
_FRENCH = """
Un cargo chargé de {french_cargo}, le {ship}, s’est échoué dans la nuit devant le port de {french_place}. Les {n_crew}
marins ont été évacués sains et saufs par la société de sauvetage.

Selon la capitainerie, {french_cause} serait à l’origine de l’accident. Le commandant {captain} a été entendu dans la
matinée par les enquêteurs venus de la préfecture.

Les liaisons avec les îles sont suspendues jusqu’à nouvel ordre et les pêcheurs restent à quai. Trois remorqueurs
doivent tenter de tirer le navire à la prochaine marée haute.

À {french_place}, on se souvient encore du dernier naufrage : il avait fallu deux semaines pour dégager le chenal, et
la saison avait été perdue pour les commerçants du port.
"""
_NOTICE = """
{first}, it was announced in number {number} of the parish letter.

Those who want to know more about the {subject} can come to the meeting room on Thursday at seven; tea is free and
nobody needs to register. The organisers expect about {n_guests} people.

Last year's meeting on the {subject} ended late because of a long discussion about chairs. This time the committee has
ordered {n_chairs} of them, which it hopes will settle the matter for good.
"""


def _paragraphs(template: str, **values: object) -> tuple[str, ...]:
    filled = template.format(**values)
    return tuple(" ".join(block.split()) for block in filled.strip().split("\n\n"))


def _report(template: str, event: Event, **more: object) -> tuple[str, ...]:
    derived = {"capitals": event.place.upper(), "n_wire_tonnes": event.n_crew * 210}
    return _paragraphs(template, **{**asdict(event), **derived, **more})


NOTICES = (
    ("Choir of Millbank seeks altos", "The choir of Millbank is looking for altos for its spring concert"),
    ("Library extends evening hours", "From Monday the town library of Calverton stays open until nine at night"),
    (
        "Beekeepers count their losses",
        "One colony in five did not live through the winter, the beekeepers of Arden say",
    ),
    ("Old tram returns to service", "A tram built in 1931 will carry passengers again on the line to Foxhill park"),
    ("School garden wins a prize", "Pupils of Rowan Street school have won the county prize for their kitchen garden"),
    (
        "Chess club moves to the mill",
        "After forty years in a cellar the chess club of Wharton has found rooms with light",
    ),
    (
        "Marathon changes its course",
        "Runners of the Bellmoor marathon will cross the new footbridge for the first time",
    ),
    (
        "Museum buys a weather diary",
        "A farmer's diary with the weather of sixty years now belongs to the Tolland museum",
    ),
)


def _notice(day: int) -> tuple[str, tuple[str, ...]]:
    title, first = NOTICES[day % len(NOTICES)]
    subject = title.split()[0].lower()
    numbers = {"number": day + 1, "n_guests": 30 + day, "n_chairs": 60 + 2 * day}
    return title, _paragraphs(_NOTICE, first=first, subject=subject, **numbers)


def items_of(day: int) -> list[Item]:
    """What appears on a day, in the order of appearance."""
    event = EVENTS[day % len(EVENTS)]
    at = REFERENCE + timedelta(days=day) + (timedelta(seconds=APPEARS_S) if day else -timedelta(hours=2))
    slug = event.ship.lower().replace(" ", "-")
    title, notice = _notice(day)
    corrected_at = REFERENCE + timedelta(seconds=CORRECTED_S - 300) if day == 0 else None
    wire = _report(_WIRE, event)
    tonnes = event.n_crew * 200

    def item(host: str, path: str, title: str, *, by: str, minutes: int, text: tuple[str, ...]) -> Item:
        return Item(
            host=f"{host}.example",
            path=path,
            title=title,
            author=by,
            paragraphs=text,
            published_at=at - timedelta(minutes=minutes),
            language="fr" if host == "lavallee" else "en",
            updated_at=corrected_at if host == "hillgazette" else None,
        )

    saved, stood = f"{event.ship}: crew of {event.n_crew} saved", f"The morning the {event.ship} stood on the bar"
    aground, failed = f"Freighter {event.ship} aground", f"Le cargo {event.ship} échoué à {event.french_place}"
    copied = (*wire, "— Tideline")
    report = _report(_INDEPENDENT, event, n_tonnes=tonnes)
    french = _report(_FRENCH, event)
    return [
        item("tideline", f"/wire/{slug}-{day}", aground, by="Tideline", minutes=50, text=wire),
        item("coastpost", f"/news/{day}/{slug}", saved, by="Coast Post", minutes=30, text=copied),
        item("hillgazette", f"/story/{day}-{slug}", stood, by="Nell Fairweather", minutes=20, text=report),
        item("lavallee", f"/article/{day}-{slug}-echoue", failed, by="Claire Aubin", minutes=15, text=french),
        item("coastpost", f"/local/{day}-notice", title, by="Coast Post", minutes=10, text=notice),
    ]


def make_newsroom(folder: Path, *, n_days: int) -> list[Item]:
    """Write the newsroom into `folder` and return all its articles."""
    folder.mkdir(parents=True)
    days = [items_of(day) for day in range(n_days)]
    everything = [item for day in days for item in day]
    answers = []
    for item in everything:
        _write(folder, item.host, f"{item.path}.html", _page(item, item.paragraphs))
    corrected = days[0][2]
    _write(
        folder,
        corrected.host,
        f"{corrected.path}.v2.html",
        _page(corrected, _report(_INDEPENDENT, EVENTS[0], n_tonnes=2650)),
    )
    answers.append(
        {
            "url": corrected.url,
            "from_s": CORRECTED_S,
            "file": f"sites/{corrected.host}{corrected.path}.v2.html",
        }
    )
    for host in sorted({item.host for item in everything}):
        answers += _feeds(folder, host, days)
    (folder / "newsroom.json").write_text(
        json.dumps({"reference_at": REFERENCE.isoformat().replace("+00:00", "Z"), "answers": answers}, indent=1),
        "utf-8",
    )
    _write_declared(folder, sorted({item.host for item in everything}))
    return everything


def _feeds(folder: Path, host: str, days: Sequence[Sequence[Item]]) -> list[dict[str, object]]:
    """The states of one outlet's feed: as at the start, corrected, and one more each day."""
    url = f"http://{host}/feed.xml"
    moments: list[tuple[float, int, bool]] = [(0, 0, False), (CORRECTED_S, 0, True)]
    moments += [(day * DAY_S + APPEARS_S, day, True) for day in range(1, len(days))]
    rows: list[dict[str, object]] = []
    for number, (from_s, last_day, is_corrected) in enumerate(moments):
        items = [item for day in days[: last_day + 1] for item in day if item.host == host][-12:]
        _write(folder, host, f"/feed.{number}.xml", _feed(host, items, is_corrected=is_corrected))
        until = {"until_s": moments[number + 1][0]} if number + 1 < len(moments) else {}
        rows.append({"url": url, "from_s": from_s, **until, "file": f"sites/{host}/feed.{number}.xml"})
    return rows


def _feed(host: str, items: Sequence[Item], *, is_corrected: bool) -> str:
    entries = []
    for item in reversed(items):
        updated_at = item.updated_at if is_corrected and item.updated_at else item.published_at
        entries.append(
            f"<entry><id>{item.url}</id><title>{escape(item.title)}</title><link href='{item.url}'/>"
            f"<author><name>{escape(item.author)}</name></author><published>{_iso(item.published_at)}</published>"
            f"<updated>{_iso(updated_at)}</updated><summary>{escape(item.paragraphs[0])}</summary></entry>"
        )
    language = items[0].language if items else "en"
    return (
        f"<?xml version='1.0' encoding='utf-8'?><feed xmlns='http://www.w3.org/2005/Atom' xml:lang='{language}'>"
        f"<title>{host}</title><id>http://{host}/</id><link href='http://{host}/'/>{''.join(entries)}</feed>\n"
    )


def _page(item: Item, paragraphs: Sequence[str]) -> str:
    body = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    return (
        f"<!doctype html><html lang='{item.language}'><head><meta charset='utf-8'><title>{escape(item.title)}</title>"
        f"<link rel='canonical' href='{item.url}'></head><body><nav><a href='/'>Home</a></nav><main><article>"
        f"<h1>{escape(item.title)}</h1>\n{body}\n</article></main><footer>{item.host}, "
        f"{format_datetime(item.published_at)}</footer></body></html>\n"
    )


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _write(folder: Path, host: str, path: str, content: str) -> None:
    file = folder / "sites" / host / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, "utf-8")


def _write_declared(folder: Path, hosts: Sequence[str]) -> None:
    outlines = "".join(f"<outline type='rss' text='{host}' xmlUrl='http://{host}/feed.xml'/>" for host in hosts)
    (folder / "feeds.opml").write_text(
        f"<opml version='2.0'><head><title>Small</title></head><body>{outlines}</body></opml>", "utf-8"
    )
    (folder / "publishers.toml").write_text(
        '[[source]]\ndomain = "tideline.example"\nname = "Tideline"\nkind = "agency"\n', "utf-8"
    )
    (folder / "watchlists.toml").write_text('[[watchlist]]\nname = "Ports"\nquery = "harbour OR port"\n', "utf-8")
    rows = (
        ("Morning in Paris", ["lyon@mail.example", "paris@mail.example"], "Europe/Paris", []),
        ("Morning in New York", ["york@mail.example", "jersey@mail.example"], "America/New_York", ["Ports"]),
    )
    (folder / "subscriptions.toml").write_text(
        "".join(
            f"[[subscription]]\nname = {json.dumps(name)}\nrecipients = {json.dumps(recipients)}\nhour = 7\n"
            f"zone = {json.dumps(zone)}\nwatchlists = {json.dumps(watchlists)}\n"
            for name, recipients, zone, watchlists in rows
        ),
        "utf-8",
    )
