"""The purge: once a day, what is past the term a company chose is removed, batch by batch.

A batch is one commit: rows, their versions, the months to make anew, and how many there were, written into the log of
who did what. Cut off half way, the next one goes on: nothing is done by halves.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, select, update

from app.audit import Entry, write_entry
from app.clock import local_day
from app.db import hold, read, write
from app.facts import refresh_touched
from app.faultpoints import reached
from app.jobs import Beat, Clock
from app.models.access import audit_entry
from app.models.core import company
from app.models.retention import retention
from app.purge_steps import (
    forget_alerts,
    forget_answers,
    forget_entries,
    forget_letters,
    forget_notices,
    forget_records,
    forget_who,
)
from app.retention import WHO, Horizons, horizons_on
from connectors.records import Stream
from signals.calendar import month_start

PURGE, BY = "purge", "seuil"

Forget = Callable[[Connection], int]


def purges_due(conn: Connection, now: datetime) -> list[str]:
    """List the companies that keep something for a term, as `company@day#choice`: once a day, and after a choice."""
    r = retention.c
    newest = select(r.company_id, func.max(r.id).label("no")).group_by(r.company_id).subquery()
    rows = conn.execute(
        select(company.c.id, company.c.zone, newest.c.no).join(newest, newest.c.company_id == company.c.id)
    )
    return [
        f"{row.id}@{local_day(now, row.zone).isoformat()}#{row.no}"
        for row in rows.all()
        if horizons_on(conn, row.id, now).any
    ]


def purge_period(engine: Engine, period_key: str, clock: Clock, beat: Beat) -> None:
    """Purge the company of a due period."""
    purge_company(engine, period_key.partition("@")[0], clock(), beat)


def purge_company(engine: Engine, company_id: str, now: datetime, beat: Beat = lambda: None) -> Mapping[str, int]:
    """Remove what is past its term; give how many of each kind went, as the log has them."""
    with read(engine) as conn:
        zone = conn.execute(select(company.c.zone).where(company.c.id == company_id)).scalar()
        kept = horizons_on(conn, company_id, now) if zone else Horizons()
    counts, entry = Counter[str](), None
    for name, forget in _steps(company_id, kept, str(zone)):
        while True:
            with write(engine) as conn:
                hold(conn, company_id)
                gone = forget(conn)
                if gone:
                    counts[name] += gone
                    entry = _write_down(conn, company_id, counts, entry, now)
            if not gone:
                break
            reached("purge.batch_committed")
            beat()
    if counts:
        with write(engine) as conn:
            hold(conn, company_id)
            refresh_touched(conn, company_id)
    return dict(counts)


def _steps(company_id: str, kept: Horizons, zone: str) -> Iterator[tuple[str, Forget]]:
    """Give what there is to forget; an invoice goes before its payments, which go with it."""
    for stream in (one for one in Stream if one is not Stream.LEDGER):
        month = kept.of(stream)
        if month is not None:
            yield stream.value, _of(forget_records, company_id, stream, month)
    for named in WHO if kept.traces is not None else ():
        yield f"who: {named.value}", _of(forget_who, company_id, named, kept.traces)
    if kept.records is not None:
        yield Stream.LEDGER.value, _of(forget_entries, company_id, kept.records)
    if kept.answers is not None:
        yield "answers", _of(forget_answers, company_id, kept.answers)
        yield "alerts", _of(forget_alerts, company_id, kept.answers)
    if kept.letters is not None:
        first = datetime.combine(month_start(kept.letters), time(), ZoneInfo(zone)).astimezone(UTC)
        yield "notices", _of(forget_notices, company_id, first)
        yield "letters", _of(forget_letters, company_id, first)


def _of(forget: Callable[..., int], *told: object) -> Forget:
    return lambda conn: forget(conn, *told)


def _write_down(conn: Connection, company_id: str, counts: Mapping[str, int], entry: int | None, now: datetime) -> int:
    about = {name: str(n) for name, n in counts.items()}
    if entry is None:
        return write_entry(conn, Entry(who=BY, what=PURGE, company_id=company_id, about=about), now)
    conn.execute(update(audit_entry).where(audit_entry.c.no == entry).values(about=about))
    return entry
