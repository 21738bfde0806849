"""What other rooms may ask: send a mail, once this transaction is committed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from app.core import clock
from app.core.crypto import KeyRing
from app.core.db import ReadSession, WriteSession
from app.core.ids import new_id
from app.mail import queries
from app.mail.languages import known_or_usual
from app.mail.message import wire_address
from app.mail.rendering import ONE_CLICK, known_templates
from app.worker.doorbell import ring

DELIVER: Final = "mail.deliver"
SEALED_FOR: Final = "mail.secrets"
# Among the sealed values; no template shows it.
CALENDAR: Final = "calendar_object"
GOOD_FOR: Final = timedelta(hours=24)
__all__ = ["ONE_CLICK", "Secrets", "is_address", "send", "waiting"]


@dataclass(frozen=True, slots=True)
class Secrets:
    """Values of a mail that open something, a link with a token: they are stored sealed.

    A mail that could not be sent within `good_for` is not sent at all: its link is over.
    `calendar` is an iCalendar object with a METHOD that goes along (RFC 6047); an empty one does
    not.
    """

    keys: KeyRing
    values: Mapping[str, str]
    good_for: timedelta = GOOD_FOR
    calendar: str = ""


async def send(
    session: WriteSession,
    *,
    template: str,
    to: str,
    language: str,
    context: Mapping[str, Any],
    secrets: Secrets | None = None,
) -> UUID:
    """Put a mail in line; a worker sends it after the commit, again and again for a day
    at the longest.

    `template` names files in `app/mail/templates`; `language` is a tag as in "fr-CA", and one that
    we do not write gives English. `context` (what JSON can hold) and `secrets` together are the values
    that the template shows; both are gone from the database once the mail has ended. `to` is one address.

    Raises:
        ValueError: there is no such template, or `to` is no address.
    """
    if template not in known_templates():
        raise ValueError(f"no template {template} in app/mail/templates")
    wire_address(to)
    mail_id = new_id()
    values = {
        "id": mail_id,
        "recipient": to,
        "template": template,
        "language": known_or_usual(language),
        "context": dict(context),
        "secrets": _sealed(mail_id, secrets),
        "expires_at": clock.now() + (min(secrets.good_for, GOOD_FOR) if secrets else GOOD_FOR),
    }
    await queries.add(session, values)
    ring(session, DELIVER, mail_id=mail_id)
    return mail_id


def _sealed(mail_id: UUID, secrets: Secrets | None) -> str | None:
    if secrets is None:
        return None
    calendar = {CALENDAR: secrets.calendar} if secrets.calendar else {}
    plain = json.dumps({**secrets.values, **calendar}).encode()
    return secrets.keys.seal(plain, purpose=SEALED_FOR, bound_to=(str(mail_id),))


async def forget(session: WriteSession, address: str) -> None:
    """Remove every mail to an address, those that wait included; for the system's eyes."""
    await queries.remove_to(session, address)


def is_address(address: str) -> bool:
    """Whether a mail can be put in line for this address; some accounts have none."""
    try:
        wire_address(address)
    except ValueError:
        return False
    return True


async def waiting(session: ReadSession) -> tuple[int, float]:
    """How many mails wait, and for how many seconds the oldest has; for the system's eyes."""
    return await queries.waiting(session)
