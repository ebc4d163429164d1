"""What does trafilatura take for the article of a page?

The only door to it. Measured best of the extractors on news (F1 of four-word shingles .960 on the article-extraction-
benchmark), with comments left out and never with `deduplicate`, whose results depend on the pages before. Its reading
of metadata costs a third as much again as the text, so it is asked only where nobody else names a date or an author.
"""

from __future__ import annotations

from copy import copy, deepcopy
from dataclasses import dataclass
from functools import cache
from itertools import islice

import trafilatura
from lxml.html import HtmlElement
from trafilatura.metadata import extract_metadata
from trafilatura.settings import DEFAULT_CONFIG, Extractor

from monitor.text.normalise import clean_line
from monitor.text.scripts import script_counts

_MAX_AUTHORS = 20
_SAMPLE_CHARS = 200
_N_SAMPLES = 8
_UNSPACED = deepcopy(DEFAULT_CONFIG)
_UNSPACED["DEFAULT"]["MIN_EXTRACTED_SIZE"] = "80"
"""Texts of fewer characters are taken for a failure, and the whole page for the text: 250 are too many in Chinese."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What the markup suggests where nobody declares it; `published` is a date as written, "" for none."""

    authors: tuple[str, ...] = ()
    published: str = ""


def read_text(root: HtmlElement, *, url: str, include_tables: bool, favor_recall: bool) -> str:
    """The text of the article, a paragraph a line, table rows as "| cell | cell |"; "" when none was found.

    `favor_recall`: rather take too much. The tree stays as it is.
    """
    document = trafilatura.bare_extraction(
        root, options=_options(url, tables=include_tables, recall=favor_recall, is_unspaced=_is_unspaced(root))
    )
    return (document.text or "") if document is not None and not isinstance(document, dict) else ""


def _options(url: str, *, tables: bool, recall: bool, is_unspaced: bool) -> Extractor:
    options = copy(_common_options(tables=tables, recall=recall, is_unspaced=is_unspaced))
    options.url = options.source = url
    return options


@cache
def _common_options(*, tables: bool, recall: bool, is_unspaced: bool) -> Extractor:
    """What all pages of a kind share: reading it out of the configuration takes as long as copying a page."""
    config = _UNSPACED if is_unspaced else DEFAULT_CONFIG
    return Extractor(config=config, output_format="python", comments=False, tables=tables, recall=recall)


def _is_unspaced(root: HtmlElement) -> bool:
    """Is the page in a script that says a word in a sign or two?"""
    start = " ".join(
        "".join(element.itertext())[:_SAMPLE_CHARS] for element in islice(root.iter("title", "h1", "p"), 8)
    )
    counts = script_counts(start)
    return counts["han"] + counts["kana"] + counts["hangul"] > counts.total() / 2


def read_text_of_bytes(body: bytes) -> str:
    """What trafilatura finds in a page by itself, with its metadata: what the product is measured against."""
    document = trafilatura.bare_extraction(body, with_metadata=True, include_comments=False)
    return (document.text or "") if document is not None and not isinstance(document, dict) else ""


def guess(root: HtmlElement, *, url: str) -> Guess:
    """Date and authors by the markup. The tree may be changed."""
    # without extensive search: else years that the text mentions become the date of pages that declare none
    found = extract_metadata(root, url, {"original_date": True, "extensive_search": False})
    names = (found.author or "").split(";")[:_MAX_AUTHORS]
    return Guess(authors=tuple(clean_line(name) for name in names if name.strip()), published=found.date or "")
