"""The books as they were known at an instant: what we learnt later is not in them."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
from sqlalchemy import Engine, RowMapping, Table, insert, select

from app.assessment import answer_for
from app.books import read_books
from app.companies import add_company, connection_for
from app.db import read, write
from app.declarations import check, save_declaration
from app.facts import refresh_touched
from app.intake import find_source, save_page, sync
from app.known import answer_known, as_known
from app.ledger_files import apply_file, stage_file
from app.models.core import bookmark
from app.models.ledger import ledger_entry, ledger_line
from app.models.people import actor, person
from app.models.records import document, staff
from app.policies import read_policy
from app.staging import LedgerFile
from connectors.base import Page
from connectors.demo import Demo
from connectors.records import Direction, DocumentKind, DocumentStatus, Employee, Invoice, Record, StaffRole, Stream
from signals.books import Books
from signals.calendar import day_number

DAY = timedelta(days=1)
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
    total=Decimal(120),
)
WORKER = Employee(external_id="S1", actor="lea", name="Léa Garrigue", role=StaffRole.ADMIN, hours_per_week=Decimal(30))
HEADER = (
    "JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\tCompAuxLib\tPieceRef\t"
    "PieceDate\tEcritureLib\tDebit\tCredit\tEcritureLet\tDateLet\tValidDate\tMontantdevise\tIdevise"
)


def bring(engine: Engine, company_id: str, now: datetime, *records: Record, stream: Stream = Stream.INVOICES) -> None:
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company_id, "csv", now))
        save_page(conn, source, stream, Page(records, {}), now)


def book(
    engine: Engine, company_id: str, now: datetime, folder: Path, amounts: dict[int, str], letter: str = ""
) -> None:
    """Import a ledger file with a sale for each number and amount."""
    lines = [HEADER]
    for number, euros in amounts.items():
        head, tail = f"VT\tVentes\t{number}\t20260310", f"FA{number}\t20260310\tVente"
        let = f"{letter}\t{'20260401' if letter else ''}\t20260310\t\t"
        lines.append(f"{head}\t411000\tClients\tC1\tBoulangerie\t{tail}\t{euros}\t0,00\t{let}")
        lines.append(f"{head}\t706000\tVentes\t\t\t{tail}\t0,00\t{euros}\t\t\t20260310\t\t")
    path = folder / "fec.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    staged, _ = stage_file(engine, company_id, LedgerFile(path, "FEC20261231.txt"), now)
    apply_file(engine, staged, now)


def books_now(engine: Engine, company_id: str, as_of: date = JUNE) -> Books:
    with write(engine) as conn:
        refresh_touched(conn, company_id)
    with read(engine) as conn:
        return read_books(conn, company_id, as_of)


def books_known(engine: Engine, company_id: str, at: datetime, as_of: date = JUNE) -> Books:
    then = as_known(engine, company_id, at)
    books = books_now(then, company_id, as_of)
    then.dispose()
    return books


def rows_known(engine: Engine, company_id: str, at: datetime, table: Table) -> list[RowMapping]:
    then = as_known(engine, company_id, at)
    with read(then) as conn:
        rows = list(conn.execute(select(table)).mappings())
    then.dispose()
    return rows


def in_one_order(table: pd.DataFrame) -> list[str]:
    return sorted(map(str, table.to_numpy().tolist()))


def same(one: Books, other: Books) -> bool:
    tables = one.tables.keys() | other.tables.keys()
    return (
        all(in_one_order(one[name]) == in_one_order(other[name]) for name in tables)
        and one.declarations == other.declarations
        and one.imported_on == other.imported_on
    )


def test_an_invoice_corrected_later_is_what_it_was_before(engine: Engine, company: str, now: datetime) -> None:
    bring(engine, company, now, INVOICE)
    bring(engine, company, now + 2 * DAY, replace(INVOICE, issued_on=date(2026, 4, 2), total=Decimal(90)))

    for at, day, total in (
        (now, date(2026, 3, 10), 12000),
        (now + 2 * DAY - timedelta(seconds=1), date(2026, 3, 10), 12000),
        (now + 2 * DAY, date(2026, 4, 2), 9000),
    ):
        books = books_known(engine, company, at)
        assert books["documents"][["issued_day", "total_minor"]].to_numpy().tolist() == [[day_number(day), total]]
        assert books["issue_days"]["issued_day"].tolist() == [day_number(day)]  # facts too


def test_a_version_comes_back_as_the_row_it_was(engine: Engine, company: str, now: datetime) -> None:
    bring(engine, company, now, WORKER, stream=Stream.STAFF)
    bring(engine, company, now, INVOICE)
    with read(engine) as conn:
        before = [dict(conn.execute(select(table)).mappings().one()) for table in (staff, document)]
    bring(engine, company, now + DAY, replace(WORKER, hours_per_week=Decimal("17.5")), stream=Stream.STAFF)
    bring(engine, company, now + DAY, replace(INVOICE, paid_on=date(2026, 5, 5)))

    assert [dict(rows_known(engine, company, now, table)[0]) for table in (staff, document)] == before


def test_what_was_learnt_later_is_not_there(engine: Engine, company: str, now: datetime) -> None:
    bring(engine, company, now, INVOICE)
    bring(engine, company, now + DAY, replace(INVOICE, external_id="F2"))
    with write(engine) as conn:
        for at, hours in ((now, 3), (now + DAY, 9)):
            said = {"signed_by": "M. Lefèvre", "director_hours": hours, "limits": {"director_hours_limit": hours}}
            save_declaration(conn, company, check(said, at.date()), at)

    then = as_known(engine, company, now)

    with read(then) as conn:
        books = read_books(conn, company, (now + DAY).date())
        assert books["documents"]["external_id"].tolist() == ["F1"]
        assert [d.director_hours.low for d in books.declarations if d.director_hours] == [3.0]
        assert read_policy(conn, company, (now + DAY).date(), frozenset()).director_hours_limit == 3.0
    then.dispose()


def test_before_the_first_import_nothing_was_known(engine: Engine, company: str, now: datetime) -> None:
    bring(engine, company, now, INVOICE)

    books = books_known(engine, company, now - DAY)

    assert {name: len(table) for name, table in books.tables.items() if len(table)} == {}
    assert books.imported_on is None


def test_an_entry_changed_or_gone_since_stands_as_it_was_lines_and_all(
    engine: Engine, company: str, now: datetime, tmp_path: Path
) -> None:
    book(engine, company, now, tmp_path, {1: "100,00", 2: "50,00", 3: "7,00"})
    before = books_now(engine, company)
    with read(engine) as conn:
        lines = sorted(str(dict(row)) for row in conn.execute(select(ledger_line)).mappings())
    book(engine, company, now + DAY, tmp_path, {1: "80,00", 2: "50,00", 4: "9,00"}, letter="A")

    then, now_on = books_known(engine, company, now), books_known(engine, company, now + DAY)

    assert same(then, before)
    assert sorted(str(dict(row)) for row in rows_known(engine, company, now, ledger_line)) == lines
    assert not same(now_on, before)
    assert now_on["entries"][["number", "total_minor"]].to_numpy().tolist() == [["1", 8000], ["2", 5000], ["4", 900]]


def test_an_entry_gone_and_come_back_was_not_there_in_between(
    engine: Engine, company: str, now: datetime, tmp_path: Path
) -> None:
    both = {1: "100,00", 2: "50,00"}
    for days, amounts in enumerate((both, {1: "100,00"}, both, {1: "100,00"})):
        book(engine, company, now + days * DAY, tmp_path, amounts)

    known = [rows_known(engine, company, now + days * DAY, ledger_entry) for days in range(4)]

    numbers = [sorted(row["number"] for row in rows) for rows in known]
    assert numbers == [["1", "2"], ["1"], ["1", "2"], ["1"]]


def test_what_is_known_now_is_what_the_books_say(engine: Engine, company: str, now: datetime, tmp_path: Path) -> None:
    book(engine, company, now, tmp_path, {1: "100,00", 2: "50,00"})
    for days in range(3):
        changed = replace(INVOICE, total=Decimal(100 + days), paid_on=date(2026, 5, 1 + days))
        bring(engine, company, now + days * DAY, changed, replace(INVOICE, external_id=f"G{days}"))
        bring(engine, company, now + days * DAY, replace(WORKER, hours_per_week=Decimal(days)), stream=Stream.STAFF)
    book(engine, company, now + DAY, tmp_path, {1: "80,00"})

    assert same(books_known(engine, company, now + 9 * DAY), books_now(engine, company))


def test_a_company_that_grows_is_known_then_as_it_was_read_then(sqlite_engine: Engine, now: datetime) -> None:
    """Read a story up to May, then up to August: May's books come back, and so does its answer."""
    engine = sqlite_engine
    with write(engine) as conn:
        company_id = add_company(conn, "Atelier", now, zone="Europe/Paris")
        connection_id = connection_for(conn, company_id, "demo", now)
        begin = {"connection_id": connection_id, "cursor": {"since": "2026-03", "month": "2026-03"}, "read_at": now}
        conn.execute(insert(bookmark), [begin | {"stream": stream.value} for stream in Demo(date(2026, 5, 20)).streams])
    may, august = date(2026, 5, 20), date(2026, 8, 20)
    sync(engine, connection_id, Demo(until=may), now)
    before, answer = books_now(engine, company_id, may), answer_for(engine, company_id, may)[0]

    sync(engine, connection_id, Demo(until=august), now + DAY)

    assert not same(books_now(engine, company_id, may), before)
    assert same(books_known(engine, company_id, now, may), before)
    assert answer_known(engine, company_id, may, now) == answer
    assert same(books_known(engine, company_id, now + DAY, august), books_now(engine, company_id, august))


def test_a_feed_read_since_reaches_to_when_it_last_taught_us_something(
    engine: Engine, company: str, now: datetime
) -> None:
    bring(engine, company, now, INVOICE)
    bring(engine, company, now + 5 * DAY, INVOICE, replace(INVOICE, external_id="F2"))
    bring(engine, company, now + 5 * DAY, WORKER, stream=Stream.STAFF)

    (mark,) = rows_known(engine, company, now + 3 * DAY, bookmark)

    assert (mark["stream"], mark["read_at"], mark["rows"]) == ("invoices", now, 1)


def test_names_of_staff_are_left_out(engine: Engine, company: str, now: datetime) -> None:
    bring(engine, company, now, WORKER, stream=Stream.STAFF)

    assert rows_known(engine, company, now, person) == []
    (known,) = rows_known(engine, company, now, actor)
    assert (known["login"], known["person_id"], known["role"]) == (known["id"], None, "admin")


def test_looking_back_leaves_what_we_have_alone(engine: Engine, company: str, now: datetime) -> None:
    bring(engine, company, now, INVOICE)
    bring(engine, company, now + DAY, replace(INVOICE, total=Decimal(1)))
    before = books_now(engine, company)

    answer_known(engine, company, JUNE, now)

    assert same(books_now(engine, company), before)
