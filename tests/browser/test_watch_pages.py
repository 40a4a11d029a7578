"""The pages of the watch in a real Chromium: everyone can read them, on a phone and in the dark."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from cryptography.fernet import Fernet
from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright
from pydantic import SecretStr
from sqlalchemy import Engine

from app.access import make_owner
from app.alert_actions import acknowledge, snooze
from app.alerts import episodes
from app.assessment import assess_company
from app.companies import add_company, connection_for
from app.db import read, write
from app.digest import digests_due, write_digest
from app.intake import find_source, save_page
from app.recipients import add_recipient
from app.settings import Settings
from connectors.base import Page as RecordPage
from connectors.records import Stream
from tests.browser.test_company_page import CHROMIUM, PASSWORD, SHOTS, SWITCHES, invoice, opened
from tests.conftest import NOW
from tests.serving import served

pytestmark = [pytest.mark.browser]

OWNER = "daf@menuiserie.fr"
DESK, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)


@pytest.fixture
def places(sqlite_engine: Engine) -> Iterator[dict[str, str]]:
    """A served company whose invoicing was seen over in two weeks: the addresses of its pages."""
    engine, now = sqlite_engine, NOW + timedelta(days=9)
    with write(engine) as conn:
        company = add_company(conn, "Menuiserie Aubrac", NOW, zone="Europe/Paris")
        source = find_source(conn, connection_for(conn, company, "csv", NOW))
        records = tuple(invoice(n) for n in range(680))
        save_page(conn, source, Stream.INVOICES, RecordPage(records, {"line": "681"}), NOW)
        connection_for(conn, company, "demo", NOW)
        make_owner(conn, OWNER, PASSWORD, NOW)
    for when in (NOW, NOW + timedelta(days=7)):
        assess_company(engine, company, when)
    with read(engine) as conn:
        found = {str(row["subject"]): str(row["id"]) for row in episodes(conn, company)}
    with write(engine) as conn:
        late, until = found["late_invoicing"], now + timedelta(days=40)
        acknowledge(conn, company, late, OWNER, "Les chantiers de novembre : je relance Léa.", now)
        snooze(conn, company, late, OWNER, until, "congés", now)
        add_recipient(conn, company, "lea@menuiserie.fr", "fr", "Europe/Paris", NOW - timedelta(days=30))
        add_recipient(conn, company, "associe@menuiserie.fr", "en", "America/Martinique", now)
    with read(engine) as conn:
        due = digests_due(conn, now)
    for key in due:
        write_digest(engine, key, lambda: now)
    sealing = SecretStr(Fernet.generate_key().decode())
    with served(engine, now, settings=Settings(database_url="sqlite://", secret_key=sealing)) as base:
        home = f"{base}/companies/{company}"
        yield {
            "base": base,
            "home": home,
            "alerts": f"{home}/alerts",
            "alert": f"{home}/alerts/{late}",
            "verdict": f"{home}/alerts/{found['verdict:prepare']}",
            "connections": f"{home}/connections",
            "mail": f"{home}/mail",
            "preview": f"{home}/mail/preview",
        }


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A Chromium."""
    assert CHROMIUM, "the browser test needs Chromium: apt-get install chromium, or set SEUIL_CHROMIUM"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


def entered(browser: Browser, base: str, view: ViewportSize, scheme: str) -> BrowserContext:
    """Open a window of a French reader, signed in."""
    dark = "dark" if scheme == "dark" else "light"
    context = browser.new_context(locale="fr-FR", viewport=view, color_scheme=dark)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(base + "/sign-in")
    page.fill("input[name=email]", OWNER)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(base + "/")
    page.close()
    return context


@pytest.mark.parametrize(("size", "view", "scheme"), [("desk", DESK, "light"), ("phone", PHONE, "dark")])
def test_the_pages_of_the_watch_can_be_read_by_everyone(
    browser: Browser, places: dict[str, str], size: str, view: ViewportSize, scheme: str
) -> None:
    context = entered(browser, places["base"], view, scheme)
    SHOTS.mkdir(parents=True, exist_ok=True)
    for name in ("home", "alerts", "alert", "verdict", "connections", "mail"):
        page, complaints = opened(context, places[name])
        page.screenshot(path=SHOTS / f"watch-{name}-{size}-{scheme}.png", full_page=True)
        found = Axe().run(page).response["violations"]

        serious = [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in {"serious", "critical"}]
        assert serious == [], name
        assert complaints == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= view["width"], name
        page.close()


def test_an_alert_is_commented_with_nothing_but_a_keyboard(browser: Browser, places: dict[str, str]) -> None:
    page, complaints = opened(entered(browser, places["base"], DESK, "light"), places["verdict"])
    page.focus("textarea[name=comment]")
    page.keyboard.type("Vu avec Léa.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("blockquote")

    assert page.inner_text("blockquote") == "Vu avec Léa."
    assert OWNER in page.inner_text(".thread")
    assert complaints == []


def test_a_letter_shown_keeps_its_styles_and_pictures_and_may_do_nothing(
    browser: Browser, places: dict[str, str]
) -> None:
    page, complaints = opened(entered(browser, places["base"], DESK, "light"), places["preview"])
    page.screenshot(path=SHOTS / "watch-letter-desk-light.png", full_page=True)

    assert page.locator("img").count() >= 1
    assert all(page.eval_on_selector_all("img", "all => all.map(one => one.naturalWidth > 0)"))
    assert page.evaluate("self.origin") == "null"
    assert complaints == []


def test_a_webhook_is_set_up_with_nothing_but_a_keyboard(browser: Browser, places: dict[str, str]) -> None:
    page, complaints = opened(entered(browser, places["base"], PHONE, "light"), places["connections"])
    page.focus("details.door summary")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # the address, to be copied
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("details.door .notice.good")
    page.screenshot(path=SHOTS / "watch-secret-phone-light.png", full_page=True)

    assert page.inner_text("details.door .notice.good code").startswith("whsec_")
    assert [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in {"serious", "critical"}] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert complaints == []
