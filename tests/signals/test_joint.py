"""All series of a company together: what none of them says alone, within the one budget they have."""

from dataclasses import replace
from datetime import date, timedelta
from math import inf, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.body import readiness_body
from app.together import said_together
from benchmarks.detection.joint import JOINT, QUIET, SINGLE, WORSE, alarms_a_year, crossings, delays
from signals.base import Reason
from signals.change import Change, ChangeState
from signals.change_threshold import threshold
from signals.joint import joint_of
from signals.policy import Policy
from signals.readiness import assess
from signals.watched import WATCHED
from tests.signals.story_books import DAY, Story, books_of, declaration

POLICY = Policy()
MONDAY = date(2025, 1, 6)
ALARM, WATCH = (float(threshold(years, 0.0)) for years in (POLICY.alarm_years, POLICY.watch_years))
ALONE = float(threshold(POLICY.alarm_years * len(WATCHED), 0.0))
NAMES = [one.measure for one in WATCHED]


def change(path: list[float], first: date = MONDAY, *, alarm: date | None = None, held: Reason | None = None) -> Change:
    return Change(
        state=ChangeState.ALARM if alarm else ChangeState.OK, first_week=first, log_evidence=tuple(path), alarms=(),
        alarm_week=alarm, alarm_day=alarm, onset=None, years_by_chance=1.0, held_back=held, phi=1.3,
        too_irregular=False, per_month=60.0, delay_months=2.0, smallest=0.1,
    )  # fmt: skip


def all_of(path: list[float], **said: Reason | None) -> dict[str, Change]:
    return {name: change(path, held=said.get("held")) for name in NAMES}


def test_four_series_that_each_fall_short_alarm_together() -> None:
    joint = joint_of(all_of([0.0, 2.0, ALARM + 0.01]), POLICY)

    assert joint is not None
    assert (joint.state, joint.alone) == (ChangeState.ALARM, True)
    assert joint.since == MONDAY + timedelta(weeks=2)
    assert ALARM + 0.01 < ALONE
    assert [round(driver.share, 2) for driver in joint.drivers] == [0.25] * 4
    assert joint.years_by_chance == pytest.approx(POLICY.alarm_years, rel=0.02)


@given(st.floats(0, 3), st.integers(0, 3))
def test_whatever_alarms_alone_alarms_jointly_too(beyond: float, which: int) -> None:
    changes = all_of([0.0, -inf])
    changes[NAMES[which]] = change([0.0, ALONE + beyond + 1e-9], alarm=MONDAY + timedelta(weeks=1))

    joint = joint_of(changes, POLICY)

    assert joint is not None
    assert (joint.state, joint.alone) == (ChangeState.ALARM, False)
    assert [driver.measure for driver in joint.drivers] == [NAMES[which]]


def test_an_alarm_lasts_until_the_evidence_is_below_that_of_watch() -> None:
    def state(*path: float) -> tuple[ChangeState, date | None]:
        joint = joint_of(all_of(list(path)), POLICY)
        assert joint is not None
        return joint.state, joint.since

    week = [MONDAY + timedelta(weeks=i) for i in range(6)]
    assert state(1, ALARM + 1, WATCH + 0.1, WATCH + 0.1) == (ChangeState.ALARM, week[1])
    assert state(1, ALARM + 1, WATCH - 0.1, WATCH + 0.1) == (ChangeState.WATCH, None)
    assert state(1, ALARM + 1, WATCH - 0.1, 1) == (ChangeState.OK, None)
    assert state(ALARM + 1, WATCH - 0.1, 2, ALARM + 1, ALARM - 1) == (ChangeState.ALARM, week[3])


def test_series_are_laid_side_by_side_by_their_weeks_and_a_silent_one_keeps_what_it_had() -> None:
    long = change([ALARM + 1] * 2 + [0.0] * 8)
    young = change([ALARM + 2.0], first=MONDAY + timedelta(weeks=5))  # and silent since

    joint = joint_of({NAMES[0]: long, NAMES[1]: young}, POLICY)

    assert joint is not None
    assert joint.since == MONDAY + timedelta(weeks=5)
    assert [driver.measure for driver in joint.drivers] == [NAMES[1]]
    assert (joint.series, joint.of) == (2, 4)


def test_what_rests_on_an_unconfirmed_baseline_is_watched_at_most() -> None:
    held = Reason("change_baseline_unconfirmed")
    joint = joint_of(all_of([0.0, ALARM + 1], held=held), POLICY)

    assert joint is not None
    assert (joint.state, joint.held_back) == (ChangeState.WATCH, held)
    assert joint.since is not None


def test_one_series_alone_is_not_several() -> None:
    assert joint_of({NAMES[0]: change([ALARM + 1])}, POLICY) is None
    assert joint_of({}, POLICY) is None


@settings(deadline=None)
@given(st.lists(st.floats(-5, 8), min_size=4, max_size=4))
def test_the_joint_evidence_is_the_mean_of_the_series(logs: list[float]) -> None:
    changes = {name: change([value]) for name, value in zip(NAMES, logs, strict=True)}
    joint = joint_of(changes, POLICY)

    assert joint is not None
    mean = float(np.mean(np.exp(logs)))
    assert (joint.since is not None) is (log(mean) >= ALARM)


def test_it_is_said_and_moves_no_level_and_no_verdict() -> None:
    habits = {"wrong": 0.022, "unreminded": 0.27, "director": 3.22}
    story = Story(documents=60, then=habits, since=date(2026, 3, 1), said=declaration())
    policy = Policy(baseline_period=(date(2025, 3, 1), date(2026, 2, 28)))
    answer = assess(books_of(story), policy, look_around=False)
    without = assess(books_of(replace(story, then=None)), policy, look_around=False)
    company = {"id": "c", "name": "C", "siren": None, "currency": "EUR", "is_demo": False}

    body = readiness_body(answer, company)

    assert (body["joint"]["state"], body["joint"]["alone"]) == ("alarm", True)
    assert date.fromisoformat(body["joint"]["since"]) < DAY
    assert answer.verdict is without.verdict
    assert without.joint is not None
    assert without.joint.state is ChangeState.OK
    assert "together" in said_together(body, "en")[0]
    assert said_together(readiness_body(without, company), "en") == []


def test_together_they_keep_the_budget_and_see_what_comes_to_all_sooner() -> None:
    """The table of `python -m benchmarks.detection --joint`, coarser."""
    rng = np.random.default_rng(5)
    quiet = [crossings(case, 60, 150, 5, rng) for case in QUIET]
    worse = crossings(WORSE[3], 60, 200, 7, rng)

    assert all(alarms_a_year(found[JOINT], 5) < 0.25 for found in quiet)  # one in five years, and chance
    assert np.median(delays(worse[JOINT])) < np.median(delays(worse[SINGLE]))
    assert (worse[JOINT] <= worse[SINGLE]).all()
