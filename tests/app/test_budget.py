"""How often a program may ask."""

from datetime import timedelta

from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from app.api_keys import make_key
from app.budget import WINDOW, Budgets
from app.db import write
from app.main import create_app
from app.settings import Settings
from tests.conftest import NOW


@given(st.lists(st.integers(0, 90), max_size=60), st.integers(1, 8))
def test_no_minute_that_begins_with_a_request_holds_more_than_the_budget(waits: list[int], budget: int) -> None:
    budgets, now, taken, begun = Budgets(budget), NOW, 0, NOW
    for n, wait in enumerate(waits):
        now += timedelta(seconds=wait)
        if not n or now - begun >= WINDOW:
            begun, taken = now, 0
        left = budgets.take("one", now)
        taken += not left.spent
        assert taken <= budget
        assert left.requests == budget - taken
        assert 1 <= left.seconds <= WINDOW.total_seconds()


def test_each_has_a_budget_of_their_own() -> None:
    budgets = Budgets(1)

    assert not budgets.take("one", NOW).spent
    assert budgets.take("one", NOW).spent
    assert not budgets.take("other", NOW).spent
    assert not budgets.take("one", NOW + WINDOW).spent


def test_a_program_is_told_what_is_left_and_when_to_come_again(sqlite_engine: Engine) -> None:
    settings, clock = Settings(database_url="sqlite://", api_requests_a_minute=2), [NOW]
    with write(sqlite_engine) as conn:
        bearer = {"authorization": f"Bearer {make_key(conn, 'erp', NOW)}"}
    client = TestClient(create_app(sqlite_engine, settings, now=lambda: clock[0]), headers=bearer)
    first = client.get("/v1/companies")
    clock[0] += timedelta(seconds=20)
    second, third = client.get("/v1/companies"), client.get("/v1/companies")

    assert first.headers["ratelimit-policy"] == '"minute";q=2;w=60'
    assert (first.headers["ratelimit"], second.headers["ratelimit"]) == ('"minute";r=1;t=60', '"minute";r=0;t=40')
    assert "retry-after" not in second.headers
    assert (third.status_code, third.headers["retry-after"]) == (429, "40")
    assert third.json()["title"] == "too_many_requests"
    clock[0] += timedelta(seconds=40)
    assert client.get("/v1/companies").status_code == 200
