from __future__ import annotations

from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.extract.changes import ChangePolicy, has_shrunk, judge_change
from monitor.extract.noise import core_of, is_noise, same_but_for_noise
from monitor.extract.removals import find_notice, is_notice
from monitor.text.differences import MAX_WORDS, Wording, difference, n_common_in_order
from monitor.types import RevisionKind

TEXT = "\n".join(
    f"The council decided on Monday that bridge number {n} will be repaired this winter." for n in range(9)
)
WORDS = st.lists(st.sampled_from("abcdefg"), max_size=40)


def lcs(a: list[str], b: list[str]) -> int:
    """By the book: a table."""
    row = [0] * (len(b) + 1)
    for one in a:
        before = row[:]
        for j, other in enumerate(b):
            row[j + 1] = before[j] + 1 if one == other else max(row[j], before[j + 1])
    return row[-1]


@given(WORDS, WORDS)
def test_common_words_are_the_longest_common_subsequence(a: list[str], b: list[str]) -> None:
    assert n_common_in_order(a, b) == lcs(a, b)
    assert n_common_in_order(a, b) >= sum(block.size for block in SequenceMatcher(None, a, b).get_matching_blocks())


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_difference_has_two_sides(a: str, b: str) -> None:
    there, back = difference(Wording(a, b), Wording(b, a)), difference(Wording(b, a), Wording(a, b))
    assert (there.n_words_added, there.n_words_removed) == (back.n_words_removed, back.n_words_added)
    assert 0 <= there.similarity == back.similarity <= 1
    assert difference(Wording(a, b), Wording(a, b)).similarity == 1


def test_words_that_moved_are_added_and_removed() -> None:
    found = difference(Wording("", "one two three four"), Wording("", "three four one two"))
    assert (found.n_words_added, found.n_words_removed, found.similarity) == (2, 2, 0.5)


def test_a_text_beyond_all_measure_is_still_compared() -> None:
    a = [str(n) for n in range(3 * MAX_WORDS)]
    assert n_common_in_order(a, a[::-1]) < len(a)
    assert n_common_in_order(a, [*a[:-1], "x"]) == len(a) - 1


@pytest.mark.parametrize(
    "line",
    [
        "Updated 5 minutes ago",
        "Last updated: 10:32 GMT",
        "Published 3 hours ago",
        "1,234 views",
        "12 comments",
        "5 min read",
        "Share",
        "Share on Facebook",
        "Aktualisiert vor 12 Minuten",
        "Stand: 14.03.2026, 10:15 Uhr",
        "Mis à jour il y a 5 minutes",
        "Actualizado hace 20 minutos",
        "Aggiornato 3 ore fa",
        "Atualizado há 2 horas",
        "5 minuten geleden bijgewerkt",
        "Обновлено 5 минут назад",
        "12 komentarzy",
        "更新 5 分前",
        "3 dakika önce güncellendi",
        "Πριν 5 λεπτά",
        "منذ 5 دقائق",
        "조회 1,234회",
    ],
)
def test_clocks_counters_and_share_bars_are_noise(line: str) -> None:
    assert is_noise(line)


@pytest.mark.parametrize(
    "line",
    [
        "Twelve people died.",
        "At least 13 people died in the hours after the quake.",
        "The bridge will be closed for 5 days from Monday.",
        "Dr. Brown read the report.",
        "Two hours later the mayor resigned.",
        "2026年3月14日、東京で12人が死亡した。",
        "",
    ],
)
def test_a_sentence_is_no_noise_whatever_numbers_it_has(line: str) -> None:
    assert not is_noise(line)


def test_titles_of_other_articles_after_the_text_are_no_part_of_it() -> None:
    links = "\nMayor resigns after scandal\nTen things to know today"
    assert core_of(TEXT + links) == TEXT
    assert same_but_for_noise(Wording("t", TEXT + links), Wording("t", TEXT + "\nA different teaser"))


def test_a_text_of_nothing_but_short_lines_is_compared_whole() -> None:
    lines = "Alpha beats beta\nGamma wins gold"
    assert core_of(lines) == lines
    assert not same_but_for_noise(Wording("t", lines), Wording("t", "Alpha beats beta\nGamma loses gold"))


def judge(before: Wording, after: Wording, *, n_small: int = 0) -> tuple[RevisionKind | None, bool]:
    change = judge_change(before, after, kind=RevisionKind.CHANGED, n_small_changes=n_small, policy=ChangePolicy())
    return change.kind, change.is_small


def test_typography_is_no_change() -> None:
    assert judge(Wording("It’s “so”", TEXT), Wording('It\'s "so"!', TEXT.replace(" ", "  ")))[0] is None


def test_a_number_in_a_sentence_is_a_change() -> None:
    assert judge(Wording("t", TEXT), Wording("t", TEXT.replace("number 5", "number 50"))) == (
        RevisionKind.CHANGED,
        True,
    )


def test_small_changes_end_and_larger_ones_never_do() -> None:
    small, large = TEXT.replace("Monday", "Tuesday", 1), TEXT + "\n" + TEXT.replace("council", "mayor")
    assert judge(Wording("t", TEXT), Wording("t", small), n_small=24) == (None, True)
    assert judge(Wording("t", TEXT), Wording("t", large), n_small=24) == (RevisionKind.CHANGED, False)


def test_a_text_shrinks_when_less_than_half_is_left() -> None:
    assert has_shrunk(100, 49, ChangePolicy())
    assert not has_shrunk(100, 50, ChangePolicy())


@pytest.mark.parametrize(
    "line",
    [
        "This article has been removed.",
        "This story is no longer available.",
        "We have withdrawn this article because it did not meet our standards.",
        "Dieser Artikel wurde gelöscht.",
        "Der Beitrag ist leider nicht mehr verfügbar.",
        "Cet article a été supprimé.",
        "Cette page n'est plus disponible",
        "Este artículo ha sido eliminado.",
        "Questo articolo è stato rimosso.",
        "Esta notícia foi removida.",
        "Dit artikel is verwijderd.",
        "Artikeln har tagits bort.",
        "Artiklen er blevet fjernet.",
        "Ten artykuł został usunięty.",
        "Статья удалена.",
        "Цей матеріал видалено.",
        "Bu haber yayından kaldırılmıştır.",
        "Το άρθρο αφαιρέθηκε.",
        "تم حذف هذا المقال",
        "该文章已被删除",
        "この記事は削除されました。",
        "이 기사는 삭제되었습니다.",
    ],
)
def test_a_notice_of_removal_is_recognised(line: str) -> None:
    assert is_notice(line)
    assert find_notice(f"<html><body><nav>Home</nav><p>{line}</p></body></html>".encode()) == line


@pytest.mark.parametrize(
    "line",
    [
        "The statue was removed on Monday.",
        "Der Minister wurde entlassen.",
        "Le maire a été élu.",
        "The company removed an article from its shelves.",
        "",
    ],
)
def test_other_removals_are_no_notice(line: str) -> None:
    assert not is_notice(line)


def test_a_long_line_is_no_notice() -> None:
    assert not is_notice("This article has been removed. " + "And more was said about many things. " * 9)
