"""What do the JSON-LD scripts of a page (schema.org) say, and of which article?

Untrusted like everything else: broken, enormous, deeply nested, or about other articles than the one on the page. Only
so many scripts, characters and objects are looked at. Sources: schema.org NewsArticle; Google's structured data for
paywalled content (isAccessibleForFree, hasPart).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.text.normalise import line_of, normal_text
from monitor.urls import absolute_url, canonical_url

_MAX_SCRIPTS = 20
_MAX_CHARS = 300_000
_MAX_NODES = 5_000
_MAX_ARTICLES = 20
_ARTICLE_TYPES = re.compile(
    r"(?:News|Opinion|Analysis|Reportage|Background|Review)?(?:News)?Article$|BlogPosting$|^Report$"
)
_PAGE_TYPES = re.compile(r"^(?:\w*Page|CreativeWork)$")

Node = Mapping[str, Any]


def objects_of(scripts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Objects of all JSON-LD scripts, breadth first, with a limit on how many are looked at."""
    queue: list[Any] = [loaded for script in scripts[:_MAX_SCRIPTS] if (loaded := _loaded(script)) is not None]
    for index in range(_MAX_NODES):
        if index >= len(queue):
            return
        node = queue[index]
        if isinstance(node, dict):
            yield node
            queue.extend(value for value in node.values() if isinstance(value, dict | list))
        elif isinstance(node, list):
            queue.extend(value for value in node[:1_000] if isinstance(value, dict | list))


def _loaded(text: str) -> Any:
    text = text.strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
    if len(text) > _MAX_CHARS:
        return None
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def article_of(items: Sequence[Node], *, urls: Sequence[str], titles: Sequence[str]) -> Node:
    """The page's own article: of several, the one at one of `urls`, else the one with one of `titles`, else the first.

    Only objects of an article type with a headline count; an empty mapping when there is none.
    """
    found = [item for item in items if item.get("headline") and _is_article(item)][:_MAX_ARTICLES]
    if len(found) < 2:
        return found[0] if found else {}
    own = {_canonical(url, urls[0]) for url in urls}
    by_url = [item for item in found if _urls_of(item, urls[0]) & own]
    headings = [normal_text(title) for title in titles]
    by_title = [item for item in by_url or found if _has_title(item, headings)]
    return (by_title or by_url or found)[0]


def is_own(article: Node, *, urls: Sequence[str], titles: Sequence[str]) -> bool:
    """Does an article name one of the page's URLs, or one of its titles?"""
    own = {_canonical(url, urls[0]) for url in urls}
    return bool(_urls_of(article, urls[0]) & own) or _has_title(article, [normal_text(title) for title in titles])


def _types(item: Node) -> list[str]:
    types = item.get("@type")
    return [name for name in (types if isinstance(types, list) else [types]) if isinstance(name, str)]


def _is_article(item: Node) -> bool:
    return any(_ARTICLE_TYPES.search(name) for name in _types(item))


def _urls_of(item: Node, base: str) -> set[str]:
    main = item.get("mainEntityOfPage")
    given = [item.get("url"), item.get("@id"), *(_ids(main) if isinstance(main, dict) else [main])]
    return {_canonical(url, base) for url in given if isinstance(url, str) and url}


def _ids(item: Node) -> list[object]:
    return [item.get("@id"), item.get("url")]


def _canonical(url: str, base: str) -> str:
    absolute = absolute_url(base, url[:2_000])
    return (canonical_url(absolute) if absolute else None) or url


def _has_title(item: Node, headings: Sequence[str]) -> bool:
    headline = normal_text(line_of(str(item.get("headline") or "")[:500]))
    return bool(headline) and any(headline in heading or heading in headline for heading in headings if heading)


def body_of(article: Node) -> str:
    """The declared articleBody, as it stands there; "" without one."""
    body = article.get("articleBody")
    if isinstance(body, list):
        body = "\n".join(part for part in body if isinstance(part, str))
    return body.strip() if isinstance(body, str) else ""


def is_free(items: Sequence[Node]) -> bool | None:
    """The publisher's own word; `items` begin with the article.

    What it says of the article counts before what it says of the article's parts (a part that is to be paid for makes
    the article one), and these before what is said of the page. Other articles on the page have no say.
    """
    own, *others = items
    if not own:  # an article without a headline may still say this
        own = next((item for item in others if _is_article(item)), {})
    if "isAccessibleForFree" in own:
        return _is_yes(own["isAccessibleForFree"])
    declared = [*_parts(own), *(item for item in others if any(map(_PAGE_TYPES.match, _types(item))))]
    words = [_is_yes(item["isAccessibleForFree"]) for item in declared if "isAccessibleForFree" in item]
    return all(words) if words else None


def _parts(article: Node) -> list[Node]:
    parts = article.get("hasPart")
    return [part for part in (parts if isinstance(parts, list) else [parts]) if isinstance(part, dict)]


def _is_yes(value: object) -> bool:
    return str(value).strip().lower() not in {"false", "0", "no"}
