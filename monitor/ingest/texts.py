"""What do the texts of some records say? Read in the killable workers, as everything that comes from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import NamedTuple

from monitor.app import App
from monitor.extract.given import article_from_record
from monitor.fetch.records import Record
from monitor.query.forms import forms_of
from monitor.store.given_texts import GivenArticle
from monitor.types import FeedHints, Reason
from monitor.workers import WorkFailure

N_RECORDS_A_CALL = 10


class GivenKey(NamedTuple):
    """What a record is known by: its source's domain, and its id there."""

    domain: str
    guid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A record on its way: where it stands, of which source, what was made of its text.

    `names_source`: the record itself says which source it is of.
    """

    line: int
    record: Record
    domain: str
    names_source: bool
    text: GivenArticle | None = None

    @property
    def key(self) -> GivenKey:
        return GivenKey(self.domain, self.record.entry.guid)

    def with_text(self, text: GivenArticle) -> Given:
        record = self.record
        if record.is_page:  # what a feed would give is its text, and not all that stands on the page
            content = "".join(f"<p>{escape(line, quote=False)}</p>" for line in text.article.text.splitlines())
            record = replace(record, entry=replace(record.entry, content=content))
        return replace(self, record=record, text=text)


class Input(NamedTuple):
    """What a worker is told of a record; `rules` is its source's boilerplate."""

    record: Record
    rules: tuple[str, ...]


def read_texts_of(
    app: App, batch: Sequence[Given], rules: Mapping[str, tuple[str, ...]]
) -> list[tuple[Given, GivenArticle | Reason | None]]:
    """Each record with what its text says; None for one without a text."""
    inputs = {one.line: Input(one.record, rules.get(one.domain, ())) for one in batch if one.record.html}
    results = dict(zip(inputs, _read(app, list(inputs.values())), strict=True))
    return [(given, results.get(given.line)) for given in batch]


def _read(app: App, inputs: Sequence[Input]) -> list[GivenArticle | Reason]:
    """Some are read in one call; where that fails, one by one, so that only the one at fault is lost."""
    calls = [inputs[start : start + N_RECORDS_A_CALL] for start in range(0, len(inputs), N_RECORDS_A_CALL)]
    results: list[GivenArticle | Reason] = []
    for call, answer in zip(calls, _run(app, calls), strict=True):
        if not isinstance(answer, WorkFailure):
            results += answer
        elif answer.reason is Reason.STOPPED:
            results += [Reason.STOPPED] * len(call)
        else:
            alone = [answer] if len(call) == 1 else _run(app, [[one] for one in call])
            results += [one.reason if isinstance(one, WorkFailure) else one[0] for one in alone]
    return results


def _run(app: App, calls: Sequence[Sequence[Input]]) -> list[list[GivenArticle | Reason] | WorkFailure]:
    deadline_s = app.settings.extract.deadline_s
    return app.workers.run(read_texts, [(list(call),) for call in calls], deadline_s=deadline_s, stop=app.stop)


def read_texts(inputs: Sequence[Input]) -> list[GivenArticle | Reason]:
    """The articles of some records, as a worker process is called."""
    return [_read_text(record, rules) for record, rules in inputs]


def _read_text(record: Record, rules: tuple[str, ...]) -> GivenArticle | Reason:
    entry = record.entry
    hints = FeedHints(
        title=entry.title,
        authors=entry.authors,
        published_at=entry.published_at,
        summary=entry.summary,
        tags=entry.tags,
        language=record.language,
        boilerplate=rules,
    )
    article = article_from_record(
        record.html,
        url=entry.url or "",
        hints=hints,
        is_page=record.is_page,
        precision=record.precision,
        section=record.section,
    )
    if isinstance(article, Reason):
        return article
    return GivenArticle(article=article, forms=forms_of(article.title, article.text))
