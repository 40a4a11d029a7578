"""Idempotency keys: a request that is sent again with the same key is answered again, and not done again.

As draft-ietf-httpapi-idempotency-key-header has it. The answer is kept in a commit of its own after the thing is done:
where the process dies between the two, the key is refused for ten minutes and then free, and whoever asks again looks
first whether it was done.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.errors import BadInput, Refused
from app.models.kept_answers import kept_answer

KEPT_FOR = timedelta(hours=24)
CUT_SHORT_AFTER = timedelta(minutes=10)
LONGEST = 255


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that was given before."""

    status: int
    content_type: str
    body: str


def fingerprint(method: str, address: str, body: bytes) -> str:
    """Tell one request from another."""
    return hashlib.sha256(b"\n".join((method.encode(), address.encode(), body))).hexdigest()


def fit_key(key: str) -> str:
    """Give a key that may be used, or BadInput: 1 to 255 printable ASCII characters; quotes around it are no part."""
    bare = key.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == '"':
        bare = bare[1:-1]
    if not (0 < len(bare) <= LONGEST and bare.isascii() and bare.isprintable()):
        raise BadInput("idempotency_key_unfit", {"most": LONGEST})
    return bare


def begin(conn: Connection, who: str, key: str, print_: str, now: datetime) -> Kept | None:
    """Take a key for a request about to be done, or give the answer it had; the caller holds (who, key).

    Raises BadInput where the key was used for another request, and Refused while the first is still under way.
    """
    k = kept_answer.c
    mine = (k.who == who, k.key == key)
    conn.execute(
        delete(kept_answer).where(
            *mine, (k.begun_at < now - KEPT_FOR) | (k.status.is_(None) & (k.begun_at < now - CUT_SHORT_AFTER))
        )
    )
    row = conn.execute(select(k.fingerprint, k.status, k.content_type, k.body).where(*mine)).first()
    if row is None:
        try:
            conn.execute(insert(kept_answer).values(who=who, key=key, fingerprint=print_, begun_at=now))
        except IntegrityError as error:  # another process was faster
            raise Refused("idempotency_key_in_use") from error
        return None
    if row.fingerprint != print_:
        raise BadInput("idempotency_key_reused")
    if row.status is None:
        raise Refused("idempotency_key_in_use")
    return Kept(row.status, row.content_type, row.body)


def finish(conn: Connection, who: str, key: str, kept: Kept) -> None:
    """Keep the answer that a request got."""
    k = kept_answer.c
    values = {"status": kept.status, "content_type": kept.content_type, "body": kept.body}
    conn.execute(update(kept_answer).where(k.who == who, k.key == key).values(values))


def give_up(conn: Connection, who: str, key: str) -> None:
    """Set a key free: the request was refused, and nothing was done."""
    k = kept_answer.c
    conn.execute(delete(kept_answer).where(k.who == who, k.key == key, k.status.is_(None)))


def forget_kept(conn: Connection, now: datetime) -> int:
    """Remove answers that are older than a day; say how many."""
    return conn.execute(delete(kept_answer).where(kept_answer.c.begun_at < now - KEPT_FOR)).rowcount
