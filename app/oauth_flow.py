"""An authorisation that a person is sent away for: begun here, consented to at the provider, finished once.

What leaves this house is a state (of which a digest is kept) and the digest of a verifier (which is kept sealed).
Whoever comes back has to be the one who left, within ten minutes, for the same provider.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, Engine, delete, insert, select

from app.db import write
from app.errors import Refused
from app.models.core import oauth_flow
from app.vault import Vault
from connectors.account import Account, Secrets
from connectors.oauth import Registration, consent_address, new_verifier, redeem, refused

EXPIRES_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Begun:
    """An authorisation under way: for whom, by whom, and what was answered to the provider's questions."""

    company_id: str
    provider: str
    by: str
    redirect: str
    verifier: str = field(repr=False)
    answers: Mapping[str, str] = field(repr=False)


Reach = Callable[[Begun], tuple[Account, Registration]]
"""Gives the account that the answers make, and where its tokens come from."""


def begin(  # noqa: PLR0913 - all that has to be the same when the person comes back
    conn: Connection,
    vault: Vault,
    now: datetime,
    registration: Registration,
    *,
    company_id: str,
    provider: str,
    by: str,
    redirect: str,
    answers: Mapping[str, str] | None = None,
    private_hosts: frozenset[str] = frozenset(),
) -> str:
    """Give the address to send a person to; what they left with is kept sealed. What has expired is forgotten."""
    state, verifier = secrets.token_urlsafe(32), new_verifier()
    address = consent_address(registration, private_hosts, redirect=redirect, state=state, verifier=verifier)
    sealed = {"by": by, "redirect": redirect, "verifier": verifier, "answers": dict(answers or {})}
    conn.execute(delete(oauth_flow).where(oauth_flow.c.expires_at <= now))
    conn.execute(
        insert(oauth_flow).values(
            state_digest=_digest(state),
            company_id=company_id,
            provider=provider,
            sealed=vault.seal(json.dumps(sealed)),
            expires_at=now + EXPIRES_AFTER,
        )
    )
    return address


def finish(
    engine: Engine,
    vault: Vault,
    now: datetime,
    returned: Mapping[str, str],
    *,
    provider: str,
    by: str,
    reach: Reach,
) -> tuple[Begun, Secrets]:
    """Change what a person came back with for tokens; they are to be sealed with the answers.

    The authorisation is used up before the provider is asked, and whatever comes of it. Refused where there is none
    such; AccessDenied where the person or the provider said no; Unavailable where the provider can't be asked.
    """
    with write(engine) as conn:
        begun = _claim(conn, vault, now, returned.get("state", ""))
    if begun is None or begun.provider != provider or begun.by != by:
        raise Refused("no_such_authorisation")
    account, registration = reach(begun)
    if not returned.get("code"):
        raise refused(registration, returned.get("error", ""))
    tokens = redeem(account, registration, code=returned["code"], verifier=begun.verifier, redirect=begun.redirect)
    return begun, tokens


def _claim(conn: Connection, vault: Vault, now: datetime, state: str) -> Begun | None:
    """Take an authorisation off the table: of two who come with the same state, one gets it."""
    mine = oauth_flow.c.state_digest == _digest(state)
    row = conn.execute(select(oauth_flow).where(mine)).mappings().first()
    if row is None or conn.execute(delete(oauth_flow).where(mine)).rowcount == 0 or row["expires_at"] <= now:
        return None
    sealed = json.loads(vault.open(str(row["sealed"])))
    return Begun(company_id=str(row["company_id"]), provider=str(row["provider"]), **sealed)


def _digest(state: str) -> str:
    return sha256(state.encode()).hexdigest()
