"""What somebody may do: four roles for people, three scopes for API keys, both made of the same abilities.

A role is held for one company, or for every company there is and will be (a portfolio).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Ability(StrEnum):
    """One kind of thing that may be done."""

    READ = "read"  # verdicts, measures, records, alerts
    CHANGE = "change"  # import, connect, declare, set the policy, take alerts in hand, say who gets letters
    PUSH = "push"  # hand over records
    MAIL = "mail"  # see the addresses of who reads about a company, and what reached them
    NAMES = "names"  # see and erase who is behind a login
    AUDIT = "audit"  # read who did what
    ADMINISTER = "administer"  # invite people, give roles, make API keys


class Role(StrEnum):
    """What a person is to a company."""

    OWNER = "owner"
    FINANCE_LEAD = "finance_lead"
    VIEWER = "viewer"
    AUDITOR = "auditor"


class Scope(StrEnum):
    """What an API key is for."""

    READ = "read"
    PUSH = "push"
    WRITE = "write"


ROLES: Mapping[Role, frozenset[Ability]] = {
    Role.OWNER: frozenset(Ability),
    Role.FINANCE_LEAD: frozenset((Ability.READ, Ability.CHANGE, Ability.PUSH, Ability.MAIL)),
    Role.VIEWER: frozenset((Ability.READ,)),
    Role.AUDITOR: frozenset((Ability.READ, Ability.MAIL, Ability.AUDIT)),
}
"""No role but the owner's shows names of staff."""

SCOPES: Mapping[Scope, frozenset[Ability]] = {
    Scope.READ: frozenset((Ability.READ,)),
    Scope.PUSH: frozenset((Ability.PUSH,)),
    Scope.WRITE: frozenset((Ability.READ, Ability.CHANGE, Ability.PUSH, Ability.MAIL)),
}
"""No key shows names of staff, makes keys or gives roles."""

NOTHING: frozenset[Ability] = frozenset()


@dataclass(frozen=True, slots=True)
class Grants:
    """What somebody may do: everywhere, and beside that in some companies (by id)."""

    everywhere: frozenset[Ability] = NOTHING
    by_company: Mapping[str, frozenset[Ability]] = field(default_factory=dict)

    def at(self, company_id: str | None) -> frozenset[Ability]:
        """Give the abilities in a company; None: those that hold for all of them."""
        return self.everywhere | self.by_company.get(company_id or "", NOTHING)

    def may(self, ability: Ability, company_id: str | None = None) -> bool:
        """Say whether something may be done in a company, or, without one, in all of them."""
        return ability in self.at(company_id)

    def sees(self, company_id: str) -> bool:
        """Say whether a company is there at all, as far as they are concerned."""
        return bool(self.at(company_id))

    def somewhere(self, ability: Ability) -> bool:
        """Say whether something may be done in any company."""
        return ability in self.everywhere or any(ability in some for some in self.by_company.values())

    def within(self, ability: Ability) -> frozenset[str] | None:
        """Give the companies in which something may be done; None: in every one."""
        if ability in self.everywhere:
            return None
        return frozenset(one for one, abilities in self.by_company.items() if ability in abilities)


def grants(held: Iterable[tuple[str | None, frozenset[Ability]]]) -> Grants:
    """Put together what is held for companies; None stands for all of them."""
    everywhere, by_company = NOTHING, dict[str, frozenset[Ability]]()
    for company_id, abilities in held:
        if company_id is None:
            everywhere |= abilities
        else:
            by_company[company_id] = by_company.get(company_id, NOTHING) | abilities
    return Grants(everywhere, by_company)
