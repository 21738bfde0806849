"""What comes in and goes out about organizations and their members."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, StringConstraints

from app.accounts.schemas import Role, WebAddress
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
    """A person's place in the organization."""

    user_id: UUID
    email: str
    full_name: str
    role: Role
    is_active: bool
    created_at: datetime
