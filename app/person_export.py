"""All that is kept of one person of the staff, as they may ask for it (GDPR, article 15): plain JSON values.

Found by the pseudonymous id of their login: the rows that name it, the sheet of the staff and its absences, and what
was declared or written by them or of them.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Table, or_, select

from app.errors import NotFound
from app.models.core import connection
from app.models.people import actor, declaration, person
from app.models.records import absence, staff
from app.models.register import process_sheet
from app.models.types import metadata
from app.rows import ACTORS, as_json

Body = dict[str, Any]

_OURS = {"row_hash", "source_version"}  # of no meaning to anybody


def export_person(conn: Connection, company_id: str, actor_id: str) -> Body:
    """Give who somebody is, and every row that is about what they did; NotFound for a login of no one here."""
    a = actor.c
    row = conn.execute(
        select(a.id, a.login, a.role, person.c.name)
        .select_from(actor.outerjoin(person, person.c.id == a.person_id))
        .where(a.company_id == company_id, a.id == actor_id)
    ).first()
    if row is None:
        raise NotFound("unknown_login", {"login": actor_id})
    return {
        "pseudonym": row.id,
        "login": row.login,
        "name": row.name,
        "role": row.role,
        "records": {name: rows for name, rows in _records(conn, company_id, actor_id) if rows},
        "absences": _absences(conn, company_id, actor_id),
        "declarations": _mentions(conn, declaration, company_id, actor_id),
        "process_sheets": _mentions(conn, process_sheet, company_id, actor_id),
    }


def _records(conn: Connection, company_id: str, actor_id: str) -> Iterator[tuple[str, list[Body]]]:
    """Look through every table of records that names who did something."""
    mine = select(connection.c.id).where(connection.c.company_id == company_id)
    for table in metadata.sorted_tables:
        named = [table.c[name] for name in sorted(ACTORS) if name in table.c]
        if named and "connection_id" in table.c:
            query = select(table).where(table.c.connection_id.in_(mine), or_(*(one == actor_id for one in named)))
            yield table.name, [_plain(dict(row)) for row in conn.execute(query).mappings()]


def _absences(conn: Connection, company_id: str, actor_id: str) -> list[Body]:
    s = staff.c
    numbers = select(s.external_id).where(s.company_id == company_id, s.actor == actor_id)
    query = select(absence).where(absence.c.company_id == company_id, absence.c.employee_id.in_(numbers))
    return [_plain(dict(row)) for row in conn.execute(query).mappings()]


def _mentions(conn: Connection, table: Table, company_id: str, actor_id: str) -> list[Body]:
    rows = conn.execute(select(table).where(table.c.company_id == company_id)).mappings()
    return [_plain(dict(row)) for row in rows if actor_id in str(dict(row))]


def _plain(row: Body) -> Body:
    return as_json({name: value for name, value in row.items() if name not in _OURS and value is not None})
