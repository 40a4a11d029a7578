"""One tick: what is due is done, doing it twice does nothing more."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, func, select

from app.assessment import latest
from app.db import read
from app.models.answers import assessment
from app.schedule import steps, tick
from app.settings import Settings
from tests.conftest import NOW


def tick_at(engine: Engine, now: datetime) -> None:
    tick(engine, lambda: now, steps(Settings()))


def test_a_tick_assesses_each_company_once_a_day(engine: Engine, company: str) -> None:
    tick_at(engine, NOW)
    tick_at(engine, NOW + timedelta(hours=5))
    tick_at(engine, NOW + timedelta(days=1))

    with read(engine) as conn:
        assert conn.execute(select(func.count()).select_from(assessment)).scalar_one() == 2
        newest = latest(conn, company)
    assert newest is not None
    assert newest.verdict == "cannot_say"


def test_the_day_is_the_companys_and_not_that_of_greenwich(engine: Engine, company: str) -> None:
    late_evening = NOW.replace(hour=23, minute=30)  # half past midnight in Paris

    tick_at(engine, late_evening)

    with read(engine) as conn:
        newest = latest(conn, company)
    assert newest is not None
    assert newest.as_of == late_evening.date() + timedelta(days=1)
