"""What is past the term a company chose goes, whole, with its versions; what stays is what was never longer there."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, Table, func, insert, select

from app.assessment import assess_company
from app.audit import Sought, entries
from app.body import every_measure
from app.companies import add_company, connection_for
from app.db import read, write
from app.errors import BadInput
from app.facts import FACT_TABLES, refresh_all, refresh_touched
from app.faultpoints import _hooks, on_reaching
from app.intake import Saved, find_source, save_page
from app.jobs import run_step
from app.models.answers import assessment, reading
from app.models.channels import channel, notice
from app.models.ledger import ledger_entry, ledger_line
from app.models.records import absence, activity, document, payment, record_version, staff, time_entry
from app.models.watch import episode, letter, recipient
from app.purge import purge_company, purges_due
from app.purge_steps import BATCH
from app.recipients import add_recipient
from app.reconciliation import gaps, reconcile
from app.retention import Kind, check_terms, choices, set_terms, terms
from app.retention_trial import try_terms
from app.schedule import steps
from app.settings import Settings
from connectors.base import Page, Total
from connectors.records import (
    Absence,
    Activity,
    Direction,
    DocumentKind,
    DocumentStatus,
    Employee,
    Invoice,
    Payment,
    Process,
    Record,
    Stream,
    TimeEntry,
)
from signals.calendar import day_number, month_number
from tests.conftest import NOW

TODAY = NOW.date()
OLD, YOUNG = date(2025, 3, 10), date(2026, 10, 12)  # of three months kept from November 2026 on, October is one


def saved(engine: Engine, company: str, stream: Stream, *records: Record, at: datetime = NOW) -> Saved:
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company, "csv", NOW))
        return save_page(conn, source, stream, Page(tuple(records), {}), at)


def chosen(engine: Engine, company: str, **months: int | None) -> None:
    with write(engine) as conn:
        set_terms(conn, company, {Kind(kind): one for kind, one in months.items()}, "owner@example.com", NOW)


def invoice(number: str, day: date, **more: Any) -> Invoice:
    return Invoice(
        external_id=number, direction=Direction.SALE, kind=DocumentKind.INVOICE, status=DocumentStatus.FINAL,
        number=number, party="C1", issued_on=day, author="lea", validator="max", total=Decimal(100), **more,
    )  # fmt: skip


def did(number: str, day: date, who: str = "lea") -> Activity:
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    return Activity(external_id=number, actor=who, process=Process.DUNNING, action="send", done_at=at)


def worked(number: str, day: date) -> TimeEntry:
    return TimeEntry(external_id=number, actor="lea", worked_on=day, minutes=90, process=Process.INVOICING)


def paid(number: str, day: date, whose: str) -> Payment:
    return Payment(external_id=number, invoice_id=whose, paid_on=day, amount=Decimal(100))


def ids(engine: Engine, table: Table, column: str = "external_id") -> list[str]:
    with read(engine) as conn:
        return sorted(str(one) for one in conn.execute(select(table.c[column])).scalars())


def facts_of(engine: Engine) -> dict[str, list[str]]:
    with read(engine) as conn:
        return {
            t.name: sorted(str(tuple(row)) for row in conn.execute(select(*(c for c in t.columns if c.name != "id"))))
            for t in FACT_TABLES
        }


def assert_facts_are_those_made_anew(engine: Engine, company: str) -> None:
    before = facts_of(engine)
    with write(engine) as conn:
        refresh_all(conn, company)
    assert facts_of(engine) == before


@pytest.fixture
def lived(engine: Engine, company: str) -> Engine:
    """Old and young records of each kind that is about persons, and invoices they made."""
    for day, mark in ((OLD, "old"), (YOUNG, "young")):
        saved(engine, company, Stream.INVOICES, invoice(mark, day))
        saved(engine, company, Stream.ACTIVITIES, did(mark, day))
        saved(engine, company, Stream.TIME, worked(mark, day))
        away = Absence(external_id=mark, employee_id="M1", start_on=day, end_on=day)
        saved(engine, company, Stream.ABSENCES, away)
        saved(engine, company, Stream.STAFF, Employee(external_id=mark, actor=mark, entered_on=OLD, left_on=day))
        saved(engine, company, Stream.PAYMENTS, paid(mark, day, mark))
    saved(engine, company, Stream.STAFF, Employee(external_id="here", actor="here", entered_on=OLD))
    saved(engine, company, Stream.INVOICES, invoice("old", OLD, paid_on=YOUNG), at=NOW + timedelta(hours=1))
    saved(engine, company, Stream.TIME, worked("old", OLD - timedelta(days=1)), at=NOW + timedelta(hours=1))
    with write(engine) as conn:
        refresh_touched(conn, company)
    return engine


def test_without_a_term_nothing_goes_and_nothing_is_due(lived: Engine, company: str) -> None:
    before = facts_of(lived)
    with read(lived) as conn:
        due = purges_due(conn, NOW)

    assert (due, purge_company(lived, company, NOW)) == ([], {})
    assert facts_of(lived) == before


def test_old_traces_go_with_their_versions_and_young_ones_stay(lived: Engine, company: str) -> None:
    chosen(lived, company, traces=12)
    gone = purge_company(lived, company, NOW)

    assert [ids(lived, table) for table in (activity, time_entry, absence)] == [["young"]] * 3
    assert ids(lived, staff) == ["here", "young"]
    assert ids(lived, document) == ["old", "young"]
    assert gone == {"activities": 1, "time": 1, "absences": 1, "staff": 1, "who: invoices": 1}
    with read(lived) as conn:
        streams = conn.execute(select(record_version.c.stream)).scalars().all()
    assert streams == ["invoices"]
    assert_facts_are_those_made_anew(lived, company)


def test_who_made_an_old_invoice_is_forgotten_in_its_versions_too(lived: Engine, company: str) -> None:
    chosen(lived, company, traces=12)
    purge_company(lived, company, NOW)

    with read(lived) as conn:
        who = {row.external_id: (row.author, row.validator) for row in conn.execute(select(document))}
        (version,) = conn.execute(select(record_version.c.row)).scalars()
    assert who["old"] == (None, None)
    assert None not in who["young"]
    assert (version["author"], version["validator"], version["number"]) == (None, None, "old")


def test_what_a_source_still_tells_of_old_traces_is_not_taken_in_again(lived: Engine, company: str) -> None:
    chosen(lived, company, traces=12)
    purge_company(lived, company, NOW)
    again = saved(lived, company, Stream.ACTIVITIES, did("old", OLD, "somebody new"), did("later", YOUNG))
    same = saved(lived, company, Stream.INVOICES, invoice("old", OLD, paid_on=YOUNG))

    assert (again.new, again.changed, same.unchanged, same.changed) == (1, 0, 1, 0)
    assert ids(lived, activity) == ["later", "young"]
    with read(lived) as conn:
        assert conn.execute(select(document.c.author).where(document.c.external_id == "old")).scalar() is None
        logins = conn.execute(select(func.count()).select_from(activity).where(activity.c.external_id == "old"))
        assert logins.scalar() == 0


def test_a_change_of_what_we_still_have_is_taken_in_however_old(lived: Engine, company: str) -> None:
    chosen(lived, company, records=12)  # and the purge has not come yet
    changed = saved(lived, company, Stream.INVOICES, invoice("old", OLD, paid_on=OLD), at=NOW + timedelta(hours=2))

    assert changed.changed == 1


def test_with_a_term_for_records_all_of_old_months_goes_traces_too(lived: Engine, company: str) -> None:
    saved(lived, company, Stream.PAYMENTS, paid("deposit", OLD, "young"))
    chosen(lived, company, records=12)
    purge_company(lived, company, NOW)

    assert [ids(lived, table) for table in (document, activity, time_entry)] == [["young"]] * 3
    assert ids(lived, payment) == ["deposit", "young"]  # what is paid of a kept invoice is part of it
    assert ids(lived, record_version) == []
    assert_facts_are_those_made_anew(lived, company)


def test_ledger_entries_go_by_whole_fiscal_years(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        source = connection_for(conn, company, "fec", NOW)
        days = (("a", 2024, date(2024, 1, 5)), ("b", 2024, date(2024, 12, 30)), ("c", 2026, OLD), ("d", 2026, YOUNG))
        for number, year, day in days:
            row = {
                "company_id": company, "connection_id": source, "fiscal_year": year, "journal": "VT",
                "number": number, "row_hash": "", "kind": "sale", "entry_on": day, "entry_month": month_number(day),
                "piece_ref": "", "party": "", "total_minor": 1, "debit_minor": 1, "credit_minor": 1, "both_sides": 0,
                "import_no": 1, "first_known_at": NOW, "known_at": NOW,
            }  # fmt: skip
            no = conn.execute(insert(ledger_entry).values(row).returning(ledger_entry.c.id)).scalar_one()
            line = {"entry_id": no, "position": 1, "account": "706", "party": "", "label": "Léa", "lettering": ""}
            conn.execute(insert(ledger_line).values(line | {"debit_minor": 0, "credit_minor": 1}))
        refresh_all(conn, company)
    chosen(engine, company, records=12)

    assert purge_company(engine, company, NOW) == {"ledger": 2}
    assert ids(engine, ledger_entry, "number") == ["c", "d"]  # their year goes on
    assert len(ids(engine, ledger_line, "entry_id")) == 2
    assert_facts_are_those_made_anew(engine, company)


def test_old_answers_go_but_for_the_newest_and_the_first_that_was_live(engine: Engine, company: str) -> None:
    days = {date(2024, 1, 31): True, date(2024, 5, 31): False, date(2024, 6, 30): False, date(2025, 1, 31): False}
    with write(engine) as conn:
        for day, reconstructed in days.items():
            row = {"company_id": company, "as_of": day, "known_at": NOW, "verdict": "cannot_say", "body": "{}"}
            one = insert(assessment).values(row | {"etag": "", "reconstructed": reconstructed})
            no = conn.execute(one.returning(assessment.c.id)).scalar_one()
            conn.execute(insert(reading).values(assessment_id=no, measure="error_rate", tier="none", n=0))
        for subject, closed in (("quality", OLD), ("verdict:prepare", OLD), ("key_person", YOUNG), ("late", None)):
            told = {"subject": subject, "closed_on": closed, "state": "resolved", "opened_on": OLD, "opened_at": NOW}
            conn.execute(
                insert(episode).values(told | {"id": subject, "company_id": company, "seen_on": OLD, "facts": {}})
            )
    chosen(engine, company, answers=12)
    gone = purge_company(engine, company, NOW)

    assert gone == {"answers": 2, "alerts": 1}
    assert ids(engine, assessment, "as_of") == ["2024-05-31", "2025-01-31"]
    assert len(ids(engine, reading, "id")) == 2
    assert ids(engine, episode, "subject") == ["key_person", "late", "verdict:prepare"]


def test_letters_of_a_company_alone_go_and_one_of_two_companies_speaks_of_the_other(
    engine: Engine, company: str
) -> None:
    old = NOW - timedelta(days=300)
    with write(engine) as conn:
        other = add_company(conn, "Brun", NOW, zone="Europe/Paris")
        add_recipient(conn, company, "lea@example.com", "fr", "Europe/Paris", NOW)
        who = conn.execute(select(recipient.c.id)).scalar_one()
        alone, both = (company,), (company, other)
        sent = [(alone, "sent", old), (both, "sent", old), (alone, "waiting", old), (alone, "sent", NOW)]
        for n, (companies, state, at) in enumerate([*sent, ((other,), "sent", old)]):
            content = {"companies": [{"id": one} for one in companies], "told": dict.fromkeys(companies, 3)}
            conn.execute(
                insert(letter).values(
                    id=str(n),
                    recipient_id=who,
                    kind="weekly",
                    period=str(n),
                    message_id=str(n),
                    content=content,
                    told_until=0,
                    state=state,
                    created_at=at,
                    next_try_at=at,
                )
            )
        told = {"id": "ch", "company_id": company, "kind": "webhook", "label": "", "language": "fr", "created_at": NOW}
        conn.execute(insert(channel).values(told | {"sealed_address": "", "told_until": 0}))
        for n, state in enumerate(("sent", "waiting")):
            one = {"id": str(n), "channel_id": "ch", "event_no": n, "content": {}, "state": state}
            conn.execute(insert(notice).values(one | {"created_at": old, "next_try_at": old}))
    chosen(engine, company, letters=6)
    gone = purge_company(engine, company, NOW)

    assert gone == {"notices": 1, "letters": 2}
    assert ids(engine, letter, "id") == ["1", "2", "3", "4"]
    assert ids(engine, notice, "id") == ["1"]
    with read(engine) as conn:
        content = conn.execute(select(letter.c.content).where(letter.c.id == "1")).scalar_one()
    assert content == {"companies": [{"id": other}], "told": {other: 3}}
    assert purge_company(engine, company, NOW) == {}


def test_a_purge_is_written_down_with_what_went_and_how_much(lived: Engine, company: str) -> None:
    chosen(lived, company, traces=12)
    gone = purge_company(lived, company, NOW)

    with read(lived) as conn:
        (entry,) = (one for one in entries(conn, Sought(company_id=company)) if one["what"] == "purge")
    assert entry["about"] == {name: str(n) for name, n in gone.items()}
    assert entry["who"] == "seuil"


class PulledPlug(Exception):
    """The machine stands still."""


def test_much_goes_in_batches_and_one_cut_off_is_gone_on_with(engine: Engine, company: str) -> None:
    many = [did(str(n), OLD) for n in range(BATCH + 300)]
    saved(engine, company, Stream.ACTIVITIES, *many, did("young", YOUNG))
    with write(engine) as conn:
        refresh_touched(conn, company)
    chosen(engine, company, traces=12)

    def pull(point: str) -> None:
        if point == "purge.batch_committed":
            raise PulledPlug

    on_reaching(pull)
    try:
        with pytest.raises(PulledPlug):
            purge_company(engine, company, NOW)
    finally:
        _hooks.remove(pull)
    assert len(ids(engine, activity)) == 301

    assert purge_company(engine, company, NOW) == {"activities": 300}
    assert ids(engine, activity) == ["young"]
    assert_facts_are_those_made_anew(engine, company)
    with read(engine) as conn:
        told = [one["about"] for one in entries(conn, Sought(company_id=company)) if one["what"] == "purge"]
    assert told == [{"activities": "300"}, {"activities": str(BATCH)}]


def test_the_schedule_purges_once_a_day_and_again_after_another_choice(lived: Engine, company: str) -> None:
    (step,) = (one for one in steps(Settings(database_url="sqlite://")) if one.name == "purge")
    chosen(lived, company, letters=12)
    first = run_step(lived, step, lambda: NOW), run_step(lived, step, lambda: NOW)
    chosen(lived, company, traces=12)
    again = run_step(lived, step, lambda: NOW), run_step(lived, step, lambda: NOW + timedelta(days=1))

    assert (first, again) == ((1, 0), (1, 1))
    assert ids(lived, activity) == ["young"]


def test_what_is_chosen_is_kept_choice_by_choice_and_the_newest_counts(engine: Engine, company: str) -> None:
    chosen(engine, company, traces=24)
    chosen(engine, company, traces=12, letters=None)
    chosen(engine, company, traces=12)
    with read(engine) as conn:
        held, listed = terms(conn, company), choices(conn, company)

    assert held == {Kind.TRACES: 12, Kind.RECORDS: None, Kind.ANSWERS: None, Kind.LETTERS: None}
    assert [(one.kind, one.months, one.set_by) for one in listed] == [
        (Kind.TRACES, 12, "owner@example.com"),
        (Kind.TRACES, 24, "owner@example.com"),
    ]


@pytest.mark.parametrize("text", ["2", "121", "twelve", "12.5", "-3"])
def test_a_term_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_terms({"traces": text})

    assert (refused.value.code, refused.value.params["value"]) == ("retention_out_of_range", text)


def test_the_trial_says_what_the_purge_then_does(engine: Engine, company: str) -> None:
    _three_years(engine, company)
    before = assess_company(engine, company, NOW).content
    trial = try_terms(engine, company, {Kind.RECORDS: 3}, TODAY)
    chosen(engine, company, records=3)
    purge_company(engine, company, NOW)
    after = assess_company(engine, company, NOW + timedelta(minutes=1)).content

    assert "document_growth" in trial.lost
    was, left = _values(before), _values(after)
    assert {name for name in was if was[name] is not None and left.get(name) is None} == set(trial.lost)


def _values(body: dict[str, Any]) -> dict[str, Any]:
    return {name: one["value"] for name, one in every_measure(body).items()}


def _three_years(engine: Engine, company: str) -> None:
    days = [date(2023, 12, 1) + timedelta(days=3 * n) for n in range(360)]
    for start in range(0, len(days), 60):
        some: Sequence[Record] = [
            invoice(str(day_number(day)), day, service_on=day) for day in days[start : start + 60]
        ]
        saved(engine, company, Stream.INVOICES, *some)


def test_no_term_costs_nothing(engine: Engine, company: str) -> None:
    saved(engine, company, Stream.INVOICES, invoice("young", YOUNG))

    assert not try_terms(engine, company, {Kind.LETTERS: 3, Kind.TRACES: None}, TODAY).costs


class Figures:
    """A source that says how many invoices it has, month by month and in all."""

    def totals(self) -> Any:
        for month in (None, "2025-03", "2026-10"):
            yield Total(stream=Stream.INVOICES, measure="rows", month=month, value=9)


def test_a_sources_own_figures_are_held_against_kept_months_only(lived: Engine, company: str) -> None:
    chosen(lived, company, records=12)
    with write(lived) as conn:
        source = connection_for(conn, company, "csv", NOW)
    reconcile(lived, source, Figures(), NOW)

    with read(lived) as conn:
        assert [one["month"] for one in gaps(conn, source)] == ["2026-10"]
