"""Which people, agencies and offices does a byline or an author field name?

Reads what outlets write into one field: "By Ann Lee and Bo Ek", "Ann Lee, Political Editor, ann@post.example",
"Smith, John", "Par Luc Roy avec AFP", "记者 李明 王芳", "홍길동 기자". Judged by form (capitals, word counts) and
by the words of monitor.extract.credit_phrases. Refuses to invent: what is no person and no agency is another name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from monitor.extract import credit_phrases
from monitor.extract.agencies import is_known_agency, known_agencies
from monitor.text.normalise import clean_line, fold

MAX_NAME_CHARS = 100
_MAX_FIELD_CHARS = 500
_ADDRESS = re.compile(r"\(?\S{1,64}@\S{1,100}\.\S{1,20}|https?://\S+|www\.\S+|(?<!\w)@\w{2,40}")
_BRACKETS = re.compile(r"\s*[(\[（【]([^()\[\]（）【】]{0,80})[)\]）】]\s*")
_PARTS = re.compile(r"\s*[|•·;/,、，،\n]\s*|\s+[–—-]\s+")
_JOINED = re.compile(rf"\s+(?:{'|'.join(map(re.escape, credit_phrases.NAME_JOINERS))})\s+", re.IGNORECASE)
_INVERTED = re.compile(r"([^\W\d_][\w'’-]+)\s*,\s*([^\W\d_][\w'’.-]*(?:\s[^\W\d_][\w'’.-]*)?)")
_UNSPACED = "\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_UNSPACED_NAME = re.compile(
    "[\u3400-\u9fff]{2,4}|[\uac00-\ud7af]{2,4}"
    "|(?=.{3,12}$)[\u3005\u3400-\u9fff\u3040-\u30ff]{1,4} ?[\u3005\u3400-\u9fff\u3040-\u30ff]{1,4}"
    "|[\u30a0-\u30ff]{2,8}[・=＝][\u30a0-\u30ff・=＝]{2,12}"
)
_WITHOUT_SPACES = re.compile(f"[{_UNSPACED}・=＝ ]+")
_START_UNSPACED = re.compile(rf"(?:{'|'.join(map(re.escape, credit_phrases.BYLINE_STARTS_UNSPACED))})\s*[:：/／\s]\s*")
_END_UNSPACED = re.compile(rf"(?<=\S)\s*(?:{'|'.join(map(re.escape, credit_phrases.BYLINE_ENDS))})(?=[\s=]|$)[\s=]*")
_STARTS = frozenset((*credit_phrases.BYLINE_STARTS, *credit_phrases.BYLINE_STARTS_WITH_COLON))
_ROLE_END = re.compile(r"(?:korrespondent|redakteur|reporter|journalist)(?:in|innen|en)?$")
_MAX_ROLE_WORDS = 8


@dataclass(slots=True)
class Named:
    """Who is named in one field; `others` are desks, roles and names that are no person's."""

    people: list[str] = field(default_factory=list)
    agencies: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def read_names(raw: str) -> Named:
    """What one author field names, not to be changed; fields of more than 500 characters are cut there."""
    return _read_line(clean_line(raw)[:_MAX_FIELD_CHARS])


@lru_cache(maxsize=256)
def _read_line(line: str) -> Named:
    """Every rule about authors reads the same few fields of a page again."""
    found = Named()
    text = _ADDRESS.sub(" ", line)
    for inside in _BRACKETS.findall(text):
        if is_known_agency(inside):
            found.agencies.append(inside.strip())
    text = _without_start(_BRACKETS.sub(" ", text).strip(" ()<>,;|-"))
    if names := inverted_names(text):
        found.people.extend(names)
        return found
    for name in split_names(text):
        _sort_in(name, found)
    return found


def split_names(text: str) -> list[str]:
    """The parts of a list of names: "Ann Lee, Bo Ek and Cy Fox"."""
    return [name for part in _PARTS.split(text) for name in _single_names(part.strip(" .,:;-–—|"))]


def is_person(name: str) -> bool:
    """Two to five words that each begin with a capital (particles excepted), none of them a weekday, month or office.

    Chinese, Japanese and Korean names: two to four signs, or two groups.
    """
    if _WITHOUT_SPACES.fullmatch(name):
        is_name = _UNSPACED_NAME.fullmatch(name) and fold(name) not in credit_phrases.NO_NAMES
        return bool(is_name) and not is_known_agency(name)
    words = name.split()
    if not 2 <= len(words) <= 5 or any(char.isdigit() for char in name) or any(map(_is_no_name, words)):
        return False
    if (len(words[0]) > 2 and words[0].isupper() and not name.isupper()) or is_known_agency(words[0]):
        return False  # "CNN Business", "AP Auto"
    capitals = [word for word in words if not word[0].islower()]
    return len(capitals) >= 2 and all(word in capitals or fold(word) in credit_phrases.NAME_PARTICLES for word in words)


def is_role(text: str) -> bool:
    """What somebody is rather than who: "Political Editor", "Korrespondentin in Paris", "our correspondent"."""
    words = [fold(word).strip(".:") for word in text.split()]
    return len(words) <= _MAX_ROLE_WORDS and any(map(_is_office, words))


def without_role(name: str) -> str | None:
    """The person of "Political Editor Ann Lee"; None when nobody is left."""
    if is_person(name):
        return name
    words = name.split()
    while len(words) > 2 and _may_be_role(words[0]):
        words = words[1:]
    while len(words) > 2 and _may_be_role(words[-1]):
        words = words[:-1]
    bare = " ".join(words)
    names_role = any(_is_role_word(fold(word).strip(".:")) for word in name.split())
    return bare if names_role and len(words) < len(name.split()) and is_person(bare) else None


def unspaced_names(text: str) -> list[str]:
    """Names of a Chinese, Japanese or Korean byline with its marks ("记者 李明 王芳", "홍길동 기자"); [] for others."""
    text = _ADDRESS.sub(" ", text)
    without = _END_UNSPACED.sub(" ", _START_UNSPACED.sub("", text, count=1)).strip()
    if without == text.strip():
        return []
    parts = [part for part in re.split(r"\s*[、,，/·・]\s*", without) if part]
    names = [name for part in parts for name in _single_names(part)]
    return names if names and all(map(is_person, names)) else []


def inverted_names(text: str) -> list[str]:
    """ "Smith, John; Delgado, Maria" as "John Smith", "Maria Delgado"; [] when any part is something else."""
    names = []
    for part in text.split(";"):
        found = _INVERTED.fullmatch(part.strip())
        name = f"{found[2]} {found[1]}" if found else ""
        if not found or not is_person(name) or is_known_agency(found[1]) or is_known_agency(found[2]):
            return []
        names.append(name)
    return names


def all_capitalised(words: list[str]) -> bool:
    """Every word begins with a capital, or is one that credits write small."""
    named = [word for word in words if fold(word) not in credit_phrases.CREDIT_JOINERS]
    return bool(named) and all(
        not word[0].islower() or fold(word) in credit_phrases.CREDIT_WORDS or is_known_agency(word) for word in named
    )


def spelled(name: str) -> str:
    """Capital letters throughout are a matter of design: "ANN LEE" is Ann Lee."""
    return name.title() if name.isupper() and " " in name else name


def _without_start(text: str) -> str:
    """ "By Ann Lee" and "Автор: Иван Петров" without the words before the name."""
    text = _END_UNSPACED.sub(" ", _START_UNSPACED.sub("", text, count=1)).strip()
    words = text.split()
    for n_words in (3, 2, 1):
        start = fold(" ".join(words[:n_words]))
        if len(words) > n_words and (start.rstrip(": ") in _STARTS):
            return " ".join(words[n_words:]).lstrip(": ")
    head, colon, rest = text.partition(":")
    return rest.strip() if colon and rest and fold(head) in _STARTS else text


def _single_names(part: str) -> list[str]:
    """The names that a conjunction joins; an organisation with an "and" in its name stays whole."""
    words = part.split()
    if len(words) > 1 and all(
        word[0] in credit_phrases.CHINESE_SURNAMES and _UNSPACED_NAME.fullmatch(word) for word in words
    ):
        return words
    names = [name for name in _JOINED.split(part) if name]
    if len(names) < 2:
        return names
    if _is_organisation(names[0]):
        return [part]
    if all(is_person(name) or is_known_agency(name) or is_role(name) for name in names):
        return names
    return [part] if is_person(part) or not any(map(is_person, names)) else names


def _sort_in(name: str, found: Named) -> None:
    if "@" in name or len(name) > MAX_NAME_CHARS or any(map(str.isdigit, name)) or not any(map(str.isalpha, name)):
        return
    name, agency = _without_agency(name)
    if agency:
        found.agencies.append(agency)
    if found.people and (is_role(name) or not is_person(name)):  # after a name it is a role, a place, an outlet
        found.agencies.extend(known_agencies(name)[:1])
    elif person := without_role(name):
        found.people.append(person)
    elif name:
        found.agencies.extend(known_agencies(name)[:1] if is_role(name) else [])
        found.others.append(name)


def _without_agency(name: str) -> tuple[str, str]:
    """ "Eric Tucker Associated Press" is Eric Tucker, of AP; also the whole may be an agency."""
    words = name.split()
    for n_words in range(len(words)):
        if n_words != 1 and is_known_agency(last := " ".join(words[n_words:])):
            return " ".join(words[:n_words]), last
    return name, ""


def _may_be_role(word: str) -> bool:
    folded = fold(word).strip(".:")
    return _is_office(folded) or folded in credit_phrases.ROLE_ADJECTIVES


def _is_role_word(folded: str) -> bool:
    return not credit_phrases.ROLE_WORDS.isdisjoint((folded, *folded.split("-"))) or bool(_ROLE_END.search(folded))


def _is_office(folded: str) -> bool:
    return _is_role_word(folded) or folded in credit_phrases.STAFF_WORDS


def _is_no_name(word: str) -> bool:
    folded = fold(word).strip(".")
    return folded in credit_phrases.NO_NAMES or folded in credit_phrases.ORGANISATION_WORDS or _is_office(folded)


def _is_organisation(name: str) -> bool:
    return any(fold(word).strip(".") in credit_phrases.ORGANISATION_WORDS for word in name.split())
