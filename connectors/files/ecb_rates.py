"""The European Central Bank's euro reference rates: a table of days and currencies, as CSV or zipped.

https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/ gives eurofxref-hist.zip (every
working day since 1999) and eurofxref.zip (the newest). One row a day; a column a currency, in units for one euro; `N/A`
where none was fixed. Days are 2026-03-31 in the long file and 31 March 2026 in the short one.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from connectors.base import Fault
from connectors.errors import NotThisFormat

LARGEST = 64 * 2**20  # bytes unpacked; all rates since 1999 are 1.5 MB
LONGEST_LINE = 4_000
_NONE = frozenset(("", "N/A"))


@dataclass(frozen=True, slots=True)
class Rate:
    """What one euro was worth on a day, in units of a currency."""

    day: date
    currency: str
    per_euro: Decimal


def read_rates(path: Path) -> Iterator[Rate | Fault]:
    """Give the rates of a file, and a fault for each cell or day that can't be read. Raises NotThisFormat."""
    text = _text(path)
    rows = csv.reader(io.StringIO(text))
    head = [cell.strip() for cell in next(rows, [])]
    currencies = {i: cell for i, cell in enumerate(head) if len(cell) == 3 and cell.isalpha() and cell.isupper()}  # noqa: PLR2004
    if not head or head[0] != "Date" or not currencies:
        raise NotThisFormat("not_ecb_rates")
    for number, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        day = _day(row[0].strip())
        if day is None:
            yield Fault("ecb_bad_day", f"{number}", row[0][:40], {"value": row[0].strip()[:40]})
            continue
        yield from _row(day, row, currencies, number)


def _row(day: date, row: list[str], currencies: dict[int, str], number: int) -> Iterator[Rate | Fault]:
    for i, currency in currencies.items():
        cell = row[i].strip() if i < len(row) else ""
        if cell in _NONE:
            continue
        per_euro = _rate(cell)
        if per_euro is None:
            yield Fault("ecb_bad_rate", f"{number}", cell[:40], {"currency": currency, "value": cell[:40]})
        else:
            yield Rate(day, currency, per_euro)


def _text(path: Path) -> str:
    """Read the file, or the one file in a zip; no more of it than all rates there are could be."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                names = [one for one in packed.infolist() if one.filename.lower().endswith(".csv")]
                if len(names) != 1:
                    raise NotThisFormat("not_ecb_rates")
                with packed.open(names[0]) as stream:
                    raw = stream.read(LARGEST + 1)
        else:
            with path.open("rb") as stream:
                raw = stream.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise NotThisFormat("ecb_too_large", {"limit": str(LARGEST // 2**20)})
        text = raw.decode("utf-8-sig")
    except (UnicodeDecodeError, zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        raise NotThisFormat("not_ecb_rates") from error
    if "\0" in text or max(map(len, text.split("\n", 2)[:2]), default=0) > LONGEST_LINE:
        raise NotThisFormat("not_ecb_rates")
    return text


def _day(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day, not an instant
        except ValueError:
            continue
    return None


def _rate(text: str) -> Decimal | None:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        return None
    return rate if rate.is_finite() and 0 < rate < 10**9 else None
