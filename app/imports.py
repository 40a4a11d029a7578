"""Ledger files handed over: which were applied, which still count, and their tie-out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, case, func, select

from app.models.ledger import ledger_entry, ledger_import, ledger_line


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An applied ledger file."""

    no: int
    id: str
    connection_id: str
    file_name: str
    applied_at: datetime
    summary: Mapping[str, Any]

    @property
    def years(self) -> tuple[int, ...]:
        """The fiscal years it covers."""
        return tuple(int(year) for year in self.summary["years"])

    @property
    def first_on(self) -> date | None:
        """The day of its first entry."""
        return _day(self.summary.get("first_on"))

    @property
    def last_on(self) -> date | None:
        """The day of its last entry."""
        return _day(self.summary.get("last_on"))

    @property
    def entries(self) -> int:
        """How many whole entries were read."""
        return int(self.summary["entries"])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def applied_imports(conn: Connection, company_id: str) -> list[ImportRow]:
    """List the applied files of a company, newest first."""
    i = ledger_import.c
    rows = conn.execute(
        select(i.no, i.id, i.connection_id, i.file_name, i.applied_at, i.summary)
        .where(i.company_id == company_id, i.state == "applied")
        .order_by(i.applied_at.desc(), i.no.desc())
    )
    return [ImportRow(*row) for row in rows]


def current_imports(conn: Connection, company_id: str) -> list[ImportRow]:
    """List the applied files that no later file of the same source has covered whole."""
    current: list[ImportRow] = []
    for one in applied_imports(conn, company_id):
        if not any(_covers(later, one) for later in current):
            current.append(one)
    return current


def _covers(later: ImportRow, earlier: ImportRow) -> bool:
    if later.connection_id != earlier.connection_id or earlier.first_on is None or earlier.last_on is None:
        return later.connection_id == earlier.connection_id and earlier.first_on is None
    if later.first_on is None or later.last_on is None:
        return False
    return later.first_on <= earlier.first_on and later.last_on >= earlier.last_on


@dataclass(frozen=True, slots=True)
class TieOut:
    """A fiscal year's figures to tick against the trial balance; money in minor units, debit less credit."""

    fiscal_year: int
    entries: int
    lines: int
    debit_minor: int
    credit_minor: int
    sales_minor: int  # credit less debit of 70
    balances: Mapping[str, int]  # of 401, 411, 471, 512
    refused: int

    @property
    def balanced(self) -> bool:
        """Whether debit equals credit."""
        return self.debit_minor == self.credit_minor


TICKED = ("401", "411", "471", "512")


def tie_out(conn: Connection, company_id: str) -> list[TieOut]:
    """Add up each fiscal year from its lines."""
    e, line = ledger_entry.c, ledger_line.c
    net = line.debit_minor - line.credit_minor

    def over(prefix: str) -> Any:
        return func.coalesce(func.sum(case((line.account.like(f"{prefix}%"), net), else_=0)), 0)

    rows = conn.execute(
        select(
            e.fiscal_year,
            func.count(e.id.distinct()),
            func.count(),
            func.sum(line.debit_minor),
            func.sum(line.credit_minor),
            over("70"),
            *(over(prefix) for prefix in TICKED),
        )
        .select_from(ledger_entry.join(ledger_line, line.entry_id == e.id))
        .where(e.company_id == company_id, e.gone_at.is_(None))
        .group_by(e.fiscal_year)
        .order_by(e.fiscal_year)
    ).fetchall()
    refused = _refused(conn, company_id)
    years = sorted({int(r[0]) for r in rows} | set(refused))
    found = {int(r[0]): r for r in rows}
    return [_year(year, found.get(year), refused.get(year, 0)) for year in years]


def _year(year: int, row: Any, refused: int) -> TieOut:
    if row is None:
        return TieOut(year, 0, 0, 0, 0, 0, dict.fromkeys(TICKED, 0), refused)
    balances = {prefix: int(row[6 + i]) for i, prefix in enumerate(TICKED)}
    return TieOut(year, int(row[1]), int(row[2]), int(row[3]), int(row[4]), -int(row[5]), balances, refused)


def _refused(conn: Connection, company_id: str) -> dict[int, int]:
    refused: dict[int, int] = {}
    for one in current_imports(conn, company_id):
        for year, n in one.summary.get("refused", {}).items():
            refused[int(year)] = refused.get(int(year), 0) + int(n)
    return refused
