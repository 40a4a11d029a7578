"""Every promise of `connectors.base.Connector`, asked of every registered provider by itself (see samples.py)."""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal

import pytest

from connectors.base import Page
from connectors.paging import ending
from connectors.providers import OURS
from connectors.records import (
    Absence,
    Activity,
    Cost,
    Delivery,
    Employee,
    Invoice,
    Payment,
    Record,
    Reminder,
    Stream,
    TimeEntry,
)
from tests.conformance.samples import STILL_WITHOUT, Sample, has_sample, module_of, samples

SAMPLES = samples()
CLASSES: Mapping[Stream, type] = {
    Stream.INVOICES: Invoice,
    Stream.PAYMENTS: Payment,
    Stream.REMINDERS: Reminder,
    Stream.ACTIVITIES: Activity,
    Stream.STAFF: Employee,
    Stream.ABSENCES: Absence,
    Stream.TIME: TimeEntry,
    Stream.COSTS: Cost,
    Stream.DELIVERIES: Delivery,
}

every_provider = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
every_stream = pytest.mark.parametrize(
    ("sample", "stream"),
    [
        pytest.param(sample, stream, id=f"{name}-{stream}")
        for name, sample in SAMPLES.items()
        for stream in sample.connector().streams
    ],
)

Key = tuple[str, str | None]


def read(sample: Sample, stream: Stream, cursor: Mapping[str, str] | None = None) -> list[Page]:
    """Read a stream with a connector of its own."""
    return list(sample.connector().streams[stream](cursor))


def keyed(pages: Iterable[Page]) -> dict[Key, Record]:
    """Records by identity and version."""
    return {(r.external_id, r.source_version): r for page in pages for r in page.records}


def values(record: Record) -> Iterator[tuple[str, object]]:
    return ((f.name, getattr(record, f.name)) for f in dataclasses.fields(record))


@pytest.mark.parametrize("name", [each.name for each in OURS])
def test_a_registered_provider_brings_a_sample(name: str) -> None:
    if name in STILL_WITHOUT:
        pytest.skip(f"{name} is still being written")
    assert has_sample(name), f"write {module_of(name)} with account(): an account at a fake source with two pages"


@every_provider
def test_a_connector_says_its_name_and_has_the_streams_its_provider_promises(sample: Sample) -> None:
    connector = sample.connector()

    assert connector.name == sample.provider.name
    assert set(connector.streams) == set(sample.provider.feeds)
    assert set(connector.streams) <= set(CLASSES)


@every_provider
def test_what_opens_an_account_is_asked_for(sample: Sample) -> None:
    account, asks = sample.account(), {ask.name for ask in sample.provider.asks}

    assert set(account.settings) | set(account.secrets) <= asks
    assert asks >= {*account.settings, *account.secrets}
    assert {ask.name for ask in sample.provider.asks if ask.required and ask.default is None} <= {
        *account.settings,
        *account.secrets,
    }


@every_stream
def test_a_sample_has_two_pages_of_records_of_their_stream(sample: Sample, stream: Stream) -> None:
    pages = read(sample, stream)

    assert sum(bool(page.records) for page in pages) >= 2
    assert all(type(r) is CLASSES[stream] for page in pages for r in page.records)


@every_stream
def test_reading_twice_gives_the_same(sample: Sample, stream: Stream) -> None:
    connector = sample.connector()
    first, second, afresh = (list(each.streams[stream](None)) for each in (connector, connector, sample.connector()))

    assert keyed(first) == keyed(second) == keyed(afresh)
    assert [page.faults for page in first] == [page.faults for page in afresh]


@every_stream
def test_resuming_from_any_page_may_repeat_and_never_skips(sample: Sample, stream: Stream) -> None:
    whole = read(sample, stream)
    for n, page in enumerate(whole):
        stored = json.loads(json.dumps(dict(page.cursor)))  # a bookmark has been through the database
        resumed, rest = keyed(read(sample, stream, stored)), keyed(whole[n + 1 :])
        assert all(resumed.get(key) == record for key, record in rest.items())
        assert resumed.keys() <= keyed(whole).keys()


@every_stream
def test_a_reader_that_is_at_the_end_stays_there(sample: Sample, stream: Stream) -> None:
    whole = read(sample, stream)
    for page in (whole[0], whole[-1]):
        again = list(ending(sample.connector().streams[stream](page.cursor)))
        later = list(ending(sample.connector().streams[stream](again[-1].cursor))) if again else []
        assert keyed([*again, *later]).keys() <= keyed(whole).keys()


@every_stream
def test_a_cursor_is_texts_only(sample: Sample, stream: Stream) -> None:
    for page in read(sample, stream):
        assert page.cursor
        assert all(isinstance(k, str) and isinstance(v, str) for k, v in page.cursor.items())
        assert json.loads(json.dumps(dict(page.cursor))) == page.cursor


@every_stream
def test_an_id_has_one_record_at_its_newest_version(sample: Sample, stream: Stream) -> None:
    newest: dict[str, tuple[tuple[int, str], Record]] = {}
    for page in read(sample, stream):
        for record in page.records:
            version = record.source_version or ""
            order = (len(version), version)  # counters and ISO instants both order so
            known = newest.get(record.external_id)
            assert known is None or known[0] != order or known[1] == record
            if known is None or known[0] < order:
                newest[record.external_id] = (order, record)
    assert all(newest)
    assert all(isinstance(key, str) for key in newest)


@every_stream
def test_money_is_exact_to_the_cent_and_positive(sample: Sample, stream: Stream) -> None:
    for record in keyed(read(sample, stream)).values():
        for name, value in values(record):
            assert not isinstance(value, float), name
            if isinstance(value, Decimal):
                assert value.is_finite()
                assert value == round(value, 2), name
        if isinstance(record, Invoice):
            assert record.total is None or record.total >= 0


@every_stream
def test_days_are_days_and_instants_know_their_zone(sample: Sample, stream: Stream) -> None:
    for record in keyed(read(sample, stream)).values():
        for name, value in values(record):
            if value is None:
                continue
            if name.endswith("_on"):
                assert type(value) is date, name
            if name.endswith("_at"):
                assert isinstance(value, datetime), name
                assert value.utcoffset() is not None, name


@every_stream
def test_a_version_is_an_instant_with_its_offset_or_a_counter(sample: Sample, stream: Stream) -> None:
    for record in keyed(read(sample, stream)).values():
        version = record.source_version
        assert version is None or version.isdigit() or datetime.fromisoformat(version).tzinfo is not None
