"""Asking a Dolibarr server over its REST API, whose versions differ in what they say and in how. Nothing is written.

What differs: 16 answers 404 for an empty list and 401 for a missing right, ignores a filter it does not understand and
the wish for some properties only, and gives a refusal of its injection guard the status 200.
Lists are asked for in the order of ids, each page from the last id on, so that rows which change meanwhile move none.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from connectors.account import Account
from connectors.dolibarr.fields import Days, Row, key, text, whole
from connectors.errors import AccessDenied, Unavailable
from connectors.http import Answer, Api, Budget

A_PAGE = 100
BUDGET = Budget(20, 1.0)  # Dolibarr declares none: what a small server bears
TELLS_COUNTS = 22  # the first version whose invoices come with their number

_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND, _NOT_IMPLEMENTED = 401, 403, 404, 501
_REFUSALS = (_UNAUTHORISED, _FORBIDDEN)
_GUARD = "Access refused"
_API = "/api/index.php"
_DENSE = 4  # ids so close together are asked for as a range


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of the API: its path, the right it takes, and the column of its ids; `only` names what is wanted."""

    path: str
    right: str
    id_column: str = "t.rowid"
    only: str = ""


class Source:
    """One company's server."""

    def __init__(self, account: Account) -> None:
        """Take the account; its key is sent as a header only."""
        address = account.settings.get("address", "").strip().rstrip("/").removesuffix(_API)
        self._host = urlsplit(address).hostname or ""
        secret = account.secrets.get("key", "").strip()
        if not secret or not secret.isascii() or not secret.isprintable():
            raise AccessDenied(code="access_refused", params={"host": self._host, "status": "401"})
        self._api = Api(account, address + _API, headers={"DOLAPIKEY": secret}, budget=BUDGET)
        self._account = account
        self._zone = _zone(account.settings.get("zone", ""))
        self._status: Row | None = None

    @property
    def version(self) -> int:
        """The main number of the server's version, such as 22."""
        found = (text(self.status, "dolibarr_version") or "").partition(".")[0]
        return int(found) if found.isascii() and found.isdigit() else 0

    @property
    def days(self) -> Days:
        """How to read days: in the zone a person said, that the server says, or the account's."""
        said = self._zone or _known_zone(text(self.status, "timestamp_php_tz"))
        return Days(tuple(dict.fromkeys(zone for zone in (said, self._account.zone, ZoneInfo("UTC")) if zone)))

    @property
    def status(self) -> Row:
        """What the server says of itself; AccessDenied where the key opens nothing."""
        if self._status is None:
            value = self._api.get("/status").json()
            said = value.get("success") if isinstance(value, dict) else None
            if not isinstance(said, dict) or not text(said, "dolibarr_version"):
                raise Unavailable(code="dolibarr_not_there", params={"host": self._host})
            self._status = said
        return self._status

    def listed(
        self, listing: Listing, *filters: str, after: int = 0, params: Row | None = None
    ) -> Iterator[tuple[list[Row], int]]:
        """Give a list page by page from an id on, each with its last id; the end is where nothing more comes."""
        while True:
            wanted = [*filters, *([f"({listing.id_column}:>:{after})"] if after else [])]
            rows = self._page(listing, wanted, dict(params or {}))
            if not rows:
                return
            ids = [found for row in rows if (found := key(row, "id")) is not None]
            if not ids or min(ids) <= after:  # it gave what was not asked for: we should never come to an end
                raise Unavailable(code="dolibarr_filter_ignored", params={"path": listing.path})
            after = max(ids)
            yield rows, after

    def by_ids(self, listing: Listing, column: str, ids: Collection[int], *filters: str) -> Iterator[Row]:
        """Give the rows with some ids in a column, asked for as a range where they are close together."""
        wanted = sorted(set(ids))
        if not wanted:
            return
        if wanted[-1] - wanted[0] < _DENSE * len(wanted):
            asked = [f"({column}:>=:{wanted[0]}) and ({column}:<=:{wanted[-1]})"]
        else:
            asked = [f"({column}:=:{one})" for one in wanted]
        for some in asked:
            for rows, _ in self.listed(listing, *filters, some):
                yield from rows

    def rows(self, path: str, right: str) -> list[Row]:
        """Give a short list that comes whole; empty where what it belongs to is no more."""
        answer = self._ask(path, {}, right)
        return [] if answer is None else _objects(answer)

    def one(self, path: str, right: str, params: Row | None = None) -> Row | None:
        """Give a single object, or None where there is none any more."""
        answer = self._ask(path, dict(params or {}), right)
        value = None if answer is None else answer.json()
        if answer is not None and not isinstance(value, dict):
            raise Unavailable(code="not_json", params={"start": answer.text[:60]})
        return value

    def count(self, listing: Listing) -> int | None:
        """Give how many rows a list has, where the server tells it."""
        if self.version < TELLS_COUNTS:
            return None
        asked: Row = {"limit": 1, "page": 0, "properties": "id", "pagination_data": "true"}
        answer = self._ask(listing.path, asked, listing.right)
        value = answer.json() if answer is not None else None
        found = value.get("pagination") if isinstance(value, dict) else None
        return whole(found, "total") if isinstance(found, dict) else None

    def _page(self, listing: Listing, filters: Sequence[str], params: Row) -> list[Row]:
        asked = {"sortfield": listing.id_column, "sortorder": "ASC", "limit": A_PAGE, "page": 0, **params}
        if listing.only and "properties" not in params:
            asked["properties"] = listing.only
        if filters:
            asked["sqlfilters"] = " and ".join(filters)
        answer = self._ask(listing.path, asked, listing.right)
        return [] if answer is None else _objects(answer)

    def _ask(self, path: str, params: Row, right: str) -> Answer | None:
        """Ask, and give None where there is nothing: a version that has no empty lists says so with a 404."""
        _ = self.status
        accept = (*_REFUSALS, _NOT_FOUND, _NOT_IMPLEMENTED)
        answer = self._api.get(path, {name: _sent(value) for name, value in params.items()}, accept=accept)
        if answer.text.lstrip().startswith(_GUARD):
            raise Unavailable(code="dolibarr_guard", params={"host": self._host})
        if answer.status in _REFUSALS:
            raise self._refusal(answer, right)
        if answer.status == _NOT_IMPLEMENTED:
            raise AccessDenied(code="dolibarr_module_off", params={"path": path})
        if answer.status == _NOT_FOUND:
            if not _says_none(answer):
                raise Unavailable(code="answered_badly", params={"host": self._host, "status": str(_NOT_FOUND)})
            return None
        return answer

    def _refusal(self, answer: Answer, right: str) -> AccessDenied:
        """Tell a missing right from a key that opens nothing: 16 says 401 to both, but never to its own status."""
        if self._api.get("/status", accept=_REFUSALS).status in _REFUSALS:
            return AccessDenied(code="access_refused", params={"host": self._host, "status": str(answer.status)})
        return AccessDenied(code="right_missing", params={"right": right})


def _objects(answer: Answer) -> list[Row]:
    value = answer.json()
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise Unavailable(code="not_json", params={"start": answer.text[:60]})
    return value


def _says_none(answer: Answer) -> bool:
    """Say whether a 404 is the API's word that there is nothing, not a web server's that there is no such page."""
    value = answer.json()
    said = value.get("error") if isinstance(value, dict) else None
    return isinstance(said, dict) and said.get("code") == _NOT_FOUND


def _sent(value: object) -> str | int:
    return value if isinstance(value, int) else str(value)


def _zone(name: str) -> ZoneInfo | None:
    """Give the zone a person said; AccessDenied where it is none."""
    found = _known_zone(name.strip())
    if found is None and name.strip():
        raise AccessDenied(code="dolibarr_zone_unknown", params={"zone": name.strip()[:60]})
    return found


def _known_zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):  # how it says that there is none
        return None
