"""The sales of the demonstration: invoices and credit notes with all their life, payments, and reminders.

Everything is told whole here, future included; `connectors.demo` cuts it at the last day told.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
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
    Story,
    after_weekdays,
    along,
    customer_name,
    money,
    open_from,
)
from connectors.demo_people import office
from connectors.records import (
    CreditReason,
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
REMINDED_WELL = 0.9
"""Above this share of reminders the routine holds: first after a week or so, then every three to four weeks."""

_GAP_DAY = 9  # which open day of a month of NUMBER_GAPS


@lru_cache(maxsize=4)
def sale_documents(story: Story) -> tuple[Invoice, ...]:
    """Make all customer invoices and credit notes, numbered in the order in which they are issued."""
    made = [document for index in range(story.last + 1) for document in _month(story, index)]
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
        invoice = _invoice(story, index, key, service_on, dice, periodic=periodic)
        note = _error(story, invoice, dice)
        if isinstance(note, Invoice) and note.kind is DocumentKind.INVOICE:
            yield note
            continue
        if note is None and dice.random() < COMMERCIAL_CREDIT_SHARE:
            note = _credit_note(story, invoice, CreditReason.COMMERCIAL, dice)
        yield invoice
        if note is not None:
            yield note
