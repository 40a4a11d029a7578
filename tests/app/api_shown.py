"""Make the API's examples anew: `app/examples.json`, which OpenAPI carries, and `docs/api.md`; run by `make api`."""

import json
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Engine

from app.db import open_database
from app.main import create_app
from app.migrate import migrate
from app.settings import Settings
from tests.app.api_calls import CALLS, FEC_NAME, Call, House, house

ROOT = Path(__file__).parents[2]
EXAMPLES, PAGE, MARK = ROOT / "app" / "examples.json", ROOT / "docs" / "api.md", "<!-- From here on: make api -->\n"
ROWS, TEXT = 2, 160  # of a list, and characters of a text, that an example shows
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_VARIABLES = {
    "company_id": "COMPANY", "connection_id": "CONNECTION", "episode_id": "ALERT", "actor_id": "PERSON",
    "import_id": "IMPORT", "waiting_id": "IMPORT", "unwanted_id": "IMPORT", "delivery_id": "DELIVERY",
    "maintenance_id": "MAINTENANCE",
}  # fmt: skip
FILES = {"fec": FEC_NAME, "mail": "bounce.eml"}


def examples(engine: Engine) -> dict[str, Any]:
    """Make every call in an empty database, and give what was sent and answered, cut to what a reader needs."""
    asked, ids = house(engine), dict[str, str]()
    return {call.operation: _example(asked, call, ids) for call in CALLS}


def _example(asked: House, call: Call, ids: dict[str, str]) -> dict[str, Any]:
    answer = asked.ask(call)
    if answer.status_code != call.status:
        message = f"{call.operation}: {answer.status_code} {answer.text}"
        raise RuntimeError(message)
    body = shown(answer.json(), ids) if answer.content else None
    return {"status": call.status, "body": call.body, "answer": body}


def shown(value: Any, ids: dict[str, str], name: str = "") -> Any:
    """Cut an answer: few rows of a list, the beginning of a text, and ids that are the same each time."""
    if isinstance(value, dict):
        return {key: shown(one, ids, key) for key, one in value.items()}
    if isinstance(value, list):
        return [shown(one, ids) for one in value[:ROWS]]
    if not isinstance(value, str):
        return value
    if name == "next":
        return "WyJjb21wYW5pZXMi…"
    if name in {"pseudonym", "author", "owner", "backup"} and re.fullmatch(r"[0-9A-F]{4}", value):
        return "7C1F"
    known = _ID.sub(lambda found: ids.setdefault(found[0], f"01a2027b-d680-7000-8000-{len(ids) + 1:012d}"), value)
    return known if len(known) <= TEXT else f"{known[:TEXT]}…"


def shape(value: Any) -> Any:
    """Give what an answer is made of: names and kinds, a list by what its rows have together."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        kinds = sorted((shape(one) for one in value), key=json.dumps)  # rows in the order of made-up ids
        return [one for i, one in enumerate(kinds) if one not in kinds[:i]]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def page(told: Mapping[str, Any], description: Mapping[str, Any]) -> str:
    """Write the page: what stands above the mark, and each operation with a curl, a Python and an answer."""
    parts, tag = [PAGE.read_text().partition(MARK)[0] + MARK], ""
    for call in CALLS:
        operation = description["paths"][call.path][call.method.lower()]
        if operation["tags"][0] != tag:
            tag = operation["tags"][0]
            parts.append(f"## {tag.capitalize()}\n")
        parts.append(_operation(call, operation, told[call.operation]))
    return "\n".join(parts)


def _operation(call: Call, operation: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    answer = told["answer"]
    said = f"`{told['status']}`, without a body." if answer is None else _json(answer)
    asked = [one for one in operation.get("parameters", []) if one["in"] == "query" and one["name"] != "fields"]
    parameters = "".join(
        f"- `{one['name']}`: {one.get('description', '')}\n" for one in asked if one.get("description")
    )
    return (
        f"### `{call.operation}`\n\n{operation['description']}\n\n{parameters}{chr(10) if parameters else ''}"
        f"```bash\n{curl(call)}\n```\n\n```python\n{python(call)}\n```\n\n{said}\n"
    )


def _json(answer: Any) -> str:
    return f"```json\n{json.dumps(answer, ensure_ascii=False, indent=1)}\n```"


def _address(call: Call, opened: str) -> str:
    """Write a path with variables where ids stand, the way a language has them."""
    literal = {"measure": "late_issued_rate", "process": "invoicing", "stream": "costs"}
    path = call.path
    for name in re.findall(r"{(\w+)}", call.path):
        value = literal.get(name) or opened.replace("…", _VARIABLES[call.named.get(name, name)])
        path = path.replace(f"{{{name}}}", value)
    return path


def curl(call: Call) -> str:
    """Write a call for a shell."""
    query = f"?{urlencode(dict(call.params), safe=',')}" if call.params else ""
    parts = ["curl -sS" + (f" -X {call.method}" if call.method != "GET" else "")]
    parts.append(f'"$SEUIL{_address(call, "$…")}{query}"')
    parts.append('-H "Authorization: Bearer $SEUIL_KEY"' if call.by_key else '-b "seuil_sign_in=$SIGN_IN"')
    if call.once:
        parts.append(f'-H "Idempotency-Key: {call.operation.replace(" ", "-")}"')
    if call.body is not None:
        parts.append(f"--json '{json.dumps(call.body, ensure_ascii=False)}'")
    if call.file:
        kind = "message/rfc822" if call.file == "mail" else "application/octet-stream"
        parts.append(f'-H "Content-Type: {kind}" --data-binary @{FILES[call.file]}')
    return " \\\n  ".join(parts)


def python(call: Call) -> str:
    """Write a call for Python, with the functions of the page's head."""
    asked = [f'"{call.method}"', f'f"{_address(call, "{…}")}"' if "{" in _address(call, "{…}") else f'"{call.path}"']
    if "{" not in _address(call, "{…}"):
        asked[1] = f'"{_address(call, "")}"'
    if call.params:
        asked.append(f"params={dict(call.params)!r}".replace("'", '"'))
    headers = {"Idempotency-Key": call.operation.replace(" ", "-")} if call.once else {}
    if call.file == "mail":
        headers = {"Content-Type": "message/rfc822"}
    if headers:
        asked.append(f"headers={headers!r}".replace("'", '"'))
    if call.body is not None:
        asked.append(f"json={call.body!r}".replace("'", '"'))
    if call.file:
        asked.append(f'content=Path("{FILES[call.file]}").read_bytes()')
    name = "told" if call.status != 204 else "_"
    return f"{name}: {'dict[str, Any]' if name == 'told' else 'None'} = ask({', '.join(asked)})"


def description() -> dict[str, Any]:
    """Give what the API says of itself."""
    app = create_app(open_database("sqlite://"), Settings(database_url="sqlite://"))
    told: dict[str, Any] = app.openapi()
    return told


def main() -> None:
    """Write both files."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{folder}/seuil.db")
        migrate(engine)
        told = examples(engine)
        engine.dispose()
    EXAMPLES.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    PAGE.write_text(page(told, description()))
    sys.stdout.write(f"{len(told)} operations in {EXAMPLES.relative_to(ROOT)} and {PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
