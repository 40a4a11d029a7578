"""The agenda: what Dolibarr notes by itself when something is done, and which mails were reminders.

A mail with an invoice, sent by a person, is the sending where it is the first of its invoice, and a reminder where it
is a later one after the due date; the agenda does not tell the two apart otherwise than by a subject, which is not
read. A mail that the server's own rounds sent is a reminder where it went out after the due date.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.dolibarr.fields import Row, instant, key, missing, needed, text
from connectors.dolibarr.invoices import LISTS, id_of, user
from connectors.dolibarr.source import Listing, Source
from connectors.errors import BadPayload
from connectors.records import Activity, Direction, Process, Reminder

AGENDA = Listing(
    "/agendaevents",
    "agenda/myactions/read, agenda/allactions/read",
    id_column="t.id",
    only="id,code,label,datep,datec,authorid,socid,elementtype,elementid,fk_element",
)
_DUE = replace(LISTS[Direction.SALE], only="id,date,date_lim_reglement")
BY_HAND, BY_ITSELF, CANCELLED = "AC_BILL_SENTBYMAIL", "AC_EMAIL", "AC_BILL_CANCEL"

_ROUNDS_SENT = "sendEmailsRemindersOnInvoiceDueDateOK"
_ELEMENTS: Mapping[str, Direction] = {
    "invoice": Direction.SALE,
    "facture": Direction.SALE,
    "invoice_supplier": Direction.PURCHASE,
    "facture_fourn": Direction.PURCHASE,
}
_DONE: Mapping[str, tuple[Process, str]] = {
    "AC_BILL_VALIDATE": (Process.INVOICING, "validated"),
    "AC_BILL_UNVALIDATE": (Process.INVOICING, "reopened"),
    CANCELLED: (Process.INVOICING, "cancelled"),
    BY_HAND: (Process.INVOICING, "sent"),
    "AC_BILL_PAYED": (Process.BANK, "paid"),
    "AC_BILL_SUPPLIER_VALIDATE": (Process.PURCHASES, "validated"),
    "AC_BILL_SUPPLIER_UNVALIDATE": (Process.PURCHASES, "reopened"),
    "AC_BILL_SUPPLIER_CANCELED": (Process.PURCHASES, "cancelled"),
    "AC_BILL_SUPPLIER_PAYED": (Process.BANK, "paid"),
    "AC_COMPANY_CREATE": (Process.SETUP, "created"),
    "AC_CONTRACT_VALIDATE": (Process.SETUP, "validated"),
}


def coded(code: str) -> str:
    """Give the filter for events of a kind."""
    return f"(t.code:=:'{code}')"


@dataclass(frozen=True, slots=True)
class Mails:
    """What the agenda has of an invoice: when it was mailed by a person, in order, and when it was cancelled."""

    by_hand: tuple[tuple[datetime, int], ...] = ()
    cancelled_at: datetime | None = None

    def sent_on(self, zone: ZoneInfo) -> date | None:
        """Give the day it was first mailed."""
        return self.by_hand[0][0].astimezone(zone).date() if self.by_hand else None

    def cancelled_on(self, zone: ZoneInfo) -> date | None:
        """Give the day it was cancelled."""
        return self.cancelled_at.astimezone(zone).date() if self.cancelled_at else None


def mails_of(source: Source, invoices: Iterable[int]) -> dict[int, Mails]:
    """Ask the agenda for customer invoices: one request for many that stand together, else one for each."""
    wanted = set(invoices)
    by_hand: dict[int, list[tuple[datetime, int]]] = {}
    cancelled: dict[int, datetime] = {}
    for row in source.by_ids(AGENDA, "t.fk_element", wanted, "(t.elementtype:=:'invoice')"):
        invoice, at, number = sale_of(row), _at(row), key(row, "id")
        if invoice not in wanted or at is None or number is None:
            continue
        if text(row, "code") == BY_HAND:
            by_hand.setdefault(invoice, []).append((at, number))
        elif text(row, "code") == CANCELLED:
            cancelled[invoice] = max(at, cancelled.get(invoice, at))
    return {one: Mails(tuple(sorted(by_hand.get(one, ()))), cancelled.get(one)) for one in wanted}


def sale_of(row: Row) -> int | None:
    """Give the customer invoice that an event is about."""
    is_sale = _ELEMENTS.get(text(row, "elementtype") or "") is Direction.SALE
    return key(row, "elementid", "fk_element") if is_sale else None


def is_a_rounds_mail(row: Row) -> bool:
    """Say whether the server's rounds sent a mail; those that could not be sent are noted as well."""
    return text(row, "code") == BY_ITSELF and (text(row, "label") or "").startswith(_ROUNDS_SENT)


def is_reminder(row: Row, mails: Mails, due_on: date | None, zone: ZoneInfo) -> bool:
    """Say whether a mail asked for what was overdue; BadPayload where it does not say when it was sent."""
    sent_on = (_at(row) or missing(row, "datep")).astimezone(zone).date()
    if due_on is None or sent_on <= due_on:
        return False
    return is_a_rounds_mail(row) or any(number != key(row, "id") for _, number in mails.by_hand[:1])


def read_reminder(row: Row, zone: ZoneInfo) -> Reminder:
    """Read a mail that is a reminder."""
    at = _at(row) or missing(row, "datep")
    return Reminder(
        external_id=f"event:{needed(row, 'id', key)}",
        invoice_id=id_of(Direction.SALE, sale_of(row) or missing(row, "elementid")),
        sent_on=at.astimezone(zone).date(),
        channel="email",
        actor=None if is_a_rounds_mail(row) else user(row, "authorid"),
    )


def is_work(row: Row) -> bool:
    """Say whether an event is back-office work; most of the agenda is not."""
    return text(row, "code") in _DONE


def read_event(row: Row) -> Activity:
    """Read who did something to a document."""
    process, action = _DONE[text(row, "code") or ""]
    direction, number = _ELEMENTS.get(text(row, "elementtype") or ""), key(row, "elementid", "fk_element")
    return Activity(
        external_id=f"event:{needed(row, 'id', key)}",
        actor=user(row, "authorid") or missing(row, "authorid"),
        process=process,
        action=action,
        done_at=_at(row) or missing(row, "datep"),
        object_id=id_of(direction, number) if direction and number else None,
    )


def read_made(direction: Direction, row: Row) -> Activity:
    """Read who made a document; the agenda may have been off."""
    document = id_of(direction, needed(row, "id", key))
    made_at = "date_creation" if direction is Direction.SALE else "datec"
    return Activity(
        external_id=f"created:{document}",
        actor=user(row, "user_creation_id", "user_author", "fk_user_author") or missing(row, "user_creation_id"),
        process=Process.INVOICING if direction is Direction.SALE else Process.PURCHASES,
        action="created",
        done_at=needed(row, made_at, instant),
        object_id=document,
    )


def due_days(source: Source, ids: Iterable[int]) -> dict[int, date | None]:
    """Give when customer invoices were due, those that are still there."""
    wanted, days = set(ids), source.days
    rows = source.by_ids(_DUE, "t.rowid", wanted)
    named = ((key(row, "id"), row) for row in rows)
    return {
        one: days.day(row, "date_lim_reglement", zone=days.zone_of(row)) for one, row in named if one and one in wanted
    }


def unlinked(row: Row) -> BadPayload:
    """Name a reminder that does not say for which invoice it was: so 16 notes the mails of its rounds."""
    return BadPayload("dolibarr_reminder_unlinked", {"customer": text(row, "socid") or "?"})


def _at(row: Row) -> datetime | None:
    return instant(row, "datep", "datec")
