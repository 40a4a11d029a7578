"""Connecting an account: what a person answers, what a first look shows, and what is kept of both.

A look reads the first page of each stream and writes nothing, so it works for every connector as it is.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from sqlalchemy import Connection, delete, select, update

from app.accounts import seal_credentials
from app.alerts import update_failure
from app.clock import local_day
from app.companies import connection_for, find_company
from app.db import hold
from app.errors import BadInput, Refused
from app.models.core import bookmark, connection
from app.models.records import quarantined
from app.outcomes import forget_waiting
from app.vault import Vault
from app.wording import LABELS, label
from connectors.base import AskKind, Provider
from connectors.providers import provider_of
from connectors.records import Stream

Row = Mapping[str, Any]

NO_TROUBLE: dict[str, Any] = {
    "trouble": None,
    "trouble_params": None,
    "troubled_since": None,
    "failures": 0,
    "parts": connection.c.parts + 1,  # the next try is another than those before it (`app.sources.syncs_due`)
}


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person said to connect an account: what may be shown, and what may not."""

    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def provider_title(name: str, language: str) -> str:
    """Call a provider by the name it has in a language, or by its own."""
    known = provider_of(name)
    return title_of(known, language) if known else label("provider", name, language)


def title_of(provider: Provider, language: str) -> str:
    """Call a provider by its word in a language, where it has one, or by its own name."""
    return label("provider", provider.name, language) if f"provider:{provider.name}" in LABELS else provider.title


# What a person answers


def complete(provider: Provider, given: Mapping[str, str], before: Answers | None = None) -> Answers:
    """Sort answers into settings and secrets; a secret left blank stays what it was before.

    BadInput where a required one is missing, where a name is none of the provider's, or where an earlier secret would
    go to another address than it was given for.
    """
    asked = {ask.name for ask in provider.asks}
    for name in given:
        if name not in asked:
            raise BadInput("no_such_answer", {"name": name, "names": ", ".join(sorted(asked))})
    settings: dict[str, str] = {}
    secrets = dict(before.secrets) if before else {}
    for ask in provider.asks:
        text = given.get(ask.name, "").strip()
        kept = settings if ask.kind is not AskKind.SECRET else secrets
        if text or (ask.default and ask.name not in secrets):
            kept[ask.name] = text or str(ask.default)
        elif ask.required and not kept.get(ask.name):
            raise BadInput("answer_missing", {"answer": ask.name})
    answers = Answers(settings, secrets)
    _refuse_to_move(provider, given, answers, before)
    return answers


def _refuse_to_move(provider: Provider, given: Mapping[str, str], answers: Answers, before: Answers | None) -> None:
    """Refuse to send a secret to another host than the one it was given for: it has to be given again."""
    asked = [ask.name for ask in provider.asks if ask.kind is AskKind.SECRET]
    if before is None or all(given.get(name, "").strip() for name in asked if before.secrets.get(name)):
        return
    for ask in provider.asks:
        was = before.settings.get(ask.name)
        if ask.kind is AskKind.ADDRESS and was and _origin(was) != _origin(answers.settings.get(ask.name, "")):
            raise BadInput("secret_for_another_address", {"host": urlsplit(was).hostname or ""})


def _origin(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return "", address
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


def zone_named(text: str, fallback: str) -> str:
    """Give the time zone somebody named, or BadInput."""
    zone = text.strip() or fallback
    if zone not in available_timezones():
        raise BadInput("bad_zone", {"zone": zone})
    return zone


# What is kept


def answers_of(row: Row, vault: Callable[[], Vault]) -> Answers:
    """Give what an account was connected with; without its secrets where the key that sealed them is lost."""
    settings = {str(name): str(value) for name, value in (row["settings"] or {}).items()}
    try:
        opened = vault().open(str(row["sealed_credentials"])) if row["sealed_credentials"] else "{}"
    except Refused:
        return Answers(settings)
    return Answers(settings, json.loads(opened))


def is_connected(provider: Provider, row: Row) -> bool:
    """Say whether a connection has an account: one whose provider asks nothing always has."""
    return not provider.asks or bool(row["settings"]) or row["sealed_credentials"] is not None


def save_account(  # noqa: PLR0913 - what an account is
    conn: Connection,
    vault: Vault,
    company_id: str,
    provider: Provider,
    answers: Answers,
    *,
    streams: Sequence[Stream] | None,
    owner: str,
    now: datetime,
    zone: str,
) -> str:
    """Keep an account sealed, due now and without its earlier trouble; give its connection's id.

    Under other settings than before, everything is read anew: they may name another place, or other words.
    """
    if find_company(conn, company_id)["is_demo"]:
        raise Refused("demo_takes_no_files")
    connection_id = connection_for(conn, company_id, provider.name, now)
    c = connection.c
    before = conn.execute(select(c.settings, c.zone).where(c.id == connection_id)).one()
    if (dict(before.settings or {}), before.zone) != (dict(answers.settings), zone):
        conn.execute(delete(bookmark).where(bookmark.c.connection_id == connection_id))
    seal_credentials(conn, vault, connection_id, answers.secrets)
    kept = {
        "settings": dict(answers.settings),
        "streams": None if streams is None else [stream.value for stream in streams],
        "connected_by": owner,
        "zone": zone,
        "due_at": now,
    }
    conn.execute(update(connection).where(c.id == connection_id).values(**kept, **NO_TROUBLE))
    return connection_id


def disconnect(conn: Connection, row: Row, now: datetime, *, keep_records: bool) -> None:
    """Forget an account: what opens it, where it was read up to, and its webhook; its records stay or go."""
    hold(conn, str(row["company_id"]))
    mine = connection.c.id == row["id"]
    on = local_day(now, str(row["zone"]))
    subject = f"source:{row['provider']}"
    update_failure(conn, str(row["company_id"]), subject, on, now, failed=False, facts={})
    if not keep_records:
        conn.execute(delete(connection).where(mine))
        return
    for table in (bookmark, quarantined):
        conn.execute(delete(table).where(table.c.connection_id == row["id"]))
    gone: dict[str, Any] = {
        "settings": {},
        "sealed_credentials": None,
        "sealed_secret": None,
        "streams": None,
        "due_at": None,
        "hinted_at": None,
        "silent_from": None,
    }
    forget_waiting(conn, str(row["id"]), now)
    conn.execute(update(connection).where(mine).values(**gone, connected_by=None, door_closed_at=None, **NO_TROUBLE))
