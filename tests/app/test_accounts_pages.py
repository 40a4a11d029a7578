"""Invitations, roles, sign-ins and keys, as people meet them."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from app.access import (
    LOCKED_FOR,
    OLD_TOKEN_FOR,
    TOKEN_CHANGES_AFTER,
    TRIES,
    holder_called,
    let_in,
    make_holder,
    make_owner,
)
from app.audit import KEPT_FOR, forget_entries
from app.companies import add_company
from app.db import open_database, read, write
from app.errors import Refused
from app.main import create_app
from app.members import INVITED_FOR, give_role, take_role
from app.models.access import account_holder, audit_entry, sign_in
from app.roles import Role
from app.room import COOKIE
from app.settings import Settings
from tests.conftest import NOW
from tests.mail_server import mail_server

OURS = {"sec-fetch-site": "same-origin", "accept-language": "en"}
OWNER, PASSWORD = "owner@aubrac.test", "quatre petits chats"
LINK = re.compile(r"http://[^<\s]+/invitations/([\w-]+)")


@dataclass
class House:
    """The application on a database, with a clock that can be set."""

    engine: Engine
    client: Callable[..., TestClient]
    company: str
    clock: list[datetime]

    def said(self) -> list[tuple[str, str, int | None]]:
        """Give the audit: who, what, with which answer."""
        with read(self.engine) as conn:
            a = audit_entry.c
            return [
                (str(who), str(what), status)
                for who, what, status in conn.execute(select(a.who, a.what, a.status).order_by(a.no))
            ]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> tuple[Path, str]:
    """A house with its owner: argon2 takes its time, so once is enough."""
    path = tmp_path_factory.mktemp("accounts") / "seuil.db"
    shutil.copy(sqlite_template, path)
    engine = open_database(f"sqlite:///{path}")
    with write(engine) as conn:
        make_owner(conn, OWNER, PASSWORD, NOW)
        company = add_company(conn, "Menuiserie Aubrac", NOW, siren="123456782", zone="Europe/Paris")
    engine.dispose()
    return path, company


@pytest.fixture
def house(prepared: tuple[Path, str], tmp_path: Path) -> Iterator[House]:
    path = tmp_path / "seuil.db"
    shutil.copy(prepared[0], path)
    engine, clock = open_database(f"sqlite:///{path}"), [NOW]
    app = create_app(engine, Settings(database_url=f"sqlite:///{path}"), now=lambda: clock[0])

    def client(who: str | None = None) -> TestClient:
        made = TestClient(app, headers=OURS, follow_redirects=False)
        if who is not None:
            with write(engine) as conn:
                holder = holder_called(conn, who)
                assert holder is not None
                made.cookies.set(COOKIE, let_in(conn, holder, clock[0]))
        return made

    yield House(engine, client, prepared[1], clock)
    engine.dispose()


def invited(house: House, email: str = "lea@aubrac.test", role: str = "viewer", company: str | None = None) -> str:
    page = house.client(OWNER).post(
        "/accounts", data={"email": email, "role": role, "company": company or house.company}
    )
    found = LINK.search(page.text)
    assert found is not None
    return found.group(1)


def test_somebody_invited_chooses_a_password_comes_in_and_sees_what_they_may(house: House) -> None:
    token, guest = invited(house), house.client()
    assert (
        "owner@aubrac.test invites you to Seuil as viewer: Menuiserie Aubrac."
        in guest.get(f"/invitations/{token}").text
    )
    entered = guest.post(f"/invitations/{token}", data={"password": "une longue phrase", "again": "une longue phrase"})

    assert entered.headers["location"] == f"/companies/{house.company}"
    assert guest.get(f"/companies/{house.company}").status_code == 200
    assert guest.get(f"/companies/{house.company}/policy").status_code == 200
    refused = guest.post(f"/companies/{house.company}/assess")
    assert refused.status_code == 403
    assert "Your role does not allow this" in refused.text
    again = house.client().post("/sign-in", data={"email": "LEA@aubrac.test", "password": "une longue phrase"})
    assert again.status_code == 303
    assert house.client().get(f"/invitations/{token}").status_code == 404


@pytest.mark.parametrize(
    ("password", "again", "why"),
    [("too short", "too short", "12 to 1,024 characters"), ("une longue phrase", "une autre phrase", "not the same")],
)
def test_a_password_that_does_not_fit_leaves_the_invitation_as_it_was(
    house: House, password: str, again: str, why: str
) -> None:
    token = invited(house)
    refused = house.client().post(f"/invitations/{token}", data={"password": password, "again": again})

    assert refused.status_code == 422
    assert why in refused.text
    assert house.client().get(f"/invitations/{token}").status_code == 200


def test_an_invitation_ends_after_a_week_or_when_it_is_withdrawn_or_made_anew(house: House) -> None:
    late, owner = invited(house, "late@aubrac.test"), house.client(OWNER)
    first = invited(house)
    second = invited(house)
    assert owner.get(f"/invitations/{first}").status_code == 404
    assert owner.get(f"/invitations/{second}").status_code == 200

    which = re.findall(r"/accounts/invitations/([\w-]+)/withdraw", owner.get("/accounts").text)
    assert len(which) == 2
    for one in which:
        owner.post(f"/accounts/invitations/{one}/withdraw")
    assert owner.get(f"/invitations/{second}").status_code == 404
    assert owner.get(f"/invitations/{late}").status_code == 404
    token = invited(house, "late@aubrac.test")
    house.clock[0] += INVITED_FOR
    assert owner.get(f"/invitations/{token}").status_code == 404


def test_somebody_with_an_account_gets_another_role_by_their_password_only(house: House) -> None:
    token = invited(house, OWNER, "auditor")
    wrong = house.client().post(f"/invitations/{token}", data={"password": "not the one it is"})
    assert wrong.status_code == 401
    taken = house.client().post(f"/invitations/{token}", data={"password": PASSWORD})

    assert taken.status_code == 303
    page = house.client(OWNER).get("/me").text
    assert "auditor" in page
    assert "owner" in page


def test_the_link_is_mailed_where_there_is_a_server(house: House) -> None:
    with mail_server() as desk:
        settings = Settings(
            database_url="sqlite://", smtp_host="127.0.0.1", smtp_port=desk.port, smtp_security="none",
            public_url="https://seuil.test", mail_from="Seuil <seuil@aubrac.test>",
        )  # fmt: skip
        client = TestClient(create_app(house.engine, settings, now=lambda: NOW), headers=OURS)
        client.cookies = house.client(OWNER).cookies
        page = client.post("/accounts", data={"email": "lea@aubrac.test", "role": "finance_lead", "company": "*"})
        (mail,) = desk.letters

    link = re.search(r"https://seuil\.test/invitations/[\w-]+", page.text)
    assert link is not None
    assert link.group() in mail.get_content()
    assert mail["To"] == "lea@aubrac.test"
    assert mail["Subject"] == "Seuil: owner@aubrac.test invites you"
    assert "as finance lead: every company" in mail.get_content()
    assert "The mail server has taken the mail" in page.text


def test_a_role_is_changed_and_taken_and_the_last_owner_stays(house: House) -> None:
    with write(house.engine) as conn:
        lea = make_holder(conn, "lea@aubrac.test", None, NOW)
        give_role(conn, lea, house.company, Role.VIEWER, OWNER, NOW)
        owner = holder_called(conn, OWNER)
    page, guest = house.client(OWNER), house.client("lea@aubrac.test")
    page.post(f"/accounts/{lea}/role", data={"company": house.company, "role": "finance_lead"})
    assert guest.post(f"/companies/{house.company}/assess").status_code == 303

    kept = page.post(f"/accounts/{owner}/role", data={"company": "*", "role": "viewer"})
    assert kept.status_code == 409
    assert "left as owner" in kept.text
    page.post(f"/accounts/{lea}/role", data={"company": house.company, "role": ""})
    assert guest.get(f"/companies/{house.company}").status_code == 303
    with read(house.engine) as conn:
        assert conn.execute(select(account_holder.c.id).where(account_holder.c.id == lea)).all() == []


def test_a_company_keeps_an_owner_of_its_own_or_of_all(house: House) -> None:
    with write(house.engine) as conn:
        lea = make_holder(conn, "lea@aubrac.test", None, NOW)
        give_role(conn, lea, house.company, Role.OWNER, OWNER, NOW)
        owner = holder_called(conn, OWNER)
        assert owner is not None
        with pytest.raises(Refused):
            take_role(conn, owner, None)


def test_the_owner_of_one_company_invites_to_it_and_sees_its_people_only(house: House) -> None:
    with write(house.engine) as conn:
        add_company(conn, "Une autre", NOW, zone="Europe/Paris")
        lea = make_holder(conn, "lea@aubrac.test", None, NOW)
        give_role(conn, lea, house.company, Role.OWNER, OWNER, NOW)
    client = house.client("lea@aubrac.test")
    page = client.get("/accounts").text

    assert "lea@aubrac.test" in page
    assert '<th scope="row">owner@aubrac.test' not in page
    assert "Une autre" not in page
    assert "every company" not in client.get("/keys").text
    made = client.post("/accounts", data={"email": "max@aubrac.test", "role": "viewer", "company": house.company})
    assert LINK.search(made.text)


def test_after_ten_failures_not_even_the_right_password_lets_in_for_a_while(house: House) -> None:
    for n in range(TRIES):  # more than an address may try in a minute
        house.clock[0] = NOW + n * timedelta(seconds=10)
        assert house.client().post("/sign-in", data={"email": OWNER, "password": "wrong"}).status_code == 401
    right = {"email": OWNER, "password": PASSWORD}
    house.clock[0] += timedelta(minutes=2)
    locked = house.client().post("/sign-in", data=right)
    assert locked.status_code == 429
    assert "quarter of an hour" in locked.text

    house.clock[0] += LOCKED_FOR
    assert house.client().post("/sign-in", data=right).status_code == 303


def test_the_cookie_changes_with_use_and_an_old_one_ends_what_it_was_stolen_from(house: House) -> None:
    browser, thief = house.client(OWNER), house.client()
    thief.cookies.set(COOKIE, str(browser.cookies[COOKIE]))
    house.clock[0] += TOKEN_CHANGES_AFTER
    answer = browser.get("/me")

    assert answer.status_code == 200
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert thief.get("/me").status_code == 200  # a page that was on its way
    assert "set-cookie" not in thief.get("/me").headers
    house.clock[0] += OLD_TOKEN_FOR
    assert browser.get("/me").status_code == 200
    assert thief.get("/me").status_code == 303
    assert browser.get("/me").status_code == 303


def test_a_new_password_ends_every_other_sign_in_and_keeps_this_one(house: House) -> None:
    here, there = house.client(OWNER), house.client(OWNER)
    wrong = here.post("/me/password", data={"old": "no", "new": "une longue phrase", "again": "une longue phrase"})
    assert wrong.status_code == 422
    here.post("/me/password", data={"old": PASSWORD, "new": "une longue phrase", "again": "une longue phrase"})

    assert here.get("/me").status_code == 200
    assert there.get("/me").status_code == 303
    assert house.client().post("/sign-in", data={"email": OWNER, "password": PASSWORD}).status_code == 401


def test_ones_own_sign_ins_can_be_ended_one_by_one_or_all_but_this(house: House) -> None:
    here, there, far = house.client(OWNER), house.client(OWNER), house.client(OWNER)
    first = re.search(r"/me/sign-ins/([\w-]+)/end", here.get("/me").text)
    assert first is not None
    here.post(f"/me/sign-ins/{first.group(1)}/end")
    assert {there.get("/me").status_code, far.get("/me").status_code} == {200, 303}
    here.post("/me/sign-ins/end")

    assert {there.get("/me").status_code, far.get("/me").status_code} == {303}
    assert here.get("/me").status_code == 200


def test_an_owner_ends_the_sign_ins_of_a_lost_laptop(house: House) -> None:
    with write(house.engine) as conn:
        lea = make_holder(conn, "lea@aubrac.test", None, NOW)
        give_role(conn, lea, house.company, Role.VIEWER, OWNER, NOW)
    laptop = house.client("lea@aubrac.test")
    house.client(OWNER).post(f"/accounts/{lea}/sign-ins/end")

    assert laptop.get("/me").status_code == 303
    with read(house.engine) as conn:
        assert conn.execute(select(sign_in.c.id).where(sign_in.c.holder_id == lea)).all() == []


def test_a_key_ends_on_its_day_and_shows_when_it_was_last_used(house: House) -> None:
    owner = house.client(OWNER)
    page = owner.post("/keys", data={"name": "tableur", "scope": "read", "company": house.company, "days": "30"}).text
    key = re.search(r"seuil_[\w-]+", page)
    assert key is not None
    program, bearer = house.client(), {"authorization": f"Bearer {key.group()}"}
    assert "never" in owner.get("/keys").text
    assert program.get("/v1/companies", headers=bearer).status_code == 200
    assert "never" not in owner.get("/keys").text.partition("<form")[0].rpartition("<tbody>")[2]
    house.clock[0] += timedelta(days=30)

    assert program.get("/v1/companies", headers=bearer).status_code == 401


@pytest.mark.parametrize("told", [{"scope": "everything"}, {"days": "31"}, {"name": " "}])
def test_a_key_of_no_kind_is_refused(house: House, told: dict[str, str]) -> None:
    refused = house.client(OWNER).post("/keys", data={"name": "x", "scope": "read", "days": "0"} | told)

    assert refused.status_code == 422


def test_every_change_and_every_look_at_personal_data_is_written_down_with_its_answer(house: House) -> None:
    owner, home = house.client(OWNER), f"/companies/{house.company}"
    owner.get(home)
    owner.get(f"{home}/people")
    owner.get(f"{home}/people/names")
    owner.post(f"{home}/assess")
    owner.post(f"{home}/people/erase", data={"erase": "nobody"})
    owner.post("/language", data={"language": "en"})

    assert house.said() == [
        (OWNER, "seen people/names", 200),
        (OWNER, "assess", 303),
        (OWNER, "people/erase", 422),
    ]
    page = owner.get("/audit").text
    assert "saw names of staff" in page
    assert "had the company assessed" in page
    assert "saw names of staff" in owner.get(f"/audit.csv?company={house.company}").text
    assert "saw names of staff" not in owner.get("/audit?who=somebody").text


def test_the_audit_is_kept_two_years(house: House) -> None:
    house.client(OWNER).get("/accounts")
    with write(house.engine) as conn:
        assert forget_entries(conn, NOW + KEPT_FOR) == 0
        assert forget_entries(conn, NOW + KEPT_FOR + timedelta(seconds=1)) == 1
