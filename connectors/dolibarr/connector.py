"""A Dolibarr of 16 to 22: what it asks for, and the streams it has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from connectors.account import Account
from connectors.base import Ask, AskKind, Cursor, Evidence, Fault, Hint, Keys, Page, Pages, Provider, Total
from connectors.dolibarr.agenda import Agenda
from connectors.dolibarr.documents import Documents
from connectors.dolibarr.fields import Row, key, text
from connectors.dolibarr.hints import read_hint
from connectors.dolibarr.people import PROJECTS, TASKS, USERS, read_employee, read_times
from connectors.dolibarr.sifting import sift
from connectors.dolibarr.source import Source
from connectors.errors import AccessDenied
from connectors.records import Direction, Process, Stream, TimeEntry
from connectors.words import DEFAULT_WORDS, AdminWords, parts_of, read_words

DOCUMENTS = ", ".join(Direction)


@dataclass(frozen=True)
class Dolibarr:
    """One company's account."""

    account: Account
    source: Source = field(repr=False)
    documents: Documents
    agenda: Agenda
    words: AdminWords = field(repr=False)
    name: ClassVar[str] = "dolibarr"

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        """All that its API tells."""
        return {
            Stream.INVOICES: self.documents.invoices,
            Stream.PAYMENTS: self.documents.payments,
            Stream.REMINDERS: self.agenda.reminders,
            Stream.ACTIVITIES: self.agenda.activities,
            Stream.STAFF: self._staff,
            Stream.TIME: self._time,
        }

    @property
    def keys(self) -> Mapping[Stream, Keys]:
        """Everything can be listed, and nothing that was deleted is told otherwise."""
        return {
            Stream.INVOICES: self.documents.invoice_keys,
            Stream.PAYMENTS: self.documents.payment_keys,
            Stream.REMINDERS: self.agenda.reminder_keys,
            Stream.ACTIVITIES: self.agenda.activity_keys,
            Stream.STAFF: lambda: _ids(self._staff(None)),
            Stream.TIME: lambda: _ids(self._time(None)),
        }

    def totals(self) -> Iterator[Total]:
        """Give the source's own figures: numbers of documents, from 22 on."""
        return self.documents.totals()

    def fetch(self, hint: Hint) -> Iterator[tuple[Stream, Page]]:
        """Ask for one document, and for what was paid on it."""
        return self.documents.fetch(hint)

    def _staff(self, cursor: Cursor | None) -> Iterator[Page]:
        """Read all users, every time: they are few."""
        after, days = int((cursor or {}).get("after", "0")), self.source.days
        for rows, last in self.source.listed(USERS, after=after):
            records, faults = sift("", rows, lambda row: read_employee(row, days))
            yield Page(tuple(records), {"after": str(last)}, tuple(faults))
        yield Page((), self._over)

    def _time(self, cursor: Cursor | None) -> Iterator[Page]:
        """Read the tasks that are back-office work, all their hours every time: a change of one moves nothing else."""
        after = int((cursor or {}).get("after", "0"))
        for rows, _ in self.source.listed(TASKS, after=after):
            titles = self._titles(rows)
            for row in rows:
                one = key(row, "id")
                process = self.words.process_of(
                    said for said in (text(row, "label"), titles.get(key(row, "fk_project", "fk_projet"))) if said
                )
                if one is not None and process is not None:
                    yield self._hours(one, process)
        yield Page((), self._over)

    def _titles(self, tasks: list[Row]) -> Mapping[int | None, str | None]:
        projects = {one for row in tasks if (one := key(row, "fk_project", "fk_projet"))}
        return {key(row, "id"): text(row, "title") for row in self.source.by_ids(PROJECTS, "t.rowid", projects)}

    def _hours(self, task: int, process: Process) -> Page:
        row = self.source.one(f"{TASKS.path}/{task}", TASKS.right, {"includetimespent": 2})
        found = list(read_times(row or {}, process, self.source.days))
        records = tuple(one for one in found if isinstance(one, TimeEntry))
        return Page(records, {"after": str(task)}, tuple(one for one in found if isinstance(one, Fault)))

    @property
    def _over(self) -> Cursor:
        return {"read": self.account.now.isoformat()}


def _ids(pages: Iterator[Page]) -> Iterator[tuple[str, ...]]:
    for page in pages:
        yield (*(record.external_id for record in page.records), *(fault.place for fault in page.faults))


def _directions(said: str) -> tuple[Direction, ...]:
    """Read which kinds of documents a company keeps there; AccessDenied for a word that is none."""
    words = parts_of(said) or parts_of(DOCUMENTS)
    for word in words:
        if word.casefold() not in set(Direction):
            raise AccessDenied(code="dolibarr_documents_unknown", params={"word": word[:60], "known": DOCUMENTS})
    chosen = {word.casefold() for word in words}
    return tuple(one for one in Direction if one.value in chosen)


def _connect(account: Account) -> Dolibarr:
    source, said = Source(account), account.settings
    directions = _directions(said.get("documents", ""))
    return Dolibarr(
        account=account,
        source=source,
        documents=Documents(source, account, directions),
        agenda=Agenda(source, account, directions),
        words=read_words(said.get("admin_words") or DEFAULT_WORDS),
    )


PROVIDER = Provider(
    name=Dolibarr.name,
    title="Dolibarr",
    feeds=dict.fromkeys(
        (Stream.INVOICES, Stream.PAYMENTS, Stream.REMINDERS, Stream.ACTIVITIES, Stream.STAFF, Stream.TIME),
        Evidence.DIRECT,
    ),
    connect=_connect,
    asks=(
        Ask("address", AskKind.ADDRESS),
        Ask("key", AskKind.SECRET),
        Ask("documents", AskKind.WORDS, default=DOCUMENTS, required=False),
        Ask("admin_words", AskKind.WORDS, default=DEFAULT_WORDS, required=False),
        Ask("zone", required=False),
    ),
    scheme="unsigned",
    hint=read_hint,
)
