"""A new company's first steps in a real Chromium with a real Tryton: from an account typed in to a verdict."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from cryptography.fernet import Fernet
from playwright.sync_api import Page, sync_playwright
from pydantic import SecretStr
from sqlalchemy import Engine

from app.access import make_owner
from app.db import write
from app.schedule import steps, tick
from app.settings import Settings
from tests.browser.test_company_page import CHROMIUM, PASSWORD, SWITCHES
from tests.browser.test_first_steps import OWNER, begun, looked_at, press, state_of
from tests.conftest import NOW
from tests.connectors.tryton.tryton_server import HOST, Server
from tests.serving import served

pytestmark = [pytest.mark.browser, pytest.mark.live_tryton]

SECRET, WRONG = "seuil-pass-1", "not-the-password"


@dataclass
class House:
    """A fresh house with its owner, in a browser window of a French reader; it may ask a server on this machine."""

    engine: Engine
    settings: Settings
    base: str
    page: Page
    complaints: list[str] = field(default_factory=list)

    def tick(self) -> dict[str, int]:
        """Do what is due."""
        return tick(self.engine, lambda: NOW, steps(self.settings))

    def seen(self, name: str) -> None:
        """Look at the page on a desk and on a phone; no password that was typed stands in it."""
        looked_at(self.page, f"tryton-{name}")
        content = self.page.content()
        assert [secret for secret in (SECRET, WRONG) if secret in content] == []

    def tried(self, server: str, *, password: str) -> str:
        """Fill in the account and try it; give what is said of it first."""
        for what, text in (("address", server), ("database", "seuil"), ("user", "seuil"), ("password", password)):
            self.page.fill(f"#answer-{what}", text)
        press(self.page, "section.narrow button")
        said = self.page.locator("[role=alert]")
        return said.first.inner_text() if said.count() else ""


@pytest.fixture
def house(sqlite_engine: Engine) -> Iterator[House]:
    """A house without a company."""
    assert CHROMIUM, "the browser test needs Chromium: apt-get install chromium, or set SEUIL_CHROMIUM"
    with write(sqlite_engine) as conn:
        make_owner(conn, OWNER, PASSWORD, NOW)
    settings = Settings(
        database_url=f"sqlite:///{sqlite_engine.url.database}",
        secret_key=SecretStr(Fernet.generate_key().decode()),
        private_hosts=HOST,
    )
    with served(sqlite_engine, NOW, settings=settings) as base, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page = browser.new_context(locale="fr-FR").new_page()
        made = House(sqlite_engine, settings, base, page)
        page.on(
            "console", lambda said: made.complaints.append(said.text) if said.type in {"error", "warning"} else None
        )
        yield made
        browser.close()


def test_from_a_tryton_account_to_a_verdict_step_by_step(house: House, tryton: Server) -> None:
    page = house.page
    first_steps = begun(page, house.base, "Menuiserie Lissac", "123 456 782")
    home = first_steps.removesuffix("/first-steps")
    press(page, "a.button[href$='/connect']")
    house.seen("connect")
    press(page, "a[href$='/connect/tryton']")
    house.seen("account")

    assert "vérifiez les identifiants" in house.tried(tryton.address, password=WRONG)
    house.seen("wrong-password")
    assert not page.locator("form[action$='/save']").count()
    assert "Aucun Tryton" in house.tried(house.base, password=SECRET)
    house.seen("wrong-address")
    assert not page.locator("form[action$='/save']").count()
    assert house.tried(tryton.address, password=SECRET) == ""
    assert page.locator("#seen ~ .scroll .m-calm").count() == 6
    house.seen("account-shown")
    press(page, "form[action$='/save'] button")
    house.seen("saved")

    assert house.tick()["sync"] == 1
    page.reload()
    house.seen("read")
    page.goto(first_steps)
    assert state_of(page) == [True, False, False, False, False]

    press(page, "a.button[href$='/people'] >> nth=0")
    press(page, "a[href$='/people/names']")
    house.seen("people")
    page.select_option("tr:has(th:text-is('agathe')) select", "director")
    press(page, "form button.main")
    assert page.locator("tr:has(select option[value=director]:checked)").count() == 1
    page.goto(first_steps)
    assert state_of(page) == [True, True, False, False, False]
    press(page, "form[action$='/usual'] button")
    assert state_of(page) == [True, True, False, True, False]
    house.seen("first-steps")
    house.tick()  # what was said since is in the answer of the next tick
    page.goto(first_steps)
    press(page, "section a.main")

    assert page.url == home
    assert page.locator("section.verdict h1").count() == 1
    house.seen("verdict")
    assert house.complaints == []
