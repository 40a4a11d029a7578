"""The streams of documents: invoices with their mailing, and what was paid on them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from connectors.account import Account
from connectors.base import Cursor, Fault, Hint, Page, Total
from connectors.dolibarr.events import AGENDA, BY_HAND, Mails, coded, mails_of, sale_of
from connectors.dolibarr.fields import Row, key
from connectors.dolibarr.invoices import LISTS, id_of, read_invoice
from connectors.dolibarr.payments import may_be_paid, places_of, read_payments
from connectors.dolibarr.sifting import sift
from connectors.dolibarr.source import Listing, Source
from connectors.dolibarr.walk import Part, Portion, walk
from connectors.errors import AccessDenied, StartOver
from connectors.records import Direction, DocumentStatus, Invoice, Payment, Stream

_IDS = {one: replace(listing, only="id") for one, listing in LISTS.items()}
_PAID = {
    one: replace(listing, only="id,status,statut,fk_statut,paye,totalpaid,sumpayed,multicurrency_tx,multicurrency_code")
    for one, listing in LISTS.items()
}
_THIRD_PARTIES = Listing("/thirdparties", "societe/lire", only="id,name")
_MAILED = Part("mailed", AGENDA, (coded(BY_HAND),), later=True)
_OPTIONAL = ("right_missing", "dolibarr_module_off")


def parts_of(directions: Sequence[Direction], lists: dict[Direction, Listing]) -> list[Part]:
    """List the kinds of documents that are read."""
    return [Part(one.value, lists[one]) for one in directions]


@dataclass
class Documents:
    """Customer and supplier documents of one account."""

    source: Source = field(repr=False)
    account: Account
    directions: tuple[Direction, ...]
    names: dict[str, str | None] | None = field(default_factory=dict, repr=False)  # None where they are not told

    def invoices(self, cursor: Cursor | None) -> Iterator[Page]:
        """Read documents that changed, then those that were mailed meanwhile: a mail changes nothing on them."""
        is_told = self._mailing_is_told(cursor)
        parts = parts_of(self.directions, dict(LISTS))
        if is_told and Direction.SALE in self.directions:
            parts.append(_MAILED)
        for portion in walk(self.source, parts, cursor, self.account.now):
            told = dict(portion.cursor) | {"mails": "told" if is_told else "untold"}
            direction = Direction.PURCHASE if portion.part == Direction.PURCHASE else Direction.SALE
            rows = self._mailed(portion.rows) if portion.part == _MAILED.name else portion.rows
            yield self._page(direction, rows, told, is_told=is_told)

    def payments(self, cursor: Cursor | None) -> Iterator[Page]:
        """Read what was paid on documents that changed."""
        for portion in walk(self.source, parts_of(self.directions, _PAID), cursor, self.account.now):
            yield self._paid_page(portion)

    def fetch(self, hint: Hint) -> Iterator[tuple[Stream, Page]]:
        """Ask for one document and what was paid on it, or learn that it is gone; nothing of a kind not read."""
        word, _, number = hint.external_id.partition(":")
        if word not in set(self.directions):
            return
        direction = Direction(word)
        listing = LISTS[direction]
        row = self.source.one(f"{listing.path}/{int(number)}", listing.right)
        if row is None:
            yield Stream.INVOICES, Page((), {}, gone=(hint.external_id,))
            yield Stream.PAYMENTS, Page((), {}, gone=places_of(hint.external_id))
            return
        # Without the agenda a sale would lose the sending that was told before: lists know whether it ever was.
        is_told = direction is Direction.SALE and self._agenda_is_open(needed=True)
        yield Stream.INVOICES, self._page(direction, [row], {}, is_told=is_told)
        yield Stream.PAYMENTS, self._paid_page(Portion(direction.value, [row], {}, whole=False))

    def invoice_keys(self) -> Iterator[tuple[str, ...]]:
        """List the documents there are."""
        yield from self._keys(_IDS, lambda direction, _, one: (id_of(direction, one),))

    def payment_keys(self) -> Iterator[tuple[str, ...]]:
        """List the places that payments may have."""
        yield from self._keys(
            _PAID,
            lambda direction, row, one: places_of(id_of(direction, one)) if may_be_paid(direction, row) else (),
        )

    def totals(self) -> Iterator[Total]:
        """Give how many documents of a kind there are, where the server's version tells it."""
        for direction in self.directions:
            found = self.source.count(LISTS[direction])
            if found is not None:
                yield Total(Stream.INVOICES, "rows", found, direction=direction.value)

    def _keys(
        self, lists: dict[Direction, Listing], read: Callable[[Direction, Row, int], tuple[str, ...]]
    ) -> Iterator[tuple[str, ...]]:
        for direction in self.directions:
            for rows, _ in self.source.listed(lists[direction]):
                yield tuple(place for row in rows if (one := key(row, "id")) for place in read(direction, row, one))

    def _mailing_is_told(self, cursor: Cursor | None) -> bool:
        """Say whether the agenda can be read; what it said once is not forgotten, and what it did not is caught up."""
        before = (cursor or {}).get("mails")
        if not self._agenda_is_open(needed=before == "told"):
            return False
        if before == "untold":
            raise StartOver(code="dolibarr_agenda_granted")
        return True

    def _agenda_is_open(self, *, needed: bool = False) -> bool:
        """Say whether the agenda can be read, or raise AccessDenied where it is needed."""
        try:
            next(self.source.listed(AGENDA, params={"limit": 1}), None)
        except AccessDenied as error:
            if needed or error.code not in _OPTIONAL:
                raise
            return False
        return True

    def _mailed(self, rows: Sequence[Row]) -> list[Row]:
        wanted = {one for row in rows if (one := sale_of(row))}
        found = self.source.by_ids(LISTS[Direction.SALE], "t.rowid", wanted)
        return [row for row in found if key(row, "id") in wanted]

    def _page(self, direction: Direction, rows: Sequence[Row], cursor: Cursor, *, is_told: bool) -> Page:
        days = self.source.days
        records, faults = sift(f"{direction.value}:", rows, lambda row: read_invoice(direction, row, days))
        if direction is Direction.SALE and is_told:
            records = self._with_mails(records)
        return Page(self._named(records), cursor, tuple(faults))

    def _with_mails(self, invoices: Sequence[Invoice]) -> list[Invoice]:
        numbers = {one.external_id: int(one.external_id.partition(":")[2]) for one in invoices}
        wanted = [numbers[one.external_id] for one in invoices if one.status is not DocumentStatus.DRAFT]
        mails, zone = mails_of(self.source, wanted), self.account.zone
        found = []
        for one in invoices:
            told = mails.get(numbers[one.external_id], Mails())
            cancelled_on = told.cancelled_on(zone) if one.status is DocumentStatus.CANCELLED else None
            found.append(replace(one, sent_on=told.sent_on(zone), cancelled_on=cancelled_on or one.cancelled_on))
        return found

    def _named(self, invoices: Sequence[Invoice]) -> tuple[Invoice, ...]:
        names = self._names({one.party for one in invoices if one.party and not one.party_label})
        return tuple(replace(one, party_label=one.party_label or names.get(one.party or "")) for one in invoices)

    def _names(self, parties: Collection[str]) -> dict[str, str | None]:
        """Ask for names of customers; an account without the right to know gets none."""
        if self.names is None:
            return {}
        unknown = {int(one) for one in parties if one not in self.names and one.isascii() and one.isdigit()}
        try:
            for row in self.source.by_ids(_THIRD_PARTIES, "t.rowid", unknown):
                name = row.get("name")
                self.names[str(key(row, "id"))] = name.strip() or None if isinstance(name, str) else None
        except AccessDenied as error:
            if error.code not in _OPTIONAL:
                raise
            self.names = None
            return {}
        for one in unknown:
            self.names.setdefault(str(one), None)
        return self.names

    def _paid_page(self, portion: Portion) -> Page:
        records: list[Payment] = []
        faults: list[Fault] = []
        gone: list[str] = []
        direction = Direction(portion.part) if portion.part else Direction.SALE
        for row in portion.rows:
            one = key(row, "id")
            if one is None:
                continue  # told among the invoices
            invoice_id, listing = id_of(direction, one), LISTS[direction]
            told: list[Row] = []
            if may_be_paid(direction, row):
                told = self.source.rows(f"{listing.path}/{one}/payments", listing.right)
            payments, wrong = read_payments(invoice_id, row, told)
            records += payments
            faults += wrong
            gone += places_of(invoice_id, len(payments) + 1)
        return Page(tuple(records), portion.cursor, tuple(faults), tuple(gone))
