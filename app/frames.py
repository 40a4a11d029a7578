"""Query results as typed frames."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Column, ColumnElement, Connection, Integer, Select, select, type_coerce

from signals.books import COLUMNS

ROWS_AT_A_TIME = 20_000


def query_frame(conn: Connection, table: str, query: Select[Any]) -> pd.DataFrame:
    """Run a query whose columns are labelled like a table's, and give the table."""
    return typed(table, fetched(conn, query))


def fetched(conn: Connection, query: Select[Any]) -> pd.DataFrame:
    """Run a query and give its rows, made a frame some thousands at a time: a million rows as objects are a gigabyte.

    Column by column, for pandas asks each row of a result what it is, which is slow.
    """
    result = conn.execute(query.execution_options(yield_per=ROWS_AT_A_TIME))
    names = list(result.keys())
    parts = [pd.DataFrame(dict(zip(names, zip(*page, strict=True), strict=True))) for page in result.partitions()]
    if len(parts) > 1:
        told = [
            part.dropna(axis=1, how="all") for part in parts
        ]  # an empty column of one part says nothing of its kind
        return pd.concat(told, ignore_index=True).reindex(columns=names)
    return parts[0] if parts else pd.DataFrame({name: [] for name in names})


def typed(table: str, found: pd.DataFrame) -> pd.DataFrame:
    """Give a frame the columns and types of a table of `signals.books`."""
    out: dict[str, pd.Series[Any]] = {}
    for name, dtype in COLUMNS[table].items():
        column = found[name] if name in found else pd.Series([None] * len(found), index=found.index, dtype=object)
        if dtype == "str":
            out[name] = column.fillna("").astype("str")
        elif dtype == "bool":
            out[name] = column.fillna(value=False).astype("bool")
        elif dtype == "int64":
            out[name] = column.fillna(0).astype("int64")
        else:
            out[name] = pd.to_numeric(column).astype("float64")
    return pd.DataFrame(out, index=found.index).reset_index(drop=True)


def day_column(column: Column[Any], name: str) -> ColumnElement[Any]:
    """Give a day column as its bare day number."""
    return type_coerce(column, Integer).label(name)


def fact_frame(conn: Connection, table: Any, company_id: str, names: Sequence[str]) -> pd.DataFrame:
    """Read a fact table as the table of the same shape."""
    kind = {"volume_fact": "volume", "ledger_fact": "ledger_months"}[table.name]
    query = select(*(table.c[name] for name in names)).where(table.c.company_id == company_id)
    return query_frame(conn, kind, query)


def entry_ids(table: pd.DataFrame) -> "pd.Series[str]":
    """Write out the identities of ledger entries."""
    return (table["fiscal_year"].astype("str") + "/" + table["journal"] + "/" + table["number"]).astype("str")
