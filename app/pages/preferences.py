"""What a reader wants, on their company's mail page and, without signing in, behind the link in their letters."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.datastructures import FormData

from app.at_once_news import AT_ONCE_CHOICES
from app.db import read, write
from app.digest import FREQUENCIES
from app.errors import NotFound, SeuilError
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.preferences import SIGNALS, Hours, Wanted, nothing_at_once, preferences, set_hours, set_wanted
from app.recipients import Recipient, find_recipient, recipient_of_token, recipients
from app.room import RoomHere, language_of
from app.site import render
from app.wording import say

router = APIRouter(prefix="/companies/{company_id}/mail/recipients", dependencies=[Depends(same_origin)])
by_link = APIRouter(prefix="/unsubscribe")

EVERY = "every"  # the form's mark that what is chosen holds for each company they read about


async def _form(request: Request) -> FormData:
    return await request.form()


Form = Annotated[FormData, Depends(_form)]


def _save(conn: Connection, reader: Recipient, form: FormData, company_ids: Sequence[str]) -> None:
    """Keep what a form says; escalations are kept as they are where it does not speak of them."""
    every = preferences(conn, reader.id)
    chosen = [str(row["company_id"]) for row in every] if form.get(EVERY) else list(company_ids)
    known = {str(row["company_id"]): row for row in every}
    signals = tuple(str(one) for one in form.getlist("signals"))
    for company_id in chosen:
        if company_id not in known:
            raise NotFound("no_such_recipient")
        escalations = bool(form.get("escalations")) if form.get("asks") else bool(known[company_id]["escalations"])
        letters, at_once = str(form.get("letters", "")), str(form.get("at_once", ""))
        set_wanted(conn, reader.id, [company_id], Wanted(letters, at_once, signals, escalations=escalations))
    times = {name: str(form.get(name, "")) for name in ("quiet_from", "quiet_until", "place")}
    set_hours(conn, reader.id, Hours(**times, quiet_days=bool(form.get("quiet_days"))))


def _page(
    request: Request, account: Any, reader: Recipient, wanted: Sequence[Mapping[str, Any]], said: Mapping[str, Any]
) -> HTMLResponse:
    return render(
        request,
        "preferences.html",
        account,
        status=int(said.get("status", 200)),
        one=reader,
        wanted=wanted,
        frequencies=FREQUENCIES,
        at_once_choices=AT_ONCE_CHOICES,
        signals=SIGNALS,
        every=EVERY,
        company=said.get("company"),
        token=said.get("token", ""),
        done=said.get("done", ""),
        error=said.get("error", ""),
    )


def _of_company(conn: Connection, company_id: str, recipient_id: str) -> Recipient:
    if recipient_id not in {one.id for one in recipients(conn, company_id)}:
        raise NotFound("no_such_recipient")
    return find_recipient(conn, recipient_id)


@router.get("/{recipient_id}")
def preferences_page(
    request: Request, room: RoomHere, account: PageReader, company: CompanyHere, recipient_id: str, done: str = ""
) -> HTMLResponse:
    """Show what a reader of this company wants of it."""
    with read(room.engine) as conn:
        reader = _of_company(conn, company["id"], recipient_id)
        mine = [row for row in preferences(conn, recipient_id) if row["company_id"] == company["id"]]
        others = len(preferences(conn, recipient_id)) - 1
    kept = say("preferences_kept", {}, language_of(request, account)) if done else ""
    return _page(request, account, reader, mine, {"company": company | {"others": others}, "done": kept})


@router.post("/{recipient_id}", response_model=None)
def preferences_form(
    request: Request,
    room: RoomHere,
    account: PageReader,
    company: CompanyHere,
    recipient_id: str,
    form: Form,
) -> HTMLResponse | RedirectResponse:
    """Keep what they want."""
    try:
        with write(room.engine) as conn:
            reader = _of_company(conn, company["id"], recipient_id)
            _save(conn, reader, form, [company["id"]])
    except NotFound:
        raise
    except SeuilError as error:
        with read(room.engine) as conn:
            reader = _of_company(conn, company["id"], recipient_id)
            mine = [row for row in preferences(conn, recipient_id) if row["company_id"] == company["id"]]
        told = say(error.code, error.params, language_of(request, account))
        said = {"company": company | {"others": 0}, "error": told, "status": error.status}
        return _page(request, account, reader, mine, said)
    return go(f"/companies/{company['id']}/mail/recipients/{recipient_id}?done=kept")


@by_link.get("/{token}/preferences")
def own_preferences_page(request: Request, room: RoomHere, token: str, done: str = "") -> HTMLResponse:
    """Show somebody what they want, by the link in their letters."""
    with read(room.engine) as conn:
        reader = recipient_of_token(conn, token)
        wanted = preferences(conn, reader.id)
    return _page(request, None, reader, wanted, {"token": token, "done": _kept(request, done)})


def _kept(request: Request, done: str) -> str:
    return say("preferences_kept", {}, language_of(request)) if done else ""


@by_link.post("/{token}/preferences", response_model=None)
def own_preferences_form(
    request: Request,
    room: RoomHere,
    token: str,
    form: Form,
) -> HTMLResponse | RedirectResponse:
    """Keep what they want: of one company, or of all."""
    try:
        with write(room.engine) as conn:
            reader = recipient_of_token(conn, token)
            _save(conn, reader, form, [str(form.get("company", ""))])
    except NotFound:
        raise
    except SeuilError as error:
        with read(room.engine) as conn:
            reader = recipient_of_token(conn, token)
            wanted = preferences(conn, reader.id)
        said = say(error.code, error.params, language_of(request))
        return _page(request, None, reader, wanted, {"token": token, "error": said, "status": error.status})
    return go(f"/unsubscribe/{token}/preferences?done=kept")


@by_link.get("/{token}/at-once")
def at_once_page(request: Request, room: RoomHere, token: str) -> HTMLResponse:
    """Show one button that ends mails at once: opening a link changes nothing."""
    with read(room.engine) as conn:
        reader = recipient_of_token(conn, token)
        wanted = preferences(conn, reader.id)
    return _ending(request, reader, token, is_out=all(row["at_once"] == "none" for row in wanted))


@by_link.post("/{token}/at-once")
def at_once_form(request: Request, room: RoomHere, token: str) -> Response:
    """End mails at once; the weekly letters go on."""
    with write(room.engine) as conn:
        reader = recipient_of_token(conn, token)
        nothing_at_once(conn, reader.id)
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse(say("at_once_ended", {"email": reader.email}, language_of(request)))
    return _ending(request, reader, token, is_out=True)


def _ending(request: Request, reader: Recipient, token: str, *, is_out: bool) -> HTMLResponse:
    return render(request, "at_once_ended.html", None, token=token, email=reader.email, is_out=is_out)
