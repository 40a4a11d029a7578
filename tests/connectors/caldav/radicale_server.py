"""A Radicale of our own, and a director's account on it: events are put there as a calendar program does."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from connectors.account import Account
from connectors.base import Connector, Cursor, Page
from connectors.caldav import PROVIDER
from connectors.records import Stream, TimeEntry

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
USERS = 60
NETWORK = httpx.HTTPTransport(verify=False)  # the real one; certificates take longer to load than a reading
PASSWORD = "opens-radicale"

_CONFIG = """
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {users}
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {kept}
[logging]
level = critical
"""
_MAKE_CALENDAR = """<?xml version="1.0" encoding="utf-8"?>
<mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop>
<resourcetype><collection/><C:calendar/></resourcetype><displayname>{name}</displayname>
</prop></set></mkcol>"""


@contextmanager
def radicale(folder: Path) -> Iterator[str]:
    """Run a server until the end, and give its address."""
    users = folder / "users"
    names = ("md@example.org", *(f"user{n}" for n in range(USERS)))
    users.write_text("".join(f"{name}:{PASSWORD}\n" for name in names))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "config"
    config.write_text(_CONFIG.format(port=port, users=users, kept=folder / "kept"))
    server = subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-m", "radicale", "--config", str(config)], stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError


def event(uid: str, title: str, *lines: str) -> str:
    """Write an event: its title, and the lines that say when."""
    return "\r\n".join(
        ("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", f"SUMMARY:{title}", *lines, "END:VEVENT")
    )


def calendar(*parts: str) -> str:
    """Write what is put: events, and zones."""
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", *parts, "END:VCALENDAR", ""))


def at(day: str, begin: str, end: str, zone: str = ";TZID=Europe/Paris") -> tuple[str, str]:
    """Say when: `at("20260302", "0900", "1030")`."""
    return f"DTSTART{zone}:{day}T{begin}00", f"DTEND{zone}:{day}T{end}00"


@dataclass
class Director:
    """Somebody's account on the server, and how it is read."""

    server: str
    user: str
    settings: Mapping[str, str] = field(default_factory=dict)
    password: str = PASSWORD
    now: datetime = NOW

    def asked(self, **more: str) -> "Director":
        """Answer some of the questions otherwise."""
        return replace(self, settings={**self.settings, **more})

    def on(self, now: datetime) -> "Director":
        """Read at another instant."""
        return replace(self, now=now)

    def add_calendar(self, name: str) -> None:
        """Begin a calendar."""
        self.send("MKCOL", f"{name}/", _MAKE_CALENDAR.format(name=name.title()))

    def put(self, place: str, *parts: str) -> None:
        """Put an event at `calendar/name`."""
        self.send("PUT", f"{place}.ics", calendar(*parts), kind="text/calendar")

    def send(self, method: str, path: str, body: str = "", kind: str = "application/xml") -> httpx.Response:
        """Do something with what is below the account's home."""
        url, headers = f"{self.server}/{self.user}/{path}", {"Content-Type": kind}
        client = httpx.Client(transport=NETWORK, auth=(self.user, PASSWORD), timeout=60)
        return client.request(method, url, content=body.encode(), headers=headers).raise_for_status()

    def connect(self) -> Connector:
        """Make what reads the account."""
        account = Account(
            settings={"address": self.server, "user": self.user, "actor": "mdurand", **self.settings},
            secrets={"password": self.password},
            zone=PARIS,
            now=self.now,
            private_hosts=frozenset({"127.0.0.1"}),
            transport=NETWORK,
        )
        return PROVIDER.connect(account)

    def pages(self, cursor: Cursor | None = None) -> list[Page]:
        """Read to the end."""
        return list(self.connect().streams[Stream.TIME](cursor))


@dataclass
class Kept:
    """What somebody keeps who reads pages: the records that are not gone, and the bookmark."""

    entries: dict[str, TimeEntry] = field(default_factory=dict)
    cursor: Cursor | None = None

    def read(self, director: Director) -> int:
        """Read on from the bookmark; say how many pages that took."""
        pages = director.pages(self.cursor)
        for page in pages:
            self.save(page)
        return len(pages)

    def save(self, page: Page) -> None:
        """Keep a page."""
        for record in page.records:
            assert isinstance(record, TimeEntry)
            self.entries[record.external_id] = record
        for one in page.gone:
            self.entries.pop(one, None)
        self.cursor = page.cursor

    @property
    def minutes(self) -> dict[str, int]:
        """Minutes by day and process."""
        return {name: entry.minutes for name, entry in sorted(self.entries.items())}


def minutes(director: Director) -> dict[str, int]:
    """Read from the beginning: minutes by day and process."""
    kept = Kept()
    kept.read(director)
    return kept.minutes
