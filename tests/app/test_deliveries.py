"""What was not delivered, over all companies: listed with why, tried again one by one or all of a kind."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert, select, update

from app.access import holder_with, let_in, make_owner
from app.api_keys import make_key
from app.bounces import take_mail
from app.companies import add_company
from app.db import read, write
from app.deliveries import (
    LISTED_FOR,
    Asked,
    Delivery,
    State,
    again,
    again_all,
    deliveries,
    delivery_counts,
    what_text,
    why_text,
)
from app.deliveries_cli import print_deliveries, try_deliveries
from app.doctor import check_letters
from app.errors import BadInput, NotFound, Refused
from app.main import create_app
from app.models.channels import channel, notice
from app.models.watch import letter, recipient, subscription
from app.room import COOKIE
from app.settings import Settings
from tests.app.test_outbox import add_letter, mailer, post
from tests.bounced_mails import postfix
from tests.conftest import NOW
from tests.mail_server import Desk, mail_server

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SETTINGS = Settings(database_url="sqlite://")


def reads(engine: Engine, no: int, company: str) -> None:
    with write(engine) as conn:
        conn.execute(insert(subscription).values(recipient_id=f"r{no}", company_id=company, created_at=NOW))


def add_notice(engine: Engine, company: str, no: int, **more: Any) -> None:
    """Keep a notice that met with trouble, and its channel."""
    told = {"subject": "source:csv", "kind": "failed", "facts": {}, "state": "error", "process": "all", "id": "e1"}
    happened = {"no": no, "kind": "failed", "on": "2026-11-22", "at": NOW.isoformat()}
    off = more.pop("off_at", None)
    kept = {
        "id": f"n{no}",
        "channel_id": f"c{no}",
        "event_no": no,
        "content": {"company": {"id": company, "name": "Menuiserie", "siren": None}, "alert": told, "event": happened},
        "state": "waiting",
        "created_at": NOW,
        "next_try_at": NOW + HOUR,
        "attempts": 2,
        "trouble": "channel_answered: 503",
        "tried_at": NOW,
    }
    with write(engine) as conn:
        conn.execute(
            insert(channel).values(
                id=f"c{no}", company_id=company, kind="webhook", label=f"ERP {no}", language="fr", sealed_address="x",
                told_until=0, created_at=NOW, off_at=off,
            )
        )  # fmt: skip
        conn.execute(insert(notice).values(**(kept | more)))


@pytest.fixture
def both(engine: Engine) -> tuple[str, str]:
    return troubles(engine)


@pytest.fixture
def both_here(sqlite_engine: Engine) -> tuple[str, str]:
    return troubles(sqlite_engine)


def troubles(engine: Engine) -> tuple[str, str]:
    """Make two companies, with a delivery in each kind of trouble."""
    with write(engine) as conn:
        company = add_company(conn, "Menuiserie", NOW, zone="Europe/Paris")
        other = add_company(conn, "Zinguerie", NOW, zone="Europe/Paris")
    kinds: list[dict[str, Any]] = [
        {"state": "refused", "trouble": "mail_answered: 554 no", "tried_at": NOW, "attempts": 1},
        {"state": "refused", "trouble": "mail_gave_up: mail_unreachable: refused", "tried_at": NOW, "attempts": 9},
        {"state": "bounced", "trouble": "mail_came_back: 552 full", "tried_at": NOW, "attempts": 1, "sent_at": NOW},
        {"state": "waiting", "trouble": "mail_answered: 451 later", "attempts": 1, "next_try_at": NOW + HOUR},
        {"state": "sent", "trouble": "mail_delayed: 4.4.1 timed out", "sent_at": NOW, "attempts": 1},
        {"state": "held"},
        # None of these is in trouble.
        {"state": "sent", "sent_at": NOW},
        {"state": "waiting"},
        {"state": "refused", "created_at": NOW - LISTED_FOR},
        {"state": "dropped"},
        {"state": "refused", "is_demo": True},
    ]
    for no, more in enumerate(kinds, 1):
        add_letter(engine, no, **({"kind": "digest"} | more))
        reads(engine, no, company if no != 2 else other)
    with write(engine) as conn:
        bounced = {"bounced_at": NOW, "bounced_because": "mail_came_back: 550 5.1.1 gone"}
        conn.execute(update(recipient).where(recipient.c.id == "r6").values(**bounced))
    add_notice(engine, company, 1)
    add_notice(engine, company, 2, state="refused", trouble="channel_answered: 503", attempts=30)
    add_notice(engine, other, 3, state="refused", trouble="channel_answered: 410", off_at=NOW)
    add_notice(engine, company, 4, state="sent", trouble=None)
    return company, other


def listed(engine: Engine, asked: Asked = Asked(), **more: Any) -> list[Delivery]:  # noqa: B008 - frozen
    with read(engine) as conn:
        return deliveries(conn, asked, NOW, **more)


def states(engine: Engine) -> dict[str, tuple[str, bool]]:
    """State and whether it is due now, of every letter and notice."""
    with read(engine) as conn:
        return {
            str(row.id): (str(row.state), row.next_try_at <= NOW)
            for table in (letter, notice)
            for row in conn.execute(select(table.c.id, table.c.state, table.c.next_try_at))
        }


@pytest.mark.usefixtures("both")
def test_what_did_not_arrive_is_listed_with_why_and_nothing_else(engine: Engine) -> None:
    rows = {one.id: one for one in listed(engine)}

    assert [*rows] == ["n3", "n2", "n1", "l6", "l5", "l4", "l3", "l2", "l1"]
    assert {one.id: one.state.value for one in rows.values()} == {
        "l1": "refused", "l2": "given_up", "l3": "bounced", "l4": "trying", "l5": "noted", "l6": "held",
        "n1": "trying", "n2": "given_up", "n3": "refused",
    }  # fmt: skip
    assert [name for name, one in rows.items() if one.can_try] == ["n2", "n1", "l4", "l3", "l2", "l1"]
    assert why_text(rows["l1"], "en") == "The mail server answered: 554 no"
    assert "Given up after three days" in why_text(rows["l2"], "en")
    assert "once somebody says that the address is good" in why_text(rows["l6"], "en")
    assert why_text(rows["n3"], "en") == "It answered 410."
    assert what_text(rows["l1"], "en") == "Letter of week 47, 2026"
    assert what_text(rows["n1"], "en") == "Source: CSV files"
    assert (rows["l4"].next_try_at, rows["l3"].next_try_at) == (NOW + HOUR, None)
    assert (rows["l1"].tried_at, rows["l6"].tried_at) == (NOW, None)
    with read(engine) as conn:
        counts = delivery_counts(conn, Asked(), NOW)
    assert counts == {"refused": 2, "given_up": 2, "bounced": 1, "held": 1, "trying": 2, "noted": 1}


def test_the_list_is_cut_by_company_by_state_and_into_pages(engine: Engine, both: tuple[str, str]) -> None:
    company, other = both

    assert [one.id for one in listed(engine, Asked(None, other))] == ["n3", "l2"]
    assert [one.id for one in listed(engine, Asked(State.GIVEN_UP))] == ["n2", "l2"]
    assert [one.id for one in listed(engine, Asked(State.GIVEN_UP, company))] == ["n2"]
    assert [one.id for one in listed(engine, limit=4)] == ["n3", "n2", "n1", "l6"]
    assert [one.id for one in listed(engine, before="l6", limit=2)] == ["l5", "l4"]
    assert {one.companies[0][1] for one in listed(engine, Asked(None, other))} == {"Zinguerie"}
    with read(engine) as conn:
        assert sum(delivery_counts(conn, Asked(None, other), NOW).values()) == 2


@pytest.mark.usefixtures("both")
def test_one_is_tried_again_where_that_makes_sense(engine: Engine) -> None:
    with write(engine) as conn:
        for name in ("l1", "l3", "n2"):
            again(conn, name, NOW)
    found = states(engine)
    assert {name: found[name] for name in ("l1", "l3", "n2")} == dict.fromkeys(("l1", "l3", "n2"), ("waiting", True))

    for name, error in {"l6": Refused, "n3": Refused, "n4": Refused, "l7": Refused, "nothing": NotFound}.items():
        with write(engine) as conn, pytest.raises(error):
            again(conn, name, NOW)
    assert states(engine) == found


@pytest.mark.usefixtures("both_here")
@pytest.mark.parametrize(
    ("asked", "moved"),
    [
        (Asked(), {"l1", "l2", "l3", "l4", "n1", "n2"}),
        (Asked(State.GIVEN_UP), {"l2", "n2"}),
        (Asked(State.REFUSED), {"l1"}),
        (Asked(State.HELD), set()),
        (Asked(State.NOTED), set()),
    ],
)
def test_all_of_a_kind_are_tried_again_and_no_others(sqlite_engine: Engine, asked: Asked, moved: set[str]) -> None:
    before = states(sqlite_engine)
    with write(sqlite_engine) as conn:
        n = again_all(conn, asked, NOW)
    after = states(sqlite_engine)

    assert n == len(moved)
    assert {name for name in after if after[name] != before[name]} == moved
    assert all(after[name] == ("waiting", True) for name in moved)


def test_all_of_a_company_leaves_the_others_alone(engine: Engine, both: tuple[str, str]) -> None:
    with write(engine) as conn:
        assert again_all(conn, Asked(None, both[1]), NOW) == 1
    assert states(engine)["l1"][0] == "refused"


def test_letters_to_an_address_that_bounced_are_left_out_of_all(engine: Engine) -> None:
    add_letter(engine, state="bounced", trouble="mail_came_back: 550")
    with write(engine) as conn:
        conn.execute(update(recipient).values(bounced_at=NOW, bounced_because="mail_came_back: 550"))
        assert again_all(conn, Asked(), NOW) == 0
    assert states(engine)["l1"][0] == "bounced"
    assert not listed(engine)[0].can_try


def test_a_week_that_a_later_letter_has_told_again_is_not_sent_with_all(engine: Engine) -> None:
    add_letter(engine, 1, kind="digest", state="refused", trouble="mail_answered: 554")
    with write(engine) as conn:
        later = dict(conn.execute(select(letter)).mappings().one())
        later |= {"id": "l2", "period": "2026-W48", "message_id": "another@seuil.invalid", "state": "sent"}
        conn.execute(insert(letter).values(**later))
        conn.execute(update(letter).where(letter.c.id == "l2").values(trouble=None, sent_at=NOW))
    with write(engine) as conn:
        assert again_all(conn, Asked(), NOW) == 0
        again(conn, "l1", NOW)  # who wants it has it
    assert states(engine)["l1"] == ("waiting", True)


def test_a_letter_that_is_being_sent_is_left_to_who_sends_it(engine: Engine) -> None:
    busy = {"state": "sending", "leased_until": NOW + HOUR, "trouble": "mail_answered: 451", "attempts": 2}
    add_letter(engine, 1, **busy)
    with write(engine) as conn:
        assert again_all(conn, Asked(), NOW) == 0
    assert states(engine)["l1"][0] == "sending"


def test_a_letter_refused_for_real_shows_when_it_was_tried_and_goes_out_again(engine: Engine) -> None:
    add_letter(engine)
    with mail_server(Desk(answers=["554 no"])) as desk:
        post(engine, mailer(desk).send)
        (one,) = listed(engine)
        with write(engine) as conn:
            again(conn, one.id, NOW + HOUR)
        post(engine, mailer(desk).send, NOW + HOUR)

    assert (one.state, one.tried_at, one.attempts) == (State.REFUSED, NOW, 1)
    assert listed(engine) == []
    assert len(desk.raw) == 1


# On a page, over the API, at a terminal


@pytest.fixture
def site(sqlite_engine: Engine) -> Iterator[TestClient]:
    with write(sqlite_engine) as conn:
        make_owner(conn, "owner@example.com", "right", NOW)
        token = let_in(conn, holder_with(conn, "owner@example.com", "right"), NOW)
        key = make_key(conn, "erp", NOW)
    ours = {"sec-fetch-site": "same-origin", "accept": "text/html", "accept-language": "en"}
    with TestClient(
        create_app(sqlite_engine, SETTINGS, now=lambda: NOW), cookies={COOKIE: token}, headers=ours
    ) as client:
        client.headers["x-key"] = key
        yield client


def test_the_page_shows_them_and_tries_them_again(
    sqlite_engine: Engine, site: TestClient, both_here: tuple[str, str]
) -> None:
    page = site.get("/deliveries").text
    assert "claire2@durand.example" in page
    assert "ERP 3" in page
    assert "The mail server answered: 554 no" in page
    assert "claire6@durand.example gets no letters" in page
    assert 'href="/deliveries?state=given_up"' in page
    assert 'href="/deliveries"' in site.get("/").text
    assert f'href="/deliveries?company={both_here[0]}"' in site.get(f"/companies/{both_here[0]}/mail").text

    cut = site.get(f"/deliveries?state=given_up&company={both_here[1]}").text
    assert "claire2@durand.example" in cut
    assert "ERP 2" not in cut
    assert site.get("/deliveries?company=nobody").status_code == 404
    done = site.post("/deliveries/again", data={"state": "given_up", "company": both_here[1]})
    assert "To be tried again at the next tick, within 60 s: 1." in done.text
    assert states(sqlite_engine)["l2"] == ("waiting", True)
    assert site.post("/deliveries/again", data={"number": "l6"}).status_code == 409
    assert "Letters go there again" in site.post("/deliveries/recipients/r6/good").text
    assert states(sqlite_engine)["l6"] == ("waiting", True)


def test_the_page_says_that_nothing_failed(site: TestClient) -> None:
    assert "Everything was delivered" in site.get("/deliveries").text
    assert "None." in site.get("/deliveries?state=bounced&tried=%C2%B2&before=%E2%82%AC").text
    assert site.post("/deliveries/again", headers={"sec-fetch-site": "cross-site"}).status_code == 409


def test_a_program_reads_them_in_codes_and_tries_them_again(site: TestClient, both_here: tuple[str, str]) -> None:
    site.cookies.clear()
    assert site.get("/v1/deliveries").status_code == 401
    site.headers["authorization"] = f"Bearer {site.headers['x-key']}"
    told = site.get("/v1/deliveries").json()
    first = next(one for one in told["deliveries"] if one["id"] == "l1")

    assert told["counts"]["trying"] == 2
    assert (first["state"], first["code"], first["detail"]) == ("refused", "mail_answered", "554 no")
    assert first["what"] == {"letter": "digest", "period": "2026-W47"}
    assert told["bounced"] == [
        {"email": "claire6@durand.example", "since": NOW.isoformat(), "held": 1, "code": "mail_came_back",
         "detail": "550 5.1.1 gone"}
    ]  # fmt: skip
    assert [one["id"] for one in site.get(f"/v1/deliveries?company={both_here[1]}").json()["deliveries"]] == [
        "n3",
        "l2",
    ]
    assert site.get("/v1/deliveries?state=nonsense").status_code == 422
    assert site.get("/v1/deliveries?company=nobody").status_code == 404
    assert site.post("/v1/deliveries/l1/again").json() == {"again": 1}
    assert site.post("/v1/deliveries/nothing/again").status_code == 404
    assert site.post("/v1/deliveries/n3/again").json()["title"] == "channel_is_off"
    assert site.post("/v1/deliveries/again", json={"state": "given_up"}).json() == {"again": 2}
    assert site.post("/v1/deliveries/again", json={"company": both_here[0], "x": 1}).status_code == 422


@pytest.mark.usefixtures("both_here")
def test_a_terminal_lists_them_and_tries_them_again(sqlite_engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    print_deliveries(sqlite_engine, "Zinguerie", None, SETTINGS, "en")
    out = capsys.readouterr().out
    assert "l2" in out
    assert "l1" not in out
    try_deliveries(sqlite_engine, "all", None, "given_up", NOW, "en")
    assert "Tried again at the next tick: 2." in capsys.readouterr().out
    with pytest.raises(BadInput, match="no_such_delivery_state"):
        print_deliveries(sqlite_engine, None, "nonsense", SETTINGS, "en")


@pytest.mark.usefixtures("both_here")
def test_figures_count_what_did_not_arrive(site: TestClient) -> None:
    figures = site.get("/metrics", headers={"authorization": f"Bearer {site.headers['x-key']}"}).text

    assert 'seuil_letters{state="bounced"} 1.0' in figures
    assert 'seuil_letters{state="held"} 1.0' in figures
    assert 'seuil_notices{state="refused"} 2.0' in figures
    assert "seuil_recipients_bounced 1.0" in figures


def test_what_came_back_stands_on_the_page_with_its_words(sqlite_engine: Engine, site: TestClient) -> None:
    add_letter(sqlite_engine, state="sent", sent_at=NOW, tried_at=NOW, attempts=1)
    with write(sqlite_engine) as conn:
        take_mail(conn, postfix("claire1@durand.example", "1.2026-W47@seuil.example.com"), NOW)

    assert "It came back: 550 5.1.1" in site.get("/deliveries?state=bounced").text


def test_the_doctor_says_that_addresses_bounced(sqlite_engine: Engine) -> None:
    troubles(sqlite_engine)
    with read(sqlite_engine) as conn:
        found = [(check.code, check.params) for check in check_letters(conn, NOW)]

    assert ("doctor_addresses_bounced", {"n": 1}) in found
