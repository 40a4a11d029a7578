"""A company's settings: what holds today, where it comes from, what was changed; and changing them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict

from app.assessment import assess_company
from app.clock import local_day
from app.db import write
from app.errors import BadInput
from app.language import Formats
from app.pages.company import asked_day
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.policies import Entry, Signed, change_settings, history, settings_on
from app.policy_checks import CLOSURE, check_setting, names, numbers_only, reset_key
from app.policy_table import (
    Line,
    default_source,
    plain_value,
    policy_lines,
    setting_name,
    shown_value,
    signers,
    unit_words,
)
from app.replaying import days_between, dry_run
from app.room import Room, RoomHere, language_of
from app.site import render
from app.wording import label, say
from signals.replay import Glance

router = APIRouter(prefix="/companies/{company_id}", dependencies=[Depends(same_origin)])

PLACES = ("FR", "FR-57", "FR-6AE", "none")
"""Offered; any other may be typed."""


A_YEAR = timedelta(days=364)


@dataclass(frozen=True, slots=True)
class Trial:
    """The past months' ends, as they were seen and as they would have been."""

    looks: tuple[tuple[Glance, Glance], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a form has led to: a refusal, a word that it is done, or what a trial would have changed."""

    refusal: BadInput | None = None
    done: str = ""
    trial: Trial | None = None


class Given(BaseModel):
    """What a form asked for, shown again beside why it was refused."""

    model_config = ConfigDict(frozen=True)

    name: str = ""
    value: str = ""
    valid_from: str = ""
    because: str = ""
    reset: str = ""
    first: str = ""
    last: str = ""
    yearly: str = ""
    act: str = ""

    def text(self) -> str:
        """Give the value; of a closure, its days."""
        if self.name != CLOSURE:
            return self.value
        cut = 5 if self.yearly else 0  # without the year
        return f"{self.first[cut:]}..{(self.last or self.first)[cut:]}"


@router.get("/policy")
def policy_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, done: str = ""
) -> HTMLResponse:
    """Show every setting with its source, and what was changed."""
    return _page(request, room, reader, company, Given(), Outcome(done=done))


@router.post("/policy", response_model=None)
def policy_form(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, given: Annotated[Given, Form()]
) -> HTMLResponse | RedirectResponse:
    """Change a setting or put one back, and assess anew."""
    now = room.now()
    today = local_day(now, company["zone"])
    try:
        if given.act == "try":
            return _page(request, room, reader, company, given, Outcome(trial=_tried(room, company, given)))
        valid_from = asked_day(given.valid_from)
        with write(room.engine) as conn:
            known = settings_on(conn, company["id"], valid_from or today)
            changes: dict[str, Any] = (
                dict.fromkeys(reset_key(given.reset, known))
                if given.reset
                else dict([check_setting(given.name, given.text())])
            )
            signed = Signed(reader.name, now, given.because)
            kept = change_settings(conn, company["id"], changes, signed, today=today, valid_from=valid_from)
    except BadInput as refusal:
        return _page(request, room, reader, company, given, Outcome(refusal))
    if kept:
        assess_company(room.engine, company["id"], now)
    return go(f"/companies/{company['id']}/policy?done={'set' if kept else 'same'}")


def _page(
    request: Request,
    room: RoomHere,
    reader: PageReader,
    company: CompanyHere,
    given: Given,
    outcome: Outcome,
) -> HTMLResponse:
    now, language = room.now(), language_of(request, reader)
    refusal, trial = outcome.refusal, outcome.trial
    formats = Formats(language, company["currency"])
    with write(room.engine) as conn:
        entries = history(conn, company["id"])
        logins = signers(conn, company["id"], reader.name, now) if any(one.set_by for one in entries) else {}
    lines = policy_lines(entries, local_day(now, company["zone"]))
    return render(
        request,
        "policy.html",
        reader,
        status=refusal.status if refusal else 200,
        company=company,
        groups=_groups(lines, logins, formats),
        entries=[_shown_entry(entry, logins, formats) for entry in entries],
        choices=_choices(lines, language),
        places=PLACES,
        place=next(line.value for line in lines if line.name == "holidays"),
        given=given,
        error=say(refusal.code, refusal.params, language) if refusal else "",
        done=outcome.done,
        trial=trial and _shown_trial(trial, formats),
    )


def _tried(room: Room, company: Mapping[str, Any], given: Given) -> Trial:
    """Look at the past months' ends with the setting in force and with the one asked for."""
    wanted = numbers_only(dict([check_setting(given.name, given.text())]))
    today = local_day(room.now(), str(company["zone"]))
    days = days_between(today - A_YEAR, today, "month")
    before, after = dry_run(room.engine, str(company["id"]), days, wanted)
    return Trial(tuple(zip(before, after, strict=True)))


def _shown_trial(trial: Trial, formats: Formats) -> dict[str, Any]:
    """Name the months' ends on which something would have been said otherwise."""
    rows = [
        {"day": formats.day(one.as_of), "before": _told(one, other, formats), "after": _told(other, one, formats)}
        for one, other in trial.looks
        if (one.verdict, one.levels) != (other.verdict, other.levels)
    ]
    return {"n": len(trial.looks), "rows": rows}


def _told(look: Glance, other: Glance, formats: Formats) -> list[str]:
    language = formats.language
    verdict = [label("verdict", look.verdict.value, language)] if look.verdict is not other.verdict else []
    return verdict + [
        f"{label('signal', name.value, language)}: {label('level', level.value, language)}"
        for name, level in look.levels.items()
        if level is not other.levels.get(name)
    ]


def _groups(lines: Sequence[Line], logins: dict[str, str], formats: Formats) -> list[dict[str, Any]]:
    return [
        {"name": label("setting_group", group, formats.language), "lines": [_shown(x, logins, formats) for x in listed]}
        for group, listed in groupby(lines, key=lambda line: line.group)
    ]


def _shown(line: Line, logins: dict[str, str], formats: Formats) -> dict[str, Any]:
    language = formats.language
    return {
        "name": line.name,
        "code": line.name.partition("=")[0],
        "label": setting_name(line.name, language),
        "value": shown_value(line.name, line.value, formats),
        "unit": unit_words(line.name, language),
        "default": shown_value(line.name, line.default, formats),
        "source": default_source(line.name, language),
        "set": _shown_entry(line.entry, logins, formats) if line.entry else None,
    }


def _shown_entry(entry: Entry, logins: dict[str, str], formats: Formats) -> dict[str, Any]:
    language = formats.language
    return {
        "valid_from": entry.valid_from,
        "set_on": entry.set_at.date(),
        "who": logins.get(entry.set_by or "") or say("nobody_known", {}, language),
        "because": entry.note,
        "changes": [_change(name, *values, formats) for name, values in entry.changes.items()],
    }


def _change(name: str, before: Any, after: Any, formats: Formats) -> str:
    language = formats.language
    if name.startswith(f"{CLOSURE}="):
        what = {"what": shown_value(name, True, formats)}  # noqa: FBT003 - any value will do
        return say("closure_removed" if after is None else "closure_added", what, language)
    default = say("at_default", {}, language)
    old, new = (default if value is None else shown_value(name, value, formats) for value in (before, after))
    said = setting_name(name, language)
    return say("setting_changed", {"what": said, "old": old, "new": new}, language)


def _choices(lines: Sequence[Line], language: str) -> list[dict[str, Any]]:
    offered = [line for line in lines if line.name in names() and line.group != "calendar"]
    return [
        {
            "name": label("setting_group", group, language),
            "settings": [(x.name, setting_name(x.name, language), plain_value(x.name, x.value)) for x in listed],
        }
        for group, listed in groupby(offered, key=lambda line: line.group)
    ]
