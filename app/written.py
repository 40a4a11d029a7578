"""What is written down of a process: checked, in one form, and which parts of a sheet it makes a yes.

The keys are those of a declaration's sheet; where a text or a list stands instead of a yes, it is written down.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.errors import BadInput
from connectors.records import StaffRole

FREQUENCIES = ("as_needed", "daily", "weekly", "fortnightly", "monthly", "quarterly", "yearly")
TASK_KEYS = ("what", "frequency", "by", "tool")
RULE_KEYS = ("rule", "above_eur")
PEOPLE = ("owner", "backup")
LISTS = ("tasks", "validation_rules", "tools")
TEXTS = (*PEOPLE, "approval_rule")
LONGEST = 500  # characters
MOST = 60  # lines of a list

Written = dict[str, Any]
BLANK: Written = {
    "tasks": [],
    "validation_rules": [],
    "tools": [],
    "owner": None,
    "backup": None,
    "approval_rule": None,
}


def written_of(sheet: Mapping[str, Any], place: str) -> Written | None:
    """Read what a sheet writes down; None where it writes nothing. BadInput names the first key that won't do."""
    lists = {key: sheet[key] for key in LISTS if isinstance(sheet.get(key), list)}
    texts = {key: sheet[key] for key in TEXTS if sheet.get(key) is not None and not isinstance(sheet[key], bool)}
    if not lists and not texts:
        return None
    for key, lines in lists.items():
        if len(lines) > MOST:
            raise BadInput("register_too_long", {"key": f"{place}.{key}", "most": MOST})
    return BLANK | {
        "tasks": [_task(one, f"{place}.tasks[{n}]") for n, one in enumerate(lists.get("tasks", []), 1)],
        "validation_rules": [
            _rule(one, f"{place}.validation_rules[{n}]") for n, one in enumerate(lists.get("validation_rules", []), 1)
        ],
        "tools": [_text(one, f"{place}.tools[{n}]") for n, one in enumerate(lists.get("tools", []), 1)],
        **{key: _text(text, f"{place}.{key}") for key, text in texts.items()},
    }


def _task(given: Any, place: str) -> dict[str, str]:
    task = {"what": given} if isinstance(given, str) else given
    _keys(task, TASK_KEYS, place)
    said = {key: _text(task[key], f"{place}.{key}") for key in TASK_KEYS if task.get(key) not in (None, "")}
    if "what" not in said:
        raise BadInput("declaration_missing", {"key": f"{place}.what"})
    if said.get("frequency", "daily") not in FREQUENCIES:
        known = ", ".join(FREQUENCIES)
        raise BadInput(
            "register_unknown_frequency", {"key": f"{place}.frequency", "value": said["frequency"], "known": known}
        )
    if "by" in said and said["by"] not in set(StaffRole):
        raise BadInput("unknown_role", {"key": f"{place}.by", "role": said["by"], "roles": ", ".join(StaffRole)})
    return said


def _rule(given: Any, place: str) -> dict[str, Any]:
    rule = {"rule": given} if isinstance(given, str) else given
    _keys(rule, RULE_KEYS, place)
    if rule.get("rule") in (None, ""):
        raise BadInput("declaration_missing", {"key": f"{place}.rule"})
    above = rule.get("above_eur")
    said: dict[str, Any] = {"rule": _text(rule["rule"], f"{place}.rule")}
    return said if above in (None, "") else said | {"above_eur": _amount(above, f"{place}.above_eur")}


def _keys(given: Any, allowed: tuple[str, ...], place: str) -> None:
    if not isinstance(given, dict):
        raise BadInput("declaration_not_a_mapping", {"key": place})
    for key in given:
        if key not in allowed:
            raise BadInput("declaration_unknown_key", {"key": f"{place}.{key}", "keys": ", ".join(allowed)})


def _text(given: Any, key: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise BadInput("register_not_a_text", {"key": key, "value": str(given)})
    if len(given) > LONGEST:
        raise BadInput("register_text_too_long", {"key": key, "most": LONGEST})
    return " ".join(given.split())


def _amount(given: Any, key: str) -> float:
    text = str(given).replace(" ", "").replace("\u202f", "").replace("\xa0", "").replace(",", ".")
    try:
        amount = float(text)
    except ValueError as error:
        raise BadInput("declaration_not_a_number", {"key": key, "value": str(given)}) from error
    if isinstance(given, bool) or not 0 <= amount < 1e9:  # noqa: PLR2004 - a small firm's euros
        raise BadInput("declaration_not_a_number", {"key": key, "value": str(given)})
    return amount


def parts_of(written: Mapping[str, Any]) -> frozenset[str]:
    """Give the parts of a sheet that are written down; frequency is when every task has its own."""
    found = {key for key in (*LISTS, "owner", "approval_rule") if written.get(key)}
    tasks = written["tasks"]
    often = {"frequency"} if tasks and all("frequency" in task for task in tasks) else set()
    return frozenset(found | often)


def last_look(written: Mapping[str, Any], stated_on: date) -> date:
    """Give the day a sheet was last looked through: what it says itself, else the day it was stated."""
    reviewed = written.get("reviewed_on")
    return date.fromisoformat(reviewed) if reviewed else stated_on


def as_given(written: Mapping[str, Any], logins: Mapping[str, str]) -> dict[str, Any]:
    """Write a kept sheet the way it is given: people by role or login, only what is said."""
    said: dict[str, Any] = {key: written[key] for key in LISTS if written[key]}
    if "validation_rules" in said:
        rules = said["validation_rules"]
        said["validation_rules"] = [one if "above_eur" in one else one["rule"] for one in rules]
    for key in PEOPLE:
        person = written.get(key)
        name = None if not person else person.get("role") or logins.get(person["actor"])
        said |= {key: name} if name else {}
    said |= {key: written[key] for key in ("approval_rule", "reviewed_on") if written.get(key)}
    return said or {"tasks": []}
