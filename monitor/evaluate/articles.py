"""Labelled articles as the product would have stored them, and as its stages compare them.

A labelled text goes through the same cleaning as every text that is handed over: bylines, credits and advertisement
lines leave, the dateline is noted, and a text without a title is known by how it begins. From then on the functions of
the stages do the rest, as if the daemon had seen each article at the moment of its date. What nobody can know here,
a publisher's family or a page's links, is left out: each source is its own family, and an unknown source is nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import monitor.dedup.stage
from monitor.cluster.assign import Member, member_of
from monitor.dedup.matching import Candidate
from monitor.evaluate.reading import LabelledArticle
from monitor.extract.cleaning import clean_paragraphs
from monitor.extract.paragraphs import paragraphs_of
from monitor.extract.titles import title_of_text
from monitor.text.normalise import line_of
from monitor.types import Article, ArticleId

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""First seen of articles without a date: their order is then that in which they stream."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A labelled article with what the two stages compare. `candidate` is for copies, `member` for stories."""

    labelled: LabelledArticle
    candidate: Candidate
    member: Member

    def numbered(self, article_id: ArticleId) -> Prepared:
        """The same article at another place of the stream."""
        return replace(
            self,
            candidate=replace(self.candidate, article_id=article_id),
            member=replace(self.member, article_id=article_id),
        )


def prepare(labelled: LabelledArticle) -> Prepared:
    """Cleaning, fingerprint and features: what is the same in whatever order articles stream."""
    article = stored_article(labelled)
    return Prepared(labelled, candidate(article), _member(article, is_dated=labelled.at is not None))


def stored_article(labelled: LabelledArticle) -> Article:
    """What the store would hold; the id is 0."""
    title = line_of(labelled.title)
    cleaned = clean_paragraphs(paragraphs_of(labelled.text), titles=[title])
    text = "\n".join(cleaned.paragraphs)
    moment = labelled.at or EPOCH
    return Article(
        id=ArticleId(0),
        url=labelled.url,
        title=title or title_of_text(text),
        text=text,
        language=labelled.language,
        source=labelled.source,
        family=labelled.source or f"unknown source of {labelled.key}",
        origin=cleaned.origin,
        agency=cleaned.agency,
        published_at=labelled.at,
        first_seen_at=moment,
        appeared_at=moment,
        dateline=cleaned.dateline,
        credit=cleaned.credit,
        arrival_no=0,  # without a number it would be a registered text
    )


def candidate(article: Article) -> Candidate:
    """What the duplicates stage compares of a stored article."""
    return monitor.dedup.stage.candidate_of(article, monitor.dedup.stage.print_of(article))


def _member(article: Article, *, is_dated: bool) -> Member:
    member = member_of(article)
    return member if is_dated else replace(member, event_at=None, seen_at=None)
