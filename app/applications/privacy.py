"""What applications hold of a person."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from app.applications import queries, service
from app.applications.models import Application, ApplicationMove, ApplicationReview
from app.applications.moves import STAGES
from app.applications.schemas import OwnApplicationOut
from app.core.db import ReadSession, WriteSession
from app.core.personal import PersonalData


async def personal_data(session: ReadSession, user_id: UUID) -> PersonalData:
    """The person's applications, as they see them."""
    statement = queries.shown(queries.Wanted(candidate_id=user_id)).order_by(Application.id)
    rows = [dict(row) for row in (await session.execute(statement)).mappings()]
    with_histories = await service.with_histories(session, rows)
    shown = [OwnApplicationOut.model_validate(row).model_dump() for row in with_histories]
    return PersonalData({"applications": shown})


async def erase(session: WriteSession, user_id: UUID) -> None:
    """Withdraw what is open, and empty every word by the person and about them.

    Employers keep that somebody applied, when, and how far they came.
    """
    mine = Application.candidate_id == user_id
    locked = select(Application.id).where(mine).order_by(Application.id).with_for_update()
    ids = (await session.scalars(locked)).all()
    rows = (await queries.many(session, ids)).values()
    standing = [row for row in rows if row["status"] in STAGES]
    if standing:
        await service.note_moves(session, standing, "withdrawn", by=user_id)
        values = {"status": "withdrawn", "updated_at": func.now()}
        await queries.change_many(session, [row["id"] for row in standing], values)
    words: dict[str, Any] = {"cover_letter": None, "notes": None, "tags": [], "resume_id": None}
    await session.execute(update(Application).where(mine).values(**words))
    moves = update(ApplicationMove).where(ApplicationMove.application_id.in_(ids))
    await session.execute(moves.values(note=None))
    reviews = update(ApplicationReview).where(ApplicationReview.application_id.in_(ids))
    await session.execute(reviews.values(comment=None))
