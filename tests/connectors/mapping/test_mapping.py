"""A mapping as it is kept, and the round trip: whatever a table is written in, it reads back exactly."""

import csv
import io
import tempfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from connectors.errors import NotThisFormat
from connectors.files.csv_formats import DayFormat, NumberFormat
from connectors.files.csv_guess import propose
from connectors.files.csv_mapped import read_mapped
from connectors.files.mapping import SKIP, FileMapping, Taken, from_json, to_json
from connectors.files.table import open_table, sample_of
from connectors.records import Cost, CostKind, Stream

MAPPING = FileMapping(
    Stream.INVOICES,
    {"number": Taken("N°"), "issued_on": Taken("Date", "dmy"), "kind": Taken("Type")},
    {"direction": "sale", "currency": "CHF"},
    {"kind": {"fa": "invoice", "devis": SKIP, "divers": ""}},
    "Feuille 2",
)


def test_a_mapping_is_kept_as_json_and_comes_back_the_same() -> None:
    assert from_json(to_json(MAPPING)) == MAPPING


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"version": 2}, "mapping_version"),
        ({"stream": "ledger"}, "mapping_unreadable"),
        ({"stream": "nonsense"}, "mapping_unreadable"),
        ({"fields": {"shoe_size": {"column": "x"}}}, "mapping_unreadable"),
        ({"fields": {"issued_on": {"column": "x", "format": "comma"}}}, "mapping_unreadable"),
        ({"fields": {"number": {}}}, "mapping_unreadable"),
        ({"fields": []}, "mapping_unreadable"),
        ({"constants": {"direction": "sideways"}}, "mapping_unreadable"),
        ({"constants": {"number": "F1"}}, "mapping_unreadable"),
        ({"constants": {"currency": "euro"}}, "mapping_unreadable"),
        ({"words": {"kind": {"fa": "bill"}}}, "mapping_unreadable"),
        ({"words": {"number": {"fa": ""}}}, "mapping_unreadable"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_by_what_is_wrong(change: dict[str, Any], code: str) -> None:
    with pytest.raises(NotThisFormat) as refused:
        from_json(to_json(MAPPING) | change)
    assert refused.value.code == code


def test_a_file_without_the_columns_of_a_mapping_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("N°;Date\n1;02/03/2026\n")
    with pytest.raises(NotThisFormat) as refused:
        next(read_mapped(open_table(tmp_path / "a.csv"), MAPPING))
    assert (refused.value.code, refused.value.params) == (
        "mapping_columns_gone",
        {"missing": "Type", "found": "N°; Date"},
    )


# The round trip

Row = tuple[date, CostKind, Decimal]
ROWS = st.lists(
    st.tuples(
        st.dates(date(2015, 1, 1), date(2024, 12, 31)),
        st.sampled_from(CostKind),
        st.decimals(Decimal("-99999999.99"), Decimal("99999999.99"), places=2),
    ),
    min_size=1,
    max_size=12,
)
DAYS: dict[DayFormat, Callable[[date], str]] = {
    DayFormat.ISO: date.isoformat,
    DayFormat.DMY: lambda day: f"{day:%d/%m/%Y}",
    DayFormat.MDY: lambda day: f"{day:%m/%d/%Y}",
    DayFormat.YMD: lambda day: f"{day:%y/%m/%d}",
    DayFormat.SERIAL: lambda day: str((day - date(1899, 12, 30)).days),
}


def written(amount: Decimal, form: NumberFormat, group: str) -> str:
    text = f"{amount:,.2f}".replace(",", "\x00").replace(".", "," if form is NumberFormat.COMMA else ".")
    return text.replace("\x00", group)


@settings(deadline=None, max_examples=120)
@given(
    rows=ROWS,
    day=st.sampled_from(DayFormat),
    number=st.sampled_from([NumberFormat.COMMA, NumberFormat.DOT]),
    group=st.sampled_from(["", " ", "\u202f", "'"]),
    separator=st.sampled_from([";", ",", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig"]),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_a_table_written_in_any_of_the_formats_reads_back_exactly(
    rows: list[Row], day: DayFormat, number: NumberFormat, group: str, separator: str, encoding: str, newline: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=newline)
    writer.writerow(["Jour de dépense", "Nature", "Montant"])
    writer.writerows([DAYS[day](on), kind.value, written(amount, number, group)] for on, kind, amount in rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(out.getvalue().encode(encoding))
        assert_reads(path, rows, day, number)


@settings(deadline=None, max_examples=25)
@given(rows=ROWS, as_serials=st.booleans())
def test_a_workbook_reads_back_exactly(rows: list[Row], *, as_serials: bool) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["Jour de dépense", "Nature", "Montant"])
    for on, kind, amount in rows:
        book.active.append([(on - date(1899, 12, 30)).days if as_serials else on, kind.value, float(amount)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.xlsx"
        book.save(path)
        assert_reads(path, rows, DayFormat.SERIAL if as_serials else DayFormat.ISO, NumberFormat.EITHER)


def assert_reads(path: Path, rows: list[Row], day: DayFormat, number: NumberFormat) -> None:
    """With formats said, all is read exactly; those that Seuil tells by itself are the ones it was written in."""
    table = open_table(path)
    fields = {
        "date": Taken("Jour de dépense", day.value),
        "kind": Taken("Nature"),
        "amount": Taken("Montant", number.value),
    }
    pages = list(read_mapped(table, FileMapping(Stream.COSTS, fields, {"currency": "EUR"})))
    found = [record for page in pages for record in page.records if isinstance(record, Cost)]
    assert [fault for page in pages for fault in page.faults] == []
    assert [(one.incurred_on, one.kind, one.amount) for one in found] == rows
    told = propose(Stream.COSTS, sample_of(table), table.epoch).mapping.fields
    assert told["amount"].format in {"", number.value, "either"}
    assert told["date"].format in {"", day.value}


def test_a_day_as_a_cell_and_as_text_in_one_column_are_both_read(tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    for row in (["date", "kind", "amount"], [datetime(2026, 3, 2), "fees", 5], ["13/03/2026", "fees", 6]):  # noqa: DTZ001
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")
    table = open_table(tmp_path / "book.xlsx")
    mapping = propose(Stream.COSTS, sample_of(table)).mapping
    records = [record for page in read_mapped(table, mapping) for record in page.records]

    assert [record.incurred_on for record in records if isinstance(record, Cost)] == [
        date(2026, 3, 2),
        date(2026, 3, 13),
    ]
