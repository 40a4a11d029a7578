from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.books import Books, Declaration, Range, Tool, frame
from signals.calendar import day_number
from signals.policy import Policy
from signals.worth import worth

AS_OF = date(2026, 6, 30)
POLICY = Policy()
SAID = Declaration(
    stated_on=date(2026, 6, 1),
    since=date(2026, 6, 1),
    signed_by="p",
    admin_hours=Range(12, 12),
    admin_rate=Range(25, 30),
    director_hours=Range(6, 9),
    director_rate=Range(60, 80),
    provider_price=Range(1500, 2000),
    governance_hours=Range(3, 4),
    transition=Range(1800, 3600),
)


def _books(*said: Declaration, hours: list[dict[str, Any]] | None = None) -> Books:
    return Books("c", AS_OF, {"hours": frame("hours", hours or [])}, declarations=said)


def _weeks(first: date, last: date, hours: float, role: str) -> list[dict[str, Any]]:
    mondays = range(day_number(first), day_number(last) + 1, 7)
    return [{"week_day": d, "actor": role, "role": role, "minutes": int(hours * 60)} for d in mondays]


def test_worth_by_hand() -> None:
    # Admin 52 h x 25-30 = 1300-1560; director 26-39 h x 60-80 = 1560-3120;
    # price 1500-2000; governance 3-4 h x 60-80 = 180-320; transition 1800-3600 over 36 months = 50-100.
    found = worth(_books(SAID), POLICY)
    assert found is not None
    assert [(line.name, round(line.low, 6), round(line.high, 6), line.tag) for line in found.lines] == [
        ("admin_time", 1300, 1560, "declared"),
        ("director_time", 1560, 3120, "declared"),
        ("provider_price", -2000, -1500, "declared"),
        ("governance", -320, -180, "declared"),
        ("transition", -100, -50, "declared"),
    ]
    assert (found.low, found.high) == pytest.approx((440, 2950))
    assert found.share_from_defaults == 0


def test_a_price_nobody_stated_is_the_default_rate_for_the_same_hours() -> None:
    found = worth(_books(replace(SAID, provider_price=None)), POLICY)
    assert found is not None
    price = found.lines[2]
    assert (price.low, price.high) == pytest.approx((-91 * 50, -78 * 35))
    assert price.tag == "default"
    amounts = {line.name: abs(line.low + line.high) for line in found.lines}
    assert found.share_from_defaults == pytest.approx(amounts["provider_price"] / sum(amounts.values()))


def test_without_any_rate_or_price_everything_but_the_hours_is_assumed() -> None:
    bare = Declaration(
        stated_on=AS_OF, since=AS_OF, signed_by="p", admin_hours=Range(12, 12), director_hours=Range(6, 6)
    )
    found = worth(_books(bare), POLICY)
    assert found is not None
    assert {line.tag for line in found.lines} == {"default"}
    assert found.share_from_defaults == 1


def test_both_hours_must_be_known() -> None:
    assert worth(Books("c", AS_OF, {}), POLICY) is None
    assert worth(_books(replace(SAID, admin_hours=None)), POLICY) is None
    assert worth(_books(replace(SAID, director_hours=None)), POLICY) is None
    assert worth(_books(replace(SAID, stated_on=date(2025, 6, 29))), POLICY) is None  # too long ago
    assert worth(_books(replace(SAID, admin_hours=Range(0, 0))), POLICY) is not None


def test_tools_stay_and_are_on_neither_side() -> None:
    tools = replace(SAID, tools=(Tool(name="books", eur_per_month=900),))
    assert worth(_books(tools), POLICY) == worth(_books(SAID), POLICY)


def test_measured_hours_are_the_mean_of_a_year() -> None:
    # 35 h a week but for August with 10; director 5 throughout.
    first, last = date(2025, 6, 30), date(2026, 6, 22)
    rows = _weeks(first, last, 35, "admin")
    august = range(day_number(date(2025, 8, 4)), day_number(date(2025, 8, 25)) + 1)
    rows = [{**row, "minutes": 600} if row["week_day"] in august else row for row in rows]
    found = worth(_books(SAID, hours=[*rows, *_weeks(first, last, 5, "director")]), POLICY)
    assert found is not None
    # 261 working days from July to June, 20 of which in those four weeks.
    assert found.lines[0].low == pytest.approx((241 * 7 + 20 * 2) / 12 * 25, rel=0.01)
    assert found.lines[1].low == pytest.approx(261 / 12 * 60)


def test_the_future_does_not_matter() -> None:
    rows = [*_weeks(date(2026, 1, 5), date(2026, 6, 22), 20, "admin")]
    later = _weeks(date(2026, 6, 29), date(2026, 9, 28), 60, "admin")
    said_later = replace(SAID, stated_on=date(2026, 7, 2), provider_price=Range(1, 1))
    expected = worth(_books(SAID, hours=rows), POLICY)
    books = _books(SAID, said_later, hours=rows + later)
    assert expected is not None
    assert worth(books, POLICY) == expected
    assert worth(replace(books, as_of=date(2026, 10, 31)).at(AS_OF), POLICY) == expected


@settings(max_examples=40)
@given(st.lists(st.floats(0, 1000), min_size=7, max_size=7), st.lists(st.floats(0, 1000), min_size=7, max_size=7))
def test_the_range_holds_every_case_within_its_parts(lows: list[float], more: list[float]) -> None:
    ranges = [Range(low, low + extra) for low, extra in zip(lows, more, strict=True)]
    said = replace(
        SAID,
        admin_hours=ranges[0],
        admin_rate=ranges[1],
        director_hours=ranges[2],
        director_rate=ranges[3],
        provider_price=ranges[4],
        governance_hours=ranges[5],
        transition=ranges[6],
    )
    found = worth(_books(said), POLICY)
    assert found is not None
    h, rate, d, d_rate, price, steering, transition = (r.middle for r in ranges)
    middle = (h * rate + d * d_rate) * 52 / 12 - price - steering * d_rate - transition / POLICY.transition_months
    slack = 1e-6 * (1 + abs(found.low) + abs(found.high))
    assert found.low - slack <= middle <= found.high + slack
