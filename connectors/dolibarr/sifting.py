"""Reading rows one by one: those that make no sense are set aside beside the good ones."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from connectors.base import Fault
from connectors.dolibarr.fields import Row, raw, text
from connectors.errors import BadPayload

T = TypeVar("T")


def sift(prefix: str, rows: Iterable[Row], read: Callable[[Row], T | None]) -> tuple[list[T], list[Fault]]:
    """Give what `read` makes of rows, and the faults of the others; `prefix` and the row's id are their place."""
    records: list[T] = []
    faults: list[Fault] = []
    for n, row in enumerate(rows, start=1):
        try:
            record = read(row)
        except BadPayload as error:
            faults.append(Fault(error.code, f"{prefix}{text(row, 'id') or f'?{n}'}", raw(row), error.params))
        else:
            if record is not None:
                records.append(record)
    return records, faults
