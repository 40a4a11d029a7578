"""What real servers of three versions answered, read again: the rows they gave, served under the filters we ask with.

The recordings are not part of the repository; where they are not beside it, this is skipped.
"""

import json
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from connectors.base import Page
from connectors.dolibarr import PROVIDER
from connectors.errors import AccessDenied, SourceError, Unavailable
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Payment, Process, Record, Stream
from tests.connectors.dolibarr.fake_dolibarr import AGENDA, BASE, FakeDolibarr

RECORDED = Path(__file__).resolve().parents[3] / ".." / "shared" / "recordings" / "dolibarr"
VERSIONS = {"16.0.3": "UTC", "20.0.2": "UTC", "22.0.4": "Europe/Paris"}
CHANGED = ("date_modification", "datem", "tms")

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not RECORDED.is_dir(), reason="the recordings are not beside the repository"),
]
every_version = pytest.mark.parametrize("version", list(VERSIONS))
SALE, CREDIT = DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE


@cache
def exchanges(version: str) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Requests and responses by their file's name."""
    found = {}
    for path in sorted((RECORDED / version).glob("*.json")):
        value = json.loads(path.read_text())
        found[path.stem[3:]] = (value["request"], value["response"])
    return found


def recorded(version: str) -> FakeDolibarr:
    """Serve what was recorded: rows of lists under any filter, single objects at their own path."""
    fake = FakeDolibarr(version=version, zone=ZoneInfo(VERSIONS[version]), database_zone=ZoneInfo("UTC"))
    for request, response in exchanges(version).values():
        path, body = request["path"].removeprefix(BASE), response["body"]
        if request["method"] != "GET" or response["status"] != 200:
            continue
        if isinstance(body, list) and path.endswith("/payments"):
            fake.payments[path.removesuffix("/payments")] = body
        elif isinstance(body, list) and path.count("/") == 1 and "properties" not in request["query"]:
            for row in body:
                put(fake, path, row)
        elif isinstance(body, dict) and path.startswith("/tasks/"):
            put(fake, "/tasks", body)
    return fake


def put(fake: FakeDolibarr, path: str, row: dict[str, Any]) -> None:
    changed = next((row[name] for name in CHANGED if isinstance(row.get(name), int)), 0)
    known = fake.tables.get(path, {}).get(int(row["id"]))
    if known is None or row.get("lines"):
        fake.put_raw(path, row, datetime.fromtimestamp(changed, UTC))


def pages(version: str, stream: Stream) -> list[Page]:
    return list(recorded(version).connect().streams[stream](None))


def records(version: str, stream: Stream) -> list[Record]:
    found = {one.external_id: one for page in pages(version, stream) for one in page.records}
    return list(found.values())


def invoices(version: str) -> dict[str, Invoice]:
    return {one.external_id: one for one in records(version, Stream.INVOICES) if isinstance(one, Invoice)}


@every_version
def test_all_documents_are_read(version: str) -> None:
    found = list(invoices(version).values())
    sales = [one for one in found if one.direction is Direction.SALE]

    assert not [fault for page in pages(version, Stream.INVOICES) for fault in page.faults]
    assert len([one for one in sales if one.kind is SALE]) == 26
    assert len([one for one in found if one.direction is Direction.PURCHASE]) == 6
    assert {one.external_id: one.corrects for one in sales if one.kind is CREDIT} == {
        "sale:7": "sale:6",
        "sale:15": "sale:14",
        "sale:22": "sale:20",
    }
    assert [one.external_id for one in found if one.status is DocumentStatus.DRAFT] == [
        "sale:28", "sale:29", "purchase:6",
    ]  # fmt: skip
    assert all(one.party_label and one.author and one.created_at for one in found)


@every_version
def test_days_and_amounts_are_the_storys_whatever_the_servers_zone(version: str) -> None:
    first = invoices(version)["sale:1"]

    assert first == Invoice(
        external_id="sale:1",
        direction=Direction.SALE,
        kind=SALE,
        status=DocumentStatus.FINAL,
        number="FA2510-0001",
        party="1",
        party_label=first.party_label,
        service_on=date(2025, 9, 30),
        issued_on=date(2025, 10, 6),
        sent_on=date(2025, 10, 6),
        due_on=date(2025, 11, 5),
        net=first.net,
        tax=first.tax,
        total=first.total,
        author="dolibarr:3",
        validator="dolibarr:3",
        direct_debit=False,
        created_at=datetime(2025, 10, 6, 8, 12, tzinfo=UTC),
    )
    assert (str(first.net), str(first.tax), str(first.total)) == ("1200.00", "240.00", "1440.00")


def test_the_three_versions_tell_the_same() -> None:
    told = [{name: days_of(one) for name, one in invoices(version).items()} for version in VERSIONS]

    assert told[0] == told[1] == told[2]


def days_of(one: Invoice) -> tuple[object, ...]:
    """Give what the story says of a document in every version."""
    return (one.service_on, one.issued_on, one.due_on, one.total, one.author, one.kind, one.status, one.corrects)


@every_version
def test_the_abandoned_invoice_was_cancelled_by_the_director(version: str) -> None:
    found = invoices(version)["sale:11"]

    assert (found.status, found.cancelled_on, found.paid_on) == (DocumentStatus.CANCELLED, date(2026, 9, 14), None)
    done = [one for one in records(version, Stream.ACTIVITIES) if getattr(one, "action", "") == "cancelled"]
    assert [(one.actor, one.object_id) for one in done] == [("dolibarr:2", "sale:11")]  # type: ignore[union-attr]


@every_version
def test_recorded_payments_are_money(version: str) -> None:
    found = [one for one in records(version, Stream.PAYMENTS) if isinstance(one, Payment)]

    assert [(one.external_id, one.paid_on, str(one.amount)) for one in found] == [
        ("sale:1:1", date(2025, 11, 3), "1440.00"),
        ("sale:4:1", date(2025, 12, 8), "1000.00"),
        ("sale:4:2", date(2026, 1, 15), "1304.00"),
        ("purchase:1:1", date(2025, 11, 14), "175.68"),
    ]


# What was recorded of the agenda: 20 mails by hand of 22, seven mails of the rounds of which one could not be sent.
BY_HAND = {"sale:4": date(2025, 12, 16), "sale:9": date(2026, 3, 3), "sale:11": date(2026, 4, 14)}
ROUNDS = {
    ("sale:2", date(2025, 11, 14)),
    ("sale:9", date(2026, 2, 17)),
    ("sale:11", date(2026, 3, 3)),
    ("sale:11", date(2026, 3, 17)),
    ("sale:18", date(2026, 5, 18)),
    ("sale:23", date(2026, 10, 20)),
}


@every_version
def test_recorded_reminders_are_told_from_sendings(version: str) -> None:
    found = pages(version, Stream.REMINDERS)
    told = {(one.invoice_id, one.sent_on) for page in found for one in page.records}  # type: ignore[union-attr]
    faults = [fault.code for page in found for fault in page.faults]

    if version.startswith("16"):
        assert told == set(BY_HAND.items())
        assert faults == ["dolibarr_reminder_unlinked"] * 6
    else:
        assert told == {*BY_HAND.items(), *ROUNDS}
        assert not faults


@every_version
def test_recorded_staff_come_without_pay_and_hours_with_their_process(version: str) -> None:
    staff = {one.external_id: one for one in records(version, Stream.STAFF)}
    hours = records(version, Stream.TIME)

    assert set(staff) == {"1", "2", "3", "4", "5"}
    assert staff["3"].left_on == date(2026, 6, 30)  # type: ignore[union-attr]
    assert staff["4"].entered_on == date(2026, 5, 18)  # type: ignore[union-attr]
    processes = {(one.process, one.minutes) for one in hours}  # type: ignore[union-attr]
    assert (Process.INVOICING, 150) in processes
    assert {process for process, _ in processes} == {Process.INVOICING, Process.DUNNING, Process.DOCUMENTS}


@every_version
@pytest.mark.parametrize(
    ("name", "path", "stream", "error", "code"),
    [
        ("missing-right-invoices", "/invoices", Stream.INVOICES, AccessDenied, "right_missing"),
        ("missing-right-users", "/users", Stream.STAFF, AccessDenied, "right_missing"),
        ("missing-right-agenda", AGENDA, Stream.REMINDERS, AccessDenied, "right_missing"),
        ("bad-key", "", Stream.INVOICES, AccessDenied, "access_refused"),
        ("waf-refusal", "/invoices", Stream.INVOICES, Unavailable, "dolibarr_guard"),
        ("bad-sortfield", "/invoices", Stream.INVOICES, Unavailable, "answered_badly"),
        ("bad-filter-unknown-column", "/users", Stream.STAFF, Unavailable, "answered_badly"),
        ("unknown-path", "/users", Stream.STAFF, AccessDenied, "dolibarr_module_off"),
    ],
)
def test_recorded_refusals_are_named(
    version: str, name: str, path: str, stream: Stream, error: type[SourceError], code: str
) -> None:
    fake = recorded(version)
    _, response = exchanges(version)[name]

    def answer(request: httpx.Request) -> httpx.Response | None:
        if path and request.url.path != BASE + path:
            return None
        body = response["body"]
        content = {"text": body} if isinstance(body, str) else {"json": body}
        return httpx.Response(response["status"], **content)

    fake.answers.append(answer)

    with pytest.raises(error) as caught:
        list(fake.connect().streams[stream](None))
    assert caught.value.code == code


@every_version
def test_an_empty_list_as_recorded_is_the_end(version: str) -> None:
    fake = recorded(version)
    _, response = exchanges(version)["agenda-empty"]
    empty = httpx.Response(response["status"], json=response["body"])
    fake.answers.append(lambda request: empty if request.url.path == BASE + AGENDA else None)

    found = list(fake.connect().streams[Stream.REMINDERS](None))

    assert [len(page.records) for page in found] == [0]


@every_version
def test_resuming_from_any_page_of_the_recordings_skips_nothing(version: str) -> None:
    for stream in PROVIDER.feeds:
        fake = recorded(version)
        fake.a_page = 7
        whole = list(fake.connect().streams[stream](None))
        for n, page in enumerate(whole):
            rest = {one.external_id: one for later in whole[n + 1 :] for one in later.records}
            again = {
                one.external_id: one for each in fake.connect().streams[stream](page.cursor) for one in each.records
            }
            assert again.items() >= rest.items()
