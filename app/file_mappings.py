"""How a company's own lists are read, kept by stream: made once by a person, applied to the next file by itself."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from app.db import hold
from app.models.core import file_mapping
from connectors.files.mapping import FileMapping, from_json, to_json
from connectors.records import Stream


def saved_mapping(conn: Connection, company_id: str, stream: Stream) -> FileMapping | None:
    """Give how a company's lists of a stream are read, None where nobody said so."""
    m = file_mapping.c
    said = conn.execute(select(m.mapping).where(m.company_id == company_id, m.stream == stream.value)).scalar()
    return None if said is None else from_json(said)


def saved_streams(conn: Connection, company_id: str) -> dict[str, datetime]:
    """Give the streams that have a mapping, each with the instant it was saved at."""
    m = file_mapping.c
    rows = conn.execute(select(m.stream, m.saved_at).where(m.company_id == company_id).order_by(m.stream))
    return {str(row.stream): row.saved_at for row in rows}


def save_mapping(conn: Connection, company_id: str, mapping: FileMapping, now: datetime) -> None:
    """Keep how a company's lists of a stream are read, instead of what was kept before."""
    hold(conn, company_id)
    forget_mapping(conn, company_id, mapping.stream)
    kept = {"company_id": company_id, "stream": mapping.stream.value, "saved_at": now}
    conn.execute(insert(file_mapping).values(**kept, mapping=to_json(mapping)))


def forget_mapping(conn: Connection, company_id: str, stream: Stream) -> None:
    """Forget how a company's lists of a stream are read; the next file is asked about again."""
    m = file_mapping.c
    conn.execute(delete(file_mapping).where(m.company_id == company_id, m.stream == stream.value))
