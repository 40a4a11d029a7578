"""The demonstration, live: its weeks go by on a clock of their own, and nobody else is shown it.

One company serves the whole file, on SQLite: told, and assessed on the day it was begun. The looks back are not needed.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, Table, func, select

from app.access import holder_with, let_in, make_owner
from app.alerts import announced_verdict, episodes, history
from app.assessment import assess_company, assessments_due, latest
from app.companies import add_company
from app.db import open_database, read, write
from app.declarations import read_declarations
from app.demo import READER, add_demo, fill_demo
from app.demo_steps import Week, next_monday, step_week, week_lines
from app.digest import digests_due
from app.errors import NotFound
from app.main import create_app
from app.models import metadata
from app.models.watch import episode, letter, recipient
from app.people import actors
from app.recipients import add_recipient, recipients
from app.room import COOKIE
from app.settings import Settings
from app.sources import connections, sync_connection, syncs_due

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PARIS = "Europe/Paris"
OWNER, PASSWORD = "owner@aubrac.example", "un mot de passe"


class CutOff(Exception):
    """The fill is cut off."""


def cut_off(_: date) -> None:
    raise CutOff


@dataclass(frozen=True)
class Told:
    """A database with the demonstration company as it stands on the day it was begun, and a real company."""

    path: Path
    demo_id: str
    real_id: str


@pytest.fixture(scope="module")
def told(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    path = tmp_path_factory.mktemp("demo_steps") / "seuil.db"
    shutil.copy(sqlite_template, path)
    engine = open_database(f"sqlite:///{path}")
    with write(engine) as conn:
        make_owner(conn, OWNER, PASSWORD, NOW)
        real_id = add_company(conn, "Menuiserie Aubrac", NOW, zone=PARIS)
        add_recipient(conn, real_id, "compta@aubrac.fr", "fr", PARIS, NOW)
        demo_id = add_demo(conn, NOW, PARIS)
    with pytest.raises(CutOff):
        fill_demo(engine, NOW, looked_back=cut_off)
    for company_id in (real_id, demo_id):
        assess_company(engine, company_id, NOW)
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return Told(path, demo_id, real_id)


@pytest.fixture
def engine(told: Told, tmp_path: Path) -> Iterator[Engine]:
    """A copy of that database."""
    path = Path(shutil.copy(told.path, tmp_path / "seuil.db"))
    engine = open_database(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def step(engine: Engine, times: int, now: datetime = NOW) -> list[Week]:
    return [step_week(engine, Settings(), now, language="en") for _ in range(times)]


def kinds(engine: Engine, company_id: str, subject: str) -> list[list[str]]:
    """What happened to each episode of a subject, oldest first."""
    with read(engine) as conn:
        found = [e for e in episodes(conn, company_id) if e["subject"] == subject]
        return [
            [event["kind"] for event in history(conn, e["id"])] for e in sorted(found, key=lambda e: e["opened_on"])
        ]


def rows_of(engine: Engine, table: Table, company_id: str) -> list[object]:
    with read(engine) as conn:
        return [tuple(row) for row in conn.execute(select(table).where(table.c.company_id == company_id))]


def test_a_step_goes_to_the_next_monday_morning_and_never_back() -> None:
    def monday(now: datetime, newest: date | None) -> datetime:
        return next_monday(now, PARIS, newest).astimezone(ZoneInfo(PARIS))

    sunday, nine = NOW, datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo(PARIS))
    assert monday(sunday, None) == monday(sunday, date(2026, 11, 22)) == nine
    assert monday(nine - timedelta(minutes=1), date(2026, 11, 22)) == nine
    assert monday(nine, date(2026, 11, 22)) == nine + timedelta(days=7)
    assert monday(sunday, date(2026, 11, 23)) == nine + timedelta(days=7)  # that Monday was stepped to
    assert monday(sunday, date(2027, 3, 23)) == datetime(2027, 3, 29, 9, 0, tzinfo=ZoneInfo(PARIS))  # clocks changed


def test_three_steps_confirm_what_was_noticed_and_keep_one_letter_a_week(told: Told, engine: Engine) -> None:
    assert kinds(engine, told.demo_id, "late_invoicing") == [["noticed"]]

    weeks = step(engine, 3)

    assert [week.on for week in weeks] == [date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 7)]
    assert kinds(engine, told.demo_id, "late_invoicing")[0][:2] == ["noticed", "fired"]
    assert kinds(engine, told.demo_id, "verdict:outsource") == [["noticed", "fired"]]
    assert ("late_invoicing", "fired") not in {(each.subject, each.kind) for each in weeks[0].happened}  # a day old
    assert ("late_invoicing", "fired") in {(each.subject, each.kind) for each in weeks[1].happened}
    assert [len(week.letters) for week in weeks] == [1, 1, 1]
    with read(engine) as conn:
        kept = conn.execute(
            select(letter.c.period, letter.c.state, recipient.c.email)
            .join(recipient, recipient.c.id == letter.c.recipient_id)
            .order_by(letter.c.period)
        ).all()
    assert [tuple(row) for row in kept] == [(week, "kept", READER) for week in ("2026-W48", "2026-W49", "2026-W50")]


def test_a_step_never_touches_a_real_company(told: Told, engine: Engine) -> None:
    with_company = [table for table in metadata.sorted_tables if "company_id" in table.c]
    before = {table.name: rows_of(engine, table, told.real_id) for table in with_company}
    assert before["assessment"]

    step(engine, 1)

    assert {table.name: rows_of(engine, table, told.real_id) for table in with_company} == before
    with read(engine) as conn:
        letters = conn.execute(select(letter.c.content)).scalars().all()
    assert len(letters) == 1
    assert {company["id"] for content in letters for company in content["companies"]} == {told.demo_id}


def test_until_real_time_has_caught_up_the_schedule_leaves_the_company_alone(told: Told, engine: Engine) -> None:
    newest = step(engine, 2)[-1]
    assert newest.on == date(2026, 11, 30)

    def due(now: datetime) -> tuple[list[str], list[str], list[str]]:
        with read(engine) as conn:
            readers = {one.id for one in recipients(conn, told.demo_id)}
            return (
                list(syncs_due(conn, now)),
                [key for key in assessments_due(conn, now) if key.startswith(told.demo_id)],
                [key for key in digests_due(conn, now) if key.partition("@")[0] in readers],
            )

    for now in (NOW + timedelta(hours=1), NOW + timedelta(days=3), NOW + timedelta(days=7, hours=22)):
        assert due(now) == ([], [], [])
    assert all(due(datetime(2026, 12, 7, 12, 0, tzinfo=UTC)))


def test_a_reader_who_was_removed_is_there_again_in_the_language_of_whoever_steps(told: Told, engine: Engine) -> None:
    with write(engine) as conn:
        assert [(one.email, one.language) for one in recipients(conn, told.demo_id)] == [(READER, "fr")]
        conn.execute(recipient.delete().where(recipient.c.is_demo))

    week = step(engine, 1)[0]

    with read(engine) as conn:
        assert [(one.email, one.language) for one in recipients(conn, told.demo_id)] == [(READER, "en")]
    assert len(week.letters) == 1


def test_without_a_demonstration_there_is_nothing_to_step(sqlite_engine: Engine) -> None:
    with pytest.raises(NotFound):
        step_week(sqlite_engine, Settings(), NOW)


def test_the_new_login_gets_its_role_and_the_director_declares_again_after_the_handover(
    told: Told, engine: Engine
) -> None:
    week = step(engine, 1, datetime(2027, 5, 3, 9, 0, tzinfo=UTC))[0]
    assert week.on == date(2027, 5, 10)  # from the real present, where that is later

    with read(engine) as conn:
        roles = {actor.login: actor.role for actor in actors(conn, told.demo_id)}
        stated = [said.stated_on for said in read_declarations(conn, told.demo_id)]
    assert roles["prestataire"] == "other"
    assert stated[-1] == date(2027, 4, 28)
    assert len(stated) == 4


RECOVERY = ("2026-11-30", "2027-04-05", "2027-04-12", "2027-05-10", "2027-06-14", "2027-07-12")


def test_the_work_handed_over_what_was_over_comes_back_and_the_verdict_with_it(told: Told, engine: Engine) -> None:
    """Not week by week, which takes a minute: read once, and assessed on the days that count."""
    with read(engine) as conn:
        (source,) = connections(conn, told.demo_id)
    end = datetime(2027, 7, 12, 9, 0, tzinfo=UTC)
    sync_connection(engine, source["id"], lambda: end, every=timedelta(hours=6))
    for day in RECOVERY:
        assess_company(engine, told.demo_id, datetime.fromisoformat(f"{day}T09:00:00+00:00"))

    with read(engine) as conn:
        newest, announced = latest(conn, told.demo_id), announced_verdict(conn, told.demo_id)
        still_open = conn.execute(select(func.count()).where(episode.c.closed_on.is_(None))).scalar_one()
    assert newest is not None
    assert (newest.verdict, announced) == ("not_needed", "not_needed")
    assert {signal["level"] for signal in newest.content["signals"]} == {"calm"}
    for subject in ("late_invoicing", "director_time", "quality", "key_person", "hidden_cost", "verdict:outsource"):
        (happened,) = kinds(engine, told.demo_id, subject)
        assert [kind for kind in happened if kind != "worse"] == ["noticed", "fired", "recovering", "resolved"]
    assert still_open == 0


def test_a_step_is_told_in_words_and_pages_show_its_day_to_come(told: Told, engine: Engine) -> None:
    week = step(engine, 2)[1]

    said, of_letter = week_lines(week, "en")
    assert said.startswith("30/11/2026  ")
    assert "Late invoicing and dunning: confirmed" in said
    assert f"letter kept: {week.letters[0].subject}" in of_letter

    with write(engine) as conn:
        token = let_in(conn, holder_with(conn, OWNER, PASSWORD), NOW)
    app = create_app(engine, Settings(database_url="sqlite://"), now=lambda: NOW)
    client = TestClient(app, headers={"accept": "text/html"}, follow_redirects=False)
    client.cookies.set(COOKIE, token)
    home, mail = f"/companies/{told.demo_id}", f"/mail/{week.letters[0].id}"
    for page in ("/", home, *(home + part for part in ("/alerts", "/mail", mail, "/connections", "/signals/quality"))):
        assert client.get(page).status_code == 200, page
