"""Accounting files into whole entries: what is read, what is remarked on, what is set aside."""

from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.files.fec import (
    QuarantinedEntry,
    Reading,
    read_entries,
    sniff,
)
from connectors.files.fec_tally import DISTINCT_CAP, EXAMPLES, EXAMPLES_EACH, FaultTally, FieldTally
from connectors.records import LedgerEntry

HEADER = [
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
]
BLANK = dict.fromkeys(HEADER, "") | {
    "JournalCode": "VT",
    "JournalLib": "Ventes",
    "EcritureNum": "1",
    "EcritureDate": "20260302",
    "CompteLib": "Compte",
    "PieceRef": "FA-1",
    "PieceDate": "20260302",
    "EcritureLib": "Vente",
    "Debit": "0,00",
    "Credit": "0,00",
    "ValidDate": "20260302",
}


def row(**fields: str) -> str:
    return "\t".join((BLANK | fields)[name] for name in HEADER)


def sale(number: str = "1", amount: str = "10,00", **fields: str) -> list[str]:
    return [
        row(EcritureNum=number, CompteNum="411000", Debit=amount, **fields),
        row(EcritureNum=number, CompteNum="706000", Credit=amount, **fields),
    ]


def file_of(*rows: str) -> bytes:
    return "\n".join(["\t".join(HEADER), *rows]).encode()


def read(
    content: bytes, reading: Reading | None = None, closing_on: date | None = None, year_end: tuple[int, int] = (12, 31)
) -> list[LedgerEntry | QuarantinedEntry]:
    lines: Callable[[], list[bytes]] = lambda: content.splitlines(keepends=True)  # noqa: E731 - a file opened anew
    return list(
        read_entries(lines, sniff(content, "f"), closing_on=closing_on, year_end=year_end, reading=reading),
    )


def counted(*rows: str) -> Counter[tuple[str, str]]:
    reading = Reading()
    assert all(isinstance(entry, LedgerEntry) for entry in read(file_of(*rows), reading))
    return reading.faults.counts


def amounts(entry: LedgerEntry | QuarantinedEntry) -> tuple[str, frozenset[tuple[str, int, int]]]:
    assert isinstance(entry, LedgerEntry)
    lines = frozenset((line.account, line.debit_minor, line.credit_minor) for line in entry.lines)
    return entry.external_id, lines


def set_aside(*rows: str) -> QuarantinedEntry:
    (entry,) = read(file_of(*rows))
    assert isinstance(entry, QuarantinedEntry)
    return entry


# Remarks: read all the same, and counted


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        (sale(amount="1000.00"), {("amount_dot", "Debit"): 1, ("amount_dot", "Credit"): 1}),
        (sale(amount="1 000,00"), {("amount_spaces", "Debit"): 1, ("amount_spaces", "Credit"): 1}),
        (sale(amount="1,001"), {("amount_decimals", "Debit"): 1, ("amount_decimals", "Credit"): 1}),
        (sale(amount="-1,00"), {("amount_negative", "Debit"): 1, ("amount_negative", "Credit"): 1}),
        (sale(EcritureDate="2026-03-02"), {("date_format", "EcritureDate"): 2}),
        (sale(ValidDate=""), {("value_missing", "ValidDate"): 2}),
        (sale(JournalLib=" "), {("value_missing", "JournalLib"): 2}),
        (sale(JournalCode=""), {("value_missing", "JournalCode"): 2}),
        (sale(EcritureLib="", PieceRef=""), {("value_missing", "EcritureLib"): 2, ("value_missing", "PieceRef"): 2}),
        ([row(CompteNum="411", Debit="5,00", Credit="5,00")], {("both_sides", ""): 1}),
        ([row(CompteNum="411", Debit="5,00"), row(CompteNum="70", Credit="4,00")], {("unbalanced", ""): 1}),
        ([*sale(), row(CompteNum="411", Debit="", Credit="")], {("amount_missing", ""): 1}),
        (sale(number=""), {("entry_number_missing", ""): 1}),
        ([sale()[0], sale(EcritureDate="20260303")[1]], {("entry_dates_differ", ""): 1}),
        (sale(), {}),
    ],
)
def test_what_strays_from_the_norm_is_read_and_counted(rows: list[str], counts: dict[tuple[str, str], int]) -> None:
    assert counted(*rows) == counts


def test_an_unbalanced_entry_says_by_how_much() -> None:
    reading = Reading()
    read(file_of(row(CompteNum="411", Debit="5,00"), row(CompteNum="706", Credit="5,50")), reading)
    (fault,) = reading.faults.examples
    assert (fault.kept, fault.place, fault.params["difference"]) == (True, "2", "-0.50")


def test_a_day_outside_the_fiscal_year_of_the_file_is_counted() -> None:
    reading = Reading()
    rows = [*sale("1", EcritureDate="20270101"), *sale("2", EcritureDate="20241231"), *sale("3")]
    entries = read(file_of(*rows), reading, closing_on=date(2026, 12, 31))
    assert [entry.fiscal_year for entry in entries] == [2026, 2026, 2026]
    assert reading.faults.counts == {("date_outside_year", ""): 2}


def test_a_remark_is_counted_for_every_line_and_shown_for_a_few() -> None:
    reading = Reading()
    read(file_of(*(line for n in range(200) for line in sale(str(n), ValidDate=""))), reading)
    assert reading.faults.total("value_missing") == 400
    assert len(reading.faults.examples) == EXAMPLES_EACH


def test_the_examples_kept_are_bounded_over_all_faults() -> None:
    tally = FaultTally()
    for n in range(2 * EXAMPLES):
        tally.add("value_missing", n, "", {"field": str(n)})
    assert len(tally.examples) == EXAMPLES
    assert tally.total("value_missing") == 2 * EXAMPLES


# Quarantine


@pytest.mark.parametrize(
    ("bad", "codes"),
    [
        (row(CompteNum="706").rsplit("\t", 2)[0], ["field_count"]),
        (row(CompteNum="706") + "\tmore", ["field_count"]),
        (row(CompteNum="").rsplit("\t", 2)[0], ["field_count", "account_missing"]),
        (row(CompteNum=""), ["account_missing"]),
        (row(CompteNum="706", Credit="ten"), ["amount_unreadable"]),
        (row(CompteNum="706", EcritureDate="20260230"), ["date_unreadable"]),
        (row(CompteNum="706", PieceDate="soon"), ["date_unreadable"]),
        (row(CompteNum="706", EcritureDate=""), ["date_missing"]),
        ("only some words", ["line_without_entry", "field_count"]),
    ],
)
def test_an_unreadable_line_takes_its_whole_entry_with_it(bad: str, codes: list[str]) -> None:
    reading = Reading()
    first, last = sale()
    found = read(file_of(*sale("0"), first, bad, last, *sale("2")), reading)
    kept = [entry.number for entry in found if isinstance(entry, LedgerEntry)]
    (aside,) = (entry for entry in found if isinstance(entry, QuarantinedEntry))
    assert kept == ["0", "2"]
    assert (aside.fiscal_year, aside.journal, aside.number) == (2026, "VT", "1")
    assert [(fault.code, fault.place, fault.kept) for fault in aside.faults] == [(code, "5", False) for code in codes]
    assert aside.raw_lines == ((4, first), (5, bad), (6, last))
    assert (reading.entries, reading.quarantined, reading.lines) == (2, 1, 7)
    assert reading.debit_minor == reading.credit_minor == 2_000
    assert {code: reading.faults.total(code) for code in codes} == dict.fromkeys(codes, 1)


@pytest.mark.parametrize("cut", [5, 12, 25, 60])  # in the journal's label, the number, the account, the label
def test_a_line_broken_in_two_takes_its_entry_with_it(cut: int) -> None:
    first, second = sale()
    head, tail = first[:cut], first[cut:]
    found = read(file_of(*sale("0"), head, tail, second, *sale("2")))
    asides = [entry for entry in found if isinstance(entry, QuarantinedEntry)]
    assert [entry.number for entry in found if isinstance(entry, LedgerEntry)] == ["0", "2"]
    assert sorted(number for aside in asides for number, _ in aside.raw_lines) == [4, 5, 6]
    assert "1" in {aside.number for aside in asides}


def test_a_line_of_no_entry_stands_alone_between_two_entries() -> None:
    found = read(file_of(*sale("1"), "TOTAL", *sale("2")))
    assert [type(entry) for entry in found] == [LedgerEntry, QuarantinedEntry, LedgerEntry]
    alone = found[1]
    assert (alone.fiscal_year, alone.journal, alone.number) == (None, "", "")


def test_an_entry_without_any_date_is_set_aside_without_a_year() -> None:
    assert set_aside(*sale(EcritureDate="")).fiscal_year is None


def test_an_undated_line_belongs_to_the_entry_it_stands_in() -> None:
    first, second = sale()
    aside = set_aside(sale(EcritureDate="")[0], first, second)
    assert (aside.fiscal_year, len(aside.raw_lines)) == (2026, 3)


def test_an_unreadable_line_far_from_its_entry_still_takes_it_along() -> None:
    first, second = sale("1")
    found = read(file_of(first, *sale("2"), second.replace("10,00", "ten")))
    assert {(type(entry), entry.number) for entry in found} == {(LedgerEntry, "2"), (QuarantinedEntry, "1")}


def test_an_undated_line_between_two_years_goes_with_the_one_before() -> None:
    (before, undated), after = sale("1", EcritureDate="20251231"), sale("1", EcritureDate="20260101")
    found = read(file_of(before, undated.replace("20251231", ""), *after))
    assert [(type(entry), entry.fiscal_year) for entry in found] == [(QuarantinedEntry, 2025), (LedgerEntry, 2026)]


def test_broken_lines_within_and_beside_scattered_entries_are_remembered() -> None:
    first, second = sale("1")
    within = read(file_of(first, *sale("2"), second, "broken", row(CompteNum="411")))
    beside = read(file_of(first, *sale("2"), row(CompteNum="411"), "broken"))
    for found, codes in (
        (within, ["line_without_entry", "field_count"]),
        (beside, ["entry_beside_broken_line"]),
    ):
        (aside,) = (entry for entry in found if isinstance(entry, QuarantinedEntry) and entry.number == "1")
        assert [fault.code for fault in aside.faults] == codes


# Entries: identity, scattered lines, fiscal years


def test_scattered_entries_are_read_whole_and_come_last() -> None:
    one, two, three = sale("1"), sale("2"), sale("3")
    found = read(file_of(one[0], two[0], two[1], three[0], one[1], three[1]))
    assert found[0].number == "2"
    assert sorted(entry.number for entry in found) == ["1", "2", "3"]
    lines = {e.number: [line.line_number for line in e.lines] for e in found if isinstance(e, LedgerEntry)}
    assert lines == {"1": [2, 6], "2": [3, 4], "3": [5, 7]}


def test_a_file_sorted_by_account_gives_the_same_entries_as_one_sorted_by_entry() -> None:
    rows = [line for n in range(500) for line in sale(str(n), f"{n},00")]
    by_entry = read(file_of(*rows))
    by_account = read(file_of(*rows[0::2], *rows[1::2]))
    assert {amounts(entry) for entry in by_account} == {amounts(entry) for entry in by_entry}


def test_the_same_number_in_two_journals_is_two_entries() -> None:
    found = read(file_of(*sale("1"), *sale("1", JournalCode="AC")))
    assert [(entry.journal, entry.number) for entry in found] == [("VT", "1"), ("AC", "1")]


def test_each_entry_goes_by_its_date_where_a_file_spans_years() -> None:
    found = read(file_of(*sale("1", EcritureDate="20251231"), *sale("1", EcritureDate="20260101"), *sale("2")))
    assert sorted((entry.fiscal_year, entry.number) for entry in found if entry.fiscal_year) == [
        (2025, "1"),
        (2026, "1"),
        (2026, "2"),
    ]


def test_a_fiscal_year_that_closes_in_june_is_named_after_the_june() -> None:
    found = read(file_of(*sale("1", EcritureDate="20260630"), *sale("2", EcritureDate="20260701")), year_end=(6, 30))
    assert [entry.fiscal_year for entry in found] == [2026, 2027]


def test_an_entry_without_number_goes_by_date_and_reference_wherever_it_stands() -> None:
    draft = sale("", PieceRef="FA-9")
    other = sale("", PieceRef="FA-10")
    found = read(file_of(*draft, *other))
    moved = read(file_of(*sale("1"), *other, *draft))
    assert [entry.number for entry in found] == ["~20260302/FA-9", "~20260302/FA-10"]
    assert {entry.number for entry in moved} == {"1", "~20260302/FA-9", "~20260302/FA-10"}


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_no_break_space_around_a_number_makes_no_second_entry(encoding: str) -> None:
    debit, credit = sale(number="7")
    other = sale(number="8")
    text = "\n".join(["\t".join(HEADER), debit, *other, credit.replace("\t7\t", "\t7\xa0\t"), row(EcritureLib="é")])

    entries = [entry for entry in read(text.encode(encoding)) if isinstance(entry, LedgerEntry)]

    assert [(entry.number, len(entry.lines)) for entry in entries if entry.number in "78"] == [("8", 2), ("7", 2)]


def test_an_entry_without_number_is_one_however_its_day_is_written() -> None:
    debit, credit = sale(number="", PieceRef="FA-9")
    other = sale(number="8")

    entries = read(file_of(debit, *other, credit.replace("20260302\t706000", "02/03/2026\t706000")))

    assert sorted((e.number, len(e.lines)) for e in entries if isinstance(e, LedgerEntry)) == [
        ("8", 2),
        ("~20260302/FA-9", 2),
    ]


def test_blank_lines_and_repeated_headers_are_nothing() -> None:
    reading = Reading()
    found = read(file_of("", *sale("1"), "\t\t\t", "\t".join(HEADER), *sale("2"), "\x1a"), reading)
    assert [entry.number for entry in found] == ["1", "2"]
    assert reading.lines == 4
    assert isinstance(found[1], LedgerEntry)
    assert found[1].lines[0].line_number == 7


def test_progress_is_known_while_entries_are_taken() -> None:
    content = file_of(*(line for n in range(50) for line in sale(str(n))))
    reading = Reading()
    entries = read_entries(lambda: content.splitlines(keepends=True), sniff(content, "f"), reading=reading)
    next(entries)
    assert reading.bytes_scanned == len(content)
    assert 0 < reading.bytes_read < len(content)
    list(entries)
    assert (reading.bytes_read, reading.entries, reading.lines) == (len(content), 50, 100)
    assert reading.first_on == reading.last_on == date(2026, 3, 2)


# How fields are filled


def rows_by_field(reading: Reading) -> dict[str, dict[str, str | int]]:
    return {str(said["field"]): said for said in reading.profile.rows()}


def test_fields_are_profiled_by_entry_or_by_customer_line() -> None:
    reading = Reading()
    one = [
        row(CompteNum="411000", Debit="5,00", CompAuxNum="C1", EcritureLet="A", DateLet="20260401"),
        row(CompteNum="706000", Credit="5,00", EcritureLet="Z", Montantdevise="5,00", Idevise="EUR"),
    ]
    two = sale("FA-2", PieceRef="FA-2", PieceDate="20260228", ValidDate="")
    read(file_of(*one, *two), reading)
    said = rows_by_field(reading)
    assert set(said["PieceDate"]) == {"field", "n", "filled", "distinct", "equal_to", "equal"}
    filled = {name: (r["n"], r["filled"], r["distinct"], r["equal"]) for name, r in said.items()}
    assert filled["PieceDate"] == (2, 2, 2, 1)
    assert filled["ValidDate"] == (2, 1, 1, 1)
    assert filled["PieceRef"] == (2, 2, 2, 1)
    assert filled["EcritureNum"] == (2, 2, 2, 0)
    assert filled["EcritureLet"] == filled["DateLet"] == (2, 1, 1, 0)
    assert filled["CompAuxNum"] == (2, 1, 1, 0)
    assert filled["Montantdevise"] == filled["Idevise"] == (4, 1, 1, 0)
    assert (said["PieceDate"]["equal_to"], said["PieceRef"]["equal_to"]) == ("EcritureDate", "EcritureNum")


def test_an_entry_set_aside_says_nothing_of_how_fields_are_filled() -> None:
    reading = Reading()
    read(file_of(*sale("2"), row(EcritureNum="3", CompteNum="")), reading)
    assert rows_by_field(reading)["PieceDate"]["n"] == 1


def test_half_an_entry_beside_a_broken_line_is_set_aside_and_a_whole_one_is_not() -> None:
    half, whole = read(file_of("broken", sale("1")[0])), read(file_of("broken", *sale("1")))
    assert [type(entry) for entry in half] == [QuarantinedEntry, QuarantinedEntry]
    assert isinstance(half[1], QuarantinedEntry)
    assert [fault.code for fault in half[1].faults] == ["entry_beside_broken_line"]
    assert [type(entry) for entry in whole] == [QuarantinedEntry, LedgerEntry]


def test_distinct_values_are_counted_up_to_a_cap() -> None:
    tally = FieldTally("EcritureNum")
    tally.add_all([str(n) for n in range(DISTINCT_CAP + 5)])
    tally.add_all(["", ""])
    assert (tally.n, tally.filled, tally.distinct) == (DISTINCT_CAP + 7, DISTINCT_CAP + 5, DISTINCT_CAP)


def test_quotes_on_some_lines_do_not_split_an_entry() -> None:
    first, second = sale("Nº1", JournalCode="Éà")
    quoted = "\t".join(f'"{cell}"' for cell in second.split("\t"))
    for encoding in ("utf-8", "iso8859-15"):
        content = file_of(first, quoted).decode().encode(encoding)
        (entry,) = read(content)
        assert isinstance(entry, LedgerEntry)
        assert (entry.journal, entry.number) == ("Éà", "Nº1")


@settings(deadline=None)
@given(st.lists(st.binary(max_size=120) | st.text('"\r\t|0', max_size=60).map(str.encode), max_size=4))
def test_no_bytes_make_the_reader_fail_or_lose_a_line(lines: list[bytes]) -> None:
    content = b"\n".join([file_of(*sale("1")), *lines, *(line.encode() for line in sale("2"))])
    reading = Reading()
    dialect = sniff(file_of(*sale("1")), "f")
    found = list(read_entries(lambda: content.split(b"\n"), dialect, reading=reading))
    held = sum(len(e.lines) if isinstance(e, LedgerEntry) else len(e.raw_lines) for e in found)
    assert held == reading.lines
    assert {"1", "2"} <= {entry.number for entry in found}
