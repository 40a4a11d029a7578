"""How one accounting file is written: separator, encoding, line ending and columns, told from its first bytes.

The norm (LPF art. A47 A-1) allows tab or pipe, UTF-8 or ISO 8859-15, Debit/Credit or Montant/Sens, and four more
columns for books kept on receipts and payments. Columns are found by name, in any order.
"""

import csv
import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from connectors.base import Fault
from connectors.errors import BadPayload, NotThisFormat
from connectors.files.fec_fields import parse_day
from connectors.files.text import decode, newline_of, refuse_other_formats, sniff_encoding

STANDARD = (
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
)
SIGNED = ("Montant", "Sens")
TREASURY = ("DateRglt", "ModeRglt", "NatOp", "IdClient")
DUE = "DateLimitReglmt"
"""A column beyond the norm that some software adds: the due date."""

_ESSENTIAL = ("JournalCode", "EcritureNum", "EcritureDate", "CompteNum")
_DUE_NAMES = ("datelimitreglmt", "datelimitereglement", "dateecheance", "echeance", "duedate")
_ALLOWED, _OTHERS = ("\t", "|"), (";", ",")
_FOUND_LENGTH = 200
_NAME = re.compile(r"(?:(?<!\d)(\d{9}))?[ _-]?FEC[ _-]?(\d{8})(?!\d)", re.IGNORECASE)


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(c for c in decomposed.casefold() if c.isascii() and c.isalnum())


_KNOWN = {_plain(name): name for name in (*STANDARD, *SIGNED, *TREASURY)} | dict.fromkeys(_DUE_NAMES, DUE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written. `columns` are the file's, in its order, under the norm's names where it has them.

    `encoding` is "ascii" where the file's head tells no more: the reader then looks at the whole file.
    `missing` are columns of the norm that the file lacks, `surplus` those it has beyond it.
    `signed` is true for Montant and Sens instead of Debit and Credit.
    """

    separator: str
    encoding: str
    newline: str
    columns: tuple[str, ...]
    missing: tuple[str, ...]
    surplus: tuple[str, ...]
    signed: bool

    def at(self, column: str) -> int:
        """Give a column's place, or -1 for one the file has not."""
        return self.columns.index(column) if column in self.columns else -1

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The remarks that the header line calls for."""
        missing = [Fault("column_missing", "1", "", {"field": name}, kept=True) for name in self.missing]
        surplus = [Fault("column_surplus", "1", "", {"field": name}, kept=True) for name in self.surplus]
        return (*missing, *surplus)


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What a file's name says: whose books, and the day the fiscal year closes."""

    siren: str | None
    closing_on: date | None


def identity(name: str) -> FileIdentity:
    """Read a name such as 123456789FEC20261231.txt; None for what it does not say."""
    match = _NAME.search(name)
    if match is None:
        return FileIdentity(None, None)
    try:
        closing_on = parse_day(match[2]).on
    except BadPayload:
        closing_on = None
    return FileIdentity(match[1], closing_on)


def sniff(head: bytes, name: str) -> Dialect:
    """Tell how a file is written from its first bytes (`HEAD_BYTES` will do).

    Raises NotThisFormat for what is no such file, with the code of what it is instead.
    """
    refuse_other_formats(head, name)
    encoding = sniff_encoding(head)
    header = header_of(head)
    text, _ = decode(header, encoding)
    for separator in _ALLOWED:
        columns = _columns(text, separator)
        if _readable(columns):
            break
    else:
        raise _refusal(text, name)
    signed = not {"Debit", "Credit"} <= set(columns)
    wanted = [c for c in STANDARD if not (signed and c in {"Debit", "Credit"})]
    known = {*STANDARD, *SIGNED, *TREASURY}
    return Dialect(
        separator=separator,
        encoding=encoding,
        newline=newline_of(head),
        columns=columns,
        missing=tuple(c for c in wanted if c not in columns),
        surplus=tuple(c for c in columns if c not in known),
        signed=signed,
    )


def header_of(head: bytes) -> bytes:
    """Give the first line that is not blank."""
    return next(line for line in head.splitlines() if line.strip())


def split_fields(text: str, separator: str, width: int) -> list[str]:
    """Split a line into fields; quotes are not of the norm, and tolerated; so are blank fields beyond the last."""
    fields = text.split(separator)
    if '"' in text:
        fields = _unquoted(fields, text, separator, width)
    if len(fields) > width and not any(field.strip() for field in fields[width:]):
        del fields[width:]
    return fields


def _unquoted(fields: list[str], text: str, separator: str, width: int) -> list[str]:
    if len(fields) == width:
        return [_bare(field) for field in fields]
    try:
        quoted = next(csv.reader([text], delimiter=separator), [])
    except csv.Error:  # a stray return, or a quote that swallows too much
        return fields
    return quoted if len(quoted) == width else fields


def _bare(field: str) -> str:
    stripped = field.strip()
    enclosed = len(stripped) > 1 and stripped[0] == stripped[-1] == '"'
    return stripped[1:-1].replace('""', '"') if enclosed else field


def _columns(text: str, separator: str) -> tuple[str, ...]:
    names = [_bare(name).strip() for name in text.split(separator)]
    while names and not names[-1]:
        names.pop()
    return tuple(_KNOWN.get(_plain(name), name) for name in names)


def _readable(columns: tuple[str, ...]) -> bool:
    amounts = {"Debit", "Credit"} <= set(columns) or set(SIGNED) <= set(columns)
    return amounts and set(_ESSENTIAL) <= set(columns)


def _refusal(text: str, name: str) -> NotThisFormat:
    for separator in _OTHERS:
        if _readable(_columns(text, separator)):
            return NotThisFormat("separator_not_allowed", {"name": name, "found": separator})
    expected = ", ".join((*_ESSENTIAL, "Debit", "Credit"))
    found = text.strip("\ufeff\r\n ")[:_FOUND_LENGTH]
    return NotThisFormat("not_a_fec", {"name": name, "expected": expected, "found": found})
