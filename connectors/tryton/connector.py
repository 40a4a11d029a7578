"""The connector to one company in a Tryton database."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar, TypeVar
from zoneinfo import ZoneInfo

from connectors.account import Account
from connectors.base import Ask, AskKind, Cursor, Evidence, Fault, Keys, Page, Pages, Provider, Total
from connectors.errors import Unavailable
from connectors.records import Direction, Payment, Stream
from connectors.tryton import invoices, reminders, work
from connectors.tryton.fields import inner, read_each, text
from connectors.tryton.people import EMPLOYEE_FIELDS, People, find_people, read_employee
from connectors.tryton.rpc import Domain, Row, Rpc
from connectors.tryton.walk import Part, Portion, walk
from connectors.words import DEFAULT_WORDS, AdminWords, read_words

T = TypeVar("T")

_EMPLOYEE = "company.employee"
_TYPES: Mapping[str, Direction] = {"out": Direction.SALE, "in": Direction.PURCHASE}


@dataclass(frozen=True)
class Tryton:
    """Read one company; who is who is asked once a reading."""

    account: Account
    rpc: Rpc
    words: AdminWords
    name: ClassVar[str] = "tryton"

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        """All it has; a module that is not active has no pages."""
        return {
            Stream.STAFF: self._staff,
            Stream.INVOICES: self._invoices,
            Stream.PAYMENTS: self._payments,
            Stream.REMINDERS: self._reminders,
            Stream.ACTIVITIES: self._activities,
            Stream.TIME: self._time,
        }

    @property
    def keys(self) -> Mapping[Stream, Keys]:
        """The streams whose rows may be deleted, or undone; the log is never taken back."""
        return {
            Stream.STAFF: lambda: self._ids(_EMPLOYEE),
            Stream.INVOICES: lambda: self._ids(invoices.MODEL),
            Stream.PAYMENTS: self._payment_keys,
            Stream.REMINDERS: self._reminder_keys,
            Stream.TIME: lambda: self._ids(work.TIME_MODEL),
        }

    def totals(self) -> Iterator[Total]:
        """Count the invoices of each direction, drafts and cancelled ones among them."""
        for kind, direction in _TYPES.items():
            count = self.rpc.count(invoices.MODEL, [*self._ours, ["type", "=", kind]])
            yield Total(Stream.INVOICES, "rows", count, direction=direction.value)

    @property
    def _ours(self) -> Domain:
        return [["company", "=", self.rpc.company]]

    @property
    def _zone(self) -> ZoneInfo:
        return self.account.zone

    @cached_property
    def _people(self) -> People:
        return find_people(self.rpc)

    @cached_property
    def _levels(self) -> list[list[int]]:
        return reminders.find_levels(self.rpc)

    @cached_property
    def _currency(self) -> str:
        rows = self.rpc.search_read("company.company", [["id", "=", self.rpc.company]], ("currency.code",))
        code = text(inner(rows[0], "currency"), "code") if rows else None
        if code is None:
            raise Unavailable(code="tryton_error", params={"message": "company.company: currency.code"})
        return code

    def _walk(self, cursor: Cursor | None, *parts: Part) -> Iterator[Portion]:
        return walk(self.rpc, parts, cursor, self.account.now)

    def _part(self, model: str, fields: tuple[str, ...]) -> Part:
        return Part(model.rpartition(".")[2], model, fields, self._ours)

    def _staff(self, _: Cursor | None) -> Iterator[Page]:
        """Read all employees each time: whose login is whose is not kept in their rows."""
        for rows in self.rpc.read_all(_EMPLOYEE, self._ours, EMPLOYEE_FIELDS):
            records, faults = read_each(rows, _one(partial(read_employee, people=self._people)), invoices.id_of)
            yield Page(records, {"read": self.account.now.isoformat()}, faults)

    def _invoices(self, cursor: Cursor | None) -> Iterator[Page]:
        for portion in self._walk(cursor, self._part(invoices.MODEL, invoices.FIELDS)):
            around = invoices.Around(
                lines=invoices.find_lines(self.rpc, portion.rows),
                origins=invoices.find_origins(self.rpc, portion.rows),
                people=self._people,
                zone=self._zone,
            )
            records, faults = read_each(
                portion.rows, _one(partial(invoices.read_invoice, around=around)), invoices.id_of
            )
            yield Page(records, portion.cursor, faults)

    def _payments(self, cursor: Cursor | None) -> Iterator[Page]:
        for portion in self._walk(cursor, self._part(invoices.MODEL, invoices.PAID_FIELDS)):
            records, faults = self._paid(portion.rows)
            yield Page(records, portion.cursor, faults)

    def _paid(self, rows: Sequence[Row]) -> tuple[tuple[Payment, ...], tuple[Fault, ...]]:
        lines = invoices.find_lines(self.rpc, rows)
        read = partial(invoices.read_payments, lines=lines, company_currency=self._currency)
        return read_each(rows, read, invoices.id_of)

    def _reminders(self, cursor: Cursor | None) -> Iterator[Page]:
        for portion in self._walk(cursor, self._part(reminders.MODEL, reminders.FIELDS)):
            around = self._around(portion)
            records, faults = read_each(
                portion.rows, partial(reminders.read_reminders, around=around), reminders.place_of
            )
            yield Page(records, portion.cursor, faults)

    def _around(self, portion: Portion) -> reminders.Around:
        return reminders.Around(
            invoices=reminders.find_invoices(self.rpc, portion.rows),
            processed=reminders.find_processed(self.rpc, portion.rows),
            procedures=self._levels,
            people=self._people,
            zone=self._zone,
        )

    def _activities(self, cursor: Cursor | None) -> Iterator[Page]:
        parts = (
            self._part(invoices.MODEL, (*work.DOCUMENT_FIELDS, "type")),
            self._part(reminders.MODEL, work.DOCUMENT_FIELDS),
        )
        for portion in self._walk(cursor, *parts):
            model = portion.part.model
            events = work.find_events(self.rpc, model, portion.rows)
            read = partial(work.read_activities, model=model, events=events, people=self._people)
            records, faults = read_each(portion.rows, read, portion.place_of)
            yield Page(records, portion.cursor, faults)

    def _time(self, cursor: Cursor | None) -> Iterator[Page]:
        """Tell back-office work; a line that was and no longer is is gone."""
        for portion in self._walk(cursor, self._part(work.TIME_MODEL, work.TIME_FIELDS)):
            read = partial(work.read_time, words=self.words, people=self._people)
            records, faults = read_each(portion.rows, read, invoices.id_of)
            told = {one.external_id for one in records} | {one.place for one in faults}
            others = tuple(key for row in portion.rows if (key := invoices.id_of(row)) not in told)
            yield Page(records, portion.cursor, faults, others if portion.is_again else ())

    def _ids(self, model: str) -> Iterator[tuple[str, ...]]:
        for rows in self.rpc.read_all(model, self._ours, ("id",)):
            yield tuple(map(invoices.id_of, rows))

    def _payment_keys(self) -> Iterator[tuple[str, ...]]:
        for rows in self.rpc.read_all(invoices.MODEL, self._ours, invoices.PAID_FIELDS):
            payments, _ = self._paid(rows)
            yield tuple(one.external_id for one in payments)

    def _reminder_keys(self) -> Iterator[tuple[str, ...]]:
        for rows in self.rpc.read_all(reminders.MODEL, self._ours, ("id",)):
            yield tuple(key for row in rows for key in reminders.places_of(row, self._levels))


def _one(read: Callable[[Row], T]) -> Callable[[Row], list[T]]:
    """Read a row into the one record that it is."""
    return lambda row: [read(row)]


def _connect(account: Account) -> Tryton:
    return Tryton(account, Rpc(account), read_words(account.settings.get("admin_words") or DEFAULT_WORDS))


PROVIDER = Provider(
    name=Tryton.name,
    title="Tryton",
    feeds={
        Stream.STAFF: Evidence.DIRECT,
        Stream.INVOICES: Evidence.DIRECT,
        Stream.PAYMENTS: Evidence.DIRECT,
        Stream.REMINDERS: Evidence.DIRECT,
        Stream.ACTIVITIES: Evidence.DIRECT,
        Stream.TIME: Evidence.DIRECT,
    },
    connect=_connect,
    asks=(
        Ask("address", AskKind.ADDRESS),
        Ask("database"),
        Ask("user"),
        Ask("password", AskKind.SECRET),
        Ask("admin_words", AskKind.WORDS, default=DEFAULT_WORDS, required=False),
    ),
)
