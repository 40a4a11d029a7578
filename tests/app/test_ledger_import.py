"""Ledger files: compared with what we hold, applied whole, and what they say no more is marked, never lost."""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, RowMapping, Table, select, update

from app.db import read, write
from app.imports import ImportRow, TieOut, current_imports, tie_out
from app.ledger import Preview
from app.ledger_files import apply_file, faults_of, refused_lines, stage_file
from app.models.core import company as company_table
from app.models.ledger import ledger_entry, ledger_line, staged_entry, staged_line
from app.models.records import record_version
from app.staging import LedgerFile, Staged

LATER = timedelta(days=1)
HEADER = (
    "JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\tCompAuxLib\tPieceRef\t"
    "PieceDate\tEcritureLib\tDebit\tCredit\tEcritureLet\tDateLet\tValidDate\tMontantdevise\tIdevise"
)
NAME = "123456782FEC20261231.txt"


def entry(
    number: int, euros: str = "100,00", day: str = "20260310", letter: str = "", journal: str = "VT"
) -> list[str]:
    """Write a sale's two lines."""
    head = f"{journal}\tVentes\t{number}\t{day}"
    tail = f"{day}\tVente {number}"
    lettered = f"{letter}\t{day if letter else ''}\t{day}\t\t"
    return [
        f"{head}\t411000\tClients\tC1\tBoulangerie\tFA{number}\t{tail}\t{euros}\t0,00\t{lettered}",
        f"{head}\t706000\tPrestations\t\t\tFA{number}\t{tail}\t0,00\t{euros}\t\t\t{day}\t\t",
    ]


@dataclass(frozen=True)
class Ledger:
    """A company whose ledger files come in."""

    engine: Engine
    company_id: str
    folder: Path
    now: datetime

    def file(self, *entries: list[str], name: str = NAME) -> LedgerFile:
        path = self.folder / f"{len(list(self.folder.iterdir()))}.txt"
        path.write_bytes("\r\n".join([HEADER, *(line for lines in entries for line in lines), ""]).encode())
        return LedgerFile(path, name)

    def stage(self, *entries: list[str], name: str = NAME, days: int = 0) -> tuple[Staged, Preview]:
        return stage_file(self.engine, self.company_id, self.file(*entries, name=name), self.now + days * LATER)

    def take(self, *entries: list[str], name: str = NAME, days: int = 0) -> Preview:
        staged, _ = self.stage(*entries, name=name, days=days)
        return apply_file(self.engine, staged, self.now + days * LATER)

    def rows(self, table: Table) -> list[RowMapping]:
        with read(self.engine) as conn:
            return list(conn.execute(select(table).order_by(*table.primary_key.columns)).mappings())

    def standing(self) -> dict[str, int]:
        """Give the entries that are not gone, with their totals."""
        return {row["number"]: row["total_minor"] for row in self.rows(ledger_entry) if row["gone_at"] is None}

    def tie_out(self) -> list[TieOut]:
        with read(self.engine) as conn:
            return tie_out(conn, self.company_id)

    def current(self) -> list[ImportRow]:
        with read(self.engine) as conn:
            return current_imports(conn, self.company_id)


@pytest.fixture
def ledger(engine: Engine, company: str, tmp_path: Path, now: datetime) -> Ledger:
    folder = tmp_path / "files"
    folder.mkdir()
    return Ledger(engine, company, folder, now)


def test_a_first_file_is_all_new(ledger: Ledger) -> None:
    done = ledger.take(entry(1), entry(2, "7,05"))

    assert done == Preview(new=2, changed=0, unchanged=0, gone=0, held=0)
    assert ledger.standing() == {"1": 10000, "2": 705}
    assert len(ledger.rows(ledger_line)) == 4
    assert ledger.rows(staged_entry) == ledger.rows(staged_line) == []


def test_new_changed_unchanged_and_gone_are_told_before_anything_is_done(ledger: Ledger) -> None:
    ledger.take(entry(1), entry(2), entry(3), entry(5, day="20260331"))

    staged, preview = ledger.stage(entry(2), entry(3, "300,00"), entry(4, day="20260301"), entry(5, day="20260331"))

    assert preview == Preview(new=1, changed=1, unchanged=2, gone=1, held=4)
    assert preview.needs_confirmation
    assert ledger.standing() == {"1": 10000, "2": 10000, "3": 10000, "5": 10000}
    assert apply_file(ledger.engine, staged, ledger.now + LATER) == preview
    assert ledger.standing() == {"2": 10000, "3": 30000, "4": 10000, "5": 10000}


def test_the_same_file_again_changes_nothing(ledger: Ledger) -> None:
    entries = [entry(n, letter="A") for n in range(5)]
    ledger.take(*entries)
    before = [ledger.rows(table) for table in (ledger_entry, ledger_line, record_version)]

    done = ledger.take(*entries, days=1)

    assert done == Preview(new=0, changed=0, unchanged=5, gone=0, held=5)
    assert [ledger.rows(table) for table in (ledger_entry, ledger_line, record_version)] == before


def test_the_order_of_lines_is_not_content(ledger: Ledger) -> None:
    lines = [line for n in range(20) for line in entry(n)]
    ledger.take(lines)
    before = ledger.rows(ledger_entry)
    random.Random(3).shuffle(lines)  # noqa: S311 - an order, not a secret

    done = ledger.take(lines, days=1)

    assert (done.unchanged, done.changed, done.new, done.gone) == (20, 0, 0, 0)
    assert ledger.rows(ledger_entry) == before


def test_a_changed_entry_keeps_what_it_was_line_by_line(ledger: Ledger) -> None:
    ledger.take(entry(1, "100,00"))
    ledger.take(entry(1, "80,00", letter="B"), days=1)

    (version,) = ledger.rows(record_version)
    (row,) = ledger.rows(ledger_entry)
    assert (version["stream"], version["external_id"], version["gone"]) == ("ledger", "2026/VT/1", False)
    assert (version["known_at"], version["superseded_at"]) == (ledger.now, ledger.now + LATER)
    assert version["row"]["total_minor"] == 10000
    was = [(line["account"], line["debit_minor"], line["credit_minor"]) for line in version["row"]["lines"]]
    assert was == [("411000", 10000, 0), ("706000", 0, 10000)]
    assert (row["first_known_at"], row["known_at"], row["total_minor"]) == (ledger.now, ledger.now + LATER, 8000)
    lines = [(line["account"], line["debit_minor"], line["lettering"]) for line in ledger.rows(ledger_line)]
    assert lines == [("411000", 8000, "B"), ("706000", 0, "")]


def test_an_entry_gone_is_marked_and_one_that_returns_stands_again(ledger: Ledger) -> None:
    ledger.take(entry(1), entry(2), entry(3))
    ledger.take(entry(1), entry(3), days=1)

    assert [row["gone_at"] for row in ledger.rows(ledger_entry)] == [None, ledger.now + LATER, None]
    assert len(ledger.rows(ledger_line)) == 6
    assert ledger.tie_out()[0].entries == 2

    done = ledger.take(entry(1), entry(2), entry(3), days=2)

    assert (done.changed, done.unchanged, done.gone) == (1, 2, 0)
    assert ledger.standing() == {"1": 10000, "2": 10000, "3": 10000}
    assert [version["gone"] for version in ledger.rows(record_version)] == [False, True]


@pytest.mark.parametrize(("gone", "asks"), [(1, False), (2, True)])
def test_more_than_one_entry_gone_in_a_hundred_wants_confirming(gone: int, asks: bool, ledger: Ledger) -> None:
    entries = [entry(n) for n in range(100)]
    ledger.take(*entries)

    _, preview = ledger.stage(*entries[gone:])

    assert preview.gone == gone
    assert preview.needs_confirmation is asks


def test_an_entry_the_file_has_but_cannot_be_read_stays_as_it_was(ledger: Ledger) -> None:
    ledger.take(entry(1), entry(2))
    broken = [entry(2)[0].replace("100,00", "cent"), entry(2)[1]]

    staged, preview = ledger.stage(entry(1, "5,00"), broken)
    apply_file(ledger.engine, staged, ledger.now + LATER)

    assert (preview.changed, preview.gone) == (1, 0)
    assert ledger.standing() == {"1": 500, "2": 10000}
    with read(ledger.engine) as conn:
        (line,) = refused_lines(conn, staged.no)
        (fault, *_) = faults_of(conn, staged.no)
    assert (line["entry_key"], line["place"], line["raw"]) == ("2026/VT/2", "4", "cent")
    assert (fault.code, fault.field, fault.kept, fault.n) == ("amount_unreadable", "Debit", False, 1)
    assert ledger.tie_out()[0].refused == 1


def test_a_file_replaces_only_the_days_it_covers(ledger: Ledger) -> None:
    ledger.take(entry(1, day="20260115"), entry(2, day="20260215"), entry(3, day="20260315"))

    done = ledger.take(entry(4, day="20260201"), entry(5, day="20260228"), days=1)

    assert done == Preview(new=2, changed=0, unchanged=0, gone=1, held=1)
    assert sorted(ledger.standing()) == ["1", "3", "4", "5"]


def test_a_file_of_another_year_leaves_the_first_alone(ledger: Ledger) -> None:
    ledger.take(entry(1, day="20250115"), entry(2, day="20251215"), name="FEC20251231.txt")

    done = ledger.take(entry(1, "9,00", day="20260115"), days=1)

    assert done == Preview(new=1, changed=0, unchanged=0, gone=0, held=0)
    assert [(year.fiscal_year, year.entries, year.debit_minor) for year in ledger.tie_out()] == [
        (2025, 2, 20000),
        (2026, 1, 900),
    ]
    assert len(ledger.current()) == 2


def test_one_file_may_cover_several_years(ledger: Ledger) -> None:
    entries = [entry(1, "1,00", day="20241231"), entry(1, "2,00", day="20250101"), entry(2, day="20260101")]

    ledger.take(*entries, name="grand-livre.txt")

    assert [(year.fiscal_year, year.debit_minor) for year in ledger.tie_out()] == [
        (2024, 100),
        (2025, 200),
        (2026, 10000),
    ]
    assert ledger.current()[0].years == (2024, 2025, 2026)
    assert ledger.take(*entries, name="grand-livre.txt", days=1).unchanged == 3


def test_a_year_that_does_not_end_in_december_goes_by_its_closing_month(ledger: Ledger) -> None:
    with write(ledger.engine) as conn:
        conn.execute(update(company_table).values(fiscal_year_end_month=6))

    ledger.take(entry(1, day="20260630"), entry(1, "1,00", day="20260701"), name="export.txt")

    assert [(year.fiscal_year, year.entries) for year in ledger.tie_out()] == [(2026, 1), (2027, 1)]


def test_the_tie_out_is_that_of_the_paper(ledger: Ledger) -> None:
    bank = [
        f"BQ\tBanque\t1\t20260401\t{account}\tCompte\t\t\tREL\t20260401\tVirement\t{debit}\t{credit}\t\t\t20260401\t\t"
        for account, debit, credit in (
            ("512000", "70,00", "0,00"),
            ("411000", "0,00", "60,00"),
            ("471000", "0,00", "10,00"),
        )
    ]

    ledger.take(entry(1, "100,00"), entry(2, "0,50"), bank)

    assert ledger.tie_out() == [
        TieOut(
            fiscal_year=2026,
            entries=3,
            lines=7,
            debit_minor=17050,
            credit_minor=17050,
            sales_minor=10050,
            balances={"401": 0, "411": 10050 - 6000, "471": -1000, "512": 7000},
            refused=0,
        )
    ]
    assert ledger.tie_out()[0].balanced


def test_a_later_file_over_the_same_days_takes_an_earlier_ones_place(ledger: Ledger) -> None:
    ledger.take(entry(1, day="20260301"), entry(2, day="20260331"))
    ledger.take(entry(3, day="20260401"), days=1)
    ledger.take(entry(1, day="20260301"), entry(3, day="20260401"), days=2)

    (one,) = ledger.current()
    assert (one.first_on, one.last_on, one.entries) == (date(2026, 3, 1), date(2026, 4, 1), 2)
    assert one.applied_at == ledger.now + 2 * LATER
