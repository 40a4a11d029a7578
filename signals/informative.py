"""Which fields a source fills in earnest: what is always empty, constant or a copy of another says nothing.

A ledger export whose validation date is always the entry date has a validation date by form only; a lag measured on
it would be zero and look like punctuality.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from signals.base import Reason
from signals.books import Books

LEAST_ROWS = 5
"""Below this many rows one value may be chance, and no field is called constant or a copy."""

LETTERED_ACCOUNTS = ("401", "411")
"""Suppliers and customers: the only accounts on which lettering is expected."""

LEDGER = "ledger"
LETTERING = "lettering"


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """Whether a field of a source can be measured on, and why."""

    field: str
    connection_id: str
    stream: str
    informative: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class Profile:
    """How a field is filled: rows, rows filled, distinct values, and rows equal to each other field."""

    n: int
    filled: int
    distinct: int
    equal: Mapping[str, int] = field(default_factory=dict)

    def judge(self, name: str) -> tuple[bool, Reason]:
        """Say whether a field so filled carries information, and why; `share` is the part of rows filled."""
        if self.n == 0:
            return False, Reason("field_unknown", {"field": name})
        if self.filled == 0:
            return False, Reason("field_empty", {"field": name, "n": self.n})
        if self.n >= LEAST_ROWS:
            if self.distinct <= 1:
                return False, Reason("field_constant", {"field": name, "n": self.n})
            copied = sorted(other for other, rows in self.equal.items() if other and rows >= self.filled)
            if copied:
                return False, Reason("field_equals", {"field": name, "other": copied[0], "n": self.n})
        return True, Reason("field_informative", {"field": name, "n": self.n, "share": self.filled / self.n})


def field_answers(fields_frame: pd.DataFrame) -> tuple[FieldAnswer, ...]:
    """Judge every field of the `fields` table, sorted by connection, stream and field.

    The table has a row for each import and each field compared with. Rows add up over imports; distinct values
    don't: a field constant in every file (the day of the export) is constant, whatever it says in each.
    """
    keys = ["connection_id", "stream", "field"]
    summed = fields_frame.groupby([*keys, "equal_to"], as_index=False).agg(
        n=("n", "sum"), filled=("filled", "sum"), distinct=("distinct", "max"), equal=("equal", "sum")
    )
    answers = []
    for (connection_id, stream, name), rows in summed.groupby(keys):
        profile = Profile(
            n=int(rows["n"].max()),
            filled=int(rows["filled"].max()),
            distinct=int(rows["distinct"].max()),
            equal={str(o): int(e) for o, e in zip(rows["equal_to"], rows["equal"], strict=True)},
        )
        answers.append(FieldAnswer(str(name), str(connection_id), str(stream), *profile.judge(str(name))))
    return tuple(answers)


def informative(books: Books, connection_id: str, stream: str, field: str) -> FieldAnswer:
    """Judge one field of one source; lettering is judged on the supplier and customer lines themselves."""
    if (stream, field) == (LEDGER, LETTERING):
        lines = books["open_lines"]
        lines = lines[(lines["connection_id"] == connection_id) & lines["account"].str.startswith(LETTERED_ACCOUNTS)]
        if len(lines):
            return _lettering(connection_id, lines["lettering"])
    fields_frame = books["fields"]
    mine = fields_frame[
        (fields_frame["connection_id"] == connection_id)
        & (fields_frame["stream"] == stream)
        & (fields_frame["field"] == field)
    ]
    for answer in field_answers(mine):
        return answer
    return FieldAnswer(
        field, connection_id, stream, informative=False, reason=Reason("field_unknown", {"field": field})
    )


def profile_of(values: pd.Series, others: Mapping[str, pd.Series]) -> Profile:
    """Profile one numeric column (NaN is empty) against others of the same rows."""
    return Profile(
        n=len(values),
        filled=int(values.notna().sum()),
        distinct=int(values.nunique()),
        equal={name: int((values == other).sum()) for name, other in others.items()},
    )


def _lettering(connection_id: str, letters: pd.Series) -> FieldAnswer:
    """Once is enough: one letter for all lines is a letter, and firms that letter little still letter."""
    filled = int((letters != "").sum())
    said: dict[str, str | int | float] = {"field": LETTERING, "n": len(letters)}
    if not filled:
        return FieldAnswer(LETTERING, connection_id, LEDGER, informative=False, reason=Reason("field_empty", said))
    reason = Reason("field_informative", {**said, "share": filled / len(letters)})
    return FieldAnswer(LETTERING, connection_id, LEDGER, informative=True, reason=reason)
