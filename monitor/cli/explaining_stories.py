"""`monitor explain ARTICLE --story ID`: why an article is, or is not, in a story.

Loads what the language's stories are made of within the window around the article: seconds where that is 10,000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import monitor.cluster.stage
from monitor.cli.output import cell, number, out, print_table, short, wide
from monitor.cluster.assign import AssignPolicy, Member, member_of
from monitor.cluster.explain import Contribution, words_of_evidence
from monitor.cluster.explain_story import CANNOT, MUST, Fact, Placed, PlaceExplanation, StoryCase, explain_place
from monitor.cluster.features import SCHEME
from monitor.cluster.index import StoryIndex
from monitor.cluster.statistics import Statistics
from monitor.store import constraints, duplicates, memberships, stories
from monitor.store.engine import Connection
from monitor.types import Article, ArticleId, Story

N_EVIDENCE = 8
"""So many pieces of evidence are shown, the heaviest first."""


def explained_place(conn: Connection, article: Article, story: Story) -> tuple[StoryCase, PlaceExplanation]:
    """What is stored of an article and a story, and what is measured of them now."""
    n_articles, counts = stories.load_statistics(conn, story.language)
    index = StoryIndex(story.language, Statistics(story.language, n_articles=n_articles, counts=counts))
    held: dict[ArticleId, Member] = {}
    window = AssignPolicy().window
    rows = memberships.load_members(conn, story.language, since=article.first_seen_at - window, scheme=SCHEME)
    for row in rows:
        is_near = row.first_seen_at <= article.first_seen_at + window
        if row.story_id is not None and row.article_id != article.id and is_near:
            held[row.article_id] = monitor.cluster.stage.stored_member(row)
            index.restore(row.story_id, held[row.article_id])
    case = _case(conn, article, story)
    return case, explain_place(index, member_of(article), case, held)


def _case(conn: Connection, article: Article, story: Story) -> StoryCase:
    placing = memberships.find_placing(conn, article.id)
    facts = monitor.cluster.stage.facts_of(constraints.load_holding(conn), ())
    linked = stories.find_story_of(conn, duplicates.load_linked(conn, article.id))
    copy_ids = sorted(one for one, story_id in linked.items() if placing is not None and story_id == placing.story_id)
    members = {one.id for one in story.members} - {article.id}
    said = {MUST: facts.chain(article.id) & members, CANNOT: facts.apart(article.id) & members}
    return StoryCase(
        article_id=article.id,
        story_id=story.id,
        languages=(article.language, story.language),
        placed=None if placing is None else Placed(**asdict(placing)),
        is_locked=stories.is_locked(conn, story.id),
        facts=tuple(Fact(kind, one) for kind, ids in said.items() for one in sorted(ids)),
        copy_id=next(iter(copy_ids), None),
    )


def place_document(case: StoryCase, found: PlaceExplanation) -> dict[str, Any]:
    """Both for programs."""
    measured = asdict(found)
    because = measured.pop("because")
    return {
        "article": case.article_id,
        "story_id": case.story_id,
        "same_story": case.placed is not None and case.placed.story_id == case.story_id,
        "stored": None if case.placed is None else asdict(case.placed),
        "is_locked": case.is_locked,
        "facts": [asdict(fact) for fact in case.facts],
        "story": measured,
        "because": because,
    }


def print_place(case: StoryCase, found: PlaceExplanation, article: Article, story: Story) -> None:
    """Both for people."""
    things = [("article", article.id, article.title), ("story", story.id, story.title)]
    print_table(["", number("id"), wide("title")], things)
    out().print()
    print_table(["", wide("measured"), number("value"), number("needed")], _figures(found))
    lines = ["", f"terms: {_terms(found) or 'none in common'}"]
    if found.rivals:
        lines.append("other stories: " + ", ".join(f"{one.story_id} {one.score:.3f}" for one in found.rivals))
    lines += [f"guard: {guard}" for guard in found.guards]
    lines += [f"said by hand: {fact.kind} be with article {fact.article_id}" for fact in case.facts]
    if case.is_locked:
        lines.append("the story is locked")
    lines.append(f"stored: {_stored(case)}")
    for line in (*lines, "", found.because):
        out().print(cell(line))


def _figures(found: PlaceExplanation) -> list[tuple[str, str, str, str]]:
    rows = [("story", "probability", f"{found.score:.3f}", f"{found.bar:.3f}")]
    if found.bar > found.threshold:
        rows.append(("", "what any story must reach, before its days count", "", f"{found.threshold:.3f}"))
    rows += evidence_rows(found.contributions)
    rows.append(("", "rare terms shared with its nearest article", str(found.n_shared_rare), str(found.n_rare_needed)))
    if found.nearest is not None:
        rows += [
            ("nearest", f"similarity with article {found.nearest_id}", f"{found.nearest.score:.3f}", ""),
            ("", "of the texts, before time counts", f"{found.nearest.text:.3f}", ""),
            ("", "what the time between them leaves", f"{found.nearest.decay:.3f}", ""),
        ]
    return rows


def evidence_rows(contributions: Sequence[Contribution]) -> list[tuple[str, str, str, str]]:
    """The evidence that weighs most, with what each adds to the log-odds of one story."""
    heaviest = [one for one in contributions if one.added][:N_EVIDENCE]
    return [
        ("for" if one.added > 0 else "against", words_of_evidence(one.name), f"{one.value:.3f}", f"{one.added:+.2f}")
        for one in heaviest
    ]


def _terms(found: PlaceExplanation) -> str:
    terms = () if found.nearest is None else found.nearest.terms
    return ", ".join(f"{term.term} {term.weight:.3f}" for term in terms)


def _stored(case: StoryCase) -> str:
    placed = case.placed
    if placed is None:
        return "it is in no story yet"
    at = f"{short(placed.assigned_at)} UTC"
    return f"in story {placed.story_id} since {at}, because: {placed.because}, with a score of {placed.score:.3f}"
