"""A Pennylane of our own: lists, single documents and changes as its contract says, with everything it may do to us."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import httpx

from connectors.account import Account
from connectors.pennylane import PROVIDER, Pennylane
from connectors.records import Direction

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BASE = "/api/external/v2"
TOKEN = "pnl-made-up-token"
RETENTION = timedelta(weeks=4)
PLURAL = {Direction.SALE: "customer_invoices", Direction.PURCHASE: "supplier_invoices"}
Row = dict[str, Any]


def at(day: str) -> str:
    """An instant of a day, as Pennylane writes it."""
    return f"{day}T08:30:15.123456Z"


def sale(n: int, **said: object) -> Row:
    """A customer invoice of 120 euros, late and unpaid."""
    row: Row = {
        "id": n,
        "label": f"Facture Durand - F-{n}",
        "invoice_number": f"F-{n:04}",
        "currency": "EUR",
        "amount": "120.0",
        "currency_amount": "120.0",
        "currency_amount_before_tax": "100.0",
        "currency_tax": "20.0",
        "date": "2026-10-05",
        "deadline": "2026-11-04",
        "paid": False,
        "status": "late",
        "draft": False,
        "filename": "f.pdf",
        "remaining_amount_with_tax": "120.0",
        "customer": {"id": 70 + n % 3, "url": "https://app.pennylane.com/api/external/v2/customers/70"},
        "billing_subscription": None,
        "credited_invoice": None,
        "e_invoicing": None,
        "archived_at": None,
        "created_at": at("2026-10-05"),
        "updated_at": at("2026-10-06"),
    }
    return row | said


def purchase(n: int, **said: object) -> Row:
    """A supplier invoice of 60 euros."""
    row = sale(n, amount="60.0", currency_amount="60.0", currency_amount_before_tax="50.0", currency_tax="10.0")
    for name in ("status", "draft", "customer", "billing_subscription", "credited_invoice"):
        del row[name]
    row |= {"supplier": {"id": 90}, "accounting_status": "complete", "payment_status": "to_be_paid"}
    return row | said


def transaction(n: int, day: str, value: str, **said: object) -> Row:
    """A bank transaction."""
    return {"id": n, "date": day, "currency": "EUR", "currency_amount": value, "archived_at": None} | said


def payment(n: int, day: str, value: str, **said: object) -> Row:
    """A payment that went through."""
    return {"id": n, "currency": "EUR", "currency_amount": value, "status": "found", "created_at": at(day)} | said


@dataclass
class FakePennylane:
    """Holds documents and their changes; `before` may answer in its place, `asked` remembers every request."""

    documents: dict[Direction, dict[int, Row]] = field(default_factory=lambda: {one: {} for one in Direction})
    events: dict[Direction, list[Row]] = field(default_factory=lambda: {one: [] for one in Direction})
    transactions: dict[int, list[Row]] = field(default_factory=dict)
    payments: dict[tuple[Direction, int], list[Row]] = field(default_factory=dict)
    lines: dict[int, Row] = field(default_factory=dict)
    now: datetime = NOW
    before: Callable[[str, Mapping[str, str]], httpx.Response | None] = lambda _, __: None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    page: int = 100
    knows_lines: bool = True
    waits: list[float] = field(default_factory=list)

    def put(self, direction: Direction, row: Row, when: datetime | None = None) -> None:
        """Have a document written, and the change listed where it is later than the beginning."""
        operation = "update" if row["id"] in self.documents[direction] else "insert"
        self.documents[direction][row["id"]] = row
        if when is not None:
            self.tell(direction, row["id"], operation, when)

    def delete(self, direction: Direction, n: int, when: datetime) -> None:
        """Have a document deleted."""
        del self.documents[direction][n]
        self.tell(direction, n, "delete", when)

    def tell(self, direction: Direction, n: int, operation: str, when: datetime) -> None:
        """List a change."""
        self.events[direction].append({"id": n, "operation": operation, "processed_at": when.isoformat()})

    def account(self, now: datetime | None = None) -> Account:
        """An account of a company in Paris."""
        return Account(
            settings={},
            secrets={"token": TOKEN},
            zone=ZoneInfo("Europe/Paris"),
            now=now or self.now,
            transport=httpx.MockTransport(self.answer),
            wait=self.waits.append,
        )

    def connect(self, now: datetime | None = None) -> Pennylane:
        """Connect as Seuil does."""
        connector = PROVIDER.connect(self.account(now))
        assert isinstance(connector, Pennylane)
        return connector

    def paths(self) -> list[str]:
        """The paths asked for so far."""
        return [path for path, _ in self.asked]

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        assert request.method == "GET"
        path, params = request.url.path.removeprefix(BASE), dict(parse_qsl(request.url.query.decode()))
        self.asked.append((path, params))
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return self._json({"error": "unauthorized", "status": 401}, 401)
        return self.before(path, params) or self._routed(path, params)

    def _routed(self, path: str, params: Mapping[str, str]) -> httpx.Response:
        parts = path.strip("/").split("/")
        if parts == ["customers"]:
            names = {str(n): f"Client {n}" for n in range(70, 73)}
            wanted = json.loads(params["filter"])[0]["value"]
            return self._json(page_of([{"id": int(n), "name": names[n]} for n in wanted if n in names], params))
        direction = next(one for one in Direction if PLURAL[one] in parts)
        if parts[0] == "changelogs":
            return self._changes(direction, params)
        if len(parts) == 3:
            found = self.transactions if parts[2] == "matched_transactions" else None
            rows = (found or {}).get(int(parts[1]), [])
            if found is None:
                rows = self.payments.get((direction, int(parts[1])), [])
            return self._json(page_of(rows, params))
        rows_there = self.documents[direction]
        if len(parts) == 2:
            row = rows_there.get(int(parts[1]))
            return self._json(row if row is not None else {"status": 404, "error": "none"}, 200 if row else 404)
        return self._listed(rows_there, params)

    def _listed(self, there: Mapping[int, Row], params: Mapping[str, str]) -> httpx.Response:
        assert params["sort"] == "id"
        assert 1 <= int(params["limit"]) <= 100
        if "include" in params and not self.knows_lines:
            return self._json({"error": "include", "status": 400}, 400)
        rows = [there[n] for n in sorted(there) if all(_fits(n, one) for one in json.loads(params.get("filter", "[]")))]
        value = page_of(rows, params, self.page)
        if params.get("include") == "invoice_lines":
            value["included"] = {
                "invoice_lines": {str(row["id"]): self.lines[row["id"]] for row in rows if row.get("id") in self.lines}
            }
        return self._json(value)

    def _changes(self, direction: Direction, params: Mapping[str, str]) -> httpx.Response:
        if {"cursor", "start_date"} <= params.keys():
            return self._json({"error": "both", "status": 400}, 400)
        assert 1 <= int(params["limit"]) <= 1000
        events = sorted(self.events[direction], key=lambda one: str(one["processed_at"]))
        start = params.get("start_date")
        if start is not None:
            since = datetime.fromisoformat(start)
            if since < self.now - RETENTION:
                return self._json({"error": "too old", "status": 422}, 422)
            skipped = len([one for one in events if datetime.fromisoformat(one["processed_at"]) < since])
            params = {**params, "cursor": f"p{skipped}"}
        return self._json(page_of(events, params, self.page))

    def _json(self, value: object, status: int = 200, **headers: str) -> httpx.Response:
        told = {"ratelimit-limit": "25", "ratelimit-remaining": "20", "date": format_datetime(self.now, usegmt=True)}
        return httpx.Response(status, json=value, headers=told | headers)


def page_of(rows: list[Row], params: Mapping[str, str], largest: int = 100) -> Row:
    """Cut a page out of rows."""
    start = int(params.get("cursor", "p0").removeprefix("p"))
    end = start + min(int(params["limit"]), largest)
    more = end < len(rows)
    return {"items": rows[start:end], "has_more": more, "next_cursor": f"p{end}" if more else None}


def _fits(n: int, said: Mapping[str, Any]) -> bool:
    assert said["field"] == "id"
    return n > int(said["value"]) if said["operator"] == "gt" else str(n) in said["value"]
