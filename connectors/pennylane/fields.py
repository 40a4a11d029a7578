"""Reading fields of Pennylane's answers, which differ now and then from what its contract says.

A field that is absent, null or of another form reads as None; `needed` makes a fault of that.
"""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, TypeVar

from connectors.errors import BadPayload

Row = Mapping[str, Any]
T = TypeVar("T")

_YEARS = range(1900, 2200)
_LARGEST = Decimal(10) ** 13
_CENT = Decimal("0.01")
_SHOWN = 60
# What is told of a row that could not be read: nothing that could name a person.
_TELLING = (
    "id", "invoice_number", "status", "accounting_status", "payment_status", "draft", "paid", "currency",
    "currency_amount", "date", "deadline", "archived_at", "created_at", "updated_at",
)  # fmt: skip


def rows_in(value: object, name: str) -> list[Row]:
    """Give the objects in a list of an answer; in the place of what is none stands an empty one."""
    found = value.get(name) if isinstance(value, dict) else None
    return [one if isinstance(one, dict) else {} for one in found] if isinstance(found, list) else []


def inner(row: Row, name: str) -> Row:
    """Give an object within, or an empty one."""
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def text(row: Row, name: str) -> str | None:
    """Read a text, or a number as one."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).replace("\0", "").strip() or None


def number(row: Row, name: str = "id") -> int | None:
    """Read a whole number, as identities are."""
    value = text(row, name)
    return int(value) if value is not None and value.isascii() and value.isdigit() and len(value) < 20 else None  # noqa: PLR2004 - what an integer of 64 bits holds


def flag(row: Row, name: str) -> bool | None:
    """Read true or false."""
    value = row.get(name)
    return value if isinstance(value, bool) else None


def day(row: Row, name: str) -> date | None:
    """Read a civil date."""
    try:
        found = date.fromisoformat((text(row, name) or "")[:10])
    except ValueError:
        return None
    return found if found.year in _YEARS else None


def instant(row: Row, name: str) -> datetime | None:
    """Read an instant, in UTC; one that does not know its zone is none."""
    try:
        found = datetime.fromisoformat(text(row, name) or "")
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None and found.year in _YEARS else None


def amount(row: Row, name: str) -> Decimal | None:
    """Read an amount, with its sign, to the cent."""
    try:
        found = Decimal(text(row, name) or "")
    except InvalidOperation:
        return None
    return found.quantize(_CENT, ROUND_HALF_UP) if found.is_finite() and abs(found) < _LARGEST else None


def word(row: Row, name: str, known: Collection[str]) -> str | None:
    """Read a word of a closed list; BadPayload for one that is not on it."""
    value = text(row, name)
    if value is not None and value not in known:
        raise BadPayload("pennylane_value_unknown", {"field": name, "value": value[:_SHOWN]})
    return value


def needed(row: Row, name: str, read: Callable[[Row, str], T | None]) -> T:
    """Read a field that has to be there, or raise BadPayload."""
    value = read(row, name)
    if value is None and row.get(name) in (None, ""):
        raise BadPayload("pennylane_field_missing", {"field": name})
    if value is None:
        raise BadPayload("pennylane_value_unreadable", {"field": name, "value": str(row[name])[:_SHOWN]})
    return value


def raw(row: Row) -> str:
    """Write what can be shown of a row."""
    return json.dumps({name: row[name] for name in _TELLING if name in row}, ensure_ascii=False, default=str)[:2000]
