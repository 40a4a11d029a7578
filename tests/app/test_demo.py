"""The demonstration company: filled once, taken up where it was cut off, and gone without a trace.

One complete fill serves the whole file, on SQLite: it takes a while, and intake is tested on both databases elsewhere.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from sqlalchemy import Engine, func, select

from app.access import make_owner
from app.assessment import assess_company, latest, timeline
from app.companies import add_company, connection_for
from app.db import open_database, read, write
from app.demo import add_demo, demo_company, fill_demo, past_days, remove_demo
from app.demo_steps import step_week
from app.models import metadata
from app.models.access import account_holder, membership
from app.models.core import company
from app.schedule import steps, tick
from app.settings import Settings
from tests.seuil_process import plain_environment, run_seuil

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
CUT_AFTER = 4  # past days assessed before the fill is cut off


class CutOff(Exception):
    """The fill is cut off."""


@dataclass(frozen=True)
class Filled:
    """A database whose demonstration company was cut off twice, and then filled."""

    path: Path
    company_id: str
    said: tuple[bool, bool]  # what the last fill said, and one more after it
    looked_back: list[date]  # the past days of the last fill
    rows_then: dict[str, int]  # before that one more
    rows_now: dict[str, int]


def counts(engine: Engine) -> dict[str, int]:
    with read(engine) as conn:
        return {
            table.name: conn.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


class Fuse:
    """Cuts off at a call."""

    def __init__(self, calls: int) -> None:
        self._left = calls

    def __call__(self, *_: object) -> None:
        self._left -= 1
        if not self._left:
            raise CutOff


@pytest.fixture(scope="module")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    path = tmp_path_factory.mktemp("demo") / "seuil.db"
    shutil.copy(sqlite_template, path)
    engine = open_database(f"sqlite:///{path}")
    with write(engine) as conn:
        make_owner(conn, "owner@aubrac.example", "un mot de passe", NOW)
        add_company(conn, "Menuiserie Aubrac", NOW, zone="Europe/Paris")
        company_id = add_demo(conn, NOW, "Europe/Paris")
    with pytest.raises(CutOff):
        fill_demo(engine, NOW, told=Fuse(20))
    with pytest.raises(CutOff):
        fill_demo(engine, NOW + timedelta(hours=1), looked_back=Fuse(CUT_AFTER))
    days: list[date] = []
    first = fill_demo(engine, NOW + timedelta(hours=2), looked_back=days.append)
    then = counts(engine)
    second = fill_demo(engine, NOW + timedelta(hours=3))
    result = Filled(path, company_id, (first, second), days, then, counts(engine))
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return result


@pytest.fixture
def engine(filled: Filled, tmp_path: Path) -> Iterator[Engine]:
    """A copy of the filled database."""
    path = Path(shutil.copy(filled.path, tmp_path / "seuil.db"))
    engine = open_database(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def test_a_fill_cut_off_goes_on_where_it_stopped(filled: Filled, engine: Engine) -> None:
    days = past_days(TODAY)

    assert filled.said[0] is True
    assert filled.looked_back == days[CUT_AFTER:]
    with read(engine) as conn:
        assert [day for day, _, _ in timeline(conn, filled.company_id)] == [*days, TODAY]


def test_a_second_fill_does_nothing_more(filled: Filled) -> None:
    assert filled.said[1] is False
    assert filled.rows_now == filled.rows_then


def test_every_stream_is_read_to_its_end_once(filled: Filled) -> None:
    assert filled.rows_now["bookmark"] == 9
    assert filled.rows_now["record_version"] == 0
    assert filled.rows_now["quarantined"] == 0
    assert filled.rows_now["document"] > 4000
    assert filled.rows_now["declaration"] >= 1


def test_the_company_lives_on_and_its_past_is_not_told_anew(filled: Filled, engine: Engine) -> None:
    with read(engine) as conn:
        before = timeline(conn, filled.company_id)

    later = NOW + timedelta(days=9)
    assert fill_demo(engine, later) is False
    tick(engine, lambda: later, steps(Settings()))

    with read(engine) as conn:
        after, newest = timeline(conn, filled.company_id), latest(conn, filled.company_id)
    assert newest is not None
    assert after == [*before, (TODAY + timedelta(days=9), newest.verdict, False)]
    assert newest.content["freshness"] == {"reaches": "2026-12-01", "stale": False}
    assert counts(engine)["document"] > filled.rows_now["document"]


def test_the_verdict_changes_over_the_months(filled: Filled, engine: Engine) -> None:
    with read(engine) as conn:
        verdicts = [verdict for _, verdict, _ in timeline(conn, filled.company_id)]

    assert len(set(verdicts)) > 1
    assert verdicts[-1] != verdicts[-12]
    assert verdicts[-1] in {"prepare", "outsource"}


def test_in_the_end_all_five_signals_are_known(filled: Filled, engine: Engine) -> None:
    with read(engine) as conn:
        served = latest(conn, filled.company_id)

    assert served is not None
    assert served.as_of == TODAY
    assert served.content["coverage"]["signals_known"] == 5
    assert "unknown" not in {signal["level"] for signal in served.content["signals"]}


def test_past_days_are_reconstructed_and_the_day_itself_is_not(filled: Filled, engine: Engine) -> None:
    with read(engine) as conn:
        reconstructed = [flag for _, _, flag in timeline(conn, filled.company_id)]

    assert reconstructed == [True] * (len(reconstructed) - 1) + [False]


def test_past_days_are_month_ends_every_month_lately_and_every_quarter_before() -> None:
    days = past_days(TODAY)

    assert (days[0], days[-1]) == (date(2023, 12, 31), date(2026, 10, 31))
    assert date(2025, 5, 31) in days
    assert date(2025, 4, 30) not in days
    assert date(2025, 3, 31) in days


def test_removed_it_leaves_no_row_of_its_own_nor_its_reader_and_their_letters(filled: Filled, engine: Engine) -> None:
    step_week(engine, Settings(), NOW)
    before = counts(engine)
    assert (before["recipient"], before["letter"]) == (1, 1)

    assert remove_demo(engine) is True

    left = {name: n for name, n in counts(engine).items() if n}
    assert left == {company.name: 1, account_holder.name: 1, membership.name: 1}
    with read(engine) as conn:
        for table in metadata.sorted_tables:
            if "company_id" in table.c:
                mine = select(func.count()).where(table.c.company_id == filled.company_id)
                assert conn.execute(mine).scalar_one() == 0
    assert remove_demo(engine) is False
    assert fill_demo(engine, NOW) is False  # nor does it come back


def test_weeks_are_told_at_the_terminal_as_they_go_by(filled: Filled, tmp_path: Path) -> None:
    path = Path(shutil.copy(filled.path, tmp_path / "seuil.db"))

    done = seuil_demo(path, "--step", "--weeks", "2")

    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"^\d\d/\d\d/\d{4}  ", done.stdout, re.MULTILINE)) == 2
    assert len(re.findall(r"^ +letter kept: .*Atelier Démonstration", done.stdout, re.MULTILINE)) == 2
    assert f"/companies/{filled.company_id}/mail" in done.stdout


def test_without_a_word_the_command_says_what_it_can_do_and_touches_nothing(tmp_path: Path) -> None:
    said = seuil_demo(tmp_path / "seuil.db").stdout

    assert all(word in said for word in ("--step", "--weeks", "load", "remove"))
    assert list(tmp_path.iterdir()) == []


def seuil_demo(database: Path, *words: str) -> CompletedProcess[str]:
    told = {"SEUIL_DATABASE_URL": f"sqlite:///{database}", "LANG": "en_GB.UTF-8", "COLUMNS": "200"}
    return run_seuil(("demo", *words), plain_environment() | told)


def test_there_is_one_demonstration_company(filled: Filled, engine: Engine) -> None:
    with write(engine) as conn:
        assert add_demo(conn, NOW, "Europe/Paris") == filled.company_id == demo_company(conn)


def test_a_day_assessed_before_the_fill_does_not_pass_for_it(sqlite_engine: Engine) -> None:
    """The metronome may assess the company while it is still empty."""
    with write(sqlite_engine) as conn:
        company_id = add_demo(conn, NOW, "Europe/Paris")
        connection_for(conn, company_id, "demo", NOW)
    assess_company(sqlite_engine, company_id, NOW)

    with pytest.raises(CutOff):
        fill_demo(sqlite_engine, NOW, told=Fuse(1))
