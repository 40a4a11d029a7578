"""A company's own lists: mapped by a person at a terminal or on a page, kept, and read the same way the next time."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from fastapi.testclient import TestClient
from openpyxl import Workbook
from sqlalchemy import Engine, func, select
from typer.testing import CliRunner, Result

from app.access import holder_with, let_in, make_owner
from app.companies import add_company
from app.csv_import import import_csv, import_mapped
from app.db import read, write
from app.file_mappings import forget_mapping, save_mapping, saved_mapping, saved_streams
from app.intake import Saved
from app.main import create_app
from app.mapping_cli import Asked, map_list
from app.models.core import connection
from app.models.records import document, quarantined
from app.room import COOKIE
from app.settings import Settings
from connectors.errors import NotThisFormat
from connectors.files.csv_guess import propose
from connectors.files.mapping import FileMapping, Taken, from_json
from connectors.files.table import open_table, sample_of
from connectors.records import Stream

NOW = datetime(2026, 3, 31, 9, 0, tzinfo=UTC)
OURS = {"sec-fetch-site": "same-origin", "accept": "text/html", "accept-language": "en"}
EXPORT = (
    "N° facture;Type;Date facture;Client;Montant TTC\n"
    "FA-1;Facture;02/03/2026;Menuiserie Dupont;1 200,00\n"
    "FA-2;Devis;13/03/2026;Boulangerie Roux;80,00\n"
    "FA-3;Facture;hier;Boulangerie Roux;80,00\n"
    "AV-4;Avoir;14/03/2026;Menuiserie Dupont;-120,50\n"
)
MAPPING = FileMapping(
    Stream.INVOICES,
    {
        "number": Taken("N° facture"),
        "kind": Taken("Type"),
        "issued_on": Taken("Date facture", "dmy"),
        "customer_name": Taken("Client"),
        "total": Taken("Montant TTC", "comma"),
    },
    {"direction": "sale", "currency": "EUR"},
    {"kind": {"devis": "-"}},
)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "export.csv"
    path.write_bytes(EXPORT.encode("cp1252"))
    return path


def kept(engine: Engine) -> list[tuple[Any, ...]]:
    d = document.c
    with read(engine) as conn:
        return [tuple(row) for row in conn.execute(select(d.number, d.issued_on, d.total_minor).order_by(d.number))]


READ = [("AV-4", date(2026, 3, 14), 12050), ("FA-1", date(2026, 3, 2), 120000)]


# Kept, and applied by itself


def test_a_mapping_is_kept_by_company_and_stream_and_the_newest_counts(engine: Engine, company: str) -> None:
    with write(engine) as conn:
        other = add_company(conn, "Autre", NOW, zone="Europe/Paris")
        save_mapping(conn, company, MAPPING, NOW)
        changed = MAPPING.with_format("issued_on", "mdy")
        save_mapping(conn, company, changed, NOW + timedelta(hours=1))

    with read(engine) as conn:
        assert saved_mapping(conn, company, Stream.INVOICES) == changed
        assert saved_mapping(conn, company, Stream.PAYMENTS) is None
        assert saved_mapping(conn, other, Stream.INVOICES) is None
        assert saved_streams(conn, company) == {"invoices": NOW + timedelta(hours=1)}
    with write(engine) as conn:
        forget_mapping(conn, company, Stream.INVOICES)
        assert saved_streams(conn, company) == {}


def test_a_mapped_list_is_imported_and_the_next_one_is_read_by_itself(
    engine: Engine, company: str, export: Path
) -> None:
    done = import_mapped(engine, company, open_table(export), MAPPING, NOW, save=True)
    assert done.saved == Saved(new=2, refused=1)
    assert kept(engine) == READ

    again = import_csv(engine, company, Stream.INVOICES, export, NOW + timedelta(days=1))
    assert (again.saved, again.by_mapping) == (Saved(unchanged=2, refused=1), True)
    assert kept(engine) == READ


def test_a_next_file_that_lacks_a_column_says_which(engine: Engine, company: str, export: Path) -> None:
    with write(engine) as conn:
        save_mapping(conn, company, MAPPING, NOW)
    export.write_text(EXPORT.replace("Client", "Nom").replace("Type", "Genre"))

    with pytest.raises(NotThisFormat) as refused:
        import_csv(engine, company, Stream.INVOICES, export, NOW)

    assert (refused.value.code, refused.value.params["missing"]) == ("mapping_columns_gone", "Type, Client")
    assert kept(engine) == []


def test_a_template_is_read_as_one_beside_a_saved_mapping(engine: Engine, company: str, export: Path) -> None:
    with write(engine) as conn:
        save_mapping(conn, company, MAPPING, NOW)
    export.write_text("number;customer;issued_on;total\nF1;C1;2026-03-02;1,5\n")

    done = import_csv(engine, company, Stream.INVOICES, export, NOW)

    assert (done.saved.new, done.by_mapping) == (1, False)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("Devis", "Proforma", "mapping_word_unknown"),
        ("02/03/2026;Men", "03/31/2026;Men", None),
        ("13/03/2026", "03/13/2026", None),
    ],
)
def test_a_next_file_with_something_new_in_it_is_asked_about_or_its_rows_set_aside(
    engine: Engine, company: str, export: Path, old: str, new: str, code: str | None
) -> None:
    with write(engine) as conn:
        save_mapping(conn, company, MAPPING, NOW)
    export.write_text(EXPORT.replace(old, new))
    if code is None:
        done = import_csv(engine, company, Stream.INVOICES, export, NOW)
        assert "csv_value_unreadable" in {fault.code for fault in done.faults}
        return
    with pytest.raises(NotThisFormat) as refused:
        import_csv(engine, company, Stream.INVOICES, export, NOW)
    assert refused.value.code == code
    assert kept(engine) == []


def test_a_workbook_made_from_a_template_needs_no_mapping(engine: Engine, company: str, tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    for row in (["numero", "client", "date facture", "montant ttc"], ["F1", "C1", date(2026, 3, 2), 12.5]):
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")

    import_csv(engine, company, Stream.INVOICES, tmp_path / "book.xlsx", NOW)

    assert kept(engine) == [("F1", date(2026, 3, 2), 1250)]


def test_a_file_that_breaks_off_leaves_nothing_behind(engine: Engine, company: str, tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["numero", "client", "date facture"])
    for n in range(3000):
        book.active.append([f"F{n}", "C1", date(2026, 3, 2)])
    book.save(tmp_path / "book.xlsx")
    content = (tmp_path / "book.xlsx").read_bytes()
    middle = content.index(b"xl/worksheets/sheet1.xml") + 8000
    (tmp_path / "book.xlsx").write_bytes(content[:middle] + b"\0" * 400 + content[middle + 400 :])

    with pytest.raises(NotThisFormat) as refused:
        import_csv(engine, company, Stream.INVOICES, tmp_path / "book.xlsx", NOW)

    assert refused.value.code == "workbook_unreadable"
    with read(engine) as conn:
        assert conn.execute(select(func.count()).select_from(connection)).scalar_one() == 0
        assert conn.execute(select(func.count()).select_from(quarantined)).scalar_one() == 0


# At a terminal


@pytest.fixture
def walk(engine: Engine, company: str, export: Path) -> Callable[..., Result]:
    """Walk through the file as `seuil import csv FILE --map` does, with what is typed."""

    def walked(typed: str = "", *, language: str = "en", **asked: Any) -> Result:
        cli = typer.Typer()

        @cli.command()
        def run() -> None:
            map_list(engine, company, export, Asked(**{"walk": True, "stream": Stream.INVOICES, **asked}), language)

        return CliRunner().invoke(cli, [], input=typed)

    return walked


def test_a_walk_asks_what_is_open_shows_the_rows_in_full_words_and_imports(
    engine: Engine, company: str, walk: Callable[..., Result]
) -> None:
    result = walk("nonsense\n-\n\ny\n")

    assert result.exception is None, result.output
    assert "what does “Devis” stand for?" in result.output
    assert "“nonsense” is none of them." in result.output
    assert "issue date" not in result.output
    assert "issued_on: 2 March 2026" in result.output
    assert "total: €1,200.00" in result.output
    assert "Rows to be read: 2; set aside: 1." in result.output
    assert "line 4: Date facture: “hier” cannot be read." in result.output
    assert kept(engine) == READ
    with read(engine) as conn:
        found = saved_mapping(conn, company, Stream.INVOICES)
    assert found is not None
    assert found.words == {"kind": {"devis": "-"}}


def test_a_walk_that_is_not_agreed_to_keeps_nothing(engine: Engine, company: str, walk: Callable[..., Result]) -> None:
    assert walk("-\n\nn\n").exception is None

    assert kept(engine) == []
    with read(engine) as conn:
        assert saved_streams(conn, company) == {}


def test_a_walk_that_breaks_off_keeps_nothing(engine: Engine, walk: Callable[..., Result]) -> None:
    assert walk("-\n").exit_code != 0
    assert kept(engine) == []


def test_a_walk_says_nothing_of_the_stream_where_it_can_be_told(walk: Callable[..., Result], engine: Engine) -> None:
    result = walk("\n-\n\ny\n", stream=None)

    assert result.exception is None, result.output
    assert kept(engine) == READ


def test_a_field_can_be_changed_to_another_column_or_to_one_word_for_every_row(
    engine: Engine, walk: Callable[..., Result]
) -> None:
    result = walk("-\nkind\n=invoice\ntotal\n\nauthor\n9\nClient\n\ny\n")

    assert result.exception is None, result.output
    d = document.c
    with read(engine) as conn:
        found = conn.execute(select(d.number, d.kind, d.total_minor, d.author.is_not(None)).order_by(d.number)).all()
    assert [tuple(row) for row in found] == [
        ("AV-4", "invoice", None, True),
        ("FA-1", "invoice", None, True),
        ("FA-2", "invoice", None, True),
    ]


def test_days_that_could_be_two_are_asked_about_with_how_each_would_read(
    engine: Engine, export: Path, walk: Callable[..., Result]
) -> None:
    export.write_text("numero;client;date facture;echeance\nF1;C1;03/02/2026;04/05/2026\n")
    result = walk("2\n\ny\n")  # once for all of the file's dates

    assert "03/02/2026 → 3 February 2026" in result.output
    assert "03/02/2026 → 2 March 2026" in result.output
    assert [row[1] for row in kept(engine)] == [date(2026, 3, 2)]


def test_a_mapping_in_a_file_answers_everything(engine: Engine, walk: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "mapping.json"
    walk("-\n\nn\n", mapping=path)
    assert from_json(json.loads(path.read_text())).words == {"kind": {"devis": "-"}}
    assert kept(engine) == []

    result = walk("", walk=False, mapping=path, dry_run=True)
    assert "Rows to be read: 2; set aside: 1." in result.output
    assert kept(engine) == []

    assert walk("", walk=False, mapping=path).exception is None
    assert kept(engine) == READ


def test_a_mapping_that_leaves_something_open_imports_nothing(
    engine: Engine, walk: Callable[..., Result], tmp_path: Path
) -> None:
    result = walk("", walk=False, stream=Stream.INVOICES)

    assert "mapping_open" in str(result.exception)
    assert "what does “Devis” stand for?" in result.output
    (tmp_path / "bad.json").write_text("{")
    assert "mapping_file_unreadable" in str(walk("", walk=False, mapping=tmp_path / "bad.json").exception)
    assert "file_missing" in str(walk("", walk=False, mapping=tmp_path / "none.json").exception)
    assert kept(engine) == []


def test_the_terminal_speaks_french_too(walk: Callable[..., Result]) -> None:
    result = walk("-\n\nn\n", language="fr")

    assert "issued_on: 2 mars 2026" in result.output
    assert "1\u202f200,00" in result.output


# On a page


@dataclass
class Site:
    engine: Engine
    client: TestClient
    home: str
    folder: Path

    def upload(self, content: bytes = EXPORT.encode(), stream: str = "invoices", name: str = "export.csv") -> Any:
        return self.client.post(f"{self.home}/mapping", data={"stream": stream}, files={"file": (name, content)})

    def kept_files(self) -> list[Path]:
        return list((self.folder / "seuil-to-map").glob("*/file"))


@pytest.fixture
def site(sqlite_engine: Engine, tmp_path: Path) -> Site:
    with write(sqlite_engine) as conn:
        company = add_company(conn, "Atelier Brun", NOW, zone="Europe/Paris")
        make_owner(conn, "owner@example.com", "right", NOW)
        token = let_in(conn, holder_with(conn, "owner@example.com", "right"), NOW)
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'seuil.db'}", upload_limit_mb=1)
    app = create_app(sqlite_engine, settings, now=lambda: NOW)
    client = TestClient(app, headers=OURS, follow_redirects=False)
    client.cookies.set(COOKIE, token)
    return Site(sqlite_engine, client, f"/companies/{company}", tmp_path)


def form_of(page: str) -> dict[str, str]:
    """Give what a browser would send of the page's form, untouched."""
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        if name == "next":
            continue
        chosen = re.findall(r"<option([^>]*) ?selected>([^<]*)</option>", options)
        value = re.search(r'value="([^"]*)"', chosen[0][0]) if chosen else None
        found[name] = value[1] if value else (chosen[0][1] if chosen else "")
    return found


def test_a_list_is_looked_at_said_looked_at_again_and_imported(site: Site) -> None:
    where = site.upload().headers["location"]
    page = site.client.get(where)
    assert page.status_code == 200
    assert "what does “Devis” stand for?" in page.text
    assert "02/03/2026 → 2 March 2026 (day first)" in page.text
    assert "As it will be read" not in page.text

    form = form_of(page.text)
    assert (form["column:number"], form["format:issued_on"], form["word:kind:devis"]) == ("N° facture", "dmy", "?")
    form["word:kind:devis"] = "-"
    looked = site.client.post(where, data=form | {"do": "look"})
    assert "Rows to be read: 2; set aside: 1." in looked.text
    assert "2 March 2026" in looked.text
    assert "€1,200.00" in looked.text
    assert kept(site.engine) == []

    done = site.client.post(where, data=form_of(looked.text) | {"do": "write"})
    assert "New: 2 · changed: 0 · unchanged: 0 · refused: 1" in done.text
    assert kept(site.engine) == READ
    assert site.kept_files() == []
    assert site.client.get(where).status_code == 404


def test_what_is_imported_is_what_was_looked_at(site: Site) -> None:
    where = site.upload(EXPORT.replace("Devis", "Facture").encode()).headers["location"]
    form = form_of(site.client.get(where).text)

    changed = site.client.post(where, data=form | {"column:total": "", "do": "write"})

    assert "You changed something" in changed.text
    assert kept(site.engine) == []
    site.client.post(where, data=form_of(changed.text) | {"do": "write"})
    assert [row[2] for row in kept(site.engine)] == [None, None, None]


def test_the_next_list_is_read_by_what_was_kept_until_it_is_forgotten(site: Site) -> None:
    content = EXPORT.replace("Devis", "Facture").encode()
    where = site.upload(content).headers["location"]
    site.client.post(where, data=form_of(site.client.get(where).text) | {"do": "write"})

    again = site.client.post(f"{site.home}/import", data={"stream": "invoices"}, files={"file": ("e.csv", content)})
    assert "unchanged: 3" in again.text
    assert "Forget" in site.client.get(f"{site.home}/mapping").text
    site.client.post(f"{site.home}/mapping/forget", data={"stream": "invoices"})
    assert "Forget" not in site.client.get(f"{site.home}/mapping").text


def test_a_list_put_aside_is_gone(site: Site) -> None:
    where = site.upload().headers["location"]
    assert len(site.kept_files()) == 1

    assert site.client.post(where, data={"stream": "invoices", "do": "drop"}).status_code == 303
    assert site.kept_files() == []
    assert site.client.get(where).status_code == 404


def test_a_workbooks_other_sheet_can_be_chosen(site: Site, tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.title = "Autres"
    for n in range(9):
        book.active.append(["a", n])
    sheet = book.create_sheet("Factures & avoirs")
    for row in (["numero", "client", "date facture"], ["F1", "C1", date(2026, 3, 2)]):
        sheet.append(row)
    book.save(tmp_path / "book.xlsx")
    where = site.upload((tmp_path / "book.xlsx").read_bytes(), name="book.xlsx").headers["location"]
    form = form_of(site.client.get(where).text)

    moved = site.client.post(where, data=form | {"sheet": "Factures & avoirs", "do": "look"})
    page = site.client.get(moved.headers["location"]).text
    assert "Rows to be read: 1" in page
    site.client.post(where, data=form_of(page.replace("&amp;", "&")) | {"do": "write"})
    assert kept(site.engine) == [("F1", date(2026, 3, 2), None)]


@pytest.mark.parametrize(
    ("content", "stream", "status", "said"),
    [
        (b"%PDF-1.7", "invoices", 422, "PDF"),
        (b"", "invoices", 422, "empty"),
        (b"a;b\n1;2\n", "ledger", 422, "no stream"),
        (b"x" * 1_100_000, "invoices", 422, "larger than 1 MB"),
    ],
)
def test_what_cannot_be_mapped_is_said_and_not_kept(
    site: Site, content: bytes, stream: str, status: int, said: str
) -> None:
    answer = site.upload(content, stream)

    assert answer.status_code == status
    assert said.casefold() in answer.text.casefold()
    assert site.kept_files() == []


@pytest.mark.parametrize("token", ["x", "../../etc", "A" * 22, "%2e%2e", "A" * 21 + "%0A"])
def test_a_token_of_nobodys_file_opens_nothing(site: Site, token: str) -> None:
    assert site.client.get(f"{site.home}/mapping/{token}?stream=invoices").status_code == 404


def test_another_companys_file_is_not_opened(site: Site) -> None:
    where = site.upload().headers["location"]
    with write(site.engine) as conn:
        other = add_company(conn, "Autre", NOW, zone="Europe/Paris")

    assert site.client.get(where.replace(site.home, f"/companies/{other}")).status_code == 404


def test_a_form_of_another_site_is_refused_and_a_stranger_sent_to_sign_in(site: Site) -> None:
    where = site.upload().headers["location"]
    foreign = {"sec-fetch-site": "cross-site"}
    for path in (f"{site.home}/mapping", where, f"{site.home}/mapping/forget"):
        assert site.client.post(path, data={"stream": "invoices"}, headers=foreign).status_code == 409
    site.client.cookies.clear()
    assert site.client.get(where).headers["location"].startswith("/sign-in")


def test_files_nobody_finishes_with_are_removed(site: Site) -> None:
    for _ in range(7):
        site.upload()
    assert len(site.kept_files()) == 5


def test_the_demonstration_takes_no_lists(site: Site) -> None:
    with write(site.engine) as conn:
        demo = add_company(conn, "Démonstration", NOW, zone="Europe/Paris", is_demo=True)
    answer = site.client.post(
        f"/companies/{demo}/mapping", data={"stream": "invoices"}, files={"file": ("e.csv", EXPORT.encode())}
    )

    assert answer.status_code == 409
    assert 'type="file"' not in site.client.get(f"/companies/{demo}/mapping").text


def test_what_a_file_says_is_shown_as_text(site: Site) -> None:
    content = EXPORT.replace("Devis", "<script>alert(1)</script>").replace("Type", "<b>Type").encode()
    page = site.client.get(site.upload(content, name="<i>.csv").headers["location"]).text

    assert "<script>alert" not in page
    assert "<b>Type" not in page
    assert "<i>.csv" not in page


def test_every_question_names_the_mapping_it_is_of(export: Path) -> None:
    proposal = propose(Stream.INVOICES, sample_of(open_table(export)))

    assert proposal.mapping == FileMapping(
        MAPPING.stream, MAPPING.fields, proposal.mapping.constants, {}, MAPPING.sheet
    )
