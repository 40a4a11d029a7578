"""Several logins of one person count once; what a login may be is said with why, and a person has the last word."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from app.access import holder_with, let_in, make_owner
from app.assessment import answer_for
from app.body import every_measure
from app.books import read_books
from app.companies import connection_for
from app.db import read, write
from app.errors import BadInput
from app.facts import refresh_all, refresh_touched
from app.intake import find_source, save_page
from app.joining import join_logins, part_login
from app.known import answer_known
from app.logins import named, seen
from app.main import create_app
from app.models.facts import session_fact
from app.models.people import actor, person
from app.people import actors, erase_person, name_actor
from app.person_export import export_person
from app.room import COOKIE
from app.settings import Settings
from connectors.base import Page
from connectors.records import Activity, Employee, Process, Record, Stream
from signals.books import Declaration, Sheet
from tests.conftest import NOW

TODAY = NOW.date()
PROCESSES = (Process.DUNNING, Process.INVOICING, Process.PURCHASES, Process.BANK, Process.PAYROLL)
LOGINS = ("lea@crm", "lea@compta", "max")


def did(number: int, day: date, who: str, minute: int = 0) -> Activity:
    at = datetime.fromisoformat(f"{day}T10:00:00+01:00") + timedelta(minutes=minute)
    process = PROCESSES[number // 2 % len(PROCESSES)]
    return Activity(external_id=str(number), actor=who, process=process, action="send", done_at=at)


def saved(engine: Engine, company: str, stream: Stream, *records: Record) -> None:
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company, "csv", NOW))
        save_page(conn, source, stream, Page(tuple(records), {}), NOW)
        refresh_touched(conn, company)


@pytest.fixture
def lea(engine: Engine, company: str) -> dict[str, str]:
    """Somebody who works under two logins, at the same minutes, and nobody else; gives ids by login."""
    days = [TODAY - timedelta(days=n) for n in range(5, 150, 2)]
    two = [did(2 * n + k, day, LOGINS[k]) for n, day in enumerate(days) for k in (0, 1)]
    saved(engine, company, Stream.ACTIVITIES, *two)
    return ids(engine, company)


def ids(engine: Engine, company: str) -> dict[str, str]:
    with read(engine) as conn:
        return {row.login: row.id for row in actors(conn, company)}


def joined(engine: Engine, company: str, one: str, other: str) -> bool:
    with write(engine) as conn:
        return join_logins(conn, company, one, other, NOW)


def measured(engine: Engine, company: str, name: str) -> float | None:
    _, body = answer_for(engine, company, TODAY)
    value: float | None = every_measure(body)[name]["value"]
    return value


def test_who_has_two_logins_is_one_who_knows(engine: Engine, company: str, lea: dict[str, str]) -> None:
    before = measured(engine, company, "sole_operator_share"), measured(engine, company, "effective_actors")
    joined(engine, company, lea["lea@crm"], lea["lea@compta"])
    after = measured(engine, company, "sole_operator_share"), measured(engine, company, "effective_actors")

    assert (before, after) == ((0.0, 2.0), (1.0, 1.0))


def test_taken_apart_they_count_as_two_again(engine: Engine, company: str, lea: dict[str, str]) -> None:
    joined(engine, company, lea["lea@crm"], lea["lea@compta"])
    with write(engine) as conn:
        parted = part_login(conn, company, lea["lea@crm"]), part_login(conn, company, lea["lea@crm"])

    assert parted == (True, False)
    assert measured(engine, company, "sole_operator_share") == 0.0


def test_minutes_under_two_logins_at_once_are_counted_once(engine: Engine, company: str, lea: dict[str, str]) -> None:
    def minutes() -> int:
        with read(engine) as conn:
            return sum(conn.execute(select(session_fact.c.minutes)).scalars())

    before = minutes()
    joined(engine, company, lea["lea@crm"], lea["lea@compta"])
    with write(engine) as conn:
        refresh_touched(conn, company)
    after = minutes()
    with write(engine) as conn:
        refresh_all(conn, company)

    assert (after, minutes()) == (before // 2, before // 2)


def test_as_known_then_a_person_is_one_too(engine: Engine, company: str, lea: dict[str, str]) -> None:
    joined(engine, company, lea["lea@crm"], lea["lea@compta"])
    answer = answer_known(engine, company, TODAY, NOW + timedelta(hours=1))
    (share,) = (s.primary for s in answer.signals if s.name.value == "key_person")

    assert share.value == 1.0


def test_staff_listed_under_both_logins_is_one_and_is_there_while_one_is(
    engine: Engine, company: str, lea: dict[str, str]
) -> None:
    listed = [
        Employee(external_id=str(n), actor=login, hours_per_week=Decimal(35), entered_on=date(2024, 1, 2), left_on=left)
        for n, (login, left) in enumerate(((LOGINS[0], TODAY - timedelta(days=9)), (LOGINS[1], None), ("max", None)))
    ]
    saved(engine, company, Stream.STAFF, *listed)
    joined(engine, company, lea["lea@crm"], lea["lea@compta"])
    with read(engine) as conn:
        books = read_books(conn, company, TODAY)

    assert len(books["staff"]) == 2
    assert books["staff"]["left_day"].isna().all()
    assert books["departures"].empty


def test_a_declared_process_with_two_logins_of_one_person_has_one_operator() -> None:
    from app.book_persons import said_of_persons  # noqa: PLC0415 - of this test alone

    sheet = Sheet(operators=("a", "b", "c"))
    said = Declaration(stated_on=TODAY, since=TODAY, signed_by="a", sheets={"dunning": sheet})
    (told,) = said_of_persons([said], {"a": "b", "b": "b"})

    assert told == replace(said, sheets={"dunning": replace(sheet, operators=("b", "c"))})


def test_the_role_a_person_said_is_that_of_all_logins(engine: Engine, company: str, lea: dict[str, str]) -> None:
    with write(engine) as conn:
        name_actor(conn, company, "lea@crm", NOW, name=None, role="other", ours=False)
        name_actor(conn, company, "lea@compta", NOW, name="Léa", role="director", ours=True)
    joined(engine, company, lea["lea@crm"], lea["lea@compta"])
    with read(engine) as conn:
        books = read_books(conn, company, TODAY)

    assert set(books["events"]["role"]) == {"director"}


def test_two_who_had_names_become_one_with_the_first_name_and_all_their_logins(
    engine: Engine, company: str, lea: dict[str, str]
) -> None:
    with write(engine) as conn:
        third = name_actor(conn, company, "max", NOW, name="Léa M.", role=None, ours=True)
        name_actor(conn, company, "lea@crm", NOW, name="Léa Martin", role=None, ours=True)
    joined(engine, company, third, lea["lea@compta"])
    assert joined(engine, company, lea["lea@crm"], third)

    assert not joined(engine, company, lea["lea@crm"], lea["lea@compta"])  # they are already
    with read(engine) as conn:
        assert {row.name for row in actors(conn, company)} == {"Léa Martin"}
        assert len(conn.execute(select(person)).all()) == 1


def test_an_export_has_what_was_done_under_every_login_and_erasing_takes_them_all(
    engine: Engine, company: str, lea: dict[str, str]
) -> None:
    joined(engine, company, lea["lea@crm"], lea["lea@compta"])
    with read(engine) as conn:
        body = export_person(conn, company, lea["lea@crm"])
    with write(engine) as conn:
        erase_person(conn, company, "lea@crm", NOW)
        left = conn.execute(select(actor.c.login)).scalars().all()

    assert body["other_logins"] == {lea["lea@compta"]: "lea@compta"}
    assert {row["actor"] for row in body["records"]["activity"]} == {lea["lea@crm"], lea["lea@compta"]}
    assert all(login.startswith("erased-") for login in left)


@pytest.mark.parametrize("role", ["shared_login", "bot", "outside_accountant"])
def test_a_login_that_is_nobodys_is_joined_to_no_one(
    engine: Engine, company: str, lea: dict[str, str], role: str
) -> None:
    with write(engine) as conn:
        name_actor(conn, company, "lea@compta", NOW, name=None, role=role, ours=True)
    with pytest.raises(BadInput) as refused:
        joined(engine, company, lea["lea@crm"], lea["lea@compta"])

    assert refused.value.code == "login_of_no_one"


def test_a_login_is_not_joined_to_itself_nor_to_one_of_another_company(
    engine: Engine, company: str, lea: dict[str, str]
) -> None:
    for other, code in ((lea["lea@crm"], "one_login_twice"), ("nobody", "unknown_login")):
        with pytest.raises(BadInput) as refused:
            joined(engine, company, lea["lea@crm"], other)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("login", "mark"),
    [
        ("compta@aubrac.fr", "named_desk"), ("Accueil", "named_desk"), ("service-compta", "named_program"),
        ("api-sync", "named_program"), ("cron", "named_program"), ("admin2", "named_desk"),
        ("lea.martin@compta.fr", None), ("infosi", None), ("paul", None),
    ],
)  # fmt: skip
def test_a_login_called_like_a_desk_or_a_program_is_marked_and_a_name_is_not(login: str, mark: str | None) -> None:
    assert named(login) == mark


def test_days_longer_than_anybodys_mark_a_login_until_a_person_says_what_it_is(engine: Engine, company: str) -> None:
    days = [TODAY - timedelta(days=n) for n in range(30, 50)]
    around = [
        did(1000 * n + hour, day, "lea", minute=60 * (hour - 6)) for n, day in enumerate(days) for hour in range(5, 23)
    ]
    saved(engine, company, Stream.ACTIVITIES, *around, did(1, days[0], "max"))

    def looked() -> dict[str, tuple[str, ...]]:
        with read(engine) as conn:
            listed = actors(conn, company)
            found = seen(conn, company, listed, TODAY)
        return {row.login: found[row.id].marks for row in listed}

    assert looked()["max"] == ()
    assert looked()["lea"] in {("long_days",), ("like_program",)}
    with write(engine) as conn:
        name_actor(conn, company, "lea", NOW, name=None, role="admin", ours=True)
    assert looked()["lea"] == ()


def test_a_login_is_seen_from_its_first_day_to_its_last(engine: Engine, company: str, lea: dict[str, str]) -> None:
    with read(engine) as conn:
        found = seen(conn, company, actors(conn, company), TODAY)

    assert found[lea["lea@crm"]].last == TODAY - timedelta(days=5)
    assert found[lea["lea@crm"]].first == TODAY - timedelta(days=149)


@pytest.fixture
def pages(sqlite_engine: Engine, company: str) -> Iterator[TestClient]:
    with write(sqlite_engine) as conn:
        make_owner(conn, "owner@example.com", "right", NOW)
        token = let_in(conn, holder_with(conn, "owner@example.com", "right"), NOW)
    app = create_app(sqlite_engine, Settings(database_url="sqlite://"), now=lambda: NOW)
    headers = {"sec-fetch-site": "same-origin", "accept": "text/html", "accept-language": "en"}
    client = TestClient(app, headers=headers, follow_redirects=False, cookies={COOKIE: token})
    client.base_url = client.base_url.join(f"/companies/{company}/")
    yield client
    client.close()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_on_the_page_logins_are_joined_and_taken_apart(pages: TestClient, company: str, lea: dict[str, str]) -> None:
    one, other = lea["lea@crm"], lea["lea@compta"]
    saved_to = pages.post("people/same", data={"one": one, "other": other}).headers["location"]
    shown = pages.get("people").text
    names = pages.get("people/names").text
    pages.post("people/apart", data={"login": other})

    assert saved_to == f"/companies/{company}/people?done=saved"
    assert "One person:" in shown
    assert "lea@crm" not in shown
    assert "lea@crm" in names
    assert "Nov 2026" in shown
    assert "One person:" not in pages.get("people").text
    refused = pages.post("people/same", data={"one": one, "other": one})
    assert refused.status_code == 422
