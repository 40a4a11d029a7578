"""What Seuil makes of a file by itself: exports as tools write them, and what it leaves for a person to say."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from connectors.base import Fault
from connectors.files.csv_guess import Why, by_template, likely_streams, propose
from connectors.files.csv_mapped import read_mapped
from connectors.files.csv_questions import questions
from connectors.files.csv_templates import TEMPLATES, template_text
from connectors.files.mapping import FileMapping, Taken
from connectors.files.table import Table, open_table, sample_of
from connectors.records import Activity, Direction, DocumentKind, DocumentStatus, Invoice, Payment, Record, Stream

PARIS = ZoneInfo("Europe/Paris")

# As an invoicing tool exports it: a title, Windows' encoding, semicolons, day first, decimal comma, a total below.
FRENCH = """Liste des factures éditée le 31/03/2026;;;;;;;;

N° facture;Type;Date facture;Client;Échéance;Montant HT;TVA;Montant TTC;Règlement;Statut
FA-0001;Facture;02/03/2026;Menuiserie Dupont;01/04/2026;1 000,00;200,00;1 200,00 €;;Émise
FA-0002;Devis;03/03/2026;Boulangerie Léa;02/04/2026;1 000,00;200,00;1 200,00 €;;Émise
AV-0003;Avoir;13/03/2026;Menuiserie Dupont;;-100,00;-20,00;-120,00 €;;Émise
FA-0004;Facture;hier;Boulangerie Léa;;100,00;20,00;120,00 €;;Émise
FA-0005;Facture;14/03/2026;Boulangerie Léa;;1.234,00;246,80;1.480,80 €;20/03/2026;Payée
Total;;;;;3.234,00;646,80;3.880,80 €;;
"""


def table(folder: Path, text: str, encoding: str = "utf-8") -> Table:
    path = folder / "export.csv"
    path.write_bytes(text.encode(encoding))
    return open_table(path)


def guessed(stream: Stream, found: Table) -> FileMapping:
    return propose(stream, sample_of(found), found.epoch, sheet=found.sheet).mapping


def asked(found: Table, mapping: FileMapping) -> list[tuple[str, str]]:
    return [(one.code, one.field) for one in questions(mapping, sample_of(found, mapping.columns), found.epoch)]


def read(found: Table, mapping: FileMapping) -> tuple[list[Record], list[Fault]]:
    pages = list(read_mapped(found, mapping, PARIS))
    return [record for page in pages for record in page.records], [
        fault for page in pages for fault in page.faults if fault.code != "csv_column_unknown"
    ]


def said(mapping: FileMapping, **words: dict[str, str]) -> FileMapping:
    return FileMapping(mapping.stream, mapping.fields, mapping.constants, words, mapping.sheet)


def test_a_french_export_is_understood_but_for_the_words_nobody_knows(tmp_path: Path) -> None:
    found = table(tmp_path, FRENCH, "cp1252")
    proposal = propose(Stream.INVOICES, sample_of(found))

    assert proposal.mapping.fields == {
        "number": Taken("N° facture"),
        "kind": Taken("Type"),
        "status": Taken("Statut"),
        "issued_on": Taken("Date facture", "dmy"),
        "due_on": Taken("Échéance", "dmy"),
        "paid_on": Taken("Règlement", "dmy"),
        "net": Taken("Montant HT", "comma"),
        "tax": Taken("TVA", "comma"),
        "total": Taken("Montant TTC", "comma"),
        "customer_name": Taken("Client"),
    }
    assert proposal.mapping.constants == {"direction": "sale"}
    assert proposal.why["customer_name"] is Why.NAMES
    assert asked(found, proposal.mapping) == [("mapping_word_unknown", "kind")]


def test_its_rows_are_read_bad_ones_beside_and_those_left_out_said_nowhere(tmp_path: Path) -> None:
    found = table(tmp_path, FRENCH, "cp1252")
    records, faults = read(found, said(guessed(Stream.INVOICES, found), kind={"devis": "-"}))

    invoices = [record for record in records if isinstance(record, Invoice)]
    assert [(one.number, one.kind, one.status, one.issued_on, one.total) for one in invoices] == [
        ("FA-0001", DocumentKind.INVOICE, DocumentStatus.FINAL, date(2026, 3, 2), Decimal("1200.00")),
        ("AV-0003", DocumentKind.CREDIT_NOTE, DocumentStatus.FINAL, date(2026, 3, 13), Decimal("120.00")),
        ("FA-0005", DocumentKind.INVOICE, DocumentStatus.FINAL, date(2026, 3, 14), Decimal("1480.80")),
    ]
    assert {one.party_label for one in invoices} == {"Menuiserie Dupont", "Boulangerie Léa"}
    assert len({one.party for one in invoices}) == 2
    assert {(fault.place, fault.params["column"]) for fault in faults} == {
        ("7", "Date facture"),
        ("9", "customer"),
        ("9", "Date facture"),
    }


def test_what_is_set_aside_names_nobody_and_no_party_is_a_name(tmp_path: Path) -> None:
    found = table(tmp_path, FRENCH.replace("FA-0001;Facture;02/03/2026", "FA-0001;Facture;un jour"), "cp1252")
    records, faults = read(found, guessed(Stream.INVOICES, found))

    assert faults
    assert all(name not in fault.raw for fault in faults for name in ("Dupont", "Léa"))
    assert all(" " not in (record.party or "") for record in records if isinstance(record, Invoice))


def test_an_american_export_is_read_month_first(tmp_path: Path) -> None:
    text = (
        "Invoice Number,Customer Name,Invoice Date,Due Date,Amount,Currency\n"
        '1001,"Brown & Sons",02/03/2026,03/05/2026,"$1,200.50",USD\n1002,Smith Ltd,02/28/2026,03/30/2026,$80.00,USD\n'
    )
    found = table(tmp_path, text)
    mapping = guessed(Stream.INVOICES, found)
    records, faults = read(found, mapping)

    assert asked(found, mapping) == []
    assert faults == []
    assert [(r.issued_on, r.due_on, r.total, r.currency) for r in records if isinstance(r, Invoice)] == [
        (date(2026, 2, 3), date(2026, 3, 5), Decimal("1200.50"), "USD"),
        (date(2026, 2, 28), date(2026, 3, 30), Decimal("80.00"), "USD"),
    ]


def test_a_workbook_with_dates_and_numbers_as_cells_is_read_exactly(tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.title = "Règlements"
    for row in (
        ["Suivi des encaissements"],
        [],
        ["Facture", "Date de règlement", "Montant réglé", "Mode"],
        [4471, date(2026, 3, 2), 1200.1, "virement"],
        ["F-2", datetime(2026, 3, 9, 10, 30), 80, "chèque"],  # noqa: DTZ001
        ["F-3", "demain", 80, "chèque"],
        ["F-4", date(2026, 3, 9), "#N/A", "chèque"],
    ):
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")
    found = open_table(tmp_path / "book.xlsx")
    mapping = guessed(Stream.PAYMENTS, found)
    mapping = FileMapping(mapping.stream, mapping.fields, {**mapping.constants, "direction": "sale"}, {}, found.sheet)
    records, faults = read(found, mapping)

    assert asked(found, mapping) == []
    assert [(r.invoice_id, r.paid_on, r.amount) for r in records if isinstance(r, Payment)] == [
        ("sale/4471", date(2026, 3, 2), Decimal("1200.1")),
        ("sale/F-2", date(2026, 3, 9), Decimal(80)),
    ]
    assert [(fault.place, fault.params) for fault in faults] == [
        ("6", {"column": "Date de règlement", "value": "demain"}),
        ("7", {"column": "Montant réglé", "value": "#N/A"}),
    ]


def test_days_that_could_be_two_are_asked_about_and_never_guessed(tmp_path: Path) -> None:
    found = table(tmp_path, "numero;client;date facture\nF1;C1;03/02/2026\nF2;C2;04/05/2026\n")
    mapping = guessed(Stream.INVOICES, found)

    assert mapping.fields["issued_on"].format == ""
    assert asked(found, mapping) == [("mapping_days_ambiguous", "issued_on")]
    assert asked(found, mapping.with_format("issued_on", "mdy")) == []


def test_days_that_could_be_two_are_read_as_the_files_other_days(tmp_path: Path) -> None:
    found = table(tmp_path, "numero;client;date facture;echeance\nF1;C1;03/02/2026;28/02/2026\n")

    assert guessed(Stream.INVOICES, found).fields["issued_on"].format == "dmy"


def test_amounts_that_could_be_two_are_asked_about(tmp_path: Path) -> None:
    found = table(tmp_path, "numero;client;date facture;montant ttc\nF1;C1;13/02/2026;1.234\nF2;C2;13/02/2026;5.678\n")
    mapping = guessed(Stream.INVOICES, found)

    assert asked(found, mapping) == [("mapping_numbers_ambiguous", "total")]
    records, _ = read(found, mapping.with_format("total", "comma"))
    assert [record.total for record in records if isinstance(record, Invoice)] == [Decimal(1234), Decimal(5678)]


def test_a_file_written_otherwise_than_its_mapping_says_is_not_read(tmp_path: Path) -> None:
    mapping = guessed(Stream.INVOICES, table(tmp_path, "numero;client;date facture\nF1;C1;13/02/2026\n"))
    other = table(tmp_path, "numero;client;date facture\nF1;C1;02/13/2026\nF2;C1;03/04/2026\n")

    assert asked(other, mapping) == [("mapping_days_differ", "issued_on")]


def test_nothing_says_whose_invoices_these_are(tmp_path: Path) -> None:
    found = table(tmp_path, "numero;tiers;date facture\nF1;C1;13/02/2026\n")

    assert asked(found, guessed(Stream.INVOICES, found)) == [("mapping_direction_unsaid", "direction")]


def test_a_file_of_suppliers_is_one_of_purchases(tmp_path: Path) -> None:
    found = table(tmp_path, "N° pièce;Code fournisseur;Nom fournisseur;Date facture\n7;S1;Papeterie;13/02/2026\n")
    mapping = guessed(Stream.INVOICES, found)

    assert mapping.constants["direction"] == "purchase"
    assert [record.external_id for record in read(found, mapping)[0]] == ["purchase/S1/7"]


def test_two_columns_of_one_name_are_left_for_a_person_to_choose(tmp_path: Path) -> None:
    found = table(tmp_path, "numero;client;date facture;date facture\nF1;C1;13/02/2026;14/02/2026\n")
    proposal = propose(Stream.INVOICES, sample_of(found))

    assert proposal.unsure == {"issued_on": ("date facture", "date facture (2)")}
    assert ("mapping_missing", "issued_on") in asked(found, proposal.mapping)


def test_the_one_column_left_that_can_be_it_is_taken_and_says_why(tmp_path: Path) -> None:
    found = table(tmp_path, "zzz;client;yyy\nF1;C1;13/02/2026\nF2;C1;14/02/2026\n")
    proposal = propose(Stream.INVOICES, sample_of(found))

    assert {name: taken.column for name, taken in proposal.mapping.fields.items()} == {
        "customer": "client",
        "number": "zzz",
        "issued_on": "yyy",
    }
    assert (proposal.why["number"], proposal.why["issued_on"]) == (Why.UNIQUE, Why.ONLY)


def test_a_column_of_words_is_no_date_whatever_it_is_called(tmp_path: Path) -> None:
    found = table(tmp_path, "numero;client;date facture;date\nF1;C1;fin mars;13/02/2026\n")

    assert guessed(Stream.INVOICES, found).fields["issued_on"].column == "date"


def test_dollars_have_to_be_told_apart(tmp_path: Path) -> None:
    found = table(tmp_path, "numero;client;date facture;total\nF1;C1;13/02/2026;$12.50\n")
    mapping = guessed(Stream.INVOICES, found)

    assert asked(found, mapping) == [("mapping_currency_unsaid", "currency")]
    records, _ = read(found, FileMapping(mapping.stream, mapping.fields, {**mapping.constants, "currency": "CAD"}))
    assert [record.currency for record in records if isinstance(record, Invoice)] == ["CAD"]


def test_an_amount_in_another_currency_than_the_rows_is_set_aside(tmp_path: Path) -> None:
    text = "numero;client;date facture;total;devise\nF1;C1;13/02/2026;12,50 €;EUR\nF2;C1;13/02/2026;12,50 €;CHF\n"
    found = table(tmp_path, text)
    records, faults = read(found, guessed(Stream.INVOICES, found))

    assert [record.external_id for record in records] == ["sale/F1"]
    assert [(fault.code, fault.params) for fault in faults] == [
        ("csv_currency_differs", {"found": "EUR", "said": "CHF"})
    ]


def test_the_hours_of_a_log_are_those_of_the_companys_zone(tmp_path: Path) -> None:
    text = "Utilisateur;Date et heure;Module;Événement;N° facture\nlea;13/07/2026 09:12;facturation;validée;F1\n"
    found = table(tmp_path, text)
    (activity,), faults = read(found, guessed(Stream.ACTIVITIES, found))

    assert isinstance(activity, Activity)
    assert (activity.done_at, activity.object_id, faults) == (datetime(2026, 7, 13, 7, 12, tzinfo=UTC), "sale/F1", [])
    assert "lea" not in activity.external_id


@pytest.mark.parametrize("stream", list(TEMPLATES))
def test_a_template_is_recognised_for_what_it_is(stream: Stream, tmp_path: Path) -> None:
    found = table(tmp_path, template_text(stream))
    sample = sample_of(found)

    assert likely_streams(sample)[0] is stream
    mapping = by_template(stream, sample)
    assert set(mapping.fields) == {column.name for column in TEMPLATES[stream].columns}
    assert asked(found, mapping) == []
    records, faults = read(found, mapping)
    assert (len(records), faults) == (2, [])


def test_a_row_that_ends_early_or_late_is_told_from_one_that_fits(tmp_path: Path) -> None:
    found = table(tmp_path, "numero;client;date facture\nF1;C1;13/02/2026\nF2;C1\nF3;C1;13/02/2026;plus\n")
    records, faults = read(found, guessed(Stream.INVOICES, found))

    assert [record.external_id for record in records] == ["sale/F1"]
    assert [(fault.code, fault.place) for fault in faults] == [("csv_value_missing", "3"), ("csv_row_length", "4")]


def test_a_side_is_read_from_its_column(tmp_path: Path) -> None:
    text = "sens;numero;tiers;date facture\nvente;1;C1;13/02/2026\nachat;1;S1;14/02/2026\n"
    found = table(tmp_path, text)
    records, _ = read(found, guessed(Stream.INVOICES, found))

    assert [record.direction for record in records if isinstance(record, Invoice)] == [
        Direction.SALE,
        Direction.PURCHASE,
    ]
