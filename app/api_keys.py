"""API keys: for one company or all, for reading, pushing or writing, with an end; made, shown once, revoked."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from app.access import Reader, digest
from app.companies import find_company
from app.errors import BadInput, NotFound
from app.ids import new_id
from app.models.access import api_key
from app.models.core import company
from app.roles import SCOPES, Scope, grants

KEY_PREFIX = "seuil_"
NAME_KEPT = 100
LIFETIMES = (30, 90, 365)  # days that may be chosen; 0: no end
USED_TO_THE = timedelta(hours=1)

Row = Mapping[str, Any]


def make_key(
    conn: Connection,
    name: str,
    now: datetime,
    *,
    scope: Scope = Scope.WRITE,
    company_id: str | None = None,
    days: int = 0,
    made_by: str = "",
) -> str:
    """Make an API key and give it; it can't be shown again. `company_id` None: for every company; `days` 0: no end."""
    if not name.strip():
        raise BadInput("key_needs_a_name")
    if company_id is not None:
        find_company(conn, company_id)
    token = KEY_PREFIX + secrets.token_urlsafe(32)
    conn.execute(
        insert(api_key).values(
            id=new_id(now),
            name=name.strip()[:NAME_KEPT],
            key_hash=digest(token),
            created_at=now,
            company_id=company_id,
            scope=scope,
            made_by=made_by,
            expires_at=now + timedelta(days=days) if days else None,
        )
    )
    return token


def keys(conn: Connection, within: frozenset[str] | None = None) -> list[Row]:
    """List the API keys, without the keys: all, or those of some companies."""
    k = api_key.c
    columns = (k.id, k.name, k.scope, k.company_id, k.made_by, k.created_at, k.expires_at, k.used_at, k.revoked_at)
    query = select(*columns, company.c.name.label("company")).outerjoin(company, company.c.id == k.company_id)
    if within is not None:
        query = query.where(k.company_id.in_(within))
    return [dict(row) for row in conn.execute(query.order_by(k.created_at)).mappings()]


def revoke_key(conn: Connection, key_id: str, now: datetime, within: frozenset[str] | None = None) -> None:
    """Make a key useless; NotFound where there is none, or none within some companies."""
    mine = api_key.c.id == key_id
    if within is not None:
        mine &= api_key.c.company_id.in_(within)
    if conn.execute(select(api_key.c.id).where(mine)).first() is None:
        raise NotFound("no_such_key")
    conn.execute(update(api_key).where(mine, api_key.c.revoked_at.is_(None)).values(revoked_at=now))


def reader_of_key(conn: Connection, key: str, now: datetime) -> Reader | None:
    """Give who an API key is of, if it is good."""
    k = api_key.c
    unended = or_(k.expires_at.is_(None), k.expires_at > now)
    row = conn.execute(
        select(k.id, k.name, k.scope, k.company_id).where(k.key_hash == digest(key), k.revoked_at.is_(None), unended)
    ).first()
    if row is None:
        return None
    return Reader(f"key {row.name}", key_id=str(row.id), held=grants([(row.company_id, SCOPES[Scope(row.scope)])]))


def use_is_unknown(conn: Connection, key: str, now: datetime) -> bool:
    """Say whether a key's last use is to be written down: once an hour is enough to tell a forgotten one."""
    k = api_key.c
    stale = or_(k.used_at.is_(None), k.used_at <= now - USED_TO_THE)
    return conn.execute(select(k.id).where(k.key_hash == digest(key), stale)).first() is not None


def note_use(conn: Connection, key: str, now: datetime) -> None:
    """Write down that a key was used."""
    conn.execute(update(api_key).where(api_key.c.key_hash == digest(key)).values(used_at=now))
