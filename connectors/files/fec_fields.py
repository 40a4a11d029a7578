"""One field of a French accounting file: an amount, a date, a side.

What the norm wants (comma decimals, no thousands separator, YYYYMMDD) reads without a remark; what people send all
the same reads with one; what could mean two things does not read at all.
"""

import re
from datetime import date
from typing import NamedTuple

from connectors.errors import BadPayload

_AMOUNT = re.compile(r"([+-]?)(\d*)(?:([.,])(\d*))?", re.ASCII)
_SPACES = dict.fromkeys(map(ord, " \t\u00a0\u2009\u202f"))
_DOTTED_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)
_PLAIN_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_ISO_DATE = re.compile(r"(\d{4})[-/.](\d\d?)[-/.](\d\d?)", re.ASCII)
_FRENCH_DATE = re.compile(r"(\d\d?)[-/.](\d\d?)[-/.](\d{4})", re.ASCII)
_NO_DATE = "00000000"
_YEARS = range(1900, 2200)
_DIGITS = 15
_CENTS = 2
_SIDES = {"d": 1, "debit": 1, "+1": 1, "1": 1, "+": 1, "c": -1, "credit": -1, "-1": -1, "-": -1}


class Amount(NamedTuple):
    """An amount in integer minor units, and the remarks its writing calls for (fault codes)."""

    minor: int
    remarks: tuple[str, ...] = ()


class Day(NamedTuple):
    """A date, or none for an empty field, and the remark its writing calls for ("" for none)."""

    on: date | None
    remark: str = ""


def plain_amount(text: str) -> int | None:
    """Read an amount written as most are, 1234,56, into minor units; None for any other writing."""
    digits = text[:-3] + text[-2:]
    plain = text[-3:-2] == "," and digits.isdigit() and digits.isascii() and len(digits) <= _DIGITS
    return int(digits) if plain else None


def parse_amount(text: str) -> Amount:
    """Read an amount exactly; empty is zero, more than two decimals round half up (away from zero).

    Raises BadPayload("amount_unreadable"), also for what has two readings: 1.234 is a thousand in one country.
    """
    stripped = text.strip()
    if (plain := plain_amount(stripped)) is not None:
        return Amount(plain)
    if not stripped:
        return Amount(0)
    compact = stripped.translate(_SPACES)
    match = _AMOUNT.fullmatch(compact)
    if match is None or _DOTTED_THOUSANDS.fullmatch(compact):
        raise BadPayload("amount_unreadable", {"value": stripped[:40]})
    sign, whole, point, decimals = match[1], match[2].lstrip("0"), match[3], match[4] or ""
    if not (match[2] or decimals) or len(whole) > _DIGITS or len(decimals) > _DIGITS:
        raise BadPayload("amount_unreadable", {"value": stripped[:40]})
    cents = int((decimals + "00")[:_CENTS])
    round_up = len(decimals) > _CENTS and decimals[_CENTS] >= "5"
    minor = int(whole or "0") * 100 + cents + round_up
    remarks = [
        code
        for code, met in (
            ("amount_spaces", compact != stripped),
            ("amount_dot", point == "."),
            ("amount_decimals", len(decimals) > _CENTS),
            ("amount_negative", sign == "-" and minor > 0),
        )
        if met
    ]
    return Amount(-minor if sign == "-" else minor, tuple(remarks))


def parse_day(text: str) -> Day:
    """Read a date; YYYYMMDD is the norm, other unambiguous writings get a remark.

    Raises BadPayload("date_unreadable").
    """
    stripped = text.strip()
    if not stripped:
        return Day(None)
    if stripped == _NO_DATE:
        return Day(None, "date_format")
    if plain := _PLAIN_DATE.fullmatch(stripped):
        return Day(_day(stripped, plain[1], plain[2], plain[3]))
    if iso := _ISO_DATE.fullmatch(stripped):
        return Day(_day(stripped, iso[1], iso[2], iso[3]), "date_format")
    if french := _FRENCH_DATE.fullmatch(stripped):
        return Day(_day(stripped, french[3], french[2], french[1]), "date_format")
    raise BadPayload("date_unreadable", {"value": stripped[:40]})


def _day(text: str, year: str, month: str, day: str) -> date:
    try:
        on = date(int(year), int(month), int(day))
    except ValueError:
        on = None
    if on is None or on.year not in _YEARS:
        raise BadPayload("date_unreadable", {"value": text[:40]})
    return on


def parse_side(text: str) -> int:
    """Read a Sens: 1 for debit, -1 for credit; raises BadPayload("direction_unreadable")."""
    side = _SIDES.get(text.strip().casefold())
    if side is None:
        raise BadPayload("direction_unreadable", {"value": text.strip()[:40]})
    return side


def fiscal_year(entry_on: date, end_month: int = 12, end_day: int = 31) -> int:
    """Give the year in which the fiscal year of a day closes; a February end takes the 29th with it."""
    last_day = 29 if end_month == 2 and end_day >= 28 else end_day  # noqa: PLR2004 - February's own numbers
    return entry_on.year + ((entry_on.month, entry_on.day) > (end_month, last_day))
