"""Looked up a moment ago: who asks, and the body they ask for; the second of the two asynchronous rooms.

What is remembered is forgotten at once when this process writes anything, and after five seconds in any case: another
process may have written. So a key that is revoked elsewhere opens for five seconds more, and an answer that is made
elsewhere is served five seconds later.
"""

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from app.access import Reader
from app.db import written
from app.permits import admit
from app.room import Room, who_asks, within_budget

_SHOWING = frozenset((b"authorization", b"cookie"))
PACKED_AT = 5  # of 9: nearly as small, and in half the time
GOOD_FOR = timedelta(seconds=5)
MOST = 1_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Found(Generic[T]):
    what: T
    at: datetime
    written: int


class Memory(Generic[T]):
    """Things by key, each as it was a moment ago; the oldest is dropped where there are too many."""

    def __init__(self, room: Room) -> None:
        """Take the application's belongings: its clock, and the database whose writes are watched."""
        self._room = room
        self._found: OrderedDict[str, _Found[T]] = OrderedDict()
        self._looking: dict[tuple[str, int], asyncio.Future[T]] = {}

    async def get(self, key: str, look: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Give what is remembered under a key, else look it up; what can't be found is not remembered."""
        now, state = self._room.now(), written(self._room.engine)
        found = self._found.get(key)
        if found is not None and found.written == state and abs(now - found.at) < GOOD_FOR:
            return found.what
        under_way = self._looking.get((key, state))
        if under_way is not None:  # those who ask meanwhile wait for one look
            return await asyncio.shield(under_way)
        looking = self._looking[(key, state)] = asyncio.ensure_future(look())
        looking.add_done_callback(lambda _: self._looking.pop((key, state), None))
        self._keep(key, _Found(await asyncio.shield(looking), now, state))
        return looking.result()

    def _keep(self, key: str, fresh: _Found[T]) -> None:
        self._found[key] = fresh
        self._found.move_to_end(key)
        while len(self._found) > MOST:
            self._found.popitem(last=False)


@dataclass(slots=True)
class Materialised:
    """A body as it is sent, with its tag; packed once, when somebody first takes it packed."""

    body: bytes
    etag: str
    packed: bytes = b""

    def pack(self) -> bytes:
        """Give the body packed by gzip: figures as JSON pack to a tenth."""
        self.packed = self.packed or gzip.compress(self.body, PACKED_AT, mtime=0)
        return self.packed


class Memories:
    """What the room remembers: readers by what they show, and bodies by company."""

    def __init__(self, room: Room) -> None:
        """Start with nothing remembered."""
        self.room = room
        self.readers: Memory[Reader] = Memory(room)
        self.bodies: Memory[Materialised] = Memory(room)


def memories_of(request: Request) -> Memories:
    """Give the application's memories, made at the first asking."""
    found: Memories | None = getattr(request.app.state, "memories", None)
    room: Room = request.app.state.room
    if found is None or found.room is not room:
        found = request.app.state.memories = Memories(room)
    return found


async def let_in(request: Request) -> Reader:
    """Say who asks, as every other operation does, and let them pass if they may; for looking only."""
    memories = memories_of(request)
    # All that `who_asks` looks at, or somebody would pass for who showed the same half of it.
    shown = [part for header in request.scope["headers"] if header[0] in _SHOWING for part in header]
    key = hashlib.sha256(b"\0".join(shown)).hexdigest()
    reader = await memories.readers.get(key, lambda: run_in_threadpool(who_asks, request, memories.room))
    if reader.holder_id is None:
        within_budget(request, memories.room, reader)
    admit(reader.held, request.method, request.scope["route"].path, request.path_params.get("company_id"))
    return reader


def takes_gzip(accepted: str) -> bool:
    """Say whether `Accept-Encoding` names gzip and does not rule it out with `q=0`."""
    for one in accepted.lower().split(","):
        name, _, quality = one.partition(";")
        if name.strip() in {"gzip", "*"}:
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
