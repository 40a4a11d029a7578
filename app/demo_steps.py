"""The demonstration, live: a week at a time on a clock of its own, so that a crossing can be watched to its end.

A step does for the demonstration company alone what the schedule does for everybody: it reads the source, assesses, and
writes the letter that is due. Its clock runs ahead of the real one; until that has caught up, the schedule finds
nothing due for this company, and no other company is ever shown the made-up time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection, Engine, func, select

from app.assessment import assess_company, latest
from app.clock import local_day
from app.companies import connection_for, find_company
from app.db import hold, read, write
from app.declarations import check, read_declarations, save_declaration
from app.demo import add_reader, demo_company
from app.digest import digests_due, write_digest
from app.due import instant_of
from app.errors import NotFound
from app.language import LANGUAGES, Formats
from app.letter_words import subject_of
from app.models.core import connection
from app.models.watch import episode, episode_event, letter
from app.people import actors, name_actor
from app.recipients import recipients
from app.settings import Settings
from app.sources import sync_connection
from app.wording import label, say
from app.wording.subjects import subject_label
from connectors.demo import later_declarations, newcomers

STEP_AT = time(9)
"""On Mondays, in the company's zone: an hour after the letters of the week are due."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened to an alert: codes, as `app.wording` names them."""

    subject: str
    kind: str


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A letter written in a step; nobody is sent it."""

    id: str
    subject: str


@dataclass(frozen=True, slots=True)
class Week:
    """What a step brought: the answer of its day, the one before it, and what happened between them."""

    company_id: str
    on: date
    verdict: str
    before: str | None
    happened: tuple[Happened, ...]
    letters: tuple[KeptLetter, ...]


def step_week(engine: Engine, settings: Settings, now: datetime, *, language: str = LANGUAGES[0]) -> Week:
    """Take the demonstration company on to its next Monday, 09:00; its letters are in `language` if it has no reader.

    The step starts from the real present or, where steps went further, from the last of them. Cut off before its
    answer is kept, the next step does the same Monday over, and nothing twice. NotFound, where there is no such
    company.
    """
    with write(engine) as conn:
        company_id = demo_company(conn)
        if company_id is None:
            raise NotFound("no_demo")
        hold(conn, company_id)
        zone = str(find_company(conn, company_id)["zone"])
        add_reader(conn, company_id, language, zone, now)
        connection_id = connection_for(conn, company_id, "demo", now)
        before, told = latest(conn, company_id), _last_event(conn, company_id)
    at = next_monday(now, zone, before.as_of if before else None)
    sync_connection(engine, connection_id, lambda: at, every=timedelta(hours=settings.read_hours))
    _declare(engine, company_id, connection_id, at)
    served = assess_company(engine, company_id, at)
    letters = _write_letters(engine, company_id, at)
    with read(engine) as conn:
        happened = _events_after(conn, company_id, told)
    verdict_before = before.verdict if before else None
    return Week(company_id, served.as_of, served.verdict, verdict_before, happened, letters)


def next_monday(now: datetime, zone: str, newest: date | None) -> datetime:
    """Give the first Monday, 09:00, after now and after the day of the newest answer."""
    present = now if newest is None else max(now, instant_of(newest, STEP_AT, zone))
    today = local_day(present, zone)
    monday = today - timedelta(days=today.weekday())
    at = instant_of(monday, STEP_AT, zone)
    return at if at > present else instant_of(monday + timedelta(days=7), STEP_AT, zone)


def _declare(engine: Engine, company_id: str, connection_id: str, at: datetime) -> None:
    """Have the director say who the new logins are, and declare anew when the year is nearly over."""
    with write(engine) as conn:
        hold(conn, company_id)
        row = conn.execute(select(connection.c.created_at, connection.c.zone).where(connection.c.id == connection_id))
        begun_at, zone = row.one()
        today = local_day(at, zone)
        unnamed = {actor.login for actor in actors(conn, company_id) if actor.role is None}
        for login, role in newcomers().items():
            if login in unnamed:
                name_actor(conn, company_id, login, at, name=None, role=role.value, ours=True)
        newest = max((said.stated_on for said in read_declarations(conn, company_id)), default=date.min)
        for given in later_declarations(local_day(begun_at, zone), today):
            body = check(given, today)
            if date.fromisoformat(body["stated_on"]) > newest:
                save_declaration(conn, company_id, body, at)


def _write_letters(engine: Engine, company_id: str, at: datetime) -> tuple[KeptLetter, ...]:
    """Write what is due to the company's own readers: made-up people, who read about no other."""
    with read(engine) as conn:
        readers = {reader.id for reader in recipients(conn, company_id)}
        keys = [key for key in digests_due(conn, at) if key.partition("@")[0] in readers]
    for key in keys:
        write_digest(engine, key, lambda: at)
    query = select(letter.c.id, letter.c.content)
    with read(engine) as conn:
        rows = [
            conn.execute(query.where(letter.c.recipient_id == reader, letter.c.period == period)).first()
            for reader, _, period in (key.partition("@") for key in keys)
        ]
    return tuple(KeptLetter(str(row.id), subject_of(row.content)) for row in rows if row is not None)


def _last_event(conn: Connection, company_id: str) -> int:
    newest = select(func.max(episode_event.c.no)).where(episode_event.c.company_id == company_id)
    return int(conn.execute(newest).scalar() or 0)


def _events_after(conn: Connection, company_id: str, told: int) -> tuple[Happened, ...]:
    e = episode_event.c
    rows = conn.execute(
        select(episode.c.subject, e.kind)
        .join(episode, episode.c.id == e.episode_id)
        .where(e.company_id == company_id, e.no > told)
        .order_by(e.no)
    )
    return tuple(Happened(str(row.subject), str(row.kind)) for row in rows)


def week_lines(week: Week, language: str) -> Sequence[str]:
    """Tell a step in words: its day, its verdict and what happened; then the letter."""
    verdict = label("verdict", week.verdict, language)
    if week.before not in (None, week.verdict):
        moved = {"before": label("verdict", str(week.before), language), "verdict": verdict}
        verdict = say("verdict_moved", moved, language)
    news = [
        say(
            "demo_happened",
            {
                "subject": subject_label(each.subject, language),
                "what": label("episode_kind", each.kind, language),
            },
            language,
        )
        for each in week.happened
    ]
    said = "; ".join(news) or say("demo_quiet", {}, language)
    lines = [f"{Formats(language).day(week.on)}  {verdict} – {said}"]
    lines += [f"            {say('demo_letter', {'subject': kept.subject}, language)}" for kept in week.letters]
    return lines
