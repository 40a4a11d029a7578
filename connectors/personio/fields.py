"""Reading Personio's answers, in which a value may stand by itself or be wrapped: `{"label": …, "value": …}`.

A field that is absent, null or of another form reads as None; `needed` makes a fault of that.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from connectors.base import Fault
from connectors.errors import BadPayload

Row = Mapping[str, Any]
T = TypeVar("T")

_YEARS = range(1900, 2200)
_MOST_HOURS = 168
_SHOWN = 60
# What is told of a row that could not be read: nothing that names a person, or says why somebody was away.
_TELLING = (
    "id", "status", "hire_date", "termination_date", "weekly_working_hours", "start_date", "end_date", "start", "end",
    "half_day_start", "half_day_end", "date", "start_time", "end_time", "break", "created_at", "updated_at",
    "last_modified_at",
)  # fmt: skip


def fields_of(row: Any) -> Row:
    """Give what a row says; its id stands among the other fields or beside them."""
    outer = row if isinstance(row, dict) else {}
    inner = outer.get("attributes", outer)
    return {**({"id": outer["id"]} if "id" in outer else {}), **(inner if isinstance(inner, dict) else {})}


def plain(row: Row, name: str) -> Row:
    """Give an object within as it is, or an empty one."""
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def value(row: Row, name: str) -> Any:
    """Give a field's value, unwrapped."""
    found = row.get(name)
    return found["value"] if isinstance(found, dict) and "value" in found else found


def text(row: Row, name: str) -> str | None:
    """Read a text, or a whole number as one."""
    found = value(row, name)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found).replace("\0", "").strip() or None


def within(row: Row, name: str) -> Row:
    """Give the fields of an object within, or none."""
    return fields_of(value(row, name))


def link(row: Row, name: str) -> str | None:
    """Read the id of an object within, whole or by its id only."""
    return text(row, name) or text(within(row, name), "id")


def label(row: Row, name: str) -> str | None:
    """Read the name of an object within, whole or by its name only."""
    return text(row, name) or text(within(row, name), "name")


def flag(row: Row, name: str) -> bool:
    """Read true; everything else is not."""
    return value(row, name) is True


def whole(row: Row, name: str) -> int | None:
    """Read a number of minutes."""
    found = text(row, name) or ""
    return int(found) if found.isascii() and found.isdigit() and len(found) <= len("9999") else None


def hours(row: Row, name: str) -> Decimal | None:
    """Read the hours of a week."""
    try:
        found = Decimal((text(row, name) or "").replace(",", "."))
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 <= found <= _MOST_HOURS else None


def civil(zone: ZoneInfo) -> Callable[[Row, str], date | None]:
    """Read a civil date; one that is written as an instant at midnight is that day, at another time the zone's day."""

    def read(row: Row, name: str) -> date | None:
        try:
            found = datetime.fromisoformat(text(row, name) or "")
            as_written = found.tzinfo is None or found.time() == time()
            day = found.date() if as_written else found.astimezone(zone).date()
        except (ValueError, OverflowError):
            return None
        return day if day.year in _YEARS else None

    return read


def clock(row: Row, name: str) -> int | None:
    """Read a time of day as minutes since midnight; the end of the day is 24:00."""
    hour, _, rest = (text(row, name) or "").partition(":")
    minute = rest[:2]
    if not (hour.isascii() and hour.isdigit() and minute.isascii() and minute.isdigit()):
        return None
    minutes = int(hour) * 60 + int(minute)
    return minutes if int(minute) < 60 and minutes <= 24 * 60 else None  # noqa: PLR2004 - a clock's own numbers


def version(row: Row, name: str) -> str | None:
    """Read when a row was changed, as its version; one that does not know its zone is none."""
    try:
        found = datetime.fromisoformat(text(row, name) or "")
        return found.astimezone(UTC).isoformat() if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def needed(row: Row, name: str, read: Callable[[Row, str], T | None]) -> T:
    """Read a field that has to be there, or raise BadPayload."""
    found = read(row, name)
    if found is None and value(row, name) in (None, ""):
        raise BadPayload("personio_field_missing", {"field": name})
    if found is None:
        raise BadPayload("personio_value_unreadable", {"field": name, "value": _shown(row, name)})
    return found


def unknown(row: Row, name: str) -> BadPayload:
    """Name a word that is not on the list of those we know."""
    return BadPayload("personio_value_unknown", {"field": name, "value": _shown(row, name)})


def fault(error: BadPayload, place: str, row: Row) -> Fault:
    """Set a row aside with its reason."""
    told = {name: value(row, name) for name in _TELLING if isinstance(value(row, name), str | int | bool | float)}
    return Fault(error.code, place, json.dumps(told, ensure_ascii=False)[:2000], error.params)


def _shown(row: Row, name: str) -> str:
    found = value(row, name)
    return str(found)[:_SHOWN] if isinstance(found, str | int | float) else type(found).__name__
