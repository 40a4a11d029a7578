"""Pages of records on their way in: one commit each, nothing lost, nothing twice, and no names among the records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from sqlalchemy import Engine, RowMapping, Table, select
from sqlalchemy.exc import IntegrityError

from app.companies import connection_for
from app.db import read, write
from app.intake import Saved, Source, find_source, save_page, save_told, sync
from app.models import metadata
from app.models.core import bookmark, touched_month
from app.models.people import actor, party, person
from app.models.records import activity, document, quarantined, record_version, staff, time_entry
from connectors.base import Cursor, Fault, Page, Pages
from connectors.records import (
    Activity,
    Cost,
    CostKind,
    CreditReason,
    Direction,
    DocumentKind,
    DocumentStatus,
    Employee,
    Invoice,
    Process,
    Record,
    StaffRole,
    Stream,
    TimeEntry,
)
from signals.calendar import month_number
from tests.conftest import NOW

LATER = timedelta(days=1)
INVOICE = Invoice(
    external_id="F1",
    direction=Direction.SALE,
    kind=DocumentKind.INVOICE,
    status=DocumentStatus.FINAL,
    number="F1",
    party="C1",
    issued_on=date(2026, 3, 10),
    total=Decimal("120.00"),
)
MARCH, APRIL = month_number(date(2026, 3, 1)), month_number(date(2026, 4, 1))


@pytest.fixture
def source(engine: Engine, company: str, now: datetime) -> Source:
    with write(engine) as conn:
        return find_source(conn, connection_for(conn, company, "csv", now))


def bring(
    engine: Engine,
    source: Source,
    now: datetime,
    *records: Record,
    stream: Stream = Stream.INVOICES,
    faults: tuple[Fault, ...] = (),
) -> Saved:
    with write(engine) as conn:
        return save_page(conn, source, stream, Page(records, {"at": str(len(records))}, faults), now)


def rows(engine: Engine, table: Table) -> list[RowMapping]:
    with read(engine) as conn:
        return list(conn.execute(select(table).order_by(*table.primary_key.columns)).mappings())


def take_touched(engine: Engine) -> set[int]:
    touched = {row["month"] for row in rows(engine, touched_month)}
    with write(engine) as conn:
        conn.execute(touched_month.delete())
    return touched


def everything(engine: Engine) -> dict[str, list[Mapping[Any, Any]]]:
    return {table.name: [dict(row) for row in rows(engine, table)] for table in metadata.sorted_tables}


def test_a_failing_page_leaves_neither_rows_nor_bookmark(engine: Engine, source: Source, now: datetime) -> None:
    bring(engine, source, now, INVOICE)
    before = everything(engine)
    nothing: Any = None  # what a broken connector might say
    unfit = replace(INVOICE, external_id="F3", currency=nothing)

    with pytest.raises(IntegrityError):
        bring(engine, source, now + LATER, replace(INVOICE, external_id="F2"), unfit)

    assert everything(engine) == before


def test_a_page_and_its_bookmark_are_kept_together(engine: Engine, source: Source, now: datetime) -> None:
    saved = bring(engine, source, now, INVOICE, replace(INVOICE, external_id="F2"))

    (mark,) = rows(engine, bookmark)
    assert saved == Saved(new=2)
    assert [row["external_id"] for row in rows(engine, document)] == ["F1", "F2"]
    assert (mark["cursor"], mark["rows"], mark["read_at"]) == ({"at": "2"}, 2, now)


def test_the_same_page_again_changes_no_row(engine: Engine, source: Source, now: datetime) -> None:
    bring(engine, source, now, INVOICE)
    before = rows(engine, document)
    take_touched(engine)

    saved = bring(engine, source, now + LATER, INVOICE)

    assert saved == Saved(unchanged=1)
    assert rows(engine, document) == before
    assert rows(engine, record_version) == []
    assert take_touched(engine) == set()


def test_of_two_rows_of_one_identity_in_a_page_the_last_counts(engine: Engine, source: Source, now: datetime) -> None:
    saved = bring(engine, source, now, INVOICE, replace(INVOICE, total=Decimal("99.995")))

    (row,) = rows(engine, document)
    assert saved == Saved(new=1)
    assert row["total_minor"] == 10000


def test_a_changed_row_keeps_what_it_was_and_from_when_to_when(engine: Engine, source: Source, now: datetime) -> None:
    paid = replace(INVOICE, paid_on=date(2026, 4, 2))
    bring(engine, source, now, INVOICE)
    saved = bring(engine, source, now + LATER, paid)
    bring(engine, source, now + 2 * LATER, replace(paid, total=Decimal(130)))

    first, second = rows(engine, record_version)
    (row,) = rows(engine, document)
    assert saved == Saved(changed=1)
    assert (first["known_at"], first["superseded_at"]) == (now, now + LATER)
    assert (second["known_at"], second["superseded_at"]) == (now + LATER, now + 2 * LATER)
    assert (first["row"]["paid_on"], second["row"]["paid_on"]) == (None, "2026-04-02")
    assert (row["first_known_at"], row["known_at"], row["total_minor"]) == (now, now + 2 * LATER, 13000)


def test_an_older_version_of_the_source_replaces_nothing(engine: Engine, source: Source, now: datetime) -> None:
    bring(engine, source, now, replace(INVOICE, source_version="10"))

    saved = bring(engine, source, now + LATER, replace(INVOICE, total=Decimal(1), source_version="9"))

    assert saved == Saved(unchanged=1)
    assert rows(engine, document)[0]["total_minor"] == 12000


def test_a_newer_version_that_says_the_same_bars_older_ones(engine: Engine, source: Source, now: datetime) -> None:
    bring(engine, source, now, replace(INVOICE, source_version="1"))
    bring(engine, source, now, replace(INVOICE, source_version="3"))

    bring(engine, source, now, replace(INVOICE, total=Decimal(1), source_version="2"))

    (row,) = rows(engine, document)
    assert (row["total_minor"], row["source_version"]) == (12000, "3")


def test_names_are_nowhere_but_among_people(engine: Engine, source: Source, now: datetime) -> None:
    name, customer, login = "Odile Garrigue", "Boulangerie Tastevin", "ogarrigue"
    invoice = replace(INVOICE, party_label=customer, author=login, validator=login)
    worker = Employee(external_id="S1", actor=login, name=name, role=StaffRole.ADMIN)
    for at, day in ((now, date(2026, 3, 2)), (now + LATER, date(2026, 3, 3))):  # twice, so that there are versions
        bring(engine, source, at, replace(invoice, issued_on=day))
        bring(engine, source, at, replace(worker, entered_on=day), stream=Stream.STAFF)
        time = TimeEntry(external_id="T1", actor=login, worked_on=day, minutes=30, process=Process.DUNNING)
        bring(engine, source, at, time, stream=Stream.TIME)

    kept = everything(engine)

    apart = {table.name: kept.pop(table.name) for table in (person, actor, party)}
    assert [row["name"] for row in apart["person"]] == [name]
    assert [row["login"] for row in apart["actor"]] == [login]
    assert [row["label"] for row in apart["party"]] == [customer]
    assert len(kept["record_version"]) == 3
    assert not [word for word in (name, "Garrigue", customer, "Tastevin", login) if word in str(kept)]
    author = apart["actor"][0]["id"]
    assert kept["document"][0]["author"] == kept["staff"][0]["actor"] == kept["time_entry"][0]["actor"] == author


def test_what_could_not_be_read_is_set_aside_with_its_reason(engine: Engine, source: Source, now: datetime) -> None:
    faults = (
        Fault("csv_value_missing", "7", "x" * 5000, {"column": "number"}),
        Fault("csv_value_unreadable", "7", "x", {"column": "total"}),
        Fault("csv_column_unknown", "1", kept=True),
    )

    saved = bring(engine, source, now, INVOICE, faults=faults)

    aside = rows(engine, quarantined)
    assert saved == Saved(new=1, refused=1)  # two faults of one row, and a remark
    assert [(row["code"], row["place"], len(row["raw"])) for row in aside] == [
        ("csv_value_missing", "7", 2000),
        ("csv_value_unreadable", "7", 1),
    ]
    assert (aside[0]["params"], aside[0]["stream"], aside[0]["found_at"]) == ({"column": "number"}, "invoices", now)


def test_an_invoice_that_moves_touches_both_its_months(engine: Engine, source: Source, now: datetime) -> None:
    bring(engine, source, now, INVOICE)
    assert take_touched(engine) == {MARCH}

    bring(engine, source, now + LATER, replace(INVOICE, issued_on=date(2026, 4, 1)))

    assert take_touched(engine) == {MARCH, APRIL}


def test_a_credit_note_touches_the_month_of_its_invoice(engine: Engine, source: Source, now: datetime) -> None:
    note = replace(
        INVOICE,
        external_id="A1",
        kind=DocumentKind.CREDIT_NOTE,
        issued_on=date(2026, 4, 20),
        corrects="F1",
        credit_reason=CreditReason.ERROR,
    )
    bring(engine, source, now, INVOICE)
    take_touched(engine)

    bring(engine, source, now + LATER, note)
    assert take_touched(engine) == {MARCH, APRIL}

    bring(engine, source, now + 2 * LATER, replace(note, corrects=None))  # it no longer does
    assert take_touched(engine) == {MARCH, APRIL}


def test_an_activity_is_of_the_day_it_was_at_the_source(engine: Engine, source: Source, now: datetime) -> None:
    late = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # half past midnight in Paris

    done = Activity(external_id="X1", actor="lea", process=Process.BANK, action="match", done_at=late)
    bring(engine, source, now, done, stream=Stream.ACTIVITIES)

    (row,) = rows(engine, activity)
    assert (row["done_on"], row["done_month"], row["done_at"]) == (date(2026, 4, 1), APRIL, late)


def test_texts_too_long_are_shortened_and_stay_apart(engine: Engine, source: Source, now: datetime) -> None:
    long = "9" * 300
    one = replace(INVOICE, external_id=long + "1", party=long + "1", party_label="Œ" * 300, author="l" * 300)

    saved = bring(engine, source, now, one, replace(one, external_id=long + "2"))
    again = bring(engine, source, now, one)

    assert (saved, again) == (Saved(new=2), Saved(unchanged=1))
    assert {len(row["external_id"]) for row in rows(engine, document)} == {255}
    assert rows(engine, document)[0]["party"] == rows(engine, party)[0]["code"]


def test_decimal_hours_of_staff_are_kept_exactly(engine: Engine, source: Source, now: datetime) -> None:
    worker = Employee(external_id="S1", hours_per_week=Decimal("31.25"))

    bring(engine, source, now, worker, stream=Stream.STAFF)

    assert rows(engine, staff)[0]["hours_per_week"] == Decimal("31.25")
    assert bring(engine, source, now, worker, stream=Stream.STAFF) == Saved(unchanged=1)


@dataclass(frozen=True)
class Numbers:
    """A source of time entries 1 to `count`, one a page, resuming after the cursor."""

    count: int
    asked: list[Cursor | None] = field(default_factory=list)
    name: ClassVar[str] = "numbers"

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        return {Stream.TIME: self._pages}

    def _pages(self, cursor: Cursor | None) -> Iterator[Page]:
        self.asked.append(cursor)
        for n in range(int(cursor["after"]) + 1 if cursor else 1, self.count + 1):
            day = date(2026, 3, n)
            entry = TimeEntry(external_id=str(n), actor="lea", worked_on=day, minutes=n, process=Process.TAX)
            yield Page((entry,), {"after": str(n)})


def test_a_sync_goes_on_from_the_bookmark(engine: Engine, source: Source, now: datetime) -> None:
    first, second = Numbers(2), Numbers(5)

    sync(engine, source.connection_id, first, now)
    total = sync(engine, source.connection_id, second, now + LATER)

    assert (first.asked, second.asked) == ([None], [{"after": "2"}])
    assert total == Saved(new=3)
    assert len(rows(engine, time_entry)) == 5
    assert rows(engine, bookmark)[0]["rows"] == 5


def test_a_sync_cut_off_goes_on_after_the_last_page_kept(engine: Engine, source: Source, now: datetime) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync(engine, source.connection_id, Numbers(4), now, told=stop)

    assert sync(engine, source.connection_id, Numbers(4), now) == Saved(new=3)


@pytest.mark.parametrize(
    ("ours", "theirs", "result"),
    [
        ("2026-11-10T10:00:00Z", "2026-11-10T09:59:59.5Z", "older"),
        ("2026-11-10T09:59:59.5Z", "2026-11-10T10:00:00Z", "changed"),
        ("2026-11-10T10:00:00Z", "2026-11-10T11:30:00+02:00", "older"),
        ("9", "10", "changed"),
        ("10", "9", "older"),
    ],
)
def test_versions_compare_as_the_instants_or_counts_they_are(
    engine: Engine, company: str, ours: str, theirs: str, result: str
) -> None:
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company, "push", NOW))
        said = [
            save_told(conn, source, Stream.COSTS, Page((a_cost(amount, version),), {}), NOW)[1]
            for amount, version in ((1, ours), (2, theirs))
        ]

    assert said == [{"c1": "new"}, {"c1": result}]


def a_cost(amount: int, version: str) -> Cost:
    return Cost(
        external_id="c1",
        incurred_on=date(2026, 1, 31),
        kind=CostKind.SOFTWARE,
        amount=Decimal(amount),
        source_version=version,
    )
