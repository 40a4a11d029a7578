"""The demonstration: a connector to a company that does not exist, told month by month up to a day.

The story is a function of the last day told and of a seed; nothing is fetched and nothing is stored. A bookmark keeps
the story's first month, so that a company once begun goes on, however much later it is asked again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache, partial
from itertools import chain
from typing import ClassVar

from connectors.account import Account
from connectors.base import Cursor, Evidence, Page, Pages, Provider
from connectors.demo_company import Story, actors, newcomers, story_until
from connectors.demo_declared import declaration, declarations, later_declarations
from connectors.demo_people import absences, staff
from connectors.demo_purchases import purchase_documents, purchase_payments
from connectors.demo_sales import deliveries, reminders, sale_documents, sale_payments
from connectors.demo_work import activities, costs, time_entries
from connectors.records import DocumentStatus, Invoice, Record, Stream

__all__ = ["Demo", "actors", "declaration", "declarations", "later_declarations", "newcomers"]

Dated = Iterable[tuple[date, Record]]
"""Records as they stand on the last day told, each with the day of its last change."""

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Demo:
    """Tell the made-up company's life up to `until`, included; the same day and seed give the same records."""

    until: date
    seed: int = 7
    name: ClassVar[str] = "demo"

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        """All it has: everything but a ledger."""
        return {stream: partial(self._pages, stream) for stream in _TOLD}

    def _pages(self, stream: Stream, cursor: Cursor | None) -> Iterator[Page]:
        """Give a page for each month in which something last changed; the month of the cursor comes again.

        What an earlier month said and later changed is in the month of the change, so a resumed reader gets it.
        """
        since = date.fromisoformat(f"{cursor['since']}-01") if cursor else None
        story = story_until(self.until, self.seed, since)
        first = story.index_of(date.fromisoformat(f"{cursor['month']}-01")) if cursor else 0
        months = _by_month(stream, story, self.until, first)
        for index in range(first, story.last + 1):
            yield Page(
                records=months.get(index, ()),
                cursor={
                    "month": f"{story.start(index):%Y-%m}",
                    "until": self.until.isoformat(),
                    "since": f"{story.since:%Y-%m}",
                },
            )


def _by_month(stream: Stream, story: Story, until: date, first: int) -> Mapping[int, tuple[Record, ...]]:
    """Sort what was told from a month on into the months of its last change."""
    since = story.start(first) if first else date.min
    told = [(changed_on, record) for changed_on, record in _TOLD[stream](story, until) if changed_on >= since]
    months: dict[int, list[Record]] = {}
    for changed_on, record in sorted(told, key=lambda each: (each[0], each[1].external_id)):
        version = str((changed_on - _EPOCH).days)
        months.setdefault(max(0, story.index_of(changed_on)), []).append(replace(record, source_version=version))
    return {index: tuple(records) for index, records in months.items()}


def _invoices(story: Story, until: date) -> Dated:
    for life, document in _lives(story):
        if document.issued_on is None or document.issued_on > until:
            continue
        told = document if life[-1] <= until else _cut(document, until)
        if told.cancelled_on:
            told = replace(told, status=DocumentStatus.CANCELLED)
        yield max(day for day in life if day <= until), told


@lru_cache(maxsize=2)
def _lives(story: Story) -> tuple[tuple[list[date], Invoice], ...]:
    """List the documents, each with the days on which something happens to it, in order."""
    return tuple((_life(document), document) for document in chain(sale_documents(story), purchase_documents(story)))


def _life(document: Invoice) -> list[date]:
    days = (document.issued_on, document.sent_on, document.paid_on, document.cancelled_on, document.corrected_on)
    return sorted(day for day in days if day)


def _cut(document: Invoice, until: date) -> Invoice:
    return replace(
        document,
        sent_on=_by(until, document.sent_on),
        paid_on=_by(until, document.paid_on),
        cancelled_on=_by(until, document.cancelled_on),
        corrected_on=_by(until, document.corrected_on),
    )


def _by(until: date, day: date | None) -> date | None:
    return day if day is not None and day <= until else None


def _deliveries(story: Story, until: date) -> Dated:
    """Tell what is delivered and not billed by the last day told as work that nobody has billed yet."""
    for delivery in deliveries(story):
        if delivery.delivered_on > until:
            continue
        if delivery.invoiced_on and delivery.invoiced_on <= until:
            yield delivery.invoiced_on, delivery
        else:
            yield delivery.delivered_on, replace(delivery, invoice_id=None, invoiced_on=None)


def _payments(story: Story, until: date) -> Dated:
    every = chain(sale_payments(story), purchase_payments(story))
    return ((p.paid_on, p) for p in every if p.paid_on <= until)


def _reminders(story: Story, until: date) -> Dated:
    return ((r.sent_on, r) for r in reminders(story) if r.sent_on <= until)


def _activities(story: Story, until: date) -> Dated:
    return ((a.done_at.date(), a) for a in activities(story) if a.done_at.date() <= until)


def _staff(story: Story, until: date) -> Dated:
    for person in staff(story):
        if person.entered_on is not None and person.entered_on <= until:
            left_on = _by(until, person.left_on)
            yield left_on or person.entered_on, replace(person, left_on=left_on)


def _absences(story: Story, until: date) -> Dated:
    """Tell an absence under way as lasting until the last day told: nothing is known of tomorrow."""
    for absence in absences(story):
        if absence.start_on <= until:
            end_on = min(absence.end_on, until)
            yield end_on, replace(absence, end_on=end_on)


def _time(story: Story, until: date) -> Dated:
    return ((t.worked_on, t) for t in time_entries(story) if t.worked_on <= until)


def _costs(story: Story, until: date) -> Dated:
    return ((c.incurred_on, c) for c in costs(story) if c.incurred_on <= until)


_TOLD: Mapping[Stream, Callable[[Story, date], Dated]] = {
    Stream.STAFF: _staff,
    Stream.INVOICES: _invoices,
    Stream.PAYMENTS: _payments,
    Stream.REMINDERS: _reminders,
    Stream.ACTIVITIES: _activities,
    Stream.ABSENCES: _absences,
    Stream.DELIVERIES: _deliveries,
    Stream.TIME: _time,
    Stream.COSTS: _costs,
}


def _connect(account: Account) -> Demo:
    return Demo(until=account.now.astimezone(account.zone).date())


PROVIDER = Provider(
    name=Demo.name, title="Demonstration", feeds=dict.fromkeys(_TOLD, Evidence.DIRECT), connect=_connect
)
