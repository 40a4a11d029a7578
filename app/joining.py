"""Several logins of one person: declared to be one, or told apart again; what each did stays under its own id."""

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from app.db import hold
from app.errors import BadInput
from app.ids import new_id
from app.models.people import actor, person
from app.people import ActorRow, actors
from app.policies import read_traces_anew
from signals.key_person import NOT_PEOPLE


def join_logins(conn: Connection, company_id: str, one: str, other: str, now: datetime) -> bool:
    """Have two logins, by id, be one person's; say whether they were not yet. BadInput where one is nobody's."""
    hold(conn, company_id)
    known = {row.id: row for row in actors(conn, company_id)}
    first, second = _somebody(known, one), _somebody(known, other)
    if first.id == second.id:
        raise BadInput("one_login_twice")
    if first.person_id is not None and first.person_id == second.person_id:
        return False
    kept = first.person_id or second.person_id
    if kept is None:
        kept = new_id(now)
        conn.execute(insert(person).values(id=kept, company_id=company_id, name=""))
    left = {row.person_id for row in (first, second)} - {None, kept}
    a = actor.c
    conn.execute(update(actor).where(a.id.in_((first.id, second.id))).values(person_id=kept))
    for person_id in left:  # whoever else stood behind the other's name comes along
        conn.execute(update(actor).where(a.person_id == person_id).values(person_id=kept))
        conn.execute(delete(person).where(person.c.id == person_id))
    read_traces_anew(conn, company_id)
    return True


def _somebody(known: dict[str, ActorRow], actor_id: str) -> ActorRow:
    row = known.get(actor_id)
    if row is None or row.login.startswith("erased-"):
        raise BadInput("unknown_login", {"login": actor_id})
    if row.role in NOT_PEOPLE:
        raise BadInput("login_of_no_one", {"login": row.id})
    return row


def part_login(conn: Connection, company_id: str, actor_id: str) -> bool:
    """Have a login be its own person's again, without a name; say whether it was one of several."""
    hold(conn, company_id)
    a = actor.c
    person_id = conn.execute(select(a.person_id).where(a.company_id == company_id, a.id == actor_id)).scalar()
    if person_id is None:
        return False
    if conn.execute(select(func.count()).where(a.person_id == person_id)).scalar_one() < 2:  # noqa: PLR2004 - several
        return False
    conn.execute(update(actor).where(a.id == actor_id).values(person_id=None))
    read_traces_anew(conn, company_id)
    return True
