"""Which words must an article contain for a query to have a chance?

Answers with groups of words: of every group at least one word must occur. Never rules out an article that the query
matches (monitor/query/matching.py decides), so a database may use the groups to look at few rows. No groups: nothing
can be ruled out, as with a single Chinese character, which `words()` never gives alone.
"""

from __future__ import annotations

from monitor.query.grammar import And, Node, Not, Or, Phrase, Term, is_fragment

MAX_GROUPS = 8

Groups = tuple[tuple[str, ...], ...]


def required_words(node: Node) -> Groups:
    """At most MAX_GROUPS groups, the most selective first, of words as `monitor.text.tokens.words` gives them."""
    return _most_selective(_groups(node))


def _groups(node: Node) -> Groups:
    match node:
        case Term(word):
            return () if is_fragment(word) else ((word,),)
        case Phrase(phrase_words):
            return tuple((word,) for word in phrase_words)
        case Not():
            return ()
        case And(parts):
            return tuple(group for part in parts for group in _groups(part))
        case Or(parts):
            return _one_of(tuple(_most_selective(_groups(part)) for part in parts))


def _one_of(branches: tuple[Groups, ...]) -> Groups:
    """One group of each branch together: whichever branch holds, one of these words occurs."""
    if not all(branches):
        return ()
    return (tuple(dict.fromkeys(word for groups in branches for word in groups[0])),)


def _most_selective(groups: Groups) -> Groups:
    """Few alternatives rule out most, and long words are rarer than short ones."""
    distinct = dict.fromkeys(tuple(sorted(set(group))) for group in groups)
    return tuple(sorted(distinct, key=lambda group: (len(group), -min(map(len, group)), group)))[:MAX_GROUPS]
