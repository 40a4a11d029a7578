"""Who did what: every change that was asked for, and every look at personal data; kept two years.

An entry is written before the thing is done, in a commit of its own, and gets the answer's status afterwards: what
was cut short stands there without one.
"""

import re
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from app.models.access import audit_entry
from app.models.core import company

KEPT_FOR = timedelta(days=730)
LISTED = 100
WHAT_KEPT, WHO_KEPT = 100, 254

PERSONAL = frozenset((
    "/companies/{company_id}/people/names",
    "/companies/{company_id}/people/{actor_id}/export",
    "/companies/{company_id}/mail",
    "/companies/{company_id}/mail/{letter_id}",
    "/companies/{company_id}/mail/recipients/{recipient_id}",
    "/companies/{company_id}/channels",
    "/deliveries",
    "/v1/deliveries",
    "/accounts",
    "/audit",
    "/audit.csv",
    "/v1/audit",
))  # fmt: skip
"""Addresses that show personal data: looking there is written down."""

SIGNED_IN, TAKEN_UP = "signed in", "invitation taken up"

UNWRITTEN = frozenset(("/v1/companies/{company_id}/policy/dry-run",))
"""Asked for by a form or a body, and changing nothing."""

_PARAM = re.compile(r"/?\{[^}]*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Somebody did something: to which company, about what, by which request, and with which answer."""

    who: str
    what: str
    company_id: str | None = None
    about: dict[str, str] = field(default_factory=dict)
    note: str = ""
    request: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries somebody wants: of some companies (None: of all), by somebody, before a number."""

    within: frozenset[str] | None = None
    company_id: str | None = None
    who: str = ""
    before: int | None = None


def is_written(method: str, path: str) -> bool:
    """Say whether a request is written down."""
    return path in PERSONAL if method in {"GET", "HEAD"} else path not in UNWRITTEN


def what_of(method: str, path: str) -> str:
    """Name what an address does, the same for a page and the API: `policy/reset`, and `seen people/names`."""
    inner = path.removeprefix("/v1").removeprefix("/companies/{company_id}")
    name = _PARAM.sub("", inner).strip("/").removesuffix(".csv") or "company"
    return (f"seen {name}" if method in {"GET", "HEAD"} else name)[:WHAT_KEPT]


def write_entry(conn: Connection, entry: Entry, now: datetime) -> int:
    """Write down that somebody does something; give the entry's number."""
    row = asdict(entry) | {"who": entry.who[:WHO_KEPT], "what": entry.what[:WHAT_KEPT], "at": now}
    return int(conn.execute(insert(audit_entry).values(row).returning(audit_entry.c.no)).scalar_one())


def set_status(conn: Connection, no: int, status: int) -> None:
    """Write down what was answered."""
    conn.execute(update(audit_entry).where(audit_entry.c.no == no).values(status=status))


def entries(conn: Connection, sought: Sought, limit: int = LISTED) -> list[dict[str, Any]]:
    """List entries, newest first."""
    a = audit_entry.c
    columns = (a.no, a.at, a.who, a.what, a.about, a.note, a.status, a.company_id, company.c.name.label("company"))
    query = select(*columns).outerjoin(company, company.c.id == a.company_id).order_by(a.no.desc()).limit(limit)
    if sought.within is not None:
        query = query.where(a.company_id.in_(sought.within))
    if sought.company_id:
        query = query.where(a.company_id == sought.company_id)
    if sought.who:
        query = query.where(a.who == sought.who)
    if sought.before is not None:
        query = query.where(a.no < sought.before)
    return [dict(row) for row in conn.execute(query).mappings()]


def forget_entries(conn: Connection, now: datetime) -> int:
    """Remove entries that are older than two years; say how many."""
    return conn.execute(delete(audit_entry).where(audit_entry.c.at < now - KEPT_FOR)).rowcount
