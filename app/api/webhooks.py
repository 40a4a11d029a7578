"""The webhook door, one of the two asynchronous rooms: verify the bytes, keep the knock, answer."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect

from app.db import read
from app.doors import Secrets, find_secrets
from app.errors import NotFound, SeuilError
from app.knocks import Keeper, Knocked, KnockKeeper, NotKept
from app.room import Room, language_of
from app.vault import open_vault
from app.wording import say
from connectors.doorbell import DOOR_HEADER, BadSignature, Knock, StandardWebhooks, new_secret

CONTENT = frozenset({"application/json", "text/json", "text/plain", "application/x-www-form-urlencoded"})
LARGEST_BODY = 256 * 1024
BODY_WITHIN_S = 10.0
LOOKED_UP_FOR = timedelta(seconds=10)
LOOKED_UP_AGAIN = timedelta(seconds=1)
MOST_LOOKED_UP = 1_000
LONGEST_ID = 36
LOOKERS = 2  # threads; strangers with made-up addresses must not take those of the pages

NOBODYS_DOORBELL = StandardWebhooks()
KEPT, SEEN_BEFORE = b'{"status":"kept"}', b'{"status":"seen_before"}'
NOBODYS = new_secret()
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Kept, or seen before"},
    401: {"description": "Not signed by the source, or not now"},
    404: {"description": "No webhook at this address"},
    408: {"description": "The body did not arrive whole in time"},
    410: {"description": "Switched off: stop sending"},
    413: {"description": "The body is too large"},
    415: {"description": "Neither JSON, nor plain text, nor a form"},
    429: {"description": "Too many of this connection's wait: send it again after `Retry-After` seconds"},
    503: {"description": "Not kept: send it again after `Retry-After` seconds"},
}

router = APIRouter(prefix="/v1", tags=["webhooks"])
log = structlog.get_logger()


class NotGenuine(SeuilError):
    """It was not signed by the source, or not now."""

    status = 401


class TooSlow(SeuilError):
    """The body did not arrive."""

    status = 408


class Closed(SeuilError):
    """The door is closed; a sender that understands stops."""

    status = 410


class TooLarge(SeuilError):
    """The body is larger than any webhook."""

    status = 413


class NotThisContent(SeuilError):
    """No webhook has such content."""

    status = 415


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What was found, and when."""

    secrets: Secrets | None
    at: datetime


class Door:
    """What the door remembers between requests: opened secrets, for some seconds, and the keeper of knocks."""

    def __init__(self, room: Room, keeper: Keeper, *, body_within_s: float = BODY_WITHIN_S) -> None:
        """Take the application's belongings, who keeps the knocks, and how long a body may take."""
        self.keeper = keeper
        self.body_within_s = body_within_s
        self._room = room
        self._looked_up: dict[str, LookedUp] = {}
        self._looking: dict[str, asyncio.Task[Secrets | None]] = {}
        self._lookers = CapacityLimiter(LOOKERS)

    def forget(self, connection_id: str) -> None:
        """Look a door's secrets up anew at the next knock."""
        self._looked_up.pop(connection_id, None)

    async def knock(self, connection_id: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Let a genuine knock be kept: true if it is new. An unknown door costs as much as one without a secret."""
        now = self._room.now()
        secrets, knock = await self._genuine(connection_id, headers, body, now)
        if secrets.is_closed:
            raise Closed("door_closed")
        digest, hint = hashlib.sha256(body).hexdigest(), secrets.hint_in(body)
        told = (hint.stream.value, hint.external_id) if hint else (None, None)
        knocked = Knocked(connection_id, knock.event_id, knock.sent_at, now, len(body), digest, *told)
        return await self.keeper.keep(knocked)

    async def _genuine(
        self, connection_id: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Secrets, Knock]:
        """Verify; where it fails, once more with fresh secrets: they may have been changed a moment ago."""
        refusal: SeuilError = NotFound("no_such_door")
        for good_for in (LOOKED_UP_FOR, LOOKED_UP_AGAIN):
            secrets = await self._secrets(connection_id, now, good_for)
            try:
                knock = self._verify(secrets, headers, body, now)
            except BadSignature as error:
                refusal = NotGenuine(error.code, error.params)
                if secrets is None or error.code == "no_such_door":
                    refusal = NotFound("no_such_door")
            else:
                if secrets is not None:
                    return secrets, knock
        raise refusal

    @staticmethod
    def _verify(secrets: Secrets | None, headers: Mapping[str, str], body: bytes, now: datetime) -> Knock:
        if secrets is None:
            return NOBODYS_DOORBELL.verify(headers, body, NOBODYS, now)
        return secrets.doorbell.verify(headers, body, secrets.good_at(now), now)

    async def _secrets(self, connection_id: str, now: datetime, good_for: timedelta) -> Secrets | None:
        """Give a door's secrets as they were a short while ago; those who ask meanwhile wait for one look."""
        if len(connection_id) > LONGEST_ID or not (connection_id.isascii() and connection_id.isprintable()):
            return None  # nothing to ask a database for
        known = self._looked_up.get(connection_id)
        if known is not None and abs(now - known.at) < good_for:  # a clock may be set back
            return known.secrets
        looking = self._looking.get(connection_id)
        if looking is None:
            looking = asyncio.create_task(self._look_up(connection_id, now))
            self._looking[connection_id] = looking
        return await asyncio.shield(looking)  # one sender who hangs up must not take the answer from the others

    async def _look_up(self, connection_id: str, now: datetime) -> Secrets | None:
        try:
            secrets = await to_thread.run_sync(self._find, connection_id, limiter=self._lookers)
        finally:
            del self._looking[connection_id]
        while len(self._looked_up) >= MOST_LOOKED_UP:
            self.forget(next(iter(self._looked_up)))
        self.forget(connection_id)  # the one put last stays longest
        self._looked_up[connection_id] = LookedUp(secrets, now)
        return secrets

    def _find(self, connection_id: str) -> Secrets | None:
        """Look in the database; what goes wrong there is ours, and the sender had better try again."""
        try:
            with read(self._room.engine) as conn:
                return find_secrets(conn, lambda: open_vault(self._room.settings), connection_id)
        except (SQLAlchemyError, SeuilError, OSError) as error:
            log.exception("door_not_opened", connection=connection_id)
            raise NotKept("knock_not_kept") from error


def door_of(app: FastAPI) -> Door:
    """Give the application's door, made at the first knock."""
    found: Door | None = getattr(app.state, "door", None)
    if found is None:
        room: Room = app.state.room
        found = app.state.door = Door(room, KnockKeeper(room.engine))
    return found


def close_doors(app: FastAPI) -> None:
    """At shutdown: return when every knock that waits is kept."""
    found: Door | None = getattr(app.state, "door", None)
    if found is not None:
        found.keeper.close()


def forget_door(app: FastAPI, connection_id: str) -> None:
    """Have a changed secret or a closed door count at once; call it after the commit."""
    found: Door | None = getattr(app.state, "door", None)
    if found is not None:
        found.forget(connection_id)


@router.post("/webhooks/{connection_id}", responses=ANSWERS)
async def webhook(connection_id: str, request: Request) -> Response:
    """Take a webhook of a connection's source, signed as its provider signs; as Standard Webhooks say by default.

    Answered once it is on the disk. It has the source read at the next tick; of its body no more is kept than which
    object changed, where the provider says so.
    """
    return await _rung(connection_id, request, "")


@router.post("/webhooks/{connection_id}/{token}", responses=ANSWERS)
async def unsigned_webhook(connection_id: str, token: str, request: Request) -> Response:
    """Take a webhook of a source that signs nothing: nobody else knows the last part of the address.

    It has the source read at the next tick, like any other; those within ten seconds count as one.
    """
    return await _rung(connection_id, request, token)


async def _rung(connection_id: str, request: Request, token: str) -> Response:
    try:
        door = door_of(request.app)
        body = await _body(request, door.body_within_s)
        _check_content(request)
        is_new = await door.knock(connection_id, _headers(request, token), body)
    except SeuilError as error:
        return _problem(request, error)
    return Response(KEPT if is_new else SEEN_BEFORE, media_type="application/json")


def _check_content(request: Request) -> None:
    """Refuse what says it is something else; some senders say nothing, and some call their JSON a form."""
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said and said not in CONTENT and not said.endswith("+json"):
        raise NotThisContent("knock_content_type", {"type": said[:60]})


def _headers(request: Request, token: str) -> Mapping[str, str]:
    """Give the sender's headers, and the address's last part where only we can have put it."""
    theirs = {name: value for name, value in request.headers.items() if name.lower() != DOOR_HEADER}
    return theirs | ({DOOR_HEADER: token} if token else {})


async def _body(request: Request, within_s: float) -> bytes:
    """Read the body whole, whatever its headers say of its length, within bounds of size and time."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(within_s):
            async for chunk in request.stream():
                size += len(chunk)
                if size > LARGEST_BODY:
                    raise TooLarge("knock_too_large", {"limit": LARGEST_BODY // 1024})
                chunks.append(chunk)
    except (TimeoutError, ClientDisconnect) as error:
        raise TooSlow("knock_cut_off") from error
    return b"".join(chunks)


def _problem(request: Request, error: SeuilError) -> Response:
    detail = say(error.code, error.params, language_of(request))
    body = {"type": "about:blank", "title": error.code, "status": error.status, "detail": detail}
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, NotKept) else {}
    if isinstance(error, TooSlow):
        headers["Connection"] = "close"  # nor wait for the rest of it
    content = body | {"params": error.params}
    return JSONResponse(content, error.status, headers=headers, media_type="application/problem+json")
