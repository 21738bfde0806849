"""Organizations and memberships that an identity provider keeps: they follow its newest token."""

from uuid import UUID

from app.auth.claims import UNKNOWN_ROLE
from app.auth.principal import ClaimedOrganization, Principal
from app.core.audit import Entry, Fact, record
from app.core.db import WriteSession
from app.core.ids import new_id
from app.core.log import logger
from app.organizations import external_queries
from app.organizations.models import Organization
from app.organizations.service import slug_of


async def place(session: WriteSession, user_id: UUID, principal: Principal) -> None:
    """Put a person into the organizations that their token names, in its role.

    An organization that is named for the first time is founded here, once however many ask. Where
    the token names all of a person's organizations, they leave the others of that issuer.
    """
    stay = []
    # In one order for everybody: two newcomers with the same two organizations must not deadlock.
    for claimed in sorted(principal.organizations, key=lambda one: one.alias):
        organization_id = await _found(session, principal.issuer, claimed)
        role = claimed.role or principal.role or UNKNOWN_ROLE
        if await external_queries.put_member(session, organization_id, user_id, role):
            _note(session, "member_placed", organization_id, user_id, role=role)
        stay.append(organization_id)
    if principal.names_all_organizations:
        for left in await external_queries.leave_others(session, principal.issuer, user_id, stay):
            _note(session, "member_left", left, user_id)


def _note(
    session: WriteSession, verb: str, organization_id: UUID, user_id: UUID, **detail: Fact
) -> None:
    """Into the log and the audit log: where a token has put a person. Nobody of ours did it."""
    logger.info(f"organizations.{verb}", organization_id=organization_id, user_id=user_id)
    action = f"organizations.{verb}"
    record(session, Entry(action, None, organization_id, "user", str(user_id), detail))


async def _found(session: WriteSession, issuer: str, claimed: ClaimedOrganization) -> UUID:
    known = await external_queries.find(session, issuer, claimed.alias, claimed.external_id)
    if known is not None and _is_another(known, claimed):
        # The alias went over to a new organization; the old one waits for its id to be named.
        await external_queries.rename(session, known.id, None, known.external_id)
        known = None
    if known is None:
        return await _make(session, issuer, claimed)
    alias, external_id = claimed.alias, claimed.external_id or known.external_id
    if (alias, external_id) != (known.external_alias, known.external_id):
        await _free_alias(session, issuer, known, alias)
        await external_queries.rename(session, known.id, alias, external_id)
    return known.id


def _is_another(known: Organization, claimed: ClaimedOrganization) -> bool:
    return None not in (known.external_id, claimed.external_id) and (
        known.external_id != claimed.external_id
    )


async def _free_alias(session: WriteSession, issuer: str, known: Organization, alias: str) -> None:
    holder = await external_queries.find(session, issuer, alias, None)
    if holder is not None and holder.id != known.id:
        await external_queries.rename(session, holder.id, None, holder.external_id)


async def _make(session: WriteSession, issuer: str, claimed: ClaimedOrganization) -> UUID:
    """Found it; whoever comes second waits for the first and takes theirs."""
    organization_id = new_id()
    slug = slug_of(claimed.alias)
    values = {
        "id": organization_id,
        "name": claimed.alias,
        "issuer": issuer,
        "external_alias": claimed.alias,
        "external_id": claimed.external_id,
    }
    # The end of a UUIDv7 is random, so the longer alias is as good as unique.
    for own in (slug, f"{slug}-{organization_id.hex[-8:]}"):
        if await external_queries.insert_organization(session, {**values, "slug": own}):
            logger.info("organizations.provisioned", organization_id=organization_id)
            about = ("organization", str(organization_id))
            record(session, Entry("organizations.provisioned", None, organization_id, *about))
            return organization_id
        known = await external_queries.find(session, issuer, claimed.alias, claimed.external_id)
        if known is not None:
            return known.id
    raise RuntimeError("neither insert nor select found the organization")
