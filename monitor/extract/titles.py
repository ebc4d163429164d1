"""What is the title of an article, without the name of its site?"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from monitor.text.normalise import fold
from monitor.urls import registered_domain

_SITE_SEPARATOR = re.compile(r"\s+[|–—·•»:/\\-]+\s+|\s*[|»]\s*|:\s+")


def choose_title(given: str, candidates: Sequence[str], *, heading: str, site_names: Sequence[str], url: str) -> str:
    """What the feed gives, else the first candidate that says more than the name of the site; "" when none does."""
    if given:
        return given
    own_names = {squeezed(name) for name in site_names} | {registered_domain(url).split(".", 1)[0]}
    for title in candidates:
        if title and squeezed(title) not in own_names:
            return _without_site_name(title, own_names - {""}, heading=heading)
    return ""


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
