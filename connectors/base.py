"""The contract of a connector: streams of pages, each with a place to resume from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable

from connectors.account import Account
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
    """Some records, the rows that made no sense, and where to resume once both are safe.

    `gone` lists the external ids of records that the source says it no longer has.
    """

    records: tuple[Record, ...]
    cursor: Cursor
    faults: tuple[Fault, ...] = ()
    gone: tuple[str, ...] = ()


Pages = Callable[[Cursor | None], Iterator[Page]]
"""Pages of a stream from a cursor on; `None` starts at the beginning."""

Keys = Callable[[], Iterator[tuple[str, ...]]]
"""Every external id a stream has at the source, in portions: what we keep and it lacks is gone."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What a webhook says has changed: one object, by the external id of its record in a stream."""

    stream: Stream
    external_id: str


@dataclass(frozen=True, slots=True)
class Total:
    """What the source itself says of a stream, to be compared with what we keep of it.

    `measure` is `rows` (a count) or `total_minor` (integer minor units of `currency`); `month` is the first of the
    month ("2026-03"), or None for all there is.
    """

    stream: Stream
    measure: str
    value: int
    month: str | None = None
    direction: str | None = None
    currency: str | None = None


class Connector(Protocol):
    """One kind of source. Resuming from any page may repeat records, and never skips one."""

    name: ClassVar[str]

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        """The streams this source has."""
        ...


@runtime_checkable
class Swept(Protocol):
    """A connector whose source forgets rows without a word: the ids it still has are asked for now and then."""

    @property
    def keys(self) -> Mapping[Stream, Keys]:
        """The streams whose ids can be listed."""
        ...


@runtime_checkable
class Tallied(Protocol):
    """A connector whose source says figures of its own, which ours have to reach."""

    def totals(self) -> Iterator[Total]:
        """Give the source's own figures."""
        ...


@runtime_checkable
class Fetching(Protocol):
    """A connector that can ask its source for one object."""

    def fetch(self, hint: Hint) -> Iterator[tuple[Stream, Page]]:
        """Give what the source has of an object now, or that it is gone. The pages' cursors count for nothing.

        The address asked is made of the account's own and the hint's id alone, never of a webhook's words.
        """
        ...


class Evidence(StrEnum):
    """How a provider knows what a stream tells: the event itself, or something that stands for it."""

    DIRECT = "direct"
    PROXY = "proxy"


class AskKind(StrEnum):
    """What kind of answer a question of `Ask` has."""

    TEXT = "text"
    ADDRESS = "address"
    SECRET = "secret"  # noqa: S105 - a kind of question
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing a person says to connect an account; its label is worded in `app.wording.providers`."""

    name: str
    kind: AskKind = AskKind.TEXT
    default: str | None = None
    required: bool = True


@dataclass(frozen=True, slots=True)
class Provider:
    """A kind of source that Seuil reads over the network: what it asks for, what it feeds, how it is reached.

    `feeds` says with what evidence each stream is told. `scheme` names the signature of its webhooks
    (`connectors.doorbell`), or is None where it has none. `hint` reads off the body of a genuine one which object it
    is about, or None where it does not say; its connector is then `Fetching`.
    """

    name: str
    title: str
    feeds: Mapping[Stream, Evidence]
    connect: Callable[[Account], Connector]
    asks: tuple[Ask, ...] = ()
    scheme: str | None = None
    hint: Callable[[bytes], Hint | None] | None = None
