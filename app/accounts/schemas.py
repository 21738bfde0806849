"""What comes in and goes out about people."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, SecretStr, StringConstraints

from app.core.schema import CleanText, Email, In, Line, OptionalLine, Out

Role = Literal["candidate", "employer", "staff", "viewer", "admin"]
Password = Annotated[SecretStr, Field(max_length=1024)]
Token = Annotated[str, StringConstraints(min_length=1, max_length=8192)]
Summary = Annotated[CleanText, StringConstraints(max_length=5000)]
WebAddress = Annotated[OptionalLine, StringConstraints(pattern=r"^https?://[^\s/]+\S*$")]


class RegisterIn(In):
    """A new account; role and rights are not the caller's to choose."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "email": "ada@example.com",
                    "password": "correct horse battery staple",
                    "full_name": "Ada Lovelace",
                }
            ]
        }
    )

    email: Email
    password: Password = Field(description="12 to 256 characters, none of the common ones")
    full_name: Line


class LoginForm(In):
    """The password grant of OAuth 2.0; only the first two fields count."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {"username": "ada@example.com", "password": "correct horse battery staple"}
            ]
        },
    )

    username: Annotated[str, StringConstraints(max_length=254)] = Field(
        description="The e-mail address"
    )
    password: Password
    grant_type: Literal["password", ""] = ""


class RefreshIn(In):
    """A refresh token, as it was given."""

    refresh_token: Token


class LogoutIn(In):
    """Which sign-in is to end; without it, the one of the access token."""

    refresh_token: Token | None = None


class UserPatch(In):
    """Changes to a user; what is left out or null stays. Role and is_active are an admin's."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "viewer"}]})

    role: Role | None = None
    is_active: bool | None = None
    full_name: Line | None = None


class UserOut(Out):
    """A user. The role is that in their organization, where they belong to one."""

    id: UUID
    email: str
    full_name: str
    role: Role
    organization_id: UUID | None
    organization_name: str | None
    is_active: bool
    is_superuser: bool
    auth_provider: str
    created_at: datetime
    updated_at: datetime


class TokenOut(Out):
    """A signed-in user; `user_id`, `email` and `full_name` repeat the user for older clients."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"]
    expires_in: int = Field(description="Seconds until the access token expires")
    user: UserOut
    user_id: UUID
    email: str
    full_name: str


class ProfileLink(In):
    """A page that a person shows: a portfolio, a repository."""

    label: OptionalLine = ""
    url: WebAddress


class ProfileIn(In):
    """The whole professional profile; without full_name, the name stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "full_name": "Ada Lovelace",
                    "headline": "Analyst",
                    "location": "London",
                    "skills": ["mathematics", "weaving"],
                    "links": [{"label": "Notes", "url": "https://example.com/notes"}],
                }
            ]
        }
    )

    full_name: Line | None = None
    headline: OptionalLine | None = None
    location: OptionalLine | None = None
    phone: Annotated[OptionalLine, StringConstraints(max_length=40)] | None = None
    summary: Summary | None = None
    links: Annotated[list[ProfileLink], Field(default_factory=list, max_length=20)]
    skills: Annotated[list[Line], Field(default_factory=list, max_length=100)]


class ProfileLinkOut(Out):
    """A page that a person shows."""

    label: str
    url: str


class ProfileOut(UserOut):
    """The caller's account and professional profile."""

    headline: str | None
    location: str | None
    phone: str | None
    summary: str | None
    links: list[ProfileLinkOut]
    skills: list[str]
