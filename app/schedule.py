"""The metronome of one process, and the registry of what is done at a tick: each step says what is due, and does it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Connection, Engine

from app.accounts import connecting
from app.assessment import assess_period, assessments_due
from app.at_once import AT_ONCE, mails_due, write_mail
from app.audit import forget_entries
from app.db import write
from app.digest import DIGEST, digests_due, write_digest
from app.escalation import escalate, escalations_due
from app.idempotency import forget_kept
from app.jobs import Beat, Clock, Step, beat, forget_old, run_step
from app.mail import mailer_of
from app.notices import channels_due, hand_over, notices_due, sender, write_notices
from app.outbox import SEND, deliver, letters_due
from app.purge import PURGE, purge_period, purges_due
from app.senders import ping
from app.settings import Settings
from app.silence import silences
from app.sources import SYNC, make_due, sync_period, syncs_due
from app.staging import STALE_AFTER, sweep
from app.vault import open_vault
from app.watchdog import look_after

LOOKED_AFTER = timedelta(minutes=5)

log = structlog.get_logger()


def steps(settings: Settings) -> tuple[Step, ...]:
    """List the steps in the order in which they feed one another."""
    every = timedelta(hours=settings.read_hours)

    def sync(engine: Engine, key: str, clock: Clock, still_here: Beat) -> None:
        sync_period(engine, key, clock, still_here, every=every, connect=connecting(engine, settings))

    def assess(engine: Engine, key: str, clock: Clock, _: Beat) -> None:
        assess_period(engine, key, clock())

    return (
        Step("silence", silences, _break_silence),
        Step(SYNC, syncs_due, sync),
        Step(PURGE, purges_due, purge_period),
        Step("assess", assessments_due, assess),
        Step("escalate", escalations_due, _escalate),
        Step("notices", channels_due, _write_notices),
        _telling(settings),
        Step(AT_ONCE, mails_due, _write_mail),
        Step(DIGEST, digests_due, _write_digest),
        _sending(settings),
        Step("tidy", _each_day, _tidy),
    )


def _break_silence(engine: Engine, key: str, clock: Clock, _: Beat) -> None:
    """Have a source read whose webhook has stopped ringing."""
    with write(engine) as conn:
        make_due(conn, key.partition("@")[0], clock())


def _write_digest(engine: Engine, key: str, clock: Clock, _: Beat) -> None:
    write_digest(engine, key, clock)


def _escalate(engine: Engine, key: str, clock: Clock, _: Beat) -> None:
    escalate(engine, key, clock)


def _write_mail(engine: Engine, key: str, clock: Clock, _: Beat) -> None:
    write_mail(engine, key, clock)


def _write_notices(engine: Engine, key: str, clock: Clock, _: Beat) -> None:
    write_notices(engine, key, clock)


def _telling(settings: Settings) -> Step:
    """Make the step that tells channels what waits for them."""
    send = sender(lambda: open_vault(settings), base_url=settings.base_url, private_hosts=settings.private_host_names)

    def tell(engine: Engine, key: str, clock: Clock, _: Beat) -> None:
        hand_over(engine, key, clock, send)

    return Step("tell", notices_due, tell)


def _sending(settings: Settings) -> Step:
    """Make the step that sends what waits; without a mail server nothing is due, and letters stay where they are."""
    mailer = mailer_of(settings)

    def due(conn: Connection, now: datetime) -> Sequence[str]:
        return letters_due(conn, now) if mailer else ()

    def send(engine: Engine, key: str, clock: Clock, _: Beat) -> None:
        post = mailer.send if mailer else None
        deliver(engine, key, clock, post, sender=settings.mail_from, base_url=settings.base_url)

    return Step(SEND, due, send)


def _each_day(_: Connection, now: datetime) -> Sequence[str]:
    return (now.astimezone(UTC).date().isoformat(),)


def _tidy(engine: Engine, _: str, clock: Clock, __: Beat) -> None:
    with write(engine) as conn:
        sweep(conn, clock(), older_than=STALE_AFTER)
        forget_old(conn, clock())
        forget_entries(conn, clock())
        forget_kept(conn, clock())


def tick(
    engine: Engine, clock: Clock, registry: Sequence[Step], heartbeat: Callable[[], str | None] | None = None
) -> dict[str, int]:
    """Do what is due, step by step; say how many pieces of each were done.

    A step that cannot even say what is due keeps no other from being done; but such a tick does not count as a beat,
    and the watcher elsewhere hears nothing of it.
    """
    done = {step.name: _run(engine, step, clock) for step in registry}
    if None not in done.values():
        with write(engine) as conn:
            beat(conn, clock())
        trouble = heartbeat() if heartbeat else None
        if trouble:
            log.warning("heartbeat_not_taken", trouble=trouble)
    counts = {name: count or 0 for name, count in done.items()}
    if any(counts.values()):
        log.info("tick", **{name: count for name, count in counts.items() if count})
    return counts


def _run(engine: Engine, step: Step, clock: Clock) -> int | None:
    try:
        return run_step(engine, step, clock)
    except Exception:  # whatever it is, it must not stop the metronome; it is logged whole
        log.exception("step_stopped", task=step.name)
        return None


def _heartbeat(settings: Settings) -> Callable[[], str | None] | None:
    address = settings.heartbeat_url
    return None if address is None else lambda: ping(address.get_secret_value())


def start_metronome(engine: Engine, settings: Settings, clock: Callable[[], datetime]) -> BackgroundScheduler:
    """Start ticking, at once and then every `tick_seconds`; a tick that comes late is done, not dropped."""
    metronome = BackgroundScheduler(timezone=UTC)
    registry, heartbeat = steps(settings), _heartbeat(settings)
    _look_after(engine, settings, clock, begins=True)
    metronome.add_job(
        lambda: tick(engine, clock, registry, heartbeat),
        "interval",
        seconds=settings.tick_seconds,
        next_run_time=clock(),
        misfire_grace_time=None,
        coalesce=True,
        max_instances=1,
    )
    metronome.add_job(
        lambda: _look_after(engine, settings, clock), "interval", seconds=LOOKED_AFTER.total_seconds(), max_instances=1
    )
    metronome.start()
    return metronome


def _look_after(engine: Engine, settings: Settings, clock: Clock, *, begins: bool = False) -> None:
    """See to it that somebody hears of a metronome that stands still."""
    mailer = mailer_of(settings)
    post = mailer.send if mailer else None
    base_url = settings.base_url
    look_after(engine, clock, post, sender=settings.mail_from, base_url=base_url, begins=begins)
