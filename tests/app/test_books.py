"""Rows as books: cut at the end of a day, one source a month, roles from the map."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine

from app.books import RECENT_DAYS, read_books
from app.companies import connection_for
from app.db import read, write
from app.facts import refresh_touched
from app.intake import find_source, save_page
from app.ledger_files import apply_file, stage_file
from app.people import name_actor
from app.staging import LedgerFile
from connectors.base import Page
from connectors.records import (
    Absence,
    Activity,
    Cost,
    CostKind,
    CreditReason,
    Direction,
    DocumentKind,
    DocumentStatus,
    Employee,
    Invoice,
    Payment,
    Process,
    Record,
    Reminder,
    StaffRole,
    Stream,
    TimeEntry,
)
from signals.books import Books
from signals.calendar import day_number, month_number

HEADER = (
    "JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\tCompAuxLib\tPieceRef\t"
    "PieceDate\tEcritureLib\tDebit\tCredit\tEcritureLet\tDateLet\tValidDate\tMontantdevise\tIdevise"
)
JUNE = date(2026, 6, 30)
INVOICE = Invoice(
    external_id="F1",
    direction=Direction.SALE,
    kind=DocumentKind.INVOICE,
    status=DocumentStatus.FINAL,
    number="F1",
    party="C1",
    party_label="Boulangerie Tastevin",
    issued_on=date(2026, 3, 10),
    due_on=date(2026, 4, 9),
    total=Decimal(120),
)
STREAMS = {
    Invoice: Stream.INVOICES,
    Payment: Stream.PAYMENTS,
    Reminder: Stream.REMINDERS,
    Activity: Stream.ACTIVITIES,
    Employee: Stream.STAFF,
    Absence: Stream.ABSENCES,
    TimeEntry: Stream.TIME,
    Cost: Stream.COSTS,
}


def bring(engine: Engine, company_id: str, now: datetime, *records: Record, provider: str = "csv") -> None:
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company_id, provider, now))
        for record in records:
            save_page(conn, source, STREAMS[type(record)], Page((record,), {}), now)


def book(engine: Engine, company_id: str, now: datetime, folder: Path, *lines: Iterable[str]) -> None:
    path = folder / "fec.txt"
    path.write_text("\n".join([HEADER, *(line for entry in lines for line in entry)]), encoding="utf-8")
    staged, _ = stage_file(engine, company_id, LedgerFile(path, "FEC20261231.txt"), now)
    apply_file(engine, staged, now)


def entry(journal: str, number: str, day: str, piece: str, debit: str, credit: str) -> list[str]:
    head, tail = f"{journal}\tJournal\t{number}\t{day}", f"{piece}\t{day}\tÉcriture"
    return [
        f"{head}\t{account}\tCompte\t\t\t{tail}\t{amounts}\t\t\t{day}\t\t"
        for account, amounts in ((debit, "120,00\t0,00"), (credit, "0,00\t120,00"))
    ]


def books_on(engine: Engine, company_id: str, day: date) -> Books:
    with write(engine) as conn:
        refresh_touched(conn, company_id)
    with read(engine) as conn:
        return read_books(conn, company_id, day)


def listed(table: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return sorted(tuple(row) for row in table[list(columns)].to_numpy().tolist())


def paid(key: str, day: date, amount: str) -> Payment:
    return Payment(external_id=key, invoice_id="F1", paid_on=day, amount=Decimal(amount))


def test_a_source_that_lists_payments_has_paid_its_invoice_with_the_one_that_makes_it_whole(
    engine: Engine, company: str, now: datetime
) -> None:
    bring(engine, company, now, INVOICE, paid("P1", date(2026, 4, 20), "100"))
    in_part = books_on(engine, company, JUNE)
    bring(engine, company, now, paid("P2", date(2026, 5, 4), "20"))
    whole, before = books_on(engine, company, JUNE), books_on(engine, company, date(2026, 5, 3))

    assert in_part["overdue"]["paid_day"].isna().all()
    assert whole["documents"]["paid_day"].tolist() == [day_number(date(2026, 5, 4))]
    assert whole["overdue"]["paid_day"].tolist() == [day_number(date(2026, 5, 4))]
    assert before["overdue"]["paid_day"].isna().all()


def test_paid_in_time_by_its_payments_an_invoice_was_never_overdue(engine: Engine, company: str, now: datetime) -> None:
    bring(engine, company, now, INVOICE, paid("P1", date(2026, 4, 9), "120"))

    assert books_on(engine, company, JUNE)["overdue"].empty


def test_credited_in_full_an_invoice_is_owed_no_more_and_in_part_it_is(
    engine: Engine, company: str, now: datetime
) -> None:
    note = replace(
        INVOICE, external_id="A1", number="A1", kind=DocumentKind.CREDIT_NOTE, corrects="F1",
        issued_on=date(2026, 5, 11), total=Decimal(50),
    )  # fmt: skip
    bring(engine, company, now, INVOICE, note)
    in_part = books_on(engine, company, JUNE)["overdue"]
    bring(engine, company, now, replace(note, total=Decimal(120)))
    whole = books_on(engine, company, JUNE)["overdue"]

    assert in_part["cancelled_day"].isna().all()
    assert whole["cancelled_day"].tolist() == [day_number(date(2026, 5, 11))]


def test_an_invoice_paid_after_the_day_is_unpaid_on_it(engine: Engine, company: str, now: datetime) -> None:
    bring(engine, company, now, replace(INVOICE, paid_on=date(2026, 5, 4)))

    on_may_3 = books_on(engine, company, date(2026, 5, 3))
    on_may_4 = books_on(engine, company, date(2026, 5, 4))

    assert on_may_3["documents"]["paid_day"].isna().all()
    assert on_may_3["overdue"]["paid_day"].isna().all()
    assert on_may_4["documents"]["paid_day"].tolist() == [day_number(date(2026, 5, 4))]
    assert on_may_4["overdue"]["paid_day"].tolist() == [day_number(date(2026, 5, 4))]


def test_what_happened_after_the_day_is_not_in_the_books(engine: Engine, company: str, now: datetime) -> None:
    march, april = date(2026, 3, 10), date(2026, 4, 10)
    records = [
        replace(INVOICE, corrected_on=april),
        replace(INVOICE, external_id="F2", issued_on=april),
        replace(INVOICE, external_id="A1", kind=DocumentKind.CREDIT_NOTE, issued_on=april, corrects="F1"),
    ]
    for day in (march, april):
        n = day.isoformat()
        dated: list[Record] = [
            Reminder(external_id=n, invoice_id="F1", sent_on=day),
            TimeEntry(external_id=n, actor="lea", worked_on=day, minutes=60, process=Process.BANK),
            Cost(external_id=n, incurred_on=day, kind=CostKind.FEES, amount=Decimal(10)),
            Employee(external_id="S1", actor="lea", entered_on=march, left_on=april),
            Absence(external_id=n, employee_id="S1", start_on=day, end_on=day + timedelta(days=40)),
        ]
        bring(engine, company, now, *dated)
    bring(engine, company, now, *records)

    books = books_on(engine, company, date(2026, 3, 31))

    assert listed(books["documents"], "external_id") == [("F1",)]
    assert books["documents"]["corrected_day"].isna().all()
    assert books["corrections"]["corrected_day"].isna().all()
    assert listed(books["reminders"], "sent_day") == [(day_number(march),)]
    assert listed(books["hours"], "minutes") == [(60,)]
    assert listed(books["costs"], "month", "amount_minor") == [(month_number(march), 1000)]
    assert books["staff"]["left_day"].isna().all()
    assert listed(books["absences"], "start_day", "end_day") == [(day_number(march), day_number(date(2026, 3, 31)))]
    assert listed(books["volume"], "month", "n") == [(month_number(march), 1)]


def test_an_error_shows_on_the_day_it_was_first_put_right(engine: Engine, company: str, now: datetime) -> None:
    note = replace(INVOICE, external_id="A1", kind=DocumentKind.CREDIT_NOTE, issued_on=date(2026, 4, 1), corrects="F1")
    records: list[Record] = [
        replace(INVOICE, corrected_on=date(2026, 5, 1)),
        replace(note, credit_reason=CreditReason.ERROR),
        replace(INVOICE, external_id="F2"),
        replace(note, external_id="A2", corrects="F2", credit_reason=CreditReason.COMMERCIAL),
    ]
    bring(engine, company, now, *records)

    corrections = books_on(engine, company, JUNE)["corrections"]

    shown = corrections["corrected_day"].dropna().tolist()
    assert shown == [day_number(date(2026, 4, 1))]
    assert corrections["n"].sum() == 2


def test_a_list_counts_for_its_months_and_direction_and_the_ledger_for_the_rest(
    engine: Engine, company: str, now: datetime, tmp_path: Path
) -> None:
    sales = [entry("VT", str(n), f"20260{2 + n}10", f"F{n}", "411000", "706000") for n in (1, 2)]
    book(engine, company, now, tmp_path, *sales, entry("AC", "3", "20260310", "X9", "606400", "401000"))
    bring(engine, company, now, INVOICE)

    books = books_on(engine, company, JUNE)

    march, april = month_number(date(2026, 3, 1)), month_number(date(2026, 4, 1))
    assert listed(books["documents"], "direct", "direction", "external_id") == [
        (False, "purchase", "2026/AC/3"),
        (False, "sale", "2026/VT/2"),
        (True, "sale", "F1"),
    ]
    assert listed(books["volume"], "month", "direction", "direct", "n") == [
        (march, "purchase", False, 1),
        (march, "sale", True, 1),
        (april, "sale", False, 1),
    ]
    assert len(books["entries"]) == 3


@pytest.mark.parametrize("order", [("csv", "demo"), ("demo", "csv")])
def test_an_api_counts_before_a_list(order: tuple[str, str], engine: Engine, company: str, now: datetime) -> None:
    for n, provider in enumerate(order):
        bring(engine, company, now + timedelta(n), replace(INVOICE, external_id=provider), provider=provider)

    books = books_on(engine, company, JUNE)

    assert listed(books["documents"], "external_id") == [("demo",)]
    assert listed(books["overdue"], "external_id") == [("demo",)]
    assert books["issue_days"]["n"].sum() == books["corrections"]["n"].sum() == books["volume"]["n"].sum() == 1


def test_roles_are_those_of_the_map(engine: Engine, company: str, now: datetime) -> None:
    done_at = datetime(2026, 3, 10, 9, 0, tzinfo=now.tzinfo)
    records: list[Record] = [
        TimeEntry(external_id="1", actor="lea", worked_on=date(2026, 3, 10), minutes=60, process=Process.BANK),
        Activity(external_id="1", actor="paul", process=Process.TAX, action="file", done_at=done_at),
        Employee(external_id="S1", actor="lea", role=StaffRole.OTHER),
        Employee(external_id="S2", actor="paul", role=StaffRole.ADMIN),
    ]
    bring(engine, company, now, *records)
    with write(engine) as conn:
        name_actor(conn, company, "lea", now, name=None, role="director", ours=True)

    books = books_on(engine, company, JUNE)

    assert listed(books["hours"], "role", "minutes") == [("director", 60)]
    assert listed(books["events"], "process", "role") == [("bank", "director"), ("tax", "admin")]
    assert listed(books["staff"], "role") == [("admin",), ("director",)]


def test_time_stands_in_only_for_a_process_nothing_else_tells_of(engine: Engine, company: str, now: datetime) -> None:
    day, done_at = date(2026, 3, 10), datetime(2026, 3, 10, 9, 0, tzinfo=now.tzinfo)
    records: list[Record] = [
        Activity(external_id="1", actor="lea", process=Process.TAX, action="file", done_at=done_at),
        TimeEntry(external_id="1", actor="paul", worked_on=day, minutes=60, process=Process.TAX),
        TimeEntry(external_id="2", actor="paul", worked_on=day, minutes=60, process=Process.BANK),
    ]
    bring(engine, company, now, *records)

    events = books_on(engine, company, JUNE)["events"]

    assert listed(events, "process", "n") == [("bank", 1), ("tax", 1)]
    assert events["actor"].nunique() == 2


def test_documents_are_those_of_the_recent_months(engine: Engine, company: str, now: datetime) -> None:
    first = JUNE - timedelta(days=RECENT_DAYS)
    old = replace(INVOICE, external_id="old", issued_on=first - timedelta(days=1))
    bring(engine, company, now, old, replace(INVOICE, issued_on=first))

    books = books_on(engine, company, JUNE)

    assert books.recent_from == first
    assert listed(books["documents"], "external_id", "party_label") == [("F1", "Boulangerie Tastevin")]
    assert books["issue_days"]["n"].sum() == 2  # facts go all the way back


def test_drafts_and_invoices_without_a_date_are_no_documents(engine: Engine, company: str, now: datetime) -> None:
    bring(engine, company, now, replace(INVOICE, status=DocumentStatus.DRAFT))
    bring(engine, company, now, replace(INVOICE, external_id="F2", issued_on=None))

    books = books_on(engine, company, JUNE)

    assert [len(books[name]) for name in ("documents", "overdue", "volume", "issue_days")] == [0, 0, 0, 0]


WriteSale = Callable[[int, str], list[list[str]]]


def odoo(n: int, day: str) -> list[list[str]]:
    """Write a sale whose number is the entry's, and its payment, which cites it."""
    number = f"INV/2026/{n:05d}"
    return [
        entry("INV", number, day, f"BC-{n * n}", "411000", "706000"),
        entry("BNK1", f"PBNK1/2026/{n:05d}", day, number, "512000", "411000"),
    ]


def dolibarr(n: int, day: str) -> list[list[str]]:
    """Write a sale whose number is the piece's, and its payment; entries count over all journals."""
    return [
        entry("VT", str(2 * n), day, f"FA-{n:04d}", "411000", "706000"),
        entry("BQ", str(2 * n + 1), day, f"Facture FA-{n:04d}", "512000", "411000"),
    ]


@pytest.mark.parametrize(("write_sale", "form"), [(odoo, "INV/2026/{:05d}"), (dolibarr, "FA-{:04d}")])
def test_a_document_read_off_an_entry_has_the_number_its_software_gave_it(
    write_sale: WriteSale, form: str, engine: Engine, company: str, now: datetime, tmp_path: Path
) -> None:
    entries = [one for n in range(1, 13) for one in write_sale(n, f"202604{n:02d}")]
    book(engine, company, now, tmp_path, *entries)

    documents = books_on(engine, company, JUNE)["documents"]

    assert listed(documents, "number", "direction", "total_minor") == [
        (form.format(n), "sale", 12000.0) for n in range(1, 13)
    ]


def test_books_are_of_one_moment_whatever_is_saved_meanwhile(engine: Engine, company: str, now: datetime) -> None:
    bring(engine, company, now, INVOICE)
    books_on(engine, company, JUNE)

    with read(engine) as conn:
        before = read_books(conn, company, JUNE)
        bring(engine, company, now, replace(INVOICE, external_id="F2"))
        after = read_books(conn, company, JUNE)

    assert listed(after["documents"], "external_id") == listed(before["documents"], "external_id") == [("F1",)]


def test_documents_say_when_they_were_entered_by_the_clock_of_their_source_and_whether_there_is_a_file(
    engine: Engine, company: str, now: datetime
) -> None:
    just_after_midnight_in_paris = datetime(2026, 3, 11, 23, 5, tzinfo=UTC)
    said = replace(INVOICE, created_at=just_after_midnight_in_paris, has_attachment=False)
    bring(engine, company, now, said, replace(INVOICE, external_id="F2", has_attachment=True))

    documents = books_on(engine, company, JUNE)["documents"].set_index("external_id")

    assert documents.loc["F1", "entered_minute"] == day_number(date(2026, 3, 12)) * 24 * 60 + 5
    assert documents["attached"].to_dict() == {"F1": 0, "F2": 1}
    assert documents["entered_minute"].isna()["F2"]
