"""What was handed out: a web page, or something that none of our readers reads?

By the first bytes where they are clear, else by the declared type: servers declare error pages as PDF and films as
HTML. Signatures: the MIME Sniffing Standard (WHATWG), section 6.
"""

from __future__ import annotations

import re

from monitor.types import Reason

_HTML_START = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:[^-]|-(?!->))*-->\s*)*<(?:!doctype\s+html|html|head|body)",
    re.IGNORECASE,
)
_SOME_MARKUP = re.compile(rb"<(?:p|div|article|section|h1|title|meta|br)[\s>/]", re.IGNORECASE)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_MEDIA_STARTS = (
    *(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\x00", b"MM\x00*", b"\x00\x00\x01\x00"),
    *(b"OggS", b"ID3", b"\xff\xfb", b"\xff\xf3", b"fLaC", b"FORM", b"MThd", b"\x1aE\xdf\xa3", b"FLV\x01", b"#EXTM3U"),
)
_MEDIA_BRAND = b"ftyp"
_PACKED_STARTS = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\xd0\xcf\x11\xe0", b"{\\rtf")
_MEDIA_TYPE = re.compile(r"(?:image|audio|video)/|application/(?:ogg|vnd\.apple\.mpegurl|x-mpegurl|dash\+xml)")


def what_is_no_page(body: bytes, content_type: str | None) -> Reason | None:
    """None for HTML; else PDF, MEDIA (image, sound, film) or NOT_HTML for everything else."""
    if (clear := _of_bytes(body[:1_024])) is not None:
        return clear
    if _HTML_START.match(body[:4_000]):
        return None
    declared = (content_type or "").split(";")[0].strip().lower()
    if declared and "html" not in declared:
        return _of_type(declared)
    is_text = b"\x00" not in body[:1_000] and _SOME_MARKUP.search(body[:100_000])
    return None if is_text or body.startswith(_UTF_16) else Reason.NOT_HTML


def _of_bytes(start: bytes) -> Reason | None:
    bare = start.lstrip()
    if bare.removeprefix(b"\xef\xbb\xbf").startswith(b"%PDF-"):
        return Reason.PDF
    if bare.startswith(_MEDIA_STARTS) or start[4:8] == _MEDIA_BRAND:
        return Reason.MEDIA
    return Reason.NOT_HTML if bare.startswith(_PACKED_STARTS) else None


def _of_type(declared: str) -> Reason:
    if declared in {"application/pdf", "application/x-pdf"}:
        return Reason.PDF
    return Reason.MEDIA if _MEDIA_TYPE.match(declared) else Reason.NOT_HTML
