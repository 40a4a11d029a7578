"""Tables people fill in: how they may be written, what each row becomes, what is said of a bad one."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Fault, Page
from connectors.errors import BadPayload, NotThisFormat
from connectors.files.csv import PAGE_ROWS, TEMPLATES, read_csv, template_text
from connectors.files.csv_cells import parse_decimal, parse_minutes
from connectors.files.csv_templates import ColumnKind
from connectors.records import (
    Employee,
    Invoice,
    Record,
    Stream,
)


def pages(stream: Stream, text: str | bytes) -> Iterator[Page]:
    content = text.encode() if isinstance(text, str) else text
    return read_csv(stream, lambda: content.splitlines(keepends=True), "table.csv")


def read(stream: Stream, text: str | bytes) -> tuple[list[Record], list[Fault]]:
    found = list(pages(stream, text))
    return [record for page in found for record in page.records], [fault for page in found for fault in page.faults]


def one(stream: Stream, text: str | bytes) -> Record:
    (record,), faults = read(stream, text)
    assert not faults
    return record


def faults_of(stream: Stream, text: str) -> list[tuple[str, str, dict[str, str], bool]]:
    _, faults = read(stream, text)
    return [(fault.code, fault.place, dict(fault.params), fault.kept) for fault in faults]


# Templates


@pytest.mark.parametrize("stream", list(TEMPLATES))
def test_a_template_reads_back_as_its_two_example_rows(stream: Stream) -> None:
    text = template_text(stream)
    assert text.startswith("\ufeff")
    records, faults = read(stream, text)
    assert (len(records), faults) == (2, [])


@pytest.mark.parametrize("stream", list(TEMPLATES))
def test_no_spelling_stands_for_two_columns_of_a_template(stream: Stream) -> None:
    spellings = [word for c in TEMPLATES[stream].columns for word in (c.name, *c.synonyms)]
    assert len(TEMPLATES[stream].names) == len(set(spellings)) == len(spellings)


def test_a_column_says_what_it_holds_and_where_it_is_explained() -> None:
    number = next(column for column in TEMPLATES[Stream.INVOICES].columns if column.name == "number")
    assert (number.kind, number.required, number.explanation_code) == (ColumnKind.TEXT, True, "csv_column_number")


def test_streams_without_a_template_are_not_read_from_tables() -> None:
    with pytest.raises(KeyError):
        list(pages(Stream.LEDGER, "a;b\n"))


# How a table is written

PLAIN = "numero;client;date_emission;montant_ttc;motif\nF-1;Café;02/03/2026;1 200,50;\n"


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "iso8859-15"])
def test_a_table_reads_the_same_however_it_is_written(separator: str, newline: str, encoding: str) -> None:
    text = PLAIN.replace("1 200,50", '"1 200,50"').replace(";", separator).replace("\n", newline)
    invoice = one(Stream.INVOICES, text.encode(encoding))
    assert isinstance(invoice, Invoice)
    assert (invoice.number, invoice.party, invoice.issued_on) == ("F-1", "Café", date(2026, 3, 2))
    assert invoice.total == Decimal("1200.50")


def test_columns_go_by_english_or_french_name_whatever_case_accents_and_order() -> None:
    english = one(Stream.INVOICES, "customer,issued_on,number\nC1,2026-03-02,F-1\n")
    french = one(Stream.INVOICES, "Date d'emission;NUMÉRO;Client\n2026-03-02;F-1;C1\n".replace("d'e", "e"))
    assert english == french


def test_excels_separator_line_and_blank_lines_are_skipped() -> None:
    assert one(Stream.STAFF, "sep=;\n\nnumber;name\n;\nS1;Léa\n\n").external_id == "S1"


def test_a_quoted_cell_may_hold_separators_and_line_ends() -> None:
    text = 'number;customer;customer_name;issued_on\nF-1;C1;"Brun; fils\net fille";2026-03-02\nF-2;C1;B;nope\n'
    records, faults = read(Stream.INVOICES, text)
    assert [record.party_label for record in records if isinstance(record, Invoice)] == ["Brun; fils\net fille"]
    assert [fault.place for fault in faults] == ["4"]


def test_a_cell_that_starts_with_an_equals_sign_is_text() -> None:
    employee = one(Stream.STAFF, "number;name\nS1;=1+1\n")
    assert isinstance(employee, Employee)
    assert employee.name == "=1+1"


def test_a_line_out_of_encoding_is_read_and_remarked_on() -> None:
    content = "number;name\nS1;Léa\nS2;Zoé\n".encode() + "S3;Noé\n".encode("cp1252")
    records, faults = read(Stream.STAFF, content)
    assert [record.name for record in records if isinstance(record, Employee)] == ["Léa", "Zoé", "Noé"]
    assert [(fault.code, fault.place, fault.kept) for fault in faults] == [("wrong_encoding", "4", True)]


def test_an_unknown_column_is_said_once_and_its_cells_are_left_out() -> None:
    text = "number;shoe size;name\nS1;41;Léa\nS2;42;Zoé\n"
    assert faults_of(Stream.STAFF, text) == [("csv_column_unknown", "1", {"column": "shoe size"}, True)]


def test_a_column_that_comes_twice_counts_once() -> None:
    records, faults = read(Stream.STAFF, "number;matricule\nS1;S2\n")
    assert [record.external_id for record in records] == ["S1"]
    assert [fault.params["column"] for fault in faults] == ["matricule"]


def refusal(stream: Stream, content: str | bytes) -> NotThisFormat:
    with pytest.raises(NotThisFormat) as refused:
        next(pages(stream, content))
    return refused.value


def test_a_missing_required_column_refuses_the_table() -> None:
    refused = refusal(Stream.INVOICES, "number;total\nF-1;12\n")
    assert refused.code == "csv_missing_columns"
    assert refused.params == {"missing": "customer, issued_on", "found": "number;total"}


def test_time_needs_minutes_or_hours() -> None:
    assert refusal(Stream.TIME, "person;date;process\n").params["missing"] == "minutes | hours"


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty_file"), (b"%PDF-1.7", "pdf_file"), (b"PK\x03\x04mimetype", "spreadsheet_file")]
)
def test_what_is_no_table_is_refused_by_what_it_is(content: bytes, code: str) -> None:
    refused = refusal(Stream.STAFF, content)
    assert (refused.code, refused.params) == (code, {"name": "table.csv"})


# Bad rows and rows that come twice


@pytest.mark.parametrize(
    ("stream", "text", "code", "params"),
    [
        (Stream.STAFF, "number;role\nS1;king\n", "csv_value_unreadable", {"column": "role", "value": "king"}),
        (Stream.STAFF, "number;name\n;Léa\n", "csv_value_missing", {"column": "number"}),
        (Stream.STAFF, "number;name\nS1;Léa;more\n", "csv_row_length", {"expected": "2", "found": "3"}),
        (
            Stream.STAFF,
            "number;entered_on;left_on\nS1;2026-02-01;2026-01-01\n",
            "csv_dates_reversed",
            {"first": "2026-02-01", "last": "2026-01-01"},
        ),
        (
            Stream.STAFF,
            "number;hours_per_week\nS1;1.234\n",
            "csv_value_unreadable",
            {"column": "hours_per_week", "value": "1.234"},
        ),
        (
            Stream.ABSENCES,
            "employee;start_on;end_on\nS1;2026-02-02;2026-02-01\n",
            "csv_dates_reversed",
            {"first": "2026-02-02", "last": "2026-02-01"},
        ),
        (
            Stream.ABSENCES,
            "employee;start_on;end_on\nS1;2026-02-02;\n",
            "csv_value_missing",
            {"column": "end_on"},
        ),
        (
            Stream.REMINDERS,
            "invoice;sent_on;level\nF-1;2026-02-02;second\n",
            "csv_value_unreadable",
            {"column": "level", "value": "second"},
        ),
        (
            Stream.REMINDERS,
            "invoice;sent_on\nF-1;02/13/2026\n",
            "csv_value_unreadable",
            {"column": "sent_on", "value": "02/13/2026"},
        ),
        (
            Stream.TIME,
            "person;date;minutes;process\nlea;2026-02-02;1441;bank\n",
            "csv_time_out_of_range",
            {"minutes": "1441"},
        ),
        (
            Stream.TIME,
            "person;date;minutes;process\nlea;2026-02-02;-1;bank\n",
            "csv_time_out_of_range",
            {"minutes": "-1"},
        ),
        (
            Stream.TIME,
            "person;date;minutes;hours;process\nlea;2026-02-02;60;2;bank\n",
            "csv_time_differs",
            {"minutes": "60", "hours": "2"},
        ),
        (
            Stream.TIME,
            "person;date;minutes;process\nlea;2026-02-02;;bank\n",
            "csv_value_missing",
            {"column": "minutes"},
        ),
        (Stream.COSTS, "date;kind;amount\n2026-02-02;fees;\n", "csv_value_missing", {"column": "amount"}),
        (Stream.COSTS, "date;kind;amount\n2026-02-02;;5\n", "csv_value_missing", {"column": "kind"}),
        (
            Stream.COSTS,
            "date;kind;amount;currency\n2026-02-02;fees;5;euros!\n",
            "csv_value_unreadable",
            {"column": "currency", "value": "euros!"},
        ),
        (
            Stream.INVOICES,
            "number;customer;issued_on;disputed\nF-1;C1;2026-02-02;perhaps\n",
            "csv_value_unreadable",
            {"column": "disputed", "value": "perhaps"},
        ),
    ],
)
def test_a_bad_row_is_left_out_and_said_by_its_line(
    stream: Stream, text: str, code: str, params: dict[str, str]
) -> None:
    records, _ = read(stream, text)
    assert not records
    assert faults_of(stream, text) == [(code, "2", params, False)]


def test_good_rows_are_kept_beside_bad_ones() -> None:
    records, faults = read(Stream.STAFF, "number;role\nS1;admin\nS2;king\nS3;bot\n")
    assert [record.external_id for record in records] == ["S1", "S3"]
    assert [(fault.place, fault.raw) for fault in faults] == [("3", "S2;king")]


def test_of_rows_with_one_identity_the_last_good_one_wins() -> None:
    text = "number;name\nS1;first\nS2;x\nS1;second\n"
    records, faults = read(Stream.STAFF, text)
    assert [record.name for record in records if isinstance(record, Employee)] == ["x", "second"]
    assert [(f.code, f.place, f.params, f.kept) for f in faults] == [
        ("csv_duplicate", "2", {"identity": "S1", "line": "4"}, True)
    ]
    kept, _ = read(Stream.STAFF, "number;name;role\nS1;first;admin\nS1;second;king\n")
    assert [record.name for record in kept if isinstance(record, Employee)] == ["first"]


def test_a_supplier_number_is_unique_only_for_its_supplier() -> None:
    text = (
        "direction;number;customer;issued_on\npurchase;1;A;2026-01-01\npurchase;1;B;2026-01-01\nsale;1;A;2026-01-01\n"
    )
    records, faults = read(Stream.INVOICES, text)
    assert (len(records), faults) == (3, [])


def test_a_quote_never_closed_is_said_and_ends_nothing_else() -> None:
    text = 'number;name\nS1;ok\nS2;"open\n' + f"x;{'y' * 1000}\n" * 200
    records, faults = read(Stream.STAFF, text)
    assert [record.external_id for record in records][:1] == ["S1"]
    assert faults[0].code == "csv_row_unreadable"


def test_pages_hold_a_thousand_rows_and_say_where_they_end() -> None:
    text = "number\n" + "".join(f"S{n}\n" for n in range(PAGE_ROWS + 1))
    found = list(pages(Stream.STAFF, text))
    assert [len(page.records) for page in found] == [PAGE_ROWS, 1]
    assert [page.cursor for page in found] == [{"line": "1001"}, {"line": "1002"}]


# Amounts


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1200", "1200"),
        ("1200,5", "1200.5"),
        ("1 200,50 €", "1200.50"),
        ("1.200,50", "1200.50"),
        ("1,200.50", "1200.50"),
        ("1,234,567.89", "1234567.89"),
        ("-12.5", "-12.5"),
        ("0.125", "0.125"),
    ],
)
def test_an_amount_is_read_with_comma_or_dot(text: str, value: str) -> None:
    assert parse_decimal(text) == Decimal(value)


@pytest.mark.parametrize("text", ["1.234", "1,234", "1.2.3", "1,23,456.7", "1e3", "NaN", "1,200,50", "12 USD", "-"])
def test_an_amount_with_no_reading_or_two_is_refused(text: str) -> None:
    with pytest.raises(BadPayload):
        parse_decimal(text)


@pytest.mark.parametrize(("text", "minutes"), [("1,5", 90), ("0.25", 15), ("2:05", 125), ("2 h 05", 125), ("0,01", 1)])
def test_hours_become_whole_minutes(text: str, minutes: int) -> None:
    assert parse_minutes(text) == minutes


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail_otherwise_than_by_saying_so(tail: bytes) -> None:
    content = b"person;date;minutes;process\nlea;2026-03-02;30;bank\n" + tail
    if b"\x00" in content:
        assert refusal(Stream.TIME, content).code in {"binary_file", "utf16_file"}
        return
    records, faults = read(Stream.TIME, content)
    assert records or faults
