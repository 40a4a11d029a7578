"""The reading of calendars by half-years: each day's minutes by process, without titles.

A record is one day's work on one process, all calendars of the account together, so that overlapping events count
once. A half-year is computed from all its events or not at all: it gives its records, and says that every other day and
process of it is gone. So it is right after any edit, move or deletion, without a memory of what stood there.

The bookmark keeps for each half-year the state of the calendars (their sync tokens) and a digest of its events' tags.
One that was over when it was read is read again only where the state changed, and then the tags. A report of
changes (sync-collection) is not asked for: it names a deleted event, and not the days on which it stood. So tokens are
compared and never sent, and none can expire. The present one is always read: time passes, and what was planned
becomes work that was done.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import ClassVar
from urllib.parse import urlsplit

from connectors.account import Account
from connectors.base import Ask, AskKind, Cursor, Evidence, Fault, Page, Pages, Provider
from connectors.caldav.bookmark import HalfYear, Told, external_id, halves_until, read_told
from connectors.caldav.dav import Dav, Found, Resource
from connectors.caldav.days import A_DAY, Span, minutes_by_day
from connectors.errors import AccessDenied, BadPayload
from connectors.http import Api, safe_address
from connectors.records import Stream, TimeEntry
from connectors.words import DEFAULT_WORDS, AdminWords, parts_of, read_words

AROUND = 2 * A_DAY  # servers place times without a zone where they like, and events reach over midnight

Tag = tuple[str, str | None]


@dataclass(frozen=True)
class CalDav:
    """One account's calendars, from a path on its host on."""

    account: Account
    dav: Dav = field(repr=False)
    path: str
    words: AdminWords = field(repr=False)
    name: ClassVar[str] = "caldav"

    @property
    def streams(self) -> Mapping[Stream, Pages]:
        """Time, and nothing else."""
        return {Stream.TIME: self._pages}

    def _pages(self, cursor: Cursor | None) -> Iterator[Page]:
        """Give a page for each half-year that may be other than it was told; the present one always may.

        What was read longest ago comes first, so that a reader who stops after each page comes round as well.
        """
        found = self._chosen()
        looked = self._looked(found)
        state = _digest([looked, *((each.path, each.token) for each in found.calendars)])
        halves = halves_until(self.account.now.astimezone(self.account.zone).date())
        before = {half: read_told(cursor.get(half.name)) if cursor else None for half in halves}
        kept = {half.name: told.text for half, told in before.items() if told}
        until = {"until": cursor["until"]} if cursor and "until" in cursor else {}
        for half, told in sorted(before.items(), key=_turn):
            if told is not None and self._stands(half, told, state, looked, found):
                kept[half.name] = replace(told, state=state).text
                continue
            page, now_told = self._read(half, told, looked, found)
            kept[half.name] = replace(now_told, state=state).text
            if half == halves[-1]:
                until = {"until": self.account.now.isoformat()}
            yield replace(page, cursor={**kept, **until})

    def _chosen(self) -> Found:
        """Find the calendars a person named, or all."""
        found = self.dav.find(self.path, self.account.settings["user"])
        named = parts_of(self.account.settings.get("calendars", ""))
        there = {each.name.casefold(): each for each in found.calendars}
        for name in named:
            if name.casefold() not in there:
                raise AccessDenied(code="caldav_calendar_missing", params={"calendar": name[:60]})
        wanted = {name.casefold() for name in named}
        chosen = tuple(each for each in found.calendars if not wanted or each.name.casefold() in wanted)
        return replace(found, calendars=chosen)

    def _looked(self, found: Found) -> Tag:
        """Sum up how events are looked at: told otherwise, they are read again."""
        said = self.account.settings.get("admin_words") or DEFAULT_WORDS
        return "|".join((said, self.account.settings["actor"], *sorted(found.owner))), self.account.zone.key

    def _stands(self, half: HalfYear, told: Told, state: str, looked: Tag, found: Found) -> bool:
        """Say whether what was told of a half is still so."""
        if not told.is_settled(half, self.account.zone):
            return False
        if state and told.state == state:
            return True
        digest = _digest([looked, *_tags(self._events(half, found, whole=False))])
        return bool(digest) and told.digest == digest

    def _read(self, half: HalfYear, before: Told | None, looked: Tag, found: Found) -> tuple[Page, Told]:
        """Compute a half from its events."""
        from connectors.caldav.events import Rules, spans, times_of  # noqa: PLC0415 - what it needs is slow to load

        rules = Rules(self.words, found.owner, self.account.zone, self.account.now)
        start, end = half.range(self.account.zone)
        tags: list[Tag] = [looked]
        work: list[Span] = []
        faults: dict[str, Fault] = {}
        for event in self._events(half, found, whole=True):
            tags.append((event.path, event.tag))
            try:
                work.extend(spans(event.text, rules, start - AROUND, end + AROUND))
            except BadPayload as error:
                place = f"event:{_digest([(event.path, '')])}"
                faults[place] = Fault(error.code, place, times_of(event.text), error.params)
        records = tuple(self._records(half, work))
        gone = tuple(sorted(half.ids - {record.external_id for record in records}))
        mended = (place for place in (before.set_aside if before else ()) if place not in faults)
        # What was set aside leaves where it is read with a remark: an event has no record of its own to say so.
        remarks = (Fault("caldav_event_mended", place, kept=True) for place in mended)
        told = Told(self.account.now, "", _digest(tags), tuple(sorted(faults)))
        return Page(records, {}, (*faults.values(), *remarks), gone), told

    def _events(self, half: HalfYear, found: Found, *, whole: bool) -> Iterator[Resource]:
        start, end = half.range(self.account.zone)
        for calendar in found.calendars:
            yield from self.dav.events(calendar, start - AROUND, end + AROUND, whole=whole)

    def _records(self, half: HalfYear, work: Iterable[Span]) -> Iterator[TimeEntry]:
        for (day, process), minutes in minutes_by_day(work, self.account.zone).items():
            if half.first <= day < half.after:
                yield TimeEntry(
                    external_id=external_id(day, process),
                    actor=self.account.settings["actor"],
                    worked_on=day,
                    minutes=minutes,
                    process=process,
                )


def _turn(known: tuple[HalfYear, Told | None]) -> tuple[float, int]:
    """Put first what was never read, the newest of it before the rest, then what was read longest ago."""
    half, told = known
    order = half.first.toordinal()
    return (told.read_at.timestamp(), order) if told else (0.0, -order)


def _tags(events: Iterable[Resource]) -> Iterator[Tag]:
    return ((event.path, event.tag) for event in events)


def _digest(tags: Iterable[Tag]) -> str:
    """Sum up what is there in which version; an empty text where a version is not told."""
    listed = list(tags)
    if any(tag is None for _, tag in listed):
        return ""
    return blake2b(repr(sorted(listed, key=str)).encode(), digest_size=8).hexdigest()


def _connect(account: Account) -> CalDav:
    address = account.settings["address"]
    safe_address(address, account.private_hosts, resolve=False)  # all of it; the host's own address is asked
    parts = urlsplit(address.strip())
    path = f"/{parts.path.lstrip('/')}"
    if "/../" in f"{path}/":
        raise AccessDenied(code="address_unreadable", params={"address": address[:100]})
    opened = (account.settings["user"], account.secrets["password"])
    api = Api(account, f"{parts.scheme}://{parts.netloc}", auth=opened)
    words = read_words(account.settings.get("admin_words") or DEFAULT_WORDS)
    return CalDav(account, Dav(api, parts.hostname or ""), path, words)


PROVIDER = Provider(
    name=CalDav.name,
    title="CalDAV",
    feeds={Stream.TIME: Evidence.PROXY},
    connect=_connect,
    asks=(
        Ask("address", AskKind.ADDRESS),
        Ask("user"),
        Ask("password", AskKind.SECRET),
        Ask("actor"),
        Ask("admin_words", AskKind.WORDS, default=DEFAULT_WORDS, required=False),
        Ask("calendars", AskKind.WORDS, required=False),
    ),
)
