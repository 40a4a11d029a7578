"""A letter in a real browser, as mail programs show it: readable on light and dark screens, and on a telephone."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from app.letters import html_of
from tests.browser.letters_shown import TO
from tests.browser.test_company_page import CHROMIUM, SWITCHES
from tests.letter_contents import Body, company, content, failed, nothing, portfolio, stale

pytestmark = [pytest.mark.browser]

NUMBER: dict[str, Any] = {"what": "range", "signal": "quality", "measure": "error_rate", "unit": "share", "now": 0.02}
NUMBER |= {"low": 0.015, "high": 0.024, "on": "2026-11-30"}
CAME = [
    NUMBER | {"value": 0.03, "came": "above", "hit": False},
    NUMBER | {"value": 0.02, "came": "inside", "hit": True},
    NUMBER | {"value": None, "came": "cannot_say", "hit": None},
]
FIRST, *OTHERS = portfolio(6)
EVERYTHING = content(FIRST | {"came": CAME, "expected": [NUMBER]}, *OTHERS)
ALONE = [stale(came=CAME), failed(), nothing(), company(expected=[NUMBER])]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


def shown(browser: Browser, letter: Body, scheme: Literal["light", "dark"] = "light") -> Page:
    page = browser.new_context(viewport={"width": 760, "height": 900}, color_scheme=scheme).new_page()
    page.set_content(html_of(letter, **TO))
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_letter_can_be_read_by_everyone(browser: Browser, scheme: Literal["light", "dark"]) -> None:
    page = shown(browser, EVERYTHING, scheme)

    found = Axe().run(page).response["violations"]
    assert [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in {"serious", "critical"}] == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(20, 24, 29)" if scheme == "dark" else "rgb(243, 245, 247)"
    )


def test_a_telephone_shows_letters_without_sideways_scrolling(browser: Browser) -> None:
    for letter in [EVERYTHING, *map(content, ALONE)]:
        page = shown(browser, letter)
        for width in (320, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
