"""The command line as a person meets it: in a process of its own, on a database of its own."""

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.seuil_process import plain_environment, run_seuil

ROOT = Path(__file__).parent.parent.parent
HEADER = (
    "JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\tCompAuxLib\tPieceRef\t"
    "PieceDate\tEcritureLib\tDebit\tCredit\tEcritureLet\tDateLet\tValidDate\tMontantdevise\tIdevise"
)


def entry(n: int, amount: str = "100,00", credit: str | None = None) -> str:
    head = f"VT\tVentes\t{n}\t202603{n % 28 + 1:02d}"
    tail = f"F{n:03d}\t20260301\tFacture\t{{}}\t{{}}\t\t\t\t\t"
    return (
        f"{head}\t411000\tClients\tC1\tClient\t{tail.format(amount, '0,00')}\n"
        f"{head}\t706000\tPrestations\t\t\t{tail.format('0,00', credit or amount)}\n"
    )


class Seuil:
    """Runs `seuil` in French or English."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: str, lang: str = "en_GB.UTF-8", given: str = "") -> CompletedProcess[str]:
        database = f"sqlite:///{self.folder / 'seuil.db'}"
        told = {"SEUIL_DATABASE_URL": database, "SEUIL_LOG_LEVEL": "warning", "LANG": lang, "COLUMNS": "200"}
        return run_seuil(words, plain_environment() | told, given)


@pytest.fixture
def seuil(tmp_path: Path, sqlite_template: Path) -> Seuil:
    """The command, on a database whose tables are made."""
    shutil.copy(sqlite_template, tmp_path / "seuil.db")
    return Seuil(tmp_path)


def test_the_password_of_the_owner_is_printed_once(tmp_path: Path) -> None:
    seuil = Seuil(tmp_path)
    first, second = seuil("migrate"), seuil("migrate")

    assert "owner@localhost with password" in first.stdout
    assert "password" not in second.stdout


def test_a_ledger_is_imported_for_the_company_its_name_says_and_tied_out(seuil: Seuil, tmp_path: Path) -> None:
    file = tmp_path / "123456782FEC20261231.txt"
    file.write_text(HEADER + "\n" + "".join(entry(n) for n in range(1, 31)))
    seuil("company", "add", "Aubrac", "--siren", "123456782")
    seuil("company", "add", "Brocéliande", "--siren", "987654321")

    done = seuil("import", "fec", str(file), lang="fr_FR.UTF-8")

    shown = done.stdout.replace("\u202f", " ").replace("\xa0", " ")
    assert done.returncode == 0, done.stderr
    assert "Aubrac" in shown
    assert "30 nouvelles" in shown
    assert "3 000,00 €" in shown  # debit, credit and sales


def test_removing_entries_asks_first_and_without_a_person_refuses(seuil: Seuil, tmp_path: Path) -> None:
    file = tmp_path / "ledger.txt"
    file.write_text(HEADER + "\n" + "".join(entry(n) for n in range(1, 28)))
    seuil("company", "add", "Aubrac")
    seuil("import", "fec", str(file))
    file.write_text(HEADER + "\n" + "".join(entry(n) for n in range(1, 28) if n not in {5, 9}))

    refused = seuil("import", "fec", str(file))
    forced = seuil("import", "fec", str(file), "--yes")
    again = seuil("import", "fec", str(file))

    assert refused.returncode == 2
    assert "2 of 27 entries are no longer in the file" in refused.stderr
    assert "2 gone" in forced.stdout
    assert "25 unchanged, 0 gone" in again.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "fec", "nowhere.txt"), "There is no file “nowhere.txt”."),
        (("import", "fec", __file__), "Not a FEC"),
        (("import", "csv", "wine", __file__), "There is no stream “wine”"),
        (("assess", "--company", "Nobody"), "There is no company “Nobody”."),
        (("assess", "--as-of", "soon"), "“soon” is not a day"),
        (("assess", "--as-of", "2999-01-01"), "in the future"),
        (("company", "add", "X", "--siren", "12"), "A SIREN has nine digits"),
        (("declare", "nowhere.yaml"), "There is no file “nowhere.yaml”."),
        (("assess", "--due", "--as-of", "2026-01-01"), "What is due is due today"),
        (("digest", "--preview", "letter.pdf"), "letter.pdf"),
        (("digest", "--preview", "letter.txt", "--language", "tlh"), "tlh"),
        (("recipient", "remove", "a@b.fr"), "“a@b.fr” gets no letters here."),
    ],
)
def test_a_mistake_is_one_red_line_and_no_trace(seuil: Seuil, words: tuple[str, ...], said: str) -> None:
    seuil("company", "add", "Aubrac")

    done = seuil(*words)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_company_a_file_has_nowhere_to_go_and_says_so(seuil: Seuil, tmp_path: Path) -> None:
    file = tmp_path / "ledger.txt"
    file.write_text(HEADER + "\n" + entry(1))

    assert "seuil company add" in seuil("import", "fec", str(file)).stderr


def test_the_template_of_each_stream_can_be_imported_as_it_is(seuil: Seuil, tmp_path: Path) -> None:
    seuil("company", "add", "Aubrac")
    for stream in ("invoices", "reminders", "staff", "absences", "time", "costs"):
        file = tmp_path / f"{stream}.csv"
        file.write_text(seuil("template", stream).stdout, encoding="utf-8")

        done = seuil("import", "csv", stream, str(file))

        assert done.returncode == 0, done.stderr
        assert "2 new" in done.stdout, done.stdout
        assert "0 refused" in done.stdout


def test_the_example_declaration_can_be_declared_and_is_assessed(seuil: Seuil, tmp_path: Path) -> None:
    seuil("company", "add", "Aubrac")
    example = tmp_path / "declaration.yaml"
    example.write_text(seuil("declare", "--example").stdout)

    kept = seuil("declare", str(example))
    answer = json.loads(seuil("assess", "--json").stdout)

    assert "Kept for Aubrac" in kept.stdout
    levels = {signal["name"]: signal["level"] for signal in answer["signals"]}
    assert levels["director_time"] == "over"
    assert levels["late_invoicing"] == "unknown"


def test_the_verdict_is_printed_in_the_language_of_the_terminal(seuil: Seuil) -> None:
    seuil("company", "add", "Aubrac")

    assert "We can’t say yet whether Aubrac should outsource." in seuil("assess").stdout
    assert "On ne peut pas encore dire" in seuil("assess", lang="fr_FR.UTF-8").stdout


def test_an_api_key_is_printed_once_and_kept_as_a_digest(seuil: Seuil, tmp_path: Path) -> None:
    key = seuil("key", "add", "powerbi").stdout.split()[-1]

    assert key.startswith("seuil_")
    assert key.encode() not in (tmp_path / "seuil.db").read_bytes()


def test_the_sources_are_read_and_the_companies_assessed_by_hand(seuil: Seuil) -> None:
    seuil("company", "add", "Aubrac")

    read, first, second = seuil("sync"), seuil("assess", "--due"), seuil("assess", "--due")

    assert (read.returncode, read.stdout) == (0, "There is no source that Seuil reads by itself.\n")
    assert "We can’t say yet whether Aubrac should outsource." in first.stdout
    assert second.stdout == "Every company has its answer of today.\n"


def test_a_reader_is_added_and_their_letter_looked_at(seuil: Seuil, tmp_path: Path) -> None:
    seuil("company", "add", "Aubrac")
    seuil("assess")

    added = seuil("recipient", "add", "lead@aubrac.fr", "--language", "fr", "--zone", "Europe/London")
    listed = seuil("recipient", "list")
    looked = seuil("digest", "--preview", str(tmp_path / "letter.html"), "--language", "fr")
    sent = seuil("send")
    removed = seuil("recipient", "remove", "lead@aubrac.fr")

    assert added.stdout == "lead@aubrac.fr will read about Aubrac every Monday.\n"
    assert listed.stdout == "Aubrac  lead@aubrac.fr  fr  Europe/London\n"
    assert looked.returncode == 0, looked.stderr
    assert "Aubrac" in (tmp_path / "letter.html").read_text(encoding="utf-8")
    assert (sent.returncode, sent.stdout) == (0, "Letters: 0 written, 0 sent, 0 waiting, 0 refused.\n")
    assert removed.stdout == "lead@aubrac.fr no longer reads about Aubrac.\n"


def test_the_doctor_says_a_line_a_check_and_ends_with_one_where_something_is_bad(tmp_path: Path) -> None:
    seuil = Seuil(tmp_path)
    nothing = seuil("doctor")
    seuil("company", "add", "Aubrac")
    seuil("assess")
    fine = seuil("doctor")

    assert nothing.returncode == 1
    assert "✕ Database: there is none at " in nothing.stdout
    assert fine.returncode == 0, fine.stdout
    assert "✓ Database: sqlite answers" in fine.stdout
    assert "! Watch: the watch was never seen" in fine.stdout
    assert "✓ Answers: every company has one of today (1)." in fine.stdout
    assert all(line[0] in "✓!" for line in fine.stdout.splitlines())
    assert not (tmp_path / "seuil.key").exists()  # looking makes nothing


def test_the_commands_of_the_watch_answer_for_help_without_pandas() -> None:
    asked = "import sys, app.cli; from typer.testing import CliRunner as R; R().invoke(app.cli.app, ['--help']); "
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", asked + "sys.exit('pandas' in sys.modules)"], cwd=ROOT, check=False, timeout=60
    )

    assert done.returncode == 0


def test_a_company_is_removed_after_a_yes_and_the_log_keeps_that_it_was(seuil: Seuil) -> None:
    seuil("company", "add", "Aubrac", "--siren", "123456782")
    seuil("company", "add", "Brun")
    kept = seuil("company", "remove", "Aubrac", given="n\n")
    still = seuil("company", "list").stdout
    gone = seuil("company", "remove", "Aubrac", given="y\n"), seuil("company", "remove", "Brun", "--yes")

    assert kept.returncode != 0
    assert "Aubrac" in still
    assert [one.returncode for one in gone] == [0, 0]
    assert "Aubrac is removed." in gone[0].stdout
    assert seuil("company", "list").stdout.strip() == ""
    with sqlite3.connect(seuil.folder / "seuil.db") as conn:
        noted = conn.execute("SELECT what, note FROM audit_entry ORDER BY no").fetchall()
    conn.close()
    assert noted == [("companies/remove", "Aubrac"), ("companies/remove", "Brun")]
