"""The book of places of some processes that live in one event loop."""

import asyncio
from uuid import UUID

from app.claims.payers.sharing import Bid, Share, Standing, share_of


class MemoryBook:
    """The book of some processes of one event loop; it can be away."""

    def __init__(self) -> None:
        self.standings: dict[UUID, tuple[Standing, float]] = {}
        self.is_away = False
        self.turn = 0
        self.asked = 0

    async def share(self, _credential: str, holder: UUID, bid: Bid, lease_seconds: float) -> Share:
        self.asked += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise ConnectionError("away")
        now = asyncio.get_running_loop().time()
        others = {
            other: standing
            for other, (standing, until) in self.standings.items()
            if other != holder and until > now
        }
        self.turn += 1
        share = share_of(holder, bid, others, self.turn)
        self.standings[holder] = Standing(share.places, bid.wanted), now + lease_seconds
        return share

    async def leave(self, _credential: str, holder: UUID) -> None:
        self.standings.pop(holder, None)
