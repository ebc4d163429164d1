"""Who wrote an article, as a reader would say it?

Chooses among what the feed names, what the page declares, the byline and what the extractor guessed, and cleans the
names. Roles ("admin", "Newsroom"), agencies and the outlet itself are no authors where a person is named; an agency is
never one. Refuses to invent: an empty tuple when nobody is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from monitor.extract.agencies import agency_by_form, is_initials, is_known_agency
from monitor.extract.people import is_person, read_names, spelled
from monitor.extract.titles import squeezed
from monitor.text.normalise import fold, line_of

_NO_PERSON = re.compile(
    r"^(?:admin\w*|editors?|redaktion|redaction|redaccion|redazione|webmaster|staff|newsroom|news ?desk|news|user\d*"
    r"|root|author|web ?desk|unknown|none|null|anonymous)$"
)
_N_STATED = 3
"""How many of the candidates are somebody's word; what follows is guessed."""


def choose_authors(candidates: Sequence[Sequence[str]], *, site_names: Sequence[str]) -> tuple[str, ...]:
    """The first of the candidates (feed, declared, byline, guessed) that names a person; else names of roles.

    Names of the outlet never stand; those of roles only where nobody names a person, and never a guessed one.
    """
    organisations = {squeezed(name) for name in site_names}
    cleaned = [clean_authors(names) for names in candidates]
    for names in cleaned:
        people = tuple(name for name in names if is_person(name) and squeezed(name) not in organisations)
        if people:
            return people
    for names in cleaned[:_N_STATED]:
        if kept := tuple(name for name in names if squeezed(name) not in organisations):
            return kept
    return ()


def clean_authors(names: Iterable[str]) -> tuple[str, ...]:
    """The people named, once each however they are spelled; where a field names none, what else it says."""
    found: dict[str, str] = {}
    for given in names:
        named = read_names(line_of(given))
        for name in named.people or named.others[:1]:
            if not _is_nobody(name):
                found.setdefault(fold(name), spelled(name))
    return tuple(found.values())


def agencies_among(names: Iterable[str], *, site_names: Sequence[str]) -> tuple[str, ...]:
    """The agencies that author fields name, as they are written: they are credited, not authors.

    An outlet whose name has the form of an agency's ("Metro Wire") is none to itself.
    """
    own = {squeezed(name) for name in site_names}
    found: list[str] = []
    for given in names:
        line = line_of(given)
        found += read_names(line).agencies or ([line] if agency_by_form(line) == line else [])
    return tuple(dict.fromkeys(name for name in found if squeezed(name) not in own))


def _is_nobody(name: str) -> bool:
    """A role, an account name or the initials of an agency ("mdp/hn")."""
    return bool(_NO_PERSON.match(fold(name))) or all(map(is_initials, name.split("/"))) or is_known_agency(name)
