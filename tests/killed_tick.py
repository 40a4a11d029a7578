"""A tick in a process of its own that is killed (`kill -9`) as it reaches a named point; imports are done once for all.

Told apart from the tests that use it, so that the process has little to import.
"""

import os
import signal
from datetime import datetime
from multiprocessing import get_context

from app.db import open_database
from app.faultpoints import on_reaching
from app.schedule import tick
from tests.seuil_process import PRELOADED
from tests.small_source import registry


def killed_tick(url: str, now: datetime, point: str, *, invoices: int, mail_port: int = 0, nth: int = 1) -> int | None:
    """Tick, and be killed at a point as it is reached for the nth time; give how the process ended."""
    context = get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=_tick, args=(url, now, invoices, mail_port, point, nth))
    process.start()
    process.join()
    return process.exitcode


def _tick(url: str, now: datetime, invoices: int, mail_port: int, point: str, nth: int) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    left = nth

    def pull_the_plug(reached: str) -> None:
        nonlocal left
        if reached == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    on_reaching(pull_the_plug)
    tick(open_database(url), lambda: now, registry(invoices, mail_port))
