"""A company watched: assessed day after day or week after week, its alerts moved as the app moves them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from app.alerts import update_alerts
from app.body import readiness_body
from app.companies import add_company, find_company
from app.db import open_database, write
from app.migrate import migrate
from app.models.answers import assessment
from app.models.watch import episode, episode_event
from benchmarks.letters.cast import WORSE, onset, worsening
from benchmarks.letters.count import Happened, told
from signals.books import Books
from signals.expected import Ahead, range_ahead
from signals.readiness import Readiness, assess
from tests.signals.stories.company import Company
from tests.signals.stories.mill import books_of
from tests.signals.stories.years import FIRST_LOOK

A_WEEK, A_DAY = timedelta(days=7), timedelta(days=1)
WEEKS_BEFORE = 8  # of looks before an onset, so that what was open already is known
A_YEAR_LATER = timedelta(days=365)

Body = dict[str, Any]


@dataclass
class Watched:
    """What a company's looks brought; `inside` counts a week's ranges by measure: [inside, of]."""

    first: date
    last: date
    looks: int = 0
    events: list[Happened] = field(default_factory=list)
    inside: dict[str, list[int]] = field(default_factory=dict)


def kept(company: Company) -> Watched:
    """Look at a company each Monday once its first year is over."""
    first = company.start + FIRST_LOOK
    first += timedelta(days=-first.weekday() % 7)
    days = [first + A_WEEK * i for i in range((company.until - first).days // 7 + 1)]
    found = Watched(first, days[-1])
    for _ in watch(company, days, found):
        pass
    return found


def worsened(name: str, seed: int) -> Watched:
    """Look at a company that gets worse until a letter has told of it, a year at most."""
    company, on = worsening(name, seed), onset(seed)
    first = on + timedelta(days=-on.weekday()) - A_WEEK * WEEKS_BEFORE
    days = [first + A_WEEK * i for i in range(WEEKS_BEFORE)]
    days += [on + A_DAY * i for i in range(A_YEAR_LATER.days + 1)]
    found = Watched(first, days[-1])
    for day in watch(company, days, found):
        fired = told(found.events, WORSE[name][0].value, on)
        if fired.at_once is not None:
            found.last = day
            break
    return found


def watch(company: Company, days: Iterable[date], found: Watched) -> Iterator[date]:
    """Assess on each day, move the alerts, and note what happened; gives each day once it is done."""
    books = books_of(company)
    bare = replace(books, tables={name: table for name, table in books.tables.items() if name != "documents"})
    with TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{Path(folder) / 'seuil.db'}")
        migrate(engine)
        with write(engine) as conn:
            company_id = add_company(conn, "Story", datetime(2020, 1, 1, tzinfo=UTC), zone="Europe/Paris")
        try:
            yield from _looks(engine, company_id, bare, company, days, found)
        finally:
            engine.dispose()


def _looks(
    engine: Engine, company_id: str, books: Books, company: Company, days: Iterable[date], found: Watched
) -> Iterator[date]:
    before: Body | None = None
    ranges: dict[str, tuple[date, Ahead]] = {}
    for day in days:
        answer = assess(books.at(day), company.confirmed, look_around=False)
        ranges = _held(answer, day, ranges, found)
        with write(engine) as conn:
            body = readiness_body(answer, find_company(conn, company_id))
            _keep(conn, company_id, body, before, day)
            found.events = _events(conn)
        before = body
        found.looks += 1
        yield day


def _keep(conn: Connection, company_id: str, body: Body, before: Body | None, day: date) -> None:
    now = datetime.combine(day, time(5), UTC)
    kept_as = {"company_id": company_id, "as_of": day, "known_at": now, "verdict": body["verdict"]}
    brief = json.dumps({"verdict": body["verdict"]})
    conn.execute(insert(assessment).values(**kept_as, reconstructed=False, body=brief, etag=""))
    update_alerts(conn, company_id, body, before, now)


def _events(conn: Connection) -> list[Happened]:
    n = episode_event.c
    query = select(n.happened_on, episode.c.subject, n.kind).join(episode, episode.c.id == n.episode_id).order_by(n.no)
    return [Happened(row.happened_on, str(row.subject), str(row.kind)) for row in conn.execute(query)]


def _held(
    answer: Readiness, day: date, ranges: dict[str, tuple[date, Ahead]], found: Watched
) -> dict[str, tuple[date, Ahead]]:
    """Hold each signal's value against the range of a week ago, and give the ranges for a week from now."""
    ahead = {}
    for signal in answer.signals:
        measure = signal.primary
        due = ranges.get(measure.name)
        if due is not None and due[0] == day and measure.value is not None:
            counted = found.inside.setdefault(measure.name, [0, 0])
            counted[0] += due[1].low <= measure.value <= due[1].high
            counted[1] += 1
        one = range_ahead(measure, A_WEEK.days) if signal.frozen_on is None else None
        if one is not None:
            ahead[measure.name] = (day + A_WEEK, one)
    return ahead
