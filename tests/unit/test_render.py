from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from zoneinfo import ZoneInfo

import pytest
from lxml import html as lxml_html

from monitor.digest.presentation import safe_link, tongue_of
from monitor.digest.render import Letterhead, build_message, recipient_message_id, render
from monitor.digest.selection import select
from monitor.digest.wording import clipped, counted, joined, when_words
from monitor.types import Digest, Hit, RenderedMail, Story, StoryMember, Subscription, ToldStory
from tests.chromium.sample_digest import (
    HOSTILE_HEADLINES,
    NOW,
    SUBSCRIPTION,
    WATCHLIST_NAMES,
    WINDOW,
    article,
    hit,
    sample_digest,
    story,
    told,
)

LETTERHEAD = Letterhead(name="Desk", domain="monitor.example", unsubscribe="desk@monitor.example")
_ALLOWED_TAGS = set("html head meta title style body div p h1 h2 h3 span bdi strong em a ul li br".split())
_GMAIL_CLIPS_BYTES = 102_000


def _digest(
    stories: Sequence[Story],
    *,
    told_stories: Sequence[ToldStory] = (),
    hits: Sequence[Hit] = (),
    subscription: Subscription = SUBSCRIPTION,
) -> Digest:
    return select(
        stories,
        told={each.story_id: each for each in told_stories},
        hits_by_article={each.article_id: [each] for each in hits},
        subscription=subscription,
        window=WINDOW,
        watchlist_names=WATCHLIST_NAMES,
    )


def _render(digest: Digest) -> RenderedMail:
    return render(digest, generated_at=NOW, letterhead=LETTERHEAD, watchlist_names=WATCHLIST_NAMES)


def _mail(*stories: Story) -> RenderedMail:
    return _render(_digest(stories))


def _seen(mail: RenderedMail) -> str:
    """The text of the HTML part as a reader sees it, on one line."""
    body = lxml_html.document_fromstring(mail.html).find("body")
    return " ".join(body.text_content().split())


def _links(mail: RenderedMail) -> list[str]:
    return [str(link) for link in lxml_html.document_fromstring(mail.html).xpath("//a/@href")]


def _flat(text: str) -> str:
    return " ".join(text.split())


def _message(mail: RenderedMail, recipient: str = "reader@mail.example") -> EmailMessage:
    return build_message(mail, sender="Desk <desk@monitor.example>", recipient=recipient, sent_at=NOW)


# --- what a mail says ---------------------------------------------------------------------------------------------


def test_the_subject_counts_new_stories_and_updates() -> None:
    assert _render(sample_digest()).subject == "Morning briefing, Tuesday 6 January: 8 new stories, 1 update"
    assert (
        _mail(story(1, [article("A", "One", minutes_ago=5)])).subject == "Morning briefing, Tuesday 6 January: 1 story"
    )


def test_the_date_is_that_of_the_reader_s_zone() -> None:
    digest = _digest([], subscription=replace(SUBSCRIPTION, zone="America/Los_Angeles"))
    assert "Monday 5 January" in _render(digest).subject


def test_a_subscription_without_a_name_still_has_a_subject() -> None:
    mail = _render(_digest([], subscription=replace(SUBSCRIPTION, name="\r\n")))
    assert mail.subject == "Your digest, Tuesday 6 January: nothing new"


def test_both_parts_say_the_same_about_a_story() -> None:
    wire = article("Northwire", "Talks end", minutes_ago=90, lead="They agreed. They signed. They left.")
    copy = article("Harbour Post", "Talks end", minutes_ago=80, copy_of=wire)
    rewrite = article("Axadle Times", "Talks over", minutes_ago=70, rewrite_of=wire)
    own = article("Gazette", "Inside the talks", minutes_ago=60 * 20)
    mail = _mail(story(1, [wire, copy, rewrite, own]))
    for part in (_seen(mail), _flat(mail.text)):
        assert "Talks end" in part
        assert "They agreed. They signed." in part
        assert "They left" not in part
        assert "4 publishers, 2 independent · 4 articles, 1 copy · first seen Mon 5 Jan, 11:01" in part
        assert "also in: Harbour Post" in part
        assert "follows Northwire" in part
        assert "Mon 5 Jan, 10:54" in part
    links = _links(mail)
    assert links.count(wire.url) == 2  # headline and line
    assert {copy.url, rewrite.url, own.url} <= set(links)
    assert all(member.url in mail.text for member in (wire, copy, rewrite, own))


def test_an_article_that_was_taken_away_says_so_and_the_headline_leads_elsewhere() -> None:
    gone = replace(article("Northwire", "Talks end", minutes_ago=90), retracted_at=NOW)
    mail = _mail(story(1, [gone, article("Gazette", "Inside the talks", minutes_ago=60, rewrite_of=gone)]))
    for part in (_seen(mail), _flat(mail.text)):
        assert part.count("taken away since") == 1
    assert _links(mail).count(gone.url) == 1  # its line alone


def test_a_title_that_repeats_the_headline_is_shown_once() -> None:
    assert _seen(_mail(story(1, [article("A", "Just one headline", minutes_ago=5)]))).count("Just one headline") == 2
    # once in the hidden preheader, once as the headline


def test_an_update_says_what_is_new_and_leads_with_the_newest_report() -> None:
    old = article("Harbour Post", "Dockers walk out", minutes_ago=2000, lead="Old words. More old words.")
    new = article("Lakeside Courier", "Strike spreads", minutes_ago=50, lead="New words. More new words.")
    a_story = story(1, [old, new, article("Gazette", "Strike spreads", minutes_ago=40, copy_of=new)])
    mail = _render(_digest([a_story], told_stories=[told(a_story, [old])]))
    for part in (_seen(mail), _flat(mail.text)):
        assert re.search(r"update: ", part, re.IGNORECASE)
        assert "2 new articles from Lakeside Courier and Gazette" in part
        assert "Lakeside Courier: New words. More new words." in part
        assert "Old words" not in part
        assert "1 article told before" in part
    assert mail.subject.endswith(": 1 update")
    assert old.url not in mail.text.split("told before")[0].split("Strike spreads")[1]


def test_what_is_not_listed_is_counted() -> None:
    first = article("A", "One", minutes_ago=90)
    copies = [article(f"C{n}", "One", minutes_ago=80, copy_of=first) for n in range(20)]
    own = [article(f"P{n}", f"View {n}", minutes_ago=70) for n in range(30)]
    mail = _mail(story(1, [first, *copies, *own]))
    for part in (_seen(mail), _flat(mail.text)):
        assert "51 articles, 20 copies" in part
        more_copies = re.search(r"(?:also in:|and) (\d+) more", part)
        more_lines = re.search(r"(\d+) more articles not listed", part)
        assert more_copies
        assert more_lines
        n_listed = len(re.findall(r"View \d+", part))
        assert 1 + n_listed + 5 + int(more_copies[1]) + int(more_lines[1]) == 51


def test_new_copies_of_an_article_told_before_are_listed_as_copies() -> None:
    old = article("Harbour Post", "Dockers walk out", minutes_ago=2000)
    a_story = story(
        1,
        [
            old,
            article("Gazette", "Dockers walk out", minutes_ago=60, copy_of=old),
            article("Courier", "Strike spreads", minutes_ago=50),
        ],
    )
    mail = _render(_digest([a_story], told_stories=[told(a_story, [old])]))
    assert "copies Harbour Post" in _seen(mail)


def test_the_terms_that_matched_are_named_by_watchlist() -> None:
    a_story = story(1, [article("A", "One", minutes_ago=5), article("B", "Two", minutes_ago=4)])
    hits = [hit(a_story.members[0], "ceasefire", "Kyiv"), hit(a_story.members[1], "port", watchlist=2)]
    mail = _render(_digest([a_story], hits=hits))
    for part in (_seen(mail), _flat(mail.text)):
        assert "Watchlist Ukraine talks: ceasefire, Kyiv" in part
        assert "Watchlist Sea and ports: port" in part


def test_stories_of_one_publisher_stand_in_a_section_of_their_own() -> None:
    seen = _seen(_render(sample_digest()))
    assert seen.index("Reported by several publishers") < seen.index("Reported by one publisher")
    assert "Reported by" not in _seen(_mail(story(1, [article("A", "One", minutes_ago=5)])))


def test_the_head_counts_articles_and_publishers() -> None:
    stories = [
        story(1, [article("A", "One", minutes_ago=5), article("B", "Two", minutes_ago=5)]),
        story(2, [article("A", "Three", minutes_ago=5)]),
    ]
    assert "2 stories · 3 articles from 2 publishers" in _seen(_mail(*stories))


def test_the_foot_says_why_when_and_for_which_window() -> None:
    mail = _render(_digest([], subscription=replace(SUBSCRIPTION, watchlists=("Ukraine talks", "Sea and ports"))))
    for part in (_seen(mail), _flat(mail.text)):
        assert "“Morning briefing”, sent daily at 07:00 about the watchlists Ukraine talks and Sea and ports" in part
        assert "Covers Mon 5 January 2026, 07:00 to Tue 6 January 2026, 07:00" in part
        assert "Made Tue 6 January 2026, 07:01 (Europe/Paris time) by Desk" in part


def test_an_empty_digest_says_so() -> None:
    mail = _mail()
    assert mail.subject == "Morning briefing, Tuesday 6 January: nothing new"
    assert "Nothing new since the last digest." in _seen(mail)
    assert "Nothing new since the last digest." in mail.text


def test_stories_left_out_are_mentioned() -> None:
    stories = [story(n, [article("A", str(n), minutes_ago=5)]) for n in range(1, 5)]
    mail = _render(_digest(stories, subscription=replace(SUBSCRIPTION, max_stories=3)))
    for part in (_seen(mail), _flat(mail.text)):
        assert "1 more story was left out: this digest holds 3 stories." in part


def test_troubled_feeds_are_named() -> None:
    mail = _render(sample_digest())
    assert "Feeds that need attention" in _seen(mail)
    assert "has answered 500" in _flat(mail.text)


def test_each_story_carries_its_language_and_direction() -> None:
    document = lxml_html.document_fromstring(_render(sample_digest()).html)
    headlines = {(h.get("lang"), h.get("dir")) for h in document.xpath("//h3")}
    assert {("en", "ltr"), ("fr", "ltr"), ("ar", "rtl"), ("zh", "ltr")} <= headlines


def test_the_same_digest_renders_to_the_same_mail() -> None:
    digest = sample_digest()
    assert _render(digest) == _render(digest)


def test_a_full_digest_stays_below_the_size_at_which_mail_programs_clip() -> None:
    stories = []
    for n in range(1, 21):
        first = article(
            f"Paper {n}", "A headline of an ordinary length, as most of them are, told twice", minutes_ago=90
        )
        copies = [article(f"Copy {i}", first.title, minutes_ago=80, copy_of=first) for i in range(6)]
        own = [article(f"Paper {i}", f"Another headline of an ordinary length {i}", minutes_ago=70) for i in range(9)]
        stories.append(story(n, [first, *copies, *own], lead="Ten words make a sentence of a quite usual length. " * 4))
    mail = _mail(*stories)
    assert len(mail.html.encode()) < _GMAIL_CLIPS_BYTES


# --- what a mail must never contain -------------------------------------------------------------------------------


def _hostile_member(text: str) -> StoryMember:
    return replace(
        article("A", "x", minutes_ago=5, lead=f"{text} Second. Third."), title=text, source=text, language=text
    )


def _hostile_mail(text: str) -> RenderedMail:
    members = [_hostile_member(text), article("B", "Calm", minutes_ago=4)]
    digest = _digest(
        [replace(story(1, members), language=text)],
        hits=[hit(members[0], text)],
        subscription=replace(SUBSCRIPTION, name=text),
    )
    return render(
        replace(digest, feed_problems=(text,)),
        generated_at=NOW,
        letterhead=LETTERHEAD,
        watchlist_names=dict.fromkeys(WATCHLIST_NAMES, text),
    )


def _is_hidden(char: str) -> bool:
    """Control, bidi and other format characters, private use and surrogates; the joiners are letters to some."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} and char not in "\n\u200c\u200d"


@pytest.mark.parametrize("text", HOSTILE_HEADLINES)
def test_hostile_text_leaves_the_subject_one_harmless_line(text: str) -> None:
    subject = _hostile_mail(text).subject
    assert not any(_is_hidden(char) or char == "\n" for char in subject)
    assert subject.endswith(", Tuesday 6 January: 1 story")
    assert len(subject) < 120
    message = message_from_bytes(_message(_hostile_mail(text)).as_bytes(), policy=default)
    assert message["Subject"] == subject
    assert message["Bcc"] is None


@pytest.mark.parametrize("text", HOSTILE_HEADLINES)
def test_hostile_text_leaves_the_text_part_free_of_control_and_bidi_characters(text: str) -> None:
    part = _hostile_mail(text).text
    assert not any(_is_hidden(char) for char in part)
    assert not re.search(r"^Bcc:", part, re.MULTILINE)


@pytest.mark.parametrize("text", HOSTILE_HEADLINES)
def test_hostile_text_adds_no_markup_to_the_html_part(text: str) -> None:
    mail = _hostile_mail(text)
    document = lxml_html.document_fromstring(mail.html)
    elements = [element for element in document.iter() if isinstance(element.tag, str)]
    assert {str(element.tag) for element in elements} <= _ALLOWED_TAGS
    assert not [name for element in elements for name in element.attrib if str(name).startswith("on")]
    assert len([element for element in document.iter() if not isinstance(element.tag, str)]) == 2  # our own comments
    assert all(link.startswith(("https://", "http://", "mailto:desk@")) for link in _links(mail))
    assert not any(_is_hidden(char) for char in mail.html)
    assert {element.get("lang") for element in elements} <= {None, "en", "und"}
    harmless = _flat("".join(char for char in text if not _is_hidden(char)))
    if harmless == text:  # nothing to clean: it is shown as it came
        assert clipped(text, 180) in _seen(mail)


def test_a_template_in_a_headline_is_not_run() -> None:
    assert "{{ 7 * 7 }}" in _seen(_mail(story(1, [article("A", "{{ 7 * 7 }}", minutes_ago=5)])))


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "ftp://a.example/x",
        "//a.example/x",
        "/x",
        "",
        "http://",
        "http:///x",
        "https://bank.example@evil.example/",
        "https://user:secret@a.example/",
        "http://a.example:99999999/",
        "http://[::1/",
        "http://a.example/\r\nBcc: x@a.example",
        "http://a.example/\u202etxt.exe",
        "http://a.example/\ud83d",
        "http://аррӏе.example/",
        "http://a.example/" + "x" * 3000,
    ],
)
def test_only_plain_web_links_survive(url: str) -> None:
    assert safe_link(url) is None
    mail = _mail(story(1, [article("A", "One", minutes_ago=5, url=url or "x")]))
    assert _links(mail) == [f"mailto:desk@monitor.example?subject=unsubscribe%20digest-{SUBSCRIPTION.id}"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/x?a=1&b=%22#c", "https://a.example/x?a=1&b=%22#c"),
        ("http://a.example:8080/ü/\"'<>`{}|\\", "http://a.example:8080/%C3%BC/%22%27%3C%3E%60%7B%7D%7C%5C"),
    ],
)
def test_a_link_is_ascii_and_cannot_leave_its_attribute(url: str, shown: str) -> None:
    assert safe_link(url) == shown


def test_the_mail_loads_nothing() -> None:
    html = _render(sample_digest()).html
    assert not re.search(r"<(?:img|link|script|iframe|object|embed|form|video|audio)\b|url\(|@import|@font-face", html)


def test_the_style_is_inlined_and_kept_for_dark_screens() -> None:
    mail = _render(sample_digest())
    document = lxml_html.document_fromstring(mail.html)
    assert all(headline.get("style") for headline in document.xpath("//h3"))
    assert "prefers-color-scheme: dark" in document.xpath("string(//head/style)")


@pytest.mark.parametrize(
    ("code", "language", "direction"),
    [
        ("ar", "ar", "rtl"),
        ("fa-IR", "fa-IR", "rtl"),
        ("pt-BR", "pt-BR", "ltr"),
        ("", "und", "ltr"),
        ('en" onclick="x', "und", "ltr"),
    ],
)
def test_a_stored_language_becomes_a_valid_attribute(code: str, language: str, direction: str) -> None:
    assert (tongue_of(code).language, tongue_of(code).direction) == (language, direction)


# --- the message --------------------------------------------------------------------------------------------------


def test_the_message_has_a_text_and_an_html_part_that_survive_the_wire() -> None:
    mail = _render(sample_digest())
    data = _message(mail).as_bytes()
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    message = message_from_bytes(data, policy=default)
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().replace("\r\n", "\n") == mail.text
    assert html.get_content().replace("\r\n", "\n").rstrip("\n") == mail.html.rstrip("\n")


def test_the_message_says_that_a_machine_wrote_it_and_how_to_stop_it() -> None:
    message = _message(_render(sample_digest()))
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "<digest-12.monitor.example>"
    assert message["List-Unsubscribe"] == "<mailto:desk@monitor.example?subject=unsubscribe%20digest-12>"
    assert message["Date"] == "Tue, 06 Jan 2026 06:01:00 +0000"


def test_without_an_address_to_unsubscribe_at_none_is_offered() -> None:
    mail = render(sample_digest(), generated_at=NOW)
    assert "List-Unsubscribe" not in _message(mail)
    assert "Stop this mail" not in mail.html
    assert "To stop it" not in mail.text


def test_the_message_id_is_stable_per_digest_and_recipient() -> None:
    mail = _render(sample_digest())
    again = render(sample_digest(), generated_at=NOW + timedelta(hours=3), letterhead=LETTERHEAD)
    assert mail.message_id == again.message_id == "<digest.12.20260105T060000Z@monitor.example>"
    first, other = _message(mail, "a@mail.example"), _message(mail, "b@mail.example")
    assert first["Message-ID"] == _message(mail, "A@mail.example ")["Message-ID"]
    assert first["Message-ID"] != other["Message-ID"]
    assert re.fullmatch(r"<digest\.12\.20260105T060000Z\.[0-9a-f]{12}@monitor\.example>", first["Message-ID"])
    assert first["Message-ID"] == recipient_message_id(mail.message_id, "a@mail.example")


@pytest.mark.parametrize("name", ["w", "ü", "港", "w " * 15, "ü w " * 8])
def test_a_subject_of_any_length_arrives_as_it_was_rendered(name: str) -> None:
    for n in range(1, 60):
        mail = _render(_digest([], subscription=replace(SUBSCRIPTION, name=(name * n)[:n])))
        message = message_from_bytes(_message(mail).as_bytes(), policy=default)
        assert message["Subject"] == mail.subject


def test_the_same_message_is_built_twice_to_the_byte() -> None:
    mail = _render(sample_digest())
    assert _message(mail).as_bytes() == _message(mail).as_bytes()


def test_a_recipient_with_a_line_break_is_refused() -> None:
    with pytest.raises(ValueError, match=r"linefeed|newline|carriage"):
        _message(_render(sample_digest()), "a@mail.example\r\nBcc: b@mail.example")


def test_a_domain_that_is_none_does_not_reach_the_headers() -> None:
    mail = render(sample_digest(), generated_at=NOW, letterhead=Letterhead(domain="a.example>\r\nBcc: x"))
    assert mail.message_id.endswith("@media-monitor.invalid>")


# --- words --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-01-06T05:12", "06:12"),
        ("2026-01-05T23:30", "00:30"),
        ("2026-01-05T21:40", "Mon 5 Jan, 22:40"),
        ("2025-12-31T12:00", "Wed 31 Dec, 13:00"),
        ("2025-11-28T12:00", "28 Nov 2025, 13:00"),
    ],
)
def test_a_moment_is_told_as_briefly_as_it_is_clear(moment: str, words: str) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert when_words(at, now=NOW, zone=ZoneInfo("Europe/Paris")) == words


def test_counts_and_names_read_as_english() -> None:
    assert [counted(n, "copy", "copies") for n in (0, 1, 1204)] == ["0 copies", "1 copy", "1,204 copies"]
    assert [joined(list("abcd")[:n]) for n in range(5)] == ["", "a", "a and b", "a, b and c", "a, b and 2 more"]


def test_long_text_is_cut_between_words() -> None:
    assert clipped("one two three", 13) == "one two three"
    assert clipped("twenty two, three four", 15) == "twenty two…"
    assert clipped("x" * 50, 10) == "x" * 9 + "…"


def test_a_source_whose_name_says_nothing_still_has_a_link_with_words() -> None:
    nameless = replace(article("A", "One", minutes_ago=5), source=" \u2028\u200b ")
    assert "Unnamed source" in _seen(_mail(story(1, [nameless])))
