"""Tryton's invoices as records, and the money that was received or sent against them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.errors import BadPayload
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Payment
from connectors.tryton.fields import amount, changed_at, day, ids, inner, instant, needed, text, version, whole
from connectors.tryton.people import People
from connectors.tryton.rpc import Row, Rpc

MODEL = "account.invoice"
_LINE = "account.invoice.line"

_MOVE_LINE = "account.move.line"
_LINKS = ("payment_lines", "reconciliation_lines")
_TO_PAY = "lines_to_pay"
_MOVE_FIELDS = (
    "date", "maturity_date", "debit", "credit", "amount_second_currency", "second_currency", "move.journal.type",
)  # fmt: skip

PAID_FIELDS = ("type", "state", "total_amount", "currency", "currency.code", "create_date", "write_date", *_LINKS)
"""What `read_payments` needs of an invoice."""

FIELDS = (
    *PAID_FIELDS, "number", "reference", "invoice_date", "untaxed_amount", "tax_amount", "party", "party.name",
    "create_uid", "validated_by", "posted_by", "cancel_move.date", "cancel_move.origin", _TO_PAY,
)  # fmt: skip
"""What `read_invoice` needs of an invoice."""

_DIRECTIONS: Mapping[str, Direction] = {"out": Direction.SALE, "in": Direction.PURCHASE}
_STATES: Mapping[str, DocumentStatus] = {
    "draft": DocumentStatus.DRAFT,
    "validated": DocumentStatus.DRAFT,  # a customer's; a supplier's is booked by then
    "posted": DocumentStatus.FINAL,
    "paid": DocumentStatus.FINAL,
    "cancelled": DocumentStatus.CANCELLED,
}
_AT_ONCE = 500
_NO_MONEY = {"revenue", "expense", "write-off"}  # journals: credit notes, invoices, what is given up


def id_of(row: Row) -> str:
    """Give a row's identity; a question mark stands for one that is missing."""
    return str(whole(row) or "?")


Lines = Mapping[int, Row]
"""Entry lines by number."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around some invoices: their entry lines, what credit notes were made from, and who is who."""

    lines: Lines
    origins: Mapping[int, Collection[int]]
    people: People
    zone: ZoneInfo


def find_lines(rpc: Rpc, rows: Iterable[Row]) -> dict[int, Row]:
    """Give the entry lines that invoices are to be paid by, or were.

    They are asked for by number: 7.0 fails where a field is to be followed that no line is in.
    """
    wanted = sorted({number for row in rows for link in (*_LINKS, _TO_PAY) for number in ids(row, link)})
    found: dict[int, Row] = {}
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        found |= {row["id"]: row for row in rpc.search_read(_MOVE_LINE, [["id", "in", some]], _MOVE_FIELDS)}
    return found


def find_origins(rpc: Rpc, rows: Iterable[Row]) -> dict[int, set[int]]:
    """Give the invoices that credit notes were made from: 7.0 says it of their lines only."""
    notes = [row["id"] for row in rows if (amount(row, "total_amount") or 0) < 0]
    if not notes:
        return {}
    domain = [["invoice", "in", notes], ["origin", "like", f"{_LINE},%"]]
    made: dict[int, set[int]] = {}
    for row in rpc.search_read(_LINE, domain, ("invoice", "origin")):
        number, note = (text(row, "origin") or "").rpartition(",")[2], whole(row, "invoice")
        if number.isdigit() and note is not None:
            made.setdefault(int(number), set()).add(note)
    found: dict[int, set[int]] = {}
    for row in rpc.search_read(_LINE, [["id", "in", sorted(made)]], ("invoice",)) if made else ():
        if (invoice := whole(row, "invoice")) is not None:
            for note in made.get(row["id"], ()):
                found.setdefault(note, set()).add(invoice)
    return found


def read_invoice(row: Row, around: Around) -> Invoice:
    """Read an invoice or credit note; BadPayload where it makes no sense."""
    direction = _DIRECTIONS[_word(row, "type", _DIRECTIONS)]
    status = _status(row, direction)
    number = text(row, "number")
    total = amount(row, "total_amount")
    sign = -1 if total is not None and total < 0 else 1
    is_issued = status is DocumentStatus.FINAL or (status is DocumentStatus.CANCELLED and number is not None)
    party = whole(row, "party")
    return Invoice(
        external_id=str(needed(row, "id", whole)),
        direction=direction,
        kind=DocumentKind.CREDIT_NOTE if sign < 0 else DocumentKind.INVOICE,
        status=status,
        number=_purchase_number(row, number) if direction is Direction.PURCHASE else number,
        party=str(party) if party is not None else None,
        party_label=text(inner(row, "party"), "name"),
        issued_on=needed(row, "invoice_date", day) if is_issued else None,
        due_on=_due_on(row, around.lines),
        paid_on=_paid_on(row, around.lines) if status is DocumentStatus.FINAL else None,
        cancelled_on=_cancelled_on(row, around.zone) if status is DocumentStatus.CANCELLED else None,
        net=_positive(amount(row, "untaxed_amount"), sign),
        tax=_positive(amount(row, "tax_amount"), sign),
        total=_positive(total, sign),
        currency=needed(inner(row, "currency"), "code", text),
        author=around.people.login(whole(row, "create_uid")),
        validator=around.people.employee_login(whole(row, "posted_by") or whole(row, "validated_by")),
        corrects=_corrects(around.origins.get(row["id"], ())),
        created_at=instant(row, "create_date"),
        source_version=version(row),
    )


def read_payments(row: Row, lines: Lines, company_currency: str) -> list[Payment]:
    """Read the money received or sent against an invoice, never more than its total.

    One transfer may pay several invoices: each is paid by its own total, the earliest money first.
    """
    invoice_id, total = str(needed(row, "id", whole)), amount(row, "total_amount")
    currency = needed(inner(row, "currency"), "code", text)
    left = abs(total) if total is not None else None
    payments = []
    for line in _money(row, lines):
        is_foreign = whole(line, "second_currency") == whole(row, "currency") is not None
        paid = _paid(line, is_foreign=is_foreign)
        if left is not None and (is_foreign or currency == company_currency):
            paid = min(paid, left)
            left -= paid
        if paid:
            payments.append(
                Payment(
                    external_id=f"{invoice_id}:{needed(line, 'id', whole)}",
                    invoice_id=invoice_id,
                    paid_on=needed(line, "date", day),
                    amount=paid,
                    currency=currency if is_foreign else company_currency,
                    source_version=version(row),
                )
            )
    return payments


def _linked(row: Row, lines: Lines) -> list[Row]:
    """List the entry lines that pay an invoice, or are set off against it, the earliest first."""
    numbers = {number for link in _LINKS for number in ids(row, link)}
    found = [lines[number] for number in numbers if number in lines]
    return sorted(found, key=lambda line: (day(line, "date") or date.max, line["id"]))


def _money(row: Row, lines: Lines) -> list[Row]:
    """List those of money: not of credit notes, nor of what was given up."""
    return [
        line for line in _linked(row, lines) if text(inner(inner(line, "move"), "journal"), "type") not in _NO_MONEY
    ]


def _paid(line: Row, *, is_foreign: bool) -> Decimal:
    if is_foreign:
        return abs(needed(line, "amount_second_currency", amount))
    return abs(needed(line, "debit", amount) - needed(line, "credit", amount))


def _word(row: Row, name: str, known: Iterable[str]) -> str:
    value = needed(row, name, text)
    if value not in set(known):
        raise BadPayload("tryton_value_unknown", {"field": name, "value": value[:60]})
    return value


def _status(row: Row, direction: Direction) -> DocumentStatus:
    """Say how far a document has come; an invoice cancelled by a credit note stands, and the note corrects it."""
    state = _word(row, "state", _STATES)
    if state == "validated" and direction is Direction.PURCHASE:
        return DocumentStatus.FINAL
    if state == "cancelled" and (text(inner(row, "cancel_move"), "origin") or "").startswith(f"{MODEL},"):
        return DocumentStatus.FINAL
    return _STATES[state]


def _purchase_number(row: Row, number: str | None) -> str | None:
    """Write our number, then the supplier's in brackets, as Tryton's ledger export does.

    One counter may number sales and purchases, and a supplier's invoice entered twice is known by its own number.
    """
    reference = (text(row, "reference") or "").strip("[] ")
    return f"{number} [{reference}]" if number and reference else number or reference or None


def _due_on(row: Row, lines: Lines) -> date | None:
    """Give the day by which all is due: the last of its instalments."""
    due = (day(lines.get(number, {}), "maturity_date") for number in ids(row, _TO_PAY))
    return max((each for each in due if each is not None), default=None)


def _paid_on(row: Row, lines: Lines) -> date | None:
    """Give the day of the last money; without any, that of the last document it was set off against.

    The day of the reconciliation is no such thing: it is as late as the due date of whatever it evens out.
    """
    if text(row, "state") != "paid":
        return None
    money = _money(row, lines)
    days = [day(line, "date") for line in money or _linked(row, lines)]
    own = [] if money else [day(row, "invoice_date")]
    return max((each for each in [*days, *own] if each is not None), default=None)


def _cancelled_on(row: Row, zone: ZoneInfo) -> date | None:
    """Give the day of the entry that undoes it, else that of the last change: it has none of its own."""
    changed = changed_at(row)
    return day(inner(row, "cancel_move"), "date") or (changed.astimezone(zone).date() if changed else None)


def _corrects(origins: Collection[int]) -> str | None:
    """Give the invoice that a credit note corrects; one made of several invoices' lines corrects none of them alone."""
    return str(*origins) if len(origins) == 1 else None


def _positive(value: Decimal | None, sign: int) -> Decimal | None:
    return None if value is None else value * sign + 0  # there is a negative zero
