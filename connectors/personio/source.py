"""Asking Personio: a token for the credentials, and lists read page by page until nothing new comes."""

import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from typing import Any

import httpx

from connectors.account import Account
from connectors.errors import AccessDenied, Unavailable
from connectors.http import Answer, Api, Budget
from connectors.personio.fields import Row, fields_of, plain, text

ADDRESS, HOST = "https://api.personio.de/v1", "api.personio.de"
BUDGET = Budget(requests=100, seconds=60)  # Personio states none; other clients of the same account need some, too
A_PAGE = 200
OVERLAP = 10  # so many rows may go between two pages without one being skipped
PASSES = 4  # how often a list that moves is gone through

Asked = Sequence[tuple[str, str]]


class Bearer(httpx.Auth):
    """Opens requests with a token; an answer may bring the next one, and a refused one is asked for anew."""

    def __init__(self, account: Account) -> None:
        """Take the account; its credentials are sent when the first request is."""
        self._account, self._token = account, ""

    def __repr__(self) -> str:
        """Say what it is, and nothing of the token."""
        return "Bearer()"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put the token on a request; where it is refused (401), once more with a new one."""
        self._token = self._token or self._asked()
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._token = self._asked()
            request.headers["Authorization"] = f"Bearer {self._token}"
            response = yield request
        kind, _, following = response.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and following:
            self._token = following

    def _asked(self) -> str:
        """Ask for a token. No error says anything of the answer: it may hold one."""
        client_id, secret = self._account.settings.get("client_id", ""), self._account.secrets.get("client_secret", "")
        answer = Api(self._account, ADDRESS).post("/auth", {"client_id": client_id, "client_secret": secret})
        found = None
        with suppress(ValueError):
            found = json.loads(answer.body)
        body = found if isinstance(found, dict) else {}
        if body.get("success") is False:
            raise AccessDenied(code="access_refused", params={"host": HOST, "status": "success: false"})
        token = text(plain(body, "data"), "token")
        if token is None:
            raise Unavailable(code="token_unreadable", params={"host": HOST})
        return token


class Source:
    """One account at Personio."""

    def __init__(self, account: Account) -> None:
        """Take the account."""
        self._api = Api(account, ADDRESS, auth=Bearer(account), budget=BUDGET)

    def listed(self, path: str, asked: Asked, right: str) -> Iterator[list[Row]]:
        """Give the rows of a list, each once; their ids tell them apart.

        Rows that go while a list is read move those behind them onto pages that were read already. So a list that
        gave fewer rows than it said it has is gone through again, until that brings nothing new.
        """
        seen: set[str] = set()
        for _ in range(PASSES):
            before, total = len(seen), 0
            for rows, said in self._pages(path, asked, right):
                new = [row for row in rows if _identity(row) not in seen]
                seen.update(_identity(row) for row in new)
                total = max(total, said)
                if new:
                    yield new
            if len(seen) >= total or len(seen) == before:
                return

    def _pages(self, path: str, asked: Asked, right: str) -> Iterator[tuple[list[Row], int]]:
        """Go through a list once, with how many rows it says it has.

        An `offset` is a number of rows in most lists, and of pages in some, counted from 0 or 1: the second request
        asks for 1, and its answer says which. Pages of rows overlap.
        """
        first, total = self._page(path, asked, 0, right)
        yield first, total or 0
        if not first or (len(first) < A_PAGE if total is None else len(first) >= total):
            return
        rows, total = self._page(path, asked, 1, right)
        yield rows, total or 0
        known = {_identity(row) for row in first}
        shared, full = sum(_identity(row) in known for row in rows), len(first)
        offset, step = (full - OVERLAP, full - OVERLAP) if 0 < shared < full and full > OVERLAP else (2, 1)
        while len(rows) == full:
            last = rows
            rows, total = self._page(path, asked, offset, right)
            if rows == last and total is None:  # it gave all it has at once, and says so in no other way
                return
            if rows == last:
                raise Unavailable(code="pages_repeat", params={"path": path})
            yield rows, total or 0
            offset += step

    def _page(self, path: str, asked: Asked, offset: int, right: str) -> tuple[list[Row], int | None]:
        params = [*asked, ("limit", str(A_PAGE)), ("offset", str(offset))]
        body = _checked(self._api.get(path, params, right=right), right)
        said = text(plain(body, "metadata"), "total_elements") or ""
        return [fields_of(row) for row in body["data"]], int(said) if said.isascii() and said.isdigit() else None


def _identity(row: Row) -> str:
    return text(row, "id") or json.dumps(row, sort_keys=True, default=str)


def _checked(answer: Answer, right: str) -> dict[str, Any]:
    """Give the body of an answer; an error may come as a success (200)."""
    body = answer.json()
    if isinstance(body, dict) and body.get("success") is not False and isinstance(body.get("data"), list):
        return body
    error = body.get("error") if isinstance(body, dict) else None
    code = str(error.get("code")) if isinstance(error, dict) else "?"
    if code == "403":
        raise AccessDenied(code="right_missing", params={"right": right})
    if code == "401":
        raise AccessDenied(code="access_refused", params={"host": HOST, "status": code})
    raise Unavailable(code="answered_badly", params={"host": HOST, "status": f"{answer.status} ({code[:20]})"})
