"""Figures for a monitoring system, behind an API key like everything that is read."""

from fastapi import APIRouter, Request, Response

from app.db import read
from app.metrics import write_metrics
from app.room import ReaderHere, RoomHere

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request, room: RoomHere, _: ReaderHere) -> Response:
    """Give the figures of this moment, in the text format of Prometheus or as OpenMetrics, whichever is asked for."""
    with read(room.engine) as conn:
        text, kind = write_metrics(conn, room.now(), str(request.app.version), request.headers.get("accept", ""))
    return Response(text, headers={"Content-Type": kind})
