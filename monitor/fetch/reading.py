"""What does a well-formed RSS, RDF or Atom document say? Read with lxml, for a small part of what feedparser costs.

The answer is what feedparser gives for the same text, element by element: its names, its guesses about types, its
order of precedence between elements of the same meaning, also where a specification would have it otherwise. Whatever
this reader is not sure to read alike it declines (None), and the caller asks feedparser: anything not well-formed,
document types, mark-up inside plain text, elements nested where they do not belong. tests/unit/test_parsing_alike.py
holds the two against each other. One difference is meant: an enclosure's relative address heeds xml:base.

Hostile input: no DTD, no entities, no network, libxml2's own limits of depth and size stay on; at most MAX_ENTRIES
entries are read; no step costs more than linear time.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from monitor.fetch.context import Context, attributes_of
from monitor.fetch.elements import XLINK, ElementReader, is_known
from monitor.fetch.entries import MAX_ENTRIES
from monitor.fetch.given import GivenFeed
from monitor.fetch.vocabulary import IMAGE_PARTS, TEXT_INPUT_PARTS, UnsureError

# feedparser takes any attribute of that name for xml:base.
_HAS_OTHER_BASE = etree.XPath(
    "boolean(//@*[translate(local-name(), 'BASE', 'base') = 'base'"
    " and namespace-uri() != 'http://www.w3.org/XML/1998/namespace'])"
)
_DECLARATION = re.compile(r"<\?xml[^>]*?>")
_RSS_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM_VERSIONS = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}
_ITEMS = frozenset({"item", "entry"})


def read_feed(text: str, *, base: str) -> GivenFeed | None:
    """What the document says, or None where feedparser must be asked. `base` is what its xml:base is relative to."""
    declaration = _DECLARATION.match(text)
    body = (text[declaration.end() :] if declaration else text).encode("utf-8")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(body, parser)
        if root.getroottree().docinfo.doctype or _HAS_OTHER_BASE(root):
            return None
        return _Reader(root, base=base if "xml:base" in text else "", may_declare_xlink=XLINK in text).feed()
    except (etree.XMLSyntaxError, UnsureError, RecursionError):
        return None


class _Reader(ElementReader):
    """Reads the document as a whole: its root, its one channel, its entries."""

    def feed(self) -> GivenFeed:
        name = self.name(self.root)
        self.given.format = _version(self.root, name)
        self.is_atom10 = self.given.format == "atom10"
        if name == "feed":
            self.language_of_root()
            self.channel(self.root, 1)
        else:
            if name == "rss":
                self.language_of_root()
            self.parts_of_root()
        self.given.about = self.about.finished()
        return self.given

    def parts_of_root(self) -> None:
        n_channels = 0
        for child in self.root:
            name = self.name(child)
            if name == "channel":
                n_channels += 1
                self.channel(child, 2)
            elif name in _ITEMS:
                self.entry(child, 2)
            elif name == "image":
                self.container(child, 2, IMAGE_PARTS)
            elif name == "textinput":
                self.container(child, 2, TEXT_INPUT_PARTS)
            elif len(child) or is_known(name):
                raise UnsureError(name)
        if n_channels > 1:
            raise UnsureError("channels")

    def language_of_root(self) -> None:
        attributes = attributes_of(self.root)
        self.given.language = attributes.get("xml:lang", attributes.get("lang", ""))

    def channel(self, channel: Any, depth: int) -> None:
        attributes = attributes_of(channel)
        if "lastmod" in attributes or "href" in attributes:
            raise UnsureError("cdf")
        for child in channel:
            name = self.name(child)
            if name in _ITEMS:
                self.entry(child, depth + 1)
            else:
                self.element(child, name, depth + 1)

    def entry(self, element: Any, depth: int) -> None:
        self.given.n_entries += 1
        if self.given.n_entries > MAX_ENTRIES:
            return
        self.at = Context(is_feed=False)
        self.title_depth = -1
        if element.attrib:
            attributes = attributes_of(element)
            if "lastmod" in attributes or "href" in attributes:
                raise UnsureError("cdf")
            self.at.given.guid = attributes.get("rdf:about", "")
        self.children(element, depth)
        self.given.entries.append(self.at.finished())
        self.at = self.about
        self.has_content = False


def _version(root: Any, name: str) -> str:
    """Feedparser's word for the format, by the namespaces declared at the root, in their order, and `version`."""
    version = ""
    for prefix, namespace in root.nsmap.items():
        uri = namespace.lower()
        if not version and prefix is None and uri == "http://my.netscape.com/rdf/simple/0.9/":
            version = "rss090"
        elif not version and uri == "http://purl.org/rss/1.0/":
            version = "rss10"
        elif not version and uri == "http://www.w3.org/2005/atom":
            version = "atom10"
    given = attributes_of(root).get("version", "") if name in {"rss", "feed"} else ""
    if name == "rss" and not version.startswith("rss"):
        return _RSS_VERSIONS.get(given) or ("rss20" if given.startswith("2.") else "rss")
    if name == "feed" and not version:
        return _ATOM_VERSIONS.get(given, "atom")
    if name not in {"rss", "feed", "rdf_rdf"} or not version:
        raise UnsureError(name)
    return version
