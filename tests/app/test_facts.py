"""Facts made month by month, as pages come in, are the facts made all at once."""

import shutil
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select

from app.companies import add_company, connection_for
from app.db import open_database, read, write
from app.facts import FACT_TABLES, refresh_all, refresh_touched
from app.intake import Source, find_source, save_page
from app.models.core import touched_month
from app.models.facts import correction_fact, event_fact, hours_fact, issue_fact, volume_fact
from connectors.base import Page
from connectors.records import (
    Activity,
    CreditReason,
    Delivery,
    Direction,
    DocumentKind,
    DocumentStatus,
    Invoice,
    Process,
    Record,
    Reminder,
    Stream,
    TimeEntry,
)
from signals.calendar import month_number

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
START = date(2025, 11, 1)
Brought = tuple[Stream, Record]

days = st.integers(0, 150).map(lambda n: START + timedelta(days=n))
maybe_days = st.none() | days
few = st.integers(1, 6).map(str)  # few identities, so that rows change
logins = st.sampled_from([None, "lea", "paul"])
processes = st.sampled_from(list(Process))


def of(stream: Stream, records: st.SearchStrategy[Record]) -> st.SearchStrategy[Brought]:
    return records.map(lambda record: (stream, record))


invoices: st.SearchStrategy[Record] = st.builds(
    Invoice,
    external_id=few,
    direction=st.sampled_from(list(Direction)),
    kind=st.sampled_from(list(DocumentKind)),
    status=st.sampled_from(list(DocumentStatus)),
    number=few,
    party=st.sampled_from([None, "C1", "C2"]),
    service_on=maybe_days,
    periodic=st.none() | st.booleans(),
    issued_on=maybe_days,
    corrected_on=maybe_days,
    cancelled_on=maybe_days,
    author=logins,
    validator=logins,
    corrects=st.none() | few,
    credit_reason=st.none() | st.sampled_from(list(CreditReason)),
)
reminders: st.SearchStrategy[Record] = st.builds(
    Reminder, external_id=few, invoice_id=few, sent_on=days, actor=logins, level=st.none(), channel=st.none()
)
activities: st.SearchStrategy[Record] = st.builds(
    Activity,
    external_id=few,
    actor=st.sampled_from(["lea", "paul"]),
    process=processes,
    action=st.just("edit"),
    done_at=st.builds(
        # Around midnight in Paris, and around the ends of months: sessions cross both.
        lambda day, minute: datetime(day.year, day.month, day.day, 22, 30, tzinfo=UTC) + timedelta(minutes=minute),
        days | st.sampled_from([date(2025, 11, 30), date(2025, 12, 31), date(2026, 1, 31)]),
        st.integers(0, 90),
    ),
    object_id=st.none() | few,
)
times: st.SearchStrategy[Record] = st.builds(
    TimeEntry,
    external_id=few,
    actor=st.sampled_from(["lea", "paul"]),
    worked_on=days,
    minutes=st.integers(0, 90),
    process=processes,
)
deliveries: st.SearchStrategy[Record] = st.builds(
    Delivery,
    external_id=few,
    delivered_on=days,
    invoice_id=st.none() | few,
    invoiced_on=maybe_days,
    cancelled_on=maybe_days,
    amount=st.none() | st.decimals(0, 90, places=2),
)
steps = st.lists(
    st.tuples(
        of(Stream.INVOICES, invoices)
        | of(Stream.REMINDERS, reminders)
        | of(Stream.ACTIVITIES, activities)
        | of(Stream.TIME, times)
        | of(Stream.DELIVERIES, deliveries),
        st.booleans(),  # whether the facts are refreshed after it
    ),
    max_size=25,
)


def sale(n: str, **said: object) -> Brought:
    fields = {"direction": Direction.SALE, "kind": DocumentKind.INVOICE, "status": DocumentStatus.FINAL, "party": "C"}
    return Stream.INVOICES, Invoice(**{"external_id": n, "number": n, "issued_on": START} | fields | said)  # type: ignore[arg-type]


def note(n: str, corrects: str | None, day: date, **said: object) -> Brought:
    kind = {"kind": DocumentKind.CREDIT_NOTE, "credit_reason": CreditReason.ERROR}
    return sale(n, corrects=corrects, issued_on=day, **kind | said)


# An invoice credited in a later month, which then moves; the note is taken back; a draft; an hour moved between weeks.
LIFE: list[tuple[Brought, bool]] = [
    (note("A1", "F1", date(2026, 1, 9)), True),  # before the invoice it corrects
    (sale("F1", service_on=START, author="lea"), True),
    (sale("F2", periodic=True, corrected_on=date(2025, 12, 3)), False),
    (sale("F1", issued_on=date(2025, 12, 30), author="paul"), True),
    (note("A1", "F2", date(2026, 2, 1)), True),
    (note("A1", None, date(2026, 2, 1)), True),
    (sale("F3", status=DocumentStatus.DRAFT), True),
    (sale("F3", direction=Direction.PURCHASE), False),
    ((Stream.TIME, TimeEntry(external_id="1", actor="lea", worked_on=START, minutes=60, process=Process.BANK)), True),
    (
        (
            Stream.TIME,
            TimeEntry(external_id="1", actor="lea", worked_on=date(2026, 2, 2), minutes=9, process=Process.BANK),
        ),
        True,
    ),
    ((Stream.DELIVERIES, Delivery(external_id="1", delivered_on=START, amount=Decimal("12.50"))), True),
    (
        (Stream.DELIVERIES, Delivery(external_id="2", delivered_on=START, invoice_id="F1")),
        False,
    ),  # billed: nobody knows when
    ((Stream.DELIVERIES, Delivery(external_id="1", delivered_on=START, invoice_id="F1", invoiced_on=START)), False),
    ((Stream.REMINDERS, Reminder(external_id="1", invoice_id="F1", sent_on=date(2026, 2, 2), actor="lea")), False),
]


def bring(engine: Engine, source: Source, steps: Iterable[tuple[Brought, bool]]) -> None:
    for (stream, record), refreshed in steps:
        with write(engine) as conn:
            save_page(conn, source, stream, Page((record,), {}), NOW)
            if refreshed:
                refresh_touched(conn, source.company_id)
    with write(engine) as conn:
        refresh_touched(conn, source.company_id)


def facts_of(engine: Engine) -> dict[str, list[str]]:
    """Give the rows of every fact table, ids aside, in one order."""
    with read(engine) as conn:
        return {
            table.name: sorted(
                str(tuple(row)) for row in conn.execute(select(*(c for c in table.columns if c.name != "id")))
            )
            for table in FACT_TABLES
        }


def made_anew(engine: Engine, company_id: str) -> dict[str, list[str]]:
    with write(engine) as conn:
        refresh_all(conn, company_id)
    return facts_of(engine)


def source_of(engine: Engine, company_id: str) -> Source:
    with write(engine) as conn:
        return find_source(conn, connection_for(conn, company_id, "csv", NOW))


def test_facts_refreshed_page_by_page_are_the_facts_made_anew(engine: Engine, company: str) -> None:
    bring(engine, source_of(engine, company), LIFE)

    kept = facts_of(engine)

    assert kept == made_anew(engine, company)
    assert {name: len(rows) for name, rows in kept.items()} == {
        "issue_fact": 2,
        "correction_fact": 2,
        "volume_fact": 4,  # sale invoices of two months, a purchase, a credit note
        "delivery_fact": 1,
        "hours_fact": 1,
        "event_fact": 3,  # F1's author, a reminder, time
        "ledger_fact": 0,
        "cell_fact": 2,  # F1's author, and who reminded of it: for one customer
        "approval_fact": 0,
        "session_fact": 0,
        "habit_fact": 0,
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
@example(steps=LIFE)
def test_whatever_comes_in_facts_are_those_made_anew(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Brought, bool]]
) -> None:
    path = tmp_path_factory.mktemp("facts") / "seuil.db"
    shutil.copy(sqlite_template, path)
    engine = open_database(f"sqlite:///{path}")
    with write(engine) as conn:
        company_id = add_company(conn, "Menuiserie Aubrac", NOW, zone="Europe/Paris")
    try:
        bring(engine, source_of(engine, company_id), steps)

        assert facts_of(engine) == made_anew(engine, company_id)
    finally:
        engine.dispose()


def test_facts_count_what_is_there(engine: Engine, company: str) -> None:
    twice = [(sale(n, service_on=START, author="lea"), False) for n in ("F1", "F2")]
    bring(engine, source_of(engine, company), [*twice, (note("A1", "F1", date(2026, 1, 9)), False), LIFE[8]])

    november = month_number(START)
    with read(engine) as conn:
        issued = conn.execute(select(issue_fact)).mappings().one()
        corrected = conn.execute(select(correction_fact).order_by(correction_fact.c.credited_on)).mappings().all()
        volume = conn.execute(select(volume_fact).order_by(volume_fact.c.month)).mappings().all()
        hours = conn.execute(select(hours_fact)).mappings().one()
        wrote = conn.execute(select(event_fact).where(event_fact.c.origin == "document")).mappings().one()
    assert (issued["month"], issued["service_on"], issued["periodic"], issued["n"]) == (november, START, False, 2)
    assert sorted((str(row["credited_on"]), row["n"]) for row in corrected) == [("2026-01-09", 1), ("None", 1)]
    assert [(row["kind"], row["direct"], row["n"]) for row in volume] == [
        ("invoice", True, 2),
        ("credit_note", True, 1),
    ]
    assert (hours["week_on"], hours["minutes"], hours["n"]) == (date(2025, 10, 27), 60, 1)
    assert (wrote["process"], wrote["day_on"], wrote["n"]) == ("invoicing", START, 2)


def test_a_draft_credit_note_corrects_nothing(engine: Engine, company: str) -> None:
    draft = note("A1", "F1", date(2026, 1, 9), status=DocumentStatus.DRAFT)
    bring(engine, source_of(engine, company), [(sale("F1"), False), (draft, False)])

    with read(engine) as conn:
        assert conn.execute(select(correction_fact.c.credited_on)).scalars().all() == [None]


def test_refreshing_takes_the_marks_away_and_says_how_many_months(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        conn.execute(insert(touched_month), [{"company_id": company, "month": month} for month in (24300, 24301)])

    with write(engine) as conn:
        assert refresh_touched(conn, company) == 2
        assert refresh_touched(conn, company) == 0
