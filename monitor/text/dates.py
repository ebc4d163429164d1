"""When was something published, according to a date as a feed or page writes it?

Reads RFC 822 in its many spoilt forms (any language's weekday, month names of twenty languages and more, two-digit
years, named zones), ISO 8601, asctime, American month-first, dotted European day-first and East Asian dates. A date
without a zone, or with an unknown one, is taken as UTC. Refuses (None) what is ambiguous (03/04/2026), impossible
(31 February) or nonsense (a year before 1990 or after 2100).

Sources: RFC 822 and 2822, RFC 3339, the dates of real feeds; feedparser leaves the German "Mo, 05 Jan" out.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_MAX_CHARS = 100

_MONTHS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            (
                "jan january januar janvier janv enero ene gennaio gen janeiro januari stycznia sty jänner янв января"
                " ocak oca ledna leden led ιανουαριου ιαν січня січ ian ianuarie tammikuuta tammi gener يناير"
            ),
            (
                "feb february februar fevrier fevr fev febrero febbraio fevereiro februari lutego lut фев февраля"
                " subat sub unora unor uno φεβρουαριου φεβ лютого лют februarie febr februari helmikuuta helmi febrer"
                " فبراير"
            ),
            (
                "mar march marz mars marzo marco maart mrt mrz maa marca мар марта"
                " mart brezna bre μαρτιου μαρ березня бер marcius marc maret martie maaliskuuta maalis مارس"
            ),
            (
                "apr april avril avr abril abr aprile aprilie kwietnia kwi апр апреля"
                " nisan nis dubna dub απριλιου απρ квітня квіт кві aprilis huhtikuuta huhti أبريل ابريل"
            ),
            (
                "may mai mayo maggio mag maio mei maja май мая"
                " mayıs mayis kvetna kve μαιου μαι травня трав тра majus maj touko toukokuuta maig مايو"
            ),
            (
                "jun june juni juin junio giugno giu junho czerwca cze июн июня"
                " haziran haz cervna cvn ιουνιου ιουν червня черв чер junius iunie iun kesakuuta kesa juny يونيو"
            ),
            (
                "jul july juli juillet juil julio luglio lug julho lipca lip июл июля"
                " temmuz tem cervence cvc ιουλιου ιουλ липня лип julius iulie iul heinakuuta heina juliol يوليو"
            ),
            (
                "aug august aout agosto ago augustus sierpnia sie авг августа"
                " agustos agu srpna srp αυγουστου αυγ серпня серп сер augusztus augusti elokuuta elo agost أغسطس اغسطس"
            ),
            (
                "sep sept september septembre septiembre settembre set setembro wrzesnia wrz сен сентября"
                " eylul eyl zari zar σεπτεμβριου σεπ вересня вер szeptember szept septembrie syyskuuta syys"
                " setembre سبتمبر"
            ),
            (
                "oct october oktober okt octobre octubre ottobre ott outubro out pazdziernika paz окт октября"
                " ekim eki rijna rij οκτωβριου οκτ жовтня жовт жов octombrie lokakuuta loka أكتوبر اكتوبر"
            ),
            (
                "nov november novembre noviembre novembro listopada lis ноя нояб ноября"
                " kasım kasim kas listopadu νοεμβριου νοε листопада лис noiembrie noi marraskuuta marras"
                " novembre نوفمبر"
            ),
            (
                "dec december dezember dez decembre diciembre dic dicembre dezembro grudnia gru дек декабря"
                " aralık aralik ara prosince pro δεκεμβριου δεκ грудня груд гру decembrie desember des joulukuuta joulu"
                " desembre ديسمبر"
            ),
        ),
        start=1,
    )
    for name in names.split()
}
MONTH_NAMES = frozenset(_MONTHS)
"""Names of months and their short forms, lower case, mostly without accents."""
_ZONE_HOURS: dict[str, float] = {
    name: hours
    for hours, names in (
        (-10, "hst"),
        (-9, "akst"),
        (-8, "pst pt"),
        (-7, "pdt mst mt"),
        (-6, "mdt cst ct"),
        (-5, "cdt est et"),
        (-4, "edt ast"),
        (-3, "adt brt art"),
        (0, "z ut utc gmt wet"),
        (1, "bst west cet mez met wat"),
        (2, "cest mesz mest eet sast cat"),
        (3, "eest msk eat trt"),
        (3.5, "irst"),
        (4, "gst"),
        (5, "pkt"),
        (5.5, "ist"),
        (5.75, "npt"),
        (7, "ict wib"),
        (8, "hkt sgt pht awst"),
        (9, "jst kst"),
        (9.5, "acst"),
        (10, "aest"),
        (11, "aedt"),
        (12, "nzst"),
        (13, "nzdt"),
    )
    for name in names.split()
}
_TIME = r"(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?(?:\s*(?P<half>[ap])\.?m\.?\b)?"
_REST = r"(?P<zone>.*)$"
_AT = rf"(?:[\s,T]+(?:at\s+|um\s+|à\s+)?{_TIME}\s*{_REST}|\s*$)"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|\.)?"
_COMPACT_DAY = r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
_MONTH = r"(?P<month>[^\W\d_]{3,12})\.?"
_WEEKDAY = r"(?:[^\W\d_]{1,14}(?:\.?[,،]\s*|\.?\s+))?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        # 2026-01-05T10:00:00.000+01:00, 2026-01-05 10:00, 2026/01/05, 2026-01
        rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})(?:[-/.](?P<day>\d{{1,2}}))?{_AT}",
        # 2026年1月5日 10:00
        rf"(?P<year>\d{{4}})\s*[年년]\s*(?P<month>\d{{1,2}})\s*[月월]\s*(?P<day>\d{{1,2}})\s*[日일]{_AT}",
        # 20260105T100000Z
        rf"{_COMPACT_DAY}(?:T?(?P<hour>\d{{2}}):?(?P<minute>\d{{2}}):?(?P<second>\d{{2}})?(?P<half>)\s*{_REST}|$)",
        # Mon, 05 Jan 2026 10:00:00 +0100; 5 de enero de 2026
        rf"{_WEEKDAY}{_DAY}[\s-]*(?:de\s+)?{_MONTH}[\s,-]*(?:de\s+|del\s+)?(?P<year>\d{{4}}|\d{{2}}){_AT}",
        # January 5, 2026 3:04 pm EST; Monday, Jan 5th 2026
        rf"{_WEEKDAY}{_MONTH}\s*{_DAY},?\s+(?P<year>\d{{4}}){_AT}",
        # 05.01.2026 10:00
        rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}}){_AT}",
        # Mon Jan  5 10:00:00 CET 2026
        rf"{_WEEKDAY}{_MONTH}\s+{_DAY}\s+{_TIME}\s+(?P<zone>[A-Za-z]{{1,5}}|[+-]\d\d:?\d\d)?\s*(?P<year>\d{{4}})$",
    )
)
_OFFSET = re.compile(
    r"(?:gmt|utc?)?\s*(?P<sign>[+\u2212-])\s*(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?!\d)", re.IGNORECASE
)
_ZONE_NAME = re.compile(r"[A-Za-z]{1,5}")


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date as it was read: `at` is UTC, also where no zone is given; `offset` is what the zone says, if any."""

    at: datetime
    has_time: bool
    offset: timedelta | None


def parse_date(raw: str) -> datetime | None:
    """The moment in UTC that `raw` names, or None. Costs microseconds whatever `raw` is."""
    written = read_date(raw)
    return written.at if written else None


def read_date(raw: str) -> WrittenDate | None:
    """The moment that `raw` names, with what it leaves open, or None."""
    text = " ".join(raw.split()) if len(raw) <= _MAX_CHARS * 2 else ""
    if not text or len(text) > _MAX_CHARS:
        return None
    for form in _FORMS:
        found = form.match(text)
        written = _written(found) if found else None
        if written is not None:
            return written
    return None


def _written(found: re.Match[str]) -> WrittenDate | None:
    parts = found.groupdict()
    month = _month(parts["month"])
    zone = parts.get("zone") or ""
    offset = _offset(zone)
    if month is None or offset is None:
        return None
    hour = _hour(int(parts["hour"] or 0), (parts["half"] or "").lower())
    try:
        # Hour 24 and second 60 are legal in ISO 8601 and unknown to datetime: both roll over.
        day = datetime(_year(parts["year"]), month, int(parts["day"] or 1), tzinfo=UTC)
        moment = (
            day + timedelta(hours=hour, minutes=int(parts["minute"] or 0), seconds=int(parts["second"] or 0)) - offset
        )
    except (ValueError, OverflowError):
        return None
    is_clock_time = hour <= 24 and int(parts["minute"] or 0) < 60 and int(parts["second"] or 0) <= 60
    if not is_clock_time or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return None
    return WrittenDate(moment, parts["hour"] is not None, offset if _names_zone(zone) else None)


def _month(name: str) -> int | None:
    if name.isdigit():
        return int(name)
    name = name.lower()
    plain = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    return _MONTHS.get(name) or _MONTHS.get(plain)


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (1900 if year >= _FIRST_YEAR % 100 else 2000)  # RFC 822 wrote years with two digits


def _hour(hour: int, half: str) -> int:
    if not half:
        return hour
    return hour % 12 + (12 if half == "p" else 0)


def _offset(zone: str) -> timedelta | None:
    """How far local time is ahead of UTC; zero for no zone or an unknown name, None for one that cannot be."""
    zone = zone.strip().lstrip("(").strip()
    found = _OFFSET.match(zone)
    if found is None:
        name = _ZONE_NAME.match(zone)
        return timedelta(hours=_ZONE_HOURS.get(name[0].lower(), 0) if name else 0)
    hours, minutes = int(found["hours"]), int(found["minutes"] or 0)
    if hours > 14 or minutes > 59:
        return None
    ahead = timedelta(hours=hours, minutes=minutes)
    return ahead if found["sign"] == "+" else -ahead


def _names_zone(zone: str) -> bool:
    zone = zone.strip().lstrip("(").strip()
    name = _ZONE_NAME.match(zone)
    return bool(_OFFSET.match(zone)) or (name is not None and name[0].lower() in _ZONE_HOURS)
