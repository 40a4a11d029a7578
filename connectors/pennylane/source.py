"""Asking Pennylane's Company API v2: lists, changes, and single documents. Nothing is ever written to it.

A list is asked for in the order of ids, and resumed by an id: the vendor's own cursors are short-lived, and are used
within one reading only.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.account import Account
from connectors.errors import AccessDenied, StartOver, Unavailable
from connectors.http import Answer, Api, Budget
from connectors.pennylane.fields import Row, flag, inner, number, rows_in, text
from connectors.records import Direction

ADDRESS = "https://app.pennylane.com/api/external/v2"
BUDGET = Budget(25, 5.0)
A_PAGE = 100
A_PAGE_OF_CHANGES = 1000
WEEKS_KEPT = 4

PATHS: Mapping[Direction, str] = {Direction.SALE: "/customer_invoices", Direction.PURCHASE: "/supplier_invoices"}
RIGHTS: Mapping[Direction, str] = {
    Direction.SALE: "customer_invoices:readonly",
    Direction.PURCHASE: "supplier_invoices:readonly",
}
_BAD_REQUEST, _FORBIDDEN, _NOT_FOUND, _UNPROCESSABLE = 400, 403, 404, 422

Params = dict[str, str | int]


class Source:
    """One company's account."""

    def __init__(self, account: Account) -> None:
        """Take the account; its token is sent as a header only."""
        token = account.secrets.get("token", "").strip()
        if not token or not token.isascii() or not token.isprintable():
            raise AccessDenied(code="access_refused", params={"host": "app.pennylane.com", "status": "401"})
        self._api = Api(account, ADDRESS, headers={"Authorization": f"Bearer {token}"}, budget=BUDGET)
        self._now = account.now
        self._began: datetime | None = None
        self._tells_lines = True
        self._tells_names = True
        self._names: dict[str, str] = {}

    @property
    def began(self) -> datetime:
        """The instant of the first answer by the earlier of the two clocks; what changes later is still to come."""
        return self._began or self._now

    def listed(self, direction: Direction, after: int = 0) -> Iterator[list[Row]]:
        """Give a kind of document page by page in the order of ids, from those after an id on."""
        yield from self._documents(direction, [_filter("id", "gt", str(after))] if after else [])

    def check(self, direction: Direction) -> None:
        """Ask for one document: AccessDenied where the right to them is missing."""
        self._ask(PATHS[direction], {"limit": 1, "sort": "id"}, RIGHTS[direction])

    def by_ids(self, direction: Direction, ids: Sequence[int]) -> list[Row]:
        """Give those of some documents that are there, asked for together."""
        wanted = set(ids)
        pages = self._documents(direction, [_filter("id", "in", [str(one) for one in ids])])
        return [row for page in pages for row in page if number(row) in wanted]

    def document(self, direction: Direction, number_there: int) -> Row | None:
        """Give one document, or None where there is none."""
        path = f"{PATHS[direction]}/{number_there}"
        answer = self._ask(path, {}, RIGHTS[direction], accept=(_NOT_FOUND,))
        found = None if answer.status == _NOT_FOUND else answer.json()
        return found if isinstance(found, dict) else None

    def changes(self, direction: Direction, since: datetime) -> Iterator[list[Row]]:
        """Give what happened to a kind of document since an instant, oldest first; StartOver where that is too old."""
        path, right = f"/changelogs{PATHS[direction]}", RIGHTS[direction]
        first: Params = {"start_date": since.astimezone(UTC).isoformat().replace("+00:00", "Z")}
        for value in self._pages(path, first, {}, A_PAGE_OF_CHANGES, right, accept=(_UNPROCESSABLE,)):
            yield rows_in(value, "items")

    def payments(self, direction: Direction, number_there: int) -> list[Row]:
        """Give the vendor's own payments of a document."""
        return self._below(direction, number_there, "payments")

    def transactions(self, number_there: int) -> list[Row]:
        """Give the bank transactions matched with a customer invoice."""
        return self._below(Direction.SALE, number_there, "matched_transactions")

    def customer_names(self, ids: Collection[str]) -> Mapping[str, str]:
        """Give the names of some customers; an account without the right to know gets none."""
        unknown = sorted(set(ids) - self._names.keys()) if self._tells_names else []
        for start in range(0, len(unknown), A_PAGE):
            given: Params = {"filter": json.dumps([_filter("id", "in", unknown[start : start + A_PAGE])])}
            self._tells_names = False  # until a page comes
            for value in self._pages("/customers", given, given, A_PAGE, None, accept=(_FORBIDDEN,)):
                self._tells_names = True
                self._names |= {one: name for row in rows_in(value, "items") for one, name in _named(row)}
        return self._names

    def _below(self, direction: Direction, number_there: int, name: str) -> list[Row]:
        given: Params = {"sort": "id"}
        path = f"{PATHS[direction]}/{number_there}/{name}"
        pages = self._pages(path, given, given, A_PAGE, RIGHTS[direction], accept=(_NOT_FOUND,))
        return [row for value in pages for row in rows_in(value, "items")]

    def _documents(self, direction: Direction, filters: Sequence[Mapping[str, Any]]) -> Iterator[list[Row]]:
        given: Params = {"sort": "id"}
        if filters:
            given["filter"] = json.dumps(filters)
        if direction is Direction.SALE and self._tells_lines:
            given["include"] = "invoice_lines"
        pages = self._pages(PATHS[direction], given, given, A_PAGE, RIGHTS[direction])
        for value in pages:
            lines = inner(inner(value, "included"), "invoice_lines")
            yield [row | {"lines": inner(lines, text(row, "id") or "")} for row in map(dict, rows_in(value, "items"))]

    def _pages(
        self, path: str, first: Params, then: Params, limit: int, right: str | None, accept: Collection[int] = ()
    ) -> Iterator[Row]:
        """Follow a list to its end; `first` and `then` are what the first page and the others are asked with."""
        asked, seen = dict(first), set[str]()
        while True:
            answer = self._ask(path, {"limit": limit, **asked}, right, accept)
            if answer.status == _UNPROCESSABLE:
                raise StartOver(code="changelog_too_old", params={"weeks": str(WEEKS_KEPT)})
            if answer.status in accept:
                return
            value = answer.json()
            if not isinstance(value, dict) or not isinstance(value.get("items"), list):
                raise Unavailable(code="not_json", params={"start": answer.text[:60]})
            yield value
            cursor = text(value, "next_cursor")
            if flag(value, "has_more") is False or (cursor is None and flag(value, "has_more") is None):
                return
            if cursor is None or cursor in seen:  # more is promised, and no way there: the end is not reached
                raise Unavailable(code="pages_repeat", params={"path": path})
            seen.add(cursor)
            asked = {**then, "cursor": cursor}

    def _ask(self, path: str, params: Params, right: str | None, accept: Collection[int] = ()) -> Answer:
        if "include" in params and self._tells_lines:  # an experiment of the vendor's: without it, no service days
            answer = self._api.get(path, params, right=right, accept=(*accept, _BAD_REQUEST))
            self._tells_lines = answer.status != _BAD_REQUEST
        if "include" not in params or not self._tells_lines:
            plain = {name: value for name, value in params.items() if name != "include"}
            answer = self._api.get(path, plain, right=right, accept=accept)
        if self._began is None:
            self._began = min(self._now, _told(answer) or self._now)
        return answer


def _filter(field: str, operator: str, value: str | list[str]) -> Mapping[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def _named(row: Row) -> Iterator[tuple[str, str]]:
    one, name = text(row, "id"), text(row, "name")
    if one and name:
        yield one, name


def _told(answer: Answer) -> datetime | None:
    """Read the other side's clock."""
    with suppress(ValueError):
        found = parsedate_to_datetime(answer.headers.get("date", ""))
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return None
