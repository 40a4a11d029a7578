"""A connection's door: the secrets its webhooks are signed with, sealed; opened, closed, and counted at."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypedDict

from sqlalchemy import Connection, func, select, update

from app.errors import BadInput, NotFound, Refused
from app.models.core import connection
from app.models.watch import knock
from app.vault import Vault
from connectors.base import Hint
from connectors.doorbell import SCHEMES, Doorbell
from connectors.providers import provider_of

GRACE = timedelta(hours=24)  # the time to enter a new secret over there
LAST_DAY = timedelta(hours=24)
STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret and the instant it ends at; None: it is the current one."""

    secret: str = field(repr=False)  # belongs in no log
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a door is opened with, newest first."""

    all: tuple[Secret, ...]
    is_closed: bool
    scheme: str = STANDARD
    provider: str = ""

    @property
    def doorbell(self) -> Doorbell:
        """What tells who rings."""
        return SCHEMES[self.scheme]

    def hint_in(self, body: bytes) -> Hint | None:
        """Read off a genuine call which object it is about, where this provider says so."""
        known = provider_of(self.provider)
        return known.hint(body) if known is not None and known.hint is not None else None

    def good_at(self, now: datetime) -> list[str]:
        """Give the secrets that count at an instant."""
        return [one.secret for one in self.all if one.until is None or now < one.until]


class KnockFigures(TypedDict):
    """What has knocked so far."""

    total: int
    last_day: int
    last_received_at: datetime | None


def scheme_of(provider: str) -> str:
    """Name the way a provider signs its webhooks; one that says nothing of it takes a signing relay in between."""
    known = provider_of(provider)
    return (known.scheme if known else None) or STANDARD


def new_door_secret(
    conn: Connection, vault: Vault, connection_id: str, now: datetime, *, grace: timedelta = GRACE
) -> str:
    """Make a connection's webhook secret and open its door; the secret is given once and never shown again.

    The one before stays good for the grace. Where it is known to somebody it should not be, give no grace; behind a
    closed door there is none. Refused where the sender makes it up.
    """
    secret = SCHEMES[_scheme(conn, connection_id)].new_secret()
    if secret is None:
        raise Refused("door_secret_is_theirs")
    keep_door_secret(conn, vault, connection_id, secret, now, grace=grace)
    return secret


def keep_door_secret(
    conn: Connection, vault: Vault, connection_id: str, secret: str, now: datetime, *, grace: timedelta = GRACE
) -> None:
    """Keep a secret that the sender made up, as many do, with the same effect as a new one."""
    scheme = _scheme(conn, connection_id)
    try:
        SCHEMES[scheme].check(secret)
    except ValueError as error:
        raise BadInput("door_secret_unusable" if scheme == STANDARD else "door_secret_unfit") from error
    earlier = [one for one in _earlier(conn, vault, connection_id) if one.secret != secret.strip()]
    kept = [Secret(secret.strip(), None), *_ending(earlier, now, now + grace)]
    _set(conn, connection_id, sealed_secret=vault.seal(_as_text(kept)), door_closed_at=None)


def _ending(earlier: Iterable[Secret], now: datetime, end: datetime) -> list[Secret]:
    ends = [Secret(one.secret, end if one.until is None else min(one.until, end)) for one in earlier]
    return [one for one in ends if one.until is not None and now < one.until]


def close_door(conn: Connection, connection_id: str, now: datetime) -> None:
    """Switch a connection's webhook off: genuine senders are told to stop, and its silence means nothing."""
    _set(conn, connection_id, door_closed_at=now, silent_from=None)


def open_door(conn: Connection, connection_id: str) -> None:
    """Switch it on again, with the secrets it had."""
    c = connection.c
    sealed = conn.execute(select(c.sealed_secret).where(c.id == connection_id)).first()
    if sealed is not None and sealed[0] is None:
        raise Refused("door_has_no_secret")
    _set(conn, connection_id, door_closed_at=None)


def find_secrets(conn: Connection, vault: Callable[[], Vault], connection_id: str) -> Secrets | None:
    """Give what a door is opened with; None where there is no such door. The vault is opened only if there is one."""
    c = connection.c
    row = conn.execute(select(c.sealed_secret, c.door_closed_at, c.provider).where(c.id == connection_id)).first()
    if row is None or row[0] is None:
        return None
    provider = str(row[2])
    return Secrets(_opened(vault(), row[0]), row[1] is not None, scheme_of(provider), provider)


def knock_figures(conn: Connection, connection_id: str, now: datetime) -> KnockFigures:
    """Count a connection's knocks."""
    k = knock.c
    recent = func.count().filter(k.received_at > now - LAST_DAY)
    query = select(func.count(), recent, func.max(k.received_at)).where(k.connection_id == connection_id)
    total, last_day, last = conn.execute(query).one()
    return {"total": int(total), "last_day": int(last_day), "last_received_at": last}


def _earlier(conn: Connection, vault: Vault, connection_id: str) -> tuple[Secret, ...]:
    """Read the secrets to change them: of two who do so at once, the second sees what the first did."""
    c = connection.c
    conn.execute(select(c.id).where(c.id == connection_id).with_for_update())
    try:
        before = find_secrets(conn, lambda: vault, connection_id)
    except Refused:  # sealed under a key that is lost: it can only be made anew
        return ()
    return () if before is None or before.is_closed else before.all


def _scheme(conn: Connection, connection_id: str) -> str:
    provider = conn.execute(select(connection.c.provider).where(connection.c.id == connection_id)).scalar()
    return STANDARD if provider is None else scheme_of(str(provider))


def _set(conn: Connection, connection_id: str, **values: datetime | str | None) -> None:
    if not conn.execute(update(connection).where(connection.c.id == connection_id).values(**values)).rowcount:
        raise NotFound("no_such_connection", {"connection": connection_id})


def _as_text(kept: Iterable[Secret]) -> str:
    rows = [{"secret": one.secret, "until": one.until and one.until.isoformat()} for one in kept]
    return json.dumps({"secrets": rows})


def _opened(vault: Vault, sealed: str) -> tuple[Secret, ...]:
    rows = json.loads(vault.open(sealed))["secrets"]
    return tuple(Secret(row["secret"], row["until"] and datetime.fromisoformat(row["until"])) for row in rows)
