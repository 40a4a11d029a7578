"""Reading our own Dolibarr in tests: all pages of a stream, and what is in them."""

from collections.abc import Iterable

import pytest

from connectors.base import Cursor, Fault, Page
from connectors.dolibarr import PROVIDER
from connectors.records import (
    Invoice,
    Payment,
    Record,
    Reminder,
    Stream,
)
from tests.connectors.dolibarr.fake_dolibarr import (
    FakeDolibarr,
)

VERSIONS = ["16.0.3", "20.0.2", "22.0.4"]
every_version = pytest.mark.parametrize("version", VERSIONS)
every_stream = pytest.mark.parametrize("stream", list(PROVIDER.feeds))


def read(fake: FakeDolibarr, stream: Stream, cursor: Cursor | None = None, **settings: str) -> list[Page]:
    return list(fake.connect(**settings).streams[stream](cursor))


def records(pages: Iterable[Page]) -> dict[str, Record]:
    return {record.external_id: record for page in pages for record in page.records}


def faults(pages: Iterable[Page]) -> list[Fault]:
    return [fault for page in pages for fault in page.faults]


def gone(pages: Iterable[Page]) -> set[str]:
    return {one for page in pages for one in page.gone}


def invoices(fake: FakeDolibarr, cursor: Cursor | None = None, **settings: str) -> dict[str, Invoice]:
    found = records(read(fake, Stream.INVOICES, cursor, **settings))
    return {name: one for name, one in found.items() if isinstance(one, Invoice)}


def payments(fake: FakeDolibarr, cursor: Cursor | None = None) -> list[Payment]:
    return [one for one in records(read(fake, Stream.PAYMENTS, cursor)).values() if isinstance(one, Payment)]


def reminders(fake: FakeDolibarr) -> dict[str, Reminder]:
    found = records(read(fake, Stream.REMINDERS))
    return {name: one for name, one in found.items() if isinstance(one, Reminder)}


def only(fake: FakeDolibarr) -> Invoice:
    (found,) = invoices(fake).values()
    return found
