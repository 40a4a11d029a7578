"""Verdicts of whole companies: one known by its ledger and a declaration alone, and the same one with lists as well."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from app.assessment import assess_company
from app.companies import add_company
from app.csv_import import import_csv
from app.db import open_database, write
from app.declarations import check, save_declaration
from app.ledger_files import apply_file, stage_file
from app.staging import LedgerFile
from connectors.records import Stream
from tests.conftest import NOW

TODAY = date(2026, 11, 22)
HEADER = (
    "JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\tCompAuxLib\tPieceRef\t"
    "PieceDate\tEcritureLib\tDebit\tCredit\tEcritureLet\tDateLet\tValidDate\tMontantdevise\tIdevise"
)
PROCESSES = ("setup", "invoicing", "dunning", "purchases", "bank", "payroll")


def ledger(year: int, last: date) -> str:
    """Write three sales and two purchases every day of a year, up to a day."""
    lines, day, n = [HEADER], date(year, 1, 1), 0
    while day.year == year and day <= last:
        for kind in ("VT", "VT", "VT", "AC", "AC"):
            n += 1
            gross, net, tax = f"{120 + n % 7},00", f"{100 + n % 7},00", "20,00"
            party, own, vat = ("411000", "706000", "445710") if kind == "VT" else ("401000", "606400", "445660")
            sides = [(party, gross, "0,00"), (own, "0,00", net), (vat, "0,00", tax)]
            for account, debit, credit in sides if kind == "VT" else [(a, c, d) for a, d, c in sides]:
                who = f"{kind}{n % 50}" if account == party else ""
                lines.append(
                    f"{kind}\tJournal\t{kind}{n}\t{day:%Y%m%d}\t{account}\tCompte\t{who}\t{who}\t{kind}-{n:05d}\t"
                    f"{day:%Y%m%d}\tPièce\t{debit}\t{credit}\t\t\t{day:%Y%m%d}\t\t"
                )
        day += timedelta(days=1)
    return "\r\n".join(lines) + "\r\n"


def sheet(**said: Any) -> dict[str, Any]:
    described = dict.fromkeys(("tasks", "frequency", "validation_rules", "tools", "owner", "approval_rule"), True)
    return {"operators": ["claire"], **described, **said}


def declaration(**said: Any) -> Mapping[str, Any]:
    return {
        "signed_by": "M. Aubrac",
        "stated_on": "2026-11-01",
        "since": "2026-05-01",
        "director_hours": [11, 13],
        "director_rate": 80,
        "admin_hours": [30, 34],
        "admin_rate": [24, 26],
        "provider_price": [1500, 2000],
        "governance_hours": 3,
        "transition": 2000,
        "restructuring": False,
        "processes": {name: sheet() for name in PROCESSES},
        **said,
    }


@dataclass(frozen=True)
class Filled:
    """A database with a company whose ledger was imported."""

    path: Path
    company_id: str


@pytest.fixture(scope="module")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """One import of three years serves the whole file, on SQLite: imports are tested on both databases elsewhere."""
    folder = tmp_path_factory.mktemp("verdicts")
    path = Path(shutil.copy(sqlite_template, folder / "seuil.db"))
    engine = open_database(f"sqlite:///{path}")
    with write(engine) as conn:
        company_id = add_company(conn, "Menuiserie Aubrac", NOW, siren="123456782", zone="Europe/Paris")
    for year in (2024, 2025, 2026):
        export = folder / f"123456782FEC{year}1231.txt"
        export.write_text(ledger(year, TODAY), encoding="utf-8")
        staged, _ = stage_file(engine, company_id, LedgerFile(export, export.name), NOW)
        apply_file(engine, staged, NOW)
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return Filled(path, company_id)


@pytest.fixture
def engine(filled: Filled, tmp_path: Path) -> Iterator[Engine]:
    """A copy of the filled database."""
    engine = open_database(f"sqlite:///{shutil.copy(filled.path, tmp_path / 'seuil.db')}")
    yield engine
    engine.dispose()


@pytest.fixture
def with_ledger(filled: Filled) -> str:
    """A company whose ledger was imported."""
    return filled.company_id


def declared(engine: Engine, company: str, **said: Any) -> dict[str, Any]:
    with write(engine) as conn:
        save_declaration(conn, company, check(declaration(**said), TODAY), NOW)
    return assess_company(engine, company, NOW).content


def levels(body: dict[str, Any]) -> dict[str, str]:
    return {signal["name"]: signal["level"] for signal in body["signals"]}


def test_a_ledger_alone_says_much_of_the_books_and_nothing_of_need(engine: Engine, with_ledger: str) -> None:
    body = assess_company(engine, with_ledger, NOW).content

    assert body["verdict"] == "cannot_say"
    assert set(levels(body).values()) == {"unknown"}
    gates = {gate["name"]: gate["state"] for gate in body["gates"]}
    assert gates == {"volume": "passed", "stability": "passed", "formalised": "unknown", "structure": "unknown"}
    quality = next(s for s in body["signals"] if s["name"] == "quality")
    known = {measure["name"] for measure in quality["measures"] if measure["value"] is not None}
    assert {"numbering_gaps", "duplicate_rate", "structural_faults", "suspense_open"} <= known
    assert {missing["what"] for missing in body["missing"]} >= {"missing_director_time", "missing_worth"}


def test_a_ledger_and_a_declaration_are_enough_for_a_verdict(engine: Engine, with_ledger: str) -> None:
    body = declared(engine, with_ledger)

    assert (body["verdict"], body["row"]) == ("outsource", "f")
    assert levels(body) == {
        "late_invoicing": "unknown",
        "director_time": "over",
        "quality": "unknown",
        "key_person": "over",
        "hidden_cost": "over",
    }
    assert body["worth"]["low"] > 0
    assert {"code": "rests_declared", "params": {"signal": "director_time"}} in body["rests_on"]


def test_a_process_nobody_described_turns_it_into_prepare_and_is_named(engine: Engine, with_ledger: str) -> None:
    half = {name: sheet() for name in PROCESSES[:4]} | {name: {"operators": ["claire"]} for name in PROCESSES[4:]}

    body = declared(engine, with_ledger, processes=half)

    assert (body["verdict"], body["row"]) == ("prepare", "d")
    formalised = next(gate for gate in body["gates"] if gate["name"] == "formalised")
    assert formalised["state"] == "failed"
    assert "bank" in str(formalised["why"])


def test_a_provider_dearer_than_all_that_is_handed_over_is_not_worth_it(engine: Engine, with_ledger: str) -> None:
    body = declared(engine, with_ledger, provider_price=[30_000, 40_000])

    assert (body["verdict"], body["row"]) == ("not_needed", "e")


def lists(folder: Path) -> Mapping[Stream, Path]:
    """Write an invoice list, one in three late and one in four wrong, with reminders, staff, time, absences, costs."""
    invoices = ["number;customer;service_on;issued_on;due_on;paid_on;corrected_on;total;author"]
    reminders = ["invoice;date;level;actor"]
    for n in range(1, 701):
        issued = date(2025, 1, 1) + timedelta(days=n)
        if issued > TODAY:
            break
        served = issued - timedelta(days=30 if n % 3 == 0 else 1)
        fixed = (issued + timedelta(days=5)).isoformat() if n % 4 == 0 and issued < date(2026, 11, 1) else ""
        due = issued + timedelta(days=30)
        invoices.append(f"F{n:05d};C{n % 50};{served};{issued};{due};;{fixed};120;claire")
        if n % 2 and due < TODAY - timedelta(days=20):
            reminders.append(f"F{n:05d};{due + timedelta(days=10)};1;claire")
    time = ["person;date;hours;process"]
    for week in range(96):
        monday = date(2025, 1, 6) + timedelta(weeks=week)
        for person, hours, process in (
            ("aubrac", "9", "invoicing"),
            ("claire", "7", "purchases"),
            ("claire", "7", "bank"),
        ):
            time.append(f"{person};{monday};{hours};{process}")
    content = {
        Stream.INVOICES: invoices,
        Stream.REMINDERS: reminders,
        Stream.STAFF: ["number;login;role;entered_on", "1;aubrac;director;2015-01-01", "2;claire;admin;2018-01-01"],
        Stream.TIME: time,
        Stream.ABSENCES: ["employee;start_on;end_on", "2;2026-02-02;2026-02-13", "2;2026-08-03;2026-08-21"],
        Stream.COSTS: [
            "date;kind;amount;label",
            "2026-10-05;software;120,00;tool",
            "2026-10-05;training;300,00;course",
        ],
    }
    paths = {}
    for stream, rows in content.items():
        paths[stream] = folder / f"{stream}.csv"
        paths[stream].write_text("\n".join(rows), encoding="utf-8")
    return paths


def test_with_lists_as_well_the_signals_are_measured_rather_than_declared(
    engine: Engine, with_ledger: str, tmp_path: Path
) -> None:
    for stream, path in lists(tmp_path).items():
        done = import_csv(engine, with_ledger, stream, path, NOW)
        assert done.saved.refused == 0, done.faults

    body = declared(engine, with_ledger)

    tiers = {signal["name"]: signal["primary"]["tier"] for signal in body["signals"]}
    assert tiers["late_invoicing"] == tiers["director_time"] == tiers["quality"] == tiers["key_person"] == "direct"
    assert body["coverage"]["signals_known"] == 5
    assert levels(body)["late_invoicing"] == "over"
    assert levels(body)["director_time"] == "over"
    assert levels(body)["quality"] == "over"
    assert (body["verdict"], body["row"]) == ("outsource", "f")
    documents = next(m for gate in body["gates"] for m in gate["measures"] if m["name"] == "documents_per_month")
    assert documents["value"] == pytest.approx(30.4 + 2 * 30.4, abs=2)  # the list's sales, the ledger's purchases
