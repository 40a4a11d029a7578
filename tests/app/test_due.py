"""Periods: each opens at an instant, is due until the next one does, and no change of clocks skips or repeats one."""

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, select

from app.clock import local_day
from app.db import read
from app.due import digest_opens, digest_week, instant_of, monday_of, next_read, retry_at, week_name
from app.jobs import Beat, Clock, Step, run_step
from app.models.watch import job_run
from tests.conftest import NOW

PARIS = "Europe/Paris"
ZONES = (PARIS, "America/New_York", "Pacific/Auckland", "Asia/Kolkata", "America/St_Johns")
ODD_ZONES = ("Pacific/Apia", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati", "Etc/GMT+12", "UTC")
DAY, WEEK, HOUR = timedelta(days=1), timedelta(days=7), timedelta(hours=1)
SECOND = timedelta(seconds=1)

INSTANTS = st.datetimes(datetime(2000, 1, 3), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zoned there


# Names and instants


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 11, 22), "2026-W47"),
        (date(2026, 11, 23), "2026-W48"),
        (date(2026, 12, 31), "2026-W53"),
        (date(2027, 1, 3), "2026-W53"),
        (date(2027, 1, 4), "2027-W01"),
        (date(2024, 12, 30), "2025-W01"),
    ],
)
def test_weeks_are_named_as_iso_does(day: date, name: str) -> None:
    assert week_name(day) == name


@given(st.dates(date(1000, 1, 1), date(9990, 1, 1)), st.dates(date(1000, 1, 1), date(9990, 1, 1)))
def test_names_of_weeks_sort_as_weeks_do_and_lead_to_their_monday(one: date, other: date) -> None:
    mondays = [day - timedelta(days=day.weekday()) for day in (one, other)]

    assert [monday_of(week_name(day)) for day in (one, other)] == mondays
    assert (week_name(one) < week_name(other)) == (mondays[0] < mondays[1])


@pytest.mark.parametrize(
    ("day", "at", "utc"),
    [
        (date(2027, 3, 28), time(2, 30), "01:30"),  # 02:30 does not come: 03:30 in summer
        (date(2027, 3, 28), time(1, 59), "00:59"),
        (date(2027, 3, 28), time(3), "01:00"),
        (date(2027, 10, 31), time(2, 30), "00:30"),  # 02:30 comes twice: the first
        (date(2027, 10, 31), time(3), "02:00"),
    ],
)
def test_a_time_that_does_not_come_or_comes_twice_is_one_instant(day: date, at: time, utc: str) -> None:
    assert instant_of(day, at, PARIS) == datetime.fromisoformat(f"{day}T{utc}+00:00")


@pytest.mark.parametrize(
    ("week", "zone", "utc"),
    [
        ("2027-W12", PARIS, "2027-03-22T07:00"),
        ("2027-W13", PARIS, "2027-03-29T06:00"),  # the Monday after the clocks went forward
        ("2027-W43", PARIS, "2027-10-25T06:00"),
        ("2027-W44", PARIS, "2027-11-01T07:00"),  # and after they went back
        ("2027-W10", "America/New_York", "2027-03-08T13:00"),
        ("2027-W11", "America/New_York", "2027-03-15T12:00"),
        ("2027-W44", "America/New_York", "2027-11-01T12:00"),
        ("2027-W45", "America/New_York", "2027-11-08T13:00"),
        ("2027-W13", "Pacific/Auckland", "2027-03-28T19:00"),
        ("2027-W14", "Pacific/Auckland", "2027-04-04T20:00"),
        ("2027-W38", "Pacific/Auckland", "2027-09-19T20:00"),
        ("2027-W39", "Pacific/Auckland", "2027-09-26T19:00"),
        ("2027-W13", "Asia/Kolkata", "2027-03-29T02:30"),
        ("2027-W10", "America/St_Johns", "2027-03-08T11:30"),
        ("2027-W11", "America/St_Johns", "2027-03-15T10:30"),
    ],
)
def test_a_letter_is_due_at_eight_by_the_readers_clock(week: str, zone: str, utc: str) -> None:
    opens = datetime.fromisoformat(f"{utc}+00:00")

    assert digest_opens(week, zone) == opens
    assert digest_week(opens, zone) == week
    assert digest_week(opens - SECOND, zone) == week_name(monday_of(week) - DAY)


@given(INSTANTS, st.sampled_from(ZONES + ODD_ZONES))
@example(datetime(2027, 3, 28, 1, tzinfo=UTC), PARIS)
@example(datetime(2027, 1, 4, 6, 59, tzinfo=UTC), PARIS)
def test_exactly_one_week_is_due_at_any_instant(now: datetime, zone: str) -> None:
    week = digest_week(now, zone)
    following = week_name(monday_of(week) + WEEK)

    assert digest_opens(week, zone) <= now < digest_opens(following, zone)


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(days=40)), st.sampled_from(ZONES + ODD_ZONES))
def test_weeks_only_go_forward(now: datetime, later: timedelta, zone: str) -> None:
    assert digest_week(now, zone) <= digest_week(now + later, zone)


def test_tries_come_later_and_later_up_to_a_limit() -> None:
    waits = [retry_at(NOW, n, first=HOUR, longest=6 * HOUR) - NOW for n in (0, 1, 2, 3, 4, 5, 1_000_000)]

    assert waits == [HOUR, HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 6 * HOUR, 6 * HOUR]
    assert next_read(NOW, 6 * HOUR) == NOW + 6 * HOUR


# Five years


START, END = datetime(2026, 11, 22, 9, tzinfo=UTC), datetime(2031, 11, 22, 9, tzinfo=UTC)
SHORTEST_GAP, LONGEST_GAP = timedelta(minutes=5), 3 * HOUR
DOWN = (
    (datetime(2027, 9, 8, 15, tzinfo=UTC), datetime(2027, 9, 15, 15, tzinfo=UTC)),  # from a Wednesday on, for a week
    (datetime(2028, 3, 24, 20, tzinfo=UTC), datetime(2028, 3, 28, 5, tzinfo=UTC)),  # over the last Sunday of March
)


@dataclass
class Notebook:
    """Work that does nothing but write down when it was done."""

    done: list[tuple[str, datetime]] = field(default_factory=list)

    def do(self, _: Engine, key: str, clock: Clock, __: Beat) -> None:
        self.done.append((key, clock()))


def due(conn: Connection, now: datetime) -> Sequence[str]:
    """List the places whose newest period is older than the one that is due: as letters are."""
    newest: dict[str, str] = {}
    for key in conn.execute(select(job_run.c.period_key).order_by(job_run.c.begun_at.desc()).limit(40)).scalars():
        place, _, period = key.partition("@")
        newest.setdefault(place, period)
    current = {zone: digest_week(now, zone) for zone in ZONES} | {"day": local_day(now, PARIS).isoformat()}
    return [f"{place}@{period}" for place, period in current.items() if newest.get(place, "") < period]


Period = tuple[str, datetime]  # its key, and the instant it opens at


def periods() -> dict[str, list[Period]]:
    """List each place's periods, from the one that is open at the start to the last one that opens before the end."""
    listed: dict[str, list[Period]] = {}
    for zone in ZONES:
        monday = monday_of(digest_week(START, zone))
        weeks = [week_name(monday + n * WEEK) for n in range(5 * 53)]
        listed[zone] = [(f"{zone}@{week}", digest_opens(week, zone)) for week in weeks]
    days = [START.date() + n * DAY for n in range(5 * 366)]
    listed["day"] = [(f"day@{day}", instant_of(day, time(0), PARIS)) for day in days]
    return {place: [one for one in all_ if one[1] < END - LONGEST_GAP] for place, all_ in listed.items()}


def beats(seed: int) -> Iterator[datetime]:
    """Give the instants of a metronome with an irregular beat."""
    chance, now = random.Random(seed), START  # noqa: S311 - a simulation
    while now < END:
        yield now
        now += SHORTEST_GAP + chance.random() * (LONGEST_GAP - SHORTEST_GAP)
        now = next((end for begin, end in DOWN if begin <= now < end), now)


def ticks(seed: int, openings: Sequence[datetime]) -> Iterator[datetime]:
    """Pick the beats just before and after an opening, and every eighth: the others would only cost time."""
    every = list(beats(seed))
    passed = [bisect_right(openings, now) for now in every]
    for n, now in enumerate(every):
        if n % 8 == 0 or passed[n] != passed[n - 1] or passed[n] != passed[min(n + 1, len(every) - 1)]:
            yield now


def is_down(moment: datetime) -> bool:
    return any(begin <= moment < end for begin, end in DOWN)


def is_in_time(at: datetime, opened: datetime) -> bool:
    """Never early, and within one gap of the opening; where that was in a downtime, at its end."""
    ends = [end for begin, end in DOWN if begin <= opened + LONGEST_GAP and opened < end]
    return opened <= at <= max([max(opened, START) + LONGEST_GAP, *ends])


def at(now: datetime) -> datetime:
    return now


def test_over_five_years_every_period_is_done_once_and_in_time(sqlite_engine: Engine) -> None:
    expected, notebook = periods(), Notebook()
    work = Step("work", due, notebook.do)
    for now in ticks(1, sorted(opened for all_ in expected.values() for _, opened in all_)):
        run_step(sqlite_engine, work, partial(at, now))

    for place, all_ in expected.items():
        done = [one for one in notebook.done if one[0].startswith(f"{place}@") and one[1] < END - LONGEST_GAP]
        if place == "day":  # days nobody was awake in are not made up for
            all_ = [one for one in all_ if not (is_down(one[1]) and is_down(one[1] + DAY - SECOND))]  # noqa: PLW2901
            assert len(all_) == len(expected[place]) - 6 - 3
        assert [key for key, _ in done] == [key for key, _ in all_]
        assert all(is_in_time(at, opened) for (_, at), (_, opened) in zip(done, all_, strict=True))
    with read(sqlite_engine) as conn:
        rows = select(func.count(), func.count(job_run.c.finished_at), func.max(job_run.c.attempts))
        assert conn.execute(rows).one() == (len(notebook.done), len(notebook.done), 1)


def test_the_five_years_have_ten_changes_of_the_clocks_and_two_downtimes() -> None:
    offsets = [instant_of(START.date() + n * DAY, time(12), PARIS).hour for n in range(5 * 365)]
    asleep = [later - now for now, later in pairwise(beats(1)) if later - now > LONGEST_GAP]

    assert sum(a != b for a, b in pairwise(offsets)) == 10
    assert [gap > 3 * DAY for gap in asleep] == [True, True]
    assert asleep[0] > WEEK - LONGEST_GAP
