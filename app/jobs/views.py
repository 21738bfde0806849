"""How often jobs are read, counted without a write to PostgreSQL for each read.

The numbers gather in Redis and are added to the jobs once a minute. A Redis that is lost loses the
views of a minute: they are a hint for employers, and nothing is decided by them.
"""

from typing import Final, cast
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.ids import new_id
from app.core.log import logger

_KEY: Final = "intake:job_views"


async def note(redis: Redis, job_id: UUID) -> None:
    """Count one read; a Redis that is away is no reason to fail."""
    try:
        await redis.hincrby(_KEY, str(job_id), 1)
    except (RedisError, OSError) as error:
        logger.debug("jobs.view_lost", error=type(error).__name__)


async def take(redis: Redis) -> dict[UUID, int]:
    """What has gathered, and begin anew; two who take at once get different halves."""
    taken = f"{_KEY}:{new_id()}"
    try:
        if not await redis.exists(_KEY):
            return {}
        await redis.rename(_KEY, taken)
        found = cast("dict[bytes, bytes]", await redis.hgetall(taken))
        await redis.delete(taken)
    except (RedisError, OSError) as error:
        logger.debug("jobs.views_not_taken", error=type(error).__name__)
        return {}
    return {UUID(job.decode()): int(number) for job, number in found.items()}
