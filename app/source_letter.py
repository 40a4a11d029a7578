"""The letter that asks a person to act: a source refuses us, and nothing is read until somebody grants it anew.

It is written in the transaction that keeps the trouble, once for each time it begins, and sent like any other
letter. It goes to whoever connected the account if they get letters, else to all who read about the company.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from app.ids import new_id
from app.models.core import company
from app.models.watch import letter, recipient, subscription

SOURCE_LETTER = "source"

Row = Mapping[str, Any]


def ask_for_access(conn: Connection, source: Row, code: str, params: Mapping[str, str], now: datetime) -> int:
    """Put the letter into the outbox of each who is to get it, and say how many those are."""
    readers = _readers(conn, str(source["company_id"]), source["connected_by"])
    name = conn.execute(select(company.c.name).where(company.c.id == source["company_id"])).scalar_one()
    for reader in readers:
        letter_id = new_id(now)
        conn.execute(
            insert(letter).values(
                id=letter_id,
                recipient_id=reader.id,
                kind=SOURCE_LETTER,
                period=letter_id[-12:],
                message_id=f"{letter_id}@seuil.invalid",
                content={
                    "kind": SOURCE_LETTER,
                    "language": reader.language,
                    "zone": reader.zone,
                    "written_at": now.isoformat(),
                    "period": "",
                    "companies": [],
                    "told": {},
                    "source": {
                        "company_id": source["company_id"],
                        "company": name,
                        "provider": source["provider"],
                        "code": code,
                        "params": dict(params),
                    },
                },
                told_until=0,
                state="kept" if reader.is_demo else "waiting",
                created_at=now,
                next_try_at=now,
            )
        )
    return len(readers)


def _readers(conn: Connection, company_id: str, connected_by: str | None) -> list[Any]:
    r, s = recipient.c, subscription.c
    query = (
        select(r.id, r.email, r.language, r.zone, r.is_demo)
        .join(subscription, s.recipient_id == r.id)
        .where(s.company_id == company_id, r.unsubscribed_at.is_(None))
        .order_by(r.id)
    )
    found = list(conn.execute(query))
    owner = [one for one in found if connected_by and one.email.casefold() == connected_by.casefold()]
    return owner or found
