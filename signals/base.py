"""The vocabulary of answers: levels, tiers, measures, and reasons for having no value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from operator import eq
from typing import ClassVar, Protocol, overload

from signals.books import Books
from signals.policy import Policy


class Level(StrEnum):
    """How far a signal has gone. Unknown is a level: silence isn't calm."""

    UNKNOWN = "unknown"
    CALM = "calm"
    WATCH = "watch"
    OVER = "over"


class Tier(StrEnum):
    """How we know a number, best first."""

    DIRECT = "direct"
    PROXY = "proxy"
    DECLARED = "declared"
    NONE = "none"


class SignalName(StrEnum):
    """The five signals."""

    LATE_INVOICING = "late_invoicing"
    DIRECTOR_TIME = "director_time"
    QUALITY = "quality"
    KEY_PERSON = "key_person"
    HIDDEN_COST = "hidden_cost"


class Unit(StrEnum):
    """What a value counts."""

    SHARE = "share"  # 0 to 1
    HOURS_PER_WEEK = "hours_per_week"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    COUNT = "count"
    PER_MONTH = "per_month"
    EUR = "eur"  # major units of the company's currency
    EUR_PER_MONTH = "eur_per_month"
    RATIO = "ratio"
    FTE = "fte"
    SHARE_PER_YEAR = "share_per_year"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is so, as a code that `app.wording` says in the reader's language."""

    code: str
    params: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Point:
    """One complete month of a measure.

    `month` counts months since year 0 (`year * 12 + month - 1`); `value` is None where there is nothing to say.
    """

    month: int
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0


@dataclass(frozen=True, slots=True)
class RecordKey:
    """A record that a number rests on: its stream and its identity there."""

    stream: str
    external_id: str
    connection_id: str = ""


class RecordKeys(Sequence[RecordKey]):
    """The records of a table's rows, in their order: a key is made when it is read, so a million cost nothing."""

    __slots__ = ("_connections", "_ids", "_streams")

    def __init__(self, streams: str | Sequence[str], ids: Sequence[str], connections: Sequence[str]) -> None:
        """Take the columns of the rows; one stream may stand for all."""
        self._streams, self._ids, self._connections = streams, ids, connections

    def __len__(self) -> int:
        """How many there are."""
        return len(self._ids)

    @overload
    def __getitem__(self, at: int) -> RecordKey: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[RecordKey, ...]: ...
    def __getitem__(self, at: int | slice) -> RecordKey | tuple[RecordKey, ...]:
        """Name one record, or some."""
        if isinstance(at, slice):
            return tuple(self[one] for one in range(*at.indices(len(self))))
        stream = self._streams if isinstance(self._streams, str) else self._streams[at]
        return RecordKey(stream, self._ids[at], self._connections[at])

    def __iter__(self) -> Iterator[RecordKey]:
        """Name them one after the other."""
        return (self[at] for at in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Say whether another sequence names the same records in the same order."""
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(eq, self, other))

    def __hash__(self) -> int:
        """Agree with what is equal, a tuple of the same keys too."""
        return hash(tuple(self))

    def __repr__(self) -> str:
        """Show them as the tuple they stand for."""
        return repr(tuple(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number with its evidence, or no value with the reason.

    `low` and `high` bound a two-sided 90 % interval (so each is a one-sided 95 % bound) where the measure has one.
    `window` is first and last day, both included. `records` are all those behind the number, newest first, named only
    as they are asked for; `records_total` says how many there are.
    """

    name: str
    kpi: str
    signal: SignalName | None
    unit: Unit
    process: str = "all"
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    window: tuple[date, date] | None = None
    tier: Tier = Tier.NONE
    sources: tuple[str, ...] = ()
    reason: Reason | None = None
    notes: tuple[Reason, ...] = ()
    baseline: float | None = None
    baseline_n: int = 0
    baseline_low: float | None = None  # 90 % as above; none where the normal months' trials are not independent
    baseline_high: float | None = None
    recent: float | None = None  # the 90-day value of the change rule
    recent_low: float | None = None
    limit: float | None = None
    series: tuple[Point, ...] = ()
    records: Sequence[RecordKey] = ()
    records_total: int = 0

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return self.value is not None


class Detector(Protocol):
    """One question put to the books: a frozen dataclass whose fields are its parameters.

    Pure: the answer rests on `books` and `policy` only, and nothing after `books.as_of` changes it.
    """

    name: ClassVar[str]

    def detect(self, books: Books, policy: Policy) -> Measure:
        """Answer, with evidence or with the reason for having none."""
        ...
