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


class ResetRequestIn(In):
    """Who has forgotten a password."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "ada@example.com"}]})

    email: Email


MailedToken = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class ResetIn(In):
    """The token of a mailed link, and the password that is to hold from now on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "token": "u3y1x0Vf5bB0hJ3pQ2rY8wZk6mN4cT7sD9eG1aLqXoI",
                    "new_password": "a longer sentence nobody guesses",
                }
            ]
        }
    )

    token: MailedToken
    new_password: Password = Field(description="12 to 256 characters, none of the common ones")


class ProofIn(In):
    """The token of the link in a mail that asked to confirm an address."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"token": "u3y1x0Vf5bB0hJ3pQ2rY8wZk6mN4cT7sD9eG1aLqXoI"}]}
    )

    token: MailedToken


class PasswordIn(In):
    """A change of one's own password."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "current_password": "correct horse battery staple",
                    "new_password": "a longer sentence nobody guesses",
                }
            ]
        }
    )

    current_password: Password
    new_password: Password = Field(description="12 to 256 characters, none of the common ones")


class Accepted(Out):
    """What was asked is under way, or done; it says the same whoever asked for what."""

    detail: str


class SessionOut(Out):
    """An open sign-in. `network` is a coarse one (/24, or /48 of IPv6); null is unknown."""

    id: UUID
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime
    network: str | None
    browser: str | None
    system: str | None
    is_current: bool


class ClerkIn(In):
    """A session token as Clerk's frontend library gives it; never in the address, which is logged."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"clerk_token": "eyJhbGciOiJSUzI1NiIsImtpZCI6Imluc18…"}]}
    )

    clerk_token: Token


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
    """The caller's account and professional profile; email_verified_at is null until proved."""

    email_verified_at: datetime | None
    headline: str | None
    location: str | None
    phone: str | None
    summary: str | None
    links: list[ProfileLinkOut]
    skills: list[str]
