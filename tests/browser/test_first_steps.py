"""A new company's first steps in a real Chromium: from nothing to a verdict, and what goes wrong on the way."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Page, ViewportSize, sync_playwright
from sqlalchemy import Engine

from app.access import make_owner
from app.db import write
from app.settings import Settings
from tests.app.test_pages import fec
from tests.browser.test_company_page import CHROMIUM, PASSWORD, SHOTS, SWITCHES
from tests.conftest import NOW
from tests.serving import served

pytestmark = [pytest.mark.browser]

OWNER = "daf@menuiserie.fr"
LEDGER = FilePayload(name="123456782FEC20251231.txt", mimeType="text/plain", buffer=fec(48))


@pytest.fixture
def base(sqlite_engine: Engine) -> Iterator[str]:
    """A fresh house with its owner."""
    with write(sqlite_engine) as conn:
        make_owner(conn, OWNER, PASSWORD, NOW)
    settings = Settings(database_url=f"sqlite:///{sqlite_engine.url.database}")
    with served(sqlite_engine, NOW, settings=settings) as address:
        yield address


def looked_at(page: Page, name: str) -> None:
    """Take pictures at a desk and on a phone, and see that everyone can read the page."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    for size, width in (("desk", 1280), ("phone", 390)):
        page.set_viewport_size(ViewportSize(width=width, height=900))
        page.screenshot(path=SHOTS / f"{name}-{size}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    found = Axe().run(page).response["violations"]
    serious = [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in {"serious", "critical"}]
    assert serious == [], name


def press(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.click(button)


def state_of(page: Page) -> list[bool]:
    """Give of each step whether it is done."""
    return [bool(step.locator(".m-done").count()) for step in page.locator(".steps > li").all()]


def begun(page: Page, base: str, name: str, siren: str) -> str:
    """Sign in at the door, add a company, and give the address of its first steps."""
    page.goto(f"{base}/companies/new")
    page.fill("input[name=email]", OWNER)
    page.fill("input[name=password]", PASSWORD)
    press(page, "button.main")
    page.fill("#name", name)
    page.fill("#siren", siren)
    press(page, "button.main")
    return page.url


def test_from_a_ledger_to_a_verdict_step_by_step(base: str) -> None:
    assert CHROMIUM, "the browser test needs Chromium: apt-get install chromium, or set SEUIL_CHROMIUM"
    complaints: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page = browser.new_context(locale="fr-FR").new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        steps = begun(page, base, "Menuiserie Aubrac", "123 456 782")
        assert steps.endswith("/first-steps")
        assert state_of(page) == [False] * 5
        looked_at(page, "first-steps-new")

        press(page, "a[href$='/import']")
        page.set_input_files("#fec-file", files=LEDGER)
        press(page, "form:has(#fec-file) button.main")
        page.goto(steps)
        assert state_of(page) == [True, False, False, False, False]

        assert page.input_value("#first") == "2025-01-01"
        assert page.input_value("#last") == "2025-12-31"
        page.fill("#last", "2024-01-01")
        press(page, "form[action$='/usual'] button")
        assert page.locator("[role=alert]").count() == 1
        assert state_of(page)[3] is False
        complaints.clear()  # the browser logs that the form was refused
        press(page, "form[action$='/usual'] button")
        assert state_of(page) == [True, False, False, True, False]

        press(page, "a.button[href$='/declarations'] >> nth=0")
        page.fill("#signed_by", "Jeanne Brun")
        page.fill("#director_hours_low", "9")
        page.fill("input[name=director_hours_high]", "12")
        page.fill("input[name$=operators] >> nth=0", "lea")
        press(page, "form.declare button.main")
        page.goto(steps)
        press(page, "a.button[href$='/mail']")
        page.fill("input[name=email]", "jeanne@menuiserie.fr")
        press(page, "form[action$='/recipients'] button")
        page.goto(steps)
        assert state_of(page) == [True] * 5
        looked_at(page, "first-steps-done")
        press(page, "section a.main")
        assert page.locator("section.verdict h1").count() == 1

        for path in ("accounts", "keys", "me", "audit", "rates"):
            page.goto(f"{base}/{path}")
            looked_at(page, path)
        browser.close()

    assert complaints == []
