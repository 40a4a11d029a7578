"""What the API says of itself (OpenAPI): what FastAPI reads off the code, and what the code leaves to one place.

Refusals are problems (RFC 9457) with a code of ours as title; they are the same for every operation, so they are
described here and not at each.
"""

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.permits import PUBLIC

Body = dict[str, Any]

EXAMPLES = Path(__file__).parent / "examples.json"
PROBLEM = "application/problem+json"
_METHODS = frozenset(("get", "post", "put", "patch", "delete"))
_REFUSALS = {
    HTTPStatus.UNAUTHORIZED: "Nobody known asks: send an API key",
    HTTPStatus.FORBIDDEN: "The key's scope, or the role, does not allow it",
    HTTPStatus.NOT_FOUND: "There is no such thing, or it is not theirs",
    HTTPStatus.CONFLICT: "It can't be done as asked; the detail says what to do instead",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "More than one request may hold",
    HTTPStatus.UNPROCESSABLE_ENTITY: "What was sent makes no sense; the detail says what and where",
    HTTPStatus.TOO_MANY_REQUESTS: "Asked too often; `Retry-After` says when to come again",
}
_FIELDS: Body = {
    "name": "fields",
    "in": "query",
    "required": False,
    "description": "only these fields, by path, with commas between: `as_of,coverage.signals_known`",
    "schema": {"type": "string", "maxLength": 4000},
}
_IF_NONE_MATCH: Body = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "the `ETag` of the answer at hand: 304 where nothing has changed",
    "schema": {"type": "string"},
}
_IDEMPOTENCY_KEY: Body = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "sent again with the same key within 24 hours, a request is answered again, and not done again",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
ONCE_ANYWAY = frozenset(("/v1/records/{stream}", "/v1/bounces", "/v1/companies/{company_id}/imports"))
"""Changes that need no idempotency key: what they are sent says which it is."""

_SCHEMA: Body = {
    "type": "object",
    "description": "A refusal (RFC 9457): `title` is a stable code, `detail` a sentence in the reader's language",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "params": {"type": "object", "description": "what fills the sentence"},
    },
    "example": {
        "type": "about:blank",
        "title": "no_such_company",
        "status": 404,
        "detail": "There is no such company.",
        "params": {"company": "019a…"},
    },
}


def describe(app: FastAPI) -> None:
    """Have an application serve its description with refusals and keys in it; made once, at the first asking."""

    def made() -> Body:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(get_openapi(title=app.title, version=app.version, routes=app.routes))
        return app.openapi_schema

    app.openapi = made  # type: ignore[method-assign] # the way that FastAPI's guide has it


def _completed(schema: Body) -> Body:
    shown: Body = json.loads(EXAMPLES.read_text())
    parts = schema.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = _SCHEMA
    for unused in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(unused, None)
    parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "an API key: seuil_…"}}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if method in _METHODS:
                _complete(path, method, operation)
                _exemplify(operation, shown.get(f"{method.upper()} {path}"))
    return schema


def _exemplify(operation: Body, shown: Body | None) -> None:
    """Put in what was once asked and answered; `make api` asks anew."""
    if shown is None:
        return
    if shown["answer"] is not None:
        content = operation["responses"][str(shown["status"])].setdefault("content", {})
        content.setdefault("application/json", {"schema": {}})["example"] = shown["answer"]
    if shown["body"] is not None:
        operation["requestBody"]["content"]["application/json"]["example"] = shown["body"]


def _complete(path: str, method: str, operation: Body) -> None:
    answers = operation["responses"]
    answers.pop("422", None)
    refusals = {} if path in PUBLIC else _REFUSALS
    if path not in PUBLIC:
        operation["security"] = [{"key": []}]
    if method == "get" and path.startswith("/v1"):
        operation.setdefault("parameters", []).extend((_FIELDS, _IF_NONE_MATCH))
        answers["304"] = {"description": "Not changed"}
    elif path.startswith("/v1") and path not in PUBLIC | ONCE_ANYWAY:
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    for status, text in refusals.items():
        answers.setdefault(str(int(status)), {"description": text})
    for status, answer in answers.items():
        if int(status) >= HTTPStatus.BAD_REQUEST and not answer.get("content"):
            answer["content"] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
