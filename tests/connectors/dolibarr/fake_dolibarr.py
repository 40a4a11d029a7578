"""A Dolibarr of our own that speaks as 16, 20 or 22: lists with their filters, rights, and every odd way of saying no.

Rows are put with days written out ("2026-03-31"); what the server says of them is midnight in its own zone.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import httpx

from connectors.account import Account
from connectors.dolibarr import PROVIDER, Dolibarr

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BASE = "/api/index.php"
KEY = "dlb-made-up-key"
PARIS = ZoneInfo("Europe/Paris")
Row = dict[str, Any]

INVOICES, PURCHASES, AGENDA = "/invoices", "/supplierinvoices", "/agendaevents"
USERS, TASKS, PROJECTS, PARTIES = "/users", "/tasks", "/projects", "/thirdparties"
RIGHTS = {
    INVOICES: "facture", PURCHASES: "fournisseur", AGENDA: "agenda", USERS: "user", TASKS: "projet",
    PROJECTS: "projet", PARTIES: "societe",
}  # fmt: skip
ID_COLUMN = {AGENDA: "id"}
DAYS = {
    "date", "date_lim_reglement", "date_echeance", "date_pointoftax", "date_start", "date_end", "date_validation",
    "dateemployment", "dateemploymentend", "timespent_line_date",
}  # fmt: skip
_CRITERION = re.compile(r"\(t\.(\w+):(=|>=|<=|>|<):([^()]+)\)")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}


def sale(n: int, **said: object) -> Row:
    """A customer invoice of 120 euros, for work until the end of September, validated and unpaid."""
    row: Row = {
        "id": str(n), "ref": f"FA2610-{n:04}", "type": "0", "statut": "1", "status": "1", "paye": "0",
        "socid": str(70 + n % 3), "date": "2026-10-05", "date_lim_reglement": "2026-11-04",
        "date_creation": at("2026-10-05 08:30"), "date_validation": "2026-10-05", "total_ht": "100.00000000",
        "total_tva": "20.00000000", "total_ttc": "120.00000000", "multicurrency_code": "EUR",
        "multicurrency_tx": "1.00000000", "totalpaid": None, "mode_reglement_code": "VIR", "close_code": None,
        "date_closing": None, "fk_facture_source": None, "date_pointoftax": "", "note_private": "a secret of theirs",
        "lines": [{"date_start": "2026-09-01", "date_end": "2026-09-30"}, {"date_start": "", "date_end": ""}],
        "author": "3", "validator": "2",
    }  # fmt: skip
    return row | said


def purchase(n: int, **said: object) -> Row:
    """A supplier invoice of 60 euros; its kind is told as a number."""
    row = sale(n, ref=f"SI2610-{n:04}", type=0, total_ht="50.0", total_tva="10.0", total_ttc="60.0", lines=[])
    row |= {"datec": row.pop("date_creation"), "date_echeance": row.pop("date_lim_reglement"), "socid": "90"}
    for name in ("totalpaid", "mode_reglement_code", "date_pointoftax", "date_validation"):
        del row[name]
    return row | said


def event(n: int, code: str, invoice: int | None, when: str, **said: object) -> Row:
    """Something the agenda noted by itself."""
    row: Row = {
        "id": str(n), "code": code, "label": f"{code} of somebody@client.invalid", "datep": at(when), "datec": at(when),
        "authorid": "3", "socid": "71", "elementtype": "invoice" if invoice else None,
        "elementid": str(invoice) if invoice else None, "email_subject": "Madame Durand",
    }  # fmt: skip
    return row | said


def mail(n: int, invoice: int, when: str, **said: object) -> Row:
    """A mail that somebody sent with an invoice."""
    return event(n, "AC_BILL_SENTBYMAIL", invoice, when, **said)


def rounds(n: int, invoice: int | None, when: str, outcome: str = "OK (nbdays=-7 paymentmode=all)") -> Row:
    """A mail of the server's own rounds."""
    label = f"sendEmailsRemindersOnInvoiceDueDate{outcome}"
    return event(n, "AC_EMAIL", invoice, when, label=label, authorid="1")


def payment(day: str, value: str, ref: str, kind: str = "VIR") -> Row:
    """Money, or what stands beside it in brackets."""
    return {"amount": value, "type": kind, "date": f"{day} 00:00:00", "num": "", "ref": ref}


def user(n: int, **said: object) -> Row:
    """A member of staff."""
    row: Row = {
        "id": str(n), "login": f"u{n}", "employee": "1", "firstname": "Ada", "lastname": f"Nom{n}", "statut": "1",
        "dateemployment": "2020-02-03", "dateemploymentend": "", "weeklyhours": "35.00000000", "thm": "99.0",
    }  # fmt: skip
    return row | said


def spent(n: int, day: str, seconds: int | str, who: str = "3") -> Row:
    """Time that somebody noted."""
    return {
        "timespent_line_id": str(n), "timespent_line_date": day, "timespent_line_duration": str(seconds),
        "timespent_line_fk_user": who, "timespent_line_note": "for Madame Durand", "timespent_line_thm": "27.5",
    }  # fmt: skip


def task(n: int, label: str, project: int, *lines: Row) -> Row:
    """A task with what was noted on it."""
    return {"id": str(n), "ref": f"TK{n}", "label": label, "fk_project": str(project), "lines": list(lines)}


def at(when: str) -> int:
    """An instant, written in UTC, as seconds."""
    return int(datetime.fromisoformat(when).replace(tzinfo=UTC).timestamp())


@dataclass
class FakeDolibarr:
    """The server: tables by their path, each row with the instant of its last change."""

    version: str = "22.0.4"
    zone: ZoneInfo = PARIS
    database_zone: ZoneInfo = PARIS
    tells_zone: bool = True
    understands_filters: bool = True
    a_page: int = 1000
    refused: set[str] = field(default_factory=set)
    tables: dict[str, dict[int, tuple[Row, datetime]]] = field(default_factory=dict)
    payments: dict[str, list[Row]] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)
    answers: list[Callable[[httpx.Request], httpx.Response | None]] = field(default_factory=list)
    now: datetime = NOW

    @property
    def main(self) -> int:
        """The version's first number."""
        return int(self.version.partition(".")[0])

    def put(self, path: str, row: Row, changed_at: datetime | None = None) -> None:
        """Insert or change a row, in the words of this version."""
        self.put_raw(path, self._spoken(row), changed_at or self.now)

    def put_raw(self, path: str, row: Row, changed_at: datetime) -> None:
        """Insert a row as it stands."""
        self.tables.setdefault(path, {})[int(row["id"])] = (row, changed_at)

    def pay(self, path: str, n: int, *rows: Row) -> None:
        """Say what was paid on a document."""
        self.payments[f"{path}/{n}"] = list(rows)

    def account(self, **settings: str) -> Account:
        """An account there."""
        return Account(
            settings={"address": "https://erp.example.com", **settings},
            secrets={"key": KEY},
            zone=PARIS,
            now=self.now,
            transport=httpx.MockTransport(self.answer),
            wait=lambda _: None,
        )

    def connect(self, **settings: str) -> Dolibarr:
        """A connector to it."""
        found = PROVIDER.connect(self.account(**settings))
        assert isinstance(found, Dolibarr)
        return found

    def later(self, delta: timedelta) -> None:
        """Let time pass."""
        self.now += delta

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as this version does."""
        self.asked.append(request)
        for special in self.answers:
            if (said := special(request)) is not None:
                return said
        if request.headers.get("dolapikey") != KEY:
            return error(401, "Unauthorized")
        assert request.method == "GET"
        path = request.url.path.removeprefix(BASE)
        if path == "/status":
            return httpx.Response(200, json={"success": self._status()})
        table = next((name for name in RIGHTS if path == name or path.startswith(f"{name}/")), None)
        if table is None:
            return httpx.Response(501, text="API not found (failed to include API file)")
        if RIGHTS[table] in self.refused:
            return error(401 if self.main < 18 else 403, "Not allowed")
        params = dict(parse_qsl(request.url.query.decode()))
        return self._list(table, params) if path == table else self._one(table, path.removeprefix(table)[1:])

    def _status(self) -> Row:
        said: Row = {"code": 200, "dolibarr_version": self.version, "access_locked": "0"}
        return said | ({"timestamp_php_tz": self.zone.key} if self.tells_zone and self.main >= 20 else {})

    def _list(self, table: str, params: Mapping[str, str]) -> httpx.Response:
        if "<script" in params.get("sqlfilters", ""):
            text = "Access refused to 127.0.0.1 by SQL or Script injection protection in main.inc.php"
            return httpx.Response(200 if self.main < 18 else 403, text=text)
        column = ID_COLUMN.get(table, "rowid")
        if params.get("sortfield", f"t.{column}") != f"t.{column}":
            return error(503, "Unknown column in ORDER BY")
        criteria = self._criteria(params.get("sqlfilters", ""))
        if criteria is None:
            return error(400, "Bad syntax of the search string")
        found = []
        for n, (row, changed_at) in sorted(self.tables.get(table, {}).items()):
            columns = self._columns(table, n, row, changed_at)
            if any(name not in columns for name, _, _ in criteria):
                return error(503, "Unknown column in WHERE")
            if all(_COMPARE[how](columns[name], _typed(columns[name], value)) for name, how, value in criteria):
                found.append(row)
        return self._portion(found, params)

    def _portion(self, found: list[Row], params: Mapping[str, str]) -> httpx.Response:
        limit = min(int(params.get("limit", "100")), self.a_page)
        start = int(params.get("page", "0")) * limit
        some = found[start : start + limit]
        if not some and self.main < 18:
            return error(404, "No invoice found")
        if params.get("properties") and self.main >= 20:
            names = params["properties"].split(",")
            some = [{name: row[name] for name in names if name in row} for row in some]
        if params.get("pagination_data") == "true" and self.main >= 22:
            return httpx.Response(200, json={"data": some, "pagination": {"total": len(found), "page": 0}})
        return httpx.Response(200, json=some)

    def _one(self, table: str, rest: str) -> httpx.Response:
        number, _, what = rest.partition("/")
        if int(number) not in self.tables.get(table, {}):
            return error(404, "Not found")
        if what == "payments":
            return httpx.Response(200, json=self.payments.get(f"{table}/{number}", []))
        return httpx.Response(200, json=self.tables[table][int(number)][0])

    def _criteria(self, text: str) -> list[tuple[str, str, str]] | None:
        """Read a filter; 16 passes over one that it does not understand."""
        if not self.understands_filters or re.sub(r"\band\b|\s", "", _CRITERION.sub("", text)):
            return [] if self.main < 18 else None
        return _CRITERION.findall(text)

    def _columns(self, table: str, n: int, row: Row, changed_at: datetime) -> Row:
        tms = changed_at.astimezone(self.database_zone).strftime("%Y-%m-%d %H:%M:%S")
        found: Row = {ID_COLUMN.get(table, "rowid"): n, "tms": tms}
        if table == AGENDA:
            element = row.get("elementid")
            found |= {"code": row["code"], "elementtype": row.get("elementtype") or ""}
            found["fk_element"] = int(element) if element else 0
        return found

    def _spoken(self, row: Row) -> Row:
        said = {name: self._value(name, value) for name, value in row.items() if name not in ("author", "validator")}
        if "author" in row and self.main < 18:
            said |= {"user_author": row["author"], "user_creation_id": None, "fk_user_valid": row["validator"]}
        elif "author" in row:
            said |= {"user_author": None, "user_creation_id": row["author"], "user_validation_id": row["validator"]}
        return said

    def _value(self, name: str, value: Any) -> Any:
        if name == "lines":
            return [self._spoken(line) for line in value]
        if name in DAYS and isinstance(value, str) and value:
            return int(datetime.fromisoformat(value).replace(tzinfo=self.zone).timestamp())
        return value


def error(status: int, message: str) -> httpx.Response:
    """Say no, as Restler does."""
    return httpx.Response(status, json={"error": {"code": status, "message": message}, "debug": {"source": "x.php"}})


def _typed(like: object, value: str) -> Any:
    return int(value) if isinstance(like, int) else value.strip("'")


def speaking(version: str, rows: Mapping[str, Iterable[Row]], **said: Any) -> FakeDolibarr:
    """Make a server of a version with rows in its tables."""
    fake = replace(FakeDolibarr(version=version), **said)
    for path, some in rows.items():
        for row in some:
            fake.put(path, row)
    return fake
