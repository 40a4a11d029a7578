"""Personio (API v1): staff, days away, and the attendances that are back-office work by their project or comment.

Only the attributes that are used are asked for: no pay, no address, no birthday. An absence says that somebody was
away, and never why.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import ClassVar

from connectors.account import Account
from connectors.base import Ask, AskKind, Cursor, Evidence, Fault, Keys, Page, Pages, Provider
from connectors.errors import AccessDenied, BadPayload
from connectors.personio.fields import Row, fault, text
from connectors.personio.rows import read_days, read_employee, read_hours, read_time
from connectors.personio.source import Source
from connectors.records import Record, Stream
from connectors.words import DEFAULT_WORDS, AdminWords, read_words

OVERLAP = timedelta(days=2)
"""Changes are asked for from so long before the last reading on: Personio says its times in an unnamed zone."""

FIRST_YEAR = 2015  # attendances must be asked for between two dates; Personio is not older
_EMPLOYEES, _DAYS, _HOURS = "/company/employees", "/company/time-offs", "/company/absence-periods"
_TYPES, _ATTENDANCES = "/company/time-off-types", "/company/attendances"
_STAFF_RIGHT, _ABSENCE_RIGHT, _TIME_RIGHT = "Employees: read", "Absences: read", "Attendances: read"
_ATTRIBUTES = (
    "id", "first_name", "last_name", "status", "hire_date", "termination_date", "weekly_working_hours", "department",
    "team", "last_modified_at",
)  # fmt: skip

Read = Callable[[Row], Record | None]


@dataclass(frozen=True)
class Personio:
    """Read one company's account."""

    account: Account
    source: Source
    words: AdminWords
    words_digest: str
    offsite: dict[str, bool] = field(default_factory=dict)
    name: ClassVar[str] = "personio"

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        """Staff, absences, and time where words say that it was back-office work."""
        return {Stream.STAFF: self._staff, Stream.ABSENCES: self._absences, Stream.TIME: self._time}

    @property
    def keys(self) -> Mapping[Stream, Keys]:
        """The rows that are there and count, and those that make no sense just now."""
        return {Stream.STAFF: self._staff_keys, Stream.ABSENCES: self._absence_keys, Stream.TIME: self._time_keys}

    def _staff(self, cursor: Cursor | None) -> Iterator[Page]:
        asked = [("attributes[]", name) for name in _ATTRIBUTES]
        if since := _since(cursor):
            asked.append(("updated_since", (since - OVERLAP).strftime("%Y-%m-%dT%H:%M:%S")))
        for rows in self.source.listed(_EMPLOYEES, asked, _STAFF_RIGHT):
            if not any("hire_date" in row for row in rows):  # what the account may not see is left out, without a word
                raise AccessDenied(code="right_missing", params={"right": f"{_STAFF_RIGHT} (hire_date)"})
            yield _page(rows, partial(read_employee, zone=self.account.zone), "", self._here(cursor))
        yield self._end()

    def _absences(self, cursor: Cursor | None) -> Iterator[Page]:
        since = _since(cursor)
        for rows, read, prefix in self._absence_rows((since - OVERLAP).date().isoformat() if since else None):
            yield _page(rows, read, prefix, self._here(cursor))
        yield self._end()

    def _absence_rows(self, since: str | None) -> Iterator[tuple[list[Row], Read, str]]:
        days = [("updated_from", since)] if since else []
        for rows in self.source.listed(_DAYS, days, _ABSENCE_RIGHT):
            yield rows, partial(read_days, zone=self.account.zone), "days:"
        hours = [("updated_from", f"{since}T00:00:00Z")] if since else []
        for rows in self.source.listed(_HOURS, hours, _ABSENCE_RIGHT):
            yield rows, partial(read_hours, offsite=self._is_offsite), "hours:"

    def _time(self, cursor: Cursor | None) -> Iterator[Page]:
        """Read year by year, then what changed; other words than last time make it begin anew."""
        cursor = cursor if cursor and cursor.get("words") == self.words_digest else None
        began = cursor.get("began", "") if cursor else self.account.now.astimezone(UTC).isoformat()
        read = partial(read_time, words=self.words)
        if since := _since(cursor):
            changed = ("updated_from", (since - OVERLAP).date().isoformat())
            asked = [("start_date", f"{FIRST_YEAR}-01-01"), ("end_date", f"{self._last_year}-12-31"), changed]
            for rows in self.source.listed(_ATTENDANCES, asked, _TIME_RIGHT):
                yield _page(rows, read, "", self._here(cursor))
        else:
            for year in range(int(cursor["year"]) if cursor else FIRST_YEAR, self._last_year + 1):
                here = {"year": str(year), "began": began, "words": self.words_digest}
                for rows in self._attendances(year):
                    yield _page(rows, read, "", here)
                yield Page((), {**here, "year": str(year + 1)})
        yield Page((), {"since": began if not since else self._now, "words": self.words_digest})

    def _attendances(self, year: int) -> Iterator[list[Row]]:
        asked = [("start_date", f"{year}-01-01"), ("end_date", f"{year}-12-31")]
        return self.source.listed(_ATTENDANCES, asked, _TIME_RIGHT)

    def _staff_keys(self) -> Iterator[tuple[str, ...]]:
        for rows in self.source.listed(_EMPLOYEES, [("attributes[]", "id")], _STAFF_RIGHT):
            yield tuple(found for row in rows if (found := text(row, "id")))

    def _absence_keys(self) -> Iterator[tuple[str, ...]]:
        for rows, read, prefix in self._absence_rows(None):
            yield _ids(_page(rows, read, prefix, {}))

    def _time_keys(self) -> Iterator[tuple[str, ...]]:
        for year in range(FIRST_YEAR, self._last_year + 1):
            for rows in self._attendances(year):
                yield _ids(_page(rows, partial(read_time, words=self.words), "", {}))

    def _is_offsite(self, kind: str) -> bool:
        """Look an absence type up; all of them are asked for at the first one."""
        if not self.offsite:
            for rows in self.source.listed(_TYPES, [], _ABSENCE_RIGHT):
                self.offsite.update({text(row, "id") or "": text(row, "category") == "offsite_work" for row in rows})
            self.offsite.setdefault("", False)
        return self.offsite.get(kind, False)

    def _here(self, cursor: Cursor | None) -> Cursor:
        """Say where to resume within a reading: at its beginning, for only a whole one has missed nothing."""
        return cursor or {"began": self._now}

    def _end(self) -> Page:
        return Page((), {"since": self._now})

    @property
    def _now(self) -> str:
        return self.account.now.astimezone(UTC).isoformat()

    @property
    def _last_year(self) -> int:
        return self.account.now.astimezone(self.account.zone).year


def _since(cursor: Cursor | None) -> datetime | None:
    return datetime.fromisoformat(cursor["since"]) if cursor and "since" in cursor else None


def _page(rows: list[Row], read: Read, prefix: str, cursor: Cursor) -> Page:
    """Read rows; one that does not count is gone, should it have counted before."""
    records: list[Record] = []
    faults: list[Fault] = []
    gone: list[str] = []
    for row in rows:
        place = f"{prefix}{text(row, 'id') or '?'}"
        try:
            record = read(row)
        except BadPayload as error:
            faults.append(fault(error, place, row))
        else:
            if record is None:
                gone.append(place)
            else:
                records.append(record)
    return Page(tuple(records), cursor, tuple(faults), tuple(gone))


def _ids(page: Page) -> tuple[str, ...]:
    return (*(record.external_id for record in page.records), *(one.place for one in page.faults))


def _connect(account: Account) -> Personio:
    said = account.settings.get("admin_words") or DEFAULT_WORDS
    return Personio(account, Source(account), read_words(said), sha256(said.encode()).hexdigest()[:16])


PROVIDER = Provider(
    name=Personio.name,
    title="Personio",
    feeds={Stream.STAFF: Evidence.DIRECT, Stream.ABSENCES: Evidence.DIRECT, Stream.TIME: Evidence.PROXY},
    connect=_connect,
    asks=(
        Ask("client_id"),
        Ask("client_secret", AskKind.SECRET),
        Ask("admin_words", AskKind.WORDS, default=DEFAULT_WORDS, required=False),
    ),
)
