"""A first look at an account: of each stream the first page, and what keeps the others away.

Nothing is written, and nothing is asked of a connector but what it does anyway.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import structlog

from app.wording import SENTENCES, say
from connectors.account import Account
from connectors.base import Connector, Evidence, Pages, Provider
from connectors.errors import AccessDenied, SourceError
from connectors.records import Stream

# What is wrong with the whole account, not with a stream: the others would only take as long to say the same.
ALIKE = frozenset(
    (
        "address_unreadable",
        "address_not_https",
        "address_private",
        "moved_elsewhere",
        "unreachable",
        "timed_out",
        "asked_to_wait",
    )
)

log = structlog.get_logger()


class Standing(StrEnum):
    """Whether a stream can be read."""

    GRANTED = "granted"
    DENIED = "denied"
    UNAVAILABLE = "unavailable"
    ABSENT = "absent"  # this account has no such stream, though its provider has


@dataclass(frozen=True, slots=True)
class Sight:
    """What the first page of a stream showed, or why it showed nothing: a code and what fills its sentence."""

    stream: Stream
    evidence: Evidence
    standing: Standing
    rows: int = 0
    refused: int = 0
    code: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


def try_account(provider: Provider, account: Account) -> tuple[Sight, ...]:
    """Look at the first page of each stream of an account, and say what can be read and what keeps the rest away."""
    return look(provider, lambda: provider.connect(account))


def look(provider: Provider, make: Callable[[], Connector]) -> tuple[Sight, ...]:
    """Look at the streams of a connector; nothing that goes wrong there is raised."""
    feeds = provider.feeds.items()
    try:
        streams = make().streams
    except Exception as error:  # noqa: BLE001 - a connector's own fault is said like any other trouble
        return tuple(_troubled(stream, evidence, error) for stream, evidence in feeds)
    sights: list[Sight] = []
    for stream, evidence in feeds:
        if sights and sights[-1].code in ALIKE:
            sights.append(replace(sights[-1], stream=stream, evidence=evidence))
        elif stream in streams:
            sights.append(_first_page(stream, evidence, streams[stream]))
        else:
            sights.append(Sight(stream, evidence, Standing.ABSENT))
    return tuple(sights)


def _first_page(stream: Stream, evidence: Evidence, pages: Pages) -> Sight:
    try:
        page = next(iter(pages(None)), None)
    except Exception as error:  # noqa: BLE001 - likewise
        return _troubled(stream, evidence, error)
    if page is None:
        return Sight(stream, evidence, Standing.GRANTED)
    refused = len({fault.place for fault in page.faults if not fault.kept})
    return Sight(stream, evidence, Standing.GRANTED, len(page.records), refused)


def _troubled(stream: Stream, evidence: Evidence, error: Exception) -> Sight:
    standing = Standing.DENIED if isinstance(error, AccessDenied) else Standing.UNAVAILABLE
    if not isinstance(error, SourceError):
        log.error("look_failed", stream=stream.value, error=type(error).__name__)  # its text might hold anything
        return Sight(stream, evidence, standing, code="source_failed", params={"error": type(error).__name__})
    if error.code in SENTENCES:
        return Sight(stream, evidence, standing, code=error.code, params=error.params)
    code = "source_denied" if standing is Standing.DENIED else "source_unavailable"
    return Sight(stream, evidence, standing, code=code, params={"why": str(error)})


def shows_nothing(sights: Sequence[Sight]) -> bool:
    """Say whether no stream that can be read has a row on its first page: it looks like a right that is missing."""
    granted = [sight for sight in sights if sight.standing is Standing.GRANTED]
    return bool(granted) and not any(sight.rows or sight.refused for sight in granted)


def common_trouble(sights: Sequence[Sight]) -> Sight | None:
    """Give the one trouble that keeps every stream away, where it is the same for all."""
    first = next(iter(sights), None)
    if first is None or not first.code:
        return None
    return first if all((s.code, dict(s.params)) == (first.code, dict(first.params)) for s in sights) else None


def streams_to_read(sights: Sequence[Sight]) -> tuple[Stream, ...] | None:
    """List the streams that will be read, None for all: those away just now are tried again, refused ones are not."""
    readable = tuple(s.stream for s in sights if s.standing in {Standing.GRANTED, Standing.UNAVAILABLE})
    return None if all(sight.standing is not Standing.DENIED for sight in sights) else readable


def can_be_saved(sights: Sequence[Sight]) -> bool:
    """Say whether there is anything to read."""
    return any(sight.standing is Standing.GRANTED for sight in sights)


def sight_text(sight: Sight, language: str) -> str:
    """Say what a look at a stream showed; nothing where the account has none."""
    if sight.code:
        return say(sight.code, sight.params, language)
    if sight.standing is Standing.ABSENT:
        return ""
    code = "sight_some_refused" if sight.refused else "sight_rows" if sight.rows else "sight_empty"
    return say(code, {"rows": sight.rows, "refused": sight.refused}, language)
