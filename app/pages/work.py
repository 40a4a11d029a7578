"""The work list: what a person can put right today."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from app.clock import local_day
from app.db import read
from app.pages.frame import CompanyHere, PageReader, same_origin
from app.room import Room, RoomHere, language_of
from app.site import render
from app.worklist import ITEMS_A_KIND, KINDS, WorkItem, work_csv, work_list

router = APIRouter(prefix="/companies/{company_id}", dependencies=[Depends(same_origin)])

SHOWN = 25


def _listed(room: Room, company: CompanyHere, language: str) -> list[WorkItem]:
    with read(room.engine) as conn:
        return work_list(conn, company["id"], local_day(room.now(), company["zone"]), language)


@router.get("/work")
def work_page(request: Request, room: RoomHere, reader: PageReader, company: CompanyHere) -> HTMLResponse:
    """Show what there is to do, by kind, oldest first."""
    listed = _listed(room, company, language_of(request, reader))
    groups = [(kind, [one for one in listed if one.kind == kind]) for kind in KINDS]
    return render(
        request,
        "work.html",
        reader,
        company=company,
        groups=[group for group in groups if group[1]],
        shown=SHOWN,
        cut_at=ITEMS_A_KIND,
    )


@router.get("/work.csv")
def work_table(request: Request, room: RoomHere, reader: PageReader, company: CompanyHere) -> Response:
    """Give the list as a table that Excel opens."""
    language = language_of(request, reader)
    name = f"seuil-{local_day(room.now(), company['zone'])}.csv"
    return Response(
        work_csv(_listed(room, company, language), language),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
