"""Killed in the middle of an import (`kill -9`): nothing is half there, and doing it again gives what it should."""

import importlib.util
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select

from app.companies import add_company
from app.db import open_database, read, write
from app.imports import TieOut, tie_out
from app.ledger_files import apply_file, find_staged, stage_file
from app.models.facts import ledger_fact
from app.models.ledger import ledger_entry, ledger_import, ledger_line, staged_entry, staged_line
from app.staging import LedgerFile, sweep

ROOT = Path(__file__).parents[2]
LINES = 20_000
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NAME = "123456782FEC20251231.txt"

IMPORT = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from sqlalchemy import event
from app.db import open_database, read
from app.ledger_files import apply_file, find_staged, stage_file
from app.staging import LedgerFile

url, company_id, path, name, now, import_id, last = sys.argv[1:]
engine, now = open_database(url), datetime.fromisoformat(now)
done = 0

def kill_at_last(*_):
    global done
    done += 1
    if done == int(last):
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(engine, "before_cursor_execute", kill_at_last)
if import_id:
    with read(engine) as conn:
        staged = find_staged(conn, company_id, import_id)
else:
    staged, _ = stage_file(engine, company_id, LedgerFile(Path(path), name), now)
apply_file(engine, staged, now)
"""


@dataclass(frozen=True)
class Clean:
    """What an import that nobody kills comes to."""

    file: LedgerFile
    empty: Path  # a database before the import
    staged: Path  # one with the file staged
    company_id: str
    import_id: str
    statements: int  # that reading the staged file and applying it take
    tie_out: list[TieOut]


@contextmanager
def opened(path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def copy(path: Path, to: Path) -> Path:
    with opened(path) as engine, engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(shutil.copy(path, to))


@pytest.fixture(scope="module")
def clean(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Clean:
    folder = tmp_path_factory.mktemp("kill")
    file = LedgerFile(folder / "fec.txt", NAME)
    spec = importlib.util.spec_from_file_location("make_fec", ROOT / "benchmarks" / "make_fec.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    made.write_fec(LINES, file.path)
    path = folder / "clean.db"
    shutil.copy(sqlite_template, path)
    with opened(path) as engine, write(engine) as conn:
        company_id = add_company(conn, "Menuiserie Aubrac", NOW, siren="123456782", zone="Europe/Paris")
    empty = copy(path, folder / "empty.db")
    with opened(path) as engine:
        staged, _ = stage_file(engine, company_id, file, NOW)
    copied = copy(path, folder / "staged.db")
    with opened(path) as engine:
        statements: list[object] = []
        event.listen(engine, "before_cursor_execute", lambda *said: statements.append(said[2]))
        with read(engine) as conn:
            found = find_staged(conn, company_id, staged.id)
        apply_file(engine, found, NOW)
        count = len(statements)
        with read(engine) as conn:
            figures = tie_out(conn, company_id)
    return Clean(file, empty, copied, company_id, staged.id, count, figures)


def start(clean: Clean, path: Path, *, import_id: str = "", last: int = 0) -> "subprocess.Popen[bytes]":
    said = (f"sqlite:///{path}", clean.company_id, str(clean.file.path), NAME, NOW.isoformat(), import_id, str(last))
    return subprocess.Popen([sys.executable, "-c", IMPORT, *said], cwd=ROOT)  # noqa: S603 - our own script


def count(engine: Engine, table: object) -> int:
    with read(engine) as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]


def state(engine: Engine) -> str | None:
    with read(engine) as conn:
        return conn.execute(select(ledger_import.c.state)).scalar()


def figures(engine: Engine, company_id: str) -> list[TieOut]:
    with read(engine) as conn:
        return tie_out(conn, company_id)


def is_whole(engine: Engine, clean: Clean) -> bool:
    """Say whether the file was applied; fails if it was half applied."""
    (year,) = clean.tie_out
    with read(engine) as conn:
        booked = conn.execute(select(func.coalesce(func.sum(ledger_fact.c.n), 0))).scalar_one()
    kept = (count(engine, ledger_entry), count(engine, ledger_line), int(booked))
    assert kept in {(0, 0, 0), (year.entries, year.lines, year.lines)}
    assert (state(engine) == "applied") is (kept[0] > 0)
    return kept[0] > 0


def test_the_file_is_what_it_should_be(clean: Clean) -> None:
    (year,) = clean.tie_out

    assert year.lines >= LINES
    assert year.balanced
    assert year.refused == 0


def test_killed_while_staging_nothing_is_applied_and_the_file_comes_in_again(clean: Clean, tmp_path: Path) -> None:
    path = copy(clean.empty, tmp_path / "seuil.db")
    process = start(clean, path)
    with opened(path) as engine:
        while not count(engine, staged_entry):  # until its first commit shows
            assert process.poll() is None
            time.sleep(0.005)
    process.kill()
    assert process.wait() == -9

    with opened(path) as engine:
        assert not is_whole(engine, clean)
        assert state(engine) == "staging"
        staged, preview = stage_file(engine, clean.company_id, clean.file, NOW + timedelta(hours=1))
        apply_file(engine, staged, NOW + timedelta(hours=1))
        with write(engine) as conn:
            assert sweep(conn, NOW + timedelta(hours=2)) == 1
        assert preview.new == clean.tie_out[0].entries
        assert figures(engine, clean.company_id) == clean.tie_out
        assert (count(engine, staged_entry), count(engine, staged_line)) == (0, 0)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 1.0])
def test_killed_while_applying_all_or_nothing_is_there_and_applying_again_mends_it(
    share: float, clean: Clean, tmp_path: Path
) -> None:
    path = copy(clean.staged, tmp_path / "seuil.db")

    process = start(clean, path, import_id=clean.import_id, last=round(share * clean.statements))

    assert process.wait() == -9
    with opened(path) as engine:
        if not is_whole(engine, clean):
            with read(engine) as conn:
                staged = find_staged(conn, clean.company_id, clean.import_id)
            apply_file(engine, staged, NOW)
        with write(engine) as conn:
            sweep(conn, NOW)
        assert is_whole(engine, clean)
        assert figures(engine, clean.company_id) == clean.tie_out
        assert (count(engine, staged_entry), count(engine, staged_line)) == (0, 0)


def test_killed_at_whatever_moment_of_applying_all_or_nothing_is_there(clean: Clean, tmp_path: Path) -> None:
    path = copy(clean.staged, tmp_path / "seuil.db")
    process = start(clean, path, import_id=clean.import_id)
    log = Path(f"{path}-wal")
    while not (log.exists() and log.stat().st_size > 2**20):  # until it has written a good part of the commit
        assert process.poll() is None
        time.sleep(0.002)
    process.kill()
    assert process.wait() == -9

    with opened(path) as engine:
        is_whole(engine, clean)
        staged, _ = stage_file(engine, clean.company_id, clean.file, NOW)
        apply_file(engine, staged, NOW)
        assert figures(engine, clean.company_id) == clean.tie_out
