"""The first steps of a company, each told done by what is there, not by what was clicked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from app.models.core import bookmark, connection
from app.models.facts import volume_fact
from app.models.ledger import ledger_import
from app.models.people import actor, declaration
from app.models.watch import recipient, subscription
from app.policies import settings_on
from app.policy_checks import BASELINE
from connectors.records import StaffRole
from signals.calendar import last_complete_month, month_end, month_start

MONTHS_USUAL = 12
"""As many months as the change test takes for usual until somebody says better (DESIGN: Baseline)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: whether it is done, the sentence of where it stands, and the page where it is taken."""

    name: str
    done: bool
    page: str
    params: Mapping[str, Any] = field(default_factory=dict)


def first_steps(conn: Connection, company_id: str, today: date) -> list[Step]:
    """List the steps in their order; the company itself is there, so five are left."""
    said = _declared(conn, company_id)
    operators = any(sheet["operators"] for sheet in (said.get("processes") or {}).values())
    return [
        _read(conn, company_id),
        _people(conn, company_id, "director", StaffRole.DIRECTOR, declared=said.get("director_hours") is not None),
        _people(conn, company_id, "admin", StaffRole.ADMIN, declared=operators),
        _usual(conn, company_id, today),
        _readers(conn, company_id),
    ]


def _declared(conn: Connection, company_id: str) -> Mapping[str, Any]:
    d = declaration.c
    newest = select(d.body).where(d.company_id == company_id).order_by(d.stated_on.desc(), d.id.desc()).limit(1)
    return conn.execute(newest).scalar() or {}


def _read(conn: Connection, company_id: str) -> Step:
    c, b, i = connection.c, bookmark.c, ledger_import.c
    applied = select(i.connection_id).where(i.company_id == company_id, i.state == "applied")
    read = select(b.connection_id).where(b.read_at.is_not(None))
    mine = (c.company_id == company_id, c.id.in_(applied) | c.id.in_(read))
    sources = conn.execute(select(func.count()).where(*mine)).scalar_one()
    return Step("read", bool(sources), "import", {"n": int(sources)})


def _people(conn: Connection, company_id: str, name: str, role: StaffRole, *, declared: bool) -> Step:
    """Tell by the roles of logins; where a source names none, what was declared of them will do."""
    mine = select(func.count()).where(actor.c.company_id == company_id)
    n = conn.execute(mine.where(actor.c.role == role.value)).scalar_one()
    logins = conn.execute(mine).scalar_one()
    return Step(name, bool(n) or declared, "people" if logins else "declarations", {"n": int(n), "declared": declared})


def _usual(conn: Connection, company_id: str, today: date) -> Step:
    held = settings_on(conn, company_id, today).get(BASELINE)
    if held:
        return Step("usual", done=True, page="policy", params={"first": held[0], "last": held[1]})
    proposed = proposed_period(conn, company_id, today)
    params = {"first": proposed[0].isoformat(), "last": proposed[1].isoformat()} if proposed else {}
    return Step("usual", done=False, page="policy", params=params)


def proposed_period(conn: Connection, company_id: str, today: date) -> tuple[date, date] | None:
    """Give the oldest twelve complete months with documents, or those there are; None without a complete one."""
    v = volume_fact.c
    first = conn.execute(select(func.min(v.month)).where(v.company_id == company_id, v.n > 0)).scalar()
    last = last_complete_month(today)
    if first is None or first > last:
        return None
    return month_start(int(first)), month_end(min(int(first) + MONTHS_USUAL - 1, last))


def _readers(conn: Connection, company_id: str) -> Step:
    r, s = recipient.c, subscription.c
    query = select(func.count()).select_from(subscription.join(recipient, r.id == s.recipient_id))
    n = conn.execute(query.where(s.company_id == company_id, r.unsubscribed_at.is_(None))).scalar_one()
    return Step("readers", bool(n), "mail", {"n": int(n)})
