"""Reading goes on where it was: streams begun anew, rows that went, faults tried again by a newer Seuil."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, Table, select, update

from app import intake
from app.companies import connection_for
from app.db import read, write
from app.intake import Saved, Source, bury, find_source, save_page
from app.models.core import bookmark, touched_month
from app.models.records import document, quarantined, record_version
from app.rows import to_rows
from app.sources import find_connection, sync_connection
from connectors.base import Cursor, Fault, Keys, Page, Pages
from connectors.errors import StartOver, Unavailable
from connectors.records import Stream
from tests.conftest import NOW
from tests.small_source import invoice

EVERY, DAY = timedelta(hours=6), timedelta(days=1)


@dataclass
class Told:
    """A source that gives the pages it is told to, and notes from where it was asked."""

    pages: list[Page]
    knows_since: int = 0  # a bookmark before this leads nowhere
    asked: list[Cursor | None] = field(default_factory=list)
    name: ClassVar[str] = "demo"

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        return {Stream.INVOICES: self._pages}

    def _pages(self, cursor: Cursor | None) -> Iterator[Page]:
        self.asked.append(cursor)
        at = int(cursor["at"]) if cursor else 0
        if cursor is not None and at < self.knows_since:
            raise StartOver
        yield from self.pages[at:]


def page(at: int, *numbers: int, faults: tuple[Fault, ...] = (), gone: tuple[str, ...] = ()) -> Page:
    return Page(tuple(map(invoice, numbers)), {"at": str(at)}, faults, gone)


@dataclass
class Reader:
    """A connection that is read by hand."""

    engine: Engine
    source: Source

    def read(self, told: Told, days: int = 0) -> Saved | None:
        return sync_connection(
            self.engine, self.source.connection_id, lambda: NOW + days * DAY, every=EVERY, connect=lambda *_: told
        )

    def bring(self, brought: Page, days: int = 0) -> Saved:
        with write(self.engine) as conn:
            return save_page(conn, self.source, Stream.INVOICES, brought, NOW + days * DAY)

    def rows(self, table: Table) -> list[dict[str, object]]:
        with read(self.engine) as conn:
            found = conn.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            return [dict(row) for row in found]

    @property
    def standing(self) -> list[object]:
        return [row["external_id"] for row in self.rows(document) if row["gone_at"] is None]


@pytest.fixture
def reader(engine: Engine, company: str) -> Reader:
    with write(engine) as conn:
        return Reader(engine, find_source(conn, connection_for(conn, company, "demo", NOW)))


# A bookmark that leads nowhere


def test_a_source_that_forgot_is_read_from_its_beginning_and_that_is_said(reader: Reader) -> None:
    reader.read(Told([page(1, 1), page(2, 2)]))
    forgetful = Told([page(1, 1), page(2, 2), page(3, 3)], knows_since=3)

    assert reader.read(forgetful, days=1) == Saved(new=1, unchanged=2)
    assert forgetful.asked == [{"at": "2"}, None]
    (mark,) = reader.rows(bookmark)
    assert (mark["cursor"], mark["started_over_at"]) == ({"at": "3"}, NOW + DAY)


def test_beginning_anew_doubles_and_loses_nothing(reader: Reader) -> None:
    pages = [page(n, 2 * n, 2 * n + 1) for n in range(1, 6)]
    reader.read(Told(pages))
    before = reader.rows(document)

    reader.read(Told(pages, knows_since=9), days=1)

    assert reader.rows(document) == before
    assert reader.rows(record_version) == []


def test_cut_off_while_beginning_anew_it_goes_on_there(reader: Reader) -> None:
    reader.read(Told([page(1, 1), page(2, 2)]))

    @dataclass
    class Failing(Told):
        def _pages(self, cursor: Cursor | None) -> Iterator[Page]:
            for n, one in enumerate(super()._pages(cursor)):
                if n == 1:
                    raise Unavailable(code="timed_out", params={"host": "books.example"})
                yield one

    assert reader.read(Failing([page(1, 1), page(2, 2), page(3, 3)], knows_since=3), days=1) is None
    going_on = Told([page(1, 1), page(2, 2), page(3, 3)])
    reader.read(going_on, days=2)

    assert going_on.asked == [{"at": "1"}]
    assert reader.standing == ["F1", "F2", "F3"]


def test_away_before_its_first_page_it_begins_anew_all_the_same(reader: Reader) -> None:
    reader.read(Told([page(1, 1), page(2, 2)]))

    class Away(Told):
        def _pages(self, cursor: Cursor | None) -> Iterator[Page]:
            if cursor is not None:
                raise StartOver
            raise Unavailable(code="timed_out", params={"host": "books.example"})
            yield

    reader.read(Away([]), days=1)
    going_on = Told([page(1, 1), page(2, 2), page(3, 3)])
    reader.read(going_on, days=2)

    assert going_on.asked == [None]
    assert reader.rows(bookmark)[0]["started_over_at"] == NOW + DAY


def test_what_went_while_the_source_forgot_is_missed_at_once(reader: Reader) -> None:
    class Listed(Told):
        @property
        def keys(self) -> Mapping[Stream, Keys]:
            return {Stream.INVOICES: lambda: iter([tuple(r.external_id for one in self.pages for r in one.records)])}

    reader.read(Listed([page(1, 1), page(2, 2)]))
    reader.read(Listed([page(1, 1), page(2)]), days=1)
    before = reader.standing
    reader.read(Listed([page(1, 1), page(2)], knows_since=9), days=2)

    assert before == ["F1", "F2"]  # its week was not over
    assert reader.standing == ["F1"]


def test_a_source_that_knows_not_even_its_beginning_is_in_trouble(reader: Reader) -> None:
    class Lost(Told):
        def _pages(self, _: Cursor | None) -> Iterator[Page]:
            raise StartOver
            yield

    assert reader.read(Lost([])) is None
    with read(reader.engine) as conn:
        assert find_connection(conn, reader.source.connection_id)["trouble"] == "source_unavailable"


def test_a_source_that_repeats_itself_is_left_and_said_so(reader: Reader) -> None:
    class Circling(Told):
        def _pages(self, _: Cursor | None) -> Iterator[Page]:
            n = 0
            while True:
                n += 1
                yield page(n, 1, 2)

    assert reader.read(Circling([])) is None
    assert reader.standing == ["F1", "F2"]


# Rows that went


def test_a_row_that_the_source_says_is_gone_keeps_what_it_was(reader: Reader) -> None:
    reader.bring(page(1, 1, 2))
    reader.bring(page(2, gone=("F1", "unheard of")), days=1)

    (past,) = reader.rows(record_version)
    assert reader.standing == ["F2"]
    assert (past["external_id"], past["known_at"], past["superseded_at"], past["gone"]) == ("F1", NOW, NOW + DAY, False)
    assert reader.rows(document)[0]["known_at"] == NOW + DAY


def test_gone_twice_is_gone_once(reader: Reader) -> None:
    reader.bring(page(1, 1))
    reader.bring(page(2, gone=("F1",)), days=1)
    before = reader.rows(document), reader.rows(record_version)

    reader.bring(page(3, gone=("F1", "F1")), days=2)

    assert (reader.rows(document), reader.rows(record_version)) == before


def test_a_row_that_comes_back_stands_again_even_unchanged(reader: Reader) -> None:
    reader.bring(page(1, 1))
    reader.bring(page(2, gone=("F1",)), days=1)

    assert reader.bring(page(3, 1), days=2) == Saved(changed=1)
    (row,) = reader.rows(document)
    assert (row["gone_at"], row["first_known_at"], row["known_at"]) == (None, NOW, NOW + 2 * DAY)
    assert [each["gone"] for each in reader.rows(record_version)] == [False, True]


def test_an_older_version_does_not_bring_a_row_back(reader: Reader) -> None:
    newer, older = (replace(invoice(1), source_version=version) for version in ("9", "8"))
    reader.bring(Page((newer,), {"at": "1"}))
    reader.bring(page(2, gone=("F1",)), days=1)

    reader.bring(Page((older,), {"at": "3"}), days=2)

    assert reader.standing == []


def test_the_months_of_what_went_are_marked_and_the_connection_has_news(reader: Reader) -> None:
    reader.bring(page(1, 1))
    with write(reader.engine) as conn:
        conn.execute(touched_month.delete())

    assert bury(reader.engine, reader.source.connection_id, Stream.INVOICES, ["F1"], NOW + DAY) == 1
    assert len(reader.rows(touched_month)) == 1
    with read(reader.engine) as conn:
        assert find_connection(conn, reader.source.connection_id)["changed_at"] == NOW + DAY


def test_many_rows_change_and_go_at_once(reader: Reader) -> None:
    many = range(1, 1201)
    reader.bring(page(1, *many))
    paid = tuple(replace(invoice(n), total=Decimal(n)) for n in many)

    assert reader.bring(Page(paid, {"at": "2"}), days=1) == Saved(changed=len(many) - 1, unchanged=1)  # one cost 120
    reader.bring(page(3, gone=tuple(f"F{n}" for n in many if n % 2)), days=2)

    rows = {row["external_id"]: row for row in reader.rows(document)}
    assert all(rows[f"F{n}"]["total_minor"] == n * 100 for n in many)
    assert {key for key, row in rows.items() if row["gone_at"]} == {f"F{n}" for n in many if n % 2}
    assert len(reader.rows(record_version)) == len(many) - 1 + len(many) // 2


# Rows that could not be read


FAULT = Fault("csv_value_unreadable", "F2", "x", {"column": "total", "value": "x"})


def test_a_row_that_can_be_read_again_leaves_the_quarantine(reader: Reader) -> None:
    reader.bring(page(1, 1, faults=(FAULT,)))
    reader.bring(page(2, 2), days=1)

    assert reader.rows(quarantined) == []


def test_a_row_that_still_makes_no_sense_is_set_aside_once(reader: Reader) -> None:
    for day in range(3):
        reader.bring(page(1, 1, faults=(FAULT,)), days=day)

    (aside,) = reader.rows(quarantined)
    assert aside["found_at"] == NOW + 2 * DAY


def test_a_newer_seuil_tries_what_an_older_one_could_not_read(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Told([page(1, 1, faults=(FAULT,)), page(2, 3)])
    reader.read(first)
    same = Told([page(1, 1, faults=(FAULT,)), page(2, 3)])
    reader.read(same, days=1)
    monkeypatch.setattr(intake, "VERSION", "9.9.9")
    newer = Told([page(1, 1, 2), page(2, 3)])
    reader.read(newer, days=2)

    assert (same.asked, newer.asked) == ([{"at": "2"}], [None])
    assert reader.standing == ["F1", "F2", "F3"]
    assert reader.rows(quarantined) == []


def test_a_stream_without_faults_is_not_read_anew_by_a_newer_seuil(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.read(Told([page(1, 1)]))
    monkeypatch.setattr(intake, "VERSION", "9.9.9")
    newer = Told([page(1, 1)])
    reader.read(newer, days=1)

    assert newer.asked == [{"at": "1"}]


def test_faults_of_files_are_no_business_of_a_source(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    reader.bring(page(1, 1, faults=(FAULT,)))
    with write(reader.engine) as conn:
        conn.execute(update(quarantined).values(import_no=1))
    monkeypatch.setattr(intake, "VERSION", "9.9.9")
    reader.read(Told([page(1, 1)]))

    assert len(reader.rows(quarantined)) == 1


def test_characters_that_no_database_keeps_stop_no_page(reader: Reader) -> None:
    odd = replace(invoice(1), number="F\0 1\ud800", party="C\u00a01")
    fault = Fault("csv_value_unreadable", "9" * 300, "\0x\udfff", {"column": "total", "value": "\0"})

    reader.bring(Page((odd,), {"at": "1"}, (fault, fault)))
    saved = reader.bring(Page((odd,), {"at": "2"}), days=1)

    (row,) = reader.rows(document)
    assert saved == Saved(unchanged=1)
    assert (row["number"], row["party"]) == ("F 1?", "C\u00a01")
    assert {each["raw"] for each in reader.rows(quarantined)} == {"x?"}


# What the digest of a row is


def test_the_digest_of_a_row_stays_what_it_was() -> None:
    one = replace(invoice(1), party='Œ "quoted"', author="ada", has_attachment=True, source_version="7")
    (row,) = to_rows([one], {"ada": "0190"}, ZoneInfo("Europe/Paris"))

    assert (
        row["row_hash"] == "56cc7df4f59c9f627bc2a25c9b388131"
    )  # stored rows have it: another would make them all look changed
