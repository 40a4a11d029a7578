"""What a letter expects by the next one, and what came of what the last one to the same reader expected.

Alerts go by the rules of episodes: what comes next, and from which day on, if what is seen goes on. Charted numbers go
by their range if nothing changes. Each is held against what came; what nobody can say counts neither way.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select

from app.alerts import ACTIONABLE, NEWS, STANDING, VERDICT, episodes
from app.body import Body, measures_of
from app.due import monday_of
from app.models.answers import assessment
from signals.base import Measure, Point, Tier, Unit
from signals.calendar import month_number
from signals.episodes import SIGNAL, Rules, State
from signals.expected import range_ahead

Row = Mapping[str, Any]
Entry = dict[str, Any]

MOST_CHARTS = 3
FEWEST_POINTS = 2
HEIGHTS = ("unknown", "calm", "watch", "over")
A_WEEK, A_DAY = timedelta(days=7), timedelta(days=1)
SEEN_WITHIN = timedelta(days=2)
"""A number expected on a day is held against the answer of that day, or of one so shortly before it."""

DIGITS = {"share": 3, "ratio": 2, "fte": 2, "eur": 0, "eur_per_month": 0}
"""As many as a letter shows; of other units one. What is shown as a bound is inside."""

CAME_SO = ("confirmed", "closed", "inside")
CAME_OTHERWISE = ("dropped", "back_over", "above", "below")


def chart_order(signals: Sequence[Body]) -> list[Body]:
    """Put the signals that matter in order: those over, those that rose, those to be watched."""

    def rank(signal: Body) -> int | None:
        if signal["level"] == "over":
            return 0
        before = signal["level_before"]
        if before in HEIGHTS and HEIGHTS.index(signal["level"]) > HEIGHTS.index(before) > 0:
            return 1
        return 2 if signal["level"] == "watch" else None

    return sorted((signal for signal in signals if rank(signal) is not None), key=lambda signal: rank(signal) or 0)


def charted(signals: Sequence[Body]) -> list[Body]:
    """List the signals a letter draws: at most three of those that matter, of which a line can be drawn."""
    return [signal for signal in chart_order(signals) if _has_line(signal["measure"])][:MOST_CHARTS]


def _has_line(measure: Body) -> bool:
    return sum(point["value"] is not None for point in measure["series"]) >= FEWEST_POINTS


def expected_of(part: Body, week: str) -> list[Entry]:
    """Give what a company's part of a week's letter expects by the next one, a week later."""
    if part["as_of"] is None:
        return []
    seen_on, by = date.fromisoformat(part["as_of"]), monday_of(week) + A_WEEK
    alerts = [_alert(entry, seen_on) for entry in (*part["open"], *part["pending"])]
    numbers = [_number(signal, seen_on, by) for signal in charted(part["signals"])]
    return [one for one in (*numbers, *alerts) if one is not None]


def _rules(subject: str) -> Rules:
    if not subject.startswith(VERDICT):
        return SIGNAL
    return STANDING if subject.removeprefix(VERDICT) in ACTIONABLE else NEWS


def _alert(entry: Entry, seen_on: date) -> Entry | None:
    """Say what the rules have come next; of what is silent or fails they say nothing."""
    rules, state, then = _rules(entry["subject"]), entry["state"], seen_on + A_DAY
    if state == State.PENDING.value:
        what, on = "confirmed", date.fromisoformat(entry["opened_on"]) + timedelta(days=rules.hold_days)
    elif state == State.RECOVERING.value and entry["calm_since"]:
        what, on = "closed", date.fromisoformat(entry["calm_since"]) + timedelta(days=rules.recovery_days)
    elif state in (State.FIRING.value, State.RECOVERING.value):
        what, on = "stays", then + timedelta(days=rules.recovery_days)
    else:
        return None
    return {"what": what, "id": entry["id"], "subject": entry["subject"], "on": max(on, then).isoformat()}


def _number(signal: Body, seen_on: date, by: date) -> Entry | None:
    body = signal["measure"]
    ahead = None if signal["frozen_on"] else range_ahead(_measure(body), (by - seen_on).days)
    if ahead is None:
        return None
    step = 10 ** -DIGITS.get(body["unit"], 1)
    low, high = (_rounded(bound, body["unit"]) for bound in (ahead.low, ahead.high))
    return {
        "what": "range",
        "signal": signal["name"],
        "measure": body["name"],
        "unit": body["unit"],
        "now": body["value"],
        # Rounded outwards, to what is shown.
        "low": _rounded(low - step, body["unit"]) if low > ahead.low else low,
        "high": _rounded(high + step, body["unit"]) if high < ahead.high else high,
        "on": by.isoformat(),
    }


def _rounded(value: float, unit: str) -> float:
    return round(value, DIGITS.get(unit, 1))


def _measure(body: Body) -> Measure:
    """Read a measure back from a body, as far as a range is made of it."""
    window = body["window"]
    return Measure(
        name=body["name"],
        kpi=body["kpi"],
        signal=None,
        unit=Unit(body["unit"]),
        value=body["value"],
        low=body["low"],
        high=body["high"],
        n=body["n"],
        window=(date.fromisoformat(window[0]), date.fromisoformat(window[1])) if window else None,
        tier=Tier(body["tier"]),
        series=tuple(
            Point(month_number(date.fromisoformat(f"{p['month']}-01")), p["value"], p["low"], p["high"], p["n"])
            for p in body["series"]
        ),
    )


def came_of(conn: Connection, company_id: str, before: Body | None, as_of: str | None) -> list[Entry]:
    """Give what came of each thing that `before`, a company's part of the last letter, expected.

    Alerts are told as they stand on `as_of`, the day of the newest answer; a number as it was on the day it was
    expected for, also where the letter of that day never came. `hit` is None for what can't be said, has not come due,
    or could not have come otherwise.
    """
    expected = before.get("expected", []) if before else []
    if before is None or not expected:
        return []
    seen_on = date.fromisoformat(as_of) if as_of else None
    rows = {str(row["id"]): row for row in episodes(conn, company_id)}
    days = {one["on"] for one in expected if one["what"] == "range"}
    made_on = date.fromisoformat(before["as_of"])
    bodies = {day: _answer_of(conn, company_id, made_on, date.fromisoformat(day)) for day in days}
    came = []
    for one in expected:
        if one["what"] == "range":
            value, outcome = _value_came(one, bodies[one["on"]])
            came.append(one | {"came": outcome, "value": value, "hit": _hit(one, outcome, seen_on)})
        else:
            outcome = _alert_came(one["what"], rows.get(one["id"]))
            came.append(one | {"came": outcome, "hit": _hit(one, outcome, seen_on)})
    return came


def _hit(one: Entry, outcome: str, seen_on: date | None) -> bool | None:
    if one["what"] == "stays" or outcome == "cannot_say":
        return None
    if outcome in CAME_SO:
        return True
    is_due = seen_on is not None and date.fromisoformat(one["on"]) <= seen_on
    return False if outcome in CAME_OTHERWISE or is_due else None


def _alert_came(what: str, row: Row | None) -> str:
    if row is None:
        return "cannot_say"
    if what == "confirmed" and row["fired_on"] is not None:
        return "confirmed"
    if row["state"] == State.DROPPED.value:
        return "dropped"
    if row["state"] == State.NO_DATA.value:
        return "cannot_say"
    if row["state"] == State.RESOLVED.value:
        return "closed"
    return "back_over" if what == "closed" and row["state"] == State.FIRING.value else "still_open"


def _answer_of(conn: Connection, company_id: str, made_on: date, day: date) -> Body | None:
    """Find the answer of a day, or of one shortly before it; not the one the expectation was made of."""
    a = assessment.c
    query = select(a.body).where(
        a.company_id == company_id,
        a.process == "all",
        a.reconstructed.is_(False),
        a.as_of <= day,
        a.as_of >= day - SEEN_WITHIN,
        a.as_of > made_on,
    )
    body = conn.execute(query.order_by(a.as_of.desc()).limit(1)).scalar()
    found: Body | None = json.loads(body) if body else None
    return found


def _value_came(one: Entry, body: Body | None) -> tuple[float | None, str]:
    signal = next((each for each in body["signals"] if each["name"] == one["signal"]), None) if body else None
    if signal is None or signal["frozen_on"]:
        return None, "cannot_say"
    values = [each["value"] for each in measures_of(signal) if each["name"] == one["measure"]]
    if not values or values[0] is None:
        return None, "cannot_say"
    value = _rounded(values[0], one["unit"])
    return values[0], "below" if value < one["low"] else "above" if value > one["high"] else "inside"
