"""What a letter says, worded: one view that the pages of a mail and its plain text are both laid out from."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from app.language import Formats, translator
from app.site import keep_together
from app.wording import label, say

Body = dict[str, Any]

AT_ONCE, STOPPED = "at_once", "stopped"
"""Kinds of letters beside the weekly one: what has just happened, and that Seuil itself stood still."""


@dataclass(frozen=True, slots=True)
class Words:
    """A language's words, with its spaces kept together."""

    language: str

    def text(self, english: str) -> str:
        """Translate a text."""
        return keep_together(translator(self.language)(english), self.language)

    def say(self, code: str, **params: str | float) -> str:
        """Say a code's sentence."""
        return keep_together(say(code, params, self.language), self.language)

    def reason(self, reason: Body, unit: str = "") -> str:
        """Say a reason."""
        return keep_together(say(reason["code"], reason["params"], self.language, unit), self.language)

    def label(self, kind: str, name: str) -> str:
        """Name a thing."""
        return keep_together(label(kind, name, self.language), self.language)

    def day(self, day: str | date) -> str:
        """Write a day out; of an instant, its date."""
        return Formats(self.language).long_day(day if isinstance(day, date) else day[:10]).replace(" ", "\u00a0")

    def with_address(self, text: str, address: str) -> str:
        """Write an address after its words."""
        return keep_together(f"{text} : {address}" if self.language == "fr" else f"{text}: {address}", self.language)

    def count(self, code: str, n: int) -> str:
        """Say how many: `code_1` for one, `code_n` for more."""
        return self.say(f"{code}_1") if n == 1 else self.say(f"{code}_n", n=n)


@dataclass(frozen=True, slots=True)
class Link:
    """An address with its words."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Line:
    """One alert of a section."""

    title: str
    address: str
    said: str
    when: str
    marks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    costs: str = ""
    then: str = ""  # what to do next


@dataclass(frozen=True, slots=True)
class Section:
    """The alerts to which the same happened."""

    name: str
    title: str
    shape: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the data reach; loud where they have stopped."""

    said: str
    is_loud: bool = False
    lines: tuple[str, ...] = ()
    then: str = ""
    steps: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Something the last letter expected, with what came; `mark` shows whether it came so."""

    mark: str
    tone: str
    said: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the last letter expected and what came of it, and what this one expects by the next."""

    counted: str
    came: tuple[Outcome, ...]
    expected: tuple[str, ...]
    note: str
    short: tuple[str, ...]  # both in a sentence each, for a company told in few words


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart, with what it says in words."""

    name: str
    title: str
    told: str
    svg: Markup
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SignalRow:
    """A signal's line in the table."""

    name: str
    address: str
    level: str
    level_text: str
    before_text: str
    moved: bool
    frozen: str
    measure: str
    value: str
    interval: str
    limit: str


@dataclass(frozen=True, slots=True)
class CompanyPart:
    """What a letter says of one company."""

    name: str
    address: str
    is_demo: bool
    status: str
    tone: str  # the verdict as long as it stands, else the status: what colours and shapes go by
    mark: str
    fresh: Freshness
    head: str
    notes: tuple[str, ...]
    why: tuple[str, ...]
    changed: tuple[str, ...]
    news: str
    row: str  # the news in a few words, for the table of several companies
    sections: tuple[Section, ...]
    outlook: Outlook
    pictures: tuple[Picture, ...]
    signals: tuple[SignalRow, ...]
    signals_as_of: str
    worth: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]
    steps: tuple[Link, ...]
    is_quiet: bool


@dataclass(frozen=True, slots=True)
class AlertsPart:
    """What a mail at once says of one company."""

    name: str
    address: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class LetterView:
    """A whole letter, worded."""

    language: str
    subject: str
    headline: str  # over several companies or none; empty for one
    preheader: str
    written: str
    companies: tuple[CompanyPart, ...]
    why_you: str
    base_url: str
    unsubscribe_url: str
    pictures: tuple[Picture, ...]
    alerts: tuple[AlertsPart, ...] = ()  # of a mail at once
    stop: str = ""  # the words of the way out; empty: of all letters
