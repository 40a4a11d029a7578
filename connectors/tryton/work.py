"""Time spent on back-office work, and who did what to which document."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from connectors.errors import BadPayload
from connectors.records import Activity, Process, TimeEntry
from connectors.tryton.fields import day, inner, instant, needed, text, version, whole
from connectors.tryton.people import People
from connectors.tryton.rpc import Row, Rpc
from connectors.words import AdminWords

TIME_MODEL = "timesheet.line"
TIME_FIELDS = ("date", "duration", "employee", "work.rec_name", "create_date", "write_date")
_DAY_MINUTES = 24 * 60

DOCUMENT_FIELDS = ("create_uid", "create_date", "write_date")
_EVENT_FIELDS = ("resource", "event", "target", "user", "create_date")
_DUNNING = "account.dunning"
_BY_TYPE: Mapping[str, Process] = {"out": Process.INVOICING, "in": Process.PURCHASES}
_BUTTONS: Mapping[str, str] = {
    "post": "posted",
    "validate_invoice": "validated",
    "cancel": "cancelled",
    "draft": "set back",
}
_WIZARDS: Mapping[str, str] = {
    "account.invoice.pay": "paid",
    "account.invoice.credit": "credited",
    "account.dunning.process": "reminded",
}
_LONGEST = 40


def duration_of(row: Row, name: str) -> timedelta | None:
    """Read a duration."""
    value = row.get(name)
    return value if isinstance(value, timedelta) else None


def read_time(row: Row, words: AdminWords, people: People) -> list[TimeEntry]:
    """Read a line of a timesheet; nothing where its work is not the back office's."""
    process = words.process_of([text(inner(row, "work"), "rec_name") or ""])
    if process is None:
        return []
    minutes = round(needed(row, "duration", duration_of).total_seconds() / 60)
    if not 0 <= minutes <= _DAY_MINUTES:
        raise BadPayload("tryton_value_unreadable", {"field": "duration", "value": f"{minutes} min"})
    employee = needed(row, "employee", whole)
    entry = TimeEntry(
        external_id=str(needed(row, "id", whole)),
        actor=people.employee_login(employee) or "",
        worked_on=needed(row, "date", day),
        minutes=minutes,
        process=process,
        source_version=version(row),
    )
    return [entry]


def find_events(rpc: Rpc, model: str, rows: Sequence[Row]) -> dict[int, list[Row]]:
    """Give what the server's log has of each document: buttons pressed, wizards run, fields changed.

    What follows of itself from these, the log calls transitions. 8.x searches the log for named documents only.
    """
    named = [f"{model},{key}" for row in rows if (key := whole(row)) is not None]
    if not named:
        return {}
    # Of users only: the server's own doings have the number 0.
    domain = [["resource", "in", named], ["event", "in", ["button", "wizard", "write"]], ["user", ">", 0]]
    found: dict[int, list[Row]] = {}
    for row in rpc.search_read("ir.model.log", domain, _EVENT_FIELDS):
        number = (text(row, "resource") or "").rpartition(",")[2]
        if number.isdigit():
            found.setdefault(int(number), []).append(row)
    return found


def read_activities(row: Row, model: str, events: Mapping[int, Sequence[Row]], people: People) -> list[Activity]:
    """Read who made a document and what was done to it since; the log has no word of the making."""
    number, process = needed(row, "id", whole), _process(model, row)
    document = f"{model.rpartition('.')[2]}:{number}"
    made = Activity(
        external_id=document,
        actor=people.login(needed(row, "create_uid", whole)) or "",
        process=process,
        action="created",
        done_at=needed(row, "create_date", instant),
        object_id=document,
    )
    return [made, *(_read_event(each, document, process, people) for each in events.get(number, ()))]


def _read_event(row: Row, document: str, process: Process, people: People) -> Activity:
    action = _action(needed(row, "event", text), text(row, "target") or "")
    return Activity(
        external_id=f"log:{needed(row, 'id', whole)}",
        actor=people.login(needed(row, "user", whole)) or "",
        process=Process.BANK if action == "paid" else process,
        action=action,
        done_at=needed(row, "create_date", instant),
        object_id=document,
    )


def _process(model: str, row: Row) -> Process:
    if model == _DUNNING:
        return Process.DUNNING
    kind = needed(row, "type", text)
    if kind not in _BY_TYPE:
        raise BadPayload("tryton_value_unknown", {"field": "type", "value": kind[:60]})
    return _BY_TYPE[kind]


def _action(event: str, target: str) -> str:
    if event == "write":
        return "changed"
    known = _BUTTONS if event == "button" else _WIZARDS
    name = target.partition(":")[0]
    return known.get(name, name)[:_LONGEST] or event
