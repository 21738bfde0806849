"""The book of places in PostgreSQL: the same database that gives out the work to ask for."""

from uuid import UUID

from app.claims.payers.sharing import Bid, Share, share_of
from app.claims.queries.engine import places
from app.core.db import Database, Scope


class DatabasePlaceBook:
    """For all processes of one database. Its commits wait for the disk: a promise outlives a crash."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def share(self, credential: str, holder: UUID, bid: Bid, lease_seconds: float) -> Share:
        """As `PlaceBook` says.

        Raises:
            DatabaseBusy, DatabaseAway: nothing is known to be written.
        """
        async with self._database.bulk(Scope.system()) as connection:
            await places.lock(connection, credential)
            others, turn = await places.others(connection, credential, holder)
            share = share_of(holder, bid, others, turn)
            entry = places.Entry(credential, holder, share.places, bid.wanted, lease_seconds)
            await places.write(connection, entry)
        return share

    async def leave(self, credential: str, holder: UUID) -> None:
        """As `PlaceBook` says.

        Raises:
            DatabaseBusy, DatabaseAway: the lease has to end by itself.
        """
        async with self._database.bulk(Scope.system(), durable=False) as connection:
            await places.leave(connection, credential, holder)
