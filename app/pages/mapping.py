"""Mapping a company's own list: hand it over, see what Seuil makes of it, say the rest, and only then import it.

The file is kept beside the database until it is imported or put aside, and no longer than a day.
"""

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.assessment import assess_company
from app.csv_import import CSV_STREAMS, CsvResult, import_mapped, zone_of
from app.db import read, write
from app.errors import BadInput, NotFound, SeuilError
from app.file_mappings import forget_mapping, saved_mapping, saved_streams
from app.ledger_files import check_siren
from app.mapping_form import Answers, fields_of, mapping_of, print_of
from app.mapping_view import question_text, show
from app.pages.forms import FormHere, UploadHere, kept_file, text_of
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.pages.imports import Company, stream_called
from app.room import Room, RoomHere, language_of
from app.site import render
from app.wording import say
from connectors.errors import NotThisFormat
from connectors.files.csv_guess import Proposal, propose
from connectors.files.csv_mapped import gone, unread
from connectors.files.csv_questions import questions
from connectors.files.mapping import FileMapping
from connectors.files.table import Table, open_table, sample_of
from connectors.records import Stream

router = APIRouter(prefix="/companies/{company_id}/mapping", dependencies=[Depends(same_origin)])

KEPT_FOR = timedelta(days=1)
KEPT_AT_ONCE = 5
FAULTS_SHOWN = 20
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")


def _room_for_files(room: Room) -> Path:
    path = room.settings.sqlite_path
    beside = path.parent if path is not None and path.parent.is_dir() else Path(tempfile.gettempdir())
    folder = beside / "seuil-to-map"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _sweep(room: Room, company_id: str) -> None:
    """Remove what was handed over a day ago, and all but the newest of a company's files."""
    now, mine = room.now().timestamp(), f"{company_id}."
    kept = sorted(_room_for_files(room).iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
    ours = [one for one in kept if one.name.startswith(mine)]
    old = [one for one in kept if one.stat().st_mtime < now - KEPT_FOR.total_seconds()]
    for one in {*old, *ours[KEPT_AT_ONCE - 1 :]}:
        shutil.rmtree(one, ignore_errors=True)


def _keep(room: Room, company_id: str, path: Path, name: str, now: datetime) -> str:
    """Keep a file until it is imported, and give the token it goes by."""
    _sweep(room, company_id)
    token = secrets.token_urlsafe(16)
    folder = _room_for_files(room) / f"{company_id}.{token}"
    folder.mkdir(mode=0o700)
    shutil.move(path, folder / "file")
    (folder / "name").write_text(name, encoding="utf-8")
    os.utime(folder, (now.timestamp(), now.timestamp()))
    return token


def _kept(room: Room, company_id: str, token: str) -> tuple[Path, str]:
    """Give a kept file and its name; NotFound where it is kept no more."""
    folder = _room_for_files(room) / f"{company_id}.{token}"
    if not _TOKEN.fullmatch(token) or not (folder / "name").is_file():
        raise NotFound("mapping_gone")
    return folder / "file", (folder / "name").read_text(encoding="utf-8")


def _drop(room: Room, company_id: str, token: str) -> None:
    shutil.rmtree(_kept(room, company_id, token)[0].parent, ignore_errors=True)


def _beginning(room: Room, company: Company, stream: Stream, table: Table) -> Proposal:
    """Give the mapping to begin with: the saved one where the file has its columns, else a proposal."""
    with read(room.engine) as conn:
        saved = saved_mapping(conn, company["id"], stream)
    if saved is not None and not gone(sample_of(table, saved.columns), saved):
        return Proposal(saved, {})
    return propose(stream, sample_of(table), table.epoch, company["currency"], table.sheet)


@router.get("")
def mapping_page(request: Request, room: RoomHere, reader: PageReader, company: CompanyHere) -> HTMLResponse:
    """Show where to hand over a list of any shape, and the mappings that are kept."""
    return _upload_page(request, room, reader, company)


def _upload_page(
    request: Request, room: Room, reader: PageReader, company: Company, error: SeuilError | NotThisFormat | None = None
) -> HTMLResponse:
    with read(room.engine) as conn:
        kept = saved_streams(conn, company["id"])
    language = language_of(request, reader)
    status = 200 if error is None else error.status if isinstance(error, SeuilError) else BadInput.status
    return render(
        request,
        "mapping.html",
        reader,
        status=status,
        company=company,
        error=say(error.code, error.params, language) if error else "",
        streams=[stream.value for stream in CSV_STREAMS],
        kept=kept,
        limit=room.settings.upload_limit_mb,
        look=None,
        result=None,
    )


@router.post("", response_model=None)
def mapping_form(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, form: UploadHere
) -> HTMLResponse | RedirectResponse:
    """Take a list, and go on to what Seuil makes of it."""
    try:
        zone_of(room.engine, company["id"])
        stream = stream_called(text_of(form, "stream"))
        with kept_file(room, form, "file") as file:
            with read(room.engine) as conn:
                check_siren(conn, company, file.name)
            sample_of(open_table(file.path, file.name))
            token = _keep(room, company["id"], file.path, file.name, room.now())
    except (SeuilError, NotThisFormat) as refusal:
        return _upload_page(request, room, reader, company, refusal)
    return go(f"/companies/{company['id']}/mapping/{token}?stream={stream.value}")


@router.post("/forget")
def forget_form(room: RoomHere, company: CompanyHere, form: FormHere) -> RedirectResponse:
    """Forget how a company's lists of a stream are read."""
    with write(room.engine) as conn:
        forget_mapping(conn, company["id"], stream_called(text_of(form, "stream")))
    return go(f"/companies/{company['id']}/mapping")


@contextmanager
def _opened(room: Room, company: Company, token: str, sheet: str) -> Iterator[Table]:
    path, name = _kept(room, company["id"], token)
    try:
        yield open_table(path, name, sheet)
    except NotThisFormat as refusal:
        raise BadInput(refusal.code, refusal.params) from refusal


@router.get("/{token}")
def look_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, token: str, stream: str, sheet: str = ""
) -> HTMLResponse:
    """Show what Seuil makes of a list: columns, formats, what is left to say, and the rows as they will be read."""
    with _opened(room, company, token, sheet) as table:
        proposal = _beginning(room, company, stream_called(stream), table)
        if not sheet and proposal.mapping.sheet in table.sheets and proposal.mapping.sheet != table.sheet:
            table = open_table(_kept(room, company["id"], token)[0], table.name, proposal.mapping.sheet)  # noqa: PLW2901
        return _look(request, room, reader, company, table, proposal)


def _look(
    request: Request,
    room: Room,
    reader: PageReader,
    company: Company,
    table: Table,
    proposal: Proposal,
    *,
    changed: bool = False,
) -> HTMLResponse:
    language, mapping = language_of(request, reader), proposal.mapping
    sample = sample_of(table, mapping.columns)
    left = questions(mapping, sample, table.epoch)
    shown = None if left else show(table, mapping, zone_of(room.engine, company["id"]), language)
    fields = fields_of(proposal, sample, left, language, table.epoch)
    look: dict[str, Any] = {
        "table": table,
        "stream": mapping.stream.value,
        "fields": [field for field in fields if field.is_open],
        "others": [field for field in fields if not field.is_open],
        "questions": [question_text(mapping.stream, one, language) for one in left],
        "unread": unread(sample, mapping),
        "shown": shown,
        "faults": shown.faults[:FAULTS_SHOWN] if shown else (),
        "print": print_of(mapping),
        "changed": changed,
    }
    return render(request, "mapping.html", reader, company=company, error="", look=look, result=None)


@router.post("/{token}", response_model=None)
def look_form(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, token: str, form: FormHere
) -> HTMLResponse | RedirectResponse:
    """Look again with what was said; or import what was looked at; or put the file aside."""
    address = f"/companies/{company['id']}/mapping"
    do, stream, sheet = text_of(form, "do"), stream_called(text_of(form, "stream")), text_of(form, "sheet")
    if do == "drop":
        _drop(room, company["id"], token)
        return go(address)
    if sheet != text_of(form, "was_sheet"):
        return go(f"{address}/{token}?stream={stream.value}&sheet={quote(sheet)}")
    with _opened(room, company, token, sheet) as table:
        mapping = mapping_of(stream, table, Answers({key: str(value) for key, value in form.items()}))
        asked = text_of(form, "print") == print_of(mapping)
        if do != "write" or not asked or questions(mapping, sample_of(table, mapping.columns), table.epoch):
            return _look(request, room, reader, company, table, Proposal(mapping, {}), changed=do == "write")
        done = import_mapped(room.engine, company["id"], table, mapping, room.now(), save=True)
    _drop(room, company["id"], token)
    assess_company(room.engine, company["id"], room.now())
    return _result_page(request, reader, company, mapping, done)


def _result_page(
    request: Request, reader: PageReader, company: Company, mapping: FileMapping, done: CsvResult
) -> HTMLResponse:
    result = {"stream": mapping.stream.value, "saved": done.saved, "faults": done.faults[:FAULTS_SHOWN]}
    return render(request, "mapping.html", reader, company=company, error="", look=None, result=result)
