"""Lists people fill in: good rows kept, bad ones said by line, and the same list twice is one list."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, RowMapping, Table, func, select

from app.companies import add_company
from app.csv_import import CSV_STREAMS, CsvResult, import_csv
from app.db import read, write
from app.errors import NotFound, Refused
from app.intake import Saved
from app.models.core import bookmark, connection
from app.models.people import party
from app.models.records import document, quarantined, record_version, reminder, staff
from connectors.errors import NotThisFormat
from connectors.files.csv import template_text
from connectors.records import Stream

HEADER = "numero;client;nom client;date facture;echeance;montant ttc;auteur"
GOOD = ("F1;C1;Tastevin;02/03/2026;01/04/2026;1 200,00;lea", "F2;C1;Tastevin;2026-03-09;;80;lea")
BAD = "F3;C1;Tastevin;hier;;80;lea"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "factures.csv"


def bring(
    engine: Engine, company_id: str, path: Path, now: datetime, *lines: str, stream: Stream = Stream.INVOICES
) -> CsvResult:
    path.write_text("\n".join(lines), encoding="utf-8")
    return import_csv(engine, company_id, stream, path, now)


def rows(engine: Engine, table: Table) -> list[RowMapping]:
    with read(engine) as conn:
        return list(conn.execute(select(table).order_by(*table.primary_key.columns)).mappings())


def test_good_rows_are_kept_and_bad_ones_said_by_line(engine: Engine, company: str, path: Path, now: datetime) -> None:
    result = bring(engine, company, path, now, HEADER, GOOD[0], BAD, GOOD[1])

    assert result.saved == Saved(new=2, refused=1)
    (fault,) = result.faults
    assert (fault.code, fault.place, fault.raw) == ("csv_value_unreadable", "3", BAD)
    assert fault.params["value"] == "hier"
    kept = rows(engine, document)
    assert [(row["number"], row["issued_on"], row["total_minor"]) for row in kept] == [
        ("F1", date(2026, 3, 2), 120000),
        ("F2", date(2026, 3, 9), 8000),
    ]
    assert [row["label"] for row in rows(engine, party)] == ["Tastevin"]
    assert [(row["place"], row["raw"]) for row in rows(engine, quarantined)] == [("3", BAD)]


def test_the_same_list_again_changes_nothing(engine: Engine, company: str, path: Path, now: datetime) -> None:
    bring(engine, company, path, now, HEADER, *GOOD)
    before = rows(engine, document)

    result = bring(engine, company, path, now + timedelta(days=1), HEADER, *GOOD)

    assert result.saved == Saved(unchanged=2)
    assert rows(engine, document) == before
    assert rows(engine, record_version) == []
    assert len(rows(engine, connection)) == 1


def test_a_changed_row_keeps_its_earlier_version(engine: Engine, company: str, path: Path, now: datetime) -> None:
    bring(engine, company, path, now, HEADER, *GOOD)

    result = bring(engine, company, path, now + timedelta(days=1), HEADER, GOOD[0].replace("1 200", "1 300"), GOOD[1])

    assert result.saved == Saved(changed=1, unchanged=1)
    assert [row["row"]["total_minor"] for row in rows(engine, record_version)] == [120000]


def test_the_demonstration_company_takes_no_lists(engine: Engine, path: Path, now: datetime) -> None:
    with write(engine) as conn:
        demo = add_company(conn, "Démonstration", now, zone="Europe/Paris", is_demo=True)

    with pytest.raises(Refused, match="demo_takes_no_files"):
        bring(engine, demo, path, now, HEADER, *GOOD)

    assert rows(engine, connection) == []


def test_a_list_of_no_known_company_is_not_taken(engine: Engine, path: Path, now: datetime) -> None:
    with pytest.raises(NotFound):
        bring(engine, "nobody", path, now, HEADER, *GOOD)


@pytest.mark.parametrize("lines", [["nom;prenom", "a;b"], [""], [HEADER]], ids=["other columns", "empty", "no rows"])
def test_what_is_no_such_list_leaves_no_trace(
    lines: list[str], engine: Engine, company: str, path: Path, now: datetime
) -> None:
    with pytest.raises(NotThisFormat):
        bring(engine, company, path, now, *lines)

    assert rows(engine, connection) == rows(engine, bookmark) == rows(engine, quarantined) == []


@pytest.mark.parametrize("stream", CSV_STREAMS)
def test_every_template_comes_in_as_it_is(
    stream: Stream, engine: Engine, company: str, path: Path, now: datetime
) -> None:
    result = bring(engine, company, path, now, *template_text(stream).splitlines(), stream=stream)

    assert result.faults == ()
    assert result.saved == Saved(new=2)
    assert [(row["stream"], row["rows"]) for row in rows(engine, bookmark)] == [(stream.value, 2)]


def test_a_long_list_comes_in_pages_and_says_how_far_it_is(
    engine: Engine, company: str, path: Path, now: datetime
) -> None:
    lines = [f"F{n};C1;Tastevin;2026-03-09;;80;lea" for n in range(2500)]
    path.write_text("\n".join([HEADER, *lines]), encoding="utf-8")
    told: list[int] = []

    import_csv(engine, company, Stream.INVOICES, path, now, told=lambda saved: told.append(saved.new))

    assert told == [1000, 2000, 2500]
    with read(engine) as conn:
        assert conn.execute(select(func.count()).select_from(document)).scalar_one() == 2500


def test_words_longer_than_their_column_are_cut(engine: Engine, company: str, path: Path, now: datetime) -> None:
    line = "F1;2026-04-08;courrier recommandé avec accusé de réception"

    bring(engine, company, path, now, "facture;date relance;canal", line, stream=Stream.REMINDERS)

    assert rows(engine, reminder)[0]["channel"] == "courrier recommandé "


def test_more_hours_than_a_week_has_are_refused(engine: Engine, company: str, path: Path, now: datetime) -> None:
    result = bring(
        engine, company, path, now, "matricule;heures semaine", "S1;35", "S2;35000", "S3;-1", stream=Stream.STAFF
    )

    assert [row["external_id"] for row in rows(engine, staff)] == ["S1"]
    assert [(fault.place, fault.params["column"]) for fault in result.faults] == [
        ("3", "hours_per_week"),
        ("4", "hours_per_week"),
    ]
