"""A source that changes while it is read: rows are inserted, edited, committed late, deleted, and ids used again.

It stamps each change with a counter, as a database does: a transaction that began earlier may be committed later, with
the earlier stamp. Its connector asks for what was stamped since the bookmark, less an overlap, page by page.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

from connectors.base import Cursor, Keys, Page, Pages
from connectors.errors import StartOver
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Stream

OVERLAP = 5
PAGE = 3
FIRST = date(2026, 1, 5)


def nothing() -> None:
    """Let a request pass."""


@dataclass
class ChangingSource:
    """Its rows by id, each with its amount and stamp; ids whose deletion it tells; what it has forgotten."""

    rows: dict[str, tuple[int, int]] = field(default_factory=dict)
    told_gone: dict[str, int] = field(default_factory=dict)
    stamp: int = 0
    oldest: int = 0  # it no longer knows what happened before
    tells_deletes: bool = False

    def put(self, key: str, amount: int, late: int = 0) -> None:
        """Insert or edit; a late commit has an earlier stamp, though none before the row's own."""
        self.stamp += 1
        earliest = self.rows[key][1] if key in self.rows else self.told_gone.get(key, 0)
        self.rows[key] = (amount, max(self.stamp - late, earliest, 1))
        self.told_gone.pop(key, None)

    def delete(self, key: str) -> None:
        """Remove a row, and say so where this source does."""
        if self.rows.pop(key, None) is not None:
            self.stamp += 1
            self.told_gone[key] = self.stamp

    def forget(self) -> None:
        """Throw away the list of changes."""
        self.oldest = self.stamp + 1

    def totals(self) -> dict[str, int]:
        """What is there, in cents."""
        return {key: amount * 100 for key, (amount, _) in self.rows.items()}


@dataclass(frozen=True)
class Changing:
    """Reads it; `before` is called with each request, and may fail, or change the source meanwhile."""

    source: ChangingSource
    before: Callable[[], None] = nothing
    name: ClassVar[str] = "demo"

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        """It has invoices."""
        return {Stream.INVOICES: self._invoices}

    @property
    def keys(self) -> Mapping[Stream, Keys]:
        """All their ids can be listed."""
        return {Stream.INVOICES: self._keys}

    def _keys(self) -> Iterator[tuple[str, ...]]:
        last = ""
        while True:
            self.before()
            some = tuple(sorted(key for key in self.source.rows if key > last)[:PAGE])
            yield some
            if not some:
                return
            last = some[-1]

    def _invoices(self, cursor: Cursor | None) -> Iterator[Page]:
        if cursor and int(cursor["newest"]) < self.source.oldest - 1:
            raise StartOver
        newest = int(cursor["newest"]) if cursor else 0
        after = (newest - OVERLAP, "") if not cursor or "key" not in cursor else (int(cursor["stamp"]), cursor["key"])
        while True:
            self.before()
            found = sorted((stamp, key) for key, (_, stamp) in self.source.rows.items() if (stamp, key) > after)
            some = found[:PAGE]
            newest = max([newest, *(stamp for stamp, _ in some)])
            more = len(found) > PAGE
            records = tuple(self._invoice(key) for _, key in some)
            gone = () if more or not self.source.tells_deletes else tuple(self.source.told_gone)
            if not more:
                yield Page(records, {"newest": str(newest)}, gone=gone)
                return
            after = some[-1]
            yield Page(records, {"newest": str(newest), "stamp": str(after[0]), "key": after[1]})

    def _invoice(self, key: str) -> Invoice:
        amount, stamp = self.source.rows[key]
        day = FIRST + timedelta(days=amount % 60)
        return Invoice(
            external_id=key,
            direction=Direction.SALE,
            kind=DocumentKind.INVOICE,
            status=DocumentStatus.FINAL,
            number=key,
            party="C1",
            issued_on=day,
            sent_on=day,
            total=Decimal(amount),
            source_version=str(stamp),
        )
