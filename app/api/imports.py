"""Files handed over by a program: ledger exports and lists, read as on the page, with what became of each line."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from anyio import open_file
from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Connection, select, update

from app.api.alerts import without_nul
from app.api.operation import BodyTooLarge, Operation
from app.api.paging import USUAL, Cursor, Limit, last_first, page_of
from app.assessment import assess_company
from app.companies import find_company
from app.csv_import import CSV_STREAMS, CsvResult, import_csv
from app.db import read, write
from app.errors import BadInput, NotFound
from app.ledger import preview
from app.ledger_files import apply_file, check_siren, faults_of, find_staged, refused_lines, stage_file
from app.models.ledger import ledger_import
from app.room import ReaderHere, Room, RoomHere
from app.rows import as_json
from app.staging import LedgerFile, clear
from connectors.records import Stream

router = APIRouter(route_class=Operation, prefix="/v1/companies/{company_id}/imports", tags=["imports"])

MEGABYTE = 2**20
LINES_TOLD = 100

Row = Mapping[str, Any]
Name = Annotated[str, Query(min_length=1, max_length=255, description="the file's name: a FEC's has the SIREN in it")]
_DOCUMENTED: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def file_of(request: Request, room: RoomHere, _: ReaderHere, name: Name) -> AsyncIterator[LedgerFile]:
    """Keep a body in the data folder while it is read; no more of it than a file may have."""
    limit = room.settings.upload_limit_mb
    too_large = BodyTooLarge("file_too_large", {"limit": limit})
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > limit * MEGABYTE:
        raise too_large
    folder = Path(tempfile.mkdtemp(prefix="upload-", dir=_data_folder(room)))
    try:
        size, path = 0, folder / "file"
        async with await open_file(path, "wb") as target:
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit * MEGABYTE:
                    raise too_large
                await target.write(chunk)
        if not size:
            raise BadInput("no_file_chosen")
        yield LedgerFile(path, Path(without_nul(name).replace("\\", "/")).name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _data_folder(room: Room) -> Path | None:
    path = room.settings.sqlite_path
    return path.parent if path is not None and path.parent.is_dir() else None


FileHere = Annotated[LedgerFile, Depends(file_of)]


@router.get("")
def imports(
    company_id: str, room: RoomHere, _: ReaderHere, limit: Limit = USUAL, cursor: Cursor = None
) -> dict[str, Any]:
    """List the ledger files handed over, newest first; lists leave their rows only."""
    i = ledger_import.c
    with read(room.engine) as conn:
        find_company(conn, company_id)
        query = select(i.id, i.file_name, i.state, i.started_at, i.applied_at).where(i.company_id == company_id)
        rows = [dict(row) for row in conn.execute(query.order_by(i.id.desc())).mappings()]
    page = page_of("imports", rows, lambda row: last_first(row["id"]), limit, cursor)
    return page | {"imports": [as_json(row) for row in page["imports"]]}


@router.get("/{import_id}")
def one_import(company_id: str, import_id: str, room: RoomHere, _: ReaderHere) -> dict[str, Any]:
    """Give a ledger file: its figures, its faults with where each was met, and what applying it would do."""
    return _whole(room, company_id, import_id)


@router.post("", status_code=201, openapi_extra=_DOCUMENTED)
def hand_over(
    company_id: str,
    room: RoomHere,
    _: ReaderHere,
    file: FileHere,
    stream: Annotated[str, Query(max_length=40, description="`ledger` (FEC), or the stream of a list")] = "ledger",
) -> dict[str, Any]:
    """Hand a file over. One that would take more than 1 % of the entries away waits, `staged`, to be applied.

    Handing the same file over twice changes nothing.
    """
    now = room.now()
    if stream == Stream.LEDGER:
        staged, would = stage_file(room.engine, company_id, file, now)
        if not would.needs_confirmation:
            apply_file(room.engine, staged, now)
            assess_company(room.engine, company_id, now)
        return _whole(room, company_id, staged.id)
    if stream not in {one.value for one in CSV_STREAMS}:
        known = ", ".join(["ledger", *CSV_STREAMS])
        raise BadInput("no_such_stream", {"stream": stream, "streams": known})
    with read(room.engine) as conn:
        check_siren(conn, find_company(conn, company_id), file.name)
    done = import_csv(room.engine, company_id, Stream(stream), file.path, now, name=file.name)
    assess_company(room.engine, company_id, now)
    return _list_told(done)


@router.post("/{import_id}/apply")
def apply_import(company_id: str, import_id: str, room: RoomHere, _: ReaderHere) -> dict[str, Any]:
    """Apply a file that waits, with the losses its preview names, and assess anew."""
    now = room.now()
    with read(room.engine) as conn:
        staged = find_staged(conn, company_id, import_id)
    apply_file(room.engine, staged, now)
    assess_company(room.engine, company_id, now)
    return _whole(room, company_id, import_id)


@router.delete("/{import_id}", status_code=204)
def cancel_import(company_id: str, import_id: str, room: RoomHere, _: ReaderHere) -> Response:
    """Put a file that waits aside; nothing of it is kept."""
    with write(room.engine) as conn:
        staged = find_staged(conn, company_id, import_id)
        clear(conn, staged.no)
        conn.execute(update(ledger_import).where(ledger_import.c.no == staged.no).values(state="cancelled"))
    return Response(status_code=204)


def _whole(room: Room, company_id: str, import_id: str) -> dict[str, Any]:
    with read(room.engine) as conn:
        row = _find(conn, company_id, import_id)
        faults = faults_of(conn, row["no"])
        lines = refused_lines(conn, row["no"], LINES_TOLD)
        waiting = find_staged(conn, company_id, import_id) if row["state"] == "staged" else None
    would = preview(room.engine, waiting) if waiting else None
    figures = ("new", "changed", "unchanged", "gone", "held")
    return as_json({name: row[name] for name in ("id", "file_name", "state", "started_at", "applied_at")}) | {
        "summary": row["summary"],
        "would": {name: getattr(would, name) for name in figures} if would else None,
        "faults": [
            {"code": one.code, "field": one.field, "lines": one.n, "kept": one.kept, "examples": one.examples}
            for one in faults
        ],
        "refused": [{"place": one["place"], "code": one["code"], "params": one["params"] or {}} for one in lines],
    }


def _find(conn: Connection, company_id: str, import_id: str) -> Row:
    i = ledger_import.c
    row = conn.execute(select(ledger_import).where(i.id == import_id, i.company_id == company_id)).mappings().first()
    if row is None:
        raise NotFound("no_such_import")
    return dict(row)


def _list_told(done: CsvResult) -> dict[str, Any]:
    saved = done.saved
    return {
        "stream": done.stream.value,
        "new": saved.new,
        "changed": saved.changed,
        "unchanged": saved.unchanged,
        "by_mapping": done.by_mapping,
        "refused": [
            {"place": one.place, "code": one.code, "params": dict(one.params), "kept": one.kept}
            for one in done.faults[:LINES_TOLD]
        ],
        "refused_total": len(done.faults),
    }
