"""A call of each operation of the API, and the house it is asked in: what the docs show, and the tests run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert

from app.access import holder_called, let_in, make_owner
from app.alerts import episodes, update_failure
from app.api_keys import make_key
from app.assessment import assess_company
from app.companies import add_company, connection_for
from app.db import write
from app.doors import new_door_secret
from app.ids import new_id
from app.intake import find_source, save_page
from app.main import create_app
from app.maintenance import add_maintenance
from app.models.watch import knock, letter
from app.people import name_actor
from app.recipients import add_recipient
from app.room import COOKIE
from app.settings import Settings
from app.vault import open_vault
from connectors.base import Page
from connectors.records import Stream
from tests.app.test_alerts_api import invoice
from tests.app.test_pages import fec
from tests.conftest import NOW

EXAMPLES = Path(__file__).parents[2] / "app" / "examples.json"
FEC_NAME = "123456782FEC20251231.txt"
MAIL = "From: daf@menuiserie-aubrac.fr\nTo: seuil@example.org\nSubject: Re: letter\n\nThank you.\n"
ROWS, TEXT = 2, 160  # of a list, and characters of a text, that an example shows
"""Names in braces are filled from the house; of an answer no more than a reader needs is kept."""


@dataclass(frozen=True)
class Call:
    """One call: the operation, what it is asked with, and the status it is answered with."""

    method: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    body: Any = None
    file: str = ""
    status: int = 200
    once: bool = False  # sent with an idempotency key
    by_key: bool = True  # or by somebody signed in
    named: Mapping[str, str] = field(default_factory=dict)  # what of the house a name in the path stands for

    @property
    def operation(self) -> str:
        """The operation's name in the description."""
        return f"{self.method} {self.path}"

    @property
    def names(self) -> list[str]:
        """The names in the path, as the documentation calls them."""
        return [self.named.get(name, name) for name in re.findall(r"{(\w+)}", self.path)]


_C = "/v1/companies/{company_id}"
_A, _K, _I = f"{_C}/alerts", f"{_C}/connections", f"{_C}/imports"
_BATCH = {
    "company": "123456782",
    "records": [{"external_id": "C-1", "incurred_on": "2026-10-31", "kind": "software", "amount": "49.00"}],
}
CALLS: tuple[Call, ...] = (
    Call("GET", "/v1/portfolio", {"verdict": "prepare", "limit": 2}),
    Call("GET", "/v1/companies", {"limit": 2, "fields": "companies.id,companies.name,companies.verdict,next"}),
    Call("POST", "/v1/companies", body={"name": "Atelier Brun", "siren": "732829320"}, status=201, once=True),
    Call("GET", _C),
    Call("GET", f"{_C}/readiness", {"fields": "as_of,verdict,why,coverage,freshness"}),
    Call("GET", f"{_C}/readiness/history", {"limit": 2}),
    Call("GET", f"{_C}/signals", {"fields": "as_of,signals.name,signals.level,signals.why"}),
    Call("GET", f"{_C}/measures", {"fields": "as_of,measures.name,measures.value,measures.low,measures.high"}),
    Call("GET", f"{_C}/measures/{{measure}}", {"limit": 2}),
    Call("GET", f"{_C}/measures/{{measure}}/evidence", {"limit": 1}),
    Call("GET", f"{_C}/records", {"stream": "invoices", "limit": 1}),
    Call("GET", _A, {"state": "open", "subject": "source:dolibarr"}),
    Call("GET", f"{_A}/{{episode_id}}"),
    Call("POST", f"{_A}/{{episode_id}}/acknowledge", body={"comment": "I look after it."}),
    Call("POST", f"{_A}/{{episode_id}}/comment", body={"comment": "Asked the bank."}, once=True),
    Call("POST", f"{_A}/{{episode_id}}/snooze", body={"until": "2026-12-01", "reason": "closing of the year"}),
    Call("POST", f"{_A}/{{episode_id}}/wake"),
    Call("POST", f"{_A}/{{episode_id}}/assign", body={"owner": "Léa Martin"}),
    Call("POST", f"{_A}/{{episode_id}}/dismiss", body={"because": "expected", "comment": "We moved offices."}),
    Call("GET", f"{_C}/maintenance"),
    Call(
        "POST", f"{_C}/maintenance", body={"until_at": "2026-11-30T08:00:00+01:00", "reason": "a new tool"}, status=201
    ),
    Call("DELETE", f"{_C}/maintenance/{{maintenance_id}}", status=204),
    Call("GET", f"{_C}/policy", {"fields": "as_of,settings.name,settings.value,settings.source,closures"}),
    Call("POST", f"{_C}/policy", body={"settings": {"reminder_grace_days": 10}, "because": "as our contracts say"}),
    Call("POST", f"{_C}/policy/dry-run", body={"settings": {"reminder_grace_days": 14}}),
    Call("GET", f"{_C}/policy/history", {"limit": 1}),
    Call("POST", f"{_C}/policy/reset", body={"names": ["reminder_grace_days"]}),
    Call("GET", f"{_C}/processes"),
    Call("PUT", f"{_C}/processes/{{process}}", body={"tasks": [{"what": "send the invoices", "frequency": "weekly"}]}),
    Call("GET", f"{_C}/processes/{{process}}"),
    Call("GET", f"{_C}/people", {"fields": "people.id,people.pseudonym,next"}),
    Call("PUT", f"{_C}/people/{{actor_id}}/role", body={"role": "admin"}),
    Call("GET", _K),
    Call("GET", f"{_K}/{{connection_id}}"),
    Call("POST", f"{_K}/{{connection_id}}/syncs", status=202),
    Call("GET", f"{_K}/{{connection_id}}/syncs"),
    Call("GET", f"{_K}/{{connection_id}}/knocks", {"limit": 1}),
    Call("POST", f"{_K}/{{connection_id}}/knocks/replay", body={"all": True}),
    Call("POST", _I, {"name": FEC_NAME}, file="fec", status=201),
    Call("GET", _I, {"limit": 1, "fields": "imports.id,imports.file_name,imports.state,next"}),
    Call("GET", f"{_I}/{{import_id}}"),
    Call("POST", f"{_I}/{{import_id}}/apply", named={"import_id": "waiting_id"}),
    Call("DELETE", f"{_I}/{{import_id}}", status=204, named={"import_id": "unwanted_id"}),
    Call("POST", "/v1/records/{stream}", body=_BATCH),
    Call("GET", "/v1/deliveries", {"limit": 1}),
    Call("POST", "/v1/deliveries/{delivery_id}/again"),
    Call("POST", "/v1/deliveries/again", body={"state": "given_up"}),
    Call("POST", "/v1/bounces", file="mail"),
    Call("GET", "/v1/audit", {"limit": 1}, by_key=False),
)


@dataclass(frozen=True)
class House:
    """A company with invoices, answers, an alert, a source, files, a reader, and who asks."""

    program: TestClient
    person: TestClient
    things: Mapping[str, str]

    def ask(self, call: Call) -> Any:
        """Make a call and give the response."""
        client = self.program if call.by_key else self.person
        named = {name: self.things[call.named.get(name, name)] for name in re.findall(r"{(\w+)}", call.path)}
        headers = {"Idempotency-Key": call.operation.replace(" ", "-")} if call.once else {}
        content: dict[str, Any] = {"json": call.body} if call.body is not None else {}
        if call.file == "fec":
            content = {"content": fec(48)}
        if call.file == "mail":
            content, headers = {"content": MAIL.encode()}, {"content-type": "message/rfc822"}
        return client.request(
            call.method, call.path.format(**named), params=dict(call.params), headers=headers, **content
        )


def house(engine: Engine) -> House:
    """Build the house in an empty database."""
    settings = Settings(database_url=str(engine.url), secret_key=Fernet.generate_key().decode())
    with write(engine) as conn:
        make_owner(conn, "daf@menuiserie-aubrac.fr", "a very long password", NOW)
        holder = holder_called(conn, "daf@menuiserie-aubrac.fr") or ""
        token = let_in(conn, holder, NOW)
        key = make_key(conn, "documentation", NOW)
        made = add_company(conn, "Menuiserie Aubrac", NOW, siren="123456782", zone="Europe/Paris")
        csv = find_source(conn, connection_for(conn, made, "csv", NOW))
        save_page(conn, csv, Stream.INVOICES, Page(tuple(map(invoice, range(280))), {}), NOW)
        source = connection_for(conn, made, "dolibarr", NOW)
        new_door_secret(conn, open_vault(settings), source, NOW)
        person = name_actor(conn, made, "lmartin", NOW, name="Léa Martin", role="admin", ours=True)
    for weeks in (2, 1, 0):
        assess_company(engine, made, NOW - timedelta(weeks=weeks))
    with write(engine) as conn:
        update_failure(conn, made, "source:dolibarr", NOW.date(), NOW, failed=True, facts={"code": "source_denied"})
        episode = next(row["id"] for row in episodes(conn, made) if row["subject"] == "source:dolibarr")
        conn.execute(insert(knock).values(connection_id=source, event_id="evt_1", sent_at=NOW, received_at=NOW, size=64,
                                          digest="x", state="failed", reason="source_denied", attempts=3))  # fmt: skip
        reader = add_recipient(conn, made, "daf@menuiserie-aubrac.fr", "fr", "Europe/Paris", NOW)
        refused = new_id(NOW)
        conn.execute(insert(letter).values(
            id=refused, recipient_id=reader, kind="digest", period="2026-W47", message_id="<1@seuil.invalid>",
            content={"companies": []}, told_until=0, state="refused", trouble="mail_gave_up: timeout", attempts=9,
            created_at=NOW, next_try_at=NOW,
        ))  # fmt: skip
        paused = add_maintenance(conn, made, NOW, NOW + timedelta(days=1), "moving", "daf@menuiserie-aubrac.fr", NOW)
    app = create_app(engine, settings, now=lambda: NOW)
    program = TestClient(app, headers={"authorization": f"Bearer {key}"})
    things = {
        "company_id": made, "connection_id": source, "actor_id": person, "episode_id": str(episode),
        "delivery_id": refused, "maintenance_id": paused, "measure": "late_issued_rate", "process": "invoicing",
        "stream": "costs",
    }  # fmt: skip
    things |= _files(program, made)
    return House(program, TestClient(app, cookies={COOKIE: token}), things)


def _files(program: TestClient, company: str) -> dict[str, str]:
    """Hand over a ledger, and two that take entries away: one to be applied, one to be put aside."""
    rows = fec(48).split(b"\n")
    handed = {"import_id": rows, "waiting_id": rows[:20] + rows[40:], "unwanted_id": rows[:20] + rows[60:]}
    made = {}
    for name, kept in handed.items():
        path = f"/v1/companies/{company}/imports"
        made[name] = program.post(path, params={"name": FEC_NAME}, content=b"\n".join(kept)).json()["id"]
    return made
