"""Companies and their connections: make, find, remove."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from babel.numbers import is_currency
from sqlalchemy import Connection, delete, insert, select, update

from app.db import hold
from app.errors import BadInput, NotFound, Refused
from app.folded import folded
from app.ids import new_id
from app.models.core import company, connection
from app.models.ledger import ledger_import, staged_line
from app.models.watch import letter, recipient, subscription
from connectors.providers import provider_of, providers

Row = Mapping[str, Any]

# Before a file, an API; before a ledger, a list made for us (DESIGN rule 12).
_HANDED_RANK: Mapping[str, int] = {"push": 1, "csv": 2, "fec": 3}
NAME_KEY_KEPT = 400
_CODE = 3  # letters of a currency (ISO 4217)
UNSENT = ("waiting", "sending", "refused", "bounced", "held")  # states of letters


def is_pulled(provider: str) -> bool:
    """Say whether Seuil reads a provider by itself; the others are handed over by somebody."""
    return provider_of(provider) is not None


def rank(provider: str) -> int:
    """Rank a provider: where several tell of one month, the one of the lowest rank counts."""
    return _HANDED_RANK.get(provider, 0)


def provider_names() -> tuple[str, ...]:
    """Name every provider, those that are read and those that are handed over."""
    return (*providers(), *_HANDED_RANK)


def kind_of(provider: str) -> str:
    """Say what a provider's connections are: an api, or a file."""
    return "file" if rank(provider) > _HANDED_RANK["push"] else "api"


def add_company(  # noqa: PLR0913 - what a company is
    conn: Connection,
    name: str,
    now: datetime,
    *,
    zone: str,
    siren: str | None = None,
    is_demo: bool = False,
    fiscal_year_end_month: int = 12,
    currency: str = "EUR",
) -> str:
    """Add a company and give its id; a SIREN already known is refused."""
    if not name.strip():
        raise Refused("company_needs_a_name")
    if zone not in available_timezones():
        raise BadInput("bad_zone", {"zone": zone})
    if not (len(currency) == _CODE and currency.isascii() and currency.isupper() and is_currency(currency)):
        raise BadInput("push_currency_unknown", {"name": "currency", "value": currency[:20]})
    if siren is not None:
        if not (siren.isascii() and siren.isdigit() and len(siren) == 9):  # noqa: PLR2004 - a SIREN has nine digits
            raise Refused("siren_not_nine_digits", {"siren": siren})
        if conn.execute(select(company.c.id).where(company.c.siren == siren)).first():
            raise Refused("siren_known", {"siren": siren})
    company_id = new_id(now)
    conn.execute(
        insert(company).values(
            id=company_id,
            name=name.strip(),
            name_key=folded(name)[:NAME_KEY_KEPT],
            siren=siren,
            zone=zone,
            is_demo=is_demo,
            created_at=now,
            currency=currency,
            fiscal_year_end_month=fiscal_year_end_month,
        )
    )
    return company_id


def companies(conn: Connection, within: frozenset[str] | None = None) -> list[Row]:
    """List the companies, all or some by id, real ones first, by name."""
    rows = [dict(row) for row in conn.execute(select(company)).mappings() if within is None or row["id"] in within]
    return sorted(rows, key=lambda row: (row["is_demo"], row["name_key"], row["id"]))


def demo_companies(conn: Connection, within: frozenset[str] | None = None) -> list[Row]:
    """List the demonstration, where it is there and may be seen."""
    rows = conn.execute(select(company).where(company.c.is_demo)).mappings()
    return [dict(row) for row in rows if within is None or row["id"] in within]


def find_company(conn: Connection, company_id: str) -> Row:
    """Give one company, or raise NotFound."""
    row = conn.execute(select(company).where(company.c.id == company_id)).mappings().first()
    if row is None:
        raise NotFound("no_such_company", {"company": company_id})
    return dict(row)


def company_called(conn: Connection, text: str) -> Row:
    """Find a company by id, SIREN or name (any case); more than one of a name is refused."""
    found = [
        c for c in companies(conn) if text in (c["id"], c["siren"]) or c["name"].casefold() == text.strip().casefold()
    ]
    if not found:
        raise NotFound("no_such_company", {"company": text})
    if len(found) > 1:
        raise Refused("company_name_shared", {"company": text})
    return found[0]


def remove_company(conn: Connection, company_id: str) -> None:
    """Remove a company and everything that belongs to it."""
    files = select(ledger_import.c.no).where(ledger_import.c.company_id == company_id)
    conn.execute(delete(staged_line).where(staged_line.c.import_no.in_(files)))  # too many to be checked one by one
    mine = conn.execute(select(subscription.c.recipient_id).where(subscription.c.company_id == company_id))
    take_out_of_letters(conn, company_id, [str(one) for one in mine.scalars()])
    conn.execute(delete(company).where(company.c.id == company_id))
    forget_recipients(conn)


def forget_recipients(conn: Connection) -> None:
    """Drop who reads about nobody any more, with their letters; of who asked for no more letters, that wish is kept."""
    r = recipient.c
    idle = select(r.id).where(r.id.not_in(select(subscription.c.recipient_id)))
    conn.execute(delete(letter).where(letter.c.recipient_id.in_(idle)))
    conn.execute(delete(recipient).where(r.id.in_(idle), r.unsubscribed_at.is_(None) | r.is_demo))


def take_out_of_letters(conn: Connection, company_id: str, recipient_ids: Sequence[str]) -> None:
    """Have letters that were not sent yet speak of a company no more."""
    x = letter.c
    unsent = select(x.id, x.content).where(x.recipient_id.in_(recipient_ids), x.state.in_(UNSENT))
    for letter_id, content in conn.execute(unsent).all():
        if "source" in content and content["source"]["company_id"] != company_id:
            continue
        kept = {
            "companies": [one for one in content["companies"] if one["id"] != company_id],
            "told": {one: no for one, no in content.get("told", {}).items() if one != company_id},
        }
        values: dict[str, Any] = {"content": content | kept}
        if not kept["companies"]:
            values["state"] = "dropped"
        conn.execute(update(letter).where(x.id == letter_id).values(**values))


def connection_for(conn: Connection, company_id: str, provider: str, now: datetime) -> str:
    """Give the id of a company's connection to a provider, made if missing."""
    hold(conn, company_id)
    found = conn.execute(
        select(connection.c.id).where(connection.c.company_id == company_id, connection.c.provider == provider)
    ).scalar()
    if found is not None:
        return str(found)
    connection_id = new_id(now)
    zone = conn.execute(select(company.c.zone).where(company.c.id == company_id)).scalar_one()
    conn.execute(
        insert(connection).values(
            id=connection_id,
            company_id=company_id,
            provider=provider,
            kind=kind_of(provider),
            zone=zone,
            created_at=now,
            due_at=now if is_pulled(provider) else None,
        )
    )
    return connection_id
