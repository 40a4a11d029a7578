"""Declarations: what a named person states of the company, dated; from a page or a YAML file.

The YAML's keys are those of `KEYS`; a range is one number or two. Names of people become pseudonyms before anything is
stored outside `people`.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Any

import yaml
from sqlalchemy import Connection, insert, select

from app.errors import BadInput
from app.models.people import declaration
from app.people import actor_ids, log_access, name_actor
from app.policies import Signed, change_settings
from app.policy_checks import check_number
from app.register import save_sheets
from app.written import BLANK, LISTS, Written, written_of
from connectors.records import Process, StaffRole
from signals.books import ITEMS, Declaration, Range, Sheet, Tool
from signals.policy import describe

RANGES = (
    "director_hours",
    "director_rate",
    "admin_hours",
    "admin_rate",
    "training",
    "turnover",
    "provider_price",
    "governance_hours",
    "transition",
)
KEYS = {
    "stated_on",
    "since",
    "signed_by",
    "tools",
    "processes",
    "restructuring",
    "people",
    "baseline",
    "limits",
    *RANGES,
}


class _Loader(yaml.SafeLoader):
    """Leaves dates as texts, so that a wrong one is said with its key."""


def _text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def parse_yaml(text: str, today: date) -> dict[str, Any]:
    """Read a declaration's YAML into its checked body; BadInput says which key and why."""
    try:
        given = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader that leaves dates as texts
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise BadInput("yaml_unreadable", {"line": mark.line + 1 if mark else 0}) from error
    if not isinstance(given, dict):
        raise BadInput("yaml_not_a_mapping")
    return check(given, today)


def check(given: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Check a declaration's body and put it in one form: ranges as pairs, dates as ISO texts."""
    _no_others(given, KEYS)
    body: dict[str, Any] = {}
    stated_on = _date(given, "stated_on", today) or today
    if stated_on > today:
        raise BadInput("declaration_from_the_future", {"day": stated_on.isoformat()})
    body["stated_on"] = stated_on.isoformat()
    body["since"] = (_date(given, "since", today) or stated_on).isoformat()
    signed_by = given.get("signed_by")
    if not isinstance(signed_by, str) or not signed_by.strip():
        raise BadInput("declaration_unsigned")
    body["signed_by"] = signed_by.strip()
    for key in RANGES:
        if given.get(key) is not None:
            body[key] = _range(given[key], key)
    if given.get("restructuring") is not None:
        body["restructuring"] = _flag(given["restructuring"], "restructuring")
    for key, read in _PARTS.items():
        if given.get(key) is not None:
            body[key] = read(given[key], key)
    return body


def _no_others(given: Mapping[str, Any], allowed: Collection[str], place: str = "") -> None:
    unknown = [str(key) for key in given if key not in allowed]
    if unknown:
        raise BadInput("declaration_unknown_key", {"key": place + unknown[0], "keys": ", ".join(sorted(allowed))})


def _date(given: Mapping[str, Any], key: str, _: date) -> date | None:
    value = given.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise BadInput("declaration_bad_date", {"key": key, "value": str(value)}) from error


def _range(value: Any, key: str) -> list[float]:
    pair = value if isinstance(value, list) else [value, value]
    numbers = [_number(part, key) for part in pair]
    if len(numbers) != 2 or numbers[0] > numbers[1]:  # noqa: PLR2004 - low and high
        raise BadInput("declaration_bad_range", {"key": key, "value": str(value)})
    return numbers


def _number(value: Any, key: str) -> float:
    if isinstance(value, str):
        value = value.replace(" ", "").replace("\u202f", "").replace("\xa0", "").replace(",", ".")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadInput("declaration_not_a_number", {"key": key, "value": str(value)}) from error
    if not 0 <= number < 1e9 or isinstance(value, bool):  # noqa: PLR2004 - hours and euros of a small firm
        raise BadInput("declaration_not_a_number", {"key": key, "value": str(value)})
    return number


def _flag(value: Any, key: str) -> bool:
    if isinstance(value, bool):
        return value
    raise BadInput("declaration_not_yes_or_no", {"key": key, "value": str(value)})


def _mapping(value: Any, key: str) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise BadInput("declaration_not_a_mapping", {"key": key})


def _tools(value: Any, key: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise BadInput("declaration_not_a_list", {"key": key})
    tools = []
    for index, item in enumerate(value):
        place = f"{key}[{index + 1}]"
        tool = _mapping(item, place)
        _no_others(tool, ("name", "eur_per_month", "process"), f"{place}.")
        if not tool.get("name"):
            raise BadInput("declaration_missing", {"key": f"{place}.name"})
        tools.append(
            {
                "name": str(tool["name"]),
                "eur_per_month": _number(tool.get("eur_per_month", 0), f"{place}.eur_per_month"),
                "process": _process(tool["process"], f"{place}.process") if tool.get("process") else "all",
            }
        )
    return tools


def _process(value: Any, key: str) -> str:
    if str(value) in {*Process, "all"}:
        return str(value)
    raise BadInput("declaration_unknown_process", {"key": key, "value": str(value), "processes": ", ".join(Process)})


def _processes(value: Any, key: str) -> dict[str, Any]:
    sheets: dict[str, Any] = {}
    for name, item in _mapping(value, key).items():
        process, place = _process(name, key), f"{key}.{name}"
        sheet = _mapping(item or {}, place)
        _no_others(sheet, (*ITEMS, "operators", "backup", "reviewed_on"), f"{place}.")
        operators = sheet.get("operators") or []
        if not isinstance(operators, list):
            raise BadInput("declaration_not_a_list", {"key": f"{place}.operators"})
        reviewed = _date({f"{place}.reviewed_on": sheet.get("reviewed_on")}, f"{place}.reviewed_on", date.min)
        day, written = reviewed.isoformat() if reviewed else None, written_of(sheet, place)
        spoken = {item: False if _is_written(item, sheet.get(item)) else sheet.get(item, False) for item in ITEMS}
        sheets[process] = {
            "operators": [str(operator) for operator in operators if str(operator).strip()],
            **{item: _flag(value, f"{place}.{item}") for item, value in spoken.items()},
            "reviewed_on": day,
            **({} if written is None else {"written": {**written, "reviewed_on": day}}),
        }
    return sheets


def check_sheet(given: Mapping[str, Any], process: str, today: date) -> Written:
    """Check what is written down of one process, as `check` does it among the rest; nothing is an empty sheet."""
    sheet = _processes({process: given}, "processes")[process]
    written: Written = sheet.get("written") or {**BLANK, "reviewed_on": sheet["reviewed_on"]}
    if written["reviewed_on"] and date.fromisoformat(written["reviewed_on"]) > today:
        key = f"processes.{process}.reviewed_on"
        raise BadInput("register_review_in_the_future", {"key": key, "day": written["reviewed_on"]})
    return written


def _is_written(item: str, value: Any) -> bool:
    """Say whether a part is given by its text: then no yes or no is needed beside it."""
    return isinstance(value, list if item in LISTS else str) and item != "frequency"


def _people(value: Any, key: str) -> dict[str, dict[str, str | None]]:
    people: dict[str, dict[str, str | None]] = {}
    for login, item in _mapping(value, key).items():
        place = f"{key}.{login}"
        said = {"role": item} if isinstance(item, str) else _mapping(item, place)
        _no_others(said, ("role", "name"), f"{place}.")
        role, name = (str(said[part]) if said.get(part) is not None else None for part in ("role", "name"))
        if role is not None and role not in set(StaffRole):
            raise BadInput("unknown_role", {"key": place, "role": role, "roles": ", ".join(StaffRole)})
        people[str(login)] = {"role": role, "name": name}
    return people


def _baseline(value: Any, key: str) -> list[str]:
    if isinstance(value, dict):
        value = [value.get("from"), value.get("to")]
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - first and last day
        raise BadInput("declaration_bad_range", {"key": key, "value": str(value)})
    first, last = (_date({key: part}, key, date.min) for part in value)
    if first is None or last is None or first >= last:
        raise BadInput("declaration_bad_range", {"key": key, "value": str(value)})
    return [first.isoformat(), last.isoformat()]


def _limits(value: Any, key: str) -> dict[str, int | float]:
    limits = _mapping(value, key)
    _no_others(limits, describe(), f"{key}.")
    checked = {}
    for name, number in limits.items():
        try:
            checked[str(name)] = check_number(str(name), number)
        except BadInput as refusal:
            raise BadInput(refusal.code, refusal.params | {"key": f"{key}.{name}"}) from refusal
    return checked


_PARTS: Mapping[str, Callable[[Any, str], Any]] = {
    "tools": _tools,
    "processes": _processes,
    "people": _people,
    "baseline": _baseline,
    "limits": _limits,
}


def save_declaration(conn: Connection, company_id: str, body: Mapping[str, Any], now: datetime) -> None:
    """Keep a checked body: people to `people`, settings to the policy, the rest as one dated statement."""
    body = dict(body)
    people = body.pop("people", {})
    if people:
        log_access(conn, company_id, body["signed_by"], "roles declared", now)
    for login, said in people.items():
        name_actor(conn, company_id, login, now, name=said["name"], role=said["role"], ours=True)
    settings = {"baseline_period": body.pop("baseline", None), **body.pop("limits", {})}
    settings = {key: value for key, value in settings.items() if value is not None}
    stated_on = date.fromisoformat(body.pop("stated_on"))
    since = date.fromisoformat(body.pop("since"))
    signer = body.pop("signed_by")
    change_settings(conn, company_id, settings, Signed(signer, now), today=stated_on, valid_from=stated_on)
    actor_id = name_actor(conn, company_id, signer, now, name=None, role=None, ours=True)
    sheets = body.get("processes", {})
    logins = {operator for sheet in sheets.values() for operator in sheet["operators"]}
    pseudonyms = actor_ids(conn, company_id, logins, now)
    body["processes"] = {
        process: {key: value for key, value in sheet.items() if key != "written"}
        | {"operators": [pseudonyms[operator] for operator in sheet["operators"]]}
        for process, sheet in sheets.items()
    } or None
    written = {process: sheet["written"] for process, sheet in sheets.items() if "written" in sheet}
    save_sheets(conn, company_id, written, actor_id, stated_on, now)
    conn.execute(
        insert(declaration).values(
            company_id=company_id,
            stated_on=stated_on,
            since=since,
            body={"signed_by": actor_id, **{k: v for k, v in body.items() if v is not None}},
            known_at=now,
        )
    )


def read_declarations(conn: Connection, company_id: str) -> tuple[Declaration, ...]:
    """Give every declaration of a company, oldest first."""
    rows = conn.execute(
        select(declaration.c.stated_on, declaration.c.since, declaration.c.body)
        .where(declaration.c.company_id == company_id)
        .order_by(declaration.c.stated_on, declaration.c.id)
    )
    return tuple(_declaration(row.stated_on, row.since, row.body) for row in rows)


def _declaration(stated_on: date, since: date, body: Mapping[str, Any]) -> Declaration:
    ranges: dict[str, Any] = {key: Range(*body[key]) for key in RANGES if key in body}
    sheets = body.get("processes")
    tools = body.get("tools")
    return Declaration(
        stated_on=stated_on,
        since=since,
        signed_by=body.get("signed_by", ""),
        tools=tuple(Tool(**tool) for tool in tools) if tools is not None else None,
        sheets={process: _sheet(sheet) for process, sheet in sheets.items()} if sheets else None,
        restructuring=body.get("restructuring"),
        **ranges,
    )


def _sheet(sheet: Mapping[str, Any]) -> Sheet:
    reviewed = sheet.get("reviewed_on")
    yes: dict[str, Any] = {item: bool(sheet[item]) for item in ITEMS}
    return Sheet(
        operators=tuple(sheet["operators"]),
        reviewed_on=date.fromisoformat(reviewed) if reviewed else None,
        **yes,
    )
