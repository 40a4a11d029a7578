"""A company's channels: where its alerts are told at once, and what became of each notice."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict

from app.channels import KINDS, Asked, add_channel, channels, find_channel, remove_channel
from app.db import read, write
from app.errors import SeuilError
from app.language import LANGUAGES
from app.notices import message, notices_of, sender, trouble_text, try_channel
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.pages.letters import LANGUAGE_NAMES
from app.room import Room, RoomHere, language_of
from app.senders import NotTold
from app.site import render
from app.vault import open_vault
from app.wording import say

router = APIRouter(prefix="/companies/{company_id}/channels", dependencies=[Depends(same_origin)])

Company = dict[str, Any]
DONE = ("added", "removed", "tried")


class Given(BaseModel):
    """What a form asked for, shown again beside why it was refused."""

    model_config = ConfigDict(frozen=True)

    kind: str = KINDS[0]
    address: str = ""
    label: str = ""
    language: str = LANGUAGES[0]


@router.get("")
def channels_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, done: str = ""
) -> HTMLResponse:
    """Show where alerts are told, and what was told."""
    given = Given(language=language_of(request, reader))
    return _page(request, room, reader, company, {"given": given, "done": done if done in DONE else ""})


@router.post("", response_model=None)
def add_form(
    request: Request,
    room: RoomHere,
    reader: PageReader,
    company: CompanyHere,
    given: Annotated[Given, Form()],
) -> HTMLResponse:
    """Keep a channel, and show a webhook's secret this once."""
    try:
        with write(room.engine) as conn:
            asked = Asked(given.kind, given.address, given.label, given.language)
            hosts = room.settings.private_host_names
            _, secret = add_channel(
                conn, company["id"], asked, room.now(), vault=lambda: open_vault(room.settings), private_hosts=hosts
            )
    except SeuilError as refusal:
        return _refused(request, room, reader, company, given, refusal)
    return _page(request, room, reader, company, {"given": Given(), "done": "added", "secret": secret})


@router.post("/{channel_id}/test", response_model=None)
def test_form(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, channel_id: str
) -> HTMLResponse | RedirectResponse:
    """Tell a channel that alerts will be told there."""
    with read(room.engine) as conn:
        row = find_channel(conn, company["id"], channel_id)
    try:
        try_channel(row, _sender(room), reader.name, room.now())
    except NotTold as error:
        said = {"given": Given(), "error": trouble_text(str(error), language_of(request, reader)), "status": 422}
        return _page(request, room, reader, company, said)
    return go(f"/companies/{company['id']}/channels?done=tried")


@router.post("/{channel_id}/remove")
def remove_form(room: RoomHere, company: CompanyHere, channel_id: str) -> RedirectResponse:
    """Forget a channel."""
    with write(room.engine) as conn:
        remove_channel(conn, company["id"], channel_id)
    return go(f"/companies/{company['id']}/channels?done=removed")


def _sender(room: Room) -> Any:
    settings = room.settings
    return sender(lambda: open_vault(settings), base_url=settings.base_url, private_hosts=settings.private_host_names)


def _refused(
    request: Request, room: Room, reader: PageReader, company: Company, given: Given, refusal: SeuilError
) -> HTMLResponse:
    said = say(refusal.code, refusal.params, language_of(request, reader))
    return _page(request, room, reader, company, {"given": given, "error": said, "status": refusal.status})


def _page(request: Request, room: Room, reader: PageReader, company: Company, said: Mapping[str, Any]) -> HTMLResponse:
    language = language_of(request, reader)
    with read(room.engine) as conn:
        listed, told = channels(conn, company["id"]), notices_of(conn, company["id"])
    notices = [
        {
            **one,
            "title": message(one["content"], language, "")[0].partition(" – ")[2],
            "why": trouble_text(one["trouble"], language) if one["state"] != "sent" else "",
        }
        for one in told
    ]
    return render(
        request,
        "channels.html",
        reader,
        status=int(said.get("status", 200)),
        company=company,
        channels=listed,
        notices=notices,
        kinds=KINDS,
        language_names=LANGUAGE_NAMES,
        given=said["given"],
        done=said.get("done", ""),
        error=said.get("error", ""),
        secret=said.get("secret"),
    )
