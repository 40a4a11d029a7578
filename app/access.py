"""Who may come in: the owner's password, sign-ins, and API keys.

Passwords are argon2; sign-in tokens and API keys are 256 random bits, kept as SHA-256.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Connection, delete, insert, select, update

from app.errors import NotSignedIn
from app.ids import new_id
from app.models.people import account_holder, api_key, sign_in

SIGNED_IN_FOR = timedelta(days=14)
KEY_PREFIX = "seuil_"
_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who has come in: a person by password, or a program by key."""

    name: str
    holder_id: str | None = None
    language: str | None = None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def make_owner(conn: Connection, email: str, password: str | None, now: datetime) -> str | None:
    """Make the owner's account if there is no account yet; give its password if it was made, to be shown once."""
    if conn.execute(select(account_holder.c.id).limit(1)).first():
        return None
    chosen = password or secrets.token_urlsafe(12)
    conn.execute(
        insert(account_holder).values(id=new_id(now), email=email, password_hash=_hasher.hash(chosen), created_at=now)
    )
    return chosen


def set_password(conn: Connection, email: str, password: str) -> bool:
    """Give an account a new password and end its sign-ins; say whether there is such an account."""
    holder_id = conn.execute(select(account_holder.c.id).where(account_holder.c.email == email)).scalar()
    if holder_id is None:
        return False
    conn.execute(
        update(account_holder).where(account_holder.c.id == holder_id).values(password_hash=_hasher.hash(password))
    )
    conn.execute(delete(sign_in).where(sign_in.c.holder_id == holder_id))
    return True


def holder_with(conn: Connection, email: str, password: str) -> str:
    """Check a password and give whose it is; a wrong one takes as long as a right one, so nothing is held meanwhile."""
    row = conn.execute(select(account_holder).where(account_holder.c.email == email.strip())).mappings().first()
    try:
        _hasher.verify(row["password_hash"] if row else _nobody(), password)
    except (VerifyMismatchError, InvalidHashError) as error:
        raise NotSignedIn("wrong_password") from error
    if row is None:
        raise NotSignedIn("wrong_password")
    return str(row["id"])


def let_in(conn: Connection, holder_id: str, now: datetime) -> str:
    """Begin a sign-in and give its token."""
    token = secrets.token_urlsafe(32)
    conn.execute(delete(sign_in).where(sign_in.c.expires_at < now))
    conn.execute(
        insert(sign_in).values(
            token_hash=_digest(token), holder_id=holder_id, created_at=now, expires_at=now + SIGNED_IN_FOR
        )
    )
    return token


_NOBODY: list[str] = []


def _nobody() -> str:
    if not _NOBODY:
        _NOBODY.append(_hasher.hash(secrets.token_urlsafe(12)))
    return _NOBODY[0]


def reader_of_token(conn: Connection, token: str, now: datetime) -> Reader | None:
    """Give who a sign-in token is of, if it is still good."""
    row = conn.execute(
        select(account_holder.c.id, account_holder.c.email, account_holder.c.language)
        .join(sign_in, sign_in.c.holder_id == account_holder.c.id)
        .where(sign_in.c.token_hash == _digest(token), sign_in.c.expires_at > now)
    ).first()
    return None if row is None else Reader(str(row.email), str(row.id), row.language)


def sign_out(conn: Connection, token: str) -> None:
    """End a sign-in."""
    conn.execute(delete(sign_in).where(sign_in.c.token_hash == _digest(token)))


def set_language(conn: Connection, holder_id: str, language: str) -> None:
    """Remember the language an account reads."""
    conn.execute(update(account_holder).where(account_holder.c.id == holder_id).values(language=language))


def make_key(conn: Connection, name: str, now: datetime) -> str:
    """Make an API key and give it; it can't be shown again."""
    token = KEY_PREFIX + secrets.token_urlsafe(32)
    conn.execute(insert(api_key).values(id=new_id(now), name=name, key_hash=_digest(token), created_at=now))
    return token


def keys(conn: Connection) -> list[dict[str, object]]:
    """List the API keys, without the keys."""
    rows = conn.execute(select(api_key.c.id, api_key.c.name, api_key.c.created_at, api_key.c.revoked_at))
    return [dict(row) for row in rows.mappings()]


def revoke_key(conn: Connection, key_id: str, now: datetime) -> None:
    """Make a key useless."""
    conn.execute(update(api_key).where(api_key.c.id == key_id, api_key.c.revoked_at.is_(None)).values(revoked_at=now))


def reader_of_key(conn: Connection, key: str) -> Reader | None:
    """Give who an API key is of, if it is good."""
    row = conn.execute(
        select(api_key.c.name).where(api_key.c.key_hash == _digest(key), api_key.c.revoked_at.is_(None))
    ).first()
    return None if row is None else Reader(f"key {row.name}")
