"""What stands around every page: who is here, where they can go, and which code runs."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from app.accounts.deps import CurrentUser
from app.accounts.identity import SignedIn
from app.claims.service import files
from app.core.cache import ReadThrough
from app.core.db import Scope
from app.core.state import services
from app.health import service as health
from app.health.deps import KeyStates, ThePulse
from app.health.schemas import Health, Process
from app.organizations import service as organizations
from app.organizations.deps import Member, NamedOrganization, current_member
from app.organizations.errors import OrganizationAmbiguous, OrganizationRequired
from app.resumes.deps import HIRING

CLAIM_READERS: Final = ("viewer", "staff", "admin")
_REMEMBER_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation; `alarms` where its count asks for somebody."""

    name: str
    href: str
    count: int = 0
    alarms: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """The card at the foot: the answering process's code, and how many processes run the same."""

    commit: str
    current: int
    processes: tuple[Process, ...]
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything around a page; `member` is None for who acts in no organization."""

    person: SignedIn
    member: Member | None
    organization_name: str | None
    can_choose: bool
    environment: str
    claims: dict[str, int]
    release: Release
    health: Health

    @property
    def reads_claims(self) -> bool:
        """Whether claim files are shown to them."""
        return self.member is not None and self.member.role in CLAIM_READERS

    @property
    def leads(self) -> bool:
        """Whether they are an admin of the organization that they act in."""
        return self.member is not None and self.member.role == "admin"

    @property
    def hires(self) -> bool:
        """Whether jobs and applications are shown to them."""
        return self.member is not None and self.member.role in HIRING

    @property
    def reads_audit(self) -> bool:
        """Whether the audit log is shown to them: admins read their organization's."""
        return self.leads or self.person.is_superuser

    @property
    def places(self) -> tuple[Place, ...]:
        """Where they can go."""
        found = [Place("overview", "/console")]
        if self.reads_claims:
            open_files = self.claims["running"] + self.claims["queued"]
            found.append(Place("claims", "/console/claims", open_files))
        if self.hires:
            found.append(Place("jobs", "/console/jobs"))
        if self.member is None or self.member.role in HIRING:
            found.append(Place("resumes", "/console/resumes"))
        if self.hires or (self.member is None and self.person.is_superuser):
            found.append(Place("analytics", "/console/analytics"))
        if self.member is not None and self.member.role in HIRING:
            found.append(Place("integrations", "/console/integrations"))
        if self.leads:
            found.append(Place("people", "/console/people"))
        if self.reads_audit:
            found.append(Place("audit", "/console/audit"))
        found.append(Place("health", "/console/health", alarms=self.health.status != "healthy"))
        return tuple(found)


async def health_now(request: Request, pulse: ThePulse, keys: KeyStates) -> Health:
    """The health of everything, at most three seconds old: each page shows a part of it."""
    state = request.app.state
    if not hasattr(state, "console_health"):
        state.console_health = ReadThrough[str, Health](seconds=_REMEMBER_SECONDS)
    known: ReadThrough[str, Health] = state.console_health
    return await known.get("health", lambda: health.examine(pulse, keys))


CurrentHealth = Annotated[Health, Depends(health_now)]


def release_of(found: Health) -> Release:
    """The card from the health."""
    current = [process for process in found.processes if not process.stale]
    is_stale = found.code.stale or len(current) < len(found.processes)
    return Release(found.commit, len(current), tuple(found.processes), is_stale=is_stale)


async def acting(request: Request, user: CurrentUser, named: NamedOrganization) -> Member | None:
    """The person in the organization that they act in, if there is one and it is clear which."""
    try:
        return await current_member(request, user, named)
    except (OrganizationRequired, OrganizationAmbiguous):
        return None


async def frame(
    request: Request,
    user: CurrentUser,
    member: Annotated[Member | None, Depends(acting)],
    found: CurrentHealth,
) -> Frame:
    """The frame for the signed-in person."""
    open_ends = services(request)
    name: str | None = None
    known: dict[str, int] = {}
    if member is not None:
        scope = Scope.tenant(member.organization_id, user.id)
        async with open_ends.database.read(scope) as session:
            card = await organizations.get(session, organization_id=member.organization_id)
            name = card.name
            if member.role in CLAIM_READERS:
                known = await files.counts(session, organization_id=member.organization_id)
    return Frame(
        person=user,
        member=member,
        organization_name=name,
        can_choose=user.is_superuser or len(user.affiliations) > 1,
        environment=open_ends.settings.server.environment,
        claims=known,
        release=release_of(found),
        health=found,
    )


TheFrame = Annotated[Frame, Depends(frame)]
