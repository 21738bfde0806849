"""The practices that claims are asked for."""

from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.claims.errors import PracticeNameTaken, PracticeNotFound
from app.claims.models import Practice
from app.claims.queries import practices as queries
from app.core.audit import Entry, Fact, record
from app.core.db import ReadSession, WriteSession


async def get(
    session: ReadSession, *, organization_id: UUID, practice_id: int, locked: bool = False
) -> Practice:
    """One practice; `locked`, nobody else changes it until the transaction ends.

    Raises:
        PracticeNotFound: there is none, or it is another organization's.
    """
    found = await queries.get(session, organization_id, practice_id, locked=locked)
    if found is None:
        raise PracticeNotFound
    return found


async def create(
    session: WriteSession, *, organization_id: UUID, values: dict[str, Any], by: UUID
) -> Practice:
    """A new practice.

    Raises:
        PracticeNameTaken: the organization has one of this name.
    """
    try:
        async with session.begin_nested():
            made = await queries.add(session, organization_id, values)
    except IntegrityError:
        raise PracticeNameTaken from None
    _note(session, "created", organization_id, made.id, by=by)
    return made


async def update(
    session: WriteSession,
    *,
    organization_id: UUID,
    practice_id: int,
    values: dict[str, Any],
    by: UUID,
) -> Practice:
    """Change what `values` names.

    Raises:
        PracticeNotFound: there is none, or it is another organization's.
        PracticeNameTaken: the organization has another one of this name.
    """
    practice = await get(session, organization_id=organization_id, practice_id=practice_id)
    if not values:
        return practice
    try:
        async with session.begin_nested():
            changed = await queries.change(session, practice_id, values)
    except IntegrityError:
        raise PracticeNameTaken from None
    fields = ",".join(sorted(values))
    _note(session, "updated", organization_id, practice_id, by=by, fields=fields)
    return changed


async def remove(
    session: WriteSession, *, organization_id: UUID, practice_id: int, by: UUID
) -> None:
    """Delete a practice; jobs that asked for it keep their answers.

    Raises:
        PracticeNotFound: there is none, or it is another organization's.
    """
    await get(session, organization_id=organization_id, practice_id=practice_id)
    await queries.remove(session, practice_id)
    _note(session, "removed", organization_id, practice_id, by=by)


def _note(
    session: WriteSession,
    verb: str,
    organization_id: UUID,
    practice_id: int,
    *,
    by: UUID,
    **detail: Fact,
) -> None:
    action = f"practices.{verb}"
    record(session, Entry(action, by, organization_id, "practice", str(practice_id), detail))
