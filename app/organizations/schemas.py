"""What comes in and goes out about organizations and their members."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.accounts.schemas import MailedToken, Password, Role, WebAddress
from app.core.schema import Email, In, Line, OptionalLine, Out, Prose

OrganizationName = Annotated[Line, StringConstraints(max_length=120)]


class OrganizationIn(In):
    """An organization's card; PUT replaces it as a whole."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Northwind Clinic",
                    "website": "https://northwind.example",
                    "location": "Lyon",
                    "industry": "Health care",
                }
            ]
        }
    )

    name: OrganizationName
    website: WebAddress | None = None
    description: Prose | None = None
    location: OptionalLine | None = None
    industry: OptionalLine | None = None


class OrganizationOut(Out):
    """An organization's public card. `slug` is its alias in addresses and headers; it stays."""

    id: UUID
    name: str
    slug: str
    website: str | None
    description: str | None
    location: str | None
    industry: str | None
    logo_url: str | None
    created_at: datetime
    updated_at: datetime


class MemberIn(In):
    """A person to add, by the address of their account."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "grace@example.com", "role": "staff"}]}
    )

    email: Email
    role: Role


class MemberPatch(In):
    """A member's new role."""

    role: Role


class MemberOut(Out):
    """A person's place in the organization, or one that waits for the owner of an address.

    Who is invited has no `user_id` and no name yet, but an `invite_id`, by which the invitation is
    taken back, and `expires_at`.
    """

    user_id: UUID | None
    invite_id: UUID | None
    email: str
    full_name: str
    role: Role
    is_active: bool
    status: Literal["active", "invited"]
    expires_at: datetime | None
    created_at: datetime


class InviteRegisterIn(In):
    """A new account for the address that an invitation went to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "token": "u3y1x0Vf5bB0hJ3pQ2rY8wZk6mN4cT7sD9eG1aLqXoI",
                    "password": "correct horse battery staple",
                    "full_name": "Grace Hopper",
                }
            ]
        }
    )

    token: MailedToken
    password: Password = Field(description="12 to 256 characters, none of the common ones")
    full_name: Line


class InviteOut(Out):
    """What an invitation is for."""

    organization_id: UUID
    organization_name: str
    email: str
    role: Role
    expires_at: datetime
