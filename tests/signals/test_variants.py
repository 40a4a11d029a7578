"""How processes are really done, and whether that agrees with what is declared of them."""

from collections.abc import Mapping
from datetime import date, timedelta
from math import log
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.base import Reason, Tier
from signals.books import Books
from signals.calendar import day_number
from signals.intervals import wilson
from signals.variants import (
    Observed,
    VariantRule,
    comes_back,
    covering,
    cross_check,
    normalised_entropy,
    observed,
    variant_measures,
)

AS_OF = date(2026, 6, 30)
MAY = date(2026, 5, 4)
RULE = VariantRule()


def trace(sequence: str, n: int = 1, process: str = "invoicing", last: date = MAY) -> dict[str, Any]:
    days = {"last_day": float(day_number(last))}
    return {"connection_id": "k", "document": "", "process": process, "sequence": sequence, "n": n, **days}


def books(*rows: Mapping[str, Any]) -> Books:
    return Books("c", AS_OF, {"traces": pd.DataFrame(list(rows))})


def one(*rows: Mapping[str, Any]) -> Observed:
    (found,) = observed(books(*rows))
    return found


def test_without_traces_nothing_is_observed() -> None:
    assert observed(Books("c", AS_OF, {})) == ()


def test_the_three_numbers_by_hand() -> None:
    found = one(trace("a>b", 60), trace("a>c", 20), trace("a>b>a", 15), trace("c", 5))
    assert (found.cases, found.variants, found.covering, found.reworked) == (100, 4, 2, 15)
    shares = (0.6, 0.2, 0.15, 0.05)
    assert found.entropy == pytest.approx(-sum(p * log(p) for p in shares) / log(100))
    assert found.sources == ("k",)
    assert found.paths == ((("a", "b"), 60), (("a", "c"), 20), (("a", "b", "a"), 15))
    assert found.steps == (("a", 95), ("b", 75), ("c", 25))
    assert (found.usual, found.followed) == (95, 95)


def test_eighty_per_cent_is_reached_to_the_case() -> None:
    assert covering(np.array([4, 1])) == 1
    assert covering(np.array([79, 11, 10])) == 2
    assert covering(np.array([1] * 10)) == 8


def test_cases_of_one_course_count_together_whoever_gave_them() -> None:
    alone = one(*[trace("a>b") for _ in range(30)], trace("a>c", 10))
    grouped = one(trace("a>c", 10), trace("a>b", 30))
    assert alone == grouped


@given(st.lists(st.integers(1, 200), min_size=1, max_size=40))
def test_entropy_is_nothing_for_one_way_and_one_for_as_many_ways_as_cases(sizes: list[int]) -> None:
    assert 0 <= normalised_entropy(np.array(sizes)) <= 1 + 1e-12
    assert normalised_entropy(np.array([sum(sizes)])) == 0
    if len(sizes) > 1:
        assert normalised_entropy(np.ones(len(sizes), dtype="int64")) == pytest.approx(1)


@pytest.mark.parametrize(
    ("sequence", "again"),
    [("create>validate>send", False), ("create>edit>edit>send", True), ("create>send>create", True), ("create", False)],
)
def test_a_case_that_comes_back_to_an_action_is_reworked(sequence: str, again: bool) -> None:
    assert comes_back(sequence) is again


def test_a_second_reminder_is_no_rework() -> None:
    found = one(trace("remind>remind", 80, "dunning"))
    assert found.reworked is None
    (rework,) = [m for m in variant_measures([found]) if m.name == "rework_share"]
    assert (rework.value, rework.reason) == (None, Reason("repeated_on_purpose", {"process": "dunning"}))


@pytest.mark.parametrize(
    ("last", "counts"),
    [
        (AS_OF - timedelta(days=30), True),
        (AS_OF - timedelta(days=29), False),  # may go on
        (AS_OF - timedelta(days=364), True),
        (AS_OF - timedelta(days=365), False),
        (AS_OF + timedelta(days=1), False),
    ],
)
def test_only_cases_that_ended_within_a_year_count(last: date, counts: bool) -> None:
    assert bool(observed(books(trace("a>b", last=last)))) is counts


REGULAR = trace("create>validate>send", 60)
VARIED = [trace("create>" + ">".join(f"x{i}" for i in range(k)), 6) for k in range(1, 16)]
REWORKED = [trace("create>send", 40), trace("create>edit>edit>send", 40)]


def codes(documented: set[str], *rows: Mapping[str, Any]) -> list[str]:
    return [reason.code for reason in cross_check(observed(books(*rows)), documented)]


def test_a_documented_process_done_one_way_is_confirmed() -> None:
    (reason,) = cross_check([one(REGULAR)], {"invoicing"})
    assert reason == Reason("documented_as_done", {"process": "invoicing", "n": 60, "variants": 1, "limit": 10})


def test_a_documented_process_that_goes_many_ways_or_back_is_contradicted() -> None:
    assert codes({"invoicing"}, *VARIED) == ["documented_but_varied"]
    assert codes({"invoicing"}, *REWORKED) == ["documented_but_reworked"]
    both = [row | {"sequence": row["sequence"] + ">create"} for row in VARIED]
    assert codes({"invoicing"}, *both) == ["documented_but_varied", "documented_but_reworked"]


def test_rework_contradicts_by_its_lower_bound_only() -> None:
    few = [trace("create>send", 60), trace("create>edit>edit>send", 40)]
    assert wilson(40, 100)[0] > 0.30 > wilson(36, 100)[0]
    assert codes({"invoicing"}, *few) == ["documented_but_reworked"]
    assert codes({"invoicing"}, few[0] | {"n": 64}, few[1] | {"n": 36}) == ["documented_as_done"]


def test_an_undocumented_process_done_one_way_is_quickly_written_down() -> None:
    assert codes(set(), REGULAR) == ["undocumented_but_regular"]
    assert codes(set(), *VARIED) == []
    assert codes(set(), *REWORKED) == []


def test_under_fifty_cases_nothing_is_said_but_that() -> None:
    few = trace("create>send", 49)
    assert codes({"invoicing"}, few) == ["variants_few_cases"]
    assert codes(set(), few) == []
    assert {m.reason.code for m in variant_measures([one(few)]) if m.reason} == {"variants_few_cases"}
    assert all(m.value is None and m.tier is Tier.NONE for m in variant_measures([one(few)]))


def test_measures_carry_their_evidence() -> None:
    measures = {m.name: m for m in variant_measures([one(*REWORKED)])}
    assert {m.kpi for m in measures.values()} == {"K65"}
    assert {(m.n, m.process, m.tier, m.sources) for m in measures.values()} == {(80, "invoicing", Tier.DIRECT, ("k",))}
    assert measures["variants_covering"].value == 2
    assert measures["variants_covering"].limit == RULE.variants_limit
    rework = measures["rework_share"]
    assert (rework.value, rework.low, rework.high) == (0.5, *wilson(40, 80))


def test_processes_are_kept_apart_and_rows_come_in_any_order() -> None:
    rows = [REGULAR, trace("a>b", 70, "purchases"), *REWORKED]
    expected = observed(books(*rows))
    assert [found.process for found in expected] == ["invoicing", "purchases"]
    assert observed(books(*reversed(rows))) == expected


def test_a_source_that_tells_one_thing_of_each_case_tells_nothing_of_the_way() -> None:
    made_only = [trace("create", 900), trace("create>send", 49)]
    assert codes({"invoicing"}, *made_only) == ["traces_of_one_step"]
    assert codes(set(), *made_only) == []
    assert {m.reason.code for m in variant_measures([one(*made_only)]) if m.reason} == {"traces_of_one_step"}
    assert codes({"invoicing"}, made_only[0], trace("create>send", 50)) == ["documented_as_done"]


def test_the_share_of_the_commonest_ways_has_its_interval() -> None:
    rows = [trace("a>b", 50), trace("a>c", 30), trace("a>d", 10), trace("a>e", 6), trace("a>f", 4)]
    usual = next(m for m in variant_measures([one(*rows)]) if m.name == "usual_path_share")
    assert (usual.value, usual.low, usual.high, usual.n) == (0.9, *wilson(90, 100), 100)
