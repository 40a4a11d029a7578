"""What is counted while an accounting file streams by: faults, how its fields are filled, and how far we are."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from connectors.base import Fault

EXAMPLES = 1000
EXAMPLES_EACH = 20
DISTINCT_CAP = 1000
RAW_LENGTH = 500


class FaultTally:
    """How often each fault was met, and some examples: the first of each kind, few enough to keep."""

    __slots__ = ("counts", "examples")

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        """Occurrences by (code, field); the field is "" for faults of a whole line or entry."""
        self.examples: list[Fault] = []

    def add(self, code: str, place: int, raw: str = "", params: Mapping[str, str] | None = None) -> None:
        """Count a fault that did not keep its entry from being read."""
        said = dict(params or {})
        if self._count(code, said.get("field", "")):
            self.examples.append(Fault(code, str(place), raw[:RAW_LENGTH], said, kept=True))

    def add_fault(self, fault: Fault) -> None:
        """Count a fault made elsewhere."""
        if self._count(fault.code, fault.params.get("field", "")):
            self.examples.append(fault)

    def total(self, code: str) -> int:
        """Give how often a code was met, over all fields."""
        return sum(n for (met, _), n in self.counts.items() if met == code)

    def _count(self, code: str, column: str) -> bool:
        self.counts[code, column] += 1
        return self.counts[code, column] <= EXAMPLES_EACH and len(self.examples) < EXAMPLES


class FieldTally:
    """How one field is filled: how often, with how many values, and how often with another field's."""

    __slots__ = ("_values", "equal", "equal_to", "field", "filled", "n")

    def __init__(self, name: str, equal_to: str = "") -> None:
        self.field = name
        self.equal_to = equal_to
        self.n = self.filled = self.equal = 0
        self._values: set[Hashable] = set()

    def add(self, value: Hashable, other: Hashable = None) -> None:
        """Count a value beside the one it is compared with; None and "" are not filled."""
        self.n += 1
        if not value:
            return
        self.filled += 1
        if value == other:
            self.equal += 1
        values = self._values
        if len(values) < DISTINCT_CAP:
            values.add(value)

    def add_all(self, values: Sequence[Hashable]) -> None:
        """Count values that are compared with nothing; quick where all are empty."""
        if any(values):
            for value in values:
                self.add(value)
        else:
            self.n += len(values)

    @property
    def distinct(self) -> int:
        """How many values were met; counting stops at `DISTINCT_CAP`."""
        return len(self._values)

    def row(self) -> dict[str, str | int]:
        """Give the count as a row of field, n, filled, distinct, equal_to and equal."""
        return {
            "field": self.field,
            "n": self.n,
            "filled": self.filled,
            "distinct": self.distinct,
            "equal_to": self.equal_to,
            "equal": self.equal,
        }


@dataclass(slots=True)
class Profile:
    """How a file fills its fields: dates and references by entry, lettering and parties by 401/411 line."""

    entry_number: FieldTally = field(default_factory=lambda: FieldTally("EcritureNum"))
    entry_on: FieldTally = field(default_factory=lambda: FieldTally("EcritureDate"))
    piece_ref: FieldTally = field(default_factory=lambda: FieldTally("PieceRef", "EcritureNum"))
    piece_on: FieldTally = field(default_factory=lambda: FieldTally("PieceDate", "EcritureDate"))
    valid_on: FieldTally = field(default_factory=lambda: FieldTally("ValidDate", "EcritureDate"))
    party: FieldTally = field(default_factory=lambda: FieldTally("CompAuxNum", "CompteNum"))
    lettering: FieldTally = field(default_factory=lambda: FieldTally("EcritureLet"))
    lettered_on: FieldTally = field(default_factory=lambda: FieldTally("DateLet"))
    foreign_amount: FieldTally = field(default_factory=lambda: FieldTally("Montantdevise"))
    foreign_currency: FieldTally = field(default_factory=lambda: FieldTally("Idevise"))
    due_on: FieldTally = field(default_factory=lambda: FieldTally("DateLimitReglmt", "EcritureDate"))

    def rows(self) -> list[dict[str, str | int]]:
        """Give one row a field."""
        return [getattr(self, name).row() for name in self.__slots__]


@dataclass(slots=True)
class Reading:
    """How far the reading of a file is, and what it has met so far; kept up to date while entries are read.

    A file is gone through twice: `bytes_scanned` counts the first time, `bytes_read` the second. `lines` leaves out
    the header and blank lines. The sums and days are those of the entries read, not of those set aside.
    """

    lines: int = 0
    entries: int = 0
    quarantined: int = 0
    bytes_scanned: int = 0
    bytes_read: int = 0
    debit_minor: int = 0
    credit_minor: int = 0
    first_on: date | None = None
    last_on: date | None = None
    faults: FaultTally = field(default_factory=FaultTally)
    profile: Profile = field(default_factory=Profile)
