"""Whether a demonstration may be put here."""

from sqlalchemy import exists, select

from app.accounts.models import User
from app.core.db import ReadSession


async def is_empty(session: ReadSession) -> bool:
    """Whether nobody has an account yet, the platform's own left out."""
    somebody = select(exists().where(User.is_superuser.is_(False)))
    return not (await session.execute(somebody)).scalar_one()
