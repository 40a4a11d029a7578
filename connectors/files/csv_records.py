"""Rows of each table into records: what identifies them, and what makes no sense in them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from connectors.files.csv_cells import Cells
from connectors.files.csv_identity import Occurrences, document_id, occurrence
from connectors.files.csv_words import DIRECTIONS, KINDS, REASONS, REFUSALS, STATUSES
from connectors.files.csv_work import absence, activity, cost, employee, time_entry
from connectors.records import (
    Delivery,
    Direction,
    DocumentKind,
    DocumentStatus,
    Invoice,
    Payment,
    Record,
    Reminder,
    Stream,
)


def invoice(cells: Cells, _: Occurrences) -> Invoice:
    """Read an invoice; a sale goes by its number, a purchase by supplier and number: theirs are not ours to number."""
    direction = cells.choice("direction", DIRECTIONS) or Direction.SALE
    number, party = cells.need_text("number"), cells.need_text("customer")
    net, tax, total = cells.amount("net"), cells.amount("tax"), cells.amount("total")
    kind = _document_kind(cells, next((a for a in (total, net) if a is not None), Decimal()))
    cancelled_on = cells.day("cancelled_on")
    status = cells.choice("status", STATUSES)
    if status is None:
        status = DocumentStatus.CANCELLED if cancelled_on else DocumentStatus.FINAL
    corrects = cells.text("corrects")
    return Invoice(
        external_id=document_id(direction, party, number),
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
        corrects=document_id(direction, party, corrects) if corrects else None,
        credit_reason=cells.choice("credit_reason", REASONS),
        disputed=cells.flag("disputed"),
        direct_debit=cells.flag("direct_debit"),
        promised_on=cells.day("promised_on"),
        has_attachment=cells.flag("attachment"),
        created_at=cells.instant("created_at"),
        series=cells.text("series"),
        refused_on=cells.day("refused_on"),
        refusal=cells.choice("refusal", REFUSALS),
    )


def payment(cells: Cells, occurrences: Occurrences) -> Payment:
    """Read a payment; it goes by its own reference, else by invoice, day, amount and how many such rows came before.

    A supplier's invoice is found by supplier and number, so a payment of one names both.
    """
    direction = cells.choice("direction", DIRECTIONS) or Direction.SALE
    number, supplier, reference = cells.text("invoice"), cells.text("supplier"), cells.text("reference")
    if direction is Direction.PURCHASE and number and not supplier:
        cells.note("csv_value_missing", {"column": "supplier"})
    paid_on, amount = cells.need_day("paid_on"), cells.need_amount("amount")
    invoice_id = document_id(direction, supplier or "", number) if number else None
    currency = cells.currency("currency")
    return Payment(
        external_id=reference or occurrence(cells, occurrences, f"{invoice_id or ''}/{paid_on}/{amount:f}"),
        invoice_id=invoice_id,
        paid_on=paid_on,
        amount=amount,
        currency=currency,
        bank_reference=cells.text("bank_reference"),
    )


def reminder(cells: Cells, _: Occurrences) -> Reminder:
    """Read a reminder; it goes by invoice, day and level."""
    number, sent_on, level = cells.need_text("invoice"), cells.need_day("sent_on"), cells.number("level")
    return Reminder(
        external_id=f"{number}/{sent_on}/{'' if level is None else level}",
        invoice_id=document_id(Direction.SALE, "", number),
        sent_on=sent_on,
        level=level,
        channel=cells.text("channel"),
        actor=cells.text("actor"),
    )


def delivery(cells: Cells, occurrences: Occurrences) -> Delivery:
    """Read a delivery; it goes by its number, else by day, customer, amount and how many such rows came before."""
    number, party, delivered_on = cells.text("number"), cells.text("customer"), cells.need_day("delivered_on")
    amount, billed = cells.amount("amount"), cells.text("invoice")
    row = Delivery(
        external_id=number or "",
        delivered_on=delivered_on,
        party=party,
        party_label=cells.text("customer_name"),
        invoice_id=document_id(Direction.SALE, "", billed) if billed else None,
        invoiced_on=cells.day("invoiced_on"),
        cancelled_on=cells.day("cancelled_on"),
        amount=amount,
        billed_monthly=cells.flag("billed_monthly"),
        currency=cells.currency("currency"),
        actor=cells.text("actor"),
    )
    identity = f"{delivered_on}/{party or ''}/{'' if amount is None else f'{amount:f}'}"
    return row if number else replace(row, external_id=occurrence(cells, occurrences, identity))


BUILDERS: Mapping[Stream, Callable[[Cells, Occurrences], Record]] = {
    Stream.INVOICES: invoice,
    Stream.PAYMENTS: payment,
    Stream.REMINDERS: reminder,
    Stream.ACTIVITIES: activity,
    Stream.DELIVERIES: delivery,
    Stream.STAFF: employee,
    Stream.ABSENCES: absence,
    Stream.TIME: time_entry,
    Stream.COSTS: cost,
}


def _document_kind(cells: Cells, amount: Decimal) -> DocumentKind:
    """Give the kind that is said, else the one the sign says; a negative invoice is a credit note."""
    said = cells.choice("kind", KINDS)
    if amount < 0 and said in {DocumentKind.INVOICE, DocumentKind.DEPOSIT}:
        cells.note("csv_negative_invoice", {"kind": str(said), "value": str(amount)}, kept=True)
    return DocumentKind.CREDIT_NOTE if amount < 0 else said or DocumentKind.INVOICE


def _positive(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else abs(amount)
