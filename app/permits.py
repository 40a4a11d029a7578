"""Which ability each address asks for: the one place where it is decided, by method unless listed here.

What only looks asks to read, all else asks to change. An address that belongs to one company has `{company_id}` in it;
whoever has nothing to do with that company is told that there is none.
"""

from collections.abc import Mapping

from app.errors import Forbidden, NotFound
from app.roles import Ability, Grants

LOOKS = frozenset(("GET", "HEAD"))

PUBLIC = frozenset((
    "/sign-in",
    "/sign-in/with",
    "/sign-in/back",
    "/sign-out",
    "/language",
    "/invitations/{token}",
    "/unsubscribe/{token}",
    "/unsubscribe/{token}/again",
    "/unsubscribe/{token}/preferences",
    "/unsubscribe/{token}/at-once",
    "/v1/webhooks/{connection_id}",
    "/v1/webhooks/{connection_id}/{token}",
    "/livez",
    "/readyz",
    "/openapi.json",
))  # fmt: skip
"""Open to whoever comes, or to whoever holds the token or secret in the address."""

OWN = frozenset(("/me", "/me/password", "/me/sign-ins/{sign_in_id}/end", "/me/sign-ins/end"))
"""About the reader's own account: any role will do, and so will none."""

_COMPANY = "/companies/{company_id}"
_V1 = "/v1/companies/{company_id}"

ASKED: Mapping[str, Ability] = {
    # Looking, though it is asked for by a form.
    f"{_V1}/policy/dry-run": Ability.READ,
    # Pages that are there only to change something.
    "/companies/new": Ability.CHANGE,
    "/rates": Ability.CHANGE,
    f"{_COMPANY}/import": Ability.CHANGE,
    f"{_COMPANY}/mapping": Ability.CHANGE,
    f"{_COMPANY}/mapping/{{token}}": Ability.CHANGE,
    f"{_COMPANY}/connect": Ability.CHANGE,
    f"{_COMPANY}/connect/{{name}}": Ability.CHANGE,
    f"{_COMPANY}/connections/{{connection_id}}/disconnect": Ability.CHANGE,
    f"{_COMPANY}/processes.yaml": Ability.CHANGE,
    f"{_COMPANY}/processes/{{process}}/edit": Ability.CHANGE,
    # What somebody declared, by name.
    f"{_COMPANY}/declarations": Ability.CHANGE,
    f"{_COMPANY}/declarations.yaml": Ability.CHANGE,
    # Addresses of readers.
    f"{_COMPANY}/mail": Ability.MAIL,
    f"{_COMPANY}/mail/preview": Ability.MAIL,
    f"{_COMPANY}/mail/{{letter_id}}": Ability.MAIL,
    f"{_COMPANY}/mail/recipients/{{recipient_id}}": Ability.MAIL,
    f"{_COMPANY}/channels": Ability.MAIL,
    "/deliveries": Ability.MAIL,
    "/v1/deliveries": Ability.MAIL,
    # Names of staff.
    f"{_COMPANY}/people/erase": Ability.NAMES,
    f"{_COMPANY}/people/names": Ability.NAMES,
    f"{_COMPANY}/people/{{actor_id}}/export": Ability.NAMES,
    # Who may come in.
    "/keys": Ability.ADMINISTER,
    "/keys/{key_id}/revoke": Ability.ADMINISTER,
    "/accounts": Ability.ADMINISTER,
    "/accounts/{holder_id}/role": Ability.ADMINISTER,
    "/accounts/{holder_id}/sign-ins/end": Ability.ADMINISTER,
    "/accounts/invitations/{invitation_id}/withdraw": Ability.ADMINISTER,
    "/audit": Ability.AUDIT,
    "/audit.csv": Ability.AUDIT,
    "/v1/audit": Ability.AUDIT,
    "/v1/records/{stream}": Ability.PUSH,
}  # fmt: skip

CHANGES: Mapping[str, Ability] = {
    f"{_COMPANY}/mail": Ability.CHANGE,
    f"{_COMPANY}/mail/recipients/{{recipient_id}}": Ability.CHANGE,
    f"{_COMPANY}/channels": Ability.CHANGE,
    f"{_COMPANY}/privacy": Ability.ADMINISTER,
}
"""Addresses that change with one method what they show with another, where `ASKED` names what showing asks."""

CHANGES_EVERY = frozenset(("/v1/companies",))
"""A list shows what somebody may see of it; adding to it concerns all companies."""

EVERY_COMPANY = frozenset(("/companies/new", "/metrics", "/rates", "/v1/bounces"))
"""These concern all companies at once: the ability has to hold for all of them."""


def ability_asked(method: str, path: str) -> Ability | None:
    """Give the ability that an address asks for; None: it is public, or one's own."""
    if path in PUBLIC or path in OWN:
        return None
    if method not in LOOKS and path in CHANGES:
        return CHANGES[path]
    return ASKED.get(path) or (Ability.READ if method in LOOKS else Ability.CHANGE)


def admit(held: Grants, method: str, path: str, company_id: str | None) -> None:
    """Let somebody pass, or raise: NotFound for a company that is not theirs, Forbidden for what they may not do."""
    ability = ability_asked(method, path)
    if ability is None:
        return
    if company_id is not None and not held.sees(company_id):
        raise NotFound("no_such_company", {"company": company_id})
    concerns_all = path in EVERY_COMPANY or (method not in LOOKS and path in CHANGES_EVERY)
    one_or_all = company_id is not None or concerns_all
    # A list shows what they may see.
    if not (held.may(ability, company_id) if one_or_all else held.somewhere(ability)):
        raise Forbidden("role_forbids")
