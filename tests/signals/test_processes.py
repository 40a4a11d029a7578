"""One process is asked what the company is asked: its evidence, its gates, its share of the worth, the perimeter."""

from dataclasses import replace
from datetime import date
from functools import cache

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.base import Level, SignalName
from signals.books import Books, Declaration, Sheet, Tool, frame
from signals.costs import Known
from signals.gates import GateName
from signals.policy import Policy
from signals.process_evidence import PROCESSES
from signals.process_worth import Shares, saving
from signals.processes import ProcessVerdict, verdicts
from signals.readiness import Readiness, assess
from signals.verdict import Verdict
from signals.worth import Worth, WorthLine
from tests.signals.story_books import DAY, Story, books_of, declaration
from tests.signals.story_books import PROCESSES as DONE

POLICY = Policy()
SHEET = declaration().sheets["invoicing"]  # type: ignore[index]
NOTHING = Books(company_id="c", as_of=DAY, tables={}, declarations=(), imported_on=None)


@cache
def books(*, late: float = 0.03, unreminded: float = 0.15, director: float = 3.0, alone: bool = False) -> Books:
    """Draw a company whose hours name a process: directors bill, the office does a quarter of each."""
    story = Story(late=late, unreminded=unreminded, director=director, alone=alone, said=declaration())
    drawn = books_of(story)
    hours = drawn["hours"]
    admin = [hours[hours["role"] == "admin"].assign(process=p, minutes=lambda x: x["minutes"] // 4) for p in DONE]
    director_hours = hours[hours["role"] == "director"].assign(process="invoicing")
    tables = {**drawn.tables, "hours": pd.concat([director_hours, *admin], ignore_index=True)}
    return replace(drawn, tables=tables)


@cache
def answer(**habits: float) -> Readiness:
    return assess(books(**habits), POLICY, look_around=False)


def bad() -> Readiness:
    return answer(late=0.3, unreminded=0.9, director=12.0, alone=True)


def by_name(found: tuple[ProcessVerdict, ...]) -> dict[str, ProcessVerdict]:
    return {one.process: one for one in found}


def again(books_or_sheets: Books | dict[str, Sheet], policy: Policy = POLICY) -> dict[str, ProcessVerdict]:
    """Ask the bad company's processes again: with other books, or with sheets of which some are others."""
    given = books_or_sheets
    if isinstance(given, dict):
        given = declared(declaration(sheets=dict.fromkeys(PROCESSES, SHEET) | given))
    return by_name(verdicts(bad(), given, policy))


def bad_books() -> Books:
    return books(late=0.3, unreminded=0.9, director=12.0, alone=True)


def declared(said: Declaration) -> Books:
    return replace(bad_books(), declarations=(said,))


def state(one: ProcessVerdict, name: GateName) -> tuple[str, list[str]]:
    gate = next(gate for gate in one.gates if gate.name is name)
    return gate.state, [why.code for why in gate.why]


def levels(one: ProcessVerdict) -> dict[SignalName, Level]:
    return {each.signal: each.level for each in one.evidence}


def test_of_nothing_nothing_is_said_of_any_process_and_each_says_what_it_lacks() -> None:
    blank = assess(NOTHING, POLICY, look_around=False)

    assert [one.process for one in blank.processes] == list(PROCESSES)
    assert {one.verdict for one in blank.processes} == {Verdict.CANNOT_SAY}
    assert all(one.known == 0 and one.sheet == "none" and one.missing for one in blank.processes)
    assert blank.perimeter is not None
    assert (blank.perimeter.processes, blank.perimeter.hours, blank.perimeter.worth) == ((), None, None)


def test_a_signal_speaks_only_of_the_processes_it_can() -> None:
    found = by_name(bad().processes)

    assert SignalName.LATE_INVOICING in levels(found["invoicing"])
    assert SignalName.LATE_INVOICING in levels(found["dunning"])
    assert set(levels(found["payroll"])) == {SignalName.DIRECTOR_TIME, SignalName.KEY_PERSON}
    assert all(SignalName.HIDDEN_COST not in levels(one) for one in found.values())


def test_late_billing_is_need_in_invoicing_and_unsent_reminders_in_dunning() -> None:
    late, silent = by_name(answer(late=0.3).processes), by_name(answer(unreminded=0.95).processes)

    both = SignalName.LATE_INVOICING
    assert (levels(late["invoicing"])[both], levels(late["dunning"])[both]) == (Level.OVER, Level.CALM)
    assert (levels(silent["invoicing"])[both], levels(silent["dunning"])[both]) == (Level.CALM, Level.OVER)


def test_a_bad_process_in_good_order_is_to_be_outsourced() -> None:
    one = by_name(bad().processes)["invoicing"]

    assert (one.verdict, one.row, one.sheet) == (Verdict.OUTSOURCE, "f", "complete")


def test_a_process_without_a_sheet_is_to_be_prepared_and_its_gates_are_unknown() -> None:
    found = again(declared(declaration(sheets={"invoicing": SHEET})))

    assert found["invoicing"].verdict is Verdict.OUTSOURCE
    assert found["dunning"].verdict is Verdict.PREPARE
    assert state(found["dunning"], GateName.FORMALISED) == ("unknown", ["no_sheet"])
    assert found["dunning"].missing[0].way == "way_sheet"


@pytest.mark.parametrize(
    ("lacks", "gate", "code", "sheet"),
    [
        ({"frequency": False}, GateName.FORMALISED, "sheet_lacks", "incomplete"),
        ({"reviewed_on": date(2025, 1, 1)}, GateName.FORMALISED, "sheet_old", "old"),
        ({"owner": False}, GateName.STRUCTURE, "sheet_lacks", "incomplete"),
        ({"approval_rule": False}, GateName.STRUCTURE, "sheet_lacks", "incomplete"),
    ],
)
def test_what_a_sheet_lacks_holds_back_its_process_alone(
    lacks: dict[str, object], gate: GateName, code: str, sheet: str
) -> None:
    found = again({"dunning": replace(SHEET, **lacks)})

    assert (found["dunning"].verdict, found["dunning"].sheet) == (Verdict.PREPARE, sheet)
    assert state(found["dunning"], gate) == ("failed", [code])
    assert found["invoicing"].verdict is Verdict.OUTSOURCE


def test_a_process_of_less_than_half_a_day_a_month_is_too_early_alone() -> None:
    found = again(bad_books(), replace(POLICY, process_hours=40.0))

    assert found["dunning"].verdict is Verdict.TOO_EARLY
    assert state(found["dunning"], GateName.VOLUME) == ("failed", ["process_too_small"])
    assert found["invoicing"].verdict is Verdict.OUTSOURCE  # directors' hours come on top of the office's


def test_a_company_too_small_has_no_process_to_hand_over() -> None:
    small = assess(bad_books(), replace(POLICY, volume_documents=10_000.0), look_around=False)

    assert {one.verdict for one in small.processes} == {Verdict.TOO_EARLY}


def test_a_perfect_process_needs_nobody() -> None:
    good = answer()

    assert by_name(good.processes)["invoicing"].verdict is Verdict.NOT_NEEDED
    assert good.perimeter is not None
    assert good.perimeter.processes == ()


def test_directors_hours_count_where_they_are_spent() -> None:
    found = by_name(bad().processes)
    hours = {name: next(e for e in v.evidence if e.signal is SignalName.DIRECTOR_TIME) for name, v in found.items()}

    assert [name for name, each in hours.items() if each.level is Level.OVER] == ["invoicing"]
    assert hours["invoicing"].measure.value == pytest.approx(12, rel=0.15)
    calm = by_name(answer().processes)["invoicing"]  # three hours are material, and the company's are not too many
    assert levels(calm)[SignalName.DIRECTOR_TIME] is Level.CALM


def test_hours_that_name_no_process_tell_nothing_of_any() -> None:
    tables = {**bad_books().tables, "hours": bad_books()["hours"].assign(process="all")}
    found = again(replace(bad_books(), tables=tables))

    each = next(e for e in found["payroll"].evidence if e.signal is SignalName.DIRECTOR_TIME)
    assert (each.level, each.why[0].code) == (Level.UNKNOWN, "hours_not_by_process")
    assert found["payroll"].take.hours is None
    assert found["invoicing"].take.hours is not None  # by its documents
    assert found["invoicing"].take.hours.tag == "default"


def test_a_process_that_only_the_accountant_does_is_done_outside_already() -> None:
    events = [
        {"day": 20000 + n, "actor": "firm", "role": "outside_accountant", "process": "tax", "n": 1} for n in range(9)
    ]
    only = Books(
        company_id="c",
        as_of=DAY,
        tables={"events": frame("events", events)},
        declarations=(declaration(sheets={"tax": replace(SHEET, operators=("firm",)), "bank": SHEET}),),
        imported_on=None,
    )
    found = by_name(assess(only, POLICY, look_around=False).processes)

    each = next(e for e in found["tax"].evidence if e.signal is SignalName.KEY_PERSON)
    assert (each.level, each.why[0].code, each.measure.value) == (Level.CALM, "done_outside", 0.0)


def test_the_perimeter_is_the_processes_to_outsource_with_their_hours() -> None:
    whole = bad().perimeter
    chosen = [one for one in bad().processes if one.verdict is Verdict.OUTSOURCE]

    assert whole is not None
    assert whole.processes == tuple(one.process for one in chosen)
    assert "invoicing" in whole.processes
    assert whole.hours is not None
    assert whole.hours.low == pytest.approx(sum(one.take.hours.low for one in chosen if one.take.hours))
    assert whole.worth is not None
    assert whole.worth.low < whole.worth.high


def test_tools_of_a_process_are_part_of_its_cost() -> None:
    with_tool = declaration(
        sheets=dict.fromkeys(PROCESSES, SHEET), tools=(Tool(name="t", eur_per_month=90, process="dunning"),)
    )
    dear = again(declared(with_tool))
    plain = again({})

    one, other = dear["dunning"].take.cost, plain["dunning"].take.cost
    assert one is not None
    assert other is not None
    assert (one.low - other.low, one.high - other.high) == pytest.approx((90, 90))


VALUE = Worth(
    low=-100,
    high=900,
    share_from_defaults=0.0,
    lines=(
        WorthLine("admin_time", 1000, 1400, "measured"),
        WorthLine("director_time", 500, 700, "measured"),
        WorthLine("provider_price", -1100, -900, "declared"),
        WorthLine("governance", -400, -200, "declared"),
        WorthLine("transition", -100, -100, "declared"),
    ),
)


def test_handing_over_everything_is_worth_what_the_company_is() -> None:
    whole = saving([Shares(0.25, 0.5, 0.4), Shares(0.75, 0.5, 0.6)], VALUE)

    assert whole is not None
    assert (whole.low, whole.high) == pytest.approx((VALUE.low, VALUE.high))


def test_steering_one_process_may_cost_as_much_as_steering_all() -> None:
    half = saving([Shares(0.5, 0.5, 0.5)], VALUE)

    assert half is not None
    assert half.low == pytest.approx(500 + 250 - 550 - 400 - 100)
    assert half.high == pytest.approx(700 + 350 - 450 - 100 - 50)


def test_without_the_share_of_one_what_all_would_save_is_not_known() -> None:
    assert saving([Shares(0.5, 0.5, 0.5), None], VALUE) is None
    assert saving([], VALUE) is None
    assert saving([Shares(1, 1, 1)], None) is None


PARTS = st.builds(lambda a, d: Shares(a, d, (a + d) / 2), st.floats(0, 0.5), st.floats(0, 0.5))


@given(PARTS, PARTS)
def test_two_processes_together_save_at_worst_no_less_than_each_by_itself_added(one: Shares, two: Shares) -> None:
    first, second, both = saving([one], VALUE), saving([two], VALUE), saving([one, two], VALUE)

    assert first is not None
    assert second is not None
    assert both is not None
    assert both.low >= first.low + second.low - 1e-9
    assert both.high == pytest.approx(first.high + second.high)
    assert both.low <= both.high


def test_known_hours_are_within_their_bounds() -> None:
    assert all(
        isinstance(one.take.hours, Known) and one.take.hours.low <= one.take.hours.high
        for one in bad().processes
        if one.take.hours
    )
