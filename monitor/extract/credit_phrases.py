"""The words by which bylines and credits are known, and those that are no names, in the languages of news.

Data, not judgement: what a match means is said in monitor.extract.people, bylines and credits. All phrases are compared
folded (lower case, without accents). No outlet is named here. To add a language, add its phrases to each table.
"""

from __future__ import annotations

from monitor.extract.phrases import folded

BYLINE_STARTS = folded("""
by | written by | story by | report by | text by | words by | reported by | posted by | analysis by | opinion by
review by | interview by | par | écrit par
propos recueillis par
von | ein bericht von | eine analyse von | ein interview von | por | escrito por | di | a cura di | door
geschreven door
av | af | skrevet av | skrevet af | przez | بقلم | द्वारा | oleh | waxaa qoray | γράφει ο | γράφει η
γράφουν οι
""")
BYLINE_STARTS_WITH_COLON = folded("""
author | authors | reporter | text | texte | auteur | auteurs | autor | autorin | autoren | autores | autora | autore
autorka | autorzy | texto | testo | tekst | opracowanie | opracował | opracowała | teksti | автор | авторы
автори | текст
كتب | كتبت | تحرير | إعداد | نویسنده | گزارش | خبرنگار | لیک | लेखक | संवाददाता | haber | yazan | yazar
muhabir | qore
w/q | penulis | tác giả | kirjoittaja | γράφει | κείμενο | συντάκτης | text och foto | text & foto | by
""")
BYLINE_STARTS_UNSPACED = folded("""
作者 | 撰文 | 文 | 记者 | 記者 | 本报记者 | 本報記者 | 责任编辑 | 責任編輯 | 编辑 | 編輯 | 通讯员 | 取材 | 執筆
글 | 취재
""")
BYLINE_ENDS = folded("""
记者 | 記者 | 기자 | 특파원 | 선임기자 | 인턴기자 | 논설위원
""")
NAME_JOINERS = (
    "and und et y e og och en ve ja i és si și и та και و dan iyo lan with avec mit con com med met &"
).split()
NAME_PARTICLES = frozenset(
    folded("""
al | ap | bin | bint | da | de | del | della | den | der | di | do | dos | du | el | ibn | la | le | ten | ter
van | von | y | zu | of | abu | ben
""")
)
NO_NAMES = frozenset(
    folded("""
monday | tuesday | wednesday | thursday | friday | saturday | sunday | january | february | march | april | may
june | july | august | september | october | november | december | today | tomorrow | the | all | contrast
comparison | law | land | sea | air | numbers | design | default | invitation | popular | lundi | mardi
mercredi | jeudi | vendredi | samedi | dimanche | montag | dienstag | mittwoch | donnerstag | freitag | samstag
sonntag | lunes | martes | miércoles | jueves | viernes | sábado | domingo
编辑部 | 編集部 | 編集局 | 综合 | 網路 | 网络 | 整理 | 佚名 | 未知 | 관리자 | 편집부 | 뉴스팀
社説 | 本刊 | 本报讯 | 本报 | 本報
""")
)
CHINESE_SURNAMES = frozenset(
    "李王张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈"
    "曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史顾顧"
    "侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文"
)
STAFF_WORDS = frozenset(
    folded("""
staff | desk | newsroom | correspondent | correspondents | reporter | reporters | agencies | agency | editor
editors | editorial | team | bureau | service | services | redaction | redaktion | redaccion | redazione
redacao | redactie | redaksjon | agences | agenturen | agencias | agenzie | agencies | writer | writers | online
wire | wires
корреспондент | редакция | редакція | redakcja | rédaction | redacción | redação | redazione | toimitus
haber merkezi
""")
)

ROLE_WORDS = frozenset(
    folded("""
correspondent | correspondents | reporter | reporters | editor | editors | writer | writers | columnist | journalist
contributor | producer | analyst | critic | intern | freelancer | blogger | presenter | chief | deputy | photographer
editora | editor-in-chief | korrespondent | korrespondentin | redakteur | redakteurin | reporterin | autor | autorin
journalistin | volontär | volontärin | chefredakteur | chefredakteurin | ressortleiter | correspondant
correspondante
envoyé | envoyée | journaliste | rédacteur | rédactrice | chroniqueur | pigiste | corresponsal | redactor | redactora
periodista | enviado | enviada | columnista | inviato | inviata | corrispondente | giornalista | redattore
redattrice
correspondente | repórter | jornalista | redator | redatora | colunista | verslaggever | verslaggeefster | redacteur
correspondente | journalist | korespondent | korespondentka | dziennikarz | dziennikarka | redaktor | redaktorka
корреспондент | корреспондентка | журналист | журналистка | обозреватель | редактор | автор | кореспондент
кореспондентка | журналіст | журналістка | оглядач | редакторка | مراسل | مراسلة | صحفي | صحفية | محرر | خبرنگار
muhabir | muhabiri | editör | yazar | reporterka | reporter | journalista | skribent | korrespondenten | toimittaja
ανταποκριτής | ανταποκρίτρια | δημοσιογράφος | संवाददाता | पत्रकार | wariye | weriye | suxufi | wartawan
""")
)
ROLE_ADJECTIVES = frozenset(
    folded("""
political | senior | chief | diplomatic | foreign | science | health | business | sports | sport | culture | economics
staff | special | deputy | associate | managing | investigative | data | education | environment | national | world
security | defence | defense | legal | technology | features | our | the | guest | freelance | global | international
unser | unsere | freie | freier | politischer | grand | spécial | notre | especial | nuestro | nuestra | nostro
nostra
наш | специальный | собственный | in | en | à | a | de | from | of | und | for | at
""")
)
ORGANISATION_WORDS = frozenset(
    folded("""
news | times | media | press | tv | radio | magazine | newspaper | network | agency | agencies | ministry | department
council | committee | foundation | institute | university | society | association | office | government | group
ltd | inc
gmbh | verlag | zeitung | redaktion | redazione | rédaction | redacción | redação | redactie | redaksjonen | toimitus
redakcja | редакция | редакція | канал | агентство | ministère | ministerio | ministero | universität | université
universidad | università | verein | verband | fundación | fondation | staff | team | desk | newsroom | bureau | online
digital | business | insider | daily | weekly | herald | tribune | gazette | chronicle | observer | courier | journal
dispatch | broadcasting | corporation | company | company's | commission | community | church | club | federation
""")
)

CREDIT_WORDS = frozenset(
    folded("""
agency | agencies | newswire | wire | wires | monitoring | desk | newsroom | staff | bureau | correspondent
correspondents | reporter | reporters | redaktion | rédaction | redacción | redazione | redação | agence
agences | agentur | agenturen | agencia | agencias | agência | agências | agenzia | agenzie | presse | press
news | service | services | syndication | syndicate | international | редакция | агентство | агентства
агентств
""")
)
CREDIT_JOINERS = frozenset(
    folded("""
and | of | for | the | with | from | in | et | und | y | de | la | le | der | die | des | du | del | e | i
avec | mit | con | com | by | via | de
""")
)
CREDIT_STARTS = folded("""
source | sources | quelle | quellen | fuente | fuentes | fonte | fonti | bron | källa | kilde | lähde | źródło
источник | джерело | المصدر | 来源 | 來源 | 出典 | credit | credits | agency
agence | agentur | agencia | agenzia | agência | via | с ссылкой на | منبع | مصدر | स्रोत | kaynak | zdroj | πηγή
xigasho
isha | sursa | forrás | izvor | sumber | nguồn | 출처 | 자료 | 消息来源 | 稿件来源
""")
REPORTING_STARTS = folded("""
reporting and editing by | reporting and writing by | writing and editing by
reporting by | additional reporting by | additional reporting | with reporting by | with additional reporting by
with contributions from | with contributions by | with input from | with inputs from | with files from
with agencies | with agency inputs | with agency input | with material from | contributed by | compiled by
compiled from | edited by | editing by | writing by | translated by | avec | avec les agences | mit material von
mit agenturen | mit informationen von | con información de | con informacion de | con agencias
com informações de | com agências | con agenzie | met medewerking van
with additional reporting from | with information from | with agency reports | with agence france-presse
with reports from | with wire reports | avec nos agences | avec l'agence | d'après | mit material der
mit material des | mit agenturmaterial | mit material | mit informationen der | unter verwendung von | con información
con informacion | con datos de | con informes de | con agencias de noticias | com informações da | com informações do
com informações das | com informações | com agência | com a | con informazioni di | con informazioni | fonte agenzie
met informatie van | met dank aan | met materiaal van | med material från | med uppgifter från | med stoff fra
na podstawie | za pap | z materiałów | по материалам | по сообщению | по информации | с использованием материалов
за матеріалами | за повідомленням | за інформацією | مع وكالات | بمشاركة | نقلا عن | به نقل از | ile birlikte
με πληροφορίες από | με πληροφορίες | s využitím | с материалами
""")
AGGREGATOR_WORDS = folded("""
monitoring | compiled from | compiled by | agencies | news agencies | wire reports | wires | wire services
agences | agenturen | agencias | agências | agenzie | press review | revue de presse | presseschau | агентств
from agency reports | agency reports | staff and agencies
news wires | newswires | wire services | агентства | по материалам агентств | за матеріалами агентств
вестник агентств
وكالات | خبرگزاری ها | خبرگزاریها | ajanslar | agences de presse | agencias de noticias | nieuwsdiensten | byråer
综合外电 | 综合报道 | 綜合報道 | 綜合外電 | 通信社各社
""")
PRESS_RELEASE_NAMES = folded("""
pr newswire | prnewswire | business wire | businesswire | globe newswire | globenewswire | news aktuell | ots
accesswire | ein presswire | eqs news | eqs-news | cision | presseportal | press release | pressemitteilung
communiqué de presse | comunicado de prensa | comunicato stampa
pr newswire/ots | einpresswire | presseportal.de | newsaktuell | aktuell | lusa comunicados | comunicato
sponsored release
marketwired | newsfile corp | newsfile | cnw | canada newswire | prn asia | prnewswire asia | media outreach
jcn newswire
kyodo jbn | apa-ots | pressetext | ots-originaltext | пресс-релиз | прес-реліз | informacja prasowa | pressmeddelande
pressemeddelelse | pressemelding | persbericht | lehdistötiedote | basın bülteni | بيان صحفي | 新闻稿
プレスリリース | 보도자료
""")
RELEASE_STARTS = folded("""
press release | media release | communiqué de presse | pressemitteilung | medienmitteilung | nota de prensa
comunicado de prensa | comunicato stampa | comunicado de imprensa | nota de imprensa | persbericht | pressmeddelande
pressemeddelelse | pressemelding | lehdistötiedote | informacja prasowa | tisková zpráva | sajtóközlemény
comunicat de presă | δελτίο τύπου | basın bülteni | пресс-релиз | прес-реліз | بيان صحفي | 新闻稿 | 新聞稿
プレスリリース | 보도자료
""")
PRESS_OFFICE_STARTS = folded("""
press office | press contact | press contacts | press enquiries | press inquiries
media contact | media contacts | media enquiries | media inquiries | media relations
contact presse | contacts presse | contact médias | service de presse | relations presse
pressekontakt | pressestelle | medienkontakt | medienstelle | rückfragehinweis
gabinete de prensa | oficina de prensa | contacto de prensa | contacto para medios
ufficio stampa | contatto stampa | contatti stampa | assessoria de imprensa | gabinete de imprensa
contato para imprensa | perscontact | persvoorlichting | presskontakt | biuro prasowe | kontakt dla mediów
tiskové oddělení | sajtóiroda | birou de presă | γραφείο τύπου | basın ofisi | пресс-служба | прес-служба
المكتب الإعلامي | 媒体联系 | 媒體聯絡 | 報道関係者 | 언론 문의
""")
