"""Where handing over begins to pay: at what price, from how many hours, and when, if the workload goes on."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.body import readiness_body
from app.even import even
from signals.base import Reason
from signals.books import Books, Declaration, Range, frame
from signals.break_even import BreakEven, break_even
from signals.calendar import month_number
from signals.policy import Policy, describe
from signals.readiness import assess
from signals.worth import worth

DAY = date(2026, 11, 22)
POLICY = Policy()
LAST = month_number(DAY) - 1


def books(a_year: float = 1.0, months: int = 36, n: int = 100, **said: Any) -> Books:
    """A company that declares 20 admin hours a week at 25 EUR and no directors' hours, and grows so much a year."""
    given: dict[str, Any] = {
        "stated_on": date(2026, 11, 1), "since": date(2026, 1, 1), "signed_by": "p", "admin_hours": Range(30, 30),
        "admin_rate": Range(30, 30), "director_hours": Range(0, 0), "director_rate": Range(80, 80),
        "provider_price": Range(3000, 3000), "governance_hours": Range(1, 1), "transition": Range(3600, 3600),
    }  # fmt: skip
    rng = np.random.default_rng(3)
    counts = rng.poisson([n * a_year ** ((i - months + 1) / 12) for i in range(months)])
    volume = [
        {"connection_id": "k", "direct": True, "month": month, "direction": "sale", "kind": "invoice", "n": int(n)}
        for month, n in zip(range(LAST - months + 1, LAST + 1), counts, strict=True)
    ]
    return Books(
        company_id="c",
        as_of=DAY,
        tables={"volume": frame("volume", volume)},
        declarations=(Declaration(**(given | said)),),
        imported_on=DAY,
    )


def found(a_year: float = 1.0, months: int = 36, policy: Policy = POLICY, **said: Any) -> BreakEven:
    made = books(a_year, months, **said)
    answer = break_even(made, policy, worth(made, policy))
    assert answer is not None
    return answer


IN_HOUSE = 30 * 52 / 12 * 30  # 3,900 EUR a month
STEADY = 80 + 3600 / 36  # steering an hour, and the transition over three years


def test_the_highest_price_that_pays_is_what_the_hours_cost_less_steering_and_transition() -> None:
    answer = found()

    assert answer.price.low == pytest.approx(IN_HOUSE - STEADY)
    assert answer.price.high == pytest.approx(IN_HOUSE - STEADY)
    assert answer.per_hour.low == pytest.approx((IN_HOUSE - STEADY) / 130)


def test_at_that_price_worth_is_nothing() -> None:
    price = found().price.low
    at_it = worth(books(provider_price=Range(price, price)), POLICY)

    assert at_it is not None
    assert at_it.low == pytest.approx(0, abs=1e-6)


def test_from_the_break_even_hours_on_it_pays_and_below_it_does_not() -> None:
    hours = found().hours
    assert hours is not None
    assert hours.low == pytest.approx((3000 + STEADY) / 30)
    weekly = hours.low * 12 / 52
    for factor, pays in ((1.01, True), (0.99, False)):
        value = worth(books(admin_hours=Range(weekly * factor, weekly * factor)), POLICY)
        assert value is not None
        assert (value.low > 0) is pays


def test_where_an_hour_is_cheaper_in_house_no_number_of_hours_pays() -> None:
    answer = found(provider_price=None, admin_rate=Range(20, 25))

    assert answer.hours is None
    assert answer.payback_months is None
    assert [price.model for price in answer.prices if price.in_force] == ["per_hour"]


def test_the_transition_is_made_up_for_by_what_is_saved_a_month() -> None:
    assert found().payback_months is not None
    payback = found(provider_price=Range(2820, 2820)).payback_months
    assert payback is not None
    assert payback.low == pytest.approx(3600 / (IN_HOUSE - 2820 - 80))


def test_each_way_of_asking_a_price_is_priced_and_tagged() -> None:
    answer = found(policy=replace(POLICY, provider_document_low=4.0, provider_document_high=5.0))
    by_model = {price.model: price for price in answer.prices}

    assert list(by_model) == ["fixed", "per_hour", "per_document"]
    assert [price.tag for price in answer.prices] == ["declared", "default", "default"]
    assert by_model["per_hour"].month.low == 130 * POLICY.provider_rate_low
    assert (by_model["per_document"].month.high or 0) / (by_model["per_document"].month.low) == pytest.approx(1.25)
    value = worth(books(), POLICY)
    assert value is not None
    assert (by_model["fixed"].saves.low, by_model["fixed"].saves.high) == pytest.approx((value.low, value.high))


@pytest.mark.parametrize("name", ["provider_document_low", "provider_document_high"])
def test_the_defaults_of_a_price_are_dated_and_sourced(name: str) -> None:
    assert describe()[name]["since"] == "2026-01-01"
    assert "APQC" in describe()[name]["source"]


@settings(max_examples=12, deadline=None)
@given(st.floats(1.15, 1.6), st.floats(6, 30))
def test_a_steady_trend_crosses_when_it_should_and_the_interval_holds_that_day(growth: float, months: float) -> None:
    """In-house cost grows as the documents do, and meets the price so many months on."""
    price = IN_HOUSE * growth ** (months / 12) - STEADY
    crossing = found(growth, n=400, provider_price=Range(price, price)).prices[0].crossing
    day = DAY + timedelta(days=months * 365.25 / 12)

    assert crossing.state == "crosses"
    assert crossing.on is not None
    assert crossing.earliest is not None
    assert abs((crossing.on - day).days) < 25 + 12 * months
    assert crossing.earliest - timedelta(days=45) <= day
    assert crossing.latest is None or day <= crossing.latest + timedelta(days=45)


def test_a_flat_trend_never_crosses_and_one_that_saves_already_says_so() -> None:
    assert found(provider_price=Range(6000, 6000)).prices[0].crossing.state == "none"
    already = found(1.2, provider_price=Range(1000, 1000)).prices[0].crossing
    assert (already.state, already.share) == ("pays_already", 1.0)


def test_a_company_that_shrinks_crosses_back() -> None:
    crossing = found(0.6, n=400, provider_price=Range(3200, 3200)).prices[0].crossing

    assert crossing.state == "stops"
    assert crossing.on is not None
    assert DAY < crossing.on < DAY + timedelta(days=366)


def test_a_year_of_documents_is_no_trend() -> None:
    crossing = found(1.5, months=20).prices[0].crossing

    assert (crossing.state, crossing.reason) == ("cannot_say", Reason("few_months", {"n": 20, "needed": 24}))


def test_without_hours_nothing_breaks_even_and_without_documents_no_date_is_told() -> None:
    unknown = books(admin_hours=None)
    assert break_even(unknown, POLICY, worth(unknown, POLICY)) is None
    silent = replace(books(), tables={})
    answer = break_even(silent, POLICY, worth(silent, POLICY))
    assert answer is not None
    assert [price.model for price in answer.prices] == ["fixed", "per_hour"]
    assert answer.prices[0].crossing.state == "cannot_say"


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("growth", "months", "price"), [(1.0, 36, 3000), (1.4, 36, 4600), (0.6, 36, 3200), (1.0, 36, 9000), (1.0, 12, 3000)]
)
def test_it_is_said_in_words_and_no_code_is_left(language: str, growth: float, months: int, price: float) -> None:
    company = {"id": "c", "name": "C", "siren": None, "currency": "EUR", "is_demo": False}
    answer = assess(books(growth, months, provider_price=Range(price, price)), POLICY, look_around=False)
    said = even(readiness_body(answer, company), language)

    assert said is not None
    texts = [*said.sentences, *(text for one in said.prices for text in (one.name, one.each, one.month, one.when))]
    assert all(texts)
    assert not [text for text in texts if "_" in text or "{" in text]
