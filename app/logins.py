"""What is seen of each login: since when, until when, and whether it looks like no single person.

A look is no proof: a login is marked *may be*, with why, and a person says what it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from app.book_traces import habits
from app.models.facts import event_fact, hours_fact
from app.people import ActorRow
from signals.key_person import NOT_PEOPLE
from signals.sessions import all_months, not_people

FUNCTIONS = frozenset((
    "accounting", "accounts", "accueil", "achat", "achats", "admin", "administrateur", "administratif",
    "administration", "administrator", "billing", "bureau", "commercial", "compta", "comptabilite", "comptabilité",
    "comptable", "contact", "facturation", "factures", "finance", "gestion", "info", "invoicing", "office", "paie",
    "payroll", "reception", "rh", "secretariat", "secrétariat", "stagiaire", "standard", "support", "team", "user",
))  # fmt: skip
"""What a login is called that is of a desk, not of somebody."""
PROGRAMS = frozenset((
    "api", "auto", "automat", "bot", "connector", "cron", "daemon", "import", "integration", "job", "noreply", "robot",
    "script", "service", "sync", "synchro", "system", "systeme", "système", "webhook", "zapier",
))  # fmt: skip
_NO_LETTERS = re.compile(r"[\W\d_]+")


@dataclass(frozen=True, slots=True)
class Seen:
    """The first and the last month in which a login did something, None where it never did, and what it may be."""

    first: date | None = None
    last: date | None = None
    marks: tuple[str, ...] = ()
    """`named_desk`, `named_program`: by its name; `long_days`, `like_program`: by its habits."""


def seen(conn: Connection, company_id: str, logins: list[ActorRow], as_of: date) -> Mapping[str, Seen]:
    """Say of each login what is seen of it, by its id; one whose role a person has said is marked no more."""
    spans = _spans(conn, company_id)
    months = all_months(habits(conn, company_id), as_of)
    behaves = not_people(months, {})
    return {
        row.id: Seen(*spans.get(row.id, (None, None)), marks=_marks(row, behaves.get(row.id)) if _is_open(row) else ())
        for row in logins
    }


def several(logins: list[ActorRow]) -> list[list[ActorRow]]:
    """List the logins of each person who has more than one."""
    of: dict[str, list[ActorRow]] = {}
    for row in logins:
        if row.person_id is not None:
            of.setdefault(row.person_id, []).append(row)
    return [rows for rows in of.values() if len(rows) > 1]


def _is_open(row: ActorRow) -> bool:
    return not row.role_is_ours and row.role not in NOT_PEOPLE


def _marks(row: ActorRow, behaves: str | None) -> tuple[str, ...]:
    told = (named(row.login), {"bot": "like_program", "shared_login": "long_days"}.get(behaves or ""))
    return tuple(mark for mark in told if mark)


def named(login: str) -> str | None:
    """Say whether a login is called like a program or a desk; of an address what stands before the @ counts."""
    words = {word for word in _NO_LETTERS.split(login.partition("@")[0].casefold()) if word}
    if words & PROGRAMS:
        return "named_program"
    return "named_desk" if words & FUNCTIONS else None


def _spans(conn: Connection, company_id: str) -> dict[str, tuple[date | None, date | None]]:
    e, h = event_fact.c, hours_fact.c
    spans: dict[str, tuple[date | None, date | None]] = {}
    for actor, day, company in ((e.actor, e.day_on, e.company_id), (h.actor, h.week_on, h.company_id)):
        query = select(actor, func.min(day), func.max(day)).where(company == company_id).group_by(actor)
        for key, first, last in conn.execute(query):
            old = spans.get(str(key), (None, None))
            spans[str(key)] = (
                min((one for one in (old[0], first) if one), default=None),
                max((one for one in (old[1], last) if one), default=None),
            )
    return spans
