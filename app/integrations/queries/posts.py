"""Posts in SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.db import ReadSession, WriteSession
from app.core.ids import new_id
from app.integrations.models import Post

_LEASE = timedelta(seconds=60)
# The same words may be posted again on another day; twice within one is a second click.
_SAME_CLICK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PostKey:
    """What makes two posts the same one."""

    user_id: UUID
    job_id: UUID
    author: str
    digest: str


async def claim(session: WriteSession, key: PostKey, organization_id: UUID) -> UUID | None:
    """The right to send a post; None when somebody has it, or has sent it today."""
    token = new_id()
    lease = {"lease_token": token, "lease_until": func.now() + _LEASE}
    taken = await session.execute(
        insert(Post)
        .values(
            id=new_id(),
            organization_id=organization_id,
            user_id=key.user_id,
            job_id=key.job_id,
            author=key.author,
            digest=key.digest,
            **lease,
        )
        .on_conflict_do_update(
            index_elements=["user_id", "job_id", "author", "digest"],
            set_={"state": "sending", "updated_at": func.now(), **lease},
            where=or_(
                Post.state == "failed",
                and_(Post.state == "sending", Post.lease_until < func.now()),
                and_(Post.state == "published", Post.published_at < func.now() - _SAME_CLICK),
            ),
        )
        .returning(Post.lease_token)
    )
    return taken.scalar_one_or_none()


async def find(session: ReadSession, key: PostKey) -> Post | None:
    """The post with this key."""
    found = await session.execute(
        select(Post).where(
            Post.user_id == key.user_id,
            Post.job_id == key.job_id,
            Post.author == key.author,
            Post.digest == key.digest,
        ),
        execution_options={"populate_existing": True},
    )
    return found.scalar_one_or_none()


async def write(session: WriteSession, token: UUID, values: Mapping[str, Any]) -> bool:
    """Write what became of a post; False where somebody else sends it by now."""
    written = await session.execute(
        update(Post).where(Post.lease_token == token).values(**values).returning(Post.id)
    )
    return written.scalar_one_or_none() is not None
