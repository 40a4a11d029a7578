"""Declarations: what is wrong is said with its key, what is right is kept without a name."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select

from app.db import read, write
from app.declarations import KEYS, check, parse_yaml, read_declarations, save_declaration
from app.errors import BadInput
from app.example import EXAMPLE
from app.models.people import declaration
from app.people import actors
from app.policies import read_policy
from signals.books import Books, Range, Tool
from signals.policy import Policy

TODAY = date(2026, 11, 22)
SIGNED: dict[str, Any] = {"signed_by": "M. Lefèvre"}


def read_it(given: dict[str, Any] | str) -> dict[str, Any]:
    return parse_yaml(given, TODAY) if isinstance(given, str) else check(SIGNED | given, TODAY)


def refused(given: dict[str, Any] | str) -> tuple[str, dict[str, Any]]:
    with pytest.raises(BadInput) as refusal:
        read_it(given)
    return refusal.value.code, refusal.value.params


def declare(engine: Engine, company_id: str, now: datetime, **said: Any) -> None:
    with write(engine) as conn:
        save_declaration(conn, company_id, check(SIGNED | said, TODAY), now)


@pytest.mark.parametrize(
    ("given", "code", "key"),
    [
        ({"directors_hours": 3}, "declaration_unknown_key", "directors_hours"),
        ({"stated_on": "2026-13-01"}, "declaration_bad_date", "stated_on"),
        ({"since": "yesterday"}, "declaration_bad_date", "since"),
        ({"director_hours": [5, 3]}, "declaration_bad_range", "director_hours"),
        ({"director_hours": [1, 2, 3]}, "declaration_bad_range", "director_hours"),
        ({"director_hours": []}, "declaration_bad_range", "director_hours"),
        ({"admin_rate": "much"}, "declaration_not_a_number", "admin_rate"),
        ({"admin_rate": -1}, "declaration_not_a_number", "admin_rate"),
        ({"admin_rate": True}, "declaration_not_a_number", "admin_rate"),
        ({"admin_rate": float("nan")}, "declaration_not_a_number", "admin_rate"),
        ({"admin_rate": 10**400}, "declaration_not_a_number", "admin_rate"),
        ({"admin_rate": {"low": 1}}, "declaration_not_a_number", "admin_rate"),
        ({"restructuring": "maybe"}, "declaration_not_yes_or_no", "restructuring"),
        ({"tools": {"name": "a"}}, "declaration_not_a_list", "tools"),
        ({"tools": ["a"]}, "declaration_not_a_mapping", "tools[1]"),
        ({"tools": [{"name": "a"}, {"eur_per_month": 4}]}, "declaration_missing", "tools[2].name"),
        ({"tools": [{"name": "a", "eur_per_month": "x"}]}, "declaration_not_a_number", "tools[1].eur_per_month"),
        ({"tools": [{"name": "a", "process": "cooking"}]}, "declaration_unknown_process", "tools[1].process"),
        ({"tools": [{"name": "a", "price": 3}]}, "declaration_unknown_key", "tools[1].price"),
        ({"processes": ["bank"]}, "declaration_not_a_mapping", "processes"),
        ({"processes": {"cooking": {}}}, "declaration_unknown_process", "processes"),
        ({"processes": {"bank": 3}}, "declaration_not_a_mapping", "processes.bank"),
        ({"processes": {"bank": {"owners": True}}}, "declaration_unknown_key", "processes.bank.owners"),
        ({"processes": {"bank": {1: True, "x": True}}}, "declaration_unknown_key", "processes.bank.1"),
        ({"processes": {"bank": {"frequency": "often"}}}, "declaration_not_yes_or_no", "processes.bank.frequency"),
        ({"processes": {"bank": {"operators": "claire"}}}, "declaration_not_a_list", "processes.bank.operators"),
        ({"processes": {"bank": {"reviewed_on": "May"}}}, "declaration_bad_date", "processes.bank.reviewed_on"),
        ({"people": ["claire"]}, "declaration_not_a_mapping", "people"),
        ({"people": {"claire": 3}}, "declaration_not_a_mapping", "people.claire"),
        ({"people": {"claire": "boss"}}, "unknown_role", "people.claire"),
        ({"people": {"claire": {"role": ["admin"]}}}, "unknown_role", "people.claire"),
        ({"people": {"claire": {"roll": "admin"}}}, "declaration_unknown_key", "people.claire.roll"),
        ({"baseline": "2025"}, "declaration_bad_range", "baseline"),
        ({"baseline": ["2025-12-31", "2025-01-01"]}, "declaration_bad_range", "baseline"),
        ({"baseline": ["2025-01-01", "soon"]}, "declaration_bad_date", "baseline"),
        ({"limits": 3}, "declaration_not_a_mapping", "limits"),
        ({"limits": {"director_hour_limit": 3}}, "declaration_unknown_key", "limits.director_hour_limit"),
        ({"limits": {"error_limit": "five"}}, "setting_not_a_number", "limits.error_limit"),
        ({"limits": {"error_limit": 5}}, "setting_out_of_range", "limits.error_limit"),
        ({"limits": {"change_days": 60.5}}, "setting_not_whole", "limits.change_days"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(given: dict[str, Any], code: str, key: str) -> None:
    found, params = refused(given)

    assert (found, params["key"]) == (code, key)


@pytest.mark.parametrize(
    ("text", "code", "params"),
    [
        ("signed_by: x\ntools: [", "yaml_unreadable", {"line": 2}),
        ("- a\n- b", "yaml_not_a_mapping", {}),
        ("", "yaml_not_a_mapping", {}),
        ("director_hours: 3", "declaration_unsigned", {}),
        ("signed_by: ' '", "declaration_unsigned", {}),
        ("signed_by: x\nstated_on: 2026-11-23", "declaration_from_the_future", {"day": "2026-11-23"}),
        ("signed_by: x\nsince: 2026-02-30", "declaration_bad_date", {"key": "since", "value": "2026-02-30"}),
    ],
)
def test_a_text_that_is_no_declaration_is_refused(text: str, code: str, params: dict[str, Any]) -> None:
    assert refused(text) == (code, params)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (35, [35.0, 35.0]),
        ([9, 12.5], [9.0, 12.5]),
        ("2\u202f400,50", [2400.5, 2400.5]),
        (["1 000", "1\xa0200,75"], [1000.0, 1200.75]),
        (0, [0.0, 0.0]),
    ],
)
def test_a_range_is_one_number_or_two_in_french_or_english(given: Any, kept: list[float]) -> None:
    assert check(SIGNED | {"provider_price": given}, TODAY)["provider_price"] == kept


def test_dates_not_given_are_those_of_the_day() -> None:
    body = check(SIGNED, TODAY)

    assert body == {"stated_on": "2026-11-22", "since": "2026-11-22", "signed_by": "M. Lefèvre"}


def test_the_example_reads_and_shows_every_key() -> None:
    body = parse_yaml(EXAMPLE, TODAY)

    assert (body["stated_on"], body["since"], body["director_hours"]) == ("2026-11-20", "2026-06-01", [9.0, 12.0])
    assert body["processes"]["invoicing"]["operators"] == ["claire", "paul"]
    assert body["processes"]["invoicing"]["reviewed_on"] == "2026-09-01"
    assert {key for key in KEYS if f"{key}:" in EXAMPLE} == KEYS


def test_people_get_the_roles_stated_and_no_name_goes_into_the_statement(
    engine: Engine, company: str, now: datetime
) -> None:
    declare(
        engine,
        company,
        now,
        people={"claire": {"role": "admin", "name": "Claire Garrigue"}, "paul": "other"},
        processes={"bank": {"operators": ["claire", "Odile Tastevin"]}},
    )

    with read(engine) as conn:
        known = {row.login: row for row in actors(conn, company)}
        (body,) = conn.execute(select(declaration.c.body)).scalars()
        (said,) = read_declarations(conn, company)
    assert {login: (row.name, row.role) for login, row in known.items()} == {
        "claire": ("Claire Garrigue", "admin"),
        "paul": (None, "other"),
        "Odile Tastevin": (None, None),
        "M. Lefèvre": (None, None),
    }
    assert not [word for word in ("claire", "Garrigue", "Odile", "Lefèvre") if word in str(body)]
    assert said.signed_by == known["M. Lefèvre"].id
    assert said.sheets is not None
    assert said.sheets["bank"].operators == (known["claire"].id, known["Odile Tastevin"].id)


def test_a_statement_comes_back_as_it_was_made(engine: Engine, company: str, now: datetime) -> None:
    declare(
        engine,
        company,
        now,
        stated_on="2026-11-20",
        since="2026-06-01",
        director_hours=[9, 12],
        tools=[{"name": "invoicing", "eur_per_month": "49,90", "process": "invoicing"}],
        processes={"tax": {"tasks": True, "owner": True, "reviewed_on": "2026-09-01"}},
        restructuring=False,
    )

    with read(engine) as conn:
        (said,) = read_declarations(conn, company)
    assert (said.stated_on, said.since) == (date(2026, 11, 20), date(2026, 6, 1))
    assert said.director_hours == Range(9.0, 12.0)
    assert said.tools == (Tool(name="invoicing", eur_per_month=49.9, process="invoicing"),)
    assert said.restructuring is False
    assert said.admin_hours is None  # not said
    assert said.sheets is not None
    sheet = said.sheets["tax"]
    assert (sheet.tasks, sheet.tools, sheet.owner, sheet.documented) == (True, False, True, False)
    assert sheet.reviewed_on == date(2026, 9, 1)


def test_limits_and_baseline_become_the_policy(engine: Engine, company: str, now: datetime) -> None:
    closed = frozenset({date(2026, 5, 1)})
    limits = {"director_hours_limit": "6,5", "change_days": 60, "baseline_months": 6}
    declare(engine, company, now, baseline={"from": "2025-01-01", "to": "2025-12-31"}, limits=limits)
    declare(engine, company, now, limits={"error_limit": 0.1})  # the rest stays

    with read(engine) as conn:
        policy = read_policy(conn, company, now.date(), closed)

    assert policy == Policy(
        director_hours_limit=6.5,
        change_days=60,
        baseline_months=6,
        error_limit=0.1,
        baseline_period=(date(2025, 1, 1), date(2025, 12, 31)),
        closed_days=closed,
    )
    assert isinstance(policy.change_days, int)


def test_a_limit_holds_from_its_day_on_and_leaves_the_past_its_own(engine: Engine, company: str, now: datetime) -> None:
    declare(engine, company, now, stated_on="2026-03-01", limits={"error_limit": 0.2})
    declare(engine, company, now, stated_on="2026-09-01", limits={"error_limit": 0.1})

    with read(engine) as conn:
        limits = [
            read_policy(conn, company, day, frozenset()).error_limit
            for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 9, 1))
        ]

    assert limits == [Policy().error_limit, 0.2, 0.1]


def test_without_a_statement_the_policy_is_the_default(engine: Engine, company: str) -> None:
    with read(engine) as conn:
        assert read_policy(conn, company, date(2026, 11, 22), frozenset()) == Policy()


def test_a_statement_expires_after_twelve_months(engine: Engine, company: str, now: datetime) -> None:
    declare(engine, company, now, stated_on="2025-06-01", director_hours=3)
    declare(engine, company, now, stated_on="2025-09-01", director_hours=5)

    with read(engine) as conn:
        declarations = read_declarations(conn, company)

    def hours_on(day: date) -> float | None:
        said = Books(company, day, {}, declarations=declarations).declaration(Policy().declared_valid_days)
        return said.director_hours.low if said and said.director_hours else None

    days = [date(2025, 5, 31), date(2025, 6, 1), date(2025, 9, 1), date(2026, 9, 1), date(2026, 9, 2)]
    assert [hours_on(day) for day in days] == [None, 3.0, 5.0, 5.0, None]


@pytest.mark.parametrize("value", [0, -1, 999_999_999])
def test_a_setting_that_could_only_break_things_is_refused_by_its_key(value: float) -> None:
    said = {"signed_by": "M. Lefèvre", "limits": {"transition_months": value}}

    with pytest.raises(BadInput) as refused:
        check(said, date(2026, 11, 22))

    assert refused.value.params["key"] == "limits.transition_months"
