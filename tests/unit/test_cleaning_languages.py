"""What pages put around a report, and sentences that begin alike, in the languages of news."""

from __future__ import annotations

import pytest

from monitor.extract.cleaning import clean_paragraphs
from monitor.types import Origin

REPORTS = {
    "latin": (
        "El primer párrafo del informe cuenta lo que ocurrió el lunes en la ciudad junto al río.",
        "El segundo párrafo añade lo que dijeron después las autoridades sobre el caso.",
    ),
    "cyrillic": (
        "Первый абзац сообщения рассказывает о том, что произошло в городе в понедельник утром.",
        "Во втором абзаце говорится о том, что потом рассказали об этом представители властей.",
    ),
    "arabic": (
        "تحكي الفقرة الأولى من التقرير ما جرى في المدينة صباح يوم الاثنين الماضي.",
        "وتضيف الفقرة الثانية ما قاله المسؤولون عن ذلك في وقت لاحق من اليوم.",
    ),
    "han": ("报道的第一段讲述了星期一上午城里发生的事情。", "第二段补充了官员们当天晚些时候的说法。"),
    "kana": (
        "記事の最初の段落は、月曜日の朝に町で起きたことを伝えている。",
        "二つ目の段落は、その後の当局の説明を補っている。",
    ),
    "hangul": (
        "기사의 첫 단락은 월요일 아침 도시에서 일어난 일을 전한다.",
        "둘째 단락은 그날 당국이 밝힌 내용을 덧붙인다.",
    ),
}

MARKERS = [
    # advertisement
    "Artikel wird nach der Werbung fortgesetzt",
    "La suite après cette publicité",
    "Continúa después de la publicidad",
    "Continua após a publicidade",
    "L'articolo continua dopo la pubblicità",
    "Artikel gaat verder onder de advertentie",
    "Dalsza część artykułu pod reklamą",
    "Продолжение после рекламы",
    "Продовження після реклами",
    "Reklama",
    "Annons",
    "Annonse",
    "Mainos",
    "Reklam",
    "Advertentie",
    "Διαφήμιση",
    "विज्ञापन",
    "تبلیغات",
    "إعلان",
    "广告",
    "廣告",
    "広告",
    "광고",
    "Iklan",
    "Quảng cáo",
    "Hirdetés",
    "Inzerce",
    "Xayeysiis",
    "- ANZEIGE -",
    "[Publicité]",
    "スポンサーリンク",
    # more to read
    "Czytaj także: Most zamknięty do wiosny",
    "Zobacz też: Nowy most",
    "Читайте также: Мост закрыт до весны",
    "Материалы по теме: мост",
    "Читайте також: Міст закрито",
    "Lees ook: Brug dicht tot de lente",
    "Läs också: Bron stängd",
    "Les også: Broen er stengt",
    "Læs også: Broen er lukket",
    "Lue myös: Silta suljettu",
    "Ayrıca bkz: Köprü kapandı",
    "Διαβάστε επίσης: Κλειστή η γέφυρα",
    "यह भी पढ़ें: पुल बंद",
    "بیشتر بخوانید: پل بسته شد",
    "اقرأ أيضا: إغلاق الجسر",
    "相关阅读：大桥关闭",
    "延伸閱讀：大橋關閉",
    "関連記事：橋が閉鎖",
    "관련기사: 다리 폐쇄",
    "Akhri sidoo kale: Buundada",
    "Baca juga: Jembatan ditutup",
    "Čtěte také: Most uzavřen",
    "Leia também: Ponte fechada",
    "Te puede interesar: El puente",
    # share bars
    "Udostępnij Facebook WhatsApp",
    "Поделиться ВКонтакте Telegram",
    "Поширити Facebook Telegram",
    "شارك فيسبوك واتساب",
    "分享 微博 微信",
    "シェア ツイート LINE",
    "공유 페이스북 트위터",
    "Paylaş Facebook WhatsApp",
    "Dela Facebook Twitter",
    "Κοινοποίηση Facebook Twitter",
    "शेयर करें Facebook WhatsApp",
    "Condividi su Facebook",
    "12 Kommentare",
    "12 комментариев",
    "La wadaag Facebook WhatsApp",
    # newsletters
    "Zapisz się do naszego newslettera i otrzymuj wiadomości.",
    "Подпишитесь на нашу рассылку и получайте главные новости.",
    "Підпишіться на нашу розсилку, щоб отримувати новини.",
    "Schrijf je in voor onze nieuwsbrief.",
    "Prenumerera på vårt nyhetsbrev.",
    "Bültenimize abone ol, haberler e-posta kutuna gelsin.",
    "Assine a nossa newsletter.",
    "Iscriviti alla nostra newsletter per non perdere le notizie.",
    "اشترك في النشرة الإخبارية لتصلك أهم الأخبار",
    "订阅我们的电子报，每天获取最新新闻。",
    "ニュースレターに登録して最新ニュースを受け取る。",
    "뉴스레터를 구독하고 매일 뉴스를 받아보세요.",
    "در خبرنامه ما عضو شوید تا خبرها را دریافت کنید.",
    "Εγγραφείτε στο newsletter μας για τις ειδήσεις της ημέρας.",
    # cookies
    "Używamy plików cookie, aby ulepszyć serwis.",
    "Мы используем файлы cookie для удобства пользователей.",
    "Vi använder cookies för att förbättra upplevelsen.",
    "Wij gebruiken cookies om uw ervaring te verbeteren.",
    "نستخدم ملفات تعريف الارتباط لتحسين تجربتك.",
    "我们使用 Cookie 来改善您的体验。",
    "当サイトではCookieを使用しています。",
    "당사는 쿠키를 사용합니다.",
    "Utilizziamo i cookie per migliorare la navigazione.",
    "Bu site çerezleri kullanmaktadır.",
]

SENTENCES = [
    "Anzeigen gingen am Montag zwanzig ein, teilte die Polizei mit.",
    "Werbung für Tabak bleibt verboten.",
    "La publicité pour l'alcool sera interdite en mai.",
    "Publicidad engañosa, dijo el juez en su sentencia.",
    "Reklama dźwignią handlu, mówi przysłowie.",
    "Реклама табака запрещена с 2013 года, напомнил министр.",
    "Lees ook de brief van de minister, zei hij in het debat.",
    "Читайте также между строк, советовал он.",
    "Также по теме высказался губернатор области.",
    "Partager le pouvoir n'est pas dans ses habitudes.",
    "Teilen wollte er die Beute nicht.",
    "Delen van de stad zaten zonder stroom.",
    "Del av vägen är avstängd.",
    "Abonnieren kann man das Blatt seit 1848.",
    "Suscribirse al pacto fue un error, admitió el alcalde.",
    "Подпишитесь под этим, сказал ему следователь.",
    "订阅用户数量去年下降了两成。",
    "广告收入连续三年下降。",
    "広告収入は三年続けて減少した。",
    "광고 수입이 3년 연속 감소했다.",
    "分享经验是这次会议的目的。",
    "إعلان النتائج تأخر إلى يوم الخميس.",
    "Cookies sind in vielen Haushalten Pflicht an Weihnachten.",
    "Cookie-Hersteller klagen über teures Mehl.",
    "Par Toutatis, cria le druide.",
    "Von Anfang an war die Lage unklar.",
    "Por Madrid pasaron ayer mil tractores.",
    "Di Roma non parla più nessuno.",
    "Door de storm vielen bomen om.",
    "Av de hundra husen brann tio ner.",
    "Przez Warszawę przeszła burza.",
    "Автор книги живёт в Москве.",
    "كتب الرئيس على صفحته أنه لن يستقيل.",
    "记者从市政府获悉，大桥将于春天开放。",
    "記者会見は夕方に開かれた。",
    "기자 회견은 오후에 열렸다.",
    "Quellen im Ministerium bestätigten das.",
    "Fuentes del gobierno lo negaron.",
    "Источники в ведомстве это отрицают.",
    "По материалам дела проходят трое обвиняемых.",
    "Mit Material für drei Häuser kam er nicht weit.",
    "Avec la neige, les cols ferment.",
    "Con información falsa se ganan elecciones, advirtió.",
    "Agences de voyage : la fin.",
    "据新华社报道，会议已经结束。",
    "Nach Angaben der dpa kamen drei Menschen um.",
    "Selon l'AFP, trois personnes sont mortes.",
    "Агентство сообщило о трёх погибших.",
    "Foto dell'anno, il premio va a una giovane reporter.",
    "Fotografen kamen zu spät.",
]

BYLINES = [
    ("Von Anna Müller, Korrespondentin in Paris", ("Anna Müller",)),
    ("Autor: Zofia Wójcik", ("Zofia Wójcik",)),
    ("Autorzy: Jan Nowak i Ewa Kot", ("Jan Nowak", "Ewa Kot")),
    ("Автор: Олена Коваль", ("Олена Коваль",)),
    ("Av Kari Nordmann", ("Kari Nordmann",)),
    ("Af Mette Holm og Ole Lund", ("Mette Holm", "Ole Lund")),
    ("Text: Anna Berg", ("Anna Berg",)),
    ("Haber: Ayşe Demir", ("Ayşe Demir",)),
    ("Qore: Abdi Warsame", ("Abdi Warsame",)),
    ("كتب: أحمد علي", ("أحمد علي",)),
    ("بقلم أحمد علي", ("أحمد علي",)),
    ("نویسنده: رضا کریمی", ("رضا کریمی",)),
    ("लेखक: सुनीता शर्मा", ("सुनीता शर्मा",)),
    ("记者 李明 王芳", ("李明", "王芳")),
    ("文/佐藤健一", ("佐藤健一",)),
    ("홍길동 기자", ("홍길동",)),
    ("김민수·이영희 기자 minsu@dongnae.example", ("김민수", "이영희")),
    ("Γράφει ο Νίκος Δήμου", ("Νίκος Δήμου",)),
    ("Por Inés Cabrera y Raúl Ponce", ("Inés Cabrera", "Raúl Ponce")),
    ("di Marco Rossi e Giulia Ferri", ("Marco Rossi", "Giulia Ferri")),
    ("By Smith, John", ("John Smith",)),
    ("By Anna-Maria de la Cruz", ("Anna-Maria de la Cruz",)),
    ("By Political Editor Ann Lee", ("Ann Lee",)),
]

CREDITS = [
    ("mit Material der dpa", "dpa", Origin.AGENCY),
    ("Mit Material von AFP", "AFP", Origin.AGENCY),
    ("avec AFP", "AFP", Origin.AGENCY),
    ("(avec AFP)", "AFP", Origin.AGENCY),
    ("Con información de EFE", "EFE", Origin.AGENCY),
    ("com informações da Lusa", "Lusa", Origin.AGENCY),
    ("По материалам РИА Новости", "RIA Novosti", Origin.AGENCY),
    ("По материалам ТАСС", "TASS", Origin.AGENCY),
    ("За матеріалами Укрінформу", "Ukrinform", Origin.AGENCY),
    ("Źródło: PAP", "PAP", Origin.AGENCY),
    ("Zdroj: ČTK", "ČTK", Origin.AGENCY),
    ("Bron: ANP", "ANP", Origin.AGENCY),
    ("Kilde: NTB", "NTB", Origin.AGENCY),
    ("Källa: TT", "TT", Origin.AGENCY),
    ("Lähde: STT", "STT", Origin.AGENCY),
    ("/ritzau/", "Ritzau", Origin.AGENCY),
    ("Fonte: ANSA", "ANSA", Origin.AGENCY),
    ("Fuente: Europa Press", "Europa Press", Origin.AGENCY),
    ("Kaynak: AA", "Anadolu", Origin.AGENCY),
    ("المصدر: رويترز", "Reuters", Origin.AGENCY),
    ("(أ ف ب)", "AFP", Origin.AGENCY),
    ("منبع: ایرنا", "IRNA", Origin.AGENCY),
    ("来源：中新社", "China News Service", Origin.AGENCY),
    ("（共同通信）", "Kyodo", Origin.AGENCY),
    ("출처: 연합뉴스", "Yonhap", Origin.AGENCY),
    ("With files from AP", "AP", Origin.AGENCY),
    ("(SONNA)", "SONNA", Origin.AGENCY),
    ("Source: GNA", "GNA", Origin.AGENCY),
    ("PTI", "PTI", Origin.AGENCY),
    ("Πηγή: ΑΠΕ-ΜΠΕ", "ANA-MPA", Origin.AGENCY),
    ("Sursa: Agerpres", "Agerpres", Origin.AGENCY),
    ("Agencies", None, Origin.AGGREGATOR),
    ("News Wires", None, Origin.AGGREGATOR),
    ("وكالات", None, Origin.AGGREGATOR),
    ("По материалам агентств", None, Origin.AGGREGATOR),
    ("Avec les agences", None, Origin.AGGREGATOR),
    ("PR Newswire", None, Origin.PRESS_RELEASE),
    ("Quelle: ots", None, Origin.PRESS_RELEASE),
]

DATELINES = [
    ("（北京中新社）会议于星期一结束，各方没有达成协议。", "（北京中新社）", "China News Service"),
    ("【北京共同】会議は月曜日に終わり、合意には至らなかった。", "【北京共同】", "Kyodo"),
    ("МОСКВА, 5 янв — РИА Новости. Переговоры завершились в понедельник.", "МОСКВА, 5 янв", "RIA Novosti"),
    ("МОСКВА, 5 января. /ТАСС/. Переговоры завершились в понедельник.", "МОСКВА, 5 января. /ТАСС/", "TASS"),
    ("КИЇВ. 5 січня. УНІАН. Переговори завершилися в понеділок.", "КИЇВ. 5 січня. УНІАН", "UNIAN"),
    ("(ANSA) - ROMA, 05 GEN - I colloqui sono finiti lunedì.", "(ANSA) - ROMA, 05 GEN", "ANSA"),
    ("Madrid, 5 ene (EFE).- Las conversaciones terminaron el lunes.", "Madrid, 5 ene (EFE)", "EFE"),
    ("القاهرة (أ ف ب) - انتهت المحادثات يوم الاثنين دون اتفاق.", "القاهرة (أ ف ب)", "AFP"),
    ("(서울=연합뉴스) 홍길동 기자 = 회담은 월요일에 합의 없이 끝났다.", "(서울=연합뉴스) 홍길동 기자", "Yonhap"),
    ("NEW YORK--(BUSINESS WIRE)--Northwind opens a plant.", "NEW YORK--(BUSINESS WIRE)", None),
    ("PARIS, Jan. 6, 2026 /PRNewswire/ -- Northwind opens a plant.", "PARIS, Jan. 6, 2026 /PRNewswire/", None),
    ("STOCKHOLM (TT) – Samtalen avslutades på måndagen.", "STOCKHOLM (TT)", "TT"),
    ("MUQDISHO (SONNA) – Wadahadalladu waxay dhammaadeen Isniintii.", "MUQDISHO (SONNA)", "SONNA"),
]


@pytest.mark.parametrize("line", MARKERS)
def test_what_a_page_puts_between_paragraphs_leaves_in_every_language(line: str) -> None:
    for first, last in REPORTS.values():
        for lines in ([line, first, last], [first, line, last], [first, last, line]):
            assert clean_paragraphs(lines).paragraphs == (first, last)


@pytest.mark.parametrize("line", SENTENCES)
def test_a_sentence_that_begins_like_a_marker_stays_in_every_language(line: str) -> None:
    first, last = REPORTS["latin"]
    for lines in ([line, first, last], [first, line, last], [first, last, line]):
        cleaned = clean_paragraphs(lines)
        assert cleaned.paragraphs == tuple(lines)
        assert (cleaned.authors, cleaned.credit) == ((), None)


@pytest.mark.parametrize(("line", "authors"), BYLINES)
def test_a_byline_names_its_authors_in_every_language(line: str, authors: tuple[str, ...]) -> None:
    first, last = REPORTS["latin"]
    for lines in ([line, first, last], [first, last, line]):
        cleaned = clean_paragraphs(lines)
        assert (cleaned.paragraphs, cleaned.authors) == ((first, last), authors)


@pytest.mark.parametrize(("line", "agency", "origin"), CREDITS)
def test_a_credit_says_where_the_text_comes_from(line: str, agency: str | None, origin: Origin) -> None:
    for first, last in REPORTS.values():
        cleaned = clean_paragraphs([first, last, line])
        assert (cleaned.paragraphs, cleaned.agency, cleaned.origin) == ((first, last), agency, origin)
        assert cleaned.credit is not None


@pytest.mark.parametrize(("line", "dateline", "agency"), DATELINES)
def test_a_dateline_is_a_field_and_stays_in_the_text(line: str, dateline: str, agency: str | None) -> None:
    cleaned = clean_paragraphs([line, REPORTS["latin"][1]])
    assert cleaned.paragraphs[0] == line
    assert (cleaned.dateline, cleaned.agency) == (dateline, agency)
