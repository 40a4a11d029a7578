"""Accounts at providers: what opens them is sealed in the database, and handed to connectors only.

Nothing here is ever logged; a secret that a provider rotates is stored before it is used.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, select, update

from app.db import durable, hold, read
from app.errors import NotFound, Refused
from app.models.core import connection
from app.settings import Settings
from app.vault import Vault, open_vault
from connectors.account import Account, Secrets
from connectors.base import Connector
from connectors.errors import AccessDenied
from connectors.providers import provider_of

Row = Mapping[str, Any]
Connect = Callable[[Row, datetime], Connector]


def connect_bare(row: Row, now: datetime) -> Connector:
    """Make the connector of an account that nothing secret opens."""
    return _connector(row, _account(row, now, {}))


def connecting(engine: Engine, settings: Settings) -> Connect:
    """Give what makes the connector of a connection; the vault is opened where there is something to open."""

    def connect(row: Row, now: datetime) -> Connector:
        if not row["sealed_credentials"]:
            return _connector(row, _account(row, now, {}, private_hosts=settings.private_host_names))
        try:
            secrets = json.loads(open_vault(settings).open(str(row["sealed_credentials"])))
        except Refused as error:  # the key is lost or another: a person has to act
            raise AccessDenied(code=error.code, params={k: str(v) for k, v in error.params.items()}) from error

        def stored() -> Secrets:
            with read(engine) as conn:
                sealed = conn.execute(
                    select(connection.c.sealed_credentials).where(connection.c.id == row["id"])
                ).scalar()
            return json.loads(open_vault(settings).open(sealed)) if sealed else {}

        def keep(changed: Secrets) -> None:
            secrets.update(stored())  # a person may have changed another one meanwhile
            secrets.update(changed)
            with durable(engine) as conn:
                # opened anew: the key may have been changed during a long reading
                seal_credentials(conn, open_vault(settings), str(row["id"]), secrets)

        return _connector(
            row, _account(row, now, secrets, keep=keep, stored=stored, private_hosts=settings.private_host_names)
        )

    return connect


def _account(row: Row, now: datetime, secrets: Secrets, **more: Any) -> Account:
    settings = {str(name): str(value) for name, value in (row["settings"] or {}).items()}
    return Account(settings=settings, secrets=dict(secrets), zone=ZoneInfo(str(row["zone"])), now=now, **more)


def _connector(row: Row, account: Account) -> Connector:
    provider = provider_of(str(row["provider"]))
    if provider is None:
        raise NotFound("no_such_provider", {"provider": row["provider"]})
    return provider.connect(account)


def seal_credentials(conn: Connection, vault: Vault, connection_id: str, secrets: Secrets) -> None:
    """Keep what opens an account, sealed."""
    sealed = vault.seal(json.dumps(dict(secrets))) if secrets else None
    conn.execute(update(connection).where(connection.c.id == connection_id).values(sealed_credentials=sealed))


def reseal_all(conn: Connection, vault: Vault) -> int:
    """Seal every secret anew under the vault's first key, and say how many there were: the end of a key's rotation."""
    c = connection.c
    sealed = (c.sealed_credentials, c.sealed_secret)
    rows = conn.execute(select(c.id, c.company_id, *sealed).order_by(c.id).with_for_update()).mappings().all()
    done = 0
    for row in rows:
        hold(conn, str(row["company_id"]))
        anew = {each.name: vault.seal(vault.open(row[each.name])) for each in sealed if row[each.name]}
        if anew:
            conn.execute(update(connection).where(c.id == row["id"]).values(**anew))
            done += len(anew)
    return done
