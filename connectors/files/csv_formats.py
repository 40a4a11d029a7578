"""Days, instants and amounts as tools write them, read by a format that somebody chose.

`connectors.files.csv_detect` tells the format of a column from its cells.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import StrEnum

from connectors.errors import BadPayload

Cell = str | Decimal | bool | datetime
"""A cell: text, or what a spreadsheet says it is; an empty one is the empty text."""

UNREADABLE = "csv_value_unreadable"


class DayFormat(StrEnum):
    """How days are written. Each also reads what can mean one thing only: a year of four digits first, month names."""

    ISO = "iso"
    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"
    SERIAL = "serial"


class NumberFormat(StrEnum):
    """Which sign comes before the decimals; `EITHER` reads both, and nothing that could be two numbers."""

    COMMA = "comma"
    DOT = "dot"
    EITHER = "either"


EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - the day before a spreadsheet's first, in nobody's zone
_SERIALS = range(20_000, 80_000)  # 1954 to 2119
_YEARS = range(1900, 2200)
_CENTURY = 2000
_SHORT_YEAR = 2
_HALF_DAY = 12

_STAMP = re.compile(
    r"(?P<day>.+?)(?:(?:T|,?\s+)(?:(?:à|at)\s+)?(?P<h>\d{1,2})\s?[:h](?P<m>\d\d)(?::(?P<s>\d\d)(?:[.,]\d+)?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<offset>Z|UTC|[+-]\d\d:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d\d?)\2(\d\d?)|(\d{4})()(\d\d)(\d\d)", re.ASCII)
_TRIPLE = re.compile(r"(\d\d?)([-/. ])(\d\d?)\2(\d{4}|\d\d)", re.ASCII)
_NAMED = re.compile(r"(\d\d?)(?:er|st|nd|rd|th)?[ .-]+([a-z]{3,9})[ .,-]+(\d{4})", re.ASCII)
_NAMED_FIRST = re.compile(r"([a-z]{3,9})\.? (\d\d?)(?:st|nd|rd|th)?,? (\d{4})", re.ASCII)
_SERIAL = re.compile(r"\d{5}(?:[.,]\d{1,12})?", re.ASCII)
_MONTHS = (
    ("janvier", "january"),
    ("fevrier", "february"),
    ("mars", "march"),
    ("avril", "april"),
    ("mai", "may"),
    ("juin", "june"),
    ("juillet", "july"),
    ("aout", "august"),
    ("septembre", "september"),
    ("octobre", "october"),
    ("novembre", "november"),
    ("decembre", "december"),
)
_SHORT = {"janv": 1, "fev": 2, "fevr": 2, "avr": 4, "juil": 7, "sept": 9}
_BY_NAME = _SHORT | {
    name: number for number, names in enumerate(_MONTHS, 1) for full in names for name in (full, full[:3])
}
_BY_NAME.pop("jui")  # June or July

_SPACES = dict.fromkeys(map(ord, "\u00a0\u2009\u202f\t"), " ") | {0x2019: "'", 0x2212: "-"}
_BODY = r"(?P<body>\d[\d .,']*|[.,]\d+)"
_AMOUNT = re.compile(
    rf"(?P<open>\()?\s*(?P<minus>[+-])?\s*(?P<before>[€$£]|[A-Za-z]{{3}})?\s*(?P<minus2>-)?\s*{_BODY}"
    r"\s*(?P<after>[€$£]|[A-Za-z]{3}\b|euros?)?\s*(?P<minus3>-)?\s*(?P<close>\))?",
    re.ASCII | re.IGNORECASE,
)
_WRITTEN = {
    NumberFormat.COMMA: re.compile(
        r"(?:\d{1,15}|[1-9]\d{0,2}(?:([ .'])\d{3})(?:\1\d{3})*)(?:,\d{0,12})?|,\d{1,12}", re.ASCII
    ),
    NumberFormat.DOT: re.compile(
        r"(?:\d{1,15}|[1-9]\d{0,2}(?:([ ,'])\d{3})(?:\1\d{3})*)(?:\.\d{0,12})?|\.\d{1,12}", re.ASCII
    ),
}
_ISO = (
    "EUR USD GBP CHF CAD AUD NZD JPY CNY HKD SGD KRW INR THB SEK NOK DKK ISK PLN CZK HUF RON BGN TRY MAD TND DZD"
    " XOF XAF XPF MUR ZAR AED SAR ILS BRL MXN"
)
_SIGNS = (
    dict.fromkeys(("€", "EURO", "EUROS"), "EUR")
    | {"£": "GBP", "$": "$", "": ""}
    | {code: code for code in _ISO.split()}
)


def day_of(cell: Cell, form: DayFormat, zone: tzinfo = UTC, epoch: datetime = EPOCH) -> date:
    """Read a day; an hour that stands beside it is left out, an offset moves it into the zone. Raises BadPayload."""
    day, hour, offset = _stamp(cell, form, epoch)
    if offset is None:
        return day
    return datetime.combine(day, hour or time(), offset).astimezone(zone).date()


def instant_of(cell: Cell, form: DayFormat, zone: tzinfo = UTC, epoch: datetime = EPOCH) -> datetime:
    """Read an instant; without an offset it is told in the zone, without an hour it is the day's beginning."""
    day, hour, offset = _stamp(cell, form, epoch)
    return datetime.combine(day, hour or time(), offset or zone).astimezone(UTC)


def _stamp(cell: Cell, form: DayFormat, epoch: datetime) -> tuple[date, time | None, tzinfo | None]:
    if isinstance(cell, datetime):
        return cell.date(), cell.time(), None
    text = str(cell).strip().translate(_SPACES)
    if form is DayFormat.SERIAL and _SERIAL.fullmatch(text):
        return _serial(text, epoch)
    found = _STAMP.fullmatch(text)
    if isinstance(cell, bool) or found is None:
        raise BadPayload(UNREADABLE)
    try:
        hour = _hour(found) if found["h"] else None
        return _day(found["day"].strip(" ,"), form), hour, _offset(found["offset"])
    except ValueError:
        raise BadPayload(UNREADABLE) from None


def _serial(text: str, epoch: datetime) -> tuple[date, time | None, tzinfo | None]:
    days = Decimal(text.replace(",", "."))
    if int(days) not in _SERIALS:
        raise BadPayload(UNREADABLE)
    at = epoch + timedelta(seconds=round(days * 86_400))
    return at.date(), at.time(), None


def _hour(found: re.Match[str]) -> time:
    hour, half = int(found["h"]), (found["half"] or "").lower()[:1]
    if half and not 1 <= hour <= _HALF_DAY:
        raise ValueError(found["h"])
    if half:
        hour = hour % _HALF_DAY + (_HALF_DAY if half == "p" else 0)
    return time(hour, int(found["m"]), int(found["s"] or 0))


def _offset(text: str | None) -> tzinfo | None:
    if text is None or text.upper() in {"Z", "UTC"}:
        return UTC if text else None
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


def _day(text: str, form: DayFormat) -> date:
    """Read a day without its hour; raises ValueError."""
    if found := _YEAR_FIRST.fullmatch(text):
        year, _, month, day = [part for part in found.groups() if part is not None]
        return _civil(int(year), int(month), int(day))
    if found := _TRIPLE.fullmatch(text):
        return _triple(found, form)
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    if found := _NAMED.fullmatch(plain):
        return _civil(int(found[3]), _BY_NAME.get(found[2], 0), int(found[1]))
    if found := _NAMED_FIRST.fullmatch(plain):
        return _civil(int(found[3]), _BY_NAME.get(found[1], 0), int(found[2]))
    raise ValueError(text)


def _triple(found: re.Match[str], form: DayFormat) -> date:
    first, mark, second, last = found[1], found[2], found[3], found[4]
    short = len(last) == _SHORT_YEAR
    year = int(last) + (_CENTURY if short else 0)
    if form is DayFormat.DMY:
        return _civil(year, int(second), int(first))
    if form is DayFormat.MDY and mark != ".":  # nobody writes 12.31.2026
        return _civil(year, int(first), int(second))
    if form is DayFormat.YMD and short and len(first) == _SHORT_YEAR:
        return _civil(int(first) + _CENTURY, int(second), int(last))
    raise ValueError(found[0])


def _civil(year: int, month: int, day: int) -> date:
    if year not in _YEARS:
        raise ValueError(year)
    return date(year, month, day)


def amount_of(cell: Cell, form: NumberFormat) -> Decimal:
    """Read an amount; raises BadPayload, with `EITHER` also for what could be two amounts."""
    if isinstance(cell, Decimal):
        return cell
    found = None if isinstance(cell, bool | datetime) else _AMOUNT.fullmatch(cell.strip().translate(_SPACES))
    if found is None or bool(found["open"]) != bool(found["close"]) or _sign(found) is None:
        raise BadPayload(UNREADABLE)
    body = found["body"].strip()
    forms = (NumberFormat.COMMA, NumberFormat.DOT) if form is NumberFormat.EITHER else (form,)
    values = {_value(body, one) for one in forms if _WRITTEN[one].fullmatch(body)}
    if len(values) != 1:
        raise BadPayload(UNREADABLE)
    below = found["open"] or found["minus"] == "-" or found["minus2"] or found["minus3"]
    return -values.pop() if below else values.pop()


def _value(body: str, form: NumberFormat) -> Decimal:
    group, point = (".", ",") if form is NumberFormat.COMMA else (",", ".")
    return Decimal(body.translate({ord(c): "" for c in (group, " ", "'")}).replace(point, ".").rstrip(".") or "0")


def currency_of(cell: Cell) -> str:
    """Give the currency that stands beside an amount: an ISO code, "$" for a dollar of any land, "" for none."""
    found = _AMOUNT.fullmatch(cell.strip().translate(_SPACES)) if isinstance(cell, str) else None
    return (_sign(found) if found else None) or ""


def _sign(found: re.Match[str]) -> str | None:
    """Give the currency beside an amount; None for letters that are none, or for two."""
    return _SIGNS.get(f"{found['before'] or ''}{found['after'] or ''}".upper())
