"""Rows on staff, time and costs into records."""

from connectors.files.csv_cells import Cells
from connectors.files.csv_identity import Occurrences, digest, document_id, in_order, occurrence
from connectors.files.csv_words import COSTS, PROCESSES, ROLES
from connectors.records import Absence, Activity, Cost, Direction, Employee, TimeEntry

_DAY_MINUTES = 24 * 60
_WEEK_HOURS = 7 * 24


def activity(cells: Cells, occurrences: Occurrences) -> Activity:
    """Read what somebody did; it goes by its own reference, else by who (as a digest), when, what and how often."""
    login, done_at = cells.need_text("login"), cells.need_instant("done_at")
    process, action = cells.need_choice("process", PROCESSES), cells.need_text("action")
    number, reference = cells.text("invoice"), cells.text("reference")
    what = digest(f"{action}/{number or ''}")
    identity = f"{digest(login)}/{done_at:%Y-%m-%dT%H:%M:%S}/{process}/{what}"
    return Activity(
        external_id=reference or occurrence(cells, occurrences, identity),
        actor=login,
        process=process,
        action=action,
        done_at=done_at,
        object_id=document_id(Direction.SALE, "", number) if number else None,
    )


def employee(cells: Cells, _: Occurrences) -> Employee:
    """Read a member of staff, by number."""
    entered_on, left_on = cells.day("entered_on"), cells.day("left_on")
    in_order(cells, entered_on, left_on)
    hours = cells.amount("hours_per_week")
    if hours is not None and not 0 <= hours <= _WEEK_HOURS:
        cells.note("csv_value_unreadable", {"column": "hours_per_week", "value": str(hours)})
    return Employee(
        external_id=cells.need_text("number"),
        actor=cells.text("login"),
        name=cells.text("name"),
        role=cells.choice("role", ROLES),
        hours_per_week=hours,
        entered_on=entered_on,
        left_on=left_on,
        team=cells.text("team"),
    )


def absence(cells: Cells, _: Occurrences) -> Absence:
    """Read an absence, by employee and first day."""
    employee_id = cells.need_text("employee")
    start_on, end_on = cells.need_day("start_on"), cells.need_day("end_on")
    if not cells.bad:
        in_order(cells, start_on, end_on)
    return Absence(external_id=f"{employee_id}/{start_on}", employee_id=employee_id, start_on=start_on, end_on=end_on)


def time_entry(cells: Cells, occurrences: Occurrences) -> TimeEntry:
    """Read time spent; it goes by person, day, process and how many such rows came before.

    The person stands in the identity as a digest: identities outlive the people table.
    """
    person, worked_on = cells.need_text("person"), cells.need_day("date")
    process = cells.need_choice("process", PROCESSES)
    minutes, from_hours = cells.number("minutes"), cells.minutes("hours")
    if minutes is None:
        minutes = from_hours
    elif from_hours is not None and from_hours != minutes:
        cells.note("csv_time_differs", {"minutes": str(minutes), "hours": cells.text("hours") or ""})
    if minutes is None and not cells.bad:
        cells.note("csv_value_missing", {"column": "minutes"})
    if minutes is not None and not 0 <= minutes <= _DAY_MINUTES:
        cells.note("csv_time_out_of_range", {"minutes": str(minutes)})
    return TimeEntry(
        external_id=occurrence(cells, occurrences, f"{digest(person)}/{worked_on}/{process}"),
        actor=person,
        worked_on=worked_on,
        minutes=minutes or 0,
        process=process,
    )


def cost(cells: Cells, occurrences: Occurrences) -> Cost:
    """Read a cost; it goes by day, kind, label (else amount) and how many such rows came before.

    The label stands in the identity as a digest: it may name a person.
    """
    incurred_on, kind = cells.need_day("date"), cells.need_choice("kind", COSTS)
    amount, label = cells.need_amount("amount"), cells.text("label")
    what = digest(label) if label else str(amount)
    currency, process = cells.currency("currency"), cells.choice("process", PROCESSES)
    return Cost(
        external_id=occurrence(cells, occurrences, f"{incurred_on}/{kind}/{what}"),
        incurred_on=incurred_on,
        kind=kind,
        amount=amount,
        currency=currency,
        process=process,
    )
