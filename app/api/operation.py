"""What every operation of the API can do: answer only when something has changed, only some fields, and only once.

`GET`: an ETag with each answer, 304 to whoever has it, and `fields`. Changes: `Idempotency-Key`.
"""

import hashlib
import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from app.db import hold, write
from app.described import ONCE_ANYWAY
from app.errors import BadInput, SeuilError
from app.fields import narrow, read_fields
from app.idempotency import Kept, begin, fingerprint, finish, fit_key, give_up
from app.permits import admit
from app.room import Room, who_asks

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

LARGEST_BODY = 2 * 1024 * 1024
REPLAYED = "Idempotency-Replayed"


class BodyTooLarge(SeuilError):
    """More than a body of the API may hold."""

    status = 413


class Operation(APIRoute):
    """A route of the API."""

    def get_route_handler(self) -> Handler:
        """Wrap what FastAPI makes of the route."""
        inner = super().get_route_handler()
        known = frozenset(_parameters(self.dependant)) | {"fields"}
        return _looking(inner, known) if "GET" in (self.methods or ()) else _changing(inner)


def _parameters(dependant: Dependant) -> Iterator[str]:
    yield from (one.alias for one in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _parameters(inner)


def _looking(inner: Handler, known: frozenset[str]) -> Handler:
    async def handler(request: Request) -> Response:
        response = await inner(request)
        if not request.scope["query_string"]:
            return tagged(request, response) if _is_json(response) else response
        unknown = [name for name in request.query_params if name not in known]
        if unknown:  # a filter that is misspelt must not look as if it had been applied
            told = {"name": unknown[0][:60], "known": ", ".join(sorted(known))}
            raise BadInput("unknown_parameter", told)
        if not _is_json(response):
            return response
        wanted = request.query_params.get("fields")
        if wanted is not None:
            body = narrow(json.loads(bytes(response.body)), read_fields(wanted))
            response = Response(
                json.dumps(body, ensure_ascii=False, separators=(",", ":")), media_type="application/json"
            )
        return tagged(request, response)

    return handler


def _is_json(response: Response) -> bool:
    return response.status_code == 200 and response.media_type == "application/json"  # noqa: PLR2004


def tagged(request: Request, response: Response) -> Response:
    """Give an answer its tag, or 304 where whoever asks has it already."""
    tag = response.headers.get("etag")
    if tag is None:
        tag = f'"{hashlib.blake2b(bytes(response.body), digest_size=16).hexdigest()}"'
        response.headers["ETag"] = tag
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if has_it(request.headers.get("if-none-match", ""), tag):
        kept = {name: response.headers[name] for name in ("ETag", "Cache-Control", "Vary") if name in response.headers}
        return Response(status_code=304, headers=kept)
    return response


def has_it(told: str, tag: str) -> bool:
    """Say whether `If-None-Match` names a tag; compared weakly, as it is for reading (RFC 9110, 13.1.2)."""
    return bool(told) and (told.strip() == "*" or tag in {one.strip().removeprefix("W/") for one in told.split(",")})


def _changing(inner: Handler) -> Handler:
    async def handler(request: Request) -> Response:
        if _is_streamed(request):  # it looks after its own body, and taking it twice changes nothing
            return await inner(request)
        body = await _body(request)
        key = request.headers.get("idempotency-key")
        if key is None:
            return await inner(request)
        return await _once(inner, request, fit_key(key), body)

    return handler


def _is_streamed(request: Request) -> bool:
    return request.scope["route"].path in ONCE_ANYWAY


async def _body(request: Request) -> bytes:
    """Read a body once, and no more of it than it may hold; it is kept for whoever reads it next."""
    limit, body = LARGEST_BODY, bytearray()
    told = request.headers.get("content-length", "")
    too_large = BodyTooLarge("body_too_large", {"limit": limit // 2**20})
    if told.isdigit() and int(told) > limit:
        raise too_large
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise too_large
    request._body = bytes(body)  # noqa: SLF001 - where Starlette keeps what was read
    return bytes(body)


async def _once(inner: Handler, request: Request, key: str, body: bytes) -> Response:
    room: Room = request.app.state.room
    address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    print_ = fingerprint(request.method, address, body)
    who, before = await run_in_threadpool(_begin, request, room, key, print_)
    if before is not None:
        return Response(before.body, before.status, {REPLAYED: "true"}, before.content_type or None)
    done: Response | None = None
    try:
        done = await inner(request)
    finally:
        await run_in_threadpool(_finish, room, who, key, done)
    return done


def _begin(request: Request, room: Room, key: str, print_: str) -> tuple[str, Kept | None]:
    """Take the key for somebody who may do what they ask; what they did before is theirs alone."""
    reader = who_asks(request, room)
    admit(reader.held, request.method, request.scope["route"].path, request.path_params.get("company_id"))
    who = reader.key_id or reader.holder_id or ""
    with write(room.engine) as conn:
        hold(conn, f"{who} {key}")
        return who, begin(conn, who, key, print_, room.now())


def _finish(room: Room, who: str, key: str, done: Response | None) -> None:
    with write(room.engine) as conn:
        if done is None or done.status_code >= 400:  # noqa: PLR2004 - refused
            give_up(conn, who, key)
            return
        kept: Any = bytes(done.body).decode()
        finish(conn, who, key, Kept(done.status_code, done.media_type or "", kept))
