"""How cases went, from the records kept to the sheet: ordered and counted in the database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from app.assessment import answer_for
from app.book_courses import traces
from app.companies import connection_for
from app.db import read, write
from app.declarations import check, save_declaration
from app.intake import find_source, save_page
from app.register import provider_names_of, sheets_on
from app.register_view import Entry, entry
from connectors.base import Page
from connectors.records import Activity, Process, Stream

TODAY = date(2026, 11, 22)
FIRST = date(2024, 11, 22)
BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)


def course(document: str, actions: str, began: datetime = BEGAN) -> Iterator[Activity]:
    for n, action in enumerate(actions.split(">")):
        at = began + timedelta(days=n)
        yield Activity(
            external_id=f"{document}-{9 - n}",  # ids fall as time goes on: they are not the order
            actor="claire",
            process=Process.INVOICING,
            action=action,
            done_at=at,
            object_id=document,
        )


def keep(engine: Engine, company: str, now: datetime, *done: Activity) -> None:
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company, "csv", now))
        save_page(conn, source, Stream.ACTIVITIES, Page(done, {"line": "2"}), now)


def found(engine: Engine, company: str, as_of: date = TODAY) -> set[tuple[str, int]]:
    with read(engine) as conn:
        table = traces(conn, company, FIRST, as_of)
    return set(zip(table["sequence"], table["n"], strict=True))


def test_cases_are_counted_by_the_order_of_what_was_done(engine: Engine, company: str, now: datetime) -> None:
    keep(engine, company, now, *course("F1", "created>validated>sent"), *course("F2", "created>validated>sent"))
    keep(engine, company, now, *course("F3", "created>sent>validated"))

    assert found(engine, company) == {("created>validated>sent", 2), ("created>sent>validated", 1)}


def test_a_past_day_sees_the_case_as_far_as_it_had_come(engine: Engine, company: str, now: datetime) -> None:
    keep(engine, company, now, *course("F1", "created>validated>sent"))

    assert found(engine, company, date(2026, 3, 3)) == {("created>validated", 1)}


def test_what_is_of_no_document_is_no_case(engine: Engine, company: str, now: datetime) -> None:
    (loose,) = course("F1", "created")
    bare = Activity(external_id="x", actor=loose.actor, process=loose.process, action="created", done_at=loose.done_at)
    keep(engine, company, now, bare)

    assert found(engine, company) == set()


@pytest.fixture
def sheet(engine: Engine, company: str, now: datetime) -> Entry:
    usual = [one for n in range(60) for one in course(f"A{n}", "created>validated>sent")]
    odd = [one for n in range(40) for one in course(f"B{n}", "created>validated>reopened>validated>sent")]
    keep(engine, company, now, *usual, *odd)
    written = {
        "tasks": [
            {"what": "Write invoices", "frequency": "weekly", "tool": "Excel"},
            {"what": "Send them", "frequency": "weekly"},
        ],
        "validation_rules": ["The director checks each"],
        "tools": ["CSV", "Excel"],
        "owner": "admin",
        "approval_rule": "The director",
    }
    said = {"signed_by": "x", "processes": {"invoicing": written}}
    with write(engine) as conn:
        save_declaration(conn, company, check(said, TODAY), now)
    answer, body = answer_for(engine, company, TODAY)
    assert next(gate.state for gate in answer.gates if gate.name.value == "formalised") == "passed"  # it vetoes nothing
    with read(engine) as conn:
        version, providers = sheets_on(conn, company, TODAY)["invoicing"], provider_names_of(conn, company)
    return entry(body, "invoicing", version, TODAY, "en", providers)


def test_the_sheet_says_where_it_and_the_work_do_not_agree(sheet: Entry) -> None:
    assert sheet.course is not None
    assert sheet.course.short == "100% (97.4% to 100%), n = 100"
    assert sheet.course.paths[0] == "60% (60): created → validated → sent"
    assert sheet.course.checks == (
        "Documented, but 40% of 100 cases had to be gone back to (limit 30%, by the lower bound).",
    )
    assert sheet.course.unnamed == ("reopened (40)",)
    assert sheet.unconnected == ("Excel",)


def test_too_few_cases_are_said_and_no_way_is_shown(engine: Engine, company: str, now: datetime) -> None:
    keep(engine, company, now, *course("F1", "created>validated"))

    _, body = answer_for(engine, company, TODAY)
    shown = entry(body, "invoicing", None, TODAY, "en").course
    assert shown is not None
    assert (shown.short, shown.paths, shown.unnamed) == ("", (), ())
    assert shown.figures[0][1] == "Too few cases to say how the work goes: 1 in a year (at least 50)."
