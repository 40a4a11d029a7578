"""What stands around every request: a number, the safe headers, a line in the log, and a sentence for a fault of ours.

Written for ASGI itself: as a middleware of functions it would cost a webhook more than keeping it does.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import structlog
from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
QUIET = ("/livez", "/readyz", "/metrics", "/static", "/v1/webhooks/")

State = dict[str, Any]

log = structlog.get_logger()


class Guard:
    """Wraps the application; `excuse` makes the answer to a fault of ours, given the request and its number.

    `settle` writes down how a request ended that was written down when it began, and gives the cookie of a sign-in
    whose token has changed.

    An address with a NUL in it leads nowhere: no database holds such a text.
    """

    def __init__(
        self,
        app: ASGIApp,
        excuse: Callable[[Request, str], Response],
        no_such_page: Callable[[Request, Exception], Response],
        settle: Callable[[State, int], str | None],
    ) -> None:
        self._app, self._excuse, self._no_such_page, self._answered = app, excuse, no_such_page, settle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and see that its answer is fit to be sent."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number, status = uuid4().hex[:12], 0

        state = scope.setdefault("state", {})
        state["number"] = number

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                await self._settle(state, status, message)
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)  # a letter shown brings a policy of its own
                headers["X-Request-Id"] = number
                if "left" in state:
                    headers.update(state["left"].headers)
            await send(message)

        path = _shown(scope["path"])
        try:
            if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
                await self._no_such_page(Request(scope), LookupError())(scope, receive, guarded)
            else:
                await self._app(scope, receive, guarded)
        except Exception:  # the one place where a fault of ours is caught: it is logged whole, and said
            log.exception("request_failed", request=number, method=scope["method"], path=path)
            if status:  # half an answer is out already
                raise
            await self._excuse(Request(scope), number)(scope, receive, guarded)
        if not path.startswith(QUIET):
            log.info("request", request=number, method=scope["method"], path=path, status=status)

    async def _settle(self, state: State, status: int, message: Message) -> None:
        """Let what a request began be brought to its end before anybody sees the answer."""
        if "entry" in state or state.get("new_token"):
            cookie = await run_in_threadpool(self._answered, state, status)
            if cookie:
                MutableHeaders(scope=message).append("set-cookie", cookie)


_DOOR_PARTS = 4  # of /v1/webhooks/{connection}


def _shown(path: str) -> str:
    """Give an address as the log may have it: links out of letters and doors of sources are their holders’ alone."""
    parts = path.split("/")
    if path.startswith("/v1/webhooks/") and len(parts) > _DOOR_PARTS:  # the last part is a secret
        return "/".join([*parts[:_DOOR_PARTS], "…"])
    for begin in ("/unsubscribe/", "/invitations/"):
        if path.startswith(begin):
            return f"{begin}…"
    return path
