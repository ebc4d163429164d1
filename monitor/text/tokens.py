"""Which words, and which names, stand in a text?

`words` is the one tokenisation of the product: fingerprints, story features and queries all use it, so that what is
searched is what is compared. Languages are not asked: scripts without word spaces become character bigrams (the rule
of Lucene's CJKAnalyzer), everything else runs of letters and digits. No stop-word lists: how common a word is, is
learned from the stream (document frequencies), not written down.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from monitor.text.normalise import TOKEN, fold
from monitor.text.scripts import script_of_char
from monitor.text.sentences import sentences

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+"
)
_POSSESSIVE = re.compile(r"(?<=\w)'s(?!\w)")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)")
_WORD = re.compile(r"[^\W\d_][\w'’.-]*[\w]|[^\W\d_]")
_PARTICLE_WORDS = "al bin da de del della der di do dos du el ibn la le of van von y"
_NAME_PARTICLES = frozenset(_PARTICLE_WORDS.split())
_LONG_WORD = 5
_MAX_CAPITALISED = 0.9
"""A sentence with a larger share of its long words capitalised is set in title case: its capitals say nothing."""


def words(text: str) -> list[str]:
    """Folded word tokens in order, with repeats. Numbers stay whole (1.5, 20%), 1,000 is 1000, U.S. is us.

    Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese runs give overlapping pairs of characters.
    """
    return list(_tokens(fold(text)))


def _tokens(folded: str) -> Iterator[str]:
    if "'" in folded:
        folded = _POSSESSIVE.sub("", folded)
    for token in TOKEN.findall(folded):
        if token.isascii():
            yield token if token.isalpha() else _number_or_initials(token)
        elif _UNSPACED.search(token):
            yield from _bigrams(token)
        else:
            yield token.replace(".", "") if not token[0].isdigit() else token


def _number_or_initials(token: str) -> str:
    if not token[0].isdigit():
        return token.replace(".", "")
    token = "".join(token.split())
    if _THOUSANDS.match(token):
        return token.replace(",", "")
    return token.replace(",", ".")


def _bigrams(token: str) -> Iterator[str]:
    """Pairs of characters of unspaced runs; other letters between them stay whole words."""
    position = 0
    for run in _UNSPACED.finditer(token):
        if run.start() > position:
            yield token[position : run.start()]
        chars = run[0]
        yield from (chars[i : i + 2] for i in range(max(1, len(chars) - 1)))
        position = run.end()
    if position < len(token):
        yield token[position:]


def n_words(text: str) -> int:
    """How many words a text has; a bigram counts as one."""
    return sum(1 for _ in _tokens(fold(text)))


def names(text: str, language: str | None = None) -> list[str]:
    """Folded names in order, with repeats: each capitalised word, and each run of two or more joined by spaces.

    A word that opens a sentence counts only if it is capitalised elsewhere inside a sentence. Scripts without capital
    letters give nothing. German capitalises every noun, so there only runs and words that recur count.
    """
    runs = [run for sentence in sentences(text) for run in _capital_runs(sentence)]
    inside = _count_inside(runs)
    found: list[str] = []
    for opens_sentence, run in runs:
        kept = run[1:] if opens_sentence and run[0] not in inside else run
        kept = _without_edge_particles(kept)
        content = [word for word in kept if word not in _NAME_PARTICLES]
        if language == "de" and len(content) == 1 and inside.get(content[0], 0) < 2:
            continue
        found.extend(content)
        if len(content) > 1:
            found.append(" ".join(kept))
    return found


def _count_inside(runs: list[tuple[bool, list[str]]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for opens_sentence, run in runs:
        for word in run[1:] if opens_sentence else run:
            counts[word] = counts.get(word, 0) + 1
    return counts


def _without_edge_particles(run: list[str]) -> list[str]:
    first, last = 0, len(run)
    while first < last and run[first] in _NAME_PARTICLES:
        first += 1
    while last > first and run[last - 1] in _NAME_PARTICLES:
        last -= 1
    return run[first:last]


def _is_title_case(spelled: list[str]) -> bool:
    long_words = [word for word in spelled if len(word) >= _LONG_WORD]
    return len(long_words) > 3 and sum(word[0].isupper() for word in long_words) > _MAX_CAPITALISED * len(long_words)


def _capital_runs(sentence: str) -> list[tuple[bool, list[str]]]:
    """(does it open the sentence, folded words) of each capitalised run; particles may stand inside a run."""
    found = list(_WORD.finditer(sentence))
    if _is_title_case([match[0] for match in found]):
        return []
    runs: list[tuple[bool, list[str]]] = []
    current: list[str] = []
    opens_sentence = False
    end = 0
    for index, match in enumerate(found):
        is_capital = match[0][0].isupper() and (len(match[0]) > 1)
        touches = bool(current) and not sentence[end : match.start()].strip(" '’")
        if current and not (touches and (is_capital or match[0] in _NAME_PARTICLES)):
            runs.append((opens_sentence, current))
            current = []
        if is_capital:
            opens_sentence = index == 0 if not current else opens_sentence
            current.extend(_tokens(fold(match[0])))
        elif current:
            current.append(match[0])
        end = match.end()
    if current:
        runs.append((opens_sentence, current))
    return [(opening, run) for opening, run in runs if run and script_of_char(run[0][0]) != "none"]
