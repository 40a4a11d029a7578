"""Many companies on one page: the worst first, filtered and sought in the database, a page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, case, func, literal, select, tuple_

from app.cursors import read_cursor, write_cursor
from app.errors import BadInput
from app.folded import folded
from app.models.answers import standing
from app.models.core import company
from app.models.watch import episode
from app.standings import MOST_SIGNALS, NOT_ASSESSED, RANKS
from signals.base import SignalName

Row = Mapping[str, Any]

NONE_YET = "not_assessed"
VERDICTS: tuple[str, ...] = (*RANKS, NONE_YET)
SIGNALS: tuple[str, ...] = tuple(one.value for one in SignalName)
PAGE = 50
SOUGHT_KEPT = 100
OLD_AFTER = timedelta(days=7)
"""An answer older than this is out of date, however fresh its data were: assessments come daily."""

_LAST = (NOT_ASSESSED + 1) * (MOST_SIGNALS + 1)  # after those of which nothing can be said, before the rest
_COLUMNS = (
    "as_of", "since", "verdict", "over", "signals_over", "signals_watch", "signals_known", "signals", "gates_known",
    "gates", "reaches",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """Which companies are asked for; `within` None: all of them. Empty texts and False leave all in.

    An answer of a day before `oldest` is out of date; None: only data can be.
    """

    within: frozenset[str] | None
    verdict: str = ""
    signal: str = ""
    text: str = ""
    stale: bool = False
    alerts: bool = False
    oldest: date | None = None

    @property
    def narrows(self) -> bool:
        """Whether anything is left out but what somebody may not see."""
        return bool(self.verdict or self.signal or self.text.strip() or self.stale or self.alerts)


@dataclass(frozen=True, slots=True)
class Page:
    """Some companies with where each stands, and the cursors of the pages around it; None: there is none."""

    rows: Sequence[Row]
    next: str | None
    previous: str | None = None


def check_asked(asked: Asked) -> Asked:
    """Give what was asked for, or BadInput where a verdict or a signal is none."""
    for name, value, known in (("verdict", asked.verdict, VERDICTS), ("signal", asked.signal, SIGNALS)):
        if value and value not in known:
            raise BadInput("portfolio_unknown", {"name": name, "value": value[:60], "known": ", ".join(known)})
    return asked


def portfolio(
    conn: Connection, asked: Asked, *, limit: int = PAGE, cursor: str | None = None, back: bool = False
) -> Page:
    """Give a page of companies: by verdict, the one with more signals over first, then by name.

    The page after a cursor or, `back`, the one before it. What calls for nothing, but is out of date, stands with what
    is not known.
    """
    s, c = standing.c, company.c
    rank = _rank(asked)
    columns = (c.id, c.name, c.siren, c.name_key, rank.label("rank"), _is_stale(asked).label("stale"))
    query = _found(asked, select(*columns, *(s[name] for name in _COLUMNS)))
    key = (rank, c.name_key, c.id)
    if cursor is not None:
        last = tuple_(*read_cursor("portfolio", cursor, [int, str, str]))
        query = query.where(tuple_(*key) < last if back else tuple_(*key) > last)
    order = [one.desc() for one in key] if back else list(key)
    rows = [dict(row) for row in conn.execute(query.order_by(*order).limit(limit + 1)).mappings()]
    more, given = len(rows) > limit, rows[:limit]
    if back and not more:  # the beginning: a whole page of it
        return portfolio(conn, asked, limit=limit)
    if back:
        given.reverse()
    alerts = _open_alerts(conn, [row["id"] for row in given])
    return Page(
        [_told(row, alerts.get(row["id"], 0)) for row in given],
        _cursor(given[-1]) if given and (more or back) else None,
        _cursor(given[0]) if given and cursor is not None else None,
    )


def _cursor(row: Row) -> str:
    return write_cursor("portfolio", [row["rank"], row["name_key"], row["id"]])


def _is_stale(asked: Asked) -> ColumnElement[bool]:
    s = standing.c
    is_old = s.stale if asked.oldest is None else s.stale | (s.as_of < asked.oldest)
    return func.coalesce(is_old, literal(value=True))


def _rank(asked: Asked) -> ColumnElement[int]:
    known = func.coalesce(standing.c.rank, literal(_LAST - 1, Integer))
    return case((_is_stale(asked) & (known >= _LAST), literal(_LAST - 1, Integer)), else_=known)


def _told(row: Row, alerts: int) -> Row:
    told = {name: value for name, value in row.items() if name not in {"rank", "name_key"}}
    return told | {"over": (row["over"] or "").split(), "alerts_open": alerts}


def verdict_counts(conn: Connection, within: frozenset[str] | None) -> dict[str, int]:
    """Count all companies somebody may see by verdict, those not assessed too; the demonstration is left out."""
    verdict = func.coalesce(standing.c.verdict, NONE_YET)
    query = _found(Asked(within), select(verdict, func.count())).group_by(verdict)
    found = {str(name): int(n) for name, n in conn.execute(query)}
    return {name: found.get(name, 0) for name in VERDICTS}


def _found(asked: Asked, query: Any) -> Any:
    s, c = standing.c, company.c
    query = query.select_from(company.outerjoin(standing, s.company_id == c.id)).where(c.is_demo.is_(False))
    if asked.within is not None:
        query = query.where(c.id.in_(asked.within))
    if asked.verdict:
        query = query.where(s.verdict.is_(None) if asked.verdict == NONE_YET else s.verdict == asked.verdict)
    if asked.signal:
        query = query.where(s.over.contains(f" {asked.signal} ", autoescape=True))
    if asked.stale:
        query = query.where(_is_stale(asked))
    if asked.alerts:
        query = query.where(select(episode.c.id).where(_is_open(), episode.c.company_id == c.id).exists())
    return query.where(*_sought(asked.text))


def _sought(text: str) -> list[ColumnElement[bool]]:
    """Match each word of a text in a company's name, or the whole of it at the start of its SIREN."""
    wanted = folded(text[:SOUGHT_KEPT])
    if not wanted:
        return []
    digits = "".join(wanted.split())
    words = [company.c.name_key.contains(word, autoescape=True) for word in wanted.split()]
    if digits.isascii() and digits.isdigit():
        return [company.c.siren.startswith(digits) | company.c.name_key.contains(wanted, autoescape=True)]
    return words


def _is_open() -> ColumnElement[bool]:
    return episode.c.closed_on.is_(None) & episode.c.dismissed_at.is_(None)


def _open_alerts(conn: Connection, company_ids: Sequence[str]) -> dict[str, int]:
    e = episode.c
    query = select(e.company_id, func.count()).where(_is_open(), e.company_id.in_(company_ids)).group_by(e.company_id)
    return {str(one): int(n) for one, n in conn.execute(query)}
