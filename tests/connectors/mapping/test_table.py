"""Files as they are handed over: separators, encodings and titles of text; sheets, values and bombs of workbooks."""

import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from connectors.errors import NotThisFormat
from connectors.files import table_excel
from connectors.files.csv_formats import Cell
from connectors.files.table import Sample, open_table, sample_of


def text_file(folder: Path, content: str, encoding: str = "utf-8") -> Path:
    path = folder / "list.csv"
    path.write_bytes(content.encode(encoding))
    return path


def workbook(folder: Path, **sheets: Sequence[Sequence[Any]]) -> Path:
    book = Workbook()
    assert book.active is not None
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / "book.xlsx")
    return folder / "book.xlsx"


def rows_of(sample: Sample) -> list[tuple[Cell, ...]]:
    return [line.cells for line in sample.rows]


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_text_is_cut_at_its_separator(tmp_path: Path, separator: str, newline: str, encoding: str) -> None:
    text = 'Numéro;Montant;Note\nF1;"1 200,50";"a\nb"\nF2;"80,00";\n'.replace(";", separator)
    sample = sample_of(open_table(text_file(tmp_path, text.replace("\n", newline), encoding)))

    assert sample.columns == ("Numéro", "Montant", "Note")
    assert [tuple(str(cell).replace("\r\n", "\n").replace("\r", "\n") for cell in row) for row in rows_of(sample)] == [
        ("F1", "1 200,50", "a\nb"),
        ("F2", "80,00", ""),
    ]


def test_titles_above_the_header_are_passed_over_and_lines_keep_their_numbers(tmp_path: Path) -> None:
    text = "sep=;\nFactures au 31/03/2026;;\n\nN°;Date;Client\n1;02/03/2026;Brun\n"
    sample = sample_of(open_table(text_file(tmp_path, text)))

    assert (sample.header_line, sample.columns) == (4, ("N°", "Date", "Client"))
    assert [line.number for line in sample.rows] == [5]


def test_columns_of_one_name_are_told_apart_and_those_without_one_are_none(tmp_path: Path) -> None:
    sample = sample_of(open_table(text_file(tmp_path, "Date;Date;;Nom\n1;2;3;x\n")))

    assert sample.columns == ("Date", "Date (2)", "", "Nom")
    assert sample.cells("Date (2)") == ["2"]


def test_the_header_wanted_is_found_even_where_another_line_looks_like_one(tmp_path: Path) -> None:
    sample = sample_of(open_table(text_file(tmp_path, "Export;de;test\nN°;Date;Client\n1;2;x\n")), ("Client", "N°"))

    assert sample.header_line == 2


def test_a_workbooks_cells_are_what_excel_shows(tmp_path: Path) -> None:
    row = ["F1", date(2026, 2, 3), datetime(2026, 2, 3, 14, 5), 0.1 + 0.2, 12, True, time(1, 30)]  # noqa: DTZ001
    path = workbook(tmp_path, Feuille=[["a", "b", "c", "d", "e", "f", "g", "h"], [*row, timedelta(hours=30)]])
    sample = sample_of(open_table(path))

    assert rows_of(sample) == [
        (
            "F1",
            datetime(2026, 2, 3),  # noqa: DTZ001
            datetime(2026, 2, 3, 14, 5),  # noqa: DTZ001
            Decimal("0.3"),
            Decimal(12),
            True,
            "1:30",
            "30:00",
        )
    ]


def test_the_sheet_that_looks_like_a_table_is_read_or_the_one_that_is_named(tmp_path: Path) -> None:
    path = workbook(tmp_path, Lisezmoi=[["Bonjour"]] * 30, Factures=[["n", "d"], [1, 2], [3, 4]], Autre=[["x", "y"]])

    table = open_table(path)
    assert (table.sheet, table.sheets) == ("Factures", ("Lisezmoi", "Factures", "Autre"))
    assert sample_of(open_table(path, sheet="Autre")).columns == ("x", "y")
    with pytest.raises(NotThisFormat) as refused:
        open_table(path, sheet="Nulle part")
    assert refused.value.code == "no_such_sheet"


def test_a_hidden_sheet_is_not_chosen(tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["a", "b"])
    hidden = book.create_sheet("Calculs")
    hidden.sheet_state = "hidden"
    for _ in range(20):
        hidden.append(["c", "d"])
    book.save(tmp_path / "book.xlsx")

    assert open_table(tmp_path / "book.xlsx").sheet == "Sheet"


def test_a_mountain_in_a_small_file_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path, A=[["a", "b"]] + [["x" * 50, "y" * 50]] * 500)
    monkeypatch.setattr(table_excel, "SHEETS_LIMIT", 10_000)

    assert path.stat().st_size < 10_000
    with pytest.raises(NotThisFormat) as refused:
        open_table(path)
    assert refused.value.code == "workbook_too_large"


def test_a_part_that_holds_more_than_it_declares_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path, A=[["a", "b"], ["x" * 5000, "y"]])
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    content = path.read_bytes()
    lying = content.replace(size.to_bytes(4, "little"), (40).to_bytes(4, "little"))
    assert lying != content
    path.write_bytes(lying)

    with pytest.raises(NotThisFormat) as refused:
        list(open_table(path).lines())
    assert refused.value.code == "workbook_unreadable"


@pytest.mark.parametrize("keep", [0.5, 0.97])
def test_a_torn_workbook_is_refused(tmp_path: Path, keep: float) -> None:
    path = workbook(tmp_path, A=[["a", "b"]] + [[n, n] for n in range(500)])
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])

    with pytest.raises(NotThisFormat) as refused:
        list(open_table(path).lines())
    assert refused.value.code in {"archive_file", "spreadsheet_file", "workbook_unreadable"}


def test_a_workbook_torn_within_is_refused_wherever_it_breaks_off(tmp_path: Path) -> None:
    path = workbook(tmp_path, A=[["a", "b"]] + [[n, n] for n in range(500)])
    torn = tmp_path / "torn.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(torn, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, content[: len(content) // 2] if "sheet1" in part else content)

    with pytest.raises(NotThisFormat) as refused:
        list(open_table(torn).lines())
    assert refused.value.code == "workbook_unreadable"


def test_an_entity_that_grows_is_not_followed(tmp_path: Path) -> None:
    path = workbook(tmp_path, A=[["a", "b"], ["c", "d"]])
    bomb = tmp_path / "bomb.xlsx"
    laughs = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(bomb, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if "sheet1" in part:
                content = laughs.encode() + content.replace(b">c<", b">&b;<")
            new.writestr(part, content)

    with pytest.raises(NotThisFormat) as refused:
        list(open_table(bomb).lines())
    assert refused.value.code == "workbook_unreadable"


def test_rows_numbered_beyond_excels_last_end_the_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path, A=[["a", "b"], ["c", "d"]])
    far = tmp_path / "far.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(far, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if "sheet1" in part:
                content = content.replace(b'<row r="2"', b'<row r="99999999999"').replace(
                    b'r="A2"', b'r="A99999999999"'
                )
                content = content.replace(b'r="B2"', b'r="B99999999999"')
            new.writestr(part, content)

    assert [line.cells for line in open_table(far).lines()] == [("a", "b")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"%PDF-1.7", "pdf_file"),
        (b"\xd0\xcf\x11\xe0old", "spreadsheet_file"),
        (b"\n \n", "empty_file"),
    ],
)
def test_what_is_no_table_is_named_for_what_it_is(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "thing.xls"
    path.write_bytes(content)
    with pytest.raises(NotThisFormat) as refused:
        open_table(path)
    assert refused.value.code == code
