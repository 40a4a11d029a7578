"""Days and amounts as tools write them; and how a column is written, told only where one reading fits."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from connectors.errors import BadPayload
from connectors.files.csv_detect import day_formats, number_formats
from connectors.files.csv_formats import (
    Cell,
    DayFormat,
    NumberFormat,
    amount_of,
    currency_of,
    day_of,
    instant_of,
)

PARIS = ZoneInfo("Europe/Paris")
DMY, MDY, ISO, YMD, SERIAL = DayFormat.DMY, DayFormat.MDY, DayFormat.ISO, DayFormat.YMD, DayFormat.SERIAL
COMMA, DOT, EITHER = NumberFormat.COMMA, NumberFormat.DOT, NumberFormat.EITHER
THIRD_OF_FEBRUARY = date(2026, 2, 3)


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        ("03/02/2026", DMY),
        ("3.2.2026", DMY),
        ("03-02-26", DMY),
        ("02/03/2026", MDY),
        ("2/3/26", MDY),
        ("26/02/03", YMD),
        ("46056", SERIAL),
        (Decimal(46056), SERIAL),
        (datetime(2026, 2, 3), ISO),  # noqa: DTZ001 - as a workbook has it
        (datetime(2026, 2, 3), MDY),  # noqa: DTZ001
        ("20260203", ISO),
        ("2026/02/03", MDY),
        ("03 févr. 2026", ISO),
        ("3-feb-2026", DMY),
        ("February 3rd, 2026", ISO),
        ("03/02/2026 à 14h05", DMY),
        ("2026-02-03T09:00:00+01:00", ISO),
    ],
)
def test_a_day_is_read_as_its_column_is_written(cell: Cell, form: DayFormat) -> None:
    assert day_of(cell, form, PARIS) == THIRD_OF_FEBRUARY


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        ("13/31/2026", DMY),
        ("31/12/2026", MDY),
        ("12.31.2026", MDY),
        ("03/02/2026", ISO),
        ("03/02/2026", SERIAL),
        ("46056", DMY),
        ("00000", SERIAL),
        ("30/02/2026", DMY),
        ("3 jui 2026", DMY),
        ("hier", ISO),
        ("", ISO),
        (True, ISO),
        ("0203-02-01", ISO),
        ("03/02/2026 25:00", DMY),
    ],
)
def test_what_is_no_day_in_that_writing_is_not_read(cell: Cell, form: DayFormat) -> None:
    with pytest.raises(BadPayload):
        day_of(cell, form)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("03/02/2026 14:05", datetime(2026, 2, 3, 13, 5, tzinfo=UTC)),
        ("03/07/2026 2:05:30 PM", datetime(2026, 7, 3, 12, 5, 30, tzinfo=UTC)),
        ("2026-02-03T14:05:00Z", datetime(2026, 2, 3, 14, 5, tzinfo=UTC)),
        ("2026-02-03 14:05-0500", datetime(2026, 2, 3, 19, 5, tzinfo=UTC)),
        ("03/02/2026", datetime(2026, 2, 2, 23, 0, tzinfo=UTC)),
        ("03/02/2026 12:30 am", datetime(2026, 2, 2, 23, 30, tzinfo=UTC)),
    ],
)
def test_an_instant_is_told_in_the_companys_zone_unless_it_says_otherwise(cell: Cell, expected: datetime) -> None:
    assert instant_of(cell, DMY, PARIS) == expected


def test_an_evening_elsewhere_is_the_next_day_here() -> None:
    assert day_of("2026-02-02T23:30:00Z", ISO, PARIS) == THIRD_OF_FEBRUARY


def test_a_workbook_may_count_its_days_from_1904() -> None:
    assert day_of(Decimal(44594), SERIAL, epoch=datetime(1904, 1, 1)) == THIRD_OF_FEBRUARY  # noqa: DTZ001


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["03/02/2026", "13/02/2026"], (DMY,)),
        (["02/03/2026", "02/13/2026"], (MDY,)),
        (["03/02/2026", "04/05/2026"], (DMY, MDY)),
        (["03.02.2026", "04.05.2026"], (DMY,)),
        (["13/02/2026", "02/13/2026"], (DMY, MDY)),
        (["03/02/2026"] * 8 + ["13/02/2026", "02/13/2026"], (DMY, MDY)),
        (["2026-02-03", "20260204"], (ISO,)),
        (["46056", "46057"], (SERIAL,)),
        (["13/02/26", "28/02/26"], (DMY,)),
        (["26/02/13", "26/02/28"], (YMD,)),
        (["13/02/2026"] * 9 + ["hier"], (DMY,)),
        (["Paul", "Léa"], ()),
    ],
)
def test_the_writing_of_days_is_told_only_where_one_fits(cells: list[str], expected: tuple[DayFormat, ...]) -> None:
    assert day_formats(cells) == expected


@pytest.mark.parametrize(
    ("cell", "form", "value"),
    [
        ("1 200,50", COMMA, "1200.50"),
        ("1.200,50 €", COMMA, "1200.50"),
        ("1\u202f200,5", COMMA, "1200.5"),
        ("1'200.50", DOT, "1200.50"),
        ("$1,200.50", DOT, "1200.50"),
        ("1.234", COMMA, "1234"),
        ("1.234", DOT, "1.234"),
        ("0.125", EITHER, "0.125"),
        ("(12,00)", COMMA, "-12.00"),
        ("12,00-", COMMA, "-12.00"),
        ("\u221212,5 EUR", COMMA, "-12.5"),
        ("-€12.50", DOT, "-12.50"),
        ("EUR1200", EITHER, "1200"),
        (Decimal("12.3"), COMMA, "12.3"),
    ],
)
def test_an_amount_is_read_as_its_column_is_written(cell: Cell, form: NumberFormat, value: str) -> None:
    assert amount_of(cell, form) == Decimal(value)


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        ("1.234", EITHER),
        ("1,23,456.00", DOT),
        ("12.34", COMMA),
        ("1 20,5", COMMA),
        ("12 pcs", COMMA),
        ("€ 12 EUR", COMMA),
        ("(12", COMMA),
        ("", EITHER),
        ("1e3", DOT),
        (True, DOT),
    ],
)
def test_what_is_no_amount_in_that_writing_is_not_read(cell: Cell, form: NumberFormat) -> None:
    with pytest.raises(BadPayload):
        amount_of(cell, form)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1 200,50", "3"], (COMMA,)),
        (["1,200.50", "3"], (DOT,)),
        (["1.234", "5.678"], (COMMA, DOT)),
        (["1.234", "5.678,00"], (COMMA,)),
        (["12", "13"], (EITHER,)),
        ([Decimal("12.5"), Decimal(3)], (EITHER,)),
        (["1,50", "1.50"], (COMMA, DOT)),
        (["x"], ()),
    ],
)
def test_the_writing_of_amounts_is_told_only_where_one_fits(
    cells: list[Cell], expected: tuple[NumberFormat, ...]
) -> None:
    assert number_formats(cells) == expected


@pytest.mark.parametrize(
    ("text", "code"), [("12 €", "EUR"), ("CHF 12", "CHF"), ("$ 12", "$"), ("12", ""), ("12 euros", "EUR"), ("x", "")]
)
def test_the_currency_beside_an_amount_is_seen(text: str, code: str) -> None:
    assert currency_of(text) == code
