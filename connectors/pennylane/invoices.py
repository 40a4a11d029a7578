"""Pennylane's customer and supplier invoices as records.

What the vendor dates is dated so. What it only says is so (refused, cancelled, paid by hand) is dated by the day of
the row's last change, the latest it can have been.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.pennylane.fields import Row, amount, day, flag, inner, instant, needed, number, rows_in, text, word
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Refusal
from connectors.refusals import refusal_of

_NO_INVOICE = {
    "proforma",
    "shipping_order",
    "purchasing_order",
    "estimate_pending",
    "estimate_accepted",
    "estimate_invoiced",
    "estimate_denied",
}
_SALE: Mapping[str, DocumentStatus] = {
    "draft": DocumentStatus.DRAFT,
    "incomplete": DocumentStatus.DRAFT,  # unless it is dated
    "upcoming": DocumentStatus.FINAL,
    "late": DocumentStatus.FINAL,
    "paid": DocumentStatus.FINAL,
    "partially_paid": DocumentStatus.FINAL,
    "partially_cancelled": DocumentStatus.FINAL,
    "credit_note": DocumentStatus.FINAL,
    "cancelled": DocumentStatus.CANCELLED,
    "archived": DocumentStatus.CANCELLED,
}
_PURCHASE: Mapping[str, DocumentStatus] = {
    "draft": DocumentStatus.DRAFT,
    "entry": DocumentStatus.DRAFT,  # unless it is dated
    "validation_needed": DocumentStatus.FINAL,
    "complete": DocumentStatus.FINAL,
    "archived": DocumentStatus.CANCELLED,
}
_UNFINISHED = {"incomplete", "entry"}
_REFUSED = {"refused", "rejected"}
_DISPUTED = {"in_dispute", "disputed"}

# The vendor's own words for the reasons a buyer may give; other texts are sought for the official codes.
_REASONS: Mapping[str, Refusal] = {
    "incorrect_vat_rate": Refusal.ENTRY_ERROR,
    "incorrect_unit_prices": Refusal.ENTRY_ERROR,
    "incorrect_prices": Refusal.ENTRY_ERROR,
    "incorrect_billed_quantity": Refusal.ENTRY_ERROR,
    "incorrect_billed_item": Refusal.ENTRY_ERROR,
    "bank_details_error": Refusal.ENTRY_ERROR,
    "incorrect_payment_terms": Refusal.ENTRY_ERROR,
    "recipient_error": Refusal.ENTRY_ERROR,
    "non_compliant_invoice": Refusal.ENTRY_ERROR,
    "missing_legal_notice": Refusal.OMISSION,
    "missing_contractual_reference": Refusal.OMISSION,
    "duplicate_invoice": Refusal.DUPLICATE,
    "defective_delivered_item": Refusal.NOT_OURS,
    "delivery_issue": Refusal.NOT_OURS,
    "contract_completed": Refusal.NOT_OURS,
}


def id_of(direction: Direction, number_there: int) -> str:
    """Give a document's identity: customer and supplier invoices share a stream, and count by themselves."""
    return f"{direction.value}:{number_there}"


def read_invoice(direction: Direction, row: Row, zone: ZoneInfo, service_on: date | None = None) -> Invoice | None:
    """Read a document; None for one that is no invoice (an estimate, an order), BadPayload for one without sense."""
    identity = id_of(direction, needed(row, "id", number))
    status = _status(direction, row)
    if status is None:
        return None
    issued_on = needed(row, "date", day) if status is DocumentStatus.FINAL else day(row, "date")
    total = amount(row, "currency_amount") if status is DocumentStatus.DRAFT else needed(row, "currency_amount", amount)
    changed_at, is_sale = instant(row, "updated_at"), direction is Direction.SALE
    changed_on = changed_at.astimezone(zone).date() if changed_at else None
    party = number(inner(row, "customer" if is_sale else "supplier"))
    corrects = number(inner(row, "credited_invoice")) if is_sale else None
    refused_on, refusal, disputed = _answer(inner(row, "e_invoicing"), changed_on)
    return Invoice(
        external_id=identity,
        direction=direction,
        kind=_kind(row, total),
        status=status,
        number=text(row, "invoice_number"),
        party=str(party) if party is not None else None,
        service_on=service_on,
        periodic=row["billing_subscription"] is not None if is_sale and "billing_subscription" in row else None,
        issued_on=issued_on,
        due_on=day(row, "deadline"),
        cancelled_on=_cancelled_on(row, zone, changed_on) if status is DocumentStatus.CANCELLED else None,
        net=_size(amount(row, "currency_amount_before_tax")),
        tax=_size(amount(row, "currency_tax")),
        total=_size(total),
        currency=needed(row, "currency", text) if total is not None else text(row, "currency") or "EUR",
        corrects=id_of(direction, corrects) if corrects is not None else None,
        disputed=disputed,
        has_attachment=text(row, "filename") is not None if "filename" in row else None,
        created_at=instant(row, "created_at"),
        refused_on=refused_on,
        refusal=refusal,
        source_version=changed_at.isoformat() if changed_at else None,
    )


def is_paid(row: Row) -> bool:
    """Say whether a document is paid in full, as far as the vendor tells."""
    told = flag(row, "paid")
    return told if told is not None else text(row, "status") == "paid"


def is_partly_paid(row: Row) -> bool:
    """Say whether anything was paid on a document."""
    left, total = amount(row, "remaining_amount_with_tax"), amount(row, "amount")
    partly = "partially_paid" in (text(row, "status"), text(row, "payment_status"))
    return is_paid(row) or partly or (left is not None and total is not None and abs(left) < abs(total))


def _status(direction: Direction, row: Row) -> DocumentStatus | None:
    known, name = (_SALE, "status") if direction is Direction.SALE else (_PURCHASE, "accounting_status")
    said = word(row, name, known.keys() | _NO_INVOICE)
    if said in _NO_INVOICE:
        return None
    if said == "draft" or flag(row, "draft"):
        return DocumentStatus.DRAFT
    if text(row, "archived_at"):
        return DocumentStatus.CANCELLED
    if said in _UNFINISHED and day(row, "date"):
        return DocumentStatus.FINAL
    if said is None and flag(row, "draft") is False:
        return DocumentStatus.FINAL
    return known[needed(row, name, text)]


def _kind(row: Row, total: Decimal | None) -> DocumentKind:
    is_credit = text(row, "status") == "credit_note" or inner(row, "credited_invoice") or (total or 0) < 0
    return DocumentKind.CREDIT_NOTE if is_credit else DocumentKind.INVOICE


def _cancelled_on(row: Row, zone: ZoneInfo, changed_on: date | None) -> date | None:
    archived_at = instant(row, "archived_at")
    return archived_at.astimezone(zone).date() if archived_at else changed_on


def _answer(said: Row, changed_on: date | None) -> tuple[date | None, Refusal | None, bool | None]:
    """Read what the other side made of an e-invoice: refused on, why, and whether it is in dispute."""
    status, reason = text(said, "status"), text(said, "reason")
    disputed = status in _DISPUTED if status is not None else None
    if status not in _REFUSED:
        return None, None, disputed
    return changed_on, _REASONS.get((reason or "").lower()) or refusal_of(reason), disputed


def _size(value: Decimal | None) -> Decimal | None:
    return abs(value) if value is not None else None


def service_day(row: Row) -> date | None:
    """Give the last day that a document's lines are for; None where no line says, or not all lines were told."""
    lines = row.get("lines")
    if not isinstance(lines, dict) or lines.get("has_more"):
        return None
    ends = (day(inner(line, "imputation_dates"), "end_date") for line in rows_in(lines, "items"))
    return max((end for end in ends if end is not None), default=None)
