"""What is the title of an article, without the name of its site, and which one is it after a later look?

The feed comes first. Later looks tell a change from a difference: feed and page often call an article by two names, and
only a name that became another one since it was last read is a new title.
Pages try out headlines: one that the article has had before counts as a change back once, and after that as a test.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from monitor.text.normalise import fold, normal_text
from monitor.types import ExtractedArticle, KnownTitles
from monitor.urls import registered_domain

_SITE_SEPARATOR = re.compile(r"\s+[|–—·•»:/\\-]+\s+|\s*[|»]\s*|:\s+")


N_TAKEN_UP = 2
"""So many times an article takes up one and the same headline of its page."""


def headline_of(candidates: Sequence[str], *, heading: str, site_names: Sequence[str], url: str) -> str:
    """The first candidate that says more than the name of the site; "" when none does."""
    own_names = {squeezed(name) for name in site_names} | {registered_domain(url).split(".", 1)[0]}
    for title in candidates:
        if title and squeezed(title) not in own_names:
            return _without_site_name(title, own_names - {""}, heading=heading)
    return ""


def title_after_look(title: str, known: KnownTitles, article: ExtractedArticle) -> str:
    """The title of an article that was stored under `title`, after a later look at its page.

    Of what was never told apart the title is what the feed said, or where it says nothing the page. What neither of
    them names is called by how its text begins.
    """
    if _is_new_in_feed(title, known, article):
        return article.feed_title
    if _is_new_headline(title, known, article):
        n_taken_up = sum(_same(one, article.page_title) for one in known.earlier)
        return article.page_title if n_taken_up < N_TAKEN_UP else title
    is_named = article.feed_title or article.page_title or known.feed or known.page
    return title if is_named else article.title


def title_by_other_rules(title: str, known: KnownTitles, article: ExtractedArticle) -> str:
    """The title after the same page was read again: the one of today from where the stored one came."""
    if _is_new_in_feed(title, known, article):
        return article.feed_title
    if known.feed and _same(title, known.feed):
        return article.feed_title or title
    if known.page and _same(title, known.page):
        return article.page_title or title
    return title if known.feed or known.page else article.title


def _is_new_headline(title: str, known: KnownTitles, article: ExtractedArticle) -> bool:
    """Whether its page calls an article that is stored under `title` otherwise than before, and its feed does not."""
    before = known.page or ("" if article.feed_title else title)
    is_other = bool(before and article.page_title) and not _same(before, article.page_title)
    return is_other and not _same(title, article.page_title) and not _is_new_in_feed(title, known, article)


def _is_new_in_feed(title: str, known: KnownTitles, article: ExtractedArticle) -> bool:
    return bool(article.feed_title) and not _same(article.feed_title, known.feed or title)


def _same(one: str, other: str) -> bool:
    return normal_text(one) == normal_text(other)


def title_of_text(body: str) -> str:
    """A page without any title is known by how it begins."""
    first = body.split("\n", 1)[0]
    return first if len(first) <= 120 else first[:117].rsplit(" ", 1)[0] + "..."


def squeezed(name: str) -> str:
    """A name as it is compared with others: folded, without "the", spaces, marks and the ending of a domain."""
    return re.sub(r"^the|[\W_]+|(?:com|org|net)$", "", fold(name))


def _without_site_name(title: str, own_names: Collection[str], *, heading: str) -> str:
    """ "Summit opens | World | Northern Post" is "Summit opens" on the site named Northern Post."""
    parts = _SITE_SEPARATOR.split(title)
    if len(parts) < 2:
        return title
    if heading and fold(parts[0]) == fold(heading):
        return parts[0]
    if squeezed(parts[-1]) in own_names:
        return title[: title.rindex(parts[-1])].rstrip(" |–—·•»:/\\-")
    if squeezed(parts[0]) in own_names:
        return title[len(parts[0]) :].lstrip(" |–—·•»:/\\-")
    return title
