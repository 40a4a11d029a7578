from datetime import date
from typing import Any

import pytest

from signals.base import Detector, Measure, RecordKey, SignalName, Tier, Unit
from signals.books import Books, frame
from signals.calendar import day_number, month_number
from signals.ledger import BookingLag, LedgerVolume, StructuralFaults, Suspense, Unlettered
from signals.policy import Policy

AS_OF = date(2026, 11, 22)
TODAY = day_number(AS_OF)
POLICY = Policy()


def entry(number: int, on: date = date(2026, 6, 15), **said: Any) -> dict[str, Any]:
    return {
        "connection_id": "fec",
        "external_id": f"2026/VT/{number}",
        "fiscal_year": 2026,
        "journal": "VT",
        "number": str(number),
        "kind": "sale",
        "entry_day": day_number(on),
        "party": "orvaline",
        "debit_minor": 12000,
        "credit_minor": 12000,
    } | said


def line(name: str, days_ago: int = 10, account: str = "471000", **said: Any) -> dict[str, Any]:
    return {
        "connection_id": "fec",
        "external_id": name,
        "line_number": 1,
        "fiscal_year": 2026,
        "account": account,
        "day": TODAY - days_ago,
    } | said


LETTERED = line("paid", 200, "411000", debit_minor=500, lettering="AA", lettered_day=TODAY - 190)


def books(**tables: list[dict[str, Any]]) -> Books:
    return Books("company", AS_OF, {name: frame(name, rows) for name, rows in tables.items()}).at(AS_OF)


def detect(detector: Detector, **tables: list[dict[str, Any]]) -> Measure:
    return detector.detect(books(**tables), POLICY)


def notes(measure: Measure) -> dict[str, dict[str, Any]]:
    return {note.code: dict(note.params) for note in measure.notes}


def reason(measure: Measure) -> str | None:
    assert (measure.value is None) == (measure.reason is not None)
    return measure.reason.code if measure.reason else None


DETECTORS: list[Detector] = [StructuralFaults(), Suspense(), BookingLag(), Unlettered(), LedgerVolume()]


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: one.name)
def test_books_without_a_ledger_give_no_value(detector: Detector) -> None:
    assert reason(detect(detector)) == "no_ledger"


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: one.name)
def test_what_comes_later_does_not_matter(detector: Detector) -> None:
    past = date(2026, 8, 31)
    known = {
        "entries": [entry(i, date(2026, 6, 1 + i), piece_day=day_number(date(2026, 6, 1))) for i in range(9)],
        "open_lines": [LETTERED, line("a", 200, debit_minor=100), line("b", 180, "411000", debit_minor=100)],
    }
    later = {
        "entries": [entry(99, date(2026, 9, 1), debit_minor=1)],
        "open_lines": [line("c", 1, credit_minor=70), line("d", 2, "411000", lettering="B", lettered_day=TODAY)],
    }
    full = books(**{name: known[name] + later[name] for name in known})
    assert detector.detect(full.at(past), POLICY) == detector.detect(books(**known).at(past), POLICY)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: one.name)
def test_nothing_here_carries_a_level(detector: Detector) -> None:
    measure = detect(detector, entries=[entry(1)], open_lines=[LETTERED])
    assert measure.limit is None
    assert measure.signal is (None if detector.name == "ledger_documents" else SignalName.QUALITY)


def test_a_sound_ledger_has_no_faults() -> None:
    measure = detect(StructuralFaults(), entries=[entry(1), entry(2)])
    assert (measure.value, measure.n, measure.tier, measure.records) == (0, 2, Tier.DIRECT, ())


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"debit_minor": 12001}, "entries_unbalanced"),
        ({"both_sides": 2}, "entries_two_sided"),
        ({"fiscal_year": 2024}, "entries_outside_year"),
        ({"fiscal_year": 2028}, "entries_outside_year"),
    ],
)
def test_each_structural_fault_counts_its_entry(said: dict[str, Any], code: str) -> None:
    measure = detect(StructuralFaults(), entries=[entry(1), entry(2, **said)])
    assert measure.value == 1
    assert notes(measure)[code] == {"n": 1}
    assert measure.records == (RecordKey("ledger", "2026/VT/2", "fec"),)


def test_a_fiscal_year_may_begin_in_the_calendar_year_before() -> None:
    assert detect(StructuralFaults(), entries=[entry(1, fiscal_year=2027)]).value == 0


def test_a_year_that_opens_with_balances_lasts_twelve_months_from_there() -> None:
    opening = entry(0, date(2025, 7, 1), kind="opening")
    inside, before, after = (
        entry(i, day) for i, day in enumerate((date(2026, 6, 30), date(2025, 6, 30), date(2026, 7, 1)), 1)
    )
    assert detect(StructuralFaults(), entries=[opening, inside]).value == 0
    assert detect(StructuralFaults(), entries=[opening, before]).value == 1
    assert detect(StructuralFaults(), entries=[opening, after]).value == 1


def test_refused_lines_count_and_tolerated_spellings_are_only_noted() -> None:
    refused = {"connection_id": "fec", "code": "date_missing", "kept": False, "n": 3}
    kept = {"connection_id": "fec", "code": "column_surplus", "kept": True, "n": 40}
    measure = detect(StructuralFaults(), faults=[refused, refused | {"fiscal_year": 2025}, kept])
    assert measure.value == 6
    assert notes(measure)["fault_refused"] == {"code": "date_missing", "n": 6}
    assert [note.code for note in measure.notes].count("fault_refused") == 1
    assert notes(measure)["fault_kept"] == {"code": "column_surplus", "n": 40}


def test_breaks_in_entry_numbers_are_noted_and_not_counted() -> None:
    rows = [entry(i) for i in (9, 10, 12, 13)]
    measure = detect(StructuralFaults(), entries=rows)
    assert measure.value == 0
    assert notes(measure)["entry_number_breaks"]["n"] == 1


def test_one_counter_over_several_journals_is_not_broken_in_each() -> None:
    rows = [entry(i, journal="VT" if i % 2 else "AC") for i in range(1, 13)]
    assert "entry_number_breaks" not in notes(detect(StructuralFaults(), entries=rows))
    apart = [entry(i, journal=j) for j in ("VT", "AC") for i in (1, 2, 4)]
    found = detect(StructuralFaults(), entries=apart).notes
    assert sorted(n.params["journal"] for n in found if n.code == "entry_number_breaks") == ["AC", "VT"]


def test_suspense_sums_lines_and_not_their_balance() -> None:
    lines = [LETTERED, line("a", 40, debit_minor=10000), line("b", 10, credit_minor=10000), line("c", 5, lettering="Z")]
    measure = detect(Suspense(), open_lines=lines)
    assert (measure.value, measure.unit, measure.n) == (200.0, Unit.EUR, 3)
    assert [key.external_id for key in measure.records] == ["a", "b"]
    assert notes(measure)["suspense_age"] == {"lines": 2, "p90": 37.0, "oldest": 40.0}


def test_suspense_that_nobody_ever_lettered_says_so() -> None:
    assert "suspense_never_lettered" in notes(detect(Suspense(), open_lines=[LETTERED, line("a", debit_minor=1)]))
    lettered = [LETTERED, line("a", debit_minor=1), line("b", lettering="A")]
    assert "suspense_never_lettered" not in notes(detect(Suspense(), open_lines=lettered))


def test_where_a_source_does_not_letter_suspense_is_netted_oldest_first() -> None:
    lines = [
        line("a", 40, debit_minor=10000),
        line("b", 30, debit_minor=6000),
        line("c", 20, credit_minor=12000),
        line("d", 10, account="471900", credit_minor=500),
    ]
    measure = detect(Suspense(), open_lines=lines)
    assert measure.value == 45.0
    assert [key.external_id for key in measure.records] == ["b", "d"]
    assert notes(measure)["suspense_netted"] == {"connection": "fec", "lines": 4}


def test_a_ledger_that_never_used_471_has_nothing_in_suspense() -> None:
    measure = detect(Suspense(), entries=[entry(1)])
    assert (measure.value, measure.n, measure.records) == (0, 0, ())


def test_balances_brought_forward_count_from_their_own_day_and_say_so() -> None:
    opening = line("o", 325, opening=True, debit_minor=7000)
    measure = detect(Suspense(), open_lines=[LETTERED, opening])
    assert measure.value == 70.0
    assert notes(measure)["opening_lines_counted"] == {"lines": 1}
    assert notes(measure)["suspense_age"]["oldest"] == 325


def test_balances_brought_forward_do_not_repeat_a_year_that_was_read() -> None:
    before = line("b", 400, fiscal_year=2025, debit_minor=7000)
    opening = line("o", 325, opening=True, debit_minor=7000)
    measure = detect(Suspense(), open_lines=[LETTERED, before, opening])
    assert measure.value == 70.0
    assert notes(measure)["opening_lines_repeated"] == {"lines": 1}
    assert [key.external_id for key in measure.records] == ["b"]


def late(lag: int, number: int = 0, **said: Any) -> dict[str, Any]:
    return entry(number, piece_day=day_number(date(2026, 6, 15)) - lag) | said


def test_late_booking_is_the_share_of_pieces_booked_after_thirty_days() -> None:
    rows = [late(lag, i) for i, lag in enumerate((0, 1, 30, 31, 60))]
    measure = detect(BookingLag(), entries=rows)
    assert (measure.value, measure.n, measure.unit) == (0.4, 5, Unit.SHARE)
    assert notes(measure)["booking_lag_days"] == {"p50": 30.0, "p90": pytest.approx(48.4), "n": 5}
    assert "booking_lag_by_piece" in notes(measure)
    assert {key.external_id for key in measure.records} == {"2026/VT/3", "2026/VT/4"}


def test_a_customers_time_to_pay_is_not_our_booking_lag() -> None:
    sales = [entry(i, date(2026, 6, 1 + i), piece_day=day_number(date(2026, 6, 1 + i))) for i in range(6)]
    payments = [late(60 + i, 10 + i, kind="bank") for i in range(6)]
    measure = detect(BookingLag(), entries=sales + payments)
    assert reason(measure) == "piece_date_not_informative"
    assert notes(measure)["field_equals"]["other"] == "entry_on"


def test_validation_stands_in_where_pieces_bear_no_date_of_their_own() -> None:
    day = day_number(date(2026, 6, 15))
    rows = [late(0, i, valid_day=day + lag) for i, lag in enumerate((0, 2, 14, 31, 45))]
    measure = detect(BookingLag(), entries=rows)
    assert measure.value == 0.4
    assert notes(measure)["booking_lag_by_validation"] == {"connection": "fec", "n": 5}


def test_an_entry_not_validated_in_time_is_late_and_a_young_one_waits() -> None:
    day = day_number(date(2026, 6, 15))
    rows = [late(0, i, valid_day=day + i) for i in range(5)]
    young = entry(8, date(2026, 11, 10), piece_day=day_number(date(2026, 11, 10)))
    measure = detect(BookingLag(), entries=[*rows, late(0, 7), young])
    assert measure.n == 6
    assert measure.value == pytest.approx(1 / 6)
    assert [key.external_id for key in measure.records] == ["2026/VT/7"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"piece_day": TODAY}, "field_constant"),
        ({"piece_day": None}, "field_empty"),
    ],
)
def test_a_piece_date_that_says_nothing_is_no_lag(said: dict[str, Any], code: str) -> None:
    measure = detect(BookingLag(), entries=[entry(i, date(2026, 6, 1 + i), **said) for i in range(6)])
    assert reason(measure) == "piece_date_not_informative"
    assert code in notes(measure)


def test_a_piece_dated_after_its_entry_is_the_day_it_was_typed() -> None:
    measure = detect(BookingLag(), entries=[late(-lag, lag) for lag in range(1, 8)])
    assert reason(measure) == "piece_date_not_informative"
    assert notes(measure)["piece_after_entry"]["share"] == 1


def test_a_lag_of_nothing_but_zeros_is_no_lag_however_few() -> None:
    assert reason(detect(BookingLag(), entries=[late(0, i) for i in range(3)])) == "piece_date_not_informative"


def test_the_profile_of_the_source_has_the_first_word() -> None:
    profile = {"connection_id": "fec", "stream": "ledger", "field": "piece_on", "n": 90, "filled": 90, "distinct": 1}
    rows = [late(lag, lag) for lag in range(6)]
    assert detect(BookingLag(), entries=rows).value == 0
    assert reason(detect(BookingLag(), entries=rows, fields=[profile])) == "piece_date_not_informative"


def test_each_source_is_judged_for_itself() -> None:
    silent = [late(0, i, connection_id="copy") for i in range(6)]
    measure = detect(BookingLag(), entries=[*silent, *(late(40 + i, i) for i in range(6))])
    assert (measure.value, measure.n, measure.sources) == (1, 6, ("fec",))


def test_booking_lag_without_recent_documents_has_no_value() -> None:
    long_ago = day_number(date(2024, 1, 1))
    old = [entry(i, date(2024, 1, 1), piece_day=long_ago - i) for i in range(6)]
    assert reason(detect(BookingLag(), entries=old)) == "no_documents_booked"
    assert reason(detect(BookingLag(), entries=[entry(1, kind="bank")])) == "no_documents_booked"


def test_unlettered_is_the_share_of_lines_older_than_sixty_days() -> None:
    lines = [
        LETTERED,
        line("a", 61, "401000"),
        line("b", 60, "411000"),
        line("c", 90, "471000"),
        line("d", 99, "411000"),
    ]
    measure = detect(Unlettered(), open_lines=lines)
    assert measure.n == 3
    assert measure.value == pytest.approx(2 / 3)
    assert [key.external_id for key in measure.records] == ["a", "d"]
    assert measure.window == (date(2026, 5, 6), date(2026, 9, 22))


def test_a_source_that_does_not_letter_is_left_out() -> None:
    silent = [line(str(i), 100, "411000", connection_id="erp") for i in range(4)]
    assert reason(detect(Unlettered(), open_lines=silent)) == "lettering_not_informative"
    measure = detect(Unlettered(), open_lines=[LETTERED, *silent])
    assert (measure.value, measure.n) == (0, 1)
    assert notes(measure)["field_empty"]["connection"] == "erp"


def test_lines_older_than_the_recent_months_are_noted_and_not_counted() -> None:
    tables = {"open_lines": frame("open_lines", [LETTERED, line("old", 900, "411000")])}
    recent = Books("company", AS_OF, tables, recent_from=date(2025, 1, 1))
    measure = Unlettered().detect(recent, POLICY)
    assert (measure.value, measure.n) == (0, 1)
    assert notes(measure)["unlettered_older"] == {"lines": 1}


def test_unlettered_counts_opening_lines_by_their_day_and_says_so() -> None:
    measure = detect(Unlettered(), open_lines=[LETTERED, line("o", 325, "411000", opening=True)])
    assert (measure.value, measure.n) == (0.5, 2)
    assert notes(measure)["opening_lines_counted"] == {"lines": 1}


def test_without_old_or_party_lines_there_is_no_unlettered_share() -> None:
    young = [line("a", 3, "411000", lettering="A")]
    assert reason(detect(Unlettered(), open_lines=young)) == "no_old_lines"
    assert reason(detect(Unlettered(), entries=[entry(1)])) == "no_party_lines"


def test_ledger_volume_counts_documents_and_customers_of_complete_months() -> None:
    rows = [
        entry(1, date(2026, 8, 5)),
        entry(2, date(2026, 8, 9), kind="sale_credit"),
        entry(3, date(2026, 10, 9), party="tremeval"),
        entry(4, date(2026, 10, 9), kind="purchase", party="paper"),
        entry(5, date(2026, 10, 9), kind="bank", party="bank"),
        entry(6, date(2026, 10, 9), party=""),
        entry(7, date(2026, 11, 9), party="new"),
    ]
    measure = detect(LedgerVolume(), entries=rows)
    assert (measure.n, measure.unit) == (5, Unit.PER_MONTH)
    assert measure.value == pytest.approx(5 / 3)
    assert measure.window == (date(2026, 8, 1), date(2026, 10, 31))
    assert [(p.month - month_number(date(2026, 8, 1)), p.value) for p in measure.series] == [(0, 2), (1, 0), (2, 3)]
    assert notes(measure) == {"ledger_customers": {"n": 2}, "ledger_parties_unknown": {"n": 1, "of": 4}}


def test_ledger_volume_looks_back_twelve_months() -> None:
    rows = [entry(1, date(2024, 1, 1)), entry(2, date(2026, 10, 1))]
    assert detect(LedgerVolume(), entries=rows).value == pytest.approx(1 / 12)


def test_a_ledger_of_the_month_in_progress_has_no_complete_month() -> None:
    assert reason(detect(LedgerVolume(), entries=[entry(1, date(2026, 11, 3))])) == "no_complete_month"
