from datetime import date
from statistics import fmean
from typing import Any

import pandas as pd

from signals.base import Measure, Reason, Tier
from signals.books import Books, Declaration, Range, frame
from signals.calendar import day_number
from signals.director_time import DirectorHours
from signals.intervals import student
from signals.policy import Policy

AS_OF = date(2026, 6, 28)  # a Sunday
MONDAY = day_number(date(2026, 6, 22))


def traces(*hours: float, role: str = "director", actor: str = "anne", assumed: float = 0) -> pd.DataFrame:
    rows = [
        {
            "week_day": MONDAY - 7 * i,
            "day": MONDAY - 7 * i,
            "minutes": int(h * 60),
            "assumed_minutes": int(assumed * 60),
        }
        for i, h in enumerate(hours)
    ]
    return pd.DataFrame(rows).assign(role=role, actor=actor, process="bank", out_of_hours_minutes=0, n=1)


def entries(*hours: float) -> list[dict[str, Any]]:
    return [
        {"week_day": MONDAY - 7 * i, "actor": "anne", "role": "director", "process": "bank", "minutes": int(h * 60)}
        for i, h in enumerate(hours)
    ]


def detect(sessions: pd.DataFrame | None, hours: list[dict[str, Any]] = [], *said: Declaration) -> Measure:  # noqa: B006
    feeds = [{"connection_id": "clock", "stream": "time"}, {"connection_id": "crm", "stream": "activities"}]
    tables: dict[str, pd.DataFrame] = {"hours": frame("hours", hours), "feeds": frame("feeds", feeds)}
    if sessions is not None:
        tables["sessions"] = sessions
    return DirectorHours().detect(Books("c", AS_OF, tables, declarations=said), Policy())


def test_traces_alone_are_a_proxy_whose_low_bound_leaves_the_allowance_out() -> None:
    seen = (6.0, 8.0, 10.0, 12.0)
    measure = detect(traces(*seen, assumed=1))
    low, high = student([h - 1 for h in seen]), student(list(seen))
    assert low is not None
    assert high is not None
    assert (measure.value, measure.tier, measure.n, measure.sources) == (9, Tier.PROXY, 4, ("crm",))
    assert (measure.low, measure.high) == (low[0], high[1])
    assert measure.notes == (Reason("hours_from_traces"),)


def test_time_entries_beside_traces_are_a_range() -> None:
    measure = detect(traces(2, 5, 2), entries(4, 4, 4))
    assert (measure.value, measure.tier, measure.sources) == (fmean([4, 5, 4]), Tier.DIRECT, ("clock", "crm"))
    assert measure.high is not None
    assert measure.high > fmean([6, 9, 6])
    assert measure.notes == (Reason("hours_of_two_sources"),)
    assert detect(None, entries(4, 5, 4)).notes == ()


def test_time_entries_come_first_then_traces_then_what_was_declared() -> None:
    day = date(2026, 6, 1)
    said = Declaration(stated_on=day, since=day, signed_by="p", director_hours=Range(30, 40))
    assert detect(None, [], said).tier is Tier.DECLARED
    traced = detect(traces(4, 5, 4), [], said)
    assert traced.tier is Tier.PROXY
    assert [note.code for note in traced.notes] == ["hours_from_traces", "declared_differs"]
    assert detect(traces(4, 5, 4), entries(4, 5, 4), said).tier is Tier.DIRECT
    assert detect(traces(4, 5, 4, role="admin"), [], said).tier is Tier.DECLARED


def test_a_shared_login_is_no_director_and_said() -> None:
    rows = traces(9, 9, 9)
    habits = pd.DataFrame(
        [{"month": 0, "actor": "anne", "n": 900, "moments": 900, "bursts": 0, "nights": 0, "days": 30}]
    )
    busy = habits.assign(long_days=20, gaps=0, steady_gaps=0)
    books = Books("c", AS_OF, {"sessions": rows, "habits": busy})
    measure = DirectorHours().detect(books, Policy())
    assert (measure.value, measure.reason) == (None, Reason("no_time_source"))
    assert measure.notes == (Reason("traces_of_shared_login", {"n": 1}),)


def test_a_week_that_is_not_over_does_not_count() -> None:
    running = traces(4, 5, 4)
    running["week_day"] += 7
    assert detect(running).n == 2
