"""Drill-down: the records a measure names are found, whatever their identities look like."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.db import read
from app.ledger_files import apply_file, stage_file
from app.records import records_behind
from app.staging import LedgerFile
from tests.conftest import NOW

HEADER = (
    "JournalCode|JournalLib|EcritureNum|EcritureDate|CompteNum|CompteLib|CompAuxNum|CompAuxLib|PieceRef|PieceDate|"
    "EcritureLib|Debit|Credit|EcritureLet|DateLet|ValidDate|Montantdevise|Idevise\n"
)


@pytest.mark.parametrize(("journal", "number"), [("VT", "17"), ("VT", "INV/2026/00001"), ("V/T", "INV/1")])
def test_a_ledger_entry_is_found_though_its_journal_or_number_holds_a_slash(
    engine: Engine, company: str, tmp_path: Path, journal: str, number: str
) -> None:
    head = f"{journal}|Ventes|{number}|20260301"
    tail = "F1|20260301|Facture"
    path = tmp_path / "ledger.txt"
    path.write_text(
        HEADER
        + f"{head}|411000|Clients|A|A|{tail}|100,00|0,00|||20260301||\n"
        + f"{head}|706000|Ventes|||{tail}|0,00|100,00|||20260301||\n"
    )
    staged, _ = stage_file(engine, company, LedgerFile(path, path.name), NOW)
    apply_file(engine, staged, NOW)
    key = {"stream": "ledger", "id": f"2026/{journal}/{number}", "connection": staged.connection_id}

    with read(engine) as conn:
        found = records_behind(conn, company, [key])

    assert [(row["journal"], row["number"], len(row["lines"])) for row in found] == [(journal, number, 2)]
