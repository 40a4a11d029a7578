"""A chart's box and axes, and strokes drawn with presentation attributes only, so that any page may hold them."""

from dataclasses import dataclass
from datetime import date
from html import escape

TEXT = "#4a525c"
DAYS_A_MONTH = 30.4


@dataclass(frozen=True, slots=True)
class Size:
    """A chart's box in px; `right` is the strip of labels."""

    width: int
    height: int
    left: int = 46
    right: int = 92
    top: int = 8
    bottom: int = 20


@dataclass(frozen=True, slots=True)
class Scale:
    """From months and values to px."""

    size: Size
    first: int
    last: int
    top: float

    def x(self, month: float) -> float:
        """Place a month."""
        span = max(self.last - self.first, 1)
        return self.size.left + (month - self.first) / span * (self.size.width - self.size.left - self.size.right)

    def day(self, day: date) -> float:
        """Place a day: a month's point stands for its middle; days before and after the axis lie on its ends."""
        month = day.year * 12 + day.month - 1 + (day.day - 0.5) / DAYS_A_MONTH - 0.5
        return self.x(min(max(month, self.first), self.last))

    def y(self, value: float) -> float:
        """Place a value; the axis starts at zero."""
        height = self.size.height - self.size.top - self.size.bottom
        return self.size.height - self.size.bottom - value / self.top * height


def text(x: float, y: float, words: str, anchor: str, colour: str = TEXT, name: str = "") -> str:
    """Write a text."""
    css = f' class="{name}"' if name else ""
    return f'<text{css} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def path(line: str, name: str, colour: str, *, width: float = 1.5, dashes: str = "") -> str:
    """Draw a line."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path class="{name}" d="{line}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>'
