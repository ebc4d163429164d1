"""The names of the world's news agencies, as outlets write them.

Data, not judgement: how a name is looked for is said in monitor.extract.agencies. A line holds the name that is
stored, then its other names between bars; a line that begins with a bar goes on. They are compared folded (lower
case, without accents), so only names that mean nothing else stand there: "ap" and "ansa" are other words elsewhere.
Such short names stand in SHORT, and count in the spelling given there alone. To add an agency, add a line.
"""

from __future__ import annotations

AGENCIES = """
AAP: australian associated press
Adnkronos: adnkronos
AFP: agence france-presse | agence france presse | فرانس برس | أ ف ب | 法新社 | afp通信 | AFP통신 | وكالة فرانس برس
  | خبرگزاری فرانسه | एएफपी | afp news agency
Agerpres: agerpres
AGI: agenzia italia
Agência Brasil: agência brasil
ANA-MPA: απε-μπε | ana-mpa | αθηναϊκό πρακτορείο
Anadolu: anadolu | anadolu agency | anadolu ajansı | الأناضول | وكالة الأناضول
ANI: asian news international | एएनआई
ANP: algemeen nederlands persbureau
ANSA: agenzia ansa
Antara: antara
AP: associated press | أسوشيتد برس | 美联社 | the associated press | آسوشیتدپرس | ap通信 | AP통신 | 美聯社 | एपी
APA: austria presse agentur | apa-ots
APANEWS: apanews | agence de presse africaine
APP: associated press of pakistan
APS: وكالة الأنباء الجزائرية | algérie presse service
askanews: askanews
Belga: agence belga | persbureau belga
BelTA: белта | belta
Bernama: bernama
Bloomberg: bloomberg news | bloomberg
BSS: bangladesh sangbad sangstha
BTA: българска телеграфна агенция
China News Service: 中新社 | 中新网 | china news service | 中國新聞社 | 中国新闻社 | 中新網
CNA: 中央社 | central news agency | 中央通訊社
DHA: demirören haber ajansı
Dow Jones: dow jones newswires
dpa: deutsche presse-agentur | dpa-infocom | dpa-afx | د ب أ | د.ب.أ | 德新社
EFE: agencia efe
ENA: ethiopian news agency
epd: evangelischer pressedienst
Estadão Conteúdo: estadão conteúdo
Europa Press: europa press
GNA: ghana news agency
IANS: indo-asian news service | आईएएनएस
IHA: ihlas haber ajansı
INA: وكالة الأنباء العراقية
Interfax: interfax | интерфакс | інтерфакс
Interfax-Ukraine: interfax-ukraine
IPS: inter press service
IRNA: islamic republic news agency | ایرنا | إرنا
ISNA: ایسنا | iranian students' news agency
Jiji Press: 時事通信 | jiji press | 時事通信社 | 時事 | 时事社
Kazinform: казинформ | kazinform
Keystone-SDA: keystone-sda
KNA: kenya news agency
KUNA: kuwait news agency
Kyodo: kyodo | 共同通信 | 共同通信社 | 共同社 | 共同 | 교도통신 | kyodo news
LaPresse: lapresse
Lusa: agência lusa | lusa
MAP: maghreb arabe presse | وكالة المغرب العربي للأنباء
Mediafax: mediafax
MENA: middle east news agency | أ ش أ | أ.ش.أ | وكالة أنباء الشرق الأوسط
MTI: magyar távirati iroda
NAN: news agency of nigeria
News1: 뉴스1
Newsis: 뉴시스 | newsis
NNA: الوكالة الوطنية للإعلام
Notimex: notimex
NTB: norsk telegrambyrå
PA: press association | pa media
Panapress: panapress
PAP: polska agencja prasowa
Petra: petra news agency
PNA: philippine news agency
Prensa Latina: prensa latina
PTI: press trust of india | पीटीआई
QNA: qatar news agency
Reuters: reuters | thomson reuters | رويترز | рейтер | рейтерс | ロイター | 路透社 | ロイター通信 | 路透
  | 로이터 | 로이터통신 | reuters agency | रॉयटर्स
RIA Novosti: риа новости | ria novosti
Ritzau: ritzau | ritzaus bureau
SANA: syrian arab news agency
SID: sport-informations-dienst
SONNA: somali national news agency
SPA: saudi press agency | وكالة الأنباء السعودية
Sputnik: sputnik | спутник | سبوتنيك
SRNA: срна
STT: finnish news agency | suomen tietotoimisto
SUNA: sudan news agency
Tanjug: tanjug | танјуг
TAP: tunis afrique presse
Tasnim: tasnim | تسنیم
TASS: итар-тасс | itar-tass | 塔斯社 | タス通信
The Canadian Press: canadian press | la presse canadienne
TT: tt nyhetsbyrån | tt-ritzau
Télam: télam
Ukrinform: ukrinform | укринформ | укрінформ
UNI: united news of india
UNIAN: уніан | униан | unian
UPI: united press international
VNA: ttxvn | vietnam news agency
WAM: emirates news agency | وكالة أنباء الإمارات
Xinhua: xinhua | 新华社 | 新華社 | شينخوا | xinhua news agency | 新华网 | 新華網 | 신화통신 | 新華社通信
Yonhap: yonhap | 연합뉴스 | yonhap news agency | yonhap news | 韩联社 | 韓聯社 | 聯合ニュース
ČTK: česká tisková kancelář | čtk
"""
SHORT = """
AFP AP dpa DPA afp ap dpad UPI PA EFE ANSA Ansa ANI PTI IANS UNI TASS Tass ТАСС РИА Belga BELGA ANP ATS APA SDA AAP
NTB TT Ritzau RITZAU STT BNS ELTA LETA MTI PAP CTK ČTK TASR BTA HINA Hina STA AGI Agi LaPresse KNA KUNA QNA WAM SPA
IRNA ISNA MENA MAP APS TAP NINA SANA SONNA ENA NAN GNA MNA PNA CNA VNA KCNA AA DHA IHA İHA PPI APP BSS UNB EPD epd
kna sid SID Lusa LUSA Xinhua XINHUA Reuters REUTERS Kyodo KYODO Yonhap YONHAP IPS NHK SUNA УНІАН БТА АП Agerpres
AGERPRES Anadolu ANADOLU Belga
واس وام واع قنا بترا وات سونا سانا كونا تاس إفي فارس مهر وأج भाषा वार्ता
"""
SPELLED = """
AFP AP dpa EFE ANSA Belga Lusa epd TASS Hina Ritzau Reuters Xinhua Kyodo Yonhap Agerpres Anadolu
ТАСС=TASS РИА=RIA_Novosti CTK=ČTK AA=Anadolu УНІАН=UNIAN БТА=BTA АП=AP İHA=IHA DPAD=dpa
واس=SPA وام=WAM واع=INA قنا=QNA بترا=Petra وات=TAP سونا=SUNA سانا=SANA كونا=KUNA تاس=TASS إفي=EFE فارس=Fars مهر=Mehr
وأج=APS भाषा=PTI वार्ता=UNI
"""
"""How a short name is stored when it is written otherwise."""
