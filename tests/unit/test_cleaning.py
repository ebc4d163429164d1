from __future__ import annotations

import pytest

from monitor.extract.cleaning import clean_paragraphs
from monitor.types import Origin

FIRST = "The first paragraph of the report says what happened in the town on Monday."
LAST = "The second paragraph adds what officials said about it later that day."
BODY = (FIRST, LAST)

MARKERS = [
    "- Advertisement -", "ADVERTISEMENT", "Advertisement - Scroll to Continue", "Story continues below advertisement",
    "Publicité", "Anzeige", "— Publicidad —", "Pubblicità", "Реклама", "إعلان", "広告", "Sponsored content",
    "Read more: Paris talks resume", "READ ALSO: Ministers meet again", "Read more about the summit here.",
    "Lire aussi : Les alliés à Paris", "Lesen Sie auch: Der Gipfel", "Lea también: La cumbre", "Related: What next?",
    "Leggi anche: Il vertice", "Читайте также: Саммит в Париже", "相关阅读",
    "Share on Facebook Twitter WhatsApp", "Share this article", "Partager", "Teilen", "12 Comments",
    "Sign up for our daily newsletter and get the news in your inbox.", "Follow us on Facebook and Twitter",
    "Abonnez-vous à notre newsletter", "Suscríbete a nuestro boletín", "We use cookies to improve your experience.",
    "By continuing to use this site you agree to our use of cookies.", "Nous utilisons des cookies.",
    "Wir verwenden Cookies, um Inhalte zu personalisieren.", "Photo: Ann Lee/Northern Post",
    "The post Paris talks appeared first on Northern Post.", "You are here: Home > World > Paris",
    "Ann Lee - LinkedIn", "- Email",
]  # fmt: skip

SENTENCES = [
    "By Friday, the army had taken the town.", "By the time help came, the fire was out.",
    "By land and sea, aid reached the port.", "By contrast, Germany agreed.", "By and large, it held.",
    "Reuters was sold in 2008 to Thomson.", "He works for Reuters.", "The news agency AFP reported the blast first.",
    "“We will not give up.”", "“Peace now.”", "No one was hurt.", "Talks go on.", "Paris agreed.", "Ann Lee left.",
    "Monitoring continues.", "The agency said it would appeal.", "Press freedom is at stake.",
    "Read on, Macduff, he said.", "Related parties declined to comment on the deal.",
    "See also the report of 2019, the court wrote.", "More from the summit is expected on Tuesday.",
    "Watch your step, the guide warned.", "Follow the money, she said.", "Share prices fell in Paris and London.",
    "Advertisement revenue fell by a fifth last year.", "Anzeige erstattete der Mann am Montag.",
    "Sign up sheets were handed out at the school gate.", "Subscribers left in droves, the company said.",
    "Cookies were served to the guests at noon.", "“We use cookies,” the company admitted.",
    "Von der Leyen reist am Montag nach Kiew.", "Par ailleurs, le ministre a démissionné.",
    "Por otra parte, el gobierno no respondió.", "Di certo non finisce qui.", "Por supuesto, dijo el ministro.",
    "The International Monetary Fund declined.", "The Federal Bureau of Investigation.",
    "Sources close to the minister denied it.", "Source: three people familiar with the matter said so.",
    "Reporting by journalists in the region has been restricted.", "Copyright law will change in May.",
    "Additional reporting by witnesses put the toll at nine.", "Photo finish decided the race.",
    "Published reports said nine people died.", "It was 2014.", "Comment was not immediately available.",
    "Moscow – Kyiv – Paris: the route is long.", "She spoke of the alliance (NATO).", "法新社报道，会议已经结束。",
    "قالت رويترز إن القمة انتهت.", "The court ruled for the staff.", "Dr. Smith agreed.",
]  # fmt: skip

BYLINES = [
    ("By Ann Lee", ("Ann Lee",)),
    ("BY ANN LEE", ("Ann Lee",)),
    ("By Ann Lee and Bo Ek in Paris", ("Ann Lee", "Bo Ek")),
    ("By Ann Lee, Bo Ek and Cy Fox", ("Ann Lee", "Bo Ek", "Cy Fox")),
    ("By Ann Lee, diplomatic correspondent", ("Ann Lee",)),
    ("By Ann Lee | Northern Post", ("Ann Lee",)),
    ("By Ann van der Berg, Nairobi", ("Ann van der Berg",)),
    ("Written by Ann Lee", ("Ann Lee",)),
    ("Author: Ann Lee", ("Ann Lee",)),
    ("Par Luc Roy", ("Luc Roy",)),
    ("Par Luc Roy et Eva Blanc à Paris", ("Luc Roy", "Eva Blanc")),
    ("Von Anna Müller und Jan Beck, Berlin", ("Anna Müller", "Jan Beck")),
    ("Von Anna Müller,", ("Anna Müller",)),
    ("Por María López en Madrid", ("María López",)),
    ("Di Marco Rossi", ("Marco Rossi",)),
    ("Door Jan Jansen en Piet Smit", ("Jan Jansen", "Piet Smit")),
    ("Автор: Иван Петров", ("Иван Петров",)),
    ("作者：张三", ("张三",)),
]

CREDITS = [
    ("Reuters", "Reuters", "Reuters", Origin.AGENCY),
    ("— Reuters", "Reuters", "Reuters", Origin.AGENCY),
    ("(NWA)", "NWA", "NWA", Origin.AGENCY),
    ("dpa/AFP", "dpa/AFP", "dpa", Origin.AGENCY),
    ("Le Monde avec AFP", "Le Monde avec AFP", "AFP", Origin.AGENCY),
    ("Source: AFP", "AFP", "AFP", Origin.AGENCY),
    ("Quelle: dpa", "dpa", "dpa", Origin.AGENCY),
    ("(Reporting by Ann Lee; Editing by Bo Ek)", "Reporting by Ann Lee; Editing by Bo Ek", None, Origin.OWN),
    ("With reporting by Ann Lee in Kyiv", "With reporting by Ann Lee in Kyiv", None, Origin.OWN),
    ("— Mittellandpressedienst (mpd)", "Mittellandpressedienst (mpd)", "mpd", Origin.AGENCY),
    ("Northwest News Agency", "Northwest News Agency", "Northwest News Agency", Origin.AGENCY),
    ("Compiled from agencies", "Compiled from agencies", None, Origin.AGGREGATOR),
    ("Harbour Herald international–Monitoring.", "Harbour Herald international–Monitoring", None, Origin.AGGREGATOR),
    ("Northern Post Monitoring Desk", "Northern Post Monitoring Desk", None, Origin.AGGREGATOR),
    ("Agencies", "Agencies", None, Origin.AGGREGATOR),
    ("Garowe Online – Mogadishu", "Garowe Online – Mogadishu", None, Origin.OWN),
    ("© 2026 AFP", "AFP", "AFP", Origin.AGENCY),
    ("Copyright 2026 The Associated Press. All rights reserved.", "AP", "AP", Origin.AGENCY),
    ("By Reuters Staff", "Reuters Staff", "Reuters", Origin.AGENCY),
    ("By Staff Reporter", "Staff Reporter", None, Origin.OWN),
    ("（新华社）", "新华社", "Xinhua", Origin.AGENCY),
]


@pytest.mark.parametrize("line", MARKERS)
def test_what_a_page_puts_between_paragraphs_leaves_wherever_it_stands(line: str) -> None:
    for lines in ([line, *BODY], [FIRST, line, LAST], [*BODY, line]):
        assert clean_paragraphs(lines).paragraphs == BODY


@pytest.mark.parametrize("line", SENTENCES)
def test_a_sentence_that_looks_like_a_marker_byline_or_credit_stays(line: str) -> None:
    for lines in ([line, *BODY], [FIRST, line, LAST], [*BODY, line]):
        cleaned = clean_paragraphs(lines)
        assert cleaned.paragraphs == tuple(lines)
        assert cleaned.authors == ()
        assert cleaned.credit is None


@pytest.mark.parametrize(("line", "authors"), BYLINES)
def test_a_byline_at_either_end_becomes_authors(line: str, authors: tuple[str, ...]) -> None:
    for lines in ([line, *BODY], [*BODY, line], [FIRST, LAST, line, "Reuters"]):
        cleaned = clean_paragraphs(lines)
        assert cleaned.paragraphs == BODY
        assert cleaned.authors == authors


def test_a_byline_in_the_middle_is_part_of_the_report() -> None:
    lines = [FIRST, LAST, "By Ann Lee", FIRST + " Again.", LAST + " Again."]
    assert clean_paragraphs(lines).paragraphs == tuple(lines)


@pytest.mark.parametrize(("line", "credit", "agency", "origin"), CREDITS)
def test_a_credit_line_at_the_end_becomes_the_credit(
    line: str, credit: str, agency: str | None, origin: Origin
) -> None:
    cleaned = clean_paragraphs([*BODY, line])
    assert cleaned.paragraphs == BODY
    assert (cleaned.credit, cleaned.agency, cleaned.origin) == (credit, agency, origin)


@pytest.mark.parametrize(
    "line",
    [
        "Media contact: Kattegat Lines, communications",
        "Pressekontakt: Muster AG, Unternehmenskommunikation",
        "Contact presse : Ville de Valmer",
        "Oficina de prensa de la Junta",
        "Пресс-служба администрации города",
        "報道関係者のお問い合わせ先: 広報部",
        "Ufficio stampa Fioravanti S.p.A.",
        "Press release of the University of Wexholm",
    ],
)
def test_a_text_that_ends_with_a_press_office_is_a_release(line: str) -> None:
    assert clean_paragraphs([*BODY, line]).origin is Origin.PRESS_RELEASE
    assert clean_paragraphs([*BODY, line, BODY[-1]]).origin is Origin.OWN


@pytest.mark.parametrize(
    "line",
    [
        "The press office of Kattegat Lines did not answer questions on Monday.",
        "Press office workers of the ministry, on strike for three weeks, returned to their desks on Monday.",
        "Pressestellen gibt es viele.",
        "Contact presse",
        "Pressekontakt:",
        "Photo: Kattegat Lines, press office",
        "Media relations between the two countries soured in May.",
        "新闻稿称，该公司去年的利润增加了一成。工会代表对记者表示，加薪的要求没有得到回应",
        "プレスリリースによると、同社の利益は一割増えた。本紙の取材に対し、労組は賃上げの要求に回答がないと述べた。",
    ],
)
def test_a_sentence_a_label_or_a_picture_line_that_mentions_a_press_office_makes_no_release(line: str) -> None:
    assert clean_paragraphs([*BODY, line]).origin is Origin.OWN


@pytest.mark.parametrize(
    "line",
    [
        "Press office of the Kremlin denies report of talks",
        "Пресс-служба Минобороны опровергла сообщения об обстреле",
        "Пресс-служба: обстрела не было",
        "المكتب الإعلامي بغزة: خمسة قتلى في غارة",
        "Pressestelle der Polizei schweigt zu den Vorwürfen",
        "Gabinete de prensa de Moncloa niega la reunión",
        "Media relations between the two countries soured in May.",
        "新闻稿称该公司利润增加",
        "보도자료에 따르면 이익이 늘었다",
    ],
)
def test_a_headline_about_a_press_office_makes_no_release(line: str) -> None:
    assert clean_paragraphs([line, *BODY]).origin is Origin.OWN
    assert clean_paragraphs([line, *BODY], titles=[line]).origin is Origin.OWN
    assert clean_paragraphs([line]).origin is Origin.OWN


@pytest.mark.parametrize(
    "line",
    [
        "Press release of the University of Wexholm",
        "Pressemitteilung: Muster AG ruft Helme zurück",
        "プレスリリース： 株式会社サンプル",
        "Press contact: Ann Lee, ann@lines.example",
    ],
)
def test_a_text_that_opens_as_a_release_is_one_unless_that_is_its_title(line: str) -> None:
    assert clean_paragraphs([line, *BODY]).origin is Origin.PRESS_RELEASE
    assert clean_paragraphs([line, *BODY], titles=[line]).origin is Origin.OWN


@pytest.mark.parametrize(
    ("line", "dateline", "agency", "origin"),
    [
        ("(NWA) — The port closed on Monday.", "(NWA)", "NWA", Origin.AGENCY),
        ("PARIS (AFP) — Leaders met.", "PARIS (AFP)", "AFP", Origin.AGENCY),
        ("Lech (mdp/hn) — Ein Schneebrett hat vier Menschen begraben.", "Lech (mdp/hn)", "mdp", Origin.AGENCY),
        ("PARIS — Leaders met.", "PARIS", None, Origin.OWN),
        ("BERN, 6. Januar (ots) - Die Firma wächst.", "BERN, 6. Januar (ots)", "ots", Origin.PRESS_RELEASE),
        ("新华社巴黎1月6日电 欧洲领导人会晤。", "新华社巴黎1月6日电", "Xinhua", Origin.AGENCY),
    ],
)
def test_a_dateline_is_recorded_and_stays(line: str, dateline: str | None, agency: str | None, origin: Origin) -> None:
    cleaned = clean_paragraphs([line, LAST])
    assert cleaned.paragraphs[0] == line
    assert (cleaned.dateline, cleaned.origin) == (dateline, origin)
    assert origin is Origin.PRESS_RELEASE or cleaned.agency == agency


@pytest.mark.parametrize(
    ("tail", "credit"),
    [(" (AFP)", "AFP"), (" – Reuters", "Reuters"), (" — Meridian News Agency", "Meridian News Agency")],
)
def test_an_agency_after_the_last_sentence_leaves_it(tail: str, credit: str) -> None:
    cleaned = clean_paragraphs([FIRST, LAST + tail])
    assert cleaned.paragraphs == BODY
    assert cleaned.credit == credit


def test_a_headline_repeated_as_first_line_leaves() -> None:
    title = "Allies convene in Paris to discuss guarantees"
    assert clean_paragraphs([title.upper(), *BODY], titles=[title]).paragraphs == BODY


def test_dates_labels_and_known_authors_at_the_start_leave() -> None:
    lines = ["World", "Published 6 January 2026, 10:30 GMT", "Ann Lee - LinkedIn", "3 min read", *BODY]
    assert clean_paragraphs(lines, known_authors=["Ann Lee"]).paragraphs == BODY


def test_list_items_at_the_end_are_no_credits() -> None:
    lines = (FIRST, "The countries are:", "- Germany", "- France")
    assert clean_paragraphs(lines).paragraphs == lines


def test_invisible_characters_leave_the_text() -> None:
    assert clean_paragraphs(["Pa\u00adris\u202e was\u200b wet on that day."]).paragraphs == (
        "Paris was wet on that day.",
    )


def test_no_lines_give_an_empty_body() -> None:
    assert clean_paragraphs([]).paragraphs == ()
    assert clean_paragraphs(["- Advertisement -", " "]).paragraphs == ()
