"""What each role and each key may do, and which ability each address asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Forbidden, NotFound
from app.permits import ability_asked, admit
from app.roles import ROLES, SCOPES, Ability, Role, Scope, grants

A, B = "company-a", "company-b"
HELD = st.lists(st.tuples(st.sampled_from([None, A, B]), st.sampled_from(Role).map(ROLES.__getitem__)), max_size=4)


def test_an_owner_may_do_everything_and_nobody_else_sees_names_or_gives_roles() -> None:
    assert ROLES[Role.OWNER] == frozenset(Ability)
    for role in set(Role) - {Role.OWNER}:
        assert not ROLES[role] & {Ability.NAMES, Ability.ADMINISTER}
    for scope in Scope:
        assert not SCOPES[scope] & {Ability.NAMES, Ability.ADMINISTER, Ability.AUDIT}


def test_viewers_and_auditors_change_nothing() -> None:
    for role in (Role.VIEWER, Role.AUDITOR):
        assert not ROLES[role] & {Ability.CHANGE, Ability.PUSH}
    assert SCOPES[Scope.READ] == {Ability.READ}
    assert SCOPES[Scope.PUSH] == {Ability.PUSH}


@given(HELD, st.sampled_from(Ability))
def test_what_holds_for_every_company_holds_for_each(
    held: list[tuple[str | None, frozenset[Ability]]], one: Ability
) -> None:
    found = grants(held)
    if found.may(one):
        assert found.may(one, A)
        assert found.within(one) is None
    within = found.within(one)
    assert found.somewhere(one) is (within is None or bool(within))
    assert found.may(one, A) is (within is None or A in within)
    assert found.sees(A) is any(company in {None, A} for company, _ in held)


@given(HELD, st.sampled_from([A, B]), st.sampled_from(["GET", "POST"]))
def test_a_company_one_has_nothing_to_do_with_is_not_there(
    held: list[tuple[str | None, frozenset[Ability]]], company: str, method: str
) -> None:
    found, path = grants(held), "/companies/{company_id}/policy"
    if not found.sees(company):
        with pytest.raises(NotFound):
            admit(found, method, path, company)
    elif method == "POST" and not found.may(Ability.CHANGE, company):
        with pytest.raises(Forbidden):
            admit(found, method, path, company)


@pytest.mark.parametrize(
    ("method", "path", "ability"),
    [
        ("GET", "/companies/{company_id}", Ability.READ),
        ("HEAD", "/companies/{company_id}", Ability.READ),
        ("POST", "/companies/{company_id}/anything-new", Ability.CHANGE),
        ("DELETE", "/v1/anything-new", Ability.CHANGE),
        ("GET", "/companies/{company_id}/mail", Ability.MAIL),
        ("POST", "/companies/{company_id}/mail/recipients/{recipient_id}", Ability.CHANGE),
        ("GET", "/companies/{company_id}/mail/recipients/{recipient_id}", Ability.MAIL),
        ("GET", "/companies/{company_id}/people/names", Ability.NAMES),
        ("GET", "/keys", Ability.ADMINISTER),
        ("POST", "/v1/records/{stream}", Ability.PUSH),
        ("GET", "/livez", None),
        ("POST", "/me/password", None),
    ],
)
def test_each_address_asks_for_one_ability(method: str, path: str, ability: Ability | None) -> None:
    assert ability_asked(method, path) is ability


def test_what_concerns_every_company_asks_for_a_role_in_all_of_them() -> None:
    own = grants([(A, ROLES[Role.OWNER])])
    with pytest.raises(Forbidden):
        admit(own, "POST", "/companies/new", None)
    with pytest.raises(Forbidden):
        admit(own, "GET", "/metrics", None)
    admit(own, "GET", "/", None)
    admit(grants([(None, ROLES[Role.OWNER])]), "POST", "/companies/new", None)
