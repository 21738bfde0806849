"""Who asks for which provider's connection, and with what the process answers."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Header, Path, Request, Response

from app.accounts.deps import CurrentUser
from app.core.dependencies import in_the_loop
from app.core.idempotency import answered, body_digest, run_once
from app.core.openapi import IdempotencyKey
from app.core.state import services
from app.integrations.engine.providers import BY_WORD, PROVIDERS, Provider
from app.integrations.errors import ProviderUnknown
from app.integrations.names import Name
from app.integrations.queries.connections import Owner
from app.integrations.service.bench import Bench
from app.integrations.service.calendars import CALENDARS
from app.organizations.deps import Member, SignedInViewer, current_member


async def bench(request: Request) -> Bench:
    """The process's means."""
    known = services(request)
    return Bench(known.settings, known.database, known.http)


TheBench = Annotated[Bench, Depends(bench)]


async def named_provider(
    provider: Annotated[str, Path(description="linkedin, google-calendar or outlook")],
) -> Provider:
    """The provider that the path names, in any of its spellings.

    Raises:
        ProviderUnknown: there is none of that name.
    """
    found = BY_WORD.get(provider)
    if found is None:
        raise ProviderUnknown
    return found


NamedProvider = Annotated[Provider, Depends(named_provider)]
XOrganization = Annotated[
    str | None,
    Header(
        max_length=100,
        description="Id or alias of the organization to act in, for those in several",
    ),
]


async def named_calendar(provider: NamedProvider) -> Provider:
    """The calendar that the path names.

    Raises:
        ProviderUnknown: it is none.
    """
    if provider.name not in CALENDARS:
        raise ProviderUnknown("That provider keeps no calendar; use google-calendar or outlook.")
    return provider


class Caller:
    """Somebody signed in, to be found as the owner of a connection."""

    def __init__(
        self, request: Request, user: CurrentUser, x_organization: XOrganization = None
    ) -> None:
        self.request = request
        self.user = user
        self.x_organization = x_organization

    async def owner(self, bench: Bench, provider: Provider) -> Owner:
        """The caller, within the organization that they act in.

        Raises:
            NotConfigured: no application is registered; that is told first, to everybody.
            OrganizationRequired: they are in no organization.
            OrganizationAmbiguous: they are in several and name none.
        """
        bench.line(provider)
        return await self.owner_of_any(provider)

    async def owner_of_any(self, provider: Provider) -> Owner:
        """As `owner`, also where no application is registered (any more)."""
        member = await current_member(self.request, self.user, self.x_organization)
        return Owner(member.organization_id, member.user_id, provider.name)


TheCaller = Annotated[Caller, Depends(in_the_loop(Caller))]


def owner_in(member: Member, name: Name) -> Owner:
    """A member's own connection with a provider."""
    return Owner(member.organization_id, member.user_id, name)


async def provider_owner(bench: TheBench, provider: NamedProvider, caller: TheCaller) -> Owner:
    """The caller's connection with the provider of the path."""
    return await caller.owner(bench, provider)


async def calendar_owner(
    bench: TheBench, provider: Annotated[Provider, Depends(named_calendar)], caller: TheCaller
) -> Owner:
    """The caller's connection with the calendar of the path."""
    return await caller.owner(bench, provider)


async def linkedin_owner(bench: TheBench, caller: TheCaller) -> Owner:
    """The caller's connection with LinkedIn."""
    return await caller.owner(bench, PROVIDERS["linkedin"])


async def owner_to_forget(provider: NamedProvider, caller: TheCaller) -> Owner:
    """The caller's connection, also where the provider is not set up any more."""
    return await caller.owner_of_any(provider)


ProviderOwner = Annotated[Owner, Depends(provider_owner)]
CalendarOwner = Annotated[Owner, Depends(calendar_owner)]
LinkedinOwner = Annotated[Owner, Depends(linkedin_owner)]
OwnerToForget = Annotated[Owner, Depends(owner_to_forget)]


class Attempt:
    """A request that may be sent again with the same Idempotency-Key; made by FastAPI."""

    def __init__(
        self,
        request: Request,
        viewer: SignedInViewer,
        idempotency_key: IdempotencyKey = None,
    ) -> None:
        # The header is read from the request; its parameter puts it into the document.
        self.request = request
        self.viewer = viewer
        self.has_key = idempotency_key is not None

    async def once(self, bench: Bench, work: Callable[[], Awaitable[Response]]) -> Response:
        """The answer of `work`, which calls others and so runs outside any transaction."""
        if not self.has_key:
            return await work()
        scope = f"integrations:{self.viewer.person.id}"
        digest = await body_digest(self.request)
        async with bench.database.read(self.viewer.scope) as session:
            known = await answered(session, self.request, scope=scope, digest=digest)
        if known is not None:
            return known
        answer = await work()

        async def given() -> Response:
            return answer

        async with bench.database.write(self.viewer.scope) as session:
            return await run_once(session, self.request, scope=scope, digest=digest, work=given)


Repeatable = Annotated[Attempt, Depends(in_the_loop(Attempt))]
