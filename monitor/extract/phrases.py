"""The words that mark a line of a page as something else than the article, in the languages of news.

Data, not judgement: what a match means is said in monitor.extract.lines. All phrases are compared folded (lower case,
without accents). No outlet is named here. To add a language, add its phrases to each table.
"""

from __future__ import annotations

from monitor.text.normalise import fold


def folded(block: str) -> tuple[str, ...]:
    """One phrase between two bars or line ends."""
    return tuple(fold(phrase.strip()) for phrase in block.replace("\n", "|").split("|") if phrase.strip())


ADVERTISEMENT_LINES = frozenset(
    folded("""
email | e-mail | linkedin | twitter | facebook | instagram | whatsapp | print | advertisement | advertisements
advertising | advert | ad | ads | sponsored | sponsored content | paid content
promoted content | partner content | continue reading | story continues below | article continues below
publicité | publicite | annonce | contenu sponsorisé | anzeige | werbung | publicidad | anuncio | publicidade
propaganda | pubblicità | advertentie | reclame | reklama | reklame | annons | annonse | mainos | reklam | ilan
реклама | διαφήμιση | إعلان | إعلانات | 广告 | 廣告 | 広告 | 스폰서 | 광고 | विज्ञापन | iklan | quảng cáo
werbeanzeige | ende der anzeige | anzeige ende | sponsorizzato | contenido patrocinado | conteúdo patrocinado
gesponsord | artykuł sponsorowany | mainos alkaa | sponsoreret | sponset innhold | annonssamarbete | réclame
hirdetés | reclamă | inzerce | oglas | objava | реклама на сайте | на правах рекламы | оголошення | xayeysiis
تبلیغات | آگهی | اشتہار | إعلان ممول | محتوى ممول | 赞助内容 | 贊助內容 | 推广 | 广告 继续阅读 | スポンサーリンク | pr
広告の後に記事が続きます | 광고 후 계속됩니다 | quảng cáo | โฆษณา | פרסומת | διαφήμιση
""")
)
ADVERTISEMENT_STARTS = folded("""
advertise here | advertise with us | advertisement | advertisement - scroll to continue | story continues below
story continues after
article continues below | article continues after | continue reading below | scroll to continue
this advertisement has not loaded | skip advertisement | la suite après la publicité
la suite après cette publicité | der artikel wird nach der werbung fortgesetzt
der artikel geht nach der anzeige weiter | continúa después de la publicidad | continua después de la publicidad
continua após a publicidade | continua dopo la pubblicità | l'articolo continua dopo | artikel gaat verder onder
artikel wird nach der werbung fortgesetzt | der artikel geht nach der werbung weiter | nach der anzeige weiterlesen
la suite de l'article après la publicité | la publicité continue | continúa tras la publicidad
sigue leyendo después de la publicidad | el artículo continúa después | la noticia continúa
continua depois da publicidade
o artigo continua após | a matéria continua após | il contenuto continua dopo | la notizia continua dopo
lees verder onder de advertentie | het artikel gaat verder | artikel gaat verder na
dalsza część artykułu pod reklamą | dalsza część tekstu pod reklamą | ciąg dalszy pod reklamą
продолжение после рекламы
реклама продолжение | статья продолжается после | продовження після реклами | далі після реклами
يستمر المقال بعد | تابع القراءة بعد | تستمر القصة بعد | haberin devamı reklamdan sonra | reklamdan sonra devam
artikeln fortsätter efter annonsen | artikeln fortsätter nedanför | artikkelen fortsetter under annonsen
artiklen fortsætter efter annoncen | juttu jatkuu mainoksen jälkeen | η ειδηση συνεχίζεται μετά
το άρθρο συνεχίζεται μετά | विज्ञापन के बाद | ادامه مطلب پس از تبلیغ | ادامه خبر پس از
sheekadu way sii socotaa | artikel berlanjut setelah | article continues after advertisement
""")

RELATED_STARTS = folded("""
you are here | poll | in this section | all the latest | toute l'actualité | tous nos articles
alle nachrichten
toda la actualidad | tutte le notizie | all stories by | more by | read more | read also | also read | read next
read on | see also | related | related article
related articles | related stories | related story | related news | related topics | related content
recommended | recommended stories | recommended for you | more from | more on this story | more on this
more stories | most read | must read | you may also like | you might also like | don't miss | watch | listen
in pictures | further reading | keep reading | lire aussi | à lire aussi | à lire également | lire également
voir aussi | sur le même sujet | pour aller plus loin | lesen sie auch | lesen sie mehr | lesen sie hier
mehr zum thema | mehr dazu | auch interessant | das könnte sie auch interessieren | zum thema | lea también
lee también | leer más | le puede interesar | te puede interesar | más información | noticias relacionadas
ver también | leia também | leia mais | veja também | saiba mais | leggi anche | leggi di più | per approfondire
potrebbe interessarti | lees ook | lees meer | läs också | läs mer | läs även | les også | læs også | lue myös
lue lisää | czytaj także | czytaj też | przeczytaj także | čtěte také | olvassa el | citește și | okuyun
ayrıca bkz | читайте также | читайте ещё | читайте також | по теме | διαβάστε επίσης | اقرأ أيضا | اقرأ المزيد
相关阅读 | 相关新闻 | 延伸阅读 | 関連記事 | あわせて読みたい | 관련기사 | यह भी पढ़ें | baca juga | xem thêm
read also on | read more on | related reading | in case you missed it | more like this | explore more | up next
à voir aussi | à découvrir aussi | retrouvez aussi | sur le même thème | notre dossier | mehr aus
weiterlesen | auch lesenswert | lesen sie weiter | empfohlener artikel | artikel zum thema | siga leyendo
sigue leyendo | también te puede interesar | le recomendamos | lea además | lee además | relacionadas | relacionado
noticia relacionada | leia ainda | relacionadas | notícias relacionadas | continue lendo | leia a seguir
approfondisci | ti potrebbe interessare | articoli correlati | correlati | lees verder | meer over | meer lezen
gerelateerd | zobacz także | zobacz też | zobacz również | czytaj dalej | czytaj więcej | polecamy | przeczytaj też
смотрите также | подробнее | материалы по теме | читать далее | читайте по теме | также по теме | дивіться також
читайте ще | більше про | матеріали за темою | اقرأ أيضًا | إقرأ أيضا | اقرأ كذلك | مواضيع ذات صلة | أخبار ذات صلة
شاهد أيضا | طالع أيضا | المزيد حول | مقالات ذات صلة | 阅读更多 | 延伸閱讀 | 相關新聞 | 相關閱讀 | 推荐阅读
更多报道 | 另请参阅
関連ニュース | 合わせて読みたい | こちらもおすすめ | もっと読む | 続きを読む | 관련 기사 | 더 보기 | 이어서 읽기
추천 기사
ilgili haberler | ilgili haber | ayrıca okuyun | bunu da okuyun | daha fazlası | läs vidare | läs mer om | se även
se også | mer om | relaterat | relatert | lue lisäksi | aiheesta lisää | δείτε επίσης | σχετικά άρθρα | σχετικά
यह भी देखें | इसे भी पढ़ें | और पढ़ें | संबंधित खबरें | بیشتر بخوانید | همچنین بخوانید | مطالب مرتبط
این مطلب را هم بخوانید
یہ بھی پڑھیں | akhri sidoo kale | akhriso sidoo kale | la xiriira | baca selengkapnya | lihat juga | artikel terkait
xem thêm | đọc thêm | tin liên quan | čtěte také | přečtěte si také | viac k téme | vezi și | citiți și | kapcsolódó
""")

NEWSLETTER_STARTS = folded("""
sign up | sign-up | subscribe | join our | get the latest | get our | get breaking news | get the best
stay informed | stay up to date | stay in the know | never miss | enter your email | follow us | follow our
like us on | download our | download the app | click here to | support our journalism | thank you for reading
want more | abonnez-vous | inscrivez-vous | recevez | suivez-nous | téléchargez | abonnieren sie | abonniere
jetzt abonnieren | melden sie sich | folgen sie uns | bleiben sie informiert | unser newsletter | suscríbete
suscríbase | regístrate | síguenos | síganos | recibe | iscriviti | seguici | ricevi | assine | inscreva-se
receba | siga-nos | schrijf je in | abonneer | volg ons | prenumerera | følg oss | følg os | tilmeld dig | tilaa
zapisz się | подпишитесь | подписывайтесь | підпишіться | підписуйтесь | abone ol | اشترك | تابعونا
subscribe to | get our free | join thousands | follow us on | recevez chaque | abonnez vous | s'abonner
abonnieren | melden sie sich an | newsletter abonnieren | folgen sie | erhalten sie | suscribete | únete a nuestro
sigue nuestro | siga nuestro | sigue a | registrati | iscrivetevi | segui | assine a | acompanhe | siga o
entre no canal
volg | meld je aan | ontvang | zapisz się do | obserwuj nas | śledź nas | dołącz do | подпишись | подписаться
следите за | читайте нас | присоединяйтесь | стежте за | приєднуйтесь | читайте нас | اشتركوا | اشترك في
تابعنا | انضم
订阅 | 訂閱 | 关注我们 | 關注我們 | 扫码关注 | ニュースレター | メールマガジン | 公式 | 뉴스레터 | 구독
카카오톡 | bültenimize
bizi takip | haberleri | prenumerera på | följ oss | få vårt | anmäl dig | meld deg på | abonner på | tilaa uutiskirje
εγγραφείτε | ακολουθήστε | κάντε εγγραφή | γραφτείτε | हमारे | सब्सक्राइब | हमें फॉलो | در خبرنامه | عضو شوید
ما را در | به کانال | iska diiwaan geli | nagala soco | nala soco | ikuti kami | berlangganan | dapatkan
""")
NEWSLETTER_WORDS = folded("""
newsletter | news letter | inbox | briefing | e-mail | email | mailing list | notifications | push alert
breaking news alerts | whatsapp | telegram | facebook | twitter | instagram | youtube | google news
social media | the app | our app | our journalism | application | canal | kanal | réseaux sociaux | boîte mail
postfach | boletín | correo | рассылк | телеграм | telegram- | канал | qanat | قناة | النشرة
newsletter | infolettre | réseaux | nieuwsbrief | newslettera | nyhetsbrev | uutiskirje | boletin | рассылку | розсилк
канал | e-posta | e-mail | النشرة | قناتنا | فيسبوك | تويتر | واتساب | 电子报 | 電子報 | 新闻通讯 | 邮件
公众号 | 公眾號 | 微信
ニュースレター | メールマガジン | ライン | 뉴스레터 | 카카오 | bülten | न्यूज़लेटर | व्हाट्सएप | टेलीग्राम | خبرنامه
تلگرام | کانال
wargeys | email | nyhedsbrev | σελίδα μας στο | τηλεγραφ | vk | вконтакте
""")

COOKIE_STARTS = folded("""
we use cookies | we and our partners use cookies | we and our partners store | this site uses cookies
this website uses cookies | our site uses cookies | our website uses cookies | by continuing to use this
by continuing to browse | by clicking accept | accept all cookies | accept cookies | manage cookies
cookie settings | cookie policy | cookie preferences | nous utilisons des cookies | ce site utilise des cookies
nous et nos partenaires | accepter les cookies | en poursuivant votre navigation | wir verwenden cookies
wir nutzen cookies | wir und unsere partner | diese website verwendet cookies | diese seite verwendet cookies
cookie-einstellungen | utilizamos cookies | usamos cookies | este sitio utiliza cookies
este sitio web utiliza cookies | nosotros y nuestros socios | este site utiliza cookies | este site usa cookies
utilizziamo i cookie | utilizziamo cookie | questo sito utilizza | noi e i nostri partner
wij gebruiken cookies | deze website gebruikt cookies | мы используем файлы cookie | мы используем cookie
ми використовуємо файли cookie | używamy plików cookie | vi använder cookies | vi bruker informasjonskapsler
vi bruger cookies | bu site çerez
we value your privacy | this page uses cookies | cookies help us | wir setzen cookies | unsere website verwendet
les cookies nous | este sitio usa cookies | usamos cookies | nós usamos cookies | questo sito usa | deze site gebruikt
wij en onze partners | ta strona używa | ta strona korzysta | strona używa plików | наш сайт использует
сайт использует | этот сайт использует | цей сайт використовує | نستخدم ملفات تعريف | يستخدم هذا الموقع
يستخدم موقعنا | 我们使用 | 本网站使用 | 本站使用 | 我們使用 | 本網站使用 | 当サイトでは | このサイトでは
当社は | 당사는 쿠키 | 이 사이트는
본 사이트는 | bu site | sitemizde çerez | çerez | den här webbplatsen använder | webbplatsen använder
denne nettsiden bruker | vi benytter | hjemmesiden bruger | sivusto käyttää | käytämme evästeitä
χρησιμοποιούμε cookies | αυτός ο ιστότοπος | ο ιστότοπός μας | हम कुकीज़ | यह वेबसाइट कुकीज़ | این سایت از کوکی
ما از کوکی | boggan wuxuu isticmaalaa | situs ini menggunakan | trang web này sử dụng
""")
COOKIE_WORDS = folded("""
cookie | çerez | informasjonskapsler | consent | your device | partners
ملفات تعريف الارتباط | 쿠키 | クッキー | कुकीज़ | کوکی | evästei | çerezleri
""")

SHARE_ANCHORS = frozenset(
    folded("""
share | tweet | partager | teilen | compartir | condividi | compartilhar | compartilhe | delen | dela | del
jaa | udostępnij | paylaş | поделиться | поширити | شارك | 分享 | シェア | 공유 | print | imprimer | drucken
imprimir
stampa | comments | commenter | whatsapp | facebook | twitter | linkedin | telegram | pinterest | reddit
messenger
kommentare | kommentar | commentaires | commentaire | comentarios | commenti | comentários | reacties | komentarzy
komentarze | комментариев | комментарии | коментарів | коментарі | تعليق | تعليقات | yorum | kommentarer | σχόλια
fb | partagez | weiterleiten | dela | delat | del | κοινοποίηση | μοιραστείτε | शेयर | اشتراک | نظر | wadaag
faallo | вконтакте | ツイート | 微博 | 微信 | 페이스북 | 트위터 | فيسبوك | تويتر | واتساب | تلگرام | واتساپ | bagikan
""")
)
SHARE_NETWORKS = frozenset(
    folded("""
whatsapp | facebook | twitter | linkedin | telegram | pinterest | reddit | messenger
""")
)
SHARE_FILLERS = frozenset(
    folded("""
x | on | this | article | story | post | via | via | by | with | friends | email | e-mail | mail | copy | link
copied | url | save | comment | instagram | threads | bluesky | mastodon | viber | vk | ok | line | flipboard
pocket | weibo | wechat | sms | sur | auf | en | su | cet | cette | artikel | artículo | articulo | articolo
merken | and | or | to | more | options | button
la | le | no | na | w | via | करें | گذاری | kopieren | copier | copiar | kopiera | kopier | linken | lien | enlace
einem | mit | freunden | per | over | op | dit | artikkelen | artikeln | deze | este | esta | questo | questa
noticia
notizia | matéria | facebooku | twitteru | στο | на | в | у | через | كوبي | رابط | نسخ
""")
)

META_STARTS = folded("""
published | updated | last updated | last modified | posted | first published | date | publié | mis à jour
modifié | veröffentlicht | aktualisiert | stand | publicado | actualizado | atualizado | pubblicato | aggiornato
gepubliceerd | bijgewerkt | publicerad | uppdaterad | publisert | oppdatert | опубликовано | обновлено
aggiornato il | publié le | mis à jour le | erstellt | zuletzt aktualisiert | última actualización | atualizado em
publicado em | opublikowano | aktualizacja | dodano | дата публикации | опубліковано | оновлено | نشر في | آخر تحديث
发布时间 | 更新时间 | 更新 | 公開 | 입력 | 수정 | yayınlanma | güncelleme | opdateret | publiceret | δημοσιεύθηκε
ενημερώθηκε | تاریخ انتشار | la daabacay | julkaistu | päivitetty
""")
COPYRIGHT_STARTS = folded("""
© | (c) | all rights reserved | tous droits réservés | alle rechte vorbehalten
todos los derechos reservados | todos os direitos reservados | tutti i diritti riservati | все права защищены
alla rättigheter förbehållna | wszelkie prawa zastrzeżone | tüm hakları saklıdır | усі права захищені
جميع الحقوق محفوظة | تمامی حقوق | 版权所有 | 版權所有 | 無断転載 | 무단 전재 | 저작권자 | xuquuqda way dhowran
riproduzione riservata | alle rechten voorbehouden | με την επιφύλαξη παντός | सर्वाधिकार सुरक्षित | alle rettigheder
alle rettigheter
""")
RIGHTS_PHRASES = folded("""
all rights reserved | for republication rights | republication rights | may not be published, broadcast
no part of this site
you may share using our article tools
may not be reproduced | reproduction is prohibited | reproduction in whole or in part | without prior permission
tous droits réservés | toute reproduction interdite | reproduction interdite | alle rechte vorbehalten
urheberrechtlich geschützt | todos los derechos reservados | prohibida su reproducción
todos os direitos reservados
tutti i diritti riservati | riproduzione riservata | все права защищены | alle rechten voorbehouden
wszelkie prawa zastrzeżone | усі права захищені | جميع الحقوق محفوظة | 未经授权 | 無断転載 | 무단 전재 | 무단전재
tüm hakları saklıdır | alla rättigheter förbehållna
""")
CAPTION_STARTS = folded("""
photo | photos | photograph | image | picture | file photo | foto | bild | symbolbild | imagen | immagine
crédit photo | getty images
imagem | fotografia | fotó | фото | zdjęcie | fot. | kuva | beeld | kilde foto | bildquelle | images | picture by | 图
图片 | 圖 | 写真 | 사진 | صورة | عکس | φωτογραφία | तस्वीर | фотография | foto di archivio | foto archivo | crédito
""")
TRAILER_STARTS = folded("""
the post | this article was originally published | this story was originally published
this article first appeared | this story has been updated
""")
NOT_FOUND_STARTS = folded("""
page not found | not found | page cannot be found | page does not exist | this page does not exist
sorry, this page | seite nicht gefunden | seite wurde nicht gefunden | die seite existiert nicht | page introuvable
page non trouvée | cette page n'existe pas | página no encontrada | no se encontró la página | página não encontrada
pagina non trovata | pagina niet gevonden | strona nie istnieje | nie znaleziono strony | страница не найдена
сторінку не знайдено | الصفحة غير موجودة | 页面不存在 | 页面未找到 | 找不到页面
ページが見つかりません | 페이지를 찾을 수 없
sayfa bulunamadı | sidan hittades inte | siden ble ikke funnet | siden blev ikke fundet | η σελίδα δεν βρέθηκε
पेज नहीं मिला | صفحه یافت نشد | stránka nenalezena | halaman tidak ditemukan
""")
