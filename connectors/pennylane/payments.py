"""Money received or sent, as Pennylane matches it with invoices.

Bank transactions matched with a customer invoice come first: theirs is the day of the bank. Where there are none, and
for supplier invoices, the vendor's own payments stand for it, dated by the day they were entered.
Payments are numbered within their invoice, so that one that is taken back leaves no row behind.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.base import Fault
from connectors.errors import BadPayload
from connectors.pennylane.fields import Row, amount, day, instant, needed, raw, text, word
from connectors.records import Invoice, Payment

MOST = 20
"""How many payments an invoice has; where there are more, the last of them stands for the rest."""

_SETTLED = {"found", "confirmed", "paid_out"}
_UNSETTLED = {
    "initiated",
    "pending",
    "emitted",
    "not_found",
    "aborted",
    "error",
    "refunded",
    "prepared",
    "pending_customer_approval",
    "pending_submission",
    "submitted",
    "cancelled",
    "customer_approval_denied",
    "failed",
    "charged_back",
    "resubmission_requested",
    "draft",
}

Paid = tuple[tuple[Payment, ...], tuple[Fault, ...]]


def places_of(invoice_id: str, first: int = 1) -> tuple[str, ...]:
    """List the identities that payments of an invoice may have, from one on."""
    return tuple(f"{invoice_id}:{n}" for n in range(first, MOST + 1))


def read_transactions(invoice: Invoice, rows: Sequence[Row]) -> Paid:
    """Read matched bank transactions; one that pays several invoices counts here up to what this one asks for."""
    left = invoice.total if invoice.total is not None else Decimal(0)
    found: list[tuple[date, Decimal, str]] = []
    faults: list[Fault] = []
    for n, row in enumerate(rows, start=1):
        try:
            paid_on, value = needed(row, "date", day), needed(row, "currency_amount", amount)
        except BadPayload as error:
            faults.append(_fault(invoice, n, row, error))
            continue
        if value > 0 and not text(row, "archived_at"):  # what goes out again is no payment
            found.append((paid_on, value, text(row, "currency") or invoice.currency))
    kept = []
    for paid_on, value, currency in sorted(found):
        counted = min(value, left) if currency == invoice.currency else value
        if counted > 0:
            kept.append((paid_on, counted, currency))
            left -= counted if currency == invoice.currency else 0
    return _numbered(invoice, kept), tuple(faults)


def read_payments(invoice: Invoice, rows: Sequence[Row], zone: ZoneInfo) -> Paid:
    """Read the vendor's payments that went through."""
    found: list[tuple[date, Decimal, str]] = []
    faults: list[Fault] = []
    for n, row in enumerate(rows, start=1):
        try:
            word(row, "status", _SETTLED | _UNSETTLED)
            if needed(row, "status", text) not in _SETTLED:
                continue
            entered_at, value = needed(row, "created_at", instant), needed(row, "currency_amount", amount)
        except BadPayload as error:
            faults.append(_fault(invoice, n, row, error))
            continue
        found.append((entered_at.astimezone(zone).date(), abs(value), text(row, "currency") or invoice.currency))
    return _numbered(invoice, sorted(found)), tuple(faults)


def _numbered(invoice: Invoice, found: Sequence[tuple[date, Decimal, str]]) -> tuple[Payment, ...]:
    if len(found) > MOST:
        paid_on, _, currency = found[-1]
        rest = sum((value for _, value, other in found[MOST - 1 :] if other == currency), Decimal(0))
        found = [*found[: MOST - 1], (paid_on, rest, currency)]
    return tuple(
        Payment(external_id=place, invoice_id=invoice.external_id, paid_on=paid_on, amount=value, currency=currency)
        for place, (paid_on, value, currency) in zip(places_of(invoice.external_id), found, strict=False)
    )


def _fault(invoice: Invoice, n: int, row: Row, error: BadPayload) -> Fault:
    return Fault(error.code, f"{invoice.external_id}:{n}", raw(row), error.params)
