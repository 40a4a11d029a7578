"""Whose a ledger file is, and what becomes of one that is never applied."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, update

from app.companies import add_company, find_company, remove_company
from app.db import read, write
from app.errors import NotFound, Refused
from app.facts import FACT_TABLES, refresh_all
from app.ledger import apply
from app.ledger_files import apply_file, company_of_file, find_staged, stage_file
from app.models import metadata
from app.models.core import company as company_table
from app.models.facts import ledger_fact
from app.models.ledger import account, ledger_entry, ledger_import, ledger_line, staged_entry, staged_line
from app.models.people import party
from app.models.records import quarantined
from app.staging import LedgerFile, Staged, sweep
from connectors.errors import NotThisFormat

DAY = timedelta(days=1)
HEADER = (
    "JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\tCompAuxLib\tPieceRef\t"
    "PieceDate\tEcritureLib\tDebit\tCredit\tEcritureLet\tDateLet\tValidDate\tMontantdevise\tIdevise"
)
SALE = (
    "VT\tVentes\t1\t20260310\t411000\tClients\tC1\tBoulangerie\tFA1\t20260310\tVente\t10,00\t0,00\t\t\t20260310\t\t",
    "VT\tVentes\t1\t20260310\t706000\tPrestations\t\t\tFA1\t20260310\tVente\t0,00\t10,00\t\t\t20260310\t\t",
)
BROKEN = tuple(line.replace("\t1\t", "\t2\t").replace("10,00", "dix") for line in SALE)


def a_file(folder: Path, name: str = "export.txt", lines: tuple[str, ...] = (*SALE, *BROKEN)) -> LedgerFile:
    path = folder / "file.txt"
    path.write_text("\n".join([HEADER, *lines]), encoding="utf-8")
    return LedgerFile(path, name)


def count(engine: Engine, *tables: object) -> list[int]:
    with read(engine) as conn:
        return [conn.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]  # type: ignore[arg-type]


def stage(engine: Engine, company_id: str, file: LedgerFile, now: datetime) -> Staged:
    staged, _ = stage_file(engine, company_id, file, now)
    return staged


def siren_of(engine: Engine, company_id: str) -> str | None:
    with read(engine) as conn:
        found: str | None = find_company(conn, company_id)["siren"]
        return found


def test_a_file_of_another_siren_is_refused(engine: Engine, company: str, tmp_path: Path, now: datetime) -> None:
    with pytest.raises(Refused) as refusal:
        stage(engine, company, a_file(tmp_path, "552100554FEC20261231.txt"), now)

    assert refusal.value.code == "another_siren"
    assert refusal.value.params == {"found": "552100554", "company": "Menuiserie Aubrac", "expected": "123456782"}
    assert count(engine, ledger_import, staged_entry) == [0, 0]


def test_a_company_without_a_siren_takes_its_first_files(engine: Engine, tmp_path: Path, now: datetime) -> None:
    with write(engine) as conn:
        company_id = add_company(conn, "Aubrac", now, zone="Europe/Paris")

    staged = stage(engine, company_id, a_file(tmp_path, "552100554FEC20261231.txt"), now)
    assert siren_of(engine, company_id) is None  # not before it is applied
    apply_file(engine, staged, now)

    assert siren_of(engine, company_id) == "552100554"


def test_a_siren_another_company_has_is_not_taken(engine: Engine, company: str, tmp_path: Path, now: datetime) -> None:
    with write(engine) as conn:
        second = add_company(conn, "Aubrac bis", now, zone="Europe/Paris")

    with pytest.raises(Refused, match="siren_known"):
        stage(engine, second, a_file(tmp_path, "123456782FEC20261231.txt"), now)

    assert siren_of(engine, company) == "123456782"


def test_the_demonstration_company_takes_no_files(engine: Engine, tmp_path: Path, now: datetime) -> None:
    with write(engine) as conn:
        demo = add_company(conn, "Démonstration", now, zone="Europe/Paris", is_demo=True)

    with pytest.raises(Refused, match="demo_takes_no_files"):
        stage(engine, demo, a_file(tmp_path), now)


def test_whose_a_file_is_goes_by_its_siren_else_there_is_one_company(
    engine: Engine, company: str, now: datetime
) -> None:
    def owner(name: str) -> str | None:
        with read(engine) as conn:
            found = company_of_file(conn, name)
        return None if found is None else str(found["id"])

    assert owner("export.txt") == company
    with write(engine) as conn:
        second = add_company(conn, "Aubrac bis", now, siren="552100554", zone="Europe/Paris")
        add_company(conn, "Démonstration", now, zone="Europe/Paris", is_demo=True)
    assert owner("export.txt") is None
    assert owner("552100554FEC20261231.txt") == second
    assert owner("123456782FEC20261231.txt") == company


def test_what_is_no_fec_leaves_no_trace(engine: Engine, company: str, tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "photo.txt"
    path.write_bytes(b"%PDF-1.7")

    with pytest.raises(NotThisFormat):
        stage(engine, company, LedgerFile(path, "photo.txt"), now)

    assert count(engine, *metadata.sorted_tables) == [int(table is company_table) for table in metadata.sorted_tables]


def test_a_staged_file_is_found_by_its_company_until_it_is_applied(
    engine: Engine, company: str, tmp_path: Path, now: datetime
) -> None:
    staged = stage(engine, company, a_file(tmp_path), now)
    with read(engine) as conn:
        assert find_staged(conn, company, staged.id) == staged
        with pytest.raises(NotFound):
            find_staged(conn, "another company", staged.id)

    apply_file(engine, staged, now)

    with read(engine) as conn, pytest.raises(NotFound):
        find_staged(conn, company, staged.id)


def test_sweeping_empties_staging_rooms_nobody_came_back_to(
    engine: Engine, company: str, tmp_path: Path, now: datetime
) -> None:
    stage(engine, company, a_file(tmp_path), now - 2 * DAY)
    fresh = stage(engine, company, a_file(tmp_path), now)
    assert count(engine, staged_entry, staged_line) == [2, 4]

    with write(engine) as conn:
        assert sweep(conn, now, older_than=DAY) == 1
        assert sweep(conn, now, older_than=DAY) == 0

    assert count(engine, staged_entry, staged_line) == [1, 2]
    with read(engine) as conn:
        states = conn.execute(select(ledger_import.c.state).order_by(ledger_import.c.no)).scalars().all()
    assert states == ["cancelled", "staged"]
    apply(engine, fresh, now)
    assert count(engine, ledger_entry, ledger_line) == [1, 2]


def test_sweeping_empties_the_room_of_a_file_applied_right_before_a_crash(
    engine: Engine, company: str, tmp_path: Path, now: datetime
) -> None:
    staged = stage(engine, company, a_file(tmp_path), now)
    with write(engine) as conn:  # as a crash between applying and clearing leaves it
        conn.execute(update(ledger_import).where(ledger_import.c.no == staged.no).values(state="applied"))

    with write(engine) as conn:
        sweep(conn, now)

    assert count(engine, staged_entry, staged_line) == [0, 0]


def test_quarantined_lines_expire_after_thirty_days(
    engine: Engine, company: str, tmp_path: Path, now: datetime
) -> None:
    stage(engine, company, a_file(tmp_path), now)
    assert count(engine, quarantined) == [2]

    with write(engine) as conn:
        sweep(conn, now + 30 * DAY, older_than=365 * DAY)
    assert count(engine, quarantined) == [2]

    with write(engine) as conn:
        sweep(conn, now + 31 * DAY, older_than=365 * DAY)
    assert count(engine, quarantined) == [0]


def test_a_company_goes_with_all_its_ledger_staged_lines_too(
    engine: Engine, company: str, tmp_path: Path, now: datetime
) -> None:
    apply_file(engine, stage(engine, company, a_file(tmp_path), now), now)
    stage(engine, company, a_file(tmp_path), now)

    with write(engine) as conn:
        remove_company(conn, company)

    assert count(engine, *metadata.sorted_tables) == [0] * len(metadata.sorted_tables)


def test_names_of_accounts_and_customers_are_kept_beside_the_ledger(
    engine: Engine, company: str, tmp_path: Path, now: datetime
) -> None:
    stage(engine, company, a_file(tmp_path), now)

    with read(engine) as conn:
        names = {row.number: row.label for row in conn.execute(select(account))}
        customers = [(row.code, row.label) for row in conn.execute(select(party))]
    assert names == {"411000": "Clients", "706000": "Prestations"}
    assert customers == [("C1", "Boulangerie")]


def test_nul_bytes_deep_in_a_file_are_passed_over(engine: Engine, company: str, tmp_path: Path, now: datetime) -> None:
    padding = tuple(line.replace("\t1\t", f"\t{n}\t") for n in range(10, 500) for line in SALE)
    padded = tuple(line.replace("Vente", "Vente\0\0").replace("\t1\t", "\t999\t") for line in SALE)

    done = apply_file(engine, stage(engine, company, a_file(tmp_path, lines=(*padding, *padded)), now), now)

    assert done.new == 491
    with read(engine) as conn:
        labels = select(ledger_line.c.label).join(ledger_entry).where(ledger_entry.c.number == "999")
        assert conn.execute(labels).scalars().all() == ["Vente", "Vente"]


def test_applying_makes_the_facts_that_making_all_anew_makes(
    engine: Engine, company: str, tmp_path: Path, now: datetime
) -> None:
    def facts() -> list[set[str]]:
        with read(engine) as conn:
            kept = [[c for c in table.columns if c.name != "id"] for table in FACT_TABLES]
            return [{str(tuple(row)) for row in conn.execute(select(*columns))} for columns in kept]

    apply_file(engine, stage(engine, company, a_file(tmp_path), now), now)
    moved = tuple(line.replace("20260310", "20260512") for line in SALE)
    apply_file(engine, stage(engine, company, a_file(tmp_path, lines=moved), now + DAY), now + DAY)

    with read(engine) as conn:
        months = conn.execute(select(ledger_fact.c.month).distinct()).scalars().all()
    assert months == [2026 * 12 + 4]
    kept = facts()
    with write(engine) as conn:
        refresh_all(conn, company)
    assert facts() == kept
