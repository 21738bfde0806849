"""What can be done with organizations and their members."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.accounts import service as accounts
from app.core.audit import Entry, Fact, record
from app.core.db import ReadSession, WriteSession
from app.core.log import logger
from app.core.problems import NotFound
from app.organizations import queries
from app.organizations.errors import AlreadyMember, PersonUnknown
from app.organizations.models import Organization
from app.organizations.queries import Member


async def create(
    session: WriteSession, *, organization_id: UUID, founder: UUID, values: Mapping[str, Any]
) -> Organization:
    """Found an organization under an id that the transaction already acts for.

    Raises:
        AlreadyMember: the founder belongs to one.
    """
    await accounts.lock(session, founder)
    if await queries.has_membership(session, founder):
        raise AlreadyMember
    slug = slug_of(str(values["name"]))
    row = {"id": organization_id, "slug": slug, **values}
    if not await queries.insert_organization(session, row):
        # The end of a UUIDv7 is random, so this alias is as good as unique.
        row["slug"] = f"{slug}-{organization_id.hex[-8:]}"
        await queries.insert_organization(session, row)
    await queries.insert_member(session, organization_id, founder, "admin")
    note(session, "created", organization_id, by=founder)
    logger.info("organizations.created", organization_id=organization_id, by=founder)
    return await get(session, organization_id=organization_id)


def slug_of(name: str) -> str:
    """An alias for addresses: lower-case ASCII words with dashes, at most 60 characters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-") or "organization"


async def get(session: ReadSession, *, organization_id: UUID) -> Organization:
    """An organization's card.

    Raises:
        NotFound: there is none with this id.
    """
    found = await queries.find(session, organization_id)
    if found is None:
        raise NotFound
    return found


async def browse(
    session: ReadSession, *, among: Sequence[UUID] | None, text: str = ""
) -> Sequence[Organization]:
    """Organizations by name, the first fifty: those of `among`, or with None all that are seen."""
    return await queries.browse(session, among, text.strip())


async def admins(session: ReadSession, *, organization_id: UUID) -> tuple[str, list[str]]:
    """An organization's name, and the addresses of those of its admins who may sign in.

    Raises:
        NotFound: there is none with this id.
    """
    organization = await get(session, organization_id=organization_id)
    return organization.name, await queries.admin_addresses(session, organization_id)


async def get_locked(session: WriteSession, *, organization_id: UUID) -> Organization:
    """As `get`, with the row held until the transaction ends."""
    await queries.lock(session, organization_id)
    return await get(session, organization_id=organization_id)


async def resolve(session: ReadSession, name: str) -> UUID | None:
    """The organization that a superuser names, by id or alias."""
    try:
        key = UUID(name)
    except ValueError:
        key = None
    return await queries.find_named(session, name, key)


async def update(
    session: WriteSession, *, organization_id: UUID, values: Mapping[str, Any], by: UUID
) -> Organization:
    """Replace an organization's card; its alias stays."""
    await queries.update_organization(session, organization_id, values)
    note(session, "updated", organization_id, by=by)
    return await get(session, organization_id=organization_id)


async def add_member(
    session: WriteSession, *, organization_id: UUID, email: str, role: str, by: UUID
) -> Member:
    """Add the person with this address.

    Raises:
        PersonUnknown: no active account has the address.
        AlreadyMember: they belong to an organization, this one or another.
    """
    user_id = await accounts.find_id(session, email)
    if user_id is None:
        raise PersonUnknown
    await accounts.lock(session, user_id)
    if await queries.has_membership(session, user_id):
        raise AlreadyMember
    await queries.insert_member(session, organization_id, user_id, role)
    note(session, "member_added", organization_id, by=by, member_id=user_id, role=role)
    logger.info("organizations.member_added", organization_id=organization_id, user_id=user_id)
    return await get_member(session, organization_id=organization_id, user_id=user_id)


async def get_member(session: ReadSession, *, organization_id: UUID, user_id: UUID) -> Member:
    """One member.

    Raises:
        NotFound: nobody with this id belongs to the organization.
    """
    found = await queries.member(session, organization_id, user_id)
    if found is None:
        raise NotFound
    return found


async def update_member(
    session: WriteSession, *, organization_id: UUID, user_id: UUID, role: str, by: UUID
) -> Member:
    """Give a member another role.

    Raises:
        NotFound: nobody with this id belongs to the organization.
        LastAdmin: it would be left without an admin.
    """
    await get_member(session, organization_id=organization_id, user_id=user_id)
    try:
        await queries.update_member(session, organization_id, user_id, role)
    except IntegrityError as error:
        accounts.raise_if_last_admin(error)
        raise
    note(session, "role_changed", organization_id, by=by, member_id=user_id, role=role)
    logger.info("organizations.role_changed", organization_id=organization_id, user_id=user_id)
    return await get_member(session, organization_id=organization_id, user_id=user_id)


async def remove_member(
    session: WriteSession, *, organization_id: UUID, user_id: UUID, by: UUID
) -> None:
    """Take a member out of the organization; the account stays.

    Raises:
        NotFound: nobody with this id belongs to the organization.
        LastAdmin: it would be left without an admin.
    """
    await get_member(session, organization_id=organization_id, user_id=user_id)
    try:
        await queries.delete_member(session, organization_id, user_id)
    except IntegrityError as error:
        accounts.raise_if_last_admin(error)
        raise
    note(session, "member_removed", organization_id, by=by, member_id=user_id)
    logger.info("organizations.member_removed", organization_id=organization_id, user_id=user_id)


def note(
    session: WriteSession,
    verb: str,
    organization_id: UUID,
    *,
    by: UUID,
    member_id: UUID | None = None,
    **detail: Fact,
) -> None:
    """An act of the organization for the audit log: about a member, else about itself."""
    kind, subject = ("organization", organization_id) if member_id is None else ("user", member_id)
    action = f"organizations.{verb}"
    record(session, Entry(action, by, organization_id, kind, str(subject), detail))
