"""The register: what is written down of processes is kept version by version, and counts where it is written."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, select

from app.assessment import answer_for
from app.books import read_books
from app.companies import add_company
from app.db import read, write
from app.declarations import check, check_sheet, parse_yaml, save_declaration
from app.errors import BadInput
from app.known import as_known
from app.models.register import process_sheet
from app.pages.declaration_form import as_yaml, newest_body
from app.pages.register_form import field_at_fault, fields_of, given_of
from app.people import actors
from app.register import logins_of, sheets_on, versions_of
from app.register_view import entry
from app.replaying import differences
from app.written import as_given
from signals.books import Sheet
from signals.policy import Policy

TODAY = date(2026, 11, 22)
SHEET: dict[str, Any] = {
    "tasks": [
        {"what": "Write invoices from deliveries", "frequency": "weekly", "by": "admin", "tool": "Dolibarr"},
        {"what": "Send them", "frequency": "weekly"},
    ],
    "validation_rules": ["No invoice without an order", {"rule": "The director signs", "above_eur": "1 500,50"}],
    "tools": ["Dolibarr"],
    "owner": "admin",
    "backup": "claire",
    "approval_rule": "The director, above 1,500 €",
    "reviewed_on": "2026-09-01",
}


@pytest.fixture
def engine(sqlite_engine: Engine) -> Engine:
    return sqlite_engine  # what differs between databases is asked once, below


def declare(engine: Engine, company: str, now: datetime, day: str = "2026-11-20", **sheets: Any) -> None:
    body = check({"signed_by": "Mme Roux", "stated_on": day, "processes": sheets}, TODAY)
    with write(engine) as conn:
        save_declaration(conn, company, body, now)


def standing(engine: Engine, company: str, day: date = TODAY) -> Sheet | None:
    with read(engine) as conn:
        said = read_books(conn, company, day).declaration(Policy().declared_valid_days)
    return (said.sheets or {}).get("invoicing") if said else None


def refused(sheet: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(BadInput) as refusal:
        check({"signed_by": "x", "processes": {"bank": sheet}}, TODAY)
    return refusal.value.code, str(refusal.value.params["key"])


@pytest.mark.parametrize(
    ("sheet", "code", "place"),
    [
        ({"tasks": ["match", 3]}, "declaration_not_a_mapping", "tasks[2]"),
        ({"tasks": [{"frequency": "daily"}]}, "declaration_missing", "tasks[1].what"),
        ({"tasks": [{"what": "match", "when": "daily"}]}, "declaration_unknown_key", "tasks[1].when"),
        ({"tasks": [{"what": "match", "frequency": "hourly"}]}, "register_unknown_frequency", "tasks[1].frequency"),
        ({"tasks": [{"what": "match", "by": "Claire"}]}, "unknown_role", "tasks[1].by"),
        ({"tasks": [{"what": ["a"]}]}, "register_not_a_text", "tasks[1].what"),
        ({"tasks": ["x" * 501]}, "register_text_too_long", "tasks[1].what"),
        ({"tasks": ["x"] * 61}, "register_too_long", "tasks"),
        ({"validation_rules": [{"above_eur": 5}]}, "declaration_missing", "validation_rules[1].rule"),
        (
            {"validation_rules": [{"rule": "a", "above_eur": "x"}]},
            "declaration_not_a_number",
            "validation_rules[1].above_eur",
        ),
        (
            {"validation_rules": [{"rule": "a", "above_eur": True}]},
            "declaration_not_a_number",
            "validation_rules[1].above_eur",
        ),
        ({"tools": ["Pennylane", None]}, "register_not_a_text", "tools[2]"),
        ({"owner": 3}, "register_not_a_text", "owner"),
        ({"owner": " "}, "register_not_a_text", "owner"),
        ({"frequency": "daily"}, "declaration_not_yes_or_no", "frequency"),
        ({"tasks": "match"}, "declaration_not_yes_or_no", "tasks"),
    ],
)
def test_what_is_wrong_in_a_sheet_is_said_with_its_place(sheet: dict[str, Any], code: str, place: str) -> None:
    assert refused(sheet) == (code, f"processes.bank.{place}")


def test_one_bad_sheet_keeps_nothing_of_the_others(engine: Engine, company: str, now: datetime) -> None:
    with pytest.raises(BadInput):
        declare(engine, company, now, invoicing=SHEET, bank={"tasks": [{}]})

    with read(engine) as conn:
        assert versions_of(conn, company) == []


def test_a_written_sheet_makes_every_part_a_yes(engine: Engine, company: str, now: datetime) -> None:
    declare(engine, company, now, invoicing=SHEET)

    sheet = standing(engine, company)
    assert sheet is not None
    assert sheet.documented
    assert (sheet.owner, sheet.approval_rule) == (True, True)
    assert sheet.written == {"tasks", "frequency", "validation_rules", "tools", "owner", "approval_rule"}
    assert sheet.reviewed_on == date(2026, 9, 1)


def test_frequency_is_written_only_when_every_task_has_its_own(engine: Engine, company: str, now: datetime) -> None:
    declare(engine, company, now, invoicing={"tasks": [{"what": "a", "frequency": "daily"}, "b"]})

    sheet = standing(engine, company)
    assert sheet is not None
    assert (sheet.tasks, sheet.frequency) == (True, False)


def test_a_yes_without_a_text_still_counts_and_is_told_apart(engine: Engine, company: str, now: datetime) -> None:
    declare(engine, company, now, invoicing={"tasks": ["Write invoices"], "tools": True, "owner": True})

    sheet = standing(engine, company)
    assert sheet is not None
    assert (sheet.tasks, sheet.tools, sheet.owner, sheet.approval_rule) == (True, True, True, False)
    assert sheet.written == {"tasks"}
    _, body = answer_for(engine, company, TODAY)
    with read(engine) as conn:
        version = sheets_on(conn, company, TODAY)["invoicing"]
    parts = dict(entry(body, "invoicing", version, TODAY, "en").parts)
    assert (parts["tasks"], parts["tools"], parts["approval_rule"]) == ("written", "declared", "missing")


def test_a_register_opens_the_gates_without_any_declaration_of_yes(engine: Engine, company: str, now: datetime) -> None:
    declare(engine, company, now, invoicing=SHEET)

    answer, body = answer_for(engine, company, TODAY)
    states = {gate.name.value: gate.state for gate in answer.gates}
    assert (states["formalised"], states["structure"]) == ("passed", "passed")
    assert next(one["sheet"] for one in body["processes"] if one["process"] == "invoicing") == "complete"


def test_a_sheet_outlives_the_declaration_it_came_with(engine: Engine, company: str, now: datetime) -> None:
    declare(engine, company, now, "2025-01-10", invoicing=SHEET | {"reviewed_on": "2025-01-10"})
    declare(engine, company, now, "2026-11-01", bank={"tasks": True})

    sheet = standing(engine, company)
    assert sheet is not None
    assert sheet.documented


def test_a_sheet_nobody_looked_through_for_a_year_is_old_and_says_so(
    engine: Engine, company: str, now: datetime
) -> None:
    declare(engine, company, now, "2025-11-22", invoicing=SHEET | {"reviewed_on": None})

    for day, state, old in ((date(2026, 11, 21), "complete", False), (date(2026, 11, 22), "old", True)):
        answer, body = answer_for(engine, company, day)
        with read(engine) as conn:
            shown = entry(body, "invoicing", sheets_on(conn, company, day)["invoicing"], day, "en")
        assert (shown.state, shown.old) == (state, old)
    assert next(gate.state for gate in answer.gates if gate.name.value == "formalised") == "failed"


def test_every_version_stays_and_a_past_day_has_its_own(engine: Engine, company: str, now: datetime) -> None:
    declare(engine, company, now, "2026-03-01", invoicing={"tasks": ["Write"]})
    declare(engine, company, now, "2026-09-01", invoicing=SHEET)
    declare(engine, company, now, "2026-09-02", invoicing=SHEET)  # says nothing new

    with read(engine) as conn:
        versions = versions_of(conn, company, "invoicing")
        logins = logins_of(conn, company)
        assert sheets_on(conn, company, date(2026, 8, 31))["invoicing"].id == versions[0].id
    assert [one.stated_on for one in versions] == [date(2026, 3, 1), date(2026, 9, 1)]
    assert {logins[one.author] for one in versions} == {"Mme Roux"}
    then = standing(engine, company, date(2026, 8, 31))
    assert then is not None
    assert (then.tasks, then.tools) == (True, False)
    assert standing(engine, company, date(2026, 2, 28)) is None


def test_what_was_written_down_later_was_not_known_before(engine: Engine, company: str, now: datetime) -> None:
    early = datetime(2026, 5, 1, 9, tzinfo=UTC)
    declare(engine, company, early, "2026-03-01", invoicing={"tasks": ["Write"]})
    declare(engine, company, now, "2026-03-02", invoicing=SHEET)

    then = as_known(engine, company, early)
    sheet = standing(then, company, date(2026, 4, 1))
    then.dispose()
    said = {reason.code: reason.params for reason in differences(engine, company, date(2026, 5, 1))}
    assert said["written_since"] == {"n": 1}
    now_known = standing(engine, company, date(2026, 4, 1))
    assert sheet is not None
    assert now_known is not None
    assert (sheet.documented, now_known.documented) == (False, True)


def test_a_sheet_can_be_withdrawn(engine: Engine, company: str, now: datetime) -> None:
    declare(engine, company, now, "2026-03-01", invoicing=SHEET)
    declare(engine, company, now, "2026-03-02", invoicing={"tasks": []})

    sheet = standing(engine, company)
    assert sheet is not None  # declared, with nothing in it
    assert (sheet.documented, sheet.written) == (False, frozenset())


def test_no_login_is_kept_in_a_sheet(engine: Engine, company: str, now: datetime) -> None:
    declare(engine, company, now, invoicing=SHEET)

    with read(engine) as conn:
        (body,) = conn.execute(select(process_sheet.c.body)).scalars()
        claire = next(one.id for one in actors(conn, company) if one.login == "claire")
    assert body["backup"] == {"actor": claire}
    assert body["owner"] == {"role": "admin"}
    assert "claire" not in str(body)


def test_a_sheet_comes_back_as_the_yaml_it_was_given_in(engine: Engine, company: str, now: datetime) -> None:
    declare(engine, company, now, invoicing=SHEET, bank={"tasks": True, "operators": ["claire"]})

    with read(engine) as conn:
        given = newest_body(conn, company)
    assert given is not None
    text = as_yaml(given)
    sheet = yaml.safe_load(text)["processes"]["invoicing"]
    assert sheet["tasks"] == SHEET["tasks"]
    assert sheet["validation_rules"] == [
        "No invoice without an order",
        {"rule": "The director signs", "above_eur": 1500.5},
    ]
    assert (sheet["owner"], sheet["backup"], sheet["reviewed_on"]) == ("admin", "claire", "2026-09-01")
    with write(engine) as conn:
        save_declaration(conn, company, parse_yaml(text, TODAY), now)
    with read(engine) as conn:
        assert len(versions_of(conn, company)) == 1
        assert newest_body(conn, company) == given


def test_the_form_and_yaml_say_the_same(engine: Engine, company: str, now: datetime) -> None:
    declare(engine, company, now, invoicing=SHEET)

    with read(engine) as conn:
        given = as_given(sheets_on(conn, company, TODAY)["invoicing"].body, logins_of(conn, company))
    by_form = check_sheet(given_of(fields_of(given)), "invoicing", TODAY)
    assert by_form == check_sheet(SHEET, "invoicing", TODAY)


def test_the_field_at_fault_is_the_line_that_was_filled_in() -> None:
    fields = {"task_1_what": "a", "task_4_what": "b", "rule_2_rule": "c", "owner_login": "x"}

    assert field_at_fault("processes.bank.tasks[2].by", fields) == "task_4_by"
    assert field_at_fault("processes.bank.validation_rules[1].above_eur", fields) == "rule_2_above_eur"
    assert field_at_fault("processes.bank.owner", fields) == "owner_login"
    assert field_at_fault("processes.bank.reviewed_on", fields) == "reviewed_on"


@pytest.mark.postgres
def test_versions_are_kept_and_read_on_postgresql_too(postgres_engine: Engine, now: datetime) -> None:
    with write(postgres_engine) as conn:
        company = add_company(conn, "Menuiserie Aubrac", now, siren="123456782", zone="Europe/Paris")
    declare(postgres_engine, company, now, "2026-03-01", invoicing={"tasks": ["Write"]})
    declare(postgres_engine, company, now, "2026-09-01", invoicing=SHEET)

    with read(postgres_engine) as conn:
        assert [one.stated_on for one in versions_of(conn, company)] == [date(2026, 3, 1), date(2026, 9, 1)]
    sheet = standing(postgres_engine, company)
    assert sheet is not None
    assert sheet.documented
