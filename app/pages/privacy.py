"""Privacy: texts to print, and how long what is kept; an owner chooses, and is told what a term would cost."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.audit import KEPT_FOR
from app.clock import local_day
from app.db import read, write
from app.errors import BadInput
from app.language import Formats
from app.pages.forms import FormHere, text_of
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.retention import CHOICES, SUGGESTED, Kind, check_terms, choices, set_terms, terms
from app.retention_trial import Trial, try_terms
from app.roles import Ability
from app.room import Room, RoomHere, language_of
from app.site import render
from app.sources import connections
from app.wording import label, measure_label, say

router = APIRouter(prefix="/companies/{company_id}/privacy", dependencies=[Depends(same_origin)])

Terms = dict[Kind, int | None]


@router.get("")
def privacy_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, done: str = ""
) -> HTMLResponse:
    """Show the entry for the register of processing, the notice for the staff, and how long what is kept."""
    return _page(request, room, reader, company, done=done)


@router.post("", response_model=None)
def retention_form(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, form: FormHere
) -> HTMLResponse | RedirectResponse:
    """Keep the terms chosen; where they would cost a measure, say which and ask once more."""
    now, company_id = room.now(), str(company["id"])
    try:
        wanted = check_terms({kind.value: text_of(form, kind.value) for kind in Kind if kind.value in form})
    except BadInput as error:
        return _page(request, room, reader, company, error=error)
    with read(room.engine) as conn:
        held = terms(conn, company_id)
    new = {kind: months for kind, months in wanted.items() if held[kind] != months}
    if any(months is not None for months in new.values()) and text_of(form, "sure") != _weighed(new):
        trial = try_terms(room.engine, company_id, new, local_day(now, company["zone"]))
        return _page(request, room, reader, company, asked=held | new, trial=trial, weighed=_weighed(new))
    with write(room.engine) as conn:
        changed = set_terms(conn, company_id, new, reader.name, now)
    return go(f"/companies/{company_id}/privacy?done={'set' if changed else 'same'}")


def _weighed(new: Terms) -> str:
    """Write down which terms were weighed: a yes is to those and to no others."""
    return " ".join(f"{kind.value}={months or ''}" for kind, months in sorted(new.items()))


def _page(
    request: Request,
    room: Room,
    reader: PageReader,
    company: dict[str, Any],
    **told: Any,
) -> HTMLResponse:
    language, company_id = language_of(request, reader), str(company["id"])
    with read(room.engine) as conn:
        sources = sorted({str(row["provider"]) for row in connections(conn, company_id)})
        held, chosen = terms(conn, company_id), choices(conn, company_id)
    error, trial = told.get("error"), told.get("trial")
    asked: Terms = told.get("asked") or held
    return render(
        request,
        "privacy.html",
        reader,
        status=error.status if error else 200,
        company=company,
        sources=[label("provider", one, language) for one in sources],
        kept_days=KEPT_FOR.days,
        kinds=[_kind(kind, held, asked, language) for kind in Kind],
        history=[
            (Formats(language).day(one.set_at.date()), label("retention", one.kind.value, language),
             _months(one.months, language))
            for one in chosen
        ],
        may_choose=reader.held.may(Ability.ADMINISTER, company_id),
        weighed=told.get("weighed", ""),
        costs=_costs(trial, language) if trial else [],
        error=say(error.code, error.params, language) if error else "",
        done=told.get("done", ""),
    )  # fmt: skip


def _kind(kind: Kind, held: Terms, asked: Terms, language: str) -> dict[str, Any]:
    offered = sorted({*CHOICES, *(one for one in (held[kind], asked[kind]) if one is not None)})
    return {
        "name": kind.value,
        "label": label("retention", kind.value, language),
        "why": say(f"retention_{kind.value}", {"months": SUGGESTED[kind] or 0}, language),
        "held": _months(held[kind], language),
        "asked": asked[kind],
        "choices": [(one, _months(one, language)) for one in offered],
    }


def _months(months: int | None, language: str) -> str:
    return say("retention_none", {}, language) if months is None else say("retention_for", {"months": months}, language)


def _costs(trial: Trial, language: str) -> list[str]:
    """Say what some terms would take away, measure by measure."""
    lost = [say("retention_loses", {"of": measure_label(name, language)}, language) for name in trial.lost]
    moved = [
        say("retention_moves", {
            "signal": name, "before": label("level", before, language), "after": label("level", after, language),
        }, language)
        for name, before, after in trial.moved
    ]  # fmt: skip
    usual = [say("retention_usual", {"of": measure_label(name, language)}, language) for name in trial.usual]
    return [*lost, *moved, *usual]
