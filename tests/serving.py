"""The application served for real, for tests that speak HTTP to it."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import uvicorn
from sqlalchemy import Engine

from app.main import create_app
from app.settings import Settings

LOOKS_EVERY_S = 0.005


class PromptServer(uvicorn.Server):
    """The real server; only it ends as soon as its work is done, not some tenths of a second later."""

    async def main_loop(self) -> None:
        """Serve until told to end."""
        await self.on_tick(0)
        while not self.should_exit:  # noqa: ASYNC110 - told from another thread
            await asyncio.sleep(LOOKS_EVERY_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nothing new, finish what is under way, and let the application end."""
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110 - as the server itself does
            await asyncio.sleep(LOOKS_EVERY_S)
        await self.lifespan.shutdown()


@contextmanager
def served(
    engine: Engine, now: datetime, *, settings: Settings | None = None, clock: Callable[[], datetime] | None = None
) -> Iterator[str]:
    """Serve the application on a free port, at a fixed time unless there is a clock, and give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = create_app(engine, settings or Settings(database_url="sqlite://"), now=clock or (lambda: now))
    server = PromptServer(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", timeout_keep_alive=60))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
