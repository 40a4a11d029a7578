"""What Personio's rows say, as records; None for a row that does not count."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from connectors.errors import BadPayload
from connectors.personio.fields import (
    Row,
    civil,
    clock,
    flag,
    hours,
    label,
    link,
    needed,
    text,
    unknown,
    value,
    version,
    whole,
    within,
)
from connectors.records import Absence, Employee, TimeEntry
from connectors.words import AdminWords

A_DAY = timedelta(days=1)
WHOLE_DAY_MINUTES = 6 * 60  # from so much on, an absence by the hour is a day away
_APPROVED = frozenset({"approved"})
_NOT_APPROVED = frozenset({"pending", "requested", "rejected", "declined", "canceled", "cancelled"})
_CONFIRMED = frozenset({"confirmed", "approved"})
_ELSEWHERE = "offsite_work"

Offsite = Callable[[str], bool]
"""Tells whether an absence type (by its id) is work at another place."""


def actor_of(employee_id: str) -> str:
    """Give the login that stands for a member of staff: Personio shows none, and other sources count from 1, too."""
    return f"personio:{employee_id}"


def read_employee(row: Row, zone: ZoneInfo) -> Employee:
    """Read a member of staff."""
    external_id, day = needed(row, "id", text), civil(zone)
    left_on = _optional(row, "termination_date", day)
    if left_on is None and (text(row, "status") or "").lower() == "inactive":
        raise BadPayload("personio_left_without_date")
    names = (text(row, "first_name"), text(row, "last_name"))
    return Employee(
        external_id=external_id,
        actor=actor_of(external_id),
        name=" ".join(name for name in names if name) or None,
        hours_per_week=hours(row, "weekly_working_hours"),
        entered_on=_optional(row, "hire_date", day),
        left_on=left_on,
        team=label(row, "department") or label(row, "team"),
        source_version=version(row, "last_modified_at"),
    )


def read_days(row: Row, zone: ZoneInfo) -> Absence | None:
    """Read an absence by the day; half a day at either end is a day present."""
    if not _counts(row, "status", _APPROVED, _NOT_APPROVED):
        return None
    if text(within(row, "time_off_type"), "category") == _ELSEWHERE:
        return None
    start, end = (needed(row, name, civil(zone)) for name in ("start_date", "end_date"))
    _in_order(start, end)
    return _absence(f"days:{needed(row, 'id', text)}", row, *_trimmed(row, start, end))


def read_hours(row: Row, offsite: Offsite) -> Absence | None:
    """Read an absence by the hour: from the first to the last day of which most was taken."""
    if not _counts(row, "status", _APPROVED, _NOT_APPROVED):
        return None
    kind = text(within(row, "absence_type"), "time_off_type_id")
    if kind is not None and offsite(kind):
        return None
    external_id = f"hours:{needed(row, 'id', text)}"
    taken = _taken(row)
    return _absence(external_id, row, min(taken), max(taken)) if taken else None


def read_time(row: Row, words: AdminWords) -> TimeEntry | None:
    """Read an attendance whose project or comment says that it was back-office work; neither is kept."""
    if not _counts(row, "status", _CONFIRMED, _NOT_APPROVED, missing=True):
        return None
    process = words.process_of(said for said in (label(row, "project"), text(row, "comment")) if said)
    if process is None:
        return None
    external_id, employee = needed(row, "id", text), needed(row, "employee", link)
    worked_on = needed(row, "date", civil(ZoneInfo("UTC")))
    start, end = needed(row, "start_time", clock), needed(row, "end_time", clock)
    end = 24 * 60 if end == 0 < start else end  # midnight is the end of this day
    minutes = end - start - (whole(row, "break") or 0)
    if end < start or minutes < 0:
        said = {name: str(value(row, name)) for name in ("start_time", "end_time")}
        raise BadPayload("personio_times_reversed", {"start": said["start_time"], "end": said["end_time"]})
    if minutes == 0:
        return None
    return TimeEntry(
        external_id=external_id,
        actor=actor_of(employee),
        worked_on=worked_on,
        minutes=minutes,
        process=process,
        source_version=version(row, "updated_at"),
    )


def _counts(row: Row, name: str, those: frozenset[str], others: frozenset[str], *, missing: bool = False) -> bool:
    """Tell whether a row counts by its status; one that we do not know makes a fault."""
    found = text(row, name)
    if found is None and missing:
        return True
    status = needed(row, name, text).lower()
    if status not in those | others:
        raise unknown(row, name)
    return status in those


def _trimmed(row: Row, start: date, end: date) -> tuple[date, date]:
    return start + A_DAY * flag(row, "half_day_start"), end - A_DAY * flag(row, "half_day_end")


def _taken(row: Row) -> list[date]:
    """List the days of which most was taken."""
    found = value(row, "breakdowns")
    if not isinstance(found, list) or not found:
        raise BadPayload("personio_field_missing", {"field": "breakdowns"})
    parts: list[Mapping[str, object]] = [part if isinstance(part, dict) else {} for part in found]
    day = civil(ZoneInfo("UTC"))
    minutes = [(needed(part, "date", day), needed(part, "effective_duration", whole)) for part in parts]
    return [on for on, length in minutes if length >= WHOLE_DAY_MINUTES]


def _absence(external_id: str, row: Row, start: date, end: date) -> Absence | None:
    employee = needed(row, "employee", link)
    if end < start:
        return None
    changed = version(row, "updated_at")
    return Absence(external_id=external_id, employee_id=employee, start_on=start, end_on=end, source_version=changed)


def _in_order(start: date, end: date) -> None:
    if end < start:
        raise BadPayload("personio_dates_reversed", {"start": start.isoformat(), "end": end.isoformat()})


def _optional(row: Row, name: str, read: Callable[[Row, str], date | None]) -> date | None:
    """Read a date that may be empty, but not nonsense: staff is counted by it."""
    return None if value(row, name) in (None, "") else needed(row, name, read)
