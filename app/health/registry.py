"""Reads which processes live and which code they run; app.core.processes writes it."""

from pydantic import ValidationError
from redis.asyncio import Redis

from app.core.processes import PROCESS_INDEX, RECORD, ProcessRecord


async def registered(redis: Redis) -> list[ProcessRecord]:
    """Every process that has said within the last seconds that it lives, oldest first.

    Names whose record has ended are taken out of the index on the way.

    Raises:
        REDIS_FAULTS: Redis is away.
    """
    keys = sorted(await redis.smembers(PROCESS_INDEX))
    if not keys:
        return []
    found = dict(zip(keys, await redis.mget(keys), strict=True))
    ended = [key for key, value in found.items() if value is None]
    if ended:
        await redis.srem(PROCESS_INDEX, *ended)
    records = [_parse(value) for value in found.values() if value is not None]
    return sorted((each for each in records if each), key=lambda record: record.started_at)


def _parse(value: bytes | str) -> ProcessRecord | None:
    try:
        return RECORD.validate_json(value)
    except ValidationError:
        # Written by another version of Intake, whose health shows it.
        return None
