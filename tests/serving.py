"""The application served for real, for tests that speak HTTP to it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import uvicorn
from sqlalchemy import Engine

from app.main import create_app
from app.settings import Settings


@contextmanager
def served(
    engine: Engine, now: datetime, *, settings: Settings | None = None, clock: Callable[[], datetime] | None = None
) -> Iterator[str]:
    """Serve the application on a free port, at a fixed time unless there is a clock, and give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = create_app(engine, settings or Settings(database_url="sqlite://"), now=clock or (lambda: now))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
