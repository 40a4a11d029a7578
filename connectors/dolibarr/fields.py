"""Reading fields of Dolibarr's answers: texts where numbers are meant, empty texts for nothing, several names for one.

A field that is absent, empty or of another form reads as None; `needed` makes a fault of that.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from connectors.errors import BadPayload

Row = Mapping[str, Any]
T = TypeVar("T")

_YEARS = range(1900, 2200)
_LARGEST = Decimal(10) ** 13
_CENT = Decimal("0.01")
_SHOWN = 60
_DIGITS = 18
_HALF = timedelta(hours=12)
_NEAR = timedelta(hours=2)  # what a change of the clocks moves a midnight by, and a little more
# What is told of a row that could not be read: nothing that could name a person.
_TELLING = (
    "id", "ref", "type", "status", "statut", "paye", "date", "date_lim_reglement", "date_echeance", "date_creation",
    "datec", "total_ht", "total_tva", "total_ttc", "multicurrency_code", "amount", "code", "elementtype", "elementid",
    "socid", "datep", "authorid", "dateemployment", "dateemploymentend", "weeklyhours", "timespent_line_id",
    "timespent_line_date", "timespent_line_duration",
)  # fmt: skip


def text(row: Row, *names: str) -> str | None:
    """Read the first text there is under these names, or number as one."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            found = str(value).replace("\0", "").strip()
            if found:
                return found
    return None


def whole(row: Row, *names: str) -> int | None:
    """Read a whole number, not below zero."""
    value = text(row, *names)
    return int(value) if value is not None and value.isascii() and value.isdigit() and len(value) <= _DIGITS else None


def key(row: Row, *names: str) -> int | None:
    """Read an identity; 0 stands for none."""
    found = (whole(row, name) for name in names)
    return next((each for each in found if each), None)


def number(row: Row, name: str) -> Decimal | None:
    """Read a number as exact as it stands."""
    try:
        found = Decimal(text(row, name) or "")
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < _LARGEST else None


def amount(row: Row, name: str) -> Decimal | None:
    """Read an amount, with its sign, to the cent."""
    found = number(row, name)
    return found.quantize(_CENT, ROUND_HALF_UP) if found is not None else None


def instant(row: Row, *names: str) -> datetime | None:
    """Read an instant, told in seconds since 1970."""
    seconds = key(row, *names)
    try:
        found = datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
    except (OverflowError, OSError, ValueError):
        return None
    return found if found is not None and found.year in _YEARS else None


def written_day(row: Row, name: str) -> date | None:
    """Read a day out of a text such as "2026-03-31 00:00:00", which is in the server's own zone."""
    try:
        found = date.fromisoformat((text(row, name) or "")[:10])
    except ValueError:
        return None
    return found if found.year in _YEARS else None


@dataclass(frozen=True, slots=True)
class Days:
    """Civil dates out of instants: Dolibarr tells a day as midnight in its server's zone.

    `zones` are those the server may be in, the likeliest first. Where a midnight is none in any of them, the offset is
    the smaller of the two that make one of it: right for every zone from ten hours behind UTC to ten ahead.
    """

    zones: tuple[ZoneInfo, ...]

    def zone_of(self, row: Row, name: str = "date") -> tzinfo:
        """Give the server's zone as a midnight in a row shows it."""
        found = instant(row, name)
        if found is None:
            return self.zones[0]
        for zone in self.zones:
            if found.astimezone(zone).time() == datetime.min.time():
                return zone
        return timezone(_nearest(found) - found)

    def day(self, row: Row, *names: str, zone: tzinfo | None = None) -> date | None:
        """Read a day, told as the instant it begins at, or written out."""
        for name in names:
            found = instant(row, name)
            if found is not None:
                return _day_of(found, zone if zone is not None else self.zone_of(row, name))
            if (written := written_day(row, name)) is not None:
                return written
        return None


def _nearest(found: datetime) -> datetime:
    return (found + _HALF).replace(hour=0, minute=0, second=0, microsecond=0)


def _day_of(found: datetime, zone: tzinfo) -> date:
    """Give the day of an instant; a full hour close to midnight is one that a change of the clocks moved."""
    local = found.astimezone(zone).replace(tzinfo=None)
    midnight = _nearest(local)
    is_moved = not (local.minute or local.second) and abs(midnight - local) <= _NEAR
    return midnight.date() if is_moved else local.date()


def needed(row: Row, name: str, read: Callable[[Row, str], T | None]) -> T:
    """Read a field that has to be there, or raise BadPayload."""
    value = read(row, name)
    return value if value is not None else missing(row, name)


def missing(row: Row, name: str) -> Any:
    """Raise BadPayload for a field that is not there, or cannot be read."""
    if row.get(name) in (None, ""):
        raise BadPayload("dolibarr_field_missing", {"field": name})
    raise BadPayload("dolibarr_value_unreadable", {"field": name, "value": str(row[name])[:_SHOWN]})


def unknown(name: str, value: str) -> BadPayload:
    """Name a value that is none of those we know."""
    return BadPayload("dolibarr_value_unknown", {"field": name, "value": value[:_SHOWN]})


def raw(row: Row) -> str:
    """Write what can be shown of a row."""
    kept = {name: row[name] for name in _TELLING if row.get(name) not in (None, "")}
    return json.dumps(kept, ensure_ascii=False, default=str)[:2000]
