"""What every operation of the API can do: tell that nothing changed, give some fields, do a thing once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import Engine

from app.api.operation import LARGEST_BODY, has_it
from app.api_keys import make_key
from app.assessment import assess_company
from app.db import write
from app.roles import Scope
from tests.app.test_alerts_api import open_failure
from tests.conftest import NOW
from tests.serving import served

ONCE = {"Idempotency-Key": "7c1f"}


@pytest.fixture
def engine(sqlite_engine: Engine) -> Engine:
    """One database will do: how answers are kept is tried on both in test_idempotency."""
    return sqlite_engine


@pytest.fixture
def client(engine: Engine, company: str) -> Iterator[httpx.Client]:
    """A program with a key, asking about an assessed company."""
    with write(engine) as conn:
        key = make_key(conn, "test", NOW)
    assess_company(engine, company, NOW)
    with (
        served(engine, NOW) as base,
        httpx.Client(base_url=base, headers={"Authorization": f"Bearer {key}"}) as asked,
    ):
        yield asked


def alerts(company: str) -> str:
    return f"/v1/companies/{company}/alerts"


def comments(client: httpx.Client, company: str, episode: str) -> list[str]:
    told = client.get(f"{alerts(company)}/{episode}").json()
    return [event["note"] for event in told["history"] if event["kind"] == "comment"]


def test_whoever_has_an_answer_is_told_that_nothing_changed(client: httpx.Client, company: str) -> None:
    for what in ("readiness", "signals", "policy", "alerts", "records", "maintenance"):
        first = client.get(f"/v1/companies/{company}/{what}")
        tag = first.headers["etag"]
        again = client.get(f"/v1/companies/{company}/{what}", headers={"If-None-Match": f'"other", W/{tag}'})

        assert first.status_code == 200, what
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), what


def test_an_answer_that_changed_is_given_anew(client: httpx.Client, engine: Engine, company: str) -> None:
    first = client.get(alerts(company))
    open_failure(engine, company)
    again = client.get(alerts(company), headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 200
    assert again.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    ("told", "has"), [("", False), ('"a"', True), ('W/"a"', True), ("*", True), ('"b", "a"', True), ('"ab"', False)]
)
def test_tags_are_compared_weakly(told: str, has: bool) -> None:
    assert has_it(told, '"a"') is has


def test_only_the_fields_asked_for_come_with_a_tag_of_their_own(client: httpx.Client, company: str) -> None:
    path = f"/v1/companies/{company}/readiness"
    whole, some = client.get(path), client.get(path, params={"fields": "verdict,coverage.signals_known"})

    assert some.json() == {"verdict": "cannot_say", "coverage": {"signals_known": 0}}
    assert some.headers["etag"] != whole.headers["etag"]
    assert client.get(path, params={"fields": "verdikt"}).json()["title"] == "no_such_field"


def test_a_change_asked_twice_with_one_key_is_done_once(client: httpx.Client, engine: Engine, company: str) -> None:
    episode = open_failure(engine, company)
    path, said = f"{alerts(company)}/{episode}/comment", {"comment": "asked the bank"}
    first, again = (client.post(path, json=said, headers=ONCE) for _ in range(2))

    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert comments(client, company, episode) == ["asked the bank"]


def test_without_a_key_a_change_asked_twice_is_done_twice(client: httpx.Client, engine: Engine, company: str) -> None:
    episode = open_failure(engine, company)
    for _ in range(2):
        client.post(f"{alerts(company)}/{episode}/comment", json={"comment": "asked the bank"})

    assert len(comments(client, company, episode)) == 2


def test_a_key_used_for_something_else_is_refused(client: httpx.Client, engine: Engine, company: str) -> None:
    episode = open_failure(engine, company)
    path = f"{alerts(company)}/{episode}/comment"
    client.post(path, json={"comment": "one"}, headers=ONCE)
    other = client.post(path, json={"comment": "two"}, headers=ONCE)

    assert (other.status_code, other.json()["title"]) == (422, "idempotency_key_reused")
    assert comments(client, company, episode) == ["one"]


def test_a_refusal_leaves_the_key_free(client: httpx.Client, engine: Engine, company: str) -> None:
    episode = open_failure(engine, company)
    path = f"{alerts(company)}/{episode}/comment"
    refused = client.post(path, json={"commment": "one"}, headers=ONCE)
    taken = client.post(path, json={"comment": "one"}, headers=ONCE)

    assert (refused.status_code, taken.status_code) == (422, 200)


def test_keys_are_each_programs_own_and_revealed_to_nobody(client: httpx.Client, engine: Engine, company: str) -> None:
    episode = open_failure(engine, company)
    path, said = f"{alerts(company)}/{episode}/comment", {"comment": "one"}
    client.post(path, json=said, headers=ONCE)
    with write(engine) as conn:
        other = make_key(conn, "other", NOW)
        reader = make_key(conn, "reader", NOW, scope=Scope.READ)
    theirs = client.post(path, json=said, headers=ONCE | {"Authorization": f"Bearer {other}"})
    forbidden = client.post(path, json=said, headers=ONCE | {"Authorization": f"Bearer {reader}"})
    nobody = client.post(path, json=said, headers=ONCE | {"Authorization": "Bearer seuil_x"})

    assert "Idempotency-Replayed" not in theirs.headers
    assert [one.status_code for one in (theirs, forbidden, nobody)] == [200, 403, 401]
    assert comments(client, company, episode) == ["one", "one"]


def test_many_at_once_with_one_key_do_it_once(client: httpx.Client, engine: Engine, company: str) -> None:
    episode = open_failure(engine, company)
    path, gate = f"{alerts(company)}/{episode}/comment", threading.Barrier(6)

    def ask(_: int) -> int:
        gate.wait()
        return client.post(path, json={"comment": "one"}, headers=ONCE).status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = set(pool.map(ask, range(6)))

    assert statuses <= {200, 409}
    assert comments(client, company, episode) == ["one"]


def test_a_key_that_is_none_is_refused(client: httpx.Client, company: str) -> None:
    for key in ("", "é", '""', "x" * 256):
        headers = {b"Idempotency-Key": key.encode()}
        path = f"/v1/companies/{company}/policy"
        answer = client.post(path, json={"settings": {}}, headers=headers)

        assert (answer.status_code, answer.json()["title"]) == (422, "idempotency_key_unfit")


def test_a_body_that_goes_on_and_on_is_cut_off(client: httpx.Client, company: str) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(LARGEST_BODY // 2**16 + 2):
            yield b" " * 2**16

    path = f"/v1/companies/{company}/policy"
    told = client.post(path, content=b" " * (LARGEST_BODY + 1))
    untold = client.post(path, content=endless())

    assert [(one.status_code, one.json()["title"]) for one in (told, untold)] == [(413, "body_too_large")] * 2


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"settings":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001,
        b'{"settings":{"x":' + b"9" * 5_000 + b"}}",
    ],
)
def test_json_that_goes_down_without_end_or_counts_too_far_is_refused(
    client: httpx.Client, company: str, body: bytes
) -> None:
    for path in (f"/v1/companies/{company}/policy", "/v1/records/costs"):
        answer = client.post(path, content=body, headers={"content-type": "application/json"})

        assert answer.status_code == 422, path
