"""Which names in a credit line or dateline are news agencies?

Two ways to know: a table of agencies of the world, and form: capitals in the brackets of a dateline, or a name that
ends as agencies' names do ("... News Agency", "... Wire Service"). No outlet is listed. Short names count only in the
spelling given, since "ap" and "ANSA" are other words elsewhere.
"""

from __future__ import annotations

import re

from monitor.text.normalise import fold

_BY_NAME = {
    "reuters": "Reuters",
    "thomson reuters": "Reuters",
    "associated press": "AP",
    "agence france-presse": "AFP",
    "agence france presse": "AFP",
    "deutsche presse-agentur": "dpa",
    "united press international": "UPI",
    "press association": "PA",
    "pa media": "PA",
    "bloomberg news": "Bloomberg",
    "bloomberg": "Bloomberg",
    "dow jones newswires": "Dow Jones",
    "xinhua": "Xinhua",
    "新华社": "Xinhua",
    "新華社": "Xinhua",
    "中新社": "China News Service",
    "中新网": "China News Service",
    "china news service": "China News Service",
    "kyodo": "Kyodo",
    "共同通信": "Kyodo",
    "時事通信": "Jiji Press",
    "jiji press": "Jiji Press",
    "yonhap": "Yonhap",
    "연합뉴스": "Yonhap",
    "europa press": "Europa Press",
    "agencia efe": "EFE",
    "agência lusa": "Lusa",
    "lusa": "Lusa",
    "agência brasil": "Agência Brasil",
    "adnkronos": "Adnkronos",
    "askanews": "askanews",
    "agerpres": "Agerpres",
    "mediafax": "Mediafax",
    "tanjug": "Tanjug",
    "ukrinform": "Ukrinform",
    "укринформ": "Ukrinform",
    "укрінформ": "Ukrinform",
    "interfax": "Interfax",
    "interfax-ukraine": "Interfax-Ukraine",
    "интерфакс": "Interfax",
    "інтерфакс": "Interfax",
    "риа новости": "RIA Novosti",
    "ria novosti": "RIA Novosti",
    "anadolu": "Anadolu",
    "anadolu agency": "Anadolu",
    "anadolu ajansı": "Anadolu",
    "middle east news agency": "MENA",
    "emirates news agency": "WAM",
    "saudi press agency": "SPA",
    "qatar news agency": "QNA",
    "islamic republic news agency": "IRNA",
    "press trust of india": "PTI",
    "asian news international": "ANI",
    "indo-asian news service": "IANS",
    "bernama": "Bernama",
    "antara": "Antara",
    "australian associated press": "AAP",
    "canadian press": "The Canadian Press",
    "la presse canadienne": "The Canadian Press",
    "ritzau": "Ritzau",
    "tt nyhetsbyrån": "TT",
    "norsk telegrambyrå": "NTB",
    "finnish news agency": "STT",
    "austria presse agentur": "APA",
    "keystone-sda": "Keystone-SDA",
    "somali national news agency": "SONNA",
    "inter press service": "IPS",
    "associated press of pakistan": "APP",
    "رويترز": "Reuters",
    "فرانس برس": "AFP",
    "أ ف ب": "AFP",
    "الأناضول": "Anadolu",
    "شينخوا": "Xinhua",
    "أسوشيتد برس": "AP",
    "рейтер": "Reuters",
    "рейтерс": "Reuters",
    "ロイター": "Reuters",
    "路透社": "Reuters",
    "法新社": "AFP",
    "美联社": "AP",
}
_SHORT_WORDS = """
AFP AP dpa DPA afp ap dpad UPI PA EFE ANSA Ansa ANI PTI IANS UNI TASS Tass ТАСС РИА Belga BELGA ANP ATS APA SDA AAP
NTB TT Ritzau STT BNS ELTA LETA MTI PAP CTK ČTK TASR BTA HINA Hina STA AGI Agi LaPresse KNA KUNA QNA WAM SPA IRNA ISNA
MENA MAP APS TAP NINA SANA SONNA ENA NAN GNA KNA MNA PNA CNA VNA KCNA AA DHA IHA PPI APP BSS UNB EPD epd kna sid SID
Lusa LUSA Xinhua XINHUA Reuters REUTERS Kyodo KYODO Yonhap YONHAP IPS NHK
"""
_SHORT = frozenset(_SHORT_WORDS.split())
_CANONICAL = {
    name.upper(): name for name in ("AFP", "AP", "dpa", "EFE", "ANSA", "Belga", "Lusa", "epd", "TASS", "Hina")
}
_CANONICAL |= {"REUTERS": "Reuters", "XINHUA": "Xinhua", "KYODO": "Kyodo", "YONHAP": "Yonhap", "ТАСС": "TASS"}

_FOLDED_NAMES = {fold(name): known for name, known in _BY_NAME.items()}
_LONGEST_FIRST = sorted(_FOLDED_NAMES, key=len, reverse=True)
_KNOWN_NAME = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, _LONGEST_FIRST))})(?!\w)")
_WORD = re.compile(r"[^\W_]+")
_INITIALS = re.compile(r"[^\W\d_a-z]{2,8}")
_NAMED_BY_FORM = re.compile(
    r"((?:[^\W\d_a-z][\w'’&.-]*\s+){0,5}"
    r"(?:(?:News|Press|Photo|National)\s+)?(?:Agency|Newswire|Wire(?:\s+Service)?|News\s+Service|Press\s+Service"
    r"|\w*[Pp]ressedienst|Presse-?[Aa]gentur|\w*[Nn]achrichtenagentur|Persbureau|Telegrambyrå))(?!\w)"
    r"|((?:Agence|Agencia|Agência|Agenzia|Nachrichtenagentur|Agentur|Agentia|Агентство)(?:\s+[^\W\d_][\w'’-]*){1,4})"
)


def known_agencies(text: str) -> tuple[str, ...]:
    """Agencies of the table named in a short text, in canonical spelling, each once, in order of appearance."""
    found = {match.start(): _FOLDED_NAMES[match[0]] for match in _KNOWN_NAME.finditer(fold(text))}
    short = {match.start(): _short_name(match[0]) for match in _WORD.finditer(text) if match[0] in _SHORT}
    return tuple(dict.fromkeys(name for _, name in sorted([*found.items(), *short.items()])))


def is_known_agency(name: str) -> bool:
    """Is the whole text the name of one agency?"""
    name = name.strip()
    folded = fold(name).removeprefix("the ")
    return name in _SHORT or folded in _FOLDED_NAMES


def agency_of_dateline(name: str) -> str | None:
    """The agency that the brackets of a dateline name: known, or initials (NWA, mdp); the first of "mdp/hn"."""
    if known := known_agencies(name):
        return known[0]
    first = name.replace("/", " ").split()[:1]
    return first[0] if first and is_initials(first[0]) else agency_by_form(name)


def is_initials(name: str) -> bool:
    """Capitals, or up to four small letters as agencies of the continent sign ("dpa", "sda")."""
    return bool(_INITIALS.fullmatch(name)) or (len(name) <= 4 and name.isalpha() and name.islower())


def agency_by_form(text: str) -> str | None:
    """A name that ends, or begins, as agencies' names do: "Northern News Agency", "Agence Centrale de Presse"."""
    found = _NAMED_BY_FORM.search(text)
    if not found:
        return None
    name = (found[1] or found[2]).strip().removeprefix("The ")
    return name if len(name.split()) > 1 and name[0].isupper() else None


def _short_name(name: str) -> str:
    return _CANONICAL.get(name.upper(), name)
