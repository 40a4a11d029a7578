"""Persons for the books: what several logins of one person did is one person's."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from signals.books import Declaration, Sheet

Same = Mapping[str, str]
"""By login, the one that stands for all of somebody's logins; of who has one only, nothing."""

# What is added up where two logins' rows become alike; every other column tells rows apart.
_SUMS: Mapping[str, tuple[str, ...]] = {
    "events": ("n",),
    "sessions": ("minutes", "assumed_minutes", "out_of_hours_minutes", "n"),
    "habits": ("n", "moments", "bursts", "nights", "days", "long_days", "gaps", "steady_gaps"),
    "cells": ("n",),
    "approvals": ("n",),
}
_WHO = ("actor", "author", "validator")


def as_persons(tables: Mapping[str, pd.DataFrame], same: Same) -> dict[str, pd.DataFrame]:
    """Give tables in which somebody's logins are one; hours and staff are so already (`app.book_staff`)."""
    if not same:
        return dict(tables)
    told = {name: _summed(name, by_person(name, table, same)) for name, table in tables.items()}
    told["departures"] = _departures(told["departures"], told["staff"], set(same.values()))
    return told


def by_person(name: str, table: pd.DataFrame, same: Same) -> pd.DataFrame:
    """Put, in place of each login, the one that stands for the person; of a person's rows of staff one is kept."""
    columns = [one for one in _WHO if one in table.columns]
    if not same or not columns:
        return table
    told = table.assign(**{one: table[one].replace(dict(same)) for one in columns})
    if name != "staff" or "connection_id" not in told:
        return told
    # Of one source: who is still there under another login has not left.
    ordered = told.sort_values("left_day", na_position="first", kind="stable")
    twice = ordered["actor"].isin(set(same.values())) & ordered.duplicated(["connection_id", "actor"])
    return told[~twice.reindex(told.index)]


def _summed(name: str, table: pd.DataFrame) -> pd.DataFrame:
    if name not in _SUMS or table.empty:
        return table
    sums = list(_SUMS[name])
    keys = [one for one in table.columns if one not in sums]
    added = table.groupby(keys, as_index=False, sort=False, dropna=False)[sums].sum()
    return added[list(table.columns)].astype(table.dtypes.to_dict())


def _departures(table: pd.DataFrame, staff: pd.DataFrame, several: set[str]) -> pd.DataFrame:
    """Leave out who has several logins and goes on under one of them; of the others the last day counts."""
    here = set(staff.loc[staff["left_day"].isna(), "actor"]) & several
    ordered = table[~table["actor"].isin(here)].sort_values("left_day", kind="stable")
    return ordered[~(ordered["actor"].isin(several) & ordered.duplicated("actor", keep="last"))].sort_index()


def said_of_persons(said: Sequence[Declaration], same: Same) -> tuple[Declaration, ...]:
    """Name each person once among those who do a process."""
    return tuple(replace(one, sheets=_sheets(one.sheets, same)) for one in said) if same else tuple(said)


def _sheets(sheets: Mapping[str, Sheet] | None, same: Same) -> Mapping[str, Sheet] | None:
    if sheets is None:
        return None
    return {
        process: replace(sheet, operators=tuple(dict.fromkeys(same.get(one, one) for one in sheet.operators)))
        for process, sheet in sheets.items()
    }
