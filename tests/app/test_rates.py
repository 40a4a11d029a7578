"""Several currencies: amounts count at the rate of their own day, or in no sum, and that is said."""

import io
import math
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from app.access import holder_called, let_in, make_owner
from app.assessment import assess_company, assessments_due
from app.books import read_books
from app.companies import connection_for
from app.db import read, write
from app.facts import refresh_touched
from app.intake import find_source, save_page
from app.known import as_known
from app.main import create_app
from app.models.core import company as company_table
from app.rates import Money, import_rates, money_of, rates_kept
from app.room import COOKIE
from app.settings import Settings
from connectors.base import Fault, Page
from connectors.errors import NotThisFormat
from connectors.files import ecb_rates
from connectors.files.ecb_rates import read_rates
from connectors.records import Cost, CostKind, Direction, DocumentKind, DocumentStatus, Invoice, Stream
from signals.calendar import day_number
from signals.customer_invoices import Invoices, amounts_on
from tests.conftest import NOW

HIST = b"""Date,USD,JPY,CHF,ISK,
2026-11-20,1.25,160.00,0.96,N/A,
2026-11-19,1.20,159.50,0.95,N/A,
2026-11-13,1.10,158.00,0.94,N/A,
2026-10-30,1.25,157.00,0.96,N/A,
"""
DAILY = b"Date, USD, JPY, CHF, \n20 November 2026, 1.25, 160.00, 0.96, \n"


@pytest.fixture
def hist(tmp_path: Path) -> Path:
    """Rates as the ECB's long file has them."""
    path = tmp_path / "eurofxref-hist.csv"
    path.write_bytes(HIST)
    return path


def zipped(path: Path, content: bytes, name: str = "eurofxref.csv") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, content)
    return path


def test_the_long_and_the_short_file_are_read_plain_and_zipped(hist: Path, tmp_path: Path) -> None:
    long, short = list(read_rates(hist)), list(read_rates(zipped(tmp_path / "a.zip", DAILY)))

    assert len(long) == 12
    assert short == [one for one in long if isinstance(one, ecb_rates.Rate) and one.day == date(2026, 11, 20)]


def test_a_line_that_cannot_be_read_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(b"Date,USD,CHF\n2026-11-20,x,0.96\nlast week,1,1\n2026-11-19,-1,0.95\n\n2026-11-18\n")
    found = list(read_rates(path))

    faults = [(one.code, one.place) for one in found if isinstance(one, Fault)]
    assert faults == [("ecb_bad_rate", "2"), ("ecb_bad_day", "3"), ("ecb_bad_rate", "4")]
    assert [one.per_euro for one in found if isinstance(one, ecb_rates.Rate)] == [Decimal("0.96"), Decimal("0.95")]


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 50, b"hello\n", b"Date\n2026-11-20\n", b"\xff\xfe", b"PK\x03\x04broken", b"Date," + b"x" * 9000],
)
def test_what_is_no_table_of_rates_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)

    with pytest.raises(NotThisFormat):
        list(read_rates(path))


def test_a_zip_that_unpacks_for_ever_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ecb_rates, "LARGEST", 100_000)
    bomb = zipped(tmp_path / "bomb.zip", b"Date,USD\n" + b"2026-11-20,1.1\n" * 100_000)
    two = tmp_path / "two.zip"
    with zipfile.ZipFile(two, "w") as packed:
        packed.writestr("a.csv", HIST)
        packed.writestr("b.csv", HIST)

    assert bomb.stat().st_size < 100_000
    for path in (bomb, two):
        with pytest.raises(NotThisFormat):
            list(read_rates(path))


def test_rates_are_kept_once_and_a_changed_one_replaces_the_old(engine: Engine, hist: Path, tmp_path: Path) -> None:
    first, again = import_rates(engine, hist, NOW), import_rates(engine, hist, NOW)
    other = tmp_path / "other.csv"
    other.write_bytes(b"Date,USD\n2026-11-20,1.26\n")
    changed = import_rates(engine, other, NOW)
    with read(engine) as conn:
        kept = rates_kept(conn)
        usd = money_of(conn, "EUR").convert(12_600, "USD", day_number(date(2026, 11, 20)))

    brought = [(one.new, one.changed, one.unchanged) for one in (first, again, changed)]
    assert brought == [(12, 0, 0), (0, 0, 12), (0, 1, 0)]
    assert (kept[0].currency, kept[0].days, kept[0].last) == ("CHF", 4, date(2026, 11, 20))
    assert usd == 10_000


OCTOBER = date(2026, 10, 30)
DAY = day_number(date(2026, 11, 20))
FIXED = {"USD": ([DAY - 7, DAY], [1_100_000, 1_250_000]), "JPY": ([DAY], [160_000_000]), "CHF": ([DAY], [960_000])}


@pytest.mark.parametrize(
    ("ours", "minor", "currency", "day", "found"),
    [
        ("EUR", 12_500, "USD", DAY, 10_000),
        ("EUR", -12_500, "USD", DAY, -10_000),
        ("EUR", 11_000, "USD", DAY - 1, 10_000),  # the newest of the seven days before
        ("EUR", 11_000, "USD", DAY - 8, None),  # before the first rate
        ("EUR", 12_500, "USD", DAY + 7, 10_000),
        ("EUR", 12_500, "USD", DAY + 8, None),  # too old
        ("EUR", 1_600_000, "JPY", DAY, 10_000),
        ("CHF", 12_500, "USD", DAY, 9_600),  # through the euro
        ("CHF", 10_000, "EUR", DAY, 9_600),
        ("EUR", 500, "SEK", DAY, None),
        ("EUR", 500, "EUR", DAY - 900, 500),
        ("EUR", 500, "", DAY, 500),
        ("EUR", 500, "USD", float("nan"), None),
        ("EUR", 1, "CHF", DAY, 1),
    ],
)
def test_an_amount_counts_at_the_rate_of_its_day(
    ours: str, minor: int, currency: str, day: float, found: int | None
) -> None:
    assert Money(ours, FIXED).convert(minor, currency, day) == found


@given(st.integers(-(10**12), 10**12), st.sampled_from(["USD", "JPY", "CHF"]))
def test_there_and_back_is_the_same_but_for_a_unit_of_the_coarser(minor: int, currency: str) -> None:
    there = Money("EUR", FIXED).convert(minor, currency, DAY)
    assert there is not None
    back = Money(currency, FIXED).convert(there, "EUR", DAY)
    assert back is not None

    assert abs(back - minor) <= max(1, FIXED[currency][1][-1] / 1_000_000)


def invoice(n: int, currency: str, issued: date, total: str = "1250.00") -> Invoice:
    return Invoice(
        external_id=f"F{n}", direction=Direction.SALE, kind=DocumentKind.INVOICE, status=DocumentStatus.FINAL,
        number=f"F{n}", party="C1", service_on=date(2026, 10, 1), issued_on=issued, due_on=date(2026, 11, 21),
        total=Decimal(total), currency=currency,
    )  # fmt: skip


@pytest.fixture
def mixed(engine: Engine, company: str) -> str:
    """A company in euros with documents and costs in dollars, francs and euros."""
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company, "csv", NOW))
        rows = (
            invoice(1, "EUR", date(2026, 11, 20)), invoice(2, "USD", date(2026, 11, 20)),
            invoice(3, "USD", date(2026, 10, 20)), invoice(4, "SEK", date(2026, 11, 20)),
        )  # fmt: skip
        save_page(conn, source, Stream.INVOICES, Page(rows, {}), NOW)
        said: dict[str, Any] = {"incurred_on": OCTOBER, "kind": CostKind.SOFTWARE, "amount": Decimal("96.00")}
        spent = [Cost(external_id=f"c{n}", currency=code, **said) for n, code in enumerate(("EUR", "CHF", "SEK"))]
        save_page(conn, source, Stream.COSTS, Page(tuple(spent), {}), NOW)
        refresh_touched(conn, company)
    return company


def amounts(engine: Engine, company: str) -> tuple[list[float | None], list[int], dict[str, int]]:
    with read(engine) as conn:
        books = read_books(conn, company, NOW.date())
    rows = books["overdue"].sort_values("external_id")
    owed = [None if value != value else float(value) for value in rows["total_minor"]]  # noqa: PLR0124 - NaN
    return owed, sorted(books["costs"]["amount_minor"].tolist()), dict(books.unconverted)


def test_without_rates_foreign_amounts_count_in_no_sum_and_that_is_said(engine: Engine, mixed: str) -> None:
    owed, spent, unconverted = amounts(engine, mixed)
    missing = assess_company(engine, mixed, NOW).content["missing"]

    assert owed == [125_000, None, None, None]
    assert spent == [9_600]
    assert set(unconverted) == {"USD", "SEK", "CHF"}
    assert {"what": "missing_rates", "remedy": "remedy_rates"} in missing


def test_with_rates_they_count_at_their_own_days_rate(engine: Engine, mixed: str, hist: Path) -> None:
    import_rates(engine, hist, NOW)
    owed, spent, unconverted = amounts(engine, mixed)

    assert owed == [125_000, 100_000, None, None]  # no rate within seven days before 20 October, none of the krona
    assert spent == [9_600, 10_000]
    assert set(unconverted) == {"USD", "SEK"}


def test_rates_have_the_companies_they_concern_assessed_anew_and_no_other(
    engine: Engine, mixed: str, hist: Path
) -> None:
    assess_company(engine, mixed, NOW)
    later = NOW.replace(hour=NOW.hour + 1)
    with read(engine) as conn:
        before = assessments_due(conn, later)
    import_rates(engine, hist, later)
    with read(engine) as conn:
        after = assessments_due(conn, later)

    assert (before, [one.partition("@")[0] for one in after]) == ([], [mixed])


def test_a_company_in_francs_counts_in_francs(engine: Engine, mixed: str, hist: Path) -> None:
    import_rates(engine, hist, NOW)
    with write(engine) as conn:
        conn.execute(update(company_table).values(currency="CHF"))
    owed, spent, _ = amounts(engine, mixed)
    body = assess_company(engine, mixed, NOW).content

    assert owed == [120_000, 96_000, None, None]
    assert spent == [9_216, 9_600]
    assert body["company"]["currency"] == "CHF"


def test_a_look_back_converts_as_today(engine: Engine, mixed: str, hist: Path) -> None:
    import_rates(engine, hist, NOW)
    then = as_known(engine, mixed, NOW)
    try:
        assert amounts(then, mixed)[0] == amounts(engine, mixed)[0]
    finally:
        then.dispose()


@pytest.fixture
def owner(sqlite_engine: Engine) -> TestClient:
    """Somebody who may change everything."""
    with write(sqlite_engine) as conn:
        make_owner(conn, "owner@firm.test", "a very long password", NOW)
        token = let_in(conn, holder_called(conn, "owner@firm.test") or "", NOW)
    app = create_app(sqlite_engine, Settings(database_url="sqlite://"), now=lambda: NOW)
    headers = {"sec-fetch-site": "same-origin", "accept-language": "en"}
    return TestClient(app, cookies={COOKIE: token}, headers=headers)


def test_a_file_is_handed_over_on_a_page(owner: TestClient) -> None:
    empty = owner.get("/rates").text
    given_ = owner.post("/rates", files={"file": ("eurofxref-hist.csv", io.BytesIO(HIST + b"soon,1\n"))})
    wrong = owner.post("/rates", files={"file": ("x.csv", io.BytesIO(b"hello"))})

    assert "There are no rates yet." in empty
    assert "12 new, 0 changed, 0 as before." in given_.text
    assert "Line 6:" in given_.text
    assert "20/11/2026" in given_.text
    assert (wrong.status_code, "table of rates" in wrong.text) == (422, True)


def test_what_is_owed_is_told_in_the_companys_currency_less_credit_notes_at_their_invoices_rate() -> None:
    nan = math.nan
    days = {"issued_day": [1.0] * 3, "paid_day": [nan] * 3, "due_day": [9.0] * 3, "cancelled_day": [nan] * 3}
    told = {"total_minor": [100.0, 200.0, 300.0], "foreign": [False, True, True], "value_minor": [nan, 100.0, nan]}
    notes = pd.DataFrame({"row": [0, 1, 2], "day": [2.0] * 3, "amount": [10.0, 50.0, 30.0]})
    spans = Invoices(pd.DataFrame(days | told), notes).spans

    assert amounts_on(spans, [1.0, 2.0]).tolist() == [200.0, 165.0]  # 100 + 100, then less 10 and half of 50
