"""How all workers find a payer at this moment, read from Redis by whoever wants to show it."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from app.claims.payers.store import Shared, SharedStore, key_of

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

    @property
    def state(self) -> Literal["ok", "throttled", "open"]:
        """`open`: left alone but for one trial call now and then; `throttled`: asked more slowly."""
        if self.open_since is not None:
            return "open"
        return "throttled" if self.slowed_since is not None or self.paused_seconds else "ok"

    @property
    def since(self) -> datetime | None:
        """Since when it is so."""
        begun = self.open_since if self.open_since is not None else self.slowed_since
        return None if begun is None else datetime.fromtimestamp(begun, UTC)

    def words(self, name: str) -> str | None:
        """The state for people; None where all is well."""
        if self.state == "open":
            return f"{name} does not answer; it is tried once every few seconds."
        if self.state == "throttled":
            return f"{name} asks for fewer questions; going on at {self.share:.0%} of the pace."
        return None


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
