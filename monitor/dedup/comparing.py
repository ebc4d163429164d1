"""With which articles is a text compared, beside its candidates, so that every copy group is whole?

A text has at most some dozen candidates, however often it was copied. Two looks make up for that: one that appeared
before its copies is compared with all members of their groups, and the originals that are left are compared with those
of the groups that their links lead to. Where articles are kept and how links are stored is told by whoever asks: the
stage, and the evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from monitor.dedup.groups import Links
from monitor.dedup.matching import Candidate, decide_duplicate
from monitor.types import ArticleId, DuplicateLink, RewriteLink

Link = DuplicateLink | RewriteLink


@dataclass(frozen=True, slots=True)
class Compared:
    """What one text was compared with, in that order, and what came of it."""

    ids: list[ArticleId]
    links: list[DuplicateLink]
    rewrites: list[RewriteLink]


def compare_with(
    new: Candidate,
    candidates: Iterable[ArticleId],
    *,
    load: Callable[[Collection[ArticleId]], Iterable[Candidate]],
    groups_after: Callable[[Collection[ArticleId]], Collection[ArticleId]],
) -> Compared:
    """Compare a text with its candidates; and with the copies of those that it appeared before.

    `load` leaves out what is gone. `groups_after` gives the members of the copy groups of some articles, of those
    groups whose originals appeared after the text.
    """
    done = Compared([], [], [])
    seen: set[ArticleId] = {new.article_id}
    wanted = set(candidates) - seen
    while wanted:
        seen |= wanted
        later: set[ArticleId] = set()
        for other in load(wanted):
            link = decide_duplicate(new, other)
            done.ids.append(other.article_id)
            if isinstance(link, RewriteLink):
                done.rewrites.append(link)
            elif link is not None:
                done.links.append(link)
                if link.original_id == new.article_id:
                    later.add(link.article_id)
        # An earlier copy takes over a whole group, however large it is: its members are to have links to it.
        wanted = set(groups_after(later)) - seen
    return done


def settle(
    originals: Collection[ArticleId],
    stored: Links,
    *,
    compare: Callable[[ArticleId, ArticleId], Link | None],
    save: Callable[[Sequence[DuplicateLink], Sequence[RewriteLink]], Collection[ArticleId]],
) -> None:
    """Compare originals with those of the groups that their links lead to, and derive these groups again.

    Of a text with more copies than candidates are looked at, the one that is the original in the end may have been
    among none of them. `save` stores links, and returns which articles are originals after that.
    """
    compared: set[tuple[ArticleId, ArticleId]] = set()
    while pairs := _pairs_of_originals(originals, stored) - compared:
        compared |= pairs
        found = [link for one, other in sorted(pairs) if (link := compare(one, other)) is not None]
        links = [link for link in found if isinstance(link, DuplicateLink)]
        rewrites = [link for link in found if isinstance(link, RewriteLink)]
        originals = save(links, rewrites)


def _pairs_of_originals(originals: Iterable[ArticleId], stored: Links) -> set[tuple[ArticleId, ArticleId]]:
    """Each of these originals with each other original whose copies it is linked to."""
    linked = {
        one: {link.original_id for link in stored.to_earlier(one)} | {link.article_id for link in stored.to_later(one)}
        for one in originals
    }
    known = stored.originals({other for others in linked.values() for other in others})
    return {(one, known[other]) for one, others in linked.items() for other in others if known.get(other, one) != one}
