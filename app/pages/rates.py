"""Exchange rates of the whole house: those kept, and the European Central Bank's file to bring more."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from app.db import read
from app.errors import BadInput, SeuilError
from app.pages.forms import UploadHere, kept_file
from app.pages.frame import PageReader, same_origin
from app.rates import Imported, import_rates, rates_kept
from app.room import Room, RoomHere, language_of
from app.site import render
from app.wording import say
from connectors.errors import NotThisFormat

router = APIRouter(prefix="/rates", dependencies=[Depends(same_origin)])

FAULTS_SHOWN = 20


def _page(
    request: Request,
    room: Room,
    reader: PageReader,
    *,
    done: Imported | None = None,
    error: str = "",
    status: int = 200,
) -> HTMLResponse:
    with read(room.engine) as conn:
        kept = rates_kept(conn)
    language = language_of(request, reader)
    faults = [(one.place, say(one.code, one.params, language)) for one in (done.faults if done else ())]
    return render(
        request, "rates.html", reader, status=status, kept=kept, done=done, faults=faults[:FAULTS_SHOWN],
        more=max(0, len(faults) - FAULTS_SHOWN), error=error,
    )  # fmt: skip


@router.get("")
def rates_page(request: Request, room: RoomHere, reader: PageReader) -> HTMLResponse:
    """Show which rates there are."""
    return _page(request, room, reader)


@router.post("")
def rates_form(request: Request, room: RoomHere, reader: PageReader, form: UploadHere) -> HTMLResponse:
    """Take a file of rates."""
    try:
        with kept_file(room, form, "file") as file:
            done = import_rates(room.engine, file.path, room.now())
    except (SeuilError, NotThisFormat) as refusal:
        status = refusal.status if isinstance(refusal, SeuilError) else BadInput.status
        sentence = say(refusal.code, refusal.params, language_of(request, reader))
        return _page(request, room, reader, error=sentence, status=status)
    return _page(request, room, reader, done=done)
