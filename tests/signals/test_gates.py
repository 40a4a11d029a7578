from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from signals.base import Reason, Tier
from signals.books import Books, Declaration, Sheet, frame
from signals.calendar import day_number, month_number
from signals.gates import Gate, GateName, gates
from signals.loglinear import posterior
from signals.policy import Policy
from signals.worth import Worth

AS_OF = date(2026, 6, 30)
JUNE = month_number(date(2026, 6, 1))
POLICY = Policy()
GOOD = Sheet(tasks=True, frequency=True, validation_rules=True, tools=True, owner=True, approval_rule=True)

Row = dict[str, Any]


def _volume(counts: list[int], direction: str = "sale", last: int = JUNE) -> list[Row]:
    first = last - len(counts) + 1
    return [{"direct": True, "month": first + i, "direction": direction, "n": n} for i, n in enumerate(counts)]


def _books(*said: Declaration, **tables: list[Row]) -> Books:
    return Books("c", AS_OF, {name: frame(name, rows) for name, rows in tables.items()}, declarations=said)


def _said(**more: Any) -> Declaration:
    said: dict[str, Any] = {"stated_on": date(2026, 5, 10), "since": date(2026, 5, 1), "signed_by": "p"}
    return Declaration(**{**said, **more})


def _gate(name: GateName, books: Books, worth: Worth | None = None) -> Gate:
    return next(gate for gate in gates(books, POLICY, worth) if gate.name is name)


def _codes(gate: Gate) -> list[str]:
    return [reason.code for reason in gate.why]


def test_empty_books_leave_all_four_unknown_in_their_order() -> None:
    answers = gates(Books("c", AS_OF, {}), POLICY, None)
    assert [gate.name for gate in answers] == list(GateName)
    assert {gate.state for gate in answers} == {"unknown"}
    assert [_codes(gate) for gate in answers] == [
        ["no_documents_source"],
        ["no_documents_source"],
        ["no_declaration"],
        ["no_declaration"],
    ]
    assert all(not gate.measures for gate in answers)


def test_the_future_does_not_matter() -> None:
    documents = [{"direct": True, "direction": "sale", "party": "a", "issued_day": day_number(date(2026, 6, 3))}]
    staff = [{"actor": "anne", "role": "admin", "left_day": day_number(date(2026, 7, 15))}]
    known = {"volume": _volume([40, 50] * 13), "documents": documents, "staff": staff}
    later = {
        "volume": _volume([900], last=JUNE + 1),
        "documents": [{**documents[0], "party": "b", "issued_day": day_number(date(2026, 7, 1))}],
        "staff": [{"actor": "bob", "role": "admin", "entered_day": day_number(date(2026, 7, 1))}],
    }
    said = _said(sheets={"invoicing": GOOD}, restructuring=False)
    expected = gates(_books(said, **known), POLICY, None)
    tables = {name: frame(name, known[name] + later[name]) for name in known}
    said_later = _said(stated_on=date(2026, 7, 1), restructuring=True)
    books = Books("c", AS_OF, tables, declarations=(said, said_later))
    assert [gate.state for gate in expected] == ["passed"] * 4
    assert gates(books, POLICY, None) == expected
    assert gates(replace(books, as_of=date(2026, 9, 30)).at(AS_OF), POLICY, None) == expected


def test_the_volume_by_hand() -> None:
    day = day_number(date(2026, 5, 4))
    sale = {"direct": True, "direction": "sale", "issued_day": day}
    documents = [
        *[{**sale, "party": party} for party in ("a", "b", "b", "")],
        {**sale, "party": "old", "issued_day": day_number(date(2025, 6, 30))},
        {**sale, "party": "supplier", "direction": "purchase"},
        {**sale, "party": "A, as the ledger writes it", "direct": False},
    ]
    staff: list[Row] = [
        {"actor": "anne", "role": "admin"},
        {"actor": "bob", "role": "director", "left_day": day_number(AS_OF)},
        {"actor": "carl", "role": "other", "entered_day": day_number(AS_OF)},
        {"actor": "robot", "role": "bot"},
    ]
    volume = [*_volume([999, *[30] * 12]), *_volume([999, *[24] * 12], "purchase")]
    gate = _gate(GateName.VOLUME, _books(volume=volume, documents=documents, staff=staff))
    assert gate.state == "passed"
    figures = {m.name: (m.value, m.n, m.tier) for m in gate.measures}
    # 30 x 12 + 24 x 10 = 600 minutes = 10 h of 1607 / 12 h.
    assert gate.measures[1].value == pytest.approx(10 / (1607 / 12))
    assert figures["workload"][1:] == (12, Tier.PROXY)
    assert figures["documents_per_month"] == (54, 12, Tier.DIRECT)
    assert figures["customers"] == (2, 3, Tier.DIRECT)
    assert figures["staff"] == (2, 2, Tier.DIRECT)
    assert gate.why[1:] == (Reason("customers_counted", {"n": 2}), Reason("staff_counted", {"n": 2}))
    params = gate.why[0].params
    assert params == {"documents": 54, "workload": gate.measures[1].value, "limit": 15}


def test_what_the_volume_does_not_know_it_says() -> None:
    gate = _gate(GateName.VOLUME, _books(volume=_volume([30] * 3)))
    assert (gate.state, _codes(gate)) == ("passed", ["volume_enough", "customers_unknown", "staff_unknown"])
    two = _gate(GateName.VOLUME, _books(volume=_volume([30] * 2)))
    assert (two.state, two.why) == ("unknown", (Reason("few_months", {"n": 2, "needed": 3}),))


def test_few_documents_fail_the_volume_gate() -> None:
    assert _gate(GateName.VOLUME, _books(volume=_volume([15] * 12))).state == "passed"
    gate = _gate(GateName.VOLUME, _books(volume=_volume([15] * 11 + [14])))
    assert (gate.state, gate.why[0].code) == ("failed", "volume_low")


@pytest.mark.parametrize(
    ("documents", "high", "state"),
    [
        (90, -1.0, "failed"),  # 90 x 12 minutes = 18 h = 0.134 FTE
        (90, 0.0, "passed"),
        (90, None, "passed"),
        (110, -1.0, "passed"),  # 22 h = 0.164 FTE
    ],
)
def test_little_work_fails_the_volume_gate_only_where_it_is_surely_not_worth_it(
    documents: int, high: float | None, state: str
) -> None:
    worth = None if high is None else Worth(-500, high, (), 0)
    gate = _gate(GateName.VOLUME, _books(volume=_volume([documents] * 12)), worth)
    assert gate.state == state
    assert (gate.why[0].code == "workload_low_not_worth") is (state == "failed")


def instability(counts: list[int]) -> float:
    return float(np.median(posterior(counts).extra))


def _noisy(months: int, spread: float, seed: int = 3) -> list[int]:
    rng = np.random.default_rng(seed)
    return [int(n) for n in rng.poisson(100 * np.exp(rng.normal(0, spread, months)))]


def test_stability_needs_a_year_to_pass_and_eighteen_months_to_fail() -> None:
    def stability(counts: list[int]) -> tuple[str, list[str]]:
        gate = _gate(GateName.STABILITY, _books(volume=_volume(counts)))
        return gate.state, _codes(gate)

    assert stability([50] * 11) == ("unknown", ["few_months"])
    assert stability([50] * 12) == ("passed", ["activity_stable"])
    assert stability(_noisy(12, 0.9)) == ("unknown", ["could_be_season"])
    assert stability(_noisy(17, 0.9)) == ("unknown", ["could_be_season"])
    assert stability(_noisy(24, 0.9)) == ("failed", ["activity_unstable"])
    assert stability(_noisy(24, 0.9) + [100] * 36) == ("passed", ["activity_stable"])  # three years are looked at


def test_chance_alone_is_no_instability() -> None:
    rng = np.random.default_rng(5)
    spreads = [instability(rng.poisson(20, 24).tolist()) for _ in range(100)]
    assert np.quantile(spreads, 0.95) < 0.25


@pytest.mark.parametrize("spread", [0.3, 0.5, 0.8])
def test_extra_spread_is_found_again(spread: float) -> None:
    found = [instability(_noisy(36, spread, seed)) for seed in range(60)]
    assert np.median(found) == pytest.approx(spread, rel=0.15)


def test_extra_spread_is_found_again_under_a_season() -> None:
    rng = np.random.default_rng(2)
    season = np.array([1, 1, 1, 1, 1, 1, 1, 0.3, 1, 1, 2.5, 3])[np.arange(24) % 12]
    found = [instability(rng.poisson(100 * season * np.exp(rng.normal(0, 0.5, 24))).tolist()) for _ in range(100)]
    assert np.median(found) == pytest.approx(0.5, rel=0.15)


def test_growth_and_seasons_are_no_instability() -> None:
    rng = np.random.default_rng(9)
    months = np.arange(24)
    growing = rng.poisson(40 * np.exp(0.8 * months / 12)).tolist()
    season = np.array([1, 1, 1, 1, 1, 1, 1, 0.3, 1, 1, 2.5, 3])[months % 12]
    assert instability(growing) < 0.2
    assert instability(rng.poisson(60 * season).tolist()) < 0.25
    assert instability(rng.poisson(60 * season * np.exp(rng.normal(0, 0.7, 24))).tolist()) > 0.4


def test_one_empty_month_is_no_instability() -> None:
    counts = [100] * 24
    counts[10] = 0
    assert 0 < instability(counts) < POLICY.instability_limit


def test_a_steady_series_has_hardly_any_spread_and_eleven_months_have_no_answer() -> None:
    assert instability([7] * 12) < 0.15
    with pytest.raises(ValueError, match="twelve months"):
        instability([7] * 11)


def test_processes_are_formalised_when_four_in_five_are_documented() -> None:
    sheets = {"invoicing": GOOD, "dunning": GOOD, "bank": GOOD, "tax": GOOD, "payroll": replace(GOOD, tasks=False)}
    gate = _gate(GateName.FORMALISED, _books(_said(sheets=sheets)))
    assert gate.state == "passed"
    assert gate.why == (Reason("processes_documented", {"documented": 4, "n": 5, "limit": 0.8}),)
    assert (gate.measures[0].value, gate.measures[0].n, gate.measures[0].tier) == (0.8, 5, Tier.DECLARED)
    worse = {**sheets, "bank": replace(GOOD, frequency=False)}
    gate = _gate(GateName.FORMALISED, _books(_said(sheets=worse)))
    assert gate.state == "failed"
    assert gate.why[0].params["processes"] == "bank, payroll"


def test_a_description_nobody_looked_at_for_a_year_does_not_count() -> None:
    def state(reviewed_on: date | None) -> str:
        said = _said(sheets={"bank": replace(GOOD, reviewed_on=reviewed_on)})
        return _gate(GateName.FORMALISED, _books(said)).state

    assert state(None) == "passed"  # the statement's day stands for it
    assert state(date(2025, 7, 1)) == "passed"
    assert state(date(2025, 6, 30)) == "failed"


def test_structure_fails_for_each_thing_missing_and_names_the_processes() -> None:
    sheets = {
        "tax": replace(GOOD, owner=False),
        "bank": replace(GOOD, owner=False, approval_rule=False),
        "dunning": replace(GOOD, tools=False),
        "invoicing": GOOD,
    }
    gate = _gate(GateName.STRUCTURE, _books(_said(sheets=sheets, restructuring=True)))
    assert gate.state == "failed"
    assert gate.why == (
        Reason("restructuring_under_way"),
        Reason("processes_without_owner", {"processes": "bank, tax"}),
        Reason("processes_without_approval_rule", {"processes": "bank"}),
        Reason("processes_without_tools", {"processes": "dunning"}),
    )


def test_structure_passes_on_what_is_said_and_tells_what_is_not() -> None:
    def answer(**said: Any) -> tuple[str, list[str]]:
        gate = _gate(GateName.STRUCTURE, _books(_said(**said)))
        return gate.state, _codes(gate)

    assert answer(sheets={"bank": GOOD}, restructuring=False) == ("passed", ["structure_settled"])
    assert answer(sheets={"bank": GOOD}) == ("passed", ["structure_settled", "restructuring_unsaid"])
    assert answer(restructuring=False) == ("passed", ["structure_settled", "processes_unsaid"])
    assert answer() == ("unknown", ["no_declaration"])
    assert answer(sheets={}) == ("unknown", ["no_declaration"])
    assert answer(restructuring=True) == ("failed", ["restructuring_under_way"])


def test_a_declaration_over_a_year_old_says_nothing() -> None:
    old = _said(stated_on=date(2025, 6, 29), sheets={"bank": GOOD}, restructuring=True)
    assert [gate.state for gate in gates(_books(old), POLICY, None)] == ["unknown"] * 4
