"""Events as spans of work: what a calendar's resource says about back-office hours in a range of time.

A resource is an event with all its exceptions (RFC 5545). Its title and categories are looked at for words and go no
further; one without any of the words is not even parsed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import blake2b
from math import prod
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import recurring_ical_events  # type: ignore[import-untyped] # it says no types
from icalendar import Calendar

from connectors.caldav.days import A_DAY, Span
from connectors.errors import BadPayload
from connectors.words import AdminWords

Event = Any
"""A component of iCalendar, whose properties are what they are; it raises where one is broken."""

_FOLD = re.compile(r"\r?\n[ \t]")
_TITLED = re.compile(r"^(?:SUMMARY|CATEGORIES)\b.*$", re.MULTILINE | re.IGNORECASE)
_TIMED = re.compile(r"^(?:DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|RECURRENCE-ID)\b.*$", re.MULTILINE | re.IGNORECASE)
_ESCAPED = re.compile(r"\\([nN,;\\])")
_ZONE = re.compile(r"^BEGIN:VTIMEZONE\r?\n.*?^END:VTIMEZONE\r?$", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_ZONE_NAME = re.compile(r"^TZID(?:;[^:\n]*)?:(.*?)\r?$", re.MULTILINE | re.IGNORECASE)
_OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}
_A_DAYS_TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")
_MOST_A_DAY = 24


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts: the words, whose calendar it is, the zone of times without one, and up to when."""

    words: AdminWords
    owner: frozenset[str]
    zone: ZoneInfo
    now: datetime


def spans(text: str, rules: Rules, start: datetime, end: datetime) -> list[Span]:
    """Give the admin work of a resource in a range of time; BadPayload where it makes no sense."""
    unfolded = _FOLD.sub("", text)
    titles = (_ESCAPED.sub(" ", line).partition(":")[2] for line in _TITLED.findall(unfolded))
    if rules.words.process_of(titles) is None:
        return []
    try:
        calendar = Calendar.from_ical(_with_own_zones(unfolded))
        for event in calendar.walk("VEVENT"):
            _check(event)
        found = recurring_ical_events.of(calendar).between(start, end)
        return [span for event in found if (span := _span(event, rules))]
    except BadPayload:
        raise
    except Exception as error:  # the libraries raise what they like: one event never stops the rest
        raise BadPayload("caldav_event_unreadable", {"error": type(error).__name__}) from error


def times_of(text: str) -> str:
    """Give the lines of a resource that say when: what may be shown of one that can't be read."""
    return "\n".join(line.strip()[:100] for line in _TIMED.findall(_FOLD.sub("", text)))[:500]


def _span(event: Event, rules: Rules) -> Span | None:
    """Give what an occurrence counts for; None where it does not: see `docs/connectors.md`."""
    start, end = event["DTSTART"].dt, event["DTEND"].dt
    if not isinstance(start, datetime) or not isinstance(end, datetime) or not _is_busy(event, rules.owner):
        return None
    begin, until = _instant(start, rules.zone), _instant(end, rules.zone)
    if not timedelta(0) < until - begin < A_DAY or until > rules.now:
        return None
    process = rules.words.process_of([str(event.get("SUMMARY", "")), *_categories(event)])
    return None if process is None else Span(begin, until, process)


def _is_busy(event: Event, owner: frozenset[str]) -> bool:
    if str(event.get("STATUS", "")).upper() == "CANCELLED" or str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return False
    return not any(
        str(guest).casefold() in owner and str(guest.params.get("PARTSTAT", "")).upper() == "DECLINED"
        for guest in _listed(event, "ATTENDEE")
    )


def _categories(event: Event) -> Iterator[str]:
    for each in _listed(event, "CATEGORIES"):
        yield from (str(one) for one in each.cats)


def _listed(event: Event, name: str) -> list[Any]:
    found = event.get(name, [])
    return found if isinstance(found, list) else [found]


def _instant(moment: datetime, zone: ZoneInfo) -> datetime:
    """Place a moment in time; one without a zone is in the account's."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _check(event: Event) -> None:
    """Refuse what the expansion would guess at, or never come to an end of."""
    start, end = event["DTSTART"].dt, event.get("DTEND")
    if end is not None and _comparable(end.dt) < _comparable(start):
        raise BadPayload("caldav_ends_before_start")
    for rule in _listed(event, "RRULE"):
        times = prod(len(rule.get(name, [0])) for name in _A_DAYS_TIMES)
        intervals = rule.get("INTERVAL", [1])
        if {str(each).upper() for each in rule.get("FREQ", [])} & _OFTEN or times > _MOST_A_DAY:
            raise BadPayload("caldav_too_often")
        if not all(each > 0 for each in intervals):
            raise BadPayload("caldav_event_unreadable", {"error": "INTERVAL"})


def _comparable(moment: date) -> datetime:
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@cache
def _world() -> frozenset[str]:
    """Give the names of the world's zones; listing them takes a while."""
    return frozenset(available_timezones())


def _with_own_zones(unfolded: str) -> str:
    """Name each zone that the resource defines after its definition, unless it is one of the world's.

    The library remembers zones by name, for all resources of the process: two calendars may mean two things by one.
    """
    for block in _ZONE.findall(unfolded):
        named = _ZONE_NAME.search(block)
        name = named.group(1) if named else ""
        if name and name.strip("/") not in _world():
            own = f"{name}-{blake2b(block.encode(), digest_size=8).hexdigest()}"
            use = re.compile(rf'^((?:[A-Z-]+;(?:[^:\n]*;)?)?TZID[=:]"?){re.escape(name)}(?=["\r\n:;]|$)', re.MULTILINE)
            unfolded = use.sub(lambda match, own=own: match.group(1) + own, unfolded)  # type: ignore[misc]
    return unfolded
