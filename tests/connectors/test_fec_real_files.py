"""Accounting files that real software wrote; expected figures were summed apart from the reader, with awk.

The files are no part of the project. They are looked for in the folder named by SEUIL_EXAMPLES, or beside the
repository.
"""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.files.fec import (
    QuarantinedEntry,
    Reading,
    classify,
    party,
    read_entries,
    sniff,
)
from connectors.files.text import HEAD_BYTES, lines_in
from connectors.records import LedgerEntry

pytestmark = pytest.mark.shared

EXAMPLES = Path(os.environ.get("SEUIL_EXAMPLES") or Path(__file__).resolve().parents[3] / "shared") / "fec"
ACCOUNTS = ("70", "401", "411", "471", "512", "53")


@dataclass
class Read:
    reading: Reading
    entries: list[LedgerEntry]
    aside: list[QuarantinedEntry]
    balances: tuple[int, ...]
    shape: tuple[str, str, str, int]

    @property
    def kinds(self) -> Counter[str]:
        return Counter(classify(entry) for entry in self.entries)

    def filled(self, field: str) -> tuple[int, int, int, int]:
        (said,) = (said for said in self.reading.profile.rows() if said["field"] == field)
        return int(said["n"]), int(said["filled"]), int(said["distinct"]), int(said["equal"])


def read(name: str) -> Read:
    path = EXAMPLES / name
    if not path.exists():
        pytest.skip(f"no example files: {path} is missing")
    with path.open("rb") as file:
        dialect = sniff(file.read(HEAD_BYTES), name)
    reading = Reading()
    found = list(read_entries(lambda: lines_in(path, dialect.newline), dialect, reading=reading))
    entries = [entry for entry in found if isinstance(entry, LedgerEntry)]
    lines = [line for entry in entries for line in entry.lines]
    balances = tuple(sum(n.debit_minor - n.credit_minor for n in lines if n.account.startswith(a)) for a in ACCOUNTS)
    aside = [entry for entry in found if isinstance(entry, QuarantinedEntry)]
    shape = (dialect.separator, dialect.encoding, dialect.newline, len(dialect.columns))
    return Read(reading, entries, aside, balances, shape)


TAB, PIPE = ("\t", "utf-8", "\r\n"), ("|", "utf-8", "\r\n")
TAB_ASCII, PIPE_ASCII = ("\t", "ascii", "\r\n"), ("|", "ascii", "\r\n")


@pytest.mark.parametrize(
    ("name", "shape", "lines", "entries", "total", "balances"),
    [
        ("fec_dolibarr_20.0.2.txt", (*TAB_ASCII, 21), 17, 6, 720840, (-300500, 0, 240600, 0, 120000, 0)),
        ("fec_dolibarr_20.0.2_seeded.txt", (*TAB, 21), 140, 54, 14113124, (-6273000, 0, 2653700, 0, 4209888, 0)),
        (
            "fec_dolibarr_22.0.4_seeded.txt",
            (*TAB_ASCII, 21),
            100,
            39,
            11632312,
            (-5215000, 73476, 2269500, 0, 3352256, 0),
        ),
        ("fec_odoo_18.0.txt", (*PIPE_ASCII, 18), 8, 4, 400000, (-300000, 0, 200000, 0, 100000, 0)),
        ("fec_odoo_18.0_seeded.txt", (*PIPE, 18), 143, 53, 13441124, (-5713000, 0, 1981700, 0, 4209888, 0)),
        ("fec_tryton_8.2.txt", (*TAB_ASCII, 18), 4, 2, 200000, (-200000, 0, 200000, 0, 0, 0)),
        ("fec_tryton_7.0.59_seeded.txt", (*TAB, 18), 83, 39, 10961240, (-6273000, 0, 2314000, 0, 0, 3494240)),
        ("fec_tryton_8.2.1_seeded.txt", (*TAB, 18), 83, 39, 10961240, (-6273000, 0, 2314000, 0, 0, 3494240)),
    ],
)
def test_a_real_file_adds_up(
    name: str, shape: tuple[str, str, str, int], lines: int, entries: int, total: int, balances: tuple[int, ...]
) -> None:
    found = read(name)
    assert found.shape == shape
    assert (found.reading.lines, len(found.entries), found.aside) == (lines, entries, [])
    assert (found.reading.debit_minor, found.reading.credit_minor) == (total, total)
    assert found.balances == balances


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("fec_dolibarr_20.0.2_seeded.txt", {"sale": 24, "sale_credit": 3, "purchase": 5, "bank": 22}),
        ("fec_dolibarr_22.0.4_seeded.txt", {"sale": 17, "sale_credit": 2, "purchase": 3, "bank": 17}),
        ("fec_odoo_18.0_seeded.txt", {"sale": 23, "sale_credit": 3, "purchase": 5, "bank": 22}),
        ("fec_tryton_7.0.59_seeded.txt", {"opening": 1, "sale": 17, "sale_credit": 2, "purchase": 3, "bank": 16}),
        ("fec_tryton_8.2.1_seeded.txt", {"opening": 1, "sale": 17, "sale_credit": 2, "purchase": 3, "bank": 16}),
    ],
)
def test_entries_of_a_real_file_are_told_apart(name: str, kinds: dict[str, int]) -> None:
    assert read(name).kinds == kinds


def test_dolibarr_says_nothing_by_its_dates_and_gives_due_dates() -> None:
    found = read("fec_dolibarr_20.0.2_seeded.txt")
    assert found.filled("PieceDate") == (54, 54, 1, 0)  # constant
    assert found.filled("ValidDate") == (54, 0, 0, 0)  # empty
    assert found.filled("EcritureLet") == (54, 0, 0, 0)
    assert found.filled("DateLimitReglmt")[:2] == (54, 32)
    assert found.reading.faults.counts["value_missing", "ValidDate"] == 140
    assert found.reading.faults.total("column_surplus") == 3
    assert Counter(entry.fiscal_year for entry in found.entries) == {2025: 15, 2026: 39}
    assert len({party(entry) for entry in found.entries}) == 11


def test_dolibarr_with_a_bare_collective_account_names_the_customer_by_label() -> None:
    found = read("fec_dolibarr_20.0.2.txt")
    assert found.filled("CompAuxNum") == (6, 6, 1, 6)  # always the account itself
    assert {party(entry) for entry in found.entries} == {"client durand sas"}


def test_odoo_says_nothing_by_its_validation_date_and_letters_its_lines() -> None:
    found = read("fec_odoo_18.0_seeded.txt")
    assert found.filled("ValidDate") == (53, 53, 50, 53)  # always the entry's date
    assert found.filled("PieceDate") == (53, 53, 50, 53)
    assert found.filled("EcritureLet") == (53, 46, 22, 0)
    assert found.filled("Idevise") == (143, 143, 1, 0)
    assert not found.reading.faults.counts
    assert {entry.piece_ref for entry in found.entries if entry.number == "INV/2025/00001"} == {"BC-2001"}


@pytest.mark.parametrize("name", ["fec_tryton_7.0.59_seeded.txt", "fec_tryton_8.2.1_seeded.txt"])
def test_tryton_says_when_an_entry_was_posted(name: str) -> None:
    found = read(name)
    assert found.filled("ValidDate") == (39, 39, 38, 29)
    assert found.filled("PieceDate") == (39, 39, 25, 23)
    assert found.filled("EcritureLet") == (42, 28, 16, 0)
    assert not found.reading.faults.counts
    lags = {(entry.valid_on - entry.entry_on).days for entry in found.entries if entry.valid_on}
    assert max(lags) == 32
    (opening,) = (entry for entry in found.entries if classify(entry) == "opening")
    assert (opening.journal, opening.number, len(opening.lines)) == ("OUV", "0", 7)


def test_broken_a_keeps_the_entry_with_remarks_and_sets_the_unreadable_one_aside() -> None:
    found = read("fec_broken_A.txt")
    assert [entry.number for entry in found.entries] == ["1"]
    (aside,) = found.aside
    assert (aside.fiscal_year, aside.journal, aside.number) == (2026, "REV", "2")
    assert [(fault.code, fault.place) for fault in aside.faults] == [("field_count", "5"), ("account_missing", "5")]
    assert aside.faults[0].params == {"expected": "18", "found": "16"}
    assert [number for number, _ in aside.raw_lines] == [4, 5]
    assert found.reading.faults.counts == {
        ("date_format", "EcritureDate"): 1,
        ("unbalanced", ""): 1,
        ("amount_dot", "Credit"): 1,
        ("field_count", ""): 1,
        ("account_missing", ""): 1,
    }
    assert (found.reading.debit_minor, found.reading.credit_minor) == (100_000, 99_900)


def test_broken_b_lacks_the_piece_date_and_sets_the_short_line_aside() -> None:
    found = read("fec_broken_B.txt")
    assert found.shape == (*PIPE_ASCII, 17)
    assert [(entry.number, entry.piece_on) for entry in found.entries] == [("1", None)]
    (aside,) = found.aside
    assert (aside.number, aside.faults[0].params) == ("2", {"expected": "17", "found": "15"})
    assert found.reading.faults.counts == {("column_missing", "PieceDate"): 1, ("field_count", ""): 1}
    assert found.filled("PieceDate") == (1, 0, 0, 0)
