"""What the documentation shows of the API was asked of it, and is answered so today."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import Engine

from tests.app.api_calls import CALLS, Call, House, house
from tests.app.api_shown import EXAMPLES, PAGE, curl, description, page, shape, shown

TOLD: dict[str, Any] = json.loads(EXAMPLES.read_text())
DESCRIBED = description()
VARIABLES = {
    "COMPANY": "company_id", "CONNECTION": "connection_id", "ALERT": "episode_id", "PERSON": "actor_id",
    "IMPORT": "import_id", "DELIVERY": "delivery_id", "MAINTENANCE": "maintenance_id",
}  # fmt: skip


def test_every_operation_is_shown_once() -> None:
    described = {
        f"{method.upper()} {path}"
        for path, methods in DESCRIBED["paths"].items()
        for method in methods
        if path.startswith("/v1/") and not path.startswith("/v1/webhooks/")
    }

    assert [call.operation for call in CALLS] == list(TOLD)
    assert set(TOLD) == described


def test_the_page_is_what_make_api_writes() -> None:
    assert page(TOLD, DESCRIBED) == PAGE.read_text(), "run make api"


def test_the_description_carries_the_examples() -> None:
    for call in CALLS:
        operation, told = DESCRIBED["paths"][call.path][call.method.lower()], TOLD[call.operation]
        answer = operation["responses"][str(call.status)]
        if told["answer"] is not None:
            assert answer["content"]["application/json"]["example"] == told["answer"], call.operation
        if call.body is not None:
            assert operation["requestBody"]["content"]["application/json"]["example"] == call.body, call.operation


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[House]:
    """The house in which the calls were made, built anew."""
    from app.db import open_database  # noqa: PLC0415 - beside its only use

    path = tmp_path_factory.mktemp("docs") / "seuil.db"
    path.write_bytes(sqlite_template.read_bytes())
    engine: Engine = open_database(f"sqlite:///{path}")
    yield house(engine)
    engine.dispose()


def test_every_call_is_answered_as_it_is_shown(asked: House) -> None:
    ids: dict[str, str] = {}
    for call in CALLS:
        answer = asked.ask(call)

        assert answer.status_code == call.status, (call.operation, answer.text)
        body = shown(answer.json(), ids) if answer.content else None
        assert shape(body) == shape(TOLD[call.operation]["answer"]), f"{call.operation}: run make api"


def _read(line: str, asked: House, call: Call) -> tuple[str, str, dict[str, str], Any]:
    """Read a curl as a shell would, with the house's ids for its variables."""
    filled = line.replace("\\\n", " ").replace("$SEUIL_KEY", "key").replace("$SEUIL/", "http://seuil/")
    for variable, name in VARIABLES.items():
        filled = filled.replace(f"${variable}", asked.things[call.named.get(name, name)])
    words = iter(shlex.split(filled))
    assert (next(words), next(words)) == ("curl", "-sS")
    method, address, body = "GET", "", None
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "--json":
            body = json.loads(next(words))
        elif word in {"-H", "--data-binary", "-b"}:
            next(words)
        else:
            address = word
    split = urlsplit(address)
    return method, split.path, dict(parse_qsl(split.query)), body


def test_a_curl_asks_what_its_call_asks(asked: House) -> None:
    text = PAGE.read_text()
    for call in CALLS:
        assert curl(call) in text
        method, path, params, body = _read(curl(call), asked, call)
        named = {name: asked.things[call.named.get(name, name)] for name in re.findall(r"{(\w+)}", call.path)}

        assert (method, path, body) == (call.method, call.path.format(**named), call.body), call.operation
        assert params == {name: str(value) for name, value in call.params.items()}, call.operation


def test_the_python_is_typed_and_each_line_asks_what_its_call_asks(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    head, lines = blocks[0], blocks[1:]
    seen = [(call.method, call.body, dict(call.params)) for call in CALLS]
    asked: list[tuple[str, Any, Any]] = []
    names: dict[str, Any] = {"ask": lambda m, _, **kw: asked.append((m, kw.get("json"), kw.get("params", {})))}
    names |= dict.fromkeys(("COMPANY", "CONNECTION", "ALERT", "PERSON", "IMPORT", "DELIVERY", "MAINTENANCE"), "x")
    names |= {"Any": Any, "Path": lambda name: type("File", (), {"read_bytes": lambda _: name})()}
    for line in lines:
        exec(line, names)  # noqa: S102 - the documentation's own
    script = tmp_path / "shown.py"
    script.write_text(head + "\n".join(f"def _{n}() -> None:\n    {line}" for n, line in enumerate(lines)))
    checked = subprocess.run(  # noqa: S603 - our own environment
        [sys.executable, "-m", "mypy", "--strict", str(script)], capture_output=True, text=True, check=False
    )

    assert asked == seen
    assert checked.returncode == 0, checked.stdout
