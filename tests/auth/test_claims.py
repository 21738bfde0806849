"""What foreign claims are read as: values to values, nothing asked."""

from typing import Any

import pytest

from app.auth import clerk, keycloak
from app.auth.principal import ClaimedOrganization
from app.dev.issuers.realm import CLIENT

NEEDED = {"iss": "https://i.example", "sub": "user_2ada", "iat": 1, "exp": 2}


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"groups": ["/admin"]}, "admin"),
        ({"groups": ["admin"]}, "admin"),
        ({"groups": ["/departments/manager"]}, "admin"),
        ({"groups": ["/clinic/billing", "/other"]}, "staff"),
        ({"groups": ["Read_Only"]}, "viewer"),
        ({"groups": ["read_only", "staff"]}, "staff"),
        ({"groups": ["/employer"], "realm_access": {"roles": ["admin"]}}, "employer"),
        ({"groups": ["/admin/trainees"], "realm_access": {"roles": ["api_user"]}}, "staff"),
        ({"groups": [], "realm_access": {"roles": ["manager"]}}, "admin"),
        ({"realm_access": {"roles": ["staff"]}}, "staff"),
        ({"realm_access": {"roles": ["billing"]}}, "staff"),
        ({"realm_access": {"roles": ["read_only"]}}, "viewer"),
        ({"realm_access": {"roles": ["employer"]}}, "employer"),
        ({"realm_access": {"roles": ["candidate"]}}, "candidate"),
        ({"realm_access": {"roles": ["offline_access", "uma_authorization"]}}, "candidate"),
        ({"resource_access": {"account": {"roles": ["admin"]}}}, "candidate"),
        ({"resource_access": {CLIENT: {"roles": ["admin"]}}}, "candidate"),
        ({"groups": "admin", "realm_access": "admin"}, "candidate"),
        ({"groups": [7, None, ["admin"]], "realm_access": {"roles": {"admin": 1}}}, "candidate"),
        ({"realm_access": None}, "candidate"),
    ],
)
def test_roles_from_groups_then_from_the_realm(claims: dict[str, Any], role: str) -> None:
    assert keycloak.principal({**NEEDED, **claims}).role == role


ACME = ClaimedOrganization("acme")
KNOWN = ClaimedOrganization("acme", "4f0d")
NO_SHAPES: tuple[Any, ...] = (None, 7, True, [], {}, "", [7], ["\u0000"], {"": {}})


@pytest.mark.parametrize(
    ("claim", "named"),
    [
        ("acme", (ACME,)),
        (["acme"], (ACME,)),
        (["acme", "acme", 7], (ACME,)),
        ({"acme": {}}, (ACME,)),
        ({"acme": None}, (ACME,)),
        ({"acme": {"id": "4f0d", "city": ["Lyon"]}}, (KNOWN,)),
        ({"acme": {"id": 7}}, (ACME,)),
        (["acme", "beta"], (ACME, ClaimedOrganization("beta"))),
        ({"acme": {"id": "4f0d"}, "beta": {}}, (KNOWN, ClaimedOrganization("beta"))),
        *((claim, ()) for claim in NO_SHAPES),
        (["x" * 101], ()),
        (["\ud800"], ()),
    ],
)
def test_every_shape_of_the_organization_claim(claim: Any, named: Any) -> None:
    assert keycloak.principal({**NEEDED, "organization": claim}).organizations == named


def test_very_many_organizations_are_cut() -> None:
    claim = [f"clinic-{number}" for number in range(500)]
    assert len(keycloak.principal({**NEEDED, "organization": claim}).organizations) == 50


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "Zoé Lefèvre", "given_name": "x"}, "Zoé Lefèvre"),
        ({"name": "  ", "given_name": "Zoé", "family_name": "Lefèvre"}, "Zoé Lefèvre"),
        ({"family_name": "Ødegård"}, "Ødegård"),
        ({"preferred_username": "ada"}, "ada"),
        ({"name": "A\u0000da", "preferred_username": "a\nda"}, ""),
        ({"name": "\u202eevil", "given_name": 7}, ""),
        ({"name": "x" * 500}, "x" * 200),
        ({"name": "Zoe\u0301"}, "Zoé"),
        ({}, ""),
    ],
)
def test_names(claims: dict[str, Any], name: str) -> None:
    assert keycloak.principal({**NEEDED, **claims}).full_name == name


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ({}, ()),
        (
            {"o": {"id": "org_1", "slg": "acme", "rol": "admin"}},
            (ClaimedOrganization("acme", "org_1", "admin"),),
        ),
        (
            {"o": {"id": "org_1", "rol": "member"}},
            (ClaimedOrganization("org_1", "org_1", "candidate"),),
        ),
        (
            {"org_id": "org_1", "org_slug": "acme", "org_role": "org:staff"},
            (ClaimedOrganization("acme", "org_1", "staff"),),
        ),
        ({"o": {"id": 7}}, ()),
        ({"o": "acme"}, ()),
        ({"o": {"slg": "acme", "rol": "admin"}}, ()),
        ({"org_slug": "acme"}, ()),
    ],
)
def test_clerks_active_organization(claims: dict[str, Any], named: Any) -> None:
    assert clerk.principal({**NEEDED, **claims}).organizations == named


@pytest.mark.parametrize(
    ("act", "by"),
    [
        (None, None),
        ({"sub": "user_2support"}, "user_2support"),
        ({}, "unknown"),
        ("x", "unknown"),
        ([], "unknown"),
        ({"sub": "\u0000"}, "unknown"),
    ],
)
def test_whoever_acts_for_somebody_is_never_overlooked(act: Any, by: str | None) -> None:
    assert clerk.principal({**NEEDED, "act": act}).impersonated_by == by


def test_a_digest_tells_what_an_account_depends_on() -> None:
    base = {**NEEDED, "email": "ada@northwind.example", "organization": ["a", "b"]}
    same = keycloak.principal({**base, "iat": 5, "exp": 9, "jti": "x", "organization": ["b", "a"]})
    assert same.digest() == keycloak.principal(base).digest()
    for change in ({"email_verified": True}, {"name": "A"}, {"groups": ["admin"]}):
        assert keycloak.principal({**base, **change}).digest() != same.digest()
