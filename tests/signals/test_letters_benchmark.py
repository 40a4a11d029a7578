"""The counting of benchmarks/letters, and a few looks of it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from benchmarks.letters.__main__ import report
from benchmarks.letters.cast import onset, worsening
from benchmarks.letters.count import Happened, Told, kinds, mails_at_once, mondays, next_monday, spread, told
from benchmarks.letters.watch import Watched, watch
from tests.signals.stories.courses import step
from tests.signals.stories.years import perfect

MONDAY = date(2023, 1, 2)
LATE = "late_invoicing"


def happened(*events: tuple[int, str], subject: str = LATE) -> list[Happened]:
    return [Happened(MONDAY + timedelta(days=day), subject, kind) for day, kind in events]


def test_a_letter_goes_out_on_each_monday_of_a_period() -> None:
    assert mondays(MONDAY, MONDAY) == 1
    assert mondays(MONDAY + timedelta(days=1), MONDAY + timedelta(days=6)) == 0
    assert mondays(MONDAY - timedelta(days=1), MONDAY + timedelta(days=7)) == 2
    assert mondays(date(2021, 1, 4), date(2025, 12, 31)) == 261


@pytest.mark.parametrize(("day", "monday"), [(0, 0), (1, 7), (6, 7), (7, 7)])
def test_what_happens_on_a_monday_is_in_that_mondays_letter(day: int, monday: int) -> None:
    assert next_monday(MONDAY + timedelta(days=day)) == MONDAY + timedelta(days=monday)


def test_what_happens_to_a_company_on_one_day_is_one_mail_and_what_is_seen_once_is_none() -> None:
    events = happened((0, "noticed"), (7, "fired"), (9, "recovering"), (30, "dropped"), (40, "resolved"))
    events += happened((7, "fired"), (8, "worse"), subject="verdict:outsource")

    assert mails_at_once(events) == 3
    assert kinds(events, verdicts=False)["fired"] == 1
    assert kinds(events, verdicts=True) == {"fired": 1, "worse": 1}


def test_the_days_to_each_mail_are_counted_from_the_onset() -> None:
    assert told(happened((9, "noticed"), (16, "fired")), LATE, MONDAY) == Told(14, 16, 21)
    assert told(happened((7, "noticed"), (14, "fired")), LATE, MONDAY) == Told(7, 14, 14)


def test_what_was_dropped_before_monday_no_letter_has_listed() -> None:
    events = happened((8, "noticed"), (11, "dropped"), (22, "noticed"), (29, "fired"))

    assert told(events, LATE, MONDAY) == Told(28, 29, 35)
    assert told(happened((8, "noticed"), (15, "dropped")), LATE, MONDAY) == Told(14, None, None)


def test_what_began_before_or_elsewhere_tells_nothing() -> None:
    assert told(happened((-3, "noticed"), (-1, "fired")), LATE, MONDAY) == Told(None, None, None)
    assert told(happened((3, "noticed"), (10, "fired")), "quality", MONDAY) == Told(None, None, None)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([10, 30, 20], "20 (10 to 30)"),
        ([10, None, 30], "30 (10 to 30), 1 never"),
        ([10, None, None], "never (10 to 10), 2 never"),
        ([None, None], "never (2)"),
    ],
)
def test_what_is_never_told_counts_as_the_longest(days: list[int | None], said: str) -> None:
    assert spread(days) == said


def test_onsets_fall_on_all_days_of_the_week_and_not_before_their_day() -> None:
    assert len({onset(seed).weekday() for seed in range(7)}) == 7
    late = worsening("billed late: 2 % to 20 %", 3).late
    assert callable(late)


def test_a_company_is_watched_with_the_apps_own_alerts() -> None:
    company = replace(perfect(1, date(2022, 1, 2)), late=step(date(2021, 6, 7), 0.02, 0.4))
    first = date(2021, 12, 13)
    found = Watched(first, first + timedelta(days=7))
    list(watch(company, [first, first + timedelta(days=7)], found))

    mine = [(event.on, event.kind) for event in found.events if event.subject == LATE]
    assert mine == [(first, "noticed"), (first + timedelta(days=7), "fired")]
    assert found.looks == 2
    assert found.inside["error_rate"][1] == 1


def test_the_report_counts_years_events_and_days() -> None:
    events = [{"on": "2021-03-01", "subject": LATE, "kind": "noticed"}]
    events += [{"on": "2021-03-08", "subject": LATE, "kind": kind} for kind in ("fired", "worse")]
    kept = {"of": "kept", "name": "30 invoices a month", "seed": 1, "first": "2021-01-04", "last": "2022-12-26"}
    kept |= {"events": events, "inside": {"error_rate": [9, 10]}}
    name, seen_on = "wrong invoices: 1.5 % to 8 %", onset(1) + timedelta(days=5)
    found = [{"on": seen_on.isoformat(), "subject": "quality", "kind": kind} for kind in ("noticed", "fired")]
    worse = {"of": "worse", "name": name, "seed": 1, "first": "2022-11-14", "last": "2023-03-01", "events": found}
    said = report([kept, worse])

    assert "| 30 invoices a month | 1 | 2 | 52.2 | 0.50 | 0.50 | 0.00 | 0.50 | 0.00 | 0.00 | 0.00 | 0.50 |" in said
    assert "| error_rate | 90.0% | 10 |" in said
    assert f"| {name} | 1 | 10 (10 to 10) | 5 (5 to 5) | 10 (10 to 10) | 0 |" in said
