"""One truth per month: where two sources list the same documents, one of them counts (DESIGN rule 12)."""

from collections.abc import Mapping

import pandas as pd

from app.companies import rank

Authority = Mapping[tuple[str, int], str]
"""(direction, month) to the connection that counts."""


def choose(volume: pd.DataFrame, providers: Mapping[str, str]) -> Authority:
    """Choose for each direction and month: an API before a list, a list before a ledger."""
    chosen: dict[tuple[str, int], str] = {}
    seen = volume[["direction", "month", "connection_id"]].drop_duplicates()
    for direction, month, here in zip(seen["direction"], seen["month"], seen["connection_id"], strict=True):
        key = (direction, int(month))
        held = chosen.get(key)
        if held is None or _rank(here, providers) < _rank(held, providers):
            chosen[key] = here
    return chosen


def _rank(connection_id: str, providers: Mapping[str, str]) -> tuple[int, str]:
    return rank(providers[connection_id]), connection_id


def keep(table: pd.DataFrame, authority: Authority, month: str, direction: str) -> pd.DataFrame:
    """Keep the rows of the source that counts; `direction` is a column, or the one direction of all rows."""
    if table.empty:
        return table
    directions = table[direction] if direction in table else pd.Series(direction, index=table.index)
    pairs = zip(directions, table[month], table["connection_id"], strict=True)
    return table[[authority.get((d, int(m)), c) == c for d, m, c in pairs]]
