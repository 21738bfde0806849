"""What workers do for saved searches: alert of new jobs."""

import time
from typing import Final

from app.searches import alerts
from app.worker.registry import TaskContext, periodic

_LOOK_SECONDS: Final = 25.0


@periodic("searches.alert", every=60)
async def alert(context: TaskContext) -> None:
    """Look after every search that is due, batch after batch; the rest at the next look."""
    addresses = alerts.Addresses.from_settings(context.settings)
    ends_at = time.monotonic() + _LOOK_SECONDS
    while not context.stopping.is_set() and time.monotonic() < ends_at:
        if not await alerts.alert_next(context.database, addresses):
            return
