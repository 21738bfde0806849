"""What workers do for mails: send them, and tidy up."""

import time
from typing import Final

from app.core.db import ReadSession
from app.mail import delivery, service
from app.worker.registry import Backlog, TaskContext, backlog, periodic, task

# A look returns within 35 s: no mail is begun that could not end by then.
_CUT_SECONDS: Final = 33.0


@task(service.DELIVER, look=True)
async def deliver(context: TaskContext, **_ids: str) -> None:
    """Send what is due, whichever mail was rung for; without SMTP_HOST mails wait."""
    settings = context.settings.mail
    ends_at = time.monotonic() + _CUT_SECONDS - settings.smtp_timeout_seconds
    while settings.smtp_host and not context.stopping.is_set():
        if not await delivery.deliver_next(context.database, context.settings):
            return
        if time.monotonic() >= ends_at:
            return


@periodic("mail.tidy", every=600)
async def tidy(context: TaskContext) -> None:
    """Give up on what is too late, and forget what is old."""
    await delivery.tidy(context.database)


@backlog("mail")
async def waiting(session: ReadSession) -> Backlog:
    """Mails that have not gone out."""
    count, oldest = await service.waiting(session)
    return Backlog(waiting=count, oldest_seconds=oldest)
