"""All that is kept of one person of the staff, as they may ask for it (GDPR, article 15): plain JSON values.

Found by the pseudonymous ids of their logins: the rows that name them, the sheet of the staff and its absences, and
what was declared or written by them or of them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table, or_, select

from app.errors import NotFound
from app.models.core import connection
from app.models.people import actor, declaration, person
from app.models.records import absence, staff
from app.models.register import process_sheet
from app.models.types import metadata
from app.people import actors
from app.rows import ACTORS, as_json

Body = dict[str, Any]
Ids = Sequence[str]

_OURS = {"row_hash", "source_version"}  # of no meaning to anybody


def export_person(conn: Connection, company_id: str, actor_id: str) -> Body:
    """Give who somebody is, and every row that is about what they did; NotFound for a login of no one here."""
    a = actor.c
    row = conn.execute(
        select(a.id, a.login, a.role, a.person_id, person.c.name)
        .select_from(actor.outerjoin(person, person.c.id == a.person_id))
        .where(a.company_id == company_id, a.id == actor_id)
    ).first()
    if row is None:
        raise NotFound("unknown_login", {"login": actor_id})
    everybody = actors(conn, company_id) if row.person_id else []
    others = [one for one in everybody if one.person_id == row.person_id and one.id != row.id]
    mine = [row.id, *(one.id for one in others)]
    return {
        "pseudonym": row.id,
        "login": row.login,
        "name": row.name,
        "role": row.role,
        "other_logins": {one.id: one.login for one in others},
        "records": {name: rows for name, rows in _records(conn, company_id, mine) if rows},
        "absences": _absences(conn, company_id, mine),
        "declarations": _mentions(conn, declaration, company_id, mine),
        "process_sheets": _mentions(conn, process_sheet, company_id, mine),
    }


def _records(conn: Connection, company_id: str, logins: Ids) -> Iterator[tuple[str, list[Body]]]:
    """Look through every table of records that names who did something."""
    sources = select(connection.c.id).where(connection.c.company_id == company_id)
    for table in metadata.sorted_tables:
        named = [table.c[name] for name in sorted(ACTORS) if name in table.c]
        if named and "connection_id" in table.c:
            query = select(table).where(table.c.connection_id.in_(sources), or_(*(one.in_(logins) for one in named)))
            yield table.name, [_plain(dict(row)) for row in conn.execute(query).mappings()]


def _absences(conn: Connection, company_id: str, logins: Ids) -> list[Body]:
    s = staff.c
    numbers = select(s.external_id).where(s.company_id == company_id, s.actor.in_(logins))
    query = select(absence).where(absence.c.company_id == company_id, absence.c.employee_id.in_(numbers))
    return [_plain(dict(row)) for row in conn.execute(query).mappings()]


def _mentions(conn: Connection, table: Table, company_id: str, logins: Ids) -> list[Body]:
    rows = conn.execute(select(table).where(table.c.company_id == company_id)).mappings()
    return [_plain(dict(row)) for row in rows if any(one in str(dict(row)) for one in logins)]


def _plain(row: Body) -> Body:
    return as_json({name: value for name, value in row.items() if name not in _OURS and value is not None})
