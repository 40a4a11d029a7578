"""A company's pages in a real Chromium, light and dark, wide and on a telephone, and on paper."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, sync_playwright

from app.access import make_owner
from app.assessment import assess_company
from app.companies import add_company, connection_for
from app.db import open_database, write
from app.intake import find_source, save_page
from connectors.base import Page as RecordPage
from connectors.records import Stream
from signals.base import SignalName
from tests.browser.test_company_page import CHROMIUM, PASSWORD, SWITCHES, invoice
from tests.conftest import NOW
from tests.serving import served

pytestmark = [pytest.mark.browser]

LOOKS: tuple[tuple[Literal["light", "dark"], int], ...] = (("light", 1280), ("dark", 390))
PAGES = ("", *(f"/signals/{one.value}" for one in SignalName), "/memo", f"/timeline?day={NOW.date()}")


@dataclass(frozen=True)
class Shown:
    """A company's pages in a browser window of a French reader, signed in."""

    context: BrowserContext
    address: str

    def page(self, path: str) -> tuple[Page, list[str]]:
        """Open a page, and collect what the browser complains of."""
        page, complaints = self.context.new_page(), list[str]()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.goto(self.address + path)
        return page, complaints


@pytest.fixture(scope="module")
def shown(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A served company with 680 invoices, late since the spring."""
    assert CHROMIUM, "the browser test needs Chromium: apt-get install chromium, or set SEUIL_CHROMIUM"
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("face") / "seuil.db")
    engine = open_database(f"sqlite:///{path}")
    with write(engine) as conn:
        company = add_company(conn, "Menuiserie Aubrac", NOW, zone="Europe/Paris")
        source = find_source(conn, connection_for(conn, company, "csv", NOW))
        records = tuple(invoice(n) for n in range(680))
        save_page(conn, source, Stream.INVOICES, RecordPage(records, {"line": "681"}), NOW)
        make_owner(conn, "daf@menuiserie.fr", PASSWORD, NOW)
    assess_company(engine, company, NOW)
    with served(engine, NOW) as base, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        context = browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.goto(base + "/sign-in")
        page.fill("input[name=email]", "daf@menuiserie.fr")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(base + "/")
        page.close()
        yield Shown(context, f"{base}/companies/{company}")
        browser.close()
    engine.dispose()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_serious_fault_in_light_or_dark_wide_or_on_a_telephone(shown: Shown, path: str) -> None:
    page, complaints = shown.page(path)
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        found = Axe().run(page).response["violations"]
        serious = [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in {"serious", "critical"}]
        assert (scheme, serious) == (scheme, [])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert complaints == []
    page.close()


def test_records_are_sorted_filtered_and_paged_by_links_and_forms_alone(shown: Shown) -> None:
    page, _ = shown.page("/signals/late_invoicing")
    page.click("#r-late_issued_rate th a:has-text('Émise le')")
    assert "sort=issued_on" in page.url
    table = page.locator("#r-late_issued_rate table")
    assert table.locator("[aria-sort=ascending]").count() == 1
    assert table.is_visible()
    first = table.locator("tbody tr").first.inner_text()
    page.click("#r-late_issued_rate th a:has-text('Émise le')")
    assert table.locator("[aria-sort=descending]").count() == 1
    assert table.locator("tbody tr").first.inner_text() != first
    page.fill("#q-late_issued_rate", "Client 3")
    page.press("#q-late_issued_rate", "Enter")
    assert all("Client 3" in text for text in table.locator("tbody tr").all_inner_texts())
    assert table.locator("[aria-sort=descending]").count() == 1
    page.close()


def test_the_months_of_past_verdicts_can_be_walked_with_the_keyboard(shown: Shown) -> None:
    page, _ = shown.page("/timeline")
    page.locator(".strip a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("day="))
    assert page.locator(".strip a[aria-current=date]").count() == 1
    page.close()


def test_the_memo_is_two_pages_of_paper_at_most(shown: Shown) -> None:
    page, _ = shown.page("/memo")
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) <= 2
    page.emulate_media(media="print")
    assert not page.locator("nav.tabs").is_visible()
    page.close()
