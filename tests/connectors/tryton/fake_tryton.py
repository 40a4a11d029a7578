"""A small Tryton that answers from tables: its two addresses, its session, its typed values and its errors."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from connectors.account import Account
from connectors.base import Cursor, Fault, Page
from connectors.records import Stream
from connectors.tryton import PROVIDER, Tryton
from tests.conftest import NOW

Row = dict[str, Any]
PASSWORD = "open-sesame"
COMPANY = 3


@dataclass
class FakeTryton:
    """Its tables by model, what it refuses, and what it was asked."""

    version: str = "8.2"
    tables: dict[str, list[Row]] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    company: int | None = COMPANY
    session: str = "first"
    is_deaf: bool = False
    asked: list[str] = field(default_factory=list)
    logins: int = 0
    before: Callable[["FakeTryton", str], None] = lambda *_: None
    answer: Callable[[str], Any] = lambda _: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        is_new = not self.version.startswith("7.")
        if request.url.path == ("/rpc/" if is_new else "/"):
            return self._said({"result": self.version})
        if request.url.path != ("/seuil/rpc/" if is_new else "/seuil/"):
            return httpx.Response(405 if is_new else 404)
        call = json.loads(request.content, object_hook=_parsed)
        method, params = call["method"], call["params"]
        if method == "common.db.login":
            return self._login(*params)
        told = base64.b64encode(f"seuil:7:{self.session}".encode()).decode()
        if request.headers.get("authorization") != f"Session {told}":
            return httpx.Response(401, headers={"WWW-Authenticate": 'Basic realm="Tryton"'})
        self.asked.append(method)
        self.before(self, method)
        return self.answer(method) or self._said(self._called(method, params))

    def _login(self, user: str, parameters: Mapping[str, str]) -> httpx.Response:
        self.logins += 1
        if "password" not in parameters:
            return self._said({"error": ["LoginException", ["password", f"Password for {user}", "password"]]})
        if (user, parameters["password"]) != ("seuil", PASSWORD):
            return httpx.Response(401, text="<!doctype html>")
        return self._said({"result": [7, self.session, None]})

    def _called(self, method: str, params: list[Any]) -> Row:
        model, _, name = method.removeprefix("model.").rpartition(".")
        if method == "model.res.user.get_preferences":
            return {"result": {"company": self.company, "language": "fr"}}
        if model in self.forbidden:
            return {"error": ["UserError", [f'You are not allowed to access "{model.title()}".', "", None]]}
        if model not in self.tables:
            return {"error": [f"'{model}'", ""]}
        domain = [one for one in params[0] if one[0] != "id"] if self.is_deaf else params[0]
        found = [row for row in self.tables[model] if _matches(row, domain)]
        if name == "search_count":
            return {"result": len(found)}
        _, offset, limit, order, _fields, _context = params
        for by, way in reversed(order or []):
            found.sort(key=lambda row, by=by: row[by], reverse=way == "DESC")  # type: ignore[misc]
        return {"result": found[offset : None if limit is None else offset + limit]}

    @staticmethod
    def _said(body: Row) -> httpx.Response:
        text = json.dumps({"id": 1, **body}, default=_typed)
        return httpx.Response(200, text=text, headers={"Content-Type": "application/json"})


def account(fake: FakeTryton, *, password: str = PASSWORD, now: datetime = NOW, **settings: str) -> Account:
    """Give an account there."""
    return Account(
        settings={"address": "https://tryton.example", "database": "seuil", "user": "seuil", **settings},
        secrets={"password": password},
        zone=ZoneInfo("Europe/Paris"),
        now=now,
        transport=httpx.MockTransport(fake),
    )


def connector(fake: FakeTryton, **said: Any) -> Tryton:
    """Connect to it."""
    made = PROVIDER.connect(account(fake, **said))
    assert isinstance(made, Tryton)
    return made


def pages(fake: FakeTryton, stream: Stream, cursor: Cursor | None = None, **settings: Any) -> list[Page]:
    return list(connector(fake, **settings).streams[stream](cursor))


def records(fake: FakeTryton, stream: Stream, cursor: Cursor | None = None) -> dict[str, Any]:
    return {record.external_id: record for page in pages(fake, stream, cursor) for record in page.records}


def faults(fake: FakeTryton, stream: Stream) -> list[Fault]:
    return [fault for page in pages(fake, stream) for fault in page.faults]


def _matches(row: Row, domain: list[Any]) -> bool:
    if domain and domain[0] == "OR":
        return any(_matches(row, [one]) for one in domain[1:])
    return all(_holds(row, one) for one in domain)


def _holds(row: Row, clause: list[Any]) -> bool:
    if clause[0] == "OR" or isinstance(clause[0], list):
        return _matches(row, clause)
    name, operator, wanted = clause
    value = row.get(name)
    if operator in ("=", "!="):
        return (value == wanted) is (operator == "=")
    if operator == "in":
        return value in wanted
    if value is None:
        return False
    if operator == "like":
        return str(value).startswith(wanted.removesuffix("%"))
    return bool(value >= wanted if operator == ">=" else value > wanted)


def _parsed(value: Row) -> Any:
    parts = {name: part for name, part in value.items() if name != "__class__"}
    return datetime(**parts, tzinfo=UTC) if value.get("__class__") == "datetime" else value


def _typed(value: object) -> Row:
    match value:
        case datetime():
            names: Iterable[str] = ("year", "month", "day", "hour", "minute", "second", "microsecond")
            return {"__class__": "datetime"} | {name: getattr(value, name) for name in names}
        case date():
            return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
        case Decimal():
            return {"__class__": "Decimal", "decimal": str(value)}
        case timedelta():
            return {"__class__": "timedelta", "seconds": value.total_seconds()}
    raise TypeError(value)
