"""The words that mark a line of a page as something else than the article, in the languages of news.

Data, not judgement: what a match means is said in monitor.extract.lines. All phrases are compared folded (lower case,
without accents). No outlet is named here. To add a language, add its phrases to each table.
"""

from __future__ import annotations

from monitor.text.normalise import fold


def _folded(block: str) -> tuple[str, ...]:
    """One phrase between two bars or line ends."""
    return tuple(fold(phrase.strip()) for phrase in block.replace("\n", "|").split("|") if phrase.strip())


ADVERTISEMENT_LINES = frozenset(
    _folded("""
advertisement | advertisements | advertising | advert | ad | ads | sponsored | sponsored content | paid content
promoted content | partner content | continue reading | story continues below | article continues below
publicité | publicite | annonce | contenu sponsorisé | anzeige | werbung | publicidad | anuncio | publicidade
propaganda | pubblicità | advertentie | reclame | reklama | reklame | annons | annonse | mainos | reklam | ilan
реклама | διαφήμιση | إعلان | إعلانات | 广告 | 廣告 | 広告 | 스폰서 | 광고 | विज्ञापन | iklan | quảng cáo
""")
)
ADVERTISEMENT_STARTS = _folded("""
advertise here | advertise with us | advertisement | advertisement - scroll to continue | story continues below
story continues after
article continues below | article continues after | continue reading below | scroll to continue
this advertisement has not loaded | skip advertisement | la suite après la publicité
la suite après cette publicité | der artikel wird nach der werbung fortgesetzt
der artikel geht nach der anzeige weiter | continúa después de la publicidad | continua después de la publicidad
continua após a publicidade | continua dopo la pubblicità | l'articolo continua dopo | artikel gaat verder onder
""")

RELATED_STARTS = _folded("""
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
""")

NEWSLETTER_STARTS = _folded("""
sign up | sign-up | subscribe | join our | get the latest | get our | get breaking news | get the best
stay informed | stay up to date | stay in the know | never miss | enter your email | follow us | follow our
like us on | download our | download the app | click here to | support our journalism | thank you for reading
want more | abonnez-vous | inscrivez-vous | recevez | suivez-nous | téléchargez | abonnieren sie | abonniere
jetzt abonnieren | melden sie sich | folgen sie uns | bleiben sie informiert | unser newsletter | suscríbete
suscríbase | regístrate | síguenos | síganos | recibe | iscriviti | seguici | ricevi | assine | inscreva-se
receba | siga-nos | schrijf je in | abonneer | volg ons | prenumerera | følg oss | følg os | tilmeld dig | tilaa
zapisz się | подпишитесь | подписывайтесь | підпишіться | підписуйтесь | abone ol | اشترك | تابعونا
""")
NEWSLETTER_WORDS = _folded("""
newsletter | news letter | inbox | briefing | e-mail | email | mailing list | notifications | push alert
breaking news alerts | whatsapp | telegram | facebook | twitter | instagram | youtube | google news
social media | the app | our app | our journalism | application | canal | kanal | réseaux sociaux | boîte mail
postfach | boletín | correo | рассылк | телеграм | telegram- | канал | qanat | قناة | النشرة
""")

COOKIE_STARTS = _folded("""
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
""")
COOKIE_WORDS = _folded("""
cookie | çerez | informasjonskapsler | consent | your device | partners
""")

SHARE_ANCHORS = frozenset(
    _folded("""
share | tweet | partager | teilen | compartir | condividi | compartilhar | compartilhe | delen | dela | del
jaa | udostępnij | paylaş | поделиться | поширити | شارك | 分享 | シェア | 공유 | print | imprimer | drucken | imprimir
stampa | comments | commenter | whatsapp | facebook | twitter | linkedin | telegram | pinterest | reddit
messenger
""")
)
SHARE_NETWORKS = frozenset(
    _folded("""
whatsapp | facebook | twitter | linkedin | telegram | pinterest | reddit | messenger
""")
)
SHARE_FILLERS = frozenset(
    _folded("""
x | on | this | article | story | post | via | via | by | with | friends | email | e-mail | mail | copy | link
copied | url | save | comment | instagram | threads | bluesky | mastodon | viber | vk | ok | line | flipboard
pocket | weibo | wechat | sms | sur | auf | en | su | cet | cette | artikel | artículo | articulo | articolo
merken | and | or | to | more | options | button
""")
)

META_STARTS = _folded("""
published | updated | last updated | last modified | posted | first published | date | publié | mis à jour
modifié | veröffentlicht | aktualisiert | stand | publicado | actualizado | atualizado | pubblicato | aggiornato
gepubliceerd | bijgewerkt | publicerad | uppdaterad | publisert | oppdatert | опубликовано | обновлено
""")
COPYRIGHT_STARTS = _folded("""
© | (c) | all rights reserved | tous droits réservés | alle rechte vorbehalten
todos los derechos reservados | todos os direitos reservados | tutti i diritti riservati | все права защищены
""")
RIGHTS_PHRASES = _folded("""
all rights reserved | for republication rights | republication rights | may not be published, broadcast
no part of this site
may not be reproduced | reproduction is prohibited | reproduction in whole or in part | without prior permission
tous droits réservés | toute reproduction interdite | reproduction interdite | alle rechte vorbehalten
urheberrechtlich geschützt | todos los derechos reservados | prohibida su reproducción
todos os direitos reservados
tutti i diritti riservati | riproduzione riservata | все права защищены | alle rechten voorbehouden
""")
CAPTION_STARTS = _folded("""
photo | photos | photograph | image | picture | file photo | foto | bild | symbolbild | imagen | immagine
crédit photo | getty images
""")
TRAILER_STARTS = _folded("""
the post | this article was originally published | this story was originally published
this article first appeared | this story has been updated
""")

BYLINE_STARTS = _folded("""
by | written by | story by | report by | text by | words by | author | authors | reporter | par | texte | auteur
écrit par | von | ein bericht von | eine analyse von | autor | autorin | por | escrito por | texto | di | autore
door | geschreven door | av | af | tekst | kirjoittaja | przez | autorka | автор | авторы | текст | بقلم | كتب
作者 | 文 | 記者
""")
NAME_PARTICLES = frozenset(
    _folded("""
al | ap | bin | bint | da | de | del | della | den | der | di | do | dos | du | el | ibn | la | le | ten | ter
van | von | y | zu | of | abu | ben
""")
)
NO_NAMES = frozenset(
    _folded("""
monday | tuesday | wednesday | thursday | friday | saturday | sunday | january | february | march | april | may
june | july | august | september | october | november | december | today | tomorrow | the | all | contrast
comparison | law | land | sea | air | numbers | design | default | invitation | popular | lundi | mardi
mercredi | jeudi | vendredi | samedi | dimanche | montag | dienstag | mittwoch | donnerstag | freitag | samstag
sonntag | lunes | martes | miércoles | jueves | viernes | sábado | domingo
""")
)
STAFF_WORDS = frozenset(
    _folded("""
staff | desk | newsroom | correspondent | correspondents | reporter | reporters | agencies | agency | editor
editors | editorial | team | bureau | service | services | redaction | redaktion | redaccion | redazione
redacao | redactie | redaksjon | agences | agenturen | agencias | agenzie | agencies | writer | writers | online
wire | wires
""")
)

CREDIT_WORDS = frozenset(
    _folded("""
agency | agencies | newswire | wire | wires | monitoring | desk | newsroom | staff | bureau | correspondent
correspondents | reporter | reporters | redaktion | rédaction | redacción | redazione | redação | agence
agences | agentur | agenturen | agencia | agencias | agência | agências | agenzia | agenzie | presse | press
news | service | services | syndication | syndicate | international | редакция | агентство | агентства
агентств
""")
)
CREDIT_JOINERS = frozenset(
    _folded("""
and | of | for | the | with | from | in | et | und | y | de | la | le | der | die | des | du | del | e | i
avec | mit | con | com | by | via | de
""")
)
CREDIT_STARTS = _folded("""
source | sources | quelle | quellen | fuente | fuentes | fonte | fonti | bron | källa | kilde | lähde | źródło
источник | джерело | المصدر | 来源 | 來源 | 出典 | credit | credits | agency
""")
REPORTING_STARTS = _folded("""
reporting and editing by | reporting and writing by | writing and editing by
reporting by | additional reporting by | additional reporting | with reporting by | with additional reporting by
with contributions from | with contributions by | with input from | with inputs from | with files from
with agencies | with agency inputs | with agency input | with material from | contributed by | compiled by
compiled from | edited by | editing by | writing by | translated by | avec | avec les agences | mit material von
mit agenturen | mit informationen von | con información de | con informacion de | con agencias
com informações de | com agências | con agenzie | met medewerking van
""")
AGGREGATOR_WORDS = _folded("""
monitoring | compiled from | compiled by | agencies | news agencies | wire reports | wires | wire services
agences | agenturen | agencias | agências | agenzie | press review | revue de presse | presseschau | агентств
from agency reports | agency reports | staff and agencies
""")
PRESS_RELEASE_NAMES = _folded("""
pr newswire | prnewswire | business wire | businesswire | globe newswire | globenewswire | news aktuell | ots
accesswire | ein presswire | eqs news | eqs-news | cision | presseportal | press release | pressemitteilung
communiqué de presse | comunicado de prensa | comunicato stampa
""")
