"""What does one element of a feed add to what is known of an entry, or of the feed itself?

The handlers of `reading.py`, by feedparser's names of elements. Each does what feedparser does with the element where
it stands, and raises UnsureError where that would depend on more than is looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

from monitor.fetch.context import (
    HTML_TYPES,
    Context,
    attributes_of,
    author_name,
    cleaned,
    map_type,
    marked_text,
    plain,
)
from monitor.fetch.given import GivenFeed, GivenMedia, GivenText
from monitor.fetch.vocabulary import (
    IMAGE_PARTS,
    PERSON_PARTS,
    SILENT,
    SOURCE_PARTS,
    TEXT_INPUT_PARTS,
    UNREAD,
    Names,
    UnsureError,
    element_name,
)

_XML = "{http://www.w3.org/XML/1998/namespace}"
XLINK = "http://www.w3.org/1999/xlink"
_EXTRA_SLASHES = re.compile("^([A-Za-z][A-Za-z0-9+-.]*://)(/*)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_QUERY_ENTITY = re.compile("&([A-Za-z0-9_]+);")
_MRSS_SCHEME = "http://search.yahoo.com/mrss/category_schema"
_ITUNES_SCHEME = "http://www.itunes.com/"
_PERSON_NAMES = frozenset({"name", "itunes_name"})


class ElementReader:
    """Where in the document reading stands: the entry or feed at hand and what feedparser remembers beyond it."""

    def __init__(self, root: Any, *, base: str, may_declare_xlink: bool) -> None:
        self.root = root
        self.base = base
        self.may_declare_xlink = may_declare_xlink and XLINK not in root.nsmap.values()
        self.names = Names(root.nsmap)
        self.given = GivenFeed(format="")
        self.about = self.at = Context(is_feed=True)
        self.has_content = False
        self.title_depth = -1
        self.is_atom10 = False

    def children(self, element: Any, depth: int) -> None:
        for child in element:
            self.element(child, self.name(child), depth + 1)

    def element(self, element: Any, name: str, depth: int) -> None:
        read = _ELEMENTS.get(name) or (_FEED_ELEMENTS if self.at.is_feed else _ENTRY_ELEMENTS).get(name)
        if read is not None:
            read(self, element, depth)
        elif name in SILENT:
            if len(element):
                raise UnsureError(name)
        elif name in UNREAD:
            raise UnsureError(name)
        elif len(element):
            self.children(element, depth)

    def name(self, element: Any) -> str:
        tag: str = element.tag
        return self.names.get(tag) or self.names.learn(tag, element.prefix)

    def inner_name(self, element: Any) -> str:
        """The bare name of an element of XHTML inside a text."""
        self.check_declarations(element)
        name = element_name(element.tag, element.prefix)
        local: str = element.tag.rpartition("}")[2].lower()
        if is_known(name) or local in {"svg", "math"}:
            raise UnsureError(name)
        return local

    def check_declarations(self, element: Any) -> None:
        """Feedparser counts the declaration of XLink as an attribute, which matters where attributes do."""
        if self.may_declare_xlink and XLINK in element.nsmap.values():
            raise UnsureError(XLINK)

    def bare_text(self, element: Any) -> str:
        """Text of an element that feedparser reads only where it has no attributes."""
        self.check_declarations(element)
        text = plain(element)
        return "" if element.attrib else cleaned(text)

    # what stands in entries and feeds alike

    def marked(self, element: Any, default_type: str) -> GivenText:
        return marked_text(element, default_type, names=self.inner_name, strips_div=self.is_atom10)

    def title(self, element: Any, depth: int) -> None:
        text = self.marked(element, "text/plain")
        if not -1 < self.title_depth <= depth:
            title = self.at.given.title
            title.media_type = text.media_type
            if self.at.may_store("title", depth):
                title.value = text.value
        if text.value:
            self.title_depth = depth

    def media_title(self, element: Any, depth: int) -> None:
        before = self.title_depth
        self.title(element, depth)
        self.title_depth = before

    def description(self, element: Any, depth: int) -> None:
        self.summary_of(element, depth, "text/html")

    def summary(self, element: Any, depth: int) -> None:
        self.summary_of(element, depth, "text/plain")

    def summary_of(self, element: Any, depth: int, default_type: str) -> None:
        """A second summary is taken for the content, unless there is one."""
        if self.at.has_summary and not self.has_content:
            self.content(element, depth)
            return
        text = self.marked(element, default_type)
        summary = self.at.given.summary
        summary.media_type = text.media_type
        if self.at.may_store("summary", depth):
            summary.value = text.value
        # A feed's own description goes by another name.
        self.at.has_summary = not self.at.is_feed or self.at.has_summary or default_type == "text/plain"

    def content(self, element: Any, _depth: int) -> None:
        self.content_of(element, "text/plain")

    def encoded(self, element: Any, _depth: int) -> None:
        self.content_of(element, "text/html")

    def content_of(self, element: Any, default_type: str) -> None:
        self.has_content = True
        text = self.marked(element, default_type)
        self.at.given.contents.append(text)
        if not self.at.has_summary and (text.media_type == "text/plain" or text.media_type in HTML_TYPES):
            self.at.given.summary.value = text.value
            self.at.has_summary = True

    def link(self, element: Any, _depth: int) -> None:
        attributes = attributes_of(element)
        target = attributes.get("url", attributes.get("uri", attributes.get("href"))) or attributes.get("href")
        rel = attributes.get("rel", "alternate")
        text = plain(element)
        if target is not None:
            stable, target = self.resolved(element, target, base=""), self.resolved(element, target)
            if rel == "alternate" and map_type(attributes.get("type", "text/html")) in HTML_TYPES:
                self.at.take_link(target, stable)
        else:
            stable, target = self.link_in_words(element, text, base=""), self.link_in_words(element, text)
            self.at.take_link(target, stable)
        if rel == "alternate":
            self.at.given.links.append(target)
        elif rel == "enclosure" and target:
            self.at.enclosures.append(_enclosure(attributes, target))

    def link_in_words(self, element: Any, text: str, *, base: str | None = None) -> str:
        target = cleaned(self.resolved(element, text, base=base) if text else "")
        if not self.at.is_feed:
            target = target.replace("&amp;", "&")
        return _QUERY_ENTITY.sub(r"&\g<1>", target)

    def guid(self, element: Any, depth: int) -> None:
        attributes = attributes_of(element)
        is_link = attributes.get("ispermalink", "true") == "true"
        value = plain(element)
        # Not against the address of the document: a guid stays the same when its feed moves.
        value = cleaned(self.resolved(element, value, base="") if value and is_link else value)
        if self.at.may_store("id", depth):
            self.at.given.guid = value
        if is_link and not self.at.has_link:
            self.at.take_link(value, value)

    def own_link(self, element: Any, depth: int) -> None:
        value = self.bare_text(element)
        if element.attrib or self.at.may_store("own_link", depth):
            self.at.given.own_link = value

    def author(self, element: Any, depth: int) -> None:
        """A name in plain text, or a person in parts."""
        if len(element) == 0:
            text = cleaned(plain(element))
            if not self.at.may_store("author", depth):
                raise UnsureError("author")
            self.at.given.authors.append(author_name(text))
            self.at.has_plain_author = self.at.has_plain_author or bool(text)
            return
        self.all_of(element, PERSON_PARTS)
        parts = [(self.name(child), child) for child in element]
        known = [name for name, _ in parts if name in PERSON_PARTS]
        names = [plain(child) for name, child in parts if name in _PERSON_NAMES]
        # feedparser mixes up persons: one whose name does not come first, and one after an author in plain text.
        is_clear = known and (known[0] in _PERSON_NAMES or not self.at.given.authors) and not self.at.has_plain_author
        if not is_clear or not self.at.may_store("author", depth):
            raise UnsureError("author")
        self.at.given.authors.append(names[-1] if names else "")

    def person(self, element: Any, _depth: int) -> None:
        self.all_of(element, PERSON_PARTS)

    def all_of(self, element: Any, parts: frozenset[str]) -> None:
        """Raises UnsureError for a child that has children itself, or means something and is none of these parts."""
        for child in element:
            name = self.name(child)
            if (name not in parts and is_known(name)) or len(child):
                raise UnsureError(name)

    def category(self, element: Any, _depth: int) -> None:
        attributes = attributes_of(element)
        scheme = attributes.get("scheme", attributes.get("domain"))
        self.at.add_tag(attributes.get("term"), scheme, attributes.get("label"))
        self.at.add_tag_text(cleaned(plain(element)))

    def media_category(self, element: Any, _depth: int) -> None:
        attributes = attributes_of(element)
        self.at.add_tag(attributes.get("term"), attributes.get("scheme", _MRSS_SCHEME), attributes.get("label"))
        self.at.add_tag_text(cleaned(plain(element)))

    def itunes_category(self, element: Any, depth: int) -> None:
        if self.at.is_feed:
            for child in element:
                if self.name(child) != "itunes_category":
                    raise UnsureError(child.tag)
                self.itunes_category(child, depth + 1)
            return
        self.at.add_tag(attributes_of(element).get("text"), _ITUNES_SCHEME, None)
        self.at.add_tag_text(cleaned(plain(element)))

    def media_keywords(self, element: Any, _depth: int) -> None:
        self.keywords(element, None)

    def itunes_keywords(self, element: Any, _depth: int) -> None:
        self.keywords(element, _ITUNES_SCHEME)

    def keywords(self, element: Any, scheme: str | None) -> None:
        for term in self.bare_text(element).split(","):
            if term.strip():
                self.at.add_tag(term.strip(), scheme, None)

    def enclosure(self, element: Any, _depth: int) -> None:
        attributes = attributes_of(element)
        target = attributes.get("url", attributes.get("uri", attributes.get("href"))) or attributes.get("href")
        if len(element):
            raise UnsureError("enclosure")
        if target:
            self.at.enclosures.append(_enclosure(attributes, self.resolved(element, target)))

    def media_content(self, element: Any, depth: int) -> None:
        attributes = attributes_of(element)
        url = attributes.get("url", "").strip()
        if url:
            media_type = attributes.get("type", attributes.get("medium", ""))
            url = self.resolved(element, url)
            self.at.contents.append(GivenMedia(url, media_type, attributes.get("filesize", "")))
        self.children(element, depth)

    def media_group(self, element: Any, depth: int) -> None:
        self.children(element, depth)

    def thumbnail(self, element: Any, _depth: int) -> None:
        attributes = attributes_of(element)
        text = plain(element)
        url = attributes.get("url", text).strip()
        if url:
            self.at.thumbnails.append(GivenMedia(self.resolved(element, url), "image"))

    def source(self, element: Any, depth: int) -> None:
        """Where an entry was taken from: nothing of it is kept, but its title counts as one."""
        self.container(element, depth, SOURCE_PARTS)

    def image(self, element: Any, depth: int) -> None:
        self.container(element, depth, IMAGE_PARTS if self.at.is_feed else frozenset())

    def text_input(self, element: Any, depth: int) -> None:
        self.container(element, depth, TEXT_INPUT_PARTS)

    def container(self, element: Any, depth: int, parts: frozenset[str]) -> None:
        self.title_depth = -1
        for child in element:
            name = self.name(child)
            is_person = name in {"author", "contributor"}
            if name not in parts or (len(child) and not is_person):
                raise UnsureError(name)
            if is_person:
                self.all_of(child, PERSON_PARTS)
            if name == "title" and self.marked(child, "text/plain").value:
                self.title_depth = depth + 1

    def language(self, element: Any, _depth: int) -> None:
        value = cleaned(plain(element))
        if self.at.is_feed:
            self.given.language = value

    def resolved(self, element: Any, link: str, *, base: str | None = None) -> str:
        """The link as feedparser would resolve it: where no xml:base stands in the document, as it is."""
        if ":///" in link:
            link = _EXTRA_SLASHES.sub(r"\1", link)
        if not self.base:
            return link
        bases = [one.get(f"{_XML}base") for one in (element, *element.iterancestors())]
        base = self.base if base is None else base
        for given in filter(None, reversed(bases)):
            if _SCHEME.match(given) and not given.startswith(("http://", "https://")):
                raise UnsureError(given)
            base = _joined(base, given)
        return _joined(base, link)


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, _EXTRA_SLASHES.sub(r"\1", link))
    except ValueError:
        raise UnsureError(link) from None


def _enclosure(attributes: dict[str, str], url: str) -> GivenMedia:
    return GivenMedia(url, attributes.get("type", ""), attributes.get("length", ""), attributes.get("title", ""))


_Read = Callable[[ElementReader, Any, int], None]


def _date(key: str) -> _Read:
    def read(reader: ElementReader, element: Any, depth: int) -> None:
        value = cleaned(plain(element))
        if reader.at.may_store(key, depth):
            setattr(reader.at.given, key, value)

    return read


def _wish(key: str) -> _Read:
    """What the publisher asks of readers."""

    def read(reader: ElementReader, element: Any, _depth: int) -> None:
        setattr(reader.given, key, reader.bare_text(element))

    return read


def is_known(name: str) -> bool:
    return name in _ELEMENTS or name in SILENT or name in UNREAD or name in _FEED_ELEMENTS


_ELEMENTS: dict[str, _Read] = {
    name: read
    for names, read in (
        ("title dc_title", ElementReader.title),
        ("media_title", ElementReader.media_title),
        ("description dc_description media_description", ElementReader.description),
        ("summary itunes_summary", ElementReader.summary),
        ("content", ElementReader.content),
        ("content_encoded fullitem", ElementReader.encoded),
        ("link", ElementReader.link),
        ("guid id", ElementReader.guid),
        ("published issued pubdate dcterms_issued", _date("published")),
        ("updated modified lastbuilddate dc_date dcterms_modified", _date("updated")),
        ("created dcterms_created", _date("created")),
        ("feedburner_origlink", ElementReader.own_link),
        ("author dc_author dc_creator itunes_author", ElementReader.author),
        ("contributor", ElementReader.person),
        ("category keywords dc_subject", ElementReader.category),
        ("media_category", ElementReader.media_category),
        ("itunes_category", ElementReader.itunes_category),
        ("media_keywords", ElementReader.media_keywords),
        ("itunes_keywords", ElementReader.itunes_keywords),
        ("enclosure", ElementReader.enclosure),
        ("media_content", ElementReader.media_content),
        ("media_group", ElementReader.media_group),
        ("media_thumbnail", ElementReader.thumbnail),
        ("language dc_language", ElementReader.language),
    )
    for name in names.split()
}
_ENTRY_ELEMENTS: dict[str, _Read] = {"source": ElementReader.source, "image": ElementReader.image}
_FEED_ELEMENTS: dict[str, _Read] = {
    "image": ElementReader.image,
    "textinput": ElementReader.text_input,
    "managingeditor": ElementReader.person,
    "itunes_owner": ElementReader.person,
    "ttl": _wish("ttl_minutes"),
    "sy_updateperiod": _wish("update_period"),
    "sy_updatefrequency": _wish("update_frequency"),
    "items": lambda reader, element, depth: reader.children(element, depth),
}
