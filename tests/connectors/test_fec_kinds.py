"""What an accounting entry is about, told from its accounts."""

from dataclasses import replace
from datetime import date

import pytest

from connectors.files.fec import classify, party, total_minor
from connectors.records import LedgerEntry, LedgerLine


def entry_of(*lines: tuple[str, int], journal: str = "VT", label: str = "Ventes", number: str = "1") -> LedgerEntry:
    made = [
        LedgerLine(n, account, "", "", "", "", max(net, 0), max(-net, 0), "", None, None)
        for n, (account, net) in enumerate(lines)
    ]
    return LedgerEntry(
        fiscal_year=2026,
        journal=journal,
        journal_label=label,
        number=number,
        entry_on=date(2026, 1, 1),
        piece_ref="",
        piece_on=None,
        valid_on=None,
        lines=made,
    )


@pytest.mark.parametrize(
    ("entry", "kind", "total"),
    [
        (entry_of(("411000", 120), ("706", -100), ("44571", -20)), "sale", 120),
        (entry_of(("411000", 120), ("706", -110), ("709", 10), ("44571", -20)), "sale", 120),
        (entry_of(("411000", 100), ("512", 20), ("706", -120)), "sale", 100),
        (entry_of(("411000", 120), ("512", -119), ("708", -1)), "bank", 120),
        (entry_of(("706", 100), ("44571", 20), ("411000", -120)), "sale_credit", 120),
        (entry_of(("709", 100), ("44571", 20), ("411000", -120)), "sale_credit", 120),
        (entry_of(("607", 100), ("44566", 20), ("401000", -120)), "purchase", 120),
        (entry_of(("2183", 100), ("44562", 20), ("404000", -120)), "purchase", 120),
        (entry_of(("401000", 120), ("607", -100), ("44566", -20)), "purchase_credit", 120),
        (entry_of(("512000", 120), ("411000", -120)), "bank", 120),
        (entry_of(("531000", 120), ("411000", -120)), "bank", 120),
        (entry_of(("512000", 115), ("709", 5), ("411000", -120)), "bank", 120),
        (entry_of(("512000", 115), ("627", 5), ("401000", -120)), "bank", 120),
        (entry_of(("401000", 120), ("512000", -121), ("627", 1)), "bank", 120),
        (entry_of(("641", 100), ("421", -100)), "other", 0),
        (entry_of(("411", 5), ("706", -5), journal="A.N."), "opening", 5),
        (entry_of(("512", 5), ("706", -5), label="Balance Initiale"), "opening", 0),
        (entry_of(("512", 5), ("101", -5), label="À nouveaux"), "opening", 0),
        (entry_of(("512", 5), ("101", -5), number="000"), "opening", 0),
        (entry_of(("411", 5), ("706", -5), number="0"), "sale", 5),
        (entry_of(("411", 5), ("706", -5), label="Ventes Nouveau Monde"), "sale", 5),
    ],
)
def test_an_entry_is_told_by_its_accounts(entry: LedgerEntry, kind: str, total: int) -> None:
    assert (classify(entry), total_minor(entry)) == (kind, total)


@pytest.mark.parametrize(
    ("account", "number", "label", "name"),
    [
        ("411000", "C1", "Durand SAS", "C1"),
        ("411", "41100001", "Durand SAS", "41100001"),
        ("411", "411", "Client  Durand, SAS", "client durand sas"),
        ("411000", "411000", "Énergie Morvalune", "energie morvalune"),
        ("41100000", "4110", "", ""),
        ("41100012", "", "", "41100012"),
        ("411DURAND", "", "", "411DURAND"),
        ("401100", "", "", ""),
        ("41110000", "", "", ""),
        ("404000", "F2", "", "F2"),
        ("512000", "C1", "", ""),
    ],
)
def test_a_party_goes_by_what_tells_it_apart(account: str, number: str, label: str, name: str) -> None:
    line = LedgerLine(1, account, "", number, label, "", 1, 0, "", None, None)
    assert party(replace(entry_of(), lines=[line])) == name


def test_an_entry_with_several_parties_has_none() -> None:
    lines = [LedgerLine(n, "411", "", f"C{n}", "", "", 1, 0, "", None, None) for n in range(2)]
    assert party(replace(entry_of(), lines=lines)) == ""
