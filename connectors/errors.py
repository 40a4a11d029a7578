"""What can go wrong with a source, each named after its remedy.

SourceError
├── AccessDenied   a person must act: a right or a password is missing
├── Unavailable    try again later: the schedule is the retry
├── BadPayload     one row can't be read: it is set aside, the rest goes on
└── NotThisFormat  the whole file is something else: nothing was read
"""

from collections.abc import Mapping


class SourceError(Exception):
    """A source could not be read."""

    def __init__(self, message: str | None = None) -> None:
        """Take the sentence to show; without one, the class says it."""
        super().__init__(message if message is not None else (self.__doc__ or "").strip())


class AccessDenied(SourceError):
    """The source refuses access; a person has to grant it."""


class Unavailable(SourceError):
    """The source does not answer now."""

    def __init__(self, message: str | None = None, *, retry_after_s: float | None = None) -> None:
        """Take the delay the source asked for, in seconds, if it said one."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class BadPayload(SourceError):
    """A row does not make sense; it is set aside with its reason."""

    def __init__(self, code: str, params: Mapping[str, str] | None = None) -> None:
        """Take the fault's code (see `connectors.base.Fault`) and what to say with it."""
        super().__init__(code)
        self.code = code
        self.params = dict(params or {})


class NotThisFormat(SourceError):
    """The file is not of the expected format; nothing was read from it."""

    def __init__(self, code: str, params: Mapping[str, str] | None = None) -> None:
        """Take the reason's code and what was expected and found."""
        super().__init__(f"{code}: {dict(params or {})}")
        self.code = code
        self.params = dict(params or {})
