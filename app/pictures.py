"""Charts as pictures, for mails: most mail programs draw no SVG.

The fonts come with us: on a machine without any, text would be left out, and nobody told.
"""

import re
from functools import lru_cache
from html import unescape
from pathlib import Path

import resvg_py

from app.chart_scale import Size

FONTS = Path(__file__).parent / "fonts"
FONT = "DejaVu Sans"
FONT_FILES = [str(FONTS / "DejaVuSans.ttf"), str(FONTS / "DejaVuSans-Bold.ttf")]

MAIL = Size(400, 140, left=50, right=104)
"""A chart in a letter: narrow enough that its labels can be read on a telephone, where it is scaled down to 326 px."""

_TITLE = re.compile(r"<title[^>]*>(.*?)</title><desc[^>]*>(.*?)</desc>", re.DOTALL)


@lru_cache(maxsize=128)  # the same chart goes to everybody who reads about a company in that language
def chart_png(svg: str, *, zoom: float = 2) -> bytes:
    """Draw an SVG on white, `zoom` times as large as it says, so that it is sharp on fine screens."""
    png = resvg_py.svg_to_bytes(
        svg_string=svg,
        zoom=zoom,
        background="#ffffff",
        skip_system_fonts=True,
        font_files=FONT_FILES,
        font_family=FONT,
        sans_serif_family=FONT,
    )
    return bytes(png)


def told(svg: str) -> str:
    """Give what a chart says in words: its title and description, as the text beside the picture."""
    found = _TITLE.search(svg)
    return unescape(f"{found[1]}. {found[2]}") if found else ""
