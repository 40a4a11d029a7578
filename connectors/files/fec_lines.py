"""One line of an accounting file into one ledger line, or into what stands in its way."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from connectors.base import Fault
from connectors.errors import BadPayload
from connectors.files.fec_dialect import DUE, Dialect, split_fields
from connectors.files.fec_fields import fiscal_year, parse_amount, parse_day, parse_side, plain_amount
from connectors.files.fec_tally import RAW_LENGTH, FaultTally
from connectors.files.text import decode
from connectors.records import LedgerLine

_REMEMBERED = 5_000
Dates = tuple[date | None, date | None, date | None, date | None, date | None]
_MANDATORY = ("JournalLib", "CompteLib", "PieceRef", "PieceDate", "EcritureLib", "ValidDate")


class Row(NamedTuple):
    """A line as read: `line` is None where `faults` stand in its way.

    `fields` has one more element, "", than the file has columns, so that a missing column reads as empty at -1; a
    line with another number of fields keeps them as they stood.
    """

    number: int
    text: str
    fields: list[str]
    year: int | None
    entry_on: date | None
    piece_on: date | None
    valid_on: date | None
    line: LedgerLine | None
    faults: tuple[Fault, ...]


class Places:
    """Where each column stands in a file; -1 for a missing one."""

    def __init__(self, dialect: Dialect) -> None:
        at = dialect.at
        self.journal, self.journal_label = at("JournalCode"), at("JournalLib")
        self.number, self.entry_on = at("EcritureNum"), at("EcritureDate")
        self.account, self.account_label = at("CompteNum"), at("CompteLib")
        self.party, self.party_label = at("CompAuxNum"), at("CompAuxLib")
        self.piece_ref, self.piece_on = at("PieceRef"), at("PieceDate")
        self.label, self.valid_on = at("EcritureLib"), at("ValidDate")
        self.debit, self.credit = at("Debit"), at("Credit")
        self.amount, self.side = at("Montant"), at("Sens")
        self.lettering, self.lettered_on = at("EcritureLet"), at("DateLet")
        self.foreign_amount, self.foreign_currency = at("Montantdevise"), at("Idevise")
        self.due_on = at(DUE)


class LineReader:
    """Reads lines, counting what strays from the norm.

    Dates and amounts written as the norm wants are remembered by their text: a file repeats them endlessly.
    """

    def __init__(
        self,
        dialect: Dialect,
        encoding: str,
        closing_on: date | None,
        year_end: tuple[int, int],
        tally: FaultTally,
    ) -> None:
        self.at = Places(dialect)
        self.width = len(dialect.columns)
        self._names = dialect.columns
        self._separator, self._encoding, self._tally = dialect.separator, encoding, tally
        self._days: dict[str, date | None] = {"": None}
        self._amounts: dict[str, int] = {"": 0}
        self._mandatory_names = ["JournalCode", *(name for name in _MANDATORY if name in dialect.columns)]
        self._mandatory = itemgetter(dialect.at("JournalCode"), *map(dialect.at, self._mandatory_names[1:]))
        self._sides = self._signed if dialect.signed else self._debit_and_credit
        by_date = lru_cache(maxsize=4096)(lambda day: fiscal_year(day, *year_end))
        self._year: Callable[[date], int] = (lambda _: closing_on.year) if closing_on else by_date
        self._no_year = closing_on.year if closing_on else None

    def read(self, number: int, raw: bytes, *, stray: bool) -> Row:
        """Read one line; `stray`: it does not say which entry it is of."""
        text, wrong = decode(raw, self._encoding)
        if wrong:
            self._tally.add("wrong_encoding", number, text)
        fields = list(map(str.strip, split_fields(text, self._separator, self.width)))
        if stray or len(fields) != self.width:
            return self._broken(number, text, fields, stray=stray)
        fields.append("")
        at = self.at
        faults: list[Fault] = []
        entry_on, piece_on, valid_on, lettered_on, due_on = self._dates(number, fields, faults)
        account = fields[at.account]
        if not account:
            faults.append(Fault("account_missing", str(number), text[:RAW_LENGTH]))
        debit, credit = self._sides(fields, number, faults)
        line = LedgerLine(
            number,
            account,
            fields[at.account_label],
            fields[at.party],
            fields[at.party_label],
            fields[at.label],
            debit,
            credit,
            fields[at.lettering],
            lettered_on,
            due_on,
        )
        if not all(self._mandatory(fields)):
            self._miss(number, text, fields)
        if debit and credit:
            self._tally.add("both_sides", number, text)
        year = self._year(entry_on) if entry_on else self._no_year
        return Row(number, text, fields, year, entry_on, piece_on, valid_on, None if faults else line, tuple(faults))

    def _miss(self, number: int, text: str, fields: list[str]) -> None:
        for name, value in zip(self._mandatory_names, self._mandatory(fields), strict=True):
            if not value:
                self._tally.add("value_missing", number, text, {"field": name})

    def _broken(self, number: int, text: str, fields: list[str], *, stray: bool) -> Row:
        place, raw = str(number), text[:RAW_LENGTH]
        faults = [Fault("line_without_entry", place, raw)] if stray else []
        if len(fields) != self.width:
            count = {"expected": str(self.width), "found": str(len(fields))}
            faults.append(Fault("field_count", place, raw, count))
        entry_on = None
        if not stray:  # a shifted line says nothing by its columns
            if len(fields) > self.at.account and not fields[self.at.account]:
                faults.append(Fault("account_missing", place, raw))
            if len(fields) > self.at.entry_on:
                entry_on = self._day(fields, self.at.entry_on, number, [])
        year = self._year(entry_on) if entry_on else self._no_year
        return Row(number, text, fields, year, entry_on, None, None, None, tuple(faults))

    def _dates(self, number: int, fields: list[str], faults: list[Fault]) -> Dates:
        """Read entry, piece, validation, lettering and due date; the last one, beyond the norm, never blocks."""
        days, at = self._days, self.at
        try:
            entry_on = days[fields[at.entry_on]]
            rest = days[fields[at.piece_on]], days[fields[at.valid_on]], days[fields[at.lettered_on]]
            dates = (entry_on, *rest, days[fields[at.due_on]])
        except KeyError:
            places = (at.entry_on, at.piece_on, at.valid_on, at.lettered_on)
            entry_on, piece_on, valid_on, lettered_on = [self._day(fields, p, number, faults) for p in places]
            ignored: list[Fault] = []
            dates = (entry_on, piece_on, valid_on, lettered_on, self._day(fields, at.due_on, number, ignored))
            for fault in ignored:
                self._tally.add(fault.code, number, fault.raw, fault.params)
        if entry_on is None and not faults:
            faults.append(Fault("date_missing", str(number), params={"field": "EcritureDate"}))
        return dates

    def _day(self, fields: list[str], place: int, number: int, faults: list[Fault]) -> date | None:
        text = fields[place]
        return self._days[text] if text in self._days else self._new_day(text, place, number, faults)

    def _new_day(self, text: str, place: int, number: int, faults: list[Fault]) -> date | None:
        params = {"field": self._names[place], "value": text[:40]}
        try:
            day = parse_day(text)
        except BadPayload as error:
            faults.append(Fault(error.code, str(number), text[:RAW_LENGTH], params))
            return None
        if day.remark:
            self._tally.add(day.remark, number, text, params)
        elif len(self._days) < _REMEMBERED:
            self._days[text] = day.on
        return day.on

    def _debit_and_credit(self, fields: list[str], number: int, faults: list[Fault]) -> tuple[int, int]:
        debit, credit = fields[self.at.debit], fields[self.at.credit]
        if not (debit or credit):
            self._tally.add("amount_missing", number)
        return (
            self._amount(debit, "Debit", number, faults),
            self._amount(credit, "Credit", number, faults),
        )

    def _signed(self, fields: list[str], number: int, faults: list[Fault]) -> tuple[int, int]:
        text = fields[self.at.amount]
        if not text:
            self._tally.add("amount_missing", number)
        amount = self._amount(text, "Montant", number, faults)
        try:
            side = parse_side(fields[self.at.side])
        except BadPayload as error:
            params = {"field": "Sens", **error.params}
            faults.append(Fault(error.code, str(number), fields[self.at.side][:RAW_LENGTH], params))
            return 0, 0
        return (amount, 0) if side > 0 else (0, amount)

    def _amount(self, text: str, name: str, number: int, faults: list[Fault]) -> int:
        known = self._amounts.get(text)
        if known is not None:
            return known
        plain = plain_amount(text)
        if plain is not None:
            if len(self._amounts) < _REMEMBERED:
                self._amounts[text] = plain
            return plain
        try:
            amount = parse_amount(text)
        except BadPayload as error:
            faults.append(Fault(error.code, str(number), text[:RAW_LENGTH], {"field": name, **error.params}))
            return 0
        for remark in amount.remarks:
            self._tally.add(remark, number, text, {"field": name, "value": text[:40]})
        return amount.minor
