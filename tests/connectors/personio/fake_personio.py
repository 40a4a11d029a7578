"""A small Personio: employees, absences, attendances, and tokens that may be good for one request."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from connectors.account import Account
from connectors.personio import PROVIDER, Personio

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SECRET = "the-SECRET"
PARIS = ZoneInfo("Europe/Paris")
Row = dict[str, Any]


def wrapped(label: str, value: Any, kind: str = "standard") -> Row:
    """Wrap a value as Personio wraps those of employees."""
    return {"label": label, "value": value, "type": kind, "universal_id": label.lower().replace(" ", "_")}


def employee(number: int, **other: Any) -> Row:
    """Make a member of staff; a field of theirs is replaced by its bare name."""
    told: Row = {
        "id": number,
        "first_name": "Odile",
        "last_name": f"Marchand {number}",
        "email": f"odile{number}@example.com",
        "status": "active",
        "fix_salary": 3100,
        "hire_date": "2021-03-01T00:00:00+01:00",
        "termination_date": None,
        "weekly_working_hours": "35",
        "department": {"type": "Department", "attributes": {"id": 7, "name": "Comptabilité"}},
        "team": None,
        "last_modified_at": "2026-01-05T10:00:00+01:00",
    } | other
    return {"type": "Employee", "attributes": {name: wrapped(name, value) for name, value in told.items()}}


def time_off(number: int, start: str, end: str, *, employee_id: int = 1, **other: Any) -> Row:
    """Make an absence by the day."""
    told = {
        "id": number,
        "status": "approved",
        "start_date": f"{start}T00:00:00+0100",
        "end_date": f"{end}T00:00:00+0100",
        "half_day_start": False,
        "half_day_end": False,
        "time_off_type": {
            "type": "TimeOffType",
            "attributes": {"id": 3, "name": "Congés", "category": "paid_vacation"},
        },
        "employee": {"type": "Employee", "attributes": {"id": wrapped("id", employee_id)}},
        "comment": "Mariage d'Odile",
        "updated_at": "2026-01-05T10:00:00+0100",
    } | other
    return {"type": "TimeOffPeriod", "attributes": told}


def hourly(key: str, minutes: Mapping[str, int], *, employee_id: int = 1, **other: Any) -> Row:
    """Make an absence by the hour."""
    told = {
        "id": key,
        "status": "approved",
        "start": f"{min(minutes)}T07:00:00.0Z",
        "end": f"{max(minutes)}T16:00:00.0Z",
        "employee": {"type": "Employee", "attributes": {"id": wrapped("id", employee_id)}},
        "absence_type": {"type": "AbsenceType", "attributes": {"id": "u", "name": "Congés", "time_off_type_id": 3}},
        "comment": "Rendez-vous médical",
        "breakdowns": [{"date": day, "effective_duration": length} for day, length in minutes.items()],
        "updated_at": "2026-01-05T10:00:00.000Z",
    } | other
    return {"type": "AbsencePeriod", "attributes": told}


def attendance(number: int, on: str, **other: Any) -> Row:
    """Make an attendance; `project` is its project's name."""
    project = other.pop("project", "Relances clients")
    told = {
        "employee": 1,
        "date": on,
        "start_time": "09:00",
        "end_time": "12:30",
        "break": 15,
        "comment": "avec Odile",
        "status": "confirmed",
        "updated_at": f"{on}T18:00:00+01:00",
        "project": project and {"id": 5, "type": "Project", "attributes": {"name": project, "active": True}},
    } | other
    return {"id": number, "type": "AttendancePeriod", "attributes": told}


@dataclass
class FakePersonio:
    """What the account has, how it answers, and what it was asked."""

    employees: list[Row] = field(default_factory=list)
    time_offs: list[Row] = field(default_factory=list)
    hours: list[Row] = field(default_factory=list)
    attendances: list[Row] = field(default_factory=list)
    types: list[Row] = field(default_factory=list)
    offsets: str = "rows"  # or pages from 0, or pages from 1
    largest: int = 200
    tells_total: bool = True
    rotates: bool = False
    forbidden: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    given: int = 0
    asked: list[httpx.Request] = field(default_factory=list)
    before: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self.asked.append(request)
        said = self.before(request)
        if said is not None:
            return said
        if request.url.path == "/v1/auth":
            return self._auth(json.loads(request.content))
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return _no(401, "Authorization is not provided")
        if request.url.path in self.forbidden:
            return _no(403, "Provided authorization is not valid")
        headers = {}
        if self.rotates:
            self.tokens.remove(token)
            headers["authorization"] = f"Bearer {self._token()}"
        return httpx.Response(200, json=self._body(request.url), headers=headers)

    def _auth(self, said: Row) -> httpx.Response:
        if (said["client_id"], said["client_secret"]) != ("seuil", SECRET):
            return _no(403, "Wrong credentials")
        return httpx.Response(200, json={"success": True, "data": {"token": self._token()}})

    def _token(self) -> str:
        self.given += 1
        self.tokens.add(f"token-SECRET-{self.given}")
        return f"token-SECRET-{self.given}"

    def _body(self, url: httpx.URL) -> Row:
        rows, params = self._rows(url.path, url.params), url.params
        limit, offset = min(int(params["limit"]), self.largest), int(params["offset"])
        if "updated_since" in params:
            limit, offset = len(rows) + 1, 0
        elif self.offsets != "rows":
            offset = max(0, offset - (self.offsets == "pages from 1")) * limit
        body: Row = {"success": True, "data": rows[offset : offset + limit], "offset": offset, "limit": limit}
        if self.tells_total:
            body["metadata"] = {"total_elements": len(rows), "current_page": 0, "total_pages": 1}
        return body

    def _rows(self, path: str, params: httpx.QueryParams) -> list[Row]:
        if path == "/v1/company/employees":
            wanted = set(params.get_list("attributes[]")) - self.hidden
            since = datetime.fromisoformat(params.get("updated_since", "1970-01-01")).replace(tzinfo=UTC)
            rows = [row for row in self.employees if _changed(row, "last_modified_at") > since]
            return [row | {"attributes": {k: v for k, v in row["attributes"].items() if k in wanted}} for row in rows]
        if path == "/v1/company/time-off-types":
            return self.types
        since = _instant(params.get("updated_from", "1970-01-01"))
        if path == "/v1/company/attendances":
            first, last = (date.fromisoformat(params[name]) for name in ("start_date", "end_date"))
            here = [r for r in self.attendances if first <= date.fromisoformat(r["attributes"]["date"]) <= last]
            return [row for row in here if _changed(row, "updated_at") >= since]
        found = {"/v1/company/time-offs": self.time_offs, "/v1/company/absence-periods": self.hours}[path]
        return [row for row in found if _changed(row, "updated_at") >= since]

    def connector(self, *, now: datetime = NOW, **settings: str) -> Personio:
        """Open the account."""
        return PROVIDER.connect(self.account(now=now, **settings))  # type: ignore[return-value]

    def account(self, *, now: datetime = NOW, secret: str = SECRET, **settings: str) -> Account:
        """Give what opens the account."""
        return Account(
            settings={"client_id": "seuil", **settings},
            secrets={"client_secret": secret},
            zone=PARIS,
            now=now,
            transport=httpx.MockTransport(self.answer),
            wait=lambda _: None,
        )


def later(days: float) -> datetime:
    """Give an instant so many days from now."""
    return NOW + timedelta(days=days)


def _no(code: int, message: str) -> httpx.Response:
    return httpx.Response(code, json={"success": False, "error": {"code": code, "message": message}})


def _changed(row: Row, name: str) -> datetime:
    value = row["attributes"][name]
    try:
        return _instant(value["value"] if isinstance(value, dict) else value)
    except ValueError:
        return NOW


def _instant(said: str) -> datetime:
    found = datetime.fromisoformat(said)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
