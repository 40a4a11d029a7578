"""The list of companies shown in the docs, made anew from made-up companies: part of `make face`."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright
from sqlalchemy import Connection

from app.access import make_owner
from app.alerts import update_failure
from app.db import open_database, write
from app.migrate import migrate
from app.settings import Settings
from tests.app.test_portfolio import TODAY, add
from tests.browser.test_company_page import CHROMIUM, PASSWORD, SWITCHES
from tests.conftest import NOW
from tests.serving import served

IMAGES = Path(__file__).parents[2] / "docs" / "images"
EMAIL = "chef@cabinet.example"
SHAPES = {"": (1280, 1000, "light"), "-phone": (390, 1400, "light"), "-dark": (1280, 1000, "dark")}
FIRST = (
    ("Atelier Brun", "outsource", ("late_invoicing", "director_time", "quality")),
    ("Zénith Services", "outsource", ("late_invoicing", "key_person")),
    ("Élan Habitat", "prepare", ("late_invoicing",)),
    ("Transports Ferrand", "prepare", ("director_time",)),
    ("Moulin de la Vallée", "cannot_say", ()),
    ("Menuiserie Aubrac", "", ()),
    ("Jeune Pousse", "too_early", ()),
)


def fill(conn: Connection) -> None:
    """Write a firm's clients."""
    make_owner(conn, EMAIL, PASSWORD, NOW)
    for n, (name, verdict, over) in enumerate(FIRST):
        made = add(conn, name, verdict, *over, stale=n in {2, 4})
        if n % 3 == 0:
            update_failure(conn, made, "source:dolibarr", TODAY, NOW, failed=True, facts={})
    for n in range(64):
        add(conn, f"Garage du Pont {n + 1}", "not_needed")


def main() -> None:
    """Take the pictures."""
    if not CHROMIUM:
        sys.exit("no Chromium found: install one, or name it in SEUIL_CHROMIUM")
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/seuil.db"
        engine = open_database(url)
        migrate(engine)
        with write(engine) as conn:
            fill(conn)
        with served(engine, NOW, settings=Settings(database_url=url)) as base, sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
            for language, locale in (("fr", "fr-FR"), ("en", "en-GB")):
                page = browser.new_context(locale=locale).new_page()
                page.goto(f"{base}/sign-in")
                page.fill("input[name=email]", EMAIL)
                page.fill("input[name=password]", PASSWORD)
                page.press("input[name=password]", "Enter")
                page.wait_for_url(base + "/")
                for suffix, (width, height, scheme) in SHAPES.items():
                    page.set_viewport_size({"width": width, "height": height})
                    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                    page.screenshot(path=IMAGES / f"face-portfolio-{language}{suffix}.png")
            browser.close()
        engine.dispose()


if __name__ == "__main__":
    main()
