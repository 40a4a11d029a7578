"""The door for mails that came back, for mail providers and scripts that get them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from app.api.operation import Operation
from app.bounces import take_mail
from app.db import write
from app.delivery_reports import LARGEST_MAIL
from app.errors import SeuilError
from app.room import ReaderHere, RoomHere, language_of
from app.wording import say

router = APIRouter(route_class=Operation, prefix="/v1", tags=["letters"])

CONTENT = frozenset({"message/rfc822", "message/global", "application/octet-stream", ""})
_DOCUMENTED: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"message/rfc822": {"schema": {"type": "string", "format": "binary"}}}}
}


class TooLarge(SeuilError):
    """The mail is larger than any report."""

    status = 413


class NotAMail(SeuilError):
    """What was sent says that it is something else."""

    status = 415


async def mail_of(request: Request, _: ReaderHere) -> bytes:
    """Read the mail of somebody who may come in, and no more of it than a report may have."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in CONTENT:
        raise NotAMail("bounce_content_type", {"type": kind[:60]})
    body, limit = bytearray(), {"limit": LARGEST_MAIL // 2**20}
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > LARGEST_MAIL:
        raise TooLarge("bounce_too_large", limit)
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_MAIL:
            raise TooLarge("bounce_too_large", limit)
    return bytes(body)


@router.post("/bounces", openapi_extra=_DOCUMENTED)
def take_bounce(
    mail: Annotated[bytes, Depends(mail_of)], request: Request, room: RoomHere, reader: ReaderHere
) -> dict[str, Any]:
    """Take a mail that came back, as it came, and say what it did; taking it twice changes nothing."""
    with write(room.engine) as conn:
        taken = take_mail(conn, mail, room.now())
    return {
        "outcome": taken.outcome.value,
        "letter": taken.letter_id,
        "code": taken.code,
        "params": dict(taken.params),
        "detail": say(taken.code, taken.params, language_of(request, reader)),
    }
