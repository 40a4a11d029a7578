"""The watch by hand: the steps of the schedule, at a terminal."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select, update

from app.alive import last_beat
from app.companies import add_company, connection_for
from app.db import read, write
from app.jobs import claim
from app.letters_cli import add_reader, preview_letter, print_readers, remove_reader, send_letters
from app.models.answers import assessment
from app.models.core import connection
from app.models.records import document
from app.models.watch import job_run, letter, recipient
from app.settings import Settings
from app.sources import make_due, syncs_due
from app.start import take_over
from app.watch_cli import assess_due, sync_sources
from tests.conftest import NOW

DAY = timedelta(days=1)
SETTINGS = Settings()
Said = pytest.CaptureFixture[str]


def sync(engine: Engine, now: datetime = NOW, *, asked: str | None = None, everything: bool = False) -> bool:
    return sync_sources(engine, SETTINGS, lambda: now, asked, everything=everything, language="en")


def assess(engine: Engine, now: datetime = NOW, *, asked: str | None = None, as_json: bool = False) -> bool:
    return assess_due(engine, SETTINGS, lambda: now, asked, as_json=as_json, language="en")


@pytest.fixture
def source(engine: Engine, company: str) -> str:
    """A source of the company that Seuil reads by itself."""
    with write(engine) as conn:
        return connection_for(conn, company, "demo", NOW)


def counts(said: str) -> list[int]:
    found = re.search(r"([\d,]+) new, ([\d,]+) changed, ([\d,]+) unchanged, ([\d,]+) refused", said)
    assert found, said
    return [int(one.replace(",", "")) for one in found.groups()]


def test_what_is_due_is_read_once_and_then_nothing_is_due(engine: Engine, source: str, capsys: Said) -> None:
    assert sync(engine)
    first = capsys.readouterr().out
    assert sync(engine)
    second = capsys.readouterr().out

    assert first.startswith("Menuiserie Aubrac – demonstration: ")
    new, changed, _, refused = counts(first)
    with read(engine) as conn:
        documents = conn.execute(select(func.count()).select_from(document)).scalar_one()
        done = conn.execute(select(job_run.c.task).where(job_run.c.finished_at.is_not(None))).scalars().all()
    assert documents > 100
    assert new > documents
    assert changed == refused == 0
    assert done == ["sync"]
    assert second == "No source is due to be read; `--all` reads them all the same.\n"
    assert source


def test_all_reads_what_is_not_due_and_finds_nothing_new(engine: Engine, source: str, capsys: Said) -> None:
    sync(engine)
    capsys.readouterr()

    assert sync(engine, NOW + timedelta(minutes=5), everything=True)

    new, changed, *_ = counts(capsys.readouterr().out)
    assert new == changed == 0
    with read(engine) as conn:
        due_at = conn.execute(select(connection.c.due_at).where(connection.c.id == source)).scalar_one()
    assert due_at == NOW + timedelta(minutes=5) + timedelta(hours=SETTINGS.read_hours)


def test_only_the_company_asked_for_is_read(engine: Engine, source: str, capsys: Said) -> None:
    with write(engine) as conn:
        other = add_company(conn, "Brocéliande", NOW, zone="Europe/Paris")

    assert sync(engine, asked="Brocéliande")

    assert capsys.readouterr().out == "There is no source that Seuil reads by itself.\n"
    with read(engine) as conn:
        assert [key.partition("@")[0] for key in syncs_due(conn, NOW)] == [source]
    assert other


def test_what_another_process_reads_is_left_to_it(engine: Engine, source: str, capsys: Said) -> None:
    with write(engine) as conn:
        (key,) = syncs_due(conn, NOW)
        claim(conn, "sync", key, NOW)

    assert sync(engine)

    assert "another process is reading it" in capsys.readouterr().out
    with read(engine) as conn:
        assert conn.execute(select(connection.c.read_at).where(connection.c.id == source)).scalar() is None


def test_a_source_in_trouble_is_said_in_words_and_the_others_are_read(
    engine: Engine, source: str, capsys: Said
) -> None:
    with write(engine) as conn:
        broken = connection_for(conn, add_company(conn, "Brocéliande", NOW, zone="Europe/Paris"), "demo", NOW)
        conn.execute(update(connection).where(connection.c.id == broken).values(zone="Nowhere/Atlantis"))

    assert not sync(engine)

    said = capsys.readouterr().out
    assert "Brocéliande – demonstration: Reading the source failed by a fault of ours" in said
    assert counts(said)[0] > 0
    assert source


def test_a_source_that_waits_for_a_person_is_in_trouble_though_it_is_not_due(
    engine: Engine, source: str, capsys: Said
) -> None:
    denied = {"trouble": "source_denied", "trouble_params": {"why": "401"}, "due_at": None}
    with write(engine) as conn:
        conn.execute(update(connection).where(connection.c.id == source).values(**denied))

    assert not sync(engine)

    assert "The source refuses access" in capsys.readouterr().out


def test_what_is_due_is_assessed_once_a_day(engine: Engine, company: str, capsys: Said) -> None:
    assert assess(engine)
    first = capsys.readouterr().out
    assert assess(engine, NOW + timedelta(hours=2))
    second = capsys.readouterr().out
    assert assess(engine, NOW + DAY)

    assert "We can’t say yet whether Menuiserie Aubrac should outsource." in first
    assert second == "Every company has its answer of today.\n"
    with read(engine) as conn:
        assert conn.execute(select(func.count()).select_from(assessment)).scalar_one() == 2
    assert company


def test_what_is_due_is_assessed_as_json_a_line_each(engine: Engine, company: str, capsys: Said) -> None:
    with write(engine) as conn:
        add_company(conn, "Brocéliande", NOW, zone="Europe/Paris")

    assert assess(engine, as_json=True)

    lines = capsys.readouterr().out.splitlines()
    assert {json.loads(line)["company"]["name"] for line in lines} == {"Menuiserie Aubrac", "Brocéliande"}
    assert company


def test_an_assessment_that_fails_is_said_and_the_others_are_made(engine: Engine, company: str, capsys: Said) -> None:
    with write(engine) as conn:
        broken = add_company(conn, "Brocéliande", NOW, zone="Europe/Paris")
        connection_for(conn, broken, "demo", NOW)
        conn.exec_driver_sql("UPDATE company SET fiscal_year_end_month = 99 WHERE name = 'Brocéliande'")
        conn.execute(insert(assessment).values(company_id=broken, as_of=(NOW - DAY).date(), known_at=NOW - DAY,
            verdict="cannot_say", reconstructed=False, body="no JSON", etag="x"))  # fmt: skip

    assert not assess(engine)

    said = capsys.readouterr()
    assert "Assessing Brocéliande failed by a fault of ours" in said.err
    assert "Menuiserie Aubrac" in said.out
    assert company


def letters_now(engine: Engine, settings: Settings, now: datetime = NOW) -> bool:
    return send_letters(engine, settings, lambda: now, "en")


def monday(hours: int) -> datetime:
    """Give a time on the Monday after the fixed Sunday, in UTC."""
    return NOW.replace(day=23, hour=hours, minute=0)


def test_a_letter_that_is_due_is_written_and_waits_for_a_mail_server(
    engine: Engine, company: str, capsys: Said
) -> None:
    add_reader(engine, "lead@aubrac.fr", None, NOW, spoken="en", language="fr", zone=None)
    capsys.readouterr()

    assert letters_now(engine, SETTINGS, monday(9))
    first = capsys.readouterr().out
    assert letters_now(engine, SETTINGS, monday(10))
    second = capsys.readouterr().out

    assert first.startswith("Letters: 1 written, 0 sent, 1 waiting, 0 refused.")
    assert "SEUIL_SMTP_HOST" in first
    assert second.startswith("Letters: 0 written, 0 sent, 1 waiting, 0 refused.")
    assert company


def test_a_mail_server_that_is_away_is_said_with_the_time_of_the_next_try(
    engine: Engine, company: str, capsys: Said
) -> None:
    add_reader(engine, "lead@aubrac.fr", None, NOW, spoken="en", language="fr", zone=None)
    nobody = Settings(smtp_host="127.0.0.1", smtp_port=1, smtp_security="none")
    letters_now(engine, SETTINGS, monday(9))
    capsys.readouterr()

    assert not letters_now(engine, nobody, monday(9) + timedelta(minutes=1))

    said = capsys.readouterr().out
    assert "0 sent, 1 waiting" in said
    assert "lead@aubrac.fr: " in said
    assert "It is tried again at 2026-11-23 09:06 UTC." in said
    assert company


@pytest.mark.parametrize("suffix", [".html", ".txt", ".eml"])
def test_a_letter_can_be_looked_at_before_anybody_gets_it(
    sqlite_engine: Engine, tmp_path: Path, suffix: str, capsys: Said
) -> None:
    with write(sqlite_engine) as conn:
        add_company(conn, "Aubrac", NOW, zone="Europe/Paris")
    assess(sqlite_engine)
    capsys.readouterr()
    file = tmp_path / f"letter{suffix}"

    preview_letter(sqlite_engine, SETTINGS, file, None, NOW, spoken="en", language="fr")

    assert "Aubrac" in file.read_text(encoding="utf-8", errors="replace")
    assert str(file) in capsys.readouterr().out
    with read(sqlite_engine) as conn:
        assert conn.execute(select(func.count()).select_from(letter)).scalar_one() == 0


def test_readers_are_added_listed_and_removed(sqlite_engine: Engine, capsys: Said) -> None:
    with write(sqlite_engine) as conn:
        add_company(conn, "Aubrac", NOW, zone="Europe/Paris")
        add_company(conn, "Brocéliande", NOW, zone="America/Cayenne")
    for name in ("Aubrac", "Brocéliande"):
        add_reader(sqlite_engine, "lead@aubrac.fr", name, NOW, spoken="en", language="fr", zone=None)
    add_reader(sqlite_engine, "boss@aubrac.fr", "Aubrac", NOW, spoken="en", language="en", zone="Europe/London")
    capsys.readouterr()

    print_readers(sqlite_engine, "Aubrac", "en")
    listed = capsys.readouterr().out
    remove_reader(sqlite_engine, "LEAD@aubrac.fr", "Aubrac", "en")
    remove_reader(sqlite_engine, "boss@aubrac.fr", None, "en")
    capsys.readouterr()
    print_readers(sqlite_engine, None, "en")
    left = capsys.readouterr().out

    assert "Aubrac  boss@aubrac.fr  en  Europe/London\n" in listed
    assert len(listed.splitlines()) == 2
    assert left == "Brocéliande  lead@aubrac.fr  fr  America/Cayenne\n"
    with read(sqlite_engine) as conn:
        assert conn.execute(select(recipient.c.email)).scalars().all() == ["lead@aubrac.fr"]


def test_what_a_killed_server_had_begun_is_due_again_at_once_but_only_where_no_other_can_be_at_it(
    engine: Engine, source: str
) -> None:
    with write(engine) as conn:
        (key,) = syncs_due(conn, NOW)
        claim(conn, "sync", key, NOW)
    url = engine.url.render_as_string(hide_password=False)

    take_over(engine, Settings(database_url=url), NOW + timedelta(minutes=1))

    with write(engine) as conn:
        again = claim(conn, "sync", key, NOW + timedelta(minutes=1))
    assert (again is not None) is (engine.dialect.name == "sqlite")
    assert source


def test_a_source_made_due_by_hand_is_read_though_it_was_read_just_now(engine: Engine, source: str) -> None:
    sync(engine)
    with write(engine) as conn:
        make_due(conn, source, NOW + timedelta(minutes=1))

    sync(engine, NOW + timedelta(minutes=1))

    with read(engine) as conn:
        read_at = conn.execute(select(connection.c.read_at).where(connection.c.id == source)).scalar_one()
    assert read_at == NOW + timedelta(minutes=1)


def test_work_by_hand_does_not_pass_for_the_metronome(engine: Engine, source: str) -> None:
    assert source
    assert sync(engine)
    assert assess(engine)

    with read(engine) as conn:
        assert last_beat(conn) is None
