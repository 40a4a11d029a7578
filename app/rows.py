"""Records as rows: the one seam between what a provider says and what we keep."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import String, Table

from app.models import records as r
from connectors.records import Record, Stream
from signals.calendar import month_number, week_start

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

MONEY = {"net", "tax", "total", "amount"}
ACTORS = {"actor", "author", "validator"}
# Kept apart, in `people`.
NAMES = {"party_label", "name"}

# Columns that came with a later version of Seuil: empty ones are no content, or every row would look changed.
LATER = {"created_at", "series", "refused_on", "refusal", "team"}

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


def minor(amount: Decimal) -> int:
    """Turn major units into integer minor units, half a cent up."""
    return int(amount.scaleb(2).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_row(record: Record, actors: Mapping[str, str], zone: ZoneInfo) -> Row:
    """Map a record to its table's columns: money in cents, logins as pseudonyms, derived months, and no names."""
    row: Row = {}
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if field.name in NAMES:
            continue
        if field.name in MONEY:
            row[f"{field.name}_minor"] = None if value is None else minor(value)
        elif field.name in ACTORS:
            row[field.name] = actors[value] if value else None
        elif isinstance(value, Enum):
            row[field.name] = value.value
        elif isinstance(value, str):
            row[field.name] = fit(value, LENGTHS[field.name])
        else:
            row[field.name] = value
    derive = _DERIVED.get(type(record).__name__)
    if derive is not None:
        row |= derive(row, zone)
    row["row_hash"] = row_hash(row)
    return row


def _month(row: Row, column: str) -> int | None:
    day = row[column]
    return None if day is None else month_number(day)


def _activity(row: Row, zone: ZoneInfo) -> Row:
    done_on = row["done_at"].astimezone(zone).date()
    return {"done_on": done_on, "done_month": month_number(done_on)}


_DERIVED: Mapping[str, Callable[[Row, ZoneInfo], Row]] = {
    "Invoice": lambda row, _: {"issue_month": _month(row, "issued_on")},
    "Reminder": lambda row, _: {"sent_month": _month(row, "sent_on")},
    "Activity": _activity,
    "TimeEntry": lambda row, _: {
        "worked_month": _month(row, "worked_on"),
        "week_on": week_start(row["worked_on"]),
    },
    "Delivery": lambda row, _: {"delivery_month": _month(row, "delivered_on")},
    "Cost": lambda row, _: {"cost_month": _month(row, "incurred_on"), "process": row["process"] or "all"},
}

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
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def row_hash(row: Mapping[str, Any]) -> str:
    """Give a short digest of a row's content; the source's own version is not content."""
    content = {
        key: value
        for key, value in as_json(row).items()
        if key not in {"source_version", "row_hash"} and not (key in LATER and value is None)
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
