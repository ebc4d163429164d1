from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.extract.authors import agencies_among, choose_authors, clean_authors

NAMES = [
    ("By Ann Lee and Bo Ek", ["Ann Lee", "Bo Ek"]),
    ("Ann Lee, Bo Ek und Cy Fox", ["Ann Lee", "Bo Ek", "Cy Fox"]),
    ("Von Anna Müller", ["Anna Müller"]),
    ("Par Luc Roy avec AFP", ["Luc Roy"]),
    ("Por María López / EFE", ["María López"]),
    ("di Marco Rossi e Giulia Ferri", ["Marco Rossi", "Giulia Ferri"]),
    ("Door Jan Jansen en Piet Smit", ["Jan Jansen", "Piet Smit"]),
    ("Przez Zofia Wójcik", ["Zofia Wójcik"]),
    ("Автор: Иван Петров", ["Иван Петров"]),
    ("Иван Петров и Анна Белая", ["Иван Петров", "Анна Белая"]),
    ("كتب: أحمد علي", ["أحمد علي"]),
    ("文/张三", ["张三"]),
    ("本报记者 李明 王芳", ["李明", "王芳"]),
    ("홍길동 기자", ["홍길동"]),
    ("佐藤 健一", ["佐藤 健一"]),
    ("Ann Lee, Political Editor", ["Ann Lee"]),
    ("Ann Lee, BBC News, Kyiv", ["Ann Lee"]),
    ("Katrin Sommer, Korrespondentin in Paris", ["Katrin Sommer"]),
    ("Political Editor Ann Lee", ["Ann Lee"]),
    ("Ann Lee, Staff Writer", ["Ann Lee"]),
    ("Ann Lee <ann.lee@post.example>", ["Ann Lee"]),
    ("ann.lee@post.example (Ann Lee)", []),
    ("Ann Lee @annlee", ["Ann Lee"]),
    ("Ann Lee | 5 January 2026 | 3 min read", ["Ann Lee"]),
    ("Ann Lee · Updated 10:30", ["Ann Lee"]),
    ("https://post.example/author/ann-lee", []),
    ("Smith, John", ["John Smith"]),
    ("Smith, John; Delgado, Maria", ["John Smith", "Maria Delgado"]),
    ("Anna-Maria de la Cruz", ["Anna-Maria de la Cruz"]),
    ("José Ortega y Gasset", ["José Ortega y Gasset"]),
    ("Johannes van den Berg", ["Johannes van den Berg"]),
    ("ANN LEE", ["Ann Lee"]),
    ("MARÍA LÓPEZ", ["María López"]),
    ("Ministry of Health and Social Care", ["Ministry of Health and Social Care"]),
    ("Johnson & Johnson", ["Johnson & Johnson"]),
    ("TOM KRISHER, AP Auto Writer", ["Tom Krisher"]),
    ("Danica Kirka and JILL LAWLESS Associated Press", ["Danica Kirka", "Jill Lawless"]),
    ("Ann Lee, CNN Business", ["Ann Lee"]),
    ("Analysis by Ann Lee, CNN Editor-at-large", ["Ann Lee"]),
    ("Luc ROY", ["Luc ROY"]),
    ("JD Vance", ["JD Vance"]),
    ("Reuters", []),
    ("Agence France-Presse", []),
    ("admin", []),
    ("", []),
]


@pytest.mark.parametrize(("field", "names"), NAMES)
def test_a_field_of_authors_gives_its_names(field: str, names: list[str]) -> None:
    assert list(clean_authors([field])) == names


def test_a_name_spelled_twice_counts_once() -> None:
    assert clean_authors(["ANN LEE", "Ann Lee", "ann lee"]) == ("Ann Lee",)


def test_an_agency_named_as_author_is_credited_and_no_author() -> None:
    fields = [
        "AFP",
        "Par Luc Roy avec AFP",
        "Rita Fonseca com Lusa",
        "Petr Novák, ČTK",
        "Ann Lee (Reuters)",
        "Bo Ek, AP Auto Writer",
    ]
    assert agencies_among(fields, site_names=()) == ("AFP", "Lusa", "ČTK", "Reuters", "AP")
    assert clean_authors(fields) == ("Luc Roy", "Rita Fonseca", "Petr Novák", "Ann Lee", "Bo Ek")


def test_an_outlet_is_no_agency_and_no_author_to_itself() -> None:
    assert agencies_among(["Metro Wire", "Northwest News Agency"], site_names=("Metro Wire",)) == (
        "Northwest News Agency",
    )
    assert choose_authors([["Metro Wire"], ["The Metro Wire"]], site_names=("Metro Wire",)) == ()


def test_a_person_counts_before_a_desk_whoever_names_it() -> None:
    assert choose_authors([["City Desk"], [], ["Ann Lee"], []], site_names=()) == ("Ann Lee",)


def test_a_name_that_is_no_person_s_counts_where_nobody_else_is_named() -> None:
    assert choose_authors([["Médecins du Nord"], [], [], []], site_names=()) == ("Médecins du Nord",)


def test_nobody_is_invented() -> None:
    assert choose_authors([[], [], [], ["Related Stories Online"]], site_names=()) == ()


@given(st.text(max_size=600))
def test_any_field_gives_clean_names(field: str) -> None:
    for name in clean_authors([field]):
        assert name == name.strip()
        assert 0 < len(name) <= 100
        assert "@" not in name or " " not in name
        assert "://" not in name
