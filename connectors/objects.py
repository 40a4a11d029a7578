"""JSON objects as records: for a program that hands records over by itself, in the words of `connectors.records`.

Fields go by their names there. A field that is not one, or a value of another form, faults the object: nothing is
guessed. Numbers with a fraction must have been parsed into `Decimal`, so that 0.1 is a tenth.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from itertools import islice
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from babel.numbers import get_currency_precision, is_currency

from connectors.base import Fault
from connectors.errors import BadPayload
from connectors.records import (
    Absence,
    Activity,
    Cost,
    Delivery,
    DocumentStatus,
    Employee,
    Invoice,
    Payment,
    Record,
    Reminder,
    Stream,
    TimeEntry,
)

RECORDS: Mapping[Stream, type[Record]] = {
    Stream.INVOICES: Invoice,
    Stream.PAYMENTS: Payment,
    Stream.REMINDERS: Reminder,
    Stream.ACTIVITIES: Activity,
    Stream.STAFF: Employee,
    Stream.ABSENCES: Absence,
    Stream.TIME: TimeEntry,
    Stream.COSTS: Cost,
    Stream.DELIVERIES: Delivery,
}
"""What an object of a stream is; a ledger is not told entry by entry but by its export."""

_SHOWN = 80
_NAMED = 5  # unknown fields told of one object
_YEARS = range(1900, 2200)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)
_LARGEST = Decimal(10) ** 13
_CENTS = 2  # what is kept of a currency that has more
_RANGES: Mapping[str, tuple[int, int]] = {"level": (0, 99), "minutes": (0, 24 * 60), "hours_per_week": (0, 7 * 24)}
_OWED = ("net", "tax", "total")


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a record: what it holds, and whether it must be there."""

    name: str
    holds: type
    has_default: bool
    is_needed: bool


@dataclass(frozen=True, slots=True)
class _Limits:
    """How long texts may be, by field, and how many decimals amounts may have."""

    lengths: Mapping[str, int]
    digits: int = _CENTS


def read_object(
    stream: Stream, given: object, place: str, lengths: Mapping[str, int]
) -> tuple[Record | None, tuple[Fault, ...]]:
    """Read an object into a record, or tell all that is wrong with it; `lengths` is how long each text may be."""
    record: Record | None = None
    if isinstance(given, dict):
        record, errors = _read(stream, given, lengths)
    else:
        errors = [BadPayload("push_row_not_an_object", {"value": shown(given)})]
    raw = raw_text(given) if errors else ""
    return record, tuple(Fault(error.code, place, raw, error.params) for error in errors)


def _read(
    stream: Stream, given: Mapping[str, object], lengths: Mapping[str, int]
) -> tuple[Record | None, list[BadPayload]]:
    known = _fields(stream)
    unknown = islice((name for name in given if name not in known), _NAMED)
    errors = [BadPayload("push_field_unknown", {"name": shown(name), "known": ", ".join(known)}) for name in unknown]
    limits = _Limits(lengths, _digits(given.get("currency")))
    values: dict[str, Any] = {}
    for name, field in known.items():
        try:
            value = _value(field, given.get(name), limits)
        except BadPayload as error:
            errors.append(error)
        else:
            if value is not None or not field.has_default:
                values[name] = value
    if errors:
        return None, errors
    record = RECORDS[stream](**values)
    errors = list(_nonsense(record))
    return (None if errors else record), errors


def shown(value: object) -> str:
    """Write what was found, short and fit to be shown and kept."""
    text = value if isinstance(value, str) else _brief(value)
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text[:_SHOWN])


def raw_text(given: object) -> str:
    """Write an object as it stood, but for what is nested; fit to be kept."""
    flat = (
        {name: _brief(value) if isinstance(value, dict | list) else value for name, value in given.items()}
        if (isinstance(given, dict))
        else _brief(given)
    )
    text = json.dumps(flat, ensure_ascii=False, default=str)
    return text.encode("utf-8", "backslashreplace").decode()


def _brief(value: object) -> str:
    if isinstance(value, dict | list):
        return "{…}" if isinstance(value, dict) else "[…]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


@cache
def _fields(stream: Stream) -> Mapping[str, _Field]:
    kind = RECORDS[stream]
    hints = get_type_hints(kind)
    found = {}
    for field in fields(kind):
        hint = hints[field.name]
        parts = get_args(hint) if get_origin(hint) is UnionType else (hint,)
        (holds,) = (part for part in parts if part is not NoneType)
        has_default = field.default is not MISSING
        found[field.name] = _Field(field.name, holds, has_default, NoneType not in parts and not has_default)
    return found


def _value(field: _Field, given: object, limits: _Limits) -> Any:
    if given is None or (isinstance(given, str) and not given.strip() and field.holds is str):
        if field.is_needed:
            raise BadPayload("push_field_missing", {"name": field.name})
        return None
    value: Any = _reader(field.holds)(field, given, limits)
    low, high = _RANGES.get(field.name, (None, None))
    if low is not None and high is not None and not low <= value <= high:
        said = {"name": field.name, "value": shown(given), "low": str(low), "high": str(high)}
        raise BadPayload("push_out_of_range", said)
    return value


_Reader = Callable[[_Field, object, _Limits], Any]


def _reader(holds: type) -> _Reader:
    return _one_of if issubclass(holds, StrEnum) else _READERS[holds]


def _found(field: _Field, given: object) -> dict[str, str]:
    return {"name": field.name, "value": shown(given)}


def _text(field: _Field, given: object, limits: _Limits) -> str:
    if not isinstance(given, str):
        raise BadPayload("push_not_a_text", _found(field, given))
    if "\0" in given or any("\ud800" <= sign <= "\udfff" for sign in given):
        raise BadPayload("push_text_unreadable", _found(field, given))
    if field.name == "currency" and not (len(given) == 3 and given.isupper() and is_currency(given)):  # noqa: PLR2004 - ISO 4217
        raise BadPayload("push_currency_unknown", _found(field, given))
    limit = limits.lengths.get(field.name)
    if limit is not None and len(given) > limit:
        said = _found(field, given) | {"found": str(len(given)), "limit": str(limit)}
        raise BadPayload("push_text_too_long", said)
    return given


def _day(field: _Field, given: object, _: _Limits) -> date:
    try:
        if isinstance(given, str) and _DAY.fullmatch(given) and int(given[:4]) in _YEARS:
            return date.fromisoformat(given)
    except ValueError:
        pass
    raise BadPayload("push_not_a_date", _found(field, given))


def _instant(field: _Field, given: object, _: _Limits) -> datetime:
    try:
        if isinstance(given, str) and _INSTANT.fullmatch(given) and int(given[:4]) in _YEARS:
            return datetime.fromisoformat(given)
    except ValueError:
        pass
    raise BadPayload("push_not_an_instant", _found(field, given))


def _decimal(field: _Field, given: object, limits: _Limits) -> Decimal:
    is_number = isinstance(given, int | Decimal) and not isinstance(given, bool)
    is_written = isinstance(given, str) and _DECIMAL.fullmatch(given)
    value = Decimal(str(given)) if is_number or is_written else Decimal("NaN")
    if not value.is_finite() or abs(value) >= _LARGEST:
        raise BadPayload("push_not_an_amount", _found(field, given))
    digits = _CENTS if field.name == "hours_per_week" else limits.digits
    if value != round(value, digits):  # both sides are exact
        raise BadPayload("push_too_many_decimals", _found(field, given) | {"digits": str(digits)})
    return value


def _whole(field: _Field, given: object, _: _Limits) -> int:
    if not isinstance(given, int) or isinstance(given, bool):
        raise BadPayload("push_not_a_whole_number", _found(field, given))
    return given


def _flag(field: _Field, given: object, _: _Limits) -> bool:
    if not isinstance(given, bool):
        raise BadPayload("push_not_true_or_false", _found(field, given))
    return given


def _one_of(field: _Field, given: object, _: _Limits) -> StrEnum:
    choices = {str(member): member for member in field.holds}  # type: ignore[attr-defined] # a StrEnum
    if not isinstance(given, str) or given not in choices:
        raise BadPayload("push_not_one_of", _found(field, given) | {"choices": ", ".join(choices)})
    chosen: StrEnum = choices[given]
    return chosen


_READERS: Mapping[type, _Reader] = {
    str: _text,
    date: _day,
    datetime: _instant,
    Decimal: _decimal,
    int: _whole,
    bool: _flag,
}


def _digits(currency: object) -> int:
    """Give how many decimals an amount may have: the currency's, and no more than two."""
    if isinstance(currency, str) and is_currency(currency):
        return min(_CENTS, int(get_currency_precision(currency)))
    return _CENTS


def _nonsense(record: Record) -> Iterator[BadPayload]:
    """Tell what can't be, though each field by itself can."""
    if isinstance(record, Invoice):
        if record.status is DocumentStatus.FINAL and record.issued_on is None:
            yield BadPayload("push_field_missing", {"name": "issued_on"})
        for name in _OWED:
            amount = getattr(record, name)
            if amount is not None and amount < 0:
                yield BadPayload("push_negative", {"name": name, "value": str(amount)})
    elif isinstance(record, Absence) and record.end_on < record.start_on:
        yield _reversed("end_on", record.end_on, record.start_on)
    elif isinstance(record, Employee) and record.entered_on and record.left_on and record.left_on < record.entered_on:
        yield _reversed("left_on", record.left_on, record.entered_on)


def _reversed(name: str, last: date, first: date) -> BadPayload:
    return BadPayload("push_days_reversed", {"name": name, "last": last.isoformat(), "first": first.isoformat()})
