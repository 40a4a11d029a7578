"""Connecting an account in a real Chromium: on a phone, in the dark, and with nothing but a keyboard."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright
from sqlalchemy import Engine, update

from app.access import make_owner
from app.companies import add_company
from app.connecting import complete
from app.db import write
from app.intake import find_source, save_page
from app.models.core import bookmark, connection
from app.trials import Trials
from connectors.base import Fault, Provider
from connectors.base import Page as RecordPage
from connectors.errors import AccessDenied, Unavailable
from connectors.providers import OURS, providers
from connectors.records import Stream
from tests.app.test_connecting import GIVEN, INVOICES, SECRET, SETTINGS, provider
from tests.browser.test_company_page import CHROMIUM, PASSWORD, SHOTS, SWITCHES, opened
from tests.conftest import NOW
from tests.serving import served
from tests.small_source import reminder

pytestmark = [pytest.mark.browser]

OWNER = "daf@menuiserie.fr"
DESK, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
TOLD = {
    Stream.INVOICES: [INVOICES],
    Stream.REMINDERS: [AccessDenied(code="right_missing", params={"right": "agenda/allactions/read"})],
    Stream.ACTIVITIES: [Unavailable(code="answered_badly", params={"host": "erp.example.com", "status": "502"})],
}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """The registry with a made-up provider in the place of the demonstration's."""
    made_up, _ = provider(TOLD)
    monkeypatch.setattr("connectors.providers.OURS", (*(one for one in OURS if one.name != "demo"), made_up))
    providers.cache_clear()
    yield made_up
    monkeypatch.undo()
    providers.cache_clear()


@pytest.fixture
def places(sqlite_engine: Engine, fake: Provider) -> Iterator[dict[str, str]]:
    """Two companies, one of them connected and read: the addresses of their pages."""
    engine = sqlite_engine
    with write(engine) as conn:
        company = add_company(conn, "Menuiserie Aubrac", NOW, zone="Europe/Paris")
        other = add_company(conn, "Garage Roux", NOW, zone="Europe/Paris")
        make_owner(conn, OWNER, PASSWORD, NOW)
    ours = Trials(engine, SETTINGS, company, fake)
    token, _ = ours.run(complete(fake, GIVEN), "Europe/Paris", NOW)
    with write(engine) as conn:
        mine = ours.save(conn, token, OWNER, NOW)
        source = find_source(conn, mine)
        save_page(conn, source, Stream.INVOICES, INVOICES, NOW)
        faults = (Fault("entry_number_missing", "R8"), Fault("right_missing", "R9", params={"right": "x"}))
        save_page(conn, source, Stream.REMINDERS, RecordPage((reminder(1),), {"since": "2026-11-01"}, faults), NOW)
        started = NOW - timedelta(days=2)
        conn.execute(update(bookmark).where(bookmark.c.stream == "reminders").values(started_over_at=started))
        trouble = {"trouble": "right_missing", "trouble_params": {"right": "facture/lire"}, "troubled_since": started}
        conn.execute(update(connection).values(**trouble, failures=2, due_at=None))
    with served(engine, NOW, settings=SETTINGS) as base:
        home = f"{base}/companies/{company}"
        yield {
            "base": base,
            "connect": f"{home}/connect",
            "account": f"{home}/connect/demo",
            "connections": f"{home}/connections",
            "disconnect": f"{home}/connections/{mine}/disconnect",
            "new": f"{base}/companies/{other}/connect",
        }


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A Chromium."""
    assert CHROMIUM, "the browser test needs Chromium: apt-get install chromium, or set SEUIL_CHROMIUM"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


def entered(browser: Browser, base: str, view: ViewportSize, scheme: str = "light") -> BrowserContext:
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


def looked_at(page: Page, name: str, view: ViewportSize) -> None:
    """Take a picture, and hold the page against what everyone needs."""
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
    found = Axe().run(page).response["violations"]
    serious = [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in {"serious", "critical"}]
    assert serious == [], name
    assert page.evaluate("document.documentElement.scrollWidth") <= view["width"], name
    assert SECRET not in page.content(), name


@pytest.mark.parametrize(("size", "view", "scheme"), [("desk", DESK, "light"), ("phone", PHONE, "dark")])
def test_the_pages_of_an_account_can_be_read_by_everyone(
    browser: Browser, places: dict[str, str], size: str, view: ViewportSize, scheme: str
) -> None:
    context = entered(browser, places["base"], view, scheme)
    SHOTS.mkdir(parents=True, exist_ok=True)
    for name in ("connect", "account", "connections", "disconnect"):
        page, complaints = opened(context, places[name])
        looked_at(page, f"connect-{name}-{size}-{scheme}", view)
        assert complaints == [], name
        page.close()
    page, complaints = opened(context, places["account"])
    page.click("section.narrow button")
    page.wait_for_selector("#seen")
    looked_at(page, f"connect-tried-{size}-{scheme}", view)
    assert complaints == []


def test_an_account_is_connected_with_nothing_but_a_keyboard(browser: Browser, places: dict[str, str]) -> None:
    page, complaints = opened(entered(browser, places["base"], DESK), places["new"])
    page.focus("a[href$='/connect/demo']")
    page.keyboard.press("Enter")
    page.wait_for_selector("input[name=answer-address]")
    page.focus("input[name=answer-address]")
    for text in (GIVEN["address"], GIVEN["login"], "", SECRET):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#seen")
    assert "agenda/allactions/read" in page.inner_text("main")
    page.focus("form[action$='/save'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".connection .notice.good")

    assert page.url.split("?")[0].endswith("/connections")
    assert SECRET not in page.content()
    assert complaints == []
