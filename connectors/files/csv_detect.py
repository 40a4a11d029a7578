"""How a column is written, told from its cells.

A format is told only where one reading fits and no other does; where two do, a person is asked.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeVar

from connectors.errors import BadPayload
from connectors.files.csv_formats import EPOCH, Cell, DayFormat, NumberFormat, amount_of, day_of

Format = TypeVar("Format", bound=StrEnum)
Reading = TypeVar("Reading")

_SPREAD = 10  # years: lists rarely span more
_MOST_UNREADABLE = 0.5


def day_formats(cells: Sequence[Cell], epoch: datetime = EPOCH) -> tuple[DayFormat, ...]:
    """Tell how a column of days is written: none, one, or those that are equally possible."""
    readings = {form: _readings(cells, lambda cell, form=form: day_of(cell, form, UTC, epoch)) for form in DayFormat}  # type: ignore[misc]
    found = _best({form: set(read) for form, read in readings.items()}, len(cells))
    if DayFormat.ISO in found:  # nothing in the column needs more
        return (DayFormat.ISO,)
    near = [form for form in found if _spread(readings[form].values()) <= _SPREAD]
    return tuple(near) if near and DayFormat.YMD in found else found


def number_formats(cells: Sequence[Cell]) -> tuple[NumberFormat, ...]:
    """Tell how a column of amounts is written: none, one, or those that are equally possible."""
    signed = (NumberFormat.COMMA, NumberFormat.DOT)
    readings = {form: _readings(cells, lambda cell, form=form: amount_of(cell, form)) for form in signed}  # type: ignore[misc]
    found = _best({form: set(read) for form, read in readings.items()}, len(cells))
    if len(found) > 1 and readings[found[0]] == readings[found[1]]:
        return (NumberFormat.EITHER,)
    return found


def _readings(cells: Sequence[Cell], read: Callable[[Cell], Reading]) -> dict[int, Reading]:
    found = {}
    for place, cell in enumerate(cells):
        try:
            found[place] = read(cell)
        except BadPayload:
            continue
    return found


def _best(read: dict[Format, set[int]], total: int) -> tuple[Format, ...]:
    """Keep the formats that read most cells, and of those each that another does not read more than."""
    enough = {form: cells for form, cells in read.items() if cells and len(cells) >= total * (1 - _MOST_UNREADABLE)}
    return tuple(form for form, mine in enough.items() if not any(mine < others for others in enough.values()))


def _spread(days: Iterable[date]) -> int:
    years = [day.year for day in days]
    return max(years) - min(years)
