"""All records behind a number: on pages that can be sorted and filtered by links, and whole in the file."""

import csv
import io
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.access import make_owner
from app.assessment import assess_company, latest
from app.body import measures_of
from app.companies import add_company, connection_for
from app.db import open_database, read, write
from app.evidence import Asked, chosen, evidence
from app.intake import find_source, save_page
from app.main import create_app
from app.pages.evidence import COLUMNS
from app.settings import Settings
from connectors.base import Page
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Stream
from tests.conftest import NOW

LATE = 130
HERE = {"Sec-Fetch-Site": "same-origin"}


def invoice(n: int, *, days: int = 40, party: str = "") -> Invoice:
    issued = NOW.date() - timedelta(days=n % 80 + 1)
    return Invoice(
        external_id=f"sale/F{n:04d}",
        direction=Direction.SALE,
        kind=DocumentKind.INVOICE,
        status=DocumentStatus.FINAL,
        number=f"F{n:04d}",
        party=f"C{n % 7}",
        party_label=party or f"Client {n % 7}",
        service_on=issued - timedelta(days=days),
        issued_on=issued,
        due_on=issued + timedelta(days=30),
        paid_on=issued + timedelta(days=38) if n % 80 > 38 else None,
        total=Decimal(100 + (n * 37) % 1000),
    )


@dataclass(frozen=True)
class Site:
    client: TestClient
    engine: Engine
    company: str

    def page(self, query: str = "") -> str:
        answer = self.client.get(f"/companies/{self.company}/signals/late_invoicing{query}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def rows(self, query: str) -> list[list[str]]:
        """The cells of the table of late invoices."""
        section = self.page(query).split('id="r-late_issued_rate"')[1].split("</details>")[0]
        return [re.findall(r"<td[^>]*>\s*(.*?)\s*</td>", row, re.DOTALL) for row in section.split("<tr>")[2:]]

    def file(self, query: str = "") -> list[list[str]]:
        answer = self.client.get(f"/companies/{self.company}/measures/late_issued_rate.csv{query}")
        assert answer.headers["content-type"].startswith("text/csv")
        return list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))


def begin_company(engine: Engine) -> str:
    """Add the company and assess it."""
    with write(engine) as conn:
        company = add_company(conn, "Menuiserie Aubrac", NOW, zone="Europe/Paris")
    save(engine, company, *(invoice(n) for n in range(LATE)), *(invoice(500 + n, days=0) for n in range(40)))
    assess_company(engine, company, NOW)
    return company


@contextmanager
def begun(path: Path, clock: Callable[[], datetime] = lambda: NOW) -> Iterator[Site]:
    """A company with 130 late invoices and 40 prompt ones, assessed and read in English."""
    engine = open_database(f"sqlite:///{path}")
    with write(engine) as conn:
        make_owner(conn, "daf@menuiserie.fr", "trois petits chats", NOW)
    company = begin_company(engine)
    with TestClient(create_app(engine, Settings(database_url="sqlite://"), now=clock)) as client:
        client.headers["accept-language"] = "en"
        client.post("/sign-in", data={"email": "daf@menuiserie.fr", "password": "trois petits chats"}, headers=HERE)
        yield Site(client, engine, company)
    engine.dispose()


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that tests only read."""
    with begun(Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("evidence") / "seuil.db"))) as found:
        yield found


def save(engine: Engine, company: str, *records: Invoice, at: datetime = NOW) -> None:
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company, "csv", NOW))
        save_page(conn, source, Stream.INVOICES, Page(records, {"line": str(len(records))}), at)


def test_the_file_has_all_the_records_and_not_the_fifty_an_answer_names(site: Site) -> None:
    head, *rows = site.file()
    assert len(head) == 1 + len(COLUMNS["invoices"])
    assert len(rows) == LATE
    assert {row[1] for row in rows} == {f"F{n:04d}" for n in range(LATE)}


def test_every_record_is_on_exactly_one_page(site: Site) -> None:
    pages = [site.rows(f"?of=late_issued_rate&page={page}") for page in (1, 2, 3, 4)]
    assert [len(rows) for rows in pages] == [50, 50, 30, 0]
    assert len({row[0] for rows in pages for row in rows}) == LATE
    assert "page 2 of 3" in site.page("?of=late_issued_rate&page=2")


def test_a_column_sorts_all_records_both_ways_and_by_its_value(site: Site) -> None:
    amounts = [100 + (n * 37) % 1000 for n in range(LATE)]
    up, down = (site.rows(f"?of=late_issued_rate&sort=total_minor{way}") for way in ("", "&down=1"))
    assert [row[-1] for row in up] == [f"€{one:,}.00" for one in sorted(amounts)[:50]]
    assert [row[-1] for row in down] == [f"€{one:,}.00" for one in sorted(amounts, reverse=True)[:50]]


def test_heads_are_links_that_sort_and_say_how_it_is_sorted(site: Site) -> None:
    page = site.page("?of=late_issued_rate&sort=issued_on")
    assert 'aria-sort="ascending"' in page
    link = re.search(r'href="([^"]*sort=issued_on[^"]*)"', page)
    assert link is not None
    assert "down=1" in link[1]
    assert link[1].endswith("#r-late_issued_rate")


def test_a_text_leaves_only_the_records_that_show_it(site: Site) -> None:
    rows = site.rows("?of=late_issued_rate&q=client+3")
    assert len(rows) == len([n for n in range(LATE) if n % 7 == 3])
    assert {row[1] for row in rows} == {"Client 3"}
    assert "of 130 contain “client 3”" in site.page("?of=late_issued_rate&q=client+3")
    assert site.rows("?of=late_issued_rate&q=%3Cb%3E") == []


def test_what_is_asked_is_escaped_and_what_makes_no_sense_is_ignored_or_refused(site: Site) -> None:
    assert "<script>" not in site.page("?of=late_issued_rate&q=%3Cscript%3E")
    assert len(site.rows("?of=late_issued_rate&sort=row_hash")) == 50
    for wrong in ("page=0", "page=x", f"q={'a' * 200}"):
        assert site.client.get(f"/companies/{site.company}/signals/late_invoicing?{wrong}").status_code == 422


def test_where_rows_have_changed_since_the_answer_page_and_file_say_so(site: Site) -> None:
    other = Site(site.client, site.engine, begin_company(site.engine))
    save(site.engine, other.company, *(invoice(2000 + n) for n in range(5)))
    said = "135 records by the rows of today; the answer counted 130."
    assert said in other.page("?of=late_issued_rate")
    *rows, last = other.file()
    assert (len(rows) - 1, last) == (135, [said])


def test_of_every_measure_as_many_records_are_found_as_were_counted(site: Site) -> None:
    with read(site.engine) as conn:
        served = latest(conn, site.company)
    assert served is not None
    measures = [one for signal in served.content["signals"] for one in measures_of(signal)]
    found = {one["name"]: len(evidence(site.engine, site.company, served, one).keys) for one in measures}
    assert found == {one["name"]: one["records_total"] for one in measures}
    assert len([n for n in found.values() if n > 50]) > 2
    assert found["paid_on_time"] > 50


def test_a_measure_without_more_than_the_answer_names_reads_no_books(site: Site) -> None:
    with read(site.engine) as conn:
        served = latest(conn, site.company)
    assert served is not None
    primary = served.content["signals"][0]["primary"]
    few = primary | {"records_total": 3, "records": primary["records"][:3]}
    assert len(evidence(site.engine, "nobody", served, few).keys) == 3


def test_rows_without_the_value_come_last_either_way() -> None:
    rows = [{"stream": "invoices", "paid_on": day} for day in (None, "2026-02-01", "", "2026-01-01")]
    for down in (False, True):
        days = [row["paid_on"] for row in chosen(rows, Asked("paid_on", down), COLUMNS)]
        assert sorted(filter(None, days[:2]), reverse=down) == days[:2]
        assert days[2:] == [None, ""]


def test_the_page_says_what_was_not_visible_and_what_would_show_more(site: Site) -> None:
    page = site.page()
    assert "What was not visible" in page
    assert "What would show more, the cheapest first" in page
