"""Tryton's dunnings as reminders.

A dunning is one row per amount due, raised in place from level to level: its date is that of the level it is at, and
at the end (`final`) no more than the day on which the end was noticed. The server's log keeps every processing, with
its day and its user; where it has one for each level up to the present one, the earlier reminders are told as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.errors import BadPayload
from connectors.records import Reminder
from connectors.tryton.fields import day, ids, inner, instant, needed, text, version, whole
from connectors.tryton.people import People
from connectors.tryton.rpc import Row, Rpc

MODEL = "account.dunning"
LEVEL = "account.dunning.level"
LOG = "ir.model.log"
FIELDS = ("state", "date", "level", "line", "line.move", "create_date", "write_date", "write_uid")

_SENT = {"waiting", "final"}
_DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Processing:
    """A dunning was processed: its reminder went out."""

    at: datetime
    user: int | None


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around some dunnings: the invoices of their lines, when each was processed, and the levels."""

    invoices: Mapping[int, str]
    processed: Mapping[int, Sequence[Processing]]
    procedures: Sequence[Sequence[int]]
    people: People
    zone: ZoneInfo


def find_levels(rpc: Rpc) -> list[list[int]]:
    """Give the levels of each procedure in the order in which a dunning goes through them."""
    rows = [row for some in rpc.read_all(LEVEL, [], ("procedure", "sequence")) for row in some]
    found: dict[int | None, list[int]] = {}
    for row in sorted(rows, key=lambda row: (whole(row, "sequence") or 0, whole(row) or 0)):
        found.setdefault(whole(row, "procedure"), []).append(row["id"])
    return list(found.values())


def find_invoices(rpc: Rpc, rows: Iterable[Row]) -> dict[int, str]:
    """Give the invoice of each line that is dunned for."""
    moves = sorted({move for row in rows if (move := whole(inner(row, "line"), "move")) is not None})
    if not moves:
        return {}
    domain = [["OR", ["move", "in", moves], ["additional_moves", "in", moves]]]
    found = rpc.search_read("account.invoice", domain, ("lines_to_pay",))
    return {line: str(invoice["id"]) for invoice in found for line in ids(invoice, "lines_to_pay")}


def find_processed(rpc: Rpc, rows: Iterable[Row]) -> dict[int, list[Processing]]:
    """Give when each dunning was processed, as the server's log has it, the earliest first."""
    resources = [f"{MODEL},{key}" for row in rows if (key := whole(row)) is not None]
    if not resources:
        return {}
    domain = [["resource", "in", resources], ["event", "=", "wizard"], ["target", "like", "account.dunning.process:%"]]
    found: dict[int, list[Processing]] = {}
    for row in rpc.search_read(LOG, domain, ("resource", "user", "create_date")):
        number, at = (text(row, "resource") or "").rpartition(",")[2], instant(row, "create_date")
        if number.isdigit() and at is not None:
            found.setdefault(int(number), []).append(Processing(at, whole(row, "user")))
    return found


def place_of(row: Row) -> str:
    """Give a reminder's identity: the dunning, and its level."""
    return _identity(whole(row) or 0, whole(row, "level") or 0)


def places_of(row: Row, procedures: Sequence[Sequence[int]]) -> tuple[str, ...]:
    """Give the identities of all reminders that a dunning may have been."""
    return tuple(_identity(whole(row) or 0, level) for levels in procedures for level in levels)


def read_reminders(row: Row, around: Around) -> list[Reminder]:
    """Read the reminders that a dunning was so far; none where it is only a draft of the first."""
    number, level = needed(row, "id", whole), needed(row, "level", whole)
    state, line = needed(row, "state", text), needed(row, "line", whole)
    if state not in {_DRAFT, *_SENT}:
        raise BadPayload("tryton_value_unknown", {"field": "state", "value": state[:60]})
    reached = _up_to(level, around.procedures)
    sent = reached if state in _SENT else reached[:-1]
    if not sent:
        return []
    if line not in around.invoices:
        raise BadPayload("tryton_no_invoice", {"entry": str(line)})
    days = _days(row, sent, around) if state in _SENT else _told(number, sent, around)
    return [
        Reminder(
            external_id=_identity(number, each),
            invoice_id=around.invoices[line],
            sent_on=on,
            level=reached.index(each) + 1,
            actor=around.people.login(user),
            source_version=version(row),
        )
        for each, (on, user) in days.items()
    ]


_Days = dict[int, tuple[date, int | None]]


def _told(number: int, levels: Sequence[int], around: Around) -> _Days:
    """Give the day and the user of each level, where the log has one processing for each."""
    processed = around.processed.get(number, ())
    if len(processed) != len(levels):
        return {}
    pairs = zip(levels, processed, strict=True)
    return {level: (one.at.astimezone(around.zone).date(), one.user) for level, one in pairs}


def _days(row: Row, levels: Sequence[int], around: Around) -> _Days:
    """Give the same for a dunning whose present level went out: that one is known in any case."""
    number, level = needed(row, "id", whole), levels[-1]
    told = _told(number, levels, around)
    if told:
        return told
    processed = around.processed.get(number, ())
    if processed:
        return {level: (processed[-1].at.astimezone(around.zone).date(), processed[-1].user)}
    return {level: (needed(row, "date", day), whole(row, "write_uid"))}


def _up_to(level: int, procedures: Sequence[Sequence[int]]) -> Sequence[int]:
    """Give the levels of a procedure up to one; that one alone where its procedure is not known."""
    for levels in procedures:
        if level in levels:
            return levels[: levels.index(level) + 1]
    return (level,)


def _identity(number: int, level: int) -> str:
    return f"{number}:{level}"
