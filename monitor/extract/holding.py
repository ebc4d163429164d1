"""What is asked of a server for a page that is held, and what is there to be read in its answer?

A page that was read before is asked for with the validators of that answer, as long as the feeds say the same about its
article: the same bytes and the same words give the same article, and it need not be read once more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from monitor.extract.kinds import what_is_no_page
from monitor.extract.outcomes import PageText
from monitor.extract.page import extract_article
from monitor.extract.removals import find_notice
from monitor.extract.rereading import hash_of_hints
from monitor.query.forms import forms_of
from monitor.text.bodies import packed
from monitor.text.normalise import bytes_hash
from monitor.types import DuePage, ExtractedArticle, FeedHints, Method, Request, Response

ACCEPT = "text/html, application/xhtml+xml, */*;q=0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A page that is leased to this run, with what the feeds say about its article."""

    page: DuePage
    hints: FeedHints
    hints_hash: str

    @classmethod
    def of(cls, page: DuePage, hints: FeedHints) -> Self:
        return cls(page=page, hints=hints, hints_hash=hash_of_hints(hints))

    def request(self, max_bytes: int) -> Request:
        """With the validators of the page that the stored text was read from, if the feeds say the same as then."""
        page, kept = self.page, self.page.kept
        is_usable = kept is not None and kept.status == 200 and kept.hints_hash == self.hints_hash
        is_read = page.method is not None and Method(page.method).is_page and page.doubted_at is None
        return Request(
            url=page.entry_url,
            accept=ACCEPT,
            max_bytes=max_bytes,
            etag=kept.etag if kept and is_usable and is_read else None,
            last_modified=kept.last_modified if kept and is_usable and is_read else None,
        )

    def is_unchanged(self, answer: Response) -> bool:
        """Whether this is the page that the stored text was read from."""
        kept = self.page.kept
        if kept is None or kept.hints_hash != self.hints_hash or kept.status != 200:
            return False
        if answer.status == 304:
            return bool(kept.etag or kept.last_modified)
        return answer.status == 200 and kept.body_hash == bytes_hash(answer.body)


def read_page(response: Response, hints: FeedHints, n_words_before: int) -> PageText:
    """`extract_article` as a worker process is called; `n_words_before`: of the text that the page gave before."""
    content_type, body = response.headers.get("content-type"), response.body
    result = extract_article(
        body, url=response.final_url, content_type=content_type, status=response.status, hints=hints
    )
    n_left = result.n_words if isinstance(result, ExtractedArticle) and result.method.is_page else 0
    may_be_removed = 2 * n_left <= n_words_before and 200 <= response.status < 300
    return PageText(
        result=result,
        notice=find_notice(body) if n_words_before and may_be_removed else "",
        forms=forms_of(result.title, result.text) if isinstance(result, ExtractedArticle) else None,
        no_page=what_is_no_page(body, content_type) if 200 <= response.status < 300 else None,
    )


def read_page_to_keep(response: Response, hints: FeedHints, n_words_before: int) -> PageText:
    """`read_page` of a page whose bytes are to be kept."""
    return replace(read_page(response, hints, n_words_before), packed=packed(response.body))
