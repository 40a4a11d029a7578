"""Tryton's JSON-RPC: which server it is, a session, typed values, and errors that come with status 200.

7.0 is asked at `/<database>/`, 8.x at `/<database>/rpc/`; which of them answers for its version is asked first. Only
methods that read are called, beside the one that opens a session.
"""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

from connectors.account import Account
from connectors.errors import AccessDenied, SourceError, Unavailable
from connectors.http import Answer, Api

Row = Mapping[str, Any]
Domain = list[Any]

PAGE = 100
# No such thing at this path, in the words of several servers in front; 7.0 takes "rpc" for a database and says 401.
_ELSEWHERE = (400, 401, 403, 404, 405, 500, 501)
_REFUSED = 401
_SHOWN = 100


class NoSuchModel(SourceError):
    """The server does not know a model: the module that brings it is not active."""


@dataclass
class _Session:
    """What a session is opened with, and the session while there is one."""

    path: str = ""
    token: str = ""
    context: dict[str, Any] = field(default_factory=dict)


class Rpc:
    """One user's account on one database of a server."""

    def __init__(self, account: Account, page: int = PAGE) -> None:
        """Take the account, and how many rows are asked for at once; nothing is asked yet."""
        self.page = page
        self._api = Api(account, account.settings["address"])
        self._host = urlsplit(account.settings["address"]).hostname or ""
        self._database = quote(account.settings["database"].strip(), safe="")
        self._user = account.settings["user"].strip()
        self._password = account.secrets["password"]
        self._session = _Session()
        self._denied: AccessDenied | None = None  # why nobody was let in

    @property
    def company(self) -> int:
        """The company that the user works for, as the server numbers it; AccessDenied where there is none."""
        self._open()
        return int(self._session.context["company"])

    def search_read(
        self, model: str, domain: Domain, fields: Sequence[str], *, order: str | None = "id", limit: int | None = None
    ) -> list[Row]:
        """Read what matches, archived rows as well; `order` names a field, which a minus turns round."""
        turned = None if order is None else [[order.lstrip("-"), "DESC" if order.startswith("-") else "ASC"]]
        found = self._read(model, "search_read", [domain, 0, limit, turned, list(fields)])
        if not isinstance(found, list) or not all(
            isinstance(row, dict) and type(row.get("id")) is int for row in found
        ):
            raise Unavailable(code="tryton_error", params={"message": f"{model}: no rows"})
        return found

    def read_after(self, model: str, last: int, domain: Domain, fields: Sequence[str]) -> list[Row]:
        """Read the next portion of what matches, in the order of ids; one that is not full is the last."""
        rows = self.search_read(model, [*domain, ["id", ">", last]], fields, limit=self.page)
        if rows and not last < rows[0]["id"] <= rows[-1]["id"]:
            raise Unavailable(code="tryton_error", params={"message": f"{model}: id > {last}"})
        return rows

    def read_all(self, model: str, domain: Domain, fields: Sequence[str]) -> Iterator[list[Row]]:
        """Read all that matches in portions."""
        last = 0
        while rows := self.read_after(model, last, domain, fields):
            yield rows
            if len(rows) < self.page:
                return
            last = int(rows[-1]["id"])

    def count(self, model: str, domain: Domain) -> int:
        """Say how many match."""
        found = self._read(model, "search_count", [domain])
        if type(found) is not int:
            raise Unavailable(code="tryton_error", params={"message": f"{model}: no count"})
        return found

    def _read(self, model: str, method: str, params: list[Any]) -> Any:
        self._open()
        try:
            return self._call(f"model.{model}.{method}", [*params, self._session.context], right=model)
        except _Ended:  # a session ends after minutes in which nothing was asked
            self._session = _Session()
            self._open()
            return self._call(f"model.{model}.{method}", [*params, self._session.context], right=model)

    def _open(self) -> None:
        if self._session.context:
            return
        if self._denied is not None:
            raise self._denied
        self._session.path = self._found_path()
        opened = self._login()
        if not isinstance(opened, list) or len(opened) < 2:  # noqa: PLR2004 - the user's id, and the session
            raise AccessDenied(code="tryton_login", params={"user": self._user})
        told = f"{self._user}:{opened[0]}:{opened[1]}"
        self._session.token = base64.b64encode(told.encode()).decode()
        preferences = self._call("model.res.user.get_preferences", [True, {}], right="res.user")
        company = preferences.get("company") if isinstance(preferences, dict) else None
        if not isinstance(company, int):
            raise AccessDenied(code="tryton_no_company", params={"user": self._user})
        # Messages in English, whatever the user's language: a missing right is told by one. Archived rows too.
        self._session.context = {"company": company, "language": "en", "active_test": False}

    def _login(self) -> Any:
        """Log in; what was refused once is not asked again: after five wrong tries Tryton locks the user out."""
        try:
            return self._call("common.db.login", [self._user, {"password": self._password}])
        except AccessDenied as error:
            self._denied = error
            raise

    def _found_path(self) -> str:
        """Ask both places for the version, and give the path of calls; an error where neither is a Tryton."""
        statuses = set()
        for place, path in (("/rpc/", f"/{self._database}/rpc/"), ("/", f"/{self._database}/")):
            answer = self._api.post(place, _envelope("common.server.version", []), accept=_ELSEWHERE)
            said = _json(answer) if answer.status not in _ELSEWHERE else None
            if isinstance(said, dict) and isinstance(said.get("result"), str):
                return path
            statuses.add(answer.status)
        for status in statuses & {401, 403}:  # somebody in front of it
            raise AccessDenied(code="access_refused", params={"host": self._host, "status": str(status)})
        raise Unavailable(code="tryton_not_there")

    def _call(self, method: str, params: list[Any], *, right: str | None = None) -> Any:
        headers = {"Authorization": f"Session {self._session.token}"} if self._session.token else None
        accept = (_REFUSED,) if self._session.token else ()
        envelope = _envelope(method, params)
        answer = self._api.post(self._session.path, envelope, headers=headers, right=right, accept=accept)
        if answer.status == _REFUSED:
            raise _Ended(code="access_refused", params={"host": self._host, "status": str(_REFUSED)})
        said = answer.json()
        if not isinstance(said, dict) or ("result" not in said and "error" not in said):
            raise Unavailable(code="not_json", params={"start": answer.text[:60]})
        if said.get("error") is not None:
            _refuse(said["error"], right, self._user)
        try:
            return typed(said.get("result"))
        except RecursionError as error:
            raise Unavailable(code="not_json", params={"start": answer.text[:60]}) from error


class _Ended(AccessDenied):
    """The session is over."""


def _envelope(method: str, params: list[Any]) -> dict[str, Any]:
    return {"id": 1, "method": method, "params": params}


def _json(answer: Answer) -> Any:
    with suppress(Unavailable):
        return answer.json()
    return None


def _refuse(error: Any, right: str | None, user: str) -> NoReturn:
    """Name the remedy of an error: its kind and its message, or for a fault in the server a message and its trace."""
    kind, told = ([*error, None, None] if isinstance(error, list) else [str(error), None])[:2]
    message = str(told[0]) if isinstance(told, list) and told else str(kind)
    if kind == "LoginException":
        raise AccessDenied(code="tryton_login", params={"user": user})
    if kind == "RateLimitException":
        raise Unavailable(code="tryton_error", params={"message": "RateLimitException"}, retry_after_s=300)
    if kind == "UserError" and "not allowed to access" in message:
        quoted = message.partition('"')[2].partition('"')[0]
        named = f"{quoted} ({right})" if quoted and right else quoted or right or ""
        raise AccessDenied(code="right_missing", params={"right": named})
    if right is not None and kind == f"'{right}'":  # a KeyError, in the server's own words
        raise NoSuchModel(code="tryton_no_model", params={"model": right})
    raise Unavailable(code="tryton_error", params={"message": message[:_SHOWN]})


def typed(value: Any) -> Any:
    """Read Tryton's typed values; what can't be read stays as it stands, which no field takes."""
    if isinstance(value, list):
        return [typed(one) for one in value]
    if not isinstance(value, dict):
        return value
    reader: Callable[[Row], Any] | None = _TYPES.get(str(value.get("__class__")))
    if reader is None:
        return {name: typed(one) for name, one in value.items()}
    try:
        return reader(value)
    except (ArithmeticError, KeyError, TypeError, ValueError):
        return value


def _date(value: Row) -> date:
    return date(value["year"], value["month"], value["day"])


def _datetime(value: Row) -> datetime:
    names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    parts = {name: int(value[name]) for name in names}
    return datetime(**parts, tzinfo=UTC)  # the server keeps its instants in UTC


def sent(instant: datetime) -> Row:
    """Write an instant as the server reads it."""
    names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime"} | {name: getattr(instant.astimezone(UTC), name) for name in names}


_TYPES = {
    "date": _date,
    "datetime": _datetime,
    "Decimal": lambda value: Decimal(value["decimal"]),
    "timedelta": lambda value: timedelta(seconds=float(value["seconds"])),
}
