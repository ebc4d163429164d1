"""Who wrote an article, as a reader would say it?

Chooses among what the feed names, what the page declares, the byline and what the extractor guessed, and cleans the
names. Roles ("admin", "Newsroom"), agencies and the outlet itself are no authors where a person is named. Refuses to
invent: an empty tuple when nobody is named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.extract.agencies import is_initials, is_known_agency
from monitor.extract.lines import is_person
from monitor.extract.titles import squeezed
from monitor.text.normalise import fold, line_of

_NO_PERSON = re.compile(
    r"^(?:admin\w*|editors?|redaktion|redaction|redaccion|redazione|webmaster|staff|newsroom|news ?desk|news|user\d*"
    r"|root|author|web ?desk|unknown|none|null|anonymous)$"
)
_BY = re.compile(r"^(?:by|par|von|por|di)\s+", re.IGNORECASE)
_EMAIL = re.compile(r"\S+@\S+\.\S+")


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
    for names in cleaned[:3]:
        if kept := tuple(name for name in names if squeezed(name) not in organisations):
            return kept
    return ()


def clean_authors(names: Sequence[str]) -> tuple[str, ...]:
    """Names without "By", addresses and account names, once each."""
    found: list[str] = []
    for given in names:
        name = _BY.sub("", _EMAIL.sub("", line_of(given))).strip(" ()<>,;|-")
        if name and "://" not in name and len(name) <= 100 and not _is_nobody(name):
            found.append(name.title() if name.isupper() and name.isascii() and " " in name else name)
    return tuple(dict.fromkeys(found))


def _is_nobody(name: str) -> bool:
    """A role, an account name or the initials of an agency ("mdp/hn")."""
    return bool(_NO_PERSON.match(fold(name))) or all(map(is_initials, name.split("/"))) or is_known_agency(name)
