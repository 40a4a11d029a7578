"""Accounts at the command line: whoever runs it is an owner of everything, and is named as such in the audit."""

import getpass
from datetime import datetime
from typing import Any

import typer
from sqlalchemy import Connection, Engine

from app.access import holder_called, unlock
from app.api_keys import make_key
from app.audit import Entry, write_entry
from app.companies import company_called
from app.db import read, write
from app.errors import BadInput, NotFound
from app.invitation_mail import send_invitation
from app.members import find_invitation, give_role, invite, members, role_called, take_role
from app.outbox import trouble_text
from app.roles import Scope
from app.settings import Settings
from app.wording import label, say


def at_the_machine() -> str:
    """Name who sits at the command line."""
    return f"cli: {getpass.getuser()}"


def _company(conn: Connection, asked: str | None) -> tuple[str | None, str | None]:
    if asked is None:
        return None, None
    found = company_called(conn, asked)
    return str(found["id"]), str(found["name"])


def _holder(conn: Connection, email: str) -> str:
    found = holder_called(conn, email)
    if found is None:
        raise NotFound("no_such_account")
    return found


def _told(code: str, email: str, role: str, where: str | None, spoken: str, link: str = "") -> str:
    params = {"email": email, "company": where or say("every_company", {}, spoken), "link": link}
    return say(code, params | {"role": label("reader_role", role, spoken)}, spoken)


def print_accounts(engine: Engine, spoken: str) -> None:
    """List who holds which role where."""
    with read(engine) as conn:
        for one in members(conn):
            typer.echo(_told("account_line", str(one["email"]), str(one["role"]), one["company"], spoken))


def invite_one(
    engine: Engine, settings: Settings, email: str, role: str, company: str | None, *, now: datetime, spoken: str
) -> None:
    """Invite somebody, and print the link."""
    with write(engine) as conn:
        company_id, where = _company(conn, company)
        token = invite(conn, email, company_id, role_called(role), at_the_machine(), now)
        offered = find_invitation(conn, token, now)
        write_entry(conn, Entry(who=at_the_machine(), what="accounts", company_id=company_id), now)
    link = f"{settings.base_url}/invitations/{token}"
    typer.echo(_told("account_invited", str(offered["email"]), role, where, spoken, link))
    trouble = send_invitation(settings, offered, link, spoken)
    if trouble:
        typer.echo(trouble_text(trouble, spoken), err=True)


def set_role(engine: Engine, email: str, role: str | None, company: str | None, *, now: datetime, spoken: str) -> None:
    """Give an account a role in a company or everywhere; None takes it."""
    with write(engine) as conn:
        company_id, where = _company(conn, company)
        holder_id = _holder(conn, email)
        if role is None:
            take_role(conn, holder_id, company_id)
        else:
            give_role(conn, holder_id, company_id, role_called(role), at_the_machine(), now)
        write_entry(conn, Entry(who=at_the_machine(), what="accounts/role", company_id=company_id, note=email), now)
    typer.echo(_told("account_gave" if role else "account_took", email, role or "", where, spoken))


def end_lock(engine: Engine, email: str, spoken: str) -> None:
    """Let somebody try again who failed too often."""
    with write(engine) as conn:
        done = unlock(conn, email)
    typer.echo(say("account_unlocked" if done else "account_not_locked", {"email": email}, spoken))


def print_key(engine: Engine, name: str, company: str | None, scope: str, *, days: int, now: datetime) -> None:
    """Make an API key and print it, this once."""
    if scope not in set(Scope):
        raise BadInput("no_such_scope", {"scope": scope, "scopes": ", ".join(Scope)})
    with write(engine) as conn:
        company_id, _ = _company(conn, company)
        made: dict[str, Any] = {
            "scope": Scope(scope),
            "company_id": company_id,
            "days": days,
            "made_by": at_the_machine(),
        }
        key = make_key(conn, name, now, **made)
        write_entry(conn, Entry(who=at_the_machine(), what="keys", company_id=company_id, note=name), now)
    typer.echo(key)
