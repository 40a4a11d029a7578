"""The metronome of one process: it ticks, and each tick does what is due; the clock is read here and passed on."""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Engine

from app.assessment import assess_due
from app.db import write
from app.demo import fill_demo
from app.staging import STALE_AFTER, sweep

TICK_MINUTES = 15

log = structlog.get_logger()


def tick(engine: Engine, now: datetime) -> None:
    """Let the demonstration company live on, assess who has no answer for today, sweep what is past its time."""
    fill_demo(engine, now)
    assessed = assess_due(engine, now)
    with write(engine) as conn:
        swept = sweep(conn, now, older_than=STALE_AFTER)
    if assessed or swept:
        log.info("tick", assessed=assessed, swept=swept)


def start_metronome(engine: Engine, now: Callable[[], datetime]) -> BackgroundScheduler:
    """Start ticking, at once and then every `TICK_MINUTES`; a tick that comes late is done, not dropped."""
    metronome = BackgroundScheduler(timezone=UTC)
    metronome.add_job(
        lambda: tick(engine, now()),
        "interval",
        minutes=TICK_MINUTES,
        next_run_time=now(),
        misfire_grace_time=None,
        coalesce=True,
        max_instances=1,
    )
    metronome.start()
    return metronome
