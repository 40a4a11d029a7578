"""Changing a company's policy over the API, and trying a change on the past before it is kept."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.api.operation import Operation
from app.assessment import assess_company
from app.clock import local_day
from app.companies import find_company
from app.db import read, write
from app.policies import NOTE_KEPT, Signed, change_settings, settings_on
from app.policy_checks import check_setting, numbers_only, reset_key
from app.replaying import days_between, dry_run, run_body
from app.room import ReaderHere, Room, RoomHere

router = APIRouter(route_class=Operation, prefix="/v1/companies/{company_id}/policy", tags=["policy"])

A_YEAR = timedelta(days=364)
Value = str | int | float
Values = Annotated[dict[str, Value], Field(min_length=1, max_length=100)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    valid_from: date | None = None
    because: Annotated[str, Field(max_length=NOTE_KEPT)] = ""


class Changes(_Asked):
    """Settings by name with their new values; `closure` takes `2026-08-03..2026-08-21`, `holidays` a place."""

    settings: Values


class Names(_Asked):
    """Settings to put back to their defaults; `closure` alone is all closures, `closure=…` one of them."""

    names: Annotated[list[str], Field(min_length=1, max_length=100)]


class Trial(BaseModel):
    """Settings to try on a year of the past; numbers only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    settings: Values


@router.post("")
def change_policy(company_id: str, room: RoomHere, reader: ReaderHere, asked: Changes) -> dict[str, Any]:
    """Keep settings from a day on (without one, today), and assess anew; what was set already is left out."""
    wanted = dict(check_setting(name, value) for name, value in asked.settings.items())
    return _kept(room, company_id, wanted, Signed(reader.name, room.now(), asked.because), asked.valid_from)


@router.post("/reset")
def reset_policy(company_id: str, room: RoomHere, reader: ReaderHere, asked: Names) -> dict[str, Any]:
    """Put settings back to their defaults from a day on, and assess anew."""
    now = room.now()
    with read(room.engine) as conn:
        today = local_day(now, str(find_company(conn, company_id)["zone"]))
        known = settings_on(conn, company_id, asked.valid_from or today)
    wanted = dict.fromkeys(key for name in asked.names for key in reset_key(name, known))
    return _kept(room, company_id, wanted, Signed(reader.name, now, asked.because), asked.valid_from)


@router.post("/dry-run")
def try_policy(company_id: str, room: RoomHere, _: ReaderHere, asked: Trial) -> dict[str, Any]:
    """Tell the alerts and verdicts of the past year's weeks, as set and as tried; nothing is kept."""
    wanted = numbers_only(dict(check_setting(name, value) for name, value in asked.settings.items()))
    with read(room.engine) as conn:
        today = local_day(room.now(), str(find_company(conn, company_id)["zone"]))
    before, after = dry_run(room.engine, company_id, days_between(today - A_YEAR, today, "week"), wanted)
    return {"settings": wanted, "before": run_body(before), "after": run_body(after)}


def _kept(room: Room, company_id: str, wanted: dict[str, Any], signed: Signed, day: date | None) -> dict[str, Any]:
    with write(room.engine) as conn:
        today = local_day(signed.at, str(find_company(conn, company_id)["zone"]))
        entries = change_settings(conn, company_id, wanted, signed, today=today, valid_from=day)
    if entries:
        assess_company(room.engine, company_id, signed.at)
    changed = [
        {"valid_from": entry.valid_from.isoformat(), "name": name, "before": before, "after": after}
        for entry in entries
        for name, (before, after) in entry.changes.items()
    ]
    return {"changed": changed}
