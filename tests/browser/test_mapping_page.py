"""Mapping a list in a real Chromium: readable by everyone, on a phone too, and done without a line of script."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Page, sync_playwright
from sqlalchemy import Engine, func, select

from app.access import make_owner
from app.companies import add_company
from app.db import read, write
from app.models.records import document
from app.settings import Settings
from tests.browser.test_company_page import CHROMIUM, PASSWORD, SHOTS, SWITCHES
from tests.conftest import NOW
from tests.serving import served

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

EXPORT = (
    "N° facture;Type;Date facture;Client;Échéance;Montant HT;TVA;Montant TTC;Statut;Représentant\n"
    "FA-0001;Facture;02/03/2026;Menuiserie Dupont;01/04/2026;1 000,00;200,00;1 200,00 €;Émise;Paul\n"
    "FA-0002;Devis;13/03/2026;Boulangerie Roux;12/04/2026;1 000,00;200,00;1 200,00 €;Émise;Paul\n"
    "AV-0003;Avoir;14/03/2026;Menuiserie Dupont;;-100,00;-20,00;-120,00 €;Émise;Paul\n"
    "FA-0004;Facture;hier;Boulangerie Roux;;100,00;20,00;120,00 €;Émise;Paul\n"
)


@pytest.fixture
def address(sqlite_engine: Engine) -> Iterator[str]:
    """A served company without anything: the address of its mapping page."""
    with write(sqlite_engine) as conn:
        company = add_company(conn, "Menuiserie Aubrac", NOW, zone="Europe/Paris")
        make_owner(conn, "daf@menuiserie.fr", PASSWORD, NOW)
    where = str(sqlite_engine.url.database)
    with served(sqlite_engine, NOW, settings=Settings(database_url=f"sqlite:///{where}")) as base:
        yield f"{base}/companies/{company}/mapping"


def looked_at(page: Page, name: str) -> None:
    """Take pictures at a desk and on a phone, and see that everyone can read the page."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    for size, width in (("desk", 1280), ("phone", 390)):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=SHOTS / f"mapping-{name}-{size}.png", full_page=True)
        found = Axe().run(page).response["violations"]
        assert [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in {"serious", "critical"}] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_list_is_mapped_looked_at_and_imported(address: str, sqlite_engine: Engine) -> None:
    assert CHROMIUM, "the browser test needs Chromium: apt-get install chromium, or set SEUIL_CHROMIUM"
    complaints: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page = browser.new_context(locale="fr-FR").new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.goto(address)
        page.fill("input[name=email]", "daf@menuiserie.fr")
        page.fill("input[name=password]", PASSWORD)
        with page.expect_navigation(url=address):
            page.press("input[name=password]", "Enter")
        looked_at(page, "upload")

        export = FilePayload(name="factures.csv", mimeType="text/csv", buffer=EXPORT.encode("cp1252"))
        page.set_input_files("#file", files=export)
        with page.expect_navigation():
            page.click(".stack button.main")
        page.wait_for_selector("#columns")
        looked_at(page, "asked")
        page.select_option("select[name='word:kind:devis']", "-")
        with page.expect_navigation():
            page.click("button[value=look]")
        page.wait_for_selector("#rows")
        looked_at(page, "shown")
        assert "2 mars 2026" in page.inner_text("main")
        with page.expect_navigation():
            page.click("button[value=write]")
        page.wait_for_selector("#done")
        looked_at(page, "done")
        browser.close()

    assert complaints == []
    with read(sqlite_engine) as conn:
        assert conn.execute(select(func.count()).select_from(document)).scalar_one() == 2
