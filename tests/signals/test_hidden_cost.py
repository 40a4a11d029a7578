from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from signals.base import Detector, Level, Measure, Reason, SignalName, Tier, Unit
from signals.books import Books, Declaration, Range, Tool, frame
from signals.calendar import day_number, month_number
from signals.costs import Group, measured_hours, weakest
from signals.hidden_cost import LINES, CostLine, FullCost, HiddenRatio, cost_lines
from signals.ledger_costs import LedgerCosts
from signals.levels import level_of
from signals.policy import Policy

AS_OF = date(2026, 6, 30)
JUNE = month_number(date(2026, 6, 1))
POLICY = Policy()
DETECTORS: tuple[Detector, ...] = (FullCost(), HiddenRatio(), LedgerCosts())

Row = dict[str, Any]


def _declared(**more: Any) -> Declaration:
    said: dict[str, Any] = {"stated_on": date(2026, 5, 10), "since": date(2026, 4, 15), "signed_by": "p"}
    return Declaration(**{**said, **more})


SAID = _declared(
    admin_hours=Range(30, 36),
    admin_rate=Range(25, 25),
    director_hours=Range(6, 12),
    director_rate=Range(60, 80),
    tools=(Tool(name="books", eur_per_month=90), Tool(name="bank", eur_per_month=10)),
    training=Range(50, 100),
    turnover=Range(0, 200),
)


def _books(*said: Declaration, as_of: date = AS_OF, **tables: list[Row]) -> Books:
    return _books_of(tables, *said, as_of=as_of)


def _books_of(tables: dict[str, list[Row]], *said: Declaration, as_of: date = AS_OF) -> Books:
    return Books("c", as_of, {name: frame(name, rows) for name, rows in tables.items()}, declarations=said)


def _weeks(first: date, last: date, hours: float, role: str) -> list[Row]:
    mondays = range(day_number(first), day_number(last) + 1, 7)
    return [{"week_day": d, "actor": role, "role": role, "minutes": int(hours * 60)} for d in mondays]


def _cost(month: int, kind: str, eur: float) -> Row:
    return {"month": month, "kind": kind, "amount_minor": round(eur * 100)}


def _booked(month: int, account: str, eur: float, **more: Any) -> Row:
    return {"connection_id": "fec", "month": month, "account": account, "debit_minor": round(eur * 100), **more}


def _line(books: Books, name: str, policy: Policy = POLICY) -> CostLine | None:
    return next((line for line in cost_lines(books, policy, JUNE) if line.name == name), None)


def _tracked(director: float = 10) -> list[Row]:
    """A year of timesheets: admin 35 hours a week, directors some, up to 28 June."""
    first, last = date(2025, 6, 2), date(2026, 6, 22)
    return [*_weeks(first, last, 35, "admin"), *_weeks(first, last, director, "director")]


def test_empty_books_give_no_value() -> None:
    for detector, code in zip(DETECTORS, ("no_cost_source", "no_cost_source", "no_ledger"), strict=True):
        measure = detector.detect(Books("c", AS_OF, {}), POLICY)
        assert (measure.name, measure.value, measure.tier) == (detector.name, None, Tier.NONE)
        assert measure.reason == Reason(code)
        assert measure.signal is SignalName.HIDDEN_COST


def test_defaults_alone_make_no_cost() -> None:
    rates_only = _declared(
        admin_rate=Range(25, 25), director_rate=Range(60, 60), tools=(Tool(name="a", eur_per_month=5),)
    )
    for detector in (FullCost(), HiddenRatio()):
        assert detector.detect(_books(rates_only), POLICY).reason == Reason("no_cost_source")


def test_the_future_does_not_matter() -> None:
    hours = _tracked()
    costs = [_cost(JUNE - 3, "fees", 600), _cost(JUNE, "software", 90)]
    ledger = [_booked(JUNE - 2, "622600", 300), _booked(JUNE, "651000", 30)]
    later = {
        "hours": _weeks(date(2026, 6, 29), date(2026, 8, 31), 60, "director"),
        "costs": [_cost(JUNE + 1, "penalties", 9999)],
        "ledger_months": [_booked(JUNE + 1, "671200", 9999)],
    }
    known = {"hours": hours, "costs": costs, "ledger_months": ledger}
    more: dict[str, list[Row]] = {name: rows + later[name] for name, rows in known.items()}
    said_later = replace(SAID, stated_on=date(2026, 7, 1))
    for detector in DETECTORS:
        expected = detector.detect(_books_of(known), POLICY)
        assert expected.value is not None
        assert detector.detect(_books_of(more, said_later), POLICY) == expected
        assert detector.detect(_books_of(more, said_later, as_of=date(2026, 9, 30)).at(AS_OF), POLICY) == expected


def test_declared_costs_by_hand() -> None:
    # Admin 30-36 h x 52/12 x 25 = 3250-3900; director 6-12 h x 52/12 x 60-80 = 1560-4160.
    lines = cost_lines(_books(SAID), POLICY, JUNE)
    assert [(line.name, line.tag, line.visible) for line in lines] == [
        ("admin_time", "declared", True),
        ("director_time", "declared", False),
        ("tools", "declared", True),
        ("training", "declared", False),
        ("turnover", "declared", False),
    ]
    assert [round(line.low) for line in lines] == [3250, 1560, 100, 50, 0]
    assert [round(line.high) for line in lines] == [3900, 4160, 100, 100, 200]
    full = FullCost().detect(_books(SAID), POLICY)
    assert (full.low, full.value, full.high) == pytest.approx((4960, (4960 + 8460) / 2, 8460))
    assert (full.unit, full.tier, full.kpi) == (Unit.EUR_PER_MONTH, Tier.DECLARED, "K51")
    assert full.window == (date(2026, 6, 1), AS_OF)
    assert full.notes == (
        Reason("share_from_defaults", {"share": 0.0}),
        Reason("cost_lines_missing", {"n": 4, "lines": "temporary_staff, fees, penalties, lateness"}),
    )


def test_the_hidden_ratio_by_hand_takes_each_bound_at_its_worst() -> None:
    ratio = HiddenRatio().detect(_books(SAID), POLICY)
    assert ratio.value == pytest.approx((1610 + 4460) / (3350 + 4000))
    assert ratio.low == pytest.approx(1610 / 4000)
    assert ratio.high == pytest.approx(4460 / 3350)
    assert (ratio.unit, ratio.tier, ratio.limit) == (Unit.RATIO, Tier.DECLARED, POLICY.hidden_ratio_limit)


def test_declared_hours_speak_for_the_months_since_they_are_true() -> None:
    for detector in (FullCost(), HiddenRatio()):
        measure = detector.detect(_books(SAID), POLICY)
        assert [p.month for p in measure.series] == [JUNE - 2, JUNE - 1, JUNE]
        assert measure.n == 3
        assert {p.value for p in measure.series} == {measure.value}
    new = replace(SAID, since=AS_OF, stated_on=AS_OF)
    assert HiddenRatio().detect(_books(new, as_of=date(2026, 7, 20)), POLICY).n == 1
    today = HiddenRatio().detect(_books(replace(new, since=date(2026, 7, 5)), as_of=date(2026, 7, 20)), POLICY)
    assert (today.known, today.series, today.n) == (True, (), 1)


def test_the_ratio_is_over_when_two_of_the_last_three_months_are_surely_above() -> None:
    much = replace(SAID, director_hours=Range(14, 16))
    ratio = HiddenRatio().detect(_books(much), POLICY)
    assert level_of(ratio, POLICY, last_month=JUNE, floor=None).level is Level.OVER
    unsure = HiddenRatio().detect(_books(SAID), POLICY)
    assert level_of(unsure, POLICY, last_month=JUNE, floor=None).level is Level.WATCH


def test_measured_hours_take_default_rates_and_say_so() -> None:
    books = _books(hours=_tracked())
    # June 2026: 22 working days of 7 h and 2 h; the week of the 29th isn't over, and is scaled in.
    admin, director = _line(books, "admin_time"), _line(books, "director_time")
    assert admin is not None
    assert director is not None
    assert (admin.low, admin.high) == pytest.approx((154 * 20, 154 * 30))
    assert (admin.tag, admin.visible) == ("default", True)
    assert (director.low, director.high) == pytest.approx((44 * 50, 44 * 100))
    full = FullCost().detect(books, POLICY)
    assert (full.tier, full.n) == (Tier.DIRECT, 12)
    assert full.notes[0] == Reason("share_from_defaults", {"share": 1.0})
    stated = FullCost().detect(_books(_declared(admin_rate=Range(25, 25)), hours=_tracked()), POLICY)
    assert stated.tier is Tier.DIRECT
    share = stated.notes[0].params["share"]
    assert share == pytest.approx(44 * 150 / (44 * 150 + 2 * 154 * 25))


def test_measured_hours_go_before_declared_ones_and_mixed_is_declared() -> None:
    books = _books(SAID, hours=[row for row in _tracked() if row["role"] == "admin"])
    admin = _line(books, "admin_time")
    assert admin is not None
    assert admin.low == pytest.approx(154 * 25)
    assert admin.tag == "declared"
    ratio = HiddenRatio().detect(books, POLICY)
    assert ratio.tier is Tier.DECLARED
    assert [p.month for p in ratio.series] == [JUNE - 2, JUNE - 1, JUNE]


def test_a_month_hardly_covered_by_timesheets_does_not_speak() -> None:
    may = JUNE - 1
    late = _books(hours=_weeks(date(2026, 5, 18), date(2026, 6, 22), 35, "other"))
    assert measured_hours(late, Group.ADMIN, may) is None  # ten of its 21 working days
    early = _books(hours=_weeks(date(2026, 5, 11), date(2026, 6, 22), 35, "other"))
    hours = measured_hours(early, Group.ADMIN, may)
    assert hours is not None
    assert hours.low == pytest.approx(21 * 7)  # 15 days measured, all 21 spoken for
    assert measured_hours(early, Group.DIRECTOR, may) is None  # no timesheet isn't zero hours


def test_minutes_of_a_week_on_the_edge_go_to_both_months_by_day() -> None:
    weeks = [
        *_weeks(date(2026, 3, 2), date(2026, 5, 25), 0, "admin"),
        *_weeks(date(2026, 3, 30), date(2026, 3, 30), 40, "admin"),
    ]
    books = _books(hours=weeks)
    march, april = (measured_hours(books, Group.ADMIN, JUNE - back) for back in (3, 2))
    assert march is not None
    assert april is not None
    assert (march.low, april.low) == pytest.approx((16, 24))  # Monday and Tuesday are March's


def test_half_the_hours_make_no_ratio() -> None:
    admin, director = replace(SAID, director_hours=None), replace(SAID, admin_hours=None)
    assert HiddenRatio().detect(_books(admin), POLICY).reason == Reason("director_hours_unknown")
    assert HiddenRatio().detect(_books(director), POLICY).reason == Reason("admin_hours_unknown")
    assert FullCost().detect(_books(admin), POLICY).known
    nobody = _declared(admin_hours=Range(0, 0), director_hours=Range(6, 12))
    assert HiddenRatio().detect(_books(nobody), POLICY).reason == Reason("no_visible_cost")


def test_nothing_bounds_the_ratio_above_where_visible_cost_may_be_nothing() -> None:
    maybe = _declared(admin_hours=Range(0, 10), director_hours=Range(6, 12))
    ratio = HiddenRatio().detect(_books(maybe), POLICY)
    assert ratio.known
    assert ratio.high is None


def test_wages_given_as_a_cost_are_the_payroll_line() -> None:
    wages = [_cost(month, "wages", 2400) for month in range(JUNE - 11, JUNE + 1)]
    books = _books(costs=wages, hours=_tracked())
    assert _line(books, "admin_time") == CostLine("admin_time", 2400, 2400, "measured", visible=True)
    assert HiddenRatio().detect(books, POLICY).tier is Tier.DIRECT


def test_wages_of_the_whole_firm_in_the_ledger_are_no_admin_cost() -> None:
    books = _books(ledger_months=[_booked(JUNE, "641100", 90_000), _booked(JUNE, "645100", 40_000)])
    assert cost_lines(books, POLICY, JUNE) == ()
    measure = LedgerCosts().detect(books, POLICY)
    assert (measure.value, measure.notes) == (0, (Reason("ledger_wages_whole_firm", {"eur_per_month": 130_000.0}),))


def test_costs_are_monthly_means_and_lumps_are_spread_over_a_year() -> None:
    costs = [
        *[_cost(month, "software", 90) for month in (JUNE - 2, JUNE - 1, JUNE)],
        _cost(JUNE - 1, "recruiting", 2400),
        _cost(JUNE - 13, "penalties", 500),
    ]
    books = _books(costs=costs[:-1])
    assert _line(books, "tools") == CostLine("tools", 90, 90, "measured", visible=True)
    assert _line(books, "turnover") == CostLine("turnover", 200, 200, "measured", visible=False)
    older = _books(costs=costs)
    assert _line(older, "penalties") is None  # over a year ago
    assert _line(older, "tools") == CostLine("tools", 22.5, 22.5, "measured", visible=True)  # nothing for nine months


def test_each_line_takes_its_best_source() -> None:
    costs = [_cost(JUNE, "software", 999), _cost(JUNE, "training", 1200)]
    ledger = [_booked(JUNE, "651100", 60), _booked(JUNE, "622600", 300), _booked(JUNE, "633300", 80)]
    books = _books(SAID, costs=costs, ledger_months=ledger)
    tools, training, fees = (_line(books, name) for name in ("tools", "training", "fees"))
    assert tools == CostLine("tools", 100, 100, "declared", visible=True)
    assert training == CostLine("training", 100, 100, "measured", visible=False)
    assert fees == CostLine("fees", 300, 300, "measured", visible=True)


def test_ledger_accounts_that_may_be_something_else_count_from_nothing_to_all() -> None:
    ledger = [
        _booked(JUNE, "651000", 50),
        _booked(JUNE, "613500", 400),
        _booked(JUNE, "621100", 1000),
        _booked(JUNE, "671200", 120),
        _booked(JUNE, "671400", 7000),  # bad debts are no penalty
        _booked(JUNE, "622600", 500, opening=True),
    ]
    books = _books(ledger_months=ledger)
    found = {line.name: (line.low, line.high) for line in cost_lines(books, POLICY, JUNE)}
    assert found == {"tools": (50, 450), "temporary_staff": (0, 1000), "penalties": (120, 120)}
    assert set(found) < set(LINES)


def test_ledger_costs_by_hand() -> None:
    ledger = [
        _booked(JUNE - 14, "622600", 9999),  # more than a year before the ledger's end
        _booked(JUNE - 13, "622600", 240),
        _booked(JUNE - 2, "622600", 1200, credit_minor=24_000),
        _booked(JUNE - 5, "621000", 600),
        _booked(JUNE - 2, "607000", 50_000),
    ]
    measure = LedgerCosts().detect(_books(ledger_months=ledger), POLICY)
    assert measure.value == measure.high == 150
    assert (measure.low, measure.n, measure.tier, measure.sources) == (None, 12, Tier.PROXY, ("fec",))
    assert measure.window == (date(2025, 5, 1), date(2026, 4, 30))
    assert measure.notes == (
        Reason("ledger_line", {"line": "temporary_staff", "eur_per_month": 50.0}),
        Reason("ledger_line", {"line": "fees", "eur_per_month": 100.0}),
    )


def test_a_ledger_without_cost_accounts_or_a_year_old_has_no_value() -> None:
    def detect(*rows: Row) -> Measure:
        return LedgerCosts().detect(_books(ledger_months=list(rows)), POLICY)

    assert detect(_booked(JUNE, "607000", 10)).reason == Reason("no_cost_accounts")
    assert detect(_booked(JUNE - 12, "622600", 10)).reason == Reason("no_ledger")
    assert detect(_booked(JUNE - 11, "622600", 10)).value == 10


def test_the_weakest_part_tags_the_whole() -> None:
    assert weakest("measured", "declared") == "declared"
    assert weakest("default", "measured", "declared") == "default"
