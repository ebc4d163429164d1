"""The titles by which newsrooms mark what reports no single event, in the languages of news.

Data, not judgement: what a match means is said in monitor.cluster.guards. Phrases are compared folded (lower case,
without accents), with figures, months and weekdays taken out. No outlet is named here. To add a language, add its
phrases to each table.
"""

from __future__ import annotations

from monitor.text.normalise import fold


def folded(block: str) -> tuple[str, ...]:
    """One phrase between two bars or line ends."""
    return tuple(fold(phrase.strip()) for phrase in block.replace("\n", "|").split("|") if phrase.strip())


REGULAR_TITLES = frozenset(
    folded("""
weather | weather forecast | the weather | markets | market report | letters | lottery | obituaries | births
deaths | newsletter | top stories | breaking news | corrections | news in brief | in brief | briefs | quiz | cartoon
comics | puzzles | recipes | photos
tv guide | what's on | events | calendar | sports results | results | scoreboard
wetter | das wetter | wettervorhersage | kurz notiert | kurznachrichten | nachrichten | börse | kommentare
meldungen | veranstaltungen | termine | todesanzeigen | karikatur
météo | la météo | en bref | brèves | bourse | courrier | agenda | nécrologie | jeux | le dessin du jour
el tiempo | tiempo | clima | el clima | breves | bolsa | cartas | esquelas | agenda | viñeta
meteo | il meteo | previsioni meteo | in breve | brevi | borsa | lettere | necrologi | vignetta
tempo | previsão do tempo | curtas | breves | bolsa | cartas | obituário | charge
weer | het weer | weerbericht | kort nieuws | kort | beurs | brieven | overlijdensberichten
väder | vädret | väderprognos | i korthet | notiser | insändare | vejret | vejrudsigt | kort nyt | været
værmelding | kort fortalt | sää | säätiedotus | lyhyesti | uutiset lyhyesti
pogoda | prognoza pogody | w skrócie | giełda | listy | nekrologi | počasí | předpověď počasí | stručně
időjárás | időjárás-előrejelzés | röviden | vremea | prognoza meteo | pe scurt | vrijeme | vremenska prognoza
времето | прогноза за времето | накратко | погода | прогноз погоды | коротко | прогноз погоди | погода
ο καιρός | καιρός | πρόγνωση καιρού | σύντομες ειδήσεις | hava durumu | kısa kısa | borsa
الطقس | حالة الطقس | طقس | أخبار قصيرة | موجز الأنباء | آب و هوا | وضعیت آب و هوا | وضع هوا | خبرهای کوتاه
מזג האוויר | תחזית מזג האוויר | בקצרה | मौसम | मौसम का हाल | संक्षिप्त समाचार | আবহাওয়া | موسم | موسم کا حال
天气 | 天气预报 | 天氣 | 天氣預報 | 简讯 | 天気 | 天気予報 | 날씨 | 일기예보 | สภาพอากาศ | พยากรณ์อากาศ | thời tiết
dự báo thời tiết | cuaca | prakiraan cuaca | ramalan cuaca
""")
)
"""The whole title: in a longer one these words may tell of an event."""

REGULAR_PARTS = folded("""
crossword | daily crossword | crossword puzzle | quick crossword | cryptic crossword | crossword answers | sudoku
wordle today | wordle answer | wordle hint | today's wordle | connections hints | horoscope | horoscopes
your horoscope | daily horoscope | horoscope today | today's horoscope | lottery numbers | winning lottery numbers
lottery results | winning numbers | letters to the editor | letter to the editor | readers' letters
today's weather | weather today | daily weather forecast | weather outlook | today's cartoon | comic strip
news quiz | weekly quiz | quiz of the week | tv tonight | what's on tv | on this day | today in history
this day in history | word of the day | photo of the day | photos of the day | recipe of the day | dear abby
kreuzworträtsel | horoskop | tageshoroskop | ihr horoskop | horoskop heute | lottozahlen | lotto am
gewinnzahlen | leserbriefe | leserbrief | wetter heute | das wetter heute | heute im fernsehen | tv-tipps
mots croisés | horoscope du jour | votre horoscope | résultats du loto | tirage du loto | résultats loto
courrier des lecteurs | météo du jour | bulletin météo | programme tv | le quiz de la semaine | éphéméride
crucigrama | horóscopo | horóscopo de hoy | horóscopo diario | resultados de la lotería | lotería nacional
cartas al director | cartas de los lectores | el tiempo hoy | clima de hoy | pronóstico del tiempo
cruciverba | oroscopo | oroscopo di oggi | oroscopo del giorno | estrazioni lotto | estrazioni del lotto
superenalotto | lettere al direttore | meteo oggi | previsioni del tempo | programmi tv stasera
palavras cruzadas | horóscopo do dia | horóscopo de hoje | resultado da lotofácil | resultado da mega-sena
cartas dos leitores | cartas ao diretor | previsão do tempo para hoje | mots encreuats | horòscop | cartes al director
kruiswoordpuzzel | horoscoop | lottotrekking | trekking lotto | ingezonden brieven | brieven van lezers
weerbericht voor | korsord | horoskopet | dagens horoskop | lottorader | dagens väder | dagens korsord
krydsord | lottotal | læserbreve | læserbrev | kryssord | leserinnlegg | lottotall | ristikko | horoskooppi
päivän horoskooppi | lottonumerot | mielipidekirjoitukset | krzyżówka | horoskop dzienny | horoskop na dziś
wyniki lotto | wyniki losowania | listy do redakcji | listy czytelników | křížovka | horoskop na dnes
výsledky sportky | dopisy čtenářů | keresztrejtvény | napi horoszkóp | horoszkóp | lottószámok | olvasói levelek
horoscop | horoscopul zilei | rezultate loto | numere loto | dnevni horoskop | križaljka | rezultati lota
хороскоп | дневен хороскоп | кръстословица | гороскоп | гороскоп на сегодня | гороскоп на день
прогноз погоды на | кроссворд | результаты лотереи | письма читателей | письма в редакцию | гороскоп на сьогодні
погода на сьогодні | листи читачів | ζώδια | τα ζώδια | αστρολογικές προβλέψεις | σταυρόλεξο | επιστολές αναγνωστών
κλήρωση τζόκερ | günlük burç yorumları | burç yorumları | bulmaca | çekiliş sonuçları | okur mektupları
حظك اليوم | توقعات الأبراج | الأبراج اليوم | كلمات متقاطعة | بريد القراء | رسائل القراء | حالة الطقس اليوم
درجات الحرارة اليوم | فال روز | طالع بینی | جدول کلمات متقاطع | نامه های خوانندگان | הורוסקופ | הורוסקופ יומי
תשבץ | תוצאות הלוטו | מכתבים למערכת | राशिफल | आज का राशिफल | दैनिक राशिफल | आज का मौसम | वर्ग पहेली
আজকের রাশিফল | রাশিফল | আজকের আবহাওয়া | 星座运势 | 今日运势 | 填字游戏 | 彩票开奖 | 双色球开奖结果
今日天气 | 读者来信 | 星座運勢 | 讀者投書 | 今日天氣 | 今日の天気 | 今日の運勢 | 星占い | 星座占い | クロスワード
読者投稿 | 宝くじ当選番号 | 오늘의 운세 | 오늘의 날씨 | 로또 당첨번호 | 독자투고 | 십자말풀이 | ดวงวันนี้ | ดูดวง
ผลสลากกินแบ่ง | ตรวจหวย | พยากรณ์อากาศวันนี้ | tử vi hôm nay | tử vi | kết quả xổ số | thời tiết hôm nay
ramalan zodiak | zodiak hari ini | prakiraan cuaca hari ini | surat pembaca | teka-teki silang
""")
"""The first or last part of a title, between its colons, bars and dashes."""

ROUNDUP_PARTS = folded("""
morning briefing | evening briefing | daily briefing | news briefing | your briefing | your daily briefing
the briefing | news roundup | news round-up | morning roundup | weekly roundup | sports roundup | daily digest
news digest | weekly digest | morning newsletter | weekly newsletter | the week in review | week in review
this week in
the week in pictures | the week that was | today's headlines | headlines today | morning headlines
world news in brief | what you need to know today | what you missed | first thing | front pages | today's papers
what the papers say | the papers | newspaper headlines | evening wrap | morning wrap | links of the day
morning links | the morning | press review
das wichtigste am morgen | das wichtigste am abend | der tag im überblick | der morgen | die lage am morgen
die lage am abend | nachrichten am morgen | was heute wichtig ist | was heute wichtig wird | presseschau
wochenrückblick | die woche im rückblick | nachrichten im überblick | das war der tag | morgenbriefing
l'essentiel de l'actualité | l'essentiel de la semaine | ce qu'il faut retenir | le brief | revue de presse
la revue de presse | les titres du jour | l'actu du jour | la matinale | le point du jour | la semaine en images
las noticias del día | resumen del día | resumen de noticias | noticias del día | resumen semanal | las portadas
lo más importante del día | las claves del día | boletín | revista de prensa | la semana en imágenes
le notizie del giorno | rassegna stampa | la rassegna stampa | le prime pagine | notizie in breve
il punto del giorno | la settimana in breve | resumo do dia | resumo da semana | notícias do dia
as notícias do dia | as manchetes do dia | manchetes dos jornais | revista de imprensa
revista de premsa | les notícies del dia | nieuwsoverzicht | het nieuws van vandaag | ochtendnieuws | weekoverzicht
de ochtendbriefing | persoverzicht | morgonkollen | nyheterna i korthet | dagens nyheter i korthet
veckan som gick | nyhedsoverblik | dagens overblik | ugens overblik | nyhetsoversikt | nyhetsoppsummering
uken som gikk | päivän uutiset | viikon uutiset | aamun uutiset | przegląd prasy | najważniejsze wydarzenia dnia
skrót wiadomości | podsumowanie dnia | przegląd tygodnia | přehled zpráv | přehled tisku | souhrn dne
lapszemle | hírek röviden | a nap hírei | heti összefoglaló | revista presei | știrile zilei | pregled dana
pregled štampe | преглед на печата | новините накратко | обзор прессы | главные новости | главное за день
главное за неделю | новости к этому часу | итоги дня | итоги недели | дайджест | огляд преси
головні новини | головне за день | підсумки дня | πρωτοσέλιδα | τα πρωτοσέλιδα | οι ειδήσεις της ημέρας
επισκόπηση τύπου | günün özeti | gazete manşetleri | günün manşetleri | haftanın özeti | basın özeti
أهم الأخبار | أبرز عناوين الصحف | عناوين الصحف | جولة الصحافة | نشرة الأخبار | موجز الأخبار | حصاد اليوم | أقوال الصحف
مهمترین خبرهای روز | مهم ترین اخبار | مرور روزنامه ها | تیتر روزنامه ها | خلاصه اخبار | כותרות היום | סיכום היום
סקירת עיתונות | חדשות הבוקר | आज की बड़ी खबरें | आज की ताजा खबर | टॉप न्यूज़ | समाचार सारांश | दिन भर की बड़ी खबरें
আজকের খবর | এক নজরে | 新闻早餐 | 早报 | 晚报 | 早安新闻 | 一周回顾 | 今日要闻 | 新闻摘要 | 今日頭條 | 新聞摘要
一週回顧
今日のニュース | 朝刊 | ニュースまとめ | 今週のまとめ | 主なニュース | 오늘의 주요 뉴스 | 뉴스 브리핑 | 아침 신문
간추린 뉴스
สรุปข่าว | ข่าวเด่นวันนี้ | ข่าวเช้า | điểm tin | điểm báo | tin tức trong ngày | rangkuman berita | berita terpopuler
""")
"""The first or last part of a title, as above."""

LIVE_PARTS = folded("""
live | direct | directo | diretta | direto | živě | élő | élőben | uživo | наживо | онлайн-трансляція | ζωντανά
canlı | مباشر | زنده | लाइव | লাইভ | 直播 | 实时更新 | 文字直播 | 即時更新 | 即時 | ライブ | ライブ中継 | 실시간
생중계 | สด | ถ่ายทอดสด
the latest | live now
""")
"""The first or last part of a title, or the end of what stands before its first colon or bar."""

LIVE_EDGES = folded("""
watch live | follow live | breaking live | jetzt live | en direct | suivez en direct | en vivo
en directo | in diretta | ao vivo | em direto | en directe | live oggi | na żywo | relacja na żywo
online přenos | în direct | на живо | прямая трансляция | текстовая трансляция | пряма трансляція
live μετάδοση | canlı anlatım | canlı yayın | بث مباشر | لحظة بلحظة | تغطية مباشرة | پخش زنده | لحظه به لحظه
שידור חי | עדכונים שוטפים | लाइव अपडेट | trực tiếp | tường thuật trực tiếp | siaran langsung
""")
"""Begins or ends the first or last part of a title."""

LIVE_WITHIN = folded("""
live blog | liveblog | live updates | live update | live ticker | live-ticker | liveticker | live coverage
live news | as it happened | minute by minute | minute-by-minute | blow by blow | rolling coverage | latest updates
newsblog | nachrichten-ticker | minute par minute | minuto a minuto | minuto per minuto | in tempo reale
última hora en directo | ao minuto | minuto a minuto | van minuut tot minuut | minut för minut | direkterapport
livedækning | følg live | direktesending | følg direkte | hetki hetkeltä | seuraa livenä | minuta po minucie
relacja live | minutu po minutě | online reportáž | percről percre | minut cu minut | iz minute u minutu
минута по минута | хроника событий | онлайн-репортаж | текстовый онлайн | хроніка подій | λεπτό προς λεπτό
dakika dakika | التحديث المستمر | عاجل لحظة بلحظة | به روز رسانی لحظه ای | पल-पल की अपडेट | 滚动更新 | 滾動更新
タイムライン | 실시간 업데이트 | cập nhật liên tục
""")
"""Anywhere in a title."""

DATE_WORDS = frozenset(
    folded("""
monday | tuesday | wednesday | thursday | friday | saturday | sunday | mon | tue | tues | wed | thu | thurs | fri
montag | dienstag | mittwoch | donnerstag | freitag | samstag | sonnabend | sonntag
lundi | mardi | mercredi | jeudi | vendredi | samedi | dimanche
lunes | martes | miércoles | jueves | viernes | sábado | domingo
lunedì | martedì | mercoledì | giovedì | venerdì | sabato | domenica
segunda-feira | terça-feira | quarta-feira | quinta-feira | sexta-feira | segunda | terça | quarta | quinta | sexta
feira | dilluns | dimarts | dimecres | dijous | divendres | dissabte | diumenge
maandag | dinsdag | woensdag | donderdag | vrijdag | zaterdag | zondag
måndag | tisdag | onsdag | torsdag | fredag | lördag | söndag | mandag | tirsdag | lørdag | søndag
maanantai | tiistai | keskiviikko | torstai | perjantai | lauantai | sunnuntai
poniedziałek | wtorek | środa | czwartek | piątek | sobota | niedziela | pondělí | úterý | středa | čtvrtek | pátek
neděle | hétfő | kedd | szerda | csütörtök | péntek | szombat | vasárnap | luni | marți | miercuri | joi | vineri
sâmbătă | duminică | ponedjeljak | utorak | srijeda | četvrtak | petak | subota | nedjelja
понеделник | вторник | сряда | четвъртък | петък | събота | неделя | понедельник | среда | четверг | пятница
суббота | воскресенье | понеділок | вівторок | середа | четвер | пятниця | субота | неділя
δευτέρα | τρίτη | τετάρτη | πέμπτη | παρασκευή | σάββατο | κυριακή
pazartesi | salı | çarşamba | perşembe | cuma | cumartesi | pazar
الاثنين | الإثنين | الثلاثاء | الأربعاء | الخميس | الجمعة | السبت | الأحد | دوشنبه | سه شنبه | چهارشنبه | پنجشنبه
جمعه
יום שני | יום שלישי | יום רביעי | יום חמישי | יום שישי | שבת | सोमवार | मंगलवार | बुधवार | गुरुवार | शुक्रवार | शनिवार
रविवार | thứ hai | thứ ba | thứ tư | thứ năm | thứ sáu | thứ bảy | chủ nhật
senin | selasa | rabu | kamis | jumat | sabtu | minggu | วันจันทร์ | วันอังคาร | วันพุธ | วันพฤหัสบดี | วันศุกร์
วันเสาร์ | วันอาทิตย์
星期一 | 星期二 | 星期三 | 星期四 | 星期五 | 星期六 | 星期日 | 周一 | 周二 | 周三 | 周四 | 周五 | 周六 | 周日
月曜日 | 火曜日 | 水曜日 | 木曜日 | 金曜日 | 土曜日 | 日曜日 | 월요일 | 화요일 | 수요일 | 목요일 | 금요일 | 토요일
일요일
फरवरी | मार्च | अप्रैल | जून | जुलाई | अगस्त | सितंबर | अक्टूबर | नवंबर | दिसंबर | जनवरी | मई
فروردین | اردیبهشت | خرداد | تیر | مرداد | شهریور | مهر | آبان | آذر | دی | بهمن | اسفند
ינואר | פברואר | מרץ | אפריל | מאי | יוני | יולי | אוגוסט | ספטמבר | אוקטובר | נובמבר | דצמבר
كانون | شباط | آذار | نيسان | أيار | حزيران | تموز | آب | أيلول | تشرين
maret | agustus | tháng | ม.ค. | ก.พ. | มี.ค. | เม.ย. | พ.ค. | มิ.ย. | ก.ค. | ส.ค. | ก.ย. | ต.ค. | พ.ย. | ธ.ค.
""")
)
"""Weekdays, and months that monitor.text.dates does not read: what changes between the titles of a series."""
