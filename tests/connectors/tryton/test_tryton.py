"""Tryton against a small server of ours: what a real one shows rarely, or never."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.sights import Standing, look
from connectors.errors import AccessDenied, SourceError, Unavailable
from connectors.records import Stream
from connectors.tryton import PROVIDER
from tests.conftest import NOW
from tests.connectors.tryton.fake_tryton import PASSWORD, FakeTryton, account, connector, pages, records
from tests.connectors.tryton.tryton_rows import at, dunning, hours, invoice, line, office

EVERYTHING = tuple(connector(office()).streams)


def refusal(fake: FakeTryton, **settings: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        pages(fake, Stream.INVOICES, **settings)
    return caught.value


# Which server it is, and who may ask


@pytest.mark.parametrize("version", ["7.0.59", "8.2"])
def test_both_generations_are_found_where_they_answer(version: str) -> None:
    fake = office(invoices=[invoice(1)])
    fake.version = version

    assert list(records(fake, Stream.INVOICES)) == ["1"]


def test_what_is_no_tryton_is_said_to_be_none() -> None:
    def website(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text="<!doctype html><title>Welcome</title>")

    at_a_website = replace(account(office()), transport=httpx.MockTransport(website))
    with pytest.raises(Unavailable) as caught:
        list(PROVIDER.connect(at_a_website).streams[Stream.STAFF](None))
    assert caught.value.code == "tryton_not_there"


def test_a_wrong_password_is_refused_and_never_repeated() -> None:
    error = refusal(office(), password="hunter22")

    assert isinstance(error, AccessDenied)
    assert error.code == "access_refused"
    assert "hunter22" not in f"{error!r} {error.params}"


def test_a_user_without_a_company_is_told_so() -> None:
    fake = office()
    fake.company = None

    assert refusal(fake).code == "tryton_no_company"


def test_a_missing_right_is_named_with_its_model() -> None:
    fake = office(invoices=[invoice(1)])
    fake.forbidden = {"account.move.line"}
    error = refusal(fake)

    assert isinstance(error, AccessDenied)
    assert (error.code, error.params) == ("right_missing", {"right": "Account.Move.Line (account.move.line)"})


def test_a_session_that_ended_is_opened_again_once() -> None:
    fake = office(invoices=[invoice(1)])

    def end(server: FakeTryton, method: str) -> None:
        if method.endswith("res.user.search_read") and server.session == "first":
            server.session = "second"

    fake.before = end
    assert list(records(fake, Stream.INVOICES)) == ["1"]


def test_sessions_that_end_at_once_are_not_opened_for_ever() -> None:
    fake = office(invoices=[invoice(1)])

    def end(server: FakeTryton, method: str) -> None:
        if method.endswith("get_preferences"):
            server.session += "+"

    fake.before = end
    error = refusal(fake)

    assert isinstance(error, AccessDenied)
    assert error.code == "access_refused"


def test_a_password_that_was_refused_is_tried_once_however_many_streams_are_read() -> None:
    fake = office(invoices=[invoice(1)])
    sights = look(PROVIDER, lambda: connector(fake, password="wrong"))

    assert {(sight.standing, sight.code) for sight in sights} == {(Standing.DENIED, "access_refused")}
    assert (len(sights), fake.logins) == (6, 1)  # Tryton locks the user out after five


def test_no_secret_is_in_what_is_shown_of_a_connector() -> None:
    made = connector(office())
    list(made.streams[Stream.STAFF](None))

    assert PASSWORD not in f"{made!r} {made.rpc!r} {vars(made.rpc)['_session']}"


# Answers that are none


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"id": 1, "error": ["\'nosuch\'", "Traceback …"]}', "tryton_error"),
        ('{"id": 1, "error": ["LoginException", ["password", "Password", "password"]]}', "tryton_login"),
        ('{"id": 1, "error": ["UserError", ["Gone.", "", null]]}', "tryton_error"),
        ('{"id": 1, "error": ["RateLimitException", []]}', "tryton_error"),
        ('{"id": 1, "error": "odd"}', "tryton_error"),
        ('{"id": 1}', "not_json"),
        ("[]", "not_json"),
        ("<html>", "not_json"),
        ('{"id": 1, "result": {"id": 7}}', "tryton_error"),
        ('{"id": 1, "result": [7]}', "tryton_error"),
    ],
)
def test_an_error_with_status_200_is_an_error(body: str, code: str) -> None:
    fake = office(invoices=[invoice(1)])
    fake.answer = lambda method: httpx.Response(200, text=body) if method.endswith("invoice.search_read") else None

    assert refusal(fake).code == code


@pytest.mark.parametrize(("status", "code"), [(429, "asked_to_wait"), (500, "answered_badly"), (503, "answered_badly")])
def test_a_server_in_trouble_is_asked_again_later(status: int, code: str) -> None:
    fake = office(invoices=[invoice(1)])
    fake.answer = lambda method: httpx.Response(status) if method.endswith("invoice.search_read") else None
    error = refusal(fake)

    assert isinstance(error, Unavailable)
    assert error.code == code


def test_a_server_that_goes_round_in_circles_is_left() -> None:
    fake = office(invoices=[invoice(n) for n in range(1, 201)])
    fake.is_deaf = True  # to the ids that it is asked to go on from
    assert refusal(fake).code == "tryton_error"


def test_a_module_that_is_not_active_has_no_pages_and_stops_nothing() -> None:
    fake = office(invoices=[invoice(1)])
    for model in ("account.dunning", "account.dunning.level", "timesheet.line"):
        del fake.tables[model]

    assert pages(fake, Stream.REMINDERS) == pages(fake, Stream.TIME) == []
    done = pages(fake, Stream.ACTIVITIES)
    assert [record.external_id for page in done for record in page.records] == ["invoice:1"]
    assert "part" not in done[-1].cursor  # the next reading begins at the invoices again


# Resuming


def test_a_row_never_changed_is_found_by_its_creation() -> None:
    fake = office(invoices=[invoice(1)])
    cursor = pages(fake, Stream.INVOICES)[-1].cursor
    fake.tables["account.invoice"].append(invoice(2, create_date=at(12), write_date=None))

    assert "2" in records(fake, Stream.INVOICES, cursor)


def test_a_row_committed_late_is_within_the_overlap() -> None:
    fake = office(invoices=[invoice(1)])
    cursor = pages(fake, Stream.INVOICES)[-1].cursor
    fake.tables["account.invoice"].append(invoice(2, write_date=at(10, 10) - timedelta(minutes=50), create_date=at(10)))

    assert "2" in records(fake, Stream.INVOICES, cursor)


def test_a_row_changed_behind_a_walk_is_read_by_the_next() -> None:
    fake = office(invoices=[invoice(n) for n in range(1, 250)])
    walk = connector(fake).streams[Stream.INVOICES](None)
    first = next(walk)
    fake.tables["account.invoice"][4] = invoice(5, state="paid", write_date=at(30))
    fake.tables["account.invoice"][240] = invoice(241, write_date=at(31))  # later still: it must not hide the other
    end = [first, *walk][-1].cursor

    assert {"5", "241"} <= set(records(fake, Stream.INVOICES, end))


def test_resuming_within_a_walk_keeps_its_beginning() -> None:
    fake = office(invoices=[invoice(n) for n in range(1, 250)])
    first = next(connector(fake).streams[Stream.INVOICES](None))
    fake.tables["account.invoice"][4] = invoice(5, state="paid", write_date=at(20))
    fake.tables["account.invoice"][240] = invoice(241, write_date=at(31))
    rest = pages(fake, Stream.INVOICES, first.cursor)

    assert {r.external_id for page in rest for r in page.records} == {str(n) for n in range(101, 250)}
    assert "5" in records(fake, Stream.INVOICES, rest[-1].cursor)


def test_a_change_ahead_of_our_clock_does_not_hide_what_follows() -> None:
    fake = office(invoices=[invoice(1, write_date=datetime(2099, 1, 1, tzinfo=UTC))])
    cursor = pages(fake, Stream.INVOICES)[-1].cursor
    fake.tables["account.invoice"].append(invoice(2, create_date=NOW, write_date=NOW))

    assert "2" in records(fake, Stream.INVOICES, cursor)


@pytest.mark.parametrize("stream", EVERYTHING)
def test_an_empty_office_comes_to_an_end(stream: Stream) -> None:
    fake = office()
    fake.tables["company.employee"] = []
    for page in pages(fake, stream):
        assert page.records == ()


def test_other_companies_in_the_database_are_not_read() -> None:
    fake = office(invoices=[invoice(1), invoice(2, company=99)], hours=[hours(1, company=99)])

    assert list(records(fake, Stream.INVOICES)) == ["1"]
    assert records(fake, Stream.TIME) == {}


# Writing


def test_nothing_is_ever_written() -> None:
    fake = office(invoices=[invoice(1)], dunnings=[dunning(5)], hours=[hours(1)], lines=[line(1001)])
    made = connector(fake)
    for pages_of in made.streams.values():
        list(pages_of(None))
    for keys_of in made.keys.values():
        list(keys_of())
    list(made.totals())

    assert {method.rpartition(".")[2] for method in fake.asked} == {"get_preferences", "search_read", "search_count"}
