"""The letters shown in the docs, made anew from the demonstration: `make letters`.

The demonstration is stepped from a fixed day on, and two of its letters are laid out: in French that of the week in
which its alerts are confirmed, in English one of the weeks in which they recover. Written are the text and three
pictures of each: wide, on a telephone, and on a dark screen. Two runs write the same.
"""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, select

from app.db import open_database, read, write
from app.demo import add_demo, fill_demo
from app.demo_steps import step_week
from app.letters import html_of, text_of
from app.migrate import migrate
from app.models.watch import letter
from app.settings import Settings
from tests.browser.test_company_page import CHROMIUM, SWITCHES

DOCS = Path(__file__).parent.parent.parent / "docs"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
WEEKS = {"fr": "2026-W49", "en": "2027-W09"}
TO = {
    "to": "claire@atelier.example",
    "base_url": "https://seuil.example",
    "unsubscribe_url": "https://seuil.example/u/k",
}
WIDE, PHONE, HIGH = 760, 390, 900
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")

Scheme = Literal["light", "dark"]
SHAPES: dict[str, tuple[int, Scheme]] = {"": (WIDE, "light"), "-phone": (PHONE, "light"), "-dark": (WIDE, "dark")}


class _LookedBackEnough(Exception):
    """The demonstration's past is of no use here, and takes minutes."""


def contents() -> dict[str, dict[str, Any]]:
    """Step the demonstration to the last of the weeks, and give the letter of each language's own."""
    with TemporaryDirectory() as folder:
        settings = Settings(database_url=f"sqlite:///{Path(folder) / 'seuil.db'}")
        engine = open_database(settings.database_url)
        try:
            migrate(engine)
            _fill(engine)
            found: dict[str, dict[str, Any]] = {}
            while max(WEEKS.values()) not in found:
                step_week(engine, settings, NOW)
                found = dict(_kept(engine))
        finally:
            engine.dispose()
    return {language: found[week] | {"language": language} for language, week in WEEKS.items()}


def _fill(engine: Engine) -> None:
    def enough(_: object) -> None:
        raise _LookedBackEnough

    with write(engine) as conn:
        add_demo(conn, NOW, "Europe/Paris")
    with suppress(_LookedBackEnough):
        fill_demo(engine, NOW, looked_back=enough)


def _kept(engine: Engine) -> Iterator[tuple[str, dict[str, Any]]]:
    with read(engine) as conn:
        for row in conn.execute(select(letter.c.period, letter.c.content)):
            yield str(row.period), _with_steady_ids(row.content)


def _with_steady_ids(content: dict[str, Any]) -> dict[str, Any]:
    """Number what is named at random, so that a text made anew differs only where its words do."""
    text, numbers = json.dumps(content), dict[str, int]()
    steady = UUID.sub(lambda one: f"{numbers.setdefault(one[0], len(numbers) + 1):08d}-0000-7000-8000-{0:012d}", text)
    found: dict[str, Any] = json.loads(steady)
    return found


def picture(browser: Browser, page_text: str, path: Path, width: int, scheme: Scheme) -> None:
    """Take a picture of a whole letter."""
    context = browser.new_context(viewport={"width": width, "height": HIGH}, color_scheme=scheme)
    page = context.new_page()
    page.set_content(page_text)
    page.screenshot(path=path, full_page=True)
    context.close()


def main(folder: Path = DOCS) -> None:
    """Write the texts to `letters/` and the pictures to `images/` of a folder."""
    for name in ("letters", "images"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        for language, content in contents().items():
            name = f"letter-{language}"
            (folder / "letters" / f"{name}.txt").write_text(text_of(content, **TO), encoding="utf-8")
            for suffix, (width, scheme) in SHAPES.items():
                picture(browser, html_of(content, **TO), folder / "images" / f"{name}{suffix}.png", width, scheme)
        browser.close()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
