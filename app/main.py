"""The web application: rooms put together, errors said in the reader's words, and headers that keep pages safe."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine

from app.api import health, readiness
from app.clock import utc_now
from app.errors import SeuilError
from app.pages import ROUTERS
from app.pages.errors import error_page
from app.room import Room, language_of
from app.schedule import start_metronome
from app.settings import Settings
from app.site import STATIC
from app.wording import say
from connectors.errors import NotThisFormat

VERSION = "0.1.0"

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
# The API's own documentation brings its scripts from elsewhere; it is served as a description only.
QUIET = ("/livez", "/readyz", "/static")

log = structlog.get_logger()


def create_app(
    engine: Engine, settings: Settings, *, now: Callable[[], datetime] = utc_now, metronome: bool = False
) -> FastAPI:
    """Build the application on a migrated database."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        ticking = start_metronome(engine, now) if metronome else None
        yield
        if ticking is not None:
            ticking.shutdown(wait=False)

    app = FastAPI(title="Seuil", version=VERSION, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.room = Room(engine, settings, now)
    app.include_router(health.router)
    app.include_router(readiness.router)
    for router in ROUTERS:
        app.include_router(router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.middleware("http")(_guard)
    app.exception_handler(SeuilError)(_seuil_error)
    app.exception_handler(NotThisFormat)(_not_this_format)
    app.exception_handler(RequestValidationError)(_bad_request)
    app.exception_handler(404)(_no_such_page)
    return app


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Log a request, put the safe headers on its answer, and turn a fault of ours into a sentence."""
    number = uuid4().hex[:12]
    try:
        response = await call_next(request)
    except Exception:  # the one place where a fault of ours is caught: it is logged whole, and said
        log.exception("request_failed", request=number, method=request.method, path=request.url.path)
        response = _answer(request, 500, "unexpected", {"request": number})
    response.headers.update(HEADERS)
    response.headers["X-Request-Id"] = number
    if not request.url.path.startswith(QUIET):
        log.info("request", request=number, method=request.method, path=request.url.path, status=response.status_code)
    return response


def _answer(request: Request, status: int, code: str, params: dict[str, str | int | float]) -> Response:
    language = language_of(request)
    sentence = say(code, params, language)
    if request.url.path.startswith("/v1") or "text/html" not in request.headers.get("accept", ""):
        body = {"type": "about:blank", "title": code, "status": status, "detail": sentence, "params": params}
        return JSONResponse(body, status_code=status, media_type="application/problem+json")
    return error_page(request, status, sentence)


def _seuil_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SeuilError)  # noqa: S101 - FastAPI hands us the class we asked for
    return _answer(request, error.status, error.code, error.params)


def _not_this_format(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotThisFormat)  # noqa: S101 - likewise
    return _answer(request, 422, error.code, dict(error.params))


def _bad_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - likewise
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:])
    return _answer(request, 422, "bad_request", {"place": place, "why": str(first["msg"])})


def _no_such_page(request: Request, _: Exception) -> Response:
    return _answer(request, 404, "no_such_page", {})
