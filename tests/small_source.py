"""A source without a network: a few hundred invoices in pages, half of them a month late; it may fail on request.

And the steps of a tick with it in place of the sources that the registry knows.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import Engine

from app.jobs import Beat, Clock, Step
from app.schedule import steps
from app.settings import Settings
from app.sources import SYNC, sync_period, syncs_due
from connectors.base import Cursor, Page, Pages
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Reminder, Stream

START = date(2026, 1, 5)
PAGE = 20


def invoice(n: int) -> Invoice:
    """Every second one goes out a month after the work."""
    return Invoice(
        external_id=f"F{n}",
        direction=Direction.SALE,
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.FINAL,
        number=f"F{n}",
        party="C1",
        service_on=START + timedelta(days=n),
        issued_on=START + timedelta(days=n + (30 if n % 2 else 1)),
        total=Decimal(120),
    )


def reminder(n: int) -> Reminder:
    """One for every tenth invoice."""
    return Reminder(external_id=f"R{n}", invoice_id=f"F{10 * n}", sent_on=START + timedelta(days=10 * n + 60))


def nothing(_: int) -> None:
    """Let a page pass."""


@dataclass(frozen=True, slots=True)
class SmallSource:
    """So many invoices so far; `before_page` is called with the number of each page of a reading, from 1 on."""

    name: ClassVar[str] = "demo"
    invoices: int
    before_page: Callable[[int], None] = nothing

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        """Give invoices, and reminders after them."""
        return {Stream.INVOICES: self._invoices, Stream.REMINDERS: self._reminders}

    def _invoices(self, cursor: Cursor | None) -> Iterator[Page]:
        begin = int(cursor["next"]) if cursor else 0
        for number, first in enumerate(range(begin, self.invoices, PAGE), start=1):
            self.before_page(number)
            end = min(first + PAGE, self.invoices)
            yield Page(tuple(map(invoice, range(first, end))), {"next": str(end)})

    def _reminders(self, cursor: Cursor | None) -> Iterator[Page]:
        begin, end = int(cursor["next"]) if cursor else 0, self.invoices // 10
        if begin < end:
            yield Page(tuple(map(reminder, range(begin, end))), {"next": str(end)})


def registry(invoices: int, mail_port: int | None = None) -> list[Step]:
    """List the steps of a tick: this source, and all others as they are."""

    def connect(_: Any, __: datetime) -> SmallSource:
        return SmallSource(invoices)

    def sync(engine: Engine, key: str, clock: Clock, beat: Beat) -> None:
        sync_period(engine, key, clock, beat, every=timedelta(hours=6), connect=connect)

    mail: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": mail_port, "smtp_security": "none"}
    known = steps(Settings(**(mail if mail_port else {})))
    return [Step(SYNC, syncs_due, sync), *(step for step in known if step.name != SYNC)]
