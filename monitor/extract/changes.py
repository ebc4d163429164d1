"""What kind of change is it that a look at a page found?

What says the same but for typography, clocks, counters and links is no change. Half of the words gone is a shrinking.
A page that never stops changing a little adds a bounded number of revisions: after MAX_SMALL small changes the text
stays as it is until one comes that is not small. Larger changes always count.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.extract.noise import same_but_for_noise
from monitor.text.differences import Difference, Wording, difference
from monitor.types import RevisionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePolicy:
    """A change is small when it is one of the title alone, or no more than `small_words` words of title and text came
    and went together, and the two wordings are at least `small_similarity` alike. `n_small` of these become revisions
    of one article. A text shrinks when less than `shrunk_share` of its words are left.
    """

    small_words: int = 30
    small_similarity: float = 0.5
    n_small: int = 24
    shrunk_share: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`kind` None: nothing that counts."""

    kind: RevisionKind | None = None
    difference: Difference | None = None
    is_small: bool = False


def has_shrunk(n_words_before: int, n_words: int, policy: ChangePolicy) -> bool:
    """Whether most of a text is gone."""
    return n_words < n_words_before * policy.shrunk_share


def judge_change(
    before: Wording, after: Wording, *, kind: RevisionKind, n_small_changes: int, policy: ChangePolicy
) -> Change:
    """Whether `after` is a revision, of the kind that it would be. `n_small_changes`: how many small ones there were.

    One that was restored is a revision whatever its words.
    """
    found = difference(before, after)
    if kind is RevisionKind.RESTORED:
        return Change(kind=kind, difference=found)
    if same_but_for_noise(before, after):
        return Change()
    n_words = found.n_words_added + found.n_words_removed
    is_small = n_words <= policy.small_words and found.similarity >= policy.small_similarity
    is_small = is_small or same_but_for_noise(before._replace(title=after.title), after)
    if is_small and n_small_changes >= policy.n_small:
        return Change(is_small=True)
    return Change(kind=kind, difference=found, is_small=is_small)
