"""Two processes on one database: an embedded one has room for one server; on PostgreSQL two double nothing."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, Table, func, insert, select

from app.companies import add_company, connection_for
from app.db import read, write
from app.models.answers import assessment
from app.models.records import document, record_version
from app.models.watch import episode, episode_event, job_run, letter
from app.recipients import add_recipient
from app.schedule import steps, tick
from app.settings import Settings
from tests.conftest import NOW
from tests.mail_server import HOST, Desk, free_port, mail_server

ROOT = Path(__file__).parents[2]
ROUNDS = [NOW.replace(day=23, hour=6) + n * timedelta(hours=7) for n in range(4)]  # Monday, into Tuesday in Paris
READERS = 5

# Does what is due at each time it is told, and tells how many pieces of each step it did.
WORKER = """
import json, sys
from collections import Counter
from dataclasses import replace
from datetime import datetime
from app.db import open_database
from app.schedule import steps, tick
from app.settings import read_settings

settings, done = read_settings(), Counter()
engine = open_database(settings.database_url)

def counted(step):
    def do(engine, key, clock, still_here):
        step.do(engine, key, clock, still_here)
        done[step.name] += 1
    return replace(step, do=do)

registry = [counted(step) for step in steps(settings)]
for line in sys.stdin:
    now = datetime.fromisoformat(line.strip())
    done.clear()
    tick(engine, lambda: now, registry)
    print("DONE", json.dumps(done), flush=True)
"""


def environment(**settings: object) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEUIL_")}
    return kept | {"LC_ALL": "C"} | {f"SEUIL_{name.upper()}": str(value) for name, value in settings.items()}


@contextmanager
def serve(path: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """Start a server, and kill it in the end."""
    env = environment(database_url=f"sqlite:///{path}", port=port, owner_password="long enough")
    command = [sys.executable, "-m", "app.cli", "serve"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:  # noqa: S603 - ourselves
        try:
            yield process
        finally:
            process.kill()


def wait_for(port: int, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None
        try:
            httpx.get(f"http://127.0.0.1:{port}/livez")
        except httpx.ConnectError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("it does not serve")


def test_a_second_server_on_an_embedded_database_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    path, port, after = tmp_path / "seuil.db", free_port(), free_port()
    with serve(path, port) as first:
        wait_for(port, first)
        with serve(path, free_port()) as second:
            said = second.communicate(timeout=120)
        still = httpx.get(f"http://127.0.0.1:{port}/livez").status_code
    with serve(path, after) as third:
        wait_for(after, third)

    assert second.returncode == 2
    assert said == ("", f"Another Seuil already serves this database ({path}): stop it first, or use PostgreSQL.\n")
    assert still == 200


def furnish(engine: Engine) -> None:
    """Give a database readers, a source, and a company whose assessment fails; the first tick is past."""
    yesterday = NOW - timedelta(days=1)
    with write(engine) as conn:
        for n in range(4):
            company_id = add_company(conn, f"Aubrac {n}", yesterday, zone="Europe/Paris")
            for reader in range(READERS):
                add_recipient(conn, company_id, f"{reader}@aubrac.fr", "fr", "Europe/Paris", yesterday)
        connection_for(conn, company_id, "demo", yesterday)
        broken = add_company(conn, "Brocéliande", yesterday, zone="Europe/Paris")
        answer = {"company_id": broken, "as_of": (NOW - timedelta(days=9)).date(), "known_at": NOW, "etag": "x"}
        conn.execute(insert(assessment).values(**answer, verdict="cannot_say", reconstructed=False, body="no JSON"))
    tick(engine, lambda: NOW, steps(Settings()))


@contextmanager
def worker(engine: Engine, desk: Desk) -> Iterator["subprocess.Popen[str]"]:
    url = engine.url.render_as_string(hide_password=False)
    env = environment(database_url=url, smtp_host=HOST, smtp_port=desk.port, smtp_security="none")
    command = [sys.executable, "-c", WORKER]
    with subprocess.Popen(command, env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:  # noqa: S603 - ourselves
        try:
            yield one
            assert one.stdin is not None
            one.stdin.close()
            assert one.wait(timeout=30) == 0
        finally:
            one.kill()


def begin(one: "subprocess.Popen[str]", now: datetime) -> None:
    assert one.stdin is not None
    one.stdin.write(f"{now.isoformat()}\n")
    one.stdin.flush()


def done_by(one: "subprocess.Popen[str]") -> dict[str, int]:
    assert one.stdout is not None
    for line in one.stdout:
        if line.startswith("DONE "):
            counted: dict[str, int] = json.loads(line.removeprefix("DONE "))
            return counted
    pytest.fail("a worker ended")


def live(engine: Engine, workers: int) -> tuple[Counter[str], list[str]]:
    """Have some processes live through the rounds together; give the pieces of work done, and the letters' ids."""
    done: Counter[str] = Counter()
    with mail_server() as desk:
        with worker(engine, desk) as first, worker(engine, desk) as second:
            for now in ROUNDS:
                at_work = [first, second][:workers]
                for one in at_work:
                    begin(one, now)
                for one in at_work:
                    done.update(done_by(one))
        return done, [str(mail["Message-ID"]) for mail in desk.letters]


def counts(engine: Engine) -> dict[str, int]:
    tables: tuple[Table, ...] = (assessment, document, record_version, episode, episode_event, letter)
    with read(engine) as conn:
        return {one.name: conn.execute(select(func.count()).select_from(one)).scalar_one() for one in tables}


def finished(engine: Engine) -> dict[str, int]:
    j = job_run.c
    with read(engine) as conn:
        rows = conn.execute(select(j.task, func.count()).where(j.finished_at > NOW).group_by(j.task))
        return {str(task): int(n) for task, n in rows}


@pytest.mark.postgres
def test_two_processes_that_do_what_is_due_at_once_come_to_what_one_comes_to(
    postgres_engine: Engine, sqlite_engine: Engine
) -> None:
    for engine in (postgres_engine, sqlite_engine):
        furnish(engine)

    done, sent = live(postgres_engine, workers=2)
    done_alone, sent_alone = live(sqlite_engine, workers=1)

    assert counts(postgres_engine) == counts(sqlite_engine)
    assert counts(postgres_engine)["episode_event"] >= 1  # the assessment that fails has its episode
    assert counts(postgres_engine)["letter"] == READERS
    assert len(sent) == len(set(sent)) == len(sent_alone) == READERS
    assert done == finished(postgres_engine)  # every piece that is done was done by one, once
    alone = finished(sqlite_engine)
    assert done_alone == alone
    # One may look at a company while the other still reads its source; it is then looked at once more.
    assert done["assess"] >= alone.pop("assess")
    assert {task: done[task] for task in alone} == alone
