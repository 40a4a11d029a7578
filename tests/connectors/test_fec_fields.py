"""One field of an accounting file: what reads, what reads with a remark, what is refused."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import BadPayload
from connectors.files.fec import fiscal_year
from connectors.files.fec_fields import parse_amount, parse_day


@pytest.mark.parametrize(
    ("text", "minor", "remarks"),
    [
        ("1200,00", 120_000, ()),
        (" 000000000001200,00", 120_000, ()),
        ("-000000000001200,00", -120_000, ("amount_negative",)),
        ("12", 1_200, ()),
        ("0", 0, ()),
        ("", 0, ()),
        ("   ", 0, ()),
        ("+12,00", 1_200, ()),
        ("-12,00", -1_200, ("amount_negative",)),
        ("-0,00", 0, ()),
        (",5", 50, ()),
        ("12,", 1_200, ()),
        ("1000.00", 100_000, ("amount_dot",)),
        ("1 234,5", 123_450, ("amount_spaces",)),
        ("1\u00a0234,56", 123_456, ("amount_spaces",)),
        ("1\u202f234.56", 123_456, ("amount_spaces", "amount_dot")),
        ("0,005", 1, ("amount_decimals",)),
        ("1,0049", 100, ("amount_decimals",)),
        ("-1,005", -101, ("amount_decimals", "amount_negative")),
        ("1234,567", 123_457, ("amount_decimals",)),
        ("0.125", 13, ("amount_dot", "amount_decimals")),
    ],
)
def test_an_amount_is_read_to_the_cent(text: str, minor: int, remarks: tuple[str, ...]) -> None:
    assert parse_amount(text) == (minor, remarks)


@pytest.mark.parametrize(
    "text", ["abc", "1,2,3", "1.234", "1.234,56", "1e3", "--1", "-", ",", "12 €", "²,00", "٣٤,00", "9" * 16, "NaN"]
)
def test_an_amount_with_no_reading_or_two_is_refused(text: str) -> None:
    with pytest.raises(BadPayload) as refused:
        parse_amount(text)
    assert refused.value.code == "amount_unreadable"


@given(st.integers(-(10**16), 10**16))
def test_an_amount_written_as_the_norm_wants_reads_back_exactly(minor: int) -> None:
    text = f"{'-' if minor < 0 else ''}{abs(minor) // 100},{abs(minor) % 100:02d}"
    if abs(minor) // 100 >= 10**15:
        return
    assert parse_amount(text).minor == minor


@pytest.mark.parametrize(
    ("text", "on", "remark"),
    [
        ("20260302", date(2026, 3, 2), ""),
        (" 20260302 ", date(2026, 3, 2), ""),
        ("2026-03-02", date(2026, 3, 2), "date_format"),
        ("02/03/2026", date(2026, 3, 2), "date_format"),
        ("2.3.2026", date(2026, 3, 2), "date_format"),
        ("", None, ""),
        ("00000000", None, "date_format"),
    ],
)
def test_a_date_is_read_in_any_writing_that_has_one_reading(text: str, on: date | None, remark: str) -> None:
    assert parse_day(text) == (on, remark)


@pytest.mark.parametrize("text", ["20260230", "02/03/26", "today", "02032026", "20261301", "00010101", "2026030"])
def test_a_date_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadPayload):
        parse_day(text)


@pytest.mark.parametrize(
    ("entry_on", "end", "year"),
    [
        (date(2026, 12, 31), (12, 31), 2026),
        (date(2027, 1, 1), (12, 31), 2027),
        (date(2028, 2, 29), (2, 28), 2028),
        (date(2028, 3, 1), (2, 28), 2029),
    ],
)
def test_a_fiscal_year_is_named_after_the_year_it_closes_in(entry_on: date, end: tuple[int, int], year: int) -> None:
    assert fiscal_year(entry_on, *end) == year
