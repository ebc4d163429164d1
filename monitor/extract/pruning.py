"""Which elements of a page are no part of its article, whatever the extractor would make of them?

Scripts, styles and the head hold no text; taking them out first also makes the extractor's copies cheap.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree
from lxml.html import HtmlElement

_WITHOUT_TEXT = ("script", "style", "svg", "template", "head", "link")
_BESIDE_TEXT = frozenset({"nav", "footer", "aside", "form", "figure", "header", "button"})
_MIN_PARAGRAPH_CHARS = 60
_MAX_PARAGRAPHS = 5_000


def prune(root: HtmlElement) -> None:
    """Takes out, in place, what no reader sees as text of the article."""
    etree.strip_elements(root, *_WITHOUT_TEXT, with_tail=False)


def paragraphs_shown(root: HtmlElement) -> Iterator[str]:
    """Text of the `p` elements outside of navigation, of some length and not mostly links."""
    for number, element in enumerate(root.iter("p")):
        if number >= _MAX_PARAGRAPHS:
            return
        text = " ".join("".join(element.itertext()).split())
        if len(text) < _MIN_PARAGRAPH_CHARS or next(element.iterancestors(*_BESIDE_TEXT), None) is not None:
            continue
        if sum(len("".join(link.itertext())) for link in element.iter("a")) < len(text) / 2:
            yield text
