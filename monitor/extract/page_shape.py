"""How is a page made: how much of it a reader sees, how much is script, what can be clicked?

Asked only of pages that hardly hold a text: these are the signs by which monitor.extract.walls tells a consent wall or
an application's shell from a short article. `has_layout_tables` is asked of every page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from monitor.text.normalise import line_of

_MAX_LINE_CHARS = 500
_MAX_VISIBLE_CHARS = 20_000
_UNSEEN = frozenset({"script", "style", "noscript", "template", "svg", "head"})
_ROOT_ID = re.compile(
    r"^(?:root|app|__next|__nuxt|___gatsby|main-?app|app-?root|react-root|svelte|ember\d*)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageShape:
    """`n_visible_words` counts the body without scripts; `controls` are the words on buttons."""

    n_visible_words: int = 0
    n_scripts: int = 0
    n_script_chars: int = 0
    n_body_chars: int = 0
    has_empty_root: bool = False
    noscript: str = ""
    controls: tuple[str, ...] = ()
    form_actions: tuple[str, ...] = ()


def read_shape(root: etree._Element) -> PageShape:
    """The shape of a parsed page, in one walk for each of its fields at most."""
    bodies = root.xpath("//body")
    body = bodies[0] if bodies else root
    scripts = [script for script in root.iter("script") if "json" not in (script.get("type") or "")]
    roots = [element for element in body.xpath(".//*[@id]") if _ROOT_ID.match(element.get("id"))]
    controls = body.xpath(".//button|.//input[@type='submit' or @type='button']|.//a[contains(@class, 'btn')]")
    return PageShape(
        n_visible_words=len(visible_text(body).split()),
        n_scripts=len(scripts),
        n_script_chars=sum(len(script.text or "") for script in scripts),
        n_body_chars=sum(len(text) for text in body.itertext()),
        has_empty_root=any(len(visible_text(element).split()) < 5 for element in roots[:5]),
        noscript=_line(" ".join(" ".join(n.itertext()) for n in root.xpath("//noscript")[:20])),
        controls=tuple(_line(c.get("value") or "".join(c.itertext())) for c in controls[:40]),
        form_actions=tuple(action for form in root.xpath("//form[@action]")[:20] if (action := form.get("action"))),
    )


def has_layout_tables(root: etree._Element) -> bool:
    """Do tables place things on this page rather than hold data? After the signs that the HTML standard names."""
    if next(root.iter("table"), None) is None:  # most pages have none
        return False
    tables = root.xpath(".//table[not(ancestor::head)]")[:200]
    is_data = "boolean(.//th|.//caption|.//thead)"
    is_layout = "boolean(@cellpadding|@cellspacing|@width|@bgcolor|@align|self::*[@border='0' or @role='presentation'])"
    return (
        bool(tables)
        and not any(table.xpath(is_data) for table in tables)
        and all(table.xpath(is_layout) for table in tables)
    )


def visible_text(element: etree._Element) -> str:
    """Text that a reader sees, up to 20,000 characters; walked with events, since hostile markup nests deeply."""
    pieces: list[str] = []
    n_chars = 0
    hidden = 0
    for event, node in etree.iterwalk(element, events=("start", "end")):
        is_hidden = node.tag in _UNSEEN
        hidden += is_hidden if event == "start" else -is_hidden
        text = node.text if event == "start" else node.tail if node is not element else None
        if text and not hidden:
            pieces.append(text)
            n_chars += len(text)
        if n_chars > _MAX_VISIBLE_CHARS:
            break
    return " ".join(pieces)


def _line(text: str) -> str:
    return line_of(text[: 4 * _MAX_LINE_CHARS])[:_MAX_LINE_CHARS]
