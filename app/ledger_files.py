"""A ledger file from a person's hands to the ledger: whose it is, what it would change, and applying it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from app.companies import companies, connection_for, find_company
from app.db import read, write
from app.errors import NotFound, Refused
from app.ledger import Preview, apply, preview
from app.models.core import company
from app.models.ledger import fault_count, ledger_import
from app.models.records import quarantined
from app.staging import LedgerFile, Staged, stage
from connectors.files import fec

Row = Mapping[str, Any]


def company_of_file(conn: Connection, file_name: str) -> Row | None:
    """Find whose file it is: by the SIREN in its name, else the only real company there is."""
    real = [row for row in companies(conn) if not row["is_demo"]]
    siren = fec.identity(file_name).siren
    if siren is not None:
        known = [row for row in real if row["siren"] == siren]
        if known:
            return known[0]
    return real[0] if len(real) == 1 else None


def check_siren(conn: Connection, row: Row, file_name: str) -> None:
    """Refuse another company's file; a company without a SIREN takes the first file's."""
    if row["is_demo"]:
        raise Refused("demo_takes_no_files")
    found = fec.identity(file_name).siren
    if found is None or found == row["siren"]:
        return
    if row["siren"] is not None:
        raise Refused("another_siren", {"found": found, "company": row["name"], "expected": row["siren"]})
    if conn.execute(select(company.c.id).where(company.c.siren == found)).first():
        raise Refused("siren_known", {"siren": found})


def stage_file(
    engine: Engine,
    company_id: str,
    file: LedgerFile,
    now: datetime,
    *,
    told: Callable[[fec.Reading], None] | None = None,
) -> tuple[Staged, Preview]:
    """Read a file for a company and say what applying it would do. Raises Refused and NotThisFormat."""
    with read(engine) as conn:
        row = find_company(conn, company_id)
        check_siren(conn, row, file.name)
    fec.sniff(file.head(), file.name)  # a file that is no FEC leaves no trace
    with write(engine) as conn:
        connection_id = connection_for(conn, company_id, "fec", now)
    staged = stage(engine, connection_id, file, now, year_end_month=int(row["fiscal_year_end_month"]), told=told)
    return staged, preview(engine, staged)


def apply_file(engine: Engine, staged: Staged, now: datetime) -> Preview:
    """Apply a staged file; a company without a SIREN takes the one in the file's name."""
    done = apply(engine, staged, now)
    with write(engine) as conn:
        name = conn.execute(select(ledger_import.c.file_name).where(ledger_import.c.no == staged.no)).scalar_one()
        siren = fec.identity(str(name)).siren
        if siren is not None:
            conn.execute(
                update(company).where(company.c.id == staged.company_id, company.c.siren.is_(None)).values(siren=siren)
            )
    return done


def find_staged(conn: Connection, company_id: str, import_id: str) -> Staged:
    """Give a staged file that waits for confirmation."""
    i = ledger_import.c
    row = conn.execute(
        select(i.no, i.id, i.company_id, i.connection_id, i.summary).where(
            i.id == import_id, i.company_id == company_id, i.state == "staged"
        )
    ).first()
    if row is None:
        raise NotFound("no_such_import")
    return Staged(row.no, row.id, row.company_id, row.connection_id, dict(row.summary))


@dataclass(frozen=True, slots=True)
class FaultLine:
    """A kind of fault in a file: how often, whether the lines were read all the same, and where it was met."""

    code: str
    field: str
    kept: bool
    n: int
    examples: list[dict[str, Any]]


def faults_of(conn: Connection, import_no: int) -> list[FaultLine]:
    """List a file's faults, those that cost an entry first."""
    f = fault_count.c
    rows = conn.execute(
        select(f.code, f.field, f.kept, f.n, f.examples).where(f.import_no == import_no).order_by(f.kept, f.n.desc())
    )
    return [FaultLine(*row) for row in rows]


def refused_lines(conn: Connection, import_no: int, limit: int = 100) -> list[Row]:
    """List the lines that could not be read, with their place, reason and raw text."""
    q = quarantined.c
    rows = conn.execute(
        select(q.place, q.code, q.params, q.raw, q.entry_key)
        .where(q.import_no == import_no)
        .order_by(q.id)
        .limit(limit)
    ).mappings()
    return [dict(row) for row in rows]
