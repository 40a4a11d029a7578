"""Where a company's alerts are told at once: a signed webhook of a program, or a chat; the address is kept sealed."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete, func, insert, select, update

from app.companies import find_company
from app.errors import BadInput, NotFound, Refused
from app.ids import new_id
from app.language import LANGUAGES
from app.models.channels import channel
from app.models.watch import episode_event
from app.vault import Vault
from connectors.doorbell import new_secret
from connectors.errors import SourceError
from connectors.http import safe_address

WEBHOOK, APPRISE = "webhook", "apprise"
KINDS = (WEBHOOK, APPRISE)
LABEL_KEPT, ADDRESS_KEPT = 100, 2000

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants told where."""

    kind: str
    address: str
    label: str = ""
    language: str = "fr"


def add_channel(
    conn: Connection,
    company_id: str,
    asked: Asked,
    now: datetime,
    *,
    vault: Callable[[], Vault],
    private_hosts: Collection[str] = (),
) -> tuple[str, str | None]:
    """Keep a channel; give its id and, for a webhook, the secret it is signed with, to be shown this once.

    It is told what happens from now on. Raises BadInput where the address is none, Refused for a demonstration.
    """
    if bool(find_company(conn, company_id)["is_demo"]):
        raise Refused("demo_channel")
    if asked.language not in LANGUAGES:
        raise BadInput("bad_language", {"language": asked.language, "languages": ", ".join(LANGUAGES)})
    address = _checked(asked, private_hosts)
    secret = new_secret() if asked.kind == WEBHOOK else None
    seal = vault().seal
    newest = select(func.coalesce(func.max(episode_event.c.no), 0)).where(episode_event.c.company_id == company_id)
    channel_id = new_id(now)
    conn.execute(
        insert(channel).values(
            id=channel_id,
            company_id=company_id,
            kind=asked.kind,
            label=(asked.label.strip() or _bare(address))[:LABEL_KEPT],
            language=asked.language,
            sealed_address=seal(address),
            sealed_secret=seal(secret) if secret else None,
            told_until=conn.execute(newest).scalar_one(),
            created_at=now,
        )
    )
    return channel_id, secret


def _checked(asked: Asked, private_hosts: Collection[str]) -> str:
    address = asked.address.strip()
    if asked.kind not in KINDS:
        raise BadInput("unknown_channel", {"kind": asked.kind, "kinds": ", ".join(KINDS)})
    if not address or len(address) > ADDRESS_KEPT or "\0" in address:
        raise BadInput("channel_unreadable", {"address": address[:60]})
    if asked.kind == APPRISE:
        return _apprise_address(address)
    try:
        return safe_address(address.partition("?")[0], private_hosts, resolve=False) and address
    except SourceError as error:
        raise BadInput(error.code, error.params) from error


def _apprise_address(address: str) -> str:
    from apprise import Apprise  # noqa: PLC0415 - loads a hundred services, and is seldom needed

    if not Apprise().add(address):
        raise BadInput("channel_unreadable", {"address": _bare(address)})
    return address


def _bare(address: str) -> str:
    """Say an address without what may be a token."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.hostname or ''}"


def channels(conn: Connection, company_id: str) -> list[Row]:
    """List a company's channels, oldest first, without their sealed parts."""
    c = channel.c
    columns = (c.id, c.kind, c.label, c.language, c.created_at, c.off_at, c.off_because)
    rows = conn.execute(select(*columns).where(c.company_id == company_id).order_by(c.created_at, c.id)).mappings()
    return [dict(row) for row in rows]


def find_channel(conn: Connection, company_id: str, channel_id: str) -> Row:
    """Give one of a company's channels, or raise NotFound."""
    found = conn.execute(
        select(channel).where(channel.c.id == channel_id, channel.c.company_id == company_id)
    ).mappings()
    row = found.first()
    if row is None:
        raise NotFound("no_such_channel")
    return dict(row)


def remove_channel(conn: Connection, company_id: str, channel_id: str) -> None:
    """Forget a channel and what was told there."""
    find_channel(conn, company_id, channel_id)
    conn.execute(delete(channel).where(channel.c.id == channel_id))


def switch_off(conn: Connection, channel_id: str, now: datetime, because: str) -> None:
    """Tell a channel nothing more: the other side has said that nobody is there."""
    off = update(channel).where(channel.c.id == channel_id, channel.c.off_at.is_(None))
    conn.execute(off.values(off_at=now, off_because=because))
