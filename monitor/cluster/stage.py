"""Puts articles into stories: one assigner per language takes them in arrival order, after their duplicates are known.

What the assigner keeps in memory follows from stored rows alone: features, statistics, memberships and the facts of
people. So a restart, or another worker, goes on with the same answers; `monitor.replaying` proves it by deciding the
whole stored order once more. What a merge or split of stories leads to is saved with the arrival that it follows.

An article whose text became another one arrives again: it gets a new number, and at its new turn leaves its place and
is decided by its new features, among stories that it is no member of. So does one that lost its turn, because its text
took the language of stories that are past its number. One whose new text is in another language leaves the stories of
the old one at the same place of the order, so their assigner has to begin again from what is stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

import structlog

from monitor.app import App
from monitor.cluster.assign import SCHEME as STORIES
from monitor.cluster.assign import AssignPolicy, Member, event_time, member_of
from monitor.cluster.centre import N_CONSIDERED, N_SPELLING, Report, by_centrality, key_words, speaking
from monitor.cluster.facts import Facts
from monitor.cluster.features import MAX_BODY_CHARS, Features, features, is_other
from monitor.cluster.features import SCHEME as FEATURES
from monitor.cluster.index import StoryIndex
from monitor.cluster.placing import StoryKeeper
from monitor.cluster.revise import Change, Merge
from monitor.cluster.statistics import Statistics
from monitor.errors import LeaseLostError
from monitor.store import articles, constraints, descriptions, duplicates, memberships, older_features, stories
from monitor.store.arrivals import arrive_again
from monitor.store.constraints import Constraint
from monitor.store.engine import Connection, is_trouble
from monitor.store.memberships import Arrival, Standing
from monitor.store.rearranging import load_members, plain_led, rearrange
from monitor.store.story_log import ASSIGNER, log_moves
from monitor.types import Article, ArticleId, Progress, StoryId

log = structlog.get_logger()

BATCH = 50
LEASE_S = 120.0
"""How long one batch may take before another worker may go on with the language."""
FORGET_EVERY = timedelta(hours=12)
_ROOM = 2 * BATCH
"""So many articles more than twice those that were kept are held before an archive lets the assigner forget again."""
_NEW = -1
"""Stands for a story that is to begin."""


@dataclass(slots=True)
class Assigner:
    """What one language's assigner remembers, and the state of the database that it corresponds to."""

    keeper: StoryKeeper
    last_arrival_no: int
    since: datetime
    """What was first seen before is not held."""
    tidied_at: datetime
    n_kept: int
    """How many articles were held then."""
    undescribed: list[StoryId]
    """Stories whose membership changed without an assigner, or that are of a time before stories were described."""


def run(app: App, *, batch: int = BATCH) -> Progress:
    """Assign a batch of articles of one language; `next_at` tells when the lease of a lost assigner ends.

    Or now, where this run could not do what is due and the next one can.
    """
    now = app.clock()
    with app.store.begin() as conn:
        claimed = stories.claim_language(conn, now=now, lease_s=LEASE_S)
        stories.close_quiet(conn, now - timedelta(days=app.settings.stories.quiet_days), now)
        if claimed is None:
            return Progress(next_at=stories.next_assign_at(conn, now))
    language, leased_until = claimed
    held = app.memory.get(_key(language))
    try:
        assigner = _assigner(app, language, now, batch=batch)
        if assigner is not held:  # what took long to remember is kept, also where somebody else has the lease by now
            now = app.clock()
            with app.store.begin() as conn:
                mine = stories.take_language(conn, language, now=now, lease_s=LEASE_S, mine=leased_until)
            if mine is None:
                return Progress(n_failed=1, next_at=now)
            leased_until = mine
        progress = _assign_batch(app, assigner, language, leased_until, batch=batch)
    except BaseException:
        app.memory.pop(_key(language), None)  # it may know of members that were rolled back
        with app.store.begin() as conn:
            stories.release_language(conn, language, leased_until)
        raise
    return progress


def _key(language: str) -> str:
    return f"assigner:{language}"


def _assign_batch(app: App, assigner: Assigner, language: str, leased_until: datetime, *, batch: int) -> Progress:
    """Assign up to the first article that fails: those behind it would be decided without it."""
    now = app.clock()
    n_done = n_failed = 0
    next_at: datetime | None = None
    statistics = assigner.keeper.index.statistics
    with app.store.begin() as conn:
        ids = stories.load_unassigned(conn, language, batch)
        if stories.last_assigned_no(conn, language) != assigner.last_arrival_no:
            raise LeaseLostError(f"another worker assigned articles of language {language} meanwhile")
        work = _batch_of(conn, ids, statistics)
        for _ in range(min(batch, len(assigner.undescribed))):
            _describe(conn, assigner.keeper.index, assigner.undescribed.pop(), loaded=work.loaded)
        for article_id in ids:
            if work.loaded[article_id].first_seen_at - AssignPolicy().window < assigner.since:
                # Out of an archive, and came after the look at how far back to remember: the next run looks again.
                next_at = now
                break
            try:
                with conn.begin_nested():
                    stems = _assign(conn, assigner, work, article_id, leased_until=leased_until, now=now)
            except LeaseLostError:
                raise
            except Exception as error:
                if is_trouble(error):
                    raise
                app.memory.pop(_key(language), None)
                set_aside = stories.note_failure(conn, article_id, language)
                log.exception("assign.failed", article_id=article_id, set_aside=set_aside)
                n_failed = 1
                break
            n_done += 1
            work.note(article_id, stems)
            work.halve_terms(conn, statistics)
        work.count_terms(conn, language)
        memberships.mark_decided(conn, work.decided)
        stories.release_language(conn, language, leased_until)
    _let_arrive_again(app, [work.loaded[one] for one in work.again])
    if assigner.keeper.index.statistics.n_halvings:
        app.memory.pop(_key(language), None)  # restored from what is left, it is rid of the words that were forgotten
    return Progress(n_done=n_done, n_failed=n_failed, next_at=next_at)


def _let_arrive_again(app: App, lost: Iterable[Article]) -> None:
    """Give articles that lost their turn a new one. Until they have it they only lose the old one again."""
    for article in lost:
        with app.store.begin() as conn:
            arrive_again(conn, article.id, app.clock(), instead_of=_number(article))


@dataclass(slots=True, kw_only=True)
class _Batch:
    """What is known of some articles before the first is decided, and what is yet to be written of those that were."""

    loaded: Mapping[ArticleId, Article]
    linked: Mapping[ArticleId, Sequence[ArticleId]]
    standing: Collection[ArticleId]
    """Those that are in a story already: nobody else puts one there meanwhile."""
    n_halvings: int
    decided: list[ArticleId] = field(default_factory=list)
    again: list[ArticleId] = field(default_factory=list)
    uncounted: list[Sequence[str]] = field(default_factory=list)

    def note(self, article_id: ArticleId, stems: Sequence[str] | None) -> None:
        """What `_assign` returned of an article."""
        (self.again if stems is None else self.decided).append(article_id)
        if stems:
            self.uncounted.append(stems)

    def halve_terms(self, conn: Connection, statistics: Statistics) -> None:
        """Where the counts in memory were halved after the last article, those that are kept follow."""
        if statistics.n_halvings > self.n_halvings:
            self.count_terms(conn, statistics.language)
            self.n_halvings = statistics.n_halvings
            stories.halve_statistics(conn, statistics.language)

    def count_terms(self, conn: Connection, language: str) -> None:
        """Once for what many articles have, which most of their terms are."""
        memberships.count_terms(conn, language, self.uncounted)
        self.uncounted.clear()


def _batch_of(conn: Connection, ids: Sequence[ArticleId], statistics: Statistics) -> _Batch:
    return _Batch(
        loaded=articles.load_articles(conn, ids),
        linked=duplicates.load_linked_of(conn, ids),
        standing=frozenset(stories.find_story_of(conn, ids)),
        n_halvings=statistics.n_halvings,
    )


def _assign(
    conn: Connection, assigner: Assigner, work: _Batch, article_id: ArticleId, *, leased_until: datetime, now: datetime
) -> Sequence[str] | None:
    """Decide one article; the stems that are to be counted with it, or None where it must arrive again."""
    article = work.loaded[article_id]
    member = member_of(article)
    standing = memberships.find_standing(conn, article.id, FEATURES) if article.id in work.standing else None
    if standing is not None and (standing.is_locked or _stays(standing, article, member)):
        memberships.renew_story(conn, standing.story_id)  # its headline may have changed with the text
        return ()
    if not _has_turn(conn, assigner, standing, article):
        return None
    keeper = assigner.keeper
    keeper.index.remove(article.id)
    follows_id, original = _story_of_linked(conn, article, work.linked.get(article.id, ()))
    concerned = stories.find_story_of(conn, keeper.facts.concerned(article.id), language=article.language)
    decision = keeper.decide(member, follows=original, story_of=concerned)
    chosen = memberships.NewMember(
        article=article,
        story_id=decision.story_id,
        score=decision.score,
        because=decision.because,
        scheme=STORIES,
        features_scheme=FEATURES,
        features=member.features.to_bytes(),
        follows_id=follows_id,
    )
    story_id = memberships.save_member(conn, chosen, before=standing, leased_until=leased_until, now=now)
    keeper.add(story_id, member)
    apart = keeper.facts.kept_apart() if decision.also else ()
    change = keeper.revise(member, decision, stories.find_story_of(conn, apart, language=article.language))
    touched = {story_id} if standing is None else {story_id, standing.story_id}
    if change is not None:
        part_id = _save_change(conn, change, arrival_no=_number(article), now=now)
        keeper.apply(change, part_id)
        touched |= {change.kept_id if isinstance(change, Merge) else part_id or story_id}
    for each in sorted(touched):
        _describe(conn, keeper.index, each, beside=member, loaded=work.loaded)
    assigner.last_arrival_no = _number(article)
    return member.features.stems


def _describe(
    conn: Connection,
    index: StoryIndex,
    story_id: StoryId,
    *,
    beside: Member | None = None,
    loaded: Mapping[ArticleId, Article],
) -> None:
    """Say anew which article stands for a story, and by what it is known; nothing where no member is held any more.

    By the members within the window before the article that touched it, as the comparison that put it there. `loaded`:
    articles whose texts are at hand.
    """
    ids = index.members(story_id, beside=beside)[-N_CONSIDERED:]
    members = []
    for article_id, seen in sorted(descriptions.load_appearances(conn, ids).items()):
        terms, kind = index.vector_of(article_id)
        members.append(Report(article_id=article_id, vector=terms, kind=kind, **asdict(seen)))
    ranked = by_centrality(speaking(members), index.statistics)
    if not ranked:
        return
    ids = [one.article_id for one in ranked[:N_SPELLING]]
    others = articles.load_articles(conn, [one for one in ids if one not in loaded])
    central = [loaded.get(one) or others[one] for one in ids]
    known_by = key_words(ranked, [f"{one.title}\n{one.text[:MAX_BODY_CHARS]}" for one in central], index.statistics)
    descriptions.save_description(conn, story_id, central[0], key_terms=known_by.terms, key_names=known_by.names)


def _save_change(conn: Connection, change: Change, *, arrival_no: int, now: datetime) -> StoryId | None:
    """Write what a merge or split leads to; the id of the story that a split began."""
    if isinstance(change, Merge):
        action, story_id = "merged", change.kept_id
        placed: dict[ArticleId, int] = dict.fromkeys(load_members(conn, change.gone_id), change.kept_id)
    else:
        action, story_id = "split", change.story_id
        placed = dict.fromkeys(change.moved_ids, _NEW)
    done = rearrange(conn, placed, now=now)
    details = {"because": change.because, "between": change.between, "bar": change.bar, "led": plain_led(done.led)}
    log_moves(conn, story_id, done.moves, action=action, who=ASSIGNER, details=details, now=now, arrival_no=arrival_no)
    return done.new_ids.get(_NEW)


def _stays(standing: Standing, article: Article, member: Member) -> bool:
    """Whether an article that is in a story tells of the same as when it was put there."""
    if standing.features is None or standing.language != article.language:
        return False
    return not is_other(Features.from_bytes(standing.features), member.features)


def _has_turn(conn: Connection, assigner: Assigner, standing: Standing | None, article: Article) -> bool:
    """Whether nothing behind it in the order was decided yet, also in another language whose stories it leaves."""
    if _number(article) <= assigner.last_arrival_no:
        return False
    if standing is None or standing.language == article.language:
        return True
    return stories.pass_over(conn, standing.language, _number(article))


def _assigner(app: App, language: str, now: datetime, *, batch: int) -> Assigner:
    """The assigner in memory when nobody else worked on the language since, else one restored from stored rows.

    It reaches as far back as the next articles need, which may come out of an archive. The lease keeps others away
    meanwhile, so this reads outside of the write transaction.
    """
    held: Assigner | None = app.memory.get(_key(language))
    with app.store.read() as conn:
        oldest = stories.oldest_unassigned(conn, language, 2 * batch)
    window = AssignPolicy().window
    since = _horizon(now) if oldest is None else min(_horizon(now), oldest - 2 * window)
    if held is None or (oldest is not None and held.since > oldest - window):
        # A window further back than is needed: an archive that goes back in time is not restored for each batch.
        renew_features(app, language, since=since)
        held = None
    with app.store.read() as conn:
        if held is None or held.last_arrival_no != stories.last_assigned_no(conn, language):
            held = app.memory[_key(language)] = _restore(conn, language, since, now=now)
    if now - held.tidied_at > FORGET_EVERY or _has_outgrown(held, since):
        held.keeper.index.forget(since)
        held.since, held.tidied_at, held.n_kept = since, now, len(held.keeper.index)
    return held


def _has_outgrown(held: Assigner, since: datetime) -> bool:
    """Whether an archive of years, which goes on from window to window, left more behind than it needs."""
    has_gone_on = since - held.since > AssignPolicy().window
    return has_gone_on and len(held.keeper.index) > 2 * held.n_kept + _ROOM


def _restore(conn: Connection, language: str, since: datetime, *, now: datetime) -> Assigner:
    n_articles, counts = stories.load_statistics(conn, language)
    index = StoryIndex(language, Statistics(language, n_articles=n_articles, counts=counts))
    for row in memberships.load_members(conn, language, since=since, scheme=FEATURES):
        if row.story_id is not None:
            index.restore(row.story_id, stored_member(row))
    facts = facts_of(constraints.load_holding(conn), constraints.load_locked(conn, language))
    last_arrival_no = stories.last_assigned_no(conn, language)
    keeper = StoryKeeper(index, facts=facts)
    undescribed = descriptions.load_undescribed(conn, language)
    return Assigner(
        keeper=keeper,
        last_arrival_no=last_arrival_no,
        since=since,
        tidied_at=now,
        n_kept=len(index),
        undescribed=undescribed,
    )


def facts_of(holding: Iterable[Constraint], locked: Iterable[StoryId]) -> Facts:
    """The stored facts of people, as assignment asks for them."""
    pairs: dict[str, list[tuple[ArticleId, ArticleId]]] = {constraints.MUST: [], constraints.CANNOT: []}
    for each in holding:
        pairs[each.kind].append((each.a_id, each.b_id))
    return Facts.of(must=pairs[constraints.MUST], cannot=pairs[constraints.CANNOT], locked=locked)


def renew_features(app: App, language: str, *, since: datetime) -> int:
    """Compute the features of articles in stories that have none of today's scheme, from their texts of then; how many.

    They are saved as it goes on, so what takes long is done once, and an interrupted run goes on where it was.
    """
    n_renewed = 0
    while True:
        with app.store.begin() as conn:
            outdated = older_features.load_outdated(conn, language, since=since, scheme=FEATURES, limit=BATCH)
            for row in outdated:
                decided = older_features.load_decided(conn, row)
                body = features(decided.title, decided.text, language).to_bytes()
                older_features.save_features_anew(conn, row, scheme=FEATURES, body=body)
        if not outdated:
            return n_renewed
        n_renewed += len(outdated)
        log.info("features.renewed", language=language, n_articles=len(outdated), scheme=FEATURES)


def stored_member(row: Arrival) -> Member:
    """An assigned article as it was when it was decided, whatever its text is today."""
    return Member(
        article_id=row.article_id,
        features=Features.from_bytes(row.features),
        event_at=event_time(row.published_at, row.first_seen_at),
        seen_at=row.first_seen_at,
        family=row.family,
    )


def _horizon(now: datetime) -> datetime:
    # Twice the window: an article whose text took days to fetch still meets all that was young when it was first seen.
    return now - 2 * AssignPolicy().window


def _story_of_linked(
    conn: Connection, article: Article, linked_ids: Sequence[ArticleId]
) -> tuple[ArticleId, StoryId] | tuple[None, None]:
    """The earliest arrived article that this one repeats or is repeated by, and its story."""
    linked = articles.load_articles(conn, linked_ids).values()
    in_stories = stories.find_story_of(conn, [other.id for other in linked], language=article.language)
    first = min((other for other in linked if other.id in in_stories), key=_number, default=None)
    return (None, None) if first is None else (first.id, in_stories[first.id])


def _number(article: Article) -> int:
    return article.arrival_no or 0
