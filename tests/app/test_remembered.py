"""Who asks and what they get is remembered for seconds, and never longer than it is true in this process."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import httpx
import pytest
from sqlalchemy import Engine, update

from app.access import end_sign_ins, holder_called, let_in, make_owner
from app.api.remembered import GOOD_FOR, takes_gzip
from app.api_keys import keys, make_key, revoke_key
from app.assessment import assess_company
from app.companies import add_company
from app.db import read, write, written
from app.models.access import api_key
from app.models.answers import assessment
from app.room import COOKIE
from tests.conftest import NOW
from tests.serving import served

Asked = Callable[..., httpx.Response]


class Clock:
    """The time, as a test sets it."""

    def __init__(self) -> None:
        """Start at the tests' time."""
        self.now = NOW

    def __call__(self) -> datetime:
        """Tell it."""
        return self.now


@pytest.fixture
def engine(sqlite_engine: Engine) -> Engine:
    """One database will do: what is remembered is not kept in it."""
    return sqlite_engine


@pytest.fixture
def clock() -> Clock:
    """A clock to be moved."""
    return Clock()


@pytest.fixture
def asked(engine: Engine, company: str, clock: Clock) -> Iterator[Asked]:
    """Somebody who polls an assessed company's readiness, without showing who they are."""
    assess_company(engine, company, NOW)
    with served(engine, NOW, clock=clock) as base, httpx.Client() as client:
        yield partial(client.get, f"{base}/v1/companies/{company}/readiness")


def bearer(engine: Engine, name: str = "poller", company: str | None = None) -> dict[str, str]:
    with write(engine) as conn:
        return {"authorization": f"Bearer {make_key(conn, name, NOW, company_id=company)}"}


def elsewhere(engine: Engine, statement: object) -> None:
    """Write as another process does: past the door that this one counts."""
    with engine.connect().execution_options(seuil_writes=True) as conn, conn.begin():
        conn.execute(statement)  # type: ignore[call-overload] # an update


def test_a_write_gives_another_number(engine: Engine) -> None:
    before = written(engine)
    with read(engine):
        pass
    assert written(engine) == before
    with write(engine) as conn:
        add_company(conn, "Another", NOW, zone="Europe/Paris")
    assert written(engine) != before


def test_a_key_revoked_here_opens_nothing_from_that_moment(asked: Asked, engine: Engine) -> None:
    headers = bearer(engine)
    assert asked(headers=headers).status_code == 200
    with write(engine) as conn:
        revoke_key(conn, keys(conn)[0]["id"], NOW)

    assert asked(headers=headers).status_code == 401


def test_a_key_revoked_elsewhere_opens_for_five_seconds_more(asked: Asked, engine: Engine, clock: Clock) -> None:
    headers = bearer(engine)
    asked(headers=headers)
    asked(headers=headers)  # the first one wrote down that the key was used
    elsewhere(engine, update(api_key).values(revoked_at=NOW))

    assert asked(headers=headers).status_code == 200
    clock.now = NOW + GOOD_FOR
    assert asked(headers=headers).status_code == 401


def test_an_answer_made_here_is_served_at_once_and_one_made_elsewhere_after_five_seconds(
    asked: Asked, engine: Engine, clock: Clock
) -> None:
    headers = bearer(engine)
    for _ in range(2):
        first = asked(headers=headers).json()
    elsewhere(engine, update(assessment).values(body='{"verdict":"prepare"}', etag="other"))
    meanwhile = asked(headers=headers).json()
    clock.now = NOW + GOOD_FOR
    later = asked(headers=headers).json()
    with write(engine) as conn:
        conn.execute(update(assessment).values(body='{"verdict":"outsource"}', etag="third"))

    assert meanwhile == first
    assert later == {"verdict": "prepare"}
    assert asked(headers=headers).json() == {"verdict": "outsource"}


def test_a_sign_in_that_was_ended_opens_nothing(asked: Asked, engine: Engine) -> None:
    with write(engine) as conn:
        make_owner(conn, "owner@firm.test", "a very long password", NOW)
        holder = holder_called(conn, "owner@firm.test")
        assert holder
        token = let_in(conn, holder, NOW)
    cookie = {"cookie": f"{COOKIE}={token}"}
    assert asked(headers=cookie).status_code == 200
    with write(engine) as conn:
        end_sign_ins(conn, holder)

    assert asked(headers=cookie).status_code == 401


def test_nobody_passes_for_who_asked_just_before(asked: Asked, engine: Engine) -> None:
    with write(engine) as conn:
        make_owner(conn, "owner@firm.test", "a very long password", NOW)
        holder = holder_called(conn, "owner@firm.test")
        assert holder
        cookie = {"cookie": f"{COOKIE}={let_in(conn, holder, NOW)}"}
        other = add_company(conn, "Another", NOW, zone="Europe/Paris")
    theirs = bearer(engine, "theirs", other)
    both = asked(headers=cookie | {"authorization": "Basic eDp5"})

    assert both.status_code == 200  # known by the cookie
    assert asked(headers={"authorization": "Basic eDp5"}).status_code == 401
    assert asked(headers={"authorization": cookie["cookie"]}).status_code == 401
    assert asked().status_code == 401
    assert asked(headers=theirs).status_code == 404


def test_the_budget_counts_what_is_answered_from_memory(asked: Asked, engine: Engine) -> None:
    headers = bearer(engine)
    left = [asked(headers=headers).headers["ratelimit"] for _ in range(3)]

    assert [one.partition("r=")[2].partition(";")[0] for one in left] == ["599", "598", "597"]


def test_many_who_ask_at_once_get_the_same(asked: Asked, engine: Engine, clock: Clock) -> None:
    headers = bearer(engine)
    asked(headers=headers)
    clock.now = NOW + timedelta(minutes=1)
    with ThreadPoolExecutor(16) as pool:
        found = {one.content for one in pool.map(lambda _: asked(headers=headers), range(32))}

    assert len(found) == 1


def test_it_comes_packed_to_whoever_takes_it_so_with_a_tag_of_its_own(asked: Asked, engine: Engine) -> None:
    headers = bearer(engine)
    plain = asked(headers=headers | {"accept-encoding": "identity"})
    packed = asked(headers=headers | {"accept-encoding": "gzip"})
    some = asked(headers=headers | {"accept-encoding": "gzip"}, params={"fields": "verdict"})
    again = asked(headers=headers | {"accept-encoding": "gzip", "if-none-match": packed.headers["etag"]})

    assert packed.json() == plain.json()
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 3
    assert (plain.headers.get("content-encoding"), packed.headers["content-encoding"]) == (None, "gzip")
    assert plain.headers["etag"] != packed.headers["etag"]
    assert plain.headers["vary"] == packed.headers["vary"] == again.headers["vary"] == "Accept-Encoding"
    assert some.json() == {"verdict": "cannot_say"}
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [("", False), ("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("*", True), ("identity", False)],
)
def test_only_who_takes_gzip_gets_it(accepted: str, takes: bool) -> None:
    assert takes_gzip(accepted) is takes
