"""Killed between any two effects of the watch (`kill -9`): nothing is half there, and doing it again mends it."""

import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Table, select

from app.companies import add_company, connection_for
from app.db import open_database, read, write
from app.jobs import LEASE
from app.models.answers import assessment, reading
from app.models.core import bookmark, connection
from app.models.facts import issue_fact
from app.models.records import document, record_version, reminder
from app.models.watch import episode, episode_event, heartbeat, job_run, letter
from app.outbox import LEASE as MAIL_LEASE
from app.preferences import Wanted, set_wanted
from app.recipients import add_recipient
from app.schedule import tick
from tests.conftest import NOW
from tests.killed_tick import killed_tick
from tests.mail_server import Desk, mail_server
from tests.small_source import registry

EARLIER = NOW - timedelta(days=7)
MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)  # eight in Paris: letters are due
BEFORE, AFTER = 210, 280  # invoices a week ago, and now: four pages more, and one of reminders


def address(path: Path | Engine) -> str:
    return f"sqlite:///{path}" if isinstance(path, Path) else path.url.render_as_string(hide_password=False)


def kill(path: Path | Engine, now: datetime, point: str, *, nth: int = 1, desk: Desk | None = None) -> None:
    """Tick in a process of its own, which is killed as it reaches a point for the nth time."""
    port = desk.port if desk else 0
    ended = killed_tick(address(path), now, point, invoices=AFTER, mail_port=port, nth=nth)
    assert ended == -signal.SIGKILL


def tick_once(path: Path | Engine, now: datetime, *, invoices: int = AFTER, desk: Desk | None = None) -> None:
    with opened(path) as engine:
        tick(engine, lambda: now, registry(invoices, desk.port if desk else None))


@contextmanager
def opened(path: Path | Engine) -> Iterator[Engine]:
    engine = open_database(address(path))
    yield engine
    engine.dispose()


def copy(path: Path, to: Path) -> Path:
    with opened(path) as engine, engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(shutil.copy(path, to))


def rows(path: Path | Engine, table: Table, *without: str) -> list[dict[str, Any]]:
    """Give a table's rows without some columns, in the order of their keys."""
    kept = [column for column in table.c if column.name not in without]
    with opened(path) as engine, read(engine) as conn:
        return [dict(row) for row in conn.execute(select(*kept).order_by(*table.primary_key)).mappings()]


IDS = ("id", "episode_id", "assessment_id", "company_id", "connection_id", "etag", "no")
INSTANTS = (
    "known_at",
    "first_known_at",
    "opened_at",
    "at",
    "read_at",
    "changed_at",
    "due_at",
    "superseded_at",
    "ended_at",
)
TABLES: Sequence[Table] = (
    document,
    reminder,
    record_version,
    bookmark,
    connection,
    issue_fact,
    assessment,
    reading,
    episode,
    episode_event,
)


def everything(path: Path | Engine) -> Mapping[str, list[dict[str, Any]]]:
    """Give what the watch knows, but for ids that were made up and the instants it was learnt at."""
    (source,) = rows(path, connection)
    known = {table.name: rows(path, table, *IDS, *INSTANTS) for table in TABLES}
    for row in known["assessment"]:
        row["body"] = row["body"].replace(source["company_id"], "").replace(source["id"], "")
    known["episode"].sort(key=lambda row: (row["subject"], row["opened_on"]))
    known["issue_fact"].sort(key=repr)  # facts have no key of their own to be in the order of
    return known


@dataclass(frozen=True)
class Clean:
    """A database before and after a tick that nobody killed, and what it then knows."""

    before: Path
    after: Path
    known: Mapping[str, list[dict[str, Any]]]


def begin(path: Path | Engine) -> None:
    """Have a company with a source and a reader, a week ago."""
    with opened(path) as engine, write(engine) as conn:
        company_id = add_company(conn, "Menuiserie Aubrac", EARLIER, siren="123456782", zone="Europe/Paris")
        connection_for(conn, company_id, "demo", EARLIER)
        claire = add_recipient(conn, company_id, "claire@durand.test", "fr", "Europe/Paris", EARLIER)
        # A mail at once would be due at the very instant of the letter, and either might be the first to be sent.
        set_wanted(conn, claire, [company_id], Wanted("weekly", "none"))
    tick_once(path, EARLIER, invoices=BEFORE)


@pytest.fixture(scope="module")
def clean(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Clean:
    folder = tmp_path_factory.mktemp("watch")
    path = folder / "seuil.db"
    shutil.copy(sqlite_template, path)
    begin(path)
    before = copy(path, folder / "before.db")
    tick_once(path, NOW)
    after = copy(path, folder / "after.db")
    return Clean(before, after, everything(after))


def test_left_alone_a_tick_reads_answers_and_tells(clean: Clean) -> None:
    with opened(clean.after) as engine, read(engine) as conn:
        due_at = conn.execute(select(connection.c.due_at)).scalar()
    late = [row for row in clean.known["episode"] if row["subject"] == "late_invoicing"]

    assert len(rows(clean.before, document)) == BEFORE
    assert len(clean.known["document"]) == AFTER
    assert len(clean.known["reminder"]) == AFTER // 10
    assert due_at == NOW + timedelta(hours=6)
    assert [row["state"] for row in late] == ["firing"]
    assert len(clean.known["assessment"]) == 2


def is_whole(path: Path | Engine) -> bool:
    """Fail if a page is there without its bookmark, or the other way round; say whether all pages are there."""
    for table, stream in ((document, "invoices"), (reminder, "reminders")):
        (mark,) = [row for row in rows(path, bookmark) if row["stream"] == stream]
        assert int(mark["cursor"]["next"]) == mark["rows"] == len(rows(path, table))
    return len(rows(path, document)) == AFTER


def open_work(path: Path | Engine) -> list[str]:
    return [row["task"] for row in rows(path, job_run) if row["finished_at"] is None]


# There the work is no longer due once the lease is over: its row is left as it is, until it is forgotten.
DONE_BUT_NOT_NOTED = ("sync.committed", "assess.committed")
KILLS = [
    *(("sync.rows_saved", nth, "sync") for nth in (1, 3, 5)),
    *(("sync.bookmark_turned", nth, "sync") for nth in (1, 5)),
    *(("sync.page_committed", nth, "sync") for nth in (1, 3, 5)),
    ("sync.connection_read", 1, "sync"),
    ("sync.committed", 1, "sync"),
    ("assess.answer_kept", 1, "assess"),
    ("assess.alerts_moved", 1, "assess"),
    ("assess.committed", 1, "assess"),
]


@pytest.mark.parametrize(("point", "nth", "task"), KILLS)
def test_killed_anywhere_the_next_ticks_come_to_what_an_undisturbed_one_does(
    clean: Clean, tmp_path: Path, point: str, nth: int, task: str
) -> None:
    path = copy(clean.before, tmp_path / "seuil.db")

    kill(path, NOW, point, nth=nth)
    is_whole(path)
    assert open_work(path) == [task]
    tick_once(path, NOW + LEASE)
    assert open_work(path) == ([task] if point in DONE_BUT_NOT_NOTED else [])
    assert is_whole(path)
    assert everything(path) == clean.known
    with opened(path) as engine, read(engine) as conn:
        read_again = task == "sync" and point != "sync.committed"
        due_at = NOW + (LEASE if read_again else timedelta(0)) + timedelta(hours=6)
        assert conn.execute(select(connection.c.due_at)).scalar() == due_at
    settled = everything(path)
    tick_once(path, NOW + 2 * LEASE)
    assert everything(path) == settled


@pytest.mark.postgres
@pytest.mark.parametrize("point", ["sync.bookmark_turned", "sync.page_committed", "assess.alerts_moved"])
def test_so_it_is_on_postgresql(clean: Clean, postgres_engine: Engine, point: str) -> None:
    begin(postgres_engine)

    kill(postgres_engine, NOW, point)
    is_whole(postgres_engine)
    tick_once(postgres_engine, NOW + LEASE)

    assert is_whole(postgres_engine)
    assert open_work(postgres_engine) == []
    assert everything(postgres_engine) == clean.known


@pytest.mark.parametrize("point", ["sync.page_committed", "assess.answer_kept"])
def test_while_the_lease_lasts_nobody_else_begins_it(clean: Clean, tmp_path: Path, point: str) -> None:
    path = copy(clean.before, tmp_path / "seuil.db")
    kill(path, NOW, point)
    task, read_so_far = open_work(path)[0], len(rows(path, document))

    tick_once(path, NOW + LEASE - timedelta(seconds=1))
    assert task in open_work(path)
    assert len(rows(path, document)) == read_so_far
    assert [row["attempts"] for row in rows(path, job_run) if row["task"] == task and not row["finished_at"]] == [1]


def test_half_the_data_answered_meanwhile_are_answered_again_once_they_are_whole(clean: Clean, tmp_path: Path) -> None:
    path = copy(clean.before, tmp_path / "seuil.db")
    kill(path, NOW, "sync.page_committed", nth=2)
    tick_once(path, NOW + timedelta(minutes=1))  # answers from what is there
    half = everything(path)["assessment"]
    tick_once(path, NOW + LEASE)

    assert len(half) == len(clean.known["assessment"])
    assert half != clean.known["assessment"]
    assert everything(path)["assessment"] == clean.known["assessment"]
    assert [row["subject"] for row in everything(path)["episode"]] == [row["subject"] for row in clean.known["episode"]]


# Letters


def letters(path: Path) -> list[dict[str, Any]]:
    return [row for row in rows(path, letter) if row["period"] == "2026-W48"]


@pytest.mark.parametrize("point", ["digest.content_read", "digest.letter_inserted", "digest.committed"])
def test_killed_while_a_letter_is_written_it_is_written_once_and_sent_once(
    clean: Clean, tmp_path: Path, point: str
) -> None:
    path = copy(clean.after, tmp_path / "seuil.db")

    with mail_server() as desk:
        kill(path, MONDAY, point, desk=desk)
        written = len(letters(path))
        assert desk.raw == []
        for n in range(1, 4):
            tick_once(path, MONDAY + n * LEASE, desk=desk)
    (kept,) = letters(path)
    mails = [str(mail["Message-ID"]) for mail in desk.letters if mail["X-Seuil-Period"] == "2026-W48"]

    assert written == (point == "digest.committed")
    assert kept["state"] == "sent"
    assert mails == [kept["message_id"]]


@pytest.mark.parametrize(
    ("point", "mails"), [("send.claimed", 1), ("send.composed", 1), ("send.accepted", 2), ("send.marked", 1)]
)
def test_killed_while_a_letter_is_sent_it_arrives_and_twice_at_most_under_one_name(
    clean: Clean, tmp_path: Path, point: str, mails: int
) -> None:
    path = copy(clean.after, tmp_path / "seuil.db")

    with mail_server() as desk:
        kill(path, MONDAY, point, desk=desk)
        (killed,) = letters(path)
        for n in range(1, 4):
            tick_once(path, MONDAY + n * max(LEASE, MAIL_LEASE), desk=desk)
    (kept,) = letters(path)
    arrived = [mail for mail in desk.letters if mail["X-Seuil-Period"] == "2026-W48"]

    assert killed["state"] == ("sent" if point == "send.marked" else "sending")
    assert kept["state"] == "sent"
    assert len(arrived) == mails
    assert {str(mail["Message-ID"]) for mail in arrived} == {kept["message_id"]}
    assert kept["content"] == killed["content"]


def test_a_tick_that_was_killed_has_been_seen_alive(clean: Clean, tmp_path: Path) -> None:
    path = copy(clean.before, tmp_path / "seuil.db")
    kill(path, NOW, "sync.rows_saved")

    assert [row["beat_at"] for row in rows(path, heartbeat)] == [NOW]
