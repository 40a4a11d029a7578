"""Staff, and the hours they noted on tasks that are back-office work."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from connectors.base import Fault
from connectors.dolibarr.fields import Days, Row, amount, key, missing, needed, number, raw, text, whole
from connectors.dolibarr.invoices import user
from connectors.dolibarr.source import Listing
from connectors.errors import BadPayload
from connectors.records import Employee, Process, TimeEntry

USERS = Listing("/users", "user/user/lire")
TASKS = Listing("/tasks", "projet/lire", only="id,label,fk_project")
PROJECTS = Listing("/projects", "projet/lire", only="id,title")

_A_DAY = 24 * 60
_A_WEEK = Decimal(7 * 24)


def read_employee(row: Row, days: Days) -> Employee | None:
    """Read a member of staff, or None for a login that is nobody's; no pay is looked at."""
    number_there = needed(row, "id", key)
    if whole(row, "employee") != 1:
        return None
    hours = amount(row, "weeklyhours")
    entered_on, left_on = days.day(row, "dateemployment"), days.day(row, "dateemploymentend")
    if entered_on and left_on and left_on < entered_on:
        left_on = None  # that of an earlier employment
    return Employee(
        external_id=str(number_there),
        actor=user(row, "id"),
        name=" ".join(part for name in ("firstname", "lastname") if (part := text(row, name))) or None,
        hours_per_week=hours if hours is not None and 0 < hours <= _A_WEEK else None,
        entered_on=entered_on,
        left_on=left_on,
    )


def read_times(task: Row, process: Process, days: Days) -> Iterator[TimeEntry | Fault]:
    """Read what was noted on a task."""
    lines = task.get("lines")
    for n, row in enumerate(lines if isinstance(lines, list) else [], start=1):
        if not isinstance(row, dict):
            continue
        try:
            yield _time(row, process, days)
        except BadPayload as error:
            place = text(row, "timespent_line_id") or f"{text(task, 'id')}?{n}"
            yield Fault(error.code, f"time:{place}", raw(row), error.params)


def _time(row: Row, process: Process, days: Days) -> TimeEntry:
    seconds = needed(row, "timespent_line_duration", number)
    minutes = int((seconds / 60).quantize(Decimal(1), ROUND_HALF_UP))
    if not 0 <= minutes <= _A_DAY:
        raise BadPayload("dolibarr_value_unreadable", {"field": "timespent_line_duration", "value": str(seconds)[:60]})
    return TimeEntry(
        external_id=f"time:{needed(row, 'timespent_line_id', key)}",
        actor=user(row, "timespent_line_fk_user") or missing(row, "timespent_line_fk_user"),
        worked_on=days.day(row, "timespent_line_date") or missing(row, "timespent_line_date"),
        minutes=minutes,
        process=process,
    )
