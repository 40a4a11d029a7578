"""The web application: rooms put together, errors said in the reader's words, and headers that keep pages safe."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine

from app.api import (
    alerts,
    audit,
    bounces,
    companies,
    connections,
    deliveries,
    health,
    imports,
    knocks,
    maintenance,
    metrics,
    people,
    policy,
    policy_actions,
    portfolio,
    processes,
    push,
    readiness,
    records,
    webhooks,
)
from app.api.webhooks import close_doors
from app.budget import Budgets
from app.clock import utc_now
from app.described import describe
from app.errors import SeuilError
from app.guard import Guard
from app.pages import ROUTERS
from app.pages.errors import error_page
from app.room import Room, language_of
from app.schedule import start_metronome
from app.settings import Settings
from app.settle import settle
from app.site import STATIC
from app.version import VERSION
from app.wording import say
from connectors.errors import NotThisFormat

API = (
    readiness, health, portfolio, companies, records, alerts, maintenance, policy, policy_actions, processes, people,
    connections, knocks, imports, push, webhooks, deliveries, bounces, audit, metrics,
)  # fmt: skip


def create_app(
    engine: Engine, settings: Settings, *, now: Callable[[], datetime] = utc_now, metronome: bool = False
) -> FastAPI:
    """Build the application on a migrated database."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        ticking = start_metronome(engine, settings, now) if metronome else None
        app.state.ticks_since = now() if metronome else None
        yield
        if ticking is not None:
            ticking.shutdown(wait=False)
        close_doors(app)

    # The API's own documentation brings its scripts from elsewhere: it is served as a description only.
    app = FastAPI(title="Seuil", version=VERSION, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.room = Room(engine, settings, now, Budgets(settings.api_requests_a_minute))
    for room in API:  # what is polled first: an address is sought among all in turn
        app.include_router(room.router)
    for router in ROUTERS:
        app.include_router(router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(
        Guard,
        excuse=_excuse,
        no_such_page=_no_such_page,
        settle=lambda state, status: settle(app.state.room, state, status),
    )
    app.exception_handler(SeuilError)(_seuil_error)
    app.exception_handler(NotThisFormat)(_not_this_format)
    app.exception_handler(RequestValidationError)(_bad_request)
    app.exception_handler(400)(_unreadable)
    app.exception_handler(404)(_no_such_page)
    describe(app)
    return app


def _excuse(request: Request, number: str) -> Response:
    return _answer(request, 500, "unexpected", {"request": number})


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


def _unreadable(request: Request, error: Exception) -> Response:
    """Say of a body that is not even text what is said of any other that makes no sense."""
    return _answer(request, 422, "bad_request", {"place": "body", "why": str(getattr(error, "detail", error))})


def _no_such_page(request: Request, _: Exception) -> Response:
    return _answer(request, 404, "no_such_page", {})
