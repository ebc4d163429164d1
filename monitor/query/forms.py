"""Under which forms is a wording compared and searched?

They are stored beside each text. Working them out takes milliseconds for a long text, so whoever reads a text in a
process of its own works them out there and hands them on. Refuses nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.query.matching import index_words
from monitor.text.normalise import fold, hash_of_tokens, text_hash, tokens_of
from monitor.text.tokens import words_of_folded

_TELLS_PIECES = re.compile("[`\x7f\x85]")
"""Where these stand it matters whether a text is folded as a whole, by lines or by sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextForms:
    """What follows from a title and a text alone.

    `text_hash` is of the text, `revision_hash` of title and text; `folded` holds all words that a query can find, with
    a space on both sides of each.
    """

    text_hash: str
    revision_hash: str
    folded: str


def forms_of(title: str, text: str) -> TextForms:
    """The forms of a wording; linear in its length."""
    folded_title, folded = fold(title), fold(text)
    if folded.startswith("%") or _TELLS_PIECES.search(title) or _TELLS_PIECES.search(text):
        return _forms_by_definition(title, text)
    # Folded once for all three, and without finding sentences: two thirds of the time are saved.
    tokens = tokens_of(folded)
    words = [*words_of_folded(folded_title), ""]
    for line in folded.splitlines():
        words += words_of_folded(line)
    return TextForms(
        text_hash=hash_of_tokens(tokens),
        revision_hash=hash_of_tokens([*tokens_of(folded_title), *tokens]),
        folded=f" {' '.join(words)} ",
    )


def _forms_by_definition(title: str, text: str) -> TextForms:
    return TextForms(
        text_hash=text_hash(text),
        revision_hash=revision_hash(title, text),
        folded=f" {' '.join(index_words(title, text).words)} ",
    )


def revision_hash(title: str, text: str) -> str:
    """Equal for wordings that differ in typography only."""
    return text_hash(f"{title}\n{text}")
