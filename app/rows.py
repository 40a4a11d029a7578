"""Records as rows: the one seam between what a provider says and what we keep."""

import dataclasses
import hashlib
import json
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from functools import lru_cache
from json.encoder import encode_basestring
from types import NoneType
from typing import Any, NamedTuple, get_args
from zoneinfo import ZoneInfo

from sqlalchemy import String, Table

from app.models import records as r
from connectors.records import Activity, Cost, Delivery, Invoice, Record, Reminder, Stream, TimeEntry
from signals.calendar import day_number, month_number, week_start

TABLES: Mapping[Stream, Table] = {
    Stream.INVOICES: r.document,
    Stream.PAYMENTS: r.payment,
    Stream.REMINDERS: r.reminder,
    Stream.ACTIVITIES: r.activity,
    Stream.STAFF: r.staff,
    Stream.ABSENCES: r.absence,
    Stream.TIME: r.time_entry,
    Stream.COSTS: r.cost,
    Stream.DELIVERIES: r.delivery,
}

MONEY = {"net": "net_minor", "tax": "tax_minor", "total": "total_minor", "amount": "amount_minor"}
IN_MINOR = frozenset(MONEY.values())
ACTORS = {"actor", "author", "validator"}
# Kept apart, in `people`.
NAMES = {"party_label", "name"}

# Columns that came with a later version of Seuil: empty ones are no content, or every row would look changed.
LATER = {"created_at", "series", "refused_on", "refusal", "team", "promised_on", "billed_monthly", "bank_reference"}

# Told by other columns altogether: no content of their own, or every row of an older Seuil would look changed.
NO_CONTENT = {"source_version", "entered_minute", "done_minute"}

Row = dict[str, Any]

# How long each text may be: PostgreSQL refuses what is longer.
LENGTHS: Mapping[str, int] = {
    column.name: column.type.length
    for table in TABLES.values()
    for column in table.columns
    if isinstance(column.type, String) and column.type.length
}
_CODE_LENGTH = 100
_DIGEST_LENGTH = 32


def fit(text: str, length: int) -> str:
    """Shorten a text to a column's length; a code ends in a digest of the whole, so that no two become one."""
    if len(text) <= length:
        return text
    if length < _CODE_LENGTH:
        return text[:length]
    digest = hashlib.blake2b(text.encode(), digest_size=_DIGEST_LENGTH // 2).hexdigest()
    return text[: length - _DIGEST_LENGTH] + digest


def storable(text: str) -> str:
    """Leave out what no database keeps: NUL, and halves of characters; one such text would stop its page for ever."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def minor(amount: Decimal) -> int:
    """Turn major units into integer minor units, half a cent up."""
    return int(amount.scaleb(2).to_integral_value(ROUND_HALF_UP))


Kept = tuple[Any, str]
"""A value as it is stored, and as JSON in the digest."""


class _Part(NamedTuple):
    """One column: its name, how long a text may be, how its pair begins in the digest, its pair where it is empty."""

    column: str
    length: int
    begins: str
    empty: str

    @classmethod
    def of(cls, column: str) -> "_Part":
        """Describe a column; an empty column of a later time is no content."""
        begins = f'"{column}": '
        return cls(column, LENGTHS.get(column, 0), begins, "" if column in LATER else f"{begins}null")


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one kind of record becomes a row: its columns, how to read all its values at once, what is derived."""

    parts: tuple[_Part, ...]
    values: Callable[[Record], tuple[Any, ...]]
    derive: Callable[[Any, ZoneInfo], tuple[Any, ...]]
    content: tuple[int, ...]
    """Which of the columns are content, in the order of the digest; the source's own version is none."""


def _plan(kind: type) -> _Plan:
    derived, derive = _DERIVED.get(kind, ((), lambda *_: ()))
    names = sorted({field.name for field in dataclasses.fields(kind)} - NAMES - set(derived))
    columns = (*(MONEY.get(name, name) for name in names), *derived)
    content = sorted((n for n, column in enumerate(columns) if column not in NO_CONTENT), key=columns.__getitem__)
    return _Plan(tuple(map(_Part.of, columns)), operator.attrgetter(*names), derive, tuple(content))


def to_rows(records: Sequence[Record], actors: Mapping[str, str], zone: ZoneInfo) -> list[Row]:
    """Map a stream's records to its table's columns: money in cents, logins as pseudonyms, months, and no names.

    Days are day numbers, as they are stored. The digests of the contents are made on the way, column by column: of all
    that intake does, this costs most.
    """
    if not records:
        return []
    plan = _PLANS[type(records[0])]
    told = zip(*(plan.values(record) + plan.derive(record, zone) for record in records), strict=True)
    columns = [_column(part, values, actors) for part, values in zip(plan.parts, told, strict=True)]
    digests = map(_digest, zip(*(columns[n][1] for n in plan.content), strict=True))
    names = (*(part.column for part in plan.parts), "row_hash")
    kept = (column for column, _ in columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*kept, digests, strict=True)]


def _column(part: _Part, values: Sequence[Any], actors: Mapping[str, str]) -> tuple[list[Any], list[str]]:
    """Give a column's values as they are stored, and the pair of each in the digest."""
    if part.column in ACTORS:
        values = [actors[one] if one else None for one in values]
    first = values[0]
    is_plain = first is None or isinstance(first, str | bool) or type(first) is date  # equal ones are written alike
    if is_plain and values.count(first) == len(values):  # many are empty, or say one thing
        (kept,), (pair,) = _cells(part, type(first), [first])
        return [kept] * len(values), [pair] * len(values)
    kinds = set(map(type, values)) - {NoneType}
    if len(kinds) == 1:
        return _cells(part, kinds.pop(), values)
    mixed = [_cells(part, type(value), [value]) for value in values]
    return [kept for (kept,), _ in mixed], [pair for _, (pair,) in mixed]


def _cells(part: _Part, kind: type, values: Sequence[Any]) -> tuple[list[Any], list[str]]:
    """Do so for values of one kind, or none."""
    _, length, begins, empty = part
    if kind is str:
        texts = [
            value if value is None or (len(value) <= length and value.isprintable()) else fit(storable(value), length)
            for value in values
        ]
        return texts, [empty if text is None else begins + encode_basestring(text) for text in texts]
    read = _minor if part.column in IN_MINOR else _KEPT.get(kind, _enum)
    cells = [(None, empty) if value is None else read(value) for value in values]
    return [kept for kept, _ in cells], [pair if kept is None else begins + pair for kept, pair in cells]


def _minor(value: Decimal) -> Kept:
    cents = minor(value)
    return cents, str(cents)


@lru_cache(maxsize=10_000)
def _day(value: date) -> Kept:
    return day_number(value), f'"{value.isoformat()}"'


def _instant(value: datetime) -> Kept:
    if value.tzinfo is None:
        message = f"an instant needs a time zone: {value!r}"
        raise ValueError(message)
    return value, f'"{value.isoformat()}"'


@lru_cache
def _enum(value: Enum) -> Kept:
    return value.value, json.dumps(value.value)


_KEPT: Mapping[type, Callable[[Any], Kept]] = {
    date: _day,
    datetime: _instant,
    bool: lambda value: (value, "true" if value else "false"),
    int: lambda value: (value, str(value)),
    Decimal: lambda value: (value, f'"{value}"'),
}


def _digest(content: Iterable[str]) -> str:
    """Digest a row's content as the JSON object it is, keys in order."""
    text = f"{{{', '.join(filter(None, content))}}}"
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _month(day: date | None) -> int | None:
    return None if day is None else month_number(day)


def _minute(at: datetime | None, zone: ZoneInfo) -> int | None:
    """Give an instant as minutes of a zone's clock since 1970-01-01: its day and its hour are then a division away."""
    if at is None:
        return None
    local = at.astimezone(zone)
    return (day_number(local.date()) * 24 + local.hour) * 60 + local.minute


def _invoice(record: Invoice, zone: ZoneInfo) -> tuple[Any, ...]:
    return _month(record.issued_on), _minute(record.created_at, zone)


def _activity(record: Activity, zone: ZoneInfo) -> tuple[Any, ...]:
    done_on = record.done_at.astimezone(zone).date()
    return done_on, month_number(done_on), _minute(record.done_at, zone)


_DERIVED: Mapping[type, tuple[tuple[str, ...], Callable[[Any, ZoneInfo], tuple[Any, ...]]]] = {
    Invoice: (("issue_month", "entered_minute"), _invoice),
    Reminder: (("sent_month",), lambda record, _: (_month(record.sent_on),)),
    Activity: (("done_on", "done_month", "done_minute"), _activity),
    TimeEntry: (
        ("worked_month", "week_on"),
        lambda record, _: (_month(record.worked_on), week_start(record.worked_on)),
    ),
    Delivery: (("delivery_month",), lambda record, _: (_month(record.delivered_on),)),
    Cost: (
        ("cost_month", "process"),
        lambda record, _: (_month(record.incurred_on), record.process.value if record.process else "all"),
    ),
}

_PLANS: Mapping[type, _Plan] = {kind: _plan(kind) for kind in get_args(Record)}

# The column that says which month's facts a row is part of.
MONTH_COLUMN: Mapping[Stream, str] = {
    Stream.INVOICES: "issue_month",
    Stream.REMINDERS: "sent_month",
    Stream.ACTIVITIES: "done_month",
    Stream.TIME: "worked_month",
    Stream.COSTS: "cost_month",
    Stream.DELIVERIES: "delivery_month",
}


def as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a row into JSON values: dates and instants as ISO texts, decimals as texts."""
    return {key: _json_value(value) for key, value in row.items()}


def _json_value(value: Any) -> Any:
    if isinstance(value, date):  # an instant is one too
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
