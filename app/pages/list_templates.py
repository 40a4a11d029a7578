"""The templates of the lists that can be handed over, to download and fill in."""

from fastapi import APIRouter
from fastapi.responses import Response

from app.errors import BadInput, NotFound
from app.pages.frame import PageReader
from app.pages.imports import stream_called
from connectors.files.csv_templates import template_text

router = APIRouter()


@router.get("/templates/{stream}.csv")
def template_csv(stream: str, _: PageReader) -> Response:
    """Give a list's template with two example rows."""
    try:
        wanted = stream_called(stream)
    except BadInput as error:
        raise NotFound(error.code, error.params) from error
    return Response(
        template_text(wanted),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{wanted.value}.csv"'},
    )
