"""What identifies a row of a table that has no number of its own, and what two of its cells say of each other."""

import hashlib
from collections import Counter
from datetime import date

from connectors.files.csv_cells import Cells
from connectors.records import Direction

Occurrences = Counter[str]
"""How often an identity without a number of its own was met in the file so far."""


def document_id(direction: Direction, party: str, number: str) -> str:
    """Give the identity of an invoice: a purchase goes by supplier and number, theirs are not ours to number."""
    return f"purchase/{party}/{number}" if direction is Direction.PURCHASE else f"sale/{number}"


def in_order(cells: Cells, first: date | None, last: date | None) -> None:
    """Note two dates of which the last comes first."""
    if first and last and last < first:
        cells.note("csv_dates_reversed", {"first": first.isoformat(), "last": last.isoformat()})


def occurrence(cells: Cells, occurrences: Occurrences, identity: str) -> str:
    """Add to an identity how often it came before."""
    if not cells.bad:  # a row set aside must not move the others' identities
        occurrences[identity] += 1
    return f"{identity}/{occurrences[identity]}"


def digest(text: str) -> str:
    """Write a text that may name a person as a short digest: identities outlive the people table."""
    return hashlib.sha256(text.casefold().encode()).hexdigest()[:16]
