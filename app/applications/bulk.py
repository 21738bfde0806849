"""Several applications moved by one click, each answered by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func

from app.applications import queries, service
from app.applications.deps import party_of
from app.applications.errors import (
    ApplicationMovedMeanwhile,
    ApplicationNotFound,
    ApplicationTransition,
)
from app.core.db import WriteSession
from app.core.problems import Forbidden, Problem
from app.organizations.deps import Viewer

_REFUSALS: Final = (
    ApplicationMovedMeanwhile,
    ApplicationNotFound,
    ApplicationTransition,
    Forbidden,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went with one of them: where it stands now, or why it was not moved."""

    application_id: UUID
    status: str | None
    problem: Problem | None = None


async def move_many(
    session: WriteSession,
    *,
    viewer: Viewer,
    application_ids: Sequence[UUID],
    status: str,
    note: str | None = None,
    seen: Mapping[UUID, str] | None = None,
) -> list[Outcome]:
    """Move applications to jobs of the viewer; an outcome for each id, in their order.

    Those that cannot move stay as they are and keep no other from moving. What stands at `status`
    already counts as moved, so that a second click changes nothing. `seen` says where the viewer
    saw them stand: what somebody else moved meanwhile is left there.
    """
    wanted = list(dict.fromkeys(application_ids))
    await queries.lock(session, wanted)
    rows = await queries.many(session, wanted)
    places = seen or {}
    outcomes = [_judged(viewer, one, rows.get(one), (places.get(one), status)) for one in wanted]
    movable = [
        rows[outcome.application_id]
        for outcome in outcomes
        if outcome.problem is None and outcome.status != status
    ]
    if movable:
        await service.note_moves(session, movable, status, by=viewer.person.id, note=note)
        values = {"status": status, "updated_at": func.now()}
        await queries.change_many(session, [row["id"] for row in movable], values)
    return [
        outcome if outcome.problem else Outcome(outcome.application_id, status)
        for outcome in outcomes
    ]


def _judged(
    viewer: Viewer, one: UUID, row: Mapping[str, Any] | None, move: tuple[str | None, str]
) -> Outcome:
    """Whether the application may move; its present status where it may."""
    try:
        return Outcome(one, _checked(viewer, row, move))
    except _REFUSALS as problem:
        return Outcome(one, None, problem)


def _checked(viewer: Viewer, row: Mapping[str, Any] | None, move: tuple[str | None, str]) -> str:
    seen, status = move
    if row is None:
        raise ApplicationNotFound
    if party_of(viewer, row) != "employer":
        raise Forbidden("Only the employer moves several applications at once.")
    present: str = row["status"]
    if present != status:
        if seen not in (None, present):
            raise ApplicationMovedMeanwhile(f"The application is {present} by now.")
        service.require_allowed(row, status, "employer")
    return present
