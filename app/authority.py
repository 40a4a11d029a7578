"""One truth per month: where several sources list the same documents, one of them counts (DESIGN rule 12).

Seuil chooses an API before a list, and a list before a ledger; a person may choose otherwise, from a month on. What was
chosen is kept with its instant and never rewritten.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, insert, select

from app.companies import rank
from app.errors import BadInput
from app.models.core import authority_choice, connection
from connectors.records import Direction

Authority = Mapping[tuple[str, int], str]
"""(direction, month) to the connection that counts."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A person's word: from a month on, this connection counts; None gives the choice back to Seuil."""

    direction: str
    from_month: int
    connection_id: str | None
    chosen_at: datetime
    chosen_by: str = ""


def choices(conn: Connection, company_id: str) -> list[Choice]:
    """List what people chose, the newest word on each month only, in order of months."""
    c = authority_choice.c
    query = select(c.direction, c.from_month, c.connection_id, c.chosen_at, c.chosen_by)
    rows = conn.execute(query.where(c.company_id == company_id).order_by(c.direction, c.from_month, c.chosen_at))
    newest = {(row.direction, row.from_month): Choice(*row) for row in rows}
    return list(newest.values())


def choose_source(
    conn: Connection,
    company_id: str,
    direction: str,
    from_month: int,
    connection_id: str | None,
    now: datetime,
    by: str,
) -> None:
    """Keep a person's choice; BadInput where the direction or the connection is not one of this company's."""
    if direction not in set(Direction):
        raise BadInput("no_such_direction", {"direction": direction})
    mine = select(connection.c.id).where(connection.c.company_id == company_id, connection.c.id == connection_id)
    if connection_id is not None and conn.execute(mine).first() is None:
        raise BadInput("no_such_connection", {"connection": connection_id})
    said = {"direction": direction, "from_month": from_month, "connection_id": connection_id}
    conn.execute(insert(authority_choice).values(company_id=company_id, chosen_at=now, chosen_by=by, **said))


def choose(
    volume: pd.DataFrame,
    providers: Mapping[str, str],
    chosen: Sequence[Choice] = (),
    *,
    ranked: Callable[[str], Any] = rank,
) -> Authority:
    """Choose for each direction and month: whom a person named, if it tells of that month at all; else by rank."""
    there: dict[tuple[str, int], set[str]] = {}
    seen = volume[["direction", "month", "connection_id"]].drop_duplicates()
    for direction, month, here in zip(seen["direction"], seen["month"], seen["connection_id"], strict=True):
        there.setdefault((direction, int(month)), set()).add(here)
    return {key: _one_of(key, told, providers, chosen, ranked) for key, told in there.items()}


def _one_of(
    key: tuple[str, int],
    told: set[str],
    providers: Mapping[str, str],
    chosen: Sequence[Choice],
    ranked: Callable[[str], Any],
) -> str:
    direction, month = key
    words = [one for one in chosen if one.direction == direction and one.from_month <= month]
    named = max(words, key=lambda one: one.from_month).connection_id if words else None
    return named if named in told else min(told, key=lambda one: (ranked(providers[one]), one))


def keep(table: pd.DataFrame, authority: Authority, month: str, direction: str) -> pd.DataFrame:
    """Keep the rows of the source that counts; `direction` is a column, or the one direction of all rows."""
    if table.empty:
        return table
    directions = table[direction] if direction in table else pd.Series(direction, index=table.index)
    pairs = zip(directions, table[month], table["connection_id"], strict=True)
    return table[[authority.get((d, int(m)), c) == c for d, m, c in pairs]]
