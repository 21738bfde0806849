"""The one way to open Redis or Valkey: impatient, because Redis is a doorbell and never the truth."""

from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.core.settings import RedisSettings

# What a Redis that is down, frozen or restarting raises.
REDIS_FAULTS: Final = (RedisError, OSError, TimeoutError)


def open_redis(settings: RedisSettings, *, patience_seconds: float = 0.5) -> Redis:
    """A client for one event loop, to be closed by whoever opened it; nothing is connected yet.

    No command is tried twice. A frozen server costs `patience_seconds` a command. Answers come as
    bytes.
    """
    return Redis.from_url(
        settings.url.get_secret_value(),
        socket_timeout=patience_seconds,
        socket_connect_timeout=patience_seconds,
        retry=Retry(NoBackoff(), 0),
    )
