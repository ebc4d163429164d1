"""Which lines of a text say nothing of the article itself?

Pages carry clocks ("Updated 5 minutes ago"), counters ("1,234 views", "12 comments"), reading times, share bars and
links to other articles, and some of these end up in the text. They change at every look, and a change of theirs is
none of the article's. A line is noise when it is short, has a word that such lines have, and little else beside
numbers; or when it belongs to the lines without an end of a sentence that follow the last sentence: titles of other
articles. Sentences are never noise, whatever numbers stand in them: a death toll that rises is news.
"""

from __future__ import annotations

import re
from itertools import takewhile

from monitor.text.differences import Wording
from monitor.text.normalise import normal_text
from monitor.text.tokens import words

MAX_LINE_WORDS = 14
MAX_OTHER_WORDS = 3
MAX_LINKS = 25

# Folded, as `words` gives them: without accents and case. In the languages that the product reads most.
_CLOCKS = (
    "updated update modified published posted ago just now min mins minute minutes hour hours hr hrs day days read "
    "reading time last edited "
    "aktualisiert veroffentlicht stand vor minuten minute stunde stunden tag tagen lesezeit uhr zuletzt geandert "
    "mis maj jour publie publiee modifie modifiee il y heure heures jours lecture temps "
    "actualizado actualizada publicado publicada modificado hace minuto minutos hora horas dia dias lectura tiempo "
    "aggiornato aggiornata pubblicato modificato fa minuti ore giorni lettura tempo "
    "atualizado atualizada modificado ha leitura "
    "bijgewerkt gepubliceerd geleden minuten uur uren dagen leestijd gewijzigd "
    "uppdaterad publicerad sedan minuter timmar dagar oppdatert publisert siden timer dager opdateret "
    "zaktualizowano opublikowano temu minut minuty godzin godziny dni "
    "обновлено опубликовано назад минут минуты минуту часов часа час дней дня оновлено опубліковано тому хвилин годин "
    "guncellendi guncelleme yayinlandi once dakika saat gun okuma "
    "ενημερωθηκε δημοσιευτηκε πριν λεπτα ωρες "
    "منذ دقيقة دقائق ساعة ساعات يوم ايام تحديث اخر نشر "
    "am pm gmt utc cet cest est edt pst pdt ist bst"
)
_COUNTERS = (
    "views view comments comment shares share likes like reads followers votes reactions subscribers "
    "aufrufe kommentare kommentar teilen mal geteilt gelesen vues commentaires commentaire partages partager lectures "
    "visitas comentarios comentario compartir compartidos veces visualizzazioni commenti commento condividi "
    "condivisioni visualizacoes partilhas partilhar compartilhar "
    "reacties weergaven delen visningar kommentarer dela visninger del komentarzy komentarze wyswietlen udostepnij "
    "просмотров просмотра комментариев комментария поделиться переглядів коментарів goruntulenme yorum paylas "
    "σχολια مشاهدة مشاهدات تعليق تعليقات مشاركة facebook twitter whatsapp telegram linkedin email print"
)
_MONTHS = (
    "jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september "
    "october november december januar februar marz mai juni juli oktober dezember janvier fevrier mars avril juin "
    "juillet aout septembre octobre novembre decembre enero febrero marzo abril mayo junio julio agosto septiembre "
    "octubre noviembre diciembre gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre "
    "monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun"
)
_MARKERS = frozenset(_CLOCKS.split()) | frozenset(_COUNTERS.split())
_KNOWN = _MARKERS | frozenset(_MONTHS.split())
_SENTENCE_END = re.compile(r"[.!?…。！？।؟۔:;»”\"')\]]\s*$")
_HAS_DIGIT = re.compile(r"\d")
# Scripts without spaces between words: there a clock is told by its signs.
_UNSPACED_NOISE = re.compile(
    r"^\W*(?:更新|发布|發布|公開|配信|最終更新|閲覧|阅读|閱讀|浏览|瀏覽|评论|評論|コメント|シェア|수정|입력|조회|댓글|좋아요|업데이트)?"
    r"\W*[\d年月日時分秒时分鐘钟前:/\-.,\s년월일시분초전회개]+"
    r"(?:更新|发布|發布|公開|配信|前|次阅读|次|回|件|评论|評論|コメント|조회|댓글|전)?\W*$"
)


def is_noise(line: str) -> bool:
    """Whether a line is a clock, a counter or a share bar."""
    if _HAS_DIGIT.search(line) and len(line) <= 60 and _UNSPACED_NOISE.match(line):
        return True
    found = words(line[:400])
    if not found or len(found) > MAX_LINE_WORDS:
        return False
    has_number = any(_HAS_DIGIT.search(word) for word in found)
    n_markers = sum(word in _MARKERS for word in found)
    others = [word for word in found if word not in _KNOWN and not _HAS_DIGIT.search(word)]
    # Beside the number little may be said: "5 minutes ago she left" is a sentence.
    n_others = len(others)
    return n_markers > 0 and n_others <= min(MAX_OTHER_WORDS, n_markers) and (has_number or n_others < n_markers)


def core_of(text: str) -> str:
    """The text without noise; the text as it is where nothing else would be left."""
    lines = [line for line in text.splitlines() if not is_noise(line)]
    trailing = list(takewhile(_is_link, reversed(lines)))
    if 0 < len(trailing) <= MAX_LINKS and len(trailing) < len(lines):
        lines = lines[: len(lines) - len(trailing)]
    return "\n".join(lines) if lines else text


def same_but_for_noise(before: Wording, after: Wording) -> bool:
    """Whether title and text say the same: typography, spaces, clocks, counters and links do not count."""
    if normal_text(before.title) != normal_text(after.title):
        return False
    if normal_text(before.text) == normal_text(after.text):
        return True
    return normal_text(core_of(before.text)) == normal_text(core_of(after.text))


def _is_link(line: str) -> bool:
    return len(words(line[:400])) <= MAX_LINE_WORDS and not _SENTENCE_END.search(line)
