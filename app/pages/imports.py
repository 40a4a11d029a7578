"""Handing files over: ledger exports and lists; what was read, what was not, and the figures to tick."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import Connection, select, update

from app.assessment import assess_company
from app.csv_import import CSV_STREAMS, CsvResult, import_csv
from app.db import read, write
from app.errors import BadInput, NotFound, SeuilError
from app.imports import applied_imports, tie_out
from app.ledger import Preview, preview
from app.ledger_files import apply_file, check_siren, faults_of, find_staged, refused_lines, stage_file
from app.models.ledger import ledger_import
from app.pages.forms import UploadHere, kept_file, text_of
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.room import Room, RoomHere, language_of
from app.site import render
from app.staging import clear
from app.wording import say
from connectors.errors import NotThisFormat
from connectors.files.csv_templates import TEMPLATES
from connectors.records import Stream

router = APIRouter(prefix="/companies/{company_id}", dependencies=[Depends(same_origin)])

REFUSED_SHOWN = 50
FAULTS_SHOWN = 50

Company = dict[str, Any]


def stream_called(text: str) -> Stream:
    """Give the stream of a list by its name."""
    if text not in {stream.value for stream in CSV_STREAMS}:
        raise BadInput("no_such_stream", {"stream": text, "streams": ", ".join(CSV_STREAMS)})
    return Stream(text)


def _file(conn: Connection, company_id: str, import_id: str) -> dict[str, Any]:
    """Give one ledger file with its faults and the lines refused."""
    i = ledger_import.c
    row = conn.execute(
        select(i.no, i.id, i.file_name, i.state, i.summary).where(i.id == import_id, i.company_id == company_id)
    ).first()
    if row is None:
        raise NotFound("no_such_import")
    return dict(row._mapping) | {  # noqa: SLF001 - SQLAlchemy's own name for a row's mapping
        "faults": faults_of(conn, row.no),
        "refused": refused_lines(conn, row.no, REFUSED_SHOWN),
    }


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the page tells of: a refusal, a ledger file, or a list just read."""

    error: str = ""
    status: int = 200
    import_id: str = ""
    result: tuple[Stream, CsvResult] | None = None


def _page(request: Request, room: Room, reader: PageReader, company: Company, shown: _Shown) -> HTMLResponse:
    import_id = shown.import_id
    would: Preview | None = None
    with read(room.engine) as conn:
        file = _file(conn, company["id"], import_id) if import_id else None
        waiting = find_staged(conn, company["id"], import_id) if file and file["state"] == "staged" else None
        past, years = applied_imports(conn, company["id"]), tie_out(conn, company["id"])
    if waiting is not None:
        would = preview(room.engine, waiting)
    return render(
        request,
        "import.html",
        reader,
        status=shown.status,
        company=company,
        error=shown.error,
        file=file,
        would=would,
        result=shown.result,
        faults_shown=FAULTS_SHOWN,
        past=past,
        years=years,
        streams=[(stream.value, TEMPLATES[stream]) for stream in CSV_STREAMS],
        limit=room.settings.upload_limit_mb,
    )


@router.get("/import")
def import_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, file: str = ""
) -> HTMLResponse:
    """Show where to hand a file over, the files handed over before, and the tie-out."""
    return _page(request, room, reader, company, _Shown(import_id=file))


@router.post("/import", response_model=None)
def import_form(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, form: UploadHere
) -> HTMLResponse | RedirectResponse:
    """Take a ledger export or a list."""
    stream, now = text_of(form, "stream") or Stream.LEDGER.value, room.now()
    try:
        with kept_file(room, form, "file") as file:
            if stream == Stream.LEDGER:
                staged, would = stage_file(room.engine, company["id"], file, now)
                if not would.needs_confirmation:
                    apply_file(room.engine, staged, now)
                    assess_company(room.engine, company["id"], now)
                return go(f"/companies/{company['id']}/import?file={staged.id}#file")
            wanted = stream_called(stream)
            with read(room.engine) as conn:
                check_siren(conn, company, file.name)
            done = import_csv(room.engine, company["id"], wanted, file.path, now, name=file.name)
    except (SeuilError, NotThisFormat) as refusal:
        status = refusal.status if isinstance(refusal, SeuilError) else BadInput.status
        sentence = say(refusal.code, refusal.params, language_of(request, reader))
        return _page(request, room, reader, company, _Shown(sentence, status))
    assess_company(room.engine, company["id"], now)
    return _page(request, room, reader, company, _Shown(result=(wanted, done)))


@router.post("/imports/{import_id}/apply")
def apply_form(room: RoomHere, company: CompanyHere, import_id: str) -> RedirectResponse:
    """Apply a file whose losses a person has confirmed."""
    with read(room.engine) as conn:
        staged = find_staged(conn, company["id"], import_id)
    apply_file(room.engine, staged, room.now())
    assess_company(room.engine, company["id"], room.now())
    return go(f"/companies/{company['id']}/import?file={import_id}#file")


@router.post("/imports/{import_id}/cancel")
def cancel_form(room: RoomHere, company: CompanyHere, import_id: str) -> RedirectResponse:
    """Put a waiting file aside; nothing of it is kept."""
    with write(room.engine) as conn:
        staged = find_staged(conn, company["id"], import_id)
        clear(conn, staged.no)
        conn.execute(update(ledger_import).where(ledger_import.c.no == staged.no).values(state="cancelled"))
    return go(f"/companies/{company['id']}/import")
