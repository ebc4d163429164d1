"""Which elements of a page are no part of its article, whatever the extractor would make of them?

Scripts, styles and the head hold no text; taking them out first also makes the extractor's copies cheap. A paragraph
that is a link from end to end points to another article; a bubble of links within a sentence belongs to none. Messages
quoted from social networks are part of the article: their wrappers are named like advertisement, and lose their names.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree
from lxml.html import HtmlElement

from monitor.extract.lines import is_sentence

_WITHOUT_TEXT = ("script", "style", "svg", "template", "head", "link")
_BESIDE_TEXT = frozenset({"nav", "footer", "aside", "form", "figure", "header", "button"})
_MIN_PARAGRAPH_CHARS = 60
_MAX_PARAGRAPHS = 5_000
_LINK_WORDS = 3
_ALL_LINK = 0.8
_MAX_LINK_PARAGRAPHS = 0.33
_BUBBLE_LINKS = 3
_MAX_QUOTED = 200


def prune(root: HtmlElement) -> None:
    """Takes out, in place, what no reader takes for text of the article."""
    etree.strip_elements(root, *_WITHOUT_TEXT, with_tail=False)
    paragraphs = list(root.iter("p"))[:_MAX_PARAGRAPHS]
    linked = [paragraph for paragraph in paragraphs if paragraph.find(".//a") is not None]
    for paragraph in linked:
        _drop_bubbles(paragraph)
    links = [paragraph for paragraph in linked if _is_link(paragraph)]
    if sum(_n_chars(link) for link in links) < _MAX_LINK_PARAGRAPHS * sum(map(_n_chars, paragraphs)):
        for link in links:
            link.drop_tree()
    quoted = [message for message in root.iter("blockquote") if _is_quoted(message)]
    for message in quoted[:_MAX_QUOTED]:
        _unwrap(message)


def _is_link(paragraph: HtmlElement) -> bool:
    """Some words, nearly all of them links, and no sentence; a link that shows its own address is a reference."""
    text = _text(paragraph)
    if len(text.split(maxsplit=_LINK_WORDS)) < _LINK_WORDS or is_sentence(text) or "://" in text:
        return False
    return _n_link_chars(paragraph) >= _ALL_LINK * len(text)


def _drop_bubbles(paragraph: HtmlElement) -> None:
    """Inline elements that hold several links and hardly anything else, inside of a sentence."""
    for span in reversed(list(paragraph.iter("span", "div"))):  # the innermost first: what it hangs on stays
        if len(span.findall(".//a")) >= _BUBBLE_LINKS and _n_link_chars(span) >= _ALL_LINK * _n_chars(span):
            span.drop_tree()


def _is_quoted(blockquote: HtmlElement) -> bool:
    names = blockquote.get("class") or ""
    return "twitter-" in names or "-media" in names


def _unwrap(quoted: HtmlElement) -> None:
    """The quoted message, and what holds it alone, without class and id."""
    n_chars = _n_chars(quoted)
    for element in (quoted, *quoted.iterancestors("div", "figure", "section")):
        if _n_chars(element) > n_chars:
            break
        element.attrib.clear()
        if element.tag == "figure":
            element.tag = "div"


def _text(element: HtmlElement) -> str:
    return " ".join("".join(element.itertext()).split())


def _n_chars(element: HtmlElement) -> int:
    return len(_text(element))


def _n_link_chars(element: HtmlElement) -> int:
    return sum(_n_chars(link) for link in element.iter("a"))


def paragraphs_shown(root: HtmlElement) -> Iterator[str]:
    """Text of the `p` elements outside of navigation, of some length and not mostly links."""
    for number, element in enumerate(root.iter("p")):
        if number >= _MAX_PARAGRAPHS:
            return
        text = _text(element)
        if len(text) < _MIN_PARAGRAPH_CHARS or next(element.iterancestors(*_BESIDE_TEXT), None) is not None:
            continue
        if _n_link_chars(element) < len(text) / 2:
            yield text
