"""The decision memo: two pages of paper for a board, with the evidence and its limits."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from app.even import even
from app.memo import UNKNOWNS_SAID, next_steps, not_known, perimeter_names, proofs
from app.nearest import told
from app.pages.company import is_empty
from app.pages.evidence import stored
from app.pages.frame import CompanyHere, PageReader, same_origin
from app.processes import by_process
from app.room import RoomHere, language_of
from app.site import render
from app.wording import label

router = APIRouter(prefix="/companies/{company_id}", dependencies=[Depends(same_origin)])

NEAREST_SAID = 4


@router.get("/memo")
def memo_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, as_of: str | None = None
) -> HTMLResponse:
    """Show the memo of the newest answer, or of the answer of a day; nothing is computed here."""
    served, language = stored(room, company["id"], as_of), language_of(request, reader)
    body = served.content
    unknown = not_known(body, language)
    return render(
        request,
        "memo.html",
        reader,
        company=company,
        body=body,
        verdict=label("say", body["verdict"], language).format(company=company["name"]),
        empty=is_empty(body),
        proofs=proofs(body, language),
        steps=next_steps(body, language),
        perimeter=perimeter_names(body, language),
        by_process=by_process(body, language),
        even=even(body, language),
        nearest=told(body, language)[:NEAREST_SAID],
        unknown=unknown[:UNKNOWNS_SAID],
        unknown_more=max(0, len(unknown) - UNKNOWNS_SAID),
        past=as_of is not None,
        made_on=room.now(),
    )
