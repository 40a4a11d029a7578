"""The pages on which an account is connected, edited and disconnected, and its door by the provider's own scheme."""

import hashlib
import hmac
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, func, select, update

from app.access import holder_with, let_in, make_owner
from app.companies import add_company, connection_for
from app.db import open_database, read, write
from app.doors import new_door_secret
from app.errors import Refused
from app.intake import find_source, save_page
from app.main import create_app
from app.models.core import bookmark, connection
from app.models.records import document
from app.models.watch import knock
from app.pages.connect import providers_here
from app.room import COOKIE
from connectors.base import Provider
from connectors.errors import AccessDenied
from connectors.providers import OURS
from connectors.records import Stream
from tests.app.test_connecting import GIVEN, INVOICES, SECRET, SETTINGS, FakeSource, provider
from tests.conftest import NOW

OURS_ONLY = {"sec-fetch-site": "same-origin", "accept": "text/html", "accept-language": "en"}
OWNER = "owner@example.com"
FORM = {f"answer-{name}": value for name, value in GIVEN.items()}
RIGHT = AccessDenied(code="right_missing", params={"right": "<b>staff</b>"})


@dataclass
class Site:
    """The pages of a company, on which a made-up provider stands in for the registry's."""

    engine: Engine
    client: TestClient
    company: str
    source: FakeSource

    def get(self, where: str) -> Any:
        return self.client.get(f"/companies/{self.company}{where}", follow_redirects=True)

    def post(self, where: str, fields: Mapping[str, str] | None = None) -> Any:
        return self.client.post(f"/companies/{self.company}{where}", data=fields or {}, follow_redirects=True)

    def tried(self, **fields: str) -> str:
        """Try the account, and give the token of the trial."""
        page = self.post("/connect/demo", FORM | fields).text
        found = re.search(r'name="trial" value="([\w-]+)"', page)
        assert found, page
        return found[1]

    def connected(self) -> str:
        """Connect the account and have it read a page; give the connection's id."""
        self.post("/connect/demo/save", {"trial": self.tried()})
        mine = str(self.row()["id"])
        with write(self.engine) as conn:
            save_page(conn, find_source(conn, mine), Stream.INVOICES, INVOICES, NOW)
        return mine

    def row(self) -> Mapping[str, Any]:
        with read(self.engine) as conn:
            return dict(conn.execute(select(connection)).mappings().one())

    def count(self, table: Any) -> int:
        with read(self.engine) as conn:
            return conn.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.fixture(scope="module")
def prepared(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A company without anything, and its owner signed in."""
    path = tmp_path_factory.mktemp("prepared") / "seuil.db"
    shutil.copy(sqlite_template, path)
    engine = open_database(f"sqlite:///{path}")
    with write(engine) as conn:
        company = add_company(conn, "Menuiserie Aubrac", NOW, zone="Europe/Paris")
        make_owner(conn, OWNER, "right", NOW)
        token = let_in(conn, holder_with(conn, OWNER, "right"), NOW)
    engine.dispose()
    return path, company, token


@pytest.fixture
def site(prepared: tuple[Path, str, str], tmp_path: Path) -> Iterator[Site]:
    path, company, token = prepared
    shutil.copy(path, tmp_path / "seuil.db")
    engine = open_database(f"sqlite:///{tmp_path / 'seuil.db'}")
    fake, source = provider({Stream.INVOICES: [INVOICES], Stream.STAFF: [RIGHT]})
    app = create_app(engine, SETTINGS, now=lambda: NOW)
    app.dependency_overrides[providers_here] = lambda: {"demo": fake, "bare": replace(fake, name="bare", asks=())}
    client = TestClient(app, headers=OURS_ONLY, follow_redirects=False)
    client.cookies.set(COOKIE, token)
    yield Site(engine, client, company, source)
    engine.dispose()


def test_the_list_says_what_each_provider_tells_and_leaves_out_what_asks_nothing(site: Site) -> None:
    page = site.get("/connect").text

    assert "/connect/demo" in page
    assert "/connect/bare" not in page
    assert "activity log" in page
    assert 'class="tier t-proxy"' in page
    assert "/connect" in site.get("/connections").text


def test_an_account_is_asked_for_tried_and_only_then_saved(site: Site) -> None:
    form = site.get("/connect/demo").text
    tried = site.post("/connect/demo", FORM)
    nothing_yet = site.count(connection)
    done = site.post("/connect/demo/save", {"trial": re.findall(r'name="trial" value="([\w-]+)"', tried.text)[0]}).text
    row = site.row()

    assert 'value="facture, relance"' in form
    assert 'type="password"' in form
    assert "rows on the first page: 2, not understood: 1" in tried.text
    assert "&lt;b&gt;staff&lt;/b&gt;" in tried.text
    assert "none there" in tried.text
    assert nothing_yet == 0
    assert (row["due_at"], row["connected_by"], row["streams"]) == (NOW, OWNER, ["invoices"])
    assert "The account is saved." in done


def test_a_secret_is_on_no_page_and_in_no_answer(site: Site) -> None:
    tried = site.post("/connect/demo", FORM)
    site.connected()
    pages = [tried, *(site.get(where) for where in ("/connect", "/connect/demo", "/connections"))]
    wrong = site.post("/connect/demo", FORM | {"answer-login": ""})

    assert not [page.url for page in [*pages, wrong] if SECRET in page.text]
    assert str(site.row()["sealed_credentials"]) not in "".join(page.text for page in pages)
    assert tried.headers["cache-control"] == "no-store"
    assert (wrong.status_code, 'role="alert"' in wrong.text) == (422, True)
    assert 'value="https://erp.example.com"' in wrong.text  # what is no secret need not be typed again


def test_a_trial_can_be_repeated_without_typing_the_secret_again(site: Site) -> None:
    first = site.tried()
    second = site.tried(**{"trial": first, "answer-password": "", "answer-login": "other"})
    too_late = site.post("/connect/demo/save", {"trial": first})
    site.post("/connect/demo/save", {"trial": second})

    assert too_late.status_code == 409
    assert site.row()["settings"]["login"] == "other"


def test_an_account_that_is_edited_keeps_the_secret_that_is_left_blank(site: Site) -> None:
    site.connected()
    form = site.get("/connect/demo").text
    blank = re.search(r'name="answer-password"[^>]*>', form)
    site.post("/connect/demo/save", {"trial": site.tried(**{"answer-password": "", "answer-login": "other"})})
    elsewhere = site.post("/connect/demo", FORM | {"answer-password": "", "answer-address": "https://evil.example.net"})

    assert blank is not None
    assert "required" not in blank[0]
    assert 'value="seuil"' in form
    assert site.row()["settings"]["login"] == "other"
    assert (elsewhere.status_code, "give it again" in elsewhere.text) == (422, True)


def test_an_account_that_shows_nothing_is_said_so_and_one_that_is_refused_cannot_be_saved(site: Site) -> None:
    site.source.told = {Stream.INVOICES: []}
    empty = site.post("/connect/demo", FORM).text
    denied = AccessDenied(code="access_refused", params={"host": "erp.example.com", "status": "401"})
    site.source.told = {stream: [denied] for stream in Stream}
    refused = site.post("/connect/demo", FORM).text

    assert "compare with a number you know" in empty
    assert "/connect/demo/save" in empty
    assert refused.count("erp.example.com refuses the account") == 1
    assert "/connect/demo/save" not in refused


@pytest.mark.parametrize(
    ("method", "where"), [("get", ""), ("get", "/demo"), ("post", "/demo"), ("post", "/demo/save")]
)
def test_only_who_is_signed_in_connects(site: Site, method: str, where: str) -> None:
    site.client.cookies.clear()
    answer = getattr(site.client, method)(f"/companies/{site.company}/connect{where}")

    assert (answer.status_code, answer.headers["location"].startswith("/sign-in")) == (303, True)


@pytest.mark.parametrize("where", ["/connect/demo", "/connect/demo/save"])
def test_a_form_of_another_site_connects_nothing(site: Site, where: str) -> None:
    site.client.headers["sec-fetch-site"] = "cross-site"
    answer = site.post(where, FORM)

    assert answer.status_code == 409
    assert site.source.asked == []


def test_what_cannot_be_connected_is_not_there(site: Site) -> None:
    with write(site.engine) as conn:
        site.company = add_company(conn, "Atelier", NOW, zone="Europe/Paris", is_demo=True)

    assert site.get("/connect/bare").status_code == 404
    assert site.post("/connect/nobody", FORM).status_code == 404
    assert site.post("/connect/demo", FORM).status_code == 409
    assert site.source.asked == []


# Watching it, and ending it


def test_a_connection_tells_of_each_stream_how_far_it_came_and_why_rows_were_set_aside(site: Site) -> None:
    site.connected()
    with write(site.engine) as conn:
        conn.execute(update(bookmark).values(started_over_at=NOW - timedelta(days=2), cursor={"since": "2026-10-03"}))
    page = site.get("/connections").text

    assert re.search(r'data-label="Read up to" class="num">03/10/2026<', page)
    assert "begun anew on 20/11/2026\u00a010:00" in page
    assert re.search(r"invoices, set aside:.*?<li>[^<]+<span class=\"num\">\(1\)<", page, re.DOTALL)
    assert f"Connected by {OWNER}." in page
    assert "/connect/demo" in page


@pytest.mark.parametrize(("records", "left"), [("keep", 2), ("remove", 0)])
def test_an_account_is_disconnected_after_a_question(site: Site, records: str, left: int) -> None:
    mine = site.connected()
    question = site.get(f"/connections/{mine}/disconnect").text
    still_there = site.row()["sealed_credentials"]
    page = site.post(f"/connections/{mine}/disconnect", {"records": records}).text

    assert 'value="remove"' in question
    assert still_there
    assert (site.count(document), site.count(bookmark)) == (left, 0)
    assert ("No account: it is not read any more." in page) is (records == "keep")
    assert ("are gone" in page) is (records == "remove")


# Its door


@pytest.fixture
def scheme(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Have the registry's provider sign its webhooks in another way."""

    def use(name: str) -> None:
        others = tuple(one for one in OURS if one.name != "demo")
        shown: Provider = replace(next(one for one in OURS if one.name == "demo"), scheme=name)
        monkeypatch.setattr("connectors.providers.OURS", (shown, *others))
        cached.cache_clear()

    from connectors.providers import providers as cached  # noqa: PLC0415 - the cache to be emptied

    yield use
    monkeypatch.undo()
    cached.cache_clear()


def knock_at(site: Site, path: str, body: bytes = b"{}", **headers: str) -> int:
    return int(site.client.post(f"/v1/webhooks/{path}", content=body, headers=headers).status_code)


def test_a_source_that_signs_nothing_rings_at_an_address_nobody_can_guess(site: Site, scheme: Any) -> None:
    scheme("unsigned")
    mine = site.connected()
    page = site.post(f"/connections/{mine}/secret").text
    (token,) = re.findall(rf"/v1/webhooks/{mine}/([\w-]{{20,}})<", page)
    with write(site.engine) as conn:
        conn.execute(update(connection).values(due_at=None))
    wrong = [knock_at(site, mine), knock_at(site, f"{mine}/{token[:-1]}x"), knock_at(site, f"nobody/{token}")]
    by_header = knock_at(site, mine, **{"x-seuil-door": token})
    none_kept = site.count(knock)

    assert (wrong, by_header, none_kept) == ([404, 404, 404], 404, 0)
    assert [knock_at(site, f"{mine}/{token}"), knock_at(site, f"{mine}/{token}")] == [200, 200]
    assert site.count(knock) == 1  # the same bytes within a minute are one
    assert site.row()["due_at"] == NOW
    assert token not in site.get("/connections").text


def test_a_secret_that_the_source_made_up_is_entered_and_checks_its_own_signature(site: Site, scheme: Any) -> None:
    scheme("pennylane")
    mine, theirs, body = site.connected(), "a-secret-that-they-made-up", b'{"id": 7}'
    with pytest.raises(Refused), write(site.engine) as conn:
        new_door_secret(conn, None, mine, NOW)  # type: ignore[arg-type] # refused before it is opened
    page = site.get("/connections").text
    short = site.post(f"/connections/{mine}/their-secret", {"secret": "short"})
    site.post(f"/connections/{mine}/their-secret", {"secret": theirs})
    sent = str(int(NOW.timestamp()))
    signature = hmac.digest(theirs.encode(), f"{sent}.".encode() + body, hashlib.sha256).hex()
    signed = {"x-pennylane-signature": f"t={sent},v1={signature}"}

    assert "Secret that the source shows" in page
    assert short.status_code == 422
    assert knock_at(site, mine, body, **signed) == 200
    assert knock_at(site, mine, body + b" ", **signed) == 401
    assert theirs not in site.get("/connections").text


def test_a_connection_that_is_pushed_has_no_account_to_edit(site: Site) -> None:
    with write(site.engine) as conn:
        mine = connection_for(conn, site.company, "push", NOW)

    assert "Edit the account" not in site.get("/connections").text
    assert site.post(f"/connections/{mine}/disconnect", {"records": "remove"}).status_code == 404
