"""What Tryton 7.0 and 8.2 said when they were recorded: their refusals, and their rows, read by the connector."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.errors import AccessDenied, SourceError
from connectors.records import DocumentKind, DocumentStatus, Stream
from connectors.tryton.rpc import typed
from tests.connectors.tryton.fake_tryton import FakeTryton, connector
from tests.connectors.tryton.tryton_rows import office

pytestmark = pytest.mark.shared

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "recordings" / "tryton"
VERSIONS = ("7.0.59", "8.2.1")


@pytest.fixture(params=VERSIONS)
def folder(request: pytest.FixtureRequest) -> Path:
    found = RECORDED / str(request.param)
    if not found.is_dir():
        pytest.skip("the recorded exchanges are no part of the project, and are not here")
    return found


def exchanges(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """Give the recorded exchanges of a name, whatever their number."""
    for path in sorted(folder.glob(f"[0-9][0-9]-{name}.json")):
        yield json.loads(path.read_text())


def rows(folder: Path, *names: str) -> list[dict[str, Any]]:
    """Give the recorded rows, each once, typed values as they were."""
    found = (row for name in names for each in exchanges(folder, name) for row in each["response"]["body"]["result"])
    return sorted({row["id"]: row for row in found}.values(), key=lambda row: row["id"])


def replayed(folder: Path, said: dict[str, Any], model: str) -> SourceError:
    """Read invoices from a server that answers with a recorded exchange."""
    fake, answer = office(), said["response"]
    body = json.dumps(answer["body"]) if isinstance(answer["body"], dict) else answer["body"]
    fake.version = folder.name
    fake.answer = lambda asked: httpx.Response(answer["status"], text=body) if asked.startswith(model) else None
    with pytest.raises(SourceError) as caught:
        list(connector(fake).streams[Stream.INVOICES](None))
    return caught.value


def test_a_recorded_missing_right_is_named(folder: Path) -> None:
    (said,) = exchanges(folder, "missing-right-account-invoice")
    error = replayed(folder, said, "model.account.invoice")

    assert isinstance(error, AccessDenied)
    assert error.code == "right_missing"
    assert error.params["right"].endswith("Invoice (account.invoice)")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("bad-session", "access_refused"),
        ("no-session", "access_refused"),
        ("unknown-field-asked", "tryton_error"),
        ("bad-filter-unknown-field", "tryton_error"),
        ("bad-filter-operator", "tryton_error"),
        ("unknown-id-read", "tryton_error"),
        ("login-no-password", "tryton_login"),
        ("login-bad-password", "access_refused"),
    ],
)
def test_a_recorded_refusal_is_named_after_its_remedy(folder: Path, name: str, code: str) -> None:
    (said,) = exchanges(folder, name)
    if isinstance(said["response"]["body"], dict):
        said["response"]["body"].setdefault("id", 1)
    assert replayed(folder, said, "model.account.invoice").code == code


def test_recorded_invoices_are_read_without_a_fault(folder: Path) -> None:
    fake = _office(folder)
    pages = list(connector(fake).streams[Stream.INVOICES](None))
    told = [record for page in pages for record in page.records]

    assert [fault for page in pages for fault in page.faults] == []
    assert len(told) == len(fake.tables["account.invoice"]) >= 29 + 6
    notes = [one for one in told if getattr(one, "kind", None) is DocumentKind.CREDIT_NOTE]
    drafts = [one for one in told if getattr(one, "status", None) is DocumentStatus.DRAFT]
    assert (len(notes), len(drafts) >= 2) == (3, True)


def test_recorded_dunnings_staff_and_time_are_read_without_a_fault(folder: Path) -> None:
    fake = _office(folder)
    made = connector(fake, admin_words="administratif=invoicing")
    counted = {}
    for stream in (Stream.REMINDERS, Stream.STAFF, Stream.TIME):
        pages = list(made.streams[stream](None))
        assert [fault for page in pages for fault in page.faults] == []
        counted[stream] = len([record for page in pages for record in page.records])

    assert counted[Stream.REMINDERS] == sum(row["state"] != "draft" for row in fake.tables["account.dunning"]) > 0
    assert counted[Stream.STAFF] == len(fake.tables["company.employee"]) > 0
    assert 0 < counted[Stream.TIME] < len(fake.tables["timesheet.line"])


def _office(folder: Path) -> FakeTryton:
    """Set up a server with the recorded rows; what was not asked for then is filled in."""
    documents = [typed(row) for row in rows(folder, "invoices-page-[0-9]", "supplier-invoices")]
    dunnings = [typed(row) for row in rows(folder, "dunnings-page-[0-9]")]
    fake = office(invoices=documents, dunnings=dunnings)
    fake.version = folder.name
    fake.tables["company.employee"] = [typed(row) for row in rows(folder, "employees")]
    fake.tables["timesheet.line"] = [typed(row) for row in rows(folder, "timesheets-page-[0-9]")]
    fake.tables["res.user"] = [typed(row) for row in rows(folder, "users")]
    levels = sorted({(row["level."]["sequence"], row["level."]["id"]) for row in dunnings})
    fake.tables["account.dunning.level"] = [
        {"id": key, "sequence": sequence, "procedure": 1} for sequence, key in levels
    ]
    for row in [*documents, *fake.tables["company.employee"], *fake.tables["timesheet.line"], *dunnings]:
        row["company"] = fake.company
    for row in documents:
        row |= {"party": row["party."]["id"], "currency": row["currency."]["id"]}
        row["move"] = row["move."]["id"] if row["move."] else None
    moves = {line: row["move"] for row in documents for line in row["lines_to_pay"]}
    for row in dunnings:
        row |= {"level": row["level."]["id"], "line.": {"move": moves.get(row["line"])}}
    for row in fake.tables["timesheet.line"]:
        row |= {"employee": row["employee."]["id"], "work.": {"rec_name": row["work."]["name"]}}
    return fake
