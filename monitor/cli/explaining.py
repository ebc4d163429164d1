"""`monitor explain`: why two articles are, or are not, copies or one story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

import monitor.dedup.stage
from monitor.cli.explaining_stories import evidence_rows, explained_place, place_document, print_place
from monitor.cli.invocation import Json, current_store, settings_of
from monitor.cli.output import cell, number, out, plain, print_json, print_table, wide
from monitor.cluster.assign import member_of
from monitor.cluster.explain import StoryExplanation, explain_story
from monitor.cluster.statistics import Statistics
from monitor.dedup.explain import DuplicateExplanation, explain_duplicate
from monitor.errors import UsageError
from monitor.store import articles, duplicates, stories
from monitor.store.engine import Connection
from monitor.types import Article, StoryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is stored of two articles, and how the pair looks by itself."""

    same_copy_group: bool
    same_story: bool
    duplicate: DuplicateExplanation
    story: StoryExplanation
    because: str


def register(cli: typer.Typer) -> None:
    cli.command(name="explain")(explain)


def explain(
    context: typer.Context,
    first: Annotated[str, typer.Argument(metavar="ARTICLE", help="Number or URL of an article.")],
    second: Annotated[str | None, typer.Argument(metavar="ARTICLE", help="Number or URL of another one.")] = None,
    story: Annotated[int | None, typer.Option(metavar="ID", help="Number of a story, not another article.")] = None,
    as_json: Json = False,
) -> None:
    """Say why two articles are copies or one story, or not.

    With --story: why an article is in a story, or not. Shows the measured values beside the thresholds, and what
    weighs most.
    """
    if (second is None) == (story is None):
        raise UsageError("name two articles, or an article and a story: monitor explain ARTICLE --story ID")
    if second is None:
        _explain_place(context, first, story or 0, as_json)
    else:
        _explain_pair(context, first, second, as_json)


def _explain_place(context: typer.Context, name: str, story_id: int, as_json: bool) -> None:
    with current_store(settings_of(context)) as store, store.read() as conn:
        article, story = articles.get_article(conn, name), stories.get_story(conn, story_id)
        case, found = explained_place(conn, article, story)
    if as_json:
        print_json(place_document(case, found))
    else:
        print_place(case, found, article, story)


def _explain_pair(context: typer.Context, first: str, second: str, as_json: bool) -> None:
    with current_store(settings_of(context)) as store, store.read() as conn:
        a, b = articles.get_article(conn, first), articles.get_article(conn, second)
        if a.id == b.id:
            raise UsageError(f"{first} and {second} are the same article, number {a.id}; name two")
        found = _explained(conn, a, b)
    if as_json:
        print_json({"articles": [a.id, b.id], **plain(found)})
        return
    print_table([number("id"), "source", wide("title")], [(one.id, one.source, one.title) for one in (a, b)])
    out().print()
    duplicate, story = found.duplicate, found.story
    print_table(
        ["", wide("measured"), number("value"), number("needed")],
        [
            (
                "copies",
                "passages of the shorter text in the longer",
                _figure(duplicate.containment),
                _figure(duplicate.threshold),
            ),
            ("", "its numbers and names that do", _figure(duplicate.facts), _figure(duplicate.facts_threshold)),
            ("", "shared of all words (Jaccard)", _figure(duplicate.jaccard), ""),
            ("one story", "probability", _figure(story.score), _figure(story.threshold)),
            ("", "similarity of the texts, before time counts", _figure(story.text), ""),
            ("", "what the time between them leaves", _figure(story.decay), ""),
            ("", "rare terms that both have", story.n_shared_rare, story.n_rare_needed),
            *evidence_rows(story.contributions),
        ],
    )
    terms = ", ".join(f"{term.term} {term.weight:.3f}" for term in story.terms)
    for line in ("", f"terms: {terms or 'none in common'}", "", found.because):
        out().print(cell(line))


def _figure(value: float) -> str:
    return f"{value:.3f}"


def _explained(conn: Connection, a: Article, b: Article) -> Explanation:
    original_of = duplicates.load_originals(conn, [a.id, b.id])
    story_of = stories.find_story_of(conn, [a.id, b.id])
    n_articles, counts = stories.load_statistics(conn, a.language)
    candidates = [monitor.dedup.stage.candidate_of(one, monitor.dedup.stage.print_of(one)) for one in (a, b)]
    duplicate = explain_duplicate(*candidates)
    story = explain_story(
        member_of(a),
        member_of(b),
        Statistics(a.language, n_articles=n_articles, counts=counts),
    )
    same_copy_group = original_of.get(a.id, a.id) == original_of.get(b.id, b.id)
    in_stories = (story_of.get(a.id), story_of.get(b.id))
    return Explanation(
        same_copy_group=same_copy_group,
        same_story=in_stories[0] is not None and in_stories[0] == in_stories[1],
        duplicate=duplicate,
        story=story,
        because=f"{_copies(same_copy_group, duplicate)} {_one_story(a, b, in_stories, story)}",
    )


def _copies(same_copy_group: bool, duplicate: DuplicateExplanation) -> str:
    if duplicate.verdict not in {"none", "rewrite"}:
        group = "in one copy group" if same_copy_group else "but with different originals"
        return f"Copies ({duplicate.verdict}, {group}): {duplicate.because}."
    if same_copy_group:
        return f"Copies of one original, though not of each other: {duplicate.because}."
    return f"{'A rewrite' if duplicate.verdict == 'rewrite' else 'No copies'}: {duplicate.because}."


def _one_story(
    a: Article, b: Article, in_stories: tuple[StoryId | None, StoryId | None], story: StoryExplanation
) -> str:
    if None in in_stories:
        return f"Not both are in a story yet: {story.because}."
    reaches = story.score >= story.threshold and story.n_shared_rare >= story.n_rare_needed
    if in_stories[0] == in_stories[1]:
        link = "" if reaches else " Other articles of the story, or a copy, link them."
        return f"One story ({in_stories[0]}): {story.because}.{link}"
    two = f"Two stories ({in_stories[0]} and {in_stories[1]})"
    if a.language != b.language:
        return f"{two}: one is in {a.language}, the other in {b.language}, and a story keeps to one language."
    return f"{two}: {story.because}{', but other stories were as near' if reaches else ''}."
