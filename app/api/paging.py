"""Pages of a list: how many rows are asked for, and where the next page begins."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query

from app.cursors import LONGEST, read_cursor, write_cursor

MOST, USUAL = 500, 100

Limit = Annotated[int, Query(ge=1, le=MOST, description="how many at most")]
Cursor = Annotated[str | None, Query(max_length=LONGEST, description="`next` of the page before")]

T = TypeVar("T")


def page_of(name: str, rows: Sequence[T], order: Callable[[T], str], limit: int, cursor: str | None) -> dict[str, Any]:
    """Cut a page out of rows at hand, as `{name: rows, "next": cursor}`.

    `order` gives each row a text; the rows stand in the order of these texts, and no two have the same.
    """
    after = read_cursor(name, cursor, [str])[0] if cursor is not None else ""
    rest = [row for row in rows if order(row) > after]
    given = rest[:limit]
    more = write_cursor(name, [order(given[-1])]) if len(rest) > limit else None
    return {name: given, "next": more}


def newest_first(day: date) -> str:
    """Give a text that puts later days before earlier ones."""
    return f"{9_999_999 - day.toordinal():07d}"


def last_first(made: str) -> str:
    """Give a text that puts ids made later (UUIDv7) before those made earlier."""
    return f"{(1 << 128) - 1 - UUID(made).int:032x}"
