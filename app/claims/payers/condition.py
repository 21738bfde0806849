"""How all workers find a payer at this moment, read from Redis by whoever wants to show it."""

import time
from dataclasses import dataclass
from typing import Final

from app.claims.payers.places import Shared, SharedStore, key_of

_LOOK: Final = """
return {redis.call('GET', KEYS[1]) or '', redis.call('HGET', KEYS[2], 'since') or '',
    redis.call('HGET', KEYS[2], 'share') or '', redis.call('PTTL', KEYS[3])}
"""


@dataclass(frozen=True, slots=True)
class Condition:
    """How all workers find a payer; times are seconds since 1970, by the store's clock."""

    open_since: float | None = None
    slowed_since: float | None = None
    share: float = 1.0
    """Of the usual pace."""
    paused_seconds: float = 0.0


async def condition(store: SharedStore, credential_digest: str) -> Condition | None:
    """How all workers find the payer of this credential; None where the store does not say."""
    key = key_of(credential_digest)
    keys = [key + name for name in (":circuit", ":share", ":pause")]
    answer = await Shared(store, time.monotonic).run(_LOOK, keys)
    if answer is None:
        return None
    opened, slowed, share, pause = answer
    return Condition(
        open_since=float(opened) if opened else None,
        slowed_since=float(slowed) if slowed else None,
        share=float(share) if share else 1.0,
        paused_seconds=max(int(pause), 0) / 1000,
    )
