"""Is one text a copy of another, does it follow it, or neither? And which copies form a group?

Compared are containment (shared shingles over those of the shorter text), Jaccard, and facts (numbers and names of the
shorter text that the longer has too). Rules, in this order; scores 0..1:

- exact: the same normalised text, within one publisher family.
- near: containment >= .65 and facts >= .75, or containment >= .85 and facts >= .6. Template articles (results, market
  reports, weather) share their words and differ in their facts: those stay apart, above all when of three or more
  numbers less than .6 agree. A text with fewer than 3 facts has hardly anything to tell it by: containment >= .85, and
  one fact at most that the other has not.
- within one publisher family stricter, since publishers repeat their own frames, lists and background paragraphs: the
  titles agree, or the shorter text has 48 words and the dates agree (at most a day apart) or containment >= .85. More
  than 7 days apart nothing but the same title and facts counts: containment and facts >= .9.
- a text of less than a tenth of the other is an excerpt of it, not its copy: a rewrite.
- under 30 words: at least 8 words, containment >= .8, no fact of the shorter text missing, and the titles agree, since
  short texts are often a page's stub ("Subscribe to read on"). An exact short copy needs agreeing titles too.
- syndicated: an exact or near duplicate of another publisher family.
- rewrite, across families and within 3 days, of 30 words or more. What counts is whether the later text has facts and
  quotations of its own: `followed` is the share of its facts that the earlier one has. Independent reports on one event
  were seen to have up to .45, short ones .8, and to quote the same statements at length, so quotations are no passages.
  But nearly all have a quotation that the other has not.
  - shared passages: >= .03 of the shorter text's, and followed >= .45; or >= .1, and followed >= .35;
  - it has hardly a fact of its own and no quotation: containment >= .1 and followed >= .75, of at least 5 facts, in a
    text of at least half the length;
  - it names the outlet or agency of the earlier text, or that is a press release, and followed >= .7 with at least 3
    facts in common; >= .5 without quotations of its own; or >= .3 without any, with at least 4 facts in common and at
    most 10 of its own, since in a short text few names and rounded numbers make up much of the share;
  - it is credited to the agency of the earlier text, and shares a tenth of its shingles, or half of at least 5 facts.
  Never where the earlier text is credited to the outlet of the later one.

Links are facts about two texts: the later article, by (first seen, URL, id), repeats the earlier. Whatever the order in
which articles arrive, the same pairs give the same links and so the same groups. Source of the numbers: measured on
labelled wire pairs and groups of rewrites; see docs/decisions.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from monitor.dedup.fingerprint import SCHEME, Fingerprint, Hashes, are_in
from monitor.dedup.passages import has_own_quotations, names_any, shared_passages
from monitor.text.normalise import fold
from monitor.text.tokens import names, words
from monitor.types import ArticleId, DuplicateKind, DuplicateLink, RewriteLink

MAX_CREDIT_WORDS = 6
"""A longer credit names desks and people, whose names stand in other texts for other reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatePolicy:
    """Thresholds of the rules above."""

    containment: float = 0.65
    facts: float = 0.75
    strong_containment: float = 0.85
    strong_facts: float = 0.6
    min_facts: int = 3
    numbers: float = 0.6
    min_numbers: int = 3
    same_family_apart: timedelta = timedelta(days=7)
    same_family_date: timedelta = timedelta(days=1)
    same_family_score: float = 0.9
    same_family_words: int = 48
    excerpt_ratio: float = 0.1
    short_words: int = 30
    min_words: int = 8
    short_containment: float = 0.8
    title_overlap: float = 0.6
    rewrite_within: timedelta = timedelta(days=3)
    passages: float = 0.03
    passages_followed: float = 0.45
    strong_passages: float = 0.1
    strong_passages_followed: float = 0.35
    overlap: float = 0.1
    retold: float = 0.75
    retold_min_facts: int = 5
    retold_ratio: float = 0.5
    named_followed: float = 0.7
    named_quiet_followed: float = 0.5
    named_min_facts: int = 3
    named_short_followed: float = 0.3
    named_short_min_facts: int = 4
    named_short_own_facts: int = 10
    credited_facts: float = 0.5
    credited_min_facts: int = 5


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two texts share. `facts`, `numbers` and their counts are those of the shorter text.

    `length_ratio` is shorter / longer; `n_shared_facts` the number of facts that both have.
    """

    is_same_text: bool
    containment: float
    jaccard: float
    n_shared: int
    facts: float
    n_facts: int
    n_shared_facts: int
    numbers: float
    n_numbers: int
    n_words: int
    length_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An article as copies are judged: its fingerprint and what stands around the text.

    `first_seen_at` is when it appeared as far as we know; the URL decides between two that appeared at one moment.
    `text` and `credit` tell what a rewrite took over and whom it names; without its text none is known to. A release is
    written to be followed.
    """

    article_id: ArticleId
    fingerprint: Fingerprint
    title: str
    source: str
    family: str
    first_seen_at: datetime
    url: str = ""
    agency: str | None = None
    published_at: datetime | None = None
    text: str = ""
    credit: str | None = None
    is_release: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """A member of a copy group: the original it repeats, and the link that says so."""

    original_id: ArticleId
    link: DuplicateLink


def compare(a: Fingerprint, b: Fingerprint) -> Overlap:
    """Overlap of two fingerprints of one scheme, the same whichever comes first; empty texts share nothing."""
    short, long = sorted((a, b), key=lambda each: (len(each.shingles), each.n_words, each.text_hash))
    n_shared = int(are_in(short.shingles, long.shingles).sum())
    n_all = len(short.shingles) + len(long.shingles) - n_shared
    shared_facts = short.facts[are_in(short.facts, long.facts)]
    n_facts, n_numbers = len(short.facts), _n_numbers(short.facts)
    return Overlap(
        is_same_text=a.text_hash == b.text_hash and a.n_words > 0,
        containment=round(n_shared / max(1, len(short.shingles)), 6),
        jaccard=round(n_shared / max(1, n_all), 6),
        n_shared=n_shared,
        facts=round(len(shared_facts) / n_facts, 6) if n_facts else 1.0,
        n_facts=n_facts,
        n_shared_facts=len(shared_facts),
        numbers=round(_n_numbers(shared_facts) / n_numbers, 6) if n_numbers else 1.0,
        n_numbers=n_numbers,
        n_words=short.n_words,
        length_ratio=round(short.n_words / max(1, long.n_words), 6),
    )


def _n_numbers(facts: Hashes) -> int:
    return int((facts & np.uint64(1)).sum())


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two articles in the order of their links, and what their texts share."""

    article: Candidate
    original: Candidate
    overlap: Overlap

    @property
    def gap(self) -> timedelta:
        moments = [each.published_at or each.first_seen_at for each in (self.article, self.original)]
        return abs(moments[0] - moments[1])

    @property
    def is_one_family(self) -> bool:
        return self.article.family == self.original.family

    @property
    def followed(self) -> float:
        """The share of the later text's facts that the earlier one has."""
        return self.overlap.n_shared_facts / max(1, len(self.article.fingerprint.facts))


def decide_duplicate(
    new: Candidate, old: Candidate, policy: DuplicatePolicy | None = None
) -> DuplicateLink | RewriteLink | None:
    """The link between two articles, if any; the same whichever is called new. None across schemes."""
    policy = policy or DuplicatePolicy()
    original, article = sorted((new, old), key=lambda each: (each.first_seen_at, each.url, each.article_id))
    if original.article_id == article.article_id or new.fingerprint.scheme != old.fingerprint.scheme:
        return None
    pair = _Pair(article, original, compare(article.fingerprint, original.fingerprint))
    kind = _duplicate_kind(pair, policy)
    if kind is not None:
        return DuplicateLink(
            article_id=article.article_id,
            original_id=original.article_id,
            kind=kind,
            containment=pair.overlap.containment,
            jaccard=pair.overlap.jaccard,
            scheme=SCHEME,
            article_text_hash=article.fingerprint.text_hash,
            original_text_hash=original.fingerprint.text_hash,
        )
    because = _rewrite_because(pair, policy)
    if because is None:
        return None
    return RewriteLink(
        article_id=article.article_id,
        original_id=original.article_id,
        containment=pair.overlap.containment,
        because=because,
        scheme=SCHEME,
        article_text_hash=article.fingerprint.text_hash,
        original_text_hash=original.fingerprint.text_hash,
    )


def _duplicate_kind(pair: _Pair, policy: DuplicatePolicy) -> DuplicateKind | None:
    overlap = pair.overlap
    if overlap.n_words < policy.short_words:
        if not _is_short_copy(pair, policy):
            return None
    elif not (overlap.is_same_text or _is_copy(pair, policy)):
        return None
    if not pair.is_one_family:
        return DuplicateKind.SYNDICATED
    return DuplicateKind.EXACT if overlap.is_same_text else DuplicateKind.NEAR


def _is_short_copy(pair: _Pair, policy: DuplicatePolicy) -> bool:
    overlap = pair.overlap
    return (
        overlap.n_words >= policy.min_words
        and overlap.length_ratio >= policy.excerpt_ratio
        and overlap.containment >= policy.short_containment
        and overlap.facts == 1.0
        and _titles_agree(pair.article.title, pair.original.title, policy)
    )


def _is_copy(pair: _Pair, policy: DuplicatePolicy) -> bool:
    overlap = pair.overlap
    if overlap.length_ratio < policy.excerpt_ratio:
        return False
    if overlap.n_numbers >= policy.min_numbers and overlap.numbers < policy.numbers:
        return False
    if pair.is_one_family and not _may_repeat_itself(pair, policy):
        return False
    if overlap.n_facts < policy.min_facts:
        return overlap.containment >= policy.strong_containment and overlap.n_facts - overlap.n_shared_facts <= 1
    if overlap.containment >= policy.strong_containment:
        return overlap.facts >= policy.strong_facts
    return overlap.containment >= policy.containment and overlap.facts >= policy.facts


def _may_repeat_itself(pair: _Pair, policy: DuplicatePolicy) -> bool:
    """Within one publisher a copy has the title or the date of the other, and more than frames in common."""
    overlap = pair.overlap
    is_one_title = _titles_agree(pair.article.title, pair.original.title, policy)
    if pair.gap > policy.same_family_apart:
        return is_one_title and min(overlap.containment, overlap.facts) >= policy.same_family_score
    if is_one_title:
        return True
    is_long = overlap.n_words >= policy.same_family_words
    return is_long and (pair.gap <= policy.same_family_date or overlap.containment >= policy.strong_containment)


def _rewrite_because(pair: _Pair, policy: DuplicatePolicy) -> str | None:
    overlap = pair.overlap
    if pair.is_one_family or overlap.n_words < policy.short_words or pair.gap > policy.rewrite_within:
        return None
    if _takes_from_house(pair.original, pair.article):
        return None
    follows_text = overlap.containment >= policy.overlap
    if follows_text and _has_passages(pair, policy):
        return "an excerpt" if overlap.length_ratio < policy.excerpt_ratio else "shared passages"
    if follows_text and _is_retold(pair, policy):
        return "has no facts of its own"
    follows_facts = overlap.n_facts >= policy.credited_min_facts and overlap.facts >= policy.credited_facts
    if (follows_text or follows_facts) and _credits(pair.article, pair.original):
        return f"credits {pair.article.agency}"
    return _named_source(pair.article, pair.original) if _follows_by_facts(pair, policy) else None


def _takes_from_house(original: Candidate, article: Candidate) -> bool:
    """Is the earlier text credited to the outlet of the later one? Then that one goes on with a report of its own."""
    credited = f"{original.agency or ''}\n{original.credit or ''}"
    return bool(credited.strip()) and names_any(credited, [article.source, article.family])


def _has_passages(pair: _Pair, policy: DuplicatePolicy) -> bool:
    """The more passages, the more facts of its own a text may have."""
    passages = shared_passages(pair.article.text, pair.original.text)
    return (passages >= policy.passages and pair.followed >= policy.passages_followed) or (
        passages >= policy.strong_passages and pair.followed >= policy.strong_passages_followed
    )


def _is_retold(pair: _Pair, policy: DuplicatePolicy) -> bool:
    """A short text of much-named people says nothing: both are to be of a length."""
    return (
        pair.overlap.length_ratio >= policy.retold_ratio
        and pair.followed >= policy.retold
        and len(pair.article.fingerprint.facts) >= policy.retold_min_facts
        and not _quotes_its_own(pair)
    )


def _quotes_its_own(pair: _Pair) -> bool:
    return has_own_quotations(pair.article.text, pair.original.fingerprint.shingles)


def _follows_by_facts(pair: _Pair, policy: DuplicatePolicy) -> bool:
    """Does the later text follow the earlier one, if it names its source or that is a release?"""
    n_shared = pair.overlap.n_shared_facts
    n_own = len(pair.article.fingerprint.facts) - n_shared
    if n_shared >= policy.named_min_facts and pair.followed >= policy.named_followed:
        return True
    is_quiet = n_shared >= policy.named_min_facts and pair.followed >= policy.named_quiet_followed
    is_short = n_shared >= policy.named_short_min_facts and n_own <= policy.named_short_own_facts
    is_short = is_short and pair.followed >= policy.named_short_followed
    return (is_quiet or is_short) and not _quotes_its_own(pair)


def _named_source(article: Candidate, original: Candidate) -> str | None:
    """Does the later article name the earlier one's outlet or agency, or credit somebody whom that one names too?"""
    known_as = [name for name in (original.agency, original.source, original.family) if name]
    if names_any(f"{article.text}\n{article.credit or ''}", known_as):
        return f"names {original.source}"
    if original.is_release:  # whoever reports on one names its issuer
        return f"follows a release of {original.source}"
    credit = article.credit or ""
    if not credit or len(credit.split()) > MAX_CREDIT_WORDS or names_any(credit, [article.source, article.family]):
        return None
    credited = names(f". {credit}")
    spelled = [word for word in credit.split() if fold(word).strip(" .,()") in credited]
    return f"credits {credit}" if names_any(f"{original.text}\n{original.credit or ''}", spelled) else None


def _credits(article: Candidate, original: Candidate) -> bool:
    """Does the later article name the agency that the earlier one comes from?"""
    if not article.agency:
        return False
    named = set(words(article.agency))
    return bool(named) and any(
        named <= set(words(origin)) or set(words(origin)) <= named
        for origin in (original.agency, original.source)
        if origin and words(origin)
    )


def _titles_agree(a: str, b: str, policy: DuplicatePolicy) -> bool:
    words_a, words_b = set(words(a)), set(words(b))
    if not words_a or not words_b:
        return fold(a).strip() == fold(b).strip()
    return len(words_a & words_b) >= policy.title_overlap * min(len(words_a), len(words_b))


def derive_groups(
    links: Iterable[DuplicateLink], appeared: Mapping[ArticleId, tuple[datetime, str]]
) -> dict[ArticleId, Copy]:
    """Each copy with its original; an article that is missing is an original or has no copies.

    `appeared` gives the moment and URL of each article. A star without chains: taken by (moment, URL, id), an article
    is a copy of the earliest original that it links to directly, and an original if it links to none. Depends on the
    set of links alone, not on their order. Whoever gets a new link derives the group again from all links among the
    articles reached through links.
    """
    by_article: dict[ArticleId, dict[ArticleId, DuplicateLink]] = {}
    for link in links:
        by_article.setdefault(link.article_id, {})[link.original_id] = link

    def order(article_id: ArticleId) -> tuple[datetime, str, ArticleId]:
        return (*appeared[article_id], article_id)

    copies: dict[ArticleId, Copy] = {}
    for article_id in sorted(by_article, key=order):
        originals = [original_id for original_id in by_article[article_id] if original_id not in copies]
        if originals:
            original_id = min(originals, key=order)
            copies[article_id] = Copy(original_id, by_article[article_id][original_id])
    return copies
