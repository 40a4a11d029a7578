"""The map from login to person and role; names live here and nowhere else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from app.audit import Entry, write_entry
from app.errors import BadInput
from app.ids import new_id
from app.models.people import actor, party, person
from connectors.records import StaffRole

LOGIN_KEPT = NAME_KEPT = 200
LABEL_KEPT = 255


@dataclass(frozen=True, slots=True)
class ActorRow:
    """A login, whose it is, and what it is to the company."""

    id: str
    login: str
    name: str | None
    role: str | None
    role_is_ours: bool = False
    """Whether a person said what it is; else a source did."""
    person_id: str | None = None


def actor_ids(conn: Connection, company_id: str, logins: Iterable[str], now: datetime) -> dict[str, str]:
    """Give the pseudonymous id of each login, made for those not seen before."""
    asked = {login: login[:LOGIN_KEPT] for login in logins if login}
    if not asked:
        return {}
    wanted = set(asked.values())
    rows = conn.execute(select(actor.c.login, actor.c.id).where(actor.c.company_id == company_id))
    known = {str(login): str(key) for login, key in rows}
    new = [{"id": new_id(now), "company_id": company_id, "login": login} for login in sorted(wanted - known.keys())]
    if new:
        conn.execute(insert(actor), new)
        known.update({row["login"]: row["id"] for row in new})
    return {login: known[kept] for login, kept in asked.items()}


def actors(conn: Connection, company_id: str) -> list[ActorRow]:
    """List a company's logins with names and roles."""
    rows = conn.execute(
        select(actor.c.id, actor.c.login, person.c.name, actor.c.role, actor.c.role_is_ours, actor.c.person_id)
        .select_from(actor.outerjoin(person, actor.c.person_id == person.c.id))
        .where(actor.c.company_id == company_id)
        .order_by(actor.c.login)
    )
    return [ActorRow(str(r[0]), str(r[1]), r[2], r[3], bool(r[4]), r[5]) for r in rows]


def one_person(conn: Connection, company_id: str) -> dict[str, str]:
    """Give, for each login of somebody who has several, the one that stands for them all.

    That is the one whose role a person said, else one that has a role, else the one that was seen first.
    """
    of: dict[str, list[ActorRow]] = {}
    for row in actors(conn, company_id):
        if row.person_id is not None:
            of.setdefault(row.person_id, []).append(row)
    found: dict[str, str] = {}
    for rows in of.values():
        if len(rows) > 1:
            first = min(rows, key=lambda row: (not row.role_is_ours, row.role is None, row.id))
            found |= dict.fromkeys((row.id for row in rows), first.id)
    return found


def name_actor(
    conn: Connection, company_id: str, login: str, now: datetime, *, name: str | None, role: str | None, ours: bool
) -> str:
    """Set a login's person and role; what a person said (`ours`) is not overruled by a source."""
    if role is not None and role not in {r.value for r in StaffRole}:
        raise BadInput("unknown_role", {"role": role, "roles": ", ".join(StaffRole)})
    actor_id = actor_ids(conn, company_id, [login], now)[login]
    row = conn.execute(select(actor.c.person_id, actor.c.role_is_ours).where(actor.c.id == actor_id)).one()
    name = name[:NAME_KEPT] if name else None
    if name:
        if row.person_id is None:
            person_id = new_id(now)
            conn.execute(insert(person).values(id=person_id, company_id=company_id, name=name))
            conn.execute(update(actor).where(actor.c.id == actor_id).values(person_id=person_id))
        else:
            conn.execute(update(person).where(person.c.id == row.person_id).values(name=name))
    if role is not None and (ours or not row.role_is_ours):
        conn.execute(update(actor).where(actor.c.id == actor_id).values(role=role, role_is_ours=ours))
    return actor_id


def erase_person(conn: Connection, company_id: str, login: str, now: datetime) -> None:
    """Forget a person: name and logins go, the pseudonymous ids stay on the records."""
    row = conn.execute(
        select(actor.c.id, actor.c.person_id).where(actor.c.company_id == company_id, actor.c.login == login)
    ).first()
    if row is None:
        raise BadInput("unknown_login", {"login": login})
    mine = actor.c.id == row.id if row.person_id is None else actor.c.person_id == row.person_id
    for actor_id in conn.execute(select(actor.c.id).where(mine)).scalars().all():
        conn.execute(update(actor).where(actor.c.id == actor_id).values(login=f"erased-{actor_id}"))
    if row.person_id:
        conn.execute(update(person).where(person.c.id == row.person_id).values(name="", erased_at=now))


def save_parties(conn: Connection, connection_id: str, labels: Mapping[str, str]) -> None:
    """Keep the names of customers and suppliers by code; a changed name replaces the old one."""
    if not labels:
        return
    labels = {code: label[:LABEL_KEPT] for code, label in labels.items()}
    rows = conn.execute(select(party.c.code, party.c.label).where(party.c.connection_id == connection_id))
    known = {str(code): str(label) for code, label in rows}
    new = [{"connection_id": connection_id, "code": c, "label": t} for c, t in labels.items() if c not in known]
    if new:
        conn.execute(insert(party), new)
    for code, label in labels.items():
        if code in known and known[code] != label:
            conn.execute(
                update(party).where(party.c.connection_id == connection_id, party.c.code == code).values(label=label)
            )


def pseudonym(actor_id: str) -> str:
    """Give the number a login is shown under: made up when it was first seen, of one company only, and of no name."""
    return actor_id[-4:].upper()


def log_access(conn: Connection, company_id: str, who: str, what: str, now: datetime, note: str = "") -> None:
    """Write down that somebody looked at names of staff where they stand beside something else."""
    write_entry(conn, Entry(who=who, what=f"seen {what}", company_id=company_id, note=note), now)
