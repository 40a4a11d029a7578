"""A Dolibarr of our own through time and trouble: nothing is skipped, and trouble is named after its remedy."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from connectors.base import Cursor, Swept, Tallied
from connectors.dolibarr import PROVIDER
from connectors.errors import AccessDenied, Unavailable
from connectors.records import (
    Record,
    Stream,
)
from tests.connectors.dolibarr.fake_dolibarr import (
    AGENDA,
    BASE,
    INVOICES,
    KEY,
    NOW,
    TASKS,
    sale,
    speaking,
)
from tests.connectors.dolibarr.reading_dolibarr import every_stream, every_version, invoices, read, records
from tests.connectors.dolibarr.sample_dolibarr import fake as small

# Resuming


@every_version
@every_stream
def test_resuming_from_any_page_skips_nothing(version: str, stream: Stream) -> None:
    whole = read(small(version), stream)
    for n, page in enumerate(whole):
        rest = records(whole[n + 1 :])
        assert records(read(small(version), stream, page.cursor)).items() >= rest.items()


@every_version
def test_every_stream_is_read_to_its_end_in_pages(version: str) -> None:
    found = {stream: len(records(read(small(version), stream))) for stream in PROVIDER.feeds}

    assert found == {
        Stream.INVOICES: 8,
        Stream.PAYMENTS: 5,
        Stream.REMINDERS: 5,
        Stream.ACTIVITIES: 13,
        Stream.STAFF: 4,
        Stream.TIME: 3,
    }


@every_version
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "Europe/Paris"])
def test_a_row_that_changes_or_is_committed_late_while_a_reading_lasts_comes_next_time(version: str, zone: str) -> None:
    rows = {INVOICES: [sale(n) for n in (1, 2, 4, 5, 6)]}
    fake = speaking(version, rows, database_zone=ZoneInfo(zone), a_page=2, now=NOW - timedelta(days=90))
    kept: dict[str, Record] = {}
    cursor: Cursor | None = None
    for page in fake.connect().streams[Stream.INVOICES](None):
        kept |= {one.external_id: one for one in page.records}
        cursor = page.cursor
        if "sale:2" in kept and 3 not in fake.tables[INVOICES]:
            fake.put(INVOICES, sale(3), fake.now - timedelta(minutes=30))  # its number is older than its commit
            fake.put(INVOICES, sale(1, ref="FA-CHANGED"), fake.now)
    fake.later(timedelta(days=30))
    for page in fake.connect().streams[Stream.INVOICES](cursor):
        kept |= {one.external_id: one for one in page.records}

    assert kept == invoices(fake)
    assert set(kept) == {f"sale:{n}" for n in range(1, 7)}


def test_a_second_reading_asks_only_for_what_changed() -> None:
    fake = speaking("22.0.4", {INVOICES: [sale(n) for n in range(1, 6)]}, now=NOW - timedelta(days=90))
    fake.later(timedelta(days=30))
    first = read(fake, Stream.INVOICES)
    fake.later(timedelta(days=30))
    fake.put(INVOICES, sale(4, ref="FA-CHANGED"))

    assert set(records(read(fake, Stream.INVOICES, first[-1].cursor))) == {"sale:4"}


def test_a_reading_that_was_broken_off_asks_next_for_what_changed_since_it_began() -> None:
    rows = {INVOICES: [sale(n) for n in range(1, 6)]}
    fake = speaking("22.0.4", rows, a_page=2, now=NOW - timedelta(days=90))
    broken_off = next(fake.connect().streams[Stream.INVOICES](None)).cursor
    fake.later(timedelta(days=10))
    fake.put(INVOICES, sale(1, ref="FA-CHANGED"))
    fake.later(timedelta(days=10))

    over = read(fake, Stream.INVOICES, broken_off)
    assert set(records(over)) == {"sale:3", "sale:4", "sale:5"}
    assert "sale:1" in records(read(fake, Stream.INVOICES, over[-1].cursor))


def test_a_row_that_changes_between_pages_moves_no_other() -> None:
    fake = speaking("22.0.4", {INVOICES: [sale(n) for n in range(1, 8)]}, a_page=2)
    found: set[str] = set()
    for page in fake.connect().streams[Stream.INVOICES](None):
        found |= {one.external_id for one in page.records}
        fake.tables[INVOICES].pop(1, None)

    assert found == {f"sale:{n}" for n in range(1, 8)}


def test_a_server_that_ignores_a_filter_is_not_followed_for_ever() -> None:
    fake = speaking("16.0.3", {INVOICES: [sale(n) for n in range(1, 4)]}, a_page=2)
    fake.understands_filters = False

    with pytest.raises(Unavailable, match="dolibarr_filter_ignored"):
        read(fake, Stream.INVOICES)


@every_version
def test_what_was_deleted_is_missing_from_the_keys(version: str) -> None:
    fake = small(version)
    connector = fake.connect()
    assert isinstance(connector, Swept)
    for stream in PROVIDER.feeds:
        told = {one for some in connector.keys[stream]() for one in some}
        assert told >= set(records(read(fake, stream))), stream

    del fake.tables[INVOICES][2]
    fake.tables[TASKS][2][0]["lines"].clear()
    del fake.tables[AGENDA][12]

    left = {stream: {one for some in fake.connect().keys[stream]() for one in some} for stream in PROVIDER.feeds}
    assert "sale:2" not in left[Stream.INVOICES]
    assert "sale:2:1" not in left[Stream.PAYMENTS]
    assert "created:sale:2" not in left[Stream.ACTIVITIES]
    assert "event:12" not in left[Stream.REMINDERS]
    assert "time:2" not in left[Stream.TIME]


@pytest.mark.parametrize(("version", "told"), [("16.0.3", []), ("20.0.2", []), ("22.0.4", [5, 3])])
def test_the_sources_own_counts_are_told_from_22_on(version: str, told: list[int]) -> None:
    connector = small(version).connect()
    assert isinstance(connector, Tallied)

    assert [total.value for total in connector.totals()] == told


# What goes wrong


@every_version
@pytest.mark.parametrize(
    ("stream", "module", "right"),
    [
        (Stream.INVOICES, "facture", "facture/lire"),
        (Stream.INVOICES, "fournisseur", "fournisseur/facture/lire"),
        (Stream.PAYMENTS, "facture", "facture/lire"),
        (Stream.REMINDERS, "agenda", "agenda/myactions/read, agenda/allactions/read"),
        (Stream.ACTIVITIES, "agenda", "agenda/myactions/read, agenda/allactions/read"),
        (Stream.STAFF, "user", "user/user/lire"),
        (Stream.TIME, "projet", "projet/lire"),
    ],
)
def test_a_missing_right_is_named(version: str, stream: Stream, module: str, right: str) -> None:
    fake = small(version)
    fake.refused.add(module)

    with pytest.raises(AccessDenied) as caught:
        read(fake, stream)

    assert (caught.value.code, caught.value.params) == ("right_missing", {"right": right})


@every_version
def test_a_key_that_opens_nothing_is_told_from_a_missing_right(version: str) -> None:
    fake = small(version)
    wrong = PROVIDER.connect(fake.account())
    fake.answers.append(lambda _: httpx.Response(401, json={"error": {"code": 401, "message": "Unauthorized"}}))

    with pytest.raises(AccessDenied) as caught:
        list(wrong.streams[Stream.INVOICES](None))

    assert (caught.value.code, caught.value.params) == (
        "access_refused", {"host": "erp.example.com", "status": "401"},
    )  # fmt: skip
    assert KEY not in repr(caught.value) + str(caught.value)


@every_version
def test_a_key_withdrawn_meanwhile_is_no_missing_right(version: str) -> None:
    fake = small(version)
    pages = fake.connect().streams[Stream.STAFF](None)
    next(pages)
    fake.answers.append(lambda _: httpx.Response(401, json={"error": {"code": 401, "message": "Unauthorized"}}))

    with pytest.raises(AccessDenied, match="access_refused"):
        next(pages)


@every_version
def test_the_injection_guard_is_no_answer(version: str) -> None:
    fake = small(version)

    def guard(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != f"{BASE}/invoices":
            return None
        text = "Access refused to 10.0.0.9 by SQL or Script injection protection in main.inc.php"
        return httpx.Response(200 if version.startswith("16") else 403, text=text)

    fake.answers.append(guard)

    with pytest.raises(Unavailable, match="dolibarr_guard"):
        read(fake, Stream.INVOICES)


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (httpx.Response(501, text="API not found"), AccessDenied, "dolibarr_module_off"),
        (httpx.Response(503, json={"error": {"code": 503}}), Unavailable, "answered_badly"),
        (httpx.Response(404, text="<h1>Not Found</h1>"), Unavailable, "not_json"),
        (httpx.Response(404, json={"message": "no route"}), Unavailable, "answered_badly"),
        (httpx.Response(200, json={"data": []}), Unavailable, "not_json"),
        (httpx.Response(200, json=[1, 2]), Unavailable, "not_json"),
        (httpx.Response(200, json=[{"id": None}]), Unavailable, "dolibarr_filter_ignored"),
    ],
)
def test_answers_that_are_none_are_named_after_their_remedy(
    answer: httpx.Response, error: type[Exception], code: str
) -> None:
    fake = small()
    fake.answers.append(lambda request: answer if request.url.path == f"{BASE}/users" else None)

    with pytest.raises(error, match=code):
        read(fake, Stream.STAFF)


def test_another_server_than_a_dolibarr_is_said_to_be_one() -> None:
    fake = small()
    fake.answers.append(lambda _: httpx.Response(200, json={"status": "ok"}))

    with pytest.raises(Unavailable, match="dolibarr_not_there"):
        read(fake, Stream.STAFF)


def test_the_address_may_end_with_the_path_of_the_api_and_the_key_goes_into_a_header_only() -> None:
    fake = small()

    read(fake, Stream.STAFF, address="https://erp.example.com/api/index.php/")

    assert {request.url.path for request in fake.asked} == {f"{BASE}/status", f"{BASE}/users"}
    assert not any(KEY in str(request.url) for request in fake.asked)


def test_neither_names_in_mails_nor_pay_nor_notes_are_asked_for_or_kept() -> None:
    fake = small()
    told = "".join(repr(page) for stream in PROVIDER.feeds for page in read(fake, stream))

    assert not any(word in told for word in ("client.invalid", "Durand", "secret", "99.0", "27.5"))
    assert not any("exportdata" in request.url.path or request.method != "GET" for request in fake.asked)
    asked = [request for request in fake.asked if request.url.path == f"{BASE}/agendaevents"]
    assert all("email" not in request.url.params["properties"] for request in asked)
