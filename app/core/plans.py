"""How PostgreSQL plans the statements of a transaction, where its own way takes longer.

After five times it may keep one plan for any values. For a rare word, or a year of one job, that plan
reads a hundred thousand rows.
"""

from typing import Final

from sqlalchemy import text

from app.core.db import ReadSession

FOR_EACH_QUESTION: Final = "SET LOCAL plan_cache_mode = force_custom_plan"
"""Every statement of this transaction is planned for its values; for what goes over the driver."""
_FOR_EACH: Final = text(FOR_EACH_QUESTION)
_ALONE: Final = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true),"
    " set_config('max_parallel_workers_per_gather', '0', true)"
)


async def plan_for_each_question(session: ReadSession) -> None:
    """Let every statement of this transaction be planned for the values that it comes with."""
    await session.execute(_FOR_EACH)


async def plan_alone(session: ReadSession) -> None:
    """As `plan_for_each_question`, and for one process of PostgreSQL.

    To start two more, and to wait until the last of them gets a core, takes longer than statements of
    some milliseconds do by themselves.
    """
    await session.execute(_ALONE)
