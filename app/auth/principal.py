"""Who a token speaks for, in the same words for every issuer."""

import hashlib
from dataclasses import dataclass

LOCAL = "local"


@dataclass(frozen=True, slots=True)
class ClaimedOrganization:
    """An organization that a token names; `role` where the token gives one for it alone."""

    alias: str
    external_id: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """The bearer of a token that was found true.

    `provider` names the rule set that verified it, `subject` is the issuer's own id of the person
    (for our own tokens the user's id), `session` the refresh family that the token came from, or
    the issuer's session. What follows is empty for our own tokens: the database knows it better.

    `authenticated_at` is when the person has proved who they are, in seconds since 1970; where the
    issuer does not tell, when the token was issued.

    `role` is None when the token says nothing about it. `names_all_organizations` tells whether a
    person has left the organizations of this issuer that the token does not name.
    """

    provider: str
    subject: str
    session: str
    expires_at: int
    issuer: str = ""
    issued_at: int = 0
    authenticated_at: int = 0
    identifier: str = ""
    email: str = ""
    email_verified: bool = False
    full_name: str = ""
    role: str | None = None
    organizations: tuple[ClaimedOrganization, ...] = ()
    names_all_organizations: bool = False
    impersonated_by: str | None = None

    @property
    def rate_key(self) -> str:
        """The key of rate limits: the verified person, whatever their address."""
        return self.subject if self.provider == LOCAL else f"{self.issuer}|{self.subject}"

    def digest(self) -> bytes:
        """A digest of what an account is made and changed after; equal claims give equal ones."""
        told = (
            *(self.email, self.email_verified, self.full_name, self.role),
            *sorted(repr(organization) for organization in self.organizations),
        )
        return hashlib.sha256(repr(told).encode()).digest()
