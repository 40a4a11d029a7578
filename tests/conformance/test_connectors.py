"""Every promise of `connectors.base.Connector`, asked of every connector that can be read without an account.

Adding a connector is one line in `CONNECTORS`.
"""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal

import pytest

from connectors.base import Connector, Page, Pages
from connectors.demo import Demo
from connectors.records import (
    Absence,
    Activity,
    Cost,
    Employee,
    Invoice,
    Payment,
    Reminder,
    Stream,
    TimeEntry,
)

CONNECTORS: Mapping[str, Connector] = {
    "demo": Demo(until=date(2026, 6, 17)),
}

CLASSES: Mapping[Stream, type] = {
    Stream.INVOICES: Invoice,
    Stream.PAYMENTS: Payment,
    Stream.REMINDERS: Reminder,
    Stream.ACTIVITIES: Activity,
    Stream.STAFF: Employee,
    Stream.ABSENCES: Absence,
    Stream.TIME: TimeEntry,
    Stream.COSTS: Cost,
}

every_stream = pytest.mark.parametrize(
    ("stream", "pages"),
    [
        pytest.param(stream, pages, id=f"{name}-{stream}")
        for name, connector in CONNECTORS.items()
        for stream, pages in connector.streams.items()
    ],
)

Key = tuple[str, str | None]


def keyed(pages: Iterable[Page]) -> dict[Key, object]:
    """Records by identity and version."""
    return {(r.external_id, r.source_version): r for page in pages for r in page.records}


def values(record: object) -> Iterator[tuple[str, object]]:
    assert dataclasses.is_dataclass(record)
    return ((f.name, getattr(record, f.name)) for f in dataclasses.fields(record))


@pytest.mark.parametrize("name", CONNECTORS)
def test_a_connector_says_its_name_and_has_streams(name: str) -> None:
    assert CONNECTORS[name].name == name
    assert CONNECTORS[name].streams
    assert set(CONNECTORS[name].streams) <= set(CLASSES)


@every_stream
def test_records_are_of_their_stream(stream: Stream, pages: Pages) -> None:
    records = [r for page in pages(None) for r in page.records]
    assert records
    assert all(type(r) is CLASSES[stream] for r in records)


@every_stream
def test_reading_twice_gives_the_same(stream: Stream, pages: Pages) -> None:  # noqa: ARG001 - one mark for all
    assert list(pages(None)) == list(pages(None))


@every_stream
def test_resuming_from_any_page_may_repeat_and_never_skips(stream: Stream, pages: Pages) -> None:  # noqa: ARG001
    read = list(pages(None))
    whole = keyed(read)
    for n, page in enumerate(read):
        stored = json.loads(json.dumps(dict(page.cursor)))  # a bookmark has been through the database
        resumed, rest = keyed(pages(stored)), keyed(read[n + 1 :])
        assert all(resumed.get(key) == record for key, record in rest.items())
        assert resumed.keys() <= whole.keys()


@every_stream
def test_a_resumed_reader_comes_to_the_same_end(stream: Stream, pages: Pages) -> None:  # noqa: ARG001
    read = list(pages(None))
    for page in read:
        assert list(pages(page.cursor))[-1].cursor == read[-1].cursor


@every_stream
def test_a_cursor_is_texts_only(stream: Stream, pages: Pages) -> None:  # noqa: ARG001
    for page in pages(None):
        assert page.cursor
        assert all(isinstance(k, str) and isinstance(v, str) for k, v in page.cursor.items())
        assert json.loads(json.dumps(dict(page.cursor))) == page.cursor


@every_stream
def test_an_id_has_one_record_at_its_newest_version(stream: Stream, pages: Pages) -> None:  # noqa: ARG001
    newest: dict[str, tuple[tuple[int, str], object]] = {}
    for page in pages(None):
        for record in page.records:
            version = record.source_version or ""
            order = (len(version), version)  # counters and ISO instants both order so
            known = newest.get(record.external_id)
            assert known is None or known[0] != order or known[1] == record
            if known is None or known[0] < order:
                newest[record.external_id] = (order, record)
    assert all(newest)


@every_stream
def test_money_is_exact_to_the_cent(stream: Stream, pages: Pages) -> None:  # noqa: ARG001
    for record in keyed(pages(None)).values():
        for name, value in values(record):
            assert not isinstance(value, float), name
            if isinstance(value, Decimal):
                assert value.is_finite()
                assert value == round(value, 2), name


@every_stream
def test_days_are_days_and_instants_know_their_zone(stream: Stream, pages: Pages) -> None:  # noqa: ARG001
    for record in keyed(pages(None)).values():
        for name, value in values(record):
            if value is None:
                continue
            if name.endswith("_on"):
                assert type(value) is date, name
            if name.endswith("_at"):
                assert isinstance(value, datetime), name
                assert value.utcoffset() is not None, name
