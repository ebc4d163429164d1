from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.dateline import split_dateline
from monitor.text.language import detect_language, normal_language
from monitor.text.normalise import clean_line, fold, normal_text, plain_text, text_hash
from monitor.text.scripts import script_of
from monitor.text.sentences import lead, sentences
from monitor.text.tokens import figures, n_words, names, words


def test_markup_leaves_and_paragraphs_become_lines() -> None:
    html = "<p>One &amp; <b>tw</b>o<br>three</p>\n<script>evil()</script><div>four\nfive</div><!-- six -->"
    assert plain_text(html) == "One & two\nthree\nfour five"


def test_text_without_markup_is_kept_as_it_is() -> None:
    assert plain_text("a < b and AT&T\r\n\r\n  c") == "a < b and AT&T\nc"


def test_deeply_nested_markup_does_not_exhaust_the_stack() -> None:
    assert plain_text("<div>" * 100_000 + "x") in {"", "x"}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Élysée", "elysee"),
        ("STRASSE", "straße"),
        ("Zelensky’s “plan” – now", 'zelensky\'s "plan" - now'),
        ("İstanbul", "istanbul"),
        ("ﬁnal", "final"),
        ("soft\u00adhyphen", "softhyphen"),
        ("مُحَمَّد", "محمد"),
        ("٢٠٪", "20%"),
        ("Йод", "иод"),
    ],
)
def test_two_spellings_of_a_word_fold_to_one(left: str, right: str) -> None:
    assert fold(left) == fold(right)


def test_vowel_signs_of_indic_and_thai_script_survive_folding() -> None:
    assert fold("हिन्दी") == "हिन्दी"
    assert words("हिन्दी समाचार") == ["हिन्दी", "समाचार"]


def test_folding_twice_changes_nothing() -> None:
    chance = random.Random(7)
    for _ in range(3_000):
        text = "".join(
            chr(chance.choice([chance.randrange(0x20, 0x3400), chance.randrange(0xF900, 0xFFFE)])) for _ in range(8)
        )
        assert fold(fold(text)) == fold(text), ascii(text)


def test_a_display_line_holds_no_control_characters() -> None:
    hostile = "a\x1b[31mred\x1b]0;title\x07\r\nBcc: x\u202eabc\u2066\ud800\x00\u2028end\x9b"
    assert clean_line(hostile) == "ared Bcc: xabc end"


def test_persian_and_emoji_joiners_survive_on_a_display_line() -> None:
    assert clean_line("می\u200cخواهم 👩\u200d👩") == "می\u200cخواهم 👩\u200d👩"


def test_typography_does_not_change_the_hash_and_words_do() -> None:
    assert text_hash("“Peace”, he said — now.") == text_hash('"Peace", he said - now')
    assert text_hash("Paris talks") != text_hash("Paris talk")
    assert normal_text("  A,\n b! ") == "a b"
    assert len(text_hash("\ud800")) == 32


def test_words_keep_numbers_whole() -> None:
    assert words("20 % of 1,000, 1.5m or 1,5 by 2nd G20") == [
        "20%",
        "of",
        "1000",
        "1.5m",
        "or",
        "1.5",
        "by",
        "2nd",
        "g20",
    ]


def test_words_join_initials_and_drop_possessives() -> None:
    assert words("U.S.-brokered: Ukraine’s l’accord") == ["us", "brokered", "ukraine", "l", "accord"]


def test_scripts_without_spaces_become_pairs_of_characters() -> None:
    assert words("中国外交部 A股 港") == ["中国", "国外", "外交", "交部", "a", "股", "港"]
    assert words("パリで") == ["パリ", "リで"]
    assert words("สวัส") == ["สว", "วั", "ัส"]
    assert n_words("中国外交部 says") == 5


def test_names_are_capitalised_runs_and_their_words() -> None:
    found = names("The envoy met Volodymyr Zelensky of Ukraine. Later Kyiv agreed, said Zelensky.", "en")
    assert "volodymyr zelensky of ukraine" in found
    assert found.count("zelensky") == 2
    assert "the" not in found
    assert "later" not in found


def test_a_word_that_opens_a_sentence_is_a_name_only_if_it_recurs() -> None:
    assert names("Yesterday it rained. Paris was wet.", "en") == []
    assert names("Paris was wet. They like Paris.", "en") == ["paris", "paris"]


def test_title_case_headlines_give_no_names() -> None:
    assert names("European Leaders Convene Urgent Summit About Guarantees", "en") == []
    assert names("EUROPAS STAATEN STREITEN UM GARANTIEN", "de") == []


def test_scripts_without_capitals_give_no_names() -> None:
    assert names("巴黎举行峰会", "zh") == []
    assert names("القمة في باريس", "ar") == []
    assert names("ראש הממשלה נפגש בירושלים.", "he") == []
    assert names("प्रधानमंत्री ने दिल्ली में कहा।", "hi") == []
    assert names("თბილისში გუშინ პრემიერმა ისაუბრა.", "ka") == []


def test_latin_names_inside_unspaced_scripts_are_names_wherever_they_stand() -> None:
    assert names("首相は東京でNATOと会談した。", "ja") == ["nato"]
    assert names("John Smith在北京会见BBC记者。", "zh") == ["john", "smith", "john smith", "bbc"]
    assert names("นายกรัฐมนตรีพบกับ Microsoft ที่กรุงเทพฯ", "th") == ["microsoft"]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "Hier le chef de l'Ukraine a quitté l'Élysée.", ["ukraine", "elysee"]),
        ("fr", "On célèbre Jeanne d’Arc.", ["jeanne", "arc", "jeanne arc"]),
        ("it", "Ieri Giorgia Meloni nell'Aula vuota.", ["giorgia", "meloni", "giorgia meloni", "aula"]),
        ("tr", "Dün gece Ankara'da yangın çıktı.", ["ankara"]),
        ("hu", "A miniszter a NATO-ban járt.", ["nato"]),
        ("en", "Talks of the US-led group with a pro-Russia party.", ["us", "russia"]),
        ("en", "They met Bashar al-Assad.", ["bashar", "assad", "bashar assad"]),
        ("en", "He moved to Port-au-Prince.", ["port", "au", "prince", "port au prince"]),
        ("en", "They met Eoin O'Neill.", ["eoin", "o", "neill", "eoin o neill"]),
        ("ga", "Tá sé i mBaile Átha Cliath.", ["mbaile", "atha", "cliath", "mbaile atha cliath"]),
        ("nl", "Brand in 's-Hertogenbosch en Noord-Holland.", ["hertogenbosch", "noord", "holland", "noord holland"]),
        ("ru", "Вчера Владимир Зеленский был в Париже.", ["владимир", "зеленскии", "владимир зеленскии", "париже"]),
        ("uk", "Учора вони були у Лук'янівці.", ["лук", "янівці", "лук янівці"]),
        ("el", "Χθες ο Κυριάκος Μητσοτάκης μίλησε.", ["κυριακοσ", "μητσοτακησ", "κυριακοσ μητσοτακησ"]),
        ("hy", "Երեկ Նիկոլ Փաշինյանը խոսեց։", ["նիկոլ", "փաշինյանը", "նիկոլ փաշինյանը"]),
        ("de", "Gestern lobte die Regierung Ursula von der Leyen.", [
            "regierung", "ursula", "leyen", "regierung ursula von der leyen"]),
        ("de", "Gestern lobte der Minister die Hilfe.", []),
    ],
)  # fmt: skip
def test_names_are_found_by_the_rules_of_their_script(language: str, text: str, expected: list[str]) -> None:
    assert names(text, language) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "1,000 or 1,234.56, not 1.5; 20 % of 1990s homes, 3", ["1000", "1234.56", "1.5", "20%", "1990s"]),
        ("de", "1.000 und 1.234.567, aber 1,5 und 12.05.2024", ["1000", "1234567", "1.5", "12.05.2024"]),
        ("fr", "1 000 et 12\u202f500,5", ["1000", "12500.5"]),
        ("de", "1'000’000 Franken", ["1000000"]),
        ("en", "In 2020 300 people", ["2020", "300"]),
        ("ar", "١٬٠٠٠ و ١٢٫٥ عام ٢٠٢٤", ["1000", "12.5", "2024"]),
        ("fa", "۱۲٫۵ در ۱۴۰۳", ["12.5", "1403"]),
        ("hi", "१०,००,००० में १,२३४", ["1000000", "1234"]),
        ("ja", "２０２４年に12万人、3億5000万円、1.2万", ["2024", "120000", "350000000", "12000"]),
        ("zh", "1.5亿元和3千万", ["150000000", "30000000"]),
        ("ko", "1만2000명", ["12000"]),
        ("th", "ปี ๒๕๖๗", ["2567"]),
    ],
)
def test_figures_have_one_spelling_in_all_digits_and_separators(language: str, text: str, expected: list[str]) -> None:
    assert figures(text, language) == expected


@given(st.text(alphabet="0123456789.,' \u00a0%万億千abZ٣३", max_size=120))
def test_any_text_has_figures_and_names(text: str) -> None:
    assert all(number[0].isdigit() for language in ("en", "de", "fr", "ja") for number in figures(text, language))
    assert all(names(text, "en"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He left. She stayed.", ["He left.", "She stayed."]),
        ("U.S. President Trump met Dr. Smith. It ended at 5 p.m. The next day came.", [
            "U.S. President Trump met Dr. Smith.", "It ended at 5 p.m.", "The next day came."]),
        ("“We won.” He smiled!", ["“We won.”", "He smiled!"]),
        ("J. Smith paid 1.5 million. OK?", ["J. Smith paid 1.5 million.", "OK?"]),
        ("Er kam am 6. Januar an. Dann ging er.", ["Er kam am 6. Januar an.", "Dann ging er."]),
        ("巴黎峰会。会议结束！真的？", ["巴黎峰会。", "会议结束！", "真的？"]),
        ("هل انتهت القمة؟ نعم.", ["هل انتهت القمة؟", "نعم."]),
        ("One line\nAnother line", ["One line", "Another line"]),
        ("“Stop!” she said. Then quiet.", ["“Stop!” she said.", "Then quiet."]),
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_the_lead_is_the_first_sentences_without_the_dateline() -> None:
    assert lead("PARIS (AFP) — Allies met. They agreed. They left.") == "Allies met. They agreed."
    assert lead("") == ""


@pytest.mark.parametrize(
    ("text", "dateline", "agency"),
    [
        ("PARIS — Key allies met", "PARIS", None),
        ("BERLIN (dpa) - Die Lage", "BERLIN (dpa)", "dpa"),
        ("PARIS, Jan 6 (Xinhua) -- Leaders met", "PARIS, Jan 6 (Xinhua)", "Xinhua"),
        ("(NWA) — The port closed", "(NWA)", "NWA"),
        ("Paris (AFP) - Les alliés", "Paris (AFP)", "AFP"),
        ("KYIV, Ukraine (AP) — The army", "KYIV, Ukraine (AP)", "AP"),
        ("WASHINGTON, D.C. - The envoy", "WASHINGTON, D.C.", None),
        ("ROMA, 6 GEN - Il governo", "ROMA, 6 GEN", None),
        ("Madrid, 6 ene (EFE).- El presidente", "Madrid, 6 ene (EFE)", "EFE"),
        ("МОСКВА, 6 января (ТАСС) — Президент", "МОСКВА, 6 января (ТАСС)", "ТАСС"),
        ("PARIS 6 January — Leaders", "PARIS 6 January", None),
        ("Berlin/Paris (dpa/AFP) – Die Lage", "Berlin/Paris (dpa/AFP)", "dpa/AFP"),
    ],
)
def test_datelines_are_recognised_by_form(text: str, dateline: str, agency: str | None) -> None:
    found = split_dateline(text)
    assert (found.dateline, found.agency) == (dateline, agency)
    assert found.rest[0].isupper()


@pytest.mark.parametrize(
    "text",
    [
        "The deal — if it comes — was late.",
        "NATO — the alliance of 32 — met.",
        "I - the undersigned - agree.",
        "UPDATE — The port is open again.",
        "Merkel (CDU) - die Kanzlerin - kam.",
        "Police said – Again – that it was late",
        "",
    ],
)
def test_ordinary_sentences_are_no_datelines(text: str) -> None:
    assert split_dateline(text).dateline is None
    assert split_dateline(text).rest == text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Leaders are meeting in Paris to discuss security guarantees", "en"),
        ("Les alliés se réunissent à Paris pour discuter des garanties", "fr"),
        ("Die Verbündeten beraten in Paris über Sicherheitsgarantien", "de"),
        ("パリで首脳会議が開かれた", "ja"),
        ("巴黎举行峰会讨论安全保障", "zh"),
        ("파리에서 정상회의가 열렸다", "ko"),
        ("Президент Зеленський прибув до Парижа на саміт", "uk"),
        ("too short", None),
        ("", None),
    ],
)
def test_the_language_of_a_text_is_detected(text: str, language: str | None) -> None:
    assert detect_language(text) == language


def test_declared_language_tags_are_reduced_to_the_language() -> None:
    assert [normal_language(tag) for tag in ("en-US", "FR_fr", "nb", "", None, "klingon", "<x>")] == [
        "en", "fr", "no", None, None, None, None]  # fmt: skip


def test_the_script_of_a_text_is_that_of_most_letters() -> None:
    found = [script_of(text) for text in ("Paris", "Москва x", "東京", "ひらがな", "باريس", "123", "ελ")]
    assert found == ["latin", "cyrillic", "han", "kana", "arabic", "none", "greek"]
