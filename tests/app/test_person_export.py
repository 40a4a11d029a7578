"""What is kept of a person, given to whoever may ask for it."""

from datetime import date, datetime

import pytest
from sqlalchemy import Engine

from app.companies import add_company, connection_for
from app.db import read, write
from app.errors import NotFound
from app.intake import find_source, save_page
from app.people import actors, name_actor
from app.person_export import export_person
from connectors.base import Page
from connectors.records import Absence, Activity, Employee, Process, Record, StaffRole, Stream, TimeEntry
from tests.conftest import NOW


def worked(number: str, login: str) -> TimeEntry:
    return TimeEntry(
        external_id=number, actor=login, worked_on=date(2026, 11, 2), minutes=90, process=Process.INVOICING
    )


@pytest.fixture
def lea(engine: Engine, company: str) -> str:
    """Léa and somebody else at work; gives Léa's pseudonym."""
    did: list[Record] = [
        Activity(
            external_id=f"A{n}",
            actor=who,
            process=Process.DUNNING,
            action="send",
            done_at=datetime.fromisoformat("2026-11-02T09:00:00+01:00"),
        )
        for n, who in enumerate(("lea", "max"))
    ]
    staff = Employee(
        external_id="M1", name="Léa Martin", actor="lea", role=StaffRole.ADMIN, entered_on=date(2024, 1, 2)
    )
    away: list[Record] = [
        Absence(external_id=f"C{n}", employee_id=f"M{n}", start_on=date(2026, 8, 3), end_on=date(2026, 8, 21))
        for n in (1, 2)
    ]
    pages: dict[Stream, list[Record]] = {
        Stream.TIME: [worked("T1", "lea"), worked("T2", "max")],
        Stream.ACTIVITIES: did,
        Stream.STAFF: [staff],
        Stream.ABSENCES: away,
    }
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company, "demo", NOW))
        for stream, records in pages.items():
            save_page(conn, source, stream, Page(tuple(records), {}), NOW)
        name_actor(conn, company, "lea", NOW, name="Léa Martin", role="admin", ours=True)
        return next(one.id for one in actors(conn, company) if one.login == "lea")


def test_all_that_names_a_person_is_given_and_nothing_of_anybody_else(engine: Engine, company: str, lea: str) -> None:
    with read(engine) as conn:
        body = export_person(conn, company, lea)

    assert (body["login"], body["name"], body["role"]) == ("lea", "Léa Martin", "admin")
    found = {table: [row["external_id"] for row in rows] for table, rows in body["records"].items()}
    assert found == {"activity": ["A0"], "staff": ["M1"], "time_entry": ["T1"]}
    assert [row["external_id"] for row in body["absences"]] == ["C1"]
    assert body["records"]["time_entry"][0]["worked_on"] == "2026-11-02"
    assert "max" not in str(body)


def test_a_login_of_another_company_is_nobody(engine: Engine, lea: str) -> None:
    with write(engine) as conn:
        other = add_company(conn, "Une autre", NOW, zone="Europe/Paris")
        with pytest.raises(NotFound):
            export_person(conn, other, lea)
