"""Which names in a credit line or dateline are news agencies?

Two ways to know: a table of agencies of the world (monitor.extract.agency_names), and form: capitals in the brackets of
a dateline, or a name that ends as agencies' names do ("... News Agency", "... Wire Service"). No outlet is listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from monitor.extract.agency_names import AGENCIES, SHORT, SPELLED
from monitor.text.normalise import fold


def _table(block: str) -> dict[str, str]:
    """Folded name -> the name that is stored."""
    rows = (row.partition(":") for row in block.replace("\n  |", " |").strip().splitlines())
    return {fold(name.strip()): known for known, _, names in rows for name in names.split("|")}


_SHORT = frozenset(SHORT.split())
_SPELLED = {
    written.upper(): stored.replace("_", " ")
    for written, _, stored in (pair.partition("=") for pair in SPELLED.split() if "=" in pair)
} | {name.upper(): name for name in SPELLED.split() if "=" not in name}
_FOLDED_NAMES = _table(AGENCIES)
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_INFLECTED = re.compile("[\u0430-\u0491]{5}$")


def _any_of(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_CASES = ("ом", "а", "у", "і", "и", "е")
_INFLECTING = [name for name in _FOLDED_NAMES if _INFLECTED.search(name)]
_FORMS = _FOLDED_NAMES | {name + end: _FOLDED_NAMES[name] for name in _INFLECTING for end in _CASES}
"""Folded names, long Cyrillic ones also with the endings of their cases."""
_SPACED = [name for name in _FORMS if not _UNSPACED.search(name)]
_KNOWN_NAME = re.compile(rf"(?<!\w)(?:{_any_of(_SPACED)})(?!\w)|(?:{_any_of(set(_FORMS) - set(_SPACED))})")
"""Names in scripts without spaces stand inside words."""
_WORD = re.compile(r"[^\W_]+")
_NAMED_BY_FORM = re.compile(
    r"((?:[^\W\d_a-z][\w'’&.-]*\s+){0,5}"
    r"(?:(?:News|Press|Photo|National)\s+)?(?:Agency|Newswire|Wire(?:\s+Service)?|News\s+Service|Press\s+Service"
    r"|\w*[Pp]ressedienst|Presse-?[Aa]gentur|\w*[Nn]achrichtenagentur|Persbureau|Telegrambyrå))(?!\w)"
    r"|((?:Agence|Agencia|Agência|Agenzia|Nachrichtenagentur|Agentur|Agentia|Агентство)(?:\s+[^\W\d_][\w'’-]*){1,4})"
)


def known_agencies(text: str) -> tuple[str, ...]:
    """Agencies of the table named in a short text, in canonical spelling, each once, in order of appearance."""
    found = {match.start(): _FORMS[match[0]] for match in _KNOWN_NAME.finditer(fold(text))}
    short = {match.start(): _short_name(match[0]) for match in _WORD.finditer(text) if match[0] in _SHORT}
    return tuple(dict.fromkeys(name for _, name in sorted([*found.items(), *short.items()])))


def is_known_agency(name: str) -> bool:
    """Is the whole text the name of one agency?"""
    name = name.strip(" .,;:")
    found = _KNOWN_NAME.fullmatch(fold(name).removeprefix("the "))
    return name in _SHORT or found is not None


def agency_of_dateline(name: str) -> str | None:
    """The agency that the brackets of a dateline name: known, or initials (NWA, mdp); the first of "mdp/hn"."""
    if known := known_agencies(name):
        return known[0]
    first = name.replace("/", " ").split()[:1]
    return first[0] if first and is_initials(first[0]) else agency_by_form(name)


def is_capitals(name: str, most: int = 8) -> bool:
    """Two or more capital letters and nothing else."""
    return 2 <= len(name) <= most and name.isalpha() and name.isupper()


def is_initials(name: str) -> bool:
    """Capitals, or up to four small letters as agencies of the continent sign ("dpa", "sda")."""
    return is_capitals(name) or (len(name) <= 4 and name.isalpha() and name.islower())


def agency_by_form(text: str) -> str | None:
    """A name that ends, or begins, as agencies' names do: "Northern News Agency", "Agence Centrale de Presse"."""
    found = _NAMED_BY_FORM.search(text)
    if not found:
        return None
    name = (found[1] or found[2]).strip().removeprefix("The ")
    return name if len(name.split()) > 1 and name[0].isupper() else None


def _short_name(name: str) -> str:
    return _SPELLED.get(name.upper(), name)
