"""Reading forms: fields as texts, and files that are kept beside the database while they are read."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile

from app.errors import BadInput
from app.pages.frame import PageReader, same_origin
from app.room import Room, RoomHere
from app.staging import LedgerFile

MEGABYTE = 1024 * 1024
FORM_LIMIT = 2 * MEGABYTE


async def form_of(
    request: Request, _: PageReader, __: Annotated[None, Depends(same_origin)]
) -> AsyncIterator[FormData]:
    """Read a form whose fields are not known beforehand."""
    _refuse_above(request, FORM_LIMIT)
    async with request.form() as form:
        yield form


async def upload_of(
    request: Request, room: RoomHere, _: PageReader, __: Annotated[None, Depends(same_origin)]
) -> AsyncIterator[FormData]:
    """Read a form with a file; one that is too large is refused before it is read, and it is closed afterwards."""
    _refuse_above(request, room.settings.upload_limit_mb * MEGABYTE)
    async with request.form() as form:
        yield form


FormHere = Annotated[FormData, Depends(form_of)]
UploadHere = Annotated[FormData, Depends(upload_of)]


def _refuse_above(request: Request, limit: int) -> None:
    # Every browser says how long its form is; what doesn't could go on for ever.
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > limit:
        raise BadInput("file_too_large", {"limit": limit // MEGABYTE})


def text_of(form: FormData, name: str) -> str:
    """Give a field's text, trimmed; empty if it is missing or a file."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def _data_folder(room: Room) -> Path | None:
    path = room.settings.sqlite_path
    return path.parent if path is not None and path.parent.is_dir() else None


@contextmanager
def kept_file(room: Room, form: FormData, name: str) -> Iterator[LedgerFile]:
    """Keep an uploaded file in the data folder while it is read; BadInput where none was chosen."""
    upload = form.get(name)
    if not isinstance(upload, UploadFile) or not upload.filename:
        raise BadInput("no_file_chosen")
    with tempfile.TemporaryDirectory(prefix="upload-", dir=_data_folder(room)) as folder:
        path = Path(folder) / "file"
        with path.open("wb") as target:
            shutil.copyfileobj(upload.file, target, MEGABYTE)
        yield LedgerFile(path, Path(upload.filename.replace("\\", "/")).name)
