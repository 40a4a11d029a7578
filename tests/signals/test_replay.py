"""Alerts that a row of looks raises, by the rules of the real ones."""

from datetime import date, timedelta

from signals.base import Level, SignalName
from signals.replay import Fired, Glance, fired, verdict_changes
from signals.verdict import Verdict

FIRST = date(2026, 1, 4)
WEEK = timedelta(days=7)
LATE = SignalName.LATE_INVOICING
MARKS = {".": Level.CALM, "~": Level.WATCH, "!": Level.OVER, "?": Level.UNKNOWN}


def looks(marks: str) -> list[Glance]:
    """A look a week at one signal."""
    return [
        Glance(as_of=FIRST + n * WEEK, verdict=Verdict.CANNOT_SAY, row="b", levels={LATE: MARKS[mark]})
        for n, mark in enumerate(marks)
    ]


def day(n: int) -> date:
    return FIRST + n * WEEK


def test_a_crossing_fires_once_it_has_held_a_week_and_ends_after_four_calm_ones() -> None:
    assert fired(looks(".!!!......")) == (
        Fired(signal=LATE, opened_on=day(1), fired_on=day(2), closed_on=day(8)),
    )  # fmt: skip


def test_one_bad_week_fires_nothing() -> None:
    assert fired(looks("..!..!~.")) == ()


def test_what_still_stands_at_the_end_is_open() -> None:
    (one,) = fired(looks(".!!~~"))

    assert (one.fired_on, one.closed_on, one.days) == (day(2), None, None)


def test_silence_neither_fires_nor_ends_an_alert() -> None:
    assert fired(looks(".?????")) == ()
    (one,) = fired(looks(".!!????????"))
    assert one.closed_on is None


def test_two_crossings_far_apart_are_two_alerts() -> None:
    assert [one.fired_on for one in fired(looks(".!!.....!!....."))] == [day(2), day(9)]


def test_verdicts_are_told_on_the_day_they_change() -> None:
    verdicts = [Verdict.NOT_NEEDED, Verdict.NOT_NEEDED, Verdict.PREPARE]
    glances = [Glance(as_of=day(n), verdict=verdict, row="c", levels={}) for n, verdict in enumerate(verdicts)]

    assert verdict_changes(glances) == ((day(2), Verdict.NOT_NEEDED, Verdict.PREPARE),)
