"""Which interviews a list shows."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query

from app.core.dependencies import in_the_loop
from app.core.schema import ClockTime
from app.interviews.queries import Wanted
from app.interviews.schemas import Status


@dataclass(frozen=True, slots=True)
class Filters:
    """Status and period; a time without an offset is read as UTC."""

    status: Annotated[Status | None, Query()] = None
    since: Annotated[ClockTime | None, Query(alias="from", description="What ends after then")] = (
        None
    )
    until: Annotated[ClockTime | None, Query(alias="to", description="What begins before then")] = (
        None
    )

    def wanted(self) -> Wanted:
        """The same for a query."""
        return Wanted(status=self.status, since=_utc(self.since), until=_utc(self.until))


def _utc(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


Asked = Annotated[Filters, Depends(in_the_loop(Filters))]
