"""Who comes in: passwords, sign-ins whose token changes as it is used, and tries that failed.

Passwords are argon2; tokens are 256 random bits, kept as SHA-256.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Connection, delete, insert, select, update

from app.errors import BadInput, NotFound, NotSignedIn
from app.ids import new_id
from app.models.access import account_holder, membership, sign_in, sign_in_trial
from app.roles import ROLES, Grants, Role, grants

SIGNED_IN_FOR = timedelta(days=14)
IDLE_FOR = timedelta(days=8)
"""Whoever reads every Monday stays signed in from one to the next."""

TOKEN_CHANGES_AFTER = timedelta(hours=1)
OLD_TOKEN_FOR = timedelta(minutes=5)
"""How long the token before still counts: for pages that were on their way."""

TRIES = 10
TRIES_WITHIN = timedelta(minutes=15)
LOCKED_FOR = timedelta(minutes=15)
PASSWORD_MIN = 12  # characters; no other rule (NIST SP 800-63B, 5.1.1.2)
PASSWORD_MAX = 1024
BROWSER_KEPT = 200

_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who has come in: a person by password, or a program by key; and what they may do."""

    name: str
    holder_id: str | None = None
    language: str | None = None
    held: Grants = field(default_factory=Grants)
    sign_in_id: str | None = None
    key_id: str | None = None


def digest(token: str) -> str:
    """Give what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_owner(conn: Connection, email: str, password: str | None, now: datetime) -> str | None:
    """Make the owner's account if there is no account yet; give its password if it was made, to be shown once."""
    if conn.execute(select(account_holder.c.id).limit(1)).first():
        return None
    chosen = password or secrets.token_urlsafe(12)
    holder_id = make_holder(conn, email, chosen, now)
    conn.execute(
        insert(membership).values(
            id=new_id(now), holder_id=holder_id, company_id=None, role=Role.OWNER, granted_at=now, granted_by="seuil"
        )
    )
    return chosen


def make_holder(conn: Connection, email: str, password: str | None, now: datetime) -> str:
    """Make an account and give its id; without a password it is opened by the sign-in service only."""
    holder_id = new_id(now)
    hashed = _hasher.hash(password) if password else ""
    conn.execute(insert(account_holder).values(id=holder_id, email=email, password_hash=hashed, created_at=now))
    return holder_id


def fit_password(password: str) -> str:
    """Give a password that may be chosen, or BadInput."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise BadInput("password_length", {"min": PASSWORD_MIN, "max": PASSWORD_MAX})
    return password


def set_password(conn: Connection, email: str, password: str) -> bool:
    """Give an account a new password and end its sign-ins; say whether there is such an account."""
    holder_id = holder_called(conn, email)
    if holder_id is None:
        return False
    hashed = _hasher.hash(password)
    conn.execute(update(account_holder).where(account_holder.c.id == holder_id).values(password_hash=hashed))
    end_sign_ins(conn, holder_id)
    conn.execute(delete(sign_in_trial).where(sign_in_trial.c.name_hash == _name_hash(email)))
    return True


def holder_called(conn: Connection, email: str) -> str | None:
    """Give the account of an address, however it is written."""
    wanted = email.strip().casefold()
    rows = conn.execute(select(account_holder.c.id, account_holder.c.email)).all()
    return next((str(one) for one, name in rows if str(name).casefold() == wanted), None)


def holder_with(conn: Connection, email: str, password: str) -> str:
    """Check a password and give whose it is; a wrong one takes as long as a right one, so nothing is held meanwhile."""
    holder_id = holder_called(conn, email)
    kept = conn.execute(select(account_holder.c.password_hash).where(account_holder.c.id == holder_id)).scalar()
    try:
        _hasher.verify(kept or _nobody(), password[:PASSWORD_MAX])
    except (VerifyMismatchError, InvalidHashError) as error:
        raise NotSignedIn("wrong_password") from error
    if holder_id is None or not kept:
        raise NotSignedIn("wrong_password")
    return holder_id


_NOBODY: list[str] = []


def _nobody() -> str:
    if not _NOBODY:
        _NOBODY.append(_hasher.hash(secrets.token_urlsafe(12)))
    return _NOBODY[0]


def _name_hash(email: str) -> str:
    return digest(email.strip().casefold())


def is_locked(conn: Connection, email: str, now: datetime) -> bool:
    """Say whether nobody is let in under a name for now; the same for names that exist and names that don't."""
    until = conn.execute(
        select(sign_in_trial.c.locked_until).where(sign_in_trial.c.name_hash == _name_hash(email))
    ).scalar()
    return until is not None and now < until


def note_failure(conn: Connection, email: str, now: datetime) -> None:
    """Count a failed try at a name; after ten within a quarter of an hour it is locked for as long."""
    t, key = sign_in_trial.c, _name_hash(email)
    conn.execute(delete(sign_in_trial).where(t.first_at < now - TRIES_WITHIN - LOCKED_FOR))
    row = conn.execute(select(t.failed, t.first_at).where(t.name_hash == key).with_for_update()).first()
    if row is None:
        conn.execute(insert(sign_in_trial).values(name_hash=key, failed=1, first_at=now))
        return
    fresh = row.first_at <= now - TRIES_WITHIN
    failed = 1 if fresh else row.failed + 1
    values: dict[str, Any] = {"failed": failed, "first_at": now if fresh else row.first_at}
    if failed >= TRIES:
        values |= {"locked_until": now + LOCKED_FOR, "failed": 0, "first_at": now}
    conn.execute(update(sign_in_trial).where(t.name_hash == key).values(**values))


def unlock(conn: Connection, email: str) -> bool:
    """Forget the failed tries at a name; say whether there were any."""
    return bool(conn.execute(delete(sign_in_trial).where(sign_in_trial.c.name_hash == _name_hash(email))).rowcount)


def let_in(conn: Connection, holder_id: str, now: datetime, browser: str = "") -> str:
    """Begin a sign-in and give its token."""
    token = secrets.token_urlsafe(32)
    s = sign_in.c
    conn.execute(delete(sign_in).where((s.expires_at < now) | (s.changed_at < now - IDLE_FOR)))
    conn.execute(
        insert(sign_in).values(
            id=new_id(now),
            token_hash=digest(token),
            holder_id=holder_id,
            created_at=now,
            changed_at=now,
            expires_at=now + SIGNED_IN_FOR,
            browser=browser[:BROWSER_KEPT],
        )
    )
    return token


def reader_of_token(conn: Connection, token: str, now: datetime) -> Reader | None:
    """Give who a sign-in token is of, if it is still good."""
    s, mine = sign_in.c, digest(token)
    current = (s.token_hash == mine) | ((s.previous_hash == mine) & (s.changed_at > now - OLD_TOKEN_FOR))
    row = conn.execute(
        select(account_holder.c.id, account_holder.c.email, account_holder.c.language, s.id.label("sign_in_id"))
        .join(sign_in, s.holder_id == account_holder.c.id)
        .where(current, s.expires_at > now, s.changed_at > now - IDLE_FOR)
    ).first()
    if row is None:
        return None
    return Reader(str(row.email), str(row.id), row.language, held_by(conn, str(row.id)), str(row.sign_in_id))


def token_is_old(conn: Connection, token: str, now: datetime) -> bool:
    """Say whether a good token has been in use long enough to be changed."""
    s = sign_in.c
    mine = (s.token_hash == digest(token)) & (s.changed_at <= now - TOKEN_CHANGES_AFTER)
    return conn.execute(select(s.id).where(mine)).first() is not None


def change_token(conn: Connection, token: str, now: datetime) -> str | None:
    """Give a sign-in another token; None where somebody else of the same browser was first."""
    new, mine = secrets.token_urlsafe(32), digest(token)
    done = conn.execute(
        update(sign_in)
        .where(sign_in.c.token_hash == mine, sign_in.c.changed_at <= now - TOKEN_CHANGES_AFTER)
        .values(token_hash=digest(new), previous_hash=mine, changed_at=now)
    )
    return new if done.rowcount else None


def _changed_long_ago(token: str, now: datetime) -> Any:
    return (sign_in.c.previous_hash == digest(token)) & (sign_in.c.changed_at <= now - OLD_TOKEN_FOR)


def token_was_changed(conn: Connection, token: str, now: datetime) -> bool:
    """Say whether a token was a sign-in's before, longer ago than a page is on its way."""
    return conn.execute(select(sign_in.c.id).where(_changed_long_ago(token, now))).first() is not None


def end_if_stolen(conn: Connection, token: str, now: datetime) -> bool:
    """End a sign-in of which a token is shown that was changed long ago: two have it, and one of them stole it."""
    return bool(conn.execute(delete(sign_in).where(_changed_long_ago(token, now))).rowcount)


def held_by(conn: Connection, holder_id: str) -> Grants:
    """Give what an account may do, and where."""
    m = membership.c
    rows = conn.execute(select(m.company_id, m.role).where(m.holder_id == holder_id))
    return grants((row.company_id, ROLES[Role(row.role)]) for row in rows)


def sign_ins(conn: Connection, holder_id: str, now: datetime) -> list[dict[str, Any]]:
    """List an account's sign-ins that still count, newest first."""
    s = sign_in.c
    good = (s.holder_id == holder_id, s.expires_at > now, s.changed_at > now - IDLE_FOR)
    query = select(s.id, s.created_at, s.changed_at, s.browser).where(*good).order_by(s.created_at.desc())
    return [dict(row) for row in conn.execute(query).mappings()]


def sign_out(conn: Connection, token: str) -> None:
    """End a sign-in."""
    conn.execute(
        delete(sign_in).where((sign_in.c.token_hash == digest(token)) | (sign_in.c.previous_hash == digest(token)))
    )


def end_sign_in(conn: Connection, holder_id: str, sign_in_id: str) -> None:
    """End one of an account's sign-ins; NotFound where it has no such one."""
    mine = delete(sign_in).where(sign_in.c.id == sign_in_id, sign_in.c.holder_id == holder_id)
    if not conn.execute(mine).rowcount:
        raise NotFound("no_such_sign_in")


def end_sign_ins(conn: Connection, holder_id: str, *, but: str | None = None) -> int:
    """End an account's sign-ins, all or all but one; say how many."""
    mine = sign_in.c.holder_id == holder_id
    kept = (mine & (sign_in.c.id != but)) if but else mine
    return conn.execute(delete(sign_in).where(kept)).rowcount


def set_language(conn: Connection, holder_id: str, language: str) -> None:
    """Remember the language an account reads."""
    conn.execute(update(account_holder).where(account_holder.c.id == holder_id).values(language=language))
