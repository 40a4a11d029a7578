"""Figures for a monitoring system, read from the database when asked for.

However many companies there are, the number of series stays the same: nothing is labelled by company or connection.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Select, case, func, select

from app.alerts import OPEN_STATES
from app.alive import is_failing, last_beat
from app.companies import provider_names
from app.models.answers import assessment
from app.models.channels import notice
from app.models.core import bookmark, company, connection
from app.models.ledger import ledger_import
from app.models.records import quarantined
from app.models.watch import episode, job_run, knock, letter, recipient
from app.outcomes import failed_counts
from app.silence import silences
from signals.policy import Policy
from signals.verdict import Verdict

LAST_DAY = timedelta(days=1)
NEVER = "none"  # the verdict of a company that was never assessed
CONNECTION_STATES = ("fresh", "late", "troubled", "stopped")
LETTER_STATES = ("waiting", "sending", "sent", "refused", "bounced", "held", "kept", "dropped", "replaced")
NOTICE_STATES = ("waiting", "sending", "sent", "refused")
JOB_STATES = ("done_last_day", "failing", "under_way")
_POLICY = Policy()
FRESH_FOR: Mapping[str, timedelta] = {
    "api": timedelta(days=_POLICY.api_fresh_days),
    "file": timedelta(days=_POLICY.file_fresh_days),
}

Counts = dict[tuple[str, ...], float]


class _Read(Collector):
    """Hands over what was read before."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        """Give the families."""
        yield from self._families


def write_metrics(conn: Connection, now: datetime, version: str, accept: str) -> tuple[bytes, str]:
    """Write the figures in the format a scraper accepts; give the text and its content type."""
    registry = CollectorRegistry()
    registry.register(_Read(read_metrics(conn, now, version)))
    encoder, content_type = choose_encoder(accept)
    return encoder(registry), content_type


def read_metrics(conn: Connection, now: datetime, version: str) -> Iterator[Metric]:
    """Read every figure; belongs in one read transaction."""
    yield from _ticks(conn, now)
    yield from _companies(conn)
    yield from _connections(conn, now)
    yield from _answers(conn, now)
    yield from _episodes(conn)
    yield from _letters(conn, now)
    yield from _not_arrived(conn)
    knocks = CounterMetricFamily("seuil_knocks", "Genuine webhooks kept.")
    knocks.add_metric([], conn.execute(select(func.count()).select_from(knock)).scalar_one())
    yield knocks
    failed = sum(failed_counts(conn).values())
    yield _gauge(
        "seuil_knocks_failed", "Webhooks that failed and wait for somebody to have them tried again.", {(): failed}
    )
    yield _gauge("seuil_doors_silent", "Webhooks silent for longer than ever before.", {(): len(silences(conn, now))})
    yield from _jobs(conn, now)
    rows = conn.execute(select(func.count()).select_from(quarantined)).scalar_one()
    yield _gauge("seuil_quarantined_rows", "Rows set aside because they could not be read.", {(): rows})
    yield _gauge("seuil_build_info", "The version that runs.", {(version,): 1}, "version")


def _gauge(name: str, meaning: str, counts: Counts, *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family


def _age_s(then: datetime | None, now: datetime) -> float:
    return (now - then).total_seconds() if then else 0.0


def _ticks(conn: Connection, now: datetime) -> Iterator[Metric]:
    beat = last_beat(conn)
    ages: Counts = {(): _age_s(beat, now)} if beat else {}
    yield _gauge("seuil_last_tick_age_seconds", "Time since the watch was last seen alive; absent if never.", ages)


def _companies(conn: Connection) -> Iterator[Metric]:
    counts: Counts = {("false",): 0.0, ("true",): 0.0}
    for is_demo, n in conn.execute(select(company.c.is_demo, func.count()).group_by(company.c.is_demo)):
        counts["true" if is_demo else "false",] = n
    yield _gauge("seuil_companies", "Companies.", counts, "demo")


def _connections(conn: Connection, now: datetime) -> Iterator[Metric]:
    counts: Counts = {(provider, state): 0.0 for provider in provider_names() for state in CONNECTION_STATES}
    oldest: dict[str, datetime] = {}
    for row in conn.execute(connections_seen()):
        state = connection_state(row.kind, row.trouble, row.due_at, row.seen_at, now)
        counts[row.provider, state] = counts.get((row.provider, state), 0) + 1
        oldest[row.provider] = min(oldest.get(row.provider, row.seen_at), row.seen_at)
    yield _gauge("seuil_connections", "Connections by how they are read.", counts, "provider", "state")
    ages: Counts = {(provider,): _age_s(seen, now) for provider, seen in oldest.items()}
    meaning = "Time since the connection that waits longest was read; one never read counts from when it was made."
    yield _gauge("seuil_connection_oldest_read_age_seconds", meaning, ages, "provider")


def connections_seen() -> Select[Any]:
    """List the connections with when each was last read, or made."""
    c, b, i = connection.c, bookmark.c, ledger_import.c
    turned = select(b.connection_id, func.max(b.read_at).label("at")).group_by(b.connection_id).subquery()
    applied = select(i.connection_id, func.max(i.applied_at).label("at")).group_by(i.connection_id).subquery()
    seen = func.coalesce(c.read_at, turned.c.at, applied.c.at, c.created_at).label("seen_at")
    return (
        select(company.c.name, c.provider, c.kind, c.trouble, c.trouble_params, c.due_at, seen)
        .join(company, company.c.id == c.company_id)
        .outerjoin(turned, turned.c.connection_id == c.id)
        .outerjoin(applied, applied.c.connection_id == c.id)
    )


def connection_state(kind: str, trouble: str | None, due_at: datetime | None, seen: datetime, now: datetime) -> str:
    """Say how a connection is read: `stopped` waits for a person, `troubled` is tried again, `late` is silent."""
    if trouble is not None:
        return "stopped" if due_at is None else "troubled"
    return "late" if now - seen > FRESH_FOR[kind] else "fresh"


def _answers(conn: Connection, now: datetime) -> Iterator[Metric]:
    c, a, newer = company.c, assessment.c, assessment.alias()
    newest = (
        select(func.max(newer.c.as_of)).where(newer.c.company_id == c.id, newer.c.process == "all").scalar_subquery()
    )
    mine = (a.company_id == c.id) & (a.process == "all") & (a.as_of == newest)
    since = func.min(func.coalesce(a.known_at, c.created_at))
    query = select(a.verdict, func.count(), since).select_from(company.outerjoin(assessment, mine)).group_by(a.verdict)
    counts: Counts = {(verdict,): 0.0 for verdict in (*(one.value for one in Verdict), NEVER)}
    oldest: list[datetime] = []
    for verdict, n, first in conn.execute(query):
        counts[verdict or NEVER,] = n
        oldest.append(first)
    meaning = "Time since the company whose newest answer is oldest was assessed; one without counts from its making."
    yield _gauge("seuil_assessment_oldest_age_seconds", meaning, {(): _age_s(min(oldest, default=None), now)})
    yield _gauge("seuil_verdicts", "Companies by the verdict of their newest answer.", counts, "verdict")


def _episodes(conn: Connection) -> Iterator[Metric]:
    counts: Counts = {(state,): 0.0 for state in OPEN_STATES}
    e = episode.c
    for state, n in conn.execute(select(e.state, func.count()).where(e.closed_on.is_(None)).group_by(e.state)):
        counts[state,] = n
    yield _gauge("seuil_episodes", "Open episodes.", counts, "state")


def _letters(conn: Connection, now: datetime) -> Iterator[Metric]:
    counts: Counts = {(state,): 0.0 for state in LETTER_STATES}
    x = letter.c
    for state, n in conn.execute(select(x.state, func.count()).group_by(x.state)):
        counts[state,] = n
    yield _gauge("seuil_letters", "Letters by what became of them.", counts, "state")
    oldest = conn.execute(select(func.min(x.created_at)).where(x.state.in_(("waiting", "sending")))).scalar()
    meaning = "Time since the oldest letter that is not sent yet was written; 0 where none waits."
    yield _gauge("seuil_letter_oldest_waiting_age_seconds", meaning, {(): _age_s(oldest, now)})


def _not_arrived(conn: Connection) -> Iterator[Metric]:
    counts: Counts = {(state,): 0.0 for state in NOTICE_STATES}
    for state, n in conn.execute(select(notice.c.state, func.count()).group_by(notice.c.state)):
        counts[state,] = n
    yield _gauge("seuil_notices", "Notices to channels by what became of them.", counts, "state")
    bounced = select(func.count()).where(recipient.c.bounced_at.is_not(None))
    meaning = "Addresses that bounced, and get no letters until somebody says that they are good again."
    yield _gauge("seuil_recipients_bounced", meaning, {(): conn.execute(bounced).scalar_one()})


def _jobs(conn: Connection, now: datetime) -> Iterator[Metric]:
    j = job_run.c
    done = j.finished_at > now - LAST_DAY
    under_way = j.finished_at.is_(None) & j.trouble.is_(None) & (j.leased_until > now)
    sums = [func.sum(case((one, 1), else_=0)) for one in (done, is_failing(now), under_way)]
    counts: Counts = {}
    for task, *found in conn.execute(select(j.task, *sums).group_by(j.task)):
        counts |= {(task, state): float(n) for state, n in zip(JOB_STATES, found, strict=True)}
    yield _gauge("seuil_jobs", "Pieces of work.", counts, "task", "state")
