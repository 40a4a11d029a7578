"""The whole answer: halves, freezing, coverage, and what is said of nothing."""

from datetime import date

import pytest

from signals.base import Level, SignalName
from signals.books import Books, Declaration, Range, Sheet, frame
from signals.calendar import day_number, month_number
from signals.freshness import freshness
from signals.policy import Policy
from signals.readiness import assess
from signals.verdict import Verdict

DAY = date(2026, 11, 22)
POLICY = Policy()


def books(*declarations: Declaration, as_of: date = DAY, **tables: list[dict[str, object]]) -> Books:
    made = {name: frame(name, rows) for name, rows in tables.items()}
    return Books(company_id="c", as_of=as_of, tables=made, declarations=declarations, imported_on=DAY)


def feed(kind: str, read: date, last: date | None, stream: str = "invoices") -> dict[str, object]:
    return {
        "connection_id": "k",
        "provider": "csv",
        "kind": kind,
        "stream": stream,
        "rows": 9,
        "read_day": day_number(read),
        "last_day": day_number(last) if last else None,
    }


def test_of_nothing_nothing_is_said_and_nothing_is_calm() -> None:
    answer = assess(books(), POLICY)

    assert answer.verdict is Verdict.CANNOT_SAY
    assert {signal.level for signal in answer.signals} == {Level.UNKNOWN}
    assert (answer.signals_known, answer.gates_known) == (0, 0)
    assert len(answer.missing) == 5 + 4 + 1  # signals, gates, worth


def test_every_signal_without_a_value_says_why() -> None:
    answer = assess(books(), POLICY)

    assert all(signal.primary.reason is not None for signal in answer.signals)
    assert all(measure.reason for s in answer.signals for measure in s.measures if measure.value is None)


def declared(stated_on: date, since: date) -> Declaration:
    return Declaration(
        stated_on=stated_on,
        since=since,
        signed_by="p",
        director_hours=Range(11, 13),
        director_rate=Range(80, 80),
        admin_hours=Range(30, 35),
        admin_rate=Range(25, 25),
        provider_price=Range(1000, 2000),
        restructuring=False,
        sheets={
            name: Sheet(
                operators=("a",),
                tasks=True,
                frequency=True,
                validation_rules=True,
                tools=True,
                owner=True,
                approval_rule=True,
                reviewed_on=stated_on,
            )
            for name in ("invoicing", "dunning", "purchases", "bank")
        },
    )


def test_a_company_known_by_its_declaration_alone_gets_signals_of_tier_declared() -> None:
    answer = assess(books(declared(date(2026, 11, 1), date(2026, 5, 1))), POLICY)
    by_name = {signal.name: signal for signal in answer.signals}

    assert by_name[SignalName.DIRECTOR_TIME].level is Level.OVER
    assert by_name[SignalName.DIRECTOR_TIME].primary.tier == "declared"
    assert by_name[SignalName.KEY_PERSON].level is Level.OVER
    assert answer.verdict is Verdict.PREPARE  # volume and stability are not known: no ledger, no list
    assert {r.params["gate"] for r in answer.why if r.code == "gate_unknown"} == {"volume", "stability"}


def test_a_declaration_expires_after_a_year() -> None:
    said = declared(date(2025, 11, 21), date(2025, 5, 1))

    assert assess(books(said), POLICY).signals_known == 0


@pytest.mark.parametrize(
    ("kind", "read", "last", "stale"),
    [
        ("api", date(2026, 11, 20), None, False),
        ("api", date(2026, 11, 19), None, True),
        ("file", DAY, date(2026, 10, 8), False),
        ("file", DAY, date(2026, 10, 7), True),
    ],
)
def test_an_api_is_fresh_for_two_days_and_a_file_for_forty_five_after_its_last_record(
    kind: str, read: date, last: date | None, stale: bool
) -> None:
    found = freshness(books(feeds=[feed(kind, read, last)]), POLICY, ("invoices",))

    assert found.stale is stale


def test_a_fresh_feed_beats_a_stale_one_that_reaches_further() -> None:
    old_api, new_file = feed("api", date(2026, 11, 1), None), feed("file", DAY, date(2026, 10, 20))

    assert not freshness(books(feeds=[old_api, new_file]), POLICY, ("invoices",)).stale


def issued(month: int, late: int, on_time: int) -> list[dict[str, object]]:
    service, rows = date(2026, month, 2), []
    for n, lag in ((late, 25), (on_time, 1)):
        start = day_number(service)
        rows.append({"connection_id": "k", "service_day": start, "issued_day": start + lag, "periodic": False, "n": n})
    return rows


def test_a_source_that_stopped_freezes_its_signal_where_it_was_and_says_since_when() -> None:
    last = date(2026, 6, 30)
    rows = [row for month in range(1, 7) for row in issued(month, 40, 60)]
    silent = books(issue_days=rows, feeds=[feed("file", last, last)])

    answer = {signal.name: signal for signal in assess(silent, POLICY).signals}[SignalName.LATE_INVOICING]

    assert answer.level is Level.OVER
    assert answer.frozen_on == last
    assert "frozen" in {reason.code for reason in answer.why}


def test_reminders_in_order_do_not_make_a_signal_calm_whose_invoices_cannot_be_seen() -> None:
    overdue = [
        {"connection_id": "k", "external_id": str(i), "due_day": day_number(date(2026, 9, 1))} for i in range(20)
    ]
    sent = [
        {"connection_id": "k", "invoice_id": str(i), "sent_day": day_number(date(2026, month, 20))}
        for i in range(20)
        for month in (9, 10, 11)
    ]
    seen = books(overdue=overdue, reminders=sent, feeds=[feed("api", DAY, None, "reminders")])

    answer = {signal.name: signal for signal in assess(seen, POLICY).signals}[SignalName.LATE_INVOICING]

    assert answer.half is not None
    assert answer.half.value == 0.0
    assert answer.level is Level.UNKNOWN


def test_a_source_that_stopped_takes_nothing_from_a_declaration_made_since() -> None:
    said = declared(date(2026, 11, 1), date(2026, 5, 1))
    first = month_number(date(2025, 1, 1))
    sales = [
        {"connection_id": "k", "month": first + m, "direction": "sale", "kind": "invoice", "n": 90} for m in range(12)
    ]
    stopped = feed("file", DAY, date(2025, 12, 31), "ledger")

    answer = assess(books(said, volume=sales, feeds=[stopped]), POLICY)

    states = {gate.name.value: gate.state for gate in answer.gates}
    assert states["formalised"] == states["structure"] == "passed"
    assert answer.worth is not None


def test_of_two_declarations_of_one_day_the_last_said_counts() -> None:
    first = Declaration(stated_on=DAY, since=DAY, signed_by="p", director_hours=Range(2, 2))
    second = Declaration(stated_on=DAY, since=DAY, signed_by="p", director_hours=Range(30, 30))

    assert books(first, second).declaration(365) is second


def test_reminders_that_stopped_arriving_are_frozen_and_not_taken_for_reminders_that_stopped() -> None:
    due = [day_number(date(2026, month, 5)) for month in range(3, 12) for _ in range(20)]
    overdue = [{"connection_id": "k", "external_id": str(i), "due_day": day} for i, day in enumerate(due)]
    silent_since = date(2026, 8, 22)
    sent = [
        {"connection_id": "k", "invoice_id": str(i), "sent_day": day + later}
        for i, day in enumerate(due)
        for later in range(10, 200, 25)
        if day + later <= day_number(silent_since)
    ]
    feeds = [feed("file", DAY, DAY, "invoices"), feed("file", DAY, silent_since, "reminders")]

    answer = {s.name: s for s in assess(books(overdue=overdue, reminders=sent, feeds=feeds), POLICY).signals}

    late = answer[SignalName.LATE_INVOICING]
    assert late.level is not Level.OVER
    assert late.frozen_on == silent_since
