"""The door for records that a program pushes."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from app.api.operation import Operation
from app.push import BATCH_LIMIT, BATCH_LIMIT_MB, Pushed, Row, TooLarge, push, pushable, read_batch
from app.roles import Ability
from app.room import ReaderHere, RoomHere, language_of
from app.wording import say

router = APIRouter(route_class=Operation, prefix="/v1", tags=["push"])

_COUNTED = ("new", "changed", "unchanged", "older", "superseded", "refused")
_EXAMPLE = {
    "company": "123456782",
    "records": [
        {
            "external_id": "F-2026-0012",
            "direction": "sale",
            "kind": "invoice",
            "status": "final",
            "number": "F-2026-0012",
            "party": "C042",
            "service_on": "2026-11-03",
            "issued_on": "2026-11-10",
            "due_on": "2026-12-10",
            "total": "1440.00",
            "source_version": "3",
        }
    ],
}
_SCHEMA = {
    "type": "object",
    "required": ["records"],
    "additionalProperties": False,
    "properties": {
        "company": {"type": "string", "description": "id or SIREN; may be left out where there is one company"},
        "records": {"type": "array", "maxItems": 1000, "items": {"type": "object"}},
    },
}
_DOCUMENTED: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": _SCHEMA, "example": _EXAMPLE}}}
}


async def body_of(request: Request, _: ReaderHere) -> bytes:
    """Read the body of somebody who may come in, and no more of it than a batch may hold."""
    told = request.headers.get("content-length", "")
    body = bytearray()
    if told.isdigit() and int(told) > BATCH_LIMIT:
        raise TooLarge("push_too_large", {"limit": BATCH_LIMIT_MB})
    async for chunk in request.stream():
        body += chunk
        if len(body) > BATCH_LIMIT:
            raise TooLarge("push_too_large", {"limit": BATCH_LIMIT_MB})
    return bytes(body)


BodyHere = Annotated[bytes, Depends(body_of)]


@router.post("/records/{stream}", openapi_extra=_DOCUMENTED)
def push_records(stream: str, body: BodyHere, request: Request, room: RoomHere, reader: ReaderHere) -> dict[str, Any]:
    """Keep a batch of records of one stream, and tell of each what became of it; sending it twice changes nothing."""
    wanted = pushable(stream)
    pushed = push(room.engine, wanted, read_batch(body), room.now, reader.held.within(Ability.PUSH))
    return _told(pushed, language_of(request, reader))


def _told(pushed: Pushed, language: str) -> dict[str, Any]:
    counts = {result: pushed.count(result) for result in _COUNTED}  # type: ignore[arg-type] # each is a Result
    results = [_row(row, language) for row in pushed.rows]
    return {"stream": pushed.stream.value, "company": pushed.company_id, **counts, "results": results}


def _row(row: Row, language: str) -> dict[str, Any]:
    faults = [
        {
            "code": fault.code,
            "field": fault.params.get("name"),
            "params": dict(fault.params),
            "detail": say(fault.code, fault.params, language),
        }
        for fault in row.faults
    ]
    return {"index": row.index, "id": row.id, "result": row.result, "faults": faults}
