"""A source over real HTTP that does everything to us: it waits us off, fails, cuts off, repeats itself, changes form.

`GET /api/invoices?since=STAMP&after=CURSOR` gives a page of invoices by stamp and number. Each request takes the next
of the server's `faults`; when there are none left it answers as it should.
"""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

FAULTS = ("429", "500", "503", "cut", "html", "nothing", "repeat", "drift", "close")
FIRST = date(2024, 1, 1)

Row = dict[str, object]


@dataclass
class FaultSource:
    """Its invoices by number (amount in cents, and stamp), what is about to go wrong, and what it was asked."""

    rows: dict[int, tuple[int, int]] = field(default_factory=dict)
    faults: deque[str] = field(default_factory=deque)
    page: int = 20
    stamp: int = 0
    asked: int = 0
    last: bytes = b"{}"
    field_name: str = "amount"  # what amounts are called, this year
    by_stamp: list[tuple[int, int]] | None = None

    def put(self, number: int, cents: int) -> None:
        """Insert or edit an invoice."""
        self.stamp += 1
        self.rows[number] = (cents, self.stamp)
        self.by_stamp = None

    def totals(self) -> dict[str, int]:
        """Give what it has, in cents."""
        return {f"F{number}": cents for number, (cents, _) in self.rows.items()}

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes, bool]:
        """Give status, headers, body, and whether the connection is cut in the middle of it."""
        self.asked += 1
        fault = self.faults.popleft() if self.faults else ""
        if fault in {"429", "500", "503"}:
            return int(fault), {"retry-after": "3"} if fault == "429" else {}, b"no", False
        if fault in {"html", "nothing"}:
            return 200, {}, b"<!doctype html>" if fault == "html" else b"", False
        if fault == "repeat":
            return 200, {}, self.last, False
        body = self._page(parse_qs(urlsplit(path).query))
        if fault == "drift":
            return 200, {}, body.replace(b'"items"', b'"data"'), False
        self.last = body
        return 200, {}, body, fault == "cut"

    def _page(self, asked: dict[str, list[str]]) -> bytes:
        if self.by_stamp is None:
            self.by_stamp = sorted((stamp, number) for number, (_, stamp) in self.rows.items())
        start = int(asked.get("since", ["0"])[0])
        after = tuple(map(int, asked["after"][0].split("."))) if "after" in asked else (start, -1)
        first = next_after(self.by_stamp, (after[0], after[1]))
        some = self.by_stamp[first : first + self.page]
        more = first + self.page < len(self.by_stamp)
        ends = f"{some[-1][0]}.{some[-1][1]}" if some and more else None
        return json.dumps({"items": [self._row(number) for _, number in some], "next": ends}).encode()

    def _row(self, number: int) -> Row:
        cents, stamp = self.rows[number]
        issued = (FIRST + timedelta(days=number % 700)).isoformat()
        amount = f"{cents // 100}.{cents % 100:02d}"
        return {
            "id": f"F{number}",
            "issued": issued,
            self.field_name: amount,
            "customer": f"C{number % 50}",
            "stamp": stamp,
        }


def next_after(ordered: list[tuple[int, int]], place: tuple[int, int]) -> int:
    """Find where what comes after a place begins."""
    low, high = 0, len(ordered)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if ordered[middle] <= place else (low, middle)
    return low


@contextmanager
def served(source: FaultSource) -> Iterator[str]:
    """Serve a source on a free port; give its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if source.faults and source.faults[0] == "close":
                source.faults.popleft()
                self.close_connection = True
                return
            status, headers, body, is_cut = source.answer(self.path)
            self.send_response(status)
            for name, value in ({"content-type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if is_cut else body)
            self.close_connection = self.close_connection or is_cut

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/api"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
