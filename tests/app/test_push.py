"""Pushed records over HTTP: told of one by one, exact, kept once, and in the next answer."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, func, select, update

from app.api_keys import make_key
from app.assessment import latest
from app.companies import add_company
from app.db import read, write
from app.models.core import bookmark, connection
from app.models.core import company as company_table
from app.models.people import party, person
from app.models.records import activity, cost, document, quarantined, record_version, staff
from app.push import BATCH_LIMIT, RECORDS_A_BATCH
from app.schedule import steps, tick
from app.settings import Settings
from app.wording import SENTENCES, label
from connectors.objects import RECORDS, read_object
from connectors.records import Stream
from tests.conftest import NOW
from tests.serving import served

Json = dict[str, Any]

MINIMAL: dict[Stream, Json] = {
    Stream.INVOICES: {"direction": "sale", "kind": "invoice", "status": "final", "issued_on": "2026-11-10"},
    Stream.PAYMENTS: {"invoice_id": "F1", "paid_on": "2026-11-12", "amount": "12.50"},
    Stream.REMINDERS: {"invoice_id": "F1", "sent_on": "2026-11-12"},
    Stream.ACTIVITIES: {
        "actor": "anne",
        "process": "invoicing",
        "action": "issue",
        "done_at": "2026-11-12T08:30:00+01:00",
    },
    Stream.STAFF: {},
    Stream.ABSENCES: {"employee_id": "7", "start_on": "2026-11-02", "end_on": "2026-11-06"},
    Stream.TIME: {"actor": "anne", "worked_on": "2026-11-12", "minutes": 90, "process": "dunning"},
    Stream.COSTS: {"incurred_on": "2026-11-12", "kind": "software", "amount": "49.90"},
    Stream.DELIVERIES: {"delivered_on": "2026-11-12"},
}


def one(stream: Stream = Stream.INVOICES, key: str = "F1", **given: object) -> Json:
    """The least a record of a stream says, and more."""
    return {"external_id": key, **MINIMAL[stream], **given}


@pytest.fixture
def client(engine: Engine, company: str) -> Iterator[httpx.Client]:
    """A client with a key."""
    del company
    with write(engine) as conn:
        key = make_key(conn, "erp", NOW)
    headers = {"Authorization": f"Bearer {key}", "Accept-Language": "en"}
    with served(engine, NOW) as address, httpx.Client(base_url=address, headers=headers, timeout=60) as asking:
        yield asking


def post(client: httpx.Client, *records: object, stream: str = "invoices", **more: object) -> httpx.Response:
    return client.post(f"/v1/records/{stream}", json={"records": records, **more})


def results(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["result"] for row in answer.json()["results"]]


def codes(answer: httpx.Response, index: int = 0) -> list[tuple[str, str | None]]:
    row = answer.json()["results"][index]
    assert row["result"] == ("refused" if row["faults"] else row["result"])
    return [(fault["code"], fault["field"]) for fault in row["faults"]]


def title(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] != answer.json()["title"]
    return answer.status_code, answer.json()["title"]


def count(engine: Engine, table: Any) -> int:
    with read(engine) as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def only(engine: Engine, query: Any) -> Json:
    with read(engine) as conn:
        return dict(conn.execute(query).mappings().one())


# What is kept


@pytest.mark.parametrize("stream", RECORDS)
def test_every_stream_but_the_ledger_takes_its_least_record_once(client: httpx.Client, stream: Stream) -> None:
    first, again = (post(client, one(stream), stream=stream) for _ in range(2))

    assert results(first) == ["new"]
    assert results(again) == ["unchanged"]


def test_the_answer_tells_of_each_record_in_the_order_given(client: httpx.Client, company: str) -> None:
    post(client, one(key="A", source_version="2"), one(key="B", source_version="2"), one(key="C"))

    answer = post(
        client,
        one(key="D"),
        one(key="A", source_version="3", total="10"),
        one(key="B", source_version="1", total="10"),
        one(key="C"),
        {"external_id": "E"},
    ).json()

    told = [(row["index"], row["id"], row["result"]) for row in answer["results"]]
    assert told == [(0, "D", "new"), (1, "A", "changed"), (2, "B", "older"), (3, "C", "unchanged"), (4, "E", "refused")]
    assert {name: answer[name] for name in ("new", "changed", "unchanged", "older", "superseded", "refused")} == {
        "new": 1, "changed": 1, "unchanged": 1, "older": 1, "superseded": 0, "refused": 1,
    }  # fmt: skip
    assert (answer["stream"], answer["company"]) == ("invoices", company)


def test_the_same_batch_twice_changes_nothing(client: httpx.Client, engine: Engine) -> None:
    batch = (one(key="A"), one(key="B", total="x"), {"kind": "invoice"}, 7)
    first = post(client, *batch)
    before = only(engine, select(connection))

    again = post(client, *batch)

    assert results(first) == ["new", "refused", "refused", "refused"]
    assert results(again) == ["unchanged", "refused", "refused", "refused"]
    assert (count(engine, document), count(engine, record_version)) == (1, 0)
    assert count(engine, quarantined) == sum(len(row["faults"]) for row in again.json()["results"])
    assert only(engine, select(connection)) == before


def test_of_two_with_one_id_the_last_counts_and_the_first_is_told_so(client: httpx.Client, engine: Engine) -> None:
    answer = post(client, one(total="1"), one(total="2"), one(total="bad"))

    assert results(answer) == ["superseded", "new", "refused"]
    assert only(engine, select(document))["total_minor"] == 200
    assert count(engine, record_version) == 0


def test_a_changed_record_keeps_its_past(client: httpx.Client, engine: Engine) -> None:
    post(client, one(total="1"))
    post(client, one(total="2"))

    assert only(engine, select(document))["total_minor"] == 200
    assert only(engine, select(record_version))["row"]["total_minor"] == 100


@pytest.mark.parametrize(
    ("written", "minor"),
    [("0.1", 10), ("1234.50", 123450), ('"0.29"', 29), ("1e3", 100_000), ("12.500", 1250), ("3", 300), ("-0", 0)],
)
def test_an_amount_is_kept_to_the_cent_however_it_is_written(
    client: httpx.Client, engine: Engine, written: str, minor: int
) -> None:
    text = json.dumps({"records": [one(total="TOTAL")]}).replace('"TOTAL"', written)

    assert results(client.post("/v1/records/invoices", content=text)) == ["new"]
    assert only(engine, select(document))["total_minor"] == minor


def test_an_instant_is_kept_with_its_day_in_the_companys_zone(client: httpx.Client, engine: Engine) -> None:
    post(client, one(Stream.ACTIVITIES, done_at="2026-11-11T23:30:00Z"), stream="activities")

    row = only(engine, select(activity))
    assert row["done_at"] == datetime.fromisoformat("2026-11-11T23:30:00+00:00")
    assert row["done_on"] == date(2026, 11, 12)


def test_names_go_where_they_can_be_erased(client: httpx.Client, engine: Engine) -> None:
    post(client, one(party="C1", party_label="Client Un"))
    post(client, one(Stream.STAFF, actor="anne", name="Anne Aubert", role="admin"), stream="staff")

    assert only(engine, select(party))["label"] == "Client Un"
    assert only(engine, select(person))["name"] == "Anne Aubert"
    assert "Anne" not in json.dumps(only(engine, select(staff)), default=str)


def test_null_and_a_blank_text_count_as_not_said(client: httpx.Client, engine: Engine) -> None:
    post(client, one(Stream.COSTS, currency=None, process=None, source_version=" "), stream="costs")

    row = only(engine, select(cost))
    assert (row["currency"], row["process"], row["source_version"]) == ("EUR", "all", None)


def test_batches_sent_at_once_are_kept_whole(client: httpx.Client, engine: Engine) -> None:
    """Four tools start at the same moment, each with the other's records as well."""
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: post(client, *(one(key=f"F{n}") for n in range(50))), range(4)))

    assert sum(answer.json()["new"] for answer in answers) == 50
    assert (count(engine, document), count(engine, connection)) == (50, 1)


# What is refused


@pytest.mark.parametrize(
    ("stream", "given", "code", "field"),
    [
        ("invoices", {"issuedon": "2026-11-10"}, "push_field_unknown", "issuedon"),
        ("invoices", {"direction": "SALE"}, "push_not_one_of", "direction"),
        ("invoices", {"kind": "facture"}, "push_not_one_of", "kind"),
        ("invoices", {"status": True}, "push_not_one_of", "status"),
        ("invoices", {"issued_on": None}, "push_field_missing", "issued_on"),
        ("invoices", {"issued_on": "10/11/2026"}, "push_not_a_date", "issued_on"),
        ("invoices", {"issued_on": "20261110"}, "push_not_a_date", "issued_on"),
        ("invoices", {"issued_on": "2026-W46-2"}, "push_not_a_date", "issued_on"),
        ("invoices", {"issued_on": "2026-02-30"}, "push_not_a_date", "issued_on"),
        ("invoices", {"issued_on": "0001-01-01"}, "push_not_a_date", "issued_on"),
        ("invoices", {"issued_on": "2026-11-10T00:00:00Z"}, "push_not_a_date", "issued_on"),
        ("invoices", {"issued_on": 1_762_732_800}, "push_not_a_date", "issued_on"),
        ("invoices", {"due_on": ""}, "push_not_a_date", "due_on"),
        ("invoices", {"total": "1 234,50"}, "push_not_an_amount", "total"),
        ("invoices", {"total": "1e3"}, "push_not_an_amount", "total"),
        ("invoices", {"total": "NaN"}, "push_not_an_amount", "total"),
        ("invoices", {"total": True}, "push_not_an_amount", "total"),
        ("invoices", {"total": [1]}, "push_not_an_amount", "total"),
        ("invoices", {"total": 10**13}, "push_not_an_amount", "total"),
        ("invoices", {"total": "1.234"}, "push_too_many_decimals", "total"),
        ("invoices", {"total": 0.001}, "push_too_many_decimals", "total"),
        ("invoices", {"total": "1.5", "currency": "JPY"}, "push_too_many_decimals", "total"),
        ("invoices", {"total": "-1"}, "push_negative", "total"),
        ("invoices", {"currency": "eur"}, "push_currency_unknown", "currency"),
        ("invoices", {"currency": "ERU"}, "push_currency_unknown", "currency"),
        ("invoices", {"periodic": 1}, "push_not_true_or_false", "periodic"),
        ("invoices", {"disputed": "no"}, "push_not_true_or_false", "disputed"),
        ("invoices", {"number": 12}, "push_not_a_text", "number"),
        ("invoices", {"number": "x" * 101}, "push_text_too_long", "number"),
        ("invoices", {"number": "F\0"}, "push_text_unreadable", "number"),
        ("invoices", {"number": "F\ud800"}, "push_text_unreadable", "number"),
        ("invoices", {"source_version": 3}, "push_not_a_text", "source_version"),
        ("invoices", {"source_version": "x" * 65}, "push_text_too_long", "source_version"),
        ("invoices", {"external_id": " "}, "push_field_missing", "external_id"),
        ("invoices", {"external_id": 1}, "push_not_a_text", "external_id"),
        ("invoices", {"external_id": "x" * 256}, "push_text_too_long", "external_id"),
        ("invoices", {"external_id": "\ud800"}, "push_text_unreadable", "external_id"),
        ("reminders", {"level": 1.0}, "push_not_a_whole_number", "level"),
        ("reminders", {"level": -1}, "push_out_of_range", "level"),
        ("reminders", {"channel": "x" * 21}, "push_text_too_long", "channel"),
        ("activities", {"done_at": "2026-11-12T08:30:00"}, "push_not_an_instant", "done_at"),
        ("activities", {"done_at": "2026-11-12"}, "push_not_an_instant", "done_at"),
        ("activities", {"done_at": "2026-11-12T25:30:00Z"}, "push_not_an_instant", "done_at"),
        ("activities", {"actor": None}, "push_field_missing", "actor"),
        ("activities", {"action": "x" * 41}, "push_text_too_long", "action"),
        ("staff", {"role": "boss"}, "push_not_one_of", "role"),
        ("staff", {"hours_per_week": 169}, "push_out_of_range", "hours_per_week"),
        ("staff", {"entered_on": "2026-02-01", "left_on": "2026-01-01"}, "push_days_reversed", "left_on"),
        ("absences", {"end_on": "2026-11-01"}, "push_days_reversed", "end_on"),
        ("time", {"minutes": True}, "push_not_a_whole_number", "minutes"),
        ("time", {"minutes": "90"}, "push_not_a_whole_number", "minutes"),
        ("time", {"minutes": 1441}, "push_out_of_range", "minutes"),
        ("costs", {"amount": None}, "push_field_missing", "amount"),
    ],
)
def test_a_record_that_makes_no_sense_is_refused_with_its_field_and_the_others_are_kept(
    client: httpx.Client, engine: Engine, stream: str, given: Json, code: str, field: str
) -> None:
    kind = Stream(stream)
    content = json.dumps({"records": [one(kind, "A"), one(kind, "B") | given, one(kind, "C")]})

    answer = client.post(f"/v1/records/{stream}", content=content)

    assert results(answer) == ["new", "refused", "new"]
    assert codes(answer, 1) == [(code, field)]
    fault = answer.json()["results"][1]["faults"][0]
    assert "{" not in fault["detail"]
    assert field in fault["detail"]
    assert only(engine, select(quarantined))["code"] == code


def test_all_that_is_wrong_with_a_record_is_told_at_once_and_in_the_readers_language(client: httpx.Client) -> None:
    wrong = one(direction="out", issued_on="soon", total="lots")

    english = post(client, wrong)
    client.headers["Accept-Language"] = "fr"
    french = post(client, wrong)

    assert codes(english) == [
        ("push_not_one_of", "direction"), ("push_not_a_date", "issued_on"), ("push_not_an_amount", "total"),
    ]  # fmt: skip
    assert english.json()["results"][0]["faults"][0]["detail"] == "direction: “out” is none of sale, purchase."
    assert codes(french) == codes(english)


@pytest.mark.parametrize("row", [None, 7, "F1", [], [[1]], True])
def test_what_is_no_object_is_no_record(client: httpx.Client, row: object) -> None:
    answer = post(client, row, one())

    assert results(answer) == ["refused", "new"]
    assert codes(answer) == [("push_row_not_an_object", None)]
    assert answer.json()["results"][0]["id"] is None


def test_what_was_refused_is_set_aside_as_it_stood_until_it_is_put_right(client: httpx.Client, engine: Engine) -> None:
    post(client, one(total="lots", party_label="Société Été"))
    set_aside = only(engine, select(quarantined))

    post(client, one(total="12"))

    assert (set_aside["stream"], set_aside["place"]) == ("invoices", "F1")
    assert json.loads(set_aside["raw"]) == one(total="lots", party_label="Société Été")
    assert count(engine, quarantined) == 0


def test_a_thousand_unknown_fields_are_not_a_thousand_faults(client: httpx.Client) -> None:
    answer = post(client, one() | {f"x{n}": n for n in range(1000)})

    assert len(codes(answer)) == 5


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "push_not_json"),
        (b"{", "push_not_json"),
        (b"\xff\xfe\xfd", "push_not_json"),
        (b'{"records": [{"total": NaN}]}', "push_not_json"),
        (b'{"records": [{"total": -Infinity}]}', "push_not_json"),
        (b'{"records": [{"total": 1e9999999999999999999}]}', "push_not_json"),
        (b'{"records": [' + b"9" * 5000 + b"]}", "push_not_json"),
        (b'{"records": ' + b"[" * 100_000, "push_not_json"),
        (b"[]", "push_not_an_object"),
        (b"null", "push_not_an_object"),
        (b"{}", "push_records_not_a_list"),
        (b'{"records": {}}', "push_records_not_a_list"),
        (b'{"records": [], "compagny": "x"}', "push_key_unknown"),
        (b'{"records": [], "company": 123456782}', "push_company_not_a_text"),
    ],
)
def test_a_body_that_is_no_batch_is_refused_whole(client: httpx.Client, engine: Engine, body: bytes, code: str) -> None:
    assert title(client.post("/v1/records/invoices", content=body)) == (422, code)
    assert count(engine, connection) == 0


def test_a_batch_beyond_the_limits_is_refused_whole(client: httpx.Client, engine: Engine) -> None:
    many = [one(key=f"F{n}") for n in range(RECORDS_A_BATCH + 1)]

    def unannounced() -> Iterator[bytes]:
        yield from (b" " * 65_536 for _ in range(BATCH_LIMIT // 65_536 + 1))

    assert title(post(client, *many)) == (422, "push_too_many_records")
    assert title(client.post("/v1/records/invoices", content=b" " * (BATCH_LIMIT + 1))) == (413, "push_too_large")
    assert title(client.post("/v1/records/invoices", content=unannounced())) == (413, "push_too_large")
    assert count(engine, document) == 0
    assert results(post(client, *many[1:])) == ["new"] * RECORDS_A_BATCH


def test_a_stream_that_is_none_and_a_ledger_are_refused(client: httpx.Client) -> None:
    wine, ledger = post(client, stream="wine"), post(client, stream="ledger")

    assert title(wine) == (422, "no_such_stream")
    assert "invoices" in wine.json()["detail"]
    assert "ledger" not in wine.json()["params"]["streams"]
    assert title(ledger) == (409, "push_ledger_is_a_file")
    assert "FEC" in ledger.json()["detail"]


def test_a_key_is_needed_before_anything_is_read(client: httpx.Client) -> None:
    with httpx.Client(base_url=client.base_url) as nobody:
        assert title(nobody.post("/v1/records/invoices", content=b"{")) == (401, "not_signed_in")
        assert title(nobody.post("/v1/records/wine", content=b"{")) == (401, "not_signed_in")
        too_large = nobody.post("/v1/records/invoices", content=b" " * (BATCH_LIMIT + 1))
        assert title(too_large) == (401, "not_signed_in")


# Whose they are


def test_the_company_is_meant_by_id_or_siren_or_is_the_only_one(
    client: httpx.Client, engine: Engine, company: str
) -> None:
    with write(engine) as conn:
        demo = add_company(conn, "Démonstration", NOW, zone="Europe/Paris", is_demo=True)
    alone = post(client, one(key="A"))
    with write(engine) as conn:
        other = add_company(conn, "Autre SARL", NOW, zone="Europe/Paris", siren="552100554")

    assert alone.json()["company"] == company
    assert post(client, one(), company=other).json()["company"] == other
    assert post(client, one(), company="552100554").json()["company"] == other
    assert title(post(client, one())) == (422, "push_company_unclear")
    assert title(post(client, one(), company="Autre SARL")) == (404, "no_such_company")
    assert title(post(client, one(), company=demo)) == (409, "demo_takes_no_records")
    assert count(engine, document) == 2


def test_without_a_company_of_ones_own_there_is_nobody_to_push_for(client: httpx.Client, engine: Engine) -> None:
    with write(engine) as conn:
        conn.execute(update(company_table).values(is_demo=True))

    assert title(post(client, one())) == (422, "push_no_company")


# What follows from it


def test_late_invoices_that_are_pushed_are_in_the_next_answer(
    client: httpx.Client, engine: Engine, company: str
) -> None:
    start = date(2026, 1, 5)

    def late(n: int) -> Json:
        issued = start + timedelta(days=n + (30 if n % 2 else 1))
        return one(key=f"F{n}", number=f"F{n}", party="C1", total="120.00", issued_on=issued.isoformat()) | {
            "service_on": (start + timedelta(days=n)).isoformat()
        }

    def level(now: datetime) -> tuple[str, float | None]:
        tick(engine, lambda: now, steps(Settings()))
        with read(engine) as conn:
            newest = latest(conn, company)
        assert newest is not None
        (signal,) = (s for s in newest.content["signals"] if s["name"] == "late_invoicing")
        return signal["level"], signal["primary"]["value"]

    before = level(NOW - timedelta(minutes=1))
    post(client, *(late(n) for n in range(300)))
    after = level(NOW + timedelta(minutes=1))

    assert before == ("unknown", None)
    assert after[0] == "over"
    assert after[1] is not None
    assert after[1] > 0.4


def test_an_empty_batch_says_there_is_nothing_new(client: httpx.Client, engine: Engine) -> None:
    yesterday = NOW - timedelta(days=1)
    post(client, one())
    with write(engine) as conn:
        conn.execute(update(bookmark).values(read_at=yesterday))
        conn.execute(update(connection).values(read_at=yesterday))

    assert results(post(client)) == []

    assert only(engine, select(bookmark))["read_at"] == NOW
    assert only(engine, select(connection))["read_at"] == NOW


def test_a_batch_of_which_nothing_was_understood_does_not_make_the_stream_fresh(
    client: httpx.Client, engine: Engine
) -> None:
    yesterday = NOW - timedelta(days=1)
    never = post(client, one(total="x"), one(total="y"))
    marks = count(engine, bookmark)
    post(client, one())
    with write(engine) as conn:
        conn.execute(update(bookmark).values(read_at=yesterday))
        conn.execute(update(connection).values(read_at=yesterday))

    post(client, one(total="x"))

    assert (results(never), marks) == (["refused", "refused"], 0)
    assert only(engine, select(bookmark))["read_at"] == yesterday
    assert only(engine, select(connection))["read_at"] == yesterday


# What holds of any object


@pytest.mark.parametrize("stream", RECORDS)
def test_an_empty_object_lacks_what_its_record_needs_and_nothing_else(stream: Stream) -> None:
    _, faults = read_object(stream, {}, "0", {})

    needed = set(MINIMAL[stream]) | {"external_id"}
    told = {fault.params["name"] for fault in faults}
    assert {fault.code for fault in faults} == {"push_field_missing"}
    assert "external_id" in told <= needed


def test_every_code_has_a_sentence_and_the_source_a_name() -> None:
    raised = {code for code in SENTENCES if code.startswith("push_")}

    assert len(raised) > 20
    assert label("provider", "push", "en") != "push"


# What the page on it promises

PAGE = (Path(__file__).parents[2] / "docs" / "push.md").read_text()


@pytest.mark.parametrize("stream", RECORDS)
def test_the_fields_of_a_stream_are_listed_in_order(stream: Stream) -> None:
    _, _, after = PAGE.partition(f"\n### {stream}\n")
    table = re.split(r"^#", after, maxsplit=1, flags=re.MULTILINE)[0]
    needed = {fault.params["name"] for fault in read_object(stream, {}, "0", {})[1]}
    listed = [(field.name, "yes" if field.name in needed else "no") for field in fields(RECORDS[stream])]

    assert re.findall(r"^\| `(\w+)` \| (\w+) \|", table, re.MULTILINE) == listed


@pytest.mark.parametrize("code", sorted(code for code in SENTENCES if code.startswith("push_")))
def test_a_code_is_listed(code: str) -> None:
    assert f"`{code}`" in PAGE


def test_the_example_in_python_sends_batches_and_gives_what_was_refused(client: httpx.Client, company: str) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    room: Json = {}
    exec(example, room)  # noqa: S102 - our own page
    address, key = str(client.base_url), client.headers["Authorization"].removeprefix("Bearer ")
    records = [one(key=f"F{n}", issued_on=date(2026, 11, 1), total=Decimal("1.10")) for n in range(1001)]

    refused = room["push"](address, key, company, "invoices", [*records, {"external_id": "X"}])

    assert [row["id"] for row in refused] == ["X"]
    assert results(post(client, one(key="F0", issued_on="2026-11-01", total="1.1"))) == ["unchanged"]


def test_the_example_for_the_shell_can_be_read(client: httpx.Client) -> None:
    (example,) = re.findall(r"--data '(.*?)'", PAGE, re.DOTALL)

    assert results(client.post("/v1/records/invoices", content=example)) == ["new"]
