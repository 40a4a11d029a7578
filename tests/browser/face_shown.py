"""The pages shown in the docs, made anew from the demonstration: `make face`.

The demonstration is filled on a fixed day, with its past, and stepped until its alerts are confirmed. Of each page a
picture is taken in French and in English: wide, on a telephone, and on a dark screen; the memo as it is on paper.
"""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine

from app.access import make_owner
from app.db import open_database, write
from app.demo import add_demo, fill_demo
from app.demo_steps import step_week
from app.migrate import migrate
from app.settings import Settings
from tests.browser.test_company_page import CHROMIUM, PASSWORD, SWITCHES
from tests.serving import served

DOCS = Path(__file__).parent.parent.parent / "docs"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
LOOKED_AT = datetime(2026, 12, 7, 10, tzinfo=UTC)
WEEKS = 3
EMAIL = "daf@atelier.example"
WIDE, PHONE, PAPER, HIGH = 1280, 390, 688, 1020

Scheme = Literal["light", "dark"]
SHAPES: dict[str, tuple[int, Scheme]] = {"": (WIDE, "light"), "-phone": (PHONE, "light"), "-dark": (WIDE, "dark")}
LOCALES = {"fr": "fr-FR", "en": "en-GB"}


@dataclass(frozen=True)
class Shot:
    """A page, what its pictures are called, which of them are taken, and how far down they reach, in px; 0: whole."""

    name: str
    path: str
    shapes: tuple[str, ...] = ("",)
    down: int = 0


SHOTS = (
    Shot("face-company", "", ("", "-phone", "-dark"), 2300),
    Shot("face-signal", "/signals/late_invoicing?of=late_issued_rate&sort=total_minor&down=1", ("", "-phone"), 2000),
    Shot("face-timeline", "/timeline?day=2026-11-30", ("", "-phone"), 0),
)


def shoot(browser: Browser, base: str, company: str, folder: Path, language: str) -> None:
    """Take all pictures in a language."""
    context = browser.new_context(locale=LOCALES[language], viewport={"width": WIDE, "height": HIGH})
    page = context.new_page()
    page.goto(f"{base}/sign-in")
    page.fill("input[name=email]", EMAIL)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(base + "/")
    for shot in SHOTS:
        for suffix in shot.shapes:
            width, scheme = SHAPES[suffix]
            page.set_viewport_size({"width": width, "height": HIGH})
            page.emulate_media(color_scheme=scheme)
            page.goto(f"{base}/companies/{company}{shot.path}")
            _picture(page, folder / f"{shot.name}-{language}{suffix}.png", shot.down)
    page.set_viewport_size({"width": PAPER, "height": HIGH})
    page.emulate_media(media="print", color_scheme="light")
    page.goto(f"{base}/companies/{company}/memo")
    _picture(page, folder / f"face-memo-{language}.png", 0)
    context.close()


def _picture(page: Page, path: Path, down: int) -> None:
    size = page.viewport_size
    if down and size:
        page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": size["width"], "height": down})
    else:
        page.screenshot(path=path, full_page=True)


def demonstration(engine: Engine, settings: Settings) -> str:
    """Fill the demonstration, with its past, and step it on; give the company's id."""
    migrate(engine)
    with write(engine) as conn:
        company = add_demo(conn, NOW, "Europe/Paris")
        make_owner(conn, EMAIL, PASSWORD, NOW)
    fill_demo(engine, NOW)
    for _ in range(WEEKS):
        step_week(engine, settings, NOW)
    return company


def main(folder: Path = DOCS) -> None:
    """Write the pictures to `images/` of a folder."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place, sync_playwright() as play:
        settings = Settings(database_url=f"sqlite:///{Path(place) / 'seuil.db'}")
        engine = open_database(settings.database_url)
        company = demonstration(engine, settings)
        browser = play.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        with served(engine, LOOKED_AT, settings=settings) as base:
            for language in LOCALES:
                shoot(browser, base, company, folder / "images", language)
        browser.close()
        engine.dispose()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
