"""Errors a person is meant to read: a code that `app.wording` says in their language, and an HTTP status.

SeuilError
├── Refused      409  it can't be done as asked; the sentence says what to do instead
├── NotFound     404  there is no such thing
├── BadInput     422  what was given doesn't make sense, and where
├── TooMany      429  asked too often; the answer says when to come again
├── Forbidden    403  the reader's role does not allow it
└── NotSignedIn  401
"""

from collections.abc import Mapping
from typing import ClassVar


class SeuilError(Exception):
    """Something a person can act on."""

    status: ClassVar[int] = 500

    def __init__(self, code: str, params: Mapping[str, str | int | float] | None = None) -> None:
        """Take the sentence's code and what fills it."""
        super().__init__(f"{code} {dict(params or {})}")
        self.code = code
        self.params = dict(params or {})


class Refused(SeuilError):
    """It can't be done as asked."""

    status = 409


class NotFound(SeuilError):
    """There is no such thing."""

    status = 404


class BadInput(SeuilError):
    """What was given doesn't make sense."""

    status = 422


class NotSignedIn(SeuilError):
    """Nobody is signed in, or the key is not one of ours."""

    status = 401


class Forbidden(SeuilError):
    """Their role, or their key's scope, does not allow it."""

    status = 403


class TooMany(SeuilError):
    """Asked too often for now."""

    status = 429
