"""The sales of the demonstration: invoices and credit notes with all their life, payments, and reminders.

Everything is told whole here, future included; `connectors.demo` cuts it at the last day told.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import count
from random import Random

from connectors.demo_company import (
    COMMERCIAL_CREDIT_SHARE,
    ERROR_SHARE,
    LATE_PAYER_SHARE,
    LATE_SHARE,
    NUMBER_GAPS,
    REMINDED_SHARE,
    VAT,
    Curve,
    Story,
    after_weekdays,
    along,
    money,
    open_from,
)
from connectors.demo_names import customer_name
from connectors.demo_people import office
from connectors.records import (
    CreditReason,
    Delivery,
    Direction,
    DocumentKind,
    DocumentStatus,
    Invoice,
    Payment,
    Process,
    Reminder,
)

INVOICES_AT_START = 70
GROWTH_PER_YEAR = 1.4
PERIODIC_SHARE = 0.35
DIRECT_DEBIT_SHARE = 0.08
TERMS_DAYS = 30
PREPARED_SHARE = 0.1
EVENING_SHARE: Curve = ((0, 0.03), (40, 0.2))
REMINDED_WELL = 0.7
"""Above this share of reminders the routine holds: first after a week or so, then every three to four weeks."""

_GAP_DAY = 9  # which open day of a month of NUMBER_GAPS


@lru_cache(maxsize=2)
def sale_documents(story: Story) -> tuple[Invoice, ...]:
    """Make all customer invoices and credit notes, numbered in the order in which they are issued.

    The month before the story is worked too: what it left to bill makes the first month a usual one.
    """
    made = [d for index in range(-1, story.last + 1) for d in _month(story, index) if _issued(d) >= story.since]
    made.sort(key=lambda d: (d.issued_on, d.external_id))
    lost = [story.open_days(index)[_GAP_DAY] for index in NUMBER_GAPS]
    invoices = _numbered((d for d in made if d.kind is DocumentKind.INVOICE), "FA", lost)
    credit_notes = _numbered((d for d in made if d.kind is DocumentKind.CREDIT_NOTE), "AV", [])
    return (*invoices, *credit_notes)


def _numbered(documents: Iterable[Invoice], series: str, lost: list[date]) -> Iterator[Invoice]:
    numbers, year, waiting = count(1), 0, sorted(lost)
    for document in documents:
        issued_on = _issued(document)
        if issued_on.year != year:
            numbers, year = count(1), issued_on.year
        if waiting and waiting[0] <= issued_on:
            del waiting[0]
            next(numbers)
        yield replace(document, number=f"{series}-{year}-{next(numbers):05}")


def _issued(document: Invoice) -> date:
    if document.issued_on is None:
        raise ValueError(document.external_id)
    return document.issued_on


def _month(story: Story, index: int) -> Iterator[Invoice]:
    dice = story.dice("sales", index)
    days = story.open_days(index)
    for n in range(story.volume(index, INVOICES_AT_START, GROWTH_PER_YEAR)):
        key = f"{story.start(index):%Y%m}-{n:03}"
        periodic = dice.random() < PERIODIC_SHARE
        service_on = story.end(index) if periodic else dice.choice(days)
        late = dice.random() < along(LATE_SHARE, index)
        waits = after_weekdays(service_on, 0) + timedelta(days=dice.randint(10, 35))
        ready_on = after_weekdays(waits, 0) if late else after_weekdays(service_on, dice.randrange(5))
        issued_on, author = office(story).doer(ready_on, Process.INVOICING, dice)
        customer = dice.randrange(30 + index)
        invoice = _invoice(key, customer, issued_on, dice)
        invoice = replace(invoice, service_on=service_on, periodic=periodic, author=author)
        invoice = replace(invoice, created_at=_created_at(story, index, n, issued_on))
        yield from _with_what_went_wrong(story, invoice, dice)


def _created_at(story: Story, index: int, n: int, issued_on: date) -> datetime:
    """Say when an invoice was typed: the day it bears or one before, ever more of them in the evening."""
    dice = story.dice(f"typed-{n}", index)
    day = issued_on - timedelta(days=dice.random() < PREPARED_SHARE)
    opens, closes = (18, 20) if dice.random() < along(EVENING_SHARE, index) else (7, 15)
    return datetime(day.year, day.month, day.day, dice.randint(opens, closes), dice.randrange(60), tzinfo=UTC)


def _invoice(key: str, customer: int, issued_on: date, dice: Random) -> Invoice:
    net = money(dice.lognormvariate(6.9, 0.7))
    tax = money(net * VAT)
    due_on = issued_on + timedelta(days=TERMS_DAYS)
    direct_debit = dice.random() < DIRECT_DEBIT_SHARE
    return Invoice(
        external_id=f"sale-{key}",
        direction=Direction.SALE,
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.FINAL,
        number=None,
        party=f"C{customer:04}",
        party_label=customer_name(customer),
        issued_on=issued_on,
        sent_on=after_weekdays(issued_on, dice.choice((0, 0, 0, 1))),
        due_on=due_on,
        paid_on=due_on if direct_debit else _paid_on(due_on, dice),
        net=net,
        tax=tax,
        total=net + tax,
        direct_debit=direct_debit,
        has_attachment=True,
    )


def _paid_on(due_on: date, dice: Random) -> date:
    if dice.random() < LATE_PAYER_SHARE:
        return open_from(due_on + timedelta(days=dice.randint(3, 60)))
    early = due_on - timedelta(days=dice.randint(0, 12))
    return early - timedelta(days=max(0, early.weekday() - 4))  # banks rest on Saturday and Sunday


def _with_what_went_wrong(story: Story, invoice: Invoice, dice: Random) -> Iterator[Invoice]:
    issued_on = _issued(invoice)
    if dice.random() >= along(ERROR_SHARE, story.index_of(issued_on)):
        yield invoice
        if dice.random() < COMMERCIAL_CREDIT_SHARE:
            yield _credit_note(story, invoice, CreditReason.COMMERCIAL, dice)
        return
    seen_on = after_weekdays(issued_on + timedelta(days=dice.randint(4, 26)), 0)
    remedy = dice.choices(("corrected", "credited", "cancelled"), (50, 35, 15))[0]
    if remedy == "corrected":
        yield replace(invoice, corrected_on=seen_on)
    elif remedy == "cancelled":
        yield replace(invoice, cancelled_on=seen_on, paid_on=None)
    else:
        yield invoice
        yield _credit_note(story, invoice, CreditReason.ERROR, dice)


def _credit_note(story: Story, invoice: Invoice, reason: CreditReason, dice: Random) -> Invoice:
    ready_on = after_weekdays(_issued(invoice) + timedelta(days=dice.randint(4, 26)), 0)
    issued_on, author = office(story).doer(ready_on, Process.INVOICING, dice)
    net = money((invoice.net or 0) * money(dice.uniform(0.05, 0.4)))
    tax = money(net * VAT)
    return Invoice(
        external_id=invoice.external_id.replace("sale", "credit"),
        direction=Direction.SALE,
        kind=DocumentKind.CREDIT_NOTE,
        status=DocumentStatus.FINAL,
        number=None,
        party=invoice.party,
        party_label=invoice.party_label,
        issued_on=issued_on,
        sent_on=issued_on,
        net=net,
        tax=tax,
        total=net + tax,
        author=author,
        corrects=invoice.external_id,
        credit_reason=reason,
        has_attachment=True,
    )


def deliveries(story: Story) -> Iterator[Delivery]:
    """Deliver what each invoice bills, on the day of its service."""
    for invoice in sale_documents(story):
        if invoice.kind is DocumentKind.INVOICE and invoice.service_on is not None:
            yield Delivery(
                external_id=f"delivery-{invoice.external_id}",
                delivered_on=invoice.service_on,
                party=invoice.party,
                party_label=invoice.party_label,
                invoice_id=invoice.external_id,
                invoiced_on=_issued(invoice),
                amount=invoice.net,
                billed_monthly=invoice.periodic,
            )


@lru_cache(maxsize=2)
def sale_payments(story: Story) -> tuple[Payment, ...]:
    """Pay each invoice once, less what was credited by then."""
    return tuple(_payments(story))


def _payments(story: Story) -> Iterator[Payment]:
    documents = sale_documents(story)
    notes = {d.corrects: d for d in documents if d.corrects}
    for invoice in documents:
        if invoice.paid_on is None or invoice.total is None:
            continue
        note = notes.get(invoice.external_id)
        credited = note.total if note and note.total and _issued(note) <= invoice.paid_on else money(0)
        yield Payment(
            external_id=f"pay-{invoice.external_id}",
            invoice_id=invoice.external_id,
            paid_on=invoice.paid_on,
            amount=invoice.total - credited,
        )


@lru_cache(maxsize=2)
def reminders(story: Story) -> tuple[Reminder, ...]:
    """Remind overdue customers until they pay: by routine at first, now and then in the end."""
    return tuple(_reminders(story))


def _reminders(story: Story) -> Iterator[Reminder]:
    waiting: dict[int, list[Invoice]] = {}
    for invoice in sale_documents(story):
        if invoice.due_on and invoice.paid_on and invoice.paid_on > invoice.due_on and not invoice.direct_debit:
            waiting.setdefault(story.index_of(invoice.due_on), []).append(invoice)
    for index, invoices in waiting.items():
        dice = story.dice("reminders", index)
        for invoice in invoices:
            yield from _reminders_of(story, invoice, dice)


def _reminders_of(story: Story, invoice: Invoice, dice: Random) -> Iterator[Reminder]:
    paid_on = invoice.paid_on
    if invoice.due_on is None or paid_on is None:
        return
    level, planned_on = 0, invoice.due_on + timedelta(days=dice.randint(7, 10))
    while (planned_on := after_weekdays(planned_on, 0)) < paid_on:
        reminded = along(REMINDED_SHARE, story.index_of(planned_on))
        routine = reminded >= REMINDED_WELL
        if dice.random() < reminded:
            sent_on, actor = office(story).doer(planned_on, Process.DUNNING, dice)
            if sent_on >= paid_on:
                return
            level += 1
            yield Reminder(
                external_id=f"rem-{invoice.external_id}-{level}",
                invoice_id=invoice.external_id,
                sent_on=sent_on,
                level=min(level, 3),
                channel="email",
                actor=actor,
            )
            planned_on = sent_on
        planned_on += timedelta(days=dice.randint(21, 27) if routine else dice.randint(18, 50))
