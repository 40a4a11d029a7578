"""Connecting an account: which providers there are, what each asks for, and what a trial shows before it is saved."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.api.webhooks import forget_door
from app.connecting import Answers, Row, answers_of, complete, is_connected, title_of, zone_named
from app.db import hold, read, write
from app.errors import NotFound, Refused, SeuilError
from app.pages.forms import FormHere, text_of
from app.pages.frame import CompanyHere, PageReader, go, same_origin
from app.room import RoomHere, language_of
from app.sights import Sight, can_be_saved, common_trouble, shows_nothing, sight_text
from app.site import keep_together, render
from app.sources import connections
from app.trials import Trial, Trials
from app.wording import LABELS, label, say
from connectors.base import Ask, AskKind, Provider
from connectors.providers import providers

router = APIRouter(prefix="/companies/{company_id}/connect", dependencies=[Depends(same_origin)])

Body = dict[str, Any]
FIELD = "answer-"  # before an answer's name in the form
INPUTS = {AskKind.ADDRESS: "url", AskKind.SECRET: "password"}


def providers_here() -> Mapping[str, Provider]:
    """Give the providers by name; tests put others in their place."""
    return providers()


ProvidersHere = Annotated[Mapping[str, Provider], Depends(providers_here)]


def trials_here(name: str, room: RoomHere, company: CompanyHere, known: ProvidersHere) -> Trials:
    """Give the trials of the address, or NotFound where there is nothing to connect."""
    provider = known.get(name)
    if provider is None or not provider.asks:
        raise NotFound("no_such_provider", {"provider": name})
    if company["is_demo"]:
        raise Refused("demo_takes_no_files")
    return Trials(room.engine, room.settings, str(company["id"]), provider)


TrialsHere = Annotated[Trials, Depends(trials_here)]


@router.get("")
def providers_page(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, known: ProvidersHere
) -> HTMLResponse:
    """List what an account can be connected to, and what each tells."""
    language = language_of(request, reader)
    with read(room.engine) as conn:
        rows = {str(row["provider"]): row for row in connections(conn, company["id"])}
    listed = [_listed(one, rows.get(one.name), language) for one in known.values() if one.asks]
    return render(request, "connect.html", reader, company=company, providers=listed)


def _listed(provider: Provider, row: Row | None, language: str) -> Body:
    feeds = [{"stream": stream.value, "evidence": evidence.value} for stream, evidence in provider.feeds.items()]
    is_there = row is not None and is_connected(provider, row)
    return {"name": provider.name, "title": title_of(provider, language), "feeds": feeds, "is_connected": is_there}


@router.get("/{name}")  # noqa: FAST003 - for `trials_here`
def account_page(request: Request, reader: PageReader, company: CompanyHere, trials: TrialsHere) -> HTMLResponse:
    """Ask for an account; for one that is connected, show what it was connected with, but for its secrets."""
    row = trials.stored()
    shown = answers_of(row, trials.vault) if row is not None else Answers()
    return _page(request, reader, company, trials, answers=shown, zone=str((row or company)["zone"]))


def _page(
    request: Request,
    reader: PageReader,
    company: Row,
    trials: Trials,
    *,
    answers: Answers,
    status: int = 200,
    **said: Any,
) -> HTMLResponse:
    language = language_of(request, reader)
    provider = trials.provider
    page = render(
        request,
        "connect_account.html",
        reader,
        status=status,
        company=company,
        provider={"name": provider.name, "title": title_of(provider, language)},
        asks=[_asked(provider, ask, answers, language) for ask in provider.asks],
        is_connected=(row := trials.stored()) is not None and is_connected(provider, row),
        **{"zone": "", "error": "", "token": "", "seen": None} | said,
    )
    page.headers["Cache-Control"] = "no-store"
    return page


def _asked(provider: Provider, ask: Ask, answers: Answers, language: str) -> Body:
    """Say how one thing is asked for; a secret is never shown, only that there is one."""
    is_secret = ask.kind is AskKind.SECRET
    has_one = is_secret and bool(answers.secrets.get(ask.name))
    help_name = f"ask_help:{provider.name}:{ask.name}"
    helping = label("ask_help", f"{provider.name}:{ask.name}", language) if help_name in LABELS else ""
    return {
        "name": FIELD + ask.name,
        "label": keep_together(label("ask", ask.name, language), language),
        "help": keep_together(helping, language),
        "type": INPUTS.get(ask.kind, "text"),
        "value": "" if is_secret else answers.settings.get(ask.name, ask.default or ""),
        "has_one": has_one,
        "required": ask.required and not has_one,
    }


@router.post("/{name}")  # noqa: FAST003 - for `trials_here`
def try_form(
    request: Request, room: RoomHere, reader: PageReader, company: CompanyHere, trials: TrialsHere, form: FormHere
) -> HTMLResponse:
    """Try an account and show what Seuil would read; nothing is saved yet."""
    now, token = room.now(), text_of(form, "trial")
    given = {ask.name: text_of(form, FIELD + ask.name) for ask in trials.provider.asks}
    zone_given = text_of(form, "zone")
    before = trials.before(token, now)
    try:
        zone = zone_named(zone_given, str(company["zone"]))
        answers = complete(trials.provider, given, before)
    except SeuilError as error:
        shown = Answers(_shown(trials.provider, given), before.secrets if before else {})
        said = say(error.code, error.params, language_of(request, reader))
        more = {"error": said, "token": token, "zone": zone_given}
        return _page(request, reader, company, trials, answers=shown, status=error.status, **more)
    if token:
        trials.drop(token)
    token, trial = trials.run(answers, zone, now)
    seen = _seen(trial, language_of(request, reader))
    return _page(request, reader, company, trials, answers=trial.answers, token=token, zone=zone, seen=seen)


def _shown(provider: Provider, given: Mapping[str, str]) -> dict[str, str]:
    secret = {ask.name for ask in provider.asks if ask.kind is AskKind.SECRET}
    return {name: value for name, value in given.items() if name not in secret}


def _seen(trial: Trial, language: str) -> Body:
    """Put what a trial showed into words."""
    common = common_trouble(trial.sights)
    return {
        "sights": [_sight(sight, language) for sight in trial.sights],
        "trouble": keep_together(sight_text(common, language), language) if common else "",
        "shows_nothing": shows_nothing(trial.sights),
        "can_be_saved": can_be_saved(trial.sights),
    }


def _sight(sight: Sight, language: str) -> Body:
    return {
        "stream": sight.stream.value,
        "evidence": sight.evidence.value,
        "standing": sight.standing.value,
        "said": keep_together(sight_text(sight, language), language),
    }


@router.post("/{name}/save")  # noqa: FAST003 - for `trials_here`
def save_form(
    request: Request,
    room: RoomHere,
    reader: PageReader,
    company: CompanyHere,
    trials: TrialsHere,
    trial: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Keep a tried account; it is read at the next tick."""
    with write(room.engine) as conn:
        hold(conn, company["id"])
        connection_id = trials.save(conn, trial, reader.name, room.now())
    forget_door(request.app, connection_id)
    return go(f"/companies/{company['id']}/connections?done=connected&on={connection_id}#c-{connection_id}")
