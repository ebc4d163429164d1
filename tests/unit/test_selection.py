from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from monitor.digest.selection import SelectionPolicy, select, story_figures
from monitor.types import ArticleId, Digest, Hit, Origin, Story, StoryId, Subscription, ToldStory
from tests.chromium.sample_digest import NOW, SUBSCRIPTION, WATCHLIST_NAMES, WINDOW, article, hit, story, told

_DAY_M = 24 * 60


def _select(
    stories: Sequence[Story],
    *,
    told_stories: Sequence[ToldStory] = (),
    hits: Sequence[Hit] = (),
    subscription: Subscription = SUBSCRIPTION,
) -> Digest:
    by_article: Mapping[ArticleId, list[Hit]] = {each.article_id: [each] for each in hits}
    return select(
        stories,
        told={each.story_id: each for each in told_stories},
        hits_by_article=by_article,
        subscription=subscription,
        window=WINDOW,
        watchlist_names=WATCHLIST_NAMES,
    )


def _ids(digest: Digest) -> list[StoryId]:
    return [item.story.id for item in digest.items]


def test_a_story_not_told_yet_is_news() -> None:
    members = [article("A", "One", minutes_ago=60), article("B", "Two", minutes_ago=50)]
    (item,) = _select([story(1, members)]).items
    assert (item.is_update, item.n_new) == (False, 2)
    assert item.new_article_ids == {member.id for member in members}


def test_a_story_told_before_without_anything_new_is_not_told_again() -> None:
    a_story = story(1, [article("A", "One", minutes_ago=60), article("B", "Two", minutes_ago=50)])
    assert not _select([a_story], told_stories=[told(a_story, a_story.members)]).items


def test_a_new_report_makes_a_told_story_an_update() -> None:
    old, new = article("A", "One", minutes_ago=1500), article("B", "Two", minutes_ago=50)
    a_story = story(1, [old, new])
    (item,) = _select([a_story], told_stories=[told(a_story, [old])]).items
    assert (item.is_update, item.n_new, item.new_article_ids) == (True, 1, {new.id})


def test_new_copies_and_rewrites_alone_are_no_news() -> None:
    old = article("A", "One", minutes_ago=1500)
    a_story = story(
        1,
        [old, article("B", "One", minutes_ago=50, copy_of=old), article("C", "Uno", minutes_ago=40, rewrite_of=old)],
    )
    assert not _select([a_story], told_stories=[told(a_story, [old])]).items


def test_the_copies_that_come_with_a_new_report_are_counted_as_new() -> None:
    old, new = article("A", "One", minutes_ago=1500), article("B", "Two", minutes_ago=50)
    a_story = story(1, [old, new, article("C", "Two", minutes_ago=40, copy_of=new)])
    (item,) = _select([a_story], told_stories=[told(a_story, [old])]).items
    assert item.n_new == 2


def test_a_merged_story_is_an_update_under_its_new_id() -> None:
    old, new = article("A", "One", minutes_ago=1500), article("B", "Two", minutes_ago=50)
    before = story(1, [old])
    (item,) = _select([story(2, [old, new])], told_stories=[told(before, [old])]).items
    assert (item.is_update, item.n_new) == (True, 1)


def test_a_split_off_part_of_a_told_story_is_not_told_again() -> None:
    members = [article("A", "One", minutes_ago=1500), article("B", "Two", minutes_ago=1400)]
    assert not _select([story(2, members[1:])], told_stories=[told(story(1, members), members)]).items


def test_a_story_of_copies_alone_is_news_unless_their_original_was_told() -> None:
    original = article("A", "One", minutes_ago=100)
    copies_alone = story(2, [article("B", "One", minutes_ago=50, copy_of=original)])
    assert _ids(_select([copies_alone])) == [2]
    assert not _select([copies_alone], told_stories=[told(story(1, [original]), [original])]).items


def test_what_was_saved_late_is_still_told() -> None:
    late = story(1, [article("A", "One", minutes_ago=_DAY_M + 20 * 60)])  # seen before the window, not told
    assert _ids(_select([late])) == [1]


def test_what_was_seen_after_the_window_but_before_the_mail_is_told_now() -> None:
    assert _ids(_select([story(1, [article("A", "One", minutes_ago=0)])])) == [1]


def test_the_archive_is_not_news_to_a_new_subscription() -> None:
    assert not _select([story(1, [article("A", "One", minutes_ago=3 * _DAY_M)])]).items


def test_a_text_that_took_days_to_fetch_is_news_when_it_was_assigned_lately() -> None:
    late, archived = (story(n, [article("A", "One", minutes_ago=5 * _DAY_M)]) for n in (1, 2))
    digest = select(
        [late, archived],
        told={},
        hits_by_article={},
        subscription=SUBSCRIPTION,
        window=WINDOW,
        watchlist_names={},
        assigned=frozenset({late.members[0].id}),
    )
    assert _ids(digest) == [1]


def test_a_fresh_copy_does_not_bring_an_old_report_back() -> None:
    old = article("A", "One", minutes_ago=3 * _DAY_M)
    assert not _select([story(1, [old, article("B", "One", minutes_ago=10, copy_of=old)])]).items


def test_figures_come_from_the_members_and_not_from_the_stored_counts() -> None:
    wire = article("Wire", "One", minutes_ago=90, origin=Origin.AGENCY, agency="Wire")
    members = [
        wire,
        article("A", "One", minutes_ago=80, copy_of=wire),
        article("A", "Own view", minutes_ago=70),
        article("A", "Own view, continued", minutes_ago=65),
        article("B", "One, retold", minutes_ago=60, rewrite_of=wire),
        replace(article("C", "Two", minutes_ago=50), family="A"),
    ]
    (item,) = _select([story(1, members)]).items
    figures = (item.story.n_articles, item.story.n_publishers, item.story.n_independent, item.story.n_copies)
    assert figures == (6, 4, 2, 1)  # independent: the wire, and the family A with reports of its own


def test_a_story_of_copies_alone_still_had_one_report_somewhere() -> None:
    original = article("A", "One", minutes_ago=100)
    assert story_figures([article("B", "One", minutes_ago=50, copy_of=original)]).n_independent == 1


def test_independence_outranks_publishers_and_both_outrank_recency() -> None:
    first = article("A", "One", minutes_ago=900)
    many_copies = story(1, [first, *(article(f"P{n}", "One", minutes_ago=10, copy_of=first) for n in range(5))])
    independent = story(2, [article("A", "Two", minutes_ago=1000), article("B", "Zwei", minutes_ago=990)])
    three = story(3, [article(name, "Three", minutes_ago=1200) for name in "ABC"])
    assert _ids(_select([many_copies, independent, three])) == [3, 2, 1]


def test_a_story_of_one_publisher_comes_after_those_of_several() -> None:
    # Two voices in one paper: its own and an agency's.
    single = story(
        1,
        [article("A", "One", minutes_ago=5), article("A", "Wire", minutes_ago=4, origin=Origin.AGENCY, agency="Wire")],
    )
    first = article("B", "Two", minutes_ago=1000)
    several = story(2, [first, article("C", "Two", minutes_ago=990, copy_of=first)])
    assert _ids(_select([single, several])) == [2, 1]


def test_among_equals_the_more_recent_comes_first_and_hits_decide_within_hours() -> None:
    old = story(1, [article("A", "Old", minutes_ago=1200)])
    plain = story(2, [article("A", "Plain", minutes_ago=60)])
    wanted = story(3, [article("A", "Wanted", minutes_ago=120)])
    assert _ids(_select([old, plain, wanted], hits=[hit(wanted.members[0], "x"), hit(old.members[0], "x")])) == [
        3,
        2,
        1,
    ]


def test_the_order_does_not_depend_on_the_order_given() -> None:
    stories = [story(number, [article("A", str(number), minutes_ago=60)]) for number in range(1, 6)]
    assert _ids(_select(stories)) == _ids(_select(stories[::-1])) == [1, 2, 3, 4, 5]


def test_what_does_not_fit_is_counted() -> None:
    stories = [story(number, [article("A", str(number), minutes_ago=60)]) for number in range(1, 8)]
    digest = _select(stories, subscription=replace(SUBSCRIPTION, max_stories=3))
    assert (len(digest.items), digest.n_left_out) == (3, 4)


def test_a_subscription_with_watchlists_takes_only_stories_hit_by_them() -> None:
    wanted = story(1, [article("A", "One", minutes_ago=60)])
    other_list = story(2, [article("A", "Two", minutes_ago=60)])
    no_hit = story(3, [article("A", "Three", minutes_ago=60)])
    hits = [hit(wanted.members[0], "ceasefire"), hit(other_list.members[0], "ship", watchlist=2)]
    digest = _select(
        [wanted, other_list, no_hit], hits=hits, subscription=replace(SUBSCRIPTION, watchlists=("Ukraine talks",))
    )
    assert _ids(digest) == [1]
    assert digest.items[0].hits == (hits[0],)


def test_the_most_prominent_hits_come_first() -> None:
    a_story = story(1, [article("A", "One", minutes_ago=60), article("B", "Two", minutes_ago=60)])
    body = hit(a_story.members[0], "deep", prominence="body")
    title = hit(a_story.members[1], "loud", prominence="title")
    assert _select([a_story], hits=[body, title]).items[0].hits == (title, body)


def test_the_digest_says_which_window_it_stands_for() -> None:
    digest = _select([])
    assert (digest.window_start, digest.window_end, digest.items, digest.n_left_out) == (
        WINDOW.start_at,
        WINDOW.end_at,
        (),
        0,
    )


def test_the_policy_decides_how_late_news_may_be() -> None:
    a_story = story(1, [article("A", "One", minutes_ago=_DAY_M + 5)])
    digest = select(
        [a_story],
        told={},
        hits_by_article={},
        subscription=SUBSCRIPTION,
        window=WINDOW,
        watchlist_names={},
        policy=SelectionPolicy(late_s=0),
    )
    assert a_story.first_seen_at < NOW - timedelta(days=1)
    assert not digest.items
