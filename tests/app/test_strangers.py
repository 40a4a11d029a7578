"""Nobody sees what is not theirs: every address, taken from the router, asked by somebody of another company.

An address that is added is covered by itself; one that names a new kind of object fails until `things` makes one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, insert, select

from app.access import holder_called, let_in, make_holder, make_owner
from app.api_keys import keys, make_key, note_use
from app.companies import add_company, connection_for
from app.db import open_database, read, write
from app.ids import new_id
from app.main import create_app
from app.maintenance import add_maintenance
from app.members import give_role, invitations, invite
from app.models import metadata
from app.models.access import audit_entry
from app.models.channels import channel
from app.models.ledger import ledger_import
from app.models.watch import episode, letter
from app.people import name_actor
from app.permits import PUBLIC, ability_asked
from app.recipients import add_recipient
from app.roles import ROLES, SCOPES, Role, Scope
from app.room import COOKIE
from app.settings import Settings
from tests.conftest import NOW

OURS = {"sec-fetch-site": "same-origin"}
THEIRS = "Brun & Fils, la voisine"
SECRETS = (THEIRS, "Brun &amp; Fils", "voisine", "paul@brun.test", "Paul Brun", "pbrun")
SILENT = frozenset({"audit_entry", "sign_in"})  # may change though nothing was allowed
ANY = {"signal": "quality", "measure": "error_rate", "process": "invoicing", "stream": "invoices", "name": "dolibarr"}
BODIES: dict[str, dict[str, Any]] = {
    "snooze": {"until": "2026-11-30", "reason": "closing"},
    "dismiss": {"because": "expected"},
    "/v1/companies/{company_id}/people/{actor_id}/role": {"role": "admin"},
    "replay": {"number": 1},
    "{token}": {"stream": "invoices"},
}
_PARAM = re.compile(r"\{([a-z_]+)\}")

Route = tuple[str, str]
Response = Any  # of whichever client the test client is built on


def _routes() -> list[Route]:
    app = create_app(open_database("sqlite://"), Settings(database_url="sqlite://"))
    found: set[Route] = set()
    for one in iter_route_contexts(app.routes):
        for method in getattr(one, "methods", None) or ():
            if method not in {"HEAD", "OPTIONS"}:
                found.add((method, str(one.path)))
    return sorted(found, key=lambda route: (route[1], route[0]))


ROUTES = _routes()
GUARDED = [route for route in ROUTES if route[1] not in PUBLIC]
OF_A_COMPANY = [route for route in GUARDED if "{company_id}" in route[1]]
_OBJECTS = set(ANY) | {"company_id"}
OF_AN_OBJECT = [route for route in GUARDED if set(_PARAM.findall(route[1])) - _OBJECTS]
LISTS = [path for method, path in GUARDED if method == "GET" and not set(_PARAM.findall(path)) - {"company_id"}]


@dataclass
class World:
    """Two companies, and who comes in where; `theirs` has an object of the second one for each name in an address."""

    engine: Engine
    app: FastAPI
    mine: str = ""
    other: str = ""
    theirs: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, who: str | None, route: Route, params: dict[str, str]) -> Response:
        """Ask an address as somebody, with a body that would do."""
        method, path = route
        client = TestClient(self.app, headers=OURS, follow_redirects=False, raise_server_exceptions=False)
        headers = {}
        token = self.tokens.get(who or "")
        if token and token.startswith("seuil_"):
            headers["authorization"] = f"Bearer {token}"
        elif token:
            client.cookies.set(COOKIE, token)
        told = BODIES.get(path, BODIES.get(path.rpartition("/")[2], {})) if method not in {"GET", "DELETE"} else {}
        body: dict[str, Any] = {"json": told} if path.startswith("/v1") else {"data": told or {"name": "x"}}
        if method in {"GET", "DELETE"}:
            body = {"params": {"stream": "invoices"}}
        return client.request(method, path.format(**ANY | params), headers=headers, **body)

    def kept(self) -> dict[str, list[str]]:
        """Read everything there is, to see that nothing has changed."""
        with read(self.engine) as conn:
            tables = [table for table in metadata.sorted_tables if table.name not in SILENT]
            return {one.name: sorted(str(row) for row in conn.execute(select(one))) for one in tables}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[World]:
    path = tmp_path_factory.mktemp("strangers") / "seuil.db"
    path.write_bytes(sqlite_template.read_bytes())
    engine = open_database(f"sqlite:///{path}")
    made = World(engine, create_app(engine, Settings(database_url=f"sqlite:///{path}"), now=lambda: NOW))
    with write(engine) as conn:
        make_owner(conn, "everything@seuil.example", "a very long password", NOW)
        made.mine = add_company(conn, "Menuiserie Aubrac", NOW, siren="123456782", zone="Europe/Paris")
        made.other = add_company(conn, THEIRS, NOW, siren="732829320", zone="Europe/Paris")
        made.theirs = things(conn, made.other)
        for role in Role:
            holder = make_holder(conn, f"{role}@aubrac.example", None, NOW)
            give_role(conn, holder, made.mine, role, "test", NOW)
            made.tokens[role] = let_in(conn, holder, NOW)
        for scope in Scope:
            made.tokens[f"key {scope}"] = make_key(conn, scope, NOW, scope=scope, company_id=made.mine)
            note_use(conn, made.tokens[f"key {scope}"], NOW)
        paul = let_in(conn, made.theirs["holder_id"], NOW)
    made.theirs["token"] = hand_over(made, paul)
    yield made
    engine.dispose()


def things(conn: Connection, company_id: str) -> dict[str, str]:
    """Make one of each thing that an address can name."""
    paul = make_holder(conn, "paul@brun.test", None, NOW)
    give_role(conn, paul, company_id, Role.OWNER, "test", NOW)
    let_in(conn, paul, NOW)
    made = {
        "connection_id": connection_for(conn, company_id, "dolibarr", NOW),
        "recipient_id": add_recipient(conn, company_id, "paul@brun.test", "fr", "Europe/Paris", NOW),
        "maintenance_id": add_maintenance(conn, company_id, NOW, NOW + timedelta(days=1), "", "paul", NOW),
        "holder_id": paul,
        "sign_in_id": new_id(NOW),
    }
    made["actor_id"] = name_actor(conn, company_id, "pbrun", NOW, name="Paul Brun", role=None, ours=True)
    make_key(conn, "theirs", NOW, company_id=company_id, made_by="paul@brun.test")
    made["key_id"] = next(str(one["id"]) for one in keys(conn) if one["company_id"] == company_id)
    invite(conn, "voisine@brun.test", company_id, Role.VIEWER, "paul@brun.test", NOW)
    made["invitation_id"] = str(invitations(conn, NOW)[0]["id"])
    ids = {name: new_id(NOW) for name in ("episode_id", "letter_id", "channel_id", "import_id")}
    conn.execute(insert(episode).values(
        id=ids["episode_id"], company_id=company_id, subject="quality", state="firing", opened_on=NOW.date(),
        opened_at=NOW, seen_on=NOW.date(), facts={},
    ))  # fmt: skip
    conn.execute(insert(letter).values(
        id=ids["letter_id"], recipient_id=made["recipient_id"], kind="digest", period="2026-W47",
        message_id="<theirs@seuil.invalid>", content={"companies": []}, told_until=0, state="refused",
        created_at=NOW, next_try_at=NOW,
    ))  # fmt: skip
    conn.execute(insert(channel).values(
        id=ids["channel_id"], company_id=company_id, kind="webhook", label="voisine", sealed_address="x",
        created_at=NOW, told_until=0, language="fr",
    ))  # fmt: skip
    conn.execute(insert(ledger_import).values(
        no=1, id=ids["import_id"], company_id=company_id, connection_id=made["connection_id"], file_name="voisine.txt",
        digest="x", state="staged", started_at=NOW, summary={},
    ))  # fmt: skip
    return made | ids | {"delivery_id": ids["letter_id"]}


def hand_over(world: World, token: str) -> str:
    """Have a list of theirs wait for its columns to be named; give what it goes by."""
    client = TestClient(world.app, headers=OURS, cookies={COOKIE: token}, follow_redirects=False)
    table = {"file": ("voisine.csv", b"numero;total\nF1;100\n")}
    kept = client.post(f"/companies/{world.other}/mapping", data={"stream": "invoices"}, files=table)
    return kept.headers["location"].rpartition("/")[2].partition("?")[0]


def named(route: Route) -> str:
    return f"{route[0]} {route[1]}"


def assert_silent(answers: Mapping[str, Response]) -> None:
    assert {name: [one for one in SECRETS if one in answer.text] for name, answer in answers.items()} == {
        name: [] for name in answers
    }


def test_nobody_comes_in_without_saying_who_they_are(world: World) -> None:
    answers = {named(one): world.ask(None, one, world.theirs | {"company_id": world.other}) for one in GUARDED}

    sent_to_the_door = {
        name for name, one in answers.items() if one.headers.get("location", "").startswith("/sign-in?")
    }
    assert {name for name, one in answers.items() if one.status_code == 303} == sent_to_the_door
    assert {name for name, one in answers.items() if one.status_code == 401} == answers.keys() - sent_to_the_door
    assert_silent(answers)


@pytest.mark.parametrize("who", [Role.OWNER, "key write"])
def test_another_company_is_not_there_in_the_same_words_as_one_that_never_was(world: World, who: str) -> None:
    before, never = world.kept(), new_id(NOW)
    asked = [one for one in OF_A_COMPANY if who == Role.OWNER or one[1].startswith("/v1")]
    theirs = {named(one): world.ask(who, one, world.theirs | {"company_id": world.other}) for one in asked}
    nobodys = {named(one): world.ask(who, one, world.theirs | {"company_id": never}) for one in asked}

    assert {name: one.status_code for name, one in theirs.items() if one.status_code != 404} == {}
    assert {name: one.text.replace(world.other, "…") for name, one in theirs.items()} == {
        name: one.text.replace(never, "…") for name, one in nobodys.items()
    }
    assert_silent(theirs)
    assert world.kept() == before


def test_what_belongs_to_another_company_is_not_found_under_ones_own(world: World) -> None:
    before = world.kept()
    answers = {
        named(one): world.ask(Role.OWNER, one, world.theirs | {"company_id": world.mine}) for one in OF_AN_OBJECT
    }

    assert {name: one.status_code for name, one in answers.items() if one.status_code != 404} == {}
    assert_silent(answers)
    assert world.kept() == before


@pytest.mark.parametrize("who", [*Role, *(f"key {scope}" for scope in Scope)])
def test_no_list_names_anything_of_another_company(world: World, who: str) -> None:
    answers = {path: world.ask(who, ("GET", path), {"company_id": world.mine}) for path in LISTS}

    assert {path: one.status_code for path, one in answers.items() if one.status_code >= 500} == {}
    assert [path for path, one in answers.items() if world.other in one.text] == []
    assert_silent(answers)


@pytest.mark.parametrize("who", [*Role, *(f"key {scope}" for scope in Scope)])
def test_a_role_opens_what_it_is_for_and_nothing_else(world: World, who: str) -> None:
    held = SCOPES[Scope(who.removeprefix("key "))] if who.startswith("key ") else ROLES[Role(who)]
    closed = [route for route in GUARDED if (asks := ability_asked(*route)) is not None and asks not in held]
    before = world.kept()
    answers = {named(one): world.ask(who, one, world.theirs | {"company_id": world.mine}) for one in closed}

    let_through = {name: answer.status_code for name, answer in answers.items() if answer.status_code not in {303, 403}}
    assert let_through == {}
    assert {name for name, answer in answers.items() if answer.status_code == 303} == {
        name for name in answers if who.startswith("key ") and not name.split()[1].startswith(("/v1", "/metrics"))
    }
    assert world.kept() == before


def test_a_key_opens_no_page(world: World) -> None:
    for who in (f"key {scope}" for scope in Scope):
        assert world.ask(who, ("GET", "/companies/{company_id}"), {"company_id": world.mine}).status_code == 303


def test_what_was_refused_is_in_nobodys_audit(world: World) -> None:
    with write(world.engine) as conn:
        conn.execute(audit_entry.delete())
    world.ask(Role.VIEWER, ("POST", "/companies/{company_id}/assess"), {"company_id": world.mine})
    world.ask(Role.OWNER, ("POST", "/companies/{company_id}/assess"), {"company_id": world.other})

    with read(world.engine) as conn:
        assert conn.execute(select(audit_entry.c.no)).all() == []


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("GET", "/deliveries", {"company": "{other}"}),
        ("GET", "/v1/deliveries", {"company": "{other}"}),
        ("GET", "/audit", {"company": "{other}"}),
        ("POST", "/deliveries/again", {"number": "{letter_id}"}),
        ("POST", "/deliveries/again", {"company": "{other}"}),
        ("POST", "/v1/deliveries/again", {"company": "{other}"}),
        ("POST", "/keys", {"company": "{other}", "name": "x"}),
        ("POST", "/keys", {"company": "*", "name": "x"}),
        ("POST", "/accounts", {"company": "{other}", "role": "owner", "email": "x@x.test"}),
        ("POST", "/accounts", {"company": "*", "role": "owner", "email": "x@x.test"}),
        ("POST", "/accounts/{me}/role", {"company": "{other}", "role": "owner"}),
        ("POST", "/accounts/{me}/role", {"company": "*", "role": "owner"}),
        ("POST", "/accounts/{holder_id}/role", {"company": "{other}", "role": ""}),
        ("POST", "/v1/records/invoices", {"company": "732829320", "records": []}),
    ],
)
def test_what_a_form_or_a_query_names_is_as_closed_as_an_address(
    world: World, method: str, path: str, told: dict[str, Any]
) -> None:
    with read(world.engine) as conn:
        me = holder_called(conn, f"{Role.OWNER}@aubrac.example")
    known = world.theirs | {"other": world.other, "me": str(me)}
    filled = {name: value.format(**known) if isinstance(value, str) else value for name, value in told.items()}
    client, before = TestClient(world.app, headers=OURS, cookies={COOKIE: world.tokens[Role.OWNER]}), world.kept()
    how = "params" if method == "GET" else "json" if path.startswith("/v1") else "data"
    answer = client.request(method, path.format(**known), **{how: filled})  # type: ignore[arg-type] # each takes a mapping

    assert answer.status_code == 404
    assert_silent({path: answer})
    assert world.kept() == before


def test_a_cookie_changes_nothing_over_the_api_from_another_site(world: World) -> None:
    cookies, path = {COOKIE: world.tokens[Role.OWNER]}, f"/v1/companies/{world.mine}/maintenance"
    client, before = TestClient(world.app, cookies=cookies), world.kept()
    told = {"from": "2026-12-01", "until": "2026-12-02"}

    for headers in ({}, {"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        assert client.post(path, json=told, headers=headers).status_code == 409
    assert world.kept() == before
