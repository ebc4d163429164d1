"""Does a page say that its article was removed?

Some publishers answer 200 with a line instead of the article: "This article has been removed." The line must be short,
and the caller sees to it that no article is left beside it: an article may well report that another one was removed.
"""

from __future__ import annotations

import re

from trafilatura.utils import decode_file

from monitor.text.normalise import fold, plain_text

MAX_NOTICE_WORDS = 40
MAX_LEFT_WORDS = 80
"""A page with more words of text than this still is the article, or another one."""
MAX_BYTES = 500_000
MAX_LINES = 2_000

# What is spoken of, and what became of it some words later, in the languages that the product reads most.
_NOTICES = (
    (r"\b(?:this|the|that) (?:article|story|post|page|content|report|video|item)", r"(?:removed|deleted|withdrawn)\b"),
    (r"\b(?:this|the|that) (?:article|story|post|page|content|report)", r"(?:retracted|taken down|unpublished)\b"),
    (r"\b(?:this|the|that) (?:article|story|post|page|content|report)", r"no longer (?:available|online|published)"),
    (r"\bwe have (?:removed|withdrawn|retracted|deleted|taken down) (?:this|the)", r"(?:article|story|post|report)"),
    (r"\b(?:diese[rs]?|der|die|das) (?:artikel|beitrag|text|meldung|seite|inhalt)", r"(?:entfernt|gelöscht)"),
    (r"\b(?:diese[rs]?|der|die|das) (?:artikel|beitrag|text|meldung|seite)", r"(?:zurückgezogen|depubliziert)"),
    (r"\b(?:diese[rs]?|der|die|das) (?:artikel|beitrag|seite)", r"nicht (?:mehr|länger) (?:verfügbar|online|abrufbar)"),
    (r"\b(?:cet|cette|ce|le|la|l') ?(?:article|contenu|page|billet|publication)", r"(?:supprimé|retiré|dépublié)"),
    (r"\b(?:cet|cette|ce|le|la|l') ?(?:article|contenu|page|billet)", r"\bplus (?:disponible|en ligne|accessible)"),
    (r"\b(?:est[ea]|el|la) (?:artículo|noticia|contenido|página|nota)", r"(?:eliminad|retirad|borrad|suprimid)[oa]"),
    (r"\b(?:est[ea]|el|la) (?:artículo|noticia|contenido|página|nota)", r"ya no (?:está|se encuentra) disponible"),
    (r"\b(?:quest[oa]|quest'|l'|il|la) ?(?:articolo|contenuto|pagina|notizia)", r"(?:rimoss|eliminat|ritirat)[oa]"),
    (r"\b(?:quest[oa]|quest'|l'|il|la) ?(?:articolo|contenuto|pagina)", r"non è più (?:disponibile|online)"),
    (
        r"\b(?:est[ea]|o|a) (?:artigo|notícia|conteúdo|página|matéria)",
        r"(?:removid|eliminad|retirad|apagad|excluíd)[oa]",
    ),
    (r"\b(?:est[ea]|o|a) (?:artigo|notícia|conteúdo|página|matéria)", r"(?:já não|não) está (?:mais )?disponível"),
    (r"\b(?:dit|deze|het|de) (?:artikel|bericht|pagina|verhaal)", r"(?:verwijderd|ingetrokken|offline gehaald)"),
    (r"\b(?:dit|deze|het|de) (?:artikel|bericht|pagina|verhaal)", r"niet (?:meer|langer) beschikbaar"),
    (
        r"\b(?:artikeln|sidan|texten|inlägget)",
        r"(?:tagits bort|raderats|avpublicerats|borttagen|inte längre tillgänglig)",
    ),
    (r"\b(?:artiklen|artikkelen|siden|saken|teksten)", r"(?:fjernet|slettet|trukket tilbake|trukket tilbage)"),
    (r"\b(?:artykuł|tekst|materiał|strona|wpis)", r"(?:usunięt|wycofan|skasowan)[yaeo]|nie jest już dostępn"),
    (r"\b(?:статья|материал|страница|публикация|новость)", r"(?:удал[её]н|снят[ао]? с публикации|отозван|недоступн)"),
    (r"\b(?:стаття|матеріал|сторінка|публікація|новина)", r"(?:видален|знят[ао]? з публікації|відкликан|недоступн)"),
    (
        r"\b(?:haber|yazı|makale|içerik|sayfa)",
        r"(?:kaldırıl(?:dı|mıştır)|silin(?:di|miştir)|artık (?:mevcut|yayında) değil)",
    ),
    (r"\b(?:άρθρο|σελίδα|περιεχόμενο)", r"(?:αφαιρέθηκε|διαγράφηκε|αφαιρεθεί|διαγραφεί|αποσύρθηκε)"),
    (r"(?:تم|تمت|جرى) (?:حذف|إزالة|سحب)", r"(?:المقال|المقالة|الخبر|الصفحة|المحتوى|الموضوع)"),
    (
        r"(?:本文|[此该這本]篇?(?:文章|内容|內容|页面|新闻|新聞|文))",
        r"已(?:被|经被|經被)?(?:删除|刪除|撤回|移除|下架|撤稿)",
    ),
    (r"(?:記事|ページ|コンテンツ)は", r"(?:削除|取り下げ|掲載(?:を)?終了|公開(?:を)?終了)"),
    (r"(?:기사|게시물|페이지|콘텐츠)(?:는|은|가|이)", r"(?:삭제|취소|철회)"),
)
_MAX_BETWEEN = 40
_NOTICE = re.compile("|".join(f"{fold(thing)}.{{0,{_MAX_BETWEEN}}}(?:{fold(fate)})" for thing, fate in _NOTICES))
_WORD = re.compile(r"\S+")


def is_notice(line: str) -> bool:
    """Whether one line says that the article that stood here was removed."""
    return len(line) <= 400 and len(_WORD.findall(line)) <= MAX_NOTICE_WORDS and bool(_NOTICE.search(fold(line)))


def find_notice(page: bytes) -> str:
    """The line of a page that says so; "" when there is none."""
    lines = plain_text(decode_file(page[:MAX_BYTES])).splitlines()[:MAX_LINES]
    return next((line for line in lines if is_notice(line)), "")
