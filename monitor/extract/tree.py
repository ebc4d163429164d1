"""What is the tree of a page, whatever its bytes claim to be?

A page is decoded and parsed once; declarations, text and the signs of walls are all read from this tree. Encodings:
UTF-8 where the bytes are, else what a byte order mark, the header or the markup declares if the bytes bear it out,
else a guess from the bytes. `extract_article` runs in a killable worker, so no limit on time is set here; the parser
itself stops at 256 levels of nesting and at no size.
"""

from __future__ import annotations

import codecs
import re
from typing import Any

from lxml import etree
from lxml.html import HtmlElement
from trafilatura.utils import detect_encoding

_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r") + b"\x7f"
_ONE_CLASS = etree.ElementDefaultClassLookup(element=HtmlElement)
"""lxml.html asks Python for the class of each element it hands out: a sixteenth of all the time of an extraction."""
_ASCII = bytes(range(0x80))
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:-]{2,40})", re.IGNORECASE)
_IN_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w:-]{2,40})", re.IGNORECASE)
_AS_BROWSERS_DO = dict.fromkeys(("iso-8859-1", "latin-1", "latin1", "ascii", "us-ascii"), "cp1252")
_SELF_CLOSED = re.compile(rb"(<html[^<>]{0,1000}?)/>", re.IGNORECASE)
_FEW_FAULTS = 200
"""One wrong byte in so many is a slip in a UTF-8 page, not another encoding."""


def parse_page(body: bytes, *, content_type: str | None = None) -> HtmlElement | None:
    """The root of an HTML page without comments; None when nothing in the bytes can be parsed."""
    data = _in_utf8(body, content_type or "").translate(None, _CONTROLS)
    data = _SELF_CLOSED.sub(rb"\1>", data[:4_096], count=1) + data[4_096:]  # else the page ends there for libxml2
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False, no_network=True
    )
    parser.set_element_class_lookup(_ONE_CLASS)
    try:
        root: Any = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return root if isinstance(root, HtmlElement) else None


def _in_utf8(body: bytes, content_type: str) -> bytes:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace").encode("utf-8", "replace")
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return _decoded(body, content_type).encode("utf-8", "replace")
    return body


def _decoded(body: bytes, content_type: str) -> str:
    in_header, in_markup = _IN_HEADER.search(content_type), _DECLARED.search(body[:4_096])
    declared = [found for found in (in_header and in_header[1], in_markup and in_markup[1].decode("ascii")) if found]
    if any(name.lower().replace("_", "-") in {"utf-8", "utf8"} for name in declared) or not declared:
        text = body.decode("utf-8", "replace")
        n_others = len(body.translate(None, _ASCII))
        if text.count("\ufffd") * _FEW_FAULTS < n_others:
            return text
    for name in declared:
        try:
            return body.decode(_AS_BROWSERS_DO.get(name.lower(), name))
        except (LookupError, UnicodeError):
            continue
    for name in detect_encoding(body):
        try:
            return body.decode(name)
        except (LookupError, UnicodeError):
            continue
    return body.decode("cp1252", "replace")
