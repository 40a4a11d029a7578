"""A program that listens over HTTP, in a thread, for tests that tell it things."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Ear:
    """A program that listens: what it was sent, and what it answers."""

    def __init__(self) -> None:
        self.address = ""
        self.answers: list[int] = []
        self.heard: list[tuple[dict[str, str], bytes]] = []


@contextmanager
def listening() -> Iterator[Ear]:
    one = Ear()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            one.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(one.answers.pop(0) if one.answers else 204)
            self.send_header("location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.address = f"http://127.0.0.1:{server.server_address[1]}/alerts"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
