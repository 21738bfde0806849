"""Who can sign in at the local issuers: one of each role, invented, with one password."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# It opens nothing but this rehearsal.
PASSWORD: Final = "rehearsal"  # noqa: S105
CLINIC: Final = "northwind-clinic"
HOSPITAL: Final = "contoso-hospital"
ORGANIZATIONS: Final = {
    CLINIC: "4f0d8a52-6a4c-4d0e-9a53-0f1f7a0a1c01",
    HOSPITAL: "4f0d8a52-6a4c-4d0e-9a53-0f1f7a0a1c02",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom an issuer knows; organizations are alias → id."""

    username: str
    first_name: str
    last_name: str
    number: int
    email_verified: bool = True
    groups: tuple[str, ...] = ()
    realm_roles: tuple[str, ...] = ()
    organizations: Mapping[str, str] = field(default_factory=dict)
    clerk_role: str = "org:member"

    @property
    def email(self) -> str:
        """The address; .example belongs to nobody."""
        return f"{self.username}@northwind.example"

    @property
    def keycloak_id(self) -> str:
        """The id in the realm."""
        return f"8d1f3b9e-2c5a-4b7e-9d60-{self.number:012d}"

    @property
    def clerk_id(self) -> str:
        """The id in the instance."""
        return f"user_2rehearsal{self.username}"

    @property
    def clerk_session(self) -> str:
        """The id of the session that the instance keeps open."""
        return f"sess_2rehearsal{self.username}"


_CLINIC_ONLY: Final = {CLINIC: ORGANIZATIONS[CLINIC]}


def rehearsal_people() -> dict[str, Person]:
    """By username: an admin, somebody in two organizations, a reader, a candidate, an unverified one."""
    people = (
        Person("ada", "Ada", "Martin", 1, groups=("/admin",), organizations=_CLINIC_ONLY),
        Person(
            *("zoe", "Zoé", "Lefèvre", 2), realm_roles=("billing",), organizations=ORGANIZATIONS
        ),
        Person("max", "Max", "Ødegård", 3, realm_roles=("read_only",), organizations=_CLINIC_ONLY),
        Person("eve", "Eve", "Nakamura", 4),
        Person("ned", "Ned", "Unverified", 5, email_verified=False),
    )
    return {person.username: person for person in people}
