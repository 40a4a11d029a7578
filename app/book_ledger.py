"""The ledger for the books: recent entries, open lines, faults, and how files fill their fields."""

from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, and_, or_, select

from app.frames import day_column, entry_ids, fetched, query_frame, typed
from app.imports import current_imports
from app.models.ledger import fault_count, field_profile, ledger_entry, ledger_line


def entries(conn: Connection, company_id: str, recent_from: date) -> pd.DataFrame:
    """Read the ledger entries of the recent months."""
    e = ledger_entry.c
    query = select(
        e.connection_id,
        e.fiscal_year,
        e.journal,
        e.number,
        e.piece_ref,
        e.kind,
        day_column(e.entry_on, "entry_day"),
        day_column(e.piece_on, "piece_day"),
        day_column(e.valid_on, "valid_day"),
        e.party,
        e.total_minor,
        e.debit_minor,
        e.credit_minor,
        e.both_sides,
    ).where(e.company_id == company_id, e.gone_at.is_(None), e.entry_on >= recent_from)
    table = query_frame(conn, "entries", query)
    table["external_id"] = entry_ids(table)
    return table


def open_lines(conn: Connection, company_id: str, recent_from: date) -> pd.DataFrame:
    """Read the lines on 401, 411 and 471 that can be open."""
    e, line = ledger_entry.c, ledger_line.c
    recent = and_(
        e.entry_on >= recent_from, or_(line.account.like("401%"), line.account.like("411%"), line.account.like("471%"))
    )
    query = (
        select(
            e.connection_id,
            e.fiscal_year,
            e.journal,
            e.number,
            line.position.label("line_number"),
            line.account,
            line.party,
            (e.kind == "opening").label("opening"),
            day_column(e.entry_on, "day"),
            line.debit_minor,
            line.credit_minor,
            line.lettering,
            day_column(line.lettered_on, "lettered_day"),
        )
        .select_from(ledger_entry.join(ledger_line, line.entry_id == e.id))
        .where(
            e.company_id == company_id,
            e.gone_at.is_(None),
            or_(recent, and_(line.account.like("471%"), line.lettering == "")),
        )
    )
    found = fetched(conn, query)
    if len(found):
        found["external_id"] = entry_ids(found)
    return typed("open_lines", found)


def faults(conn: Connection, company_id: str) -> pd.DataFrame:
    """Read the faults of the files that still count, by code."""
    imports = current_imports(conn, company_id)
    rows = conn.execute(select(fault_count).where(fault_count.c.import_no.in_([i.no for i in imports]))).mappings()
    connections = {i.no: (i.connection_id, max(i.years, default=0)) for i in imports}
    listed = [
        {
            "connection_id": connections[row["import_no"]][0],
            "fiscal_year": connections[row["import_no"]][1],
            "code": row["code"],
            "kept": bool(row["kept"]),
            "n": row["n"],
        }
        for row in rows
    ]
    return typed("faults", pd.DataFrame(listed))


# What the file calls a column, and what a record does.
_COLUMNS = {
    "EcritureNum": "number",
    "EcritureDate": "entry_on",
    "PieceRef": "piece_ref",
    "PieceDate": "piece_on",
    "ValidDate": "valid_on",
    "CompAuxNum": "party",
    "CompteNum": "account",
    "EcritureLet": "lettering",
    "DateLet": "lettered_on",
    "DateLimitReglmt": "due_on",
}


def fields(conn: Connection, company_id: str) -> pd.DataFrame:
    """Merge the profiles of the current files: a field that is constant in each file is constant."""
    imports = {i.no: i.connection_id for i in current_imports(conn, company_id)}
    rows = conn.execute(select(field_profile).where(field_profile.c.import_no.in_(list(imports)))).mappings()
    merged: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        connection_id = imports[row["import_no"]]
        key = (connection_id, row["field"], row["equal_to"])
        so_far = merged.setdefault(
            key,
            {
                "connection_id": connection_id,
                "stream": "ledger",
                "field": _COLUMNS.get(row["field"], row["field"]),
                "equal_to": _COLUMNS.get(row["equal_to"], row["equal_to"]),
                "n": 0,
                "filled": 0,
                "distinct": 0,
                "equal": 0,
            },
        )
        for name in ("n", "filled", "equal"):
            so_far[name] += row[name]
        so_far["distinct"] = max(so_far["distinct"], row["distinct"])
    return typed("fields", pd.DataFrame(list(merged.values())))
