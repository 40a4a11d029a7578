"""A measure over time, as the answers had it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from app.models.answers import assessment, reading

Row = Mapping[str, Any]


def series_of(conn: Connection, company_id: str, measure: str, process: str = "all") -> list[Row]:
    """List a measure's readings of a process, newest first; one of a signal an answer."""
    a, r = assessment.c, reading.c
    columns = (a.as_of, r.process, r.signal, r.level, r.tier, r.value, r.low, r.high, r.n, r.reason, a.reconstructed)
    query = (
        select(*columns)
        .join(reading, r.assessment_id == a.id)
        .where(a.company_id == company_id, a.process == "all", r.measure == measure)
        .where(r.process == process)
        .order_by(a.as_of.desc(), r.signal, r.id)
    )
    found: dict[tuple[Any, ...], Row] = {}
    for row in conn.execute(query).mappings():
        found.setdefault((row["as_of"], row["signal"]), _told(dict(row)))
    return list(found.values())


def _told(row: Row) -> Row:
    """Round as an answer does: more digits would promise more than there is."""
    return {key: round(value, 6) if isinstance(value, float) else value for key, value in row.items()}
