"""A structuring that nobody declared: new tools, another chart of accounts, an empty map of roles."""

from datetime import date
from typing import Any

import pytest

from signals.base import Reason
from signals.books import Books, Declaration, Sheet, frame
from signals.calendar import day_number, month_number
from signals.structure import Finding, StructureRule, structuring

AS_OF = date(2026, 6, 30)
JUNE = month_number(AS_OF)

Row = dict[str, Any]


def books(**tables: list[Row]) -> Books:
    return Books("c", AS_OF, {name: frame(name, rows) for name, rows in tables.items()})


def feed(provider: str, first: date, last: date = AS_OF, stream: str = "invoices", kind: str = "api") -> Row:
    days = {"first_day": day_number(first), "last_day": day_number(last), "read_day": day_number(AS_OF)}
    return {"connection_id": f"{provider}-1", "provider": provider, "kind": kind, "stream": stream, "rows": 9, **days}


def said(restructuring: bool | None, stated_on: date = date(2026, 6, 1), **more: Any) -> Declaration:
    return Declaration(stated_on=stated_on, since=stated_on, signed_by="p", restructuring=restructuring, **more)


def found(these: Books, declared: Declaration | None = None, **rule: Any) -> list[Reason]:
    return [finding.reason for finding in structuring(these, declared, StructureRule(**rule))]


def codes(these: Books, declared: Declaration | None = None, **rule: Any) -> list[str]:
    return [reason.code for reason in found(these, declared, **rule)]


OLD = feed("dolibarr", date(2022, 1, 3))


def test_of_nothing_nothing_is_detected() -> None:
    assert structuring(books(), None) == ()


def test_a_connected_tool_whose_content_begins_these_days_is_new() -> None:
    these = books(feeds=[OLD, feed("pennylane", date(2026, 4, 20), stream="payments")])
    assert structuring(these, None) == (
        Finding(Reason("detected_new_tool", {"new_tool": "pennylane", "first": "2026-04-20"}), date(2026, 4, 20)),
    )


@pytest.mark.parametrize(("first", "new"), [(date(2026, 3, 30), False), (date(2026, 3, 31), True)])
def test_a_tool_is_new_for_three_months(first: date, new: bool) -> None:
    these = books(feeds=[OLD, feed("pennylane", first, stream="payments")])
    assert bool(codes(these)) is new


@pytest.mark.parametrize(
    "row",
    [
        feed("pennylane", date(2023, 1, 1)),  # a long past: new to us, not to the company
        feed("csv", date(2026, 4, 20), kind="file"),  # a list cut somewhere
        feed("caldav", date(2026, 4, 20), stream="time"),  # a calendar
    ],
)
def test_what_is_only_new_to_us_is_no_new_tool(row: Row) -> None:
    assert codes(books(feeds=[OLD, row])) == []


def test_the_first_tool_of_a_young_company_is_no_new_one() -> None:
    assert codes(books(feeds=[feed("pennylane", date(2026, 4, 20))])) == []


def test_a_tool_that_another_goes_on_from_is_a_migration_and_one_finding() -> None:
    these = books(
        feeds=[
            feed("dolibarr", date(2022, 1, 3), last=date(2026, 5, 2)),
            feed("dolibarr", date(2022, 1, 3), last=date(2026, 5, 9), stream="payments"),
            feed("pennylane", date(2026, 5, 4)),
            feed("pennylane", date(2026, 5, 11), stream="payments"),
        ]
    )
    params = {
        "old_tool": "dolibarr",
        "new_tool": "pennylane",
        "stream": "invoices",
        "last": "2026-05-02",
        "first": "2026-05-04",
    }
    assert structuring(these, None) == (Finding(Reason("detected_tool_change", params), date(2026, 5, 4)),)


def test_files_that_follow_each_other_are_a_migration_too() -> None:
    these = books(
        feeds=[
            feed("fec", date(2024, 1, 1), last=date(2026, 3, 31), stream="ledger", kind="file"),
            feed("csv", date(2026, 4, 1), stream="ledger", kind="file"),
        ]
    )
    assert codes(these) == ["detected_tool_change"]


@pytest.mark.parametrize(
    "feeds",
    [
        [feed("dolibarr", date(2022, 1, 3), last=date(2026, 6, 5)), feed("csv", date(2026, 5, 4), kind="file")],
        [feed("dolibarr", date(2022, 1, 3), last=date(2025, 9, 1)), feed("csv", date(2026, 5, 4), kind="file")],
        [
            feed("fec", date(2024, 1, 1), last=date(2025, 12, 31), stream="ledger", kind="file"),
            {**feed("fec", date(2026, 1, 1), stream="ledger", kind="file"), "connection_id": "fec-2"},
        ],
        [feed("dolibarr", date(2022, 1, 3), last=date(2026, 5, 2)), feed("csv", date(2021, 5, 4), kind="file")],
    ],
    ids=["still going", "long silent before", "the next year's file", "two for years"],
)
def test_what_is_no_migration(feeds: list[Row]) -> None:
    assert codes(books(feeds=feeds)) == []


def test_a_migration_is_under_way_for_three_months() -> None:
    feeds = [feed("dolibarr", date(2022, 1, 3), last=date(2026, 3, 1)), feed("pennylane", date(2026, 3, 2))]
    assert codes(books(feeds=feeds)) == []
    assert codes(books(feeds=feeds), months=4) == ["detected_tool_change"]


def moves(month: int, account: str, n: int = 20, **more: Any) -> Row:
    return {"connection_id": "fec-1", "fiscal_year": 2026, "month": month, "account": account, "n": n, **more}


USUAL = [moves(JUNE - back, account) for back in range(15) for account in ("411000", "706000", "512000")]


def test_movements_on_accounts_never_seen_before_are_a_change_of_chart() -> None:
    these = books(ledger_months=[*USUAL, moves(JUNE, "658100", n=15), moves(JUNE - 1, "708000", n=10)])
    (finding,) = structuring(these, None)
    assert finding.since == date(2026, 5, 1)
    assert finding.reason.code == "detected_chart_change"
    assert finding.reason.params == {
        "share": 25 / 205,
        "n": 205,
        "limit": 0.10,
        "months": 3,
        "accounts": "658, 708",
    }


@pytest.mark.parametrize(
    "more",
    [
        [moves(JUNE, "411999", n=500)],  # a new customer is no new account
        [moves(JUNE, "658100", n=20)],  # a tenth, not more
        [moves(JUNE, "110000", n=500, opening=True)],  # brought forward
        [moves(JUNE + 1, "658100", n=500)],  # the month under way
        [moves(JUNE, "658100", n=500), moves(JUNE - 14, "658200", n=1)],  # used a year ago, at closing
    ],
    ids=["customer", "a tenth", "opening", "month under way", "closing"],
)
def test_what_is_no_change_of_chart(more: list[Row]) -> None:
    assert codes(books(ledger_months=[*USUAL, *more])) == []


def test_a_short_or_empty_ledger_tells_no_change_of_chart() -> None:
    new = moves(JUNE, "658100", n=500)
    young = [row for row in USUAL if row["month"] > JUNE - 8]
    assert codes(books(ledger_months=[*young, new])) == []
    assert codes(books(ledger_months=[*young, *[moves(JUNE - 8, "411000")], new])) == ["detected_chart_change"]
    few = [row | {"n": 1} for row in USUAL]
    assert codes(books(ledger_months=[*few, moves(JUNE, "658100", n=10)])) == []


def event(actor: str, role: str = "", day: date = date(2026, 5, 4)) -> Row:
    return {"day": day_number(day), "actor": actor, "role": role, "process": "invoicing", "n": 3}


def test_people_at_work_whom_nobody_named_are_said_and_veto_nothing() -> None:
    these = books(events=[event("a"), event("b"), event("r", "bot")])
    (finding,) = structuring(these, None)
    assert finding.reason == Reason("detected_no_roles", {"actors": 2, "days": 180})
    assert (finding.since, finding.vetoes) == (date(2026, 5, 4), False)


@pytest.mark.parametrize(
    ("these", "declared"),
    [
        (books(events=[event("a"), event("b", "admin")]), None),
        (books(events=[event("a")], staff=[{"actor": "a", "role": "director"}]), None),
        (books(events=[event("a")]), said(None, sheets={"invoicing": Sheet(operators=("a",))})),
        (books(events=[event("r", "bot")]), None),
        (books(events=[event("a", day=date(2025, 5, 4))]), None),
    ],
    ids=["one role", "on the staff", "an operator", "robots only", "long ago"],
)
def test_a_map_with_anybody_on_it_is_not_empty(these: Books, declared: Declaration | None) -> None:
    assert codes(these, declared) == []


NEW = books(feeds=[OLD, feed("pennylane", date(2026, 4, 20), stream="payments")])


@pytest.mark.parametrize(
    ("declared", "over"),
    [
        (said(restructuring=False, stated_on=date(2026, 4, 20)), True),
        (said(restructuring=False, stated_on=date(2026, 4, 19)), False),
        (said(restructuring=True), False),
        (said(restructuring=None), False),
    ],
)
def test_who_declares_after_it_began_that_it_is_over_is_believed(declared: Declaration, over: bool) -> None:
    assert bool(codes(NEW, declared)) is not over


def test_neither_the_future_nor_the_order_of_rows_matters() -> None:
    rows: dict[str, list[Row]] = {
        "feeds": [OLD, feed("pennylane", date(2026, 4, 20), stream="payments"), feed("x", date(2026, 5, 1))],
        "ledger_months": [*USUAL, moves(JUNE, "658100", n=99)],
        "events": [event("a"), event("b")],
    }
    expected = structuring(books(**rows), None)
    assert len(expected) == 4
    later = {
        "feeds": [feed("y", date(2026, 7, 3), last=date(2026, 8, 1))],
        "ledger_months": [moves(JUNE + 1, "999000", n=999)],
        "events": [event("z", "admin", day=date(2026, 7, 2))],
    }
    assert structuring(books(**{name: [*later[name], *reversed(rows[name])] for name in rows}), None) == expected
