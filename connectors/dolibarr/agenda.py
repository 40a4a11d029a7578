"""The streams of the agenda: reminders, and who did what to a document."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from connectors.account import Account
from connectors.base import Cursor, Fault, Page
from connectors.dolibarr.documents import parts_of
from connectors.dolibarr.events import (
    AGENDA,
    BY_HAND,
    BY_ITSELF,
    Mails,
    coded,
    due_days,
    is_a_rounds_mail,
    is_reminder,
    is_work,
    mails_of,
    read_event,
    read_made,
    read_reminder,
    sale_of,
    unlinked,
)
from connectors.dolibarr.fields import Row, key, text
from connectors.dolibarr.invoices import LISTS, WHO, id_of
from connectors.dolibarr.sifting import sift
from connectors.dolibarr.source import Source
from connectors.dolibarr.walk import Part, walk
from connectors.records import Activity, Direction, Reminder

_IDS = replace(AGENDA, only="id")
_MADE = {one: replace(listing, only=f"id,date_creation,datec,{WHO}") for one, listing in LISTS.items()}
_MADE_IDS = {one: replace(listing, only="id") for one, listing in LISTS.items()}
_MAILS = [Part("rounds", AGENDA, (coded(BY_ITSELF),)), Part("hand", AGENDA, (coded(BY_HAND),))]


@dataclass(frozen=True)
class Agenda:
    """What one account's agenda says of its documents."""

    source: Source = field(repr=False)
    account: Account
    directions: tuple[Direction, ...]

    def reminders(self, cursor: Cursor | None) -> Iterator[Page]:
        """Read the mails that asked for what was overdue; one that turns out to be none is gone."""
        for portion in walk(self.source, _MAILS, cursor, self.account.now):
            sent = [row for row in portion.rows if is_a_rounds_mail(row) or text(row, "code") == BY_HAND]
            judged = _Judged(self.source, self.account, sent)
            records, faults = sift("event:", sent, judged.reminder)
            told = {one.external_id for one in records}
            named = {f"event:{one}" for row in sent if (one := key(row, "id"))}
            yield Page(tuple(records), portion.cursor, tuple(faults), tuple(named - told))

    def activities(self, cursor: Cursor | None) -> Iterator[Page]:
        """Read who made documents, and what else was done to them; a reminder is told as one, not twice."""
        parts = [*parts_of(self.directions, _MADE), Part("agenda", AGENDA)]
        for portion in walk(self.source, parts, cursor, self.account.now):
            if portion.part in (one.value for one in Direction):
                direction = Direction(portion.part)
                made, faults = sift(f"created:{direction.value}:", portion.rows, partial(read_made, direction))
            else:
                made, faults = self._done(portion.rows)
            yield Page(tuple(made), portion.cursor, tuple(faults))

    def reminder_keys(self) -> Iterator[tuple[str, ...]]:
        """List the events there are, reminders among them."""
        for rows, _ in self.source.listed(_IDS):
            yield tuple(f"event:{one}" for row in rows if (one := key(row, "id")))

    def activity_keys(self) -> Iterator[tuple[str, ...]]:
        """List the documents and events there are."""
        for direction in self.directions:
            for rows, _ in self.source.listed(_MADE_IDS[direction]):
                yield tuple(f"created:{id_of(direction, one)}" for row in rows if (one := key(row, "id")))
        yield from self.reminder_keys()

    def _done(self, rows: Sequence[Row]) -> tuple[list[Activity], list[Fault]]:
        work = [row for row in rows if is_work(row)]
        judged = _Judged(self.source, self.account, [row for row in work if text(row, "code") == BY_HAND])
        return sift("event:", work, lambda row: None if judged.is_reminder(row) else read_event(row))


class _Judged:
    """Mails, with what is needed to say which of them were reminders: due days, and the mails before."""

    def __init__(self, source: Source, account: Account, sent: Sequence[Row]) -> None:
        """Ask for what the mails are about."""
        about = {one for row in sent if (one := sale_of(row))}
        by_hand = {one for row in sent if text(row, "code") == BY_HAND and (one := sale_of(row))}
        self._due = due_days(source, about)
        self._mails = mails_of(source, by_hand & self._due.keys())
        self._zone = account.zone

    def is_reminder(self, row: Row) -> bool:
        """Say whether a mail is one."""
        number = sale_of(row)
        if number is None or number not in self._due or text(row, "code") not in (BY_HAND, BY_ITSELF):
            return False
        return is_reminder(row, self._mails.get(number, Mails()), self._due[number], self._zone)

    def reminder(self, row: Row) -> Reminder | None:
        """Read a mail that is one; BadPayload where it does not say of what."""
        if sale_of(row) is None and is_a_rounds_mail(row):
            raise unlinked(row)
        return read_reminder(row, self._zone) if self.is_reminder(row) else None
