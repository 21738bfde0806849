"""Who may read the audit log, and what they ask of it."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from sqlalchemy import ColumnElement

from app.accounts.deps import CurrentUser
from app.audit import queries
from app.audit.service import Reader
from app.core.dependencies import in_the_loop
from app.core.problems import Forbidden
from app.core.schema import ClockTime, OptionalLine
from app.organizations.deps import NamedOrganization, current_member


async def audit_reader(
    request: Request, user: CurrentUser, x_organization: NamedOrganization
) -> Reader:
    """An admin of the organization that they act in, or a superuser, who sees every entry.

    Raises:
        Forbidden: no admin.
        OrganizationRequired: they are in no organization, or not in the one that they name.
        OrganizationAmbiguous: they are in several and name none.
    """
    if user.is_superuser and x_organization is None:
        return Reader(user.id, None)
    member = await current_member(request, user, x_organization)
    if member.role != "admin":
        raise Forbidden
    return Reader(user.id, member.organization_id)


AuditReader = Annotated[Reader, Depends(audit_reader)]


class Subject:
    """Whom or what the wanted entries are about."""

    def __init__(
        self,
        actor_id: UUID | None = None,
        subject_type: Annotated[OptionalLine | None, Query()] = None,
        subject_id: Annotated[OptionalLine | None, Query()] = None,
        organization_id: Annotated[
            UUID | None, Query(description="For superusers, who see all of them")
        ] = None,
    ) -> None:
        self.conditions = queries.about(
            actor_id=actor_id, subject_type=subject_type, subject_id=subject_id
        )
        if organization_id is not None:
            self.conditions.append(queries.in_organization(organization_id))


class EntryFilters:
    """What the log is narrowed to."""

    def __init__(
        self,
        subject: Annotated[Subject, Depends(in_the_loop(Subject))],
        action: Annotated[
            str | None,
            Query(
                pattern=r"^[a-z][a-z0-9_]*\.[a-z0-9_]*$",
                max_length=80,
                description="An action, or a whole room: `claims.job_removed`, `claims.`",
            ),
        ] = None,
        since: Annotated[
            ClockTime | None, Query(alias="from", description="From this moment on")
        ] = None,
        until: Annotated[
            ClockTime | None, Query(alias="to", description="Before this moment")
        ] = None,
    ) -> None:
        self.conditions: list[ColumnElement[bool]] = [
            *subject.conditions,
            *(queries.of_action(action) if action else ()),
            *queries.between(_aware(since), _aware(until)),
        ]


def _aware(moment: datetime | None) -> datetime | None:
    """A time without an offset is taken as UTC, as all times here are."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


Filters = Annotated[EntryFilters, Depends(in_the_loop(EntryFilters))]
