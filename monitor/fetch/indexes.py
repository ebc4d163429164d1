"""How far has reading a sitemap index come?

An index has no entries of its own: the documents that it names are asked for one after the other, and what they hold
together is the feed. A document that cannot be read leaves the others what they are; where none can, the feed failed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from monitor.fetch.sitemaps import merged
from monitor.types import ParsedFeed, Reason, Response

#: An index waits for its host's next turn before each document, but not for ever: so often, each time `WAIT_S`.
WAIT_S, MAX_WAITS = 0.5, 360

_PATIENCE = frozenset({Reason.RATE_LIMITED, Reason.SERVER_ERROR})


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReading:
    """`left` are addresses not asked for yet, `read` the documents that were, `failures` what came of the others."""

    response: Response
    index: ParsedFeed
    left: tuple[str, ...]
    read: tuple[ParsedFeed, ...] = ()
    failures: tuple[tuple[Reason, str], ...] = ()
    n_waits: int = 0

    @classmethod
    def begin(cls, response: Response, index: ParsedFeed) -> IndexReading:
        return cls(response=response, index=index, left=index.children)

    @property
    def next_url(self) -> str | None:
        """What to ask for next; None when all was read, or waiting has taken too long."""
        return self.left[0] if self.left and self.n_waits < MAX_WAITS else None

    def waited(self) -> IndexReading:
        """The host was not free yet."""
        return replace(self, n_waits=self.n_waits + 1)

    def learn(self, document: ParsedFeed | Reason, detail: str = "") -> IndexReading:
        """With what came of the document at `next_url`."""
        if isinstance(document, ParsedFeed):
            return replace(self, left=self.left[1:], read=(*self.read, document))
        # A host that asks for patience is not asked for the rest.
        left = () if document in _PATIENCE else self.left[1:]
        return replace(self, left=left, failures=(*self.failures, (document, detail)))

    @property
    def is_whole(self) -> bool:
        """Whether all documents were read."""
        return not (self.left or self.failures)

    def result(self) -> ParsedFeed | Reason:
        """The feed, with what was wrong among its problems; or why none of its documents could be read."""
        if not self.read:
            why = self.failures[-1][0] if self.failures else Reason.TEMPORARY
            return Reason.NOT_FOUND if why is Reason.GONE else why  # the document is gone, not the index
        feed = merged(self.index, self.read)
        problems = [f"a document of the index could not be read: {why.value} {said}" for why, said in self.failures]
        problems += [f"{len(self.left)} documents of the index were not reached"] if self.left else []
        return replace(feed, problems=(*feed.problems, *problems))
