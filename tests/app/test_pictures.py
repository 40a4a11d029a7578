"""Charts in letters: drawn with fonts of our own, sharp, and told in words."""

import re
import struct
from pathlib import Path

from app.charts import trend
from app.pictures import FONT_FILES, FONTS, MAIL, chart_png, told
from tests.letter_contents import measure

CHART = measure("late_issued_rate", "share", value=0.231, limit=0.1)


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_a_picture_is_twice_as_large_as_its_chart() -> None:
    png = chart_png(str(trend(CHART, "fr", size=MAIL)))

    assert size_of(png) == (2 * MAIL.width, 2 * MAIL.height)


def test_text_is_drawn_with_the_fonts_that_come_along() -> None:
    svg = str(trend(CHART, "fr", size=MAIL))
    bare = re.sub(r"<text.*?</text>", "", svg)

    assert "<text" in svg
    assert len(chart_png(svg)) > len(chart_png(bare)) + 2000


def test_french_letters_are_drawn_as_themselves() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20" font-family="system-ui, sans-serif">'
    pictures = {chart_png(f'{svg}<text x="2" y="15">{letter}</text></svg>') for letter in ("é", "œ", "€", "’", "−", "")}

    assert len(pictures) == 6


def test_the_fonts_come_with_their_licence() -> None:
    assert all(Path(path).read_bytes().startswith(b"\x00\x01\x00\x00") for path in FONT_FILES)
    assert "Bitstream Vera" in (FONTS / "LICENSE").read_text()


def test_a_chart_is_told_in_words() -> None:
    text = told(str(trend(CHART, "en", size=MAIL)))

    assert text.startswith("Invoices issued late. From Nov 2024 to Oct 2026: first 9.2%, last 23.1%.")
    assert "Limit: 10%." in text
    assert told("<svg/>") == ""
