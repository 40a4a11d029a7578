"""What being late and being wrong cost, and what one document costs."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from signals.base import Reason, Tier
from signals.books import Books, Declaration, Range, Tool, frame
from signals.calendar import day_number, month_number
from signals.fault_costs import errors_by_month, lateness_by_month
from signals.hidden_cost import cost_lines, cost_table
from signals.policy import Policy
from signals.unit_costs import InvoiceCost, SupplierInvoiceCost

AS_OF = date(2026, 6, 30)
JUNE = month_number(AS_OF)
POLICY = Policy(capital_rate_low=0.04, capital_rate_high=0.10)
Row = dict[str, Any]
SAID = Declaration(
    stated_on=date(2026, 5, 10), since=date(2026, 1, 1), signed_by="p", admin_hours=Range(30, 30),
    admin_rate=Range(24, 30), director_hours=Range(6, 6), director_rate=Range(80, 80),
)  # fmt: skip

BILLING = Tool(name="billing", eur_per_month=10.0, process="invoicing")
PAYROLL = Tool(name="pay", eur_per_month=99.0, process="payroll")


def books(*said: Declaration, **tables: list[Row]) -> Books:
    return Books("c", AS_OF, {name: frame(name, rows) for name, rows in tables.items()}, declarations=said)


def invoice(service: date, issued: date, eur: float, **more: Any) -> Row:
    return {
        "connection_id": "k", "external_id": f"{service}{issued}", "direct": True, "direction": "sale",
        "kind": "invoice", "service_day": day_number(service), "issued_day": day_number(issued),
        "total_minor": round(eur * 100), **more,
    }  # fmt: skip


def with_issues(*rows: Row, **tables: list[Row]) -> Books:
    """Documents, with the fact of the days they were issued on."""
    usual = [(date(2026, 5, d), date(2026, 5, d + d % 3)) for d in range(4, 28)]
    issues = [
        {"connection_id": "k", "service_day": row["service_day"], "issued_day": row["issued_day"], "n": 1}
        for row in (*rows, *(invoice(one, other, 1) for one, other in usual))
    ]
    return books(SAID, documents=list(rows), issue_days=issues, **tables)


def test_late_money_by_hand() -> None:
    # Done on Monday 1 June; five working days' tolerance end on the 8th; 10,000 EUR billed 17 days after that.
    made = with_issues(
        invoice(date(2026, 6, 1), date(2026, 6, 25), 10_000), invoice(date(2026, 6, 22), date(2026, 6, 23), 9_000)
    )
    cost = lateness_by_month(made, POLICY)[JUNE]

    assert (cost.low, cost.high) == pytest.approx((10_000 * 17 / 365 * 0.04, 10_000 * 17 / 365 * 0.10))
    assert cost.tag == "default"
    line = next(one for one in cost_lines(made, POLICY, JUNE) if one.name == "lateness")
    assert (line.low, line.visible, line.within) == (cost.low, False, False)


def test_a_month_billed_in_time_costs_nothing_and_one_without_documents_is_not_known() -> None:
    made = with_issues(invoice(date(2026, 6, 22), date(2026, 6, 23), 9_000))

    assert lateness_by_month(made, POLICY)[JUNE].high == 0
    assert JUNE - 5 not in lateness_by_month(made, POLICY)


def test_a_service_day_that_always_equals_the_issue_day_tells_no_lateness() -> None:
    same = [invoice(date(2026, 5, d), date(2026, 5, d), 100) for d in range(4, 28)]
    issues = [
        {"connection_id": "k", "service_day": r["service_day"], "issued_day": r["issued_day"], "n": 1} for r in same
    ]

    assert lateness_by_month(books(SAID, documents=same, issue_days=issues), POLICY) == {}


def test_later_invoices_do_not_change_a_month() -> None:
    late = invoice(date(2026, 6, 1), date(2026, 6, 25), 10_000)
    then = with_issues(late)
    now = with_issues(late, *(invoice(date(2026, 7, d), date(2026, 7, d), 500) for d in range(1, 28)))

    assert lateness_by_month(now, POLICY)[JUNE] == lateness_by_month(then, POLICY)[JUNE]


def test_errors_are_a_part_of_the_time_and_never_added() -> None:
    issued, corrected = day_number(date(2026, 5, 4)), day_number(date(2026, 6, 9))
    shown = [{"connection_id": "k", "issued_day": issued, "corrected_day": corrected, "n": 3}]
    policy = replace(POLICY, error_minutes_low=20.0, error_minutes_high=40.0)
    made = books(SAID, corrections=shown)

    assert errors_by_month(made, policy)[JUNE].low == pytest.approx(3 * 20 / 60 * 24)
    assert errors_by_month(made, policy)[JUNE].high == pytest.approx(3 * 40 / 60 * 30)
    with_errors, without = cost_table(made, policy), cost_table(books(SAID), policy)
    assert with_errors is not None
    assert without is not None
    assert [line.name for line in with_errors.lines if line.within] == ["errors"]
    assert (with_errors.low, with_errors.high) == (without.low, without.high)
    assert with_errors.share_from_defaults == without.share_from_defaults == 0


def test_the_sum_of_a_table_is_that_of_its_lines_and_defaults_are_counted() -> None:
    table = cost_table(books(replace(SAID, director_rate=None)), POLICY)

    assert table is not None
    assert table.low == pytest.approx(sum(line.low for line in table.lines))
    time = {line.name: line.low + line.high for line in table.lines}
    assert table.share_from_defaults == pytest.approx(time["director_time"] / sum(time.values()))
    assert cost_table(books(), POLICY) is None


def worked(process: str, minutes: int, role: str = "admin", weeks: int = 26) -> list[Row]:
    first = day_number(date(2026, 1, 5))
    return [
        {"week_day": first + 7 * i, "actor": role, "role": role, "process": process, "minutes": minutes}
        for i in range(weeks)
    ]


def volume(sales: int, purchases: int) -> list[Row]:
    return [
        {"connection_id": "k", "direct": True, "month": month, "direction": direction, "kind": "invoice", "n": n}
        for month in range(JUNE - 5, JUNE + 1)
        for direction, n in (("sale", sales), ("purchase", purchases))
    ]


def test_the_cost_of_a_document_by_hand() -> None:
    # January to June: 25 whole weeks of one hour of dunning at 24 to 30 EUR and half an hour of a director's at 80,
    # and 10 EUR a month of a tool, over 300 documents; the week of 29 June is not over.
    hours = worked("dunning", 60) + worked("invoicing", 30, "director") + worked("payroll", 500)
    said = replace(SAID, tools=(BILLING, PAYROLL))
    made = books(said, hours=hours, volume=volume(50, 20))

    found = InvoiceCost().detect(made, POLICY)

    assert (found.low, found.high) == pytest.approx(
        ((25 * 24 + 12.5 * 80 + 60) / 300, (25 * 30 + 12.5 * 80 + 60) / 300)
    )
    assert (found.n, found.tier, found.kpi) == (300, Tier.DIRECT, "K54")
    assert found.window == (date(2026, 1, 1), AS_OF)
    assert found.notes == (Reason("share_from_defaults", {"share": 0.0}),)


def test_a_suppliers_document_costs_the_hours_of_purchases() -> None:
    made = books(SAID, hours=worked("purchases", 60) + worked("dunning", 600), volume=volume(50, 20))
    found = SupplierInvoiceCost().detect(made, POLICY)

    assert (found.low, found.high) == pytest.approx((25 * 24 / 120, 25 * 30 / 120))


def test_more_hours_for_the_same_documents_cost_more() -> None:
    def cost(minutes: int) -> float:
        value = InvoiceCost().detect(books(SAID, hours=worked("dunning", minutes), volume=volume(50, 20)), POLICY).value
        assert value is not None
        return value

    assert cost(61) > cost(60)


@pytest.mark.parametrize(
    ("hours", "counts", "code"),
    [
        ([], volume(50, 20), "no_time_source"),
        (worked("all", 60), volume(50, 20), "hours_without_process"),
        (worked("dunning", 60), [], "no_documents_source"),
        (worked("dunning", 60), volume(4, 20), "few_documents"),
        (worked("dunning", 60), volume(50, 20)[:4], "few_months"),
    ],
)
def test_without_hours_by_process_or_enough_documents_there_is_no_cost_of_one(
    hours: list[Row], counts: list[Row], code: str
) -> None:
    found = InvoiceCost().detect(books(SAID, hours=hours, volume=counts), POLICY)

    assert found.value is None
    assert found.reason is not None
    assert found.reason.code == code
