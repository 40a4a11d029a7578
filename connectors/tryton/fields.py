"""Reading fields of Tryton's rows; one that is absent, empty or of another form reads as None."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from connectors.base import Fault
from connectors.errors import BadPayload
from connectors.tryton.rpc import Row

T = TypeVar("T")

_YEARS = range(1900, 2200)
_LARGEST = Decimal(10) ** 13
_CENT = Decimal("0.01")
_SHOWN = 60
# What is told of a row that could not be read: nothing that could name a person.
_TELLING = (
    "id", "type", "state", "number", "invoice_date", "total_amount", "untaxed_amount", "tax_amount", "date", "line",
    "start_date", "end_date", "duration", "event", "resource", "create_date", "write_date",
)  # fmt: skip


def text(row: Row, name: str) -> str | None:
    """Read a text."""
    value = row.get(name)
    return value.replace("\0", "").strip() or None if isinstance(value, str) else None


def whole(row: Row, name: str = "id") -> int | None:
    """Read a whole number, as identities are."""
    value = row.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def day(row: Row, name: str) -> date | None:
    """Read a civil date."""
    value = row.get(name)
    if not isinstance(value, date) or isinstance(value, datetime):
        return None
    return value if value.year in _YEARS else None


def instant(row: Row, name: str) -> datetime | None:
    """Read an instant, in UTC."""
    value = row.get(name)
    return value if isinstance(value, datetime) and value.year in _YEARS else None


def amount(row: Row, name: str) -> Decimal | None:
    """Read an amount, with its sign, to the cent."""
    value = row.get(name)
    if not isinstance(value, Decimal) or not value.is_finite() or abs(value) >= _LARGEST:
        return None
    return value.quantize(_CENT, ROUND_HALF_UP)


def inner(row: Row, name: str) -> Row:
    """Give the row that a field leads to, or an empty one."""
    value = row.get(f"{name}.")
    return value if isinstance(value, dict) else {}


def ids(row: Row, name: str) -> list[int]:
    """Give the identities that a field lists."""
    value = row.get(name)
    return [one for one in value if isinstance(one, int)] if isinstance(value, list | tuple) else []


def needed(row: Row, name: str, read: Callable[[Row, str], T | None]) -> T:
    """Read a field that has to be there, or raise BadPayload."""
    value = read(row, name)
    if value is not None:
        return value
    if row.get(name) in (None, ""):
        raise BadPayload("tryton_field_missing", {"field": name})
    raise BadPayload("tryton_value_unreadable", {"field": name, "value": str(row[name])[:_SHOWN]})


def changed_at(row: Row) -> datetime | None:
    """Give the instant of a row's last change; a row never changed has only that of its creation."""
    return instant(row, "write_date") or instant(row, "create_date")


def version(*rows: Row) -> str | None:
    """Give the newest of the rows' last changes, as a version."""
    known = [found for row in rows if (found := changed_at(row)) is not None]
    return max(known).astimezone(UTC).isoformat(timespec="microseconds") if known else None


def fault(error: BadPayload, row: Row, place: str) -> Fault:
    """Say what is wrong with a row, with what can be shown of it."""
    told = {name: row[name] for name in _TELLING if row.get(name) is not None}
    return Fault(error.code, place, json.dumps(told, default=str)[:2000], error.params)


def read_each(
    rows: Iterable[Row], read: Callable[[Row], Iterable[T]], place: Callable[[Row], str]
) -> tuple[tuple[T, ...], tuple[Fault, ...]]:
    """Read rows into records; those that make no sense are told beside them."""
    records: list[T] = []
    faults: list[Fault] = []
    for row in rows:
        try:
            records += read(row)
        except BadPayload as error:
            faults.append(fault(error, row, place(row)))
    return tuple(records), tuple(faults)
