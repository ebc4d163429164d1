"""Kept pages that are read again, beside whoever saves newer texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.errors import LeaseLostError
from monitor.query.forms import forms_of
from monitor.store import given_texts, merging, page_work, pages
from monitor.store.engine import Connection, Store
from monitor.store.given_texts import GivenArticle
from monitor.store.page_work import Chosen, PageToReread
from monitor.types import ArticleId, Method
from tests.store.rows import DAY, HOUR, NOW, add_article, article_row, claim_page, extracted, response, save_text

OLD, NEW = "The text of the older page.", "Quite another text that a newer page gave an hour later."


def claimed(conn: Connection) -> tuple[ArticleId, PageToReread]:
    """An article whose kept page somebody reads again just now."""
    article_id = add_article(conn)
    fetched = replace(claim_page(conn, article_id), response=response())
    pages.save_article(conn, fetched, extracted("Title", OLD, method=Method.PAGE), NOW)
    assert page_work.mark_to_reread(conn, Chosen(), NOW + HOUR) == (1, 0)
    (page,) = page_work.claim_to_reread(conn, now=NOW + HOUR, lease_s=60, limit=9)
    return article_id, page


def test_what_a_kept_page_gives_never_replaces_the_text_of_a_newer_one(store: Store) -> None:
    with store.begin() as conn:
        article_id, page = claimed(conn)
        assert save_text(conn, article_id, now=NOW + HOUR, title="Title", body=NEW, method=Method.PAGE)
    with pytest.raises(LeaseLostError), store.begin() as conn:
        page_work.save_reread(conn, page, extracted("Title", OLD), revision=None, now=NOW + HOUR)
    with store.begin() as conn:
        assert article_row(conn, article_id)["text"] == NEW
        (again,) = page_work.claim_to_reread(conn, now=NOW + HOUR, lease_s=60, limit=9)
    assert again.text == NEW


def test_what_a_kept_page_gives_never_replaces_a_text_that_somebody_handed_over(store: Store) -> None:
    with store.begin() as conn:
        article_id, page = claimed(conn)
        article = extracted("Title", NEW, method=Method.GIVEN)
        given = GivenArticle(article=article, forms=forms_of("Title", NEW))
        given_texts.save_change(conn, article_id, given, NOW + HOUR)
    with pytest.raises(LeaseLostError), store.begin() as conn:
        page_work.save_reread(conn, page, extracted("Title", OLD), revision=None, now=NOW + HOUR)
    with store.begin() as conn:
        assert article_row(conn, article_id)["text"] == NEW
        assert page_work.claim_to_reread(conn, now=NOW + DAY, lease_s=60, limit=9) == []


def test_a_merged_article_is_read_again_from_the_page_of_its_own_text(store: Store) -> None:
    with store.begin() as conn:
        ids = []
        for name, moment in (("own", NOW), ("other", NOW + HOUR)):
            ids.append(add_article(conn, f"https://one.example/{name}"))
            page = response(f"https://one.example/{name}", name.encode())
            fetched = replace(claim_page(conn, ids[-1], now=moment), response=page)
            pages.save_article(
                conn, fetched, extracted("Title", f"Text of the {name} page.", method=Method.PAGE), moment
            )
        own, other = ids
        merging.merge_articles(conn, other, own, because="test", now=NOW + HOUR)
        page_work.mark_to_reread(conn, Chosen(), NOW + HOUR)
        (again,) = page_work.claim_to_reread(conn, now=NOW + HOUR, lease_s=60, limit=9)
    assert (again.id, again.text, again.response.body) == (own, "Text of the own page.", b"own")
