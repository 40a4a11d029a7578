"""Pennylane (Company API v2): customer and supplier invoices, credit notes, and what was paid on them.

Read whole once and from then on by the vendor's list of changes, which goes back four weeks: after a longer pause the
documents are read whole again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar
from zoneinfo import ZoneInfo

from connectors.account import Account
from connectors.base import Ask, AskKind, Cursor, Evidence, Fault, Keys, Page, Pages, Provider
from connectors.errors import BadPayload
from connectors.pennylane.fields import Row, instant, number, raw, text
from connectors.pennylane.invoices import id_of, is_paid, is_partly_paid, read_invoice, service_day
from connectors.pennylane.payments import Paid, places_of, read_payments, read_transactions
from connectors.pennylane.source import Source
from connectors.pennylane.walk import Portion, walk
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Payment, Stream

NOTHING: Paid = ((), ())


@dataclass(frozen=True)
class Pennylane:
    """Read one company's account; what was paid on a document is asked for once a reading."""

    account: Account
    source: Source
    paid: dict[tuple[str, ...], Paid] = field(default_factory=dict)
    name: ClassVar[str] = "pennylane"

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        """Documents, and what was paid on them."""
        return {Stream.INVOICES: self._invoices, Stream.PAYMENTS: self._payments}

    @property
    def keys(self) -> Mapping[Stream, Keys]:
        """The documents there are, and for payments every identity those of a paid document may have.

        Which of them it has would be a request for each document, and is put right whenever one is read again.
        """
        return {Stream.INVOICES: self._invoice_keys, Stream.PAYMENTS: self._payment_keys}

    @property
    def _zone(self) -> ZoneInfo:
        return self.account.zone

    def _invoices(self, cursor: Cursor | None) -> Iterator[Page]:
        return walk(self.source, self.account.now, cursor, self._invoice_page)

    def _payments(self, cursor: Cursor | None) -> Iterator[Page]:
        return walk(self.source, self.account.now, cursor, self._payment_page)

    def _invoice_keys(self) -> Iterator[tuple[str, ...]]:
        for direction in Direction:
            for rows in self.source.listed(direction):
                yield tuple(id_of(direction, found) for row in rows if (found := number(row)) is not None)

    def _payment_keys(self) -> Iterator[tuple[str, ...]]:
        for direction in Direction:
            for rows in self.source.listed(direction):
                paid = (found for row in rows if is_partly_paid(row) and (found := number(row)) is not None)
                yield tuple(place for one in paid for place in places_of(id_of(direction, one)))

    def _invoice_page(self, portion: Portion, cursor: Cursor) -> Page:
        records, faults = [], []
        for n, row in enumerate(portion.rows, start=1):
            try:
                invoice = read_invoice(portion.direction, row, self._zone, service_day(row))
            except BadPayload as error:
                faults.append(
                    Fault(error.code, f"{portion.direction.value}:{text(row, 'id') or f'?{n}'}", raw(row), error.params)
                )
                continue
            if invoice is not None:
                records.append(self._with_payment(invoice, row))
        gone = tuple(id_of(portion.direction, one) for one in portion.gone)
        return Page(self._named(records), cursor, tuple(faults), gone)

    def _with_payment(self, invoice: Invoice, row: Row) -> Invoice:
        """Tell when an invoice was paid: on the day of its last payment, else by its last change at the latest."""
        if not is_paid(row) or not _may_be_paid(invoice):
            return invoice
        payments, _ = self._paid_on(invoice, row)
        changed_at = instant(row, "updated_at")
        changed_on = changed_at.astimezone(self._zone).date() if changed_at else None
        return replace(invoice, paid_on=max((one.paid_on for one in payments), default=changed_on))

    def _named(self, records: list[Invoice]) -> tuple[Invoice, ...]:
        parties = {one.party for one in records if one.party and one.direction is Direction.SALE}
        if not parties:
            return tuple(records)
        names = self.source.customer_names(parties)
        return tuple(
            replace(one, party_label=names.get(one.party))
            if one.party in parties and one.direction is Direction.SALE
            else one
            for one in records
        )

    def _payment_page(self, portion: Portion, cursor: Cursor) -> Page:
        records: list[Payment] = []
        faults: list[Fault] = []
        gone = [place for one in portion.gone for place in places_of(id_of(portion.direction, one))]
        for row in portion.rows:
            try:
                invoice = read_invoice(portion.direction, row, self._zone)
            except BadPayload:  # told among the invoices
                continue
            if invoice is None:
                continue
            payments, wrong = self._paid_on(invoice, row) if is_partly_paid(row) and _may_be_paid(invoice) else NOTHING
            records += payments
            faults += wrong
            gone += places_of(invoice.external_id, len(payments) + 1)
        return Page(tuple(records), cursor, tuple(faults), tuple(gone))

    def _paid_on(self, invoice: Invoice, row: Row) -> Paid:
        """Ask what was paid on an invoice, once for each of its versions."""
        left = text(row, "remaining_amount_with_tax") or ""
        version = (invoice.external_id, invoice.source_version or "", left, str(is_paid(row)))
        if version not in self.paid:
            self.paid[version] = self._ask_paid(invoice)
        return self.paid[version]

    def _ask_paid(self, invoice: Invoice) -> Paid:
        number_there = int(invoice.external_id.partition(":")[2])
        if invoice.direction is Direction.SALE:
            matched = read_transactions(invoice, self.source.transactions(number_there))
            if any(matched):
                return matched
        return read_payments(invoice, self.source.payments(invoice.direction, number_there), self._zone)


def _may_be_paid(invoice: Invoice) -> bool:
    return invoice.kind is DocumentKind.INVOICE and invoice.status is not DocumentStatus.DRAFT


def _connect(account: Account) -> Pennylane:
    return Pennylane(account, Source(account))


PROVIDER = Provider(
    name=Pennylane.name,
    title="Pennylane",
    feeds={Stream.INVOICES: Evidence.DIRECT, Stream.PAYMENTS: Evidence.PROXY},
    connect=_connect,
    asks=(Ask("token", AskKind.SECRET),),
    scheme="pennylane",
)
