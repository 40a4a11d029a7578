"""The contract of a connector: streams of pages, each with a place to resume from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from connectors.records import Record, Stream

Cursor = Mapping[str, str]
"""Where to resume, in the connector's own words; texts only, so that it stores as JSON."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a source that could not be read, or was read with a remark.

    `code` names the fault (worded in `app.wording`), `params` fill its sentence, `place` is the line or the
    record's identity, `raw` the text as it stood. `kept` is true where the row was read all the same.
    """

    code: str
    place: str
    raw: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, the rows that made no sense, and where to resume once both are safe."""

    records: tuple[Record, ...]
    cursor: Cursor
    faults: tuple[Fault, ...] = ()


Pages = Callable[[Cursor | None], Iterator[Page]]
"""Pages of a stream from a cursor on; `None` starts at the beginning."""


class Connector(Protocol):
    """One kind of source. Resuming from any page may repeat records, and never skips one."""

    name: ClassVar[str]

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        """The streams this source has."""
        ...
