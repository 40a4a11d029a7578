"""How an accounting file is written: what is told from its first bytes, and what is refused."""

from datetime import date
from io import BytesIO

import pytest

from connectors.errors import NotThisFormat
from connectors.files.fec import QuarantinedEntry, Reading, identity, read_entries, sniff
from connectors.files.text import lines_of
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
SALE = [
    [
        "VT",
        "Ventes",
        "7",
        "20260302",
        "411000",
        "Clients",
        "C1",
        "Café",
        "FA-7",
        "20260302",
        "Théâtre",
        "1200,00",
        "0,00",
        "A",
        "20260401",
        "20260305",
        "-",
        "-",
    ],
    [
        "VT",
        "Ventes",
        "7",
        "20260302",
        "706000",
        "Prestations",
        "-",
        "-",
        "FA-7",
        "20260302",
        "Théâtre",
        "0,00",
        "1000,00",
        "-",
        "-",
        "20260305",
        "-",
        "-",
    ],
    [
        "VT",
        "Ventes",
        "7",
        "20260302",
        "445710",
        "TVA",
        "-",
        "-",
        "FA-7",
        "20260302",
        "Théâtre",
        "0,00",
        "200,00",
        "-",
        "-",
        "20260305",
        "-",
        "-",
    ],
]


def file_of(
    rows: list[list[str]],
    header: list[str] | None = None,
    *,
    separator: str = "\t",
    newline: str = "\r\n",
    encoding: str = "utf-8",
) -> bytes:
    filled = [["" if cell == "-" else cell for cell in row] for row in rows]
    return newline.join(separator.join(row) for row in [header or HEADER, *filled]).encode(encoding)


def read(content: bytes, reading: Reading | None = None) -> list[LedgerEntry | QuarantinedEntry]:
    dialect = sniff(content, "books.txt")
    return list(read_entries(lambda: lines_of(BytesIO(content), dialect.newline), dialect, reading=reading))


def only_entry(content: bytes, reading: Reading | None = None) -> LedgerEntry:
    (entry,) = read(content, reading)
    assert isinstance(entry, LedgerEntry)
    return entry


@pytest.mark.parametrize("separator", ["\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "iso8859-15"])
def test_a_sale_reads_the_same_however_it_is_written(separator: str, newline: str, encoding: str) -> None:
    reading = Reading()
    entry = only_entry(file_of(SALE, separator=separator, newline=newline, encoding=encoding), reading)
    assert entry.external_id == "2026/VT/7"
    assert entry.entry_on == entry.piece_on == date(2026, 3, 2)
    assert entry.valid_on == date(2026, 3, 5)
    first = entry.lines[0]
    assert (first.line_number, first.account, first.party, first.party_label) == (2, "411000", "C1", "Café")
    assert (first.label, first.debit_minor, first.credit_minor) == ("Théâtre", 120_000, 0)
    assert (first.lettering, first.lettered_on, first.due_on) == ("A", date(2026, 4, 1), None)
    assert [line.credit_minor for line in entry.lines] == [0, 100_000, 20_000]
    assert not reading.faults.counts


def test_the_first_bytes_tell_separator_encoding_and_line_ending() -> None:
    dialect = sniff(file_of(SALE, separator="|", newline="\r\n", encoding="cp1252"), "f")
    assert (dialect.separator, dialect.newline, dialect.encoding) == ("|", "\r\n", "iso8859-15")
    assert dialect.columns == tuple(HEADER)
    assert (dialect.missing, dialect.surplus, dialect.signed) == ((), (), False)


def test_bytes_that_only_windows_defines_make_it_windows_encoding() -> None:
    euro = [[cell.replace("Théâtre", "L’œuvre") for cell in row] for row in SALE]
    content = file_of(euro, encoding="cp1252")
    assert sniff(content, "f").encoding == "cp1252"
    assert only_entry(content).lines[0].label == "L’œuvre"


def test_the_euro_sign_of_iso_8859_15_is_read() -> None:
    content = file_of([[cell.replace("Théâtre", "5€") for cell in row] for row in SALE], encoding="iso8859-15")
    assert only_entry(content).lines[0].label == "5€"


def test_one_line_out_of_encoding_is_read_as_windows_text_and_counted() -> None:
    lines = file_of(SALE, newline="\n").split(b"\n")
    lines[3] = lines[3].replace("Théâtre".encode(), "Théâtre".encode("cp1252"))
    reading = Reading()
    entry = only_entry(b"\n".join(lines), reading)
    assert {line.label for line in entry.lines} == {"Théâtre"}
    assert reading.faults.counts == {("wrong_encoding", ""): 1}
    assert reading.faults.examples[0].place == "4"


def test_a_head_cut_within_a_character_is_still_utf8() -> None:
    content = file_of(SALE)
    assert sniff(content[: content.index("é".encode()) + 1], "f").encoding == "utf-8"


def test_a_head_without_accents_leaves_the_encoding_to_the_rest_of_the_file() -> None:
    content = file_of(SALE, encoding="cp1252", newline="\n")
    dialect = sniff(content.split(b"\n", 1)[0], "f")
    assert dialect.encoding == "ascii"
    reading = Reading()
    (entry,) = read_entries(lambda: content.splitlines(keepends=True), dialect, reading=reading)
    assert isinstance(entry, LedgerEntry)
    assert entry.lines[0].party_label == "Café"
    assert not reading.faults.counts


def test_columns_go_by_name_in_any_order_case_and_quotes() -> None:
    header = [f' "{name.upper()}" ' for name in reversed(HEADER)]
    content = file_of([row[::-1] for row in SALE], header, separator="|")
    assert sniff(content, "f").columns == tuple(reversed(HEADER))
    assert only_entry(content).lines[1].credit_minor == 100_000


def test_of_a_column_that_comes_twice_the_first_counts() -> None:
    entry = only_entry(file_of([[*row, "9,99"] for row in SALE], [*HEADER, "Debit"]))
    assert entry.lines[0].debit_minor == 120_000


def test_quoted_fields_are_read_and_may_hold_the_separator() -> None:
    rows = [[f'"{cell}"' if cell != "-" else "-" for cell in row] for row in SALE]
    rows[0][10] = '"Vis | ""inox"""'
    entry = only_entry(file_of(rows, separator="|"))
    assert entry.lines[0].label == 'Vis | "inox"'
    assert entry.number == "7"


def test_a_lone_quote_in_a_label_is_a_quote() -> None:
    rows = [[cell.replace("Théâtre", 'Ecran 24"') for cell in row] for row in SALE]
    assert only_entry(file_of(rows)).lines[0].label == 'Ecran 24"'


@pytest.mark.parametrize(("debit", "credit"), [("D", "C"), ("d", "c"), ("+1", "-1"), ("1", "-1")])
def test_montant_and_sens_stand_for_debit_and_credit(debit: str, credit: str) -> None:
    header = [*HEADER[:11], "Montant", "Sens", *HEADER[13:]]
    rows = [
        [*row[:11], row[12] if row[11] == "0,00" else row[11], credit if row[11] == "0,00" else debit, *row[13:]]
        for row in SALE
    ]
    entry = only_entry(file_of(rows, header))
    assert [(line.debit_minor, line.credit_minor) for line in entry.lines] == [(120_000, 0), (0, 100_000), (0, 20_000)]


def test_a_side_that_is_neither_sets_the_entry_aside() -> None:
    header = [*HEADER[:11], "Montant", "Sens", *HEADER[13:]]
    rows = [[*row[:11], "1,00", "X" if row[4] == "706000" else "D", *row[13:]] for row in SALE]
    (aside,) = read(file_of(rows, header))
    assert isinstance(aside, QuarantinedEntry)
    assert [(f.code, f.params["value"]) for f in aside.faults] == [("direction_unreadable", "X")]


def test_a_due_date_beyond_the_norm_is_used_and_surplus_columns_are_counted() -> None:
    header = [*HEADER, "DateLimitReglmt", "NumFacture"]
    reading = Reading()
    entry = only_entry(file_of([[*row, "20260401", "FA-7"] for row in SALE], header), reading)
    assert entry.lines[0].due_on == date(2026, 4, 1)
    assert reading.faults.counts == {("column_surplus", "DateLimitReglmt"): 1, ("column_surplus", "NumFacture"): 1}


def test_an_unreadable_due_date_costs_only_itself() -> None:
    content = file_of([[*row, "soon"] for row in SALE], [*HEADER, "DateLimitReglmt"])
    reading = Reading()
    assert only_entry(content, reading).lines[0].due_on is None
    assert reading.faults.counts["date_unreadable", "DateLimitReglmt"] == 3


@pytest.mark.parametrize("more", [["DateRglt", "ModeRglt", "NatOp"], ["DateRglt", "ModeRglt", "NatOp", "IdClient"]])
def test_books_kept_on_receipts_and_payments_have_more_columns_of_the_norm(more: list[str]) -> None:
    content = file_of([[*row, *more] for row in SALE], [*HEADER, *more])
    assert sniff(content, "f").surplus == ()
    assert only_entry(content).number == "7"


def test_a_missing_column_is_said_once_and_the_rest_is_read() -> None:
    reading = Reading()
    entry = only_entry(file_of([row[:9] + row[10:] for row in SALE], HEADER[:9] + HEADER[10:]), reading)
    assert entry.piece_on is None
    assert reading.faults.counts == {("column_missing", "PieceDate"): 1}


def test_blank_fields_beyond_the_last_column_are_no_fault() -> None:
    assert only_entry(file_of([[*row, " ", ""] for row in SALE])).number == "7"
    assert only_entry(file_of([[*row, ""] for row in SALE], [*HEADER, ""])).number == "7"


def refusal(content: bytes) -> NotThisFormat:
    with pytest.raises(NotThisFormat) as refused:
        sniff(content, "books.txt")
    assert refused.value.params["name"] == "books.txt"
    return refused.value


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf \r\n", "empty_file"),
        (b"PK\x03\x04....[Content_Types].xml", "spreadsheet_file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "spreadsheet_file"),
        (b"PK\x03\x04.books.txt", "archive_file"),
        (b"\x1f\x8b\x08", "archive_file"),
        (b"%PDF-1.7", "pdf_file"),
        (b"<?xml version='1.0'?>", "xml_file"),
        ("JournalCode|".encode("utf-16"), "utf16_file"),
        ("JournalCode|".encode("utf-16-le"), "utf16_file"),
        (b"JournalCode|\x00\x01\x02 more of it", "binary_file"),
        (b"date;label;amount\r\n", "not_a_fec"),
    ],
)
def test_what_is_no_such_file_is_refused_by_what_it_is(content: bytes, code: str) -> None:
    assert refusal(content).code == code


@pytest.mark.parametrize("separator", [";", ","])
def test_a_separator_the_norm_does_not_allow_is_named(separator: str) -> None:
    refused = refusal(file_of(SALE, separator=separator))
    assert (refused.code, refused.params["found"]) == ("separator_not_allowed", separator)


def test_a_refusal_shows_what_was_found_cut_short() -> None:
    refused = refusal(("x" * 500 + "\n").encode())
    assert refused.params["found"] == "x" * 200
    assert "CompteNum" in refused.params["expected"]


def test_without_amounts_it_is_no_such_file() -> None:
    assert refusal(file_of(SALE, [name.replace("Credit", "Solde") for name in HEADER])).code == "not_a_fec"


@pytest.mark.parametrize(
    ("name", "siren", "closing_on"),
    [
        ("123456789FEC20261231.txt", "123456789", date(2026, 12, 31)),
        ("123456789fec20260630_v2.CSV", "123456789", date(2026, 6, 30)),
        ("export 123456789FEC20261231 (1).txt", "123456789", date(2026, 12, 31)),
        ("FEC20261231.txt", None, date(2026, 12, 31)),
        ("123456789FEC20261341.txt", "123456789", None),
        ("books.txt", None, None),
    ],
)
def test_a_file_name_may_say_whose_books_and_when_the_year_closes(
    name: str, siren: str | None, closing_on: date | None
) -> None:
    said = identity(name)
    assert (said.siren, said.closing_on) == (siren, closing_on)
