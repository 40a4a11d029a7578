"""`seuil replay`: past verdicts as a timeline in the terminal, and what other settings would have raised."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import Engine

from app.errors import BadInput
from app.language import Formats
from app.policy_checks import check_numbers
from app.progress import console
from app.replaying import Past, days_between, differences, glances_now, past, run_body
from app.wording import label, say
from signals.base import Level, Reason, SignalName
from signals.replay import Fired, Glance, fired, verdict_changes

Row = Mapping[str, Any]
Every = Literal["month", "week"]
Cut = Literal["then", "now", "both"]
_EVERY: Mapping[str, Every] = {"month": "month", "week": "week"}
_CUTS: Mapping[str, Cut] = {"then": "then", "now": "now", "both": "both"}

MARKS = {Level.CALM: "·", Level.WATCH: "~", Level.OVER: "!", Level.UNKNOWN: "?"}
COLOURS = {Level.CALM: "green", Level.WATCH: "yellow", Level.OVER: "red", Level.UNKNOWN: "bright_black"}
MONTHS, WEEKS = timedelta(days=730), timedelta(days=364)
"""How far back it looks unasked: two years of months, or a year of weeks."""
MOST_DAYS = 600
SAME = "="


@dataclass(frozen=True, slots=True)
class Line:
    """One day of the timeline: each cut asked for, and why they differ."""

    day: date
    then: Past | None
    now: Glance | None
    why: tuple[Reason, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether the two cuts give another verdict or level."""
        if self.then is None or self.then.glance is None or self.now is None:
            return False
        one, other = self.then.glance, self.now
        return (one.verdict, one.levels) != (other.verdict, other.levels)


def span(today: date, first: str | None, last: str | None, every: Every) -> list[date]:
    """List the days to look at; raises BadInput where the ends are no days, or too many lie between."""
    end = _day(last, today)
    start = _day(first, end - (MONTHS if every == "month" else WEEKS))
    if end > today:
        raise BadInput("day_in_the_future", {"day": end.isoformat()})
    if start > end:
        raise BadInput("span_backwards", {"first": start.isoformat(), "last": end.isoformat()})
    days = days_between(start, end, every)
    if len(days) > MOST_DAYS:
        raise BadInput("span_too_long", {"n": len(days), "most": MOST_DAYS})
    return days


def _day(text: str | None, default: date) -> date:
    try:
        return date.fromisoformat(text) if text else default
    except ValueError as error:
        raise BadInput("bad_day", {"value": str(text)}) from error


def every_asked(text: str) -> Every:
    """Read how often to look."""
    if text not in _EVERY:
        raise BadInput("every_unknown", {"value": text})
    return _EVERY[text]


def cut_asked(text: str) -> Cut:
    """Read which view of the past to draw."""
    if text not in _CUTS:
        raise BadInput("known_unknown", {"value": text})
    return _CUTS[text]


def settings_asked(texts: Iterable[str]) -> dict[str, int | float]:
    """Read NAME=VALUE pairs as settings."""
    asked: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadInput("setting_without_value", {"value": text})
        asked[name.strip()] = value.strip()
    return check_numbers(asked)


def replay(
    engine: Engine,
    row: Row,
    days: Sequence[date],
    cut: Cut,
    *,
    language: str,
    as_json: bool = False,
) -> None:
    """Draw the timeline of a company."""
    lines = list(_lines(engine, str(row["id"]), days, cut, language))
    if as_json:
        typer.echo(json.dumps([_line_body(line) for line in lines], ensure_ascii=False, indent=1))
        return
    formats = Formats(language)
    _title(row, days, formats)
    _legend(language)
    for line in lines:
        _print_line(line, cut, formats)
    if any(line.then and line.then.how == "rebuilt" for line in lines):
        typer.echo(say("replay_rebuilt", {}, language))


def _lines(engine: Engine, company_id: str, days: Sequence[date], cut: Cut, language: str) -> Iterable[Line]:
    with _progress() as progress:
        task = progress.add_task(say("replay_working", {}, language), total=len(days))
        nows = iter(glances_now(engine, company_id, days)) if cut != "then" else None
        for day in days:
            now = next(nows)[0] if nows is not None else None
            then = past(engine, company_id, day) if cut != "now" else None
            line = Line(day, then, now)
            yield Line(day, then, now, differences(engine, company_id, day)) if line.differs else line
            progress.advance(task)


def dry_run(
    engine: Engine,
    row: Row,
    days: Sequence[date],
    changes: Mapping[str, int | float],
    *,
    language: str,
    as_json: bool = False,
) -> None:
    """Tell which alerts and verdicts other settings would have given over the past, beside those in force."""
    before: list[Glance] = []
    after: list[Glance] = []
    with _progress() as progress:
        task = progress.add_task(say("replay_working", {}, language), total=len(days))
        for one, other in glances_now(engine, str(row["id"]), days, ({}, changes)):
            before.append(one)
            after.append(other)
            progress.advance(task)
    if as_json:
        told = {"settings": dict(changes), "before": run_body(before), "after": run_body(after)}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    formats = Formats(language)
    _title(row, days, formats)
    typer.echo(", ".join(f"{name} = {value:g}" for name, value in changes.items()))
    _print_run("dry_run_before", before, formats)
    _print_run("dry_run_after", after, formats)


def _print_run(code: str, glances: Sequence[Glance], formats: Formats) -> None:
    found = fired(glances)
    typer.secho(f"\n{say(code, {'n': len(found)}, formats.language)}", bold=True)
    for one in found:
        typer.echo(f"  {_fired_text(one, formats)}")
    for day, old, new in verdict_changes(glances):
        arrow = f"{label('verdict', old.value, formats.language)} → {label('verdict', new.value, formats.language)}"
        typer.echo(f"  {formats.day(day.isoformat())}  {arrow}")


def _fired_text(one: Fired, formats: Formats) -> str:
    name, language = label("signal", one.signal.value, formats.language), formats.language
    day = formats.day(one.fired_on.isoformat())
    if one.closed_on is None:
        return f"{day}  {name}, {say('dry_run_still', {}, language)}"
    days = say("dry_run_lasted", {"days": one.days or 0, "day": one.closed_on.isoformat()}, language)
    return f"{day}  {name}, {days}"


def _title(row: Row, days: Sequence[date], formats: Formats) -> None:
    typer.secho(f"{row['name']}, {formats.day(days[0].isoformat())} – {formats.day(days[-1].isoformat())}", bold=True)


def _legend(language: str) -> None:
    names = (f"{n} {label('signal', name.value, language)}" for n, name in enumerate(SignalName, 1))
    typer.echo("  ".join(names))
    typer.echo("  ".join(f"{mark} {label('level', level.value, language)}" for level, mark in MARKS.items()))


def _print_line(line: Line, cut: Cut, formats: Formats) -> None:
    language = formats.language
    parts = [f"{formats.day(line.day.isoformat()):>12}"]
    if cut != "now":
        parts.append(_then_text(line.then, language))
    if cut == "both" and line.now is not None:
        same = line.then is not None and line.then.glance is not None and not line.differs
        mark = "≠" if line.differs else " "
        parts.append(typer.style(SAME, dim=True) if same else f"{mark} {_glance_text(line.now, language)}")
    elif cut == "now" and line.now is not None:
        parts.append(_glance_text(line.now, language))
    typer.echo("  ".join(parts))
    for reason in line.why or ((Reason("replay_unexplained"),) if line.differs else ()):
        typer.echo(f"{'':14}– {say(reason.code, reason.params, language)}")


def _then_text(then: Past | None, language: str) -> str:
    if then is None or then.glance is None:
        return f"{say('replay_nothing', {}, language):<34}"
    star = "*" if then.how == "rebuilt" else " "
    return _glance_text(then.glance, language) + star


def _glance_text(glance: Glance, language: str) -> str:
    marks = " ".join(typer.style(MARKS[glance.levels[name]], fg=COLOURS[glance.levels[name]]) for name in SignalName)
    return f"{marks}  {label('verdict', glance.verdict.value, language):<22}"


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)


def _glance_body(glance: Glance | None) -> dict[str, Any] | None:
    if glance is None:
        return None
    levels = {name.value: level.value for name, level in glance.levels.items()}
    return {"verdict": glance.verdict.value, "row": glance.row, "levels": levels}


def _line_body(line: Line) -> dict[str, Any]:
    body: dict[str, Any] = {"as_of": line.day.isoformat()}
    if line.then is not None:
        body["as_known_then"] = {"how": line.then.how, "answer": _glance_body(line.then.glance)}
    if line.now is not None:
        body["as_known_now"] = _glance_body(line.now)
    if line.then is not None and line.now is not None:
        body["differs"] = line.differs
        body["learnt_since"] = [{"code": reason.code, "params": dict(reason.params)} for reason in line.why]
    return body
