"""The doctor: each question answered by what is really there, and a sentence on what to do."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, event, insert, update

from app.assessment import assess_company
from app.companies import add_company, connection_for
from app.db import open_database, read, write
from app.doctor import (
    Check,
    State,
    check_answers,
    check_connections,
    check_database,
    check_jobs,
    check_letters,
    check_secrets,
    check_ticks,
    check_writable,
    examine,
)
from app.doors import new_door_secret
from app.jobs import beat, claim, put_off
from app.models.core import connection
from app.models.watch import letter, recipient
from app.settings import Settings
from app.start import only_process
from app.vault import open_vault
from app.watch_cli import say_check
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)


def settings_of(engine: Engine, **more: object) -> Settings:
    return Settings.model_validate({"database_url": engine.url.render_as_string(hide_password=False), **more})


def found(settings: Settings, name: str, now: datetime = NOW) -> list[Check]:
    return [check for check in examine(settings, now) if check.name == name]


def codes(checks: list[Check]) -> list[tuple[str, State]]:
    return [(check.code, check.state) for check in checks]


class Smtp(socketserver.StreamRequestHandler):
    """Just enough of a mail server: it lets in whoever says EHLO, but knows no password."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line.split()[0].upper()
            if word == b"EHLO":
                self.wfile.write(b"250-here\r\n250 AUTH PLAIN\r\n")
            elif word == b"AUTH":
                self.wfile.write(b"535 who are you, s3cret?\r\n")
            else:
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")


@contextmanager
def mail_server() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Smtp) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


def test_a_database_that_is_not_there_is_reported_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "seuil.db"

    checks = found(Settings(database_url=f"sqlite:///{path}"), "database")

    assert codes(checks) == [("doctor_no_database", State.BAD)]
    assert not list(tmp_path.iterdir())


def test_an_old_schema_is_reported_and_not_migrated(tmp_path: Path) -> None:
    path = tmp_path / "seuil.db"
    path.touch()

    checks = list(examine(Settings(database_url=f"sqlite:///{path}"), NOW))

    assert ("doctor_schema_old", State.BAD) in codes(checks)
    assert not [check for check in checks if check.name == "ticks"]  # without a schema nothing else can be asked


def test_a_database_server_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    engine = open_database(f"postgresql://nobody@127.0.0.1:1/none?passfile={tmp_path}/none")

    check = check_database(engine)

    assert (check.code, check.state) == ("doctor_database_silent", State.BAD)


def test_writing_is_tried_and_leaves_nothing(engine: Engine) -> None:
    check = check_writable(engine, NOW)

    assert check.state is State.OK
    with read(engine) as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM heartbeat").scalar() == 0


def test_a_database_that_can_only_be_read_is_reported(sqlite_engine: Engine) -> None:
    event.listen(sqlite_engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only=ON"))
    sqlite_engine.dispose()

    check = check_writable(sqlite_engine, NOW)

    assert (check.code, check.state) == ("doctor_not_writable", State.BAD)


def test_whether_a_server_holds_the_database_is_said(sqlite_engine: Engine) -> None:
    settings = settings_of(sqlite_engine)

    before = found(settings, "server")
    with only_process(settings):
        during = found(settings, "server")
    after = found(settings, "server")

    assert codes(before + during + after) == [
        ("doctor_not_served", State.LOOK),
        ("doctor_served", State.OK),
        ("doctor_not_served", State.LOOK),
    ]


@pytest.mark.parametrize(
    ("minutes", "code", "state"),
    [
        (None, "doctor_never_ticked", State.LOOK),
        (3, "doctor_ticks", State.OK),
        (16, "doctor_ticks_stopped", State.BAD),
    ],
)
def test_a_watch_that_fell_asleep_is_bad_and_one_never_begun_is_not(
    engine: Engine, minutes: int | None, code: str, state: State
) -> None:
    with write(engine) as conn:
        if minutes is not None:
            beat(conn, NOW - minutes * MINUTE)
        check = check_ticks(conn, NOW)

    assert (check.code, check.state) == (code, state)


def test_a_source_in_trouble_is_said_with_its_reason(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        fine = connection_for(conn, company, "demo", NOW)
        connection_for(conn, company, "fec", NOW - timedelta(days=60))
        assert codes(list(check_connections(conn, NOW))) == [("doctor_source_late", State.LOOK)]
        values = {"trouble": "source_denied", "trouble_params": {"why": "401"}, "due_at": None}
        conn.execute(update(connection).where(connection.c.id == fine).values(**values))
        checks = [check for check in check_connections(conn, NOW) if check.state is State.BAD]

    assert [say_check(check, "en") for check in checks] == [
        "Sources: Menuiserie Aubrac – demonstration: The source refuses access until somebody grants it anew (401)."
    ]


def test_a_company_without_an_answer_of_today_is_named(engine: Engine, company: str) -> None:
    def answers(now: datetime) -> list[tuple[str, State]]:
        with read(engine) as conn:
            return codes(list(check_answers(conn, now)))

    assert answers(NOW) == [("doctor_never_assessed", State.LOOK)]
    assess_company(engine, company, NOW)
    assert answers(NOW) == [("doctor_answers", State.OK)]
    assert answers(NOW + timedelta(days=1)) == [("doctor_answer_old", State.LOOK)]
    assert answers(NOW + timedelta(days=2)) == [("doctor_answer_old", State.BAD)]


def test_work_that_keeps_failing_is_bad(engine: Engine) -> None:
    with write(engine) as conn:
        assert codes(list(check_jobs(conn, NOW))) == [("doctor_work", State.OK)]
        mine = claim(conn, "assess", "x@2026-11-22", NOW)
        assert mine
        put_off(conn, mine, NOW, "ValueError")
        checks = list(check_jobs(conn, NOW + MINUTE))

    assert codes(checks) == [("doctor_work_fails", State.BAD)]
    assert "ValueError" in say_check(checks[0], "en")


def test_a_key_that_is_gone_or_another_is_noticed(sqlite_engine: Engine, tmp_path: Path) -> None:
    settings = settings_of(sqlite_engine)

    def key(now_with: Settings) -> tuple[str, State]:
        with read(sqlite_engine) as conn:
            check = check_secrets(conn, now_with)
        return check.code, check.state

    assert key(settings) == ("doctor_no_key_yet", State.OK)
    assert not settings.key_file.exists()
    with write(sqlite_engine) as conn:
        company_id = add_company(conn, "Aubrac", NOW, zone="Europe/Paris")
        connection_id = connection_for(conn, company_id, "demo", NOW)
        new_door_secret(conn, open_vault(settings), connection_id, NOW)
    assert key(settings) == ("doctor_key", State.OK)
    settings.key_file.chmod(0o644)
    assert key(settings) == ("doctor_key_open", State.LOOK)
    other = Settings(secret_key_file=tmp_path / "other.key")
    assert key(other) == ("doctor_key_missing", State.BAD)
    open_vault(other)
    assert key(other) == ("doctor_secrets_lost", State.BAD)
    assert key(Settings(secret_key=SecretStr("not a key"))) == ("doctor_key_unreadable", State.BAD)


def test_letters_that_are_stuck_or_refused_are_noticed(engine: Engine) -> None:
    def post(n: int, state: str, at: datetime) -> None:
        mail = {"id": f"l{n}", "recipient_id": "r", "kind": "digest", "period": f"2026-W{n:02d}", "state": state}
        rest = {"message_id": f"<{n}>", "content": {}, "told_until": 0, "created_at": at, "next_try_at": at}
        conn.execute(insert(letter).values(**mail, **rest))

    person = {"id": "r", "email": "a@example.com", "language": "fr", "zone": "Europe/Paris", "token": "t"}
    with write(engine) as conn:
        conn.execute(insert(recipient).values(**person, created_at=NOW))
        post(1, "waiting", NOW - 5 * MINUTE)
        assert codes(list(check_letters(conn, NOW))) == [("doctor_letters", State.OK)]
        post(2, "waiting", NOW - timedelta(hours=7))
        assert codes(list(check_letters(conn, NOW))) == [("doctor_letters_wait", State.LOOK)]
        post(3, "refused", NOW - timedelta(days=3))
        assert ("doctor_letters_refused", State.BAD) in codes(list(check_letters(conn, NOW)))


def test_a_mail_server_is_spoken_to_and_a_password_is_never_repeated(sqlite_engine: Engine) -> None:
    with mail_server() as port:
        place = {"smtp_host": "127.0.0.1", "smtp_port": port}
        lets_in = found(settings_of(sqlite_engine, smtp_security="none", **place), "mail")
        account = {"smtp_user": "a", "smtp_password": "s3cret"}
        refuses = found(settings_of(sqlite_engine, smtp_security="none", **account, **place), "mail")
        no_tls = found(settings_of(sqlite_engine, smtp_security="starttls", **place), "mail")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = found(settings_of(sqlite_engine, smtp_host="127.0.0.1", smtp_port=free.getsockname()[1]), "mail")

    assert codes(lets_in) == [("doctor_mail", State.OK)]
    assert codes(refuses) == codes(no_tls) == codes(nobody) == [("doctor_mail_fails", State.BAD)]
    assert "535" in say_check(refuses[0], "en")
    assert "s3cret" not in say_check(refuses[0], "en")


@pytest.mark.parametrize(
    ("public_url", "code"),
    [
        (None, "doctor_no_public_url"),
        ("http://seuil.example", "doctor_not_https"),
        ("https://seuil.example", "doctor_public_url"),
    ],
)
def test_where_letters_go_out_their_links_should_lead_somewhere(
    sqlite_engine: Engine, public_url: str | None, code: str
) -> None:
    settings = settings_of(sqlite_engine, smtp_host="127.0.0.1", smtp_port=1, public_url=public_url)

    assert [check.code for check in found(settings, "address")] == [code]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_finding_of_a_first_look_is_a_sentence(sqlite_engine: Engine, language: str) -> None:
    checks = list(examine(settings_of(sqlite_engine), NOW))

    said = [say_check(check, language) for check in checks]

    assert {check.name for check in checks} >= {"database", "writing", "ticks", "sources", "answers", "key", "mail"}
    assert not [line for line in said if "doctor_" in line or "check:" in line]
