"""Personio: who works there, who is away, and which attendances are back-office work."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.base import Cursor, Page, Swept
from connectors.errors import AccessDenied, SourceError, Unavailable
from connectors.personio import PROVIDER, Personio
from connectors.records import Absence, Employee, Process, Record, Stream, TimeEntry
from tests.connectors.personio.fake_personio import (
    NOW,
    FakePersonio,
    attendance,
    employee,
    hourly,
    later,
    time_off,
)

OFFSITE = {"type": "TimeOffType", "attributes": {"id": 9, "name": "Télétravail", "category": "offsite_work"}}
HOLIDAYS = {"type": "TimeOffType", "attributes": {"id": 3, "name": "Congés", "category": "paid_vacation"}}


def _read(connector: Personio, stream: Stream, cursor: Cursor | None = None) -> list[Page]:
    return list(connector.streams[stream](cursor))


def _records(pages: Iterable[Page]) -> list[Record]:
    return [record for page in pages for record in page.records]


def _one(fake: FakePersonio, stream: Stream) -> Any:
    (record,) = _records(_read(fake.connector(), stream))
    return record


def _fault(fake: FakePersonio, stream: Stream) -> tuple[str, str, dict[str, str]]:
    pages = _read(fake.connector(), stream)
    (found,) = [one for page in pages for one in page.faults]
    assert "Odile" not in found.raw
    return found.code, found.place, dict(found.params)


def test_a_member_of_staff_is_told_by_number() -> None:
    record = _one(FakePersonio(employees=[employee(12)]), Stream.STAFF)
    assert record == Employee(
        external_id="12",
        actor="personio:12",
        name="Odile Marchand 12",
        hours_per_week=Decimal(35),
        entered_on=date(2021, 3, 1),
        left_on=None,
        team="Comptabilité",
        source_version="2026-01-05T09:00:00+00:00",
    )


def test_only_what_is_used_is_asked_for() -> None:
    fake = FakePersonio(employees=[employee(12)])
    _read(fake.connector(), Stream.STAFF)
    asked = set(fake.asked[-1].url.params.get_list("attributes[]"))
    assert "id" in asked
    assert not asked & {"email", "fix_salary", "hourly_salary", "gender", "supervisor", "absence_entitlement"}


def test_those_who_left_are_told_with_their_day() -> None:
    left = employee(4, status="inactive", termination_date="2026-06-30T00:00:00+02:00")
    assert _one(FakePersonio(employees=[left]), Stream.STAFF).left_on == date(2026, 6, 30)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2021-03-01", date(2021, 3, 1)),
        ("2021-03-01T00:00:00+0100", date(2021, 3, 1)),
        ("2021-03-01T00:00:00+11:00", date(2021, 3, 1)),
        ("2021-02-28T23:00:00Z", date(2021, 3, 1)),
    ],
)
def test_a_day_is_the_companys_day_however_it_is_written(written: str, day: date) -> None:
    assert _one(FakePersonio(employees=[employee(1, hire_date=written)]), Stream.STAFF).entered_on == day


def test_who_has_no_department_is_told_with_their_team() -> None:
    team = {"type": "Team", "attributes": {"id": 4, "name": "Relance"}}
    assert _one(FakePersonio(employees=[employee(1, department=None, team=team)]), Stream.STAFF).team == "Relance"


@pytest.mark.parametrize("hours", [None, "", "full time", "NaN", "-3", "900"])
def test_hours_that_are_none_are_left_out(hours: str | None) -> None:
    fake = FakePersonio(employees=[employee(1, weekly_working_hours=hours)])
    assert _one(fake, Stream.STAFF).hours_per_week is None


def test_values_may_stand_by_themselves() -> None:
    bare = {
        "type": "Employee",
        "attributes": {"id": 3, "hire_date": "2020-01-01", "department": "Achats", "last_name": "B"},
    }
    fake = FakePersonio(employees=[bare], before=lambda request: _bare(request, bare))
    record = _one(fake, Stream.STAFF)
    assert (record.external_id, record.team, record.name) == ("3", "Achats", "B")


def _bare(request: httpx.Request, row: Any) -> httpx.Response | None:
    if request.url.path.endswith("/employees"):
        return httpx.Response(200, json={"success": True, "data": [row]})
    return None


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (employee(4, status="inactive"), ("personio_left_without_date", "4", {})),
        (
            employee(4, hire_date="soon"),
            ("personio_value_unreadable", "4", {"field": "hire_date", "value": "soon"}),
        ),
        (employee(4, id=None), ("personio_field_missing", "?", {"field": "id"})),
        (
            employee(4, termination_date={"on": 1}),
            ("personio_value_unreadable", "4", {"field": "termination_date", "value": "dict"}),
        ),
    ],
)
def test_a_member_of_staff_who_makes_no_sense_is_set_aside(row: Any, fault: tuple[str, str, dict[str, str]]) -> None:
    assert _fault(FakePersonio(employees=[row]), Stream.STAFF) == fault


def test_an_absence_says_when_and_not_why() -> None:
    record = _one(FakePersonio(time_offs=[time_off(8, "2026-02-02", "2026-02-06")]), Stream.ABSENCES)
    assert record == Absence(
        external_id="days:8",
        employee_id="1",
        start_on=date(2026, 2, 2),
        end_on=date(2026, 2, 6),
        source_version="2026-01-05T09:00:00+00:00",
    )


@pytest.mark.parametrize(
    ("flags", "days"),
    [
        ({"half_day_start": True}, (date(2026, 2, 3), date(2026, 2, 6))),
        ({"half_day_end": True}, (date(2026, 2, 2), date(2026, 2, 5))),
        ({"half_day_start": None, "half_day_end": "no"}, (date(2026, 2, 2), date(2026, 2, 6))),
    ],
)
def test_half_a_day_is_a_day_present(flags: dict[str, Any], days: tuple[date, date]) -> None:
    record = _one(FakePersonio(time_offs=[time_off(8, "2026-02-02", "2026-02-06", **flags)]), Stream.ABSENCES)
    assert (record.start_on, record.end_on) == days


@pytest.mark.parametrize(
    "row",
    [
        time_off(8, "2026-02-02", "2026-02-02", half_day_start=True),
        time_off(8, "2026-02-02", "2026-02-06", status="pending"),
        time_off(8, "2026-02-02", "2026-02-06", status="Rejected"),
        time_off(8, "2026-02-02", "2026-02-06", time_off_type=OFFSITE),
    ],
    ids=["half a day", "not approved yet", "rejected", "working elsewhere"],
)
def test_who_is_not_away_is_not_told_and_no_longer_told(row: Any) -> None:
    pages = _read(FakePersonio(time_offs=[row]).connector(), Stream.ABSENCES)
    assert _records(pages) == []
    assert [one for page in pages for one in page.gone] == ["days:8"]


def test_hours_away_count_as_days_where_most_of_the_day_was_taken() -> None:
    rows = [
        hourly("a", {"2026-03-02": 120, "2026-03-03": 480, "2026-03-04": 360, "2026-03-05": 240}),
        hourly("b", {"2026-03-09": 90}),
    ]
    pages = _read(FakePersonio(hours=rows, types=[HOLIDAYS]).connector(), Stream.ABSENCES)
    (record,) = _records(pages)
    assert isinstance(record, Absence)
    assert (record.external_id, record.start_on, record.end_on) == ("hours:a", date(2026, 3, 3), date(2026, 3, 4))
    assert [one for page in pages for one in page.gone] == ["hours:b"]


def test_hours_at_another_place_are_not_away() -> None:
    row = hourly("a", {"2026-03-02": 480}, absence_type={"attributes": {"id": "u", "time_off_type_id": 9}})
    fake = FakePersonio(hours=[row, hourly("b", {"2026-03-03": 480})], types=[HOLIDAYS, OFFSITE])
    assert _one(fake, Stream.ABSENCES).external_id == "hours:b"
    assert sum(request.url.path.endswith("types") for request in fake.asked) == 1


@pytest.mark.parametrize(
    ("row", "code", "params"),
    [
        (time_off(8, "2026-02-06", "2026-02-02"), "dates_reversed", {"start": "2026-02-06", "end": "2026-02-02"}),
        (
            time_off(8, "2017-12-27", "2017-12-79"),
            "value_unreadable",
            {"field": "end_date", "value": "2017-12-79T00:00:00+0100"},
        ),
        (
            time_off(8, "2026-02-02", "2026-02-03", status="melted"),
            "value_unknown",
            {"field": "status", "value": "melted"},
        ),
        (time_off(8, "2026-02-02", "2026-02-03", status=None), "field_missing", {"field": "status"}),
        (time_off(8, "2026-02-02", "2026-02-03", employee=None), "field_missing", {"field": "employee"}),
    ],
)
def test_an_absence_that_makes_no_sense_is_set_aside(row: Any, code: str, params: dict[str, str]) -> None:
    assert _fault(FakePersonio(time_offs=[row]), Stream.ABSENCES) == (f"personio_{code}", "days:8", params)


@pytest.mark.parametrize("breakdowns", [None, [], "all", [{"date": "2026-03-02"}], ["x"]])
def test_hours_without_their_days_are_set_aside(breakdowns: Any) -> None:
    row = hourly("a", {"2026-03-02": 480}, breakdowns=breakdowns)
    assert _fault(FakePersonio(hours=[row], types=[HOLIDAYS]), Stream.ABSENCES)[:2] == (
        "personio_field_missing",
        "hours:a",
    )


def test_an_attendance_on_back_office_work_is_told_in_minutes() -> None:
    record = _one(FakePersonio(attendances=[attendance(31, "2026-05-04")]), Stream.TIME)
    assert record == TimeEntry(
        external_id="31",
        actor="personio:1",
        worked_on=date(2026, 5, 4),
        minutes=195,
        process=Process.DUNNING,
        source_version="2026-05-04T17:00:00+00:00",
    )


def test_the_comment_counts_where_no_project_does_and_neither_is_kept() -> None:
    row = attendance(31, "2026-05-04", project="Chantier Aubrac", comment="Rapprochement bancaire avec Odile")
    record = _one(FakePersonio(attendances=[row]), Stream.TIME)
    assert record.process is Process.BANK
    assert "Odile" not in repr(record)


@pytest.mark.parametrize(
    "other",
    [
        {"project": "Chantier Aubrac"},
        {"project": None},
        {"status": "pending", "end_time": None},
        {"status": "rejected"},
        {"break": 210},
    ],
)
def test_an_attendance_that_is_not_back_office_work_is_left_out(other: dict[str, Any]) -> None:
    pages = _read(FakePersonio(attendances=[attendance(31, "2026-05-04", **other)]).connector(), Stream.TIME)
    assert _records(pages) == []
    assert [one for page in pages for one in page.gone] == ["31"]


def test_the_words_are_the_companys() -> None:
    fake = FakePersonio(attendances=[attendance(1, "2026-05-04", project="Paperasse"), attendance(2, "2026-05-04")])
    pages = _read(fake.connector(admin_words="paperasse=tax"), Stream.TIME)
    assert [(one.external_id, one.process) for one in _records(pages) if isinstance(one, TimeEntry)] == [
        ("1", Process.TAX)
    ]


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [("20:00", "00:00", 225), ("20:00", "24:00", 225), ("9:00", "10:00:00", 45)],
)
def test_a_time_of_day_is_read_as_it_is_written(start: str, end: str, minutes: int) -> None:
    fake = FakePersonio(attendances=[attendance(1, "2026-05-04", start_time=start, end_time=end)])
    assert _one(fake, Stream.TIME).minutes == minutes


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"start_time": "12:00", "end_time": "09:00"}, "personio_times_reversed"),
        ({"break": 999}, "personio_times_reversed"),
        ({"end_time": None}, "personio_field_missing"),
        ({"end_time": "noon"}, "personio_value_unreadable"),
        ({"end_time": "25:00"}, "personio_value_unreadable"),
        ({"status": "melted"}, "personio_value_unknown"),
        ({"employee": None}, "personio_field_missing"),
    ],
)
def test_an_attendance_that_makes_no_sense_is_set_aside(other: dict[str, Any], code: str) -> None:
    assert _fault(FakePersonio(attendances=[attendance(31, "2026-05-04", **other)]), Stream.TIME)[:2] == (code, "31")


def test_what_changed_is_asked_for_with_an_overlap() -> None:
    fake = FakePersonio(
        employees=[employee(1), employee(2)],
        time_offs=[time_off(8, "2026-02-02", "2026-02-06")],
        attendances=[attendance(31, "2026-05-04")],
    )
    cursors = {stream: _read(fake.connector(), stream)[-1].cursor for stream in fake.connector().streams}
    fresh = (NOW - timedelta(hours=30)).isoformat()  # committed late: before the last reading, and not in it
    fake.employees[1]["attributes"]["last_modified_at"]["value"] = fresh
    fake.time_offs.append(time_off(9, "2026-03-02", "2026-03-02", updated_at=fresh))
    fake.attendances.append(attendance(32, "2026-05-05", updated_at=fresh))
    read = {
        stream: [one.external_id for one in _records(_read(fake.connector(now=later(1)), stream, cursor))]
        for stream, cursor in cursors.items()
    }
    assert read == {Stream.STAFF: ["2"], Stream.ABSENCES: ["days:9"], Stream.TIME: ["32"]}


def test_other_words_make_time_begin_anew_and_take_back_what_no_longer_counts() -> None:
    fake = FakePersonio(attendances=[attendance(31, "2019-05-06"), attendance(32, "2019-05-06", project="Inventaire")])
    cursor = _read(fake.connector(), Stream.TIME)[-1].cursor
    pages = _read(fake.connector(admin_words="inventaire=documents"), Stream.TIME, cursor)
    assert [one.external_id for one in _records(pages)] == ["32"]
    assert [one for page in pages for one in page.gone] == ["31"]


def test_attendances_are_read_on_from_the_year_they_were_at() -> None:
    rows = [attendance(n, f"{2015 + n}-06-01") for n in range(1, 12)]
    fake = FakePersonio(attendances=rows)
    pages = _read(fake.connector(), Stream.TIME)
    every = {one.external_id for one in _records(pages)}
    assert len(every) == 11
    for n, page in enumerate(pages):
        before = {one.external_id for one in _records(pages[: n + 1])}
        after = {one.external_id for one in _records(_read(fake.connector(now=later(3)), Stream.TIME, page.cursor))}
        assert before | after == every, page.cursor


def test_what_changed_during_a_long_first_reading_comes_afterwards() -> None:
    fake = FakePersonio(attendances=[attendance(1, "2016-06-01"), attendance(2, "2026-06-01")])
    halfway = next(page for page in _read(fake.connector(), Stream.TIME) if page.cursor["year"] == "2020")
    fake.attendances.append(attendance(3, "2016-06-02", updated_at=later(1).isoformat()))
    last = _read(fake.connector(now=later(9)), Stream.TIME, halfway.cursor)[-1]
    found = _records(_read(fake.connector(now=later(10)), Stream.TIME, last.cursor))
    assert [one.external_id for one in found] == ["3"]


@pytest.mark.parametrize("offsets", ["rows", "pages from 0", "pages from 1"])
@pytest.mark.parametrize("count", [0, 1, 200, 201, 400, 401, 1000])
@pytest.mark.parametrize("tells_total", [True, False])
def test_lists_are_read_whole_however_they_are_paged(offsets: str, count: int, tells_total: bool) -> None:
    rows = [time_off(n, "2026-02-02", "2026-02-06") for n in range(count)]
    fake = FakePersonio(time_offs=rows, offsets=offsets, tells_total=tells_total)
    found = [one.external_id for one in _records(_read(fake.connector(), Stream.ABSENCES))]
    assert sorted(found) == sorted(f"days:{n}" for n in range(count))


@pytest.mark.parametrize("largest", [1, 3, 25])
def test_a_server_with_smaller_pages_is_read_whole(largest: int) -> None:
    fake = FakePersonio(time_offs=[time_off(n, "2026-02-02", "2026-02-06") for n in range(40)], largest=largest)
    assert len(_records(_read(fake.connector(), Stream.ABSENCES))) == 40


@pytest.mark.parametrize("offsets", ["rows", "pages from 0"])
def test_rows_that_go_while_the_list_is_read_hide_no_other(offsets: str) -> None:
    rows = [time_off(n, "2026-02-02", "2026-02-06") for n in range(600)]
    fake = FakePersonio(time_offs=rows, offsets=offsets)
    lists = 0

    def lose(request: httpx.Request) -> None:
        nonlocal lists
        if request.url.path.endswith("time-offs"):
            lists += 1
            if lists in (2, 3):
                del rows[:30]

    fake.before = lose
    found = {one.external_id for one in _records(_read(fake.connector(), Stream.ABSENCES))}
    assert found >= {f"days:{n}" for n in range(60, 600)}


def test_rows_that_go_while_others_come_hide_no_other() -> None:
    """The list stays as long as it was: only pages that overlap tell."""
    rows = [time_off(n, "2026-02-02", "2026-02-06") for n in range(600)]
    fake = FakePersonio(time_offs=rows)

    def turn(request: httpx.Request) -> None:
        if request.url.path.endswith("time-offs") and len(fake.asked) > 3:
            del rows[:5]
            rows.extend(time_off(len(fake.asked) * 1000 + n, "2026-02-02", "2026-02-06") for n in range(5))

    fake.before = turn
    found = {one.external_id for one in _records(_read(fake.connector(), Stream.ABSENCES))}
    assert found >= {f"days:{n}" for n in range(50, 600)}


def test_a_list_that_says_more_than_it_has_comes_to_an_end() -> None:
    fake = FakePersonio(time_offs=[time_off(1, "2026-02-02", "2026-02-06")])
    body = {"success": True, "data": fake.time_offs, "metadata": {"total_elements": 7}}
    fake.before = lambda request: httpx.Response(200, json=body) if request.url.path.endswith("time-offs") else None
    with pytest.raises(Unavailable, match="pages_repeat"):
        _read(fake.connector(), Stream.ABSENCES)


def test_staff_that_changed_comes_all_at_once() -> None:
    fake = FakePersonio(employees=[employee(n) for n in range(450)], tells_total=False)
    cursor = {"since": "2025-01-01T00:00:00+00:00"}
    assert len(_records(_read(fake.connector(), Stream.STAFF, cursor))) == 450


def test_the_ids_that_count_are_those_of_the_records() -> None:
    fake = FakePersonio(
        employees=[employee(1), employee(2)],
        time_offs=[time_off(8, "2026-02-02", "2026-02-06"), time_off(9, "2026-02-02", "2026-02-06", status="pending")],
        hours=[hourly("a", {"2026-03-03": 480}), hourly("b", {"2026-03-03": 30})],
        types=[HOLIDAYS],
        attendances=[
            attendance(31, "2017-05-04"),
            attendance(32, "2026-05-04", project=None),
            attendance(33, "2026-05-04", status="melted"),
        ],
    )
    connector = fake.connector()
    assert isinstance(connector, Swept)
    found = {stream: [one for some in keys() for one in some] for stream, keys in connector.keys.items()}
    assert found == {Stream.STAFF: ["1", "2"], Stream.ABSENCES: ["days:8", "hours:a"], Stream.TIME: ["31", "33"]}
    assert fake.asked[1].url.params.get_list("attributes[]") == ["id"]


def test_tokens_that_are_good_for_one_request_are_followed() -> None:
    fake = FakePersonio(employees=[employee(n) for n in range(700)], rotates=True)
    assert len(_records(_read(fake.connector(), Stream.STAFF))) == 700
    assert sum(request.url.path == "/v1/auth" for request in fake.asked) == 1


def test_a_token_that_ended_is_asked_for_anew_once() -> None:
    fake = FakePersonio(employees=[employee(1)])
    connector = fake.connector()
    _read(connector, Stream.STAFF)
    fake.tokens.clear()
    assert _records(_read(connector, Stream.STAFF))
    assert sum(request.url.path == "/v1/auth" for request in fake.asked) == 2


def test_wrong_credentials_are_for_a_person_to_correct() -> None:
    account = FakePersonio().account(secret="wrong-SECRET")
    with pytest.raises(AccessDenied) as caught:
        list(PROVIDER.connect(account).streams[Stream.STAFF](None))
    assert caught.value.params == {"host": "api.personio.de", "status": "403"}
    assert "SECRET" not in repr(caught.value) + repr(account)


@pytest.mark.parametrize(
    ("stream", "path", "right"),
    [
        (Stream.STAFF, "employees", "Employees: read"),
        (Stream.ABSENCES, "time-offs", "Absences: read"),
        (Stream.ABSENCES, "absence-periods", "Absences: read"),
        (Stream.TIME, "attendances", "Attendances: read"),
    ],
)
def test_a_right_that_is_missing_is_named(stream: Stream, path: str, right: str) -> None:
    fake = FakePersonio(forbidden={f"/v1/company/{path}"})
    with pytest.raises(AccessDenied) as caught:
        _read(fake.connector(), stream)
    assert (caught.value.code, caught.value.params) == ("right_missing", {"right": right})


def test_an_attribute_that_is_hidden_is_a_right_that_is_missing() -> None:
    fake = FakePersonio(employees=[employee(1)], hidden={"hire_date"})
    with pytest.raises(AccessDenied) as caught:
        _read(fake.connector(), Stream.STAFF)
    assert caught.value.params == {"right": "Employees: read (hire_date)"}


def test_a_hidden_name_is_none() -> None:
    fake = FakePersonio(employees=[employee(1)], hidden={"first_name", "last_name", "department"})
    record = _one(fake, Stream.STAFF)
    assert (record.name, record.team) == (None, None)


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (httpx.Response(200, json={"success": False, "error": {"code": 403}}), AccessDenied, "right_missing"),
        (httpx.Response(200, json={"success": False, "error": {"code": 401}}), AccessDenied, "access_refused"),
        (httpx.Response(200, json={"success": False, "error": {"code": 0}}), Unavailable, "answered_badly"),
        (httpx.Response(200, json={"success": True, "data": None}), Unavailable, "answered_badly"),
        (httpx.Response(200, json=[]), Unavailable, "answered_badly"),
        (httpx.Response(200, text="<html>"), Unavailable, "not_json"),
        (httpx.Response(429), Unavailable, "asked_to_wait"),
        (httpx.Response(500), Unavailable, "answered_badly"),
    ],
)
def test_an_answer_that_is_none_is_named_by_its_remedy(
    answer: httpx.Response, error: type[SourceError], code: str
) -> None:
    fake = FakePersonio(before=lambda request: None if request.url.path == "/v1/auth" else answer)
    with pytest.raises(error) as caught:
        _read(fake.connector(), Stream.STAFF)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text='"token-SECRET'),
        httpx.Response(200, json={"success": True, "data": {"tok": "token-SECRET"}}),
        httpx.Response(200, json=["token-SECRET"]),
        httpx.Response(200, json={"success": False, "error": {"message": "token-SECRET"}}),
        httpx.Response(500, text="token-SECRET"),
    ],
)
def test_no_token_is_in_an_error(answer: httpx.Response) -> None:
    fake = FakePersonio(before=lambda _: answer)
    with pytest.raises(SourceError) as caught:
        _read(fake.connector(), Stream.STAFF)
    assert "SECRET" not in repr(caught.value) + str(caught.value.params) + repr(caught.value.__cause__)


def test_rows_of_another_form_are_set_aside_beside_the_good_ones() -> None:
    fake = FakePersonio(time_offs=[time_off(8, "2026-02-02", "2026-02-06")])
    rows: list[Any] = [None, 7, "x", [], {}, *fake.time_offs]
    body = {"success": True, "data": rows, "metadata": "none"}
    fake.before = lambda request: httpx.Response(200, json=body) if request.url.path.endswith("time-offs") else None
    pages = _read(fake.connector(), Stream.ABSENCES)
    assert [one.external_id for one in _records(pages)] == ["days:8"]
    assert {one.place for page in pages for one in page.faults} == {"days:?"}
