"""The CalDAV that is asked (RFC 4791, 5397, 6578, 6764): discovery, and events by time range.

An address found in an answer is used as a path on the account's own host, and refused where it is another host's.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx

from connectors.errors import AccessDenied, Unavailable
from connectors.http import Api

DAV = "{DAV:}"
CAL = "{urn:ietf:params:xml:ns:caldav}"
SERVER = "{http://calendarserver.org/ns/}"
WELL_KNOWN = "/.well-known/caldav"

_NAMESPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/"'
_WHO = "<D:current-user-principal/><C:calendar-home-set/><C:calendar-user-address-set/><D:resourcetype/>"
_WHAT = (
    "<D:resourcetype/><D:displayname/><C:supported-calendar-component-set/><D:sync-token/><S:getctag/>"
    "<C:calendar-home-set/>"
)
_ELSEWHERE = (404, 405, 501)  # nothing of CalDAV at this path
_PORTION = 2**16


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar: its path, its name as shown, and what changes whenever something in it does, where it has that."""

    path: str
    name: str
    token: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """The calendars of an account, and the addresses under which its owner is invited."""

    calendars: tuple[Calendar, ...]
    owner: frozenset[str]


@dataclass(frozen=True, slots=True)
class Resource:
    """An event with all its exceptions, as the server keeps it; `text` is empty where only the tag was asked for."""

    path: str
    tag: str | None
    text: str


@dataclass(frozen=True, slots=True)
class _Part:
    """What a multistatus says of one path: the properties it has."""

    path: str
    status: str
    has: Mapping[str, ET.Element]

    def text(self, name: str) -> str | None:
        """Give a property's text, or None where it is empty or missing."""
        node = self.has.get(name)
        return (node.text or "").strip() or None if node is not None else None

    def hrefs(self, name: str) -> list[str]:
        """List the addresses in a property."""
        node = self.has.get(name)
        return [] if node is None else [(each.text or "").strip() for each in node.iter(f"{DAV}href") if each.text]

    @property
    def is_calendar(self) -> bool:
        """Say whether events are kept here."""
        kind = self.has.get(f"{DAV}resourcetype")
        holds = self.has.get(f"{CAL}supported-calendar-component-set")
        named = set() if holds is None else {each.get("name", "").upper() for each in holds.iter(f"{CAL}comp")}
        return kind is not None and kind.find(f"{CAL}calendar") is not None and (not named or "VEVENT" in named)


class Dav:
    """One host, asked for calendars."""

    def __init__(self, api: Api, host: str) -> None:
        """Take the host's own address, asked with what opens the account, and its name."""
        self._api, self._host = api, host

    def find(self, path: str, user: str) -> Found:
        """Follow the account's principal to its calendars; AccessDenied where there are none."""
        here = self._first(path, _WHO) if path != "/" else self._root()
        if here is None:
            raise AccessDenied(code="caldav_none_found", params={"host": self._host})
        principals = here.hrefs(f"{DAV}current-user-principal")
        who = (self._first(self._path(principals[0]), _WHO) if principals else None) or here
        if not principals and f"{DAV}current-user-principal" in here.has:  # told to those nobody knows
            raise AccessDenied(code="access_refused", params={"host": self._host, "status": "207"})
        calendars = (
            (_calendar(self._first(here.path, _WHAT) or here),) if here.is_calendar else tuple(self._below(who, here))
        )
        if not calendars:
            raise AccessDenied(code="caldav_none_found", params={"host": self._host})
        named = {each.casefold() for each in who.hrefs(f"{CAL}calendar-user-address-set")}
        return Found(calendars, frozenset(named | {f"mailto:{user}".casefold()}))

    def events(self, calendar: Calendar, start: datetime, end: datetime, *, whole: bool) -> Iterator[Resource]:
        """Give the events that touch a range of time; without their content where `whole` is false."""
        wanted = "<D:getetag/><C:calendar-data/>" if whole else "<D:getetag/>"
        body = (
            f"<C:calendar-query {_NAMESPACES}><D:prop>{wanted}</D:prop><C:filter>"
            '<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
            f'<C:time-range start="{_utc(start)}" end="{_utc(end)}"/>'
            "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
        )
        for part in self._ask("REPORT", calendar.path, body, depth="1"):
            if " 507" in part.status:  # the rest was left out (RFC 4791, 7.8)
                raise Unavailable(code="caldav_too_many", params={"host": self._host})
            text = part.has.get(f"{CAL}calendar-data")
            if part.path.endswith("/"):  # the calendar itself
                continue
            if whole and text is None:  # to take it for nothing would have its hours gone
                raise Unavailable(code="caldav_unreadable", params={"host": self._host})
            yield Resource(part.path, part.text(f"{DAV}getetag"), "" if text is None else text.text or "")

    def _root(self) -> _Part | None:
        """Look at the root, and where it says nothing of calendars at the place where it should.

        A path that was given is not widened so: it may be one calendar of many.
        """
        here = None
        try:
            here = self._first("/", _WHO)
        except Unavailable as error:  # many hosts have a page for people there
            if error.code != "caldav_unreadable":
                raise
        return here or self._first(WELL_KNOWN, _WHO)

    def _below(self, who: _Part, here: _Part) -> Iterator[Calendar]:
        homes = who.hrefs(f"{CAL}calendar-home-set") or [here.path]
        for home in dict.fromkeys(map(self._path, homes)):
            body = f"<D:propfind {_NAMESPACES}><D:prop>{_WHAT}</D:prop></D:propfind>"
            for part in self._ask("PROPFIND", home, body, depth="1"):
                if part.is_calendar:
                    yield _calendar(part)

    def _first(self, path: str, wanted: str) -> _Part | None:
        body = f"<D:propfind {_NAMESPACES}><D:prop>{wanted}</D:prop></D:propfind>"
        return next(self._ask("PROPFIND", path, body, depth="0", accept=_ELSEWHERE), None)

    def _ask(self, method: str, path: str, body: str, *, depth: str, accept: Collection[int] = ()) -> Iterator[_Part]:
        headers = {"Depth": depth, "Content-Type": "application/xml; charset=utf-8", "Accept": "*/*"}
        content = f'<?xml version="1.0" encoding="utf-8"?>{body}'.encode()
        answer = self._api.ask(method, path, content=content, headers=headers, right="DAV:read", accept=accept)
        if answer.status in accept:
            return
        if answer.status != httpx.codes.MULTI_STATUS:
            raise Unavailable(code="caldav_unreadable", params={"host": self._host})
        for node in _parsed(answer.body, self._host).iter(f"{DAV}response"):
            yield self._part(node)

    def _part(self, node: ET.Element) -> _Part:
        has = {
            each.tag: each
            for told in node.iter(f"{DAV}propstat")
            if " 200" in told.findtext(f"{DAV}status", "")
            for prop in told.iter(f"{DAV}prop")
            for each in prop
        }
        return _Part(self._path(node.findtext(f"{DAV}href", "")), node.findtext(f"{DAV}status", ""), has)

    def _path(self, href: str) -> str:
        """Give the path of an address found in an answer; AccessDenied where it leads to another host."""
        try:
            parts = urlsplit(href.strip())
            host, path = parts.hostname, parts.path
        except ValueError:
            host, path = None, ""
        if host is not None and host != self._host:
            raise AccessDenied(code="moved_elsewhere", params={"host": self._host, "to": host})
        if not path.startswith("/") or path.startswith("//") or "/../" in f"{path}/":
            raise Unavailable(code="caldav_unreadable", params={"host": self._host})
        return path


def _calendar(part: _Part) -> Calendar:
    token = part.text(f"{DAV}sync-token") or part.text(f"{SERVER}getctag")
    return Calendar(part.path, part.text(f"{DAV}displayname") or "", token)


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


class _Declared(Exception):
    """The answer declares a document type, as no CalDAV server does."""


class _Builder(ET.TreeBuilder):
    """Builds elements, and stops at a document type: entities are declared there."""

    def doctype(self, *_: str | None) -> None:
        """Stop."""
        raise _Declared


def _parsed(body: bytes, host: str) -> ET.Element:
    """Read XML without entities; Unavailable where it is something else."""
    parser = ET.XMLParser(target=_Builder())  # noqa: S314 - a document type, and so every entity, is refused
    try:
        for start in range(0, len(body), _PORTION):
            parser.feed(body[start : start + _PORTION])
        root: ET.Element = parser.close()
    except (ET.ParseError, _Declared, ValueError, LookupError) as error:
        raise Unavailable(code="caldav_unreadable", params={"host": host}) from error
    return root
