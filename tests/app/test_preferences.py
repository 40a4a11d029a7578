"""What a reader wants to be told: on the page, by the link in a letter, at the terminal; how often letters come."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from typer.testing import CliRunner

from app.access import make_owner
from app.companies import add_company
from app.db import read, write
from app.digest import digest_content
from app.errors import BadInput
from app.main import create_app
from app.preferences import Hours, Wanted, preferences, set_hours, set_wanted
from app.recipients import add_recipient, find_recipient
from app.settings import Settings
from tests.conftest import NOW
from tests.letter_causes import LONG_AGO, PARIS, due, look, monday, post, read_about, subjects

DAY = timedelta(days=1)
OURS = {"sec-fetch-site": "same-origin", "accept": "text/html", "accept-language": "en"}


@pytest.fixture
def browser(engine: Engine) -> Iterator[TestClient]:
    with write(engine) as conn:
        make_owner(conn, "owner@aubrac.fr", "un mot de passe", NOW)
    app = create_app(engine, Settings(database_url="sqlite://"), now=lambda: NOW)
    with TestClient(app, headers=OURS) as client:
        client.post("/sign-in", data={"email": "owner@aubrac.fr", "password": "un mot de passe"})
        yield client


def wanted(engine: Engine, reader: str) -> list[dict[str, Any]]:
    with read(engine) as conn:
        return [dict(row) for row in preferences(conn, reader)]


def form(**said: Any) -> dict[str, Any]:
    usual = {"letters": "monthly", "at_once": "all", "signals": ["quality", "key_person"], "quiet_days": "yes"}
    return usual | {"quiet_from": "20:00", "quiet_until": "07:30", "place": "FR-57"} | said


def test_on_the_page_somebody_chooses_for_a_reader(engine: Engine, company: str, browser: TestClient) -> None:
    reader = read_about(engine, company)
    address = f"/companies/{company}/mail/recipients/{reader}"
    page = browser.get(address)
    done = browser.post(address, data=form(asks="escalations", escalations="yes"), follow_redirects=False)

    assert 'value="weekly" checked' in page.text
    assert done.status_code == 303
    (row,) = wanted(engine, reader)
    assert (row["letters"], row["at_once"], row["escalations"]) == ("monthly", "all", True)
    assert row["signals"] == ["key_person", "quality"]
    with read(engine) as conn:
        one = find_recipient(conn, reader)
    assert (one.quiet_from, one.quiet_until, one.quiet_days, one.place) == ("20:00", "07:30", True, "FR-57")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"letters": "daily"}, "daily"),
        ({"at_once": "often"}, "often"),
        ({"signals": ["noise"]}, "noise"),
        ({"quiet_from": "25:00"}, "25:00"),
        ({"place": "Atlantis"}, "Atlantis"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_kept(
    engine: Engine, company: str, browser: TestClient, said: dict[str, Any], told: str
) -> None:
    reader = read_about(engine, company)
    before = wanted(engine, reader)

    answer = browser.post(f"/companies/{company}/mail/recipients/{reader}", data=form(**said))

    assert answer.status_code == 422
    assert told in answer.text
    assert wanted(engine, reader) == before


def test_by_the_link_in_a_letter_a_reader_chooses_alone_and_for_all_companies_at_once(
    engine: Engine, company: str
) -> None:
    with write(engine) as conn:
        other = add_company(conn, "Zinguerie Causse", LONG_AGO, zone=PARIS)
    reader = read_about(engine, company, other)
    with write(engine) as conn:
        set_wanted(conn, reader, [other], Wanted("weekly", "none", escalations=True))
        token = find_recipient(conn, reader).token
    app = create_app(engine, Settings(database_url="sqlite://"), now=lambda: NOW)
    with TestClient(app, headers={"accept": "text/html", "accept-language": "en"}) as anybody:
        page = anybody.get(f"/unsubscribe/{token}/preferences")
        kept = anybody.post(f"/unsubscribe/{token}/preferences", data=form(company=company, every="every"))
        wrong = anybody.post(f"/unsubscribe/{token}/preferences", data=form(company="01a"))
        unknown = anybody.get("/unsubscribe/nobody/preferences")

    assert "Zinguerie Causse" in page.text
    assert kept.status_code == 200
    assert [row["letters"] for row in wanted(engine, reader)] == ["monthly", "monthly"]
    assert [row["escalations"] for row in wanted(engine, reader)] == [False, True]  # not theirs to choose
    assert (wrong.status_code, unknown.status_code) == (404, 404)


def test_a_reader_of_another_company_is_nobody_here(engine: Engine, company: str, browser: TestClient) -> None:
    with write(engine) as conn:
        other = add_company(conn, "Zinguerie Causse", LONG_AGO, zone=PARIS)
    reader = read_about(engine, other)

    assert browser.get(f"/companies/{company}/mail/recipients/{reader}").status_code == 404
    assert browser.post(f"/companies/{company}/mail/recipients/{reader}", data=form()).status_code == 404


def test_a_mail_program_ends_mails_at_once_in_one_click_and_the_letters_go_on(engine: Engine, company: str) -> None:
    reader = read_about(engine, company)
    with read(engine) as conn:
        token = find_recipient(conn, reader).token
    app = create_app(engine, Settings(database_url="sqlite://"), now=lambda: NOW)
    with TestClient(app) as program:
        looked = program.get(f"/unsubscribe/{token}/at-once", headers={"accept": "text/html"})
        before = wanted(engine, reader)
        done = program.post(f"/unsubscribe/{token}/at-once", data={"List-Unsubscribe": "One-Click"})

    assert looked.status_code == done.status_code == 200
    assert [row["at_once"] for row in before] == ["action"]
    assert [(row["at_once"], row["letters"]) for row in wanted(engine, reader)] == [("none", "weekly")]


def test_times_are_written_in_one_way_only(engine: Engine, company: str) -> None:
    reader = read_about(engine, company)
    with write(engine) as conn, pytest.raises(BadInput):
        set_hours(conn, reader, Hours("7:00", "08:00", quiet_days=True, place="FR"))


# How often.


def test_on_a_holiday_monday_the_letter_comes_on_the_first_day_that_is_worked(engine: Engine, company: str) -> None:
    lea = read_about(engine, company)
    easter_monday = datetime(2026, 4, 6, 6, tzinfo=UTC)  # 8:00 in Paris

    assert due(engine, easter_monday) == [f"{lea}@2026-W14"]
    assert due(engine, easter_monday + DAY - timedelta(seconds=1)) == [f"{lea}@2026-W14"]
    assert due(engine, easter_monday + DAY) == [f"{lea}@2026-W15"]


def test_of_elsewhere_whose_holidays_nobody_gave_every_monday_counts(engine: Engine, company: str) -> None:
    bob = read_about(engine, company, email="bob@aubrac.fr", zone="Europe/London")

    assert due(engine, datetime(2026, 4, 6, 7, tzinfo=UTC)) == [f"{bob}@2026-W15"]


def test_a_letter_a_month_tells_of_the_whole_month_and_others_come_every_week(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        other = add_company(conn, "Zinguerie Causse", LONG_AGO, zone=PARIS)
    reader = read_about(engine, company, other)
    with write(engine) as conn:
        set_wanted(conn, reader, [other], Wanted("monthly", "none"))
    told = {}
    for week in range(40, 50):
        look(engine, company, monday(week, 1), late_invoicing="over" if week > 41 else "calm")
        look(engine, other, monday(week, 1), quality="over" if week > 41 else "calm")
        content = post(engine, monday(week))
        told[week] = {one["name"]: subjects(one).get("new", []) for one in content["companies"]}

    assert [week for week, parts in told.items() if "Zinguerie Causse" in parts] == [41, 45]
    assert [week for week, parts in told.items() if parts["Menuiserie Aubrac"]] == [43]
    assert [week for week, parts in told.items() if parts.get("Zinguerie Causse")] == [45]


def test_who_wants_no_letter_of_any_company_is_due_none(engine: Engine, company: str) -> None:
    reader = read_about(engine, company)
    with write(engine) as conn:
        set_wanted(conn, reader, [company], Wanted("none", "all"))

    assert due(engine, monday(48)) == []


def test_a_letter_leaves_out_the_signals_somebody_does_not_want(engine: Engine, company: str) -> None:
    reader = read_about(engine, company)
    with write(engine) as conn:
        set_wanted(conn, reader, [company], Wanted("weekly", "none", ("quality",)))
    for week in (46, 47):
        look(engine, company, monday(week, 1), late_invoicing="over", quality="over")
    with read(engine) as conn:
        content = digest_content(conn, find_recipient(conn, reader), "2026-W48", monday(48))

    (part,) = content["companies"]
    assert subjects(part) == {"new": ["quality"], "open": ["quality"]}
    assert [signal["name"] for signal in part["signals"]] == ["quality"]


def test_at_the_terminal_what_is_not_given_stays(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.cli import app  # noqa: PLC0415 - reads the environment

    with write(sqlite_engine) as conn:
        company = add_company(conn, "Menuiserie Aubrac", NOW, zone=PARIS)
        reader = add_recipient(conn, company, "lea@aubrac.fr", "fr", PARIS, NOW)
    monkeypatch.setenv("SEUIL_DATABASE_URL", str(sqlite_engine.url))
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    run = CliRunner()

    first = run.invoke(app, ["recipient", "set", "lea@aubrac.fr", "--at-once", "all", "--quiet", "21:00-07:00"])
    second = run.invoke(app, ["recipient", "set", "LEA@aubrac.fr", "--letters", "monthly", "--escalations"])
    wrong = run.invoke(app, ["recipient", "set", "bob@aubrac.fr", "--letters", "monthly"])

    assert "lea@aubrac.fr: a letter a week; at once: every alert; quiet from 21:00 to 07:00." in first.output
    assert second.exit_code == 0
    (row,) = wanted(sqlite_engine, reader)
    assert (row["letters"], row["at_once"], row["escalations"]) == ("monthly", "all", True)
    assert wrong.exit_code != 0
