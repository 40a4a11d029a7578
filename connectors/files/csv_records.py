"""Rows of each table into records: what identifies them, and what makes no sense in them."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from connectors.files.csv_cells import Cells, choices_of
from connectors.records import (
    Absence,
    Cost,
    CostKind,
    CreditReason,
    Direction,
    DocumentKind,
    DocumentStatus,
    Employee,
    Invoice,
    Process,
    Record,
    Reminder,
    StaffRole,
    Stream,
    TimeEntry,
)

Occurrences = Counter[str]
"""How often an identity without a number of its own was met in the file so far."""

_DIRECTIONS = choices_of(Direction, {"vente": "sale", "client": "sale", "achat": "purchase", "fournisseur": "purchase"})
_KINDS = choices_of(DocumentKind, {"facture": "invoice", "avoir": "credit_note", "acompte": "deposit"})
_STATUSES = choices_of(
    DocumentStatus,
    {
        "brouillon": "draft",
        "definitive": "final",
        "definitif": "final",
        "validee": "final",
        "emise": "final",
        "annulee": "cancelled",
        "annule": "cancelled",
    },
)
_REASONS = choices_of(CreditReason, {"erreur": "error", "geste commercial": "commercial", "remise": "commercial"})
_ROLES = choices_of(
    StaffRole,
    {
        "dirigeant": "director",
        "dirigeante": "director",
        "gérant": "director",
        "gérante": "director",
        "administratif": "admin",
        "assistant": "admin",
        "assistante": "admin",
        "autre": "other",
        "expert-comptable": "outside_accountant",
        "compte partagé": "shared_login",
        "robot": "bot",
    },
)
_PROCESSES = choices_of(
    Process,
    {
        "dossiers clients": "setup",
        "facturation": "invoicing",
        "relance": "dunning",
        "relances": "dunning",
        "recouvrement": "dunning",
        "achats": "purchases",
        "banque": "bank",
        "rapprochement": "bank",
        "paie": "payroll",
        "fiscal": "tax",
        "déclarations": "tax",
        "classement": "documents",
        "tableaux de bord": "reporting",
    },
)
_COSTS = choices_of(
    CostKind,
    {
        "salaires": "wages",
        "intérim": "temporary_staff",
        "honoraires": "fees",
        "formation": "training",
        "recrutement": "recruiting",
        "logiciel": "software",
        "logiciels": "software",
        "pénalités": "penalties",
        "autre": "other",
    },
)
_DAY_MINUTES = 24 * 60
_WEEK_HOURS = 7 * 24


def invoice(cells: Cells, _: Occurrences) -> Invoice:
    """Read an invoice; a sale goes by its number, a purchase by supplier and number: theirs are not ours to number."""
    direction = cells.choice("direction", _DIRECTIONS) or Direction.SALE
    number, party = cells.need_text("number"), cells.need_text("customer")
    net, tax, total = cells.amount("net"), cells.amount("tax"), cells.amount("total")
    kind = _document_kind(cells, next((a for a in (total, net) if a is not None), Decimal()))
    cancelled_on = cells.day("cancelled_on")
    status = cells.choice("status", _STATUSES)
    if status is None:
        status = DocumentStatus.CANCELLED if cancelled_on else DocumentStatus.FINAL
    corrects = cells.text("corrects")
    return Invoice(
        external_id=_invoice_id(direction, party, number),
        direction=direction,
        kind=kind,
        status=status,
        number=number,
        party=party,
        party_label=cells.text("customer_name"),
        service_on=cells.day("service_on"),
        periodic=cells.flag("periodic"),
        issued_on=cells.day("issued_on") if status is DocumentStatus.DRAFT else cells.need_day("issued_on"),
        sent_on=cells.day("sent_on"),
        due_on=cells.day("due_on"),
        paid_on=cells.day("paid_on"),
        cancelled_on=cancelled_on,
        corrected_on=cells.day("corrected_on"),
        net=_positive(net),
        tax=_positive(tax),
        total=_positive(total),
        currency=cells.currency("currency"),
        author=cells.text("author"),
        validator=cells.text("validator"),
        corrects=_invoice_id(direction, party, corrects) if corrects else None,
        credit_reason=cells.choice("credit_reason", _REASONS),
        disputed=cells.flag("disputed"),
        direct_debit=cells.flag("direct_debit"),
        has_attachment=cells.flag("attachment"),
    )


def reminder(cells: Cells, _: Occurrences) -> Reminder:
    """Read a reminder; it goes by invoice, day and level."""
    number, sent_on, level = cells.need_text("invoice"), cells.need_day("sent_on"), cells.number("level")
    return Reminder(
        external_id=f"{number}/{sent_on}/{'' if level is None else level}",
        invoice_id=_invoice_id(Direction.SALE, "", number),
        sent_on=sent_on,
        level=level,
        channel=cells.text("channel"),
        actor=cells.text("actor"),
    )


def employee(cells: Cells, _: Occurrences) -> Employee:
    """Read a member of staff, by number."""
    entered_on, left_on = cells.day("entered_on"), cells.day("left_on")
    _in_order(cells, entered_on, left_on)
    hours = cells.amount("hours_per_week")
    if hours is not None and not 0 <= hours <= _WEEK_HOURS:
        cells.note("csv_value_unreadable", {"column": "hours_per_week", "value": str(hours)})
    return Employee(
        external_id=cells.need_text("number"),
        actor=cells.text("login"),
        name=cells.text("name"),
        role=cells.choice("role", _ROLES),
        hours_per_week=hours,
        entered_on=entered_on,
        left_on=left_on,
    )


def absence(cells: Cells, _: Occurrences) -> Absence:
    """Read an absence, by employee and first day."""
    employee_id = cells.need_text("employee")
    start_on, end_on = cells.need_day("start_on"), cells.need_day("end_on")
    if not cells.bad:
        _in_order(cells, start_on, end_on)
    return Absence(external_id=f"{employee_id}/{start_on}", employee_id=employee_id, start_on=start_on, end_on=end_on)


def time_entry(cells: Cells, occurrences: Occurrences) -> TimeEntry:
    """Read time spent; it goes by person, day, process and how many such rows came before.

    The person stands in the identity as a digest: identities outlive the people table.
    """
    person, worked_on = cells.need_text("person"), cells.need_day("date")
    process = cells.need_choice("process", _PROCESSES)
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
        external_id=_occurrence(cells, occurrences, f"{_digest(person)}/{worked_on}/{process}"),
        actor=person,
        worked_on=worked_on,
        minutes=minutes or 0,
        process=process,
    )


def cost(cells: Cells, occurrences: Occurrences) -> Cost:
    """Read a cost; it goes by day, kind, label (else amount) and how many such rows came before.

    The label stands in the identity as a digest: it may name a person.
    """
    incurred_on, kind = cells.need_day("date"), cells.need_choice("kind", _COSTS)
    amount, label = cells.need_amount("amount"), cells.text("label")
    what = _digest(label) if label else str(amount)
    return Cost(
        external_id=_occurrence(cells, occurrences, f"{incurred_on}/{kind}/{what}"),
        incurred_on=incurred_on,
        kind=kind,
        amount=amount,
        currency=cells.currency("currency"),
        process=cells.choice("process", _PROCESSES),
    )


BUILDERS: Mapping[Stream, Callable[[Cells, Occurrences], Record]] = {
    Stream.INVOICES: invoice,
    Stream.REMINDERS: reminder,
    Stream.STAFF: employee,
    Stream.ABSENCES: absence,
    Stream.TIME: time_entry,
    Stream.COSTS: cost,
}


def _document_kind(cells: Cells, amount: Decimal) -> DocumentKind:
    """Give the kind that is said, else the one the sign says; a negative invoice is a credit note."""
    said = cells.choice("kind", _KINDS)
    if amount < 0 and said in {DocumentKind.INVOICE, DocumentKind.DEPOSIT}:
        cells.note("csv_negative_invoice", {"kind": str(said), "value": str(amount)}, kept=True)
    return DocumentKind.CREDIT_NOTE if amount < 0 else said or DocumentKind.INVOICE


def _positive(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else abs(amount)


def _invoice_id(direction: Direction, party: str, number: str) -> str:
    return f"purchase/{party}/{number}" if direction is Direction.PURCHASE else f"sale/{number}"


def _in_order(cells: Cells, first: date | None, last: date | None) -> None:
    if first and last and last < first:
        cells.note("csv_dates_reversed", {"first": first.isoformat(), "last": last.isoformat()})


def _occurrence(cells: Cells, occurrences: Occurrences, identity: str) -> str:
    if not cells.bad:  # a row set aside must not move the others' identities
        occurrences[identity] += 1
    return f"{identity}/{occurrences[identity]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.casefold().encode()).hexdigest()[:16]
