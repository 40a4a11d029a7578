"""What can go wrong with a source, each named after its remedy.

SourceError
├── AccessDenied   a person must act: a right or a password is missing
├── Unavailable    try again later: the schedule is the retry
├── StartOver      the bookmark leads nowhere any more: the stream is read again from its beginning
├── BadPayload     one row can't be read: it is set aside, the rest goes on
└── NotThisFormat  the whole file is something else: nothing was read

`code` names the trouble and `params` fill its sentence (`app.wording.sources`); no secret is ever in either.
"""

from collections.abc import Mapping


class SourceError(Exception):
    """A source could not be read."""

    code: str = ""

    def __init__(self, message: str | None = None, *, code: str = "", params: Mapping[str, str] | None = None) -> None:
        """Take a message for the log, or the code of a worded sentence with what fills it."""
        self.code = code
        self.params = dict(params or {})
        told = f"{code}: {self.params}" if code else (self.__doc__ or "").strip()
        super().__init__(message if message is not None else told)


class AccessDenied(SourceError):
    """The source refuses access; a person has to grant it."""


class Unavailable(SourceError):
    """The source does not answer now."""

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after_s: float | None = None,
        code: str = "",
        params: Mapping[str, str] | None = None,
    ) -> None:
        """Take the delay the source asked for, in seconds, if it said one."""
        super().__init__(message, code=code, params=params)
        self.retry_after_s = retry_after_s


class StartOver(SourceError):
    """The source no longer knows what happened since the bookmark; the stream is read again from its beginning."""


class BadPayload(SourceError):
    """A row does not make sense; it is set aside with its reason."""

    def __init__(self, code: str, params: Mapping[str, str] | None = None) -> None:
        """Take the fault's code (see `connectors.base.Fault`) and what to say with it."""
        super().__init__(code, code=code, params=params)


class NotThisFormat(SourceError):
    """The file is not of the expected format; nothing was read from it."""

    def __init__(self, code: str, params: Mapping[str, str] | None = None) -> None:
        """Take the reason's code and what was expected and found."""
        super().__init__(code=code, params=params)
