"""Which words, and which names, stand in a text?

`words` is the one tokenisation of the product: fingerprints, story features and queries all use it, so that what is
searched is what is compared. Languages are not asked: scripts without word spaces become character bigrams (the rule
of Lucene's CJKAnalyzer), everything else runs of letters and digits. No stop-word lists: how common a word is, is
learned from the stream (document frequencies), not written down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from monitor.text.normalise import fold, tokens_of
from monitor.text.scripts import script_of_char
from monitor.text.sentences import sentences

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+"
)
# What stands behind the first character of a pattern, not before it, is looked at where that character is only.
_POSSESSIVE = re.compile(r"'s(?<=\w's)(?!\w)")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)")
_WORD = re.compile(r"[^\W\d_][\w'’.-]*[\w]|[^\W\d_]")
_PARTICLE_WORDS = "al bin da de del della der di do dos du el ibn la le of van von y"
_NAME_PARTICLES = frozenset(_PARTICLE_WORDS.split())
_GROWN_ON = re.compile(r"[^\W\d_]{1,5}['’-](?=\w)")
_ARTICLE = re.compile(r"(?!d['’])[^\W\d_]{1,5}(?<![A-Z])['’](?=[^\W\d_]{3})")
"""It parts two names (Meloni nell'Aula), where d' joins them (Jeanne d'Arc)."""
_GROWN_PARTS = re.compile(r"(['’-])")
_GROUPING_SIGNS = re.compile(r"[ \u00a0\u2009\u202f'’]")
_GROUPED = re.compile(r"\d(?<![\d.,]\d)\d{0,2}(?:[\u00a0\u2009\u202f'’]\d{3})+(?!\d)")
_GROUPED_BY_SPACES = re.compile(r"\d(?<![\d.,]\d)\d{0,2}(?:[ \u00a0\u2009\u202f]\d{3})+(?!\d)")
_SEPARATORS = re.compile("[.,]")
_GROUPS = re.compile(r"[1-9]\d{0,2}([.,])\d{3}(?:\1\d{3})*|[1-9]\d?(?:,\d\d)+,\d{3}")
_MYRIADS = {"千": 3, "万": 4, "萬": 4, "만": 4, "億": 8, "亿": 8, "억": 8, "兆": 12, "조": 12}
"""Powers of ten."""
_MYRIAD = re.compile(rf"(\d+(?:\.\d+)?)([{''.join(_MYRIADS)}]{{0,2}})")
_FIGURE = re.compile(
    r"(?P<digits>\d(?<![a-z\d_.,]\d)\d{0,29}(?:[.,]\d{1,30}){0,9})"
    rf"(?:(?P<myriads>(?:[{''.join(_MYRIADS)}][\d,.]{{0,12}}){{1,6}})|(?P<unit>\s?%|[a-z]{{1,10}}(?!\w))?)"
)
_POINTS_GROUP = frozenset("da de el es hr id is it nl pt ro sl sr tr vi".split())
_COMMAS_PART = frozenset("bg ca cs et fi fr hu kk lt lv mk nb nn no pl ru sk sq sv uk".split())
_LONG_WORD = 5
_MAX_CAPITALISED = 0.9
"""A sentence with a larger share of its long words capitalised is set in title case: its capitals say nothing."""
_TITLE_CASE = frozenset((None, "en", "fil", "id", "ms", "tl", "tr"))
"""Languages whose headlines are set so; None: unknown. In others only capitals throughout say nothing."""


def words(text: str) -> list[str]:
    """Folded word tokens in order, with repeats. Numbers stay whole (1.5, 20%), 1,000 is 1000, U.S. is us.

    Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese runs give overlapping pairs of characters.
    """
    return words_of_folded(fold(text))


def words_of_folded(folded: str) -> list[str]:
    """`words` of a text that is folded already."""
    found = _spelled_tokens(folded)
    if folded.isascii() or not _UNSPACED.search(folded):
        return [token if token.isalpha() else _number_or_initials(token) for token in found]
    return [part for token in found for part in _parts(token)]


def _spelled_tokens(folded: str) -> list[str]:
    return tokens_of(_POSSESSIVE.sub("", folded) if "'" in folded else folded)


def _parts(token: str) -> Iterable[str]:
    if _UNSPACED.search(token):
        return _bigrams(token)
    return (token if token.isalpha() else _number_or_initials(token),)


def _number_or_initials(token: str) -> str:
    if not token[0].isdigit():
        return token.replace(".", "")
    if not token.isascii():
        return token
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
    folded = fold(text)
    found = _spelled_tokens(folded)
    if folded.isascii() or not _UNSPACED.search(folded):
        return len(found)
    return sum(1 for token in found for _ in _parts(token))


def names(text: str, language: str | None = None) -> list[str]:
    """Folded names in order, with repeats: each capitalised word, and each run of two or more joined by spaces.

    A word that opens a sentence counts only if it is capitalised elsewhere inside a sentence. Scripts without capital
    letters give nothing but the Latin names that stand in them. German capitalises every noun, so there only runs and
    words that recur count.
    """
    runs = [run for sentence in sentences(text) for run in _capital_runs(sentence, language)]
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


def _is_title_case(spelled: list[str], language: str | None) -> bool:
    long_words = [word for word in spelled if len(word) >= _LONG_WORD]
    capital = [word[0] if language in _TITLE_CASE else word for word in long_words]
    n_capital = sum(map(str.isupper, capital))
    return len(long_words) > 3 and n_capital > _MAX_CAPITALISED * len(long_words)


def _capital_runs(sentence: str, language: str | None) -> list[tuple[bool, list[str]]]:
    """(does it open the sentence, folded words) of each capitalised run; particles may stand inside a run."""
    sentence, n_cut = _UNSPACED.subn(" \N{MIDDLE DOT} ", sentence)
    found = list(_WORD.finditer(sentence))
    spelled = [match[0] for match in found]
    if _is_title_case(spelled, language):
        return []
    runs: list[tuple[bool, list[str]]] = []
    current: list[str] = []
    opens_sentence = False
    end = 0
    for index, (match, word) in enumerate(zip(found, spelled, strict=True)):
        if not current and word.islower():
            continue  # as most words are
        name = _name_in(word)
        is_capital = len(name) > 1
        touches = bool(current) and not sentence[end : match.start()].strip(" '’") and not _ARTICLE.match(word)
        if current and not (touches and (is_capital or word in _NAME_PARTICLES)):
            runs.append((opens_sentence, current))
            current = []
        if is_capital:
            opens_sentence = index == 0 and not n_cut if not current else opens_sentence
            current.extend([name.lower()] if name.isascii() and name.isalpha() else words_of_folded(fold(name)))
        elif current:
            current.append(word)
        end = match.end()
    if current:
        runs.append((opens_sentence, current))
    return [(opening, run) for opening, run in runs if run and script_of_char(run[0][0]) != "none"]


def _name_in(word: str) -> str:
    """The capitalised part of a word; "" where there is none.

    What is grown on to a name is no part of it: articles and prefixes before (l'Ukraine, dell'Aula, al-Assad, ex-NATO),
    endings behind (Ankara'da, NATO-ban, US-led). A capital may follow a grown-on letter or two (mBaile, hÉireann).
    """
    if word.islower():
        return ""
    if (before := _GROWN_ON.match(word)) and before[0].islower() and word[before.end()].isupper():
        word = word[before.end() :]
    if word[:3] == word[:3].lower():  # also in scripts without case
        return ""
    if word.isalpha():
        return word
    parts = _GROWN_PARTS.split(word)
    while len(parts) > 2 and parts[-1].islower() and (parts[-2] == "-" or script_of_char(word[0]) == "latin"):
        del parts[-2:]
    return "".join(parts)


def figures(text: str, language: str | None = None) -> list[str]:
    """Numbers in order, with repeats, in one spelling whatever their digits and separators: 1000, 1.5, 20%, 1990s.

    Thousands are grouped by commas, points, narrow spaces or apostrophes, in India by lakhs. A single separator before
    three digits groups or parts decimals, and a plain space groups, as the language has it. East Asian myriads count:
    3億5000万 is 350000000. Single digits tell nothing and are left out.
    """
    grouped = _GROUPED_BY_SPACES if language in _COMMAS_PART else _GROUPED
    folded = fold(grouped.sub(lambda found: _GROUPING_SIGNS.sub("", found[0]), text))
    found = (_number(match, language) for match in _FIGURE.finditer(folded))
    return [number for number in found if len(number) > 1]


def _number(match: re.Match[str], language: str | None) -> str:
    digits, unit = match["digits"], match["unit"] or ""
    points_group = language in _POINTS_GROUP
    commas_part = points_group or language in _COMMAS_PART
    if "," in digits and "." in digits:
        parting = max(digits.rindex(","), digits.rindex("."))
        digits = f"{_SEPARATORS.sub('', digits[:parting])}.{digits[parting + 1 :]}"
    elif "," in digits:
        groups = _GROUPS.fullmatch(digits) and not (commas_part and digits.count(",") == 1)
        digits = digits.replace(",", "" if groups else ".")
    elif _GROUPS.fullmatch(digits) and (points_group or digits.count(".") > 1):
        digits = digits.replace(".", "")
    if match["myriads"]:
        return _in_myriads(digits + match["myriads"].replace(",", ""))
    return digits + unit.strip()


def _in_myriads(number: str) -> str:
    total = Decimal(0)
    for digits, units in _MYRIAD.findall(number):
        total += Decimal(digits) * Decimal(10) ** sum(_MYRIADS[unit] for unit in units)
    return str(int(total))
