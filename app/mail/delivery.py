"""Takes mails out of the line, one at a time, and says how each went.

No transaction is open while the server is spoken to: a mail is claimed in one, and its outcome
written in another, if it is still ours.
"""

import json
import random
from datetime import timedelta
from typing import Final

from app.core import clock
from app.core.crypto import KeyRing, SealBroken
from app.core.db import Database, Scope
from app.core.log import logger
from app.core.meters import MAILS, count
from app.core.settings import Settings
from app.mail import message, queries, rendering, service, smtp
from app.mail.languages import known_or_usual
from app.mail.models import Mail

TOO_LATE: Final = "mail.too_late"
KEPT: Final = timedelta(days=30)
# Longer than SMTP_TIMEOUT_SECONDS can be: a mail in a live sender's hands is not taken from it.
LEASE: Final = timedelta(seconds=60)
_FIRST_PAUSE: Final = timedelta(seconds=30)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_JITTER: Final = 0.2


async def deliver_next(database: Database, settings: Settings) -> bool:
    """Send the mail that is due first; False when there is none, or the server takes none now."""
    async with database.write(Scope.system()) as session:
        mail = await queries.claim(session, LEASE)
    if mail is None:
        return False
    try:
        await _send(mail, settings)
    except smtp.PutOff as problem:
        count(MAILS, "put_off")
        await _put_off(database, mail, str(problem))
        return False
    except smtp.Refused as problem:
        await _end(database, mail, str(problem))
        return True
    await _end(database, mail, None)
    return True


async def _send(mail: Mail, settings: Settings) -> None:
    if mail.expires_at <= clock.now():
        raise smtp.Refused(TOO_LATE)
    try:
        hidden = _opened(mail, settings)
        calendar = hidden.pop(service.CALENDAR, "")
        values = {**mail.context, **hidden}
        rendered = rendering.render(mail.template, known_or_usual(mail.language), values)
        whole = message.compose(mail, rendered, settings.mail, calendar)
    except (rendering.TemplateBroken, SealBroken, ValueError) as error:
        # The same code and keys would fail again; the error's text may hold what must not be seen.
        raise smtp.Refused(f"mail.{type(error).__name__}") from None
    await smtp.transmit(settings.mail, whole)


def _opened(mail: Mail, settings: Settings) -> dict[str, str]:
    if mail.secrets is None:
        return {}
    keys = KeyRing.from_settings(settings.auth)
    plain = keys.open(mail.secrets, purpose=service.SEALED_FOR, bound_to=(str(mail.id),))
    return dict(json.loads(plain))


async def _end(database: Database, mail: Mail, error: str | None) -> None:
    async with database.write(Scope.system()) as session:
        is_ours = await queries.end(session, mail, error=error)
    count(MAILS, "failed" if error else "sent")
    if error is not None:
        logger.warning("mail.failed", mail_id=mail.id, template=mail.template, error=error)
    else:
        logger.info("mail.sent", mail_id=mail.id, template=mail.template, is_ours=is_ours)


async def _put_off(database: Database, mail: Mail, error: str) -> None:
    pause = pause_after(mail.attempts)
    is_over = clock.now() + pause >= mail.expires_at
    if is_over:
        await _end(database, mail, error)
        return
    async with database.write(Scope.system()) as session:
        await queries.put_off(session, mail, pause=pause, error=error)
    logger.warning("mail.put_off", mail_id=mail.id, attempts=mail.attempts, error=error)


def pause_after(attempts: int) -> timedelta:
    """Half a minute after the first attempt, twice as long after each, an hour at most; ± 20 %."""
    pause = min(_FIRST_PAUSE * (1 << min(attempts - 1, 10)), _LONGEST_PAUSE)
    return pause * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - spreads, guards nothing.


async def tidy(database: Database) -> None:
    """Give up on what is too late, and forget what ended a month ago."""
    async with database.write(Scope.system()) as session:
        late = await queries.expire(session, TOO_LATE)
        gone = await queries.purge(session, clock.now() - KEPT)
    if late:
        count(MAILS, "failed", times=late)
        logger.warning("mail.expired", count=late)
    if gone:
        logger.info("mail.purged", count=gone)
