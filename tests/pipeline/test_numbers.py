"""Every number that a mail shows, in both parts, its head and its subject, is the one that SQL gives."""

from __future__ import annotations

from tests.pipeline.conftest import Run
from tests.pipeline.mails import counts_of, figures_of_html, figures_of_text


def test_every_number_in_the_html_part_is_what_sql_says(newsroom_run: Run) -> None:
    for told in newsroom_run.told:
        assert figures_of_html(told.html) == told.expected


def test_every_number_in_the_text_part_is_what_sql_says(newsroom_run: Run) -> None:
    for told in newsroom_run.told:
        assert figures_of_text(told.text) == told.expected


def test_the_subject_counts_what_the_mail_tells(newsroom_run: Run) -> None:
    for told in newsroom_run.told:
        subject = told.message["Subject"].removeprefix(f"{told.subscription}, ")
        assert counts_of(subject.partition(": ")[2]) == (told.expected.n_new_stories, told.expected.n_updates)


def test_what_a_short_digest_leaves_out_is_what_a_long_one_tells(newsroom_run: Run) -> None:
    told = {(one.recipient, one.message["Date"].datetime.day): one for one in newsroom_run.told}
    short, long = told["reader@mail.example", 20], told["all@mail.example", 20]
    assert len(short.expected.stories) == short.max_stories
    assert long.expected.n_left_out == 0
    assert short.expected.n_left_out == len(long.expected.stories) - short.max_stories
    assert short.expected.n_left_out > 0


def test_the_second_mail_tells_updates_with_what_was_told_before(newsroom_run: Run) -> None:
    second = [one for one in newsroom_run.told if one.message["Date"].datetime.day == 21]
    assert all(one.expected.n_updates > 0 for one in second)
    updates = [story for one in second for story in one.expected.stories if story.n_new is not None]
    assert any(story.n_new < story.n_accounted for story in updates if story.n_new is not None)
