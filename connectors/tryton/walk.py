"""Reading what changed: rows in the order of their ids, and a bookmark by the source's own clock.

A walk asks first for the newest change there is. What changes while it is under way is newer than that, and the next
walk begins an overlap before it, so that rows committed late are not missed either. Our clock decides nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.base import Cursor
from connectors.tryton.rpc import Domain, NoSuchModel, Row, Rpc, sent

OVERLAP = timedelta(hours=1)
_WRITTEN = ("write_date", "create_date")  # never written: the first is empty


@dataclass(frozen=True, slots=True)
class Part:
    """One model that a stream is told from."""

    name: str
    model: str
    fields: tuple[str, ...]
    domain: Domain


@dataclass(frozen=True, slots=True)
class Portion:
    """Some rows of a part; `is_again` where this is not the first reading of it."""

    part: Part
    rows: Sequence[Row]
    cursor: Cursor
    is_again: bool

    def place_of(self, row: Row) -> str:
        """Give a row's identity among all parts."""
        return f"{self.part.name}:{row['id']}"


def walk(rpc: Rpc, parts: Sequence[Part], cursor: Cursor | None, now: datetime) -> Iterator[Portion]:
    """Give what changed since the bookmark, part by part; a part whose module is not active is left out.

    The bookmark holds `since:<part>` for each part read, and within a walk the part, its last id, and the newest
    change as the walk began.
    """
    known = {key: value for key, value in (cursor or {}).items() if key.startswith("since:")}
    under_way = (cursor or {}).get("part")
    names = [part.name for part in parts]
    first = names.index(under_way) if under_way in names else 0
    if not cursor:  # a right that is missing shows before the first page, whichever part it is of
        for part in parts[1:]:
            with suppress(NoSuchModel):
                rpc.search_read(part.model, part.domain, ["id"], limit=1)
    for part, after in zip(parts[first:], [*parts[first + 1 :], None], strict=True):
        begun = cursor if cursor is not None and part.name == under_way else {}
        try:
            yield from _walk_part(rpc, part, after, known, begun or {}, now)
        except NoSuchModel:  # the bookmark has to go past it all the same
            past = known | ({"part": after.name} if after else {})
            if past:
                yield Portion(part, (), past, is_again=False)


def _walk_part(
    rpc: Rpc, part: Part, after: Part | None, known: dict[str, str], begun: Mapping[str, str], now: datetime
) -> Iterator[Portion]:
    since = known.get(f"since:{part.name}", "")
    newest = begun["newest"] if "newest" in begun else _newest(rpc, part, now)
    last = int(begun.get("id", "0"))
    while True:
        rows = rpc.read_after(part.model, last, _changed(part, since), part.fields)
        is_end = len(rows) < rpc.page
        if is_end:
            known[f"since:{part.name}"] = newest or since
            here = {"part": after.name} if after else {}
        else:
            last = int(rows[-1]["id"])
            here = {"part": part.name, "newest": newest, "id": str(last)}
        yield Portion(part, rows, known | here, is_again=bool(since))
        if is_end:
            return


def _newest(rpc: Rpc, part: Part, now: datetime) -> str:
    """Give the instant an overlap before the newest change there is; one ahead of our clock does not count."""
    found = []
    for name in _WRITTEN:
        rows = rpc.search_read(part.model, [*part.domain, [name, "!=", None]], [name], order=f"-{name}", limit=1)
        found += [row[name] for row in rows if isinstance(row.get(name), datetime)]
    return (min(max(found), now) - OVERLAP).astimezone(UTC).isoformat() if found else ""


def _changed(part: Part, since: str) -> Domain:
    if not since:
        return part.domain
    instant = sent(datetime.fromisoformat(since))
    return [*part.domain, ["OR", *([name, ">=", instant] for name in _WRITTEN)]]
