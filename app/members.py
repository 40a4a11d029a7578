"""Who is what to which company: roles given and taken, and invitations.

A company always keeps an owner: of its own, or one of all companies.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from app.access import digest, fit_password, holder_called, make_holder
from app.companies import find_company
from app.errors import BadInput, NotFound, Refused
from app.ids import new_id
from app.models.access import account_holder, invitation, membership, sign_in
from app.models.core import company
from app.recipients import tidy_address
from app.roles import Role

INVITED_FOR = timedelta(days=7)

Row = Mapping[str, Any]
Within = frozenset[str] | None
"""The companies somebody administers; None: all there are."""


def role_called(name: str) -> Role:
    """Give the role of a name, or BadInput."""
    try:
        return Role(name)
    except ValueError as error:
        raise BadInput("no_such_role", {"role": name, "roles": ", ".join(Role)}) from error


def _administered(within: Within, company_id: str | None) -> None:
    if within is not None and company_id not in within:
        raise NotFound("no_such_company", {"company": company_id or "*"})


def members(conn: Connection, within: Within = None) -> list[Row]:
    """List who holds which role where, by address; whoever administers some companies sees those only."""
    m, h = membership.c, account_holder.c
    last = select(func.max(sign_in.c.changed_at)).where(sign_in.c.holder_id == h.id).scalar_subquery()
    query = (
        select(m.id, m.holder_id, h.email, m.company_id, company.c.name.label("company"), m.role, m.granted_at,
               m.granted_by, last.label("seen_at"))
        .join(account_holder, h.id == m.holder_id)
        .outerjoin(company, company.c.id == m.company_id)
        .order_by(func.lower(h.email), company.c.name)
    )  # fmt: skip
    if within is not None:
        query = query.where(m.company_id.in_(within))
    return [dict(row) for row in conn.execute(query).mappings()]


def give_role(
    conn: Connection, holder_id: str, company_id: str | None, role: Role, by: str, now: datetime, within: Within = None
) -> None:
    """Give an account a role in a company (None: in all), in place of the one it has there."""
    _administered(within, company_id)
    if company_id is not None:
        find_company(conn, company_id)
    if conn.execute(select(account_holder.c.id).where(account_holder.c.id == holder_id)).first() is None:
        raise NotFound("no_such_account")
    row = {"role": role, "granted_at": now, "granted_by": by}
    if not conn.execute(update(membership).where(_here(holder_id, company_id)).values(row)).rowcount:
        new = {"id": new_id(now), "holder_id": holder_id, "company_id": company_id}
        conn.execute(insert(membership).values(new | row))
    _keep_an_owner(conn, company_id)


def take_role(conn: Connection, holder_id: str, company_id: str | None, within: Within = None) -> None:
    """Take an account's role in a company (None: in all); an account without any is removed, and all it signed in."""
    _administered(within, company_id)
    if not conn.execute(delete(membership).where(_here(holder_id, company_id))).rowcount:
        raise NotFound("no_such_account")
    _keep_an_owner(conn, company_id)
    if conn.execute(select(membership.c.id).where(membership.c.holder_id == holder_id)).first() is None:
        conn.execute(delete(account_holder).where(account_holder.c.id == holder_id))


def _here(holder_id: str, company_id: str | None) -> Any:
    m = membership.c
    where = m.company_id.is_(None) if company_id is None else m.company_id == company_id
    return (m.holder_id == holder_id) & where


def _keep_an_owner(conn: Connection, company_id: str | None) -> None:
    """Refuse what would leave nobody to administer: of all companies, or of this one."""
    m = membership.c
    owners = select(m.company_id).where(m.role == Role.OWNER)
    held = set(conn.execute(owners).scalars())
    if None not in held and company_id not in held:
        raise Refused("last_owner")
    if company_id is None and None not in held:
        raise Refused("last_owner")


def invite(
    conn: Connection, email: str, company_id: str | None, role: Role, by: str, now: datetime, within: Within = None
) -> str:
    """Offer somebody a role and give the token of the link; an earlier offer of the same counts no more."""
    _administered(within, company_id)
    if company_id is not None and find_company(conn, company_id)["is_demo"]:
        raise Refused("demo_has_no_members")
    address, token, i = tidy_address(email), secrets.token_urlsafe(32), invitation.c
    where = i.company_id.is_(None) if company_id is None else i.company_id == company_id
    conn.execute(delete(invitation).where(func.lower(i.email) == address.lower(), where, i.taken_at.is_(None)))
    conn.execute(
        insert(invitation).values(
            id=new_id(now),
            token_hash=digest(token),
            email=address,
            company_id=company_id,
            role=role,
            made_at=now,
            made_by=by,
            expires_at=now + INVITED_FOR,
        )
    )
    return token


def invitations(conn: Connection, now: datetime, within: Within = None) -> list[Row]:
    """List the invitations that wait, newest first."""
    i = invitation.c
    query = (
        select(i.id, i.email, i.role, i.company_id, company.c.name.label("company"), i.made_by, i.made_at, i.expires_at)
        .outerjoin(company, company.c.id == i.company_id)
        .where(i.taken_at.is_(None), i.expires_at > now)
        .order_by(i.made_at.desc())
    )
    if within is not None:
        query = query.where(i.company_id.in_(within))
    return [dict(row) for row in conn.execute(query).mappings()]


def withdraw(conn: Connection, invitation_id: str, within: Within = None) -> None:
    """Take an invitation back."""
    i = invitation.c
    mine = (i.id == invitation_id) & i.taken_at.is_(None)
    if within is not None:
        mine &= i.company_id.in_(within)
    if not conn.execute(delete(invitation).where(mine)).rowcount:
        raise NotFound("no_such_invitation")


def find_invitation(conn: Connection, token: str, now: datetime) -> Row:
    """Give what a link offers, or NotFound where it is taken, withdrawn, over, or was never given."""
    i = invitation.c
    row = (
        conn.execute(
            select(i.id, i.email, i.role, i.company_id, company.c.name.label("company"), i.made_by)
            .outerjoin(company, company.c.id == i.company_id)
            .where(i.token_hash == digest(token), i.taken_at.is_(None), i.expires_at > now)
        )
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound("no_such_invitation")
    return dict(row) | {"has_account": holder_called(conn, str(row["email"])) is not None}


def take_up(conn: Connection, token: str, password: str, now: datetime) -> str:
    """Take an invitation up: make the account with a password, or add the role to the one there is; give whose it is.

    The password of an account there is has been checked by whoever calls.
    """
    offered = find_invitation(conn, token, now)
    i = invitation.c
    taken = update(invitation).where(i.id == offered["id"], i.taken_at.is_(None)).values(taken_at=now)
    if not conn.execute(taken).rowcount:
        raise NotFound("no_such_invitation")
    email, company_id = str(offered["email"]), offered["company_id"]
    holder_id = holder_called(conn, email) or make_holder(conn, email, fit_password(password), now)
    give_role(conn, holder_id, company_id, Role(offered["role"]), str(offered["made_by"]), now)
    return holder_id
