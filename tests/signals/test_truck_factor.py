from datetime import date, timedelta
from itertools import combinations
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.base import Detector, Measure, Reason, SignalName, Tier
from signals.books import Books, frame
from signals.calendar import day_number, month_number
from signals.key_person import hhi
from signals.policy import Policy
from signals.truck_factor import DepartureAhead, SameHands, TruckFactor, removal

AS_OF = date(2026, 6, 30)
TODAY = day_number(AS_OF)
JUNE = month_number(AS_OF)
DETECTORS: tuple[Detector, ...] = (TruckFactor(), SameHands(), DepartureAhead())
Row = dict[str, Any]


def cell(portfolio: str, actor: str, n: int = 5, **said: Any) -> Row:
    row = {"process": "invoicing", "portfolio": portfolio, "actor": actor, "role": "admin", "n": n}
    return row | {"month": JUNE} | said


def cells(**known: str) -> list[Row]:
    """Give each actor the cells whose letters are listed."""
    return [cell(letter, actor) for actor, letters in known.items() for letter in letters]


def detect(detector: Detector, as_of: date = AS_OF, **tables: list[Row] | None) -> Measure:
    made = {name: pd.DataFrame(rows) for name, rows in tables.items() if rows is not None and name != "events"}
    if events := tables.get("events"):
        made["events"] = frame("events", events)
    return detector.detect(Books("c", as_of, made), Policy())


def factor(rows: list[Row]) -> int:
    return removal(pd.DataFrame(rows)).truck_factor


def test_one_person_who_knows_more_than_half_alone_makes_a_truck_factor_of_one() -> None:
    assert factor(cells(anne="abcdef", bob="ghij")) == 1
    assert removal(pd.DataFrame(cells(anne="abcdef", bob="ghij"))).orphaned == (0.6,)


def test_exactly_half_is_not_more_than_half() -> None:
    assert removal(pd.DataFrame(cells(anne="abcde", bob="fghij"))).orphaned == (0.5, 1.0)


def test_a_stand_in_for_every_cell_takes_two() -> None:
    assert factor(cells(anne="abcdefghij", bob="abcdefghij")) == 2
    assert factor(cells(anne="abcdefghij", bob="abcde", carl="fghij")) == 3  # after anne and one, half is left


def test_a_tenth_and_three_events_make_a_knower() -> None:
    shared = [cell("a", "anne", 27), cell("a", "bob", 3)]
    assert factor(shared) == 2
    assert factor([cell("a", "anne", 28), cell("a", "bob", 3)]) == 1
    assert factor([cell("a", "anne", 2), cell("a", "bob", 2), cell("b", "anne", 3)]) == 1
    assert removal(pd.DataFrame([cell("a", "anne", 2)])).cells == 0


def test_events_of_one_cell_add_up_whenever_they_were() -> None:
    assert removal(pd.DataFrame([cell("a", "anne", 2), cell("a", "anne", 1, month=JUNE - 2)])).cells == 1


def test_of_equals_who_is_alone_more_often_goes_first() -> None:
    rows = cells(bob="abcd", zoe="efgh", carl="abcd")
    assert removal(pd.DataFrame(rows)).orphaned[0] == 0.5  # zoe: nobody else knows hers


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1), min_size=1, max_size=5), st.randoms())
def test_greedy_is_never_below_the_smallest_number_that_would_do_and_row_order_is_nothing(
    known: list[set[str]], random: Any
) -> None:
    people = {f"p{i}": letters for i, letters in enumerate(known)}
    rows = cells(**{actor: "".join(sorted(letters)) for actor, letters in people.items()})
    every = set().union(*known)

    def enough(gone: tuple[str, ...]) -> bool:
        left: set[str] = set().union(*(letters for actor, letters in people.items() if actor not in gone))
        return len(left) < len(every) / 2

    least = next(k for k in range(1, len(people) + 1) if any(enough(c) for c in combinations(people, k)))
    found = removal(pd.DataFrame(rows))
    assert least <= found.truck_factor <= len(people)
    assert list(found.orphaned) == sorted(found.orphaned)
    assert found.orphaned[-1] > 0.5
    random.shuffle(rows)
    assert removal(pd.DataFrame(rows)) == found


def test_the_measure_counts_cells_and_says_what_it_left_out() -> None:
    rows = [*cells(anne="abcdefg", bob="hij"), cell("k", "cab", 900, role="outside_accountant"), cell("l", "bob", 1)]
    measure = detect(TruckFactor(), cells=rows)
    assert (measure.value, measure.low, measure.high, measure.n, measure.tier) == (1, 1, 1, 10, Tier.DIRECT)
    assert measure.notes == (
        Reason("cells_orphaned_by_first", {"share": 0.7}),
        Reason("cells_unknown", {"n": 1, "of": 11}),
        Reason("actors_excluded", {"n": 1}),
    )
    assert measure.limit is None


def test_the_accountant_and_shared_logins_know_nothing() -> None:
    rows = cells(anne="abcdefghij") + [cell(p, "compta", 50, role="shared_login") for p in "abcdefghij"]
    assert detect(TruckFactor(), cells=rows).value == 1
    shared = [cell(p, "compta", role="shared_login") for p in "abcdefghij"]
    assert detect(TruckFactor(), cells=shared).reason == Reason("only_shared_logins")


def test_only_the_last_six_complete_months_count() -> None:
    rows = cells(anne="abcdefghij")
    for month, counted in ((JUNE - 5, True), (JUNE - 6, False), (JUNE + 1, False)):
        other = [cell(p, "bob", 900, month=month) for p in "abcdefghij"]
        measure = detect(TruckFactor(), cells=rows + other)
        assert measure.notes == (Reason("cells_orphaned_by_first", {"share": 1.0}),)
        found = detect(TruckFactor(), cells=[r | {"month": month} for r in rows])
        assert found.known is counted


def test_a_process_has_a_truck_factor_of_its_own() -> None:
    rows = cells(anne="abcdefghij") + [r | {"process": "dunning"} for r in cells(bob="abcdefghij", carl="abcdefghij")]
    assert detect(TruckFactor(process="dunning"), cells=rows).value == 2
    assert detect(TruckFactor(process="invoicing"), cells=rows).value == 1
    assert detect(TruckFactor(process="tax"), cells=rows).reason == Reason("no_recent_activity", {"days": 181})


def test_few_cells_are_too_few() -> None:
    assert detect(TruckFactor(), cells=cells(anne="abc")).reason == Reason("few_cells", {"n": 3, "needed": 10})


def approved(author: str, validator: str, n: int = 1, month: int = JUNE, **said: str) -> Row:
    row = {"connection_id": "crm", "month": month, "author": author, "validator": validator, "n": n}
    return row | {"author_role": "admin", "validator_role": "admin"} | said


def test_same_hands_is_the_share_of_approved_documents_their_author_approved() -> None:
    measure = detect(SameHands(), approvals=[approved("anne", "anne", 3), approved("anne", "bob", 9)])
    assert (measure.value, measure.n, measure.limit, measure.sources) == (0.25, 12, None, ("crm",))
    assert measure.low is not None
    assert measure.high is not None
    assert measure.low < 0.25 < measure.high
    assert [(p.month, p.value) for p in measure.series] == [(JUNE, 0.25)]


def test_an_approver_who_is_always_the_author_says_nothing() -> None:
    measure = detect(SameHands(), approvals=[approved("anne", "anne", 30), approved("bob", "bob", 9)])
    assert (measure.value, measure.reason, measure.n) == (None, Reason("approver_is_author"), 39)
    later = approved("anne", "bob", month=JUNE + 1)
    assert detect(SameHands(), approvals=[approved("anne", "anne", 30), later]).reason == Reason("approver_is_author")


def test_approvals_by_robots_by_nobody_of_old_or_of_the_running_month_do_not_count() -> None:
    rows = [approved("anne", "anne", 3), approved("anne", "bob", 9)]
    odd = [
        approved("anne", "", 50),
        approved("anne", "cron", 50, validator_role="bot"),
        approved("anne", "bob", 50, month=JUNE + 1),
        approved("anne", "bob", 50, month=JUNE - 12),
    ]
    assert detect(SameHands(), approvals=rows + odd).value == 0.25
    assert detect(SameHands(), approvals=odd[:1]).reason == Reason("no_approvals")
    assert detect(SameHands(), approvals=odd[1:2]).reason == Reason("only_shared_logins")
    old = [approved("anne", "bob", 5, month=JUNE - 20)]
    assert detect(SameHands(), approvals=old).reason == Reason("no_recent_approvals", {"months": 12})


def events(**actors: tuple[str, ...]) -> list[Row]:
    return [
        {"day": TODAY - 5, "actor": actor, "process": process, "n": 10, "role": "admin"}
        for process, who in actors.items()
        for actor in who
    ]


def leaves(actor: str, days: int, told: int = -1) -> Row:
    return {"actor": actor, "left_day": float(TODAY + days), "told_day": float(TODAY + told)}


def test_a_knower_told_to_leave_within_ninety_days_is_counted_not_named() -> None:
    work = events(invoicing=("anne", "bob"), bank=("bob",), tax=("bob",))
    measure = detect(DepartureAhead(), events=work, departures=[leaves("bob", 30), leaves("zoe", 30)])
    assert (measure.value, measure.n, measure.tier) == (1, 2, Tier.DIRECT)
    assert measure.notes == (Reason("departure_leaves_nobody", {"n": 2, "of": 3}),)
    assert "bob" not in repr(measure)
    assert detect(DepartureAhead(), events=work, departures=[leaves("anne", 30)]).notes == ()


@pytest.mark.parametrize(("days", "told", "counted"), [(1, 0, 1), (90, 0, 1), (91, 0, 0), (0, 0, 0), (30, 1, 0)])
def test_a_departure_counts_once_told_and_while_ahead(days: int, told: int, counted: int) -> None:
    work = events(invoicing=("anne",))
    assert detect(DepartureAhead(), events=work, departures=[leaves("anne", days, told)]).value == counted


def test_nobody_known_to_leave_is_none_where_staff_is_known() -> None:
    measure = detect(DepartureAhead(), events=events(tax=("anne",)), staff=[{"actor": "anne", "entered_day": 1.0}])
    assert (measure.value, measure.n) == (0, 1)


def test_without_staff_or_activity_no_departure_is_seen() -> None:
    nobody = [leaves("anne", 30)]
    assert detect(DepartureAhead(), events=events(tax=("anne",))).reason == Reason("no_staff_source")
    assert detect(DepartureAhead(), departures=nobody).reason == Reason("no_activity_source")
    thin = [{"day": TODAY, "actor": "anne", "process": "tax", "n": 2, "role": "admin"}]
    assert detect(DepartureAhead(), events=thin, departures=nobody).reason == Reason("nobody_known")


def test_empty_books_give_no_value() -> None:
    for detector in DETECTORS:
        measure = detector.detect(Books("c", AS_OF + timedelta(days=1), {}), Policy())
        assert (measure.value, measure.tier, measure.signal) == (None, Tier.NONE, SignalName.KEY_PERSON)
        assert measure.reason is not None


def test_concentration_as_the_competition_authorities_compute_it() -> None:
    assert hhi((30, 30, 20, 20)) == pytest.approx(2600)
