"""In which organization, and in which role, a request acts.

Who belongs to one organization acts in it. Who belongs to several names one in the header
X-Organization, by id or alias. A superuser belongs to the platform: without a membership they act
in no organization unless they name one, and then as its admin.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Header, Request

from app.accounts.cookies import is_read_on
from app.accounts.deps import CurrentUser, OptionalUser
from app.accounts.identity import Affiliation, SignedIn
from app.core.db import ReadSession, Scope, WriteSession
from app.core.ids import new_id
from app.core.log import logger
from app.core.problems import Forbidden, Unauthorized
from app.core.state import services
from app.organizations import service
from app.organizations.errors import OrganizationAmbiguous, OrganizationRequired

CHOSEN: Final = "intake_organization"
"""The console's cookie with the organization that somebody chose to act in."""


@dataclass(frozen=True, slots=True)
class Member:
    """A signed-in user in the organization that this request acts in."""

    user: SignedIn
    organization_id: UUID
    role: str

    @property
    def user_id(self) -> UUID:
        """The user's id."""
        return self.user.id


async def named_organization(
    request: Request,
    x_organization: Annotated[
        str | None,
        Header(
            max_length=100,
            description="Id or alias of the organization to act in, for those in several",
        ),
    ] = None,
) -> str | None:
    """The organization that the caller names; in the console the one that they chose there."""
    if x_organization is None and is_read_on(request):
        return request.cookies.get(CHOSEN)
    return x_organization


NamedOrganization = Annotated[str | None, Depends(named_organization)]


async def current_member(
    request: Request, user: CurrentUser, x_organization: NamedOrganization
) -> Member:
    """The caller in their organization.

    Raises:
        OrganizationRequired: they are in none, or not in the one that they name.
        OrganizationAmbiguous: they are in several and name none.
    """
    chosen = _chosen(user, x_organization)
    if chosen is not None:
        return Member(user, chosen.organization_id, chosen.role)
    if not user.is_superuser or x_organization is None:
        raise OrganizationRequired
    async with services(request).database.read(Scope.public()) as session:
        organization_id = await service.resolve(session, x_organization)
    if organization_id is None:
        raise OrganizationRequired
    logger.info("organizations.superuser_acts", organization_id=organization_id, user_id=user.id)
    return Member(user, organization_id, "admin")


def _chosen(user: SignedIn, named: str | None) -> Affiliation | None:
    own = user.affiliations
    if named is not None:
        own = tuple(one for one in own if named in one.names)
    if len(own) > 1:
        raise OrganizationAmbiguous
    return own[0] if own else None


CurrentMember = Annotated[Member, Depends(current_member)]


def requires(*roles: str) -> Callable[[Member], Awaitable[Member]]:
    """A dependency that lets only these roles pass: `Depends(requires("staff", "admin"))`."""

    async def with_role(member: CurrentMember) -> Member:
        if member.role not in roles:
            raise Forbidden
        return member

    return with_role


ClaimsReader = Annotated[Member, Depends(requires("viewer", "staff", "admin"))]
StaffMember = Annotated[Member, Depends(requires("staff", "admin"))]
OrganizationAdmin = Annotated[Member, Depends(requires("admin"))]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whoever reads something that is partly public: nobody, a person, a member, the platform."""

    user: SignedIn | None
    organization_id: UUID | None
    role: str | None

    @property
    def person(self) -> SignedIn:
        """The signed-in person.

        Raises:
            Unauthorized: it is nobody.
        """
        if self.user is None:
            raise Unauthorized
        return self.user

    @property
    def scope(self) -> Scope:
        """What they may see."""
        if self.user is None:
            return Scope.public()
        if self.user.is_superuser:
            return Scope.system()
        if self.organization_id is None:
            return Scope.person(self.user.id)
        return Scope.tenant(self.organization_id, self.user.id)


async def viewer(user: OptionalUser, x_organization: NamedOrganization) -> Viewer:
    """The caller, with the organization that they name, else their oldest."""
    if user is None:
        return Viewer(None, None, None)
    named = [one for one in user.affiliations if x_organization in one.names]
    chosen = next(iter(named or ([] if x_organization else user.affiliations)), None)
    if chosen is None:
        return Viewer(user, None, user.role)
    return Viewer(user, chosen.organization_id, chosen.role)


CurrentViewer = Annotated[Viewer, Depends(viewer)]


async def signed_in_viewer(who: CurrentViewer) -> Viewer:
    """The caller, who is somebody."""
    return replace(who, user=who.person)


SignedInViewer = Annotated[Viewer, Depends(signed_in_viewer)]


async def viewer_read(request: Request, who: CurrentViewer) -> AsyncIterator[ReadSession]:
    """A transaction with the caller's eyes, whoever they are."""
    async with services(request).database.read(who.scope) as session:
        yield session


async def viewer_write(request: Request, who: CurrentViewer) -> AsyncIterator[WriteSession]:
    """A writing transaction with the caller's eyes, committed before the answer goes out."""
    async with services(request).database.write(who.scope) as session:
        yield session


ViewerRead = Annotated[ReadSession, Depends(viewer_read, scope="function")]
ViewerWrite = Annotated[WriteSession, Depends(viewer_write, scope="function")]


async def member_key(member: CurrentMember) -> str:
    """The rate-limit key of routes whose cost the whole organization shares."""
    return str(member.organization_id)


async def tenant_read(request: Request, member: CurrentMember) -> AsyncIterator[ReadSession]:
    """A transaction with the eyes of the caller's organization."""
    scope = Scope.tenant(member.organization_id, member.user_id)
    async with services(request).database.read(scope) as session:
        yield session


async def tenant_write(request: Request, member: CurrentMember) -> AsyncIterator[WriteSession]:
    """A writing transaction of the caller's organization, committed before the answer goes out."""
    scope = Scope.tenant(member.organization_id, member.user_id)
    async with services(request).database.write(scope) as session:
        yield session


TenantRead = Annotated[ReadSession, Depends(tenant_read, scope="function")]
TenantWrite = Annotated[WriteSession, Depends(tenant_write, scope="function")]


async def public_read(request: Request) -> AsyncIterator[ReadSession]:
    """A transaction that sees what everybody may see."""
    async with services(request).database.read(Scope.public()) as session:
        yield session


PublicRead = Annotated[ReadSession, Depends(public_read, scope="function")]


@dataclass(frozen=True, slots=True)
class Founding:
    """A transaction in the name of an organization that is about to exist."""

    session: WriteSession
    organization_id: UUID


async def found(request: Request, user: CurrentUser) -> AsyncIterator[Founding]:
    """A new organization's id and a writing transaction that may write its first rows."""
    organization_id = new_id()
    scope = Scope.tenant(organization_id, user.id)
    async with services(request).database.write(scope) as session:
        yield Founding(session, organization_id)


NewOrganization = Annotated[Founding, Depends(found, scope="function")]
