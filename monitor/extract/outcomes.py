"""What came of a look at a page, and what of it is kept?

`read_answer` says what one page gave: an article, or the reason why there is none. `judge_look` sets that beside what
is stored: which text stands, whether there is a new revision, and what is a fact about the page alone. A text that was
read from its page is never lost to a page that got worse: walls, failures and redirects to a homepage are facts
(reason and detail of the article; its access stays that of its text). A page that lost most of its words, or is not
there (404), is doubted until a second look finds the same; then the shrinking or the retraction is a revision.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.extract.boilerplate import without_boilerplate
from monitor.extract.changes import Change, ChangePolicy, has_shrunk, judge_change
from monitor.extract.identity import marked
from monitor.extract.page import REASON_OF_ACCESS, access_of_status, article_from_feed
from monitor.extract.removals import MAX_LEFT_WORDS
from monitor.extract.rereading import NextLook, RereadPolicy, is_confirmed, plan_next
from monitor.extract.titles import title_after_look
from monitor.politeness import wished_at
from monitor.query.forms import TextForms
from monitor.text.bodies import Packed
from monitor.text.differences import Wording, difference
from monitor.text.tokens import n_words as count_words
from monitor.types import (
    Access,
    DuePage,
    ExtractedArticle,
    Failure,
    FeedHints,
    KnownTitles,
    Method,
    Reason,
    Response,
    RevisionKind,
)

_ACCESS = {
    **{reason: access for access, reason in REASON_OF_ACCESS.items()},
    **dict.fromkeys((Reason.PDF, Reason.MEDIA, Reason.NOT_HTML), Access.FAILED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """What the workers make of a page.

    `notice`: the line that says that the article was removed, "" for none. `no_page`: PDF, MEDIA or NOT_HTML for what
    is no HTML. `forms` are of the article; `packed` is the body as it is kept.
    """

    result: ExtractedArticle | Reason
    notice: str = ""
    forms: TextForms | None = None
    packed: Packed | None = None
    no_page: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of one page: the article or the reason why there is none, and what was answered.

    `boilerplate`: the sentences that the text was freed from. `says_gone`: the page itself says that there is none,
    whatever its status. `is_unchanged`: the page is the one that was read before, byte for byte, and the feeds say the
    same. `forms` and `packed` as of its PageText; None where nobody has worked them out.
    """

    page: DuePage
    answer: Response | Failure | None
    result: ExtractedArticle | Reason
    reason: Reason | None
    detail: str
    access: Access
    notice: str = ""
    boilerplate: tuple[str, ...] = ()
    says_gone: bool = False
    is_unchanged: bool = False
    forms: TextForms | None = None
    packed: Packed | None = None

    @property
    def status(self) -> int | None:
        return self.answer.status if isinstance(self.answer, Response) else None

    @property
    def article(self) -> ExtractedArticle | None:
        return self.result if isinstance(self.result, ExtractedArticle) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is saved of a look: `article` with its text, or None where the stored one stands; the revision, of this
    `wording`, if `change` has a kind; why the page is not what was hoped for, and since when that is in doubt.
    """

    article: ExtractedArticle | None
    change: Change = field(default_factory=Change)
    wording: Wording | None = None
    reason: Reason | None = None
    detail: str = ""
    access: Access = Access.OK
    doubted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """When to look again, and what counts as a change."""

    rereads: RereadPolicy = field(default_factory=RereadPolicy)
    changes: ChangePolicy = field(default_factory=ChangePolicy)


def read_answer(
    page: DuePage,
    answer: Response | Failure | None,
    text: PageText | None,
    hints: FeedHints,
    *,
    killed: tuple[Reason, str] | None = None,
    detour: tuple[Access, str] | None = None,
) -> Reading:
    """One page's result; where page or process failed, the article as its feed gives it.

    `killed`: why the worker gave nothing. `detour`: how far the page could be reached, and where the link led instead.
    """
    reason, detail, access = page.refusal, "", Access.NONE if answer is None else Access.OK
    if page.refusal is not None:
        access = Access.ROBOTS if page.refusal is Reason.ROBOTS else Access.FAILED
        detail = f"{page.host}/robots.txt forbids it or could not be had"
    elif isinstance(answer, Failure):
        reason, detail, access = answer.reason, answer.detail, Access.FAILED
    elif detour is not None:
        reason, access, detail = Reason.NOT_FOUND, detour[0], f"the link leads to {detour[1]}"
    elif killed is not None:
        reason, detail = killed
        access = Access.TIMEOUT if reason is Reason.EXTRACT_TIMEOUT else Access.FAILED
    result = marked(article_from_feed(hints, url=page.url, access=access), page.url) if text is None else text.result
    is_error = isinstance(answer, Response) and not 200 <= answer.status < 300
    if is_error and isinstance(answer, Response):
        reason = reason or Reason.of_status(answer.status)
    if isinstance(result, ExtractedArticle):
        access = result.access
        if not result.method.is_page:
            reason = reason or REASON_OF_ACCESS.get(access) or (text.no_page if text else None)
    elif is_error and isinstance(answer, Response):
        access = access_of_status(answer.status, answer.body)
    else:
        reason, access = reason or result, _ACCESS.get(result, access)
    return Reading(
        page=page,
        answer=answer,
        result=result,
        reason=reason,
        detail=detail,
        access=access,
        notice="" if text is None else text.notice,
        boilerplate=hints.boilerplate,
        forms=None if text is None else text.forms,
        packed=None if text is None else text.packed,
        says_gone=text is not None and not is_error and access is Access.GONE,
    )


def judge_look(
    reading: Reading, before: Wording | None, titles: KnownTitles, *, now: datetime, policies: Policies
) -> Look:
    """What is to be saved. `before`: the stored wording, None for an article without a text; `titles`: what feed and
    page called it until now.
    """
    reading = _titled(reading, before, titles)
    page, article = reading.page, reading.article
    plain = Look(article=None, reason=reading.reason, detail=reading.detail, access=reading.access)
    if page.is_new or before is None:
        return replace(plain, article=article, reason=reading.reason or (None if article else Reason.EMPTY))
    is_from_page = page.method is not None and Method(page.method).is_page
    if reading.is_unchanged:
        return _back(plain, page, before) if is_from_page else _as_before(plain, page)
    if page.method == Method.GIVEN and (article is None or not article.method.is_page):
        return plain
    if not is_from_page:
        return _with_article(plain, reading, before, policies)
    gone = _gone(reading, before, now=now, policies=policies)
    return gone or _looked_at_again(plain, reading, before, now=now, policies=policies)


def _titled(reading: Reading, before: Wording | None, titles: KnownTitles) -> Reading:
    """With the title that its article has after this look."""
    article = reading.article
    if article is None or before is None or reading.page.is_new:
        return reading
    return replace(reading, result=replace(article, title=title_after_look(before.title, titles, article)))


def _looked_at_again(plain: Look, reading: Reading, before: Wording, *, now: datetime, policies: Policies) -> Look:
    """The look at a page that gave the stored text, and is not gone."""
    page, article = reading.page, reading.article
    if article is None or not article.method.is_page:
        return replace(plain, reason=reading.reason or Reason.EMPTY)
    if page.access == Access.OK and article.access is not Access.OK:
        reason = REASON_OF_ACCESS[article.access]
        return replace(plain, reason=reason, detail=f"could be read before and is now: {article.access.value}")
    if not has_shrunk(page.n_words, article.n_words, policies.changes):
        return _with_article(plain, reading, before, policies)
    if page.reason == Reason.SHRUNK and is_confirmed(page.doubted_at, now=now, policy=policies.rereads):
        return _with_article(plain, reading, before, policies, kind=RevisionKind.SHRUNK)
    detail = f"{article.n_words} words of {page.n_words} were left; the text is kept until another look"
    return replace(plain, reason=Reason.SHRUNK, detail=detail, doubted_at=_since(page, Reason.SHRUNK, now))


def plan_after(reading: Reading, look: Look, *, now: datetime, jitter: float, policies: Policies) -> NextLook:
    """When the page is asked for after that look."""
    answer = reading.answer if isinstance(reading.answer, Response) else None
    return plan_next(
        reading.page,
        reason=look.reason,
        status=reading.status,
        access=look.access,
        is_doubted=look.doubted_at is not None,
        has_text=look.article is not None or not reading.page.is_new,
        now=now,
        wished_at=None if answer is None else wished_at(answer, now),
        jitter=jitter,
        policy=policies.rereads,
    )


def _since(page: DuePage, reason: Reason, now: datetime) -> datetime:
    """When a doubt arose: that of an earlier look, if it was the same."""
    return page.doubted_at if page.doubted_at is not None and page.reason == reason else now


def _with_article(
    plain: Look,
    reading: Reading,
    before: Wording,
    policies: Policies,
    *,
    kind: RevisionKind = RevisionKind.CHANGED,
) -> Look:
    """The look whose text is to be saved; where nothing that counts changed, with the stored wording."""
    page, article = reading.page, reading.article
    if article is None:
        return plain
    after, freed = Wording(article.title, article.text), _freed(before, reading.boilerplate)
    change = judge_change(
        freed,
        after,
        kind=RevisionKind.RESTORED if page.retracted_at else kind,
        n_small_changes=page.n_small_changes,
        policy=policies.changes,
    )
    if change.kind is None:
        kept = replace(plain, article=_kept(article, freed, n_words=page.n_words if freed is before else 0))
        if freed is before:
            return kept
        # The publisher did nothing: its articles were found to end so.
        by_rules = Change(kind=RevisionKind.REEXTRACTED, difference=difference(before, freed))
        return replace(kept, change=by_rules, wording=freed)
    if freed is not before:
        change = replace(change, difference=difference(before, after))
    return replace(plain, article=article, change=change, wording=after)


def _freed(before: Wording, boilerplate: tuple[str, ...]) -> Wording:
    """The stored wording without the sentences that were found to be boilerplate since its text was saved."""
    lines = tuple(before.text.splitlines())
    freed = without_boilerplate(lines, boilerplate)
    return before if freed == lines else Wording(before.title, "\n".join(freed))


def _kept(article: ExtractedArticle, stored: Wording, *, n_words: int) -> ExtractedArticle:
    """What a look found beside the wording that stays. A title that is not taken up may still be found to be new."""
    said = replace(article, feed_title="", page_title="") if article.title != stored.title else article
    n_words = n_words or sum(map(count_words, stored.text.splitlines())) or article.n_words
    return replace(said, title=stored.title, text=stored.text, n_words=n_words)


def _as_before(plain: Look, page: DuePage) -> Look:
    """The same page that gave no text the last time, however long it took to find that out."""
    reason, access = page.reason and Reason(page.reason), page.access and Access(page.access)
    return replace(plain, article=None, reason=reason or None, detail=page.detail, access=access or plain.access)


def _back(plain: Look, page: DuePage, before: Wording) -> Look:
    """The page is as it was; after it was gone that is a revision."""
    if page.retracted_at is None:
        return plain
    change = Change(kind=RevisionKind.RESTORED, difference=difference(before, before))
    return replace(plain, change=change, wording=before)


def _gone(reading: Reading, before: Wording, *, now: datetime, policies: Policies) -> Look | None:
    """The look at a page that says that its article is gone; None for any other page."""
    page, article, status = reading.page, reading.article, reading.status
    n_left = article.n_words if article is not None and article.method.is_page else 0
    is_removed = bool(reading.notice) and n_left <= min(MAX_LEFT_WORDS, page.n_words // 2)
    is_missing = status == 404 or (reading.says_gone and not is_removed)
    if not is_removed and not is_missing and status != 410:
        return None
    reason = Reason.NOT_FOUND if is_missing else Reason.GONE
    told = f'the page says: "{reading.notice}"' if is_removed else "the page says that there is none"
    detail = told if is_removed or reading.says_gone else f"HTTP {status}"
    look = Look(article=None, reason=reason, detail=detail, access=Access.GONE)
    if page.retracted_at is not None:
        return look
    is_known = page.reason == Reason.NOT_FOUND and is_confirmed(page.doubted_at, now=now, policy=policies.rereads)
    if is_missing and not is_known:
        return replace(look, doubted_at=_since(page, Reason.NOT_FOUND, now))
    after = Wording(before.title, reading.notice if is_removed else "")
    change = Change(kind=RevisionKind.RETRACTED, difference=difference(before, after))
    return replace(look, change=change, wording=after)
