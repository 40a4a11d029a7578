"""One line of a table."""

from typing import NamedTuple

from connectors.files.csv_formats import Cell


class Line(NamedTuple):
    """A line's number in the file, its cells, and the fault it has by itself ("" for none)."""

    number: int
    cells: tuple[Cell, ...]
    fault: str = ""
