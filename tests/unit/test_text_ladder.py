"""Which text of a page, its declarations and its feed becomes the article, and what leaves it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.extract.boilerplate import without_boilerplate
from monitor.extract.candidates import Candidate, agree, choose, is_suspicious
from monitor.extract.cleaning import Cleaned
from monitor.extract.json_ld import is_free
from monitor.extract.kinds import what_is_no_page
from monitor.extract.page import extract_article
from monitor.extract.paragraphs import declared_paragraphs, paragraphs_of
from monitor.extract.tree import parse_page
from monitor.types import Access, ExtractedArticle, FeedHints, Method, Reason

URL = "https://www.northpost.example/world/summit"
SENTENCES = [
    f"The harbour of town number {n} was closed on Monday while inspectors looked at the quays and cranes."
    for n in range(8)
]
BLOB = " ".join(SENTENCES)


def page(content: str, *, ld: Any = None, title: str = "Harbours of the north closed for a day") -> bytes:
    script = f'<script type="application/ld+json">{json.dumps(ld)}</script>' if ld else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{script}</head><body><main>'
        f"<article><h1>{title}</h1>{content}</article></main></body></html>"
    ).encode()


def paragraphs(sentences: list[str]) -> str:
    return "".join(f"<p>{sentence}</p>" for sentence in sentences)


def declared(body: str, **values: Any) -> dict[str, Any]:
    given = {"@type": "NewsArticle", "headline": "Harbours of the north closed for a day", "articleBody": body}
    return {**given, **values}


def article(body: bytes, hints: FeedHints | None = None, *, url: str = URL) -> ExtractedArticle:
    found = extract_article(body, url=url, content_type="text/html", status=200, hints=hints or FeedHints())
    assert isinstance(found, ExtractedArticle)
    return found


def candidate(method: Method, *lines: str) -> Candidate:
    return Candidate(cleaned=Cleaned(paragraphs=lines), method=method)


# --- the ladder ----------------------------------------------------------------------------------------------------


def test_a_declared_body_stands_in_for_a_page_that_shows_only_its_beginning() -> None:
    found = article(page(paragraphs(SENTENCES[:2]), ld=declared(BLOB)))
    assert found.method is Method.JSON_LD
    assert found.text.replace("\n", " ") == BLOB


def test_a_declared_teaser_does_not_replace_the_page() -> None:
    found = article(page(paragraphs(SENTENCES), ld=declared(f"{SENTENCES[0]} ...")))
    assert (found.method, found.text.splitlines()) == (Method.PAGE, SENTENCES)


def test_a_declared_body_that_only_repeats_the_page_leaves_its_paragraphs() -> None:
    assert article(page(paragraphs(SENTENCES), ld=declared(BLOB))).method is Method.PAGE


def test_markup_and_entities_in_a_declared_body_are_resolved_also_when_escaped_twice() -> None:
    assert declared_paragraphs("<p>Salt &amp; pepper.</p><p>Two.</p><p>Three.</p>", []) == [
        "Salt & pepper.",
        "Two.",
        "Three.",
    ]
    assert declared_paragraphs("&lt;p&gt;One &amp;amp; two.&lt;/p&gt;&lt;p&gt;Three.&lt;/p&gt;", []) == [
        "One & two.",
        "Three.",
    ]


def test_a_declared_body_in_one_piece_is_cut_where_the_page_has_paragraphs() -> None:
    assert declared_paragraphs(BLOB, SENTENCES[:2]) == [*SENTENCES[:2], " ".join(SENTENCES[2:])]


def test_the_body_of_another_article_is_not_taken() -> None:
    other = " ".join(
        f"Bakers in street {n} of the capital raised the price of bread again this week." for n in range(20)
    )
    foreign = declared(other, headline="Bread dearer", url="https://www.northpost.example/bread")
    assert article(page(paragraphs(SENTENCES), ld=foreign)).method is Method.PAGE
    own = declared(BLOB, url=URL)
    found = article(page(paragraphs(SENTENCES[:2]), ld=[foreign, own]))
    assert found.text.replace("\n", " ") == BLOB


def test_the_feed_s_content_wins_where_page_and_declaration_have_less() -> None:
    hints = FeedHints(title="T", content=paragraphs(SENTENCES))
    found = article(page(paragraphs(SENTENCES[:3]), ld=declared(SENTENCES[0])), hints)
    assert (found.method, found.text.splitlines()) == (Method.FEED_CONTENT, SENTENCES)


def test_a_greedy_reading_has_to_bring_half_as_much_again() -> None:
    text = candidate(Method.PAGE, *SENTENCES[:4])
    assert choose([text, candidate(Method.PAGE_RECALL, *SENTENCES[:5])]) is text
    more = candidate(Method.PAGE_RECALL, *SENTENCES)
    assert choose([text, more]) is more


def test_menus_are_worth_nothing() -> None:
    menu = candidate(Method.PAGE_RECALL, *(["Home", "World news", "Sports and weather"] * 100))
    text = candidate(Method.PAGE, SENTENCES[0])
    assert choose([menu, text]) is text


def test_a_text_without_any_sentence_is_better_than_none() -> None:
    listing = candidate(Method.PAGE, "Home 2", "Away 1")
    assert choose([listing]) is listing
    assert choose([]) is None


def test_little_text_beside_many_paragraphs_is_suspicious() -> None:
    long = candidate(Method.PAGE, *SENTENCES)
    assert not is_suspicious(long, lambda: len(BLOB))
    assert is_suspicious(long, lambda: 3 * len(BLOB))
    assert is_suspicious(candidate(Method.PAGE, SENTENCES[0]), lambda: 0)
    assert is_suspicious(None, lambda: 0)


def test_texts_agree_when_one_holds_the_other() -> None:
    assert agree(BLOB, SENTENCES[3])
    assert not agree(BLOB, "Bakers in the capital raised the price of bread again this week, the third time this year.")
    assert not agree("", BLOB)


# --- what leaves ---------------------------------------------------------------------------------------------------


def test_learned_sentences_leave_at_both_ends_and_stay_in_the_middle() -> None:
    learned = ("Follow the North Post on all channels.", "Read by Ann.")
    lines = ["Read by Ann.", *SENTENCES[:2], learned[0], *SENTENCES[2:4], f"{SENTENCES[4]} {learned[0]}"]
    kept = without_boilerplate(lines, learned)
    assert kept == (*SENTENCES[:2], learned[0], *SENTENCES[2:5])
    hints = FeedHints(boilerplate=learned)
    assert article(page(paragraphs([*SENTENCES, learned[0]])), hints).text.splitlines() == SENTENCES


def test_a_text_that_is_nothing_but_learned_sentences_stays() -> None:
    assert without_boilerplate(["The price of gold did not change."], ["The price of gold did not change."])


@given(st.lists(st.text(max_size=40), max_size=8), st.lists(st.text(max_size=40), max_size=4))
def test_learned_sentences_never_empty_a_text(lines: list[str], learned: list[str]) -> None:
    assert bool(without_boilerplate(lines, learned)) is bool(lines)


def test_a_text_that_stands_twice_is_said_once_and_a_refrain_stays() -> None:
    long = [sentence * 2 for sentence in SENTENCES]
    assert paragraphs_of("\n".join([*long, *long])) == long
    song = ["Oh captain!", SENTENCES[0], "Oh captain!", SENTENCES[1], "Oh captain!"]
    assert paragraphs_of("\n".join(song)) == song


def test_titles_and_stamps_that_stand_alone_leave() -> None:
    text = f"2019-11-19T08:57:40+01:00\n{SENTENCES[0]}\nHarbours of the north closed\n***"
    assert paragraphs_of(text, titles=["Harbours of the north closed"]) == [SENTENCES[0]]


def test_a_paragraph_that_is_a_link_leaves_and_one_with_a_link_stays() -> None:
    link = '<p><strong><a href="/x">QUAYS OF THE SOUTH TO CLOSE AS WELL</a></strong></p>'
    inside = f'<p>{SENTENCES[5]} <a href="/y">The list of harbours</a> was published by the ministry on Sunday.</p>'
    found = article(page(paragraphs(SENTENCES[:4]) + link + inside + paragraphs(SENTENCES[6:])))
    assert "QUAYS OF THE SOUTH" not in found.text
    assert "The list of harbours was published" in found.text


def test_a_bubble_of_links_inside_a_sentence_leaves() -> None:
    links = "".join(f'<a href="/{n}">More about the minister, part {n}</a>' for n in range(4))
    content = (
        f'<p>The minister <span><a href="/m">Ann Lee</a><span>{links}</span></span> opened the quay on Monday.</p>'
    )
    found = article(page(paragraphs(SENTENCES) + content + paragraphs(["It was raining, and nobody else came."])))
    assert "The minister Ann Lee opened the quay on Monday." in found.text


def test_a_quoted_message_is_part_of_the_article() -> None:
    said = "<p>We will open the quay again on Friday, all of it.</p>"
    message = f'<div class="social-widget"><blockquote class="twitter-tweet">{said}</blockquote></div>'
    found = article(page(paragraphs(SENTENCES[:4]) + message + paragraphs(SENTENCES[4:])))
    assert "We will open the quay again on Friday" in found.text


# --- bytes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "declared_as"),
    [("utf-8", "iso-8859-1"), ("cp1251", "windows-1251"), ("utf-16", "utf-16"), ("cp1252", "iso-8859-1")],
)
def test_pages_are_decoded_by_their_bytes_first(encoding: str, declared_as: str) -> None:
    text = "Гавань закрыта" if encoding == "cp1251" else "Où est le “quai”?"
    html = f'<html><head><meta charset="{declared_as}"></head><body><p>{text}</p></body></html>'
    root = parse_page(html.encode(encoding))
    assert root is not None
    assert "".join(root.itertext()) == text


def test_one_wrong_byte_does_not_turn_a_page_into_another_encoding() -> None:
    root = parse_page(b"<html><body><p>" + ("Où été " * 200).encode() + b"\xff</p></body></html>")
    assert root is not None
    assert "Où été" in "".join(root.itertext())


def test_bytes_tell_what_a_page_is_before_its_type_does() -> None:
    assert what_is_no_page(b"<!doctype html><p>x", "application/pdf") is None
    assert what_is_no_page(b"\n%PDF-1.4", "text/html") is Reason.PDF
    assert what_is_no_page(b"....", "audio/mpeg") is Reason.MEDIA
    assert what_is_no_page(b"{}", "application/json") is Reason.NOT_HTML


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    found = extract_article(b"<html>" + body, url=URL, content_type=None, status=200, hints=FeedHints())
    assert isinstance(found, ExtractedArticle | Reason)


# --- access --------------------------------------------------------------------------------------------------------


def test_a_part_that_is_to_be_paid_for_makes_a_paywall_unless_the_article_says_otherwise() -> None:
    part = {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".rest"}
    assert is_free([{"hasPart": part}]) is False
    assert is_free([{"hasPart": [part], "isAccessibleForFree": "True"}]) is True
    assert is_free([{}]) is None
    other = {"@type": "NewsArticle", "isAccessibleForFree": False}
    assert is_free([{"@type": "NewsArticle", "headline": "x"}, other]) is None


def test_whatever_a_host_for_consent_says_is_no_article() -> None:
    found = extract_article(
        page(paragraphs(SENTENCES), title="Welcome"),
        url="https://consent.portal.example/v2/collect?session=1",
        content_type="text/html",
        status=200,
        hints=FeedHints(summary="Harbours were closed for a day."),
    )
    assert isinstance(found, ExtractedArticle)
    assert (found.access, found.method) == (Access.CONSENT, Method.FEED_SUMMARY)


def test_the_whole_declared_text_behind_a_paywall_is_read_and_marked() -> None:
    found = article(page(paragraphs(SENTENCES[:1]), ld=declared(BLOB, isAccessibleForFree=False)))
    assert (found.access, found.method) == (Access.PAYWALL, Method.JSON_LD)
