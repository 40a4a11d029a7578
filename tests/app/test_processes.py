"""Processes said in words: a row each, the perimeter below; nothing where nothing is known."""

from dataclasses import replace
from functools import cache

from app.body import readiness_body
from app.processes import by_process
from connectors.records import Process
from signals.books import Books
from signals.policy import Policy
from signals.process_evidence import PROCESSES
from signals.processes import verdicts
from signals.readiness import Readiness, assess
from tests.signals.story_books import DAY, Story, books_of, declaration

COMPANY = {"id": "c", "name": "C", "siren": None, "currency": "EUR", "is_demo": False}


@cache
def bad() -> tuple[Books, Readiness]:
    books = books_of(Story(late=0.3, unreminded=0.9, director=12.0, alone=True, said=declaration()))
    return books, assess(books, Policy(), look_around=False)


def test_the_processes_of_the_records_and_of_the_answers_are_the_same() -> None:
    assert tuple(PROCESSES) == tuple(process.value for process in Process)


def test_a_body_tells_each_process_and_the_perimeter() -> None:
    body = readiness_body(bad()[1], COMPANY)
    told = by_process(body, "en")

    assert [one["process"] for one in body["processes"]] == list(PROCESSES)
    assert told is not None
    invoicing = next(row for row in told.rows if row.process == "invoicing")
    assert invoicing.verdict == "outsource"
    assert invoicing.why[0].startswith("Issued late") or "late" in invoicing.why[0].lower()
    assert invoicing.hours.endswith(" h")
    assert told.perimeter[0].startswith("To hand over together: invoicing")
    assert not any("{" in text for row in told.rows for text in (*row.why, row.hours, row.worth, row.sheet))


def test_where_nothing_is_known_no_table_is_shown() -> None:
    nothing = Books(company_id="c", as_of=DAY, tables={}, declarations=(), imported_on=None)
    body = readiness_body(assess(nothing, Policy(), look_around=False), COMPANY)

    assert by_process(body, "en") is None
    assert by_process({**body, "processes": []}, "en") is None


def test_a_gate_that_holds_a_process_back_is_told_by_its_own_reason() -> None:
    said = declaration()
    lacking = replace(said, sheets={**(said.sheets or {}), "dunning": replace(said.sheets["bank"], owner=False)})  # type: ignore[index]
    books, answer = bad()
    held = replace(answer, processes=verdicts(answer, replace(books, declarations=(lacking,)), Policy()))
    told = by_process(readiness_body(held, COMPANY), "en")

    assert told is not None
    dunning = next(row for row in told.rows if row.process == "dunning")
    assert dunning.verdict == "prepare"
    assert "Its sheet lacks: an owner." in dunning.why
