"""What has been read of the entry (or feed) at hand, and which of two elements of the same meaning counts?

feedparser's rules, which `reading.py` follows: the element that stands less deep wins, among equals the later one,
but the first title that is not empty; a missing summary is filled from a content, a missing link from a guid.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any
from xml.sax.saxutils import escape

from monitor.fetch.given import GivenEntry, GivenMedia, GivenText
from monitor.fetch.vocabulary import UnsureError, standard_prefix

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_TYPES = {"text": "text/plain", "plain": "text/plain", "html": "text/html", "xhtml": "application/xhtml+xml"}
_EMAIL = re.compile(
    r"(([a-zA-Z0-9\_\-\.\+]+)@((\[[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.)|(([a-zA-Z0-9\-]+\.)+))"
    r"([a-zA-Z]{2,4}|[0-9]{1,3})(\]?))(\?subject=\S+)?"
)
_XML = "{http://www.w3.org/XML/1998/namespace}"
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_C1 = {
    0x80 + offset: char
    for offset, char in enumerate("€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ")
    if ord(char) != 0x80 + offset
}
_UTF8_C1 = re.compile(b"\xc2[\x80-\x9f]")


_FOLDED = frozenset({"rel", "type"})


class Context:
    """One entry or the feed itself while it is read. `tags` are (term, scheme, label), which tell them apart."""

    __slots__ = (
        "_depths",
        "_known_tags",
        "contents",
        "enclosures",
        "given",
        "has_link",
        "has_plain_author",
        "has_summary",
        "is_feed",
        "tags",
        "thumbnails",
    )

    def __init__(self, *, is_feed: bool) -> None:
        self.given = GivenEntry()
        self.is_feed = is_feed
        self.has_link = self.has_summary = self.has_plain_author = False
        self.tags: list[tuple[str | None, str | None, str | None]] = []
        self.enclosures: list[GivenMedia] = []
        self.contents: list[GivenMedia] = []
        self.thumbnails: list[GivenMedia] = []
        self._known_tags: set[tuple[str | None, str | None, str | None]] = set()
        self._depths: dict[str, int] = {}

    def may_store(self, key: str, depth: int) -> bool:
        """Whether a value found at this depth replaces what was found for `key` before; the feed takes the last."""
        if self.is_feed:
            return True
        known = self._depths.get(key)
        if known is not None and depth > known:
            return False
        self._depths[key] = depth
        return True

    def take_link(self, link: str, stable_link: str) -> None:
        self.given.link, self.given.stable_link, self.has_link = link, stable_link, True

    def add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        tag = (term, scheme, label)
        if any(tag) and tag not in self._known_tags:
            self._known_tags.add(tag)
            self.tags.append(tag)

    def add_tag_text(self, text: str) -> None:
        """The text of a category names the category that came before, if that has no name yet."""
        if text and self.tags and not self.tags[-1][0]:
            _, scheme, label = self.tags[-1]
            self._known_tags.discard(self.tags[-1])
            self.tags[-1] = (text, scheme, label)
            self._known_tags.add(self.tags[-1])
        elif text:
            self.add_tag(text, None, None)

    def finished(self) -> GivenEntry:
        self.given.tags = [tag_name(term, label) for term, _, label in self.tags]
        self.given.media = [*self.enclosures, *self.contents, *self.thumbnails]
        return self.given


def tag_name(term: str | None, label: str | None) -> str:
    return label if label and label.strip() else term or ""


def attributes_of(element: Any) -> dict[str, str]:
    """Attributes by lower-case name. One of a namespace that nobody knows goes by its bare name, if that is free."""
    found: dict[str, str] = {}
    foreign: dict[str, str] = {}
    for name, value in element.items():
        if not name.startswith("{"):
            key = name.lower()
            found[key] = value.lower() if key in _FOLDED else value
        elif name == _RDF_ABOUT:
            found["rdf:about"] = value
        elif name.startswith(_XML):
            found[f"xml:{name[len(_XML) :]}".lower()] = value
        else:
            namespace, _, local = name[1:].rpartition("}")
            key = local.lower()
            if not standard_prefix(namespace):
                foreign[key] = value.lower() if key in _FOLDED else value
    return foreign | found if foreign else found


def map_type(given: str) -> str:
    given = given.lower()
    return _TYPES.get(given, given)


def plain(element: Any) -> str:
    """Text of an element that has none inside it, stripped but otherwise as it stands."""
    if len(element):
        raise UnsureError(element.tag)
    return (element.text or "").strip()


def cleaned(text: str) -> str:
    """UTF-8 that was taken for Latin-1 is put right, and so are the C1 controls that mean Windows-1252."""
    if text.isascii():
        return text
    with contextlib.suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_C1) if _UTF8_C1.search(text.encode("utf-8")) else text


def marked_text(element: Any, default_type: str, *, names: Any, strips_div: bool) -> GivenText:
    """The value and type of an element that may hold mark-up: escaped, or in place if its type is XHTML.

    `names` gives the name of an inner element and raises UnsureError for one that means something to feedparser.
    """
    attributes = attributes_of(element)
    media_type = map_type(attributes.get("type", default_type))
    is_text = media_type.startswith("text/") or media_type.endswith(("+xml", "/xml"))
    if attributes.get("mode") == "base64" or not is_text:
        raise UnsureError("base64")
    if media_type != "application/xhtml+xml":
        return GivenText(cleaned(plain(element)), media_type)
    pieces: list[str] = []
    _collect(element, pieces, names)
    if strips_div:
        pieces = _without_div(pieces)
    return GivenText(cleaned("".join(pieces).strip()), media_type)


def _collect(element: Any, pieces: list[str], names: Any) -> None:
    if element.text:
        pieces.append(escape(element.text))
    for child in element:
        name = names(child)
        attributes = "".join(_attribute(key, value) for key, value in child.items())
        pieces.append(f"<{name}{attributes}>")
        _collect(child, pieces, names)
        pieces.append(f"</{name}>")
        if child.tail:
            pieces.append(escape(child.tail))


def _attribute(key: str, value: str) -> str:
    if key.startswith("{"):
        raise UnsureError(key)
    key = key.lower()
    value = value.lower() if key in _FOLDED else value
    return f' {key}="{escape(value, {chr(34): "&quot;"})}"'


def _without_div(pieces: list[str]) -> list[str]:
    """Atom wraps XHTML in a div of its own, which is no part of the text."""
    while len(pieces) > 1 and not pieces[-1].strip():
        del pieces[-1]
    while len(pieces) > 1 and not pieces[0].strip():
        del pieces[0]
    if not (pieces and (pieces[0] == "<div>" or pieces[0].startswith("<div ")) and pieces[-1] == "</div>"):
        return pieces
    depth = 0
    for piece in pieces[:-1]:
        if piece.startswith("</"):
            depth -= 1
            if depth == 0:
                return pieces
        elif piece.startswith("<"):
            depth += 1
    return pieces[1:-1]


def author_name(text: str) -> str:
    """What feedparser leaves of an author in plain text once the first mail address is taken out."""
    found = _EMAIL.search(text) if "@" in text else None
    if found is None:
        return text
    name = text.replace(found[0], "").replace("()", "").replace("<>", "").replace("&lt;&gt;", "").strip()
    name = name.removeprefix("(")
    return name.removesuffix(")").strip()
