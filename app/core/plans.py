"""How PostgreSQL plans what is asked again and again."""

from typing import Final

from sqlalchemy import text

from app.core.db import ReadSession

FOR_EACH_QUESTION: Final = "SET LOCAL plan_cache_mode = force_custom_plan"
"""The same for what is sent over the driver."""


async def plan_for_each_question(session: ReadSession) -> None:
    """Let every statement of this transaction be planned for the values that it comes with.

    After five times PostgreSQL may keep one plan for any values. For a rare word, or a year of one
    job, that plan reads a hundred thousand rows. Nor is any of them compiled (jit): where PostgreSQL
    thinks that worth its while it takes longer than such a statement.
    """
    await session.execute(
        text(
            "SELECT set_config('plan_cache_mode', 'force_custom_plan', true),"
            " set_config('jit', 'off', true)"
        )
    )
