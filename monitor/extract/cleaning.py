"""Which lines of a page are the article, who wrote it, and who is credited?

Takes the paragraphs an extractor or a feed gives and hands back the body without advertisement markers, related
links, share bars, newsletter boxes and cookie notices; bylines and credit lines at either end become `authors` and
`credit`. The dateline is recorded and stays in the text. Knows nothing of any outlet: see monitor.extract.lines for
how a line is judged. Never looks at lines in the middle for bylines or credits: there they are part of the report.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.extract import credit_phrases
from monitor.extract.agencies import agency_by_form, agency_of_dateline, is_capitals, is_known_agency, known_agencies
from monitor.extract.bylines import byline_of
from monitor.extract.credits import credit_of, opens_a_report
from monitor.extract.lines import (
    MAX_EDGE_CHARS,
    is_contact,
    is_copyright,
    is_date_line,
    is_label,
    is_noise,
    is_sentence,
)
from monitor.extract.people import read_names, spelled
from monitor.text.dateline import split_dateline
from monitor.text.normalise import fold, normal_text
from monitor.text.sentences import sentences
from monitor.text.tokens import n_words
from monitor.types import Origin

_N_START_LINES = 8
_N_END_LINES = 8
_STANDFIRST_WORDS = 40
_TAIL_CHARS = 120
_INVISIBLE = re.compile(r"[\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]")
_TAIL_IN_BRACKETS = re.compile(r"(?<=[.!?”\"’。])\s*[(\[（]([^()\[\]（）]{2,40})[)\]）]\.?$")
_TAIL_AFTER_DASH = re.compile(r"(?<=[.!?”\"’])\s*[—–-]{1,2}\s*([^\W\d_][\w'’ /,&-]{1,40})\.?$")
_SIGNED = re.compile(r"\(([^\W\d_]{2,5})\)$")
_RELEASE_NAMES = "|".join(map(re.escape, credit_phrases.PRESS_RELEASE_NAMES))
_RELEASE = re.compile(rf"\((?:{_RELEASE_NAMES})(?:[)/]| -)|/(?:{_RELEASE_NAMES})/")
"""A press release service is named as one in brackets or slashes, or alone in the credit."""
_RELEASE_START = re.compile(rf"(?:{'|'.join(map(re.escape, credit_phrases.RELEASE_STARTS))})(?!\w)")
_PRESS_OFFICE_START = re.compile(
    "|".join(
        re.escape(start) + (r"(?!\w)" if start.upper() != start else "")  # scripts without capitals have no spaces
        for start in credit_phrases.PRESS_OFFICE_STARTS
    )
)
_MAX_RELEASE_LINE_WORDS = 12
"""Releases open or close with a line that says so or names the press office; longer lines are sentences."""
_MAX_RELEASE_LINE_TOKENS = 24
"""The same in scripts without spaces, where about two pairs of characters make a word."""
_AGGREGATOR = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, credit_phrases.AGGREGATOR_WORDS))})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """The body and what its edges said. `credit` joins several credit lines with "; "."""

    paragraphs: tuple[str, ...]
    authors: tuple[str, ...] = ()
    credit: str | None = None
    dateline: str | None = None
    agency: str | None = None
    origin: Origin = Origin.OWN


@dataclass(slots=True)
class _Edges:
    """What is collected while both ends are looked at; authors of the start come before those of the end."""

    authors: list[str] = field(default_factory=list)
    credits: list[str] = field(default_factory=list)

    def take(self, line: str) -> bool:
        """Does the line say who wrote or whom to credit? Then it is recorded, and leaves the body."""
        if byline := byline_of(line):
            self.authors.extend(byline.authors)
            self.credits.extend([byline.credit] if byline.credit else [])
            return True
        if credit := credit_of(line):
            self.credits.append(credit)
            return True
        return False


def clean_paragraphs(
    paragraphs: Sequence[str],
    *,
    titles: Sequence[str] = (),
    known_authors: Sequence[str] = (),
    known_credits: Sequence[str] = (),
) -> Cleaned:
    """The cleaned body. A title repeated as a first line leaves, and so do lines that only name a known author."""
    given = [line for paragraph in paragraphs if (line := _tidy(paragraph)) and not is_noise(line)]
    edges = _Edges(credits=[credit for credit in known_credits if credit])
    by_name = {normal_text(name) for known in known_authors for name in (known, *read_names(known).people) if name}
    headings = {normal_text(title) for title in titles if title}
    lines = _without_start(given, edges, headings=headings, by_name=by_name)
    lines = _without_end(lines, edges, by_name=by_name)
    dateline = split_dateline(lines[0]) if lines else None
    credit = "; ".join(dict.fromkeys(edges.credits)) or None
    agency = _agency(edges.credits, dateline.agency if dateline else None)
    told = [line for line in given if not _repeats(line, headings)]
    return Cleaned(
        paragraphs=tuple(lines),
        authors=tuple(dict.fromkeys(spelled(author) for author in edges.authors)),
        credit=credit,
        dateline=dateline.dateline if dateline else None,
        agency=agency,
        origin=Origin.PRESS_RELEASE if _is_release(credit, lines, told) else _origin(credit, agency),
    )


def _tidy(paragraph: str) -> str:
    return " ".join(_INVISIBLE.sub("", paragraph).split())


def _without_start(lines: list[str], edges: _Edges, *, headings: set[str], by_name: set[str]) -> list[str]:
    """Looks at the first lines until the report begins; a standfirst before the byline stays, labels leave."""
    kept: list[str] = []
    for index, line in enumerate(lines[:_N_START_LINES]):
        if _repeats(line, headings) or is_date_line(line):
            continue
        if (byline_of(line) or opens_a_report(line)) and edges.take(line):
            continue
        if _names_author(line, by_name) or (is_contact(line) and not kept):
            continue
        if is_label(line) and not kept and line is not lines[-1]:
            continue
        kept.append(line)
        if len(line.split()) > _STANDFIRST_WORDS or len([k for k in kept if is_sentence(k)]) > 1:
            return kept + lines[index + 1 :]
    return kept + lines[_N_START_LINES:]


def _repeats(line: str, headings: set[str]) -> bool:
    """Is the line one of the titles, or the beginning of one?"""
    given = normal_text(line)
    return bool(given) and any(
        given == heading or (len(given.split()) > 3 and heading.startswith(f"{given} ")) for heading in headings
    )


def _without_end(lines: list[str], edges: _Edges, *, by_name: set[str]) -> list[str]:
    lines = list(lines)
    found = _Edges()
    for _ in range(_N_END_LINES):
        if not lines:
            break
        line = lines[-1]
        if is_copyright(line):
            found.credits.extend(_credits_of_rights(line))
        elif _is_after_list(lines) or not (found.take(line) or _is_furniture(lines, by_name)):
            break
        lines.pop()
    if lines:
        lines[-1], credit = _without_tail(lines[-1])
        found.credits.extend([credit] if credit else [])
    edges.authors.extend(found.authors)
    edges.credits.extend(reversed(found.credits))
    return [line for line in lines if line]


def _is_furniture(lines: list[str], by_name: set[str]) -> bool:
    """Is the last line something a page ends with: a date, an address, the author's name, a label after a sentence?"""
    line = lines[-1]
    if is_date_line(line) or is_contact(line) or _names_author(line, by_name):
        return True
    return len(lines) > 1 and is_label(line) and is_sentence(lines[-2])


def _credits_of_rights(line: str) -> list[str]:
    """A line of rights may begin with a credit, or name an agency as the owner."""
    stated = [credit for sentence in sentences(line) if not is_copyright(sentence) and (credit := credit_of(sentence))]
    return stated or list(known_agencies(line)[:1])


def _names_author(line: str, by_name: set[str]) -> bool:
    """A line that is an author's name, perhaps with a link or two: "Ann Lee", "Ann Lee - LinkedIn"."""
    text = normal_text(line)
    return text in by_name or (
        len(line.split()) <= 6 and not is_sentence(line) and any(text.startswith(f"{name} ") for name in by_name)
    )


def _is_after_list(lines: list[str]) -> bool:
    """Is the last line one of several list items ("- Germany")?"""
    return len(lines) > 1 and lines[-1].startswith("- ") and lines[-2].startswith("- ")


def _without_tail(line: str) -> tuple[str, str | None]:
    """An agency after the last sentence leaves it: "... on Monday. (AFP)", "... on Monday. – Reuters"."""
    start = max(0, len(line) - _TAIL_CHARS)
    if found := _TAIL_IN_BRACKETS.search(line, start):
        name = found[1].strip()
        if known_agencies(name) or is_capitals(name) or agency_by_form(name) == name:
            return line[: found.start()].rstrip(), name
    if found := _TAIL_AFTER_DASH.search(line, start):
        name = found[1].strip()
        if (
            all(is_known_agency(part) for part in re.split(r"\s*[/,&]\s*|\s+and\s+", name))
            or agency_by_form(name) == name
        ):
            return line[: found.start()].rstrip(), name
    return line, None


def _agency(credit_lines: Sequence[str], in_dateline: str | None) -> str | None:
    """A known agency of a credit line, else that of the dateline, else one that a credit line names by form."""
    credit_lines = [credit for credit in credit_lines if not _hands_out_releases(credit)]
    if in_dateline and _hands_out_releases(in_dateline):
        in_dateline = None
    known = [agency for credit in credit_lines for agency in known_agencies(credit)[:1]]
    if not known and in_dateline and (agency := agency_of_dateline(in_dateline)):
        return agency
    by_form = (agency for credit in credit_lines if (agency := _agency_of_form(credit)))
    return known[0] if known else next(by_form, None)


def _hands_out_releases(name: str) -> bool:
    """Press release services are no agencies: they hand out the words of others."""
    return fold(name) in credit_phrases.PRESS_RELEASE_NAMES


def _agency_of_form(credit: str) -> str | None:
    signed = _SIGNED.search(credit)
    if signed or is_capitals(credit):
        return signed[1] if signed else credit
    return agency_by_form(credit)


def _is_release(credit: str | None, lines: Sequence[str], given: Sequence[str]) -> bool:
    """Do the credit, or the first or last line, name who hands out releases?

    `given`: the lines before cleaning, without titles. Where one line is all, it is the report.
    """
    services = [fold(credit or ""), *(fold(line[:200]) for line in (*lines[:1], *lines[-1:]))]
    if any(_hands_out_releases(text) or _RELEASE.search(text) for text in services):
        return True
    first, last = ([*lines[:1], *given[:1]], [*lines[-1:], *given[-1:]]) if len(given) > 1 else ([], [])
    named = [*(credit or "").split("; "), *last, *filter(is_contact, first)]
    return any(map(_calls_itself_release, (*first, *named))) or any(map(_names_press_office, named))


def _calls_itself_release(line: str) -> bool:
    return _begins_with(_RELEASE_START, line)


def _names_press_office(line: str) -> bool:
    """At the top of a page headlines begin so, too; at its end it is whoever hands the text out."""
    return _begins_with(_PRESS_OFFICE_START, line)


def _begins_with(start: re.Pattern[str], line: str) -> bool:
    """Do these words begin a line that says whose they are? Alone they are a label of the page."""
    if len(line) > MAX_EDGE_CHARS or len(line.split()) > _MAX_RELEASE_LINE_WORDS:
        return False
    folded = fold(line)
    found = start.match(folded)
    return (
        found is not None
        and any(char.isalpha() for char in folded[found.end() :])
        and n_words(line) <= _MAX_RELEASE_LINE_TOKENS
        and not _ends_sentence(line)
    )


def _ends_sentence(line: str) -> bool:
    """Does a sentence end in the line, or with it? "Ltd." and "S.p.A." end none."""
    return len(sentences(f"{line} X")) > 1


def _origin(credit: str | None, agency: str | None) -> Origin:
    if _AGGREGATOR.search(fold(credit or "")):
        return Origin.AGGREGATOR
    return Origin.AGENCY if agency else Origin.OWN
