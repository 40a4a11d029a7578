"""The register of processes: each version of a sheet kept with its day, who stated it and when we learnt it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from app.models.core import connection
from app.models.register import process_sheet
from app.people import actor_ids, actors
from app.written import PEOPLE, Written, last_look, parts_of
from connectors.records import StaffRole
from signals.books import Declaration, Sheet


@dataclass(frozen=True, slots=True)
class Version:
    """A sheet as it was stated on a day; people by pseudonym."""

    id: int
    process: str
    stated_on: date
    author: str
    body: Written
    known_at: datetime

    @property
    def reviewed_on(self) -> date:
        """The day it was last looked through."""
        return last_look(self.body, self.stated_on)


def save_sheets(
    conn: Connection,
    company_id: str,
    sheets: Mapping[str, Written],
    author: str,
    stated_on: date,
    now: datetime,
) -> list[str]:
    """Keep checked sheets as new versions, by process; one that says nothing new is none. Gives those kept.

    `author` is a pseudonym. An owner or a stand-in who is no role is a login, and kept as its pseudonym.
    """
    named = {str(sheet[key]) for sheet in sheets.values() for key in PEOPLE if sheet[key]} - set(StaffRole)
    pseudonyms = actor_ids(conn, company_id, named, now)
    current = sheets_on(conn, company_id, stated_on)
    kept = []
    for process, sheet in sheets.items():
        people = {key: _person(sheet[key], pseudonyms) for key in PEOPLE}
        body = {**sheet, **people}
        if process in current and current[process].body == body:
            continue
        conn.execute(
            insert(process_sheet).values(
                company_id=company_id, process=process, stated_on=stated_on, author=author, body=body, known_at=now
            )
        )
        kept.append(process)
    return kept


def _person(said: str | None, pseudonyms: Mapping[str, str]) -> dict[str, str] | None:
    if not said:
        return None
    return {"actor": pseudonyms[said]} if said in pseudonyms else {"role": said}


def versions_of(conn: Connection, company_id: str, process: str | None = None) -> list[Version]:
    """Give the versions of all sheets or of one process's, the oldest statement first."""
    p = process_sheet.c
    query = select(p.id, p.process, p.stated_on, p.author, p.body, p.known_at).where(p.company_id == company_id)
    if process is not None:
        query = query.where(p.process == process)
    return [Version(*row) for row in conn.execute(query.order_by(p.stated_on, p.id))]


def sheets_on(conn: Connection, company_id: str, day: date) -> dict[str, Version]:
    """Give the sheet of each process as it was stated by a day."""
    return {one.process: one for one in versions_of(conn, company_id) if one.stated_on <= day}


def logins_of(conn: Connection, company_id: str) -> dict[str, str]:
    """Give the login behind each pseudonym of a company."""
    return {one.id: one.login for one in actors(conn, company_id)}


def provider_names_of(conn: Connection, company_id: str) -> list[str]:
    """Give the providers a company has a connection to."""
    query = select(connection.c.provider).where(connection.c.company_id == company_id).distinct()
    return [str(name) for name in conn.execute(query).scalars()]


def read_register(conn: Connection, company_id: str) -> tuple[Declaration, ...]:
    """Give what was written down after each version, oldest first, as statements that books may hold."""
    states: list[Declaration] = []
    sheets: dict[str, Sheet] = {}
    for one in versions_of(conn, company_id):
        sheets = {**sheets, one.process: _facts(one)}
        standing = {process: sheet for process, sheet in sheets.items() if sheet.written}
        states.append(
            Declaration(stated_on=one.stated_on, since=one.stated_on, signed_by=one.author, register=standing)
        )
    return tuple(states)


def _facts(one: Version) -> Sheet:
    parts = parts_of(one.body)
    said: dict[str, Any] = dict.fromkeys(parts, True)
    tools = {*one.body["tools"], *(task["tool"] for task in one.body["tasks"] if "tool" in task)}
    return Sheet(
        **said,
        reviewed_on=one.reviewed_on,
        written=parts,
        steps=tuple(task["what"] for task in one.body["tasks"]),
        named_tools=tuple(sorted(tools)),
    )
