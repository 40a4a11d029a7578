"""What every page asks first: who reads, whose company, and whether a form is one of ours."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, HTTPException, Request
from fastapi.responses import RedirectResponse

from app.access import Reader
from app.companies import find_company
from app.db import read
from app.errors import NotSignedIn
from app.room import RoomHere, admitted, same_origin, who_asks

__all__ = ["SEE_OTHER", "CompanyHere", "PageReader", "company_here", "go", "local_address", "same_origin", "signed_in"]

SEE_OTHER = 303


def signed_in(request: Request, room: RoomHere) -> Reader:
    """Give who reads, or send them to sign in; an API key opens no page."""
    try:
        reader = who_asks(request, room)
    except NotSignedIn as error:
        raise _to_the_door(request) from error
    if reader.holder_id is None:
        raise _to_the_door(request)
    return admitted(request, room, reader)


def _to_the_door(request: Request) -> HTTPException:
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    next_page = quote(back if request.method == "GET" else "/", safe="/")
    return HTTPException(SEE_OTHER, headers={"Location": f"/sign-in?next={next_page}"})


PageReader = Annotated[Reader, Depends(signed_in)]


def company_here(company_id: str, room: RoomHere, _: PageReader) -> dict[str, Any]:
    """Give the company of the address, or NotFound."""
    with read(room.engine) as conn:
        return dict(find_company(conn, company_id))


CompanyHere = Annotated[dict[str, Any], Depends(company_here)]


def go(address: str) -> RedirectResponse:
    """Send the reader on after a form."""
    return RedirectResponse(address, status_code=SEE_OTHER)


def local_address(address: str) -> str:
    """Keep an address only if it leads nowhere else than here."""
    fits = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if fits else "/"
