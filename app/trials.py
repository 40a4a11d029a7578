"""An account on trial: tried, shown to a person, and not saved yet. What opens it waits here, sealed, for an hour.

Pages and commands hold a token only. Secrets that a provider rotates during a trial are kept before they are used:
in the trial, and in the connection whose secrets were tried.
"""

import hashlib
import json
import secrets as randomness
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, delete, insert, select, update

from app.accounts import seal_credentials
from app.connecting import Answers, Row, answers_of, is_connected, save_account
from app.db import durable, read
from app.errors import Refused
from app.models.core import connection, oauth_flow
from app.settings import Settings
from app.sights import Sight, Standing, streams_to_read, try_account
from app.vault import Vault, open_vault
from connectors.account import Account, Secrets
from connectors.base import Evidence, Provider
from connectors.records import Stream

KEPT_FOR = timedelta(hours=1)
KIND = "trial"  # beside the authorisations of the same table


@dataclass(frozen=True, slots=True)
class Trial:
    """What was answered, in which zone it is read, and what the first look showed."""

    answers: Answers
    zone: str
    sights: tuple[Sight, ...] = ()


@dataclass(frozen=True, slots=True)
class Trials:
    """The trials of one company's account at one provider."""

    engine: Engine
    settings: Settings
    company_id: str
    provider: Provider

    def vault(self) -> Vault:
        """Open the vault as it is now: its key may have been changed."""
        return open_vault(self.settings)

    def stored(self) -> Row | None:
        """Give the connection there is, if an account was connected."""
        c = connection.c
        mine = (c.company_id == self.company_id) & (c.provider == self.provider.name)
        with read(self.engine) as conn:
            row = conn.execute(select(connection).where(mine)).mappings().first()
        return None if row is None else dict(row)

    def before(self, token: str, now: datetime) -> Answers | None:
        """Give what was answered last: in an open trial, else when the account was connected."""
        trial = self.open(token, now) if token else None
        if trial is not None:
            return trial.answers
        row = self.stored()
        return None if row is None else answers_of(row, self.vault)

    def run(self, answers: Answers, zone: str, now: datetime, **more: Any) -> tuple[str, Trial]:
        """Try an account, and keep the trial under a token; `more` goes to the account."""
        token = randomness.token_urlsafe(32)
        trial = Trial(answers, zone)
        with durable(self.engine) as conn:
            _forget_old(conn, now)
            named = {"state_digest": _digest(token), "company_id": self.company_id, "provider": self.provider.name}
            sealed = self.vault().seal(_as_text(trial))
            conn.execute(insert(oauth_flow).values(**named, sealed=sealed, expires_at=now + KEPT_FOR))
        held = dict(answers.secrets)
        sights = try_account(self.provider, self._account(trial, now, held, self._keeping(token, trial, held), more))
        tried = Trial(Answers(answers.settings, held), zone, sights)
        with durable(self.engine) as conn:
            self._set(conn, token, tried)
        return token, tried

    def _account(
        self, trial: Trial, now: datetime, held: Secrets, keep: Callable[[Secrets], None], more: Mapping[str, Any]
    ) -> Account:
        return Account(
            settings=dict(trial.answers.settings),
            secrets=dict(held),
            zone=ZoneInfo(trial.zone),
            now=now,
            keep=keep,
            private_hosts=self.settings.private_host_names,
            **more,
        )

    def open(self, token: str, now: datetime) -> Trial | None:
        """Give a trial, if it is one of this account and not too old."""
        with read(self.engine) as conn:
            return self._find(conn, token, now)

    def save(self, conn: Connection, token: str, owner: str, now: datetime) -> str:
        """Keep a tried account, and give its connection's id; Refused where the trial is over."""
        trial = self._find(conn, token, now)
        if trial is None:
            raise Refused("trial_is_over")
        conn.execute(delete(oauth_flow).where(oauth_flow.c.state_digest == _digest(token)))
        streams = streams_to_read(trial.sights)
        return save_account(
            conn,
            self.vault(),
            self.company_id,
            self.provider,
            trial.answers,
            streams=streams,
            owner=owner,
            now=now,
            zone=trial.zone,
        )

    def check(self, now: datetime, **more: Any) -> tuple[Row, tuple[Sight, ...]]:
        """Look at the account that is connected, and give its connection too; Refused where there is none."""
        row = self.stored()
        if row is None or not is_connected(self.provider, row):
            raise Refused("not_connected", {"provider": self.provider.title})
        answers = answers_of(row, self.vault)
        if row["sealed_credentials"] and not answers.secrets:
            raise Refused("secret_cannot_be_opened")
        held = dict(answers.secrets)

        def keep(changed: Secrets) -> None:
            held.update(changed)
            with durable(self.engine) as conn:
                seal_credentials(conn, self.vault(), str(row["id"]), held)

        account = self._account(Trial(answers, str(row["zone"])), now, held, keep, more)
        return row, try_account(self.provider, account)

    def drop(self, token: str) -> None:
        """Forget a trial."""
        with durable(self.engine) as conn:
            conn.execute(delete(oauth_flow).where(oauth_flow.c.state_digest == _digest(token)))

    def _keeping(self, token: str, trial: Trial, held: dict[str, str]) -> Callable[[Secrets], None]:
        row = self.stored()
        is_stored = (
            row is not None and answers_of(row, self.vault).secrets == dict(trial.answers.secrets) and bool(held)
        )

        def keep(changed: Secrets) -> None:
            held.update(changed)
            with durable(self.engine) as conn:
                self._set(conn, token, replace(trial, answers=Answers(trial.answers.settings, dict(held))))
                if row is not None and is_stored:
                    seal_credentials(conn, self.vault(), str(row["id"]), held)

        return keep

    def _set(self, conn: Connection, token: str, trial: Trial) -> None:
        sealed = self.vault().seal(_as_text(trial))
        conn.execute(update(oauth_flow).where(oauth_flow.c.state_digest == _digest(token)).values(sealed=sealed))

    def _find(self, conn: Connection, token: str, now: datetime) -> Trial | None:
        o = oauth_flow.c
        mine = (o.company_id == self.company_id) & (o.provider == self.provider.name) & (o.expires_at > now)
        sealed = conn.execute(select(o.sealed).where(o.state_digest == _digest(token), mine)).scalar()
        if sealed is None:
            return None
        try:
            told = json.loads(self.vault().open(sealed))
        except Refused:  # the key was changed meanwhile
            return None
        return _from_text(told) if told.get("kind") == KIND else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _forget_old(conn: Connection, now: datetime) -> None:
    conn.execute(delete(oauth_flow).where(oauth_flow.c.expires_at <= now))


def _as_text(trial: Trial) -> str:
    told = {
        "kind": KIND,
        "settings": dict(trial.answers.settings),
        "secrets": dict(trial.answers.secrets),
        "zone": trial.zone,
        "sights": [
            [s.stream.value, s.evidence.value, s.standing.value, s.rows, s.refused, s.code, dict(s.params)]
            for s in trial.sights
        ],
    }
    return json.dumps(told)


def _from_text(told: Mapping[str, Any]) -> Trial:
    sights = (
        Sight(Stream(stream), Evidence(evidence), Standing(standing), rows, refused, code, params)
        for stream, evidence, standing, rows, refused, code, params in told["sights"]
    )
    return Trial(Answers(told["settings"], told["secrets"]), str(told["zone"]), tuple(sights))
