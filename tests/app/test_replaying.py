"""Past days again: the two cuts, why they differ, and that the quick way says what a whole assessment says."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, insert

from app.assessment import answer_for, assess_company
from app.companies import add_company, connection_for, find_company
from app.db import read, write
from app.declarations import check, save_declaration
from app.errors import BadInput
from app.intake import find_source, save_page, sync
from app.models.core import bookmark
from app.replay_cli import dry_run, replay, settings_asked, span
from app.replaying import days_between, differences, glances_now, past
from connectors.base import Page
from connectors.demo import Demo
from connectors.records import Direction, DocumentKind, DocumentStatus, Invoice, Stream

DAY = timedelta(days=1)
INVOICE = Invoice(
    external_id="F1", direction=Direction.SALE, kind=DocumentKind.INVOICE, status=DocumentStatus.FINAL, number="F1",
    party="C1", issued_on=date(2026, 3, 10), total=Decimal(120),
)  # fmt: skip


def bring(engine: Engine, company_id: str, now: datetime, *records: Invoice) -> None:
    with write(engine) as conn:
        source = find_source(conn, connection_for(conn, company_id, "csv", now))
        save_page(conn, source, Stream.INVOICES, Page(records, {}), now)


@pytest.fixture
def grown(sqlite_engine: Engine, now: datetime) -> tuple[Engine, str]:
    """A made-up company, read once up to the day before."""
    with write(sqlite_engine) as conn:
        company_id = add_company(conn, "Atelier", now, zone="Europe/Paris")
        connection_id = connection_for(conn, company_id, "demo", now)
        begin = {"connection_id": connection_id, "cursor": {"since": "2025-10", "month": "2025-10"}, "read_at": now}
        streams = Demo(date(2026, 8, 20)).streams
        conn.execute(insert(bookmark), [begin | {"stream": stream.value} for stream in streams])
    sync(sqlite_engine, connection_id, Demo(until=date(2026, 8, 20)), now)
    return sqlite_engine, company_id


def test_books_read_once_and_cut_decide_as_a_whole_assessment_of_each_day(grown: tuple[Engine, str]) -> None:
    engine, company_id = grown
    days = [date(2026, 2, 28), date(2026, 5, 17), date(2026, 8, 20)]

    for day, (quick,) in zip(days, glances_now(engine, company_id, days), strict=True):
        answer, _ = answer_for(engine, company_id, day)
        assert quick.levels == {signal.name: signal.level for signal in answer.signals}
        assert (quick.verdict, quick.row) == (answer.verdict, answer.row)
        assert quick.silent == {signal.name for signal in answer.signals if signal.frozen_on}


def test_a_stricter_limit_is_passed_by_more(grown: tuple[Engine, str]) -> None:
    engine, company_id = grown
    changes = settings_asked(["late_issued_limit=0.001", "director_hours_limit=0.5"])

    ((plain, strict),) = glances_now(engine, company_id, [date(2026, 8, 20)], ({}, changes))

    def over(levels: object) -> set[str]:
        return {name for name, level in levels.items() if level == "over"}  # type: ignore[attr-defined]

    assert over(plain.levels) < over(strict.levels)


def test_before_anything_was_known_there_is_no_answer_of_then(engine: Engine, company: str, now: datetime) -> None:
    bring(engine, company, now, INVOICE)

    assert past(engine, company, now.date() - 30 * DAY).how == "nothing"
    assert past(engine, company, now.date()).how == "rebuilt"


def test_the_answer_kept_from_a_day_is_what_was_said_then_and_one_made_later_is_not(
    engine: Engine, company: str, now: datetime
) -> None:
    bring(engine, company, now, INVOICE)
    assess_company(engine, company, now)
    assess_company(engine, company, now + 2 * DAY, now.date() - 10 * DAY)

    assert past(engine, company, now.date()).how == "kept"
    assert past(engine, company, now.date() - 10 * DAY).how == "nothing"


def test_what_came_changed_and_went_later_is_counted_by_stream(engine: Engine, company: str, now: datetime) -> None:
    second, late = replace(INVOICE, external_id="F2"), replace(INVOICE, external_id="F3")
    after = replace(INVOICE, external_id="F4", issued_on=now.date() + 2 * DAY)
    bring(engine, company, now, INVOICE, second)
    assert differences(engine, company, now.date()) == ()

    bring(engine, company, now + 3 * DAY, replace(INVOICE, total=Decimal(99)), late, after)
    said = [(reason.code, reason.params) for reason in differences(engine, company, now.date())]

    assert said == [
        ("learnt_later", {"stream": "invoices", "n": 1}),
        ("changed_since", {"stream": "invoices", "n": 1}),
    ]


def test_settings_and_statements_made_afterwards_for_a_day_are_named(
    engine: Engine, company: str, now: datetime
) -> None:
    bring(engine, company, now, INVOICE)
    body = {"signed_by": "Paul Roche", "stated_on": now.date().isoformat(), "limits": {"error_limit": 0.07}}
    with write(engine) as conn:
        save_declaration(conn, company, check(body, now.date() + DAY), now + DAY)

    said = {reason.code: reason.params for reason in differences(engine, company, now.date())}

    assert said == {"settings_since": {"names": "error_limit"}, "declared_since": {"n": 1}}


def test_days_are_month_ends_or_sundays_and_the_last_day_itself() -> None:
    months = days_between(date(2026, 1, 15), date(2026, 3, 10), "month")
    weeks = days_between(date(2026, 3, 2), date(2026, 3, 18), "week")

    assert months == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 10)]
    assert weeks == [date(2026, 3, 8), date(2026, 3, 15), date(2026, 3, 18)]
    assert days_between(date(2026, 3, 8), date(2026, 3, 8), "week") == [date(2026, 3, 8)]


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (["late_issued_limit"], "setting_without_value"),
        (["late_isued_limit=0.2"], "setting_unknown_near"),
        (["late_issued_limit=much"], "setting_not_a_number"),
        (["late_issued_limit=-1"], "setting_out_of_range"),
    ],
)
def test_a_setting_that_will_not_do_is_refused_by_name(texts: list[str], code: str) -> None:
    with pytest.raises(BadInput) as refused:
        settings_asked(texts)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("2026-13-01", None, "bad_day"),
        (None, "2027-01-01", "day_in_the_future"),
        ("2026-05-01", "2026-04-01", "span_backwards"),
        ("2010-01-01", None, "span_too_long"),
    ],
)
def test_a_span_that_will_not_do_is_refused(first: str | None, last: str | None, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        span(date(2026, 8, 20), first, last, "week")

    assert refused.value.code == code


def test_the_timeline_and_a_dry_run_are_told_as_text_and_as_json(
    grown: tuple[Engine, str], capsys: pytest.CaptureFixture[str]
) -> None:
    engine, company_id = grown
    with read(engine) as conn:
        row = find_company(conn, company_id)
    days = [date(2026, 7, 31), date(2026, 8, 20)]

    replay(engine, row, days, "both", language="en")
    text = capsys.readouterr().out
    replay(engine, row, days, "both", language="en", as_json=True)
    first, _ = json.loads(capsys.readouterr().out)
    dry_run(engine, row, days, settings_asked(["late_issued_limit=0.2"]), language="en")
    ran = capsys.readouterr().out

    assert "1 Late invoicing and dunning" in text
    assert "nothing was known yet" in text
    assert (first["as_of"], first["as_known_then"]["how"], first["differs"]) == ("2026-07-31", "nothing", False)
    assert set(first["as_known_now"]["levels"].values()) <= {"calm", "watch", "over", "unknown"}
    assert "late_issued_limit = 0.2" in ran
    assert "it would have fired" in ran
