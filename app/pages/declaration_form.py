"""A declaration between its three shapes: as stored, as YAML, and as the fields of a form.

A form's fields have the keys' names: `director_hours_low`, `tool_1_name`, `invoicing_operators`, `invoicing_owner`.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml
from sqlalchemy import Connection, select

from app.declarations import RANGES
from app.models.people import declaration
from app.people import actors
from app.policies import settings_on
from app.register import sheets_on
from app.wording import label
from app.written import as_given, parts_of
from connectors.records import Process
from signals.books import ITEMS

TOOLS_OFFERED = 3  # empty lines after those there are
TOOLS_MOST = 40
WRITTEN = "written"
"""What a field says of a part that is in the register: nothing to tick."""

Fields = dict[str, str]
Body = dict[str, Any]


def newest_body(conn: Connection, company_id: str) -> Body | None:
    """Give the last declaration in the shape it was given in, with logins for pseudonyms."""
    d = declaration.c
    row = conn.execute(
        select(d.stated_on, d.since, d.body).where(d.company_id == company_id).order_by(d.stated_on.desc(), d.id.desc())
    ).first()
    if row is None:
        return None
    logins = {actor.id: actor.login for actor in actors(conn, company_id)}
    stored = dict(row.body)
    body: Body = {
        "signed_by": logins.get(stored.pop("signed_by", ""), ""),
        "stated_on": row.stated_on.isoformat(),
        "since": row.since.isoformat(),
        **{key: stored[key] for key in (*RANGES, "restructuring", "tools") if key in stored},
    }
    if stored.get("processes"):
        body["processes"] = {
            name: {k: v for k, v in sheet.items() if v is not None}
            | {"operators": [logins[one] for one in sheet["operators"] if one in logins]}
            for name, sheet in stored["processes"].items()
        }
    body |= _with_register(conn, company_id, body, logins)
    baseline = settings_on(conn, company_id, row.stated_on).get("baseline_period")
    if baseline:
        body["baseline"] = list(baseline)
    return body


def _with_register(conn: Connection, company_id: str, body: Body, logins: Mapping[str, str]) -> Body:
    """Put what is written down of a process in the place of a yes."""
    said = dict(body.get("processes") or {})
    for name, one in sheets_on(conn, company_id, date.max).items():
        parts = parts_of(one.body)
        if parts:
            kept = {key: value for key, value in said.get(name, {}).items() if key not in parts}
            said[name] = {"operators": []} | kept | as_given(one.body, logins)
    return {"processes": said} if said else {}


def as_yaml(body: Mapping[str, Any]) -> str:
    """Write a declaration as YAML that can be read back."""
    return yaml.safe_dump(dict(body), allow_unicode=True, sort_keys=False, width=120)


def _number(value: float) -> str:
    return f"{value:g}" if value < 1e6 else f"{value:.0f}"  # noqa: PLR2004 - above, :g turns to powers of ten


def fields_of(body: Mapping[str, Any]) -> Fields:
    """Lay a declaration out as a form's fields."""
    fields: Fields = {key: str(body[key]) for key in ("signed_by", "since") if body.get(key)}
    for key in RANGES:
        if key in body:
            fields[f"{key}_low"], fields[f"{key}_high"] = (_number(number) for number in body[key])
    if "restructuring" in body:
        fields["restructuring"] = "yes" if body["restructuring"] else "no"
    for index, tool in enumerate(body.get("tools") or [], start=1):
        fields[f"tool_{index}_name"] = tool["name"]
        fields[f"tool_{index}_eur"] = _number(tool["eur_per_month"])
        fields[f"tool_{index}_process"] = tool["process"]
    for process, sheet in (body.get("processes") or {}).items():
        fields[f"{process}_operators"] = ", ".join(sheet["operators"])
        fields[f"{process}_reviewed_on"] = sheet.get("reviewed_on") or ""
        fields |= {f"{process}_{one}": "on" for one in ITEMS if sheet.get(one) is True}
        fields |= {f"{process}_{one}": WRITTEN for one in ITEMS if isinstance(sheet.get(one), str | list)}
    if body.get("baseline"):
        fields["baseline_from"], fields["baseline_to"] = body["baseline"]
    return fields


def given_of(fields: Mapping[str, str]) -> Body:
    """Read a form's fields as a declaration, to be checked like any other."""
    given: Body = {key: fields[key] for key in ("signed_by", "stated_on", "since") if fields.get(key)}
    for key in RANGES:
        low, high = fields.get(f"{key}_low", ""), fields.get(f"{key}_high", "")
        if low or high:
            given[key] = [low or high, high or low]
    if fields.get("restructuring") in {"yes", "no"}:
        given["restructuring"] = fields["restructuring"] == "yes"
    tools = [tool for index in range(1, TOOLS_MOST + 1) if (tool := _tool(fields, index))]
    if tools:
        given["tools"] = tools
    sheets = {process.value: sheet for process in Process if (sheet := _sheet(fields, process.value))}
    if sheets:
        given["processes"] = sheets
    period = [fields.get("baseline_from", ""), fields.get("baseline_to", "")]
    if any(period):
        given["baseline"] = period
    return given


def _tool(fields: Mapping[str, str], index: int) -> Body:
    name, price = fields.get(f"tool_{index}_name", ""), fields.get(f"tool_{index}_eur", "")
    if not name and not price:
        return {}
    return {"name": name, "eur_per_month": price or 0, "process": fields.get(f"tool_{index}_process") or "all"}


def _sheet(fields: Mapping[str, str], process: str) -> Body:
    operators = [part.strip() for part in fields.get(f"{process}_operators", "").split(",") if part.strip()]
    said = {item: True for item in ITEMS if fields.get(f"{process}_{item}") == "on"}
    reviewed_on = fields.get(f"{process}_reviewed_on", "")
    if not (operators or said or reviewed_on):
        return {}
    return {"operators": operators, **said, **({"reviewed_on": reviewed_on} if reviewed_on else {})}


def tool_lines(fields: Mapping[str, str]) -> range:
    """Give the numbers of the tool lines to offer."""
    used = [index for index in range(1, TOOLS_MOST + 1) if fields.get(f"tool_{index}_name")]
    return range(1, min(max(used, default=0) + TOOLS_OFFERED, TOOLS_MOST) + 1)


def field_at_fault(key: str, fields: Mapping[str, str]) -> str:
    """Give the form's field that an error's key is about: that of `tools[2]` is on the second line filled in."""
    if key in RANGES:
        return f"{key}_low"
    if key.startswith("tools["):
        index, _, part = key.removeprefix("tools[").partition("].")
        filled = [line for line in range(1, TOOLS_MOST + 1) if _tool(fields, line)]
        return f"tool_{filled[int(index) - 1]}_{'eur' if part == 'eur_per_month' else part}"
    if key.startswith("processes."):
        return key.removeprefix("processes.").replace(".", "_")
    return "baseline_from" if key == "baseline" else key


def field_name(key: str, language: str) -> str:
    """Give what the form calls the field an error's key is about: of `processes.bank.owner`: “bank, an owner”."""
    parts = key.removeprefix("processes.").replace("tools[", "tools.").replace("]", "").split(".")
    return ", ".join(label("process", label("field", part, language), language) for part in parts)
