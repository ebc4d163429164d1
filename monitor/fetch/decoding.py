"""Which characters do the bytes of an XML document stand for, and may a parser see them at all?

Answers with tidy text for feeds and OPML: decoded, without characters that XML 1.0 forbids, without anything before
the first tag. Refuses nothing itself; `declares_entities` and `is_html` are the questions a caller asks before parsing.

Rules: RFC 7303 section 3 (byte order mark, then the charset of the header, then the XML declaration, then UTF-8),
XML 1.0 appendix F and section 2.2, and the label table of the WHATWG Encoding Standard (ISO-8859-1 means Windows-1252).
Bytes that are valid UTF-8 beat a Latin-1 claim: servers add that claim by themselves.
"""

from __future__ import annotations

import codecs
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00<", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
)
_LATIN_CLAIMS = frozenset({"cp1252", "ascii"})
_MEANT = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "tis-620": "cp874",
}
# Python also knows codecs that are no character sets (hex, idna, unicode_escape, ...): a feed may not choose those.
_CHARACTER_SETS = tuple(
    "utf-8 utf-16 utf-32 iso8859 iso2022 cp koi8 gb big5 euc_ shift_jis mac- ascii tis-620 johab hz".split()
)
_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CONTROLS = bytes({*range(0x20)} - {0x09, 0x0A, 0x0D})
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")
_SUSPECT_REFERENCE = re.compile(
    r"&#(?:0|[12]?\d;|3[01];|5[567]\d{3};|6553[45];|\d{7}|"
    r"[xX](?:0|1?[0-9a-fA-F];|[dD][89a-fA-F][0-9a-fA-F]{2};|[fF]{3}[eEfF];|[0-9a-fA-F]{6}))"
)
"""References that may name what XML forbids; few documents have any."""
_BEFORE_ROOT = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE\b", re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY\b", re.IGNORECASE)
_HTML = re.compile(r"<(?:!DOCTYPE\s+html|html)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedXml:
    """Text without characters that XML forbids; `n_replaced` byte sequences did not fit `encoding`."""

    text: str
    encoding: str
    n_replaced: int = 0


def decode_xml(body: bytes, content_type: str | None = None) -> DecodedXml:
    """Text of a document in whatever encoding it came. An empty or blank body gives empty text."""
    candidates = list(_candidates(body, content_type))
    for encoding in candidates:
        try:
            text = body.decode(encoding)
        except UnicodeError:
            continue
        return DecodedXml(text=_tidy(text), encoding=encoding)
    return _decode_damaged(body, candidates[0])


def declares_entities(text: str) -> bool:
    """Whether a document type declaration brings entities of its own: the stuff of XML bombs and of file theft."""
    return _DOCTYPE.match(text, root_position(text)) is not None and _ENTITY.search(text) is not None


def is_html(text: str) -> bool:
    """Whether the document says of itself that it is a web page."""
    return _HTML.match(text, root_position(text)) is not None


def root_position(text: str) -> int:
    """Where the root element, or the document type before it, begins."""
    position = 0
    while found := _BEFORE_ROOT.match(text, position):
        position = found.end()
    return position


def _candidates(body: bytes, content_type: str | None) -> Iterator[str]:
    """Encodings to try, best first, never empty."""
    marked = next((encoding for mark, encoding in _MARKS if body.startswith(mark)), None)
    if marked:
        yield marked
    header = _CHARSET.search(content_type or "")
    declared = _DECLARED.match(body[:1024])
    labels = [header[1]] if header else []
    labels += [declared[1].decode("ascii")] if declared else []
    for label in labels:
        encoding = _character_set(label)
        if encoding and encoding.startswith(("utf-16", "utf-32")):
            continue  # without a mark the document would be taken for Chinese
        if encoding in _LATIN_CLAIMS:
            yield "utf-8"
        if encoding == "cp1252":
            yield from ("cp1252", "latin-1")  # five bytes mean nothing in Windows-1252
        elif encoding:
            yield encoding
    yield "utf-8"


def _character_set(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    return _MEANT.get(name, name) if name.startswith(_CHARACTER_SETS) else None


def _decode_damaged(body: bytes, encoding: str) -> DecodedXml:
    """One bad byte must not turn every accent of a feed into two wrong characters: replace it, if most bytes do fit."""
    text = body.decode(encoding, "replace")
    n_replaced = text.count("\ufffd")
    n_fitting = sum(1 for char in text if char > "\x7f") - n_replaced
    if n_replaced > n_fitting:
        return DecodedXml(text=_tidy(body.decode("cp1252", "replace")), encoding="cp1252", n_replaced=n_replaced)
    return DecodedXml(text=_tidy(text), encoding=encoding, n_replaced=n_replaced)


def _tidy(text: str) -> str:
    text = without_forbidden(text)
    if _SUSPECT_REFERENCE.search(text):
        text = _REFERENCE.sub(_allowed_reference, text)
    return text.lstrip("\ufeff \t\r\n").rstrip()


def without_forbidden(text: str) -> str:
    """The text without the characters that XML 1.0 forbids. Most texts have none, which is found out at little cost."""
    if "\ufffe" not in text and "\uffff" not in text:
        with contextlib.suppress(UnicodeEncodeError):  # half surrogates
            data = text.encode("utf-8")
            if len(data) == len(data.translate(None, _CONTROLS)):
                return text
    return _FORBIDDEN.sub("", text)


def _allowed_reference(found: re.Match[str]) -> str:
    digits = (found[1] or found[2]).lstrip("0")
    if len(digits) > 7:
        return ""
    code = int(digits or "0", 16 if found[1] else 10)
    return found[0] if code in {9, 10, 13} or (0x20 <= code <= 0x10FFFF and not _FORBIDDEN.match(chr(code))) else ""
