"""A process sheet between its two shapes: as given in YAML, and as the fields of a form.

A form’s fields have the keys’ names: `task_1_what`, `rule_2_above_eur`, `owner_role`; `tools` has one a line.
"""

from collections.abc import Mapping
from typing import Any

from app.written import LISTS, PEOPLE, RULE_KEYS, TASK_KEYS
from connectors.records import StaffRole

OFFERED = 3  # empty lines after those there are
MOST = 60

Fields = dict[str, str]
Given = dict[str, Any]


def fields_of(given: Mapping[str, Any]) -> Fields:
    """Lay a sheet out as a form's fields."""
    fields: Fields = {}
    for n, task in enumerate(given.get("tasks", []), 1):
        fields |= {f"task_{n}_{key}": str(task[key]) for key in TASK_KEYS if key in task}
    for n, one in enumerate(given.get("validation_rules", []), 1):
        rule = {"rule": one} if isinstance(one, str) else one
        fields[f"rule_{n}_rule"] = rule["rule"]
        fields |= {f"rule_{n}_above_eur": f"{rule['above_eur']:g}"} if "above_eur" in rule else {}
    fields["tools"] = "\n".join(given.get("tools", []))
    for key in PEOPLE:
        said = given.get(key, "")
        fields[f"{key}_role" if said in set(StaffRole) else f"{key}_login"] = said
    return fields | {key: given[key] for key in ("approval_rule", "reviewed_on") if given.get(key)}


def given_of(fields: Mapping[str, str]) -> Given:
    """Read a form's fields as a sheet, to be checked like any other; its lists are there even if empty."""
    given: Given = {
        "tasks": _lines(fields, "task", TASK_KEYS),
        "validation_rules": _lines(fields, "rule", RULE_KEYS),
        "tools": [line.strip() for line in fields.get("tools", "").splitlines() if line.strip()],
    }
    for key in PEOPLE:
        said = fields.get(f"{key}_login") or fields.get(f"{key}_role")
        given |= {key: said} if said else {}
    return given | {key: fields[key] for key in ("approval_rule", "reviewed_on") if fields.get(key)}


def _lines(fields: Mapping[str, str], name: str, keys: tuple[str, ...]) -> list[dict[str, str]]:
    lines = ({key: fields.get(f"{name}_{n}_{key}", "") for key in keys} for n in range(1, MOST + 1))
    return [{key: text for key, text in line.items() if text} for line in lines if any(line.values())]


def line_numbers(fields: Mapping[str, str], name: str) -> range:
    """Give the numbers of the lines to offer: those filled in, and some more."""
    keys = TASK_KEYS if name == "task" else RULE_KEYS
    used = [n for n in range(1, MOST + 1) if any(fields.get(f"{name}_{n}_{key}") for key in keys)]
    return range(1, min(max(used, default=0) + OFFERED, MOST) + 1)


def field_at_fault(key: str, fields: Mapping[str, str]) -> str:
    """Give the form's field that an error's key is about: `processes.bank.tasks[2].by` is on the second line filled."""
    part = key.split(".", 2)[-1]
    for name, listed in (("task", "tasks"), ("rule", "validation_rules")):
        if part.startswith(f"{listed}["):
            keys = TASK_KEYS if name == "task" else RULE_KEYS
            number, _, column = part.removeprefix(f"{listed}[").partition("].")
            filled = [n for n in range(1, MOST + 1) if any(fields.get(f"{name}_{n}_{one}") for one in keys)]
            return f"{name}_{filled[int(number) - 1]}_{column or keys[0]}"
    part = part.partition("[")[0]
    if part in LISTS:
        return {"tasks": "task_1_what", "validation_rules": "rule_1_rule"}.get(part, part)
    return f"{part}_login" if part in PEOPLE else part
