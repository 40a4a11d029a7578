"""The company page in a real Chromium: it shows the verdict, obeys its own policy, and can be read by everyone."""

import os
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, sync_playwright
from sqlalchemy import Engine

from app.access import make_owner
from app.assessment import assess_company
from app.companies import add_company, connection_for
from app.db import write
from app.intake import find_source, save_page
from connectors.base import Page as RecordPage
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Stream
from tests.conftest import NOW
from tests.serving import served

pytestmark = [pytest.mark.browser]

CHROMIUM = os.environ.get("SEUIL_CHROMIUM") or shutil.which("chromium")
PASSWORD = "trois petits chats"
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHOTS = Path(__file__).parent.parent.parent / "build" / "screenshots"


def invoice(n: int) -> Invoice:
    issued = date(2025, 1, 6) + timedelta(days=n)
    return Invoice(
        external_id=f"sale/F{n:04d}",
        direction=Direction.SALE,
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.FINAL,
        number=f"F{n:04d}",
        party=f"C{n % 40}",
        party_label=f"Client {n % 40}",
        service_on=issued - timedelta(days=30 if n % 3 == 0 and n > 400 else 1),
        issued_on=issued,
        due_on=issued + timedelta(days=30),
        corrected_on=issued + timedelta(days=8) if n % 25 == 0 else None,
        total=Decimal("120.00"),
    )


@pytest.fixture
def address(sqlite_engine: Engine) -> Iterator[tuple[str, str]]:
    """A served company with 680 invoices, late since the spring: the address, and the company's page."""
    with write(sqlite_engine) as conn:
        company = add_company(conn, "Menuiserie Aubrac", NOW, zone="Europe/Paris")
        source = find_source(conn, connection_for(conn, company, "csv", NOW))
        records = tuple(invoice(n) for n in range(680))
        save_page(conn, source, Stream.INVOICES, RecordPage(records, {"line": "681"}), NOW)
        make_owner(conn, "daf@menuiserie.fr", PASSWORD, NOW)
    assess_company(sqlite_engine, company, NOW)
    with served(sqlite_engine, NOW) as base:
        yield base, f"/companies/{company}"


@pytest.fixture
def context(address: tuple[str, str]) -> Iterator[BrowserContext]:
    """A browser window of a French reader, signed in."""
    assert CHROMIUM, "the browser test needs Chromium: apt-get install chromium, or set SEUIL_CHROMIUM"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        context = browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.goto(address[0] + "/sign-in")
        page.fill("input[name=email]", "daf@menuiserie.fr")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(address[0] + "/")
        page.close()
        yield context
        browser.close()


def opened(context: BrowserContext, url: str) -> tuple[Page, list[str]]:
    """Open a page, and collect what the browser complains of: scripts, styles or files that the policy blocks."""
    page, complaints = context.new_page(), list[str]()

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page.on("console", listen)
    page.goto(url)
    return page, complaints


def test_the_verdict_and_the_five_signals_can_be_read_on_the_page(
    context: BrowserContext, address: tuple[str, str]
) -> None:
    page, complaints = opened(context, address[0] + address[1])
    SHOTS.mkdir(parents=True, exist_ok=True)
    shot = page.screenshot(path=SHOTS / "company.png", full_page=True)

    text = page.inner_text("main")
    assert "Menuiserie Aubrac" in page.inner_text("body")
    for signal in ("Facturation et relances", "Temps du dirigeant", "Qualité", "Personne clé", "Coût caché"):
        assert signal in text
    assert page.locator("svg").count() >= 1
    assert len(shot) > 50_000
    assert complaints == []


@pytest.mark.parametrize("where", ["/work", "/import", "/declarations", "/people"])
def test_a_page_has_no_serious_fault_for_a_screen_reader_or_a_keyboard(
    context: BrowserContext, address: tuple[str, str], where: str
) -> None:
    page, complaints = opened(context, address[0] + address[1] + where)

    found = Axe().run(page).response["violations"]
    serious = [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in {"serious", "critical"}]
    assert serious == []
    assert complaints == []


def test_a_phone_needs_no_sideways_scrolling(context: BrowserContext, address: tuple[str, str]) -> None:
    page, _ = opened(context, address[0] + address[1])
    page.set_viewport_size({"width": 390, "height": 800})

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
