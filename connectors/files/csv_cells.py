"""One row of a table, read cell by cell; what can't be read is noted and the row set aside."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from connectors.base import Fault
from connectors.errors import BadPayload
from connectors.files.csv_formats import DayFormat, instant_of
from connectors.files.csv_templates import plain_name
from connectors.files.csv_words import FLAGS, YES, Choice
from connectors.files.fec_fields import parse_day

Value = TypeVar("Value")

RAW_LENGTH = 500
_VALUE_LENGTH = 80
_UNREADABLE = "csv_value_unreadable"
_NEVER = date(1, 1, 1)  # stands where a required date is missing: its row is set aside
_SPACES = dict.fromkeys(map(ord, " \u00a0\u2009\u202f"))
_DECIMAL = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,6})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:(?P<group>[.,])\d{3})(?:(?P=group)\d{3})*(?!(?P=group))[.,]\d{1,6}", re.ASCII)
_TWO_READINGS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_CLOCK = re.compile(r"(\d{1,3})\s*[h:]\s*([0-5]\d)(?::[0-5]\d)?", re.ASCII | re.IGNORECASE)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_MINUTES = 60


def parse_decimal(text: str) -> Decimal:
    """Read an amount with a decimal comma or dot; raises BadPayload for what has two readings, such as 1.234."""
    compact = text.strip().removesuffix("€").translate(_SPACES)
    grouped = _GROUPED.fullmatch(compact)
    if grouped:
        compact = compact.replace(grouped["group"], "")
    elif not _DECIMAL.fullmatch(compact) or _TWO_READINGS.fullmatch(compact):
        raise BadPayload(_UNREADABLE)
    return Decimal(compact.replace(",", "."))


def parse_clock(hours: str) -> int | None:
    """Read hours as 1:30 or 1h30 into minutes; None for what is not written so."""
    clock = _CLOCK.fullmatch(hours.strip())
    return int(clock[1]) * _MINUTES + int(clock[2]) if clock else None


def parse_minutes(hours: str) -> int:
    """Read hours, as 1,5 or 1:30 or 1h30, into whole minutes (half up)."""
    clock = parse_clock(hours)
    if clock is not None:
        return clock
    return int((parse_decimal(hours) * _MINUTES).quantize(Decimal(1), ROUND_HALF_UP))


def _day(text: str) -> date | None:
    try:
        return parse_day(text).on
    except BadPayload:
        raise BadPayload(_UNREADABLE) from None


def parse_number(text: str) -> int:
    """Read a whole number."""
    if not _NUMBER.fullmatch(text):
        raise BadPayload(_UNREADABLE)
    return int(text)


def parse_flag(text: str) -> bool:
    """Read a yes or no, in French or English, or a cross."""
    word = FLAGS.get(plain_name(text))
    if word is None:
        raise BadPayload(_UNREADABLE)
    return word == YES


def parse_currency(text: str) -> str:
    """Read a currency's ISO code, or the euro by sign or name."""
    code = "EUR" if text.casefold() in {"€", "euro", "euros"} else text.upper()
    if not _CURRENCY.fullmatch(code):
        raise BadPayload(_UNREADABLE)
    return code


class Cells:
    """The cells of one row by column name. A cell that can't be read becomes a fault, and the row is `bad`.

    The `need_` readings also fault an empty cell; what they give back then stands for nothing.
    """

    def __init__(self, place: int, cells: Mapping[str, str], raw: str, zone: tzinfo = UTC) -> None:
        self.place, self.zone, self._cells, self._raw = place, zone, cells, raw[:RAW_LENGTH]
        self.faults: list[Fault] = []

    @property
    def bad(self) -> bool:
        """Whether something in the row could not be read."""
        return any(not fault.kept for fault in self.faults)

    def note(self, code: str, params: Mapping[str, str] | None = None, *, kept: bool = False) -> None:
        """Note a fault of the row."""
        self.faults.append(Fault(code, str(self.place), self._raw, dict(params or {}), kept))

    def text(self, column: str) -> str | None:
        """Read a text; empty is None."""
        return self._cells.get(column, "").strip() or None

    def need_text(self, column: str) -> str:
        """Read a text that must be there."""
        return self._need(column, self.text(column), "")

    def day(self, column: str) -> date | None:
        """Read a date: ISO, dd/mm/yyyy or yyyymmdd."""
        return self._read(column, _day)

    def need_day(self, column: str) -> date:
        """Read a date that must be there."""
        return self._need(column, self.day(column), _NEVER)

    def instant(self, column: str) -> datetime | None:
        """Read a day with its hour, in the zone where no offset is said; without an hour, the day's beginning."""
        return self._read(column, lambda text: instant_of(text, DayFormat.DMY, self.zone))

    def need_instant(self, column: str) -> datetime:
        """Read an instant that must be there."""
        return self._need(column, self.instant(column), datetime.combine(_NEVER, datetime.min.time(), UTC))

    def amount(self, column: str) -> Decimal | None:
        """Read an amount."""
        return self._read(column, parse_decimal)

    def need_amount(self, column: str) -> Decimal:
        """Read an amount that must be there."""
        return self._need(column, self.amount(column), Decimal())

    def number(self, column: str) -> int | None:
        """Read a whole number."""
        return self._read(column, parse_number)

    def minutes(self, column: str) -> int | None:
        """Read hours into minutes."""
        return self._read(column, parse_minutes)

    def flag(self, column: str) -> bool | None:
        """Read a yes or no."""
        return self._read(column, parse_flag)

    def currency(self, column: str) -> str:
        """Read a currency's ISO code; EUR where none is said."""
        return self._read(column, parse_currency) or "EUR"

    def choice(self, column: str, words: Mapping[str, Choice]) -> Choice | None:
        """Read one of some words."""
        return self._read(column, lambda text: _chosen(text, words))

    def need_choice(self, column: str, words: Mapping[str, Choice]) -> Choice:
        """Read one of some words that must be there."""
        return self._need(column, self.choice(column, words), next(iter(words.values())))

    def _read(self, column: str, parse: Callable[[str], Value | None]) -> Value | None:
        text = self.text(column)
        if text is None:
            return None
        try:
            return parse(text)
        except BadPayload as error:
            self.note(error.code, {"column": column, "value": text[:_VALUE_LENGTH]})
            return None

    def _need(self, column: str, value: Value | None, stand_in: Value) -> Value:
        if self.text(column) is None:
            self.note("csv_value_missing", {"column": column})
        return stand_in if value is None else value


def _chosen(text: str, words: Mapping[str, Choice]) -> Choice:
    chosen = words.get(plain_name(text))
    if chosen is None:
        raise BadPayload(_UNREADABLE)
    return chosen
