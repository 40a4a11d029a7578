"""Money received or sent against an invoice.

Payments are numbered within their invoice, so that one that is taken back leaves no row behind. What Dolibarr lists
beside them in brackets (a credit note, a deposit, an excess that was used) is not money.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from connectors.base import Fault
from connectors.dolibarr.fields import Row, amount, needed, raw, text, whole, written_day
from connectors.dolibarr.invoices import rate, read_status
from connectors.errors import BadPayload
from connectors.records import Direction, DocumentStatus, Payment

MOST = 24
"""How many payments an invoice has; where there are more, the last of them stands for the rest."""

_CENT = Decimal("0.01")


def places_of(invoice_id: str, first: int = 1) -> tuple[str, ...]:
    """List the identities that payments of an invoice may have, from one on."""
    return tuple(f"{invoice_id}:{n}" for n in range(first, MOST + 1))


def may_be_paid(direction: Direction, row: Row) -> bool:
    """Say whether something may have been paid: drafts never are, and of sales the sum is told."""
    try:
        if read_status(row) is DocumentStatus.DRAFT:
            return False
    except BadPayload:  # told among the invoices
        return False
    paid = amount(row, "totalpaid")
    if paid is None:
        paid = amount(row, "sumpayed")
    return direction is Direction.PURCHASE or bool(paid) or whole(row, "paye") == 1


def read_payments(invoice_id: str, invoice: Row, rows: Sequence[Row]) -> tuple[tuple[Payment, ...], tuple[Fault, ...]]:
    """Read what was paid on an invoice, in the order of days."""
    found: list[tuple[str, Payment]] = []
    faults: list[Fault] = []
    for n, row in enumerate(rows, start=1):
        if (text(row, "type") or "").startswith("("):
            continue
        try:
            found.append((text(row, "ref") or "", _payment(invoice_id, invoice, row)))
        except BadPayload as error:
            faults.append(Fault(error.code, f"{invoice_id}:?{n}", raw(row), error.params))
    ordered = [each for _, each in sorted(found, key=lambda one: (one[1].paid_on, one[0]))]
    if len(ordered) > MOST:
        rest = sum((each.amount for each in ordered[MOST - 1 :]), Decimal(0))
        ordered = [*ordered[: MOST - 1], replace(ordered[-1], amount=rest)]
    numbered = (replace(each, external_id=f"{invoice_id}:{n}") for n, each in enumerate(ordered, start=1))
    return tuple(numbered), tuple(faults)


def _payment(invoice_id: str, invoice: Row, row: Row) -> Payment:
    """Read one; it is told in the company's currency, whatever the invoice's."""
    value = abs(needed(row, "amount", amount)) * rate(invoice)
    return Payment(
        external_id=invoice_id,
        invoice_id=invoice_id,
        paid_on=needed(row, "date", written_day),
        amount=value.quantize(_CENT, ROUND_HALF_UP),
        currency=text(invoice, "multicurrency_code") or "EUR",
        bank_reference=text(row, "num"),
    )
